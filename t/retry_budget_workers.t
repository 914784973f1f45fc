#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_retry_budget: with a zone, workers have one together, and what was in
# it ten seconds ago counts no more.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Clock;
use Time::HiRes qw(time);


my $t = Test::Thrift->new(<<'EOC', log => 'info');

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

    upstream least {
        zone                 least 64k;
        server               127.0.0.1:%%PORT_first%%   max_fails=0;
        server               127.0.0.1:%%PORT_second%%  max_fails=0;
        thrift_retry_budget  0% min=1r/s;
    }

    upstream half {
        zone                 half 64k;
        server               127.0.0.1:%%PORT_first%%   max_fails=0;
        server               127.0.0.1:%%PORT_second%%  max_fails=0;
        thrift_retry_budget  50% min=0r/s;
    }

    server {
        listen       127.0.0.1:%%PORT_least%%  reuseport;
        thrift_pass  least;
    }

    server {
        listen       127.0.0.1:%%PORT_half%%  reuseport;
        thrift_pass  half;
    }
}

EOC

my $clock = Test::Thrift::Clock->new($t);

if (!$clock) {
    $t->{done} = 1;
    plan(skip_all => 'no compiler');
}

my %script = (fails => { exception => [ 6, 'no' ] }, '*' => {});
my @backends = map { $t->backend($_, script => \%script) } qw(first second);

$clock->run();

# How many attempts more than calls the servers have seen.

sub more {
    my ($c, $calls) = @_;

    my $before = executed();

    $c->call('fails') for 1 .. $calls;

    return executed() - $before - $calls;
}

sub executed {
    my $n = 0;

    $n += $_->calls('fails') for @backends;

    return $n;
}

my %clients = $t->clients_of_workers('least', 2);
my ($a, $b) = values %clients;

for my $round (1 .. 3) {
    my $began = time();

    is(more($a, 15), 10, "round $round, those of ten seconds");
    is(more($b, 5), 0, 'the other worker has none');

    $clock->forward(8);

    SKIP: {
        skip 'slow', 2 if time() - $began > 1;

        is(more($b, 2), 0, 'nor later');
        is(more($a, 2), 0, 'nor the first one');
    }

    $clock->forward($round == 1 ? 3 : 11);
    ($a, $b) = ($b, $a);
}

# what one worker's calls bring is the other's, too

%clients = $t->clients_of_workers('half', 2);
($a, $b) = values %clients;
$clock->forward(20);
$a->call('works') for 1 .. 20;
is(more($b, 10), 10, 'a half of all calls');
is(more($a, 10), 10, 'the rest of it');
is(more($b, 10), 5, 'and of these');

$t->done();
