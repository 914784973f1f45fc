#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Each call is balanced by itself, with nginx's own balancers.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

worker_processes  2;

events {
    worker_connections  2048;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$server_port $thrift_method $upstream_addr '
                      '$thrift_status';
    access_log  %%TESTDIR%%/access.log  test;

    upstream robin {
        thrift_keepalive  64;
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_second%%;
    }

    upstream weights {
        server  127.0.0.1:%%PORT_first%%  weight=3;
        server  127.0.0.1:%%PORT_second%%;
    }

    upstream least {
        zone  least  64k;
        least_conn;
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_second%%;
    }

    upstream hash {
        hash  $thrift_method;
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_second%%;
    }

    upstream consistent {
        hash  $thrift_method  consistent;
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_second%%;
    }

    upstream random {
        random  two  least_conn;
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_second%%;
    }

    upstream shared {
        zone  shared  64k;
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_second%%;
    }

    upstream most {
        zone  most  64k;
        server  127.0.0.1:%%PORT_first%%  max_conns=2;
    }

    upstream single {
        zone  single  64k;
        server  127.0.0.1:%%PORT_second%%  max_conns=1;
    }

    # an address twice, in a name for example

    upstream twice {
        zone  twice  64k;
        server  127.0.0.1:%%PORT_first%%  max_conns=1;
        server  127.0.0.1:%%PORT_first%%  max_conns=2;
        server  127.0.0.1:%%PORT_first%%  max_conns=1  backup;
    }

    upstream both {
        zone  both  64k;
        server  127.0.0.1:%%PORT_first%%  max_conns=1;
        server  127.0.0.1:%%PORT_first%%;
    }

    upstream fails {
        zone  fails  64k;
        server  127.0.0.1:%%PORT_third%%  max_fails=1  fail_timeout=1s;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;
    }

    upstream backup {
        zone  backup  64k;
        server  127.0.0.1:%%PORT_third%%  max_fails=1  fail_timeout=1s;
        server  127.0.0.1:%%PORT_second%%  backup;
    }

    server {
        listen       127.0.0.1:%%PORT_robin%%;
        thrift_pass  robin;
    }

    server {
        listen       127.0.0.1:%%PORT_weights%%;
        thrift_pass  weights;
    }

    server {
        listen       127.0.0.1:%%PORT_least%%;
        thrift_pass  least;
    }

    server {
        listen       127.0.0.1:%%PORT_hash%%;
        thrift_pass  hash;
    }

    server {
        listen       127.0.0.1:%%PORT_consistent%%;
        thrift_pass  consistent;
    }

    server {
        listen       127.0.0.1:%%PORT_random%%;
        thrift_pass  random;
    }

    server {
        listen       127.0.0.1:%%PORT_shared%%;
        thrift_pass  shared;
    }

    server {
        listen       127.0.0.1:%%PORT_most%%;
        thrift_pass  most;
    }

    server {
        listen       127.0.0.1:%%PORT_single%%;
        thrift_pass  single;
    }

    server {
        listen       127.0.0.1:%%PORT_twice%%;
        thrift_pass  twice;
    }

    server {
        listen       127.0.0.1:%%PORT_both%%;
        thrift_pass  both;
    }

    server {
        listen       127.0.0.1:%%PORT_fails%%;
        thrift_pass  fails;
    }

    server {
        listen       127.0.0.1:%%PORT_backup%%;
        thrift_pass  backup;
    }
}

EOF

my %script = (hold => { hold => 1 }, end => { close => 'request' });

my $first = $t->backend('first', script => \%script);
my $second = $t->backend('second', script => \%script);
my $third = $t->backend('third', script => \%script);

$t->run();

# calls on their way at the same time, and who answered how many of them

sub burst {
    my ($c, $n, @methods) = @_;

    @methods = ('get') unless @methods;

    my $bytes = join('', map { call_bytes($methods[$_ % @methods], $_) }
                             1 .. $n);
    my @m = $c->exchange($bytes, $n, 30 * time_factor());
    my %count = (first => 0, second => 0, third => 0, wrong => 0);

    for my $i (0 .. $n - 1) {
        my $m = $m[$i];

        if ($m && $m->{type} == REPLY && $m->{seqid} == $i + 1
            && $m->{name} eq $methods[($i + 1) % @methods])
        {
            $count{$m->{fields}{0}}++;

        } else {
            $count{wrong}++;
        }
    }

    return \%count;
}

sub near {
    my ($count, $part, $total, $percent) = @_;

    return abs($count - $part * $total) <= $total * $percent / 100;
}

# round robin

my $n = 10_000;
my $count = burst($t->client('robin'), $n);

is($count->{wrong}, 0, '10,000 calls');
ok(near($count->{first}, 0.5, $n, 1), 'round robin, first');
ok(near($count->{second}, 0.5, $n, 1), 'round robin, second');
is($first->calls() + $second->calls(), $n, 'none twice');
cmp_ok($first->accepted() + $second->accepted(), '<=', 64,
       'connections are shared');

my $c = $t->client('robin');
my @turns = map { $c->call('get')->{fields}{0} } 1 .. 6;
isnt($turns[$_], $turns[$_ - 1], 'one by one') for 1 .. 5;

# weights

$count = burst($t->client('weights'), 1000);
is($count->{wrong}, 0, 'weights answer');
ok(near($count->{first}, 0.75, 1000, 1), 'weights');

# zone, and two workers

$count = { first => 0, second => 0, wrong => 0 };

for (1 .. 8) {
    my $one = burst($t->client('shared'), 100);
    $count->{$_} += $one->{$_} for keys %$count;
}

