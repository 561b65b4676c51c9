#include "skein/net/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zmq.h>

#include "common/io/net/context.h"

void loop_init(struct loop *l)
{
    *l = (struct loop){0};
}

static unsigned source_add(struct loop *l, struct loop_source source)
{
    if (l->count == LOOP_SOURCES_MAX)
        abort();
    l->sources[l->count] = source;
    return 1U << l->count++;
}

unsigned loop_add_server(struct loop *l, const struct zserver *server)
{
    return source_add(l, (struct loop_source){.server = server, .fd = -1});
}

unsigned loop_add_client(struct loop *l, const struct zclient *client)
{
    return source_add(l, (struct loop_source){.client = client, .fd = -1});
}

unsigned loop_add_fd(struct loop *l, int fd)
{
    return source_add(l, (struct loop_source){.fd = fd});
}

static zmq_pollitem_t source_item(const struct loop_source *s)
{
    zmq_pollitem_t item = {.fd = s->fd, .events = ZMQ_POLLIN};
    if (s->server != NULL)
        item.socket = zserver_socket(s->server);
    else if (s->client != NULL)
        item.socket = zclient_socket(s->client);
    return item;
}

bool loop_wait(struct loop *l, int64_t timeout_ms, unsigned *ret_ready, struct err *err)
{
    zmq_pollitem_t items[LOOP_SOURCES_MAX];
    for (size_t i = 0; i < l->count; i++)
        items[i] = source_item(&l->sources[i]);
    long timeout = timeout_ms < 0 ? -1 : timeout_ms < INT_MAX ? (long)timeout_ms : INT_MAX;
    *ret_ready = 0;
    if (zmq_poll(items, (int)l->count, timeout) < 0)
        return zmq_errno() == EINTR || socket_error(err, "cannot wait for sockets");
    for (size_t i = 0; i < l->count; i++)
        if (items[i].revents != 0)
            *ret_ready |= 1U << i;
    return true;
}
