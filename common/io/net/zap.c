/*
 * The ZAP handler (RFC 27) and the table that it reads.
 *
 * One thread owns the REP socket; it asks the table under a mutex and answers 200 with the User-Id
 * "<principal>#<generation>", or 400. No disk, no SQL, no waiting: libzmq asks one question at a time.
 * The table is the only shared thing. Everything that is not exactly a CURVE request for one of our
 * two domains gets 400.
 */
#include "skein/net/zap.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include <uthash.h>

#include "common/io/net/context.h"

enum { USER_ID_MAX = ZAP_PRINCIPAL_MAX + 24, ZAP_FRAMES = 7, ZAP_FRAME_MAX = 256 };

/* One allowed key. The door is part of the lookup key. */
struct entry_id {
    unsigned char door;
    unsigned char key[KEY_SIZE];
};

struct entry {
    struct entry_id id;
    char principal[ZAP_PRINCIPAL_MAX + 1];
    char user_id[USER_ID_MAX];
    bool wanted; /* zap_replace() */
    UT_hash_handle by_key;
    UT_hash_handle by_user;
};

struct zap {
    pthread_t thread;
    void *socket;
    bool stopped; /* the owner's own note */
    int stop_fd, knock_fd;
    pthread_mutex_t mutex; /* guards everything below */
    struct entry *keys, *users;
    uint64_t generation;
    struct zap_knock knocks[ZAP_KNOCKS_MAX];
    size_t knock_count;
    uint64_t knock_number;
    struct public_key probe;
};

const char *zap_door_name(enum zap_door door)
{
    static const char *const names[ZAP_DOOR_COUNT] = {"unset", "agents", "operators"};
    return door < ZAP_DOOR_COUNT ? names[door] : names[ZAP_DOOR_UNSET];
}

/* ---- the table; the mutex is held ---- */

static struct entry_id entry_id(enum zap_door door, const struct public_key *key)
{
    struct entry_id id = {.door = (unsigned char)door};
    memcpy(id.key, key->bytes, KEY_SIZE);
    return id;
}

static struct entry *entry_find(struct zap *z, enum zap_door door, const struct public_key *key)
{
    struct entry_id id = entry_id(door, key);
    struct entry *e = NULL;
    HASH_FIND(by_key, z->keys, &id, sizeof(id), e);
    return e;
}

static void entry_remove(struct zap *z, struct entry *e)
{
    HASH_DELETE(by_key, z->keys, e);
    HASH_DELETE(by_user, z->users, e);
    free(e);
}

static struct entry *entry_add(struct zap *z, enum zap_door door, const struct public_key *key, struct str principal)
{
    struct entry *e = calloc(1, sizeof(*e));
    if (e == NULL)
        abort();
    e->id = entry_id(door, key);
    memcpy(e->principal, principal.p, principal.len);
    snprintf(e->user_id, sizeof(e->user_id), "%s#%" PRIu64, e->principal, ++z->generation);
    HASH_ADD(by_key, z->keys, id, sizeof(e->id), e);
    HASH_ADD(by_user, z->users, user_id, strlen(e->user_id), e);
    return e;
}

static void knock_forget(struct zap *z, enum zap_door door, const struct public_key *key)
{
    for (size_t i = 0; i < z->knock_count; i++) {
        if (z->knocks[i].door != door || !public_key_eq(&z->knocks[i].key, key))
            continue;
        memmove(&z->knocks[i], &z->knocks[i + 1], (z->knock_count - i - 1) * sizeof(z->knocks[0]));
        z->knock_count--;
        return;
    }
}

/* The newest stands last. A repeated knock moves there; a full list loses its oldest. */
static void knock_add(struct zap *z, enum zap_door door, const struct public_key *key, const char *address)
{
    struct zap_knock knock = {.door = door, .key = *key, .number = ++z->knock_number};
    snprintf(knock.address, sizeof(knock.address), "%s", address);
    knock_forget(z, door, key);
    if (z->knock_count == ZAP_KNOCKS_MAX)
        memmove(&z->knocks[0], &z->knocks[1], --z->knock_count * sizeof(z->knocks[0]));
    z->knocks[z->knock_count++] = knock;
    (void)eventfd_write(z->knock_fd, 1);
}

/* ---- for every thread ---- */

static struct entry *entry_grant(struct zap *z, enum zap_door door, const struct public_key *key, struct str principal)
{
    struct entry *e = entry_find(z, door, key);
    principal = str_head(principal, ZAP_PRINCIPAL_MAX);
    knock_forget(z, door, key);
    if (e != NULL && str_eq(str_of(e->principal), principal))
        return e;
    if (e != NULL)
        entry_remove(z, e);
    return entry_add(z, door, key, principal);
}

