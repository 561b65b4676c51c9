/*
 * A push: the project is built as it came, compared with what was pushed before and with what targets have, and kept
 * as a new bundle if nothing is wrong with it.
 */
#include "coordinator/core/state.h"
#include "skein/graph/reach.h"
#include "skein/graph/revfile.h"
#include "skein/plan/script.h"
#include "skein/wire/manifest.h"

/* Revisions that at least one target has: heads of any known state, and all that they stand on. */
static struct bitset applied_nodes(const struct coord *c, struct arena *a, const struct project *p)
{
    struct bitset set = bitset_new(a, p->node_count);
    for (size_t i = 0; i < c->states.list.count; i++) {
        const struct dbstate *s = &c->states.list.items[i].state;
        for (size_t m = 0; m < s->modules.count; m++) {
            int module = project_find_module(p, s->modules.items[m].module);
            const struct names *heads = &s->modules.items[m].heads;
            for (size_t h = 0; module >= 0 && h < heads->list.count; h++) {
                size_t node = project_find_node(p, (size_t)module, heads->list.items[h]);
                if (node != SIZE_MAX)
                    bitset_add(&set, node);
            }
        }
    }
    reach_down(a, &p->dag, EDGES_ALL, &set);
    return set;
}

static size_t same_node(const struct project *of, size_t node, const struct project *in)
{
    struct str module = of->modules.list.items[project_module_of(of, node)].name;
    int there = project_find_module(in, module);
    return there >= 0 ? project_find_node(in, (size_t)there, of->nodes[node]->id) : SIZE_MAX;
}

/* ---- what was pushed before ---- */

/* "module, id" of a revision, and whether it is squashed: the key of what is known of it. */
static struct str known_key(struct arena *a, struct str module, const struct revision *r)
{
    return str_printf(a, "%.*s:%.*s%s", STR_ARG(module), STR_ARG(r->id), r->replaces.list.count > 0 ? ":squashed" : "");
}

static uint32_t known_get(struct coord *c, struct str key)
{
    uint32_t number = index_find(&c->known_by_revision, key);
    struct hash none = {0};
    if (number != NONE)
        return number;
    vec_push(&c->arena, &c->known.list, none);
    index_put(&c->arena, &c->known_by_revision, key, (uint32_t)c->known.list.count - 1);
    return (uint32_t)c->known.list.count - 1;
}

/* A file of a bundle, parsed once whatever the number of bundles that have it. */
static uint32_t known_file(struct coord *c, const struct manifest_file *f)
{
    struct arena scratch = {0};
    struct str key = str_printf(&scratch, "%.*s:%s", STR_ARG(f->module), hash_format(&f->hash).text);
    uint32_t number = index_find(&c->known_by_file, key);
    struct str bytes = number == NONE ? library_bytes(c, &f->hash) : STR_NONE;
    if (bytes.p != NULL) {
        struct diag ignored;
        struct revision r;
        diag_init(&ignored, &scratch);
        revfile_parse(&scratch, f->path, bytes, &ignored, &r);
        struct known_file fresh = {.revision = known_get(c, known_key(&scratch, f->module, &r)),
                                   .checksum = r.checksum};
        vec_push(&c->arena, &c->known_files.list, fresh);
        number = (uint32_t)c->known_files.list.count - 1;
        index_put(&c->arena, &c->known_by_file, key, number);
    }
    arena_release(&scratch);
    return number;
}

/* The content with which every revision was pushed last, also those that later bundles left out. */
static void remember(struct coord *c)
{
    for (; c->remembered < c->bundles.list.count; c->remembered++) {
        struct arena scratch = {0};
        struct manifest m = {0};
        struct err ignored;
        struct str text = library_bytes(c, &c->bundles.list.items[c->remembered].manifest);
        if (text.p != NULL && !manifest_parse(&scratch, text, &m, &ignored))
            m.list.count = 0;
        for (size_t i = 0; i < m.list.count; i++) {
            uint32_t file = m.list.items[i].path.len > 0 ? known_file(c, &m.list.items[i]) : NONE;
            if (file != NONE)
                c->known.list.items[c->known_files.list.items[file].revision] =
                    c->known_files.list.items[file].checksum;
        }
        arena_release(&scratch);
    }
}

