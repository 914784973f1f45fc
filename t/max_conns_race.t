#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# max_conns, several workers, and calls that wait: a place that another worker
# gives back in the moment in which it is asked for is no missing server.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $CALLS  = 3000;
my $ROUNDS = 3;

my $t = Test::Thrift->new(<<'EOC', log => 'warn');

%%TEST_GLOBALS%%

worker_processes  3;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$pid $thrift_method $thrift_status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted       on;
    thrift_max_pipeline  1000;

    upstream few {
        zone              few  64k;
        server            127.0.0.1:%%PORT_backend%%  max_conns=4;
        thrift_keepalive  10  queue=10000;
    }

    server {
        listen       127.0.0.1:%%PORT_few%%  reuseport;
        thrift_pass  few;
    }

    server {
        listen         127.0.0.1:%%PORT_backend%%;
        thrift_return  INTERNAL_ERROR "here";
        access_log     off;
    }
}

EOC

$t->run();

my @clients = values %{{ $t->clients_of_workers('few', 3) }};

for my $round (1 .. $ROUNDS) {
    my %answers;

    $_->send(join('', map { call_bytes('get', $_) } 1 .. $CALLS)) for @clients;
    $answers{$_->{message}}++ for map { $_->exchange('', $CALLS) } @clients;

    is(join(', ', map { "$answers{$_} $_" } sort keys %answers),
       3 * $CALLS . ' here', "round $round");
}

$t->done();
