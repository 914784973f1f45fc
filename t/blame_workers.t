#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What a client sends takes no server away from clients of other workers, which
# know all of what is out, where the upstream has a zone: not while it answers
# them, and never the last one.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Time::HiRes ();
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  calls  '$pid $thrift_method $thrift_status $upstream_addr';
    access_log  %%TESTDIR%%/calls.log  calls;

    upstream two {
        zone    two  64k;
        server  127.0.0.1:%%PORT_one%%    max_fails=1  fail_timeout=1h;
        server  127.0.0.1:%%PORT_other%%  max_fails=1  fail_timeout=1h;
    }

    # one of them is not there

    upstream left {
        server  127.0.0.1:%%PORT_nobody%%  max_fails=1  fail_timeout=1h;
        server  127.0.0.1:%%PORT_one%%     max_fails=1  fail_timeout=1h;
    }

    server {
        listen       127.0.0.1:%%PORT_left%%;
        thrift_pass  left;
    }

    server {
        listen  127.0.0.1:%%PORT_main%%  reuseport;

        thrift_service Two {
            thrift_pass  two;
        }

        thrift_service Who {
            thrift_return  INTERNAL_ERROR  "$pid";
        }
    }
}

EOC

my %script = (poison => { close => 'request' });

$t->backend($_, id => $_, script => \%script) for qw(one other);

$t->run();

my ($victim, $hostile) = two_workers();

beside($victim, $hostile);
alone($hostile, $victim);
left();

$t->done();


# Clients, each with a worker of its own.

sub two_workers {
    my %client;

    wait_for(sub {
        my $c = $t->client('main');

        $client{$c->call('Who:me')->{message}} ||= $c;

        return keys %client == 2;
    }) or die 'one worker has all clients';

    return values %client;
}


# One that calls all the time has both servers, whatever another one does.

sub beside {
    my ($victim, $hostile) = @_;

    my $n = 0;
    my %by;

    for_seconds(3, sub {
        spoil($hostile);

        for (1 .. 2) {
            my $m = $victim->call('get') || {};
            $by{$m->{fields}{0} || 'nobody'}++;
            $n++;
        }
    });

    is($by{nobody} || 0, 0, "each of $n calls is answered");
    cmp_ok($by{$_} || 0, '>=', $n / 4, "$_ has its part") for qw(one other);
}


# One that has not called for some time is answered.

sub alone {
    my ($first, $second) = @_;

    my $victim = $t->client('main');

    for_seconds(2, sub { spoil($first) });
    for_seconds(2, sub { $second->call('poison') });

    is(scalar(grep { ($victim->call('get') || {})->{fields}{0} } 1 .. 6), 6,
       'a server is left');
    is(scalar($t->grep_log(qr/no live upstreams/)), 0, 'always');
}


# The other one really is away.

sub left {
    my ($hostile, $victim) = map { $t->client('left') } 1 .. 2;

    for_seconds(2, sub { $hostile->call('poison') });

    is(($victim->call('get') || {})->{fields}{0}, 'one', 'the one that is left');
}


# One server fails, the other one answers: they have their turns.

sub spoil {
    my ($c) = @_;

    $c->call('poison');
    $c->call('get');
}


sub for_seconds {
    my ($time, $code) = @_;

    my $end = Time::HiRes::time() + $time;

    while (Time::HiRes::time() < $end) {
        $code->();
        elapse(0.05);
    }
}
