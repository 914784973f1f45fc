#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Connections that are one client's own, as many as a server may have over all
# workers, and calls of others that wait in each of them: what a client only
# keeps is closed for another one of the same worker.

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

    log_format  test  '$pid $thrift_method';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_timeout  20s;

    upstream pair {
        zone              pair  128k;
        server            127.0.0.1:%%PORT_backend%%;
        thrift_keepalive  2  max=2;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%  reuseport;
        thrift_pass  pair;

        thrift_service Own {
            thrift_method pid {
                thrift_return  INTERNAL_ERROR  "here";
            }
        }
    }
}

EOF

my $backend = $t->backend('backend', script => { hold => { hold => 1 } });

$t->run();

# three clients of each worker

my %of;
my $n = 0;

while (grep { @{$of{$_} || []} < 3 } ($t->workers())[0, 1]) {
    my $c = $t->client('proxy');

    $c->call('Own:pid');
    my @lines = $t->wait_log(qr/pid$/, 'access.log', undef, ++$n);
    push @{$of{(split / /, $lines[-1])[0]}}, $c;
}

my ($first, $second) = values %of;

# each worker has its part of the connections, and a call that waits

for ([ $first, 1 ], [ $second, 2 ]) {
    my ($clients, $calls) = @$_;

    $clients->[0]->send(call_bytes('hold', 1));
    ok(wait_for(sub { $backend->calls('hold') == $calls }), 'one has a call');
}

$_->[1]->send(call_bytes('get', 1)) for $first, $second;

# both wait when another one of the same worker has an answer

$_->[2]->call('Own:pid') for $first, $second;

$backend->release();

for my $clients ($first, $second) {
    for my $c (@$clients[0, 1]) {
        my $m = $c->read_message(10);

        is($m && $m->{seqid}, 1, 'it is answered, and so is the one that waits');
    }
}

$t->done();
