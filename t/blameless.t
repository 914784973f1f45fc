#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What is not the server's fault is not counted as its failure: a worker
# without free connections, a client that does not read.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
    worker_connections  24;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_seqid|$thrift_status|$status|'
                      '$thrift_exception';
    access_log  %%TESTDIR%%/access.log  test;

    upstream two {
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_second%%;
    }

    upstream other {
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_third%%  backup;
    }

    server {
        listen       127.0.0.1:%%PORT_two%%;
        thrift_pass  two;
    }

    server {
        listen          127.0.0.1:%%PORT_narrow%%  sndbuf=16k;
        thrift_timeout  1500ms;
        thrift_pass     other;
    }
}

EOC

my %script = (big => { body => [ [ 0, 'string', 'x' x 3_000_000 ] ] });

$t->backend($_, script => \%script) for qw(first second third);

$t->run();

sub answers {
    my ($c, $n) = @_;

    return join(' ', sort map { answer($c->call('get')) } 1 .. $n);
}

sub sockets {
    my ($worker) = $t->workers();

    return scalar(grep { (readlink($_) || '') =~ /^socket:/ }
                       glob("/proc/$worker/fd/*"));
}

# the client pipelines and reads slowly: the second reply has to wait for it

my $slow = $t->client('narrow', rcvbuf => 4096);

$slow->send(join('', map { call_bytes('big', $_) } 1 .. 2));

my $end = Time::HiRes::time() + 3;

while (Time::HiRes::time() < $end) {
    $slow->read(2000, 0.1);
    elapse(0.05);
}

$slow->close();

is(answers($t->client('narrow'), 1), 'first', 'slow reader is not the server');
is(scalar($t->grep_log(qr/\[error\]/)), 0, 'no error line');

# no connection is left for the upstream

my $c = $t->client('two');
is(answers($c, 2), 'first second', 'both servers answer');

my $other = $t->client('two');
my @idle;

for (1 .. 40) {
    my $idle = $t->client('two');
    push @idle, $idle;
    last if answer($idle->call('get')) =~ /overloaded/;
}

$other->send(join('', map { call_bytes('get', $_) } 1 .. 16));
my %seen;
$seen{$_->{message} || 'answered'}++
    for map { $other->read_message() || () } 1 .. 16;
ok($seen{'overloaded: too few connections are left'}, 'no connections left');
ok($t->grep_log(qr/\[warn\] .*too few of 24 worker_connections are left/),
   'in the log');

my $left = sockets() - grep { !$_->closed(0.001) } @idle;

$_->close() for @idle;
ok(wait_for(sub { sockets() <= $left }), 'idle clients have left');

is(answers($t->client('two'), 4), 'first first second second',
   'servers are not blamed');

$t->done();
