#include "skein/net/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "skein/base/hash.h"
#include "skein/base/timestamp.h"
#include "skein/os/file.h"

enum { KEY_FILE_MAX = 1024, PUBLIC_KEY_FILE_MAX = 4096, Z85_SIZE = 41 };

/* What a key file holds, as found. */
struct key_file {
    bool algo_ok, has_public, has_secret;
    struct key_pair *pair;
};

static bool hex_parse(struct str text, unsigned char ret_bytes[KEY_SIZE])
{
    size_t len = 0;
    return text.len == (size_t)KEY_SIZE * 2 &&
           sodium_hex2bin(ret_bytes, KEY_SIZE, text.p, text.len, NULL, &len, NULL) == 0 && len == KEY_SIZE;
}

bool public_key_parse(struct str text, struct public_key *ret_key)
{
    struct public_key key = {{0}};
    if (!hex_parse(text, key.bytes))
        return false;
    *ret_key = key;
    return true;
}

static bool find_public_key(struct str text, struct public_key *ret_key)
{
    struct str line;
    while (str_next(&text, '\n', &line)) {
        line = str_trim(line);
        if (str_starts(line, STR("public")))
            line = str_trim(str_from(line, str_find(line, '=') + 1));
        if (public_key_parse(line, ret_key))
            return true;
    }
    return false;
}

bool public_key_load(const char *path, struct public_key *ret_key, struct err *err)
{
    struct arena a = {0};
    struct str text;
    bool ok = file_read(&a, path, PUBLIC_KEY_FILE_MAX, &text, err);
    if (ok && !(ok = find_public_key(text, ret_key))) {
        err_kind(err, ERR_INPUT, "bad_key", "%s holds no public key", path);
        err_hint(err, "a public key is 64 hex digits; `skein keygen` prints it");
    }
    arena_release(&a);
    return ok;
}

struct key_text public_key_format(const struct public_key *key)
{
    struct key_text t;
    sodium_bin2hex(t.text, sizeof(t.text), key->bytes, KEY_SIZE);
    return t;
}

struct fingerprint public_key_fingerprint(const struct public_key *key)
{
    struct hash h = hash_of((struct str){(const char *)key->bytes, KEY_SIZE});
    struct hash_hex hex = hash_format(&h);
    struct fingerprint f = {""};
    for (size_t i = 0, o = 0; i < 16; i++) {
        if (i > 0 && i % 4 == 0)
            f.text[o++] = '-';
        f.text[o++] = hex.text[i];
    }
    return f;
}

bool public_key_eq(const struct public_key *a, const struct public_key *b)
{
    return memcmp(a->bytes, b->bytes, KEY_SIZE) == 0;
}

static bool pair_lock(struct key_pair *pair, struct err *err)
{
    if (sodium_init() < 0)
        return err_set(err, ERR_SYSTEM, "cannot start libsodium");
    memset(pair, 0, sizeof(*pair));
    /* RLIMIT_MEMLOCK may be 0 in a container; the key is then as safe as the machine's swap. */
    (void)sodium_mlock(pair, sizeof(*pair));
    return true;
}

void key_pair_release(struct key_pair *pair)
{
    (void)sodium_munlock(pair, sizeof(*pair)); /* zeroes first */
    sodium_memzero(pair, sizeof(*pair));       /* also where nothing could be locked */
}

/* The public key that belongs to a secret one, by libzmq's own code. */
static bool derive_public(const unsigned char secret[KEY_SIZE], struct public_key *ret_key)
{
    char secret_text[Z85_SIZE], public_text[Z85_SIZE];
    bool ok = zmq_z85_encode(secret_text, secret, KEY_SIZE) != NULL &&
              zmq_curve_public(public_text, secret_text) == 0 && zmq_z85_decode(ret_key->bytes, public_text) != NULL;
    sodium_memzero(secret_text, sizeof(secret_text));
    return ok;
}

bool key_pair_generate(struct key_pair *ret_pair, struct err *err)
{
    char public_text[Z85_SIZE], secret_text[Z85_SIZE];
    if (!pair_lock(ret_pair, err))
        return false;
    bool ok = zmq_curve_keypair(public_text, secret_text) == 0 &&
              zmq_z85_decode(ret_pair->public_key.bytes, public_text) != NULL &&
              zmq_z85_decode(ret_pair->secret, secret_text) != NULL;
    sodium_memzero(secret_text, sizeof(secret_text));
    if (ok)
        return true;
    key_pair_release(ret_pair);
    return err_set(err, ERR_SYSTEM, "cannot make a CURVE key pair: %s", zmq_strerror(zmq_errno()));
}

