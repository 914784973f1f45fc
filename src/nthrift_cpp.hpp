/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_cpp.hpp: hosts in nginx what Apache's compiler makes of a service
 * with "thrift --gen cpp" or "--gen cpp:cob_style", as it is.  One line makes
 * a shared object for the directive thrift_handler of it:
 *
 *     #include "gen-cpp/PingPong.h"
 *     #include "nthrift_cpp.hpp"
 *
 *     class Handler : public demo::PingPongIf { ... };
 *
 *     NTHRIFT_CPP_HANDLER(PingPong, demo::PingPongProcessor,
 *                         std::make_shared<Handler>())
 *
 * The handler object is made once in each worker process, when that starts;
 * what is thrown then says in the error log why the service does not.  The
 * expression may use the variable "worker" (nthrift_worker_t *), for instance
 * nthrift_worker_arg(worker, "database").
 *
 * A method that returns has replied.  Meanwhile nginx waits, unless it is
 * told to run methods on threads ("threads=" of thrift_handler): then several
 * methods of the one object run at the same time, and it has to be made for
 * that.  NTHRIFT_CPP_COB_HANDLER is for methods that reply later, on the event
 * loop: see nthrift::timer() and nthrift::upstream().
 *
 * No exception leaves a handler.  One that is derived from std::exception and
 * not declared is a TApplicationException for the client, as in Apache's
 * servers, and a line in the error log.
 *
 * C++11, Apache Thrift 0.17 or newer.  docs/adapters.md has the details.
 */

#ifndef NTHRIFT_CPP_HPP
#define NTHRIFT_CPP_HPP

#include "nthrift_handler.h"

#include <thrift/TProcessor.h>
#include <thrift/async/TAsyncProcessor.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>


/* Hidden: every shared object has its own, whatever else is loaded. */

namespace nthrift __attribute__((visibility("hidden"))) {


/*
 * The call whose method runs on this thread, or whose timer and so on does;
 * NULL elsewhere.  For what nthrift_handler.h offers: logs, the deadline, who
 * calls.  It may be kept and used later, and is refused after the call's end.
 */
nthrift_call_t *current_call();


/*
 * For methods of cob_style, and for functions that run because of these: call
 * `fn` later, unless the call has ended by then.  Functions and all that they
 * hold are gone when the call ends.  What they throw fails the call.
 *
 * NTHRIFT_OK; NTHRIFT_DECLINED, when the call has ended; or NTHRIFT_ERROR, as
 * when there is no such call here.  timer() returns the timer's number.
 */

int timer(uint32_t msec, std::function<void()> fn);

/*
 * As nthrift_call_upstream(): `method` and `args` come from a header that
 * "nthrift gen" has made, and Result is the method's ..._result_t.  One of
 * failure and result is not NULL, or none for a oneway.
 */
template <typename Result>
int upstream(const char *name, const nthrift_method_t *method,
    const void *args,
    std::function<void(const nthrift_failure_t *failure,
                       const Result *result)> fn);

/* In place of nthrift_call_on_cancel(), which is taken.  One for a call. */

int on_cancel(std::function<void(nthrift_cancel_e reason)> fn);


namespace adapter {


using apache::thrift::TConfiguration;
using apache::thrift::TException;
using apache::thrift::TProcessor;
using apache::thrift::TProcessorEventHandler;
using apache::thrift::async::TAsyncProcessor;
using apache::thrift::protocol::TBinaryProtocolT;
using apache::thrift::protocol::TCompactProtocolT;
using apache::thrift::protocol::TProtocol;
using apache::thrift::transport::TBufferBase;
using apache::thrift::transport::TMemoryBuffer;


class CobCall;


/* A reply's first bytes; it grows. */

const uint32_t  reply_size = 512;


/* What runs on this thread; `cob` is NULL for a method that is not so. */

struct Current {
    nthrift_call_t  *call;
    CobCall         *cob;
    bool             reading;   /* its message: see Message */
    bool             failed;    /* the call has ended with it: see Errors */
};


/* In static storage: gcc 12's LeakSanitizer fails at any other. */

inline Current &
current()
{
    static thread_local Current
        c __attribute__((tls_model("initial-exec"))) = { nullptr, nullptr,
                                                         false, false };

    return c;
}


class Running {
public:
    Running(nthrift_call_t *call, CobCall *cob) : before(current())
    {
        current().call = call;
        current().cob = cob;
        current().reading = false;
        current().failed = false;
    }

