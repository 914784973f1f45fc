/* SPDX-License-Identifier: BSD-2-Clause */

// What both C++ programs of this folder connect with.

#ifndef HOSTED_CLIENT_HPP
#define HOSTED_CLIENT_HPP

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/protocol/TJSONProtocol.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TSocket.h>

#include <memory>
#include <string>

typedef std::shared_ptr<apache::thrift::protocol::TProtocol> Protocol;
typedef std::shared_ptr<apache::thrift::transport::TSocket> Socket;


inline Socket open_socket(int port)
{
    auto socket = std::make_shared<apache::thrift::transport::TSocket>(
        "127.0.0.1", port);

    socket->setConnTimeout(60000);
    socket->setRecvTimeout(60000);
    socket->setSendTimeout(60000);
    socket->open();

    return socket;
}


inline Protocol make_protocol(Socket socket, const std::string &transport,
    const std::string &protocol)
{
    using namespace apache::thrift::protocol;
    using namespace apache::thrift::transport;

    std::shared_ptr<TTransport> t;

    if (transport == "framed") {
        t = std::make_shared<TFramedTransport>(socket);
    } else {
        t = std::make_shared<TBufferedTransport>(socket);
    }

    if (protocol == "compact") {
        return std::make_shared<TCompactProtocol>(t);
    }

    if (protocol == "json") {
        return std::make_shared<TJSONProtocol>(t);
    }

    return std::make_shared<TBinaryProtocol>(t);
}

#endif
