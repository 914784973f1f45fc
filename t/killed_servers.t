#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Servers are killed at random, and started again, while clients call: as long as
# two of four are there, each idempotent call is answered.  Once the two that stay
# are always the same and a failure takes a server away for a second, as max_fails
# has it by default; once any two may be gone, and none is taken away.
#
# A short run; "make soak" makes it longer: KILL_SECONDS.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Time::HiRes qw(sleep time);


my $SECONDS = $ENV{KILL_SECONDS} || 6;
my $RATE    = int(600 / time_factor()); # calls a second, of each load
my $KILLS   = 1.5 / time_factor();      # a second, at least
my $SEED    = $ENV{KILL_SEED} || int(time());

my @SERVERS = qw(first second third fourth);

my $top = Test::Thrift->top();
my ($load, $echo) = map { "$top/build/bench/$_" } qw(load echo);

ok(system('make', '-s', '-C', $top, 'build/bench/load', 'build/bench/echo')
   == 0, 'build');

my $t = Test::Thrift->new(<<'EOC', log => 'crit');

%%TEST_GLOBALS%%

worker_processes  2;

events {
    worker_connections  2048;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl         %%TOP%%/bench/echo.thrift;
    thrift_idempotent  on;

    upstream two_stay {
        zone    two_stay 64k;
        server  127.0.0.1:%%PORT_stay_first%%   fail_timeout=1s;
        server  127.0.0.1:%%PORT_stay_second%%  fail_timeout=1s;
        server  127.0.0.1:%%PORT_stay_third%%   fail_timeout=1s;
        server  127.0.0.1:%%PORT_stay_fourth%%  fail_timeout=1s;
    }

    upstream any_two {
        server  127.0.0.1:%%PORT_any_first%%   max_fails=0;
        server  127.0.0.1:%%PORT_any_second%%  max_fails=0;
        server  127.0.0.1:%%PORT_any_third%%   max_fails=0;
        server  127.0.0.1:%%PORT_any_fourth%%  max_fails=0;
    }

    server {
        listen       127.0.0.1:%%PORT_stay%%;
        thrift_pass  two_stay;
    }

    server {
        listen       127.0.0.1:%%PORT_any%%;
        thrift_pass  any_two;
    }
}

EOC

srand($SEED);

my %servers;

for my $group (qw(stay any)) {
    start("${group}_$_") for @SERVERS;
}

$t->run();

my %loads = map { $_ => start_load($_) } qw(stay any);
my %killed = map { $_ => 0 } qw(stay any);

kill_servers();

for my $group (sort keys %loads) {
    my %n = result($group);

    is($n{exit}, 0, "$group: every call was answered");
    is($n{$_}, 0, "$group: $_") for qw(exceptions wrong lost closed);
    cmp_ok($n{verified} || 0, '>', $SECONDS * $RATE / 2, "$group: calls");
    cmp_ok($killed{$group}, '>', $SECONDS * $KILLS, "$group: kills");

    note("$group: $killed{$group} kills, ", join(' ', map { "$_=$n{$_}" }
         grep { defined $n{$_} } qw(verified p50_us p99_us max_us)));
}

diag("KILL_SEED=$SEED") if !Test::More->builder->is_passing();

$t->done();


sub start {
    my ($name) = @_;

    my $port = $t->port($name);

    $servers{$name} = $t->run_daemon([ $echo, "127.0.0.1:$port", '--delay', 10 ],
                                     port => $name, log => "$name.log");
}


sub start_load {
    my ($group) = @_;

    my @format = $group eq 'stay' ? qw(--framed --binary)
                                  : qw(--unframed --compact);

    return $t->run_daemon([ $load, '127.0.0.1:' . $t->port($group), @format,
                            '--connections', 32, '--rate', $RATE,
                            '--seconds', $SECONDS,
                            '--timeout', 10 * time_factor() ],
                          log => "load_$group.log");
}


sub result {
    my ($group) = @_;

    my $line;

    wait_for(sub {
        ($line) = $t->grep_log(qr/^RESULT /, "load_$group.log");
    }, 30);

    return $line ? $line =~ /(\w+)=([\d.]+)/g : ();
}


# One of the group goes, or one that has gone comes back.

sub kill_servers {
    my $next = time();
    my $end = $next + $SECONDS;

    while (time() < $end) {
        for my $group (qw(stay any)) {
            my @may = $group eq 'stay' ? @SERVERS[0, 1] : @SERVERS;
            my @gone = grep { !$servers{"${group}_$_"} } @may;
            my $one = @may[rand(@may)];

            if (!$servers{"${group}_$one"}) {
                start("${group}_$one");

            } elsif (@gone < 2) {
                my $pid = delete $servers{"${group}_$one"};
                $t->stop_daemon($pid, rand() < 0.7 ? 'KILL' : 'TERM');
                $killed{$group}++;
            }
        }

        # what starts and stops take is a part of the time between them

        $next += rand(0.25) * time_factor();
        sleep($next - time()) if $next > time();
    }
}
