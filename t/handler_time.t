#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nginx's clock stands still while a method holds the event loop; the times of
# calls do not: those that are logged, and the one that is left.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('nap', idl => <<'EOF', source => <<'EOF');
service Nap {
    /** Sleeps in the event loop; returns what is left then. */
    i64 nap(1: i32 msec),

    /** The same, in a timer. */
    i64 later(1: i32 msec),

    /** Works until no time is left, and gives up. */
    i64 endless(),

    /** The same, in a timer. */
    i64 endlessLater()
}
EOF
#define _POSIX_C_SOURCE  200809L

#include "nap.h"

#include <time.h>


static void
sleep_for(int32_t msec)
{
    struct timespec  ts;

    ts.tv_sec = 0;
    ts.tv_nsec = msec * 1000000L;

    (void) nanosleep(&ts, NULL);
}


static void
nap(nthrift_call_t *call, const Nap_nap_args_t *args)
{
    sleep_for(args->msec);

    Nap_nap_reply(call, nthrift_call_left(call));
}


static void
on_timer(nthrift_call_t *call, void *data)
{
    const Nap_later_args_t  *args = data;

    sleep_for(args->msec);

    Nap_later_reply(call, nthrift_call_left(call));
}


static void
later(nthrift_call_t *call, const Nap_later_args_t *args)
{
    (void) nthrift_call_timer(call, 100, on_timer, args);
}


static void
endless(nthrift_call_t *call, const Nap_endless_args_t *args)
{
    (void) args;

    while (nthrift_call_left(call) > 0) {
        sleep_for(1);
    }
}


static void
on_endless(nthrift_call_t *call, void *data)
{
    endless(call, data);

    nthrift_call_done(call);
}


static void
endless_later(nthrift_call_t *call, const Nap_endlessLater_args_t *args)
{
    (void) args;

    (void) nthrift_call_timer(call, 10, on_endless, NULL);
}


Nap_HANDLER(.nap = nap, .later = later, .endless = endless,
            .endlessLater = endless_later)
EOF

$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TESTDIR%%/gen-nap/nap.thrift;

    log_format  times  '$thrift_seqid $thrift_call_time $session_time';
    access_log  %%TESTDIR%%/access.log  times;

    server {
        listen  127.0.0.1:%%PORT_handler%%;

        thrift_timeout       20s;
        thrift_handler_slow  0;

        thrift_service Nap {
            thrift_handler  %%TESTDIR%%/nap.so;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_short%%;

        thrift_timeout       100ms;
        thrift_handler_slow  0;

        thrift_service Nap {
            thrift_handler  %%TESTDIR%%/nap.so;
        }
    }
}

EOF

$t->run();

my $c = $t->client('handler');

my $seqid = 0;
my $left;

logged(0.300, 'method', sub {
    $left = answer($c->call('nap', [ [ 1, i32 => 300 ] ], seqid => ++$seqid));
});
between($left, 20000 - 300 * time_factor() - 1000, 19700, 'time that is left');

logged(0.400, 'timer', sub {
    $left = answer($c->call('later', [ [ 1, i32 => 300 ] ],
                            seqid => ++$seqid));
});
between($left, 20000 - 400 * time_factor() - 1000, 19600, 'left in a timer');

# two that have arrived together

logged(0.400, "$_ of two that are answered together", \&two, $_ - 2)
    for 1, 2;

# and one that did not wait for anything

logged(0, 'short one', sub {
    answer($c->call('nap', [ [ 1, i32 => 0 ] ], seqid => ++$seqid));
});

# one that gives up in time was timed out, and was not wrong

my $short = $t->client('short');

for my $method (qw(endless endlessLater)) {
    like(answer($short->call($method)),
         qr/^6 timed out after 100ms waiting for handler$/, $method);
    is(scalar($t->grep_log(qr/did not reply/)), 0, "$method is not blamed");
}

$t->done();


sub between {
    my ($is, $from, $to, $name) = @_;

    ok($is >= $from && $is <= $to, $name) or diag("$is");
}


# Makes a call that takes so many seconds, and looks at its line of the log, or
# at that of one before it; again, if the machine was busy elsewhere.

sub logged {
    my ($seconds, $name, $make, $before) = @_;

    my $to = $seconds + 0.15 * time_factor();
    my ($call, $session);

    for (1 .. 5) {
        $make->();

        my $id = $seqid + ($before || 0);
        my ($line) = $t->wait_log(qr/^$id /, 'access.log');

        (undef, $call, $session) = split / /, $line || '0 -1 -1';
        last if $call <= $to && $session <= $to;
    }

    between($call, $seconds, $to, "$name: \$thrift_call_time");
    between($session, $seconds, $to, "$name: \$session_time");
}


sub two {
    $c->send(join('', map { call_bytes('nap', ++$seqid, [ [ 1, i32 => 200 ] ]) }
                          1, 2));
    $c->read_message() for 1, 2;
}
