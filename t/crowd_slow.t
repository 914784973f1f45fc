#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# As many slow calls as a worker opens connections for at once, more that wait
# for one, and a worker whose event loop is late.  Such a worker opens no more
# because calls wait, but for one that waits for long it does: from time to time
# a slow call is answered, and it would have to wait for as many of them as
# there are clients before it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $SLOW    = 128;
my $WAITING = 64;
my $PACE    = 0.2;              # seconds from one answer to the next

my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
    worker_connections  1024;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trusted  on;

    upstream one {
        server  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen          127.0.0.1:%%PORT_slow%%  backlog=1024;
        thrift_timeout  60s;
        thrift_pass     one;
    }

    server {
        listen          127.0.0.1:%%PORT_victim%%;
        thrift_timeout  6s;
        thrift_pass     one;
    }

    server {
        listen               127.0.0.1:%%PORT_nap%%;
        thrift_idl           %%TOP%%/t/data/handler/nap.thrift;
        thrift_handler_slow  0;

        thrift_service Nap {
            thrift_handler  %%TESTDIR%%/nap.so;
        }
    }
}

EOC

$t->handler('nap');

my $backend = $t->backend('backend', script => {
    stuck => { stall => 1 },
    map { ("slow$_" => { delay => $_ * $PACE }) } 1 .. $SLOW
});

$t->run();

my @slow = map { $t->client('slow') } 1 .. $SLOW + $WAITING;

$slow[$_ - 1]->send(call_bytes("slow$_", 1)) for 1 .. $SLOW;

ok(wait_for(sub { $backend->calls() >= $SLOW }), 'slow calls are on their way');

my $naps = $t->run_daemon(sub {
    my $nap = $t->client('nap');

    while ($nap->call('nap', [ [ 1, i32 => 12 ] ])) { }
});

$slow[$_]->send(call_bytes('stuck', 1)) for $SLOW .. $#slow;

is(answer($t->client('victim')->call('get')), 'backend',
   'a call beside them is answered in time');

$t->stop_daemon($naps, 'KILL');

$_->reset() for @slow;

$t->done();
