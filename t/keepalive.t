#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_keepalive: connections to servers are shared by all clients, checked
# before they are used, and let go in time.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trusted  on;

    thrift_max_pipeline  64;

    upstream default {
        server  127.0.0.1:%%PORT_to_default%%;
    }

    upstream none {
        thrift_keepalive  0;
        server            127.0.0.1:%%PORT_to_none%%;
    }

    upstream two {
        thrift_keepalive  2;
        server            127.0.0.1:%%PORT_to_two%%;
    }

    upstream timeout {
        thrift_keepalive  5  timeout=200ms;
        server            127.0.0.1:%%PORT_to_timeout%%;
    }

    upstream lifetime {
        server            127.0.0.1:%%PORT_to_lifetime%%;
        thrift_keepalive  5  lifetime=300ms;
    }

    upstream busy {
        server                 127.0.0.1:%%PORT_to_busy%%;
        thrift_keepalive       1  max=1  lifetime=100ms;
        thrift_pipeline        4;
        thrift_pipeline_delay  1h;
    }

    server {
        listen       127.0.0.1:%%PORT_default%%;
        thrift_pass  default;
    }

    server {
        listen       127.0.0.1:%%PORT_none%%;
        thrift_pass  none;
    }

    server {
        listen       127.0.0.1:%%PORT_two%%;
        thrift_pass  two;
    }

    server {
        listen       127.0.0.1:%%PORT_timeout%%;
        thrift_pass  timeout;
    }

    server {
        listen       127.0.0.1:%%PORT_lifetime%%;
        thrift_pass  lifetime;
    }

    server {
        listen       127.0.0.1:%%PORT_busy%%;
        thrift_pass  busy;
    }

    server {
        listen       127.0.0.1:%%PORT_address%%;
        thrift_pass  127.0.0.1:%%PORT_to_address%%;
    }

    server {
        listen         127.0.0.1:%%PORT_same%%;
        thrift_pass    default;
    }
}

EOF

my %script = (hold  => { hold => 1 },
              after => { close => 'after' },
              reset => { close => 'after', reset => 1 },
              half  => { half_close => 1 },
              late  => { answer => 1, raw => "\0\0\0\1x" },
              slow  => { delay => 0.01 },
              long  => { delay => 0.4 });

my ($default, $none, $two, $timeout, $lifetime, $busy, $address)
    = map { $t->backend("to_$_", script => \%script) }
          qw(default none two timeout lifetime busy address);

$t->run();

sub get {
    my ($c, $n, $method) = @_;

    return scalar(grep { ($_->{type} || 0) == REPLY }
                  map { $c->call($method || 'get') || {} } 1 .. $n);
}

# held calls: so many connections at the same time

sub together {
    my ($where, $n, $backend) = @_;

    my $c = $t->client($where);
    my $seen = $backend->calls('hold');

    $c->send(join('', map { call_bytes('hold', $_) } 1 .. $n));
    wait_for(sub { $backend->calls('hold') == $seen + $n });
    $backend->release();

    return scalar(grep { $_->{type} == REPLY } $c->exchange('', $n));
}

# connections are reused

is(get($t->client('default'), 50), 50, 'one client');
is($default->accepted(), 1, 'one connection');

is(get($t->client('default'), 5), 5, 'another client') for 1 .. 10;
is(get($t->client('same'), 5), 5, 'another server');
is($default->accepted(), 1, 'same connection');

my $c = $t->client('default');
my $calls = $default->calls('get');

$c->oneway('get');
ok(wait_for(sub { $default->calls('get') == $calls + 1 }), 'oneway');
$c->call('S:get');
is($default->accepted(), 1, 'whatever the call');

# some servers take a connection's first message for what all others are

$c->call('get', [], protocol => 'compact');
is($default->accepted(), 2, 'another one for another protocol');
$t->client('default')->call('get', [], protocol => 'compact');
is($default->accepted(), 2, 'which is kept, too');

my @seqids = map { $_->{seqid} } $default->calls();
my %seqids = map { $_ => 1 } @seqids;
is(scalar(keys %seqids), scalar(@seqids), 'seqids of its own');

is(together('default', 20, $default), 20, 'at the same time');
cmp_ok($default->accepted(), '<=', 22, 'connection for each');

my $accepted = $default->accepted();
is(together('default', 20, $default), 20, 'once more');
is($default->accepted(), $accepted, 'none opened');
is($default->closed(), 0, 'none closed');

is(get($t->client('address'), 10), 10, 'plain address');
is($address->accepted(), 1, 'plain address, one connection');

