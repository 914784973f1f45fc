#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Connections that are opened ahead by several workers: each has its own, within
# what a server may have at all, and none is closed for another; and with TLS.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

eval { require IO::Socket::SSL; require Test::Thrift::Authority; 1 }
    or plan(skip_all => 'IO::Socket::SSL is missing');


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  3;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trusted  on;

    upstream each {
        zone              each  128k;
        server            127.0.0.1:%%PORT_each%%;
        thrift_keepalive  8  min=2;
        thrift_ssl        on;
    }

    upstream max {
        zone              max  128k;
        server            127.0.0.1:%%PORT_max%%;
        thrift_keepalive  4  min=4  max=4  timeout=200ms;
    }

    upstream one {
        zone              one  128k;
        server            127.0.0.1:%%PORT_one%%  max_conns=1;
        thrift_keepalive  4  min=1;
    }

    map $thrift_service $to {
        default  $thrift_service;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%  reuseport;
        thrift_pass  $to;
    }
}

EOC

my $ca = Test::Thrift::Authority->new($t->dir(), 'ca');

my %b = map { $_ => $t->backend($_) } qw(max one);
$b{each} = $t->backend('each', ssl => $ca->issue('each'));

$t->run();

ok(wait_for(sub { $b{each}->handshakes() == 6 }), 'two of each worker');
elapse(1.2);
is($b{each}->accepted(), 6, 'and no more');

# workers may have given some to each other until all had their part

my $accepted = $b{max}->accepted();
elapse(0.6);
is($b{max}->accepted(), $accepted, 'max: all have their part');
cmp_ok(opened('max'), '>=', 3, 'and most of them');
cmp_ok(opened('max'), '<=', 4, 'max');

my @c = map { $t->client('proxy') } 1 .. 20;

is(calls('each'), 20, 'calls');
is($b{each}->accepted(), 6, 'calls, by those connections');

# a worker that needs what others keep gets it

for my $round (1 .. 3) {
    is(calls('max'), 20, "max, round $round");
    cmp_ok(opened('max'), '<=', 4, "max, round $round, connections");
    is(calls('one'), 20, "max_conns, round $round");
    cmp_ok(opened('one'), '<=', 1, "max_conns, round $round, connections");
}

# without calls nobody gives up for another what is opened again

elapse(2);
my %accepted = map { $_ => $b{$_}->accepted() } keys %b;
elapse(2);
cmp_ok($b{$_}->accepted() - $accepted{$_}, '<=', 1, "$_ is quiet")
    for sort keys %b;

# a worker dies: the next one has its own

my ($victim) = $t->workers();
my $n = $b{each}->accepted();

$t->expect_log(qr{exited on signal 9});
$t->signal('KILL', $victim);
ok(wait_for(sub { $b{each}->accepted() == $n + 2 }), 'a worker dies');
ok(wait_for(sub { opened('each') == 6 }), 'six again');

ok($t->reload(), 'reload');
ok($t->old_workers_gone(10), 'old workers end');
ok(wait_for(sub { opened('each') == 6 }), 'six again, of new workers');
ok(wait_for(sub { opened('max') >= 3 && opened('max') <= 4 }), 'max');

$t->done();


sub calls {
    my ($name) = @_;

    return scalar grep { answer($_->call("$name:get")) eq $name } @c;
}


sub opened {
    my ($name) = @_;

    return $b{$name}->accepted() - $b{$name}->ended();
}
