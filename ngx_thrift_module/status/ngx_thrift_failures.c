/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_failures.h.  Called when calls are logged, and by reports.
 *
 * The turn of an entry is odd while it is written, and another one afterwards:
 * who reads it compares the turns before and after.  A worker that is killed in
 * between leaves an entry that nobody uses any more.
 */

#include "ngx_thrift.h"


static ngx_uint_t ngx_thrift_failures_is_one(ngx_uint_t outcome);
static u_char *ngx_thrift_failures_arguments(
    ngx_thrift_failures_t *failures, ngx_uint_t i);
static size_t ngx_thrift_failures_copy(u_char *p, size_t size,
    ngx_str_t *text);


size_t
ngx_thrift_failures_size(ngx_uint_t n, size_t room)
{
    return offsetof(ngx_thrift_failures_t, entries)
           + n * (sizeof(ngx_thrift_failure_t) + room);
}


static u_char *
ngx_thrift_failures_arguments(ngx_thrift_failures_t *failures, ngx_uint_t i)
{
    return (u_char *) &failures->entries[failures->size] + i * failures->room;
}


void
ngx_thrift_failures_add(ngx_thrift_failures_t *failures,
    ngx_thrift_counted_t *counted, ngx_thrift_call_t *call,
    ngx_thrift_call_id_t *id, ngx_str_t *server, size_t room)
{
    uint64_t               number;
    ngx_uint_t             i;
    ngx_time_t            *now;
    ngx_atomic_uint_t      turn;
    ngx_thrift_failure_t  *failure;

    if (failures->size == 0 || !ngx_thrift_failures_is_one(counted->outcome)) {
        return;
    }

    number = ngx_atomic_fetch_add(&failures->n, 1);
    i = number % failures->size;
    failure = &failures->entries[i];
    turn = failure->turn;

    if (turn % 2 == 1 || !ngx_atomic_cmp_set(&failure->turn, turn, turn + 1)) {
        return;
    }

    now = ngx_timeofday();

    failure->number = number;
    failure->row = counted->ended;
    failure->sec = now->sec;
    failure->msec = now->msec;
    failure->took = counted->took;
    failure->outcome = counted->outcome;
    failure->exception = call->exception;
    failure->id = *id;

    failure->text_len = ngx_thrift_failures_copy(failure->text,
                                                 NGX_THRIFT_FAILURES_TEXT,
                                                 &call->text);
    failure->server_len = 0;
    failure->arguments_len = 0;

    if (room && failures->room) {
        failure->arguments_len = ngx_thrift_excerpt(call,
                                    ngx_thrift_failures_arguments(failures, i),
                                    ngx_min(room, failures->room));
    }

    if (server) {
        failure->server_len = ngx_thrift_failures_copy(failure->server,
                                                    NGX_THRIFT_FAILURES_SERVER,
                                                    server);
    }

    ngx_memory_barrier();

    failure->turn = turn + 2;
}


/* Neither an answer of a service, nor a client that has left. */

static ngx_uint_t
ngx_thrift_failures_is_one(ngx_uint_t outcome)
{
    switch (outcome) {

    case NGX_THRIFT_STATUS_SUCCESS:
    case NGX_THRIFT_STATUS_SENT:
    case NGX_THRIFT_STATUS_DECLARED:
    case NGX_THRIFT_STATUS_CANCELLED:
    case NGX_THRIFT_STATUS_SHUTDOWN:
        return 0;

    default:
        return 1;
    }
}


/* As much as there is room for; a character of UTF-8 is not cut. */

static size_t
ngx_thrift_failures_copy(u_char *p, size_t size, ngx_str_t *text)
{
    size_t  len;

    len = text->len;

    if (len > size) {
        for (len = size; len && (text->data[len] & 0xc0) == 0x80; len--) {
            /* void */
        }
    }

    /* an exception without a text has no data */

    if (len) {
        ngx_memcpy(p, text->data, len);
    }

    return len;
}


ngx_int_t
ngx_thrift_failures_get(ngx_thrift_failures_t *failures, uint64_t number,
    ngx_thrift_failure_t *failure, u_char *arguments)
{
    ngx_uint_t             i;
    ngx_atomic_uint_t      turn;
    ngx_thrift_failure_t  *entry;

    i = number % failures->size;
    entry = &failures->entries[i];
    turn = entry->turn;

    if (turn == 0 || turn % 2 == 1) {
        return NGX_DECLINED;
    }

    ngx_memory_barrier();

    *failure = *entry;

    failure->arguments_len = ngx_min(failure->arguments_len, failures->room);

    ngx_memcpy(arguments, ngx_thrift_failures_arguments(failures, i),
               failure->arguments_len);

    ngx_memory_barrier();

    return (entry->turn == turn && failure->number == number) ? NGX_OK
                                                              : NGX_DECLINED;
}