# more than the pool keeps: what is over is not closed between bursts

is(together('default', 40, $default), 40, 'more than 32');
$accepted = $default->accepted();
is(together('default', 40, $default), 40, 'next burst');
is($default->accepted(), $accepted, 'next burst opens none');
is($default->closed(), 0, 'none closed so far');

# thrift_keepalive 0

is(get($t->client('none'), 10), 10, 'no pool');
is($none->accepted(), 10, 'no pool, new ones');
ok(wait_for(sub { $none->closed() == 10 }), 'no pool, closed');

$c = $t->client('none');
$c->oneway('get') for 1 .. 3;
ok(wait_for(sub { $none->calls() == 13 && $none->closed() == 13 }),
   'no pool, oneway');

# thrift_keepalive N

is(together('two', 8, $two), 8, 'eight at once');
is($two->accepted(), 8, 'eight opened');
ok(wait_for(sub { $two->closed() == 6 }), 'two stay');
is(get($t->client('two'), 10), 10, 'one by one');
is($two->accepted(), 8, 'none opened');
ok(wait_for(sub { $default->accepted() - $default->closed() == 32 }, 12),
   '32 stay');

# timeout

$c = $t->client('timeout');
is(together('timeout', 3, $timeout), 3, 'before timeout');
is($timeout->accepted(), 3, 'three to time out');
ok(wait_for(sub { $timeout->closed() == 3 }), 'timed out');
is(get($c, 1), 1, 'after timeout');
is($timeout->accepted(), 4, 'new one');

# lifetime

$c = $t->client('lifetime');
is(get($c, 1), 1, 'young');

$calls = 1;
ok(wait_for(sub { $calls += get($c, 1); $lifetime->accepted() > 1 }), 'old');
is(scalar $lifetime->calls(), $calls, 'no call lost');
ok(wait_for(sub { $lifetime->closed() >= 1 }), 'old one closed');

# of one that has no call

is(get($c, 1), 1, 'before it is idle');

my $opened = $lifetime->accepted();

is(get($t->client('default'), 1, 'long'), 1, 'longer than it lives');
is(get($c, 1), 1, 'idle, answered');
is($lifetime->accepted(), $opened + 1, 'idle, by a new one');
ok(wait_for(sub { $lifetime->closed() == $opened + 1 }), 'and without a call');

# of one that always has calls

$c = $t->client('busy');
$c->send(join('', map { call_bytes('slow', $_) } 1 .. 64));
is(scalar(grep { $_->{type} == REPLY } $c->exchange('', 64)), 64,
   'busy, answered');
cmp_ok($busy->accepted(), '>', 2, 'busy, one after the other got old');

# what the server does between calls

$c = $t->client('address');

for my $method (qw(after reset half)) {
    my ($accepted, $ended) = ($address->accepted(), $address->ended());
    my $n = 0;

    for (1 .. 5) {
        $n += get($c, 1, $method);
        wait_for(sub { $address->ended() == $ended + $_ });
    }

    is($n, 5, "$method answers");
    is(get($c, 1), 1, "$method, and on");
    is($address->accepted(), $accepted + 5, "$method, new ones");
}

# it leaves at the time of the call: nginx learns both at once

$address->script(%script);

for my $signal (qw(TERM KILL)) {
    is(together('address', 5, $address), 5, 'some to close');

    my ($worker) = $t->workers();
    my $calls = $address->calls('get');

    kill('STOP', $worker);
    $c->send(join('', map { call_bytes('get', $_) } 1 .. 5));
    $address->stop($signal);
    $address->start();
    kill('CONT', $worker);

    is(scalar(grep { $_->{type} == REPLY } $c->exchange('', 5)), 5,
       "left with $signal");
    is($address->calls('get'), $calls + 5, 'each call once');
}

# it sends when nobody has asked

$accepted = $address->accepted();
is(get($c, 1), 1, 'before bytes');
my $closed = $address->closed();
$c->oneway('late');
ok(wait_for(sub { $address->closed() == $closed + 1 }), 'closed for bytes');
is(get($c, 1), 1, 'after bytes');

$address->script('!accept' => { raw => 'hello' });
$address->stop();
$address->start();
my $m = $c->call('get', [], seqid => 6);
is("$m->{seqid} $m->{exception}", '6 6', 'greeting');
$address->script();
is(get($c, 3), 3, 'after greeting');

is(scalar($t->grep_log(qr/\[error\] (?!.*upstream sent malformed reply)/)), 0,
   'no errors') or diag($t->grep_log(qr/\[error\]/));

$t->done();
