/*
 * What was pushed: blobs by hash, for ever, and bundles that name them. A bundle becomes a project when
 * somebody needs it, once for every set of modules that targets take.
 */
#include <stdlib.h>

#include "coordinator/core/state.h"
#include "skein/graph/reach.h"
#include "skein/plan/script.h"
#include "skein/wire/manifest.h"

/* ---- blobs ---- */

static const struct blob *blob_find(const struct coord *c, const struct hash *h)
{
    uint32_t number = index_find(&c->blobs_by_hash, hash_str(h));
    return number != NONE ? &c->blobs.list.items[number] : NULL;
}

void blob_put(struct coord *c, const struct record_blob *row)
{
    if (blob_find(c, &row->hash) != NULL)
        return;
    struct blob fresh = {.hash = row->hash, .bytes = str_copy(&c->arena, row->bytes)};
    vec_push(&c->arena, &c->blobs.list, fresh);
    index_put(&c->arena, &c->blobs_by_hash, hash_str(&row->hash), (uint32_t)c->blobs.list.count - 1);
}

static void blob_store(struct turn *t, struct str bytes)
{
    struct record r = {.kind = RECORD_BLOB, .blob = {.hash = hash_of(bytes), .bytes = bytes}};
    if (blob_find(t->c, &r.blob.hash) != NULL)
        return;
    blob_put(t->c, &r.blob);
    r.blob.bytes = t->c->blobs.list.items[t->c->blobs.list.count - 1].bytes;
    emit_persist(t, r);
}

/* ---- uploads ---- */

static struct upload *upload_find(struct coord *c, const struct hash *h)
{
    for (size_t i = 0; i < c->uploads.list.count; i++)
        if (hash_eq(&c->uploads.list.items[i].hash, h))
            return &c->uploads.list.items[i];
    return NULL;
}

static void uploads_drop(struct coord *c)
{
    for (size_t i = 0; i < c->uploads.list.count; i++)
        strbuf_release(&c->uploads.list.items[i].bytes);
    c->uploads.list.count = 0;
    c->staged = 0;
}

/* Bytes of a stored blob or of a complete upload; NULL when neither is here. */
static struct str find_bytes(struct coord *c, const struct hash *h)
{
    const struct blob *b = blob_find(c, h);
    const struct upload *u = b == NULL ? upload_find(c, h) : NULL;
    if (b != NULL)
        return b->bytes;
    if (u == NULL || !u->complete)
        return STR_NONE;
    return u->bytes.len > 0 ? strbuf_str(&u->bytes) : STR("");
}

void library_blobs_have(struct turn *t, const struct msg *m)
{
    struct msg reply = {.kind = MSG_BLOBS_LACK};
    for (size_t i = 0; i < m->blobs_have.hashes.count; i++)
        if (find_bytes(t->c, &m->blobs_have.hashes.items[i]).p == NULL)
            vec_push(&t->fx->arena, &reply.blobs_lack.hashes, m->blobs_have.hashes.items[i]);
    emit_reply(t, &reply);
}

static struct upload *upload_get(struct coord *c, const struct msg_blob_put *put)
{
    struct upload *u = upload_find(c, &put->hash);
    if (u != NULL)
        return u;
    if (c->staged + put->total > LIMIT_STAGED)
        uploads_drop(c); /* what an abandoned push has left; a live one asks again for what it lacks */
    struct upload fresh = {.hash = put->hash, .total = put->total};
    strbuf_init(&fresh.bytes, put->total);
    c->staged += put->total;
    vec_push(&c->arena, &c->uploads.list, fresh);
    return &c->uploads.list.items[c->uploads.list.count - 1];
}

static bool upload_add(struct upload *u, const struct msg_blob_put *put, struct err *err)
{
    if (u->complete || put->offset < u->bytes.len)
        return true; /* said twice */
    if (put->offset > u->bytes.len || put->total != u->total || put->offset + put->bytes.len > u->total)
        return err_set(err, ERR_INPUT, "a piece of the upload is missing or does not fit");
    strbuf_add(&u->bytes, put->bytes);
    if (u->bytes.len < u->total)
        return true;
    struct hash hash = hash_of(strbuf_str(&u->bytes));
    u->complete = hash_eq(&hash, &u->hash);
    if (u->complete)
        return true;
    strbuf_clear(&u->bytes);
    return err_set(err, ERR_REFUSED, "an upload does not have the hash it was announced with");
}

void library_blob_put(struct turn *t, const struct msg *m)
{
    struct msg ok = {.kind = MSG_OK};
    struct err err = {0};
    const struct msg_blob_put *put = &m->blob_put;
    if (put->total > LIMIT_BLOB)
        err_set(&err, ERR_LIMIT, "a blob has %llu bytes; %d are allowed", (unsigned long long)put->total, LIMIT_BLOB);
    else if (find_bytes(t->c, &put->hash).p == NULL)
        upload_add(upload_get(t->c, put), put, &err);
    if (err.code != ERR_UNSET)
        emit_error(t, &err);
    else
        emit_reply(t, &ok);
}

/* ---- bundles ---- */

struct bundle *bundle_put(struct coord *c, const struct record_bundle *row)
{
    struct bundle fresh = {.number = row->number, .manifest = row->manifest};
    vec_push(&c->arena, &c->bundles.list, fresh);
    return &c->bundles.list.items[c->bundles.list.count - 1];
}