/* ---- findings ---- */

static void add_edited(struct diag *diag, const struct revision *now)
{
    diag_add(diag, DIAG_ERROR, "edited", (struct diag_at){.path = now->path, .line = now->lines.id},
             "restore the file and put the change into a new revision",
             "revision %.*s was changed after it was applied", STR_ARG(now->id));
}

/* How many targets have a row of this revision. */
static size_t count_rows(const struct coord *c, struct str module, struct str id)
{
    size_t count = 0;
    for (size_t i = 0; i < c->targets.list.count; i++) {
        const struct target *t = &c->targets.list.items[i];
        if (t->gone || t->state == NONE)
            continue;
        const struct names *heads = dbstate_heads(&c->states.list.items[t->state].state, module);
        for (size_t k = 0; k < heads->list.count; k++)
            count += str_eq(heads->list.items[k], id);
    }
    return count;
}

/* The files of replaced revisions may go only when no target needs them to find its way. */
static void check_removed(struct turn *t, const struct project *old, size_t node, const struct project *fresh,
                          struct diag *diag)
{
    struct str module = old->modules.list.items[project_module_of(old, node)].name;
    int there = project_find_module(fresh, module);
    struct str id = old->nodes[node]->id;
    const struct revision *heir = there >= 0 ? squash_heir(fresh, (size_t)there, id) : NULL;
    size_t rows = heir != NULL ? count_rows(t->c, module, id) : 0;
    if (rows > 0)
        diag_add(diag, DIAG_ERROR, "squashed_in_use",
                 (struct diag_at){.path = heir->path, .line = heir->lines.replaces},
                 "restore the file until they have been upgraded",
                 "the file of '%.*s', which '%.*s' replaces, is gone, and %zu target%s at it", STR_ARG(id),
                 STR_ARG(heir->id), rows, rows == 1 ? " is" : "s are");
}

/* An applied revision must stay as it is: targets that have it would differ from those that get it. */
static void find_edits(struct turn *t, const struct project *old, const struct project *fresh, struct diag *diag,
                       struct msg_pushed *pushed)
{
    struct bitset applied = applied_nodes(t->c, &t->fx->arena, old);
    for (size_t n = 0; n < old->node_count; n++) {
        size_t now = same_node(old, n, fresh);
        if (now == SIZE_MAX) {
            pushed->removed++;
            check_removed(t, old, n, fresh, diag);
        } else if (bitset_has(&applied, n) && !squash_accepts(fresh, now, &old->nodes[n]->checksum) &&
                   !revision_fills_in(old->nodes[n], fresh->nodes[now])) {
            add_edited(diag, fresh->nodes[now]);
        }
    }
    for (size_t i = 0; i < old->squashes.list.count; i++) {
        const struct squash *s = &old->squashes.list.items[i];
        size_t now = same_node(old, s->top, fresh);
        bool squashed = now != SIZE_MAX && squash_shown(fresh, now)->replaces.list.count > 0;
        if (squashed && bitset_has(&applied, s->top) && !squash_accepts(fresh, now, &s->revision->checksum))
            add_edited(diag, squash_shown(fresh, now));
    }
}

/* The same for a revision that an earlier bundle had and the newest one has not: it comes back as it was. */
static void find_returned(struct turn *t, const struct project *old, const struct project *fresh, struct diag *diag)
{
    struct bitset applied = applied_nodes(t->c, &t->fx->arena, fresh);
    for (size_t n = bitset_next(&applied, 0); n < applied.size; n = bitset_next(&applied, n + 1)) {
        struct str module = fresh->modules.list.items[project_module_of(fresh, n)].name;
        if (same_node(fresh, n, old) != SIZE_MAX)
            continue;
        remember(t->c);
        uint32_t known = index_find(&t->c->known_by_revision, known_key(&t->fx->arena, module, fresh->nodes[n]));
        if (known != NONE && !squash_accepts(fresh, n, &t->c->known.list.items[known]))
            add_edited(diag, fresh->nodes[n]);
    }
}

