/* skein-coordinator as a process: who may do what, restarts, kills, and surroundings that are no good. */
#include "tests/support/cmocka.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "skein/net/keys.h"
#include "skein/net/zlink.h"
#include "skein/os/clock.h"
#include "skein/os/file.h"
#include "skein/wire/codec.h"
#include "skein/wire/manifest.h"

enum { PATIENCE_MS = 10000, SILENCE_MS = 500, WHO = 4 };

enum who { ADMIN = 0, OPERATOR, VIEWER, AGENT };

/* One coordinator with its folder, and the keys of those who talk to it. */
struct host {
    struct arena arena;
    char folder[64];
    const char *ini, *log, *store;
    pid_t pid;
    char agents[96], operators[128];
    struct public_key server;
    struct key_pair keys[WHO];
    struct znet *net;
    struct zclient *client;
    uint64_t last_id;
};

static const char *path_in(struct host *h, const char *name)
{
    return arena_printf(&h->arena, "%s/%s", h->folder, name);
}

static void text_write(const char *path, const char *text)
{
    struct err err = {0};
    if (!file_write_atomic(path, str_of(text), 0600, &err))
        fail_msg("%s", err.text);
}

/* The configuration, with more lines for its [coordinator] section and for its end. */
static void ini_write(struct host *h, const char *settings, const char *sections)
{
    struct strbuf b;
    strbuf_init(&b, 8192);
    strbuf_printf(&b,
                  "[coordinator]\nagents = tcp://127.0.0.1:*\noperators = ipc://%s/run/operators\nkey_file = %s/key\n"
                  "store = %s\n%s\n",
                  h->folder, h->folder, h->store, settings);
    strbuf_printf(&b, "[operator admin]\nrole = admin\nkey = %s\n", public_key_format(&h->keys[ADMIN].public_key).text);
    strbuf_printf(&b, "[operator viewer]\nrole = viewer\nkey = %s\n",
                  public_key_format(&h->keys[VIEWER].public_key).text);
    strbuf_printf(&b, "%s\n", sections);
    text_write(h->ini, b.p);
    strbuf_release(&b);
}

static const char *operator_section(struct host *h)
{
    return arena_printf(&h->arena, "[operator op]\nrole = operator\nkey = %s\n",
                        public_key_format(&h->keys[OPERATOR].public_key).text);
}

/* ---- the process ---- */