struct bundle *bundle_newest(struct coord *c)
{
    return c->bundles.list.count > 0 ? &c->bundles.list.items[c->bundles.list.count - 1] : NULL;
}

static struct module_files *module_get(struct arena *a, struct project_files *files, const struct manifest_file *f)
{
    for (size_t i = 0; i < files->modules.count; i++)
        if (str_eq(files->modules.items[i].name, f->module))
            return &files->modules.items[i];
    struct module_files fresh = {.name = str_copy(a, f->module), .folder = str_copy(a, f->folder)};
    vec_push(a, &files->modules, fresh);
    return &files->modules.items[files->modules.count - 1];
}

bool library_files(struct coord *c, struct arena *a, const struct hash *manifest, struct project_files *ret_files,
                   struct err *err)
{
    struct project_files files = {0};
    struct manifest m;
    struct str text = find_bytes(c, manifest);
    if (text.p == NULL)
        return err_kind(err, ERR_INPUT, "missing_blob", "the manifest %s was not uploaded", hash_format(manifest).text);
    if (!manifest_parse(a, text, &m, err))
        return false;
    for (size_t i = 0; i < m.list.count; i++) {
        const struct manifest_file *f = &m.list.items[i];
        struct module_files *module = module_get(a, &files, f);
        struct project_file file = {.path = f->path};
        if (f->path.len == 0)
            continue;
        struct str bytes = find_bytes(c, &f->hash);
        if (bytes.p == NULL)
            return err_kind(err, ERR_INPUT, "missing_blob", "%.*s was not uploaded", STR_ARG(f->path));
        file.bytes = str_copy(a, bytes);
        vec_push(a, &module->files, file);
    }
    *ret_files = files;
    return true;
}

/* ---- projects ---- */

static bool takes(const struct names *modules, struct str name)
{
    bool found = modules->list.count == 0 || str_is(name, "core");
    for (size_t i = 0; i < modules->list.count && !found; i++)
        found = str_eq(modules->list.items[i], name);
    return found;
}

static void view_build(struct coord *c, const struct bundle *bundle, const struct names *modules, struct view *v)
{
    struct project_files all, files = {0};
    struct diag diag;
    diag_init(&diag, &v->arena);
    if (!library_files(c, &v->arena, &bundle->manifest, &all, &v->err))
        return;
    for (size_t i = 0; i < all.modules.count; i++)
        if (takes(modules, all.modules.items[i].name))
            vec_push(&v->arena, &files.modules, all.modules.items[i]);
    v->ok = project_build(&v->arena, &files, &diag, &v->project);
    if (!v->ok)
        diag_to_err(&diag, &v->err);
}

const struct project *library_project(struct coord *c, uint64_t number, const struct names *modules, struct err *err)
{
    struct arena scratch = {0};
    if (number == 0 || number > c->bundles.list.count)
        return err_kind(err, ERR_STATE, "no_project", "no project was pushed to this coordinator"),
               err_hint(err, "run 'skein push' in the project's folder"), NULL;
    struct bundle *bundle = &c->bundles.list.items[number - 1];
    struct str text = view_modules(&scratch, modules);
    struct view *v = bundle->views;
    while (v != NULL && !str_eq(v->modules, text))
        v = v->next;
    if (v == NULL) {
        v = arena_new(&c->arena, struct view);
        v->modules = str_copy(&c->arena, text);
        view_build(c, bundle, modules, v);
        v->next = bundle->views;
        bundle->views = v;
    }
    arena_release(&scratch);
    if (!v->ok)
        *err = v->err;
    return v->ok ? &v->project : NULL;
}

void library_free(struct coord *c)
{
    for (size_t i = 0; i < c->bundles.list.count; i++)
        for (struct view *v = c->bundles.list.items[i].views; v != NULL; v = v->next)
            arena_release(&v->arena);
    uploads_drop(c);
}

/* ---- push ---- */

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

static void add_edited(struct diag *diag, const struct revision *now)
{
    diag_add(diag, DIAG_ERROR, "edited", (struct diag_at){.path = now->path, .line = now->lines.id},
             "restore the file and put the change into a new revision",
             "revision %.*s was changed after it was applied", STR_ARG(now->id));
}

/* An applied revision must stay as it is: targets that have it would differ from those that get it. */
static void find_edits(struct turn *t, const struct project *old, const struct project *fresh, struct diag *diag,
                       struct msg_pushed *pushed)
{
    struct bitset applied = applied_nodes(t->c, &t->fx->arena, old);
    for (size_t n = 0; n < old->node_count; n++) {
        size_t now = same_node(old, n, fresh);
        if (now == SIZE_MAX)
            pushed->removed++;
        else if (bitset_has(&applied, n) && !squash_accepts(fresh, now, &old->nodes[n]->checksum) &&
                 !revision_fills_in(old->nodes[n], fresh->nodes[now]))
            add_edited(diag, fresh->nodes[now]);
    }
    for (size_t i = 0; i < old->squashes.list.count; i++) {
        const struct squash *s = &old->squashes.list.items[i];
        size_t now = same_node(old, s->top, fresh);
        bool squashed = now != SIZE_MAX && squash_shown(fresh, now)->replaces.list.count > 0;
        if (squashed && bitset_has(&applied, s->top) && !squash_accepts(fresh, now, &s->revision->checksum))
            add_edited(diag, squash_shown(fresh, now));
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
    if (old != NULL)
        find_edits(t, old, &fresh, diag, pushed);
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
