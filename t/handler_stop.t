#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Reload and stop while calls wait in handlers, for timers, upstreams, threads
# and clients that do not read: workers end in time, and leave nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $ROUNDS = $ENV{STOP_ROUNDS} || 3;

my $t = Test::Thrift->new(undef, log => 'info');

srand($ENV{FUZZ_SEED} || 20261126);

$t->handler($_) for qw(rare probe);
$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

worker_processes         2;
worker_shutdown_timeout  300ms;
thread_pool              pool threads=2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TOP%%/t/data/handler/rare.thrift;
    thrift_idl  %%TOP%%/t/data/handler/probe.thrift;

    upstream framed {
        server  127.0.0.1:%%PORT_loop%%;
    }

    upstream backend {
        server            127.0.0.1:%%PORT_backend%%  max_fails=0;
        thrift_keepalive  4;
    }

    server {
        listen  127.0.0.1:%%PORT_loop%%;

        thrift_handler_slow  0;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so  ticks=yes;

            thrift_method seen { thrift_pass backend; }
        }

        thrift_service Rare order=1 {
            thrift_handler  %%TESTDIR%%/rare.so;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_threads%%;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so  threads=pool;
        }
    }
}

EOF

my $backend = $t->backend('backend', script => { '*' => [
    map { ({ stall => 1 }, { delay => 0.05 }, { close => 'mid' },
           { close => 'after' }, { cut => 0.5 }, { twice => 1 }) } 1 .. 20 ] });

my @calls = (
    [ 'Probe:wait', [ 1, string => 'x' ] ],
    [ 'Probe:act', [ 1, string => 'forever' ] ],
    [ 'Probe:act', [ 1, string => 'timers' ] ],
    [ 'Probe:act', [ 1, string => 'big' ] ],
    [ 'Probe:act', [ 1, string => 'slow' ] ],
    [ 'Probe:ask', [ 1, string => 'backend' ], [ 2, string => 'x' ],
                   [ 3, i32 => 50 ] ],
    [ 'Probe:ask', [ 1, string => 'framed' ], [ 2, string => 'x' x 20000 ],
                   [ 3, i32 => 200 ] ],
    [ 'Probe:work', [ 1, string => 'pool' ], [ 2, i32 => 30 ] ],
    [ 'Probe:seen' ],
    [ 'Probe:release', [ 1, string => 'x' ] ],
    [ 'Rare:act', [ 1, string => 'zero' ] ],
    [ 'Rare:act', [ 1, string => 'join' ] ],
    [ 'Rare:act', [ 1, string => 'worker' ] ],
    [ 'Rare:act', [ 1, string => 'ticks' ] ],
);

$t->run();

for my $round (1 .. $ROUNDS) {
    my @clients = busy();

    ok($t->reload(), 'reload');
    leave(splice(@clients, 0, 30));
    ok($t->old_workers_gone(), 'old workers end in time');
    leave(@clients);
}

my @clients = busy();
$t->signal($ENV{STOP_SIGNAL} || 'TERM');
ok(wait_for(sub { !$t->workers(1) }), 'workers end at once');

$t->done();


# Clients with calls on their way, of which some leave again.

sub busy {
    my @clients;

    for my $n (1 .. 60) {
        my $where = $n % 4 ? 'loop' : 'threads';
        my $c = $t->client($where, rcvbuf => 4096);
        my @mine = map { $calls[rand @calls] } 1 .. 1 + rand(4);

        @mine = grep { $_->[0] =~ /^Probe:(?:act|wait|release|seen)/ } @mine
            if $where eq 'threads';

        my ($name, @args);
        my $seqid = 0;

        $c->send(join('', map {
            ($name, @args) = @$_;
            encode_message(rand() < 0.1 ? ONEWAY : CALL, $name, ++$seqid,
                           \@args)
        } @mine));

        push @clients, $c;
        leave($c) if rand() < 0.2;
    }

    # all of them have been accepted

    $t->client('loop')->call('Probe:nothing') for 1 .. 4;

    return @clients;
}


sub leave {
    for my $c (grep { !$_->{left}++ } @_) {
        rand() < 0.5 ? $c->reset() : rand() < 0.5 ? $c->half_close()
                                                  : $c->close();
    }
}
