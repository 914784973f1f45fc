/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/host/sync.cpp: a handler for t/adapters.t, as "thrift --gen cpp" has it.
 */

#include "Test.h"
#include "nthrift_cpp.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>


namespace {


const int  together_takes = 20;         /* seconds at most */


class Handler : public adapters::TestIf {
public:
    explicit Handler(const nthrift_worker_t *worker) : inside(0)
    {
        const char  *text;

        text = nthrift_worker_arg(worker, "throw");

        if (text != nullptr) {
            throw std::runtime_error(text);
        }

        if (nthrift_worker_arg(worker, "odd") != nullptr) {
            throw 42;
        }
    }

    int32_t
    low(const int32_t n) override
    {
        return n + 1;
    }

    int32_t
    middle(const int32_t n) override
    {
        return n + 2;
    }

    void
    echo(std::string &_return, const std::string &text) override
    {
        _return = text;
    }

    void
    item(adapters::Item &_return, const adapters::Item &item) override
    {
        _return = item;
    }

    void
    about(std::string &_return) override
    {
        nthrift_call_t             *call;
        const nthrift_call_info_t  *info;

        call = nthrift::current_call();
        info = nthrift_call_info(call);

        nthrift_call_log(call, NTHRIFT_LOG_INFO, "about was here");

        _return = std::string(info->service.data,
                              info->service.data + info->service.len)
                  + "." + std::string(info->method.data,
                                      info->method.data + info->method.len)
                  + " " + std::to_string(info->seqid)
                  + " " + std::to_string(nthrift_call_left(call))
                  + " " + std::to_string(nthrift::timer(1, []() {}));
    }

    int32_t
    refuse(const int32_t code) override
    {
        adapters::Refused  refused;

        switch (code) {

        case 0:
            return 0;

        case 1:
            refused.code = code;
            refused.why = "as declared";
            throw refused;

        case 2:
            throw std::runtime_error("not declared");

        default:
            throw code;
        }
    }

    void
    tell(const std::string &text) override
    {
        if (text == "throw") {
            throw std::runtime_error("not heard");
        }

        nthrift_call_log(nthrift::current_call(), NTHRIFT_LOG_INFO,
                         "was told %s", text.c_str());
    }

    int32_t
    together(const int32_t n) override
    {
        std::unique_lock<std::mutex>  lock(mutex);

        inside++;
        changed.notify_all();

        if (!changed.wait_for(lock, std::chrono::seconds(together_takes),
                              [this, n]() { return inside >= n; }))
        {
            throw std::runtime_error("they did not come");
        }

        return n;
    }

    int64_t
    later(const std::string &how) override
    {
        if (how == "memory") {
            return static_cast<int64_t>(
                nthrift_call_format(nthrift::current_call(), "%*d", 99999999,
                                    1).len);
        }

        return static_cast<int64_t>(how.size());
    }

private:
    std::mutex               mutex;
    std::condition_variable  changed;
    int32_t                  inside;
};


/* Answers what is no reply, or nothing at all. */

class Wrong : public apache::thrift::TProcessor {
public:
    bool
    process(std::shared_ptr<apache::thrift::protocol::TProtocol> in,
        std::shared_ptr<apache::thrift::protocol::TProtocol> out,
        void *) override
    {
        int32_t                                seqid;
        std::string                            name;
        apache::thrift::protocol::TMessageType type;

        in->readMessageBegin(name, type, seqid);

        if (name == "false") {
            return false;
        }

        if (name == "another") {
            out->writeMessageBegin(name, apache::thrift::protocol::T_REPLY,
                                   seqid + 1);
            out->writeByte(0);
        }

        return true;
    }
};


}


NTHRIFT_CPP_HANDLER(Test, adapters::TestProcessor,
                    std::make_shared<Handler>(worker));

NTHRIFT_CPP_PROCESSOR(Wrong, std::make_shared<Wrong>());

NTHRIFT_CPP_PROCESSOR(Nothing,
                      std::shared_ptr<apache::thrift::TProcessor>());
