#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A worker that is killed while it holds nginx's locks of an upstream's servers:
# neither the other workers wait for it for good, nor the one that takes its
# place.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Preload;


# The moments of t/data/dies_inside.c.

use constant {
    CHOOSES => 1,
    BLAMES  => 2,
};

my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$pid $thrift_method $thrift_status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted        on;
    thrift_next_upstream  error non_idempotent;

    # reads

    upstream random {
        zone    random  64k;
        random;
        server  127.0.0.1:%%PORT_first%%   max_conns=1;
        server  127.0.0.1:%%PORT_second%%  max_conns=1;
    }

    # writes

    upstream two {
        zone    two  64k;
        random  two;
        server  127.0.0.1:%%PORT_first%%   max_conns=1;
        server  127.0.0.1:%%PORT_second%%  max_conns=1;
    }

    # reads, and writes of a server

    upstream fails {
        zone    fails  64k;
        server  127.0.0.1:%%PORT_first%%   max_conns=1;
        server  127.0.0.1:%%PORT_second%%  max_conns=1;
        server  127.0.0.1:%%PORT_nobody%%  fail_timeout=1s;
    }

    upstream backups {
        zone    backups  64k;
        server  127.0.0.1:%%PORT_nobody%%  down;
        server  127.0.0.1:%%PORT_first%%   backup  max_conns=1;
        server  127.0.0.1:%%PORT_second%%  backup  max_conns=1;
        server  127.0.0.1:%%PORT_nobody%%  backup  fail_timeout=1s;
    }

    server {
        listen       127.0.0.1:%%PORT_random%%  reuseport;
        thrift_pass  random;
    }

    server {
        listen       127.0.0.1:%%PORT_two%%  reuseport;
        thrift_pass  two;
    }

    server {
        listen       127.0.0.1:%%PORT_fails%%  reuseport;
        thrift_pass  fails;
    }

    server {
        listen       127.0.0.1:%%PORT_backups%%  reuseport;
        thrift_pass  backups;
    }
}

EOF

my $dies = Test::Thrift::Preload->new($t, 'dies_inside');

plan skip_all => 'no compiler' unless $dies;

my @backends = map { $t->backend($_, script => { hold => { hold => 1 } }) }
                   qw(first second);

$dies->run();

$t->expect_log(qr/\[alert\] .*exited on signal 9/);
$t->expect_log(qr/\[error\] .*connect.* failed/);
$t->expect_log(qr/\[info\] .*upstream servers have too many calls/);

dies_inside('random', CHOOSES);
dies_inside('two', CHOOSES);
dies_inside('fails', BLAMES);
dies_inside('backups', BLAMES);

# a worker that dies does so before it has said that; another one may have

my $disabled = qr/\[warn\] .*temporarily disabled/;

$t->expect_log($disabled) if $t->grep_log($disabled);
$t->done();


sub dies_inside {
    my ($where, $moment) = @_;

    my %clients = $t->clients_of_workers($where, 2);
    my ($stays, $dead) = keys %clients;

    $dies->set($moment);

    # the server that fails is tried once in a second

    ok(wait_for(sub { $clients{$dead}->send(call_bytes('dies', 1));
                      return $dies->get() == 0; }),
       "$where: a worker dies");

    ok(wait_for(sub { my @now = $t->workers();
                      @now == 2 && !grep { $_ == $dead } @now }),
       "$where: another one begins");

    # both servers are chosen, and then found full

    my $calls = held();
    my $c = delete $clients{$stays};

    $c->send(join('', map { call_bytes('hold', $_) } 1, 2));
    ok(wait_for(sub { held() == $calls + 2 }),
       "$where: the other worker has its calls answered");

    %clients = $t->clients_of_workers($where, 2);
    is(scalar(keys %clients), 2, "$where: both say that there is no place");

    $_->release() for @backends;
    is(join(' ', map { $_->{type} } $c->exchange('', 2)),
       join(' ', REPLY, REPLY), "$where: answers");
}


sub held {
    my $n = 0;

    $n += $_->calls('hold') for @backends;

    return $n;
}
