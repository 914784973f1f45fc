/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/find.c: one value of a body.  Variables come here: for the path when a
 * configuration is read, for the value when somebody asks for it.  The body
 * is walked to its end; what is not on the path is passed over.
 */

#include "bind/find.h"

#include "bind/token_binary.h"
#include "bind/token_compact.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>


/* A struct that is not on the path. */

#define FIND_ELSEWHERE  NTHRIFT_FIND_DEPTH


typedef struct {
    nthrift_token_level_t       at;
    uint32_t                    next;   /* struct: place in the path of the
                                           field to look for */
} find_level_t;


typedef struct {
    const nthrift_find_path_t  *path;
    nthrift_bytes_t            *body;
    nthrift_find_value_t       *value;
    int                         found;
    uint32_t                    depth;  /* levels in use */
    uint8_t                     place[NTHRIFT_TOKEN_SIZE];
    find_level_t                levels[NTHRIFT_MAX_DEPTH];
} find_t;


/* nthrift_find_value() in one of the protocols. */

typedef int (*find_pt)(const nthrift_find_path_t *path, nthrift_bytes_t *body,
    nthrift_find_value_t *value);


/* A name that is looked for, as far as it was read. */

typedef struct {
    nthrift_find_path_t        *path;   /* the first that fits */
    nthrift_find_path_t         now;
    uint32_t                    tries;
    uint32_t                    fits;
} find_names_t;


/* Writes a token's number into the value; a string's place. */

nthrift_token_inline int
find_take(find_t *f, const nthrift_token_protocol_t *protocol,
    const nthrift_token_t *t)
{
    int64_t                bits;
    nthrift_bytes_t       *b;
    nthrift_find_value_t  *value;

    b = f->body;
    value = f->value;
    value->type = t->type;
    f->found = 1;

    switch (t->type) {

    case NTHRIFT_BOOL:
        value->number = protocol->truth(t);
        return NTHRIFT_OK;

    case NTHRIFT_DOUBLE:
        bits = protocol->number(t);
        memcpy(&value->real, &bits, sizeof(double));
        return NTHRIFT_OK;

    case NTHRIFT_UUID:
        memcpy(value->uuid, t->at, sizeof(value->uuid));
        return NTHRIFT_OK;

    case NTHRIFT_STRING:
        value->offset = nthrift_bytes_offset(b);
        value->text.len = t->count;
        value->text.data = NULL;

        if (t->count <= (size_t) (b->last - b->p)) {
            value->text.data = (uint8_t *) b->p;
        }

        return nthrift_bytes_skip(b, t->count);

    default: /* NTHRIFT_I8, NTHRIFT_I16, NTHRIFT_I32, NTHRIFT_I64 */
        value->number = protocol->number(t);
        return NTHRIFT_OK;
    }
}


static find_level_t *
find_enter(find_t *f)
{
    if (f->depth == NTHRIFT_MAX_DEPTH) {
        return NULL;
    }

    return &f->levels[f->depth++];
}


static int
find_enter_struct(find_t *f, uint32_t next)
{
    find_level_t  *level;

    level = find_enter(f);
    if (level == NULL) {
        return NTHRIFT_ERROR;
    }

    level->at.left = 1;
    level->at.id = 0;
    level->at.fields = 1;
    level->next = next;

    return NTHRIFT_OK;
}


static int
find_enter_values(find_t *f, const nthrift_token_protocol_t *protocol,
    const nthrift_token_t *t)
{
    int            rc;
    find_level_t  *level;

    if (t->count == 0) {
        return NTHRIFT_OK;
    }

    rc = nthrift_token_pass(protocol, f->body, t);

    if (rc != NTHRIFT_DECLINED) {
        return rc;
    }

    level = find_enter(f);
    if (level == NULL) {
        return NTHRIFT_ERROR;
    }

    level->at.left = (t->type == NTHRIFT_MAP) ? t->count * 2 : t->count;
    level->at.fields = 0;
    level->at.type[0] = (t->type == NTHRIFT_MAP) ? t->key : t->elem;
    level->at.type[1] = t->elem;

    return NTHRIFT_OK;
}


/* What comes behind a token that is not looked for. */

nthrift_token_inline int
find_pass(find_t *f, const nthrift_token_protocol_t *protocol,
    const nthrift_token_t *t)
{
    switch (t->type) {

    case NTHRIFT_STRING:
        return nthrift_bytes_skip(f->body, t->count);

    case NTHRIFT_STRUCT:
        return find_enter_struct(f, FIND_ELSEWHERE);

    case NTHRIFT_MAP:
    case NTHRIFT_SET:
    case NTHRIFT_LIST:
        return find_enter_values(f, protocol, t);

    default:
        return NTHRIFT_OK;
    }
}


