/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_exemplars.h.  Called when a call was logged, if it has an id
 * that somebody has asked for, and by reports.
 *
 * An exemplar is replaced when it is of another second: a bucket that many
 * calls fall into costs them a look.  Turns are as in ngx_thrift_failures.c.
 */

#include "ngx_thrift.h"


static ngx_thrift_exemplar_t *ngx_thrift_exemplars_create(
    ngx_thrift_status_t *status, ngx_thrift_status_method_t *method);
static ngx_int_t ngx_thrift_exemplars_get(ngx_thrift_exemplar_t *exemplar,
    ngx_thrift_exemplar_t *copy);


void
ngx_thrift_exemplars_add(ngx_thrift_status_t *status,
    ngx_thrift_counted_t *counted, ngx_thrift_call_id_t *id)
{
    ngx_time_t                  *now;
    ngx_atomic_uint_t            turn;
    ngx_thrift_exemplar_t       *exemplar;
    ngx_thrift_status_method_t  *method;

    method = (ngx_thrift_status_method_t *) counted->ended;
    exemplar = method->exemplars;

    if (exemplar == NULL) {
        exemplar = ngx_thrift_exemplars_create(status, method);
    }

    if (exemplar == NULL) {
        return;
    }

    now = ngx_timeofday();
    exemplar += ngx_thrift_count_bucket(counted->took);
    turn = exemplar->turn;

    if (exemplar->sec == now->sec || turn % 2 == 1
        || !ngx_atomic_cmp_set(&exemplar->turn, turn, turn + 1))
    {
        return;
    }

    exemplar->id = *id;
    exemplar->took = counted->took;
    exemplar->sec = now->sec;
    exemplar->msec = now->msec;

    ngx_memory_barrier();

    exemplar->turn = turn + 2;
}


/* Nobody asks again when there was no room. */

static ngx_thrift_exemplar_t *
ngx_thrift_exemplars_create(ngx_thrift_status_t *status,
    ngx_thrift_status_method_t *method)
{
    size_t                  size;
    ngx_thrift_exemplar_t  *exemplars;

    if (status->data->unmarked) {
        return NULL;
    }

    size = NGX_THRIFT_STATUS_BUCKETS * sizeof(ngx_thrift_exemplar_t);

    ngx_shmtx_lock(&status->slab->mutex);

    exemplars = method->exemplars;

    if (exemplars == NULL
        && status->data->marked + size
           <= status->zone->shm.size / NGX_THRIFT_EXEMPLARS_PART)
    {
        exemplars = ngx_thrift_status_take(status->data, size);
    }

    if (exemplars == NULL) {
        status->data->unmarked = 1;

    } else if (method->exemplars == NULL) {
        ngx_memzero(exemplars, size);
        ngx_memory_barrier();

        method->exemplars = exemplars;
        status->data->marked += size;
    }

    ngx_shmtx_unlock(&status->slab->mutex);

    return exemplars;
}


u_char *
ngx_thrift_exemplars_write(ngx_thrift_status_method_t *method,
    ngx_uint_t bucket, u_char *p)
{
    ngx_thrift_call_id_t   *id;
    ngx_thrift_exemplar_t   exemplar;

    if (method->exemplars == NULL
        || ngx_thrift_exemplars_get(&method->exemplars[bucket], &exemplar)
           != NGX_OK)
    {
        return p;
    }

    id = &exemplar.id;

    p = ngx_cpymem(p, " # {", sizeof(" # {") - 1);

    if (id->named) {
        p = ngx_cpymem(p, "call_id=\"", sizeof("call_id=\"") - 1);
        p = ngx_thrift_call_id_write(p, id->process, id->number);
        *p++ = '"';
    }

    if (id->traced) {
        p = ngx_sprintf(p, "%strace_id=\"", id->named ? "," : "");
        p = nthrift_traceparent_write_hex(p, id->trace, NTHRIFT_TRACE_SIZE);
        *p++ = '"';
    }

    return ngx_sprintf(p, "} %uL.%06uL %T.%03ui", exemplar.took / 1000000,
                       exemplar.took % 1000000, exemplar.sec, exemplar.msec);
}


/* NGX_DECLINED: there is none, or another one takes its place now. */

static ngx_int_t
ngx_thrift_exemplars_get(ngx_thrift_exemplar_t *exemplar,
    ngx_thrift_exemplar_t *copy)
{
    ngx_atomic_uint_t  turn;

    turn = exemplar->turn;

    if (turn == 0 || turn % 2 == 1) {
        return NGX_DECLINED;
    }

    ngx_memory_barrier();

    *copy = *exemplar;

    ngx_memory_barrier();

    return (exemplar->turn == turn) ? NGX_OK : NGX_DECLINED;
}


/*
 * As "%016xL-%ui" would: each call may be logged with it.  Most are of this
 * process, and have all but the last two digits in common with the one before.
 */

u_char *
ngx_thrift_call_id_write(u_char *p, uint64_t process, ngx_uint_t number)
{
    static size_t      len;
    static u_char      text[NGX_THRIFT_CALL_ID];
    static uint64_t    known;
    static ngx_uint_t  hundreds;

    if (number < 100) {
        return ngx_sprintf(p, "%016xL-%ui", process, number);
    }

    if (known != process || hundreds != number / 100) {
        known = process;
        hundreds = number / 100;
        len = ngx_sprintf(text, "%016xL-%ui", process, hundreds) - text;
    }

    ngx_memcpy(p, text, sizeof(text));

    return ngx_thrift_digits_write_two(p + len, number % 100);
}
