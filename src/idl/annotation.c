/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/annotation.c: what the annotations of methods and fields say, for nginx
 * and for the command nthrift alike.  Times are those of nginx's
 * ngx_parse_time(), which reads the directives whose defaults they are.
 */

#include "idl/annotation.h"

#include "idl/suggest.h"


/* Units of time, from the largest to the smallest: each one once. */

enum {
    UNIT_NONE = 0,
    UNIT_WEEK,
    UNIT_DAY,
    UNIT_HOUR,
    UNIT_MINUTE,
    UNIT_SECOND,
    UNIT_MSEC,
    UNIT_LAST
};


/* Milliseconds: points in time are compared by their difference. */

#define ANNOTATION_MAX_TIME  (INT64_MAX / 2)


typedef struct {
    char      letter;
    unsigned  before;       /* the unit behind which it may not stand */
    unsigned  rank;
    int64_t   scale;        /* milliseconds */
} unit_t;


static const unit_t  units[] = {
    { 'w', UNIT_WEEK,   UNIT_WEEK,   7 * 24 * 60 * 60 * 1000 },
    { 'd', UNIT_DAY,    UNIT_DAY,    24 * 60 * 60 * 1000 },
    { 'h', UNIT_HOUR,   UNIT_HOUR,   60 * 60 * 1000 },
    { 'm', UNIT_MINUTE, UNIT_MINUTE, 60 * 1000 },
    { 's', UNIT_SECOND, UNIT_SECOND, 1000 },
    { ' ', UNIT_SECOND, UNIT_LAST,   1000 }
};

static const unit_t  unit_msec = { 'm', UNIT_MSEC, UNIT_MSEC, 1 };


/* The unit at *p, behind which it is left; NULL: there is none. */

static const unit_t *
annotation_unit(const uint8_t **p, const uint8_t *last)
{
    size_t         i;
    const uint8_t *at;

    at = (*p)++;

    if (at[0] == 'm' && *p < last && at[1] == 's') {
        (*p)++;
        return &unit_msec;
    }

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (units[i].letter == (char) at[0]) {
            return &units[i];
        }
    }

    return NULL;
}


/* A number; DECLINED if there is no digit. */

static int
annotation_number(const uint8_t **p, const uint8_t *last, int64_t *value)
{
    int      digit;
    int64_t  n;

    n = 0;

    if (*p == last || **p < '0' || **p > '9') {
        *value = 0;
        return NTHRIFT_DECLINED;
    }

    for ( /* void */ ; *p < last && **p >= '0' && **p <= '9'; (*p)++) {
        digit = **p - '0';

        if (n > (INT64_MAX - digit) / 10) {
            return NTHRIFT_ERROR;
        }

        n = n * 10 + digit;
    }

    *value = n;

    return NTHRIFT_OK;
}


static int
annotation_add(int64_t *total, int64_t value, int64_t scale)
{
    if (value > ANNOTATION_MAX_TIME / scale
        || *total > ANNOTATION_MAX_TIME - value * scale)
    {
        return NTHRIFT_ERROR;
    }

    *total += value * scale;

    return NTHRIFT_OK;
}


/* A number without a unit is of seconds; there is at least one number. */

static int
annotation_time(const nthrift_str_t *text, int64_t *ms)
{
    int             rc, valid;
    int64_t         value;
    unsigned        rank;
    const unit_t   *unit;
    const uint8_t  *p, *last;

    p = text->data;
    last = p + text->len;

    *ms = 0;
    rank = UNIT_NONE;
    valid = 0;

    for ( ;; ) {
        rc = annotation_number(&p, last, &value);

        if (rc == NTHRIFT_ERROR) {
            return NTHRIFT_ERROR;
        }

        valid |= (rc == NTHRIFT_OK);

        if (p == last) {
            break;
        }

        unit = annotation_unit(&p, last);

        if (unit == NULL || rank >= unit->before
            || annotation_add(ms, value, unit->scale) != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }

        rank = unit->rank;

        while (p < last && *p == ' ') {
            p++;
        }
    }

    return valid ? annotation_add(ms, value, 1000) : NTHRIFT_ERROR;
}


static int
annotation_flag(const nthrift_str_t *text, int *on)
{
    static const nthrift_str_t  one = nthrift_string("1");
    static const nthrift_str_t  yes = nthrift_string("true");
    static const nthrift_str_t  no = nthrift_string("false");

    *on = nthrift_str_equal(text, &one) || nthrift_str_equal(text, &yes);

    return (*on || nthrift_str_equal(text, &no)) ? NTHRIFT_OK : NTHRIFT_ERROR;
}


