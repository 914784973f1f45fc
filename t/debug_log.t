#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The debug log tells the story of a call: docs/debugging.md.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'debug');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    upstream pair {
        server  127.0.0.1:%%PORT_nobody%%;
        server  127.0.0.1:%%PORT_backend%%  max_fails=0;
    }

    upstream one {
        server            127.0.0.1:%%PORT_backend%%  max_fails=0;
        thrift_keepalive  1  max=1;
    }

    upstream both {
        server           127.0.0.1:%%PORT_backend%%  max_fails=0;
        server           127.0.0.1:%%PORT_other%%  max_fails=0;
        thrift_pipeline  8  connections=1;
    }

    thrift_trusted  on;
    thrift_timeout  300ms;

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  pair;
    }

    server {
        listen       127.0.0.1:%%PORT_one%%;
        thrift_pass  one;
    }

    server {
        listen             127.0.0.1:%%PORT_both%%;
        thrift_idempotent  on;
        thrift_hedge       20ms  percent=100;
        thrift_pass        both;
    }

    server {
        listen         127.0.0.1:%%PORT_copied%%;
        thrift_pass    127.0.0.1:%%PORT_backend%%;
        thrift_mirror  127.0.0.1:%%PORT_other%%;
    }

    server {
        listen       127.0.0.1:%%PORT_defined%%;
        thrift_idl   api.thrift;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen      127.0.0.1:%%PORT_handler%%;
        thrift_idl  %%TOP%%/t/data/handler/probe.thrift;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so;
        }
    }
}

EOF

plan(skip_all => 'nginx without --with-debug')
    unless `@{[ Test::Thrift->binary() ]} -V 2>&1` =~ /--with-debug/;

$t->handler('probe');
$t->write_file('api.thrift', "service Api { string get(1: i32 a) }\n");

my $backend = $t->backend('backend', script => { slow => { stall => 1 } });

$t->backend('other', script => { slow => { stall => 1 } });

$t->run();

my $refused = quotemeta('127.0.0.1:' . $t->port('nobody'));
my $taken = quotemeta('127.0.0.1:' . $t->port('backend'));

is($t->client('proxy')->call('get')->{type}, REPLY, 'answered');
ok($t->wait_log(qr/thrift call 1: log/), 'logged');

my @story = map { /thrift ((?:call|connection) .*)/ ? $1 : () }
                $t->grep_log(qr/\[debug\] .*thrift/);

my @expected = (
    qr/^call 1: CALL, \d+ bytes$/,
    map({ qr/^call 1: $_$/ } qw(route pass)),
    qr/^call 1: attempt 1 with server $refused$/,
    qr/^connection \d+ opens: fd \d+$/,
    qr/^call 1: attempt 1 on connection \d+$/,
    qr/^call 1: attempt 1 fails with connection \d+: -5$/,
    qr/^connection \d+ is closed$/,
    qr/^call 1: attempt 2 with server $taken$/,
    qr/^connection \d+ opens: fd \d+$/,
    qr/^call 1: attempt 2 on connection \d+$/,
    qr/^connection \d+ is open$/,
    qr/^call 1: attempt 2 sent \d+$/,
    qr/^call 1: attempt 2 answered: REPLY, \d+ bytes$/,
    qr/^connection \d+ is idle, for everybody: 1 idle, 0 busy$/,
    qr/^call 1: reply$/,
    qr/^call 1: \d+ bytes for the client$/,
    qr/^call 1: log$/,
);

is(scalar(@story), scalar(@expected), 'lines of a call')
    or diag(join("\n", @story));

like($story[$_] // '', $expected[$_], 'line ' . ($_ + 1)) for 0 .. $#expected;

$t->client('proxy')->call('slow');
ok($t->wait_log(qr/thrift call 2 runs out of time in step pass/), 'too slow');

my $c = $t->client('proxy');
$c->start('slow');
ok(wait_for(sub { $backend->calls('slow') == 2 }), 'called');
$c->reset();
ok($t->wait_log(qr/thrift call 3 is given up in step pass/), 'client has left');

# waiting, together, twice

$c = $t->client('one');
$c->start('slow');
ok(wait_for(sub { $backend->calls('slow') == 3 }), 'called, too');
$t->client('one')->call('get');
ok($t->wait_log(qr/call 5: attempt 1 is waiting for a connection to upstream,/),
   'waits for a connection');
$c->reset();

$c = $t->client('both');
$c->call('get') for 1 .. 2;
$c->exchange(join('', map { call_bytes('get', $_) } 1 .. 8), 8);
ok($t->wait_log(qr/thrift connection \d+ sent (\d+) of \1\b/), 'together');

$c->call('slow');
ok($t->wait_log(qr/attempt 2, a hedge, with server 127/), 'a second one');

is($t->client('copied')->call('get')->{type}, REPLY, 'one with a copy');
ok($t->wait_log(qr/thrift call \d+: a copy for "127/), 'a copy');

# a step more

is($t->grep_log(qr/thrift call \d+: validate/), 0, 'nothing to check');
is($t->client('defined')->call('get')->{type}, REPLY, 'one with a definition');
ok($t->wait_log(qr/thrift call \d+: validate/), 'which was checked');

# one that a handler makes, and gets an answer to

is($t->client('handler')->call('ask', [ [ 1, string => 'one' ],
                                        [ 2, string => 'x' ] ])->{type},
   REPLY, 'a handler');

my $own = qr/thrift call (\d+): handle.*thrift call (\d+): pass.*/s;
my ($outer, $inner);

ok(wait_for(sub {
    ($outer, $inner) = join("\n", $t->grep_log(qr/\] .*thrift call/)) =~ $own;
    $inner && $t->grep_log(qr/thrift call $outer: log/);
}), 'its call');

is(join(' ', map { /thrift call $inner(?:: | is )(reply|log|given up)/ }
                 $t->grep_log(qr/thrift call $inner\b/)),
   'reply log', 'was answered');

$t->done();
