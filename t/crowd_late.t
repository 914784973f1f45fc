#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A client whose first call waits in vain, among many others of which one is
# served from time to time: its further calls, unread until then, do not wait
# one after the other.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $CLIENTS = 100;
my $DEPTH   = 16;
my $PACE    = 0.02;             # seconds from one answer to the next

my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
    # clients, some connections to servers, and an eighth that is for clients
    worker_connections  180;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$msec $thrift_method';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted  on;

    upstream few {
        server            127.0.0.1:%%PORT_backend%%;
        thrift_keepalive  8;
    }

    server {
        listen          127.0.0.1:%%PORT_crowd%%;
        thrift_timeout  60s;
        thrift_pass     few;
    }

    server {
        listen          127.0.0.1:%%PORT_victim%%;
        thrift_timeout  200ms;
        thrift_pass     few;
    }
}

EOC

my $backend = $t->backend('backend', script => { tardy => { hold => 1 } });

$t->run();

# they are accepted before servers are connected to

my ($victim, @crowd) = map { $t->client($_) }
                           'victim', ('crowd') x $CLIENTS;

ok(wait_for(sub { connections() >= @crowd }), 'all have connected');

$_->send(call_bytes('tardy', 1) x $DEPTH) for @crowd;

ok(wait_for(sub { $backend->calls() > $CLIENTS / 3 }), 'some are served');

my $answers = $t->run_daemon(sub {
    for ( ;; ) {
        $backend->release('tardy');
        elapse($PACE);
    }
}, shares => 1);

$victim->send(join('', map { call_bytes('get', $_) } 1 .. $DEPTH));

is(scalar(grep { seqid($victim) == $_ } 1 .. $DEPTH), $DEPTH,
   'all calls of another client are answered');

# each of the others at the same time; one after the other it were $DEPTH times,
# and a worker that the machine holds up makes one or two more

my @ended = map { (split)[0] } $t->wait_log(qr/ get$/, 'access.log', undef,
                                            $DEPTH);
my $times = 1 + grep { $ended[$_] - $ended[$_ - 1] > 0.1 } 1 .. $#ended;

cmp_ok($times, '<=', $DEPTH / 4, 'they have not waited one after the other');

$t->stop_daemon($answers, 'KILL');

$_->reset() for @crowd;

$t->expect_log(qr/timed out/);
$t->done();


sub seqid {
    my ($c) = @_;

    my $m = $c->read_message(20);

    return $m ? $m->{seqid} : 0;
}


sub connections {
    my ($pid) = $t->workers();
    my @fds = glob("/proc/$pid/fd/*");

    return scalar @fds;
}
