#include "agent/io/runtime.h"

#include "agent/core/agent.h"
#include "agent/io/workers.h"
#include "skein/net/loop.h"
#include "skein/os/clock.h"
#include "skein/os/random.h"

enum {
    DISCOVER_AGAIN_MS = 5000, /* after a server could not be asked */
    DISCOVER_JITTER = 10,     /* percent */
    CANCEL_WAIT_MS = 30000,   /* for the definite end of what was cancelled; then the process ends anyway */
    PROBLEM_LOG_BURST = 20,
    PROBLEM_LOG_MS = 60000,
};

struct runtime {
    const struct agent_config *config;
    const struct log *log;
    struct link *link;
    struct signals *signals;
    struct agent *core;
    struct agent_effects fx;
    struct workers *workers;
    struct task *known; /* the last discovery: owns the places; NULL before the first */
    bool discovering, stopping, ended, failed;
    int64_t discover_at, tick_at, end_at; /* monotonic; INT64_MAX: never */
    struct log_limit problems;
};

static void step(struct runtime *rt, struct agent_event *event)
{
    event->now_ms = clock_mono_ms();
    agent_step(rt->core, event, &rt->fx);
}

static void simple_step(struct runtime *rt, enum agent_event_kind kind)
{
    struct agent_event event = {.kind = kind};
    step(rt, &event);
}

static const struct place *find_place(const struct runtime *rt, struct str target)
{
    return rt->known != NULL ? places_find(&rt->known->discovery.places, target) : NULL;
}

/* ---- what workers answer ---- */

/* One line for the coordinator: the makers of database errors have hidden passwords. */
static struct str problem_sentence(struct arena *a, const struct err *err)
{
    struct str detail = str_trim(str_of(err->detail));
    struct str first = str_head(detail, str_find(detail, '\n'));
    return first.len == 0 ? str_of(err->text) : str_printf(a, "%s: %.*s", err->text, STR_ARG(first));
}

static void log_problem(struct runtime *rt, enum log_level level, const char *what, struct str target,
                        const struct err *err)
{
    unsigned dropped;
    if (log_allowed(&rt->problems, clock_mono_ms(), &dropped))
        log_event(rt->log, level, what,
                  LOG_FIELDS(log_str("target", target), log_failure(err), log_number("held_back", dropped)));
}

static void on_read(struct runtime *rt, struct task *t)
{
    const struct reading *r = &t->reading;
    struct agent_event event = {.kind = AGENT_ON_READ,
                                .read = {.target = t->place.name,
                                         .readable = r->readable,
                                         .identity = r->identity,
                                         .state = r->state,
                                         .ledger = r->ledger}};
    if (!r->readable) {
        event.read.problem = problem_sentence(&t->arena, &r->err);
        log_problem(rt, LOG_WARNING, "target cannot be read", t->place.name, &r->err);
    }
    step(rt, &event);
}

static void log_report(struct runtime *rt, const struct task *t)
{
    const struct migrate_report *r = &t->report;
    bool good = r->outcome == OUTCOME_APPLIED || r->outcome == OUTCOME_ALREADY_APPLIED ||
                (t->kind == TASK_CLOSE && r->outcome == OUTCOME_CANCELLED);
    if (good)
        log_event(rt->log, LOG_DEBUG, "migration ended",
                  LOG_FIELDS(log_str("target", t->place.name), log_text("outcome", outcome_name(r->outcome)),
                             log_number("steps", (int64_t)r->steps_applied), log_number("fence", (int64_t)t->fence)));
    else
        log_problem(rt, LOG_WARNING, "migration did not succeed", t->place.name, &r->err);
}

static void on_migrated(struct runtime *rt, const struct task *t)
{
    const struct migrate_report *r = &t->report;
    struct agent_event event = {
        .kind = t->kind == TASK_APPLY ? AGENT_ON_DONE : AGENT_ON_CLOSED,
        .done = {.target = t->place.name,
                 .fence = t->fence,
                 .outcome = r->outcome,
                 .steps_applied = (uint32_t)r->steps_applied,
                 .failed_step = r->failed_step == SIZE_MAX ? 0 : (uint32_t)r->failed_step + 1,
                 .err = r->err,
                 .state_known = r->state_known,
                 .identity = t->reading.identity,
                 .state = r->state,
                 .ledger = r->ledger},
    };
    log_report(rt, t);
    step(rt, &event);
}

