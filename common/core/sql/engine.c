#include "skein/sql/engine.h"

static const char *const names[ENGINE_COUNT] = {"unset", "postgresql", "sqlite"};

const char *engine_name(enum engine engine)
{
    return engine < ENGINE_COUNT ? names[engine] : "unset";
}

bool engine_parse(struct str name, enum engine *ret_engine)
{
    for (int i = ENGINE_UNSET + 1; i < ENGINE_COUNT; i++)
        if (str_is(name, names[i])) {
            *ret_engine = (enum engine)i;
            return true;
        }
    return false;
}