static void spawn(struct host *h)
{
    unlink(h->log);
    h->pid = fork();
    if (h->pid != 0)
        return;
    int fd = open(h->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(fd, STDERR_FILENO);
    execl(SKEIN_BINARY_DIR "/bin/skein-coordinator", "skein-coordinator", "--config", h->ini, (char *)NULL);
    _exit(127);
}

static const char *log_read(struct host *h)
{
    struct str text;
    struct err err;
    return file_read(&h->arena, h->log, 1 << 20, &text, &err) ? text.p : "";
}

static bool log_says(struct host *h, const char *words, int64_t patience_ms)
{
    for (int64_t end = clock_mono_ms() + patience_ms; clock_mono_ms() < end; clock_sleep_ms(10))
        if (strstr(log_read(h), words) != NULL)
            return true;
    return false;
}

static void field_copy(const char *line, const char *name, char *to, size_t size)
{
    const char *value = strstr(line, name);
    assert_non_null(value);
    value += strlen(name);
    snprintf(to, size, "%.*s", (int)strcspn(value, " \n"), value);
}

static void start(struct host *h)
{
    char key[80];
    spawn(h);
    if (!log_says(h, " ready ", PATIENCE_MS))
        fail_msg("the coordinator does not start: %s", log_read(h));
    const char *line = strstr(log_read(h), " ready ");
    field_copy(line, "agents=", h->agents, sizeof(h->agents));
    field_copy(line, "operators=", h->operators, sizeof(h->operators));
    field_copy(line, "public_key=", key, sizeof(key));
    assert_true(public_key_parse(str_of(key), &h->server));
}

/* The exit code, or -1 when it does not end in time. */
static int wait_end(struct host *h, int64_t patience_ms)
{
    int status = 0;
    for (int64_t end = clock_mono_ms() + patience_ms; clock_mono_ms() < end; clock_sleep_ms(5))
        if (waitpid(h->pid, &status, WNOHANG) == h->pid) {
            h->pid = 0;
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
    return -1;
}

static void hang_up(struct host *h)
{
    if (h->client != NULL)
        zclient_close(h->client);
    h->client = NULL;
}

static void end_with(struct host *h, int signal)
{
    hang_up(h);
    kill(h->pid, signal);
    assert_true(wait_end(h, PATIENCE_MS) >= 0);
}

static int host_make(void **state)
{
    static struct host h;
    struct err err;
    h = (struct host){.folder = "/tmp/skein-coord-XXXXXX", .net = znet_open(&err)};
    if (h.net == NULL || mkdtemp(h.folder) == NULL)
        return -1;
    h.ini = path_in(&h, "coordinator.ini");
    h.log = path_in(&h, "log");
    h.store = path_in(&h, "store.db");
    for (int who = 0; who < WHO; who++)
        if (!key_pair_generate(&h.keys[who], &err))
            return -1;
    ini_write(&h, "", operator_section(&h));
    *state = &h;
    return 0;
}

static int host_remove(void **state)
{
    struct host *h = *state;
    if (h->pid > 0)
        end_with(h, SIGKILL);
    hang_up(h);
    znet_close(h->net);
    for (int who = 0; who < WHO; who++)
        key_pair_release(&h->keys[who]);
    umount2(path_in(h, "disk"), MNT_DETACH); /* where a test has mounted one */
    char command[96];
    snprintf(command, sizeof(command), "rm -rf %s", h->folder);
    arena_release(&h->arena);
    return system(command); // NOLINT(cert-env33-c): our own temporary folder
}

/* ---- talking ---- */

static void dial(struct host *h, enum who who)
{
    struct err err;
    hang_up(h);
    h->client = zclient_open(h->net, &h->keys[who], &h->server, who == AGENT ? h->agents : h->operators, &err);
    assert_non_null(h->client);
}

static bool send_bytes(struct host *h, struct str bytes, int64_t patience_ms)
{
    for (int64_t end = clock_mono_ms() + patience_ms; clock_mono_ms() < end; clock_sleep_ms(2))
        if (zclient_send(h->client, bytes) == ZSEND_OK)
            return true;
    return false;
}

/* The next message from the other side. */
static bool hear(struct host *h, int64_t patience_ms, struct msg *ret_reply)
{
    struct str body;
    struct err err = {0};
    for (int64_t end = clock_mono_ms() + patience_ms; clock_mono_ms() < end; clock_sleep_ms(2)) {
        if (!zclient_receive(h->client, &body))
            continue;
        if (!codec_decode(&h->arena, body, ret_reply, &err))
            fail_msg("%s", err.text);
        return true;
    }
    return false;
}

static bool say(struct host *h, struct msg *m, int64_t patience_ms)
{
    m->version = m->version != 0 ? m->version : PROTOCOL_MAX;
    m->id = ++h->last_id;
    return send_bytes(h, codec_encode(&h->arena, m), patience_ms);
}

/* A request and its reply, whatever kind it has. */
static struct msg ask(struct host *h, struct msg request)
{
    struct msg reply = {0};
    if (!say(h, &request, PATIENCE_MS) || !hear(h, PATIENCE_MS, &reply))
        fail_msg("%s gets no answer: %s", msg_kind_name(request.kind), log_read(h));
    assert_int_equal(reply.re, h->last_id);
    return reply;
}

static struct msg ask_for(struct host *h, struct msg request, enum msg_kind expected)
{
    struct msg reply = ask(h, request);
    if (reply.kind != expected)
        fail_msg("%s: %s", msg_kind_name(reply.kind), reply.kind == MSG_ERROR ? reply.error.err.text : "");
    return reply;
}

static struct msg_status_reply status(struct host *h)
{
    return ask_for(h, (struct msg){.kind = MSG_STATUS}, MSG_STATUS_REPLY).status_reply;
}

/* ---- pushing a chain of `count` revisions ---- */

static void chain(struct host *h, struct project_files *files, int count)
{
    struct module_files core = {.name = STR("core"), .folder = STR("database/migrations/versions")};
    for (int i = 1; i <= count; i++) {
        struct project_file f = {.path = str_printf(&h->arena, "database/migrations/versions/r%d_x.sql", i)};
        f.bytes = str_printf(
            &h->arena,
            "-- revision: r%d\n%s%s\n-- message: x\n\n-- migrate:up\nCREATE TABLE t%d (id INTEGER);\n"
            "-- migrate:down\nDROP TABLE t%d;\n",
            i, i > 1 ? "-- revises: r" : "-- revises:", i > 1 ? arena_printf(&h->arena, "%d", i - 1) : "", i, i);
        vec_push(&h->arena, &core.files, f);
    }
    vec_push(&h->arena, &files->modules, core);
}

static struct msg put(struct host *h, struct str bytes)
{
    struct msg m = {.kind = MSG_BLOB_PUT};
    m.blob_put = (struct msg_blob_put){.hash = hash_of(bytes), .total = bytes.len, .bytes = bytes};
    return ask(h, m);
}

static struct msg push(struct host *h, int count)
{
    struct project_files files = {0};
    chain(h, &files, count);
    for (int i = 0; i < count; i++)
        (void)put(h, files.modules.items[0].files.items[i].bytes);
    struct manifest manifest = manifest_of(&h->arena, &files);
    struct str text = manifest_format(&h->arena, &manifest);
    (void)put(h, text);
    return ask(h, (struct msg){.kind = MSG_PUSH, .push = {hash_of(text)}});
}

/* The same without listening: the other side may be gone at any moment. */
static void push_blindly(struct host *h, int count)
{
    struct project_files files = {0};
    struct msg m = {.kind = MSG_BLOB_PUT};
    chain(h, &files, count);
    for (int i = 0; i < count; i++) {
        struct str bytes = files.modules.items[0].files.items[i].bytes;
        m.blob_put = (struct msg_blob_put){.hash = hash_of(bytes), .total = bytes.len, .bytes = bytes};
        (void)say(h, &m, 20);
    }
    struct manifest manifest = manifest_of(&h->arena, &files);
    struct str text = manifest_format(&h->arena, &manifest);
    m.blob_put = (struct msg_blob_put){.hash = hash_of(text), .total = text.len, .bytes = text};
    (void)say(h, &m, 20);
    m = (struct msg){.kind = MSG_PUSH, .push = {hash_of(text)}};
    (void)say(h, &m, 20);
}

/* ---- tests ---- */

static void what_was_pushed_survives_a_kill(void **state)
{
    struct host *h = *state;
    start(h);
    dial(h, OPERATOR);
    struct msg pushed = push(h, 3);
    assert_int_equal(pushed.kind, MSG_PUSHED);
    assert_true(pushed.pushed.accepted && pushed.pushed.added == 3);
    end_with(h, SIGKILL);
    start(h);
    dial(h, VIEWER);
    struct msg reply = ask_for(h, (struct msg){.kind = MSG_STATUS}, MSG_STATUS_REPLY);
    assert_int_equal(reply.status_reply.bundle, 1);
    assert_int_equal(reply.status_reply.revisions, 3);
    assert_true(reply.term > pushed.term);
}

/* Killed at any moment of a push, the newest bundle is the one before or the whole new one. */
static void a_kill_during_a_push_leaves_whole_bundles(void **state)
{
    struct host *h = *state;
    uint64_t bundle = 0;
    for (unsigned round = 1; round <= 12; round++) {
        start(h);
        dial(h, OPERATOR);
        uint64_t before = status(h).bundle;
        assert_true(before == bundle || before == bundle + 1);
        bundle = before;
        pid_t killer = fork();
        if (killer == 0) {
            usleep(round * 1500);
            kill(h->pid, SIGKILL);
            _exit(0);
        }
        push_blindly(h, (int)bundle + 1);
        waitpid(killer, NULL, 0);
        assert_int_equal(wait_end(h, PATIENCE_MS), 128 + SIGKILL);
    }
    start(h);
    dial(h, OPERATOR);
    struct msg_status_reply last = status(h);
    assert_int_equal(last.revisions, last.bundle); /* bundle n has n revisions */
    struct msg again = push(h, (int)last.bundle + 1);
    assert_true(again.kind == MSG_PUSHED && again.pushed.accepted);
}

static void roles_are_kept_apart(void **state)
{
    struct host *h = *state;
    start(h);
    dial(h, VIEWER);
    (void)status(h);
    struct msg refused = ask_for(h, (struct msg){.kind = MSG_PUSH}, MSG_ERROR);
    assert_int_equal(refused.error.err.code, ERR_REFUSED);
    struct msg accept = {.kind = MSG_AGENT_ACCEPT};
    accept.agent_accept = (struct msg_agent_accept){STR("mine"), ROLE_ADMIN, STR("00")};
    dial(h, OPERATOR);
    assert_int_equal(ask_for(h, accept, MSG_ERROR).error.err.code, ERR_REFUSED);
    dial(h, AGENT); /* unknown so far */
    assert_false(say(h, &(struct msg){.kind = MSG_STATUS}, SILENCE_MS));
}

static struct msg hello(uint32_t min, uint32_t max)
{
    struct msg m = {.kind = MSG_HELLO};
    m.hello =
        (struct msg_hello){.version_min = min, .version_max = max, .software = STR("test"), .boot = 5, .workers = 1};
    return m;
}

/* Waits until the stranger's key is on the list. */
static bool stranger_is_listed(struct host *h, const char *key)
{
    for (int64_t end = clock_mono_ms() + PATIENCE_MS; clock_mono_ms() < end; clock_sleep_ms(50)) {
        struct msg list = ask_for(h, (struct msg){.kind = MSG_AGENT_LIST}, MSG_AGENTS);
        for (size_t i = 0; i < list.agents.rows.count; i++)
            if (str_is(list.agents.rows.items[i].public_key, key) &&
                list.agents.rows.items[i].status == PRINCIPAL_PENDING)
                return true;
    }
    return false;
}

static void accept_agent(struct host *h)
{
    struct key_text key = public_key_format(&h->keys[AGENT].public_key);
    struct msg accept = {.kind = MSG_AGENT_ACCEPT};
    accept.agent_accept = (struct msg_agent_accept){STR("host-a"), ROLE_AGENT, str_of(key.text)};
    dial(h, ADMIN);
    assert_true(stranger_is_listed(h, key.text));
    (void)ask_for(h, accept, MSG_OK);
}

static void an_agent_is_accepted_and_revoked(void **state)
{
    struct host *h = *state;
    start(h);
    dial(h, AGENT);
    assert_false(say(h, &(struct msg){.kind = MSG_HELLO}, SILENCE_MS));
    accept_agent(h);
    dial(h, AGENT);
    struct msg ack = ask_for(h, hello(PROTOCOL_MIN, PROTOCOL_MAX), MSG_HELLO_ACK);
    assert_int_equal(ack.hello_ack.version, PROTOCOL_MAX);
    struct zclient *agent = h->client;
    h->client = NULL;

    dial(h, ADMIN);
    struct msg revoke = {.kind = MSG_AGENT_REVOKE, .agent_revoke = {STR("host-a")}};
    (void)ask_for(h, revoke, MSG_OK);
    hang_up(h);
    h->client = agent;
    struct msg again = hello(1, 1), reply;
    (void)say(h, &again, SILENCE_MS);
    assert_false(hear(h, SILENCE_MS, &reply) && reply.kind == MSG_HELLO_ACK);
    end_with(h, SIGKILL); /* and it stays revoked */
    start(h);
    dial(h, AGENT);
    assert_false(say(h, &again, SILENCE_MS));
}

/* Who revokes hears about it, although the door that both came through is cut. */
static void an_operator_is_accepted_and_revoked(void **state)
{
    struct host *h = *state;
    struct key_text key = public_key_format(&h->keys[AGENT].public_key);
    struct msg accept = {.kind = MSG_AGENT_ACCEPT}, revoke = {.kind = MSG_AGENT_REVOKE}, look = {.kind = MSG_STATUS},
               reply;
    accept.agent_accept = (struct msg_agent_accept){STR("guest"), ROLE_VIEWER, str_of(key.text)};
    revoke.agent_revoke.name = STR("guest");
    start(h);
    dial(h, ADMIN);
    (void)ask_for(h, accept, MSG_OK);
    struct zclient *admin = h->client;
    h->client = NULL;
    snprintf(h->agents, sizeof(h->agents), "%s", h->operators); /* the guest comes through the operators' door */
    dial(h, AGENT);
    (void)status(h);
    struct zclient *guest = h->client;
    h->client = admin;
    (void)ask_for(h, revoke, MSG_OK);
    hang_up(h);
    h->client = guest;
    assert_false(say(h, &look, 50) && hear(h, SILENCE_MS, &reply));
    dial(h, ADMIN);
    (void)status(h);
}

static void versions_are_negotiated_or_refused(void **state)
{
    struct host *h = *state;
    start(h);
    dial(h, AGENT);
    assert_false(say(h, &(struct msg){.kind = MSG_HELLO}, SILENCE_MS));
    accept_agent(h);
    dial(h, AGENT);
    struct msg later = hello(7, 9);
    later.version = 9;
    assert_int_equal(ask_for(h, later, MSG_HELLO_ACK).hello_ack.version, 0);
    dial(h, VIEWER);
    struct msg_error refused = ask_for(h, (struct msg){.kind = MSG_STATUS, .version = 9}, MSG_ERROR).error;
    assert_string_equal(refused.err.kind, "version");
}

static void bytes_that_are_no_message_are_answered(void **state)
{
    struct host *h = *state;
    struct msg reply;
    start(h);
    dial(h, VIEWER);
    assert_true(send_bytes(h, STR("\xff\xff\xff garbage"), PATIENCE_MS) && hear(h, PATIENCE_MS, &reply));
    assert_int_equal(reply.kind, MSG_ERROR);
    assert_int_equal(reply.error.err.code, ERR_INPUT);
    assert_true(send_bytes(h, STR("\x10\x07\xf2\xff\x0f\x00"), PATIENCE_MS) && hear(h, PATIENCE_MS, &reply));
    assert_string_equal(reply.error.err.kind, "unknown_kind");
    assert_int_equal(reply.re, 7);
    (void)status(h);
    assert_true(log_says(h, "cannot be decoded", PATIENCE_MS));
}

static void many_frames_cost_a_peer_its_key(void **state)
{
    struct host *h = *state;
    start(h);
    void *context = zmq_ctx_new(), *s = zmq_socket(context, ZMQ_DEALER);
    int zero = 0;
    zmq_setsockopt(s, ZMQ_LINGER, &zero, sizeof(zero));
    zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, h->keys[VIEWER].public_key.bytes, KEY_SIZE);
    zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, h->keys[VIEWER].secret, KEY_SIZE);
    zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, h->server.bytes, KEY_SIZE);
    assert_int_equal(zmq_connect(s, h->operators), 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(zmq_send(s, "x", 1, ZMQ_SNDMORE), 1);
    assert_int_equal(zmq_send(s, "x", 1, 0), 1);
    assert_true(log_says(h, "several frames", PATIENCE_MS));
    zmq_close(s);
    zmq_ctx_term(context);
    dial(h, OPERATOR);
    (void)status(h);
    dial(h, VIEWER);
    assert_false(say(h, &(struct msg){.kind = MSG_STATUS}, SILENCE_MS));
}

