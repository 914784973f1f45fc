/*
 * probe.c: a handler that does what a test asks for: each function of the
 * API, and each thing that a handler must not do.
 */

#define _POSIX_C_SOURCE  200809L

#include "probe.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>


#define MAX_SEEN  4096
#define MAX_KEPT  64


typedef struct {
    nthrift_call_t  *call;
    char             name[32];
} kept_t;


static pthread_mutex_t  mutex = PTHREAD_MUTEX_INITIALIZER;

static char    seen[MAX_SEEN];          /* under the mutex, as the next */
static kept_t  kept[MAX_KEPT];

static nthrift_call_t  *stale;


static void
see(const char *format, ...)
{
    size_t   n;
    va_list  args;

    (void) pthread_mutex_lock(&mutex);

    n = strlen(seen);

    va_start(args, format);
    (void) vsnprintf(seen + n, sizeof(seen) - n, format, args);
    va_end(args);

    (void) pthread_mutex_unlock(&mutex);
}


static void
nap(int msec)
{
    struct timespec  ts;

    ts.tv_sec = msec / 1000;
    ts.tv_nsec = msec % 1000 * 1000000L;

    (void) nanosleep(&ts, NULL);
}


static void
on_tick(nthrift_worker_t *worker, void *data)
{
    (void) data;

    see("tick ");

    if (nthrift_worker_arg(worker, "ticks") != NULL) {
        (void) nthrift_worker_timer(worker, 20, on_tick, NULL);
    }
}


static int
on_start(nthrift_worker_t *worker)
{
    size_t       i;
    const char  *value;

    for (i = 0; i < worker->n_args; i++) {
        see("%s=%s ", worker->args[i].key, worker->args[i].value);
    }

    value = nthrift_worker_arg(worker, "fail");

    if (value != NULL) {
        return nthrift_worker_fail(worker, "cannot start: %s", value);
    }

    if (nthrift_worker_arg(worker, "ticks") != NULL) {
        (void) nthrift_worker_timer(worker, 20, on_tick, NULL);
    }

    worker->state = seen;

    nthrift_worker_log(worker, NTHRIFT_LOG_NOTICE, "started as %s %u",
                       worker->service, worker->number);

    return NTHRIFT_OK;
}


static void
on_stop(nthrift_worker_t *worker)
{
    nthrift_worker_log(worker, NTHRIFT_LOG_NOTICE, "stopped");
}


static void
nothing(nthrift_call_t *call, const Probe_nothing_args_t *args)
{
    (void) args;

    Probe_nothing_reply(call);
}


static void
echo(nthrift_call_t *call, const Probe_echo_args_t *args)
{
    Other_t    other;
    Refused_t  refused;

    if (args->text.len == 4 && memcmp(args->text.data, "deny", 4) == 0) {
        Refused_init(&refused);
        refused.why = NTHRIFT_STR("denied");
        refused.code = 403;
        Probe_echo_throw_refused(call, refused);
        return;
    }

    if (args->text.len == 5 && memcmp(args->text.data, "other", 5) == 0) {
        other.why = NTHRIFT_STR("another one");
        Probe_echo_throw_other(call, other);
        return;
    }

    if (args->text.len == 4 && memcmp(args->text.data, "fail", 4) == 0) {
        nthrift_call_fail(call, "failed: %.*s", NTHRIFT_ARG(args->text));
        return;
    }

    Probe_echo_reply(call, args->text);
}


static void
outer(nthrift_call_t *call, const Probe_outer_args_t *args)
{
    Probe_outer_reply(call, args->outer);
}


static void
size(nthrift_call_t *call, const Probe_size_args_t *args)
{
    Probe_size_reply(call, nthrift_call_format(call, "%zu", args->inners.n));
}


static int
is(nthrift_str_t s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}


static void
act_later(nthrift_call_t *call, void *data)
{
    Probe_act_reply(call, nthrift_call_format(call, "%s", (char *) data));
}


static void
act_first(nthrift_call_t *call, void *data)
{
    see("fired ");

    if (data != NULL) {
        (void) nthrift_call_timer_cancel(call, *(int *) data);
    }
}


