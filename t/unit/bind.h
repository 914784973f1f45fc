/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/bind.h: what the tests of src/bind/ need: tables from the text of an
 * IDL, bodies from a short notation, and bodies in runs.
 *
 * The notation is that of fields and values:
 *
 *     1:i5 2:"text" 3:{1:b1} 4:[i i1 i2] 5:(s "a") 6:<sd "a" d1.5>
 *
 * i32, string, struct, list, set, map; b bool, y i8, h i16, l i64, d double,
 * u uuid (bytes from the number on).  A container says its elements' types,
 * one letter each ('s' string, '{' struct, '[' list, '(' set, '<' map).
 */

#ifndef BIND_H
#define BIND_H

#include "bind/bytes.h"
#include "bind/schema.h"
#include "idl/loader.h"
#include "wire/binary.h"
#include "wire/compact.h"
#include "unit.h"


#define BIND_SIZE  65536


/* The IDL. */

static inline int
bind_find(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    nthrift_str_t *id, const char **error)
{
    (void) error;
    (void) data;
    (void) arena;

    *id = *path;

    return NTHRIFT_OK;
}


static inline int
bind_read(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    size_t max, nthrift_str_t *text, const char **error)
{
    (void) arena;
    (void) path;
    (void) error;

    *text = *(nthrift_str_t *) data;

    return (text->len <= max) ? NTHRIFT_OK : NTHRIFT_DECLINED;
}


static inline nthrift_idl_program_t *
bind_load(nthrift_arena_t *arena, const char *idl)
{
    nthrift_str_t             text, path = nthrift_string("bind.thrift");
    nthrift_loader_t         *loader;
    nthrift_idl_program_t    *program;
    nthrift_loader_reader_t   reader = { bind_find, bind_read, &text };

    text.len = strlen(idl);
    text.data = (uint8_t *) idl;

    /* the types that have no name live in the loader */

    loader = nthrift_arena_alloc(arena, sizeof(nthrift_loader_t));
    nthrift_loader_init(loader, arena, &reader);
    loader->negative_ids = 1;

    if (nthrift_loader_load(loader, &path, &program) != NTHRIFT_OK) {
        if (loader->report.first != NULL) {
            fprintf(stderr, "bind.thrift:%u: %s\n",
                    loader->report.first->pos.line,
                    (const char *) loader->report.first->text.data);
        }

        exit(2);
    }

    return program;
}


static inline nthrift_str_t
bind_str(const char *text)
{
    nthrift_str_t  s;

    s.len = strlen(text);
    s.data = (uint8_t *) text;

    return s;
}


/* "User", or "Users.get" and "Users.get()" for arguments and result. */

static inline const nthrift_idl_struct_t *
bind_struct(const nthrift_idl_program_t *program, const char *name)
{
    const char             *dot;
    nthrift_str_t           s;
    nthrift_idl_def_t      *def;
    nthrift_idl_method_t   *method;

    s = bind_str(name);
    dot = strchr(name, '.');

    if (dot == NULL) {
        def = nthrift_idl_type(program, &s);

        if (def == NULL || def->kind != NTHRIFT_IDL_DEF_STRUCT) {
            fprintf(stderr, "no struct %s\n", name);
            exit(2);
        }

        return (const nthrift_idl_struct_t *) def;
    }

    s.len = (size_t) (dot - name);
    method = NULL;

    if (nthrift_idl_service(program, &s) != NULL) {
        nthrift_str_t  m;

        m = bind_str(dot + 1);
        m.len -= (m.data[m.len - 1] == ')') ? 2 : 0;
        method = nthrift_idl_method(nthrift_idl_service(program, &s), &m);
    }

    if (method == NULL) {
        fprintf(stderr, "no method %s\n", name);
        exit(2);
    }

    return (name[strlen(name) - 1] == ')') ? method->result : method->args;
}


/* The notation. */

typedef struct {
    unsigned     protocol;
    const char  *text;
    uint8_t     *p;
} bind_writer_t;


static const uint8_t  bind_compact[NTHRIFT_UUID + 1] = {
    [NTHRIFT_BOOL] = 1, [NTHRIFT_I8] = 3, [NTHRIFT_I16] = 4,
    [NTHRIFT_I32] = 5, [NTHRIFT_I64] = 6, [NTHRIFT_DOUBLE] = 7,
    [NTHRIFT_STRING] = 8, [NTHRIFT_LIST] = 9, [NTHRIFT_SET] = 10,
    [NTHRIFT_MAP] = 11, [NTHRIFT_STRUCT] = 12, [NTHRIFT_UUID] = 13
};


