/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/value_text.c: how the JSON of a value is written: strings, names, and
 * what is JSON already.
 */

#include "plain/value.h"

#include "bind/utf8.h"
#include "plain/text.h"

#include <stdio.h>


#define VALUE_ESCAPE  sizeof("\\u0000")
#define VALUE_NAME    sizeof("\"#-32768\":")


void
nthrift_plain_value_put(nthrift_plain_value_t *v, const char *json)
{
    nthrift_write_bytes(&v->w, (const uint8_t *) json, strlen(json));
}


void
nthrift_plain_value_base64(nthrift_plain_value_t *v, const uint8_t *data,
    size_t len)
{
    size_t    size;
    uint8_t  *p;

    size = nthrift_plain_text_base64_size(len);

    nthrift_plain_value_put(v, "\"");

    p = nthrift_write_reserve(&v->w, size);

    if (p != NULL) {
        nthrift_plain_text_base64_write((char *) p, data, len);
        v->w.len += size;
    }

    nthrift_plain_value_put(v, "\"");
}


/* How a byte is written that cannot stand in a string, or NULL. */

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

    if (c >= 0x20) {
        return NULL;
    }

    snprintf(buf, VALUE_ESCAPE, "\\u%04x", (unsigned) c);

    return buf;
}


void
nthrift_plain_value_string(nthrift_plain_value_t *v, const uint8_t *data,
    size_t len)
{
    char            buf[VALUE_ESCAPE];
    const char     *escape;
    const uint8_t  *p, *from, *last;

    nthrift_plain_value_put(v, "\"");

    from = data;
    last = data + len;

    for (p = data; p != last; p++) {
        escape = value_escape(*p, buf);

        if (escape != NULL) {
            nthrift_write_bytes(&v->w, from, (size_t) (p - from));
            nthrift_plain_value_put(v, escape);
            from = p + 1;
        }
    }

    nthrift_write_bytes(&v->w, from, (size_t) (last - from));
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