void zap_allow(struct zap *z, enum zap_door door, const struct public_key *key, struct str principal)
{
    pthread_mutex_lock(&z->mutex);
    (void)entry_grant(z, door, key, principal);
    pthread_mutex_unlock(&z->mutex);
}

static void entries_unwant(struct zap *z)
{
    for (struct entry *e = z->keys; e != NULL; e = e->by_key.next)
        e->wanted = false;
}

static unsigned unwanted_remove(struct zap *z)
{
    unsigned doors = 0;
    for (struct entry *e = z->keys, *next; e != NULL; e = next) {
        next = e->by_key.next;
        if (e->wanted)
            continue;
        doors |= 1U << e->id.door;
        entry_remove(z, e);
    }
    return doors;
}

unsigned zap_replace(struct zap *z, const struct zap_grant *grants, size_t count)
{
    pthread_mutex_lock(&z->mutex);
    entries_unwant(z);
    for (size_t i = 0; i < count; i++)
        entry_grant(z, grants[i].door, &grants[i].key, grants[i].principal)->wanted = true;
    unsigned doors = unwanted_remove(z);
    pthread_mutex_unlock(&z->mutex);
    return doors;
}

bool zap_revoke(struct zap *z, enum zap_door door, const struct public_key *key)
{
    pthread_mutex_lock(&z->mutex);
    struct entry *e = entry_find(z, door, key);
    if (e != NULL)
        entry_remove(z, e);
    pthread_mutex_unlock(&z->mutex);
    return e != NULL;
}

bool zap_find_user(struct zap *z, enum zap_door door, struct str user_id, struct public_key *ret_key,
                   char ret_principal[ZAP_PRINCIPAL_MAX + 1])
{
    struct entry *e = NULL;
    pthread_mutex_lock(&z->mutex);
    HASH_FIND(by_user, z->users, user_id.p, user_id.len, e);
    bool found = e != NULL && e->id.door == (unsigned char)door;
    if (found) {
        memcpy(ret_key->bytes, e->id.key, KEY_SIZE);
        memcpy(ret_principal, e->principal, sizeof(e->principal));
    }
    pthread_mutex_unlock(&z->mutex);
    return found;
}

size_t zap_knocks(struct zap *z, struct zap_knock ret_knocks[ZAP_KNOCKS_MAX])
{
    eventfd_t ignored;
    pthread_mutex_lock(&z->mutex);
    size_t count = z->knock_count;
    for (size_t i = 0; i < count; i++)
        ret_knocks[i] = z->knocks[count - 1 - i];
    (void)eventfd_read(z->knock_fd, &ignored);
    pthread_mutex_unlock(&z->mutex);
    return count;
}

int zap_knock_fd(const struct zap *z)
{
    return z->knock_fd;
}

void zap_expect_probe(struct zap *z, const struct public_key *key)
{
    pthread_mutex_lock(&z->mutex);
    z->probe = *key;
    pthread_mutex_unlock(&z->mutex);
}

/* ---- the handler's thread ---- */

/* One request as received: RFC 27's version, request id, domain, address, identity, mechanism, credentials. */
struct request {
    size_t count;
    bool too_long;
    struct {
        char bytes[ZAP_FRAME_MAX];
        size_t len;
    } frames[ZAP_FRAMES];
};

enum { FRAME_VERSION = 0, FRAME_REQUEST, FRAME_DOMAIN, FRAME_ADDRESS, FRAME_IDENTITY, FRAME_MECHANISM, FRAME_KEY };

static bool request_receive(void *socket, struct request *r)
{
    int more = 1;
    memset(r, 0, sizeof(*r));
    for (; more != 0; r->count++) {
        char scratch[ZAP_FRAME_MAX];
        bool keep = r->count < ZAP_FRAMES;
        char *bytes = keep ? r->frames[r->count].bytes : scratch;
        int n = zmq_recv(socket, bytes, ZAP_FRAME_MAX, 0);
        size_t size = sizeof(more);
        if (n < 0 || zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) != 0)
            return false;
        r->too_long |= n > ZAP_FRAME_MAX;
        if (keep)
            r->frames[r->count].len = n > ZAP_FRAME_MAX ? ZAP_FRAME_MAX : (size_t)n;
    }
    return true;
}

static struct str request_frame(const struct request *r, size_t frame)
{
    return (struct str){r->frames[frame].bytes, r->frames[frame].len};
}

static enum zap_door request_door(const struct request *r)
{
    for (int door = ZAP_DOOR_UNSET + 1; door < ZAP_DOOR_COUNT; door++)
        if (str_is(request_frame(r, FRAME_DOMAIN), zap_door_name((enum zap_door)door)))
            return (enum zap_door)door;
    return ZAP_DOOR_UNSET;
}

