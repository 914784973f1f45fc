/*
 * Apache's Java servers of Peer: KIND TRANSPORT PROTOCOL PORT...
 *
 * KIND is pool, or nonblocking (its transport is framed).  PEERS_RECORD, and
 * what is told: see t/peers/server.cpp.
 */

import java.io.FileOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import org.apache.thrift.TMultiplexedProcessor;
import org.apache.thrift.TProcessor;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TCompactProtocol;
import org.apache.thrift.protocol.TProtocolFactory;
import org.apache.thrift.server.TServer;
import org.apache.thrift.server.TThreadPoolServer;
import org.apache.thrift.server.TThreadedSelectorServer;
import org.apache.thrift.transport.TNonblockingServerSocket;
import org.apache.thrift.transport.TServerSocket;
import org.apache.thrift.transport.TTransportFactory;
import org.apache.thrift.transport.layered.TFramedTransport;

public class PeerServer {

    static class Handler implements Peer.Iface {
        private final FileOutputStream file;

        Handler() throws Exception {
            String name = System.getenv("PEERS_RECORD");

            file = name == null ? null : new FileOutputStream(name, true);
        }

        private void record(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            byte[] line = Arrays.copyOf(bytes, Math.min(bytes.length, 64) + 1);

            line[line.length - 1] = '\n';

            try {
                if (file != null) {
                    file.write(line);
                }

            } catch (Exception e) {
                throw new RuntimeException(e);
            }
        }

        public void nothing() {}

        public String echoString(String text) {
            record(text);
            return text;
        }

        public All echoAll(All all) { return all; }

        public List<Integer> echoList(List<Integer> numbers) {
            return numbers;
        }

        public Map<String, Inner> echoMap(Map<String, Inner> values) {
            return values;
        }

        public int refuse(int code) throws Refused {
            if (code != 0) {
                throw new Refused(code, "refused " + code);
            }

            return 0;
        }

        public void fail() { throw new RuntimeException("not declared"); }

        public void tell(String text) {
            record(text);

            if (text.startsWith("sleep ")) {
                sleep(Integer.parseInt(text.substring(6)));

            } else if (text.equals("raise")) {
                throw new RuntimeException("told to");
            }
        }

        public boolean told(String text) { return false; }

        public int sleep(int ms) {
            try {
                Thread.sleep(ms);

            } catch (InterruptedException e) {
                throw new RuntimeException(e);
            }

            return ms;
        }
    }


    static TServer server(TProcessor processor, String kind, String framing,
        TProtocolFactory protocol, int port) throws Exception
    {
        InetSocketAddress address = new InetSocketAddress(
            InetAddress.getLoopbackAddress(), port);

        if (kind.equals("nonblocking")) {
            return new TThreadedSelectorServer(
                new TThreadedSelectorServer.Args(
                    new TNonblockingServerSocket(address))
                .processor(processor).protocolFactory(protocol));
        }

        return new TThreadPoolServer(
            new TThreadPoolServer.Args(new TServerSocket(address))
            .processor(processor).protocolFactory(protocol)
            .transportFactory(framing.equals("framed")
                              ? new TFramedTransport.Factory()
                              : new TTransportFactory()));
    }


    public static void main(String[] args) throws Exception {
        TMultiplexedProcessor processor = new TMultiplexedProcessor();
        TProcessor peer = new Peer.Processor<Peer.Iface>(new Handler());
        TProtocolFactory protocol = args[2].equals("compact")
                                    ? new TCompactProtocol.Factory()
                                    : new TBinaryProtocol.Factory();

        processor.registerDefault(peer);
        processor.registerProcessor("Peer", peer);

        for (String port : Arrays.asList(args).subList(3, args.length)) {
            TServer server = server(processor, args[0], args[1], protocol,
                                    Integer.parseInt(port));

            new Thread(server::serve).start();
        }
    }
}