static void a_reload_takes_over_operators_and_project(void **state)
{
    struct host *h = *state;
    struct err err;
    const char *versions = path_in(h, "shop/database/migrations/versions");
    assert_true(file_mkdirs(versions, 0755, &err));
    text_write(path_in(h, "shop/database/migrations/versions/a1_first.sql"),
               "-- revision: a1\n-- revises:\n-- message: x\n\n-- migrate:up\nSELECT 1;\n");
    start(h);
    dial(h, OPERATOR);
    assert_int_equal(status(h).bundle, 0);
    ini_write(h, arena_printf(&h->arena, "project = %s/shop", h->folder), "");
    kill(h->pid, SIGHUP);
    assert_true(log_says(h, "bundle 1", PATIENCE_MS));
    assert_false(say(h, &(struct msg){.kind = MSG_STATUS}, 0) && hear(h, SILENCE_MS, &(struct msg){0}));
    dial(h, VIEWER);
    assert_int_equal(status(h).revisions, 1);
    end_with(h, SIGKILL); /* who was taken out stays out */
    start(h);
    dial(h, OPERATOR);
    assert_false(say(h, &(struct msg){.kind = MSG_STATUS}, SILENCE_MS));

    text_write(h->ini, "[coordinator]\nagents = \n[nonsense]\n");
    kill(h->pid, SIGHUP);
    assert_true(log_says(h, "configuration is not taken over", PATIENCE_MS));
    dial(h, VIEWER);
    (void)status(h);
}

