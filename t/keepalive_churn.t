#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What workers share about a server that is gone makes room for another one:
# where addresses come and go, new servers have so many connections at most over
# all workers, too.  Nor is one of them opened before the one in whose place it
# comes is closed: closing one takes some time here.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Preload;


# More than there is memory for.

my $GONE = 600;

my $CLOSE = 2;      # milliseconds that it takes to close a connection

my $CONF = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  3;

events {
    worker_connections  2048;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$pid|$thrift_method';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted  on;

    upstream servers {
        zone                 servers  1m;
        #servers
        thrift_keepalive     2  max=2;
        thrift_health_check  interval=1s fails=1;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%  reuseport;
        thrift_pass  servers;
    }
}

EOF

my $gone = join("\n", map { "server unix:%%TESTDIR%%/gone-$_.sock;" }
                          1 .. $GONE);

my $t = Test::Thrift->new(conf($CONF, servers => $gone), log => 'info');
my $backend = $t->backend('backend', script => { slow => { delay => 0.02 } });

my $slow = Test::Thrift::Preload->new($t, 'slow_close')
    or plan skip_all => 'no compiler';

$slow->run();

my $down = qr/server unix:\S+ of upstream "servers" is down/;

ok(wait_for(sub { $t->grep_log($down) >= $GONE }, 20), 'servers are checked');

my @old = $t->workers();

$t->reload(conf($CONF, servers => 'server 127.0.0.1:%%PORT_backend%%;'));
wait_for(sub { !grep { kill(0, $_) } @old });

my @c = map { $t->client('proxy') } 1 .. 30;

$slow->set($CLOSE);

$_->send(join('', map { call_bytes('slow', $_) } 1 .. 5)) for @c;

my $replies = 0;

wait_for(sub {
    for my $c (@c) {
        while (my $m = $c->read_message(0.001)) {
            $replies += $m->{type} == REPLY;
        }
    }

    return $replies == 150;
}, 20);

is($replies, 150, 'calls are answered');

my %workers = map { /^(\d+)/ => 1 } $t->grep_log(qr/slow/, 'access.log');

cmp_ok(scalar keys %workers, '>', 1, 'by several workers');
is(most(), 2, 'connections');

$t->expect_log($down);
$t->done();


# So many connections of calls were open at the most; those of checks do not
# count.

sub most {
    my %check = map { $_->{connection} => 1 } $backend->calls('health_check');
    my ($open, $most) = (0, 0);

    for (sort { $a->{time} <=> $b->{time} } $backend->_events('accept'),
                                            $backend->_events('close'))
    {
        next if $check{$_->{connection}};

        $open += $_->{event} eq 'accept' ? 1 : -1;
        $most = $open if $open > $most;
    }

    return $most;
}
