#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A server that max_fails has taken away is probed by one call, not by all that
# are there when fail_timeout is over, and is back when that is answered: with
# each of stream's balancers, with a zone and several workers, too.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Time::HiRes ();
use Test::Thrift;


my %balancers = (
    rr         => '',
    least      => 'least_conn;',
    hash       => 'hash $remote_port;',
    consistent => 'hash $remote_port consistent;',
    random     => 'random;',
    two        => 'random two;',
);

# nginx itself never frees what "random" allocates in a zone

my @names = grep { !/^(?:random|two)_zone/ || !sanitizer() }
                 map { ($_, "${_}_zone") } sort keys %balancers;

my $t = Test::Thrift->new(conf(<<'EOF',

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_status|$upstream_addr|$pid';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_timeout  10s;

    #upstreams
}

EOF
    upstreams => join("\n", map { <<"EOS" } @names)), log => 'info');
    upstream $_ {
        @{[ /^(.*)_zone/ ? "zone  $_ 128k; $balancers{$1}" : $balancers{$_} ]}

        server  127.0.0.1:%%PORT_good%%  max_fails=0;
        server  127.0.0.1:%%PORT_bad%%   fail_timeout=3s;
    }

    server {
        listen       127.0.0.1:%%PORT_$_%%;
        thrift_pass  $_;
    }
EOS

my $good = $t->backend('good');
my $bad = $t->backend('bad');

$t->run();

$bad->stop();

my $at_good = $t->address('good');
my $at_bad = $t->address('bad');

my %clients = map { my $name = $_; ($name => [ map { $t->client($name) }
                                                   1 .. 12 ]) } @names;

# all workers know that it is down

for my $name (@names) {
    for my $c (@{$clients{$name}}) {
        $c->call("down_$name") for 1 .. 6;
    }
}

is(scalar(grep { /\|success\|/ } $t->wait_log(qr/^down_/, 'access.log', undef,
                                              72 * @names)),
   72 * @names, 'the other one answers');
ok($t->grep_log(qr/^down_\w+\|success\|$at_bad, $at_good\|/, 'access.log'),
   'and this one was tried');

# it is there again, and takes its time for the first answer

$bad->{script} = { map { ("up_$_" => { hold => 1 }) } @names };
$bad->start();

elapse(4.1);

my $start = Time::HiRes::time();

for my $name (@names) {
    for my $round (1 .. 3) {
        $_->start("up_$name") for @{$clients{$name}};
        elapse(0.01);
    }
}

sub probes {
    my ($name) = @_;

    return scalar $bad->calls("up_$name");
}

ok(wait_for(sub { !grep { probes($_) == 0 } @names }), 'all are probed');
ok(wait_for(sub {
    return $t->grep_log(qr/^up_\w+\|success\|$at_good\|/, 'access.log')
           >= 20 * @names;
}), 'others are answered meanwhile');

# one that is not answered for another fail_timeout does not keep others off

my $times = 1 + int((Time::HiRes::time() - $start) / 3);

for my $name (@names) {
    my $workers = $name =~ /_zone/ ? 1 : 2;

    cmp_ok(probes($name), '<=', $workers * $times,
           "$name: one call" . ($workers > 1 ? ' of each worker' : ''));
}

# then it is back

$bad->release();
$bad->script();

for my $name (@names) {
    my @answers = map { my $c = $_; map { answer($c->read_message()) } 1 .. 3 }
                      @{$clients{$name}};

    is(scalar(grep { /^(?:good|bad)$/ } @answers), 36, "$name: all answered");

    # a balancer that draws lots may draw the other one 12 times

    for my $round (1 .. 10) {
        my @asking = $round == 1 ? @{$clients{$name}}
                                 : map { $t->client($name) } 1 .. 12;

        $_->start("back_$name") for @asking;
        $_->read_message() for @asking;

        last if $bad->calls("back_$name") > 1;
    }

    cmp_ok(scalar $bad->calls("back_$name"), '>', 1, "$name: it is back");
}

is(scalar($t->grep_log(qr/no live upstreams/)), 0, 'there was always one');

$t->done();
