/*
 * A bounded queue between threads of one process. Items are copied in and out by value, so the type of
 * the item is the interface; what an item points to goes over to the receiver with it.
 *
 * A poll loop waits on chan_fd(), which is readable exactly while items wait. Any number of senders and
 * receivers.
 */
#pragma once

#include <pthread.h>
#include <stddef.h>

struct chan {
    pthread_mutex_t mutex;
    char *items; /* a ring of `cap` items */
    size_t item_size, cap, max, first, count;
    int fd;
};

enum chan_result { CHAN_UNSET = 0, CHAN_OK, CHAN_EMPTY, CHAN_FULL };

/* Room for at most `max` items; memory grows with use. Ends the process when the kernel gives no eventfd. */
void chan_init(struct chan *c, size_t item_size, size_t max);
void chan_release(struct chan *c); /* nobody may use it any more */

int chan_fd(const struct chan *c);

/* Never blocks: OK or FULL. */
enum chan_result chan_send(struct chan *c, const void *item);

/* Never blocks: OK or EMPTY. */
enum chan_result chan_receive(struct chan *c, void *ret_item);
