/*
 * Files and folders. Reading is bounded, writing is all or nothing (a temporary file in the same folder,
 * fsync, rename, fsync of the folder), and nothing here opens a database file: closing any descriptor of
 * a SQLite file drops the locks that the process holds on it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/str.h"

/* err_set() with ERR_SYSTEM, the sentence of errno as detail and its name ("ENOENT") as kind. Returns false. */
bool err_errno(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The whole of a regular file, NUL-terminated beyond its length. Kinds of failure: the errno's name,
 * "not_a_file" (a folder, a pipe, ...), "too_large" (ERR_LIMIT; more than `max` bytes).
 */
bool file_read(struct arena *a, const char *path, size_t max, struct str *ret_bytes, struct err *err);

/* Replaces or makes `path` with the mode; after true the bytes are on the disk under that name. */
bool file_write_atomic(const char *path, struct str bytes, mode_t mode, struct err *err);

/* Makes the folder and those above it that are missing. */
bool file_mkdirs(const char *path, mode_t mode, struct err *err);

/* The folder of a path: "." when it names none. */
struct str file_folder(struct str path);

enum file_access { FILE_UNSET = 0, FILE_ABSENT, FILE_PRIVATE, FILE_SHARED };

/*
 * Who else may read a file that holds a secret: PRIVATE is a regular file of this user or of root without
 * any right for group and others. SHARED fills *err with what is wrong and how to repair it; so does a
 * file that cannot be looked at (result UNSET).
 */
enum file_access file_secrecy(const char *path, struct err *err);

/*
 * Whether nobody but this user and root can change a file that a daemon obeys: neither its owner nor a right
 * to write for group and others. False with *err, also when the file cannot be looked at.
 */
bool file_is_protected(const char *path, struct err *err);
