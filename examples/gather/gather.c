/*
 * Gather: asks WeatherService of three upstreams at once, and answers when all
 * have: what they said, or why they did not.
 *
 *     upstream north { server 127.0.0.1:9091; }
 *     upstream south { server 127.0.0.1:9092; }
 *     upstream west  { server 127.0.0.1:9093; }
 */

#include "gather.h"


static const char *const  upstreams[] = { "north", "south", "west" };

#define N_UPSTREAMS  (sizeof(upstreams) / sizeof(upstreams[0]))


/* Of one call: lives in its memory. */

typedef struct {
    Report_t  reports[N_UPSTREAMS];
    size_t    answers;
} gather_t;


static void
on_answer(nthrift_call_t *call, const nthrift_failure_t *failure,
    const WeatherService_getTemperature_result_t *result, void *data)
{
    Report_t  *report = data;

    (void) call;

    if (failure != NULL) {
        report->has_failure = true;
        report->failure = failure->text;
        return;
    }

    report->has_temperature = true;
    report->temperature = result->success;
}


static void
on_all(nthrift_call_t *call, void *data)
{
    size_t                         i;
    gather_t                      *g = data;
    Gather_temperatures_success_t  reports = { N_UPSTREAMS, g->reports };

    for (i = 0; i < N_UPSTREAMS; i++) {
        g->answers += g->reports[i].has_temperature;
    }

    if (g->answers == 0) {
        Gather_temperatures_throw_nobody(call, (Nobody_t) {
                                         NTHRIFT_STR("nobody knows") });
        return;
    }

    Gather_temperatures_reply(call, reports);
}


static void
temperatures(nthrift_call_t *call, const Gather_temperatures_args_t *args)
{
    size_t                                i;
    gather_t                             *g;
    WeatherService_getTemperature_args_t  ask;

    g = nthrift_call_need(call, sizeof(gather_t));

    if (g == NULL) {
        return;
    }

    ask.location = args->location;

    for (i = 0; i < N_UPSTREAMS; i++) {
        g->reports[i].upstream = nthrift_str_of(upstreams[i],
                                                strlen(upstreams[i]));

        WeatherService_getTemperature_call(call, upstreams[i], &ask, on_answer,
                                           &g->reports[i]);
    }

    nthrift_call_join(call, on_all, g);
}


Gather_HANDLER(.temperatures = temperatures)
