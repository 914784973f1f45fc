#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_hedge with one slow server of three: nearly all calls take no longer
# than without a slow one, and no more calls are sent than it allows.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


# milliseconds: a call, one of twenty, one at the slow server, the hedge

my $factor = time_factor();
my ($usual, $rare, $slow, $hedge) = map { $_ * $factor } 5, 120, 600, 40;

my $percent = 45;
my $rounds = 100;
my $nclients = 6;

my $t = Test::Thrift->new(conf(<<'EOF', time => "${hedge}ms",

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method $session_time $upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted     on;
    thrift_idempotent  on;

    upstream three {
        server               127.0.0.1:%%PORT_first%%;
        server               127.0.0.1:%%PORT_second%%;
        server               127.0.0.1:%%PORT_third%%;
        thrift_retry_budget  50%;
    }

    server {
        listen       127.0.0.1:%%PORT_plain%%;
        thrift_pass  three;
    }

    server {
        listen        127.0.0.1:%%PORT_hedged%%;
        thrift_hedge  #time percent=#percent;
        thrift_pass   three;
    }
}

EOF
    percent => $percent));

my @backends = map { $t->backend($_) } qw(first second third);

$t->run();


sub delays {
    my ($n) = @_;

    srand(7 + $n);

    return [ map { { delay => (rand() < 0.05 ? $rare : $usual) / 1000 } }
                 1 .. $n ];
}


# Calls of several clients, each of which waits for its reply: the time that
# all but one in a hundred took, and how many calls servers got.

sub calls {
    my ($where, $method, $is_slow, $rounds) = @_;

    my $n = $rounds * $nclients;
    my @clients = map { $t->client($where) } 1 .. $nclients;
    my %before = map { $_ => scalar $_->calls() } @backends;
    my $answers = 0;

    $_->script('*' => delays($n)) for @backends;
    $backends[1]->script('*' => { delay => $slow / 1000 }) if $is_slow;

    for (1 .. $rounds) {
        $_->start($method) for @clients;
        $answers += grep { ($_->read_message() || {})->{type} == REPLY }
                         @clients;
    }

    is($answers, $n, "$method: all are answered");

    my @times = sort { $a <=> $b }
                    map { (split)[1] * 1000 }
                        $t->wait_log(qr/^$method /, 'access.log', undef, $n);
    my $sent = 0;

    $sent += $_->calls() - $before{$_} for @backends;

    note("$method: p50 $times[$n / 2], p99 $times[$n * 0.99] ms, $sent sent");

    return ($times[$n * 0.99], $sent);
}

my ($quiet, $sent) = calls('plain', 'quiet', 0, $rounds);

is($sent, $rounds * $nclients, 'each call is sent once');

my ($bad) = calls('plain', 'slow', 1, $rounds / 10);

cmp_ok($bad, '>', 2 * $quiet, 'a slow server is felt');

# a busy machine may be slow itself

my ($hedged, $ratio);

for my $try (1 .. 3) {
    ($hedged, $sent) = calls('hedged', "hedged$try", 1, $rounds);

    cmp_ok($sent, '<=', $rounds * $nclients * (1 + $percent / 100),
           'no more are sent than it allows');

    $ratio = $hedged / $quiet;
    last if $ratio <= 1.5;
}

cmp_ok($ratio, '<=', 1.5, 'a slow server is not felt with it');

$t->done();
