/*
 * Invariant, under the mutex: the eventfd's counter is not zero exactly while count > 0. It is
 * therefore written at the change from empty to not empty and read at the change back, not per item.
 */
#include "skein/os/chan.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void out_of(const char *what)
{
    perror(what);
    abort();
}

void chan_init(struct chan *c, size_t item_size, size_t max)
{
    *c = (struct chan){.item_size = item_size, .max = max};
    pthread_mutex_init(&c->mutex, NULL);
    c->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (c->fd < 0)
        out_of("eventfd");
}

void chan_release(struct chan *c)
{
    close(c->fd);
    free(c->items);
    pthread_mutex_destroy(&c->mutex);
    *c = (struct chan){.fd = -1};
}

int chan_fd(const struct chan *c)
{
    return c->fd;
}

static void set_readable(struct chan *c)
{
    uint64_t one = 1;
    if (write(c->fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
        out_of("eventfd");
}

static void clear_readable(struct chan *c)
{
    uint64_t count;
    if (read(c->fd, &count, sizeof(count)) != (ssize_t)sizeof(count))
        out_of("eventfd");
}

/* Doubles the ring and lays it out from its first item. */
static void grow(struct chan *c)
{
    size_t cap = c->cap == 0 ? 16 : c->cap * 2;
    if (cap > c->max)
        cap = c->max;
    char *items = calloc(cap, c->item_size);
    if (items == NULL)
        out_of("chan");
    for (size_t i = 0; i < c->count; i++)
        memcpy(items + i * c->item_size, c->items + (c->first + i) % c->cap * c->item_size, c->item_size);
    free(c->items);
    c->items = items;
    c->cap = cap;
    c->first = 0;
}

static enum chan_result send_locked(struct chan *c, const void *item)
{
    if (c->count == c->max)
        return CHAN_FULL;
    if (c->count == c->cap)
        grow(c);
    memcpy(c->items + (c->first + c->count) % c->cap * c->item_size, item, c->item_size);
    if (c->count++ == 0)
        set_readable(c);
    return CHAN_OK;
}

static enum chan_result receive_locked(struct chan *c, void *ret_item)
{
    if (c->count == 0)
        return CHAN_EMPTY;
    memcpy(ret_item, c->items + c->first * c->item_size, c->item_size);
    c->first = (c->first + 1) % c->cap;
    if (--c->count == 0)
        clear_readable(c);
    return CHAN_OK;
}

enum chan_result chan_send(struct chan *c, const void *item)
{
    pthread_mutex_lock(&c->mutex);
    enum chan_result result = send_locked(c, item);
    pthread_mutex_unlock(&c->mutex);
    return result;
}

enum chan_result chan_receive(struct chan *c, void *ret_item)
{
    pthread_mutex_lock(&c->mutex);
    enum chan_result result = receive_locked(c, ret_item);
    pthread_mutex_unlock(&c->mutex);
    return result;
}
