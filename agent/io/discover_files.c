/*
 * SQLite files by glob patterns. Files are looked at with stat() only: opening one here and closing it
 * again would drop the locks that a worker's SQLite holds on it.
 */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/io/discover.h"

static bool is_wild(char c)
{
    return c == '*' || c == '?' || c == '[';
}

/* Files that SQLite and skein keep beside a database. */
static bool is_companion(struct str path)
{
    static const char *const endings[] = {"-wal", "-shm", "-journal", ".skein-lock"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (str_ends(path, str_of(endings[i])))
            return true;
    return false;
}

/* Length of the literal folder in front of the first wildcard, with its slash. */
static size_t literal_folder(struct str pattern)
{
    size_t folder = 0;
    for (size_t i = 0; i < pattern.len && !is_wild(pattern.p[i]); i++)
        if (pattern.p[i] == '/')
            folder = i + 1;
    return folder;
}

/* Length of the literal end after the last wildcard; a `]` ends a set. */
static size_t literal_tail(struct str pattern)
{
    size_t len = 0;
    while (len < pattern.len && !is_wild(pattern.p[pattern.len - 1 - len]) && pattern.p[pattern.len - 1 - len] != ']')
        len++;
    return len;
}

struct str discover_file_name(struct arena *a, struct str section, struct str pattern, struct str path)
{
    size_t folder = literal_folder(pattern), tail = literal_tail(pattern);
    if (tail == pattern.len || path.len < folder + tail) /* no wildcard: the file's own name tells it apart */
        return str_printf(a, "%.*s/%.*s", STR_ARG(section), STR_ARG(str_from(path, literal_folder(path))));
    struct str varies = {path.p + folder, path.len - folder - tail};
    return str_printf(a, "%.*s/%.*s", STR_ARG(section), STR_ARG(varies));
}

static bool is_single(const struct source *source)
{
    const struct names *files = &source->settings.files;
    return files->list.count == 1 && literal_tail(files->list.items[0]) == files->list.items[0].len;
}

/* A path as the URL writes it: SQLite's own escapes are none, a relative path stays relative. */
static void add_file(struct arena *a, const struct source *source, struct str pattern, struct str path,
                     struct discovery *d)
{
    struct place place = {.engine = ENGINE_SQLITE,
                          .url = str_printf(a, "sqlite:///%.*s", STR_ARG(path)),
                          .server = STR("sqlite"),
                          .source = source};
    place.name = is_single(source) ? source->name : discover_file_name(a, source->name, pattern, path);
    discover_add(a, d, &place);
}

/* One file that stands there under two names (links) would be migrated as two targets. */
struct seen_files {
    VEC(struct stat) list;
};

static int compare_inodes(const void *left, const void *right)
{
    const struct stat *a = left, *b = right;
    if (a->st_dev != b->st_dev)
        return a->st_dev < b->st_dev ? -1 : 1;
    return (a->st_ino > b->st_ino) - (a->st_ino < b->st_ino);
}

static void report_links(struct arena *a, const struct source *source, struct seen_files *seen, struct discovery *d)
{
    if (seen->list.count > 0)
        qsort(seen->list.items, seen->list.count, sizeof(struct stat), compare_inodes);
    for (size_t i = 1; i < seen->list.count; i++)
        if (compare_inodes(&seen->list.items[i - 1], &seen->list.items[i]) == 0) {
            struct err err;
            err_kind(&err, ERR_INPUT, "duplicate_file", "a file of [sqlite %.*s] is there under two names",
                     STR_ARG(source->name));
            err_detail(&err, "inode %llu", (unsigned long long)seen->list.items[i].st_ino);
            err_hint(&err, "leave out links in the pattern");
            discover_problem(a, d, source, &err);
        }
}

static void take_match(struct arena *a, const struct source *source, struct str pattern, const char *path,
                       struct seen_files *seen, struct discovery *d)
{
    struct stat st;
    if (is_companion(str_of(path)) || stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    vec_push(a, &seen->list, st);
    add_file(a, source, pattern, str_of(path), d);
}

static void expand(struct arena *a, const struct source *source, struct str pattern, struct seen_files *seen,
                   struct discovery *d)
{
    glob_t found = {0};
    int result = glob(pattern.p, 0, NULL, &found);
    for (size_t i = 0; result == 0 && i < found.gl_pathc; i++)
        take_match(a, source, pattern, found.gl_pathv[i], seen, d);
    if (result == GLOB_NOSPACE)
        abort();
    if (result != 0 && literal_tail(pattern) == pattern.len) /* a file that is named is a target even when absent */
        add_file(a, source, pattern, pattern, d);
    globfree(&found);
}

void discover_files(struct arena *a, const struct source *source, struct discovery *d)
{
    struct seen_files seen = {0};
    for (size_t i = 0; i < source->settings.files.list.count; i++)
        expand(a, source, source->settings.files.list.items[i], &seen, d);
    report_links(a, source, &seen, d);
}
