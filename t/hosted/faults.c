/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Faults: the service of t/hosted.t that goes wrong as its real clients want
 * it, and says what of their values has arrived in C.
 */

#include "faults.h"

#include <inttypes.h>
#include <stdlib.h>


#define MOST_TEXT  256      /* bytes of what is told, and of octets in hex */


typedef struct {
    char  text[MOST_TEXT];
} state_t;


static int
start(nthrift_worker_t *worker)
{
    worker->state = calloc(1, sizeof(state_t));

    return (worker->state != NULL) ? NTHRIFT_OK
                                   : nthrift_worker_fail(worker, "no memory");
}


static void
stop(nthrift_worker_t *worker)
{
    free(worker->state);
}


static void
refuse(nthrift_call_t *call, const Faults_refuse_args_t *args)
{
    Refused_t  refused;

    if (args->code == 0) {
        Faults_refuse_reply(call, 0);
        return;
    }

    refused.code = args->code;
    refused.reason = nthrift_call_format(call, "refused %d",
                                         (int) args->code);

    Faults_refuse_throw_refused(call, refused);
}


static void
fail(nthrift_call_t *call, const Faults_fail_args_t *args)
{
    nthrift_call_fail(call, "failed: %.*s", NTHRIFT_ARG(args->why));
}


static void
echo(nthrift_call_t *call, const Faults_echo_args_t *args)
{
    Faults_echo_reply(call, args->everything);
}


static const char *
hex(nthrift_str_t octets, char *text)
{
    size_t  i;

    text[0] = '\0';

    for (i = 0; i < octets.len && 2 * i + 2 < MOST_TEXT; i++) {
        snprintf(text + 2 * i, 3, "%02x", (unsigned) octets.data[i]);
    }

    return text;
}


static int64_t
sum_numbers(nthrift_list_i32_t numbers)
{
    size_t   i;
    int64_t  sum;

    for (i = 0, sum = 0; i < numbers.n; i++) {
        sum += numbers.items[i];
    }

    return sum;
}


static int64_t
sum_members(nthrift_set_i64_t members)
{
    size_t   i;
    int64_t  sum;

    for (i = 0, sum = 0; i < members.n; i++) {
        sum += members.items[i];
    }

    return sum;
}


/* What is in maps and sets may come in any order. */

static nthrift_str_t
containers(nthrift_call_t *call, const Everything_t *e)
{
    if (e->words.n != 2 || e->counts.n != 1 || e->nested.n != 1
        || e->nested.items[0].value.n != 2 || e->flags.n != 3)
    {
        return NTHRIFT_STR("other sizes");
    }

    return nthrift_call_format(call, "numbers %zu/%" PRId64
               " words %.*s+%.*s members %zu/%" PRId64 " counts %.*s=%d"
               " nested %d=%d,%d flags %d%d%d",
               e->numbers.n, sum_numbers(e->numbers),
               NTHRIFT_ARG(e->words.items[0]), NTHRIFT_ARG(e->words.items[1]),
               e->members.n, sum_members(e->members),
               NTHRIFT_ARG(e->counts.items[0].key),
               (int) e->counts.items[0].value, (int) e->nested.items[0].key,
               (int) e->nested.items[0].value.items[0].id,
               (int) e->nested.items[0].value.items[1].id,
               e->flags.items[0], e->flags.items[1], e->flags.items[2]);
}


static void
describe(nthrift_call_t *call, const Faults_describe_args_t *args)
{
    char                 octets[MOST_TEXT];
    nthrift_str_t        more, word;
    const Everything_t  *e = &args->everything;

    more = containers(call, e);
    word = (e->either.field == Either_field_word) ? e->either.u.word
                                                  : NTHRIFT_STR("no word");

    Faults_describe_reply(call, nthrift_call_format(call,
        "yes %d tiny %d small %d middle %d large %" PRId64 " real %g text %.*s"
        " octets %s color %d inner %d %.*s %.*s either %.*s absent %d far %d",
        e->yes, (int) e->tiny, (int) e->small, (int) e->middle, e->large,
        e->real, NTHRIFT_ARG(e->text), hex(e->octets, octets),
        (int) e->color, (int) e->inner.id, NTHRIFT_ARG(e->inner.name),
        NTHRIFT_ARG(more), NTHRIFT_ARG(word), e->has_absent, e->far));
}


static void
tell(nthrift_call_t *call, const Faults_tell_args_t *args)
{
    state_t  *state;

    state = nthrift_call_state(call);

    snprintf(state->text, MOST_TEXT, "%.*s", NTHRIFT_ARG(args->text));
}


static void
told(nthrift_call_t *call, const Faults_told_args_t *args)
{
    state_t  *state;

    (void) args;

    state = nthrift_call_state(call);

    Faults_told_reply(call, nthrift_str_of(state->text, strlen(state->text)));

    state->text[0] = '\0';
}


static void
twice(nthrift_call_t *call, const Faults_twice_args_t *args)
{
    Faults_twice_reply(call, (int32_t) (2 * (uint32_t) args->number));
}


static void
weigh(nthrift_call_t *call, const Faults_weigh_args_t *args)
{
    Faults_weigh_reply(call, args->item.id);
}


Faults_HANDLER(.refuse = refuse, .fail = fail, .echo = echo,
               .describe = describe, .tell = tell, .told = told,
               .twice = twice, .weigh = weigh, .on_start = start,
               .on_stop = stop)