static void
act_cancelled(nthrift_call_t *call, nthrift_cancel_e reason, void *data)
{
    const nthrift_call_info_t  *info;

    info = nthrift_call_info(call);

    see("cancelled:%d:%s:%.*s:%d ", (int) reason, (char *) data,
        NTHRIFT_ARG(info->method),
        Probe_act_reply(call, NTHRIFT_STR("too late")));
}


static void
act_timers(nthrift_call_t *call)
{
    int  *second;

    second = nthrift_call_alloc(call, sizeof(int));

    if (second == NULL) {
        return;
    }

    (void) nthrift_call_timer(call, 10, act_first, second);
    *second = nthrift_call_timer(call, 30, act_first, NULL);
    (void) nthrift_call_timer(call, 60, act_later, (void *) "timers");

    see("%d ", nthrift_call_timer_cancel(call, 77));
}


static void *
act_foreign(void *data)
{
    /* a thread that has no call: everything is refused */

    see("foreign:%d:%d ", Probe_act_reply(data, NTHRIFT_STR("foreign")),
        nthrift_call_alloc(data, 1) != NULL);

    return NULL;
}


static void
act_thread(nthrift_call_t *call)
{
    pthread_t  thread;

    (void) pthread_create(&thread, NULL, act_foreign, call);
    (void) pthread_join(thread, NULL);

    Probe_act_reply(call, NTHRIFT_STR("own"));
}


static void
act_info(nthrift_call_t *call)
{
    const nthrift_call_info_t  *info;

    info = nthrift_call_info(call);

    Probe_act_reply(call, nthrift_call_format(call,
                          "%s %s %d %s %s", (char *) info->service.data,
                          (char *) info->method.data, (int) info->seqid,
                          nthrift_call_left(call) > 1000 ? "long" : "short",
                          nthrift_call_state(call) == seen ? "state" : "none"));
}


static void
act_nothing(nthrift_call_t *call)
{
    (void) call;
}


static void
act_twice(nthrift_call_t *call)
{
    see("first:%d ", Probe_act_reply(call, NTHRIFT_STR("first")));
    see("second:%d ", Probe_act_reply(call, NTHRIFT_STR("second")));
    see("third:%d ", nthrift_call_fail(call, "third"));
}


static void
act_other(nthrift_call_t *call)
{
    see("other:%d ", Probe_nothing_reply(call));
}


static void
act_both(nthrift_call_t *call)
{
    Probe_act_result_t  both;

    memset(&both, 0, sizeof(both));
    both.has_success = true;
    both.has_refused = true;

    see("both:%d ", nthrift_call_reply(call, &Probe_act_method, &both));
}


static void
act_done(nthrift_call_t *call)
{
    (void) nthrift_call_on_cancel(call, act_cancelled, (void *) "done");
    see("done:%d ", nthrift_call_done(call));
}


static void
act_keep_stale(nthrift_call_t *call)
{
    stale = call;
    Probe_act_reply(call, NTHRIFT_STR("kept"));
}


static void
act_use_stale(nthrift_call_t *call)
{
    see("stale:%d:%d:%d:%d:%d:%d ",
        Probe_act_reply(stale, NTHRIFT_STR("stale")),
        nthrift_call_fail(stale, "stale"), nthrift_call_keep(stale),
        nthrift_call_alloc(stale, 1) != NULL,
        nthrift_call_info(stale) != NULL,
        nthrift_call_timer(stale, 1, act_first, NULL));

    Probe_act_reply(call, NTHRIFT_STR("used"));
}


static void
act_no_ticket(nthrift_call_t *call)
{
    see("none:%d:%d ", Probe_act_reply(NULL, NTHRIFT_STR("none")),
        nthrift_call_keep((nthrift_call_t *) (uintptr_t) 0x7fffffffffff));

    Probe_act_reply(call, NTHRIFT_STR("good"));
}


static void
act_forever(nthrift_call_t *call)
{
    (void) nthrift_call_on_cancel(call, act_cancelled, (void *) "forever");
    (void) nthrift_call_keep(call);
}


static void
act_lost_timer(nthrift_call_t *call)
{
    (void) nthrift_call_on_cancel(call, act_cancelled, (void *) "lost");
    (void) nthrift_call_timer(call, 10, act_first, NULL);
}


