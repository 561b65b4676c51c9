/*
 * What was pushed: blobs by hash, for ever, and bundles that name them. A bundle becomes a project when
 * somebody needs it, once for every set of modules that targets take.
 */
#include <stdlib.h>

#include "coordinator/core/state.h"
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

void blob_store(struct turn *t, struct str bytes)
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

void uploads_drop(struct coord *c)
{
    for (size_t i = 0; i < c->uploads.list.count; i++)
        strbuf_release(&c->uploads.list.items[i].bytes);
    c->uploads.list.count = 0;
    c->staged = 0;
}

struct str library_bytes(struct coord *c, const struct hash *h)
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
        if (library_bytes(t->c, &m->blobs_have.hashes.items[i]).p == NULL)
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
    else if (library_bytes(t->c, &put->hash).p == NULL)
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
    struct str text = library_bytes(c, manifest);
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
        struct str bytes = library_bytes(c, &f->hash);
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
