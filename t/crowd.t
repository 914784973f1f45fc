#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Many clients with many calls each, and fewer connections to the server: of
# those that wait, a client has one, its further calls stay unread until it is
# its turn.  A server that takes long has all of them at once, and one that does
# not answer makes none of them wait longer than its time.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::IP;
use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $CLIENTS = 100;
my $DEPTH   = 8;

my $CONF = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  1;

events {
    # clients, some connections to servers, and an eighth that is for clients
    worker_connections  180;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_seqid $thrift_method $status '
                      '$thrift_queue_time $msec $remote_port';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted  on;
    thrift_timeout  60s;

    upstream few {
        server            127.0.0.1:%%PORT_backend%%;
        thrift_keepalive  8;
    }

    upstream several {
        server                 127.0.0.1:%%PORT_server%%;
        thrift_keepalive       8;
        thrift_pipeline        32;
        thrift_pipeline_delay  60s;
    }

    server {
        listen       127.0.0.1:%%PORT_few%%;
        thrift_pass  few;
        #own
    }

    server {
        listen       127.0.0.1:%%PORT_several%%;
        thrift_pass  several;
        #own
    }

    server {
        listen          127.0.0.1:%%PORT_short%%;
        thrift_timeout  2s;
        thrift_pass     few;
        #own
    }
}

EOF

my $own = <<'EOF';
thrift_service Own {
    thrift_method at_once { thrift_return INTERNAL_ERROR "done"; }
}
EOF

my $t = Test::Thrift->new(conf($CONF, own => $own), log => 'info');
my $backend = $t->backend('backend', script => {
    quick => { delay => 0.02, echo => 1 },
    tardy => { delay => 0.1, echo => 1 },
    stuck => { stall => 1 },
});

$t->run();

my $sockets = sockets();
my @clients;

in_turn();
leave();
out_of_order();
slow();
stalled();

$t->expect_log(qr/timed out/);
$t->done();


# What a client has sent behind a call that waits is read when that has had its
# turn: it has not waited itself.  Had it been read when it was sent, it would
# have waited nearly until it was answered.

sub in_turn {
    my ($first, $last, $answered);

    # where nobody is served for a moment, as on a machine that does something
    # else, all is read: again, then

    for (1 .. 10) {
        ($first, $last, $answered) = waits();
        last if $last < $answered / 2;
    }

    cmp_ok($first, '>', 0, 'first calls have waited');
    cmp_ok($last, '<', $answered / 2,
           sprintf('%.3f s, and last ones %.3f s, though answered after %.3f s',
                   $first, $last, $answered));
}


# For how long first calls of clients have waited for a connection, and their
# last ones, and how long after they were sent these were answered.

sub waits {
    my $logged = qr/ quick 200 /;
    my $before = $t->grep_log($logged, 'access.log');
    my @c = clients('few', 'quick');
    my ($first, $last, $answered) = (0, 0, 0);

    is(answers(@c), $CLIENTS * $DEPTH, 'all calls are answered');

    my %sent = map { $_->socket()->sockport() => $_->{sent} } @c;
    my @lines = $t->wait_log($logged, 'access.log', undef,
                             $before + $CLIENTS * $DEPTH);

    for (@lines[$before .. $#lines]) {
        my ($seqid, undef, undef, $queued, $time, $port) = split;

        $first += $queued if $seqid == 1;

        if ($seqid == $DEPTH) {
            $last += $queued;
            $answered += $time - $sent{$port};
        }
    }

    return map { $_ / $CLIENTS } $first, $last, $answered;
}


# Half of the clients go while their calls are unread.

sub leave {
    my @c = clients('few', 'quick');
    my @left = splice(@c, 0, $CLIENTS / 2);

    $_->close() for @left;

    is(answers(@c), @c * $DEPTH, 'those who stay are answered');
}


# Who takes replies in any order is not held up by a call that waits: without
# that, its second one would be read after all others had their turn.

sub out_of_order {
    my @c = clients('few', 'tardy');
    my $c = $t->client('few', transport => 'header');
    my %o = (transport => 'header', flags => 1);

    $c->send(call_bytes('tardy', 1, [ [ 1, string => 'a' ] ], %o)
             . call_bytes('Own:at_once', 2, [], %o));

    my $m = $c->read_message(20);

    is($m && $m->{seqid}, 2, 'the second call is answered first');

    is(answers(@c), $CLIENTS * $DEPTH, 'and all others');

    my @lines = $t->wait_log(qr/ (?:at_once|tardy) /, 'access.log', undef,
                             $CLIENTS * $DEPTH + 2);
    my ($before) = grep { $lines[$_] =~ /at_once/ } 0 .. $#lines;

    cmp_ok($before, '<', $CLIENTS * $DEPTH / 2, 'it was before most of them');

    $m = $c->read_message(20);

    is($m && $m->{seqid}, 1, 'its first call is answered');
}


# More calls than there are at first on the way, and none is answered before all
# have come.

sub slow {
    my $address = '127.0.0.1:' . $t->port('server');
    my $listen = IO::Socket::IP->new(LocalAddr => $address, Listen => 511,
                                     ReuseAddr => 1)
        || die "cannot listen on $address: $!";

    $listen->blocking(0);

    my @c = clients('several', 'slow');
    my (@connections, @calls);

    wait_for(sub {
        while (my $socket = $listen->accept()) {
            $socket->blocking(0);
            push @connections, { socket => $socket, in => '' };
        }

        push @calls, map { calls($_) } @connections;

        return @calls == $CLIENTS * $DEPTH;
    });

    is(@calls, $CLIENTS * $DEPTH,
       'a server that takes long has all calls at once');

    for (@calls) {
        my ($connection, $call) = @$_;
        syswrite($connection->{socket}, reply_bytes('slow', $call->{seqid}));
    }

    is(answers(@c), $CLIENTS * $DEPTH, 'they are answered');
}


# The calls that have come on a connection since the last time.

sub calls {
    my ($connection) = @_;

    my @calls;

    sysread($connection->{socket}, $connection->{in}, 65536,
            length $connection->{in});

    while (my $m = parse_message($connection->{in})) {
        substr($connection->{in}, 0, $m->{length}, '');
        push @calls, [ $connection, $m ];
    }

    return @calls;
}


# Nobody is served: further calls are read, and have their time at once.

sub stalled {
    my $began = time();
    my @c = clients('short', 'stuck');

    is(answers(@c), $CLIENTS * $DEPTH, 'calls time out');
    cmp_ok(time() - $began, '<', 12 * time_factor(), 'all at the same time');
}


# Each sends all of its calls; when those before have gone, but for idle
# connections to servers.

sub clients {
    my ($port, $method) = @_;

    $_->close() for @clients;

    wait_for(sub { sockets() < $sockets + 20 });

    my @c = @clients = map { $t->client($port) } 1 .. $CLIENTS;

    # they are accepted before servers are connected to

    $_->call('Own:at_once') for @c;

    for my $c (@c) {
        $c->{sent} = time();
        $c->send(join('', map {
            call_bytes($method, $_, [ [ 1, string => "call $_" ] ])
        } 1 .. $DEPTH));
    }

    return @c;
}


# How many have come in order.

sub answers {
    my (@c) = @_;

    my $n = 0;

    for my $c (@c) {
        for my $seqid (1 .. $DEPTH) {
            my $m = $c->read_message(20);
            $n++ if $m && $m->{seqid} == $seqid;
        }
    }

    return $n;
}


sub sockets {
    my ($pid) = $t->workers();
    my @fds = glob("/proc/$pid/fd/*");

    return scalar @fds;
}