static void a_signal_ends_it_in_good_order(void **state)
{
    struct host *h = *state;
    start(h);
    dial(h, VIEWER);
    (void)status(h);
    kill(h->pid, SIGTERM);
    assert_int_equal(wait_end(h, 3000), 0);
    assert_true(log_says(h, "stopped", 100));
}

static void start_fails(struct host *h, int code, const char *words)
{
    spawn(h);
    assert_int_equal(wait_end(h, PATIENCE_MS), code);
    if (strstr(log_read(h), words) == NULL)
        fail_msg("\"%s\" is not in: %s", words, log_read(h));
}

static void a_second_instance_is_refused(void **state)
{
    struct host *h = *state;
    start(h);
    pid_t first = h->pid;
    h->log = path_in(h, "log2");
    start_fails(h, 6, "another coordinator uses this store");
    h->pid = first;
    dial(h, VIEWER);
    (void)status(h); /* the first one still has the doors */
}

static void bad_surroundings_are_named(void **state)
{
    struct host *h = *state;
    start(h);
    end_with(h, SIGTERM);
    assert_int_equal(chmod(path_in(h, "key"), 0644), 0);
    start_fails(h, 8, "group or others");
    assert_int_equal(chmod(path_in(h, "key"), 0600), 0);

    text_write(path_in(h, "store.db"), "this is no database, but a text of more than one hundred bytes, as its header "
                                       "would be: so it is refused for what it says");
    start_fails(h, 1, "not a database");
    unlink(path_in(h, "store.db"));
    assert_int_equal(mkdir(path_in(h, "store.db"), 0700), 0);
    start_fails(h, 1, "store.db");
    rmdir(path_in(h, "store.db"));

    ini_write(h, "nonsense = 1", "");
    start_fails(h, 1, "nonsense");
    ini_write(h, "", "[operator x]\nrole = admin\nkey = 12\n");
    start_fails(h, 1, "no public key");
    h->ini = path_in(h, "absent.ini");
    start_fails(h, 1, "absent.ini");
}

