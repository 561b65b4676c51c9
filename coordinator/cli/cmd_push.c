/* push: hands the project's revisions to the coordinator. */
#include "coordinator/cli/client.h"
#include "coordinator/cli/commands.h"
#include "skein/os/tree.h"
#include "skein/wire/manifest.h"

struct push {
    struct client client;
    struct diag diag;
    struct project_files files;
    struct str manifest;
    struct hash hash; /* of the manifest */
};

/* A project with mistakes is not sent: the findings are the same as the coordinator's. */
static bool read_project(struct push *p)
{
    struct client *c = &p->client;
    struct project project;
    struct str root;
    diag_init(&p->diag, &c->arena);
    if (!tree_find_root(&c->arena, opt_value(c->line, &opt_project), &root, &c->err) ||
        !tree_read(&c->arena, root, &p->files, &p->diag, &c->err))
        return false;
    if (!project_build(&c->arena, &p->files, &p->diag, &project))
        return diag_to_err(&p->diag, &c->err);
    struct manifest manifest = manifest_of(&c->arena, &p->files);
    p->manifest = manifest_format(&c->arena, &manifest);
    p->hash = hash_of(p->manifest);
    return true;
}

static bool put(struct client *c, const struct hash *hash, struct str bytes)
{
    size_t offset = 0;
    do {
        struct msg request = {.kind = MSG_BLOB_PUT}, reply;
        request.blob_put = (struct msg_blob_put){.hash = *hash,
                                                 .offset = offset,
                                                 .total = bytes.len,
                                                 .bytes = str_head(str_from(bytes, offset), LIMIT_CHUNK)};
        if (!client_ask(c, &request, MSG_OK, 0, &reply))
            return false;
        offset += request.blob_put.bytes.len;
    } while (offset < bytes.len);
    return true;
}

/* The files that the coordinator does not have, out of one question's worth. */
static bool put_missing(struct client *c, struct msg *question, const struct str *contents)
{
    struct msg reply;
    const struct hash *asked = question->blobs_have.hashes.items;
    if (!client_ask(c, question, MSG_BLOBS_LACK, 0, &reply))
        return false;
    for (size_t i = 0; i < reply.blobs_lack.hashes.count; i++)
        for (size_t k = 0; k < question->blobs_have.hashes.count; k++)
            if (hash_eq(&reply.blobs_lack.hashes.items[i], &asked[k])) {
                if (!put(c, &asked[k], contents[k]))
                    return false;
                break;
            }
    return true;
}

static bool send_files(struct push *p)
{
    struct client *c = &p->client;
    struct msg question = {.kind = MSG_BLOBS_HAVE};
    struct {
        VEC(struct str) list;
    } contents = {0};
    for (size_t m = 0; m < p->files.modules.count; m++) {
        const struct module_files *module = &p->files.modules.items[m];
        for (size_t i = 0; i < module->files.count; i++) {
            vec_push(&c->arena, &question.blobs_have.hashes, hash_of(module->files.items[i].bytes));
            vec_push(&c->arena, &contents.list, module->files.items[i].bytes);
            if (question.blobs_have.hashes.count < LIMIT_HASHES)
                continue;
            if (!put_missing(c, &question, contents.list.items))
                return false;
            question.blobs_have.hashes.count = 0;
            contents.list.count = 0;
        }
    }
    vec_push(&c->arena, &question.blobs_have.hashes, p->hash);
    vec_push(&c->arena, &contents.list, p->manifest);
    return put_missing(c, &question, contents.list.items);
}

static bool refused(struct push *p, const struct msg_pushed *answer)
{
    struct err *err = &p->client.err;
    diag_init(&p->diag, &p->client.arena);
    for (size_t i = 0; i < answer->findings.count; i++) {
        vec_push(&p->client.arena, &p->diag.list, answer->findings.items[i]);
        p->diag.errors += answer->findings.items[i].severity == DIAG_ERROR;
    }
    p->diag.dropped = answer->dropped;
    if (!diag_has_errors(&p->diag))
        err_set(err, ERR_REFUSED, "the coordinator refused the project");
    else
        diag_to_err(&p->diag, err);
    err->code = ERR_REFUSED;
    return false;
}

static bool push(struct push *p, struct msg_pushed *ret_answer)
{
    struct msg request = {.kind = MSG_PUSH}, reply;
    request.push.manifest = p->hash;
    if (!send_files(p) || !client_ask(&p->client, &request, MSG_PUSHED, 0, &reply))
        return false;
    *ret_answer = reply.pushed;
    return reply.pushed.accepted || refused(p, &reply.pushed);
}

static int run_push(const struct opt_line *line)
{
    struct push p = {0};
    struct msg_pushed answer;
    struct client *c = &p.client;
    if (!client_open(c, line) || !read_project(&p) || !push(&p, &answer)) {
        int code = out_fail(c->form, &c->err, &p.diag);
        client_close(c);
        return code;
    }
    if (c->form == OUT_FORM_JSON)
        out_json(json_pack("{s:I, s:I, s:I, s:I}", "bundle", (json_int_t)answer.bundle, "revisions",
                           (json_int_t)answer.revisions, "added", (json_int_t)answer.added, "removed",
                           (json_int_t)answer.removed));
    else
        out_note("bundle %llu: %llu revisions, %llu new, %llu gone", (unsigned long long)answer.bundle,
                 (unsigned long long)answer.revisions, (unsigned long long)answer.added,
                 (unsigned long long)answer.removed);
    client_close(c);
    return 0;
}

static const struct opt_option *const push_options[] = {&opt_project, &opt_format,     &opt_coordinator, &opt_key,
                                                        &opt_client,  &opt_server_key, &opt_timeout,     NULL};
const struct opt_command command_push = {
    .name = "push",
    .group = "Fleet",
    .summary = "Hand the project's revisions to the coordinator",
    .text =
        "Only what the coordinator does not have yet is sent. It keeps every revision for ever; a revision that was\n"
        "applied somewhere and has changed since is refused (exit code 8), and so is a project with mistakes.",
    .options = push_options,
    .run = run_push};
