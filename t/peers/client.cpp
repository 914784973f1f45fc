/* SPDX-License-Identifier: BSD-2-Clause */

// Apache's C++ client: TRANSPORT PROTOCOL PORT [multi|concurrent]
//
// TRANSPORT is framed, buffered, header, or http, to the path "/thrift";
// PROTOCOL is binary, compact or json.  "multi" calls through
// TMultiplexedProtocol; "concurrent" has eight threads call over one connection
// at once: they know their replies by seqid.

#include "Newer.h"
#include "Other.h"

#include <thrift/TApplicationException.h>
#include <thrift/async/TConcurrentClientSyncInfo.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/protocol/THeaderProtocol.h>
#include <thrift/protocol/TJSONProtocol.h>
#include <thrift/protocol/TMultiplexedProtocol.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/THttpClient.h>
#include <thrift/transport/TSocket.h>

#include <atomic>
#include <functional>
#include <iostream>
#include <thread>
#include <unistd.h>

using namespace apache::thrift;
using namespace apache::thrift::protocol;
using namespace apache::thrift::transport;

namespace {

template <typename T>
void same(const std::string &name, const T &got, const T &want)
{
    std::cout << name << (got == want ? ": ok" : ": other") << "\n";
}


void exception(const std::string &name, const std::function<void()> &call)
{
    try {
        call();
        std::cout << name << ": returned\n";

    } catch (const Refused &e) {
        std::cout << name << ": Refused " << e.code << " " << e.reason
                  << "\n";

    } catch (const TApplicationException &e) {
        std::cout << name << ": TApplicationException " << e.getType() << " "
                  << e.what() << "\n";
    }
}


All all_types()
{
    All all;
    Inner inner;
    Inner second;

    inner.id = -1;
    inner.__set_name("in");
    second.id = 300;

    all.yes = true;
    all.tiny = -128;
    all.small = -32768;
    all.middle = INT32_MIN;
    all.large = INT64_MIN;
    all.real = -0.1;
    all.text = "Gr\xc3\xbc\xc3\x9f" "e";
    all.color = Color::GREEN;
    all.inner = inner;
    all.numbers = { 0, 1, -1, INT32_MAX };
    all.words = { "", "x", "Gr\xc3\xbc\xc3\x9f" "e" };
    all.members = { -1, 0, int64_t(1) << 40 };
    all.counts = { { "a", 1 }, { "", -2 } };
    all.nested = { { 7, { inner, second } }, { -7, {} } };
    all.flags = { true, false, true };
    all.far = false;

    for (int i = 0; i < 256; i++) {
        all.bytes += static_cast<char>(i);
    }

    return all;
}


bool told(NewerIf &peer, const std::string &text)
{
    for (int i = 0; i < 1000; i++) {
        if (peer.told(text)) {
            return true;
        }

        peer.sleep(10);
    }

    return false;
}


// THttpClient does not read what a oneway is answered with, and would take it
// for the next reply.

std::function<void()> after_oneway = [] {};


void run(NewerIf &peer)
{
    std::string text;

    peer.nothing();
    std::cout << "nothing: ok\n";

    for (size_t n : { 0, 1, 20, 100000 }) {
        peer.echoString(text, std::string(n, 'x'));
        same("echoString " + std::to_string(n), text, std::string(n, 'x'));
    }

    All all;
    peer.echoAll(all, all_types());
    same("echoAll", all, all_types());

    for (int n : { 0, 1, 15, 1000 }) {
        std::vector<int32_t> numbers, got;

        for (int i = 0; i < n; i++) {
            numbers.push_back(i - n / 2);
        }

        peer.echoList(got, numbers);
        same("echoList " + std::to_string(n), got, numbers);
    }

    std::map<std::string, Inner> values, got;
    values["a"].id = 1;
    values["b"].id = 2;
    values["b"].__set_name("b");

    peer.echoMap(got, values);
    same("echoMap", got, values);
    same("refuse 0", peer.refuse(0), 0);
    exception("refuse 7", [&] { peer.refuse(7); });
    exception("fail", [&] { peer.fail(); });
    peer.echoString(text, "x");
    same("after fail", text, std::string("x"));
    exception("fresh", [&] { peer.fresh(text, 3); });
    peer.echoString(text, "y");
    same("after fresh", text, std::string("y"));

    std::string news = "C++ told " + std::to_string(getpid());
    same("told before", peer.told(news), false);
    peer.tell(news);
    after_oneway();
    same("told", told(peer, news), true);
    same("sleep", peer.sleep(20), 20);
}


// One protocol reads and one writes: TCompactProtocol keeps the field ids of
// both in one stack, which two threads must not share.

void run_concurrently(std::shared_ptr<TProtocol> in,
                      std::shared_ptr<TProtocol> out)
{
    const int threads = 8, calls = 50;
    auto sync = std::make_shared<async::TConcurrentClientSyncInfo>();
    NewerConcurrentClient client(in, out, sync);
    std::atomic<int> right(0), refused(0), unknown(0);
    std::vector<std::thread> all;

    for (int i = 0; i < threads; i++) {
        all.emplace_back([&, i] {
            for (int n = 0; n < calls; n++) {
                std::string got;
                std::string text = "thread " + std::to_string(i) + " call "
                                   + std::to_string(n)
                                   + std::string(size_t(n * 37), 'x');

                client.echoString(got, text);
                right += got == text;

                if (n % 10 == i % 10) {
                    client.sleep(i);
                    client.tell(text);
                }

                try {
                    client.refuse(i * 1000 + n + 1);
                } catch (const Refused &e) {
                    refused += e.code == i * 1000 + n + 1;
                }

                try {
                    client.fresh(got, n);
                } catch (const TApplicationException &e) {
                    unknown += e.getType()
                               == TApplicationException::UNKNOWN_METHOD;
                }
            }
        });
    }

    for (auto &thread : all) {
        thread.join();
    }

    same("concurrent echo", right.load(), threads * calls);
    same("concurrent refuse", refused.load(), threads * calls);
    same("concurrent fresh", unknown.load(), threads * calls);
}


std::shared_ptr<TProtocol> make_protocol(const std::string &framing,
    const std::string &name, std::shared_ptr<TTransport> transport)
{
    if (framing == "header") {
        auto protocol = std::make_shared<THeaderProtocol>(transport,
            name == "compact" ? T_COMPACT_PROTOCOL : T_BINARY_PROTOCOL);

        protocol->setHeader("from", "cpp");

        return protocol;
    }

    if (name == "compact") {
        return std::make_shared<TCompactProtocol>(transport);
    }

    if (name == "json") {
        return std::make_shared<TJSONProtocol>(transport);
    }

    return std::make_shared<TBinaryProtocol>(transport);
}

} // namespace


