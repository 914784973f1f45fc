#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A oneway that has reached its handler goes on however its client leaves; calls
# that wait for a reply beside it do not.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $template = <<'EOC';

%%TEST_GLOBALS%%

worker_shutdown_timeout  500ms;
#threads

events {
    #method
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TESTDIR%%/gen-note/note.thrift;

    log_format  calls  '$thrift_method $thrift_seqid $thrift_status $status '
                       '$remote_addr';
    access_log  %%TESTDIR%%/access.log  calls;

    upstream backend {
        server  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen  127.0.0.1:%%PORT_handler%%  sndbuf=32k;

        thrift_service Note {
            thrift_handler  %%TESTDIR%%/note.so;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_threads%%;

        thrift_service Note {
            thrift_handler  %%TESTDIR%%/note.so  #pool;
        }
    }

    server {
        listen               127.0.0.1:%%PORT_deaf%%  sndbuf=8k;
        thrift_send_timeout  200ms;

        thrift_service Note {
            thrift_handler  %%TESTDIR%%/note.so;
        }
    }
}

EOC

my @servers = (server(method => '', pool => 'threads=pool',
                      threads => 'thread_pool  pool  threads=4;'),
               server(method => 'use poll;', pool => '', threads => ''));
my $t = $servers[0];

$t->run();

ways($_) for qw(handler threads);
beside();
asks();
deaf();
shuts_down();

# not every nginx can do without edges

$t = $servers[1];

if ($t->test_config() =~ /successful/) {
    $t->run();
    ways('handler');
    shuts_down();

} else {
    pop(@servers)->{done} = 1;
}

$_->done() for @servers;


sub server {
    my %texts = @_;

    my $t = Test::Thrift->new(undef, log => 'info');

    $t->handler('note', idl => <<'EOF', source => <<'EOF');
service Note {
    /** Takes that long; then it says so in the log. */
    oneway void note(1: i32 msec),

    /** The same, after a call to an upstream. */
    oneway void pass(1: i32 msec),

    void nothing(),
    string wait(),
    binary large(1: i32 n)
}
EOF
#define _POSIX_C_SOURCE  200809L

#include "note.h"

#include <pthread.h>
#include <time.h>


static pthread_t  loop;
static uint8_t    zeros[1000000];


static int
start(nthrift_worker_t *worker)
{
    (void) worker;

    loop = pthread_self();

    return NTHRIFT_OK;
}


static void
on_note(nthrift_call_t *call, void *data)
{
    const nthrift_call_info_t  *info;

    (void) data;

    info = nthrift_call_info(call);

    nthrift_call_log(call, NTHRIFT_LOG_NOTICE, "noted %d of %.*s",
                     (int) info->seqid, 9, info->client.data);
    (void) nthrift_call_done(call);
}


static void
on_cancel(nthrift_call_t *call, nthrift_cancel_e reason, void *data)
{
    (void) data;

    nthrift_call_log(call, NTHRIFT_LOG_NOTICE, "cancelled %d: %d",
                     (int) nthrift_call_info(call)->seqid, (int) reason);
}


static void
note(nthrift_call_t *call, const Note_note_args_t *args)
{
    struct timespec  ts;

    if (!pthread_equal(pthread_self(), loop)) {
        ts.tv_sec = 0;
        ts.tv_nsec = args->msec * 1000000L;
        (void) nanosleep(&ts, NULL);

        on_note(call, NULL);
        return;
    }

    (void) nthrift_call_timer(call, (uint32_t) args->msec, on_note, NULL);
    (void) nthrift_call_on_cancel(call, on_cancel, NULL);
}


static void
on_answer(nthrift_call_t *call, const nthrift_failure_t *failure,
    const Note_nothing_result_t *result, void *data)
{
    (void) result;

    if (failure == NULL) {
        on_note(call, data);
    }
}


static void
on_pass(nthrift_call_t *call, void *data)
{
    Note_nothing_args_t  ask;

    Note_nothing_args_init(&ask);
    (void) Note_nothing_call(call, "backend", &ask, on_answer, data);
}


static void
pass(nthrift_call_t *call, const Note_pass_args_t *args)
{
    (void) nthrift_call_timer(call, (uint32_t) args->msec, on_pass, NULL);
}


static void
nothing(nthrift_call_t *call, const Note_nothing_args_t *args)
{
    (void) args;

    Note_nothing_reply(call);
}


static void
wait_for(nthrift_call_t *call, const Note_wait_args_t *args)
{
    (void) args;

    (void) nthrift_call_keep(call);
    (void) nthrift_call_on_cancel(call, on_cancel, NULL);
}


static void
large(nthrift_call_t *call, const Note_large_args_t *args)
{
    Note_large_reply(call, nthrift_str_of(zeros, (size_t) args->n));
}


Note_HANDLER(.note = note, .pass = pass, .nothing = nothing, .wait = wait_for,
             .large = large, .on_start = start)
EOF

    $t->{conf} = conf($template, %texts);
    $t->write_conf($t->{conf});

    return $t;
}


sub note_bytes {
    my ($seqid, $msec) = @_;

    return oneway_bytes('note', $seqid, [ [ 1, i32 => $msec || 300 ] ]);
}


sub noted {
    my ($seqid, $name) = @_;

    ok($t->wait_log(qr/noted $seqid of 127\.0\.0\.1/), "$name: goes on")
        or diag($t->grep_log(qr/cancelled/));
    ok($t->wait_log(qr/^(?:note|pass) $seqid sent 200 127\.0\.0\.1$/,
                    'access.log'), "$name: logged");
}


sub arrived {
    my ($c) = @_;

    is(answer($c->call('nothing')), 'void', 'has arrived');
}


sub ways {
    my ($where) = @_;

    my $base = $where eq 'threads' ? 200 : 100;

    my %way = (
        1 => [ 'FIN', sub {
            $_[0]->send(note_bytes($_[1]));
            arrived($_[0]);
            $_[0]->close();
        } ],
        2 => [ 'RST', sub {
            $_[0]->send(note_bytes($_[1]));
            arrived($_[0]);
            $_[0]->reset();
        } ],
        3 => [ 'call and oneway, closed at once', sub {
            $_[0]->send(call_bytes('nothing', 1) . note_bytes($_[1]));
            $_[0]->close();
        } ],
        4 => [ 'closed with a reply unread', sub {
            $_[0]->send(call_bytes('nothing', 1));
            elapse(0.1);
            $_[0]->send(note_bytes($_[1]));
            $_[0]->close();
        } ],
        5 => [ 'closed with a later reply unread', sub {
            $_[0]->send(note_bytes($_[1]) . call_bytes('nothing', 1));
            elapse(0.1);
            $_[0]->close();
        } ],
        6 => [ 'half closed, then RST', sub {
            $_[0]->send(note_bytes($_[1]));
            $_[0]->half_close();
            elapse(0.1);
            $_[0]->reset();
        } ],
    );

    for my $n (sort keys %way) {
        my ($name, $leave) = @{$way{$n}};

        $leave->($t->client($where), $base + $n);
        noted($base + $n, "$where, $name");
    }

    is(scalar(() = $t->grep_log(qr/cancelled $base?\d+: /)), 0,
       "$where: none was cancelled");
}


# A call that waits for a reply is cancelled at once, its oneway is not.

sub beside {
    my $c = $t->client('handler');

    $c->send(call_bytes('wait', 301) . note_bytes(302, 1500)
             . note_bytes(303, 1600));
    elapse(0.1);
    $c->reset();

    ok($t->wait_log(qr/cancelled 301: 1/), 'a call beside oneways is cancelled');
    ok(!$t->grep_log(qr/noted 302/), 'before they end');
    noted($_, 'two of one client') for 302, 303;

    # many, of clients that come and go

    for my $n (1 .. 30) {
        my $d = $t->client('handler');
        $d->send(note_bytes(1000 + $n, 200));
        elapse(0.01);
        $d->reset();
    }

    is(scalar(my @all = $t->wait_log(qr/^note 10\d\d sent/, 'access.log', undef,
                                     30)), 30, 'thirty of gone clients');
}


# It may call others, though its client is gone.

sub asks {
    my $backend = $t->backend('backend');
    my $c = $t->client('handler');

    $c->send(oneway_bytes('pass', 401, [ [ 1, i32 => 200 ] ]));
    arrived($c);
    $c->reset();

    noted(401, 'one that calls others');
    is($backend->calls('nothing'), 1, 'who are called once');
}


# One that takes no replies is closed, as ever.

sub deaf {
    my $c = $t->client('deaf', rcvbuf => 4096);

    $c->send(note_bytes(501, 2000) . call_bytes('large', 502,
                                               [ [ 1, i32 => 1_000_000 ] ]));

    ok($t->wait_log(qr/client timed out/), 'a client that does not read');
    ok(!$t->grep_log(qr/noted 501/), 'is closed');
    ok(wait_for(sub { $c->read(65536); $c->{eof} }), 'and sees that');
    noted(501, 'client that does not read');
}


# A worker waits for them, no longer than it may.

sub shuts_down {
    my $c = $t->client('handler');

    $c->send(note_bytes(601, 300));
    arrived($c);
    $c->reset();
    ok($t->reload(), 'reload');
    noted(601, 'worker that shuts down');

    $c = $t->client('handler');

    $c->send(note_bytes(602, 30000));
    arrived($c);
    $c->reset();
    elapse(0.1);
    ok($t->reload(), 'reload');
    ok($t->old_workers_gone(), 'old workers end');
    ok($t->wait_log(qr/cancelled 602: 1/), 'one that takes too long is told');
}
