#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A connection that is idle, and one too many, is closed at once: with what its
# server has sent behind the reply, or that it has closed, unread.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    upstream one {
        server            127.0.0.1:%%PORT_users%%;
        thrift_keepalive  1;
    }

    server {
        listen          127.0.0.1:%%PORT_proxy%%;
        thrift_trusted  on;
        thrift_pass     one;
    }
}

EOC

$t->backend('users', script => {
    fails => { delay => 0.02, exception => [ 6, 'no' ], close => 'after' },
});

$t->run();

# one connection is idle for everybody when the other is to be for its client

my ($worker) = $t->workers();
my $c = $t->client('proxy');
my $right = 0;

for (1 .. 30) {
    $c->send(call_bytes('get', 1) . call_bytes('fails', 2));

    my @answers = map { answer($c->read_message()) } 1 .. 2;

    $right++ if "@answers" eq 'users 6 no';
    last if $c->{eof};
}

is($right, 30, 'calls answered');
is("@{[ $t->workers() ]}", $worker, 'the same worker');

$t->done();
