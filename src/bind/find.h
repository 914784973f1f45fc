/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/find.h: one value of a body, by the names that lead to it in the IDL.
 * The names become a path when the configuration is read; the value is looked
 * for when it is asked for.
 */

#ifndef NTHRIFT_FIND_H
#define NTHRIFT_FIND_H

#include "bind/bytes.h"
#include "bind/schema.h"


#define NTHRIFT_FIND_DEPTH   16     /* names in a path, at most */
#define NTHRIFT_FIND_TRIES   10000  /* names looked up for one path, at most */
#define NTHRIFT_FIND_TEXT    40     /* bytes of text of all but strings */


typedef struct {
    const nthrift_schema_field_t  *fields[NTHRIFT_FIND_DEPTH];
    uint32_t                       n;
    uint32_t                       ambiguous;   /* 1: names fit elsewhere */
} nthrift_find_path_t;


typedef struct {
    uint8_t         type;       /* nthrift_type_e: a number, string or uuid */
    int64_t         number;     /* bool (0 or 1), i8 .. i64, enum */
    double          real;       /* double */
    nthrift_str_t   text;       /* string: points into the body, or `data` is
                                   NULL when it lies in more than one run */
    uint64_t        offset;     /* string: where in the body it begins */
    uint8_t         uuid[16];
} nthrift_find_value_t;


/*
 * Reads "location_city" as field "location" of `st` and field "city" of its
 * struct.  Names may contain '_' themselves: the longest that fits is taken
 * first, then a shorter one.  The last is a bool, a number, an enum, a string,
 * binary or a uuid; all others are structs (unions, exceptions).  Case does
 * not matter: names of nginx's variables are lower case.
 *
 * NTHRIFT_OK, and path->ambiguous says whether another path would do as well;
 * NTHRIFT_DECLINED: there is none (or none of NTHRIFT_FIND_DEPTH names within
 * NTHRIFT_FIND_TRIES).  The path points into the tables.
 */
int nthrift_find_path(const nthrift_schema_t *st, const nthrift_str_t *name,
    nthrift_find_path_t *path);

/*
 * The value at `path` in the struct that begins at body->p; the body is well
 * formed (of one that is not, nothing is read beyond its runs).  Where a
 * field occurs more than once the last one counts, as it does for who reads
 * the body in the end.  All of the body is read.
 *
 * NTHRIFT_OK and `value`; NTHRIFT_DECLINED: it is absent, or of another type
 * than declared.  value->text points into the body's runs.
 */
int nthrift_find_value(unsigned protocol, const nthrift_find_path_t *path,
    nthrift_bytes_t *body, nthrift_find_value_t *value);

/* Bytes that nthrift_find_write() writes at most; of strings: exactly. */

size_t nthrift_find_size(const nthrift_find_value_t *value);

/*
 * Writes the value as text: integers and enums in decimal, "true" or "false",
 * doubles in as few digits as tell them apart (at most 17; "inf", "-inf",
 * "nan"), strings as they are, uuid as 8-4-4-4-12 lower case hex digits.
 * `body` is the same body from its beginning, and looked at only if
 * value->text.data is NULL.  Returns the byte behind the text; NULL: `body`
 * is shorter than it was.
 */
uint8_t *nthrift_find_write(uint8_t *p, const nthrift_find_value_t *value,
    nthrift_bytes_t *body);


#endif /* NTHRIFT_FIND_H */
