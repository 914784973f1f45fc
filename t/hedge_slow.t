#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_hedge with one slow server of three: nearly all calls take no longer
# than those of servers beside them of which none is slow, and no more calls are
# sent than it allows.

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

    upstream others {
        server               127.0.0.1:%%PORT_fourth%%;
        server               127.0.0.1:%%PORT_fifth%%;
        server               127.0.0.1:%%PORT_sixth%%;
        thrift_retry_budget  50%;
    }

    server {
        listen       127.0.0.1:%%PORT_plain%%;
        thrift_pass  three;
    }

    server {
        listen       127.0.0.1:%%PORT_others%%;
        thrift_pass  others;
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
my @others = map { $t->backend($_) } qw(fourth fifth sixth);

$t->run();


sub delays {
    my ($n) = @_;

    srand(7 + $n);

    return [ map { { delay => (rand() < 0.05 ? $rare : $usual) / 1000 } }
                 1 .. $n ];
}


# Calls of several clients to each of some ports, by method; a client waits for
# its reply.  Returns how many calls the first three servers got, and the time
# that all but one in a hundred took, by method.

sub calls {
    my ($is_slow, $rounds, %ports) = @_;

    my $n = $rounds * $nclients;
    my %before = map { $_ => scalar $_->calls() } @backends;
    my (%clients, %answers, %p99);

    for my $method (keys %ports) {
        $clients{$method} = [ map { $t->client($ports{$method}) }
                                  1 .. $nclients ];
    }

    $_->script('*' => delays($n)) for @backends, @others;
    $backends[1]->script('*' => { delay => $slow / 1000 }) if $is_slow;

    for (1 .. $rounds) {
        for my $method (keys %ports) {
            $_->start($method) for @{$clients{$method}};
        }

        for my $method (keys %ports) {
            $answers{$method} += grep {
                ($_->read_message() || {})->{type} == REPLY
            } @{$clients{$method}};
        }
    }

    my $sent = 0;

    $sent += $_->calls() - $before{$_} for @backends;

    for my $method (sort keys %ports) {
        is($answers{$method}, $n, "$method: all are answered");

        my @times = sort { $a <=> $b }
                        map { (split)[1] * 1000 }
                            $t->wait_log(qr/^$method /, 'access.log', undef,
                                         $n);

        $p99{$method} = $times[$n * 0.99];
        note("$method: p50 $times[$n / 2], p99 $p99{$method} ms, $sent sent");
    }

    return ($sent, %p99);
}

my ($sent, %p99) = calls(0, $rounds, quiet => 'plain');
my $quiet = $p99{quiet};

is($sent, $rounds * $nclients, 'each call is sent once');

($sent, %p99) = calls(1, $rounds / 10, slow => 'plain');

cmp_ok($p99{slow}, '>', 2 * $quiet, 'a slow server is felt');

# what else the machine does, both see

my $ratio;

for my $try (1 .. 5) {
    ($sent, %p99) = calls(1, $rounds, "hedged$try" => 'hedged',
                          "beside$try" => 'others');

    cmp_ok($sent, '<=', $rounds * $nclients * (1 + $percent / 100),
           'no more are sent than it allows');

    $ratio = $p99{"hedged$try"} / $p99{"beside$try"};
    last if $ratio <= 1.5;
}

cmp_ok($ratio, '<=', 1.5, 'a slow server is not felt with it');

$t->done();
