/*
 * Drift, Facebook's library for Java:
 *
 *     client TRANSPORT PROTOCOL PORT
 *     server PORT
 *
 * TRANSPORT is UNFRAMED, FRAMED or HEADER; PROTOCOL is BINARY, COMPACT or
 * FB_COMPACT, which is fbthrift's.  A server answers each of them.  A client
 * prints a line for each of its calls.
 */

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import com.facebook.drift.annotations.ThriftConstructor;
import com.facebook.drift.annotations.ThriftException;
import com.facebook.drift.annotations.ThriftField;
import com.facebook.drift.annotations.ThriftMethod;
import com.facebook.drift.annotations.ThriftService;
import com.facebook.drift.annotations.ThriftStruct;
import com.facebook.drift.client.DriftClientFactory;
import com.facebook.drift.client.ExceptionClassification;
import com.facebook.drift.client.address.SimpleAddressSelector;
import com.facebook.drift.codec.ThriftCodecManager;
import com.facebook.drift.server.DriftServer;
import com.facebook.drift.server.DriftService;
import com.facebook.drift.server.stats.NullMethodInvocationStatsFactory;
import com.facebook.drift.transport.netty.client.DriftNettyClientConfig;
import com.facebook.drift.transport.netty.client.DriftNettyMethodInvokerFactory;
import com.facebook.drift.transport.netty.codec.Protocol;
import com.facebook.drift.transport.netty.codec.Transport;
import com.facebook.drift.transport.netty.server.DriftNettyServerConfig;
import com.facebook.drift.transport.netty.server.DriftNettyServerTransportFactory;

import com.google.common.collect.ImmutableSet;
import com.google.common.net.HostAndPort;
import io.airlift.units.Duration;

public class Drift {

    @ThriftStruct
    public static class Inner {
        @ThriftField(value = 1, requiredness = ThriftField.Requiredness.REQUIRED)
        public int id;

        @ThriftField(value = 2, requiredness = ThriftField.Requiredness.OPTIONAL)
        public String name;
    }


    /* Some fields of All: t/peers/peers.thrift. */

    @ThriftStruct
    public static class All {
        @ThriftField(1) public boolean yes;
        @ThriftField(2) public byte tiny;
        @ThriftField(3) public short small;
        @ThriftField(4) public int middle;
        @ThriftField(5) public long large;
        @ThriftField(6) public double real;
        @ThriftField(7) public String text;
        @ThriftField(8) public byte[] bytes;
        @ThriftField(10) public Inner inner;
        @ThriftField(11) public List<Integer> numbers;
        @ThriftField(13) public Set<Long> members;
        @ThriftField(14) public Map<String, Integer> counts;
        @ThriftField(16) public List<Boolean> flags;
        @ThriftField(1000) public boolean far;

        boolean same(All o) {
            return yes == o.yes && tiny == o.tiny && small == o.small
                && middle == o.middle && large == o.large && real == o.real
                && text.equals(o.text) && Arrays.equals(bytes, o.bytes)
                && inner.id == o.inner.id
                && Objects.equals(inner.name, o.inner.name)
                && numbers.equals(o.numbers) && members.equals(o.members)
                && counts.equals(o.counts) && flags.equals(o.flags)
                && far == o.far;
        }
    }


    @ThriftStruct
    public static final class Refused extends Exception {
        private final int code;
        private final String reason;

        @ThriftConstructor
        public Refused(@ThriftField(value = 1, name = "code") int code,
                       @ThriftField(value = 2, name = "reason") String reason)
        {
            this.code = code;
            this.reason = reason;
        }

        @ThriftField(1) public int getCode() { return code; }
        @ThriftField(2) public String getReason() { return reason; }
    }


    @ThriftService("Peer")
    public interface Peer {
        @ThriftMethod void nothing();

        @ThriftMethod
        String echoString(@ThriftField(value = 1, name = "text") String text);

        @ThriftMethod All echoAll(@ThriftField(value = 1, name = "all") All all);

        @ThriftMethod(exception = @ThriftException(id = 1, type = Refused.class))
        int refuse(@ThriftField(value = 1, name = "code") int code)
            throws Refused;

        @ThriftMethod(oneway = true)
        void tell(@ThriftField(value = 1, name = "text") String text);

