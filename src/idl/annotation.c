/*
 * idl/annotation.c: what the annotations of methods say, for nginx and for
 * the command nthrift alike.  Times are those of nginx's ngx_parse_time(),
 * which reads the directives whose defaults they are.
 */

#include "idl/annotation.h"


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
    if (value > INT64_MAX / scale || *total > INT64_MAX - value * scale) {
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


/* `*on` is let be if the method has no such annotation. */

static int
annotation_method_flag(const nthrift_idl_method_t *method,
    const nthrift_str_t *name, int *on, const nthrift_idl_annotation_t **bad)
{
    *bad = nthrift_idl_annotation(method->annotations, name);

    return (*bad == NULL) ? NTHRIFT_OK : annotation_flag(&(*bad)->value, on);
}


int
nthrift_annotation_read(const nthrift_idl_method_t *method,
    nthrift_annotation_t *a, const nthrift_idl_annotation_t **bad)
{
    static const nthrift_str_t  timeout = nthrift_string("nthrift.timeout");
    static const nthrift_str_t  idempotent =
                                         nthrift_string("nthrift.idempotent");
    static const nthrift_str_t  stateful = nthrift_string("nthrift.stateful");

    a->timeout = NTHRIFT_ANNOTATION_UNSET;
    a->idempotent = NTHRIFT_ANNOTATION_UNSET;
    a->stateful = NTHRIFT_ANNOTATION_UNSET;

    *bad = nthrift_idl_annotation(method->annotations, &timeout);

    if (*bad != NULL
        && annotation_time(&(*bad)->value, &a->timeout) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (annotation_method_flag(method, &idempotent, &a->idempotent, bad)
            != NTHRIFT_OK
        || annotation_method_flag(method, &stateful, &a->stateful, bad)
            != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    *bad = NULL;

    return NTHRIFT_OK;
}


static int
annotation_check_service(const nthrift_idl_service_t *service,
    nthrift_report_t *report)
{
    int                              rc;
    nthrift_annotation_t             a;
    const nthrift_idl_method_t      *method;
    const nthrift_idl_annotation_t  *bad;

    rc = NTHRIFT_OK;

    for (method = service->methods; method != NULL; method = method->next) {
        if (nthrift_annotation_read(method, &a, &bad) == NTHRIFT_OK) {
            continue;
        }

        rc = nthrift_report_error(report, service->def.program, method->pos,
                                  "invalid value \"%.*s\" of annotation "
                                  "\"%.*s\"", nthrift_report_str(&bad->value),
                                  nthrift_report_str(&bad->name));
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
            if (def->kind == NTHRIFT_IDL_DEF_SERVICE) {
                rc |= annotation_check_service(
                                           (const nthrift_idl_service_t *) def,
                                           report);
            }
        }
    }

    return rc;
}
