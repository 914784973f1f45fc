include "weather.thrift"

struct Report {
    1: string upstream,
    2: optional string temperature,
    3: optional string failure
}

exception Nobody {
    1: string message
}

service Gather {
    /** What each of the upstreams says. */
    list<Report> temperatures(1: required weather.Location location)
        throws (1: Nobody nobody)
}
