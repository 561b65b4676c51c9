/* SQL text of either engine: if it can be cut, the cuts lie in order and leave no SQL between them. */
#include "skein/sql/split.h"
#include "tests/fuzz/fuzz.h"

static void split_one(enum engine engine, struct str sql)
{
    struct arena a = {0};
    struct statements list = {0};
    struct err err;
    if (sql_split(&a, engine, sql, &list, &err)) {
        FUZZ_CHECK(statements_cover(engine, &list, sql));
        for (size_t i = 0; i < list.list.count; i++)
            FUZZ_CHECK(list.list.items[i].len > 0 && list.list.items[i].line > 0);
    } else {
        FUZZ_CHECK(err.code == ERR_INPUT && err.text[0] != '\0');
    }
    arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct str sql = {(const char *)bytes, size};
    if (str_find(sql, '\0') < size || !str_is_utf8(sql, &(size_t){0}))
        return 0; /* no revision file has such text */
    split_one(ENGINE_POSTGRESQL, sql);
    split_one(ENGINE_SQLITE, sql);
    return 0;
}
