#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What workers have together cannot be shared out evenly: those that have a
# place more than others leave the last worker one, too.  Places are calls that
# servers may have, connections to them, and calls at once.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

use constant {
    PLACES => 4,
    CALLS  => 300,
};

my $t = Test::Thrift->new(<<'EOC', log => 'info');

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

    upstream conns {
        zone              conns  64k;
        server            127.0.0.1:%%PORT_backend%%  max_conns=4;
        thrift_keepalive  10  queue=1000;
    }

    upstream max {
        zone              max  64k;
        server            127.0.0.1:%%PORT_backend%%;
        thrift_keepalive  4  max=4  queue=1000;
    }

    server {
        listen       127.0.0.1:%%PORT_conns%%  reuseport;
        thrift_pass  conns;
    }

    server {
        listen       127.0.0.1:%%PORT_max%%  reuseport;
        thrift_pass  max;
    }

    server {
        listen                 127.0.0.1:%%PORT_at_once%%  reuseport;
        thrift_pass            127.0.0.1:%%PORT_backend%%;
        thrift_max_concurrent  4  queue=1000  queue_timeout=0  zone=at_once;
    }
}

EOC

my $backend = $t->backend('backend', script => { slow => { delay => 0.03 } });

$t->run();

for my $where (qw(conns max at_once)) {
    my %clients = $t->clients_of_workers($where, 3);
    my ($first, $second, $last) = values %clients;
    my $calls = $backend->calls('slow');

    $_->send(join('', map { call_bytes('slow', $_) } 1 .. CALLS))
        for $first, $second;

    ok(wait_for(sub { $backend->calls('slow') >= $calls + 5 * PLACES }),
       "$where: two workers have all places");

    my $n = 0;

    for my $i (1 .. 3) {
        $last->start('get');
        $n++ if answer($last->read_message()) eq 'backend';
    }

    is($n, 3, "$where: the third one has its calls answered");
    cmp_ok($backend->calls('slow') - $calls, '<', CALLS / 2,
           "$where: before those of others are over");
    note($backend->calls('slow') - $calls . " of others came before");

    is(scalar(grep { $_->{type} == REPLY }
                   map { my $c = $_; map { $c->read_message() } 1 .. CALLS }
                       $first, $second),
       2 * CALLS, "$where: all are answered");
}

$t->done();