/* What is new or changed is read as the engines will: a fleet must not be where a script turns out to be unfit. */
static void check_new(struct turn *t, const struct project *old, const struct project *fresh, struct diag *diag,
                      struct msg_pushed *pushed)
{
    for (size_t n = 0; n < fresh->node_count; n++) {
        size_t before = old != NULL ? same_node(fresh, n, old) : SIZE_MAX;
        pushed->added += before == SIZE_MAX;
        if (before == SIZE_MAX || squash_with_checksum(old, before, &fresh->nodes[n]->checksum) == NULL)
            script_check_revision(&t->fx->arena, fresh->nodes[n], diag);
    }
    for (size_t i = 0; i < fresh->squashes.list.count; i++) {
        const struct squash *s = &fresh->squashes.list.items[i];
        size_t before = old != NULL ? same_node(fresh, s->top, old) : SIZE_MAX;
        if (before != SIZE_MAX && squash_with_checksum(old, before, &s->revision->checksum) != NULL)
            continue;
        pushed->added++;
        script_check_revision(&t->fx->arena, s->revision, diag);
    }
}

static bool check_push(struct turn *t, const struct project_files *files, struct diag *diag, struct msg_pushed *pushed)
{
    static const struct names every_module;
    struct project fresh;
    struct err ignored;
    struct bundle *newest = bundle_newest(t->c);
    if (!project_build(&t->fx->arena, files, diag, &fresh))
        return false;
    pushed->revisions = fresh.node_count;
    const struct project *old = newest != NULL ? library_project(t->c, newest->number, &every_module, &ignored) : NULL;
    if (old != NULL) {
        find_edits(t, old, &fresh, diag, pushed);
        find_returned(t, old, &fresh, diag);
    }
    check_new(t, old, &fresh, diag, pushed);
    return !diag_has_errors(diag);
}

static void accept_push(struct turn *t, const struct project_files *files, struct msg_pushed *pushed)
{
    struct coord *c = t->c;
    struct manifest m = manifest_of(&t->fx->arena, files);
    struct str text = manifest_format(&t->fx->arena, &m);
    struct record_bundle row = {.manifest = hash_of(text), .created_ms = t->wall_ms};
    struct bundle *newest = bundle_newest(c);
    pushed->accepted = true;
    pushed->bundle = c->bundles.list.count;
    if (newest != NULL && hash_eq(&newest->manifest, &row.manifest))
        return;
    for (size_t i = 0; i < files->modules.count; i++)
        for (size_t k = 0; k < files->modules.items[i].files.count; k++)
            blob_store(t, files->modules.items[i].files.items[k].bytes);
    blob_store(t, text);
    row.number = pushed->bundle = c->bundles.list.count + 1;
    row.principal = t->peer != NONE ? c->principals.list.items[t->peer].row.name : STR("project folder");
    bundle_put(c, &row);
    emit_persist(t, (struct record){.kind = RECORD_BUNDLE, .bundle = row});
    emit_audit(t, "push", str_printf(&t->fx->arena, "bundle %llu", (unsigned long long)row.number), STR("accepted"));
    uploads_drop(c);
}

void library_push(struct turn *t, const struct project_files *files, struct msg_pushed *ret_pushed)
{
    struct diag diag;
    struct msg_pushed pushed = {0};
    diag_init(&diag, &t->fx->arena);
    if (check_push(t, files, &diag, &pushed))
        accept_push(t, files, &pushed);
    diag_sort(&diag);
    for (size_t i = 0; i < diag.list.count && i < LIMIT_FINDINGS; i++)
        vec_push(&t->fx->arena, &pushed.findings, diag.list.items[i]);
    pushed.dropped = diag.dropped + diag.list.count - pushed.findings.count;
    *ret_pushed = pushed;
}
