#include "skein/base/names.h"

#include <string.h>

const char *revision_id_problem(struct str id)
{
    if (id.len == 0)
        return "is empty";
    if (id.len > REVISION_ID_MAX)
        return "is longer than 32 bytes";
    for (size_t i = 0; i < id.len; i++) {
        unsigned char c = (unsigned char)id.p[i];
        if (c <= ' ' || c == 0x7f)
            return "has white space or a control character";
        if (strchr("@-+:,", c) != NULL)
            return "has one of the characters '@', '-', '+', ':' and ','";
    }
    return NULL;
}

const char *extension_name_problem(struct str name)
{
    if (name.len == 0)
        return "is empty";
    if (str_is(name, "core"))
        return "is reserved for the core module";
    if (name.len > EXTENSION_NAME_MAX)
        return "is longer than 47 bytes";
    if (name.p[0] < 'a' || name.p[0] > 'z')
        return "does not start with a lower-case letter";
    for (size_t i = 0; i < name.len; i++) {
        char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return "has characters other than a-z, 0-9 and _";
    }
    return NULL;
}

bool module_name_is_valid(struct str name)
{
    return str_is(name, "core") || extension_name_problem(name) == NULL;
}

struct str version_table_name(struct arena *a, struct str module)
{
    if (str_is(module, "core"))
        return STR("alembic_version");
    return str_printf(a, "alembic_version_%.*s", STR_ARG(module));
}

struct str version_key_name(struct arena *a, struct str version_table)
{
    enum { NAME_MAX_BYTES = 63 };
    static const char ending[] = "_pkc";
    return str_printf(a, "%.*s%s", STR_ARG(str_head(version_table, NAME_MAX_BYTES - (sizeof(ending) - 1))), ending);
}
