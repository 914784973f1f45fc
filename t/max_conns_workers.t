#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# max_conns with a queue and a zone: calls wait in several workers for the same
# servers, and one that has many of them leaves the others their part.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$pid $thrift_method $thrift_status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted       on;
    thrift_max_pipeline  100;
    thrift_keepalive     10  queue=100;

    upstream one {
        zone    one  64k;
        server  127.0.0.1:%%PORT_first%%  max_conns=1;
    }

    upstream three {
        zone    three  64k;
        server  127.0.0.1:%%PORT_first%%  max_conns=3;
    }

    upstream two {
        zone    two  64k;
        server  127.0.0.1:%%PORT_first%%   max_conns=1;
        server  127.0.0.1:%%PORT_second%%  max_conns=1;
    }

    server {
        listen       127.0.0.1:%%PORT_one%%  reuseport;
        thrift_pass  one;
    }

    server {
        listen       127.0.0.1:%%PORT_three%%  reuseport;
        thrift_pass  three;
    }

    server {
        listen       127.0.0.1:%%PORT_two%%  reuseport;
        thrift_pass  two;
    }
}

EOF

my %backends = map { $_ => $t->backend($_, script => {
    many => { hold => 1 }, few => { hold => 1 }
}) } qw(first second);

$t->run();

# How many calls of a method have come.

sub came {
    my ($method) = @_;

    my $n = 0;

    $n += $_->calls($method) for values %backends;

    return $n;
}

for ([ one => 1 ], [ three => 3 ], [ two => 2 ]) {
    my ($where, $places) = @$_;
    my %clients = $t->clients_of_workers($where, 2);
    my ($many, $few) = values %clients;
    my ($before, $others) = map { came($_) } qw(many few);
    my $seen;

    $many->send(join('', map { call_bytes('many', $_) } 1 .. 60));
    ok(wait_for(sub { came('many') == $before + $places }),
       "$where: as many as there may be");
    $few->send(call_bytes('few', 1));
    elapse(0.1);
    is(came('few'), $others, "$where: another worker's call waits");

    do {
        $seen = came('many');
        $_->release() for values %backends;
        wait_for(sub { came('few') > $others || came('many') > $seen });
        elapse(0.02);
    } while (came('few') == $others && came('many') < $before + 60);

    cmp_ok(came('few'), '>', $others, "$where: it comes before they are over");
    note(came('many') - $before . ' came before it');

    wait_for(sub { $_->release() for values %backends;
                   came('many') == $before + 60 && came('few') > $others });
    $_->release() for values %backends;
    is(scalar(grep { $_->{type} == REPLY }
                   (map { $many->read_message() } 1 .. 60),
                   $few->read_message()), 61, "$where: all are answered");
}

$t->done();
