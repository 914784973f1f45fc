/*
 * WeatherService: a struct as argument, with a field that may be missing.
 */

#include "weather.h"


static const struct {
    const char  *city;
    int          degrees;
} cities[] = {
    { "Berlin", 14 },
    { "Lisbon", 23 },
    { "Oslo", 7 },
    { "Paris", 19 }
};


static void
ping(nthrift_call_t *call, const WeatherService_ping_args_t *args)
{
    (void) args;

    WeatherService_ping_reply(call, true);
}


static int
degrees(nthrift_str_t city)
{
    size_t  i;

    for (i = 0; i < sizeof(cities) / sizeof(cities[0]); i++) {
        if (nthrift_str_is(city, cities[i].city)) {
            return cities[i].degrees;
        }
    }

    return 20;
}


static void
get_temperature(nthrift_call_t *call,
    const WeatherService_getTemperature_args_t *args)
{
    nthrift_str_t      text;
    const Location_t  *where;

    where = &args->location;

    if (where->has_country) {
        text = nthrift_call_format(call, "%d C in %.*s, %.*s",
                                   degrees(where->city),
                                   NTHRIFT_ARG(where->city),
                                   NTHRIFT_ARG(where->country));

    } else {
        text = nthrift_call_format(call, "%d C in %.*s", degrees(where->city),
                                   NTHRIFT_ARG(where->city));
    }

    WeatherService_getTemperature_reply(call, text);
}


WeatherService_HANDLER(.ping = ping, .getTemperature = get_temperature)