static bool file_fill(const char *path)
{
    static char page[4096];
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    while (write(fd, page, sizeof(page)) == (ssize_t)sizeof(page))
        ;
    return close(fd) == 0;
}

static void a_full_disk_degrades_and_heals(void **state)
{
    struct host *h = *state;
    const char *disk = path_in(h, "disk"), *filler = path_in(h, "disk/filler");
    mkdir(disk, 0700);
    if (mount("tmpfs", disk, "tmpfs", 0, "size=2m") != 0)
        skip(); /* needs the right to mount */
    h->store = path_in(h, "disk/store.db");
    ini_write(h, "", operator_section(h));
    start(h);
    dial(h, OPERATOR);
    struct msg pushed = push(h, 1);
    assert_true(file_fill(filler));
    for (int i = 2; i < 60 && strstr(log_read(h), "degraded") == NULL; i++) {
        push_blindly(h, i);
        while (hear(h, 50, &pushed) && pushed.kind != MSG_PUSHED)
            ;
    }
    bool degraded = log_says(h, "degraded: the store is full", PATIENCE_MS);
    dial(h, VIEWER);
    struct msg answer = ask(h, (struct msg){.kind = MSG_STATUS});
    unlink(filler);
    bool healed = log_says(h, "takes writes again", 15000);
    dial(h, VIEWER);
    uint64_t bundle = status(h).bundle;
    end_with(h, SIGTERM);
    assert_true(degraded);
    assert_int_equal(answer.kind, MSG_ERROR);
    assert_string_equal(answer.error.err.kind, "disk_full");
    assert_true(healed && bundle >= 1);
}

#define host_test(test) cmocka_unit_test_setup_teardown(test, host_make, host_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        host_test(what_was_pushed_survives_a_kill),
        host_test(a_kill_during_a_push_leaves_whole_bundles),
        host_test(roles_are_kept_apart),
        host_test(an_agent_is_accepted_and_revoked),
        host_test(an_operator_is_accepted_and_revoked),
        host_test(versions_are_negotiated_or_refused),
        host_test(bytes_that_are_no_message_are_answered),
        host_test(many_frames_cost_a_peer_its_key),
        host_test(a_reload_takes_over_operators_and_project),
        host_test(a_signal_ends_it_in_good_order),
        host_test(a_second_instance_is_refused),
        host_test(bad_surroundings_are_named),
        host_test(a_full_disk_degrades_and_heals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
