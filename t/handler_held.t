#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What calls take in handlers counts for their client: it gets its calls
# answered one after another, or is told that it has too many; others notice
# nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('held', idl => <<'EOF', source => <<'EOF');
service Held {
    /** Waits for so long, and returns how many with numbers do. */
    i32 wait(1: i32 msec, 2: list<i64> numbers),

    /** After that time, takes so many bytes, and as much again for a while. */
    string grow(1: i32 msec, 2: i32 bytes),

    oneway void tell(1: i32 msec, 2: i32 bytes)
}
EOF
#include "held.h"


static int32_t  running;


static void
on_wait(nthrift_call_t *call, void *data)
{
    const Held_wait_args_t  *args = data;

    Held_wait_reply(call, running);
    running -= (args->numbers.n != 0);
}


static void
on_cancel(nthrift_call_t *call, nthrift_cancel_e reason, void *data)
{
    const Held_wait_args_t  *args = data;

    (void) call;
    (void) reason;

    running -= (args->numbers.n != 0);
}


static void
wait_for(nthrift_call_t *call, const Held_wait_args_t *args)
{
    running += (args->numbers.n != 0);

    (void) nthrift_call_timer(call, (uint32_t) args->msec, on_wait,
                              args);
    (void) nthrift_call_on_cancel(call, on_cancel, args);
}


static void
on_held(nthrift_call_t *call, void *data)
{
    Held_grow_reply(call, *(nthrift_str_t *) data);
}


static void
on_grow(nthrift_call_t *call, void *data)
{
    const Held_grow_args_t  *args = data;

    nthrift_str_t  *s;

    s = nthrift_call_need(call, sizeof(nthrift_str_t));

    if (s != NULL) {
        *s = nthrift_call_format(call, "%*d", (int) args->bytes, 1);
        s->len = (s->data != NULL) ? 4 : 0;

        (void) nthrift_call_timer(call, 200, on_held, s);
    }
}


static void
grow(nthrift_call_t *call, const Held_grow_args_t *args)
{
    (void) nthrift_call_timer(call, (uint32_t) args->msec, on_grow,
                              args);
}


static void
on_told(nthrift_call_t *call, void *data)
{
    (void) call;
    (void) data;
}


static void
on_tell(nthrift_call_t *call, void *data)
{
    const Held_tell_args_t  *args = data;

    (void) nthrift_call_need(call, (size_t) args->bytes);
    (void) nthrift_call_timer(call, 200, on_told, NULL);
}


static void
tell(nthrift_call_t *call, const Held_tell_args_t *args)
{
    (void) nthrift_call_timer(call, (uint32_t) args->msec, on_tell,
                              args);
}


Held_HANDLER(.wait = wait_for, .grow = grow, .tell = tell)
EOF

$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

events {
    worker_connections  1024;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TESTDIR%%/gen-held/held.thrift;

    log_format  calls  '$thrift_method $thrift_seqid $thrift_status $status '
                       '$thrift_exception';
    access_log  %%TESTDIR%%/access.log  calls;

    server {
        listen  127.0.0.1:%%PORT_handler%%;

        thrift_service Held { thrift_handler %%TESTDIR%%/held.so; }
    }

    server {
        listen  127.0.0.1:%%PORT_pipeline%%;

        thrift_max_pipeline  20000;

        thrift_service Held { thrift_handler %%TESTDIR%%/held.so; }
    }
}

EOF

$t->run();

one_after_another();
one_too_many();
oneways();
many_clients();
many_small() unless sanitizer();

$t->done();


# Compact: a byte for each number, which has eight in memory.

sub wait_bytes {
    my ($seqid, $msec, $n) = @_;

    return encode_message(CALL, 'wait', $seqid,
                          "\x15" . Test::Thrift::Bytes::varint(2 * $msec)
                          . "\x19\xf6" . Test::Thrift::Bytes::varint($n)
                          . "\0" x $n . "\0", protocol => 'compact');
}


sub one_after_another {
    my $c = $t->client('handler', protocol => 'compact');
    my $other = $t->client('handler');

    $c->send(join('', map { wait_bytes($_, 300, 200_000) } 1 .. 4));

    ok(wait_for(sub { running($other) == 1 }), 'another client is served');
    is(join(' ', map { answer($c->read_message()) } 1 .. 4), '1 1 1 1',
       'large calls run one after another');

    # and at once if they are small

    $c->send(join('', map { wait_bytes($_, 200, 10) } 1 .. 4));
    is(answer($c->read_message()), 4, 'small ones run together');
    $c->read_message() for 2 .. 4;

    # what one holds goes with it

    $c->send(wait_bytes(1, 60_000, 200_000) . wait_bytes(2, 1, 10));
    ok(wait_for(sub { running($other) == 1 }), 'a call that holds much');
    $c->reset();
    ok(wait_for(sub { running($other) == 0 }), 'and a client that leaves');
}


