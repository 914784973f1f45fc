/* SPDX-License-Identifier: BSD-2-Clause */

// Apache's library for C++ as a reader: see t/agree/run.  A connection of its
// servers runs until it would end, or ask for the next message.
//
//     read_cpp CORPUS OUT

#include "Svc.h"

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/server/TConnectedClient.h>
#include <thrift/transport/TBufferTransports.h>

#include <fstream>
#include <iostream>
#include <sstream>

using namespace apache::thrift;


const size_t  TAIL = 4096;


class Handler : public agree::SvcIf {
public:
    int32_t call(const agree::Body &) override { return 7; }
};


// Remembers how the first message ended.

class Once : public TProcessor {
public:
    Once(std::shared_ptr<TProcessor> processor,
         std::shared_ptr<transport::TMemoryBuffer> buffer)
        : processor_(processor), buffer_(buffer), calls_(0), left_(0),
          more_(false) {}

    bool
    process(std::shared_ptr<protocol::TProtocol> in,
            std::shared_ptr<protocol::TProtocol> out, void *context) override
    {
        if (++calls_ > 1) {
            return false;
        }

        try {
            bool  goes_on = processor_->process(in, out, context);
            left_ = buffer_->available_read();
            return goes_on;

        } catch (transport::TTransportException &e) {
            left_ = buffer_->available_read();
            more_ = e.getType()
                    == transport::TTransportException::END_OF_FILE;
            throw;

        } catch (...) {
            left_ = buffer_->available_read();
            throw;
        }
    }

    std::shared_ptr<TProcessor>                 processor_;
    std::shared_ptr<transport::TMemoryBuffer>   buffer_;
    int                                         calls_;
    size_t                                      left_;
    bool                                        more_;
};


static std::shared_ptr<protocol::TProtocol>
make(const std::string &name, std::shared_ptr<transport::TTransport> t)
{
    if (name == "binary") {
        return std::make_shared<protocol::TBinaryProtocol>(t);
    }

    return std::make_shared<protocol::TCompactProtocol>(t);
}


int
main(int, char **argv)
{
    std::ifstream   corpus(argv[1]);
    std::ofstream   results(argv[2]);
    std::string     line, number, protocol, hex;

    GlobalOutput.setOutputFunction([](const char *) {});

    auto  processor = std::make_shared<agree::SvcProcessor>(
                          std::make_shared<Handler>());

    while (getline(corpus, line)) {
        std::stringstream  columns(line);

        getline(columns, number, '\t');
        getline(columns, protocol, '\t');
        getline(columns, hex, '\t');

        std::vector<uint8_t>  bytes(hex.size() / 2 + TAIL, 0);

        for (size_t i = 0; i < hex.size() / 2; i++) {
            bytes[i] = (uint8_t) std::stoi(hex.substr(2 * i, 2), nullptr, 16);
        }

        auto  in = std::make_shared<transport::TMemoryBuffer>(bytes.data(),
                       (uint32_t) bytes.size());
        auto  out = std::make_shared<transport::TMemoryBuffer>();
        auto  once = std::make_shared<Once>(processor, in);

        try {
            server::TConnectedClient  client(once, make(protocol, in),
                                             make(protocol, out), nullptr, in);
            client.run();

        } catch (...) {
            once->calls_ = 1;
        }

        results << number << "\t"
                << (once->more_ ? "more" : once->calls_ > 1 ? "on" : "closes")
                << "\t" << bytes.size() - once->left_ << "\n";
    }
}
