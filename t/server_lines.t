#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What a bad server makes nginx write is bounded: a line for each call, and at
# high rates a line that counts them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


use constant {
    CALLS => 1500,
    LINES => 20,            # in ten seconds, of an upstream and a kind
    NO_LIVE => 10,          # and of this kind in a second
};

my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
    worker_connections  1024;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method $thrift_status $status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted  on;

    upstream bad {
        server  127.0.0.1:%%PORT_backend%%  max_fails=0;
    }

    upstream gone {
        server  127.0.0.1:%%PORT_nobody%%  max_fails=0;
    }

    upstream nowhere {
        server  unix:%%TESTDIR%%/nobody.sock  max_fails=0;
    }

    upstream out {
        server  127.0.0.1:%%PORT_nobody%%  fail_timeout=1h;
        server  127.0.0.1:%%PORT_other%%   fail_timeout=1h;
    }

    server {
        listen       127.0.0.1:%%PORT_bad%%;
        thrift_pass  bad;
    }

    server {
        listen       127.0.0.1:%%PORT_gone%%;
        thrift_pass  gone;
    }

    server {
        listen       127.0.0.1:%%PORT_nowhere%%;
        thrift_pass  nowhere;
    }

    server {
        listen       127.0.0.1:%%PORT_out%%;
        thrift_pass  out;
    }

    server {
        listen       127.0.0.1:%%PORT_variable%%;
        thrift_pass  $thrift_method;
    }
}

EOF

my $backend = $t->backend('backend');

# nginx itself says so of a unix socket

$t->expect_log(qr/\[(?:crit|error)\].* connect\(\) to unix:/);
$t->run();

# one call, one line

my %faults = (
    close => { close => 'request' },
    reset => { close => 'request', reset => 1 },
    mid   => { close => 'mid' },
    wrong => { seqid => 7777 },
    zero  => { seqid => 0, exception => [ 6, 'no' ] },
    noise => { garbage => 1 },
    two   => { twice => 1, name => 'other' },
    more  => { twice => 1 },
);

$backend->script(%faults);

for my $fault (sort keys %faults) {
    my $c = $t->client('bad');

    ok($c->call($fault), $fault);
    is(scalar $t->wait_log(qr/\[error\].* call: "$fault"/), 1, "$fault, a line");
}

for my $server (qw(gone nowhere)) {
    ok($t->client($server)->call("once_$server"), $server);
    is(scalar $t->wait_log(qr/\[(error|crit)\].* call: "once_$server"/), 1,
       "$server, a line");
}

# many of them

my $level = qr/^\S+ \S+ \[(error|crit)\]/;

for (
    [ bad => 'close', qr/upstream prematurely closed|recv\(\) failed/ ],
    [ bad => 'wrong', qr/malformed reply/ ],
    [ gone => 'any', qr/connect\(\) failed/ ],
    [ nowhere => 'any', qr/connect\(\) to unix:/ ],
    [ out => 'any', qr/connect\(\) failed|no live upstreams/ ],
    [ variable => 'any', qr/no port in upstream/ ],
) {
    my ($server, $method, $text) = @$_;

    my $start = -s $t->dir() . '/error.log';
    my $c = $t->client($server, timeout => 30);
    my $began = time();

    my @m = $c->exchange(join('', map { call_bytes($method, $_) } 1 .. CALLS),
                         CALLS, 30);
    is(scalar(@m), CALLS, "$server, $method, answered");

    # a worker that ends tells what it has counted

    undef $c;
    ok($t->reload(), "$server, $method, the next worker");

    my $more = qr/: \d+ more (?:times within|calls? w\w+ refused)/;
    my (@lines, @more);

    ok(wait_for(sub {
        @lines = split /\n/, $t->read_log('error.log', $start);
        @more = grep { /$level.*$more/ } @lines;
        @lines = grep { !/$more/ } @lines;
        return @more && lines(\@lines, $text) + counted(@more) >= CALLS;
    }, 5), "$server, $method, counted");

    my $lines = LINES + 2;

    $lines += NO_LIVE * (1 + time() - $began) if $server eq 'out';

    cmp_ok(lines(\@lines, $text), '<=', $lines, "$server, $method, lines");
    cmp_ok(scalar(@more), '<=', 2 + time() - $began, "$server, $method, counts");
}

# the next worker has lines of its own

my $lines = $t->grep_log(qr/\[error\].*call: "again"/);
ok($t->client('gone')->call('again'), 'again');
is(scalar $t->wait_log(qr/\[error\].*call: "again"/), 1, 'again, a line');

$t->done();


sub lines {
    my ($lines, $text) = @_;

    return scalar grep { /$level.*$text/ } @$lines;
}


sub counted {
    my $n = 0;

    $n += /: (\d+) more (?:times|calls?) / ? $1 : 0 for @_;

    return $n;
}
