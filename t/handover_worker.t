#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# One of the new workers is told to quit, by hand, while an old one still has a
# call in flight: that one's client goes to those that are left.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'notice');

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }
}

EOF

my $backend = $t->backend('backend', script => { first  => { hold => 1 },
                                               second => { hold => 1 } });

$t->run();

my $c = $t->client('proxy');

$c->start('first');
ok(wait_for(sub { $backend->calls('first') }), 'a call in flight');
ok($t->reload(), 'reload');

my ($worker) = $t->workers();

$t->signal('QUIT', $worker);
ok(wait_for(sub { my @now = $t->workers();
                  @now == 2 && !grep { $_ == $worker } @now }),
   'another worker comes');
$backend->release();

is($c->read_message()->{fields}{0}, 'backend', 'the call is answered');
is(answer($c->call('get')), 'backend', 'and so is the next one');
ok($t->old_workers_gone(), 'the old worker ends');

# the same while there is no other in its place: the second one is there

$c->start('second');
ok(wait_for(sub { $backend->calls('second') }), 'a call in flight');
ok($t->reload(), 'reload');

($worker) = $t->workers();

$t->signal('STOP');
$t->signal('QUIT', $worker);
ok(wait_for(sub { !grep { $_ == $worker } $t->workers() }),
   'a new worker ends, and no other comes');
$backend->release();

is(answer($c->read_message()), 'backend', 'the call is answered');
is(answer($c->call('get')), 'backend', 'by the second new worker');

$t->signal('CONT');
ok(wait_for(sub { $t->workers() == 2 }), 'another worker comes');
ok($t->old_workers_gone(), 'the old worker ends');

$t->done();
