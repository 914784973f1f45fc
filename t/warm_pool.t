#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Three servers restart one after the other, as in a deployment, while clients call:
# with connections that are opened ahead (min=) clients hardly see it.  p99 is at
# most twice that of clients of three servers beside them that go on, in two of
# four times: what else the machine does, both see.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Time::HiRes qw(sleep);


my $SECONDS = 5 * time_factor();
my $RATE    = int(600 / time_factor());
my $DELAY   = 5;                    # ms, of a call
my @SERVERS = qw(first second third);
my @STEADY  = qw(fourth fifth sixth);

my $top = Test::Thrift->top();
my ($load, $echo) = map { "$top/build/bench/$_" } qw(load echo);

ok(system('make', '-s', '-C', $top, 'build/bench/load', 'build/bench/echo')
   == 0, 'build');

my $t = Test::Thrift->new(<<'EOC', log => 'crit');

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl         %%TOP%%/bench/echo.thrift;
    thrift_idempotent  on;

    upstream rolling {
        zone    rolling 64k;
        server  127.0.0.1:%%PORT_first%%   fail_timeout=1s;
        server  127.0.0.1:%%PORT_second%%  fail_timeout=1s;
        server  127.0.0.1:%%PORT_third%%   fail_timeout=1s;

        thrift_keepalive  16 min=4;
    }

    upstream steady {
        zone    steady 64k;
        server  127.0.0.1:%%PORT_fourth%%  fail_timeout=1s;
        server  127.0.0.1:%%PORT_fifth%%   fail_timeout=1s;
        server  127.0.0.1:%%PORT_sixth%%   fail_timeout=1s;

        thrift_keepalive  16 min=4;
    }

    server {
        listen       127.0.0.1:%%PORT_rolling%%  reuseport;
        thrift_pass  rolling;
    }

    server {
        listen       127.0.0.1:%%PORT_steady%%  reuseport;
        thrift_pass  steady;
    }
}

EOC

my %servers;

start($_) for @SERVERS, @STEADY;
$t->run();

my $n = 0;
my @ratios;

while (good() < 2 && @ratios - good() < 3) {
    my ($rolling, $steady) = map { begin($_) } qw(rolling steady);

    restart_all();

    push @ratios, sprintf('%.2f', p99($rolling) / p99($steady));
}

is(good(), 2, "p99 of restarts (@ratios)");

$t->done();


sub good {
    return scalar(grep { $_ <= 2 } @ratios);
}


sub start {
    my ($name) = @_;

    $servers{$name} = $t->run_daemon([ $echo, '127.0.0.1:' . $t->port($name),
                                       '--delay', $DELAY ],
                                     port => $name, log => "$name.log");
}


# Calls over a port, for some time; returns where the result is written.

sub begin {
    my ($port) = @_;

    my $log = "$port-" . ++$n . '.log';

    $t->run_daemon([ $load, '127.0.0.1:' . $t->port($port),
                     '--connections', 32, '--rate', $RATE, '--warmup', 0.5,
                     '--seconds', $SECONDS, '--timeout', 10 * time_factor() ],
                   log => $log);

    return $log;
}


sub p99 {
    my ($log) = @_;

    my %result = result($log);

    is($result{exit}, 0, 'every call was answered');
    note("$log: p99 $result{p99_us} us");

    return $result{p99_us};
}


sub result {
    my ($log) = @_;

    my ($line) = $t->wait_log(qr/^RESULT /, $log, $SECONDS + 20);

    return $line =~ /(\w+)=([\d.]+)/g;
}


sub restart_all {
    # no two of them are down for fail_timeout

    for my $name (@SERVERS) {
        sleep(1.3 * time_factor());
        $t->stop_daemon($servers{$name});
        sleep(0.2 * time_factor());
        start($name);
    }
}
