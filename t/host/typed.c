/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/host/typed.c: a handler of "nthrift gen" for t/adapters.t and
 * fuzz/handler_fuzz.c: what the host does for it, and what it refuses.
 */

#include "adapters.h"


#define TYPED_MSEC  10


typedef struct {
    nthrift_call_t  *call;
    int64_t          sum;
    int              timer;
} typed_sum_t;


static void
low(nthrift_call_t *call, const Low_low_args_t *args)
{
    Low_low_reply(call, (int32_t) ((uint32_t) args->n + 1));
}


static void
middle(nthrift_call_t *call, const Middle_middle_args_t *args)
{
    Middle_middle_reply(call, (int32_t) ((uint32_t) args->n + 2));
}


static void
echo(nthrift_call_t *call, const Test_echo_args_t *args)
{
    Test_echo_reply(call, args->text);
}


static void
item(nthrift_call_t *call, const Test_item_args_t *args)
{
    Test_item_reply(call, args->item);
}


static void
about(nthrift_call_t *call, const Test_about_args_t *args)
{
    nthrift_str_t               text;
    const nthrift_call_info_t  *info;

    (void) args;

    info = nthrift_call_info(call);
    text = nthrift_call_format(call, "%s.%s %d %lld %s", info->service.data,
                               info->method.data, info->seqid,
                               (long long) nthrift_call_left(call),
                               (char *) nthrift_call_state(call));

    nthrift_call_log(call, NTHRIFT_LOG_INFO, "about was here");

    if (text.data != NULL) {
        Test_about_reply(call, text);
    }
}


static void
refuse(nthrift_call_t *call, const Test_refuse_args_t *args)
{
    Refused_t  e;

    if (args->code == 1) {
        memset(&e, 0, sizeof(e));
        e.code = 1;
        e.why = NTHRIFT_STR("as declared");
        Test_refuse_throw_refused(call, e);

    } else if (args->code == 0) {
        Test_refuse_reply(call, 0);

    } else {
        nthrift_call_fail(call, "not declared");
    }
}


static void
tell(nthrift_call_t *call, const Test_tell_args_t *args)
{
    nthrift_call_log(call, NTHRIFT_LOG_INFO, "was told %.*s",
                     NTHRIFT_ARG(args->text));
}


static void
together(nthrift_call_t *call, const Test_together_args_t *args)
{
    Test_together_reply(call, args->n);
}


/* What later() can be told to do.  `sum` is the call's. */

static void
later_fired(nthrift_call_t *call, void *data)
{
    typed_sum_t  *sum = data;

    Test_later_reply(call, sum->sum);
}


static void
later_timer(nthrift_call_t *call, typed_sum_t *sum)
{
    sum->sum = 1;
    sum->timer = nthrift_call_timer(call, TYPED_MSEC, later_fired, sum);
}


/* The first of two is taken back. */

static void
later_cancel_timer(nthrift_call_t *call, typed_sum_t *sum)
{
    int  timer;

    timer = nthrift_call_timer(call, TYPED_MSEC / 2, later_fired, sum);

    sum->sum = nthrift_call_timer_cancel(call, timer) == NTHRIFT_OK
               && nthrift_call_timer_cancel(call, timer) == NTHRIFT_DECLINED;

    (void) nthrift_call_timer(call, TYPED_MSEC, later_fired, sum);
}


static void
later_worked(void *data)
{
    typed_sum_t  *sum = data;

    sum->sum += 40;
}


static void
later_work(nthrift_call_t *call, typed_sum_t *sum)
{
    sum->sum = 2;
    (void) nthrift_call_work(call, NULL, later_worked, later_fired, sum);
}


/* An answer is added, whatever number comes; a failure fails the call. */

static void
later_answered(nthrift_call_t *call, const nthrift_failure_t *failure,
    const Test_later_result_t *result, void *data)
{
    typed_sum_t  *sum = data;

    if (failure != NULL) {
        nthrift_call_fail_type(call, failure->type, "upstream: %.*s%s",
                               NTHRIFT_ARG(failure->text),
                               failure->remote ? " (remote)" : "");
        return;
    }

    if (result->has_refused) {
        Test_later_throw_refused(call, result->refused);
        return;
    }

    sum->sum = (int64_t) ((uint64_t) sum->sum + (uint64_t) result->success);
}


static void
later_ask(nthrift_call_t *call, typed_sum_t *sum, nthrift_str_t how)
{
    Test_later_args_t  args;

    args.how = how;

    (void) Test_later_call(call, "others", &args, later_answered, sum);
}


static void
later_upstream(nthrift_call_t *call, typed_sum_t *sum)
{
    later_ask(call, sum, NTHRIFT_STR("one"));
    (void) nthrift_call_join(call, later_fired, sum);
}


/* A round of two, then one of one. */

static void
later_joined(nthrift_call_t *call, void *data)
{
    later_ask(call, data, NTHRIFT_STR("three"));
    (void) nthrift_call_join(call, later_fired, data);
}


