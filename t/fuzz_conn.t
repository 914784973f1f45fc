#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Mutated calls from bad clients and mutated replies from a bad server: beside
# them, good clients get right replies, and no server gets what is malformed.
#
# FUZZ_SEED repeats the bytes of a run, FUZZ_SECONDS makes it longer.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $SECONDS = $ENV{FUZZ_SECONDS} || 10;
my $SEED    = $ENV{FUZZ_SEED} || 20261120;

my $top = Test::Thrift->top();

ok(system('make', '-s', '-C', $top, '-f', 't/soak/soak.mk',
          'build/soak/chaos') == 0, 'build');

my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
    worker_connections  4096;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  calls  $thrift_status;
    access_log  %%TESTDIR%%/calls.log  calls  buffer=64k;

    upstream right {
        server  127.0.0.1:%%PORT_first%%  max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;

        thrift_keepalive  16;
    }

    upstream noisy {
        server  127.0.0.1:%%PORT_noisy%%  max_fails=0;
    }

    server {
        listen               127.0.0.1:%%PORT_proxy%%  backlog=1024;
        thrift_timeout       500ms;
        thrift_read_timeout  2s;
        thrift_half_close    on;

        thrift_service Chaos {
            thrift_pass  right;

            thrift_method noise {
                thrift_pass  noisy;
            }
        }
    }
}

EOF

$t->run();

my @workers = $t->workers();
my $text = chaos('--proxy' => $t->port('proxy'),
                 '--backends' => $t->port('first') . ',' . $t->port('second'),
                 '--noisy' => $t->port('noisy'),
                 '--clients' => 20, '--rate' => 1000, '--faults' => 0,
                 '--noise' => 300, '--mutants' => 20,
                 '--seconds' => $SECONDS, '--seed' => $SEED,
                 '--patience' => int(20 * time_factor()));

my %n = $text =~ /^(\w[\w-]*) (\d+)$/mg;

is(join("\n", $text =~ /^violation: (.*)/mg), '', 'violations');
is($n{violations}, 0, 'came to its end');

is($n{$_}, 0, $_) for qw(wrong lost closed malformed corrupt
                         mutant_unreadable fate_other fate_closed
                         fate_malformed fate_connect);

cmp_ok($n{mutant_messages}, '>', $SECONDS * 50, 'mutated calls');
cmp_ok($n{fate_noise}, '>', $SECONDS * 5, 'mutated replies');
cmp_ok($n{fate_reply}, '>', $SECONDS * 20, 'right replies');
cmp_ok($n{strangers}, '>', 0, 'some mutated calls came through');
cmp_ok($n{mutant_exceptions}, '>', 0, 'some were refused');

is("@{[ $t->workers() ]}", "@workers", 'same worker');
is($t->client('proxy')->call('echo')->{type}, EXCEPTION, 'nginx serves');

diag($text) if $ENV{FUZZ_VERBOSE} || !Test::More->builder->is_passing();

$t->done();


sub chaos {
    my $out = $t->dir() . '/chaos.out';
    my $pid = fork();
    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        open(STDIN, '<', '/dev/null');
        open(STDOUT, '>', $out) or die "$out: $!";
        open(STDERR, '>&', \*STDOUT);
        exec("$top/build/soak/chaos", @_) or die "chaos: $!";
    }

    if (!wait_for(sub { waitpid($pid, 1) == $pid }, $SECONDS + 60)) {
        kill('KILL', $pid);
        waitpid($pid, 0);
    }

    return $t->read_log('chaos.out');
}
