/*
 * PingPong in C++, as for any of Apache's servers; the last line makes it a
 * handler for nginx.  "make examples-adapters" builds it; to build it by hand:
 *
 *     thrift --gen cpp:no_skeleton -out gen pingpong.thrift
 *     g++ -shared -fPIC -fvisibility=hidden -O2 -Igen -I../../src \
 *         -o pingpong.so pingpong.cpp gen/PingPong.cpp gen/pingpong_types.cpp \
 *         -lthrift
 */

#include "PingPong.h"
#include "nthrift_cpp.hpp"


namespace {


class Handler : public demo::PingPongIf {
public:
    void
    ping(std::string &_return) override
    {
        _return = "pong";
    }

    int64_t
    add(const int32_t a, const int64_t b) override
    {
        int64_t         sum;
        demo::Overflow  overflow;

        if (__builtin_add_overflow(b, a, &sum)) {
            overflow.why = "the sum is no i64";
            throw overflow;
        }

        return sum;
    }
};


}


NTHRIFT_CPP_HANDLER(PingPong, demo::PingPongProcessor,
                    std::make_shared<Handler>());