is($count->{wrong}, 0, 'zone answers');
ok(near($count->{first}, 0.5, 800, 1), 'zone');

# least_conn: who holds a call gets no other

my $slow = $t->client('least');

$slow->start('hold');
ok(wait_for(sub { $first->calls('hold') + $second->calls('hold') }),
   'slow call');

my ($busy, $idle) = $first->calls('hold') ? ($first, $second)
                                          : ($second, $first);

$c = $t->client('least');
is_deeply({ map { $c->call('get')->{fields}{0} => 1 } 1 .. 20 },
          { $idle->id() => 1 }, 'least_conn');

$busy->release();
is($slow->read_message()->{fields}{0}, $busy->id(), 'slow reply');

is_deeply({ map { $c->call('get')->{fields}{0} => 1 } 1 .. 20 },
          { first => 1, second => 1 }, 'least_conn, none busy');

# hash

for my $where (qw(hash consistent)) {
    my $name = $where eq 'hash' ? 'hash' : 'consistent hash';
    my @methods = map { "m$_" } 1 .. 40;
    my @seen = map { scalar $_->calls() } $first, $second;

    $count = burst($t->client($where), 400, @methods);
    is($count->{wrong}, 0, "$name answers");

    my (%where, %n);

    for my $backend ($first, $second) {
        my @calls = $backend->calls();

        splice(@calls, 0, shift @seen);

        for (@calls) {
            $where{$_->{method}}{$backend->id()} = 1;
            $n{$backend->id()}{$_->{method}} = 1;
        }
    }

    is(scalar(keys %where), 40, "$name methods");
    is(scalar(grep { keys %$_ != 1 } values %where), 0, $name);
    is(scalar(keys %n), 2, "$name takes both");
}

# random

$count = burst($t->client('random'), 2000);
is($count->{wrong}, 0, 'random answers');
ok(near($count->{first}, 0.5, 2000, 10), 'random');

# max_conns

my @held = map { $t->client('most') } 1, 2;
my $seen = $first->calls('hold');

$_->start('hold') for @held;
ok(wait_for(sub { $first->calls('hold') == $seen + 2 }), 'two held');

$c = $t->client('most');
my $m = $c->call('get', [], seqid => 21);
is("$m->{name} $m->{seqid} $m->{exception} $m->{message}",
   'get 21 6 overloaded: upstream servers have too many calls', 'max_conns');
like($c->call('get')->{message}, qr/^overloaded: /, 'max_conns again');

$first->release();
is($_->read_message()->{fields}{0}, 'first', 'held answered') for @held;
is($c->call('get')->{fields}{0}, 'first', 'max_conns over');

# up to it, and one after the other

for (1 .. 3) {
    $count = burst($t->client('most'), 2);
    is($count->{wrong}, 0, 'max_conns reached');
}

# an address that is written twice takes what both of them allow

for my $where ([ twice => 4 ], [ both => 6 ]) {
    my ($name, $n) = @$where;

    my @held = map { $t->client($name) } 1 .. $n;
    my $seen = $first->calls('hold');

    $_->start('hold') for @held;
    ok(wait_for(sub { $first->calls('hold') == $seen + $n }), "$name: $n held");

    like(answer($t->client($name)->call('get')),
         $name eq 'twice' ? qr/^6 overloaded: / : qr/^first$/, "$name: one more");

    $first->release();
    is(answer($_->read_message()), 'first', "$name: answered") for @held;
}

# a oneway is in flight for as long as one can know

{
    my ($one, $other) = map { $t->client('single') } 1 .. 2;

    for my $end ('a later call', 'the client', 'five seconds') {
        my $calls = $second->calls('poke');

        $one->oneway('poke');
        ok(wait_for(sub { $second->calls('poke') > $calls }), 'oneway');
        like($other->call('get')->{message}, qr/^overloaded: /, 'it counts');

        if ($end eq 'a later call') {
            is($one->call('get')->{fields}{0}, 'second', 'not for its client');

        } elsif ($end eq 'the client') {
            $one->close();
            $one = $t->client('single');
        }

        ok(wait_for(sub { ($other->call('get')->{fields}{0} || '')
                          eq 'second' }, 8), "until $end");
    }
}

# max_fails: one fault, and no calls for a second

$c = $t->client('fails');

$third->stop();
is($c->call('get')->{fields}{0}, 'second', "faults, $_") for 1 .. 2;
$third->start();

my %seen;

ok(wait_for(sub {
    $seen{$c->call('get')->{fields}{0}}++;
    return $seen{third};
}), 'fail_timeout');
is($seen{third}, 1, 'and not before');

# backup

$c = $t->client('backup');

is_deeply({ map { $c->call('get')->{fields}{0} => 1 } 1 .. 5 },
          { third => 1 }, 'no backup');

$third->stop();
is_deeply({ map { $c->call('get')->{fields}{0} => 1 } 1 .. 5 },
          { second => 1 }, 'backup');

$third->start();
ok(wait_for(sub { $c->call('get')->{fields}{0} eq 'third' }), 'backup over');

# logs

my ($a, $b) = map { $t->port($_) } qw(first second);

is(scalar($t->wait_log(qr/ get 127\.0\.0\.1:($a|$b) success$/,
                       'access.log', undef, 10_000)) >= 10_000, 1,
   'access log');
is(scalar($t->grep_log(qr/^\S+ get most exception$/, 'access.log')), 2,
   'refused logged');
is(scalar($t->grep_log(qr/\[info\] .*servers have too many calls.*"most"/)),
   1, 'refused at info');

$t->done();
