# A thriftpy server of Peer, as far as calls can be told apart by it:
#
#     server_thriftpy.py thriftpy|thriftpy2 IDL framed|buffered PORT

import importlib
import sys

library, idl, framing, port = sys.argv[1:]

module = importlib.import_module(library)
rpc = importlib.import_module(library + '.rpc')
transport = importlib.import_module(library + '.transport')


class Peer:

    def nothing(self):
        pass

    def echoString(self, text):
        return text

    def echoList(self, numbers):
        return numbers


factory = {'framed': transport.TFramedTransportFactory,
           'buffered': transport.TBufferedTransportFactory}[framing]

peers = module.load(idl, module_name='peers_thrift')

rpc.make_server(peers.Peer, Peer(), '127.0.0.1', int(port),
                trans_factory=factory()).serve()