    ~Running()
    {
        current() = before;
    }

    Running(const Running &) = delete;
    Running &operator=(const Running &) = delete;

private:
    Current  before;
};


/* The text of what is being caught, for people. */

inline std::string
caught()
{
    try {
        throw;

    } catch (const std::exception &e) {
        return e.what();

    } catch (...) {
        return "an exception that is no std::exception";
    }
}


/* Is what is being caught the fault of a message that cannot be read? */

inline bool
unreadable()
{
    if (!current().reading) {
        return false;
    }

    try {
        throw;

    } catch (const TException &) {
        return true;

    } catch (...) {
        return false;
    }
}


/* The log says so, too: the client need not be ours. */

inline void
say(nthrift_call_t *call, nthrift_log_e level, const char *what,
    const char *text) noexcept
{
    const nthrift_call_info_t  *info;

    info = nthrift_call_info(call);

    if (info != nullptr) {
        nthrift_call_log(call, level, "%.*s %s: %s",
                         NTHRIFT_ARG(info->method), what, text);
    }
}


inline void
fail(nthrift_call_t *call, const char *text) noexcept
{
    if (nthrift_call_fail(call, "%s", text) == NTHRIFT_OK) {
        say(call, NTHRIFT_LOG_ERROR, "failed", text);
    }
}


/* The client's fault, not ours. */

inline void
refuse(nthrift_call_t *call, const char *text) noexcept
{
    if (nthrift_call_fail_type(call, NTHRIFT_EXC_PROTOCOL_ERROR, "%s", text)
        == NTHRIFT_OK)
    {
        say(call, NTHRIFT_LOG_INFO, "cannot be read", text);
    }
}


inline void
fail_caught(nthrift_call_t *call) noexcept
{
    try {
        if (unreadable()) {
            refuse(call, caught().c_str());

        } else {
            fail(call, caught().c_str());
        }

    } catch (...) {
        fail(call, "no memory");
    }
}


/*
 * What a processor says of exceptions that are not declared.  Called while one
 * is caught.  That of a oneway method it keeps to itself: it ends the call
 * here, if the method is one that has replied when it returns.  (Of cob_style
 * it lets it pass; and what is called back may be another call's.)  One of
 * cob_style calls this for a message that it cannot read, too.
 */

class Errors : public TProcessorEventHandler {
public:
    explicit Errors(bool s) : sync(s)
    {
    }

    void
    handlerError(void *, const char *name) override
    {
        std::string                 text;
        nthrift_call_t             *call;
        const nthrift_call_info_t  *info;

        call = current().call;

        if (call == nullptr) {
            return;
        }

        if (unreadable()) {
            fail_caught(call);
            current().failed = true;
            return;
        }

        text = caught();
        info = nthrift_call_info(call);

        nthrift_call_log(call, NTHRIFT_LOG_ERROR, "%s failed: %s", name,
                         text.c_str());

        if (sync && info != nullptr && info->oneway) {
            (void) nthrift_call_fail(call, "%s", text.c_str());
            current().failed = true;
        }
    }

private:
    bool  sync;
};


/* A processor may have its own. */

template <typename Processor>
void
watch_errors(Processor &processor, bool sync)
{
    if (!processor.getEventHandler()) {
        processor.setEventHandler(std::make_shared<Errors>(sync));
    }
}


/*
 * A message.  Whoever reads it calls readEnd() before anything else is done;
 * what goes wrong until then is the fault of its bytes.
 */

class Message : public TMemoryBuffer {
public:
    Message(const nthrift_raw_t &message,
        const std::shared_ptr<TConfiguration> &limits)
        : TMemoryBuffer(const_cast<uint8_t *>(message.data),  /* only read */
                        static_cast<uint32_t>(message.size), OBSERVE, limits)
    {
        current().reading = true;
    }

    uint32_t
    readEnd() override
    {
        current().reading = false;

        return TMemoryBuffer::readEnd();
    }
};


/*
 * The message and its reply, as a processor wants them.  nginx has looked
 * through the message; what is read here is limited by its size all the same,
 * and levels by what nginx can be told to allow.
 */

class Exchange {
public:
    explicit Exchange(const nthrift_raw_t &message)
    {
        std::shared_ptr<TConfiguration>  limits;

        if (message.size > INT32_MAX) {
            throw std::length_error("the message is too long for Thrift");
        }

        limits = std::make_shared<TConfiguration>(
            static_cast<int>(message.size), static_cast<int>(message.size),
            NTHRIFT_MAX_DEPTH);

        out = std::make_shared<TMemoryBuffer>(reply_size);

        input = protocol(std::make_shared<Message>(message, limits), message);
        output = protocol(out, message);
    }