/* The annotations that have a meaning, where, and what their values must be. */

typedef enum {
    ANNOTATION_TIMEOUT = 0,
    ANNOTATION_IDEMPOTENT,
    ANNOTATION_STATEFUL,
    ANNOTATION_SECRET,
    ANNOTATION_LAST
} annotation_e;


typedef enum {
    ANNOTATION_OF_METHOD = 0,
    ANNOTATION_OF_FIELD,
    ANNOTATION_OF_OTHER         /* of a definition: none has a meaning there */
} annotation_place_e;


typedef struct {
    nthrift_str_t        name;
    annotation_place_e   place;
    const char          *value;
} annotation_known_t;


static const annotation_known_t  annotations[ANNOTATION_LAST] = {
    [ANNOTATION_TIMEOUT] = {
        nthrift_string("nthrift.timeout"), ANNOTATION_OF_METHOD,
        "a time such as \"300ms\" or \"1m 30s\""
    },
    [ANNOTATION_IDEMPOTENT] = {
        nthrift_string("nthrift.idempotent"), ANNOTATION_OF_METHOD,
        "\"true\", \"1\" or \"false\""
    },
    [ANNOTATION_STATEFUL] = {
        nthrift_string("nthrift.stateful"), ANNOTATION_OF_METHOD,
        "\"true\", \"1\" or \"false\""
    },
    [ANNOTATION_SECRET] = {
        nthrift_string("nthrift.secret"), ANNOTATION_OF_FIELD,
        "\"true\", \"1\" or \"false\""
    }
};


/* Which one it is; ANNOTATION_LAST: none of ours. */

static annotation_e
annotation_which(const nthrift_idl_annotation_t *annotation)
{
    int  i;

    for (i = 0; i < ANNOTATION_LAST; i++) {
        if (nthrift_str_equal(&annotation->name, &annotations[i].name)) {
            break;
        }
    }

    return (annotation_e) i;
}


/* Of a method's into `a`; a field's is only looked at. */

static int
annotation_value(const nthrift_idl_annotation_t *annotation,
    annotation_e which, nthrift_annotation_t *a)
{
    int  secret;

    switch (which) {

    case ANNOTATION_TIMEOUT:
        return annotation_time(&annotation->value, &a->timeout);

    case ANNOTATION_IDEMPOTENT:
        return annotation_flag(&annotation->value, &a->idempotent);

    case ANNOTATION_STATEFUL:
        return annotation_flag(&annotation->value, &a->stateful);

    case ANNOTATION_SECRET:
        return annotation_flag(&annotation->value, &secret);

    case ANNOTATION_LAST:
        break;
    }

    return NTHRIFT_OK;
}


int
nthrift_annotation_read(const nthrift_idl_method_t *method,
    nthrift_annotation_t *a, const nthrift_idl_annotation_t **bad)
{
    int  i;

    a->timeout = NTHRIFT_ANNOTATION_UNSET;
    a->idempotent = NTHRIFT_ANNOTATION_UNSET;
    a->stateful = NTHRIFT_ANNOTATION_UNSET;

    for (i = 0; i < ANNOTATION_LAST; i++) {

        if (annotations[i].place != ANNOTATION_OF_METHOD) {
            continue;
        }

        *bad = nthrift_idl_annotation(method->annotations,
                                      &annotations[i].name);

        if (*bad != NULL
            && annotation_value(*bad, (annotation_e) i, a) != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }
    }

    *bad = NULL;

    return NTHRIFT_OK;
}


int
nthrift_annotation_is_secret(const nthrift_idl_field_t *field)
{
    int                              secret;
    const nthrift_idl_annotation_t  *annotation;

    annotation = nthrift_idl_annotation(field->annotations,
                                        &annotations[ANNOTATION_SECRET].name);

    return annotation != NULL
           && (annotation_flag(&annotation->value, &secret) != NTHRIFT_OK
               || secret);
}


/* "nthrift.": names that are ours; others are let be. */

static int
annotation_is_ours(const nthrift_idl_annotation_t *annotation)
{
    static const char  ours[] = "nthrift.";

    return annotation->name.len >= sizeof(ours) - 1
           && memcmp(annotation->name.data, ours, sizeof(ours) - 1) == 0;
}


