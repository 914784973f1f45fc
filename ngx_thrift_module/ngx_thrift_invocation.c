
/*
 * The step "handle".  Code of a handler's runs in it, and again whenever
 * something happens that the handler waits for:
 *
 *   handle -> method -+-> ended                        reply, or its failure
 *                     |
 *                     +-> waits -> event -> callback   until it has ended, or
 *                           |                          nothing is waited for
 *                           +----> deadline, client gone
 *
 * An end is only noted while code of the handler's runs.  What follows from
 * it happens once that has returned: nothing is freed under its feet.
 *
 * The invocation has memory of its own, since threads may use it longer than
 * there is a call.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_INVOCATION_BLOCK  4096   /* bytes, of further memory */

#if (NGX_DEBUG_PALLOC)
#define NGX_THRIFT_INVOCATIONS       0      /* each use is seen by a checker */
#else
#define NGX_THRIFT_INVOCATIONS       64     /* kept by a worker */
#endif


struct ngx_thrift_chunk_s {
    ngx_thrift_chunk_t  *next;
    size_t               size;      /* keeps what follows aligned to 16 */
};


static ngx_thrift_invocation_t *ngx_thrift_invocation_create(
    ngx_thrift_call_t *call);
static void *ngx_thrift_invocation_chunk(void *data, size_t size);
static uint8_t *ngx_thrift_invocation_grow(void *owner, uint8_t *data,
    size_t len, size_t *size);
static ngx_int_t ngx_thrift_invocation_copy(ngx_thrift_invocation_t *inv,
    nthrift_str_t *to, const void *data, size_t len);
static void ngx_thrift_invocation_free(ngx_thrift_invocation_t *inv);
static ngx_int_t ngx_thrift_invocation_read(ngx_thrift_invocation_t *inv);
static ngx_int_t ngx_thrift_invocation_decode(ngx_thrift_invocation_t *inv,
    const nthrift_layout_t *layout);
static ngx_int_t ngx_thrift_invocation_raw(ngx_thrift_invocation_t *inv);
static ngx_int_t ngx_thrift_invocation_settle(ngx_thrift_invocation_t *inv);
static ngx_int_t ngx_thrift_invocation_wait(ngx_thrift_invocation_t *inv);
static ngx_int_t ngx_thrift_invocation_result(ngx_thrift_invocation_t *inv);
static void ngx_thrift_invocation_join(ngx_thrift_invocation_t *inv);
static void ngx_thrift_invocation_notify(ngx_thrift_invocation_t *inv,
    nthrift_cancel_e reason);
static void ngx_thrift_invocation_abandon(ngx_thrift_invocation_t *inv,
    nthrift_cancel_e reason);
static void ngx_thrift_invocation_close(ngx_thrift_invocation_t *inv);
static ngx_int_t ngx_thrift_invocation_keep_message(
    ngx_thrift_invocation_t *inv, ngx_thrift_message_t *m);
static void ngx_thrift_invocation_expired(void *data);
static void ngx_thrift_invocation_event(ngx_event_t *ev);


static ngx_thrift_invocation_t  *ngx_thrift_free_invocations;
static ngx_uint_t                ngx_thrift_nfree_invocations;
static pthread_t                 ngx_thrift_loop;


