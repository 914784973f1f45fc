/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/host/client.cpp: calls the service of adapters.thrift, and prints a line
 * for each call, as t/host/client.py does.
 *
 *     client framed|buffered binary|compact PORT
 */

#include "Test.h"

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TSocket.h>

#include <cstdlib>
#include <iostream>


namespace {


using namespace apache::thrift::protocol;
using namespace apache::thrift::transport;


adapters::Item
item(const std::string &name)
{
    adapters::Item  item;

    item.name = name;
    item.numbers = { 0, -1, INT64_C(1) << 40 };
    item.words["a"] = "b";
    item.on = true;
    item.real = -0.5;
    item.color = adapters::Color::BLUE;
    item.bytes = std::string("\xff\x00\xfe", 3);

    return item;
}


std::string
refused(adapters::TestClient &client, int32_t code)
{
    try {
        return std::to_string(client.refuse(code));

    } catch (const adapters::Refused &e) {
        return std::to_string(e.code) + " " + e.why;

    } catch (const apache::thrift::TApplicationException &e) {
        return std::string("exception: ") + e.what();
    }
}


void
call(adapters::TestClient &client)
{
    std::string      text;
    adapters::Item   big, same;

    big = item("outer");
    big.__set_items({ item("one"), item("two") });

    std::cout << "low: " << client.low(1) << "\n";
    std::cout << "middle: " << client.middle(1) << "\n";
    client.echo(text, "hello");
    std::cout << "echo: " << text << "\n";
    client.item(same, big);
    std::cout << "item: " << (same == big ? "same" : "another") << "\n";
    std::cout << "refuse 0: " << refused(client, 0) << "\n";
    std::cout << "refuse 1: " << refused(client, 1) << "\n";
    std::cout << "refuse 2: " << refused(client, 2) << "\n";
    client.tell("this");
    std::cout << "tell: sent\n";
    client.tell("throw");
    client.echo(text, std::string(300000, 'x'));
    std::cout << "long: " << text.size() << "\n";
}


}


int
main(int argc, char **argv)
{
    if (argc != 4) {
        std::cerr << "usage: client TRANSPORT PROTOCOL PORT\n";
        return 2;
    }

    auto  socket = std::make_shared<TSocket>("127.0.0.1", atoi(argv[3]));

    std::shared_ptr<TTransport>  transport;
    std::shared_ptr<TProtocol>   protocol;

    if (std::string(argv[1]) == "framed") {
        transport = std::make_shared<TFramedTransport>(socket);

    } else {
        transport = std::make_shared<TBufferedTransport>(socket);
    }

    if (std::string(argv[2]) == "compact") {
        protocol = std::make_shared<TCompactProtocol>(transport);

    } else {
        protocol = std::make_shared<TBinaryProtocol>(transport);
    }

    try {
        adapters::TestClient  client(protocol);

        socket->setRecvTimeout(20000);
        transport->open();
        call(client);
        transport->close();

    } catch (const std::exception &e) {
        std::cout << "exception: " << e.what() << "\n";
        return 1;
    }

    return 0;
}
