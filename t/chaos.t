#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Servers that close, stall, send garbage, answer twice and crash at random, and
# clients that come and go: every call has one fate, and it is the right one.
# Beside them two strangers send to the same servers all that t/matrix/ knows.
#
# A short run; "make soak" makes it longer.  CHAOS_SEED repeats the calls and
# faults of a run.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/matrix";

use Test::More;
use Test::Thrift;

use Stranger;


my $SECONDS = $ENV{CHAOS_SECONDS} || 5;
my $CLIENTS = $ENV{CHAOS_CLIENTS} || 100;
my $RATE    = $ENV{CHAOS_RATE} || 2000;
my $SEED    = $ENV{CHAOS_SEED} || time();

# kB by which a worker may grow in the second half; it is warm by then if the
# run is long enough

my $GROWTH = $SECONDS < 30 ? 16384 : 2048 + 2 * $CLIENTS;

# Once as it comes, once with little room and reloads, and once with nothing
# known of the calls, so that each client has its own connections to servers.

my $SMALL = 'thrift_buffer_size 2k; thrift_max_pipeline 3;';
my $KNOWN = join(' ', map { "thrift_idl %%TOP%%/t/$_;" }
                          qw(soak/chaos.thrift peers/peers.thrift));

my $CONF = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  1;

events {
    worker_connections  16384;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    #definitions

    log_format  calls  $thrift_status;

    upstream backends {
        server  127.0.0.1:%%PORT_first%%  max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;
        server  127.0.0.1:%%PORT_third%%  max_fails=3 fail_timeout=1s;

        thrift_keepalive  #keepalive;
    }

    server {
        listen             127.0.0.1:%%PORT_proxy%%  backlog=4096;
        thrift_pass        backends;
        thrift_timeout     1s;
        thrift_half_close  on;
        access_log         %%TESTDIR%%/calls.log  calls  buffer=64k flush=1s;
        #limits
    }

    server {
        listen                   127.0.0.1:%%PORT_strangers%%;
        thrift_pass              backends;
        thrift_timeout           500ms;
        thrift_max_message_size  1m;
    }
}

EOF

my $top = Test::Thrift->top();
my $make = system('make', '-s', '-C', $top, '-f', 't/soak/soak.mk',
                  'build/soak/chaos') == 0;
ok($make, 'build');

my @tests = map { Test::Thrift->new($_, log => 'notice') }
                conf($CONF, keepalive => 64, definitions => $KNOWN),
                conf($CONF, keepalive => 2, definitions => $KNOWN,
                     limits => $SMALL),
                conf($CONF, keepalive => 64);

chaos($tests[0], 'quiet', 0);
chaos($tests[1], 'reload', 1);
chaos($tests[2], 'unknown', 0);


sub chaos {
    my ($t, $name, $reload) = @_;

    $t->run();

    my @workers = $t->workers();
    my $out = $t->dir() . '/chaos.out';
    my @command = ("$top/build/soak/chaos",
                   '--proxy' => $t->port('proxy'),
                   '--backends' => join(',', map { $t->port($_) }
                                                 qw(first second third)),
                   '--clients' => $CLIENTS, '--seconds' => $SECONDS,
                   '--strangers' => 2,
                   '--rate' => $RATE, '--seed' => $SEED,
                   '--patience' => int(20 * time_factor()),
                   '--worker' => $workers[0],
                   split(' ', $ENV{CHAOS_OPTIONS} || ''));

    my $pid = fork();
    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        open(STDIN, '<', '/dev/null');
        open(STDOUT, '>', $out) or die "$out: $!";
        open(STDERR, '>&', \*STDOUT);
        exec(@command) or die "$command[0]: $!";
    }

    my @formats = qw(framed-binary buffered-compact);
    my @strangers = map { stranger($t, strangers => $formats[$_], $_) } 0, 1;

    my $status = $reload ? reload_until_end($t, $pid)
                         : wait_end($pid, $SECONDS + 60);
    my $text = $t->read_log('chaos.out');

    $t->stop_daemon($_) for @strangers;
    is(join('', map { $t->read_log("stranger-$_.log") } @formats), '',
       "$name: strangers");

    my %n = $text =~ /^(\w[\w-]*) (\d+)$/mg;

    is($status, 0, "$name: exit code");
    is(join("\n", $text =~ /^violation: (.*)/mg), '', "$name: violations");

    cmp_ok($n{calls} || 0, '>', $SECONDS * 100, "$name: calls");
    cmp_ok($n{strangers}, '>', 0, "$name: calls of strangers");
    is($n{$_}, 0, "$name: $_") for qw(wrong lost closed malformed corrupt);

    cmp_ok($n{"fate_$_"} || 0, '>', 0, "$name: some $_")
        for qw(reply server timeout closed malformed sent abandoned);

    if (!$reload) {
        is("@{[ $t->workers() ]}", "@workers", "$name: same worker");
        memory_is_flat($name, \%n);
    }

    log_agrees($t, $name, \%n);

    diag(join(' ', "$name:", map { "$_ $n{$_}" }
                                 grep { /^(seed|calls|fate|latency|memory)/ }
                                 sort keys %n))
        if $ENV{CHAOS_VERBOSE} || !Test::More->builder->is_passing();
    note($text);

    $t->done();
}


sub memory_is_flat {
    my ($name, $n) = @_;

  SKIP: {
        skip 'sanitizers keep memory', 1 if $ENV{TEST_NGINX_STATIC};

        cmp_ok($n->{memory_end}, '<', $n->{memory_warm} + $GROWTH,
               "$name: memory");
    }
}


# Every call is in the access log once, and says what its client saw.  Calls of
# clients that went away may be there as anything, or not at all.

sub log_agrees {
    my ($t, $name, $n) = @_;

    my $gone = $n->{fate_abandoned};
    my %lines = map { $_ => 0 } qw(success exception sent failed cancelled);
    my %seen = (success => $n->{fate_reply}, exception => 0);

    $seen{exception} += $n->{"fate_$_"}
        for qw(server timeout closed malformed connect other);

    # what is left in a worker's buffer is written when it ends

    $t->stop();
    $lines{$_}++ for split /\n/, $t->read_log('calls.log');

    my @wrong = map { "$_: $lines{$_} lines, $seen{$_} calls" }
                    grep { $lines{$_} < $seen{$_}
                           || $lines{$_} > $seen{$_} + $gone }
                         keys %seen;

    is("@wrong", '', "$name: access log");
    is(join(' ', sort keys %lines), 'cancelled exception failed sent success',
       "$name: each status");

    my $sum = 0;
    $sum += $_ for values %lines;

    cmp_ok($sum, '>=', $n->{calls} - $gone, "$name: each call has a line");
    cmp_ok($sum, '<=', $n->{calls}, "$name: no call has two");
}


sub wait_end {
    my ($pid, $seconds) = @_;

    wait_for(sub { waitpid($pid, 1) == $pid }, $seconds) and return $?;

    kill('KILL', $pid);
    waitpid($pid, 0);

    return 'not finished';
}


sub reload_until_end {
    my ($t, $pid) = @_;

    my $end = time() + ($SECONDS + 60) * time_factor();
    my $reloads = 0;

    while (time() < $end) {
        my $gone = wait_for(sub { waitpid($pid, 1) == $pid },
                            1 / time_factor());

        if ($gone) {
            my $status = $?;
            cmp_ok($reloads, '>', $SECONDS / 3, 'reloads');
            return $status;
        }

        $t->reload();
        $reloads++;
    }

    return wait_end($pid, 1);
}