ngx_int_t
ngx_thrift_handle(ngx_thrift_call_t *call)
{
    ngx_int_t                  rc;
    ngx_thrift_watch_t         watch;
    ngx_thrift_handler_t      *handler;
    ngx_thrift_invocation_t   *inv;

    handler = call->conf->handler;

    if (handler == NULL) {
        return NGX_DECLINED;
    }

    call->log->action = "calling handler";

    if (handler->table == NULL) {
        ngx_log_error(NGX_LOG_ERR, call->log, 0,
                      "service \"%V\" could not be started",
                      &handler->service);

        return ngx_thrift_call_fail(call, NTHRIFT_EXC_INTERNAL_ERROR, 503,
                                    "service \"%V\" is not available",
                                    &handler->service);
    }

    inv = ngx_thrift_invocation_create(call);
    if (inv == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_thrift_invocation_read(inv);

    if (rc != NGX_OK) {
        return rc;
    }

#if (NGX_THREADS)

    if (handler->threads) {
        rc = ngx_thrift_work_method(inv);

        return (rc == NGX_OK) ? ngx_thrift_invocation_settle(inv) : rc;
    }

#endif

    ngx_thrift_invocation_enter(inv, &watch);
    ngx_thrift_invocation_run(inv);
    ngx_thrift_invocation_leave(inv, &watch);

    return ngx_thrift_invocation_settle(inv);
}


void
ngx_thrift_invocation_run(ngx_thrift_invocation_t *inv)
{
    const nthrift_handler_t   *table;
    const nthrift_dispatch_t  *dispatch;

    table = inv->handler->table;
    dispatch = inv->dispatch;

    if (table->raw) {
        table->raw(inv->ticket, inv->args);
        return;
    }

    dispatch->run(inv->ticket, inv->args, table->methods);
}


static ngx_thrift_invocation_t *
ngx_thrift_invocation_create(ngx_thrift_call_t *call)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_free_invocations;

    if (inv) {
        ngx_thrift_free_invocations = inv->next;
        ngx_thrift_nfree_invocations--;

    } else {
        inv = ngx_alloc(sizeof(ngx_thrift_invocation_t), ngx_cycle->log);
        if (inv == NULL) {
            return NULL;
        }
    }

    ngx_memzero(inv, offsetof(ngx_thrift_invocation_t, memory));

    inv->ticket = ngx_thrift_ticket_take(inv);

    if (inv->ticket == NULL) {
        ngx_thrift_invocation_free(inv);
        return NULL;
    }

    call->invocation = inv;

    inv->call = call;
    inv->handler = call->conf->handler;
    inv->dispatch = call->target->dispatch;
    inv->method = inv->dispatch ? inv->dispatch->method : NULL;

    inv->head = call->request.wire.head;
    inv->head.type = NTHRIFT_REPLY;
    inv->head.name = call->method;
    inv->oneway = call->oneway;
    inv->max_depth = call->conf->rules.max_depth;
    inv->timed = call->timed;
    inv->deadline = call->deadline;

    ngx_queue_init(&inv->timers);
    ngx_queue_init(&inv->outbound);

    inv->lines_last = &inv->lines;

    inv->event.handler = ngx_thrift_invocation_event;
    inv->event.data = inv;
    inv->event.log = ngx_cycle->log;

    /* a session's timer keeps an exiting worker alive while it has calls */

    ngx_thrift_timer_init(&inv->timer, ngx_thrift_invocation_expired, inv,
                          ngx_cycle->log, 1);

    nthrift_arena_init(&inv->arena, ngx_thrift_invocation_chunk, inv,
                       NGX_THRIFT_INVOCATION_BLOCK,
                       call->conf->handler_memory);

    inv->arena.pos = inv->memory;
    inv->arena.end = inv->memory + NGX_THRIFT_INVOCATION_MEMORY;

    return inv;
}


/* Blocks of the arena: an nthrift_alloc_pt. */

static void *
ngx_thrift_invocation_chunk(void *data, size_t size)
{
    ngx_thrift_invocation_t  *inv = data;

    ngx_thrift_chunk_t  *chunk;

    chunk = ngx_alloc(sizeof(ngx_thrift_chunk_t) + size, ngx_cycle->log);
    if (chunk == NULL) {
        return NULL;
    }

    chunk->next = inv->chunks;
    chunk->size = size;
    inv->chunks = chunk;

    return chunk + 1;
}


void *
ngx_thrift_invocation_alloc(ngx_thrift_invocation_t *inv, size_t size)
{
    return nthrift_arena_alloc(&inv->arena, size);
}


/*
 * What is left of the arena's block is written to, as long as that goes: most
 * replies are small.
 */

void
ngx_thrift_invocation_write(ngx_thrift_invocation_t *inv, nthrift_write_t *w,
    unsigned protocol, size_t size)
{
    size_t            room;
    nthrift_arena_t  *arena;

    arena = &inv->arena;
    room = arena->end - arena->pos;

    nthrift_write_init(w, protocol, arena->pos, room,
                       ngx_max(arena->limit, NGX_THRIFT_INVOCATION_MEMORY),
                       ngx_thrift_invocation_grow, inv);

    if (size > room) {
        w->size = size;
        w->data = ngx_thrift_invocation_grow(inv, NULL, 0, &w->size);

        if (w->data == NULL) {
            w->size = 0;
            w->error = "no memory";
            return;
        }
    }

    w->len = size;
}


