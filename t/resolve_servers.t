#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# "server ... resolve": servers that a DNS server names, and that come and go
# while calls are in flight.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Select;
use IO::Socket::INET;
use Test::More;
use Test::Thrift;
use Test::Thrift::Names;


plan skip_all => 'nginx has no "server ... resolve"'
    unless Test::Thrift->knows_resolve();

# what Angie keeps of a server is larger

my $angie = !Test::Thrift->knows(stream => 'thrift_slow_start 1s;');

my $t = Test::Thrift->new(conf(<<'EOC', small => $angie ? '64k' : '32k'),

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_status|$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    resolver  127.0.0.1:%%PORT_dns%%  ipv6=off  valid=1s;

    thrift_trusted  on;

    upstream moving {
        zone    moving  128k;
        server  moving.test:%%PORT_backend%%  resolve  max_fails=0;
    }

    upstream robin {
        zone              robin  128k;
        server            waits.test:%%PORT_backend%%  resolve  max_conns=1;
        thrift_keepalive  8  queue=8;
    }

    upstream hash {
        zone              hash  128k;
        hash              $thrift_method;
        server            waits.test:%%PORT_backend%%  resolve  max_conns=1;
        thrift_keepalive  8  queue=8;
    }

    upstream consistent {
        zone              consistent  128k;
        hash              $thrift_method  consistent;
        server            waits.test:%%PORT_backend%%  resolve  max_conns=1;
        thrift_keepalive  8  queue=8;
    }

    upstream random {
        zone              random  128k;
        random            two  least_conn;
        server            waits.test:%%PORT_backend%%  resolve  max_conns=1;
        thrift_keepalive  8  queue=8;
    }

    # has room for twenty servers, but not for forty

    upstream small {
        zone    small  #small;
        server  small.test:%%PORT_silent%%  resolve;
    }

    server {
        listen             127.0.0.1:%%PORT_proxy%%;
        thrift_idempotent  on;
        thrift_pass        moving;
    }

    server {
        listen          127.0.0.1:%%PORT_pinned%%;
        thrift_balance  connection;
        thrift_pass     moving;
    }

    server { listen 127.0.0.1:%%PORT_robin%%;       thrift_pass robin; }
    server { listen 127.0.0.1:%%PORT_hash%%;        thrift_pass hash; }
    server { listen 127.0.0.1:%%PORT_consistent%%;  thrift_pass consistent; }
    server { listen 127.0.0.1:%%PORT_random%%;      thrift_pass random; }

    server {
        listen       127.0.0.1:%%PORT_small%%;
        thrift_pass  small;
    }
}

EOC
    log => 'info');

my $names = Test::Thrift::Names->new($t);

my %address = (a => '127.0.0.1', b => '127.0.0.2', c => '127.0.0.3');
my %backend = map {
    $_ => $t->backend("$address{$_}:" . $t->port('backend'), id => $_,
                      script => { map { $_ => { hold => 1 } } qw(hold keep) })
} sort keys %address;

sub moved {
    my ($c, @ids) = @_;

    $names->set('moving', @address{@ids});

    # each answers, and nobody else

    return wait_for(sub {
        my %seen = map { answer($c->call('get')) => 1 } 1 .. 6;
        return join(' ', sort keys %seen) eq "@ids";
    });
}

$names->set('moving', $address{a});
$names->set('small', '127.0.0.1');

$t->run();

# at first there are none

$t->expect_log(qr/no live upstreams/);

my $c = $t->client('proxy');
my $port = $t->port('backend');

ok(moved($c, 'a'), 'first address');

# a call in flight with a server that goes

my $held = $t->client('proxy');
$held->start('hold', []);
ok(wait_for(sub { $backend{a}->calls('hold') == 1 }), 'call in flight');

my $pinned = $t->client('pinned');
is(answer($pinned->call('get')), 'a', 'pinned');

ok(moved($c, 'b'), 'moved');

$backend{a}->release();
is(answer($held->read_message()), 'a', 'answered by the one that went');
is(scalar($t->wait_log(qr/^hold\|success\|$address{a}:$port$/, 'access.log')),
   1, 'whose name is logged');
is(answer($pinned->call('get')), 'a', 'pinned client stays');
is(answer($held->call('get')), 'b', 'next call');

# a call waits for a server that has fewer calls, and there is a new one

my @balancers = qw(robin hash consistent random);
my (@held, %waits);

$names->set('waits', @address{qw(a b)});

for my $name (@balancers) {
    ok(wait_for(sub {
        my %seen = map { answer($t->client($name)->call($_)) => 1 } 'd' .. 'k';
        return $seen{a} && $seen{b};
    }), "$name, two servers");

    for (1, 2) {
        my $n = $backend{a}->calls('keep') + $backend{b}->calls('keep');

        push @held, $t->client($name);
        $held[-1]->start('keep');
        ok(wait_for(sub { $backend{a}->calls('keep')
                          + $backend{b}->calls('keep') > $n }), "$name, held");
    }

    $waits{$name} = $t->client($name);
    $waits{$name}->start('get');
    is($waits{$name}->read_message(0.1), undef, "$name, waits");
}

$names->set('waits', @address{qw(a b c)});

is(answer($waits{$_}->read_message()), 'c', "$_, until there is another")
    for @balancers;

$_->release() for values %backend;
is($_->read_message()->{type}, REPLY, 'answered') for @held;

# The servers change between the tries of one call.  The balancer begins anew
# with them, and may choose the one that went once more.

ok(moved($c, 'a', 'b'), 'two servers');

$held->start('hold', []);
ok(wait_for(sub { $backend{a}->calls('hold') + $backend{b}->calls('hold')
                  == 2 }), 'call with one of them');

my ($first) = $backend{a}->calls('hold') == 2 ? 'a' : 'b';

ok(moved($c, 'a', 'b', 'c'), 'and a third');

$backend{$_}->script(hold => {}) for keys %backend;
$backend{$first}->stop();

like(answer($held->read_message()), qr/^[^$first]$/, 'another one answers');
like(join('', $t->wait_log(qr/^hold\|success\|.*,/, 'access.log')),
     qr/\|$address{$first}:$port, (?:.*, )?127\.0\.0\.\d:$port$/,
     'all are logged');

$backend{$first} = undef;

# a worker that dies with calls lets go of servers that go

$t->expect_log(qr/\[alert\] .*exited on signal 9/);

for my $round (1 .. 6) {
    my @new = map { "127.0.$round.$_" } 1 .. 10;
    my @listen = map {
        IO::Socket::INET->new(LocalAddr => $_, LocalPort => $t->port('silent'),
                              Listen => 5, ReuseAddr => 1) or die "$_: $!"
    } @new;

    $names->set('small', @new);

    # a call for each, which nobody answers

    my $select = IO::Select->new(@listen);
    my %got;

    ok(wait_for(sub {
        push @{$got{$_->sockhost()}}, scalar $_->accept()
            for $select->can_read(0);
        return 1 if keys %got == @new;

        my $s = $t->client('small');
        $s->send(call_bytes('wait', $_)) for 1 .. 10;
        elapse(0.05);
        return 0;
    }, 10), "calls with all servers, $round");

    my ($worker) = $t->workers();

    kill('KILL', $worker);
    ok(wait_for(sub { my ($new) = $t->workers();
                      $new && $new != $worker }), 'another worker');
}

is(join("\n", $t->grep_log(qr/memory exhausted|no memory/)), '',
   'the zone has room');

$t->done();
