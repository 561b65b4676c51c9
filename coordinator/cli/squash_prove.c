/*
 * The proof that a squashed revision does what it replaces: one scratch database is brought to the end of the range by
 * the replaced revisions, another by the squashed one; both have the same schema then, and again after the way back.
 */
#include <string.h>

#include "coordinator/cli/engines.h"
#include "coordinator/cli/replay.h"
#include "coordinator/cli/squashing.h"
#include "coordinator/cli/stopping.h"
#include "skein/db/introspect.h"
#include "skein/db/scratch.h"
#include "skein/schema/diff.h"

struct side {
    struct project project;
    struct scratch *scratch;
    struct dbstate state;
    struct schema schema;
};

struct proof {
    struct local *l;
    size_t module;
    const struct squash_made *made;
    enum engine engine;
    struct side replaced, squashed;
};

static bool open_scratch(struct proof *p, struct side *side)
{
    const char *url = opt_value(p->l->line, &opt_scratch);
    const struct db_watch watch = {.cancelled = stopping_asked};
    if (!scratch_open(p->engine, str_of(url), &side->scratch, &p->l->err))
        return false;
    db_set_watch(scratch_db(side->scratch), &watch);
    return true;
}

/* With the project of that side in place of the one that the command works on. */
static bool move(struct proof *p, struct side *side, enum plan_command command, struct str target)
{
    const struct load_watch watch = {.cancelled = stopping_asked};
    struct project own = p->l->project;
    struct plan_request request = {.command = command, .module = local_module_name(p->l, p->module), .cascade = true};
    vec_push(&p->l->arena, &request.targets.list, target);
    p->l->project = side->project;
    bool ok = replay_move(p->l, scratch_db(side->scratch), &watch, &request, &side->state);
    p->l->project = own;
    return ok && introspect(scratch_db(side->scratch), &p->l->arena, &side->schema, &p->l->err);
}

/* The first statement that one side lacks. */
static bool compare(struct proof *p, const char *when)
{
    struct diff_request request = {.from = &p->squashed.schema, .to = &p->replaced.schema};
    struct ddl_list lacks;
    struct err *err = &p->l->err;
    if (!schema_diff(&p->l->arena, &request, &lacks, err))
        return false;
    if (lacks.list.count == 0)
        return true;
    err_kind(err, ERR_CHECK, "proof_failed", "the squashed revision does not do what it replaces on %s, %s",
             engine_name(p->engine), when);
    err_detail(err, "it lacks: %.*s", STR_ARG(lacks.list.items[0].sql));
    return err_hint(err, "squash a smaller range; this one is left as it was");
}

/* Where both go back to: what the range follows. None: several, which no one target names. */
static bool lower_end(const struct proof *p, struct str *ret_target)
{
    const struct names *parents = &p->made->file.revision.parents;
    *ret_target = parents->list.count == 1 ? parents->list.items[0] : STR("base");
    return parents->list.count < 2 && !p->made->irreversible[p->engine];
}

/* True without the proof, too, where the replaced revisions themselves cannot be replayed: *ret_reason says so. */
static bool prove(struct proof *p, struct str *ret_reason)
{
    struct str top = p->made->file.revision.id, lower;
    if (!open_scratch(p, &p->replaced) || !move(p, &p->replaced, PLAN_UPGRADE, top)) {
        *ret_reason = str_of(arena_strdup(&p->l->arena, p->l->err.text));
        return p->l->err.code != ERR_CANCELLED;
    }
    if (!open_scratch(p, &p->squashed) || !move(p, &p->squashed, PLAN_UPGRADE, top) || !compare(p, "upwards"))
        return false;
    if (!lower_end(p, &lower))
        return true;
    return move(p, &p->replaced, PLAN_DOWNGRADE, lower) && move(p, &p->squashed, PLAN_DOWNGRADE, lower) &&
           compare(p, "downwards");
}

static bool prove_engine(struct local *l, size_t module, const struct squash_made *made, enum engine engine,
                         struct proofs *proofs)
{
    struct proof p = {.l = l, .module = module, .made = made, .engine = engine};
    struct proved one = {.engine = engine};
    p.replaced.project = l->project;
    p.squashed.project = made->project;
    bool ok = prove(&p, &one.reason);
    scratch_close(p.replaced.scratch);
    scratch_close(p.squashed.scratch);
    if (ok) {
        err_clear(&l->err);
        vec_push(&l->arena, &proofs->list, one);
    }
    return ok;
}

static bool has_section(const struct squash_made *made, enum engine engine)
{
    return revision_section(&made->file.revision, SECTION_UP, engine) != NULL;
}

bool squashing_prove(struct local *l, const struct project_files *files, size_t module, const struct squash_made *made,
                     struct proofs *ret_proofs)
{
    struct project_models models;
    struct proofs proofs = {0};
    bool engines[ENGINE_COUNT], ok = true;
    if (!tree_read_models(&l->arena, files, &models, &l->diag))
        return diag_to_err(&l->diag, &l->err);
    if (!engines_of(l, &models, engines))
        return false;
    stopping_begin();
    for (int engine = ENGINE_UNSET + 1; ok && engine < ENGINE_COUNT; engine++)
        if (engines[engine] && has_section(made, (enum engine)engine))
            ok = prove_engine(l, module, made, (enum engine)engine, &proofs);
    stopping_end();
    *ret_proofs = proofs;
    return ok;
}
