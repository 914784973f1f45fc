#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A connection with TLS that breaks while a record of a call waits for room: it
# is written once more, and no more, and one line tells of it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Test::More;
use Test::Thrift;
use Test::Thrift::Preload;

eval { require IO::Socket::SSL; require Test::Thrift::Authority; 1 }
    or plan(skip_all => 'IO::Socket::SSL is missing');


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trusted  on;
    thrift_timeout  20s;

    upstream tls {
        server  127.0.0.1:%%PORT_tls%%  max_fails=0;
        thrift_ssl  on;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  tls;
    }
}

EOC

my $full = Test::Thrift::Preload->new($t, 'full_write');

if (!$full) {
    $t->{done} = 1;
    plan(skip_all => 'no compiler');
}

my $key = Test::Thrift::Authority->new($t->dir(), 'ca')->issue('tls');

$t->run_daemon(sub { serve() }, port => 'tls');
$full->run();

my ($m) = $t->client('proxy', timeout => 30)
            ->exchange(call_bytes('get', 7,
                                  [ [ 1, string => 'x' x 15_000_000 ] ]), 1);

is(answer($m), 'early', 'the answer that was there');
is($full->get(), 2, 'it is written once more');

$t->stop();

is(scalar($t->grep_log(qr/\[error\] .*SSL_write\(\) failed/)), 1, 'one line');

$t->done();


# Answers before it reads on; from then on, the connection may break.

sub serve {
    my $listen = IO::Socket::SSL->new(
        LocalAddr => '127.0.0.1', LocalPort => $t->port('tls'), Listen => 4,
        ReuseAddr => 1, SSL_server => 1, %$key)
        or die "listen: $!";

    for ( ;; ) {
        my $socket = $listen->accept() or next;

        # nothing waits for what was sent before it

        setsockopt($socket, IPPROTO_TCP, TCP_NODELAY, 1);

        sysread($socket, my $bytes, 64);
        print $socket reply_bytes('get', unpack('x15 N', $bytes),
                                  [ [ 0, string => 'early' ] ]);

        $full->set(1);
        wait_for(sub { $full->get() > 1 }, 1);

        1 while sysread($socket, $bytes, 65536);
    }
}
