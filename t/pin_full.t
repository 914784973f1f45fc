#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Calls of one client with a connection of its own, when the first server cannot
# be reached and the next one is full: they wait for that, whichever of them
# opens a connection meanwhile.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::INET;
use Socket qw(AF_INET SOCK_STREAM inet_aton pack_sockaddr_in);
use Test::More;
use Test::Thrift;


my $CALLS = 3;

my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    upstream backends {
        server            127.0.0.1:%%PORT_deaf%%    max_fails=0;
        server            127.0.0.1:%%PORT_backup%%  backup;
        thrift_keepalive  1 max=1;
    }

    server {
        listen                  127.0.0.1:%%PORT_proxy%%;
        thrift_balance          connection;
        thrift_connect_timeout  150ms;
        thrift_pass             backends;
    }
}

EOF

my $backup = $t->backend('backup', script => { hold => { hold => 1 } });

# its queue is full

my $deaf = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 0,
                                 LocalPort => $t->port('deaf'), ReuseAddr => 1)
    or die "cannot listen: $!";

listen($deaf, 0);

my @queue = map { fill($t->port('deaf')) } 1 .. 3;

$t->run();
$t->expect_log(qr/\[error\] .*timed out .*while connecting to upstream/);

my $first = $t->client('proxy');

$first->send(call_bytes('hold', 1));
ok(wait_for(sub { $backup->calls('hold') == 1 }), 'one client has the backup');

my $c = $t->client('proxy');

$c->send(join('', map { call_bytes('get', $_) } 1 .. $CALLS));

# each of them has tried the first server

ok(wait_for(sub { $t->grep_log(qr/timed out .*call: "get"/) >= $CALLS }),
   'another one has to wait for it');

$backup->release();
is($first->read_message()->{type}, REPLY, 'the first one is answered');
$first->close();

is(join(' ', map { $_->{type} } $c->exchange('', $CALLS)),
   join(' ', (REPLY) x $CALLS), 'and each call of the other one');

$t->done();


sub fill {
    my ($port) = @_;

    socket(my $socket, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
    $socket->blocking(0);
    connect($socket, pack_sockaddr_in($port, inet_aton('127.0.0.1')));

    return $socket;
}
