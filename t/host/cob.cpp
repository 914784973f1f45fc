/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/host/cob.cpp: a handler for t/adapters.t, as "thrift --gen cpp:cob_style"
 * has it.
 */

#include "Test.h"
#include "adapters.h"
#include "nthrift_cpp.hpp"

#include <map>
#include <vector>


namespace {


typedef std::function<void(int64_t const &)>                        Cob;
typedef std::function<void(apache::thrift::TDelayedException *)>    ExnCob;


class Handler : public adapters::TestCobSvIf {
public:
    Handler()
    {
        hows["twice"] = &Handler::twice;
        hows["drop"] = &Handler::drop;
        hows["keep"] = &Handler::keep;
        hows["release"] = &Handler::release;
        hows["throw"] = &Handler::raise;
        hows["odd"] = &Handler::raise_odd;
        hows["memory"] = &Handler::memory;
        hows["throw later"] = &Handler::raise_later;
        hows["fail"] = &Handler::fail;
        hows["fail later"] = &Handler::fail_later;
        hows["timer"] = &Handler::one_timer;
        hows["timers"] = &Handler::timers;
        hows["plain timer"] = &Handler::plain_timer;
        hows["two timers"] = &Handler::two_timers;
        hows["cancel"] = &Handler::cancel;
        hows["cancel throws"] = &Handler::cancel_throws;
        hows["declared later"] = &Handler::declared_later;
        hows["undeclared later"] = &Handler::undeclared_later;
        hows["upstream"] = &Handler::upstream;
    }

    void
    low(std::function<void(int32_t const &)> cob, const int32_t n) override
    {
        cob(n + 1);
    }

    void
    middle(std::function<void(int32_t const &)> cob, const int32_t n) override
    {
        cob(n + 2);
    }

    void
    echo(std::function<void(std::string const &)> cob,
        const std::string &text) override
    {
        cob(text);
    }

    void
    item(std::function<void(adapters::Item const &)> cob,
        const adapters::Item &item) override
    {
        nthrift::timer(10, [cob, item]() { cob(item); });
    }

    void
    about(std::function<void(std::string const &)> cob) override
    {
        nthrift_call_t  *call;

        call = nthrift::current_call();

        nthrift::timer(10, [cob, call]() {
            cob(nthrift::current_call() == call ? "the same" : "another");
        });
    }

    void
    refuse(std::function<void(int32_t const &)> cob, ExnCob exn_cob,
        const int32_t code) override
    {
        if (code == 0) {
            cob(0);
            return;
        }

        exn_cob(exception(code));
    }

    void
    tell(std::function<void()> cob, const std::string &text) override
    {
        nthrift_call_log(nthrift::current_call(), NTHRIFT_LOG_INFO,
                         "was told %s", text.c_str());

        if (text == "drop") {
            return;
        }

        if (text == "throw") {
            throw std::runtime_error("not heard");
        }

        nthrift::timer(10, [cob]() { cob(); });
    }

    void
    together(std::function<void(int32_t const &)> cob, const int32_t n)
        override
    {
        waiting.push_back(cob);

        if (static_cast<int32_t>(waiting.size()) < n) {
            return;
        }

        std::vector<std::function<void(int32_t const &)> >  all;

        all.swap(waiting);

        for (auto &one : all) {
            one(n);
        }
    }

    void
    later(Cob cob, ExnCob exn_cob, const std::string &how) override
    {
        (this->*hows.at(how))(cob, exn_cob);
    }

private:
    typedef void (Handler::*How)(Cob cob, ExnCob exn_cob);

    static apache::thrift::TDelayedException *
    exception(int32_t code)
    {
        adapters::Refused  refused;

        if (code != 1) {
            return apache::thrift::TDelayedException::delayException(
                std::runtime_error("not declared"));
        }

        refused.code = code;
        refused.why = "as declared";

        return apache::thrift::TDelayedException::delayException(refused);
    }

    void
    memory(Cob cob, ExnCob)
    {
        cob(static_cast<int64_t>(
            nthrift_call_format(nthrift::current_call(), "%*d", 99999999,
                                1).len));
    }

    void
    twice(Cob cob, ExnCob)
    {
        cob(1);
        cob(2);
    }