static int
annotation_unknown(const nthrift_idl_annotation_t *annotation,
    const nthrift_idl_program_t *program, nthrift_report_t *report)
{
    int                i;
    nthrift_suggest_t  s;

    nthrift_suggest_init(&s, &annotation->name);

    for (i = 0; i < ANNOTATION_LAST; i++) {
        nthrift_suggest_try(&s, &annotations[i].name);
    }

    return nthrift_report_error(report, program, annotation->pos,
                                "unknown annotation \"%.*s\""
                                NTHRIFT_REPORT_MEAN,
                                nthrift_report_str(&annotation->name),
                                nthrift_report_mean(s.best));
}


static int
annotation_misplaced(const nthrift_idl_annotation_t *annotation,
    annotation_e which, const nthrift_idl_program_t *program,
    nthrift_report_t *report)
{
    return nthrift_report_error(report, program, annotation->pos,
                                "annotation \"%.*s\" has a meaning for %s "
                                "only", nthrift_report_str(&annotation->name),
                                (annotations[which].place
                                 == ANNOTATION_OF_FIELD) ? "fields"
                                                         : "methods");
}


static int
annotation_wrong(const nthrift_idl_annotation_t *annotation,
    annotation_e which, const nthrift_idl_program_t *program,
    nthrift_report_t *report)
{
    return nthrift_report_error(report, program, annotation->pos,
                                "invalid value \"%.*s\" of annotation "
                                "\"%.*s\", it must be %s",
                                nthrift_report_str(&annotation->value),
                                nthrift_report_str(&annotation->name),
                                annotations[which].value);
}


/* Those of a method, of a field, or of anything else. */

static int
annotation_check_place(const nthrift_idl_annotation_t *annotation,
    annotation_place_e place, const nthrift_idl_program_t *program,
    nthrift_report_t *report)
{
    int                   rc;
    annotation_e          which;
    nthrift_annotation_t  a;

    rc = NTHRIFT_OK;

    for ( /* void */ ; annotation != NULL; annotation = annotation->next) {

        if (!annotation_is_ours(annotation)) {
            continue;
        }

        which = annotation_which(annotation);

        if (which == ANNOTATION_LAST) {
            rc = annotation_unknown(annotation, program, report);

        } else if (annotations[which].place != place) {
            rc = annotation_misplaced(annotation, which, program, report);

        } else if (annotation_value(annotation, which, &a) != NTHRIFT_OK) {
            rc = annotation_wrong(annotation, which, program, report);
        }
    }

    return rc;
}


static int
annotation_check_struct(const nthrift_idl_struct_t *st,
    const nthrift_idl_program_t *program, nthrift_report_t *report)
{
    int     rc;
    size_t  i;

    rc = NTHRIFT_OK;

    for (i = 0; st->fields != NULL && i < st->n; i++) {
        rc |= annotation_check_place(st->fields[i]->annotations,
                                     ANNOTATION_OF_FIELD, program, report);
    }

    return rc;
}


static int
annotation_check_def(const nthrift_idl_def_t *def, nthrift_report_t *report)
{
    int                          rc;
    const nthrift_idl_method_t  *method;

    rc = annotation_check_place(def->annotations, ANNOTATION_OF_OTHER,
                                def->program, report);

    if (def->kind == NTHRIFT_IDL_DEF_STRUCT) {
        rc |= annotation_check_struct((const nthrift_idl_struct_t *) def,
                                      def->program, report);
    }

    if (def->kind != NTHRIFT_IDL_DEF_SERVICE) {
        return rc;
    }

    method = ((const nthrift_idl_service_t *) def)->methods;

    for ( /* void */ ; method != NULL; method = method->next) {
        rc |= annotation_check_place(method->annotations, ANNOTATION_OF_METHOD,
                                     def->program, report);

        if (method->args != NULL) {
            rc |= annotation_check_struct(method->args, def->program, report);
        }
    }

    return rc;
}


int
nthrift_annotation_check(const nthrift_idl_program_t *programs,
    nthrift_report_t *report)
{
    int                       rc;
    const nthrift_idl_def_t  *def;

    rc = NTHRIFT_OK;

    for ( /* void */ ; programs != NULL; programs = programs->next) {
        for (def = programs->defs; def != NULL; def = def->next) {
            rc |= annotation_check_def(def, report);
        }
    }

    return rc;
}
