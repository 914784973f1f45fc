/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tools/host/event.c: the clock, which only moves when it is told to; what
 * happens later, in the order of its time; and threads, whose end is an event
 * as well.
 */

#include "host_private.h"


static void host_event_insert(host_event_t *ev, uint32_t msec);
static void host_event_nothing(host_event_t *ev);
static host_event_t *host_event_next(host_t *h, int64_t until);
static int host_event_start_thread(host_event_t *ev);
static void *host_event_thread(void *data);
static void host_event_returned(host_event_t *ev);
static void host_event_worked(host_event_t *ev);


static pthread_cond_t  host_event_cond = PTHREAD_COND_INITIALIZER;


/*
 * `call` is NULL for an event of the worker.  With a `run` that is NULL the
 * call advances and nothing else happens.
 */

host_event_t *
host_event_post(host_t *h, host_call_t *call, uint32_t msec, host_event_pt run)
{
    host_event_t  *ev;

    ev = calloc(1, sizeof(host_event_t));
    if (ev == NULL) {
        return NULL;
    }

    ev->run = (run != NULL) ? run : host_event_nothing;
    ev->host = h;
    ev->call = call;

    host_event_insert(ev, msec);

    return ev;
}


static void
host_event_insert(host_event_t *ev, uint32_t msec)
{
    host_event_t  **last;

    ev->when = ev->host->now + msec;

    for (last = &ev->host->events; *last != NULL; last = &(*last)->next) {
        if ((*last)->when > ev->when) {
            break;
        }
    }

    ev->next = *last;
    *last = ev;
}


static void
host_event_nothing(host_event_t *ev)
{
    (void) ev;
}


host_event_t *
host_event_find(host_t *h, host_call_t *call, int number)
{
    host_event_t  *ev;

    for (ev = h->events; ev != NULL; ev = ev->next) {
        if (ev->call == call && ev->number == number) {
            return ev;
        }
    }

    return NULL;
}


void
host_event_remove(host_event_t *ev)
{
    host_event_t  **last;

    last = &ev->host->events;

    while (*last != ev) {
        last = &(*last)->next;
    }

    *last = ev->next;
    free(ev);
}


/* Work is done, also for a call that has ended. */

void
host_event_remove_all(host_t *h, host_call_t *call)
{
    host_event_t  *ev, **last;

    last = &h->events;

    while (*last != NULL) {
        ev = *last;

        if (ev->call != call || ev->work) {
            last = &ev->next;
            continue;
        }

        *last = ev->next;
        free(ev);
    }
}


void
host_advance(host_t *h, uint32_t msec)
{
    int64_t        until;
    host_event_t  *ev;

    host_lock();

    until = h->now + msec;

    for ( ;; ) {
        ev = host_event_next(h, until);

        if (ev == NULL) {
            break;
        }

        host_unlock();

        ev->run(ev);

        if (ev->call != NULL) {
            host_call_advance(ev->call);
            host_call_release(ev->call);
        }

        free(ev);

        host_lock();
    }

    h->now = until;

    host_unlock();
}


/* Taken out of the list.  Time stands still while threads run. */

static host_event_t *
host_event_next(host_t *h, int64_t until)
{
    host_event_t  *ev;

    for ( ;; ) {
        ev = h->events;

        if (ev != NULL && ev->when <= h->now) {
            break;
        }

        if (h->busy != 0) {
            host_wait(&host_event_cond);
            continue;
        }

        if (ev == NULL || ev->when > until) {
            return NULL;
        }

        h->now = ev->when;
        break;
    }

    h->events = ev->next;

    return ev;
}


/* Runs a method: here, or on a thread of its own. */

int
host_event_run_method(host_call_t *call)
{
    host_event_t  *ev;

    if (!call->host->options.threads) {
        host_call_enter(call);
        host_call_run(call);
        host_call_leave(call);
        host_call_advance(call);

        return NTHRIFT_OK;
    }

    ev = calloc(1, sizeof(host_event_t));
    if (ev == NULL) {
        return NTHRIFT_ERROR;
    }

    ev->run = host_event_returned;
    ev->host = call->host;
    ev->call = call;
    ev->work = true;

    call->threaded = true;
    call->works++;

    return host_event_start_thread(ev);
}


/* The thread of the method is through. */

static void
host_event_returned(host_event_t *ev)
{
    (void) pthread_join(ev->thread, NULL);

    ev->call->threaded = false;
    ev->call->works--;
}


/* nthrift_call_work() */

int
host_event_work(host_call_t *call, nthrift_work_pt work, nthrift_event_pt done,
    void *data)
{
    host_event_t  *ev;

    ev = calloc(1, sizeof(host_event_t));
    if (ev == NULL) {
        return NTHRIFT_ERROR;
    }

    ev->run = host_event_worked;
    ev->host = call->host;
    ev->call = call;
    ev->work = true;
    ev->job = work;
    ev->fn.event = done;
    ev->data = data;

    call->pending++;
    call->works++;

    if (call->host->options.work) {
        return host_event_start_thread(ev);
    }

    host_event_insert(ev, 0);

    return NTHRIFT_OK;
}


static void
host_event_worked(host_event_t *ev)
{
    host_call_t  *call;

    call = ev->call;

    if (ev->host->options.work) {
        (void) pthread_join(ev->thread, NULL);

    } else {
        ev->job(ev->data);
    }

    call->pending--;
    call->works--;

    if (call->result.end == HOST_OPEN) {
        host_call_enter(call);
        ev->fn.event(call->ticket, ev->data);
        host_call_leave(call);
    }
}


static int
host_event_start_thread(host_event_t *ev)
{
    host_lock();

    if (pthread_create(&ev->thread, NULL, host_event_thread, ev) != 0) {
        fprintf(stderr, "host: no thread\n");
        abort();
    }

    ev->host->busy++;

    host_unlock();

    return NTHRIFT_OK;
}


static void *
host_event_thread(void *data)
{
    host_event_t  *ev = data;

    if (ev->job != NULL) {
        ev->job(ev->data);

    } else {
        host_call_run(ev->call);
    }

    host_lock();

    ev->host->busy--;
    host_event_insert(ev, 0);
    (void) pthread_cond_signal(&host_event_cond);

    host_unlock();

    return NULL;
}
