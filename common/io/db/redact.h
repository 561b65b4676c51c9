/*
 * Keeps passwords out of messages. libpq repeats parts of a broken URL in its errors, so everything that may
 * be a piece of the secret counts as one: the parsed password, the part of the URL between user and host, as
 * written and percent-decoded, and the pieces that its delimiters cut it into.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"

struct redact {
    struct arena *arena; /* outlives the redactor */
    VEC(struct str) secrets;
    bool withhold; /* a secret is too short to be found safely: whole messages are withheld */
};

void redact_init(struct redact *r, struct arena *arena);
void redact_add(struct redact *r, struct str secret);

/* Everything in the URL that may be part of a password. */
void redact_add_url(struct redact *r, struct str url);

/* `text` with every secret replaced by ***. */
struct str redact_apply(const struct redact *r, struct arena *a, struct str text);

/* text, detail and hint of an err in place. */
void redact_err(const struct redact *r, struct err *err);

/* Parameters whose values nobody should see: password, sslpassword, passfile and their like. */
bool redact_is_secret_name(struct str name);

/* The URL for people: user and host stay, the password and secret parameters become ***. */
struct str redact_url(struct arena *a, struct str url);
