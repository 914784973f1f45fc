/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/value_text.c: how the JSON of a value is written: strings, names, and
 * what is JSON already.
 */

#include "plain/value.h"

#include "plain/text.h"

#include <stdio.h>


#define VALUE_ESCAPE  sizeof("\\u0000")
#define VALUE_PART    768       /* bytes of a long string; a multiple of 3 */
#define VALUE_NAME    sizeof("\"#-32768\":")


void
nthrift_plain_value_put(nthrift_plain_value_t *v, const char *json)
{
    nthrift_write_bytes(&v->w, (const uint8_t *) json, strlen(json));
}


static void
value_encoded(nthrift_plain_value_t *v, const uint8_t *data, size_t len)
{
    size_t    size;
    uint8_t  *p;

    size = nthrift_plain_text_base64_size(len);
    p = nthrift_write_reserve(&v->w, size);

    if (p != NULL) {
        nthrift_plain_text_base64_write((char *) p, data, len);
        v->w.len += size;
    }
}


void
nthrift_plain_value_base64(nthrift_plain_value_t *v, const uint8_t *data,
    size_t len)
{
    nthrift_plain_value_put(v, "\"");
    value_encoded(v, data, len);
    nthrift_plain_value_put(v, "\"");
}


/* How a byte is written that cannot stand in a string. */

static const char *
value_escape(uint8_t c, char *buf)
{
    switch (c) {

    case '"':
        return "\\\"";

    case '\\':
        return "\\\\";

    case '\b':
        return "\\b";

    case '\f':
        return "\\f";

    case '\n':
        return "\\n";

    case '\r':
        return "\\r";

    case '\t':
        return "\\t";
    }

    snprintf(buf, VALUE_ESCAPE, "\\u%04x", (unsigned) c);

    return buf;
}


static void
value_escaped(nthrift_plain_value_t *v, const uint8_t *p, const uint8_t *last)
{
    char            buf[VALUE_ESCAPE];
    const char     *escape;
    const uint8_t  *from;

    for (from = p; p != last; p++) {
        if (*p >= 0x20 && *p != '"' && *p != '\\') {
            continue;
        }

        escape = value_escape(*p, buf);

        nthrift_write_bytes(&v->w, from, (size_t) (p - from));
        nthrift_plain_value_put(v, escape);
        from = p + 1;
    }

    nthrift_write_bytes(&v->w, from, (size_t) (last - from));
}


void
nthrift_plain_value_string(nthrift_plain_value_t *v, const uint8_t *data,
    size_t len)
{
    nthrift_plain_value_put(v, "\"");
    value_escaped(v, data, data + len);
    nthrift_plain_value_put(v, "\"");
}


void
nthrift_plain_value_text(nthrift_plain_value_t *v, const uint8_t *data,
    size_t len)
{
    static const uint8_t  empty[1];

    if (len == 0) {
        data = empty;
    }

    if (nthrift_utf8_check(data, data + len) == data + len) {
        nthrift_plain_value_string(v, data, len);
        return;
    }

    v->base64++;

    nthrift_plain_value_put(v, "{\"base64\":");
    nthrift_plain_value_base64(v, data, len);
    nthrift_plain_value_put(v, "}");
}


void
nthrift_plain_value_name(nthrift_plain_value_t *v,
    const nthrift_idl_field_t *field, int16_t id)
{
    char  text[VALUE_NAME];

    if (field != NULL) {
        nthrift_plain_value_string(v, field->name.data, field->name.len);
        nthrift_plain_value_put(v, ":");
        return;
    }

    snprintf(text, sizeof(text), "\"#%d\":", id);
    nthrift_plain_value_put(v, text);
}


/* Long strings */

void
nthrift_plain_value_long(nthrift_plain_value_t *v, const uint8_t *data,
    size_t len, unsigned binary)
{
    memset(&v->string, 0, sizeof(nthrift_plain_value_string_t));

    v->string.start = data;
    v->string.p = data;
    v->string.last = data + len;
    v->string.step = binary ? NTHRIFT_PLAIN_VALUE_BASE64
                            : NTHRIFT_PLAIN_VALUE_CHECK;

    nthrift_plain_value_put(v, binary ? "\"" : "");
}


/* A part was checked: where it was wrong, it is shown as base64. */

static void
value_long_check(nthrift_plain_value_t *v, const uint8_t *end)
{
    nthrift_plain_value_string_t  *s;

    s = &v->string;

    if (nthrift_utf8_read(&s->utf8, s->p, end) != NTHRIFT_OK
        || (end == s->last && s->utf8.have != 0))
    {
        v->base64++;
        s->step = NTHRIFT_PLAIN_VALUE_WRAPPED;
        s->p = s->start;

        nthrift_plain_value_put(v, "{\"base64\":\"");
        return;
    }

    s->p = end;

    if (end == s->last) {
        s->step = NTHRIFT_PLAIN_VALUE_TEXT;
        s->p = s->start;

        nthrift_plain_value_put(v, "\"");
    }
}


void
nthrift_plain_value_long_part(nthrift_plain_value_t *v, size_t *size)
{
    size_t                         n, left;
    nthrift_plain_value_string_t  *s;

    s = &v->string;
    left = (size_t) (s->last - s->p);
    n = (left < VALUE_PART) ? left : VALUE_PART;

    *size -= (*size < n) ? *size : n;

    switch (s->step) {

    case NTHRIFT_PLAIN_VALUE_NONE:
        return;

    case NTHRIFT_PLAIN_VALUE_CHECK:
        value_long_check(v, s->p + n);
        return;

    case NTHRIFT_PLAIN_VALUE_TEXT:
        value_escaped(v, s->p, s->p + n);
        break;

    case NTHRIFT_PLAIN_VALUE_BASE64:
    case NTHRIFT_PLAIN_VALUE_WRAPPED:
        value_encoded(v, s->p, n);
        break;
    }

    s->p += n;

    if (n == left) {
        nthrift_plain_value_put(v, (s->step == NTHRIFT_PLAIN_VALUE_WRAPPED)
                                   ? "\"}" : "\"");
        s->step = NTHRIFT_PLAIN_VALUE_NONE;
    }
}
