#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A server that answers clients which are pinned to its connections is there:
# what somebody else sends takes it away from nobody.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Time::HiRes ();
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    upstream two {
        server  127.0.0.1:%%PORT_one%%    max_fails=1  fail_timeout=1h;
        server  127.0.0.1:%%PORT_other%%  max_fails=1  fail_timeout=1h;
    }

    server {
        listen          127.0.0.1:%%PORT_main%%;
        thrift_balance  connection;
        thrift_pass     two;
    }
}

EOC

$t->backend($_, id => $_, script => { poison => { close => 'request' } })
    for qw(one other);

$t->run();

my @pinned = map { $t->client('main') } 1 .. 2;

is(join(' ', sort map { answer($_->call('get')) } @pinned), 'one other',
   'a client at each');

# servers have their turns with new clients: one gets all that fails

my $end = Time::HiRes::time() + 3;
my ($n, $right) = (0, 0);

while (Time::HiRes::time() < $end) {
    $t->client('main')->call('poison');
    $t->client('main')->call('get');

    for (@pinned) {
        $n++;
        $right++ if (($_->call('get') || {})->{type} || 0) == REPLY;
    }

    elapse(0.05);
}

is($right, $n, "all of $n calls are answered");
is(join(' ', sort map { answer($t->client('main')->call('get')) } 1 .. 4),
   'one one other other', 'new clients have both');
is(scalar($t->grep_log(qr/temporarily disabled/)), 0, 'none is out');

$t->done();
