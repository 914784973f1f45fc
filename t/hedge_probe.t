#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_hedge: a server that max_fails has taken away is not brought back by
# the second attempt of a call, but by the first one of another.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    upstream pair {
        hash                 $thrift_method;
        server               127.0.0.1:%%PORT_first%%   fail_timeout=1s;
        server               127.0.0.1:%%PORT_second%%  fail_timeout=1s;
        thrift_retry_budget  off;
    }

    server {
        listen       127.0.0.1:%%PORT_plain%%;
        thrift_pass  pair;
    }

    server {
        listen             127.0.0.1:%%PORT_hedged%%;
        thrift_pass        pair;
        thrift_idempotent  on;
        thrift_hedge       20ms  percent=100;
    }
}

EOF

my ($first, $second) = map { $t->backend($_) } qw(first second);

$t->run();

my ($plain, $hedged) = map { $t->client($_) } qw(plain hedged);

# a method of each server

my %of = map { answer($plain->call($_)) => $_ } map { "get$_" } 1 .. 20;

is(join(' ', sort keys %of), 'first second', 'methods of both servers');

my ($slow, $other) = @of{qw(first second)};

$second->stop();
is(answer($plain->call($other)), 'first', 'a server is taken away');
ok($t->grep_log(qr/temporarily disabled/), 'disabled');
$second->start();
elapse(2.1);

my $calls = $second->calls();

$first->script($slow => { hold => 1 });

for my $time (qw(once again)) {
    my $slow_ones = $first->calls($slow);

    $hedged->start($slow);
    ok(wait_for(sub { $first->calls($slow) > $slow_ones }),
       "a slow call, $time");
    elapse(0.2);
    $first->release();
    is(answer($hedged->read_message()), 'first', 'has no other server');
}

is($second->calls(), $calls, 'which was not asked');

is(answer($plain->call($other)), 'second', 'a first attempt brings it back');
is(answer($hedged->call($slow)), 'second', 'and a second one finds it');
$first->release();

$t->done();
