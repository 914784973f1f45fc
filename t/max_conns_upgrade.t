#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# An upgrade that is taken back: workers start with the numbers of others that
# still shut down, whose calls count for max_conns until they have ended.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info', upgrade => 1);

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trusted  on;

    upstream plain {
        zone    plain  64k;
        server  127.0.0.1:%%PORT_backend%%  max_conns=3;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  plain;
    }
}

EOF

my $backend = $t->backend('backend', script => { hold => { hold => 1 },
                                                 late => { hold => 1 } });

$t->run();

$t->expect_log(qr/\[info\] .*upstream servers have too many calls/);

# a master that was started by another one takes WINCH

my $first = $t->upgrade();

$t->signal('QUIT', $first);
ok(wait_for(sub { waitpid($first, 1) == $first }), 'upgraded');

my $before = client_with('late', 2);

taken_back();

is(places(1), 1, 'calls of the worker that shuts down count');

$backend->release('late', 'late');
is(answer($_), 'backend', 'and are answered')
    for $before->read_message(), $before->read_message();
ok(wait_for(sub { $t->workers(1) == 1 }), 'it has ended');

is(places(3), 3, 'then there are as many as before');

# it dies instead, and later so does the one that has its number

$before = client_with('late', 2);

my ($old) = $t->workers();

taken_back();

$t->expect_log(qr/\[alert\] .*exited on signal 9/);

kill_worker($old);
is(places(1), 1, 'calls of one that has died count');

my ($new) = $t->workers();

kill_worker($new);
ok(wait_for(sub { my ($pid) = $t->workers(); $pid && $pid != $new }),
   'another worker');
is(places(3), 3, 'until one starts');

$t->done();


# The old master starts a worker while the one before it shuts down.

sub taken_back {
    my $old = $t->upgrade();
    my $new = $t->master($old);

    $t->signal('WINCH');
    ok(wait_for(sub { !$t->workers() }), 'the worker shuts down');

    $t->signal('HUP');
    ok(wait_for(sub { scalar($t->workers()) }), 'another has its number');

    $t->signal('QUIT', $new);
    ok(wait_for(sub { !-e "/proc/$new" }), 'the upgrade is taken back');
}


sub kill_worker {
    my ($pid) = @_;

    $t->signal('KILL', $pid);
    ok(wait_for(sub { !-e "/proc/$pid" }), 'a worker dies');
}


# A client with so many calls that the server holds.

sub client_with {
    my ($method, $n) = @_;

    my $calls = $backend->calls($method);
    my $c = $t->client('proxy');

    $c->send(join('', map { call_bytes($method, $_) } 1 .. $n));
    ok(wait_for(sub { $backend->calls($method) == $calls + $n }),
       "the server has $n calls");

    return $c;
}


# How many of five calls, made at the same time, are answered; as soon as the
# server has that many, those that it has are released.

sub places {
    my ($n) = @_;

    my $calls = $backend->calls('hold');
    my $c = $t->client('proxy');

    $c->send(join('', map { call_bytes('hold', $_) } 1 .. 5));
    wait_for(sub { $backend->calls('hold') >= $calls + $n });
    ok($c->open(0.2), 'the first is not answered yet');

    $backend->release('hold') for $calls + 1 .. $backend->calls('hold');

    my @types = sort map { $_->{type} } $c->exchange('', 5);

    $c->close();

    return scalar(grep { $_ == REPLY } @types);
}
