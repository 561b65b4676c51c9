#include "common/core/wire/shape.h"

#include <string.h>

#include "skein/base/hash.h"
#include "skein/base/names.h"
#include "skein/base/vec.h"
#include "skein/wire/limits.h"

/* Every VEC has this layout. */
struct any_vec {
    void *items;
    size_t count, cap;
};

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

enum { UNKNOWN_MAX = 32 }; /* fields of a later version in one message */

static const void *at(const void *value, size_t offset)
{
    return (const char *)value + offset;
}

static void *at_mutable(void *value, size_t offset)
{
    return (char *)value + offset;
}

static bool is_repeated(enum row_type type)
{
    return type == ROW_MESSAGES || type == ROW_STRS || type == ROW_FIXEDS || type == ROW_U64S;
}

/* ---- checking encoded bytes ---- */

struct scan {
    struct str rest;
    struct err *err;
};

static bool malformed(struct scan *s)
{
    return err_set(s->err, ERR_INPUT, "a message is malformed");
}

static bool varint_take(struct scan *s, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 10 && i < s->rest.len; i++) {
        unsigned char byte = (unsigned char)s->rest.p[i];
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) != 0)
            continue;
        s->rest = str_from(s->rest, i + 1);
        *ret_value = value;
        return true;
    }
    return malformed(s);
}

static bool bytes_take(struct scan *s, struct str *ret_bytes)
{
    uint64_t len;
    if (!varint_take(s, &len))
        return false;
    if (len > s->rest.len)
        return malformed(s);
    *ret_bytes = str_head(s->rest, len);
    s->rest = str_from(s->rest, len);
    return true;
}

/* A field that this version does not know. */
static bool field_skip(struct scan *s, unsigned wire_type)
{
    uint64_t ignored;
    struct str bytes;
    size_t width = wire_type == WIRE_64 ? 8 : 4;
    if (wire_type == WIRE_VARINT)
        return varint_take(s, &ignored);
    if (wire_type == WIRE_BYTES)
        return bytes_take(s, &bytes);
    if ((wire_type != WIRE_64 && wire_type != WIRE_32) || s->rest.len < width)
        return malformed(s);
    s->rest = str_from(s->rest, width);
    return true;
}

static bool too_large(struct scan *s, const struct row *row)
{
    return err_set(s->err, ERR_LIMIT, "a message has more than %llu in field %s", (unsigned long long)row->max,
                   row->name);
}

static bool has_control(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
            return true;
    return false;
}

static bool has_nul(struct str text)
{
    return text.len > 0 && memchr(text.p, '\0', text.len) != NULL;
}

static bool rule_holds(enum row_rule rule, struct str text)
{
    switch (rule) {
    case RULE_NAME:
        return !has_control(text);
    case RULE_MODULE:
        return text.len == 0 || module_name_is_valid(text);
    case RULE_REVISION:
        return text.len == 0 || revision_id_problem(text) == NULL;
    case RULE_TEXT:
        break;
    }
    return true;
}

static bool text_check(struct scan *s, const struct row *row, struct str text, uint64_t max)
{
    size_t bad;
    if (text.len > max)
        return err_set(s->err, ERR_LIMIT, "a message has more than %llu bytes in field %s", (unsigned long long)max,
                       row->name);
    if (!str_is_utf8(text, &bad) || has_nul(text) || !rule_holds(row->rule, text))
        return err_set(s->err, ERR_INPUT, "a message has a bad text in field %s", row->name);
    return true;
}

static bool fixed_check(struct scan *s, const struct row *row, struct str bytes, uint64_t size)
{
    return bytes.len == size || (bytes.len == 0 && row->type == ROW_FIXED) ||
           err_set(s->err, ERR_INPUT, "a message has a wrong number of bytes in field %s", row->name);
}

/* Packed numbers: `max` of them in all. */
static bool numbers_check(struct scan *s, const struct row *row, struct str bytes)
{
    struct scan inner = {bytes, s->err};
    uint64_t ignored;
    for (uint64_t count = 0; inner.rest.len > 0; count++)
        if (count == row->max)
            return too_large(s, row);
        else if (!varint_take(&inner, &ignored))
            return false;
    return true;
}

