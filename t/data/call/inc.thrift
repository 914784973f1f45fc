include "found.thrift"

service Inc {
    found.Thing get(1: found.Thing thing)
}
