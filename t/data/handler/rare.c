/*
 * rare.c: a handler for t/handler_*.t, which asks for what is allowed, but not
 * often done: from within callbacks, at once, again and again.
 */

#define _POSIX_C_SOURCE  200809L

#include "rare.h"

#include <time.h>


#define MAX_SEEN  1024


static char             seen[MAX_SEEN];
static nthrift_call_t  *waiting;
static bool             stopped;


static void
see(const char *format, ...)
{
    size_t   n;
    va_list  args;

    n = strlen(seen);

    va_start(args, format);
    (void) vsnprintf(seen + n, sizeof(seen) - n, format, args);
    va_end(args);
}


static void
nap(int msec)
{
    struct timespec  ts;

    ts.tv_sec = msec / 1000;
    ts.tv_nsec = msec % 1000 * 1000000L;

    (void) nanosleep(&ts, NULL);
}


static int
is(nthrift_str_t s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}


static void
on_wait_cancelled(nthrift_call_t *call, nthrift_cancel_e reason, void *data)
{
    (void) call;
    (void) data;

    see("cancelled:%d ", (int) reason);
}


static void
wait_for(nthrift_call_t *call, const Rare_wait_args_t *args)
{
    (void) args;

    waiting = call;
    see("waits ");

    (void) nthrift_call_keep(call);
    (void) nthrift_call_on_cancel(call, on_wait_cancelled, NULL);
}


static void
release(nthrift_call_t *call)
{
    see("released:%d ", Rare_wait_reply(waiting, NTHRIFT_STR("released")));

    Rare_act_reply(call, NTHRIFT_STR("done"));
}


/* Loops that others have to live beside; they end when they are told to. */

static void
on_zero(nthrift_call_t *call, void *data)
{
    if (stopped) {
        Rare_act_reply(call, NTHRIFT_STR("stopped"));
        return;
    }

    (void) nthrift_call_timer(call, 0, on_zero, data);
}


static void
on_slow(nthrift_call_t *call, void *data)
{
    nap(120);
    see("loop ");

    if (stopped) {
        Rare_act_reply(call, NTHRIFT_STR("stopped"));
        return;
    }

    (void) nthrift_call_timer(call, 1, on_slow, data);
}


static void
on_join(nthrift_call_t *call, void *data)
{
    if (stopped) {
        Rare_act_reply(call, NTHRIFT_STR("stopped"));
        return;
    }

    (void) nthrift_call_join(call, on_join, data);
}


static void
on_answer(nthrift_call_t *call, const nthrift_failure_t *failure,
    const Rare_seen_result_t *result, void *data)
{
    Rare_seen_args_t  args;

    (void) failure;
    (void) result;

    if (stopped) {
        Rare_act_reply(call, NTHRIFT_STR("stopped"));
        return;
    }

    Rare_seen_args_init(&args);
    (void) Rare_seen_call(call, "nowhere", &args, on_answer, data);
}


static void
on_worker(nthrift_worker_t *worker, void *data)
{
    if (!stopped) {
        (void) nthrift_worker_timer(worker, 0, on_worker, data);
    }
}


static void
on_tick(nthrift_call_t *call, void *data)
{
    int  *left = data;

    if (--*left == 0) {
        Rare_act_reply(call, NTHRIFT_STR("ticked"));
        return;
    }

    if (nthrift_call_timer(call, 1, on_tick, left) < 0) {
        nthrift_call_fail(call, "no timer, %d left", *left);
    }
}


/* Each of what goes on for a call; what fails has an answer, too. */

static void
on_asked(nthrift_call_t *call, const nthrift_failure_t *failure,
    const Rare_act_result_t *result, void *data)
{
    (void) data;

    if (failure != NULL) {
        nthrift_call_fail(call, "asked: %.*s", NTHRIFT_ARG(failure->text));
        return;
    }

    Rare_act_reply(call, result->success);
}