static bool request_is_sound(const struct request *r)
{
    return r->count == ZAP_FRAMES && !r->too_long && str_is(request_frame(r, FRAME_VERSION), "1.0") &&
           str_is(request_frame(r, FRAME_MECHANISM), "CURVE") && r->frames[FRAME_KEY].len == KEY_SIZE;
}

/* True with the User-Id when the key may enter; a refused key is remembered. */
static bool request_judge(struct zap *z, const struct request *r, char ret_user_id[USER_ID_MAX])
{
    struct public_key key;
    char address[ZAP_ADDRESS_MAX];
    enum zap_door door = request_door(r);
    if (!request_is_sound(r) || door == ZAP_DOOR_UNSET)
        return false;
    memcpy(key.bytes, r->frames[FRAME_KEY].bytes, KEY_SIZE);
    snprintf(address, sizeof(address), "%.*s", STR_ARG(request_frame(r, FRAME_ADDRESS)));
    pthread_mutex_lock(&z->mutex);
    const struct entry *e = entry_find(z, door, &key);
    if (e != NULL)
        memcpy(ret_user_id, e->user_id, sizeof(e->user_id));
    else if (!public_key_eq(&key, &z->probe))
        knock_add(z, door, &key, address);
    pthread_mutex_unlock(&z->mutex);
    return e != NULL;
}

static void request_answer(void *socket, const struct request *r, bool admitted, const char *user_id)
{
    struct str id = request_frame(r, FRAME_REQUEST);
    (void)zmq_send(socket, "1.0", 3, ZMQ_SNDMORE);
    (void)zmq_send(socket, id.p, id.len, ZMQ_SNDMORE);
    (void)zmq_send(socket, admitted ? "200" : "400", 3, ZMQ_SNDMORE);
    (void)zmq_send(socket, "", 0, ZMQ_SNDMORE);
    (void)zmq_send(socket, user_id, strlen(user_id), ZMQ_SNDMORE);
    (void)zmq_send(socket, "", 0, 0);
}

static void *handler_run(void *argument)
{
    struct zap *z = argument;
    zmq_pollitem_t items[2] = {{.socket = z->socket, .events = ZMQ_POLLIN}, {.fd = z->stop_fd, .events = ZMQ_POLLIN}};
    struct request r;
    while (zmq_poll(items, 2, -1) >= 0 || zmq_errno() == EINTR) {
        char user_id[USER_ID_MAX] = "";
        if (items[1].revents != 0)
            break;
        if (items[0].revents == 0)
            continue;
        if (!request_receive(z->socket, &r))
            break;
        bool admitted = request_judge(z, &r, user_id);
        request_answer(z->socket, &r, admitted, user_id);
    }
    zmq_close(z->socket);
    return NULL;
}

static bool handler_bind(struct znet *net, struct zap *z, struct err *err)
{
    z->socket = zmq_socket(znet_context(net), ZMQ_REP);
    if (z->socket == NULL)
        return socket_error(err, "cannot make the key handler's socket");
    if (zmq_bind(z->socket, "inproc://zeromq.zap.01") == 0)
        return true;
    socket_error(err, "cannot bind the key handler");
    zmq_close(z->socket);
    return false;
}

/* Signals are the main thread's. */
static bool handler_start(struct zap *z, struct err *err)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int problem = pthread_create(&z->thread, NULL, handler_run, z);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return problem == 0 || err_set(err, ERR_SYSTEM, "cannot start the key handler's thread: %s", strerror(problem));
}

static void zap_free(struct zap *z)
{
    entries_unwant(z);
    (void)unwanted_remove(z);
    pthread_mutex_destroy(&z->mutex);
    close(z->stop_fd);
    close(z->knock_fd);
    free(z);
}

struct zap *zap_open(struct znet *net, struct err *err)
{
    struct zap *z = calloc(1, sizeof(*z));
    if (z == NULL)
        abort();
    pthread_mutex_init(&z->mutex, NULL);
    z->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    z->knock_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool ok = z->stop_fd >= 0 && z->knock_fd >= 0;
    if (!ok)
        err_set(err, ERR_SYSTEM, "cannot make an event descriptor: %s", strerror(errno));
    ok = ok && handler_bind(net, z, err);
    if (ok && !(ok = handler_start(z, err)))
        zmq_close(z->socket);
    if (ok)
        return z;
    zap_free(z);
    return NULL;
}

void zap_stop(struct zap *z)
{
    if (z->stopped)
        return;
    z->stopped = true;
    (void)eventfd_write(z->stop_fd, 1);
    pthread_join(z->thread, NULL);
}

void zap_close(struct zap *z)
{
    zap_stop(z);
    zap_free(z);
}