    /* What was written; empty if nothing was. */

    nthrift_str_t
    reply() const
    {
        uint8_t   *data;
        uint32_t   size;

        out->getBuffer(&data, &size);

        return nthrift_str_of(data, size);
    }

    void
    clear()
    {
        out->resetBuffer();
    }

    std::shared_ptr<TProtocol>  input;
    std::shared_ptr<TProtocol>  output;

private:
    static std::shared_ptr<TProtocol>
    protocol(const std::shared_ptr<TMemoryBuffer> &buffer,
        const nthrift_raw_t &message)
    {
        int32_t  limit;

        limit = static_cast<int32_t>(message.size);

        if (message.protocol == NTHRIFT_COMPACT) {
            return std::make_shared<TCompactProtocolT<TBufferBase> >(
                buffer, limit, limit);
        }

        return std::make_shared<TBinaryProtocolT<TBufferBase> >(
            buffer, limit, limit, false, true);
    }

    std::shared_ptr<TMemoryBuffer>  out;
};


/*
 * What the processor has written goes to the client: nginx keeps back what a
 * client does not wait for.
 */

inline void
answer(nthrift_call_t *call, const Exchange &exchange, bool success)
{
    nthrift_str_t               reply;
    const nthrift_call_info_t  *info;

    if (current().failed) {
        return;
    }

    if (!success) {

        if (current().reading) {
            refuse(call, "the processor has failed");

        } else {
            fail(call, "the processor has failed");
        }

        return;
    }

    reply = exchange.reply();

    if (reply.len != 0) {
        (void) nthrift_call_reply_raw(call, reply.data, reply.len);
        return;
    }

    info = nthrift_call_info(call);

    if (info == nullptr || !info->oneway) {
        fail(call, "the processor has written no reply");

    } else {
        (void) nthrift_call_done(call);
    }
}


/* A service in a worker: its state. */

class Service {
public:
    virtual ~Service() = default;

    virtual void run(nthrift_call_t *call, const nthrift_raw_t &message) = 0;
};


class SyncService : public Service {
public:
    explicit SyncService(std::shared_ptr<TProcessor> p) : processor(p)
    {
        watch_errors(*processor, true);
    }

    /* Event handlers of the processor get the call as their context. */

    void
    run(nthrift_call_t *call, const nthrift_raw_t &message) override
    {
        bool      success;
        Running   running(call, nullptr);
        Exchange  exchange(message);

        try {
            success = processor->process(exchange.input, exchange.output,
                                         call);

        } catch (...) {
            fail_caught(call);
            return;
        }

        answer(call, exchange, success);
    }

private:
    std::shared_ptr<TProcessor>  processor;
};


/*
 * A call of cob_style.  The processor's callbacks hold it, for it is what they
 * write to; functions that are called later are held by it, and hold callbacks
 * in their turn.  This circle is broken when the call ends.  A callback that
 * outlives its call is refused by nginx, as any late reply.
 */

class CobCall : public std::enable_shared_from_this<CobCall> {
public:
    /* A function that is called later, once. */

    struct Later {
        CobCall                                   *owner;
        std::list<Later>::iterator                 place;
        std::function<void(const nthrift_failure_t *failure,
                           const void *result)>    fn;
    };

    CobCall(nthrift_call_t *c, const nthrift_raw_t &message)
        : exchange(message), call(c), answered(false)
    {
        (void) nthrift_call_on_cancel(call, cancelled, this);
    }

    /* Nobody has a callback any more: there will be no reply. */

    ~CobCall()
    {
        const nthrift_call_info_t  *info;

        if (!open()) {
            return;
        }

        info = nthrift_call_info(call);

        if (info != nullptr && info->oneway) {
            (void) nthrift_call_done(call);
            return;
        }

        fail(call, "the method has dropped its callbacks");
    }

    CobCall(const CobCall &) = delete;
    CobCall &operator=(const CobCall &) = delete;

    void
    finish(bool success)
    {
        answered = true;
        answer(call, exchange, success);
        exchange.clear();
        release();
    }

    /* For what is being caught. */

    void
    fail_caught()
    {
        answered = true;
        adapter::fail_caught(call);
        release();
    }

