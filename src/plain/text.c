/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/text.c: base64 and UUIDs, for values on their way from JSON to
 * bytes and back.
 */

#include "plain/text.h"


static const char  text_base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const char  text_hex[] = "0123456789abcdef";


void
nthrift_plain_text_base64_write(char *p, const uint8_t *data, size_t len)
{
    uint32_t  v;

    for ( /* void */ ; len >= 3; len -= 3) {
        v = (uint32_t) data[0] << 16 | (uint32_t) data[1] << 8 | data[2];
        data += 3;

        *p++ = text_base64[v >> 18];
        *p++ = text_base64[v >> 12 & 0x3f];
        *p++ = text_base64[v >> 6 & 0x3f];
        *p++ = text_base64[v & 0x3f];
    }

    if (len == 0) {
        return;
    }

    v = (uint32_t) data[0] << 16;

    if (len == 2) {
        v |= (uint32_t) data[1] << 8;
    }

    *p++ = text_base64[v >> 18];
    *p++ = text_base64[v >> 12 & 0x3f];
    *p++ = (len == 2) ? text_base64[v >> 6 & 0x3f] : '=';
    *p = '=';
}


/* The six bits of a character, or -1: of both alphabets. */

static int
text_base64_bits(char c)
{
    return (c >= 'A' && c <= 'Z') ? c - 'A'
           : (c >= 'a' && c <= 'z') ? c - 'a' + 26
           : (c >= '0' && c <= '9') ? c - '0' + 52
           : (c == '+' || c == '-') ? 62
           : (c == '/' || c == '_') ? 63 : -1;
}


int
nthrift_plain_text_base64_read(const char *p, size_t len, uint8_t *data,
    size_t *n)
{
    int       bits, value;
    size_t    i, size;
    uint32_t  v;

    size = len;

    while (len % 4 == 0 && size != 0 && len - size < 2 && p[size - 1] == '=') {
        size--;
    }

    if (size % 4 == 1) {
        return -1;
    }

    *n = 0;
    bits = 0;
    v = 0;

    for (i = 0; i < size; i++) {
        value = text_base64_bits(p[i]);
        if (value < 0) {
            return -1;
        }

        v = (v << 6 | (uint32_t) value) & 0xffff;
        bits += 6;

        if (bits >= 8) {
            bits -= 8;
            data[(*n)++] = (uint8_t) (v >> bits);
        }
    }

    return 0;
}


static int
text_hex_value(char c)
{
    const char  *found;

    c = (c >= 'A' && c <= 'F') ? (char) (c - 'A' + 'a') : c;
    found = (c != '\0') ? strchr(text_hex, c) : NULL;

    return (found != NULL) ? (int) (found - text_hex) : -1;
}


/* Before which of its 16 bytes a UUID has a hyphen. */

static int
text_uuid_hyphen(int i)
{
    return i == 4 || i == 6 || i == 8 || i == 10;
}


void
nthrift_plain_text_uuid_write(char *p, const uint8_t *uuid)
{
    int  i;

    for (i = 0; i < 16; i++) {
        if (text_uuid_hyphen(i)) {
            *p++ = '-';
        }

        *p++ = text_hex[uuid[i] >> 4];
        *p++ = text_hex[uuid[i] & 0x0f];
    }
}


int
nthrift_plain_text_uuid_read(const char *p, size_t len, uint8_t *uuid)
{
    int  i, high, low;

    if (len == NTHRIFT_PLAIN_UUID + 2 && p[0] == '{' && p[len - 1] == '}') {
        p++;
        len -= 2;
    }

    if (len != NTHRIFT_PLAIN_UUID) {
        return -1;
    }

    for (i = 0; i < 16; i++) {
        if (text_uuid_hyphen(i) && *p++ != '-') {
            return -1;
        }

        high = text_hex_value(*p++);
        low = text_hex_value(*p++);

        if (high < 0 || low < 0) {
            return -1;
        }

        uuid[i] = (uint8_t) (high << 4 | low);
    }

    return 0;
}