static void log_discovery(const struct runtime *rt, const struct discovery *d)
{
    log_event(rt->log, LOG_INFO, "targets discovered",
              LOG_FIELDS(log_number("targets", (int64_t)d->places.list.count),
                         log_number("problems", (int64_t)d->problems.count)));
    for (size_t i = 0; i < d->problems.count; i++)
        log_event(
            rt->log, LOG_WARNING, "discovery found a problem",
            LOG_FIELDS(log_str("section", d->problems.items[i].source->name), log_failure(&d->problems.items[i].err)));
}

static void tell_targets(struct runtime *rt, struct task *t)
{
    const struct places *p = &t->discovery.places;
    struct target_found *list = arena_new_array(&t->arena, p->list.count, struct target_found);
    for (size_t i = 0; i < p->list.count; i++) {
        const struct place *place = &p->list.items[i];
        list[i] = (struct target_found){.name = place->name,
                                        .engine = place->engine,
                                        .server = place->server,
                                        .labels = place->source->labels,
                                        .modules = place->source->settings.modules};
    }
    struct agent_event event = {.kind = AGENT_ON_TARGETS, .targets = {list, p->list.count, t->discovery.incomplete}};
    step(rt, &event);
}

static bool is_news(const struct runtime *rt, const struct discovery *d)
{
    const struct discovery *before = rt->known != NULL ? &rt->known->discovery : NULL;
    return before == NULL || before->places.list.count != d->places.list.count ||
           before->problems.count != d->problems.count;
}

static void on_discovered(struct runtime *rt, struct task *t)
{
    int64_t wait = t->discovery.incomplete && rt->config->agent.rediscover_ms > DISCOVER_AGAIN_MS
                       ? DISCOVER_AGAIN_MS
                       : rt->config->agent.rediscover_ms;
    if (is_news(rt, &t->discovery))
        log_discovery(rt, &t->discovery);
    if (rt->known != NULL)
        task_free(rt->known);
    rt->known = t;
    rt->discovering = false;
    rt->discover_at = clock_mono_ms() + random_jitter(wait, DISCOVER_JITTER);
    tell_targets(rt, t);
}

static void on_answer(struct runtime *rt, struct task *t)
{
    switch (t->kind) {
    case TASK_DISCOVER:
        on_discovered(rt, t);
        return;
    case TASK_READ:
        on_read(rt, t);
        break;
    case TASK_APPLY:
    case TASK_CLOSE:
        on_migrated(rt, t);
        break;
    case TASK_UNSET:
        break;
    }
    task_free(t);
}

static void on_workers(struct runtime *rt)
{
    struct task_progress p;
    struct task *t;
    while (workers_next_progress(rt->workers, &p)) {
        struct agent_event event = {.kind = AGENT_ON_PROGRESS,
                                    .progress = {.target = str_of(p.target),
                                                 .fence = p.fence,
                                                 .step = (uint32_t)p.steps_done,
                                                 .steps = (uint32_t)p.steps,
                                                 .sentence = str_of(p.sentence)}};
        step(rt, &event);
    }
    while ((t = workers_next(rt->workers)) != NULL)
        on_answer(rt, t);
}

/* ---- what the core wants ---- */

static void refuse_read(struct runtime *rt, struct str target)
{
    struct agent_event event = {.kind = AGENT_ON_READ,
                                .read = {.target = target, .problem = STR("is no longer configured here")}};
    step(rt, &event);
}

static void refuse_job(struct runtime *rt, enum agent_event_kind kind, struct str target, uint64_t fence)
{
    struct agent_event event = {
        .kind = kind, .done = {.target = target, .fence = fence, .outcome = OUTCOME_BLOCKED, .identity = STR("")}};
    err_set(&event.done.err, ERR_STATE, "%.*s is no longer configured here", STR_ARG(target));
    step(rt, &event);
}