/*
 * A field of the path: what was found in one before it does not count any
 * more, as this one replaces it.  One of another type is read by nobody.
 */

nthrift_token_inline int
find_field(find_t *f, const nthrift_token_protocol_t *protocol,
    const find_level_t *level, const nthrift_token_t *t)
{
    const nthrift_schema_field_t  *field;

    if (level->next >= f->path->n) {
        return find_pass(f, protocol, t);
    }

    field = f->path->fields[level->next];

    if (field->id != t->id || field->type.type != t->type) {
        return find_pass(f, protocol, t);
    }

    f->found = 0;

    if (level->next == f->path->n - 1) {
        return find_take(f, protocol, t);
    }

    return find_enter_struct(f, level->next + 1);
}


/* Reads the token at body->p, and goes behind it. */

nthrift_token_inline int
find_read_token(find_t *f, const nthrift_token_protocol_t *protocol,
    const find_level_t *level, nthrift_token_t *t)
{
    ptrdiff_t         n;
    nthrift_bytes_t  *b;

    b = f->body;
    n = protocol->read(&level->at, b->p, b->last, t);

    if (n >= 0) {
        b->p += n;
        return NTHRIFT_OK;
    }

    if (n == NTHRIFT_AGAIN) {
        return nthrift_token_read_cut(protocol, &level->at, b, f->place, t);
    }

    return NTHRIFT_ERROR;
}