static void
act_slow(nthrift_call_t *call)
{
    nap(150);
    Probe_act_reply(call, NTHRIFT_STR("slow"));
}


static void
act_ended(nthrift_call_t *call)
{
    nap(1200);

    see("ended:%d:%d:%d:%d ", nthrift_call_info(call) != NULL,
        nthrift_call_alloc(call, 10) != NULL, (int) nthrift_call_left(call),
        Probe_act_reply(call, NTHRIFT_STR("ended")));
}


static void
act_big(nthrift_call_t *call)
{
    nthrift_str_t  big;

    big.len = 3000000;
    big.data = nthrift_call_alloc(call, big.len);

    if (big.data == NULL) {
        return;
    }

    memset(big.data, 'b', big.len);

    Probe_act_reply(call, big);
}


static void
act_much(nthrift_call_t *call)
{
    see("much:%d ", nthrift_call_alloc(call, 200 * 1024 * 1024) != NULL);
    Probe_act_reply(call, NTHRIFT_STR("much"));
}


static void
act_log(nthrift_call_t *call)
{
    nthrift_call_log(call, NTHRIFT_LOG_WARN, "a line of %s", "act\n2");
    Probe_act_reply(call, NTHRIFT_STR("logged"));
}


static void
act_type(nthrift_call_t *call)
{
    nthrift_call_fail_type(call, 77, "%s", "a type of its own");
}


static const struct {
    const char  *what;
    void       (*act)(nthrift_call_t *call);
} acts[] = {
    { "nothing",      act_nothing },
    { "twice",        act_twice },
    { "other method", act_other },
    { "both",         act_both },
    { "done",         act_done },
    { "keep stale",   act_keep_stale },
    { "use stale",    act_use_stale },
    { "no ticket",    act_no_ticket },
    { "timers",       act_timers },
    { "forever",      act_forever },
    { "lost timer",   act_lost_timer },
    { "slow",         act_slow },
    { "ended",        act_ended },
    { "thread",       act_thread },
    { "info",         act_info },
    { "big",          act_big },
    { "much",         act_much },
    { "log",          act_log },
    { "type",         act_type }
};


static void
act(nthrift_call_t *call, const Probe_act_args_t *args)
{
    size_t  i;

    for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (is(args->what, acts[i].what)) {
            acts[i].act(call);
            return;
        }
    }

    Probe_act_reply(call, args->what);
}


static void
told(nthrift_call_t *call, void *data)
{
    (void) data;

    see("told later:%d ", nthrift_call_done(call));
}


static void
tell(nthrift_call_t *call, const Probe_tell_args_t *args)
{
    see("told:%.*s ", NTHRIFT_ARG(args->what));

    if (is(args->what, "later")) {
        (void) nthrift_call_keep(call);
        (void) nthrift_call_timer(call, 20, told, NULL);
    }

    if (is(args->what, "fail")) {
        nthrift_call_fail(call, "told to fail");
    }
}


static void
what_was_seen(nthrift_call_t *call, const Probe_seen_args_t *args)
{
    (void) args;

    (void) pthread_mutex_lock(&mutex);

    Probe_seen_reply(call, nthrift_str_of(seen, strlen(seen)));
    seen[0] = '\0';

    (void) pthread_mutex_unlock(&mutex);
}


static void
wait_cancelled(nthrift_call_t *call, nthrift_cancel_e reason, void *data)
{
    kept_t  *k = data;

    (void) call;

    see("left:%d:%s ", (int) reason, k->name);

    (void) pthread_mutex_lock(&mutex);
    k->call = NULL;
    (void) pthread_mutex_unlock(&mutex);
}


static void
wait_for(nthrift_call_t *call, const Probe_wait_args_t *args)
{
    size_t  i;

    (void) pthread_mutex_lock(&mutex);

    for (i = 0; i < MAX_KEPT && kept[i].call != NULL; i++) { /* void */ }

    if (i < MAX_KEPT) {
        kept[i].call = call;
        (void) snprintf(kept[i].name, sizeof(kept[i].name), "%.*s",
                        NTHRIFT_ARG(args->name));
    }

    (void) pthread_mutex_unlock(&mutex);

    if (i == MAX_KEPT) {
        nthrift_call_fail(call, "too many wait");
        return;
    }

    (void) nthrift_call_keep(call);
    (void) nthrift_call_on_cancel(call, wait_cancelled, &kept[i]);
}


