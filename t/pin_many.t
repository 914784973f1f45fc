#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# More clients with a connection of their own than a worker opens at once: such
# a connection is not waited for while its client calls nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $CLIENTS = 200;

my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
    worker_connections  2048;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method $thrift_status $thrift_queue_time';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted  on;

    upstream store {
        server  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen          127.0.0.1:%%PORT_pinned%%  backlog=1024;
        thrift_balance  connection;
        thrift_pass     store;
    }

    server {
        listen       127.0.0.1:%%PORT_shared%%;
        thrift_pass  store;
    }
}

EOC

my $backend = $t->backend('backend');

$t->run();

# One after the other, so that no call is ever on its way with another one.

my @clients = map { $t->client('pinned') } 1 .. $CLIENTS;
my @answers = map { answer($_->call('login')) } @clients;

is(scalar(grep { $_ eq 'backend' } @answers), $CLIENTS,
   'each has a connection of its own');
is(answer($t->client('shared')->call('get')), 'backend',
   'and so have others');

my @lines = $t->wait_log(qr/^login /, 'access.log', undef, $CLIENTS);

is(scalar(@lines), $CLIENTS, 'all of their calls are logged');
is(scalar(grep { !/^login success 0\.000$/ } @lines), 0, 'none of them has waited');
is_deeply([ $t->wait_log(qr/^get /, 'access.log') ], [ 'get success 0.000' ],
          'nor has that of another client');

$t->done();
