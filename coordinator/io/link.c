#include "coordinator/io/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <uthash.h>

#include "skein/os/file.h"

/* Which connection: door, libzmq's number for it, and whose it is. Compared as bytes, so all of it is zeroed. */
struct link_id {
    enum zap_door door;
    struct zpeer peer;
    char principal[ZAP_PRINCIPAL_MAX + 1];
};

struct link {
    uint32_t number;
    struct link_id id;
    int64_t heard_ms;
    UT_hash_handle by_id, by_number;
};

struct links {
    struct zserver *servers[ZAP_DOOR_COUNT];
    struct link *ids, *numbers;
    uint32_t last;
    struct zmessage message;
};

/* An ipc socket lives in a folder that group members may enter, and is made for them. */
static struct zserver *door_open(struct znet *net, struct zap *zap, enum zap_door door, const struct key_pair *keys,
                                 const char *endpoint, struct err *err)
{
    struct arena a = {0};
    bool ok = true;
    if (strncmp(endpoint, "ipc://", 6) == 0)
        ok = file_mkdirs(str_cstr(&a, file_folder(str_of(endpoint + 6))), 0750, err);
    mode_t mask = umask(0007);
    struct zserver *s = ok ? zserver_open(net, zap, door, keys, endpoint, err) : NULL;
    umask(mask);
    arena_release(&a);
    return s;
}

struct links *links_open(struct znet *net, struct zap *zap, const struct key_pair *keys, const char *agents,
                         const char *operators, struct err *err)
{
    struct links *l = calloc(1, sizeof(*l));
    if (l == NULL)
        abort();
    l->servers[ZAP_DOOR_AGENTS] = door_open(net, zap, ZAP_DOOR_AGENTS, keys, agents, err);
    if (l->servers[ZAP_DOOR_AGENTS] != NULL)
        l->servers[ZAP_DOOR_OPERATORS] = door_open(net, zap, ZAP_DOOR_OPERATORS, keys, operators, err);
    if (l->servers[ZAP_DOOR_OPERATORS] != NULL)
        return l;
    links_close(l);
    return NULL;
}

static void link_forget(struct links *l, struct link *link)
{
    HASH_DELETE(by_id, l->ids, link);
    HASH_DELETE(by_number, l->numbers, link);
    free(link);
}

void links_close(struct links *l)
{
    for (int door = ZAP_DOOR_UNSET + 1; door < ZAP_DOOR_COUNT; door++)
        if (l->servers[door] != NULL)
            zserver_close(l->servers[door]);
    while (l->ids != NULL)
        link_forget(l, l->ids);
    free(l);
}

const struct zserver *links_server(const struct links *l, enum zap_door door)
{
    return l->servers[door];
}

static struct link *link_of(struct links *l, enum zap_door door, const struct zmessage *m)
{
    struct link_id id;
    struct link *link = NULL;
    memset(&id, 0, sizeof(id));
    id.door = door;
    id.peer = m->peer;
    memcpy(id.principal, m->principal, strlen(m->principal));
    HASH_FIND(by_id, l->ids, &id, sizeof(id), link);
    if (link != NULL)
        return link;
    link = calloc(1, sizeof(*link));
    if (link == NULL)
        abort();
    memcpy(&link->id, &id, sizeof(id));
    link->number = ++l->last;
    HASH_ADD(by_id, l->ids, id, sizeof(id), link);
    HASH_ADD(by_number, l->numbers, number, sizeof(link->number), link);
    return link;
}

enum zreceive links_receive(struct links *l, enum zap_door door, int64_t now_ms, struct link_message *ret_message)
{
    enum zreceive result = zserver_receive(l->servers[door], &l->message);
    *ret_message = (struct link_message){.door = door,
                                         .key = l->message.key,
                                         .principal = str_of(l->message.principal),
                                         .address = str_of(l->message.address),
                                         .body = l->message.body};
    if (result == ZRECEIVE_MESSAGE) {
        struct link *link = link_of(l, door, &l->message);
        link->heard_ms = now_ms;
        ret_message->link = link->number;
    }
    return result;
}

enum zsend links_send(struct links *l, uint32_t link, struct str body)
{
    struct link *found = NULL;
    HASH_FIND(by_number, l->numbers, &link, sizeof(link), found);
    if (found == NULL)
        return ZSEND_GONE;
    enum zsend result = zserver_send(l->servers[found->id.door], &found->id.peer, body);
    if (result == ZSEND_GONE)
        link_forget(l, found);
    return result;
}

uint32_t links_forget_silent(struct links *l, int64_t before_ms)
{
    struct link *link = l->ids;
    while (link != NULL && link->heard_ms >= before_ms)
        link = link->by_id.next;
    uint32_t number = link != NULL ? link->number : 0;
    if (link != NULL)
        link_forget(l, link);
    return number;
}

bool links_cut(struct links *l, enum zap_door door, struct err *err)
{
    return zserver_rebind(l->servers[door], err);
}
