#include "skein/os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "skein/os/random.h"

bool err_errno(struct err *e, const char *format, ...)
{
    int number = errno;
    char sentence[256];
    va_list args;
    va_start(args, format);
    err_vset(e, ERR_SYSTEM, format, args);
    va_end(args);
    const char *name = strerrorname_np(number);
    snprintf(e->kind, sizeof(e->kind), "%s", name != NULL ? name : "errno");
    return err_detail(e, "%s", strerror_r(number, sentence, sizeof(sentence)));
}

/* Reads until the end, at most `max` bytes: the file may grow while it is read. */
static bool read_all(struct arena *a, int fd, const char *name, size_t size, size_t max, struct str *ret_bytes,
                     struct err *err)
{
    char *bytes = arena_alloc(a, size + 1);
    size_t len = 0;
    while (len <= size) {
        ssize_t n = read(fd, bytes + len, size + 1 - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "cannot read %s", name);
        if (n == 0)
            break;
        len += (size_t)n;
    }
    if (len > size)
        return size < max ? read_all(a, fd, name, max, max, ret_bytes, err)
                          : err_kind(err, ERR_LIMIT, "too_large", "%s is larger than %zu bytes", name, max);
    bytes[len] = '\0';
    *ret_bytes = (struct str){bytes, len};
    return true;
}

static bool read_descriptor(struct arena *a, int fd, const char *name, size_t max, struct str *ret_bytes,
                            struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_errno(err, "cannot read %s", name);
    if (!S_ISREG(st.st_mode))
        return err_kind(err, ERR_INPUT, "not_a_file", "%s is not a regular file", name);
    if (st.st_size < 0 || (unsigned long long)st.st_size > max)
        return err_kind(err, ERR_LIMIT, "too_large", "%s is larger than %zu bytes", name, max);
    return read_all(a, fd, name, (size_t)st.st_size, max, ret_bytes, err);
}

/* O_NONBLOCK: opening a pipe that nobody writes to must not wait. */
bool file_read(struct arena *a, const char *path, size_t max, struct str *ret_bytes, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_errno(err, "cannot open %s", path);
    bool ok = read_descriptor(a, fd, path, max, ret_bytes, err);
    close(fd);
    return ok;
}

struct str file_folder(struct str path)
{
    size_t end = path.len;
    while (end > 0 && path.p[end - 1] != '/')
        end--;
    while (end > 1 && path.p[end - 1] == '/')
        end--;
    return end > 0 ? str_head(path, end) : STR(".");
}

static bool write_all(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.p, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes = str_from(bytes, (size_t)n);
    }
    return true;
}

/* The rename itself is durable only once the folder is on the disk. */
static bool sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = fsync(fd) == 0;
    int number = errno;
    close(fd);
    errno = number;
    return ok;
}

static bool write_temporary(const char *temporary, struct str bytes, mode_t mode)
{
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return false;
    bool ok = fchmod(fd, mode) == 0 && write_all(fd, bytes) && fsync(fd) == 0;
    int number = errno;
    if (close(fd) != 0 && ok)
        return false;
    errno = number;
    return ok;
}

bool file_write_atomic(const char *path, struct str bytes, mode_t mode, struct err *err)
{
    struct arena a = {0};
    const char *temporary = arena_printf(&a, "%s.%s.tmp", path, random_hex(&a, 6).p);
    const char *folder = str_cstr(&a, file_folder(str_of(path)));
    bool ok = write_temporary(temporary, bytes, mode) && rename(temporary, path) == 0;
    if (!ok) {
        err_errno(err, "cannot write %s", path);
        unlink(temporary);
    } else if (!sync_folder(folder)) {
        ok = err_errno(err, "cannot make the name %s durable", path);
    }
    arena_release(&a);
    return ok;
}

static bool make_folder(const char *path, mode_t mode, struct err *err)
{
    struct stat st;
    if (mkdir(path, mode) == 0)
        return true;
    if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return true;
    if (errno == EEXIST)
        errno = ENOTDIR;
    return err_errno(err, "cannot make the folder %s", path);
}

bool file_mkdirs(const char *path, mode_t mode, struct err *err)
{
    struct arena a = {0};
    char *copy = arena_strdup(&a, path);
    bool ok = true;
    for (char *p = copy + 1; ok && copy[0] != '\0' && *p != '\0'; p++) {
        if (*p != '/' || p[-1] == '/')
            continue;
        *p = '\0';
        ok = make_folder(copy, mode, err);
        *p = '/';
    }
    ok = ok && make_folder(copy, mode, err);
    arena_release(&a);
    return ok;
}

static bool is_ours(const struct stat *st)
{
    return st->st_uid == geteuid() || st->st_uid == 0;
}

bool file_is_protected(const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return err_errno(err, "cannot open %s", path);
    if (!is_ours(&st)) {
        err_kind(err, ERR_REFUSED, "wrong_owner", "%s belongs to another user, who may change it", path);
        return err_hint(err, "change its owner to root or to the user that runs this program");
    }
    if ((st.st_mode & 022) != 0) {
        err_kind(err, ERR_REFUSED, "shared_file", "others may change %s (mode %04o)", path,
                 (unsigned)(st.st_mode & 07777));
        return err_hint(err, "run: chmod go-w %s", path);
    }
    return true;
}

enum file_access file_secrecy(const char *path, struct err *err)
{
    struct stat st;
    if (lstat(path, &st) != 0 && errno == ENOENT)
        return FILE_ABSENT;
    if (stat(path, &st) != 0) {
        err_errno(err, "cannot look at %s", path);
        return FILE_UNSET;
    }
    if (!S_ISREG(st.st_mode)) {
        err_kind(err, ERR_INPUT, "not_a_file", "%s is not a regular file", path);
        return FILE_SHARED;
    }
    if (!is_ours(&st)) {
        err_kind(err, ERR_REFUSED, "wrong_owner", "%s holds a secret but belongs to another user", path);
        err_hint(err, "change its owner to the user that runs this program");
        return FILE_SHARED;
    }
    if ((st.st_mode & 077) != 0) {
        err_kind(err, ERR_REFUSED, "shared_file", "%s holds a secret but others may use it (mode %04o)", path,
                 (unsigned)(st.st_mode & 07777));
        err_hint(err, "run: chmod 600 %s", path);
        return FILE_SHARED;
    }
    return FILE_PRIVATE;
}
