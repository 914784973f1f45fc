#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# When all servers fail, retries do not multiply the calls: with a budget of 20 %
# servers see at most 1.2 times as many, and what min= gives each second on top;
# without one, each of the three servers sees each call.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $SECONDS = 3 * time_factor();
my $RATE    = int(800 / time_factor());
my $MIN     = 10;                   # a second, of the last ten
my $WINDOW  = 10;
my $CLIENTS = 64;
my @SERVERS = qw(first second third);

my $top = Test::Thrift->top();

ok(system('make', '-s', '-C', $top, 'build/bench/load') == 0
   && system('make', '-s', '-C', $top, '-f', 't/faults/faults.mk',
             'build/faults/crowd') == 0, 'build');

my $CONF = <<'EOC';

%%TEST_GLOBALS%%

worker_processes  #workers;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl         %%TOP%%/bench/echo.thrift;
    thrift_idempotent  on;

    upstream failing {
        zone    failing 64k;
        server  127.0.0.1:%%PORT_first%%   max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;
        server  127.0.0.1:%%PORT_third%%   max_fails=0;
        #budget
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%  reuseport;
        thrift_pass  failing;
    }
}

EOC

my %tests = map { my ($name, %texts) = @$_;
                  $name => Test::Thrift->new(conf($CONF, %texts),
                                             log => 'crit') }
    [ default => workers => 1, budget => '' ],
    [ twenty => workers => 2,
      budget => "thrift_retry_budget 20% min=${MIN}r/s;" ],
    [ off => workers => 1, budget => 'thrift_retry_budget off;' ];

for my $name (sort keys %tests) {
    my $began = time();
    my ($calls, $seen) = outage($tests{$name});

    # each client may have a call more, whose end it has not seen

    my $most = 1.2 * ($calls + $CLIENTS) + $MIN * (time() - $began + $WINDOW);

    cmp_ok($calls, '>', $SECONDS * $RATE / 2, "$name: calls");

    if ($name eq 'off') {
        cmp_ok($seen, '>=', 2.9 * $calls, 'off: each server has each call');
    } else {
        cmp_ok($seen, '<=', $most, "$name: at most 1.2 times");
        cmp_ok($seen, '>', 1.1 * $calls, "$name: some are tried again");
    }

    note("$name: $calls calls, servers saw $seen");

    $tests{$name}->done();
}


# How many calls were made, and how many the servers have seen.

sub outage {
    my ($t) = @_;

    my @pids = map {
        $t->run_daemon([ "$top/build/faults/crowd",
                         '127.0.0.1:' . $t->port($_), 'close' ],
                       port => $_, log => "$_.log")
    } @SERVERS;

    $t->run();

    my $command = join(' ', "$top/build/bench/load",
                       '127.0.0.1:' . $t->port('proxy'),
                       '--connections', $CLIENTS, '--rate', $RATE, '--seconds', $SECONDS,
                       '--timeout', 10 * time_factor());

    my ($calls) = `$command 2>/dev/null` =~ /\bexceptions=(\d+)/;

    $t->stop_daemon($_) for @pids;

    my $seen = 0;

    for my $name (@SERVERS) {
        my ($line) = $t->wait_log(qr/^most /, "$name.log");
        $seen += $1 if $line =~ /calls (\d+)/;
    }

    return ($calls, $seen);
}
