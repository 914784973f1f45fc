/* SPDX-License-Identifier: BSD-2-Clause */

// Apache's C++ clients that stay: TRANSPORT PROTOCOL PORT CONNECTIONS TAG
//
// What they do is in Stay.pm.

#include "Newer.h"

#include <thrift/TApplicationException.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TSocket.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <sstream>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace apache::thrift;
using namespace apache::thrift::protocol;
using namespace apache::thrift::transport;

namespace {

long long now()
{
    using namespace std::chrono;

    return duration_cast<milliseconds>(system_clock::now().time_since_epoch())
           .count();
}


class Stay {
public:
    Stay(const std::string &framing, const std::string &proto, int port,
         const std::string &name)
        : tag(name)
    {
        auto socket = std::make_shared<TSocket>("127.0.0.1", port);
        socket->setRecvTimeout(60000);

        std::shared_ptr<TTransport> transport;

        if (framing == "framed") {
            transport = std::make_shared<TFramedTransport>(socket);
        } else {
            transport = std::make_shared<TBufferedTransport>(socket);
        }

        std::shared_ptr<TProtocol> protocol;

        if (proto == "compact") {
            protocol = std::make_shared<TCompactProtocol>(transport);
        } else {
            protocol = std::make_shared<TBinaryProtocol>(transport);
        }

        peer = std::make_shared<NewerClient>(protocol);
        transport->open();
    }

    void run()
    {
        try {
            for (number = 1; round(); number++) { /* void */ }

            say("end", "");

        } catch (const std::exception &e) {
            say("exception", e.what());
        }
    }

private:
    std::shared_ptr<NewerClient> peer;
    std::string tag;
    int number = 0;

    void say(const std::string &what, const std::string &rest)
    {
        std::ostringstream line;

        line << what << " " << tag << " " << number << " " << rest << "\n";
        std::cout << line.str() << std::flush;
    }

    template <typename T>
    void check(const std::string &method, const T &got, const T &want)
    {
        if (got != want) {
            say("wrong", method);
        }
    }

    // Was it answered; if the call failed, it is said.

    template <typename F>
    bool answered(const std::string &method, F call)
    {
        try {
            call();
            return true;

        } catch (const TApplicationException &e) {
            std::ostringstream text;

            text << method << " " << now() << " " << e.getType() << " "
                 << e.what();
            say("failed", text.str());

            return false;
        }
    }

    void echo()
    {
        std::string got;
        std::string text = "stay " + tag + " " + std::to_string(number) + " "
                           + std::string(size_t(number % 97), '.');

        if (answered("echoString", [&] { peer->echoString(got, text); })) {
            check("echoString", got, text);
        }
    }

    bool fresh()
    {
        std::string got, word;
        int generation = -1, same = -1;

        if (!answered("fresh", [&] { peer->fresh(got, number); })) {
            return false;
        }

        std::istringstream(got) >> word >> generation >> same;
        check("fresh", generation >= 0 && same == number, true);

        return word == "end";
    }

    void list()
    {
        std::vector<int32_t> got, want = { number, -number, 7 };

        if (answered("echoList", [&] { peer->echoList(got, want); })) {
            check("echoList", got, want);
        }
    }

    void refuse()
    {
        try {
            if (answered("refuse", [&] { peer->refuse(number); })) {
                say("wrong", "refuse");
            }

        } catch (const Refused &e) {
            check("refuse", e.code, number);
        }
    }

    void sleep()
    {
        int got = 0;

        if (answered("sleep", [&] { got = peer->sleep(10); })) {
            check("sleep", got, 10);
        }
    }

    bool round()
    {
        echo();

        if (fresh()) {
            return false;
        }

        switch (number % 4) {

        case 0:
            list();
            break;

        case 1:
            refuse();
            break;

        case 2:
            sleep();
            break;

        default:
            peer->tell("tell " + tag + " " + std::to_string(number));
        }

        usleep(useconds_t(number % 5 * 5000));

        return true;
    }
};

} // namespace


int main(int argc, char **argv)
{
    std::vector<std::unique_ptr<Stay>> all;
    std::vector<std::thread> threads;

    if (argc != 6) {
        return 2;
    }

    for (int i = 0; i < atoi(argv[4]); i++) {
        all.emplace_back(new Stay(argv[1], argv[2], atoi(argv[3]),
                                  std::string(argv[5]) + "."
                                  + std::to_string(i)));
    }

    for (auto &one : all) {
        threads.emplace_back(&Stay::run, one.get());
    }

    for (auto &thread : threads) {
        thread.join();
    }
}
