#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A hedge that waits for a connection, as one of many, holds its client back for
# nothing: the call itself is on its way, and so may the client's next ones be.
# The other way round a call that waits so holds them back until its hedge is on
# its way, and no longer.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use POSIX ();
use Test::More;
use Test::Thrift;


my $BUSY    = 128;              # connections that a worker opens at once
my $WAITING = 250;
my $PACE    = 0.02;             # seconds from one answer to the next

my $t = Test::Thrift->new(<<'EOC');

%%TEST_GLOBALS%%

worker_processes  1;

events {
    worker_connections  2048;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trusted  on;
    thrift_timeout  60s;

    upstream two {
        hash    $thrift_method;
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_second%%;
    }

    server {
        listen       127.0.0.1:%%PORT_crowd%%  backlog=1024;
        thrift_pass  two;
    }

    server {
        listen             127.0.0.1:%%PORT_victim%%;
        thrift_idempotent  on;
        thrift_hedge       20ms  percent=100;
        thrift_pass        two;
    }

    # keeps the event loop from being on time, so that no more connections are
    # opened

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

my %backend = map { $_ => $t->backend($_) } qw(first second);

$t->run();

# a method of each server's, which it answers when it is told

my $client = $t->client('crowd');
my %method;

for (1 .. 20) {
    $method{answer($client->call("get$_"))} = "get$_";
}

is(scalar(keys %method), 2, 'each has some methods');

$_->script($method{first} => { hold => 1 }, $method{second} => { hold => 1 })
    for values %backend;

my @children = (child(sub {
    $t->client('nap')->call('nap', [ [ 1, i32 => 12 ] ]) while 1;
}));

my @crowd = map { $t->client('crowd') } 1 .. $BUSY + $WAITING;

$_->send(call_bytes($method{second}, 1)) for @crowd;

ok(wait_for(sub { $backend{second}->calls($method{second}) >= $BUSY }),
   'many are on their way, and more wait');

push @children, child(sub {
    for ( ;; ) {
        $backend{second}->release($method{second});
        select(undef, undef, undef, $PACE);
    }
});

ok(wait_for(sub { $backend{second}->calls($method{second}) >= $BUSY + 5 }),
   'they are served one after the other');

my $victim = $t->client('victim');
my $calls = $backend{first}->calls($method{first});

$victim->send(call_bytes($method{first}, 1));

my ($waits) = $t->wait_log(qr/attempt 2 is waiting/);

like($waits // '', qr/with [1-9]\d+ others/, 'a hedge waits among them');

$victim->send(call_bytes($method{first}, 2));

ok(wait_for(sub { $backend{first}->calls($method{first}) >= $calls + 2 }),
   'a further call is on its way');

my ($number) = ($waits // '') =~ /call (\d+)/;

is(scalar($t->grep_log(qr/call $number holds back/)), 0,
   'it was not held back for it');

# those that wait are served all the time, unless this machine is busy

my $released;

for (1 .. 10) {
    last if defined($released = released());
}

is($released, 1, 'a call is released when its hedge is on its way');

kill('KILL', @children);
waitpid($_, 0) for @children;

$_->reset() for @crowd, $victim;

$t->done();


# Of a call that waits, and one behind it: is that on its way before the first
# has waited in vain, or to the end?  undef: it was not held back.

sub released {
    my $start = -s $t->dir() . '/error.log';
    my $calls = $backend{first}->calls($method{first});
    my $client = $t->client('victim');

    $client->send(call_bytes($method{second}, 1)
                  . call_bytes($method{first}, 2));

    wait_for(sub { $backend{first}->calls($method{first}) > $calls });

    my $log = $t->read_log(undef, $start);
    my $server = $backend{first}->address();
    my ($call) = $log =~ /call (\d+): attempt 2, a hedge, .* $server$/m
        or return;

    $log =~ /call $call holds back/ or return;

    push @crowd, $client;

    return $log =~ /call $call: attempt 1 on connection/ ? 0 : 1;
}


sub child {
    my ($code) = @_;

    my $pid = fork() // die "fork: $!";

    if ($pid == 0) {
        $code->();
        POSIX::_exit(0);
    }

    return $pid;
}