nthrift_token_inline int
find_run(find_t *f, const nthrift_token_protocol_t *protocol)
{
    int               rc;
    find_level_t     *level;
    nthrift_token_t   t;

    do {
        level = &f->levels[f->depth - 1];

        if (level->at.left == 0) {
            f->depth--;
            continue;
        }

        if (find_read_token(f, protocol, level, &t) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        if (!level->at.fields) {
            level->at.left--;
            rc = find_pass(f, protocol, &t);

        } else if (t.type == NTHRIFT_STOP) {
            f->depth--;
            continue;

        } else {
            level->at.id = t.id;
            rc = find_field(f, protocol, level, &t);
        }

        if (rc != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

    } while (f->depth != 0);

    return NTHRIFT_OK;
}


nthrift_token_inline int
find_value(const nthrift_token_protocol_t *protocol,
    const nthrift_find_path_t *path, nthrift_bytes_t *body,
    nthrift_find_value_t *value)
{
    int     rc;
    find_t  f;

    f.path = path;
    f.body = body;
    f.value = value;
    f.found = 0;
    f.depth = 0;

    (void) find_enter_struct(&f, 0);

    rc = find_run(&f, protocol);

    return (rc == NTHRIFT_OK && f.found) ? NTHRIFT_OK : NTHRIFT_DECLINED;
}


static int
find_binary(const nthrift_find_path_t *path, nthrift_bytes_t *body,
    nthrift_find_value_t *value)
{
    return find_value(&nthrift_token_binary, path, body, value);
}


static int
find_compact(const nthrift_find_path_t *path, nthrift_bytes_t *body,
    nthrift_find_value_t *value)
{
    return find_value(&nthrift_token_compact, path, body, value);
}


static const find_pt  find_protocols[NTHRIFT_PROTOCOLS] = {
    [NTHRIFT_BINARY] = find_binary,
    [NTHRIFT_COMPACT] = find_compact
};


int
nthrift_find_value(unsigned protocol, const nthrift_find_path_t *path,
    nthrift_bytes_t *body, nthrift_find_value_t *value)
{
    return find_protocols[protocol](path, body, value);
}


size_t
nthrift_find_size(const nthrift_find_value_t *value)
{
    return (value->type == NTHRIFT_STRING) ? value->text.len
                                           : NTHRIFT_FIND_TEXT;
}


static uint8_t *
find_write_string(uint8_t *p, const nthrift_find_value_t *value,
    nthrift_bytes_t *body)
{
    if (value->text.data != NULL) {
        memcpy(p, value->text.data, value->text.len);

    } else if (nthrift_bytes_skip(body, value->offset) != NTHRIFT_OK
               || nthrift_bytes_copy(body, p, value->text.len) != NTHRIFT_OK)
    {
        return NULL;
    }

    return p + value->text.len;
}


static uint8_t *
find_write_double(uint8_t *p, double real)
{
    int   n, digits;
    char  text[NTHRIFT_FIND_TEXT];

    digits = 15;

    do {
        n = snprintf(text, sizeof(text), "%.*g", digits, real);
    } while (++digits <= 17 && real == real && strtod(text, NULL) != real);

    /* not a number has a sign, which means nothing */

    if (real != real) {
        n = snprintf(text, sizeof(text), "nan");
    }

    memcpy(p, text, (size_t) n);

    return p + n;
}


static uint8_t *
find_write_uuid(uint8_t *p, const uint8_t *uuid)
{
    int                i;
    static const char  hex[] = "0123456789abcdef";

    for (i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *p++ = '-';
        }

        *p++ = (uint8_t) hex[uuid[i] >> 4];
        *p++ = (uint8_t) hex[uuid[i] & 0x0f];
    }

    return p;
}


uint8_t *
nthrift_find_write(uint8_t *p, const nthrift_find_value_t *value,
    nthrift_bytes_t *body)
{
    int          n;
    char         text[NTHRIFT_FIND_TEXT];

    switch (value->type) {

    case NTHRIFT_STRING:
        return find_write_string(p, value, body);

    case NTHRIFT_DOUBLE:
        return find_write_double(p, value->real);

    case NTHRIFT_UUID:
        return find_write_uuid(p, value->uuid);

    case NTHRIFT_BOOL:
        n = snprintf(text, sizeof(text), "%s",
                     value->number ? "true" : "false");
        break;

    default:
        n = snprintf(text, sizeof(text), "%" PRId64, value->number);
        break;
    }

    memcpy(p, text, (size_t) n);

    return p + n;
}


/* What the last name of a path can stand for. */

static int
find_is_scalar(const nthrift_schema_type_t *type)
{
    switch (type->type) {

    case NTHRIFT_STRUCT:
    case NTHRIFT_MAP:
    case NTHRIFT_SET:
    case NTHRIFT_LIST:
        return 0;

    default:
        return 1;
    }
}


static int
find_is_name(const nthrift_str_t *a, const uint8_t *name, size_t len)
{
    size_t   i;
    uint8_t  x, y;

    if (a->len != len) {
        return 0;
    }

    for (i = 0; i < len; i++) {
        x = a->data[i];
        y = name[i];

        x = (x >= 'A' && x <= 'Z') ? (uint8_t) (x | 0x20) : x;
        y = (y >= 'A' && y <= 'Z') ? (uint8_t) (y | 0x20) : y;

        if (x != y) {
            return 0;
        }
    }

    return 1;
}


static void find_names(find_names_t *f, const nthrift_schema_t *st,
    const uint8_t *data, size_t left);


/* All fields that the first `len` of `left` bytes may name. */

static void
find_name(find_names_t *f, const nthrift_schema_t *st, const uint8_t *data,
    size_t len, size_t left)
{
    uint32_t                       i;
    const nthrift_schema_field_t  *field;

    for (i = 0; i < st->n; i++) {

        field = &st->fields[i];

        if (!find_is_name(&field->name, data, len)) {
            continue;
        }

        f->now.fields[f->now.n++] = field;

        if (len != left) {
            if (field->type.st != NULL) {
                find_names(f, field->type.st, data + len + 1, left - len - 1);
            }

        } else if (find_is_scalar(&field->type) && f->fits++ == 0) {
            *f->path = f->now;
        }

        f->now.n--;
    }
}


/*
 * Reads the names that are left, the longest first; no deeper than a path.
 * The second way that fits ends it: there is nothing more to know.
 */

static void
find_names(find_names_t *f, const nthrift_schema_t *st, const uint8_t *data,
    size_t left)
{
    size_t  len;

    if (f->now.n == NTHRIFT_FIND_DEPTH) {
        return;
    }

    for (len = left; len != 0; len--) {

        if (len != left && data[len] != '_') {
            continue;
        }

        if (f->fits > 1 || f->tries == NTHRIFT_FIND_TRIES) {
            return;
        }

        f->tries++;
        find_name(f, st, data, len, left);
    }
}


int
nthrift_find_path(const nthrift_schema_t *st, const nthrift_str_t *name,
    nthrift_find_path_t *path)
{
    find_names_t  f;

    f.path = path;
    f.now.n = 0;
    f.now.ambiguous = 0;
    f.tries = 0;
    f.fits = 0;

    find_names(&f, st, name->data, name->len);

    if (f.fits == 0) {
        return NTHRIFT_DECLINED;
    }

    path->ambiguous = (f.fits > 1);

    return NTHRIFT_OK;
}
