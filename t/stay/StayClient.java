/*
 * Apache's Java clients that stay: TRANSPORT PROTOCOL PORT CONNECTIONS TAG
 *
 * What they do is in Stay.pm.
 */

import java.util.Arrays;
import java.util.List;

import org.apache.thrift.TApplicationException;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TCompactProtocol;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.transport.TSocket;
import org.apache.thrift.transport.TTransport;
import org.apache.thrift.transport.layered.TFramedTransport;

public class StayClient implements Runnable {

    interface Call {
        Object answer() throws TException;
    }


    private final Newer.Client peer;
    private final String tag;
    private int number;


    StayClient(String framing, String proto, int port, String tag)
        throws TException
    {
        TTransport transport = new TSocket("127.0.0.1", port, 60000);

        if (framing.equals("framed")) {
            transport = new TFramedTransport(transport);
        }

        TProtocol protocol = proto.equals("compact")
                             ? new TCompactProtocol(transport)
                             : new TBinaryProtocol(transport);

        peer = new Newer.Client(protocol);
        this.tag = tag;

        if (!transport.isOpen()) {
            transport.open();
        }
    }


    private void say(String what, Object... words) {
        StringBuilder line = new StringBuilder(what + " " + tag + " " + number);

        for (Object word : words) {
            line.append(" ").append(word);
        }

        System.out.println(line);
    }


    private void check(String method, Object got, Object want) {
        if (!want.equals(got)) {
            say("wrong", method, got);
        }
    }


    /* What it returned; null, and said, where the call failed. */

    private Object call(String method, Call call) throws TException {
        try {
            return call.answer();

        } catch (Refused e) {
            return e.reason;

        } catch (TApplicationException e) {
            say("failed", method, System.currentTimeMillis(), e.getType(),
                e.getMessage());

            return null;
        }
    }


    private void same(String method, Call call, Object want)
        throws TException
    {
        Object got = call(method, call);

        if (got != null) {
            check(method, got, want);
        }
    }


    private boolean fresh() throws TException {
        Object got = call("fresh", () -> peer.fresh(number));

        if (got == null) {
            return false;
        }

        String[] words = ((String) got).split(" ");

        check("fresh", words[1].matches("\\d+") + words[2], "true" + number);

        return words[0].equals("end");
    }


    private boolean round() throws Exception {
        String text = "stay " + tag + " " + number + " "
                      + ".".repeat(number % 97);

        same("echoString", () -> peer.echoString(text), text);

        if (fresh()) {
            return false;
        }

        switch (number % 4) {

        case 0:
            List<Integer> numbers = Arrays.asList(number, -number, 7);
            same("echoList", () -> peer.echoList(numbers), numbers);
            break;

        case 1:
            same("refuse", () -> peer.refuse(number), "refused " + number);
            break;

        case 2:
            same("sleep", () -> peer.sleep(10), 10);
            break;

        default:
            peer.tell("tell " + tag + " " + number);
        }

        Thread.sleep(number % 5 * 5);

        return true;
    }


    public void run() {
        try {
            for (number = 1; round(); number++) {
                /* void */
            }

            say("end");

        } catch (Exception e) {
            say("exception", e);
        }
    }


    public static void main(String[] args) throws Exception {
        StayClient[] all = new StayClient[Integer.parseInt(args[3])];

        for (int i = 0; i < all.length; i++) {
            all[i] = new StayClient(args[0], args[1],
                                    Integer.parseInt(args[2]),
                                    args[4] + "." + i);
        }

        for (StayClient one : all) {
            new Thread(one).start();
        }
    }
}