void
ngx_thrift_invocation_written(ngx_thrift_invocation_t *inv, nthrift_write_t *w)
{
    if (w->data == inv->arena.pos) {
        inv->arena.pos += ngx_min(ngx_align(w->len, 8), w->size);
    }
}


/* An nthrift_write_grow_pt: what was written before stays where it is. */

static uint8_t *
ngx_thrift_invocation_grow(void *owner, uint8_t *data, size_t len,
    size_t *size)
{
    uint8_t  *p;

    *size = ngx_max(*size, 2 * len);

    p = ngx_thrift_invocation_chunk(owner, *size);

    if (p && len) {
        ngx_memcpy(p, data, len);
    }

    return p;
}


static void
ngx_thrift_invocation_free(ngx_thrift_invocation_t *inv)
{
    ngx_uint_t           grown;
    ngx_thrift_kept_t   *kept;
    ngx_thrift_chunk_t  *chunk, *next;

    for (kept = inv->kept_blocks; kept; kept = kept->next) {
        ngx_thrift_block_unref(kept->block);
    }

    grown = (inv->chunks != NULL);

    for (chunk = inv->chunks; chunk; chunk = next) {
        next = chunk->next;
        ngx_free(chunk);
    }

    if (grown) {
        ngx_thrift_trim();
    }

    if (ngx_thrift_nfree_invocations == NGX_THRIFT_INVOCATIONS) {
        ngx_free(inv);
        return;
    }

    inv->next = ngx_thrift_free_invocations;
    ngx_thrift_free_invocations = inv;
    ngx_thrift_nfree_invocations++;
}


/* The arguments, as the handler wants them. */

static ngx_int_t
ngx_thrift_invocation_read(ngx_thrift_invocation_t *inv)
{
    ngx_int_t  rc;

    rc = inv->method ? ngx_thrift_invocation_decode(inv, inv->method->args)
                     : ngx_thrift_invocation_raw(inv);

    if (rc == NGX_OK) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_INFO, inv->call->log, 0,
                  "client sent arguments that need more memory than "
                  "\"thrift_handler_memory\" allows: %uz bytes",
                  inv->call->conf->handler_memory);

    return ngx_thrift_call_fail(inv->call, NTHRIFT_EXC_PROTOCOL_ERROR, 400,
                                "arguments need too much memory");
}


static ngx_int_t
ngx_thrift_invocation_decode(ngx_thrift_invocation_t *inv,
    const nthrift_layout_t *layout)
{
    void                   *value;
    nthrift_bytes_t         bytes;
    nthrift_error_t         error;
    ngx_thrift_segment_t   *next;

    error.text = NULL;

    ngx_thrift_message_bytes(&inv->call->request, &bytes, &next);

    if (nthrift_decode_body(&inv->arena, inv->head.protocol, layout,
                            inv->max_depth, &bytes, &value, &error)
        != NTHRIFT_OK)
    {
        return NGX_ERROR;
    }

    inv->args = value;

    return NGX_OK;
}


/* The whole message in one piece, as if it had come unframed. */

static ngx_int_t
ngx_thrift_invocation_raw(ngx_thrift_invocation_t *inv)
{
    size_t           body;
    u_char          *p;
    nthrift_head_t   head;
    nthrift_raw_t   *raw;
    ngx_thrift_message_t   *request;

    request = &inv->call->request;

    head = request->wire.head;
    head.transport = NTHRIFT_UNFRAMED;
    head.name = inv->call->method;

    body = request->wire.length - request->wire.head.size;

    raw = ngx_thrift_invocation_alloc(inv, sizeof(nthrift_raw_t));
    p = ngx_thrift_invocation_alloc(inv, nthrift_head_size(&head) + body);

    if (raw == NULL || p == NULL) {
        return NGX_ERROR;
    }

    raw->data = p;
    raw->size = nthrift_head_size(&head) + body;
    raw->protocol = head.protocol;

    p = nthrift_head_write(p, &head, body);

    ngx_thrift_message_copy_body(request, p);

    inv->args = raw;

    return NGX_OK;
}


