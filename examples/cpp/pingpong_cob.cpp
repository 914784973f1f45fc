/*
 * PingPong in C++, of cob_style: a method replies by calling "cob", whenever
 * it likes.  Here add takes two seconds and holds up nobody.  "make examples"
 * builds it; to build it by hand:
 *
 *     thrift --gen cpp:cob_style,no_skeleton -out gen pingpong.thrift
 *     g++ -shared -fPIC -fvisibility=hidden -O2 -Igen -I../../src \
 *         -o pingpong_cob.so pingpong_cob.cpp gen/PingPong.cpp \
 *         gen/pingpong_types.cpp -lthrift
 */

#include "PingPong.h"
#include "nthrift_cpp.hpp"


namespace {


const uint32_t  add_takes = 2000;       /* milliseconds */


class Handler : public demo::PingPongCobSvIf {
public:
    void
    ping(std::function<void(std::string const &)> cob) override
    {
        cob("pong");
    }

    /* Until it fires, the timer holds cob: if the client leaves, both go. */

    void
    add(std::function<void(int64_t const &)> cob,
        std::function<void(apache::thrift::TDelayedException *)> exn_cob,
        const int32_t a, const int64_t b) override
    {
        int64_t         sum;
        demo::Overflow  overflow;

        if (__builtin_add_overflow(b, a, &sum)) {
            overflow.why = "the sum is no i64";
            exn_cob(apache::thrift::TDelayedException::delayException(
                overflow));
            return;
        }

        nthrift::timer(add_takes, [cob, sum]() { cob(sum); });
    }
};


}


NTHRIFT_CPP_COB_HANDLER(PingPong, demo::PingPongAsyncProcessor,
                        std::make_shared<Handler>());
