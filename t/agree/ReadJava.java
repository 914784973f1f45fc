// Apache's library for Java as a reader: see t/agree/run.  Its simple server
// accepts each message as a connection; the others of it that block have the
// same loop.
//
//     java ReadJava CORPUS OUT

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Iterator;
import java.util.List;

import org.apache.thrift.TException;
import org.apache.thrift.TProcessor;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TCompactProtocol;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TProtocolFactory;
import org.apache.thrift.server.TSimpleServer;
import org.apache.thrift.transport.TMemoryBuffer;
import org.apache.thrift.transport.TMemoryInputTransport;
import org.apache.thrift.transport.TServerTransport;
import org.apache.thrift.transport.TTransport;
import org.apache.thrift.transport.TTransportException;

public class ReadJava {
    static final int TAIL = 4096;

    static class Message {
        String number, protocol, what;
        int at, size, calls;
        TMemoryInputTransport in;

        Message(String line) {
            String[] column = line.split("\t");
            String hex = column[2];

            number = column[0];
            protocol = column[1];
            size = hex.length() / 2 + TAIL;

            byte[] bytes = new byte[size];

            for (int i = 0; i < hex.length() / 2; i++) {
                bytes[i] = (byte) Integer.parseInt(
                    hex.substring(2 * i, 2 * i + 2), 16);
            }

            try {
                in = new TMemoryInputTransport(bytes);
            } catch (Exception e) {
                throw new RuntimeException(e);
            }
        }
    }

    static class Messages extends TServerTransport {
        final Iterator<String> lines;
        final PrintWriter results;
        Message message;
        TSimpleServer server;

        Messages(List<String> lines, PrintWriter results) {
            this.lines = lines.iterator();
            this.results = results;
        }

        void told() {
            if (message != null) {
                String what = (message.calls > 1) ? "on" : message.what;

                results.println(message.number + "\t" + what + "\t"
                                + message.at);
            }
        }

        @Override
        public TTransport accept() throws TTransportException {
            told();

            if (!lines.hasNext()) {
                message = null;
                server.stop();
                throw new TTransportException();
            }

            message = new Message(lines.next());

            return message.in;
        }

        @Override public void listen() { }
        @Override public void close() { }
    }

    // Remembers how the first message ended.

    static class Once implements TProcessor {
        final TProcessor processor;
        final Messages messages;

        Once(TProcessor processor, Messages messages) {
            this.processor = processor;
            this.messages = messages;
        }

        @Override
        public void process(TProtocol in, TProtocol out) throws TException {
            Message message = messages.message;

            if (++message.calls > 1) {
                throw new TTransportException();
            }

            message.what = "closes";

            try {
                processor.process(in, out);
            } catch (TTransportException e) {
                if (e.getType() == TTransportException.END_OF_FILE) {
                    message.what = "more";
                }
                throw e;
            } finally {
                message.at = message.in.getBufferPosition();
            }
        }
    }

    static TProtocolFactory factory(Messages messages) {
        return new TProtocolFactory() {
            @Override
            public TProtocol getProtocol(TTransport transport) {
                return messages.message.protocol.equals("binary")
                    ? new TBinaryProtocol(transport)
                    : new TCompactProtocol(transport);
            }
        };
    }

    public static void main(String[] args) throws Exception {
        try (PrintWriter results = new PrintWriter(args[1])) {
            Messages messages = new Messages(
                Files.readAllLines(Paths.get(args[0])), results);

            TProcessor processor = new agree.Svc.Processor<agree.Svc.Iface>(
                body -> 7);

            messages.server = new TSimpleServer(
                new TSimpleServer.Args(messages)
                    .processor(new Once(processor, messages))
                    .inputTransportFactory(new Same())
                    .outputTransportFactory(new Nowhere())
                    .protocolFactory(factory(messages)));

            messages.server.serve();
        }
    }

    static class Same extends org.apache.thrift.transport.TTransportFactory {
    }

    static class Nowhere
        extends org.apache.thrift.transport.TTransportFactory
    {
        @Override
        public TTransport getTransport(TTransport transport) {
            try {
                return new TMemoryBuffer(256);
            } catch (Exception e) {
                throw new RuntimeException(e);
            }
        }
    }
}