static bool bytes_check(struct scan *s, const struct row *row, struct str bytes)
{
    switch (row->type) {
    case ROW_STR:
    case ROW_CSTR:
    case ROW_CHARS:
        return text_check(s, row, bytes, row->max);
    case ROW_STRS:
        return text_check(s, row, bytes, row->each);
    case ROW_BYTES:
        return bytes.len <= row->max || too_large(s, row);
    case ROW_FIXED:
        return fixed_check(s, row, bytes, row->max);
    case ROW_FIXEDS:
        return fixed_check(s, row, bytes, HASH_SIZE);
    case ROW_MESSAGE:
    case ROW_MESSAGES:
        return shape_check(row->shape, bytes, s->err);
    case ROW_U64S:
        return numbers_check(s, row, bytes);
    case ROW_BOOL:
    case ROW_U32:
    case ROW_U64:
    case ROW_I64:
    case ROW_ENUM:
    case ROW_UNSET_TYPE:
        break;
    }
    return malformed(s);
}

static bool is_word(const struct row *row, uint64_t value)
{
    return value == 0 || (value <= row->max && strcmp(row->name_of((int)value), "unset") != 0);
}

static bool number_check(struct scan *s, const struct row *row, uint64_t value)
{
    if (row->type == ROW_BOOL)
        return value <= 1 || malformed(s);
    if (row->type == ROW_U32)
        return value <= UINT32_MAX || malformed(s);
    if (row->type == ROW_ENUM)
        return is_word(row, value) ||
               err_set(s->err, ERR_INPUT, "a message has an unknown word in field %s", row->name);
    return row->type == ROW_U64 || row->type == ROW_I64 || malformed(s);
}

static bool field_check(struct scan *s, const struct row *row, unsigned wire_type, unsigned seen)
{
    uint64_t value;
    struct str bytes;
    if (is_repeated(row->type) && row->type != ROW_U64S ? seen >= row->max : seen > 0)
        return is_repeated(row->type) ? too_large(s, row) : malformed(s);
    if (wire_type == WIRE_VARINT)
        return varint_take(s, &value) && number_check(s, row, value);
    if (wire_type == WIRE_BYTES)
        return bytes_take(s, &bytes) && bytes_check(s, row, bytes);
    return malformed(s);
}

/* Depth is bounded: no message type contains itself. */
bool shape_check(const struct shape *shape, struct str bytes, struct err *err)
{
    struct scan s = {bytes, err};
    unsigned seen[SHAPE_ROWS_MAX] = {0}, unknown = 0;
    while (s.rest.len > 0) {
        uint64_t tag;
        if (!varint_take(&s, &tag))
            return false;
        if (tag >> 3 == 0 || tag >> 3 > UINT32_MAX >> 3)
            return malformed(&s);
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(shape->pb, (unsigned)(tag >> 3));
        bool known = field != NULL;
        if (!known && ++unknown > UNKNOWN_MAX)
            return malformed(&s);
        size_t n = known ? (size_t)(field - shape->pb->fields) : 0;
        if (known ? !field_check(&s, &shape->rows[n], tag & 7, seen[n]++) : !field_skip(&s, tag & 7))
            return false;
    }
    return true;
}

/* ---- plain to protobuf ---- */

/*
 * Free text may come from a server that speaks another encoding, or may have been cut inside a character:
 * what the receiver would refuse becomes '?', so that a report with it still arrives.
 */
static char *text_repaired(struct arena *a, struct str text, uint64_t max)
{
    size_t bad;
    char *copy = str_cstr(a, str_head(text, max));
    size_t len = text.len < max ? text.len : max;
    while (!str_is_utf8((struct str){copy, len}, &bad))
        copy[bad] = '?';
    for (char *nul = copy; (nul = memchr(nul, '\0', len - (size_t)(nul - copy))) != NULL;)
        *nul = '?';
    return copy;
}

static void encode_str(struct arena *a, const struct row *row, struct str text, void *out)
{
    uint64_t max = row->type == ROW_STRS ? row->each : row->max;
    char *copy = row->rule == RULE_TEXT ? text_repaired(a, text, max) : str_cstr(a, text);
    memcpy(out, &copy, sizeof(copy));
}

static void encode_bytes(struct arena *a, const void *bytes, size_t len, void *out)
{
    ProtobufCBinaryData data = {len, len > 0 ? arena_copy(a, bytes, len) : NULL};
    memcpy(out, &data, sizeof(data));
}

