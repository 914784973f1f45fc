#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# 10,000 methods that have been called: what reports of them cost a worker, for
# how long one is held by them at once, and that calls go on in between; one
# that is on its way at a reload is written to its end.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


use constant METHODS => 10_000;
use constant REPORTS => 20;

# Milliseconds of a worker's CPU for a report, at most.

my %MOST = (prometheus => 100, json => 100, sparse => 100);

# Of the same, between two turns of its event loop.

use constant HELD => 10;

my $t = Test::Thrift->new(undef, http => 1, log => 'info');

# A timer in the worker looks how much CPU it has used since the time before:
# others on the machine do not count.

$t->handler('ticks', idl => <<'EOF', source => <<'EOF');
service Ticks {
    /** The most that was used between two, in microseconds, since last asked. */
    i64 longest(),

    /** Uses so many milliseconds. */
    void hold(1: i32 msec)
}
EOF
#define _POSIX_C_SOURCE  200809L

#include "ticks.h"

#include <time.h>


static int64_t  last, most;


static int64_t
used(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);

    return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}


static void
tick(nthrift_worker_t *worker, void *data)
{
    int64_t  now = used();

    if (last != 0 && now - last > most) {
        most = now - last;
    }

    last = now;

    (void) nthrift_worker_timer(worker, 1, tick, data);
}


static int
on_start(nthrift_worker_t *worker)
{
    return nthrift_worker_timer(worker, 1, tick, NULL);
}


static void
longest(nthrift_call_t *call, const Ticks_longest_args_t *args)
{
    (void) args;

    Ticks_longest_reply(call, most);

    most = 0;
}


static void
hold(nthrift_call_t *call, const Ticks_hold_args_t *args)
{
    int64_t  end = used() + args->msec * 1000;

    while (used() < end) { /* void */ }

    Ticks_hold_reply(call);
}


Ticks_HANDLER(.longest = longest, .hold = hold, .on_start = on_start)
EOF

$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location = /prometheus {
            thrift_status  prometheus;
        }

        location = /json {
            thrift_status  json;
        }

        location = /page {
            thrift_status  html;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_status_zone  counted  16m;

    server {
        listen        127.0.0.1:%%PORT_proxy%%;
        thrift_name   many;
        thrift_idl    many.thrift;
        thrift_return INTERNAL_ERROR "no";
    }

    server {
        listen               127.0.0.1:%%PORT_ticks%%;
        thrift_idl           gen-ticks/ticks.thrift;
        thrift_handler_slow  0;

        thrift_service Ticks {
            thrift_handler  %%TESTDIR%%/ticks.so;
        }
    }
}

EOF

$t->write_file('many.thrift', join("\n", 'service Many {',
                                   map({ "void method$_(1: i32 n)" }
                                       1 .. METHODS), '}'));
$t->run();

my ($worker) = $t->workers();
my $ticks = $t->client('ticks');

$ticks->call('hold', [ [ 1, i32 => 20 ] ]);
ok(wait_for(sub { longest() >= 20 }), 'what holds a worker is seen');
my $c = $t->client('proxy');

for my $i (1 .. METHODS) {
    $c->start("method$i");
    $c->read_message() if $i > 50;
}

$c->read_message() for 1 .. 50;

reports($_->[0], $_->[1]) for [ prometheus => '/prometheus' ],
                              [ json => '/json' ],
                              [ sparse => '/page?format=json' ];
samples();
calls_go_on();
reload();

$t->done();


sub reports {
    my ($name, $path) = @_;

    my ($size, $ms, $held);

    # the least of them: beside others a processor does less in its time

    for (1 .. REPORTS) {
        my ($begin, $before) = (time(), cpu_time($worker));

        longest();

        my $r = $t->http('web')->request('GET', $path);

        my $took = 1000 * (cpu_time($worker) - $before);
        my $longest = longest();

        $size = length $r->{body};
        $ms = $took if !defined $ms || $took < $ms;
        $held = $longest if !defined $held || $longest < $held;

        note(sprintf('%s: %.0f ms', $name, 1000 * (time() - $begin)));
        last if sanitizer() || $ms < $MOST{$name} && $held < HELD;
    }

    cmp_ok($size, '>', 100 * METHODS, "$name: all of them");

    SKIP: {
        skip 'not with sanitizers', 2 if sanitizer();
        cmp_ok($ms, '<', $MOST{$name}, "$name: CPU");
        cmp_ok($held, '<', HELD, "$name: at once");
    }

    note(sprintf('%s: %.1f MB, %.0f ms of CPU, %.1f at once', $name,
                 $size / 1e6, $ms, $held));
}


# Milliseconds since this was asked before.

sub longest {
    my $m = $ticks->call('longest', []);

    return $m->{fields}{0} / 1000;
}


# All rows are looked at for a sample, some of them in a turn.

sub samples {
    my ($n, $held);

    for (1 .. 4) {
        $n = taken();
        longest();

        ok(wait_for(sub { taken() > $n }, 20), 'a sample');

        my $longest = longest();

        $held = $longest if !defined $held || $longest < $held;
        last if sanitizer() || $held < HELD;
    }

    SKIP: {
        skip 'not with sanitizers', 1 if sanitizer();
        cmp_ok($held, '<', HELD, 'a sample: at once');
    }

    note(sprintf('a sample: %.1f ms at once', $held));
}


sub taken {
    my $body = $t->http('web')->request('GET', '/page?format=json&history=1')
                 ->{body};

    $body =~ /"times":\[([^\]]*)\]/ or die 'no history';

    return scalar(my @times = split(/,/, $1));
}


# As much of a report as is written in one turn, and no more, is between calls:
# while it is read slowly they are answered.

sub calls_go_on {
    my $web = $t->http('web');

    $web->connection()->send($web->head('GET', '/prometheus'));

    my ($longest, $n) = (0, 0);

    while ($n < 300) {
        my $begin = cpu_time($worker);
        $c->call('method1');
        my $took = cpu_time($worker) - $begin;

        $longest = $took if $took > $longest;
        $n++;
        $web->connection()->read_some() if $n % 3 == 0;
    }

    $web->connection()->close();

    note(sprintf('longest call: %.1f ms', 1000 * $longest));
    cmp_ok($longest, '<', 0.5 * time_factor(), 'calls go on');
}


sub reload {
    my @web = map { $t->http('web') } 1 .. 3;

    $_->connection()->send($_->head('GET', '/json', Connection => 'close'))
        for @web;
    ok(length $web[0]->connection()->read_some(), 'reports have begun');

    ok($t->reload(), 'reload');

    is(scalar(grep { $_->connection()->read_all(10 * time_factor())
                     =~ /\r\n0\r\n\r\n\z/ } @web), 3,
       'they are written to their end');
    ok($t->old_workers_gone(10), 'then their worker has ended');
}
