#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A server with max_conns=5 and a zone never has more than five calls in flight, as
# it counts them itself: of two workers together, for 64 clients, and whatever it
# does with the calls.  When it has come to its senses it has five again, all the
# time: no place was lost.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $SECONDS = 3 * time_factor();
my $PLACES  = 5;
my $STEADY  = 0.040;        # seconds of a call, as t/faults/crowd.c has it

# What the server is kept busy of that time at least: it is given the next call
# only when somebody makes one.

my $BUSY    = 0.6 / time_factor();

my $top = Test::Thrift->top();

ok(system('make', '-s', '-C', $top, 'build/bench/load') == 0
   && system('make', '-s', '-C', $top, '-f', 't/faults/faults.mk',
             'build/faults/crowd') == 0, 'build');

my $CONF = <<'EOC';

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    #definitions
    thrift_timeout  300ms;

    upstream five {
        zone    five 64k;
        server  127.0.0.1:%%PORT_crowd%%  max_conns=5 max_fails=0;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%% reuseport;
        thrift_pass  five;
    }
}

EOC

my %tests = map { $_->[0] => Test::Thrift->new(conf($CONF,
                                                    definitions => $_->[1]),
                                               log => 'crit') }
    [ shared => 'thrift_idl %%TOP%%/bench/echo.thrift;' ],
    [ own => '' ];

places($_, $tests{$_}) for sort keys %tests;


sub places {
    my ($name, $t) = @_;

    my $crowd = $t->run_daemon([ "$top/build/faults/crowd", '127.0.0.1:'
                                 . $t->port('crowd') ],
                               port => 'crowd', log => 'crowd.log');
    $t->run();

    # the calls that it has in a second depend on how long it stalls

    call($t, "$name, chaos", 2 * $SECONDS, 5);
    kill('USR1', $crowd);

    my ($chaos) = $t->wait_log(qr/^most /, 'crowd.log');

    my $busy = $SECONDS * $PLACES / $STEADY * $BUSY;
    my @chaos = $chaos =~ /(\d+)/g;
    my @then;

    # a machine that does something else has fewer, and some too late: again, then

    for my $try (1 .. 5) {
        call($t, "$name, then", $SECONDS, 5, 0);
        kill('USR1', $crowd);

        my @lines = $t->wait_log(qr/^most /, 'crowd.log', undef, $try + 1);

        @then = $lines[$try] =~ /(\d+)/g;
        last if $then[2] == $then[1] && $then[2] > $busy;
    }

    $t->stop_daemon($crowd);

    is($chaos[0], $PLACES, "$name: at most five");
    cmp_ok($chaos[1], '>', 100 * $SECONDS / time_factor(), "$name: calls");
    cmp_ok($chaos[2], '<', $chaos[1], "$name: not all were answered");
    is($then[0], $PLACES, "$name: then five");
    is($then[2], $then[1], "$name: all were answered then");
    cmp_ok($then[2], '>', $busy, "$name: five all the time");

    note("$name: @chaos, then @then");

    $t->done();
}


# Each call gets an answer, many of them an exception.

sub call {
    my ($t, $name, $seconds, @codes) = @_;

    my $command = join(' ', "$top/build/bench/load",
                       '127.0.0.1:' . $t->port('proxy'), '--connections 64',
                       '--rate', int(2000 / time_factor()), '--seconds', $seconds,
                       '--timeout', 10 * time_factor());

    my $text = `$command 2>/dev/null`;
    my $code = $? >> 8;

    ok(scalar(grep { $code == $_ } @codes), "$name: answered")
        or diag("exit code $code: $text");
}
