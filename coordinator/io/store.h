/*
 * The coordinator's memory: a SQLite file (WAL, synchronous=FULL), one table a kind of record. Rows go in
 * with one commit a burst and come back in the order that coordinator/core/record.h asks for.
 *
 * Happy path: store_open() takes the lock beside the file, makes or checks the schema; store_load() streams
 * every row; store_put() collects, store_commit() upserts and commits. Failures: another coordinator holds the lock
 * (ERR_LOCK, kind "store_in_use"); the file is no store, of a later format, corrupt or not writable (ERR_STATE,
 * ERR_SQL); the disk is full (kind "disk_full": nothing of the burst is stored). After any failure of store_commit()
 * the memory of the core is ahead of the store: the caller closes the store and starts over from store_open() or ends
 * the process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "coordinator/core/record.h"
#include "skein/base/err.h"

struct store;

bool store_open(const char *path, struct store **ret_store, struct err *err);
void store_close(struct store *s);

/* `take` gets every row; its strings live during the call. False when `take` says so or a row makes no sense. */
bool store_load(struct store *s, bool (*take)(void *user, const struct record *r, struct err *err), void *user,
                struct err *err);

/* Copies a row for the next commit. After store_load(): the audit log continues where that ended. */
void store_put(struct store *s, const struct record *r);

/* All rows since the last commit or none; durable when it returns true. Nothing to do is fine. */
bool store_commit(struct store *s, struct err *err);

/* The first row of the audit log whose hash does not fit, as found by store_load(); 0: the chain holds. */
uint64_t store_audit_broken(const struct store *s);