int main(int argc, char **argv)
{
    if (argc < 4) {
        return 2;
    }

    std::string framing(argv[1]), proto(argv[2]), mode(argc > 4 ? argv[4]
                                                                : "");

    auto socket = std::make_shared<TSocket>("127.0.0.1", std::stoi(argv[3]));
    socket->setConnTimeout(30000);
    socket->setRecvTimeout(30000);
    socket->setSendTimeout(30000);

    std::shared_ptr<TTransport> transport;

    if (framing == "http") {
        transport = std::make_shared<THttpClient>(
            std::make_shared<TBufferedTransport>(socket), "127.0.0.1",
            "/thrift");

        after_oneway = [transport] {
            transport->close();
            transport->open();
        };

    } else if (framing == "framed") {
        transport = std::make_shared<TFramedTransport>(socket);
    } else {
        transport = std::make_shared<TBufferedTransport>(socket);
    }

    std::shared_ptr<TProtocol> protocol = make_protocol(framing, proto, transport);

    try {
        transport->open();

        if (mode == "concurrent") {
            run_concurrently(protocol,
                             make_protocol(framing, proto, transport));

        } else if (mode == "multi") {
            std::string name;
            auto peer = std::make_shared<TMultiplexedProtocol>(protocol,
                                                               "Peer");
            auto other = std::make_shared<TMultiplexedProtocol>(protocol,
                                                                "Other");
            NewerClient newer(peer);
            OtherClient second(other);

            run(newer);
            same("twice", second.twice(21), 42);
            second.name(name);
            same("name", name, std::string("other"));

        } else {
            NewerClient newer(protocol);

            run(newer);
        }

        transport->close();

    } catch (const std::exception &e) {
        std::cout << "failed: " << e.what() << "\n";
        return 1;
    }
}