static void submit(struct runtime *rt, enum task_kind kind, const struct place *place, uint64_t fence,
                   const struct effect_apply *apply)
{
    struct task *t = task_new(kind);
    task_set_place(t, place);
    t->fence = fence;
    if (apply != NULL)
        t->apply = (struct task_apply){.attempt = str_copy(&t->arena, apply->attempt),
                                       .principal = str_copy(&t->arena, apply->principal),
                                       .action = apply->action,
                                       .options = apply->options,
                                       .plan = apply->plan,
                                       .scripts = apply->scripts};
    workers_submit(rt->workers, t);
}

static void do_read(struct runtime *rt, const struct effect_target *wish)
{
    const struct place *place = find_place(rt, wish->target);
    if (place != NULL)
        submit(rt, TASK_READ, place, 0, NULL);
    else
        refuse_read(rt, wish->target);
}

static void do_apply(struct runtime *rt, const struct effect_apply *wish)
{
    const struct place *place = find_place(rt, wish->target);
    if (place != NULL)
        submit(rt, TASK_APPLY, place, wish->fence, wish);
    else
        refuse_job(rt, AGENT_ON_DONE, wish->target, wish->fence);
}

static void do_close(struct runtime *rt, const struct effect_target *wish)
{
    const struct place *place = find_place(rt, wish->target);
    if (place != NULL)
        submit(rt, TASK_CLOSE, place, wish->fence, NULL);
    else
        refuse_job(rt, AGENT_ON_CLOSED, wish->target, wish->fence);
}

static void do_reconnect(struct runtime *rt)
{
    struct err err;
    if (!link_reset(rt->link, &err))
        log_event(rt->log, LOG_ERROR, "cannot dial", LOG_FIELDS(log_failure(&err)));
}

static void do_exit(struct runtime *rt, const struct effect_exit *wish)
{
    rt->ended = true;
    rt->failed = wish->failed;
    log_event(rt->log, wish->failed ? LOG_ERROR : LOG_INFO, "ends", LOG_FIELDS(log_str("reason", wish->reason)));
}

static void carry_out(struct runtime *rt, const struct agent_effect *effect)
{
    switch (effect->kind) {
    case AGENT_DO_SEND:
        link_send(rt->link, &effect->send);
        break;
    case AGENT_DO_READ:
        do_read(rt, &effect->target);
        break;
    case AGENT_DO_APPLY:
        do_apply(rt, &effect->apply);
        break;
    case AGENT_DO_CANCEL:
        workers_cancel(rt->workers, effect->target.target);
        break;
    case AGENT_DO_CLOSE:
        do_close(rt, &effect->target);
        break;
    case AGENT_DO_LOG:
        log_event(rt->log, effect->log.level, "conversation", LOG_FIELDS(log_str("says", effect->log.text)));
        break;
    case AGENT_DO_RECONNECT:
        do_reconnect(rt);
        break;
    case AGENT_DO_TIMER:
        rt->tick_at = effect->timer_ms;
        break;
    case AGENT_DO_EXIT:
        do_exit(rt, &effect->exit);
        break;
    case AGENT_DO_UNSET:
        break;
    }
}

/* Carrying out one may add others at the end; the list may move meanwhile, so each is copied. */
static void carry_out_all(struct runtime *rt)
{
    for (size_t i = 0; i < rt->fx.list.count; i++) {
        struct agent_effect effect = rt->fx.list.items[i];
        carry_out(rt, &effect);
    }
    agent_effects_clear(&rt->fx);
}

/* ---- the loop ---- */

static void on_messages(struct runtime *rt)
{
    enum link_receive result = LINK_UNSET;
    while (!rt->ended && result != LINK_NOTHING) {
        struct arena a = {0};
        struct msg m;
        struct err err;
        result = link_receive(rt->link, &a, &m, &err);
        if (result == LINK_MESSAGE) {
            struct agent_event event = {.kind = AGENT_ON_MESSAGE, .msg = &m};
            step(rt, &event);
        } else if (result == LINK_MALFORMED) {
            log_problem(rt, LOG_WARNING, "message cannot be understood", STR(""), &err);
        }
        carry_out_all(rt);
        arena_release(&a);
    }
}