static void
release(nthrift_call_t *call, const Probe_release_args_t *args)
{
    size_t           i;
    int32_t          n;
    nthrift_call_t  *waits;

    n = 0;

    for (i = 0; i < MAX_KEPT; i++) {
        waits = NULL;

        (void) pthread_mutex_lock(&mutex);

        if (kept[i].call != NULL && is(args->name, kept[i].name)) {
            waits = kept[i].call;
            kept[i].call = NULL;
        }

        (void) pthread_mutex_unlock(&mutex);

        if (waits != NULL) {
            n += (Probe_wait_reply(waits, args->name) == NTHRIFT_OK) ? 1 : 100;
        }
    }

    Probe_release_reply(call, n);
}


typedef struct {
    int            left;
    int            failed;
    nthrift_str_t  text;
    char           upstream[32];
} ask_t;


static void
on_echo(nthrift_call_t *call, const nthrift_failure_t *failure,
    const Probe_echo_result_t *result, void *data)
{
    ask_t  *a = data;

    if (failure != NULL) {
        a->failed = 1;
        a->text = nthrift_call_format(call, "%s %d %.*s",
                                      failure->remote ? "remote" : "local",
                                      (int) failure->type,
                                      NTHRIFT_ARG(failure->text));

    } else if (result->has_refused) {
        a->text = nthrift_call_format(call, "refused %d",
                                      (int) result->refused.code);

    } else {
        a->text = result->success;
    }
}


static void
on_all(nthrift_call_t *call, void *data)
{
    ask_t              *a = data;
    Refused_t           refused;
    Probe_echo_args_t   ask;

    if (a->failed) {
        refused.why = a->text;
        refused.code = 502;
        Probe_ask_throw_refused(call, refused);
        return;
    }

    if (--a->left > 0) {

        /* once more, with what came */

        ask.text = a->text;
        Probe_echo_call(call, a->upstream, &ask, on_echo, a);
        (void) nthrift_call_join(call, on_all, a);
        return;
    }

    Probe_ask_reply(call, a->text);
}


static void
ask(nthrift_call_t *call, const Probe_ask_args_t *args)
{
    ask_t              *a;
    Probe_echo_args_t   ask;

    a = nthrift_call_alloc(call, sizeof(ask_t));

    if (a == NULL) {
        return;
    }

    a->left = args->times;
    (void) snprintf(a->upstream, sizeof(a->upstream), "%.*s",
                    NTHRIFT_ARG(args->upstream));

    ask.text = args->text;

    Probe_echo_call(call, a->upstream, &ask, on_echo, a);
    (void) nthrift_call_join(call, on_all, a);
}


typedef struct {
    int   msec;
    long  thread;
} work_t;


static void
do_work(void *data)
{
    work_t  *w = data;

    nap(w->msec);
    w->msec = -w->msec;
}


static void
work_done(nthrift_call_t *call, void *data)
{
    work_t  *w = data;

    see("worked ");

    Probe_work_reply(call, nthrift_call_format(call, "%d", w->msec));
}


static void
work(nthrift_call_t *call, const Probe_work_args_t *args)
{
    int      rc;
    char     name[32];
    work_t  *w;

    w = nthrift_call_alloc(call, sizeof(work_t));

    if (w == NULL) {
        return;
    }

    w->msec = args->milliseconds;

    (void) snprintf(name, sizeof(name), "%.*s", NTHRIFT_ARG(args->pool));

    rc = nthrift_call_work(call, name, do_work, work_done, w);

    if (rc != NTHRIFT_OK) {
        nthrift_call_fail(call, "no work: %d", rc);
    }
}


Probe_HANDLER(.nothing = nothing, .echo = echo, .outer = outer, .size = size,
              .act = act, .tell = tell, .seen = what_was_seen,
              .wait = wait_for, .release = release, .ask = ask, .work = work,
              .on_start = on_start, .on_stop = on_stop)
