#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A server has so many connections at most over all workers, where its upstream
# has a zone: what one worker only keeps is given up for calls of others.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Time::HiRes qw(time);
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

worker_processes  3;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$pid|$thrift_method|$thrift_status|$status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_max_pipeline  1000;
    thrift_trusted       on;

    upstream max {
        zone              max  128k;
        server            127.0.0.1:%%PORT_to_max%%;
        thrift_keepalive  4  max=4;
    }

    upstream conns {
        zone              conns  128k;
        server            127.0.0.1:%%PORT_to_conns%%  max_conns=4;
        thrift_keepalive  4;
    }

    # fewer than workers

    upstream one {
        zone              one  128k;
        server            127.0.0.1:%%PORT_to_one%%;
        thrift_keepalive  1  max=1;
    }

    upstream two {
        zone              two  128k;
        server            127.0.0.1:%%PORT_to_two%%  max_conns=2;
        thrift_keepalive  4  queue=1000;
    }

    server {
        listen       127.0.0.1:%%PORT_one%%  reuseport;
        thrift_pass  one;
    }

    server {
        listen       127.0.0.1:%%PORT_two%%  reuseport;
        thrift_pass  two;
    }

    server {
        listen       127.0.0.1:%%PORT_max%%  reuseport;
        thrift_pass  max;
    }

    server {
        listen       127.0.0.1:%%PORT_conns%%  reuseport;
        thrift_pass  conns;
    }
}

EOF

my %script = (hold => { hold => 1 }, slow => { delay => 0.02 });

my $max = $t->backend('to_max', script => \%script);
my $conns = $t->backend('to_conns', script => \%script);

$t->run();

# clients of all workers

my @c = map { $t->client('max') } 1 .. 30;

is(scalar(grep { answer($_->call('get')) eq 'to_max' } @c), 30, 'one by one');

my %workers = map { /^(\d+)/ => 1 } $t->grep_log(qr/get/, 'access.log');
cmp_ok(scalar keys %workers, '>', 1, 'by several workers');
cmp_ok(open_connections($max), '<=', 4, 'at most four connections');

my $most = crowd($max, \@c, 10);
is($most, 4, 'over four connections');

# where there are fewer connections than workers each has its turn

for ([to_one => 1], [to_two => 2]) {
    my ($name, $n) = @$_;
    my $backend = $t->backend($name, script => \%script);
    my @few = map { $t->client(substr($name, 3)) } 1 .. 15;

    is(crowd($backend, \@few, 4), $n, "$name: over $n connections");
}

# what others keep is given up: each worker calls alone

for my $c (@c[0 .. 14]) {
    my $start = time();
    $c->send(join('', map { call_bytes('slow', $_) } 1 .. 4));
    my @m = $c->exchange('', 4);
    is(scalar(grep { $_->{type} == REPLY } @m), 4, 'four together');
}

cmp_ok(open_connections($max), '<=', 4, 'still four at most');

# max_conns: calls of one worker do not wait for idle connections of another

@c = map { $t->client('conns') } 1 .. 20;

for my $round (1 .. 5) {
    is(scalar(grep { answer($_->call('get')) eq 'to_conns' } @c), 20,
       "max_conns, round $round");
    cmp_ok(open_connections($conns), '<=', 4, 'at most four connections');
}

# a worker that dies gives its places back

@c = accepted();
$_->send(call_bytes('hold', 1)) for @c;
wait_for(sub { $max->calls('hold') == 4 });

kill('KILL', $t->workers());
wait_for(sub { open_connections($max) == 0 });
$max->release();

my $c = $t->client('max');
is(answer($c->call('get')), 'to_max', 'after workers have died') for 1 .. 4;

$t->signal('HUP');
$t->wait_log(qr/gracefully shutting down/);

@c = map { $t->client('max') } 1 .. 12;
$_->send(call_bytes('slow', 1)) for @c;
is(scalar(grep { $_->read_message() } @c), 12, 'after a reload');

# the slots that a reload has left free hide none of those that die later: with
# all of them, and with one that nobody follows

@c = accepted();
my $held = $max->calls('hold');
$_->send(call_bytes('hold', 1)) for @c;
wait_for(sub { $max->calls('hold') == $held + 4 });

kill('KILL', $t->workers());
wait_for(sub { open_connections($max) == 0 });
$max->release();

$c = $t->client('max');
is(answer($c->call('get')), 'to_max', 'after workers have died once more');

@c = accepted();
$held = $max->calls('hold');
$_->send(call_bytes('hold', 1)) for @c;
wait_for(sub { $max->calls('hold') == $held + 4 });

my @old = $t->workers();
$t->signal('HUP');
wait_for(sub { my %now = map { $_ => 1 } $t->workers();
               keys %now > @old });
kill('KILL', @old);
wait_for(sub { open_connections($max) == 0 });
$max->release();

$c = $t->client('max');
is(answer($c->call('get')), 'to_max', 'after workers that shut down have died');

# Clients that workers know: those that none has accepted yet would come to the
# workers that follow.

sub accepted {
    my @clients = map { $t->client('max') } 1 .. 12;

    $_->call('get') for @clients;

    return @clients;
}


# Each client has so many calls at once, and each is answered.  Returns the most
# connections that were open meanwhile.

sub crowd {
    my ($backend, $clients, $calls) = @_;

    $_->send(join('', map { call_bytes('slow', $_) } 1 .. $calls))
        for @$clients;

    my ($open, $replies) = (0, 0);

    wait_for(sub {
        my $now = open_connections($backend);
        $open = $now if $now > $open;

        for my $c (@$clients) {
            while (my $m = $c->read_message(0.001)) {
                $replies += $m->{type} == REPLY;
            }
        }

        return $replies == $calls * @$clients;
    }, 20);

    is($replies, $calls * @$clients, 'all at once');

    return $open;
}


sub open_connections {
    my ($backend) = @_;

    return $backend->accepted() - $backend->closed();
}

$t->expect_log(qr{exited on signal 9});
$t->done();