    /* Code of the handler's has run: is the call still there? */

    void
    look()
    {
        if (!open()) {
            release();
        }
    }

    Later *
    add(std::function<void(const nthrift_failure_t *, const void *)> fn)
    {
        later.emplace_front();
        later.front().owner = this;
        later.front().place = later.begin();
        later.front().fn = std::move(fn);

        return &later.front();
    }

    void
    remove(Later *l)
    {
        later.erase(l->place);
    }

    /* What nginx calls back; `data` is the function. */

    static void
    alarm(nthrift_call_t *call, void *data)
    {
        arrive(call, static_cast<Later *>(data), nullptr, nullptr);
    }

    static void
    reached(nthrift_call_t *call, const nthrift_failure_t *failure,
        const void *result, void *data)
    {
        arrive(call, static_cast<Later *>(data), failure, result);
    }

    Exchange                                exchange;
    nthrift_call_t                         *call;
    std::function<void(nthrift_cancel_e)>   on_cancel;

private:
    /*
     * A call that has ended cannot be kept; one that has not has to be, for
     * callbacks may be anywhere.
     */

    bool
    open()
    {
        return !answered && nthrift_call_keep(call) == NTHRIFT_OK;
    }

    /* This may be gone afterwards. */

    void
    release()
    {
        std::list<Later>                        functions;
        std::function<void(nthrift_cancel_e)>   fn;

        functions.swap(later);
        fn.swap(on_cancel);
    }

    static void
    arrive(nthrift_call_t *call, Later *l, const nthrift_failure_t *failure,
        const void *result) noexcept
    {
        std::shared_ptr<CobCall>  self = l->owner->shared_from_this();

        auto     fn = std::move(l->fn);
        Running  running(call, self.get());

        self->remove(l);

        try {
            fn(failure, result);

        } catch (...) {
            self->fail_caught();
        }

        self->look();
    }

    static void
    cancelled(nthrift_call_t *call, nthrift_cancel_e reason, void *data)
        noexcept
    {
        std::shared_ptr<CobCall>  self =
            static_cast<CobCall *>(data)->shared_from_this();

        std::function<void(nthrift_cancel_e)>  fn = std::move(self->on_cancel);
        Running                                running(call, self.get());

        try {
            if (fn) {
                fn(reason);
            }

        } catch (...) {
            nthrift_call_log(call, NTHRIFT_LOG_ERROR,
                             "a cancel function has thrown an exception");
        }

        self->release();
    }

    bool              answered;
    std::list<Later>  later;
};


class CobService : public Service {
public:
    explicit CobService(std::shared_ptr<TAsyncProcessor> p)
        : processor(p), loop(std::this_thread::get_id())
    {
        watch_errors(*processor, false);
    }