static inline void bind_write_fields(bind_writer_t *w);


static inline uint8_t
bind_type(char letter)
{
    switch (letter) {
    case 'b': return NTHRIFT_BOOL;
    case 'y': return NTHRIFT_I8;
    case 'h': return NTHRIFT_I16;
    case 'i': return NTHRIFT_I32;
    case 'l': return NTHRIFT_I64;
    case 'd': return NTHRIFT_DOUBLE;
    case 'u': return NTHRIFT_UUID;
    case '{': return NTHRIFT_STRUCT;
    case '[': return NTHRIFT_LIST;
    case '(': return NTHRIFT_SET;
    case '<': return NTHRIFT_MAP;
    default: return NTHRIFT_STRING;     /* 's' of an element, '"' */
    }
}


static inline void
bind_write_varint(bind_writer_t *w, uint64_t v)
{
    while (v >= 0x80) {
        *w->p++ = (uint8_t) (v | 0x80);
        v >>= 7;
    }

    *w->p++ = (uint8_t) v;
}


static inline void
bind_write_number(bind_writer_t *w, int size, int64_t v)
{
    if (w->protocol == NTHRIFT_COMPACT && size > 1) {
        bind_write_varint(w, (uint64_t) v << 1 ^ (v < 0 ? UINT64_MAX : 0));
        return;
    }

    while (size-- > 0) {
        *w->p++ = (uint8_t) (v >> (8 * size));
    }
}


static inline void
bind_write_double(bind_writer_t *w, double v)
{
    int       i;
    uint64_t  bits;

    memcpy(&bits, &v, 8);

    for (i = 0; i < 8; i++) {
        *w->p++ = (uint8_t) (bits >> (w->protocol == NTHRIFT_COMPACT
                                      ? 8 * i : 56 - 8 * i));
    }
}


static inline void
bind_write_count(bind_writer_t *w, uint32_t n)
{
    if (w->protocol == NTHRIFT_COMPACT) {
        bind_write_varint(w, n);

    } else {
        w->p = nthrift_binary_put32(w->p, n);
    }
}


static inline void
bind_blanks(bind_writer_t *w)
{
    while (*w->text == ' ') {
        w->text++;
    }
}


static inline void bind_write_value(bind_writer_t *w);


/* Elements until the end; returns how many there are. */

static inline uint32_t
bind_write_elements(bind_writer_t *w, char end)
{
    uint32_t  n;

    for (n = 0; /* void */; n++) {
        bind_blanks(w);

        if (*w->text == end) {
            w->text++;
            return n;
        }

        bind_write_value(w);
    }
}


/* The head is written when it is known how long its container is. */

static inline void
bind_write_container(bind_writer_t *w, char kind)
{
    uint8_t         key, elem, *body;
    uint32_t        n;
    bind_writer_t   in;
    static char     ends[] = { ['['] = ']', ['('] = ')', ['<'] = '>' };

    key = bind_type(*w->text);
    w->text += (kind == '<');
    elem = bind_type(*w->text++);

    body = malloc(BIND_SIZE);
    in = *w;
    in.p = body;
    n = bind_write_elements(&in, ends[(int) kind]);
    w->text = in.text;

    if (kind == '<') {
        n /= 2;

        if (w->protocol == NTHRIFT_BINARY) {
            *w->p++ = key;
            *w->p++ = elem;
            w->p = nthrift_binary_put32(w->p, n);

        } else {
            bind_write_varint(w, n);

            if (n != 0) {
                *w->p++ = (uint8_t) (bind_compact[key] << 4
                                     | bind_compact[elem]);
            }
        }

    } else if (w->protocol == NTHRIFT_BINARY) {
        *w->p++ = elem;
        w->p = nthrift_binary_put32(w->p, n);

    } else {
        *w->p++ = (uint8_t) ((n < 15 ? n : 15) << 4 | bind_compact[elem]);

        if (n >= 15) {
            bind_write_varint(w, n);
        }
    }

    memcpy(w->p, body, (size_t) (in.p - body));
    w->p += in.p - body;
    free(body);
}


static inline void
bind_write_text(bind_writer_t *w)
{
    size_t  n;

    n = (size_t) (strchr(w->text, '"') - w->text);

    bind_write_count(w, (uint32_t) n);
    memcpy(w->p, w->text, n);
    w->p += n;
    w->text += n + 1;
}


