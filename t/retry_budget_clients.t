#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_retry_budget, and the percent of thrift_hedge: a client whose calls fail
# again and again, or are slow, does not use them up for others.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $ROUNDS = 12;

my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$pid $thrift_method ';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_idempotent     on;
    thrift_next_upstream  exception;

    upstream retried {
        zone                 retried 64k;
        server               127.0.0.1:%%PORT_first%%   max_fails=0;
        server               127.0.0.1:%%PORT_second%%  max_fails=0;
        thrift_retry_budget  20% min=0r/s;
    }

    upstream hedged {
        zone                 hedged 64k;
        server               127.0.0.1:%%PORT_first%%   max_fails=0;
        server               127.0.0.1:%%PORT_second%%  max_fails=0;
        thrift_retry_budget  off;
    }

    server {
        listen       127.0.0.1:%%PORT_retried%%  reuseport;
        thrift_pass  retried;
    }

    server {
        listen        127.0.0.1:%%PORT_hedged%%  reuseport;
        thrift_pass   hedged;
        thrift_hedge  10ms percent=20;
    }
}

EOF

# What the clients call: one of them, and another one.

my %methods = (
    retried => [ 'fails', 'fails_too' ],
    hedged  => [ 'slow', 'slow_too' ],
);

my %script = (map({ $_ => { exception => [ 6, 'no' ] } } @{$methods{retried}}),
              map({ $_ => { delay => 0.05 } } @{$methods{hedged}}));

my @backends = map { $t->backend($_, script => \%script) } qw(first second);

$t->run();

for my $where (sort keys %methods) {
    my ($first, $second) = @{$methods{$where}};
    my $made = 0;

    # nobody else asks

    my @hostile = clients($where, '127.0.0.2', \$made);

    call($hostile[0], $first, 20, \$made);
    cmp_ok(executed($first), '>=', 23, "$where: one client may have all of it");

    # another one, in each worker

    my @others = clients($where, '127.0.0.3', \$made);

    call($_, $second, 1, \$made) for @others;

    my $before = executed($second);

    for my $round (1 .. $ROUNDS) {
        call($_, $first, 5, \$made) for @hostile;
        call($others[$round % 2], $second, 1, \$made);
    }

    ok(wait_for(sub { executed($second) - $before == 2 * $ROUNDS }),
       "$where: the other client is never without")
        or diag(executed($second) - $before);

    my $calls = 20 + 10 * $ROUNDS;
    my $more = executed($first) - $calls
               + executed($second) - $ROUNDS - @others;

    cmp_ok(executed($first), '>', $calls, "$where: the first one has its part");
    cmp_ok($more, '<=', $made / 5, "$where: both have a fifth of all calls");
}

$t->expect_log(qr/\[warn\] .*retry budget of upstream "retried" is used up/);
$t->done();


# Clients of an address, one of each worker.

sub clients {
    my ($where, $from, $made) = @_;

    my %clients;

    wait_for(sub {
        my $c = $t->client($where, from => $from);
        my $name = "who$where" . ++$$made;

        $c->call($name);

        my ($line) = $t->wait_log(qr/^\d+ $name /, 'access.log');
        my ($pid) = $line =~ /^(\d+)/;

        $clients{$pid} = $c;

        return keys %clients == 2;
    });

    return values %clients;
}


sub call {
    my ($c, $method, $n, $made) = @_;

    $c->call($method) for 1 .. $n;
    $$made += $n;
}


# How many attempts there were.

sub executed {
    my ($method) = @_;

    my $n = 0;

    $n += $_->calls($method) for @backends;

    return $n;
}