    void
    drop(Cob, ExnCob)
    {
    }

    /* Of calls that may have ended, when "release" comes. */

    void
    keep(Cob cob, ExnCob)
    {
        kept.push_back(cob);
    }

    void
    release(Cob cob, ExnCob)
    {
        std::vector<Cob>  all;

        all.swap(kept);

        for (auto &one : all) {
            one(5);
        }

        cob(static_cast<int64_t>(all.size()));
    }

    void
    raise(Cob, ExnCob)
    {
        throw std::runtime_error("thrown");
    }

    void
    raise_odd(Cob, ExnCob)
    {
        throw 42;
    }

    void
    raise_later(Cob cob, ExnCob)
    {
        nthrift::timer(10, [cob]() {
            throw std::runtime_error("thrown later");
        });
    }

    void
    fail(Cob cob, ExnCob)
    {
        nthrift::timer(10, [cob]() { cob(1); });
        nthrift_call_fail(nthrift::current_call(), "failed");
    }

    void
    fail_later(Cob cob, ExnCob)
    {
        nthrift::timer(20, [cob]() { cob(1); });
        nthrift::timer(10, []() {
            nthrift_call_fail(nthrift::current_call(), "failed later");
        });
    }

    void
    one_timer(Cob cob, ExnCob)
    {
        nthrift::timer(2000, [cob]() { cob(2000); });
    }

    /* One after another; the first that replies wins. */

    void
    timers(Cob cob, ExnCob)
    {
        nthrift::timer(10, [cob]() {
            nthrift::timer(10, [cob]() { cob(20); });
            nthrift::timer(5, [cob]() { cob(15); });
        });
    }

    struct Pending {
        Cob      cob;
        int64_t  n;
    };

    static void
    plain(nthrift_call_t *, void *data)
    {
        std::unique_ptr<Pending>  pending(static_cast<Pending *>(data));

        pending->cob(pending->n);
    }

    /* Without nthrift::timer(): nobody else frees what it needs. */

    void
    plain_timer(Cob cob, ExnCob)
    {
        nthrift_call_timer(nthrift::current_call(), 10, plain,
                           new Pending { cob, 10 });
    }

    /* The reply comes from where nobody looks after the other one. */

    void
    two_timers(Cob cob, ExnCob exn_cob)
    {
        nthrift::timer(1000, [cob]() { cob(1000); });
        plain_timer(cob, exn_cob);
    }

    void
    cancel(Cob cob, ExnCob)
    {
        kept.push_back(cob);

        nthrift::on_cancel([cob](nthrift_cancel_e reason) {
            nthrift_call_log(nthrift::current_call(), NTHRIFT_LOG_INFO,
                             "cancelled: %d", reason);
            cob(1);
        });
    }

    void
    cancel_throws(Cob cob, ExnCob)
    {
        kept.push_back(cob);

        nthrift::on_cancel([](nthrift_cancel_e) {
            throw std::runtime_error("at the end");
        });
    }

    void
    declared_later(Cob, ExnCob exn_cob)
    {
        nthrift::timer(10, [exn_cob]() { exn_cob(exception(1)); });
    }

    void
    undeclared_later(Cob, ExnCob exn_cob)
    {
        nthrift::timer(10, [exn_cob]() { exn_cob(exception(2)); });
    }

    void
    upstream(Cob cob, ExnCob)
    {
        Test_later_args_t  args;

        args.how = NTHRIFT_STR("one");

        nthrift::upstream<Test_later_result_t>(
            "others", &Test_later_method, &args,
            [cob](const nthrift_failure_t *failure,
                const Test_later_result_t *result) {
                cob(failure ? -failure->type : result->success);
            });
    }

    std::map<std::string, How>                           hows;
    std::vector<Cob>                                     kept;
    std::vector<std::function<void(int32_t const &)> >   waiting;
};


}


NTHRIFT_CPP_COB_HANDLER(Test, adapters::TestAsyncProcessor,
                        std::make_shared<Handler>());

NTHRIFT_CPP_COB_PROCESSOR(Nothing,
                          std::shared_ptr<apache::thrift::TAsyncProcessor>());
