#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Python's TThreadPoolServer gives a thread to each connection, for as long as it
# is open, and the next one waits: with ten threads it is not to have more than ten
# connections, whoever keeps them.  200 clients are all answered, and none waits
# more than twice as long as most do; of one worker and of two that count together.
# And connections that one worker only keeps are given up for another's calls.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


use constant THREADS => 10;

my $CLIENTS = 200;
my $DELAY   = 20;                   # ms, of a call
my $SECONDS = 4 * time_factor();

my $top = Test::Thrift->top();
my $peers = "$top/build/peers/py";

ok(system('make', '-s', '-C', $top, 'build/bench/load') == 0
   && system('flock', "$top/build", 'make', '-s', '-C', $top, '-f',
             't/peers/peers.mk', 'build/peers/generated') == 0, 'build');

my $CONF = <<'EOC';

%%TEST_GLOBALS%%

worker_processes  #workers;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl      %%TOP%%/t/peers/peers.thrift;
    thrift_timeout  20s;

    upstream python {
        #zone
        server  127.0.0.1:%%PORT_python%%  #limit;

        thrift_keepalive  10 max=10 queue=1000;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%  reuseport;
        thrift_pass  python;
    }
}

EOC

my $ZONE = 'zone python 64k;';

my %tests = map { my ($name, %texts) = @$_;
                  $name => Test::Thrift->new(conf($CONF, %texts),
                                             log => 'crit') }
    [ 'one worker', workers => 1, zone => '', limit => 'max_fails=0' ],
    [ 'two workers', workers => 2, zone => $ZONE, limit => 'max_fails=0' ],
    [ 'max_conns', workers => 2, zone => $ZONE,
      limit => 'max_fails=0 max_conns=10' ];

crowd($_, $tests{$_}) for sort keys %tests;


sub start {
    my ($t) = @_;

    $t->run_daemon([ '/usr/bin/python3', "$top/t/peers/server.py",
                     'pool:framed:binary:' . $t->port('python') ],
                   port => 'python',
                   env => { PYTHONPATH => $peers, PEERS_DELAY => $DELAY,
                            PEERS_THREADS => THREADS });
    $t->run();
}


sub crowd {
    my ($name, $t) = @_;

    start($t);

    my %n;

    # a machine that does something else makes some wait longer: again, then

    for (1 .. 7) {
        %n = load($t, $CLIENTS);
        last if $n{exit} || $n{max_us} <= 2 * $n{p50_us};
    }

    is($n{exit}, 0, "$name: every call was answered");
    is($n{$_}, 0, "$name: $_") for qw(exceptions wrong lost closed);
    cmp_ok($n{verified} || 0, '>', $CLIENTS, "$name: calls");
    cmp_ok($n{max_us}, '<=', 2 * $n{p50_us}, "$name: the longest wait");

    note("$name: ", join(' ', map { "$_=$n{$_}" }
                                  qw(verified p50_us p99_us max_us)));

    one_by_one($name, $t);

    $t->done();
}


# All connections are idle in the workers that have them; clients of either call.

sub one_by_one {
    my ($name, $t) = @_;

    my $right = 0;

    for my $n (1 .. 24) {
        my $c = $t->client('proxy');
        my $m = $c->call('echoString', [ [ 1, string => "one $n" ] ]);

        $right++ if answer($m) eq "one $n";
    }

    is($right, 24, "$name: one by one");
}


sub load {
    my ($t, $clients) = @_;

    my $command = join(' ', "$top/build/bench/load",
                       '127.0.0.1:' . $t->port('proxy'),
                       '--method echoString', '--connections', $clients,
                       '--seconds', $SECONDS, '--warmup 1',
                       '--timeout', 20 * time_factor());

    my $text = `$command 2>&1`;

    my ($line) = $text =~ /^(RESULT .*)/m;

    diag($text) unless $line;

    return $line ? $line =~ /(\w+)=([\d.]+)/g : ();
}
