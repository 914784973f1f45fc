#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Several workers that share zones: accept_mutex, reuseport, a worker that is
# killed, worker_shutdown_timeout, and quitting, all with calls in flight.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes         3;
worker_shutdown_timeout  1s;

events {
    accept_mutex        on;
    accept_mutex_delay  20ms;
    multi_accept        on;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_seqid|$thrift_status|$pid';
    access_log  %%TESTDIR%%/access.log  test;

    upstream many {
        random  two  least_conn;
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_second%%;
        server  127.0.0.1:%%PORT_third%%;
        server  127.0.0.1:%%PORT_nobody%%;
    }

    upstream key {
        zone    key  64k;
        hash    $thrift_method  consistent;
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_second%%;
        server  127.0.0.1:%%PORT_third%%;
    }

    upstream limited {
        zone    limited  64k;
        server  127.0.0.1:%%PORT_first%%  max_conns=3;
    }

    server {
        listen       127.0.0.1:%%PORT_many%%;
        thrift_pass  many;
    }

    server {
        listen       127.0.0.1:%%PORT_key%%  reuseport;
        thrift_pass  key;
    }

    server {
        listen       127.0.0.1:%%PORT_limited%%;
        thrift_pass  limited;
    }
}

EOC

my %script = (hold => { hold => 1 }, echo => { echo => 1 },
              late => { delay => 0.03 }, drop => { close => 'mid' });

my @b = map { $t->backend($_, script => \%script) } qw(first second third);

$t->run();

# load over several connections at a time; returns what went wrong

sub load {
    my ($where, $connections, $calls) = @_;

    my @methods = qw(get late get echo get get one two three);
    my @c = map { $t->client($where) } 1 .. $connections;
    my $wrong = '';

    for my $c (@c) {
        my $n = 0;
        $c->send(join('', map { call_bytes($methods[$_ % @methods], ++$n) }
                              1 .. $calls));
    }

    for my $c (@c) {
        for my $n (1 .. $calls) {
            my $m = $c->read_message();

            if (!$m || $m->{seqid} != $n || $m->{message}) {
                $wrong .= ($m && $m->{message} || 'nothing') . "\n";
                last;
            }
        }

        $c->close();
    }

    return $wrong;
}

is(load('many', 12, 40), '', 'accept_mutex');
is(load('key', 12, 40), '', 'reuseport');

# max_conns is counted over all workers, and every slot comes back

sub full {
    my ($n) = @_;

    my @c = map { $t->client('limited') } 1 .. 6;

    $_->start('late', []) for @c;

    my @m = map { $_->read_message() } @c;
    my $refused = grep { ($_->{message} || '') =~ /^overloaded: upstream servers/ } @m;

    $_->close() for @c;

    return $refused;
}

is(full(), 3, 'max_conns of all workers') for 1 .. 3;
is(load('limited', 1, 1), '', 'max_conns slots are back');

# a worker is killed in the middle of calls; the others do not notice

my ($victim) = $t->workers();
my @c = map { $t->client('key') } 1 .. 12;

$_->start('hold', []) for @c;
ok(wait_for(sub { 12 == map { $_->calls('hold') } @b }), 'calls are held');
kill('KILL', $victim);
$t->expect_log(qr/worker process \d+ exited on signal 9/);
ok(wait_for(sub { $t->workers() == 3
                  && !grep { $_ == $victim } $t->workers() }), 'new worker');
$_->release() for @b;

my $answered = grep { $_->read_message() } @c;

cmp_ok($answered, '<=', 12, 'calls of the killed worker');
is(scalar(grep { !$_->{eof} } @c), $answered, 'calls of other workers');
$_->close() for @c;

is(load('many', 12, 20), '', 'load after a killed worker');

# worker_shutdown_timeout ends what does not end by itself

@c = map { $t->client('many') } 1 .. 6;
$_->start('hold', []) for @c;
ok(wait_for(sub { 18 == map { $_->calls('hold') } @b }),
   'calls are held again');
$t->reload();
is(load('many', 6, 20), '', 'load on new workers');
ok($t->old_workers_gone(4), 'old workers are gone');
is(scalar(grep { my $m = $_->read_message(1); !$m } @c)
   + scalar($t->grep_log(qr/^hold\|.*exception/, 'access.log')), 6,
   'clients were told');
$_->release() for @b;
$_->close() for @c;

# quit, with calls in flight that end in time

my $late = () = map { $_->calls('late') } @b;

@c = map { $t->client('many') } 1 .. 6;
$_->start('late', []) for @c;
wait_for(sub { $late + 6 == map { $_->calls('late') } @b });
$t->signal('QUIT');
is(scalar(grep { my $m = $_->read_message(); $m && $m->{fields}{0} } @c), 6,
   'answered while quitting');
$_->close() for @c;

$t->done();
