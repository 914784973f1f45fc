#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Level-triggered event methods: everything works, and nothing spins while it
# waits.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use POSIX ();
use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $template = <<'EOC';

%%TEST_GLOBALS%%

events {
    use  #method;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_half_close  on;

    server {
        listen               127.0.0.1:%%PORT_proxy%%  sndbuf=32k;
        thrift_max_pipeline  2;
        thrift_pass          127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen               127.0.0.1:%%PORT_to_deaf%%;
        thrift_send_timeout  2s;
        thrift_pass          127.0.0.1:%%PORT_deaf%%;
    }

    server {
        listen                  127.0.0.1:%%PORT_once%%;
        thrift_max_calls        1;
        thrift_return           INTERNAL_ERROR  "no";
    }
}

EOC

my $tick = POSIX::sysconf(POSIX::_SC_CLK_TCK());

sub cpu {
    my ($t) = @_;

    my $sum = 0;

    for my $pid ($t->workers()) {
        open(my $fh, '<', "/proc/$pid/stat") or next;
        my ($rest) = <$fh> =~ /\) (.*)/;
        my @f = split ' ', $rest;
        $sum += $f[11] + $f[12];
    }

    return $sum / $tick;
}

# what the worker takes while it should sleep, in a share of one CPU

sub busy {
    my ($t) = @_;

    elapse(0.1);
    my $start = cpu($t);
    my $time = time();
    elapse(0.4);

    return (cpu($t) - $start) / (time() - $time);
}

my @tests = map { Test::Thrift->new(conf($template, method => $_),
                                    log => 'info', method => $_) }
                qw(poll select);

if (scalar($tests[0]->test_config()) !~ /successful/) {
    $_->{done} = 1 for @tests;
    plan(skip_all => 'nginx has no poll');
}

for my $t (@tests) {
    my $method = $t->{method};

    my $backend = $t->backend('backend',
        script => { hold => { hold => 1 }, echo => { echo => 1 },
                    big => { body => [ [ 0, 'string', 'x' x 2_000_000 ] ] } });

    # never reads, and says something once it has been sent a part of a call

    my $deaf = $t->backend('deaf',
        script => { '!accept' => { raw => "\0", delay => 0.1,
                                   ignore => 1 } });

    $t->run();

    my $c = $t->client('proxy');

    is(join(' ', map { $c->call('get')->{fields}{0} } 1 .. 3),
       'backend backend backend', "$method: calls");
    is(length($c->call('echo', [ [ 0, 'string', 'y' x 3_000_000 ] ])
                ->{fields}{0}), 3_000_000, "$method: large call");
    cmp_ok(busy($t), '<', 0.5, "$method: idle");

    # more calls than may be read, and then the end of sending

    $c = $t->client('proxy');
    $c->send(join('', map { call_bytes('hold', $_) } 1 .. 3));
    ok(wait_for(sub { $backend->calls('hold') == 2 }), "$method: two held");
    cmp_ok(busy($t), '<', 0.5, "$method: blocked");
    $c->half_close();
    cmp_ok(busy($t), '<', 0.5, "$method: half closed");
    $backend->release();
    ok(wait_for(sub { $backend->calls('hold') == 3 }), "$method: third");
    cmp_ok(busy($t), '<', 0.5, "$method: half closed and read");
    $backend->release();
    is(join(' ', map { $c->read_message()->{seqid} } 1 .. 3), '1 2 3',
       "$method: all answered");

    # a client that does not read

    $c = $t->client('proxy', rcvbuf => 4096);
    $c->send(call_bytes('big', 1) . call_bytes('big', 2));
    cmp_ok(busy($t), '<', 0.5, "$method: client does not read");
    is(length($c->read_message()->{fields}{0}), 2_000_000,
       "$method: and then does");
    $c->close();

    # a client that left is lingered for

    $c = $t->client('once');
    $c->call('get');
    cmp_ok(busy($t), '<', 0.5, "$method: lingering");

    # a server that does not read, and has something to say

    $c = $t->client('to_deaf');
    $c->start('put', [ [ 1, 'string', 'z' x 12_000_000 ] ]);
    cmp_ok(busy($t), '<', 0.5, "$method: server does not read");
    like($c->read_message()->{message}, qr/timed out/, "$method: time is over");
    $c->close();
}

$_->done() for @tests;
