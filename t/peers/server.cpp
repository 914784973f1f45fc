/* SPDX-License-Identifier: BSD-2-Clause */

// Apache's C++ servers, one for each KIND:TRANSPORT:PROTOCOL:PORT.
//
// KIND is threaded, nonblocking (its transport is framed), simple (one
// connection at a time) or pool (four threads); TRANSPORT framed, buffered,
// http, or header, with which the client says which protocol; PROTOCOL binary,
// compact or json.  Each answers Peer, and both services to multiplexed calls.
//
// The file that PEERS_RECORD names gets a line for each text that was echoed or
// told.  Whoever is told "sleep MS" sleeps before it returns, and one who is
// told "raise" throws.  Told "keep TEXT", a server with a thread or process for
// each connection puts it in front of all that it echoes over this one.

#include "Other.h"
#include "Peer.h"

#include <thrift/concurrency/ThreadFactory.h>
#include <thrift/concurrency/ThreadManager.h>
#include <thrift/processor/TMultiplexedProcessor.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/protocol/THeaderProtocol.h>
#include <thrift/protocol/TJSONProtocol.h>
#include <thrift/server/TNonblockingServer.h>
#include <thrift/server/TSimpleServer.h>
#include <thrift/server/TThreadPoolServer.h>
#include <thrift/server/TThreadedServer.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/THttpServer.h>
#include <thrift/transport/TNonblockingServerSocket.h>
#include <thrift/transport/TServerSocket.h>

#include <cstdlib>
#include <fcntl.h>
#include <iostream>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>
#include <unistd.h>

using namespace apache::thrift;
using namespace apache::thrift::concurrency;
using namespace apache::thrift::protocol;
using namespace apache::thrift::server;
using namespace apache::thrift::transport;

namespace {

class Record {
public:
    Record()
    {
        const char *file = getenv("PEERS_RECORD");

        fd = file ? open(file, O_WRONLY | O_APPEND | O_CREAT, 0644) : -1;
    }

    void add(const std::string &text)
    {
        std::string line = text.substr(0, 64) + "\n";

        if (fd != -1 && write(fd, line.data(), line.size()) == -1) {
            abort();
        }
    }

private:
    int fd;
};


class PeerHandler : public PeerIf {
public:
    void nothing() override {}

    void echoString(std::string &ret, const std::string &text) override
    {
        record.add(text);
        ret = kept + text;
    }

    void echoAll(All &ret, const All &all) override { ret = all; }

    void echoList(std::vector<int32_t> &ret,
                  const std::vector<int32_t> &numbers) override
    {
        ret = numbers;
    }

    void echoMap(std::map<std::string, Inner> &ret,
                 const std::map<std::string, Inner> &values) override
    {
        ret = values;
    }

    int32_t refuse(const int32_t code) override
    {
        if (code) {
            Refused e;

            e.code = code;
            e.reason = "refused " + std::to_string(code);
            throw e;
        }

        return 0;
    }

    void fail() override { throw std::runtime_error("not declared"); }

    void tell(const std::string &text) override
    {
        record.add(text);

        if (text.compare(0, 6, "sleep ") == 0) {
            sleep(atoi(text.c_str() + 6));

        } else if (text.compare(0, 5, "keep ") == 0) {
            kept = text.substr(5);

        } else if (text == "raise") {
            throw std::runtime_error("told to");
        }

        std::lock_guard<std::mutex> lock(mutex);

        heard.insert(text);
    }

    bool told(const std::string &text) override
    {
        std::lock_guard<std::mutex> lock(mutex);

        return heard.count(text) != 0;
    }

    int32_t sleep(const int32_t ms) override
    {
        usleep(static_cast<useconds_t>(ms) * 1000);
        return ms;
    }

private:
    std::mutex mutex;
    std::set<std::string> heard;
    Record record;
    static thread_local std::string kept;
};


thread_local std::string PeerHandler::kept;


class OtherHandler : public OtherIf {
public:
    int32_t twice(const int32_t number) override { return 2 * number; }
    void name(std::string &ret) override { ret = "other"; }
};


std::shared_ptr<ThreadManager> four_threads()
{
    auto manager = ThreadManager::newSimpleThreadManager(4);

    manager->threadFactory(std::make_shared<ThreadFactory>());
    manager->start();

    return manager;
}


void serve(const std::string &what, std::shared_ptr<TProcessor> processor)
{
    std::string kind, framing, proto, port;
    std::istringstream words(what);

    std::getline(words, kind, ':');
    std::getline(words, framing, ':');
    std::getline(words, proto, ':');
    std::getline(words, port);

    std::shared_ptr<TProtocolFactory> protocol;

    if (framing == "header") {
        protocol = std::make_shared<THeaderProtocolFactory>();
    } else if (proto == "compact") {
        protocol = std::make_shared<TCompactProtocolFactory>();
    } else if (proto == "json") {
        protocol = std::make_shared<TJSONProtocolFactory>();
    } else {
        protocol = std::make_shared<TBinaryProtocolFactory>();
    }

    if (kind == "nonblocking") {
        TNonblockingServer(processor, protocol,
            std::make_shared<TNonblockingServerSocket>("127.0.0.1",
                                                       std::stoi(port)),
            four_threads()).serve();
        return;
    }

    std::shared_ptr<TTransportFactory> transport;

    if (framing == "framed") {
        transport = std::make_shared<TFramedTransportFactory>();
    } else if (framing == "http") {
        transport = std::make_shared<THttpServerTransportFactory>();
    } else {
        transport = std::make_shared<TBufferedTransportFactory>();
    }

    auto socket = std::make_shared<TServerSocket>("127.0.0.1",
                                                  std::stoi(port));

    if (kind == "simple") {
        TSimpleServer(processor, socket, transport, protocol).serve();

    } else if (kind == "pool") {
        TThreadPoolServer(processor, socket, transport, protocol,
                          four_threads()).serve();

    } else {
        TThreadedServer(processor, socket, transport, protocol).serve();
    }
}

} // namespace


int main(int argc, char **argv)
{
    auto peer = std::make_shared<PeerProcessor>(
        std::make_shared<PeerHandler>());
    auto processor = std::make_shared<TMultiplexedProcessor>();

    processor->registerDefault(peer);
    processor->registerProcessor("Peer", peer);
    processor->registerProcessor("Other", std::make_shared<OtherProcessor>(
        std::make_shared<OtherHandler>()));

    std::vector<std::thread> threads;

    for (int i = 1; i < argc; i++) {
        threads.emplace_back(serve, std::string(argv[i]), processor);
    }

    for (auto &thread : threads) {
        thread.join();
    }
}
