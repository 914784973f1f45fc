#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Where the time of a call went, as its log line says: waiting for its turn or
# for a connection, in attempts, in a handler's code on the event loop and on
# threads.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


# what nobody has written is not zero

$ENV{MALLOC_PERTURB_} = 85;
$ENV{ASAN_OPTIONS} = join(':', $ENV{ASAN_OPTIONS} || (),
                          'max_malloc_fill_size=1048576');

my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('nap', idl => <<'EOF', source => <<'EOF');
service Nap {
    /** Holds the event loop so long, and once more in a timer. */
    void nap(1: i32 msec),

    /** Works so long in a thread. */
    void work(1: i32 msec),

    /** Computes so long, and once more in a thread. */
    void spin(1: i32 msec)
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
on_timer(nthrift_call_t *call, void *data)
{
    const Nap_nap_args_t  *args = data;

    sleep_for(args->msec);

    Nap_nap_reply(call);
}


static void
nap(nthrift_call_t *call, const Nap_nap_args_t *args)
{
    sleep_for(args->msec);

    (void) nthrift_call_timer(call, 100, on_timer, (void *) args);
}


static void
in_thread(void *data)
{
    const Nap_work_args_t  *args = data;

    sleep_for(args->msec);
}


static void
on_done(nthrift_call_t *call, void *data)
{
    (void) data;

    Nap_work_reply(call);
}


static void
work(nthrift_call_t *call, const Nap_work_args_t *args)
{
    (void) nthrift_call_work(call, NULL, in_thread, on_done, (void *) args);
}


static void
spin_for(void *data)
{
    const Nap_spin_args_t  *args = data;

    struct timespec  ts;
    int64_t          end;

    (void) clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    end = ts.tv_sec * 1000000000L + ts.tv_nsec + args->msec * 1000000L;

    while (ts.tv_sec * 1000000000L + ts.tv_nsec < end) {
        (void) clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    }
}


static void
on_spun(nthrift_call_t *call, void *data)
{
    (void) data;

    Nap_spin_reply(call);
}


static void
spin(nthrift_call_t *call, const Nap_spin_args_t *args)
{
    spin_for((void *) args);

    (void) nthrift_call_work(call, NULL, spin_for, on_spun, (void *) args);
}


Nap_HANDLER(.nap = nap, .work = work, .spin = spin)
EOF

$t->write_conf(<<'EOC');

%%TEST_GLOBALS%%

thread_pool  default  threads=1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  times  '$thrift_method all=$thrift_call_time '
                       'queue=$thrift_queue_time handler=$thrift_handler_time '
                       'cpu=$thrift_handler_cpu_time '
                       'attempts=$thrift_attempts [$upstream_session_time] '
                       'began=$thrift_start_nanoseconds '
                       'ended=$thrift_end_nanoseconds span=$thrift_span';
    access_log  %%TESTDIR%%/access.log  times;

    upstream backend {
        server  127.0.0.1:%%PORT_backend%%;
    }

    upstream one {
        server            127.0.0.1:%%PORT_backend%%;
        thrift_keepalive  1 max=1;
    }

    upstream retried {
        server  127.0.0.1:%%PORT_nobody%%;
        server  127.0.0.1:%%PORT_backend%%  backup;
    }

    server {
        listen                 127.0.0.1:%%PORT_gate%%;
        thrift_pass            backend;
        thrift_max_concurrent  1;
    }

    server {
        listen       127.0.0.1:%%PORT_one%%;
        thrift_pass  one;
    }

    server {
        listen       127.0.0.1:%%PORT_retried%%;
        thrift_pass  retried;
    }

    server {
        listen               127.0.0.1:%%PORT_handler%%;
        thrift_idl           %%TESTDIR%%/gen-nap/nap.thrift;
        thrift_handler_slow  0;

        thrift_service Nap {
            thrift_handler  %%TESTDIR%%/nap.so;
        }
    }
}

EOC

my $backend = $t->backend('backend');

$backend->script(slow => { hold => 1 });

$t->run();

for my $port (qw(gate one)) {
    my $line = behind_another($port, "after_$port");

    cmp_ok($line->{queue}, '>=', 0.05, "$port: it has waited");
    cmp_ok($line->{queue}, '<=', $line->{all} + 0.001, 'not longer than all');
    is($line->{attempts}, 1, 'with one server');
    is($line->{handler}, '0.000000', 'and no handler');

    is(line('slow')->{queue}, '0.000', 'the first one has not waited');
}

$t->client('retried')->call('other', []);
is(line('other')->{attempts}, 2, 'two attempts');

# a client that leaves while its call waits

cmp_ok(behind_another('gate', 'gone', leaves => 1)->{queue}, '>=', 0.05,
       'it has waited until it left');

# handlers

my $c = $t->client('handler');

$c->call('nap', [ [ 1, i32 => 50 ] ]);

my $line = line('nap');

cmp_ok($line->{handler}, '>=', 0.1, 'both parts on the event loop');
cmp_ok($line->{handler}, '<=', $line->{all} - 0.05, 'but no timer');
is($line->{attempts}, 0, 'no server was asked');

$c->call('work', [ [ 1, i32 => 100 ] ]);
cmp_ok(line('work')->{handler}, '>=', 0.1, 'in a thread');

for my $sleeps (qw(nap work)) {
    cmp_ok(line($sleeps)->{cpu}, '<', 0.05, "$sleeps: not of the processor's");
}

$c->call('spin', [ [ 1, i32 => 50 ] ]);
$line = line('spin');

cmp_ok($line->{cpu}, '>=', 0.1, 'computes on the event loop and in a thread');
cmp_ok($line->{cpu}, '<=', $line->{handler} + 0.001, 'not longer than it ran');

# where no call is counted: when it began is what nginx's clock says

for my $method (qw(gone nap spin)) {
    $line = line($method);

    my @span = $line->{span} =~ /TimeUnixNano\\x22:\\x22(\d+)/g;

    is_from_to($line->{all}, $line->{began}, $line->{ended}, "$method, began");
    is_from_to($line->{all}, @span, "$method, its span");
}

is(line('gone')->{cpu}, '0.000000', 'where no handler answers');

$t->done();


# The line for a call that waits behind another client's for 0.1 s, or leaves
# then; again, if the worker was held up meanwhile, and saw both at once.

sub behind_another {
    my ($port, $method, %o) = @_;

    my $line;

    for (1 .. 5) {
        my ($first, $second) = map { $t->client($port) } 1 .. 2;
        my $calls = $backend->calls('slow');
        my $lines = $t->grep_log(qr/^$method /, 'access.log');

        $first->start('slow', []);
        wait_for(sub { $backend->calls('slow') > $calls });

        $second->start($method, []);
        elapse(0.1);

        if ($o{leaves}) {
            $second->close();
            line($method, $lines + 1);
        }

        $backend->release();
        $first->read_message();
        $line = line($method, $lines + 1);

        last if $line->{queue} >= 0.05;
    }

    return $line;
}


# Nanoseconds since 1970, between which are so many seconds; about, as they are
# looked at one after the other.

sub is_from_to {
    my ($seconds, $from, $to, $name) = @_;

    my $took = ($to - $from) / 1e9;

    cmp_ok(abs(time() - $to / 1e9), '<', 60, "$name, ended now");
    cmp_ok(abs($took - $seconds), '<', 10, "$name, so long before");
}


# The latest line for a method, of so many.

sub line {
    my ($method, $n) = @_;

    my $line = ($t->wait_log(qr/^$method /, 'access.log', undef, $n))[-1];

    return { $line =~ /(\w+)=(\S+)/g };
}
