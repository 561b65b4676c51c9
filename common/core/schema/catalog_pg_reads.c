/*
 * What a function's body speaks of. PostgreSQL keeps no dependency for a body that is a string, but reads it when the
 * function is made: a body in SQL wholly, one in PL/pgSQL for the types that it declares. Every word of the body that
 * is the name of an object is taken for that object: an order that is not needed does no harm.
 */
#include <stdint.h>

#include "common/core/schema/catalog_pg_reads.h"

struct names {
    struct index last; /* name -> the last object of that name */
    uint32_t *before;  /* object -> the one of the same name before it */
};

struct words {
    struct index seen;
    struct {
        VEC(struct str) list;
    } list;
};

static const bool is_spoken_of[OBJECT_KIND_COUNT] = {
    [OBJECT_TABLE] = true, [OBJECT_VIEW] = true,     [OBJECT_MATVIEW] = true,
    [OBJECT_ENUM] = true,  [OBJECT_DOMAIN] = true,   [OBJECT_COMPOSITE] = true,
    [OBJECT_RANGE] = true, [OBJECT_SEQUENCE] = true, [OBJECT_FUNCTION] = true,
};

static struct names find_names(struct arena *a, const struct schema *s)
{
    struct names names = {.before = arena_new_array(a, s->objects.list.count, uint32_t)};
    for (size_t i = 0; i < s->objects.list.count; i++) {
        const struct object *o = &s->objects.list.items[i];
        struct str name = o->kind == OBJECT_FUNCTION ? object_get(o, "name") : o->name;
        names.before[i] = INDEX_NONE;
        if (!is_spoken_of[o->kind])
            continue;
        names.before[i] = index_find(&names.last, name);
        index_put(a, &names.last, name, (uint32_t)i);
    }
    return names;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           ((unsigned char)c & 0x80) != 0;
}

static void add_word(struct arena *a, struct words *words, struct str word)
{
    if (index_find(&words->seen, word) != INDEX_NONE)
        return;
    index_put(a, &words->seen, word, 0);
    vec_push(a, &words->list.list, word);
}

/* Each word as it is written, and as it means when it is not in quotes. */
static struct words find_words(struct arena *a, struct str body)
{
    struct words words = {0};
    for (size_t at = 0; at < body.len;) {
        size_t end = at;
        while (end < body.len && is_word_byte(body.p[end]))
            end++;
        if (end == at) {
            at++;
            continue;
        }
        struct str word = str_head(str_from(body, at), end - at);
        char *lower = str_cstr(a, word);
        for (size_t i = 0; i < word.len; i++)
            if (lower[i] >= 'A' && lower[i] <= 'Z')
                lower[i] = (char)(lower[i] + ('a' - 'A'));
        add_word(a, &words, word);
        add_word(a, &words, (struct str){lower, word.len});
        at = end;
    }
    return words;
}

static void add_read(struct arena *a, struct schema *s, size_t function, size_t read)
{
    if (function != read)
        vec_push(a, &s->objects.list.items[function].reads.list, read);
}

/* The columns are those that the body names too. */
static void read_object(struct arena *a, struct schema *s, size_t function, size_t read, const struct words *words)
{
    const struct object o = s->objects.list.items[read];
    add_read(a, s, function, read);
    for (size_t i = 0; o.kind == OBJECT_TABLE && i < words->list.list.count; i++) {
        size_t column = schema_find(s, OBJECT_COLUMN, o.schema, o.name, words->list.list.items[i]);
        if (column != SIZE_MAX)
            add_read(a, s, function, column);
    }
}

static void read_body(struct arena *a, struct schema *s, const struct names *names, size_t function)
{
    struct words words = find_words(a, object_get(&s->objects.list.items[function], "source"));
    for (size_t i = 0; i < words.list.list.count; i++)
        for (uint32_t at = index_find(&names->last, words.list.list.items[i]); at != INDEX_NONE; at = names->before[at])
            read_object(a, s, function, at, &words);

    /* Rows as arguments: their columns are named behind the argument's name. */
    for (size_t i = 0; i < s->objects.list.items[function].needs.list.count; i++)
        read_object(a, s, function, s->objects.list.items[function].needs.list.items[i], &words);
}

void catalog_pg_reads(struct arena *a, struct schema *s)
{
    struct names names = find_names(a, s);
    for (size_t i = 0; i < s->objects.list.count; i++) {
        const struct object *o = &s->objects.list.items[i];
        struct str language = object_get(o, "language");
        if (o->kind == OBJECT_FUNCTION && (str_is(language, "sql") || str_is(language, "plpgsql")))
            read_body(a, s, &names, i);
    }
}