static void
later_rounds(nthrift_call_t *call, typed_sum_t *sum)
{
    later_ask(call, sum, NTHRIFT_STR("one"));
    later_ask(call, sum, NTHRIFT_STR("two"));
    (void) nthrift_call_join(call, later_joined, sum);
}


static void
later_join_nothing(nthrift_call_t *call, typed_sum_t *sum)
{
    sum->sum = 3;
    (void) nthrift_call_join(call, later_fired, sum);
}


static void
later_nothing(nthrift_call_t *call, typed_sum_t *sum)
{
    (void) call;
    (void) sum;
}


static void
later_cancelled(nthrift_call_t *call, nthrift_cancel_e reason, void *data)
{
    typed_sum_t  *sum = data;

    nthrift_call_log(call, NTHRIFT_LOG_INFO, "cancelled: %d, %lld", reason,
                     (long long) sum->sum);
    Test_later_reply(call, 1);
}


static void
later_wait(nthrift_call_t *call, typed_sum_t *sum)
{
    sum->sum = 5;
    (void) nthrift_call_on_cancel(call, later_cancelled, sum);
    (void) nthrift_call_keep(call);
}


static void
later_unheard(nthrift_call_t *call, typed_sum_t *sum)
{
    (void) nthrift_call_on_cancel(call, later_cancelled, sum);
}


static void
later_twice(nthrift_call_t *call, typed_sum_t *sum)
{
    (void) sum;

    Test_later_reply(call, 1);
    Test_later_reply(call, 2);
}


static void
later_as_another(nthrift_call_t *call, typed_sum_t *sum)
{
    (void) sum;

    Low_low_reply(call, 1);
}


/* A result that is none: neither a value nor an exception. */

static void
later_empty(nthrift_call_t *call, typed_sum_t *sum)
{
    Test_later_result_t  result;

    (void) sum;

    memset(&result, 0, sizeof(result));
    (void) nthrift_call_reply(call, &Test_later_method, &result);
}


static void
later_done(nthrift_call_t *call, typed_sum_t *sum)
{
    sum->sum = nthrift_call_done(call);
    Test_later_reply(call, sum->sum);
}


/* As much memory as there is; each byte is there, and zero. */

static void
later_memory(nthrift_call_t *call, typed_sum_t *sum)
{
    char    *p;
    size_t   size;

    for (size = 16; size < 64 * 1024 * 1024; size *= 2) {
        p = nthrift_call_alloc(call, size);

        if (p == NULL) {
            break;
        }

        sum->sum += (p[0] == 0 && p[size - 1] == 0);
        memset(p, 1, size);
    }

    Test_later_reply(call, sum->sum);
}


static const struct {
    const char  *how;
    void       (*run)(nthrift_call_t *call, typed_sum_t *sum);

} typed_hows[] = {
    { "timer", later_timer },
    { "cancel timer", later_cancel_timer },
    { "work", later_work },
    { "upstream", later_upstream },
    { "rounds", later_rounds },
    { "join nothing", later_join_nothing },
    { "nothing", later_nothing },
    { "wait", later_wait },
    { "unheard", later_unheard },
    { "twice", later_twice },
    { "as another", later_as_another },
    { "empty", later_empty },
    { "done", later_done },
    { "memory", later_memory },
};


static void
later(nthrift_call_t *call, const Test_later_args_t *args)
{
    size_t         i;
    typed_sum_t   *sum;

    sum = nthrift_call_alloc(call, sizeof(typed_sum_t));

    if (sum == NULL) {
        nthrift_call_fail(call, "no memory");
        return;
    }

    for (i = 0; i < sizeof(typed_hows) / sizeof(typed_hows[0]); i++) {

        if (args->how.len == strlen(typed_hows[i].how)
            && memcmp(args->how.data, typed_hows[i].how, args->how.len) == 0)
        {
            typed_hows[i].run(call, sum);
            return;
        }
    }

    Test_later_reply(call, (int64_t) args->how.len);
}


static void
typed_tick(nthrift_worker_t *worker, void *data)
{
    (void) data;

    nthrift_worker_log(worker, NTHRIFT_LOG_INFO, "tick");
    (void) nthrift_worker_timer(worker, 1000, typed_tick, NULL);
}


static int
on_start(nthrift_worker_t *worker)
{
    const char  *name;

    name = nthrift_worker_arg(worker, "name");

    if (name == NULL) {
        return nthrift_worker_fail(worker, "no name");
    }

    worker->state = (void *) name;

    return nthrift_worker_timer(worker, 1000, typed_tick, NULL);
}


static void
on_stop(nthrift_worker_t *worker)
{
    nthrift_worker_log(worker, NTHRIFT_LOG_INFO, "stops");
}


Test_HANDLER(.low = low, .middle = middle, .echo = echo, .item = item,
             .about = about, .refuse = refuse, .tell = tell,
             .together = together, .later = later,
             .on_start = on_start, .on_stop = on_stop);