sub running {
    return answer($_[0]->call('wait', [ [ 1, i32 => 1 ] ]));
}


sub one_too_many {
    my $c = $t->client('handler');
    my $other = $t->client('handler');
    my $busy = '6 overloaded: calls hold too much memory';

    # the first has its turn whatever others hold

    $c->send(join('', map {
        call_bytes('grow', $_, [ [ 1, i32 => 100 ], [ 2, i32 => 3_000_000 ] ])
    } 1 .. 4));
    $other->start('grow', [ [ 1, i32 => 150 ], [ 2, i32 => 3_000_000 ] ]);

    my @answers = map { answer($c->read_message()) } 1 .. 4;

    is($answers[0], '    ', 'the call that is answered next');
    is(scalar(grep { $_ eq $busy } @answers[1 .. 3]), 3,
       'is the only one that gets much') or diag("@answers");
    is(answer($other->read_message()), '    ', 'another client has its own');

    ok($t->wait_log(qr/^grow 2 exception 503 INTERNAL_ERROR: overloaded/,
                    'access.log'), 'in the access log');
    ok($t->grep_log(qr/\[info\].*overloaded: calls hold.*call: "grow"/),
       'in the error log');
    is(scalar(() = $t->grep_log(qr/\[(?:error|warn)\].*overloaded/)), 0,
       'as what a client has done');

    is(answer($c->call('grow', [ [ 1, i32 => 1 ], [ 2, i32 => 3_000_000 ] ])),
       '    ', 'alone it gets what it wants');
}


# They have no turn, and no memory without end.

sub oneways {
    my $c = $t->client('handler');

    $c->send(join('', map {
        oneway_bytes('tell', 100 + $_, [ [ 1, i32 => 100 ],
                                         [ 2, i32 => 3_000_000 ] ])
    } 1 .. 4));

    ok($t->wait_log(qr/^tell 10\d failed 503 INTERNAL_ERROR: overloaded/,
                    'access.log', undef, 3), 'oneways beside each other');
    is(scalar(() = $t->grep_log(qr/^tell 10\d failed 503/, 'access.log')), 3,
       'but for one');
}


# What all clients of a worker hold is bounded as well: 15 MB each are too much
# for more than three of them.

sub many_clients {
    my @clients = map { $t->client('handler', protocol => 'compact') } 1 .. 8;
    my $other = $t->client('handler');
    my ($served, %seen);

    $_->send(wait_bytes(1, 60_000, 1_900_000)) for @clients;

    ok(wait_for(sub {
        $seen{answer($_)}++ for map { $_->read_message(0.001) || () } @clients;
        my $n = 0;
        $n += $_ for values %seen;
        return $n + ($served = running($other)) == 8;
    }, 20), 'many clients') or diag(explain(\%seen));

    is(join(' ', keys %seen), '6 overloaded: calls hold too much memory',
       'are too many');
    cmp_ok($served, '<=', 3, 'most of them');
    cmp_ok($served, '>', 0, 'of which some are served');

    $_->reset() for @clients;
    ok(wait_for(sub { running($other) == 0 }), 'and leave');
}


# As many calls as the client likes to send.

sub many_small {
    my $c = $t->client('pipeline');
    my ($worker) = $t->workers();
    my $before = rss($worker);

    $c->send(call_bytes('wait', $_, [ [ 1, i32 => 60_000 ],
                                      [ 2, list => [ i64 => 1 ] ] ]))
        for 1 .. 5000;
    ok(wait_for(sub { running($t->client('handler')) > 100 }),
       'many small calls wait');
    elapse(0.3);

    my $more = rss($worker) - $before;

    cmp_ok($more, '<', 8000, 'and take little') or diag("$more kB");
    $c->reset();
}


# Kilobytes.

sub rss {
    my ($pid) = @_;

    open(my $fh, '<', "/proc/$pid/status") or return 0;

    my ($kb) = map { /^VmRSS:\s+(\d+)/ } <$fh>;

    return $kb;
}