/* ---- files ---- */

static bool file_refused(struct err *err, const char *path, const char *why)
{
    err_kind(err, ERR_REFUSED, "key_file", "key file %s %s", path, why);
    return err_hint(err, "a key file belongs to the user that runs the program, with mode 0600");
}

static bool file_check(int fd, const char *path, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_set(err, ERR_SYSTEM, "cannot look at key file %s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return file_refused(err, path, "is no regular file");
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return file_refused(err, path, "belongs to another user");
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return file_refused(err, path, "can be used by group or others");
    if (st.st_size > KEY_FILE_MAX)
        return file_refused(err, path, "is too large for a key file");
    return true;
}

/* False for a line that says something wrong; lines that we do not know are a later version's. */
static bool line_take(struct key_file *f, struct str line)
{
    struct str value = line, name;
    if (!str_next(&value, '=', &name))
        return true;
    name = str_trim(name);
    value = str_trim(value);
    if (str_is(name, "algo"))
        return f->algo_ok = str_is(value, "curve25519");
    if (str_is(name, "public"))
        return f->has_public = hex_parse(value, f->pair->public_key.bytes);
    if (str_is(name, "secret"))
        return f->has_secret = hex_parse(value, f->pair->secret);
    return true;
}

static bool text_parse(struct str text, struct key_pair *pair, const char *path, struct err *err)
{
    struct key_file f = {.pair = pair};
    struct str line;
    while (str_next(&text, '\n', &line))
        if (!line_take(&f, line))
            return file_refused(err, path, "has a line that cannot be read");
    struct public_key derived;
    if (!f.algo_ok || !f.has_public || !f.has_secret)
        return file_refused(err, path, "lacks one of algo, public and secret");
    if (!derive_public(pair->secret, &derived) || !public_key_eq(&derived, &pair->public_key))
        return file_refused(err, path, "holds a public key that does not belong to its secret key");
    return true;
}

static bool bytes_read(int fd, const char *path, char text[KEY_FILE_MAX], size_t *ret_len, struct err *err)
{
    size_t len = 0;
    while (len < KEY_FILE_MAX) {
        ssize_t n = read(fd, text + len, KEY_FILE_MAX - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, ERR_SYSTEM, "cannot read key file %s: %s", path, strerror(errno));
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *ret_len = len;
    return true;
}

bool key_pair_load(const char *path, struct key_pair *ret_pair, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        err_set(err, ERR_SYSTEM, "cannot open key file %s: %s", path, strerror(errno));
        return err_hint(err, "'skein keygen FILE' makes one");
    }
    char text[KEY_FILE_MAX];
    size_t len = 0;
    bool ok = file_check(fd, path, err) && bytes_read(fd, path, text, &len, err) && pair_lock(ret_pair, err);
    if (ok && !(ok = text_parse((struct str){text, len}, ret_pair, path, err)))
        key_pair_release(ret_pair);
    sodium_memzero(text, sizeof(text));
    close(fd);
    return ok;
}

static bool bytes_write(int fd, struct str text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.p, text.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text = str_from(text, (size_t)n);
    }
    return fsync(fd) == 0;
}

bool key_pair_save(const struct key_pair *pair, int64_t created_ms, const char *path, struct err *err)
{
    char text[KEY_FILE_MAX], secret[KEY_TEXT_SIZE];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_set(err, errno == EEXIST ? ERR_REFUSED : ERR_SYSTEM, "cannot make key file %s: %s", path,
                       strerror(errno));
    sodium_bin2hex(secret, sizeof(secret), pair->secret, KEY_SIZE);
    int len = snprintf(text, sizeof(text), "algo = curve25519\ncreated = %s\npublic = %s\nsecret = %s\n",
                       timestamp_format(created_ms).text, public_key_format(&pair->public_key).text, secret);
    bool ok = bytes_write(fd, (struct str){text, (size_t)len});
    if (!ok) {
        err_set(err, ERR_SYSTEM, "cannot write key file %s: %s", path, strerror(errno));
        unlink(path);
    }
    close(fd);
    sodium_memzero(secret, sizeof(secret));
    sodium_memzero(text, sizeof(text));
    return ok;
}