/* The core lets migrations finish for the grace, then cancels them; a second signal cancels at once. */
static void on_stop(struct runtime *rt)
{
    int64_t grace = rt->config->agent.stop_grace_ms;
    log_event(rt->log, LOG_INFO, "asked to stop", LOG_FIELDS(log_number("grace_ms", grace)));
    if (!rt->stopping)
        rt->end_at = clock_mono_ms() + grace + CANCEL_WAIT_MS;
    rt->stopping = true;
    simple_step(rt, AGENT_ON_STOP);
}

static void on_signals(struct runtime *rt)
{
    enum signal_event event;
    while ((event = signals_next(rt->signals)) != SIGNAL_NONE) {
        if (event == SIGNAL_STOP)
            on_stop(rt);
        else
            rt->discover_at = clock_mono_ms();
    }
}

static void start_discovery(struct runtime *rt)
{
    static const struct places none;
    struct task *t = task_new(TASK_DISCOVER);
    t->before = rt->known != NULL ? &rt->known->discovery.places : &none;
    rt->discovering = true;
    rt->discover_at = INT64_MAX;
    workers_submit(rt->workers, t);
}

static void on_time(struct runtime *rt)
{
    int64_t now = clock_mono_ms();
    if (now >= rt->discover_at && rt->discovering)
        rt->discover_at = INT64_MAX; /* asked for meanwhile: the one under way will do */
    if (now >= rt->discover_at && !rt->stopping)
        start_discovery(rt);
    if (now >= rt->tick_at) {
        rt->tick_at = INT64_MAX;
        simple_step(rt, AGENT_ON_TICK);
    }
    if (now >= rt->end_at) {
        rt->ended = rt->failed = true;
        log_event(rt->log, LOG_ERROR, "ends although migrations did not end; the databases will tell", NULL);
    }
}

static int64_t next_deadline(const struct runtime *rt)
{
    const int64_t all[] = {rt->tick_at, rt->end_at, rt->stopping ? INT64_MAX : rt->discover_at};
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        next = all[i] < next ? all[i] : next;
    return next;
}

static bool run_loop(struct runtime *rt)
{
    struct loop loop;
    struct err err;
    loop_init(&loop);
    unsigned signals = loop_add_fd(&loop, rt->signals->fd),
             workers =
                 loop_add_fd(&loop, workers_fd(rt->workers)) | loop_add_fd(&loop, workers_progress_fd(rt->workers));
    unsigned client = loop_add_client(&loop, rt->link->client);
    while (!rt->ended) {
        unsigned ready = 0;
        int64_t next = next_deadline(rt), now = clock_mono_ms();
        int64_t wait = next == INT64_MAX ? -1 : next > now ? next - now : 0;
        if (!loop_wait(&loop, wait, &ready, &err)) {
            log_event(rt->log, LOG_ERROR, "cannot wait", LOG_FIELDS(log_failure(&err)));
            return false;
        }
        if (ready & signals)
            on_signals(rt);
        if (ready & workers)
            on_workers(rt);
        carry_out_all(rt);
        if (ready & client)
            on_messages(rt);
        on_time(rt);
        carry_out_all(rt);
    }
    return !rt->failed;
}

bool runtime_run(const struct agent_config *config, struct link *link, struct signals *signals, const struct log *log)
{
    struct agent_options options = {.software = STR("skein-agent " SKEIN_VERSION),
                                    .workers = (unsigned)config->agent.workers,
                                    .workers_per_server = (unsigned)config->agent.per_server,
                                    .stop_grace_ms = config->agent.stop_grace_ms};
    random_bytes(&options.boot, sizeof(options.boot));
    struct runtime rt = {.config = config,
                         .log = log,
                         .link = link,
                         .signals = signals,
                         .core = agent_new(&options),
                         .workers = workers_new(config),
                         .discover_at = INT64_MIN,
                         .tick_at = INT64_MAX,
                         .end_at = INT64_MAX,
                         .problems = {.interval_ms = PROBLEM_LOG_MS, .burst = PROBLEM_LOG_BURST}};
    simple_step(&rt, AGENT_ON_START);
    carry_out_all(&rt);
    bool ok = run_loop(&rt);
    workers_free(rt.workers);
    if (rt.known != NULL)
        task_free(rt.known);
    agent_effects_clear(&rt.fx);
    agent_free(rt.core);
    return ok;
}