void
ngx_thrift_invocation_enter(ngx_thrift_invocation_t *inv,
    ngx_thrift_watch_t *watch)
{
    inv->inside++;
    ngx_thrift_watch_start(watch);
}


void
ngx_thrift_invocation_leave(ngx_thrift_invocation_t *inv,
    ngx_thrift_watch_t *watch)
{
    ngx_thrift_call_t  *call;

    inv->inside--;
    call = inv->call;

    ngx_thrift_watch_end(watch, call->conf->handler_slow, call->log,
                         &inv->handler->service);
}


/*
 * NGX_AGAIN: the handler has something to wait for.  Otherwise the call goes
 * on with what is returned, and nothing goes on for the invocation any more.
 */

static ngx_int_t
ngx_thrift_invocation_settle(ngx_thrift_invocation_t *inv)
{
    if (inv->end == NGX_THRIFT_INVOCATION_OPEN || inv->threaded) {

        if (ngx_thrift_invocation_wait(inv) == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (inv->call->target->method->oneway) {
            inv->end = NGX_THRIFT_INVOCATION_DONE;

        } else {
            ngx_thrift_invocation_error(inv, "handler did not reply");
            ngx_thrift_invocation_fail(inv, NTHRIFT_EXC_INTERNAL_ERROR,
                                       "handler did not reply",
                                       sizeof("handler did not reply") - 1);
            ngx_thrift_invocation_notify(inv, NTHRIFT_CANCEL_FAILED);
        }
    }

    ngx_thrift_invocation_close(inv);

    return ngx_thrift_invocation_result(inv);
}


static ngx_int_t
ngx_thrift_invocation_wait(ngx_thrift_invocation_t *inv)
{
    if (!inv->kept && !inv->threaded && !inv->join && inv->nalarms == 0
        && inv->pending == 0)
    {
        return NGX_DONE;
    }

    inv->call->log->action = "waiting for handler";

    if (inv->timed && !inv->timer.set) {
        ngx_thrift_timer_set(&inv->timer, inv->deadline);
    }

    return NGX_AGAIN;
}


static ngx_int_t
ngx_thrift_invocation_result(ngx_thrift_invocation_t *inv)
{
    ngx_thrift_call_t  *call;

    call = inv->call;

    if (inv->end == NGX_THRIFT_INVOCATION_FAILED) {
        return ngx_thrift_call_fail(call, inv->type, 500, "%V", &inv->text);
    }

    call->front->hold(call, inv->arena.used + inv->size);

    return NGX_OK;
}


void
ngx_thrift_invocation_advance(ngx_thrift_invocation_t *inv)
{
    ngx_int_t           rc;
    ngx_thrift_call_t  *call;

    call = inv->call;

    if (call == NULL || inv->closed || inv->inside) {
        return;
    }

    ngx_thrift_outbound_deliver(inv);
    ngx_thrift_invocation_join(inv);

    rc = ngx_thrift_invocation_settle(inv);

    if (rc != NGX_AGAIN) {
        ngx_thrift_call_wake(call, rc);
    }
}


static void
ngx_thrift_invocation_join(ngx_thrift_invocation_t *inv)
{
    nthrift_event_pt    fn;
    ngx_thrift_watch_t  watch;

    /* it may ask for another one */

    while (inv->join && inv->pending == 0
           && inv->end == NGX_THRIFT_INVOCATION_OPEN)
    {
        fn = inv->join;
        inv->join = NULL;

        ngx_thrift_invocation_enter(inv, &watch);
        fn(inv->ticket, inv->join_data);
        ngx_thrift_invocation_leave(inv, &watch);
    }
}


void
ngx_thrift_invocation_post(ngx_thrift_invocation_t *inv)
{
    ngx_post_event(&inv->event, &ngx_posted_events);
}


static void
ngx_thrift_invocation_event(ngx_event_t *ev)
{
    ngx_thrift_invocation_advance(ev->data);
}


static void
ngx_thrift_invocation_expired(void *data)
{
    ngx_thrift_invocation_t  *inv = data;

    ngx_thrift_call_t  *call;

    call = inv->call;

    ngx_log_error(NGX_LOG_ERR, call->log, NGX_ETIMEDOUT, "handler timed out");

    ngx_thrift_invocation_abandon(inv, NTHRIFT_CANCEL_DEADLINE);

    ngx_thrift_call_wake(call, ngx_thrift_call_timed_out(call));
}


ngx_uint_t
ngx_thrift_invocation_waits(ngx_thrift_call_t *call)
{
    return call->invocation && !call->invocation->closed && !call->oneway;
}


void
ngx_thrift_invocation_cancel(ngx_thrift_call_t *call)
{
    ngx_thrift_invocation_t  *inv;

    inv = call->invocation;

    if (inv && !inv->closed) {
        ngx_thrift_invocation_abandon(inv, NTHRIFT_CANCEL_CLIENT);
    }
}


/* A thread that runs the method learns of it by what is refused. */

static void
ngx_thrift_invocation_abandon(ngx_thrift_invocation_t *inv,
    nthrift_cancel_e reason)
{
    if (!inv->threaded) {
        inv->end = NGX_THRIFT_INVOCATION_CANCELLED;
        ngx_thrift_invocation_notify(inv, reason);
    }

    ngx_thrift_invocation_close(inv);
}


static void
ngx_thrift_invocation_notify(ngx_thrift_invocation_t *inv,
    nthrift_cancel_e reason)
{
    nthrift_cancel_pt   fn;
    ngx_thrift_watch_t  watch;

    fn = inv->cancel;
    inv->cancel = NULL;

    if (fn) {
        ngx_thrift_invocation_enter(inv, &watch);
        fn(inv->ticket, reason, inv->cancel_data);
        ngx_thrift_invocation_leave(inv, &watch);
    }
}


/* Nothing goes on for it any more, but work in threads. */

static void
ngx_thrift_invocation_close(ngx_thrift_invocation_t *inv)
{
    if (inv->closed) {
        return;
    }

    __atomic_store_n(&inv->closed, 1, __ATOMIC_RELEASE);

    /* a thread goes on until its method returns, and may ask what it likes */

    if (!inv->threaded) {
        ngx_thrift_ticket_drop(inv->ticket);
    }

    ngx_thrift_alarm_close_all(inv);
    ngx_thrift_outbound_close_all(inv);
    ngx_thrift_timer_close(&inv->timer);

    if (inv->event.posted) {
        ngx_delete_posted_event(&inv->event);
    }
}


void
ngx_thrift_invocation_release(ngx_thrift_call_t *call)
{
    ngx_thrift_invocation_t  *inv;

    inv = call->invocation;

    if (inv == NULL) {
        return;
    }

    call->invocation = NULL;

    ngx_thrift_invocation_close(inv);

    inv->call = NULL;

    if (inv->works == 0) {
        ngx_thrift_invocation_free(inv);
    }
}


void
ngx_thrift_invocation_unwork(ngx_thrift_invocation_t *inv)
{
    inv->works--;

    if (inv->works == 0 && inv->call == NULL) {
        ngx_thrift_invocation_free(inv);
    }
}


ngx_int_t
ngx_thrift_invocation_keep_blocks(ngx_thrift_invocation_t *inv)
{
    ngx_queue_t            *q;
    ngx_thrift_outbound_t  *ob;

    if (ngx_thrift_invocation_keep_message(inv, &inv->call->request)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (q = ngx_queue_head(&inv->outbound);
         q != ngx_queue_sentinel(&inv->outbound);
         q = ngx_queue_next(q))
    {
        ob = ngx_queue_data(q, ngx_thrift_outbound_t, queue);

        if (ob->delivered && ob->call
            && ngx_thrift_invocation_keep_message(inv, &ob->call->reply)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_invocation_keep_message(ngx_thrift_invocation_t *inv,
    ngx_thrift_message_t *m)
{
    ngx_thrift_kept_t     *kept;
    ngx_thrift_segment_t  *segment;

    for (segment = m->first; segment; segment = segment->next) {

        if (segment->block == NULL) {
            continue;
        }

        kept = ngx_thrift_invocation_alloc(inv, sizeof(ngx_thrift_kept_t));
        if (kept == NULL) {
            return NGX_ERROR;
        }

        kept->block = segment->block;
        ngx_thrift_block_ref(kept->block);

        kept->next = inv->kept_blocks;
        inv->kept_blocks = kept;
    }

    return NGX_OK;
}


const nthrift_call_info_t *
ngx_thrift_invocation_info(ngx_thrift_invocation_t *inv)
{
    ngx_str_t             client, *service;
    nthrift_call_info_t  *info;

    info = &inv->info;

    if (inv->has_info) {
        return info;
    }

    inv->call->front->client(inv->call, &client);

    service = &inv->call->target->service;

    info->seqid = inv->head.seqid;
    info->oneway = inv->oneway;

    if (ngx_thrift_invocation_copy(inv, &info->client, client.data, client.len)
        != NGX_OK
        || ngx_thrift_invocation_copy(inv, &info->service, service->data,
                                      service->len)
           != NGX_OK
        || ngx_thrift_invocation_copy(inv, &info->method, inv->head.name.data,
                                      inv->head.name.len)
           != NGX_OK)
    {
        return NULL;
    }

    inv->has_info = 1;

    return info;
}


static ngx_int_t
ngx_thrift_invocation_copy(ngx_thrift_invocation_t *inv, nthrift_str_t *to,
    const void *data, size_t len)
{
    to->data = nthrift_arena_copy(&inv->arena, data, len);
    to->len = len;

    return to->data ? NGX_OK : NGX_ERROR;
}


int
ngx_thrift_invocation_end(ngx_thrift_invocation_t *inv, ngx_uint_t end)
{
    if (inv->end == NGX_THRIFT_INVOCATION_CANCELLED) {
        return NTHRIFT_DECLINED;
    }

    if (inv->end != NGX_THRIFT_INVOCATION_OPEN) {
        ngx_thrift_invocation_error(inv, "handler replied to a call twice");
        return NTHRIFT_DECLINED;
    }

    inv->end = end;

    if (inv->inside == 0 && !inv->threaded) {
        ngx_thrift_invocation_post(inv);
    }

    return NTHRIFT_OK;
}


int
ngx_thrift_invocation_fail(ngx_thrift_invocation_t *inv, int32_t type,
    const char *text, size_t len)
{
    int     rc;
    u_char *p;

    rc = ngx_thrift_invocation_end(inv, NGX_THRIFT_INVOCATION_FAILED);

    if (rc != NTHRIFT_OK) {
        return rc;
    }

    inv->type = type;

    p = ngx_thrift_invocation_alloc(inv, len + 1);

    if (p) {
        ngx_memcpy(p, text, len);
        inv->text.data = p;
        inv->text.len = len;
    }

    return NTHRIFT_OK;
}


void
ngx_thrift_invocation_error(ngx_thrift_invocation_t *inv, const char *text)
{
    ngx_thrift_invocation_log(inv, NTHRIFT_LOG_ERROR, text,
                              ngx_strlen(text));
}


void
ngx_thrift_invocation_log(ngx_thrift_invocation_t *inv, int level,
    const char *text, size_t len)
{
    ngx_thrift_line_t  *line;

    if (ngx_thrift_in_loop()) {
        ngx_log_error(ngx_thrift_log_level(level), inv->call->log, 0, "%*s",
                      len, text);
        return;
    }

    line = ngx_thrift_invocation_alloc(inv, sizeof(ngx_thrift_line_t) + len);

    if (line == NULL) {
        return;
    }

    line->level = level;
    line->text.len = len;
    line->text.data = (u_char *) (line + 1);
    ngx_memcpy(line->text.data, text, len);

    *inv->lines_last = line;
    inv->lines_last = &line->next;
}


/* Nothing that a handler says is worse than an error. */

ngx_uint_t
ngx_thrift_log_level(int level)
{
    if (level < NGX_LOG_ERR) {
        return NGX_LOG_ERR;
    }

    return ngx_min(level, NGX_LOG_DEBUG);
}


ngx_uint_t
ngx_thrift_in_loop(void)
{
    return pthread_equal(pthread_self(), ngx_thrift_loop);
}


void
ngx_thrift_invocation_init(void)
{
    ngx_thrift_loop = pthread_self();
}


void
ngx_thrift_invocation_free_all(void)
{
    ngx_thrift_invocation_t  *inv;

    while (ngx_thrift_free_invocations) {
        inv = ngx_thrift_free_invocations;
        ngx_thrift_free_invocations = inv->next;
        ngx_free(inv);
    }

    ngx_thrift_nfree_invocations = 0;
}