static bool is_zero(const unsigned char *bytes, uint64_t len)
{
    for (uint64_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void set_pointer(ProtobufCMessage *message, size_t offset, const void *pointer)
{
    memcpy(at_mutable(message, offset), &pointer, sizeof(pointer));
}

/* The items of a VEC as an array of pointers, binary data or numbers. */
static void encode_list(struct arena *a, const struct row *row, const ProtobufCFieldDescriptor *field, const void *from,
                        ProtobufCMessage *message)
{
    struct any_vec v = {NULL, row->max, 0};
    size_t width = row->type == ROW_FIXEDS ? sizeof(ProtobufCBinaryData) : sizeof(void *);
    const void *items = from;
    if (row->type != ROW_U64S) {
        memcpy(&v, from, sizeof(v));
        char *list = arena_array(a, v.count, width);
        for (size_t i = 0; i < v.count; i++) {
            char *out = list + i * width;
            if (row->type == ROW_STRS)
                encode_str(a, row, ((const struct str *)v.items)[i], out);
            else if (row->type == ROW_FIXEDS)
                encode_bytes(a, (const char *)v.items + i * HASH_SIZE, HASH_SIZE, out);
            else {
                const void *item = (const char *)v.items + i * row->shape->size;
                *(ProtobufCMessage **)(void *)out = shape_encode(a, row->shape, item);
            }
        }
        items = list;
    }
    memcpy(at_mutable(message, field->quantifier_offset), &v.count, sizeof(size_t));
    set_pointer(message, field->offset, items);
}

static void encode_number(const struct row *row, const void *from, void *to)
{
    if (row->type == ROW_BOOL) {
        protobuf_c_boolean b = *(const bool *)from;
        memcpy(to, &b, sizeof(b));
    } else {
        memcpy(to, from, row->type == ROW_U64 || row->type == ROW_I64 ? 8 : 4);
    }
}

static void encode_text(struct arena *a, const struct row *row, const void *from, void *to)
{
    struct str s;
    if (row->type == ROW_CHARS)
        s = str_of(from);
    else if (row->type == ROW_CSTR)
        s = str_of(*(const char *const *)from);
    else
        s = *(const struct str *)from;
    if (row->type == ROW_BYTES)
        encode_bytes(a, s.p, s.len, to);
    else
        encode_str(a, row, s, to);
}

void row_encode(struct arena *a, const struct row *row, const ProtobufCFieldDescriptor *field, const void *value,
                ProtobufCMessage *message)
{
    const void *from = at(value, row->offset);
    void *to = at_mutable(message, field->offset);
    if (is_repeated(row->type))
        encode_list(a, row, field, from, message);
    else if (row->type == ROW_MESSAGE)
        set_pointer(message, field->offset, shape_encode(a, row->shape, from));
    else if (row->type == ROW_FIXED)
        encode_bytes(a, from, is_zero(from, row->max) ? 0 : row->max, to);
    else if (row->type == ROW_STR || row->type == ROW_BYTES || row->type == ROW_CHARS || row->type == ROW_CSTR)
        encode_text(a, row, from, to);
    else
        encode_number(row, from, to);
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
        memcpy(at_mutable(message, field->quantifier_offset), &field->id, sizeof(field->id));
}

ProtobufCMessage *shape_encode(struct arena *a, const struct shape *s, const void *value)
{
    ProtobufCMessage *message = arena_alloc(a, s->pb->sizeof_message);
    protobuf_c_message_init(s->pb, message);
    for (size_t i = 0; i < s->count; i++)
        row_encode(a, &s->rows[i], &s->pb->fields[i], value, message);
    return message;
}

/* ---- protobuf to plain ---- */

static void *get_pointer(const ProtobufCMessage *message, size_t offset)
{
    void *pointer;
    memcpy(&pointer, at(message, offset), sizeof(pointer));
    return pointer;
}

static bool decode_item(struct arena *a, const struct row *row, const void *from, void *to, struct err *err)
{
    if (row->type == ROW_MESSAGES)
        return shape_decode(a, row->shape, *(ProtobufCMessage *const *)from, to, err);
    if (row->type == ROW_STRS) {
        *(struct str *)to = str_of(*(char *const *)from);
    } else {
        ProtobufCBinaryData data;
        memcpy(&data, from, sizeof(data));
        memcpy(to, data.data, HASH_SIZE);
    }
    return true;
}

static bool decode_list(struct arena *a, const struct row *row, const ProtobufCFieldDescriptor *field,
                        const ProtobufCMessage *message, void *to, struct err *err)
{
    const char *list = get_pointer(message, field->offset);
    size_t count, in = row->type == ROW_FIXEDS ? sizeof(ProtobufCBinaryData) : sizeof(void *);
    memcpy(&count, at(message, field->quantifier_offset), sizeof(count));
    if (row->type == ROW_U64S) {
        if (count > 0)
            memcpy(to, list, (count < row->max ? count : row->max) * sizeof(uint64_t));
        return true;
    }
    size_t out = row->type == ROW_MESSAGES ? row->shape->size : row->type == ROW_STRS ? sizeof(struct str) : HASH_SIZE;
    struct any_vec v = {count > 0 ? arena_array(a, count, out) : NULL, count, count};
    for (size_t i = 0; i < count; i++)
        if (!decode_item(a, row, list + i * in, (char *)v.items + i * out, err))
            return false;
    memcpy(to, &v, sizeof(v));
    return true;
}

static void decode_number(const struct row *row, const void *from, void *to)
{
    if (row->type == ROW_BOOL) {
        protobuf_c_boolean b;
        memcpy(&b, from, sizeof(b));
        *(bool *)to = b != 0;
    } else {
        memcpy(to, from, row->type == ROW_U64 || row->type == ROW_I64 ? 8 : 4);
    }
}

static void decode_text(const struct row *row, const void *from, void *to)
{
    ProtobufCBinaryData data;
    struct str s;
    if (row->type == ROW_BYTES) {
        memcpy(&data, from, sizeof(data));
        s = (struct str){(const char *)data.data, data.len};
    } else {
        s = str_of(*(char *const *)from);
    }
    if (row->type == ROW_CHARS)
        memcpy(to, s.p, s.len); /* checked to fit; the rest is zero */
    else if (row->type == ROW_CSTR)
        *(const char **)to = s.len > 0 ? s.p : NULL;
    else
        *(struct str *)to = s;
}

static void decode_fixed(const void *from, void *to)
{
    ProtobufCBinaryData data;
    memcpy(&data, from, sizeof(data));
    if (data.len > 0)
        memcpy(to, data.data, data.len); /* checked to be of the size */
}

bool row_decode(struct arena *a, const struct row *row, const ProtobufCFieldDescriptor *field,
                const ProtobufCMessage *message, void *ret_value, struct err *err)
{
    const void *from = at(message, field->offset);
    void *to = at_mutable(ret_value, row->offset);
    if (is_repeated(row->type))
        return decode_list(a, row, field, message, to, err);
    if (row->type == ROW_MESSAGE) {
        const ProtobufCMessage *inner = get_pointer(message, field->offset);
        return inner == NULL || shape_decode(a, row->shape, inner, to, err);
    }
    if (row->type == ROW_FIXED)
        decode_fixed(from, to);
    else if (row->type == ROW_STR || row->type == ROW_BYTES || row->type == ROW_CHARS || row->type == ROW_CSTR)
        decode_text(row, from, to);
    else
        decode_number(row, from, to);
    return true;
}

bool shape_decode(struct arena *a, const struct shape *s, const ProtobufCMessage *message, void *ret_value,
                  struct err *err)
{
    memset(ret_value, 0, s->size);
    for (size_t i = 0; i < s->count; i++)
        if (!row_decode(a, &s->rows[i], &s->pb->fields[i], message, ret_value, err))
            return false;
    const char *problem = s->problem != NULL ? s->problem(ret_value) : NULL;
    return problem == NULL || err_set(err, ERR_INPUT, "a message has %s", problem);
}

/* ---- bytes ---- */

struct str shape_pack(struct arena *a, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    unsigned char *bytes = arena_alloc(a, len);
    protobuf_c_message_pack(message, bytes);
    return (struct str){(const char *)bytes, len};
}

/* An arena with a limit, as protobuf-c asks for memory. */
struct capped {
    struct arena *arena;
    size_t left;
};

static void *capped_alloc(void *user, size_t size)
{
    struct capped *c = user;
    if (size > c->left)
        return NULL;
    c->left -= size;
    return arena_alloc(c->arena, size);
}

static void capped_free(void *user, void *pointer)
{
    (void)user; /* goes with the arena */
    (void)pointer;
}

ProtobufCMessage *shape_unpack(struct arena *a, const struct shape *s, struct str bytes, size_t max_memory,
                               struct err *err)
{
    struct capped c = {a, max_memory};
    ProtobufCAllocator allocator = {capped_alloc, capped_free, &c};
    ProtobufCMessage *message = protobuf_c_message_unpack(s->pb, &allocator, bytes.len, (const unsigned char *)bytes.p);
    if (message == NULL)
        err_set(err, c.left < bytes.len ? ERR_LIMIT : ERR_INPUT, "a message cannot be unpacked");
    return message;
}

/* ---- the rows and the .proto files ---- */

static bool type_fits(const struct row *row, const ProtobufCFieldDescriptor *f)
{
    bool repeated = f->label == PROTOBUF_C_LABEL_REPEATED;
    if (repeated != is_repeated(row->type))
        return false;
    switch (row->type) {
    case ROW_BOOL:
        return f->type == PROTOBUF_C_TYPE_BOOL;
    case ROW_U32:
        return f->type == PROTOBUF_C_TYPE_UINT32;
    case ROW_U64:
    case ROW_U64S:
        return f->type == PROTOBUF_C_TYPE_UINT64;
    case ROW_I64:
        return f->type == PROTOBUF_C_TYPE_SINT64;
    case ROW_ENUM:
        return f->type == PROTOBUF_C_TYPE_ENUM;
    case ROW_STR:
    case ROW_CHARS:
    case ROW_CSTR:
    case ROW_STRS:
        return f->type == PROTOBUF_C_TYPE_STRING;
    case ROW_BYTES:
    case ROW_FIXED:
    case ROW_FIXEDS:
        return f->type == PROTOBUF_C_TYPE_BYTES;
    case ROW_MESSAGE:
    case ROW_MESSAGES:
        return f->type == PROTOBUF_C_TYPE_MESSAGE && f->descriptor == row->shape->pb;
    case ROW_UNSET_TYPE:
        break;
    }
    return false;
}

static bool word_matches(struct arena *a, const char *proto_name, const char *word)
{
    char *lower = arena_strdup(a, proto_name);
    for (char *c = lower; *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    return str_ends(str_of(lower), str_of(word));
}

/* Every word of the .proto's enum, without its prefix, is our word for the same number, and none is missing. */
static const char *enum_problem(struct arena *a, const struct row *row, const ProtobufCFieldDescriptor *f)
{
    const ProtobufCEnumDescriptor *e = f->descriptor;
    unsigned words = 0;
    for (uint64_t value = 0; value <= row->max; value++)
        words += is_word(row, value);
    if (words != e->n_values)
        return arena_printf(a, "%s has %u words, %s %u", row->name, words, e->name, e->n_values);
    for (unsigned i = 1; i < e->n_values; i++)
        if (!word_matches(a, e->values[i].name, row->name_of(e->values[i].value)))
            return arena_printf(a, "%s is not \"%s\"", e->values[i].name, row->name_of(e->values[i].value));
    return NULL;
}

const char *shape_problem(struct arena *a, const struct shape *s)
{
    if (s->count != s->pb->n_fields || s->count > SHAPE_ROWS_MAX)
        return arena_printf(a, "%s has %u fields, but %zu rows", s->pb->name, s->pb->n_fields, s->count);
    for (size_t i = 0; i < s->count; i++) {
        const struct row *row = &s->rows[i];
        const ProtobufCFieldDescriptor *f = &s->pb->fields[i];
        const char *problem = NULL;
        if (strcmp(row->name, f->name) != 0 || !type_fits(row, f))
            problem = arena_printf(a, "field %s, row %s", f->name, row->name);
        else if (row->type == ROW_ENUM)
            problem = enum_problem(a, row, f);
        else if (row->shape != NULL)
            problem = shape_problem(a, row->shape);
        if (problem != NULL)
            return arena_printf(a, "%s: %s", s->pb->name, problem);
    }
    return NULL;
}