    void
    run(nthrift_call_t *call, const nthrift_raw_t &message) override
    {
        if (std::this_thread::get_id() != loop) {
            fail(call, "cob_style runs on the event loop: no \"threads=\"");
            return;
        }

        Running  running(call, nullptr);

        std::shared_ptr<CobCall>  cob =
            std::make_shared<CobCall>(call, message);

        current().cob = cob.get();

        try {
            processor->process([cob](bool success) { cob->finish(success); },
                               cob->exchange.input, cob->exchange.output);

        } catch (...) {
            cob->fail_caught();
        }

        cob->exchange.input.reset();
        cob->look();
    }

private:
    std::shared_ptr<TAsyncProcessor>  processor;
    std::thread::id                   loop;
};


/* The hooks of a handler, and its only method. */

template <typename Maker>
int
start(nthrift_worker_t *worker, Maker make) noexcept
{
    try {
        worker->state = static_cast<Service *>(make());
        return NTHRIFT_OK;

    } catch (const std::exception &e) {
        return nthrift_worker_fail(worker, "%s", e.what());

    } catch (...) {
        return nthrift_worker_fail(worker, "an exception that is no "
                                           "std::exception");
    }
}


inline void
stop(nthrift_worker_t *worker) noexcept
{
    delete static_cast<Service *>(worker->state);
    worker->state = nullptr;
}


inline void
raw(nthrift_call_t *call, const nthrift_raw_t *message) noexcept
{
    Service  *service;

    service = static_cast<Service *>(nthrift_call_state(call));

    if (service == nullptr) {
        fail(call, "the service has not started");
        return;
    }

    try {
        service->run(call, *message);

    } catch (...) {
        fail_caught(call);
    }
}


/* Makes a processor of whatever type into a service. */

inline Service *
serve(std::shared_ptr<TProcessor> processor)
{
    if (!processor) {
        throw std::invalid_argument("there is no processor");
    }

    return new SyncService(processor);
}


inline Service *
serve_cob(std::shared_ptr<TAsyncProcessor> processor)
{
    if (!processor) {
        throw std::invalid_argument("there is no processor");
    }

    return new CobService(processor);
}


/* `set` sets off what will call the function; it returns as nginx does. */

template <typename Set>
int
later(std::function<void(const nthrift_failure_t *, const void *)> fn, Set set)
{
    int              rc;
    CobCall         *cob;
    CobCall::Later  *l;

    cob = current().cob;

    if (cob == nullptr) {
        return NTHRIFT_ERROR;
    }

    l = cob->add(std::move(fn));
    rc = set(cob->call, l);

    if (rc < 0) {
        cob->remove(l);
    }

    return rc;
}


}


inline nthrift_call_t *
current_call()
{
    return adapter::current().call;
}


inline int
timer(uint32_t msec, std::function<void()> fn)
{
    return adapter::later(
        [fn](const nthrift_failure_t *, const void *) { fn(); },
        [msec](nthrift_call_t *call, void *data) {
            return nthrift_call_timer(call, msec, adapter::CobCall::alarm,
                                      data);
        });
}


template <typename Result>
int
upstream(const char *name, const nthrift_method_t *method, const void *args,
    std::function<void(const nthrift_failure_t *failure,
                       const Result *result)> fn)
{
    return adapter::later(
        [fn](const nthrift_failure_t *failure, const void *result) {
            fn(failure, static_cast<const Result *>(result));
        },
        [=](nthrift_call_t *call, void *data) {
            return nthrift_call_upstream(call, name, method, args,
                                         adapter::CobCall::reached, data);
        });
}


inline int
on_cancel(std::function<void(nthrift_cancel_e reason)> fn)
{
    adapter::CobCall  *cob;

    cob = adapter::current().cob;

    if (cob == nullptr) {
        return NTHRIFT_ERROR;
    }

    cob->on_cancel = std::move(fn);

    return NTHRIFT_OK;
}


}


/*
 * A processor that is made in another way, for instance with an event handler
 * of its own: an expression of a std::shared_ptr<TProcessor>, or, with COB,
 * of a std::shared_ptr<TAsyncProcessor>.
 */

#define NTHRIFT_CPP_PROCESSOR(service, ...)                                   \
    NTHRIFT_CPP_EXPORT(service, nthrift::adapter::serve(__VA_ARGS__))

#define NTHRIFT_CPP_COB_PROCESSOR(service, ...)                               \
    NTHRIFT_CPP_EXPORT(service, nthrift::adapter::serve_cob(__VA_ARGS__))


/* The service's name, the generated processor, and the handler object. */

#define NTHRIFT_CPP_HANDLER(service, processor, ...)                          \
    NTHRIFT_CPP_PROCESSOR(service, std::make_shared<processor>(__VA_ARGS__))

#define NTHRIFT_CPP_COB_HANDLER(service, processor, ...)                      \
    NTHRIFT_CPP_COB_PROCESSOR(service,                                        \
                              std::make_shared<processor>(__VA_ARGS__))


#define NTHRIFT_CPP_EXPORT(service, make)                                     \
                                                                              \
static int                                                                    \
nthrift_cpp_start_ ## service(nthrift_worker_t *worker)                       \
{                                                                             \
    return nthrift::adapter::start(worker, [worker]() {                       \
        (void) worker;                                                        \
        return make;                                                          \
    });                                                                       \
}                                                                             \
                                                                              \
extern "C" NTHRIFT_EXPORT const nthrift_handler_t                             \
    nthrift_handler_ ## service;                                              \
                                                                              \
const nthrift_handler_t  nthrift_handler_ ## service = {                      \
    NTHRIFT_ABI,                                                              \
    sizeof(nthrift_handler_t),                                                \
    #service,                                                                 \
    &nthrift_api,                                                             \
    nullptr,                                                                  \
    0,                                                                        \
    nullptr,                                                                  \
    nthrift_cpp_start_ ## service,                                            \
    nthrift::adapter::stop,                                                   \
    nthrift::adapter::raw                                                     \
}


#endif /* NTHRIFT_CPP_HPP */
