#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Calls that workers of before a reload still have count for max_conns, where the
# upstream has a zone: the next call goes to another server, or is told at once,
# or waits where thrift_keepalive has a queue.

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
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trusted  on;
    thrift_timeout  10s;

    upstream robin {
        zone    robin  64k;
        server  127.0.0.1:%%PORT_first%%   max_conns=1;
        server  127.0.0.1:%%PORT_second%%  max_conns=1;
    }

    upstream least {
        zone        least  64k;
        least_conn;
        server      127.0.0.1:%%PORT_first%%   max_conns=1;
        server      127.0.0.1:%%PORT_second%%  max_conns=1  backup;
    }

    upstream hash {
        zone    hash  64k;
        hash    $thrift_method;
        server  127.0.0.1:%%PORT_first%%   max_conns=1;
        server  127.0.0.1:%%PORT_second%%  max_conns=1;
    }

    upstream random {
        zone    random  64k;
        random  two  least_conn;
        server  127.0.0.1:%%PORT_first%%   max_conns=1;
        server  127.0.0.1:%%PORT_second%%  max_conns=1;
    }

    upstream pipeline {
        zone                   pipeline  64k;
        thrift_pipeline        8  connections=1;
        thrift_pipeline_delay  1m;
        server                 127.0.0.1:%%PORT_first%%   max_conns=2;
        server                 127.0.0.1:%%PORT_second%%  backup;
    }

    upstream single {
        zone              single  64k;
        server            127.0.0.1:%%PORT_first%%  max_conns=1;
        thrift_keepalive  1  queue=5;
    }

    upstream pinned {
        zone    pinned  64k;
        server  127.0.0.1:%%PORT_first%%  max_conns=1;
    }

    server { listen 127.0.0.1:%%PORT_robin%%;     thrift_pass robin; }
    server { listen 127.0.0.1:%%PORT_least%%;     thrift_pass least; }
    server { listen 127.0.0.1:%%PORT_hash%%;      thrift_pass hash; }
    server { listen 127.0.0.1:%%PORT_random%%;    thrift_pass random; }
    server { listen 127.0.0.1:%%PORT_pipeline%%;  thrift_pass pipeline; }
    server { listen 127.0.0.1:%%PORT_single%%;    thrift_pass single; }
    server { listen 127.0.0.1:%%PORT_balanced%%;  thrift_pass pinned; }

    server {
        listen          127.0.0.1:%%PORT_pinned%%;
        thrift_pass     pinned;
        thrift_balance  connection;
    }
}

EOF

my %script = (hold => { hold => 1 });
my %servers = map { $_ => $t->backend($_, script => \%script) }
                  qw(first second);

$t->run();

# as many calls of old workers as a server may have

my $full = qr/^6 overloaded: upstream servers have too many calls$/;

for my $name (qw(robin least hash random)) {
    my @held = hold($name);
    my $busy = $held[0]{server};
    my $idle = $busy eq 'first' ? 'second' : 'first';

    ok($t->reload(), "$name: reload");

    is_deeply([ map { get($name) } 1 .. 6 ], [ ($idle) x 6 ],
              "$name: the other server");

    # together with those of new workers

    push @held, hold($name);
    is($held[1]{server}, $idle, "$name: and another call");
    like(get($name), $full, "$name: no more");

    $_->release() for values %servers;
    is(answer($_->{client}->read_message()), $_->{server}, "$name: answered")
        for @held;

    ok(wait_for(sub {
        my %seen = map { get($name, "m$_") => 1 } 1 .. 8;
        return $seen{first} && ($name eq 'least' || $seen{second});
    }), "$name: as before");
}

# calls that share a connection

my $calls = $servers{first}->calls('hold');
my $both = $t->client('pipeline');

$both->send(call_bytes('hold', 1) . call_bytes('hold', 2));
ok(wait_for(sub { $servers{first}->calls('hold') > $calls }), 'pipeline');
ok($t->reload(), 'pipeline: reload');

is_deeply([ map { get('pipeline') } 1 .. 6 ], [ ('second') x 6 ],
          'pipeline: both count');

wait_for(sub { $servers{first}->release(); return $both->read_message(0.1); })
    for 1, 2;

ok(wait_for(sub { get('pipeline') eq 'first' }), 'pipeline: as before');

# there is a queue

my $held = hold('single');

ok($t->reload(), 'queue: reload');

my $c = $t->client('single');

$c->start('get');
is($c->read_message(0.3), undef, 'queue: it waits');

$servers{first}->release();
is(answer($held->{client}->read_message()), 'first', 'queue: answered');
is(answer($c->read_message()), 'first', 'queue: so is the one that waits');

# a client that is pinned stays with its old worker

my $pinned = $t->client('pinned');

is(answer($pinned->call('get')), 'first', 'pinned');
ok($t->reload(), 'pinned: reload');
like(get('balanced'), $full, 'pinned: it counts');

$pinned->close();
ok(wait_for(sub { get('balanced') eq 'first' }), 'pinned: until it leaves');

$t->done();


sub get {
    my ($name, $method) = @_;

    return answer($t->client($name)->call($method || 'get'));
}


# A call that its server holds: which one that is, and whose call.

sub hold {
    my ($name) = @_;

    my %calls = map { $_ => scalar($servers{$_}->calls('hold')) } keys %servers;
    my $c = $t->client($name);

    $c->start('hold');

    my $server = wait_for(sub {
        return (grep { $servers{$_}->calls('hold') > $calls{$_} }
                     keys %servers)[0];
    });

    return { client => $c, server => $server || 'none' };
}
