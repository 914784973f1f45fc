/* SPDX-License-Identifier: BSD-2-Clause */

// bench/tnonblocking.cpp: the example service by Apache's C++ server, as a
// measure for one that nginx hosts: tnonblocking 127.0.0.1:PORT | unix:PATH
//
// TNonblockingServer as it comes: one IO thread and no thread manager, so that
// calls are processed in the thread that reads and writes them; framed binary.

#include "PingPong.h"

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/server/TNonblockingServer.h>
#include <thrift/transport/TNonblockingServerSocket.h>

#include <memory>
#include <string>

using namespace apache::thrift::protocol;
using namespace apache::thrift::server;
using namespace apache::thrift::transport;

namespace {

class Handler : public PingPongIf {
public:
    void ping(std::string &ret) override { ret = "pong"; }

    int64_t add(const int32_t a, const int64_t b) override { return a + b; }
};

std::shared_ptr<TNonblockingServerSocket> listener(const std::string &address)
{
    const auto colon = address.find(':');
    const auto name = address.substr(0, colon);
    const auto rest = address.substr(colon + 1);

    if (name == "unix") {
        return std::make_shared<TNonblockingServerSocket>(rest);
    }

    return std::make_shared<TNonblockingServerSocket>(name, std::stoi(rest));
}

} // namespace


int main(int argc, char **argv)
{
    if (argc != 2) {
        return 2;
    }

    TNonblockingServer server(
        std::make_shared<PingPongProcessor>(std::make_shared<Handler>()),
        std::make_shared<TBinaryProtocolFactory>(),
        listener(argv[1]));

    server.serve();
}