static void
act_ask(nthrift_call_t *call, const char *upstream, nthrift_str_t what)
{
    Rare_act_args_t  args;

    args.what = what;

    if (Rare_act_call(call, upstream, &args, on_asked, NULL) != NTHRIFT_OK) {
        nthrift_call_fail(call, "cannot ask");
    }
}


static void
do_work(void *data)
{
    ++*(int *) data;
}


static void
on_worked(nthrift_call_t *call, void *data)
{
    Rare_act_reply(call, nthrift_call_format(call, "worked %d",
                                             *(int *) data));
}


static void
act_work(nthrift_call_t *call)
{
    int  *n;

    n = nthrift_call_alloc(call, sizeof(int));

    if (n == NULL
        || nthrift_call_work(call, "pool", do_work, on_worked, n)
           != NTHRIFT_OK)
    {
        nthrift_call_fail(call, "cannot work");
    }
}


static void
act_ticks(nthrift_call_t *call, int n)
{
    int  *left;

    left = nthrift_call_alloc(call, sizeof(int));

    if (left == NULL) {
        nthrift_call_fail(call, "cannot tick");
        return;
    }

    *left = n + 1;
    on_tick(call, left);
}


/* No memory is left for anything: each refusal has a reason in the log. */

static void
act_full(nthrift_call_t *call)
{
    while (nthrift_call_alloc(call, 8) != NULL) { /* void */ }

    see("timer:%d ", nthrift_call_timer(call, 1, on_zero, NULL));
    see("work:%d ", nthrift_call_work(call, "pool", do_work, NULL, NULL));

    Rare_act_reply(call, NTHRIFT_STR("full"));
    see("keep:%d cancel:%d ", nthrift_call_keep(call),
        nthrift_call_on_cancel(call, NULL, NULL));
}


static void
act(nthrift_call_t *call, const Rare_act_args_t *args)
{
    nthrift_str_t  what;

    what = args->what;

    if (is(what, "nap")) {
        nap(200);
        Rare_act_reply(call, what);

    } else if (is(what, "release")) {
        release(call);

    } else if (is(what, "late")) {
        nap(700);
        release(call);

    } else if (is(what, "stop")) {
        stopped = true;
        Rare_act_reply(call, what);

    } else if (is(what, "go")) {
        stopped = false;
        Rare_act_reply(call, what);

    } else if (is(what, "zero")) {
        see("loop ");
        on_zero(call, NULL);

    } else if (is(what, "slow")) {
        (void) nthrift_call_timer(call, 1, on_slow, NULL);

    } else if (is(what, "join")) {
        see("loop ");
        on_join(call, NULL);

    } else if (is(what, "retry")) {
        see("loop ");
        on_answer(call, NULL, NULL, NULL);

    } else if (is(what, "worker")) {
        see("loop ");
        on_worker(nthrift_call_worker(call), NULL);
        (void) nthrift_call_timer(call, 10, on_zero, NULL);

    } else if (is(what, "ticks")) {
        act_ticks(call, 1000);

    } else if (is(what, "long")) {
        act_ticks(call, 3000);

    } else if (is(what, "tick")) {
        act_ticks(call, 2);

    } else if (is(what, "ask")) {
        act_ask(call, "self", NTHRIFT_STR("asked"));

    } else if (is(what, "again")) {
        act_ask(call, "self", what);

    } else if (is(what, "ask long")) {
        act_ask(call, "own", NTHRIFT_STR("long"));

    } else if (is(what, "work")) {
        act_work(call);

    } else if (is(what, "full")) {
        act_full(call);

    } else {
        Rare_act_reply(call, what);
    }
}


static void
size(nthrift_call_t *call, const Rare_size_args_t *args)
{
    Rare_size_reply(call, nthrift_call_format(call, "%zu", args->inners.n));
}


static void
what_was_seen(nthrift_call_t *call, const Rare_seen_args_t *args)
{
    (void) args;

    Rare_seen_reply(call, nthrift_str_of(seen, strlen(seen)));
    seen[0] = '\0';
}


Rare_HANDLER(.act = act, .wait = wait_for, .size = size,
             .seen = what_was_seen)

Empty_HANDLER(.on_start = NULL)