        @ThriftMethod
        boolean told(@ThriftField(value = 1, name = "text") String text);

        @ThriftMethod int sleep(@ThriftField(value = 1, name = "ms") int ms);
    }


    /* What the server does not have. */

    @ThriftService("Peer")
    public interface Newer {
        @ThriftMethod
        String fresh(@ThriftField(value = 1, name = "number") int number);
    }


    public static class Handler implements Peer {
        private final Set<String> heard = ConcurrentHashMap.newKeySet();

        public void nothing() {}
        public String echoString(String text) { return text; }
        public All echoAll(All all) { return all; }
        public void tell(String text) { heard.add(text); }
        public boolean told(String text) { return heard.contains(text); }

        public int refuse(int code) throws Refused {
            if (code != 0) {
                throw new Refused(code, "refused " + code);
            }

            return 0;
        }

        public int sleep(int ms) {
            try {
                Thread.sleep(ms);

            } catch (InterruptedException e) {
                throw new RuntimeException(e);
            }

            return ms;
        }
    }


    static All allTypes() {
        All all = new All();

        all.yes = true;
        all.tiny = -128;
        all.small = -32768;
        all.middle = Integer.MIN_VALUE;
        all.large = Long.MIN_VALUE;
        all.real = -0.1;
        all.text = "Gr\u00fc\u00dfe";
        all.bytes = new byte[] { 0, 1, -1, -128 };
        all.inner = new Inner();
        all.inner.id = -1;
        all.inner.name = "in";
        all.numbers = Arrays.asList(0, 1, -1, Integer.MAX_VALUE);
        all.members = Set.of(-1L, 0L, 1L << 40);
        all.counts = Map.of("a", 1, "", -2);
        all.flags = Arrays.asList(true, false, true);

        return all;
    }


    interface Call {
        Object answer() throws Exception;
    }


    static void say(String name, Call call) {
        try {
            System.out.println(name + ": " + call.answer());

        } catch (Refused e) {
            System.out.println(name + ": Refused " + e.getCode() + " "
                               + e.getReason());

        } catch (Exception e) {
            System.out.println(name + ": " + e.getMessage());
        }
    }


    static void client(Transport transport, Protocol protocol, int port)
        throws Exception
    {
        DriftNettyClientConfig config = new DriftNettyClientConfig()
            .setTransport(transport).setProtocol(protocol)
            .setRequestTimeout(Duration.valueOf("10s"));

        DriftClientFactory factory = new DriftClientFactory(
            new ThriftCodecManager(),
            DriftNettyMethodInvokerFactory
                .createStaticDriftNettyMethodInvokerFactory(config),
            new SimpleAddressSelector(
                ImmutableSet.of(HostAndPort.fromParts("127.0.0.1", port)),
                true),
            e -> new ExceptionClassification(
                Optional.of(false),
                ExceptionClassification.HostStatus.NORMAL));

        Peer peer = factory.createDriftClient(Peer.class).get();
        String text = "x".repeat(100000);
        String news = "Drift " + System.nanoTime();

        say("nothing", () -> { peer.nothing(); return "ok"; });
        say("echoString", () -> peer.echoString(text).equals(text));
        say("echoAll", () -> peer.echoAll(allTypes()).same(allTypes()));
        say("refuse 0", () -> peer.refuse(0));
        say("refuse 7", () -> peer.refuse(7));
        say("fresh", () -> factory.createDriftClient(Newer.class).get()
                                  .fresh(3));
        say("tell", () -> { peer.tell(news); return "ok"; });

        say("told", () -> {
            for (int i = 0; i < 500 && !peer.told(news); i++) {
                peer.sleep(10);
            }

            return peer.told(news);
        });
    }


    static void server(int port) {
        new DriftServer(
            new DriftNettyServerTransportFactory(
                new DriftNettyServerConfig().setPort(port)),
            new ThriftCodecManager(), new NullMethodInvocationStatsFactory(),
            ImmutableSet.of(new DriftService(new Handler())),
            ImmutableSet.of()).start();
    }


    public static void main(String[] args) throws Exception {
        if (args[0].equals("server")) {
            server(Integer.parseInt(args[1]));

        } else {
            client(Transport.valueOf(args[1]), Protocol.valueOf(args[2]),
                   Integer.parseInt(args[3]));
            System.exit(0);
        }
    }
}
