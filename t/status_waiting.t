#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# How many attempts wait for a connection now: until they have one, their client
# leaves, or their worker is killed.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', http => 1, log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location = /json {
            thrift_status  json;
        }

        location = /metrics {
            thrift_status  prometheus;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_status_zone  counted  256k;
    thrift_trusted      on;

    upstream pooled {
        server            127.0.0.1:%%PORT_users%%;
        thrift_keepalive  1  max=1;
    }

    upstream counted {
        zone              counted_peers  64k;
        server            127.0.0.1:%%PORT_users%%  max_conns=1;
        thrift_keepalive  1  queue=100;
    }

    server {
        listen       127.0.0.1:%%PORT_pooled%%;
        thrift_pass  pooled;
    }

    server {
        listen       127.0.0.1:%%PORT_counted%%;
        thrift_pass  counted;
    }
}

EOF

my $users = $t->backend('users');

$users->script(wait => { hold => 1 });
$t->expect_log(qr/worker process \d+ exited on signal 9/);
$t->run();

upstream($_) for qw(pooled counted);

$t->done();


# As JSON and Prometheus have it.

sub waiting {
    my ($upstream) = @_;

    my ($json, $metrics) = map { $t->http('web')->request('GET', $_)->{body} }
                           qw(/json /metrics);
    my ($sum, $metric) = (0, 0);

    for my $row (@{decode_json($json)->{upstreams}}) {
        $sum += $row->{waiting} if $row->{upstream} eq $upstream;
    }

    $metric += $1 while $metrics =~ /^nginx_thrift_upstream_waiting
                                     \{upstream="$upstream".*\}\ (\d+)$/gmx;

    return "$sum $metric";
}


# Is there a reply for each of them?

sub answered {
    my ($first, @others) = @_;

    return 1 if !$first;
    return 0 if !$first->{answered} && !$first->read_message(0.1);

    $first->{answered} = 1;

    return answered(@others);
}


sub upstream {
    my ($name) = @_;

    my @clients = map { $t->client($name) } 1 .. 4;
    my $is = sub {
        my ($n, $what) = @_;
        ok(wait_for(sub { waiting($name) eq "$n $n" }), "$name: $what");
    };

    $_->start('wait', []) for @clients;
    $is->(3, 'three wait for the one before them');

    (pop @clients)->close();
    $is->(2, 'one has left');

    ok(wait_for(sub { $users->release(); waiting($name) eq '0 0' }),
       "$name: all have their connection");
    ok(wait_for(sub { $users->release(); answered(@clients) }),
       "$name: and their reply");

    @clients = map { $t->client($name) } 1 .. 3;
    $_->start('wait', []) for @clients;
    $is->(2, 'two wait');

    my ($worker) = $t->workers();

    $t->signal('KILL', $worker);
    ok(wait_for(sub {
        my ($now) = $t->workers();
        $now && $now != $worker;
    }), "$name: killed");
    $is->(0, 'none of a worker that was killed');
    $users->release();
}