static inline void
bind_write_value(bind_writer_t *w)
{
    int        i;
    char       letter;
    int64_t    number;
    double     real;

    letter = *w->text++;

    switch (letter) {

    case '"':
        bind_write_text(w);
        return;

    case '{':
        bind_write_fields(w);
        w->text++;
        return;

    case '[':
    case '(':
    case '<':
        bind_write_container(w, letter);
        return;

    case 'd':
        real = strtod(w->text, (char **) &w->text);
        bind_write_double(w, real);
        return;
    }

    number = strtoll(w->text, (char **) &w->text, 10);

    switch (letter) {

    case 'b':
        *w->p++ = (uint8_t) (w->protocol == NTHRIFT_COMPACT && number == 0
                             ? 2 : number);
        break;

    case 'u':
        for (i = 0; i < 16; i++) {
            *w->p++ = (uint8_t) (number + i);
        }

        break;

    default:
        bind_write_number(w, letter == 'y' ? 1 : letter == 'h' ? 2
                             : letter == 'i' ? 4 : 8, number);
    }
}


static inline void
bind_write_fields(bind_writer_t *w)
{
    int      id, before;
    uint8_t  type, compact;

    for (before = 0; /* void */; before = id) {
        bind_blanks(w);

        if (*w->text == '}' || *w->text == '\0') {
            break;
        }

        id = (int) strtol(w->text, (char **) &w->text, 10);
        type = bind_type(*++w->text);

        if (w->protocol == NTHRIFT_BINARY) {
            *w->p++ = type;
            *w->p++ = (uint8_t) (id >> 8);
            *w->p++ = (uint8_t) id;
            bind_write_value(w);
            continue;
        }

        compact = bind_compact[type];

        if (type == NTHRIFT_BOOL && w->text[1] == '0') {
            compact = 2;
        }

        if (id > before && id - before <= 15) {
            *w->p++ = (uint8_t) ((id - before) << 4 | compact);

        } else {
            *w->p++ = compact;
            bind_write_number(w, 2, id);
        }

        if (type == NTHRIFT_BOOL) {
            w->text += 2;

        } else {
            bind_write_value(w);
        }
    }

    *w->p++ = 0;
}


/* Bytes of the body that the text stands for. */

static inline size_t
bind_body(unsigned protocol, const char *text, uint8_t *bytes)
{
    bind_writer_t  w;

    w.protocol = protocol;
    w.text = text;
    w.p = bytes;

    bind_write_fields(&w);

    return (size_t) (w.p - bytes);
}


/*
 * A body in runs: the first ends at `split`, or with the body, the others
 * after every `step` bytes.  Each is a block of its own, with an empty run
 * behind it.
 */

typedef struct {
    const uint8_t  *bytes;
    size_t          n;
    size_t          pos;        /* where the next run begins */
    size_t          step;
    uint8_t        *runs[1024];
    size_t          n_runs;
    int             empty;
} bind_runs_t;


static inline uint8_t *
bind_run(bind_runs_t *runs, size_t size)
{
    uint8_t  *copy;

    copy = malloc(size);

    if (size != 0) {
        memcpy(copy, runs->bytes + runs->pos, size);
    }

    if (runs->n_runs == unit_array_size(runs->runs)) {
        fprintf(stderr, "too many runs\n");
        exit(2);
    }

    runs->runs[runs->n_runs++] = copy;
    runs->pos += size;

    return copy;
}


static inline int
bind_more(void *data, const uint8_t **p, const uint8_t **last)
{
    size_t        size;
    bind_runs_t  *runs = data;

    if (runs->pos == runs->n) {
        return NTHRIFT_DECLINED;
    }

    runs->empty = !runs->empty;
    size = runs->n - runs->pos;

    if (runs->empty) {
        size = 0;

    } else if (size > runs->step) {
        size = runs->step;
    }

    *p = bind_run(runs, size);
    *last = *p + size;

    return NTHRIFT_OK;
}


static inline void
bind_runs_start(bind_runs_t *runs, nthrift_bytes_t *b, const uint8_t *bytes,
    size_t n, size_t split, size_t step)
{
    uint8_t  *p;

    if (split > n) {
        split = n;
    }

    runs->bytes = bytes;
    runs->n = n;
    runs->pos = 0;
    runs->step = step;
    runs->n_runs = 0;
    runs->empty = 0;

    p = bind_run(runs, split);
    nthrift_bytes_init(b, p, p + split, bind_more, runs);
}


static inline void
bind_runs_free(bind_runs_t *runs)
{
    while (runs->n_runs != 0) {
        free(runs->runs[--runs->n_runs]);
    }
}


#endif /* BIND_H */
