#!/usr/bin/python3
"""The service of every.thrift in HTTP, over TLS, in JSON and with THeader, with
Apache's Python library.

    dialects.py DIRECTORY

DIRECTORY has the generated code in gen-py, and cert.pem and key.pem.  When all
listen on 127.0.0.1, a line with NAME=PORT of each is printed.
"""

import logging
import os
import ssl
import sys
import threading

sys.path.insert(0, os.path.join(sys.argv[1], "gen-py"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from thrift.protocol.TBinaryProtocol import TBinaryProtocolFactory
from thrift.protocol.TCompactProtocol import TCompactProtocolFactory
from thrift.protocol.THeaderProtocol import THeaderProtocolFactory
from thrift.protocol.TJSONProtocol import TJSONProtocolFactory
from thrift.server.THttpServer import THttpServer
from thrift.TMultiplexedProcessor import TMultiplexedProcessor
from thrift.transport.TSocket import TServerSocket
from thrift.transport.TSSLSocket import TSSLServerSocket
from thrift.transport.TTransport import (TBufferedTransportFactory,
                                         TFramedTransportFactory)

from every import Every
from server import Handler, listening, serve

DIRECTORY = sys.argv[1]
CERT = os.path.join(DIRECTORY, "cert.pem")
KEY = os.path.join(DIRECTORY, "key.pem")

PROTOCOLS = {"binary": TBinaryProtocolFactory,
             "compact": TCompactProtocolFactory,
             "json": TJSONProtocolFactory}


def start(name, processor, socket, transport, protocol):
    listening(socket)
    serve(processor, socket, transport, protocol)
    return "%s=%d" % (name, socket.handle.getsockname()[1])


def start_http(name, processor, protocol, secure=False):
    server = THttpServer(processor, ("127.0.0.1", 0), protocol)

    # its own way to TLS needs an older Python

    if secure:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERT, KEY)
        server.httpd.socket = context.wrap_socket(server.httpd.socket,
                                                  server_side=True)

    server.httpd.handle_error = lambda *_: None
    server.httpd.RequestHandlerClass.log_message = lambda *_: None
    threading.Thread(target=server.serve, daemon=True).start()
    return "%s=%d" % (name, server.httpd.server_address[1])


def main():
    logging.disable()

    plain = Every.Processor(Handler())
    multiplexed = TMultiplexedProcessor()
    multiplexed.registerProcessor("Every", plain)

    names = []

    for name, protocol in PROTOCOLS.items():
        names.append(start_http("http-" + name, plain, protocol()))
        names.append(start("framed-" + name, plain,
                           TServerSocket("127.0.0.1", 0),
                           TFramedTransportFactory(), protocol()))
        names.append(start("unframed-" + name, plain,
                           TServerSocket("127.0.0.1", 0),
                           TBufferedTransportFactory(), protocol()))

    names.append(start("header", plain, TServerSocket("127.0.0.1", 0),
                       TBufferedTransportFactory(), THeaderProtocolFactory()))
    names.append(start_http("https", plain, TBinaryProtocolFactory(),
                            secure=True))
    names.append(start("multiplexed", multiplexed,
                       TServerSocket("127.0.0.1", 0),
                       TFramedTransportFactory(), TBinaryProtocolFactory()))
    names.append(start("tls", plain,
                       TSSLServerSocket("127.0.0.1", 0, certfile=CERT,
                                        keyfile=KEY),
                       TFramedTransportFactory(), TBinaryProtocolFactory()))
    names.append(start("tls-client", plain,
                       TSSLServerSocket("127.0.0.1", 0, certfile=CERT,
                                        keyfile=KEY, ca_certs=CERT,
                                        cert_reqs=ssl.CERT_REQUIRED,
                                        validate_callback=lambda *_: None),
                       TFramedTransportFactory(), TCompactProtocolFactory()))

    print(" ".join(names), flush=True)

    # until the test is gone

    sys.stdin.read()


main()
