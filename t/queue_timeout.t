#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# queue_timeout of thrift_keepalive without max: calls that wait since
# worker_connections are too few do so no longer than that.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
    worker_connections  128;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trusted  on;

    upstream users {
        server            127.0.0.1:%%PORT_users%%;
        thrift_keepalive  100  queue_timeout=300ms;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  users;
    }
}

EOF

my $backend = $t->backend('users', script => { hold => { hold => 1 } });

$t->run();

my $holds = $t->client('proxy');
my $waits = $t->client('proxy');

my @more = map { $t->client('proxy') } 1 .. 4;

$_->send(join('', map { call_bytes('hold', $_) } 1 .. 32)) for $holds, @more;

ok(wait_for(sub { $backend->calls('hold') > 60 }), 'all that there are');
elapse(0.2);

is(answer($waits->call('get')),
   '6 overloaded: no connection to upstream got free in time', 'waits');
is(scalar $t->grep_log(qr/\[warn\]/), 0, 'no warning');

$backend->release();
is(answer($holds->read_message()), 'users', 'others are answered');

$t->done();
