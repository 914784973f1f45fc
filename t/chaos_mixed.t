#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The chaos of t/chaos.t with what may be configured around it, drawn at random:
# TLS, names that are looked up, checks, pipelines, hedges, pinned clients,
# limits, copies, faults; another configuration with each reload, and in some
# rounds workers are killed.  Each call has one fate.
#
# A short run; "make soak" has more rounds.  CHAOS_SEED repeats what is drawn;
# CHAOS_DRAW names what is drawn in any case: "tls hedge kill".

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/matrix";

use Test::More;
use Test::Thrift;
use Test::Thrift::Names;

use Stranger;


my $SECONDS = $ENV{CHAOS_SECONDS} || 4;
my $ROUNDS  = $ENV{CHAOS_ROUNDS} || 1;
my $CLIENTS = $ENV{CHAOS_CLIENTS} || 60;
my $RATE    = $ENV{CHAOS_RATE} || 1200;
my $SEED    = $ENV{CHAOS_SEED} || time();
my %DRAW    = map { $_ => 1 } split ' ', $ENV{CHAOS_DRAW} || '';

my @SERVERS = qw(first second third);

my $KNOWN = join(' ', map { "thrift_idl %%TOP%%/t/$_;" }
                          qw(soak/chaos.thrift peers/peers.thrift));

my $CONF = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  #workers;

#main

events {
    worker_connections  16384;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  calls  $thrift_status;

    resolver  127.0.0.1:%%PORT_dns%%  ipv6=off  valid=1s;

    thrift_limit_zone        $remote_port  zone=clients:1m  rate=40r/s;
    thrift_limit_calls_zone  $remote_port  zone=open:1m;

    #definitions

    upstream backends {
        #upstream
    }

    upstream copies {
        server  127.0.0.1:%%PORT_returns%%;
        server  127.0.0.1:%%PORT_garbage%%;
        server  127.0.0.1:%%PORT_nobody%%;
    }

    server {
        listen             127.0.0.1:%%PORT_proxy%%  backlog=4096;
        thrift_pass        backends;
        thrift_timeout     1s;
        thrift_half_close  on;
        access_log         %%TESTDIR%%/calls.log  calls  buffer=64k flush=1s;
        #server
    }

    server {
        listen          127.0.0.1:%%PORT_strangers%%;
        thrift_pass     backends;
        thrift_timeout  500ms;
    }

    server {
        listen         127.0.0.1:%%PORT_returns%%;
        thrift_return  INTERNAL_ERROR  "a copy";
    }

    server {
        listen  127.0.0.1:%%PORT_garbage%%;
        return  "no Thrift";
    }

    # the servers of the chaos are there twice: as they are, and with TLS

    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;

    server {
        listen      127.0.0.1:%%PORT_tls_first%%  ssl #relay;
        proxy_pass  127.0.0.1:%%PORT_first%%;
        error_log   %%TESTDIR%%/relay.log  error;
    }

    server {
        listen      127.0.0.1:%%PORT_tls_second%%  ssl #relay;
        proxy_pass  127.0.0.1:%%PORT_second%%;
        error_log   %%TESTDIR%%/relay.log  error;
    }

    server {
        listen      127.0.0.1:%%PORT_tls_third%%  ssl #relay;
        proxy_pass  127.0.0.1:%%PORT_third%%;
        error_log   %%TESTDIR%%/relay.log  error;
    }
}

EOF

# Angie has a parameter of "server" for it.

my $eases = Test::Thrift->knows(stream => 'upstream u {'
                                . ' server 127.0.0.1:1; thrift_slow_start 1s; }');

# What an upstream may have, and a server: by name, how often of a hundred, and
# the directives.  One of several texts is drawn.

my @BALANCER = (
    [ balance   => 60, 'least_conn;', 'random two;',
                       'hash $remote_port consistent;' ],
);

my @TOGETHER = (
    [ pipeline  => 60, 'thrift_pipeline 8;',
                       'thrift_pipeline 64 connections=1;'
                       . ' thrift_pipeline_delay 5ms;' ],
);

my @UPSTREAM = (
    [ health    => 40, 'thrift_health_check interval=100ms timeout=200ms;',
                       'thrift_health_check interval=50ms fails=2 passes=2;',
                       'thrift_health_check interval=80ms mandatory;' ],
    [ keepalive => 80, 'thrift_keepalive 2;',
                       'thrift_keepalive 16 min=2 lifetime=1s;',
                       'thrift_keepalive 8 max=8 queue=1000;',
                       'thrift_keepalive 64 requests=20 timeout=200ms;',
                       'thrift_keepalive 4 max=6 queue=20 queue_timeout=50ms;',
                       'thrift_keepalive 0;' ],
    [ budget    => 20, 'thrift_retry_budget off;' ],
    [ failure   => 20, 'thrift_failure exception=any;' ],
    [ slow      => 20, $eases ? 'thrift_slow_start 1s;' : '' ],
);

my @SERVER = (
    [ rate       => 30, 'thrift_limit_rate zone=clients burst=20;',
                        'thrift_limit_rate zone=clients burst=10 nodelay;' ],
    [ concurrent => 30, 'thrift_max_concurrent 20 queue=10;',
                        'thrift_max_concurrent 10 queue=1000'
                        . ' queue_timeout=100ms zone=calls;' ],
    [ mirror     => 40, 'thrift_mirror copies 50%;',
                        'thrift_mirror copies max=2;' ],
    [ fault      => 30, 'thrift_fault abort=INTERNAL_ERROR percent=5;',
                        'thrift_fault delay=20ms percent=20;' ],
    [ small      => 30, 'thrift_buffer_size 2k; thrift_max_pipeline 3;' ],
    [ attempt    => 20, 'thrift_attempt_timeout 200ms;' ],
    [ trusted    => 20, 'thrift_trusted on;' ],
    [ abort      => 20, 'thrift_ignore_client_abort on;' ],
    [ calls      => 20, 'thrift_limit_calls open 3;' ],
);

# One of each: where calls may be executed more than once, and where clients are
# pinned.

my @REPEATS = (
    [ '', 'thrift_hedge 20ms;', 'thrift_hedge 5ms percent=100;' ],
    [ '', 'thrift_next_upstream error timeout exception overloaded;',
          'thrift_next_upstream error timeout non_idempotent;'
          . ' thrift_next_upstream_tries 5;' ],
);

my @PINNED = (
    'thrift_balance connection;',
    'thrift_service Chaos { thrift_method echo { thrift_stateful on; } }',
);

my $top = Test::Thrift->top();
my $resolves = Test::Thrift->knows_resolve();

ok(system('make', '-s', '-C', $top, '-f', 't/soak/soak.mk',
          'build/soak/chaos') == 0, 'build');

chaos($_) for map { draw($SEED + $_) } 0 .. $ROUNDS - 1;


sub draws { return rand(100) < $_[1] || $DRAW{$_[0]} }

sub one_of { return $_[rand(@_)] }


# Lines of a table of those above.

sub some_of {
    return map { my ($name, $often, @texts) = @$_;
                 draws($name, $often) ? one_of(@texts) : () } @_;
}


# What holds for the whole round, for the judge has to know; and its nginx.  In
# a calm one no server fails, and so no client loses its connection.

sub draw {
    my ($seed) = @_;

    srand($seed);

    my %r = (seed  => $seed,
             calm  => draws(calm => 20),
             kill  => draws(kill => 25),
             end   => draws(end => 20),
             hedge => draws(hedge => 40),
             pin   => draws(pin => 20),
             known => draws(known => 60),
             together => draws(together => 60),
             names => draws(names => 50) && $resolves);

    # a "oneway" of a method that answers holds up a pinned client

    $r{known} = 0 if $r{calm} && $r{pin};

    # old workers do not outlive the next reload, nor do relays in them

    $r{together} = 1 if $r{end};
    $r{workers} = $r{kill} ? 2 : one_of(1, 1, 2);
    $r{t} = Test::Thrift->new(configuration(\%r), log => 'notice');
    $r{name} = join(' ', $seed, grep { $r{$_} }
                                qw(calm kill end hedge pin known names together));

    $r{t}->certificate();

    return \%r;
}


sub configuration {
    my ($r) = @_;

    my @upstream = some_of(@BALANCER);
    my @server = some_of(@SERVER);
    my ($relay, $port, $options) = ('', 'PORT_', 'max_fails=0');

    unshift @upstream, 'zone backends 256k;' if $r->{names} || draws(zone => 50);
    push @upstream, some_of(@UPSTREAM);

    push @upstream, some_of(@TOGETHER) if $r->{together};

    if ($r->{together} && draws(tls => 50)) {
        push @upstream, 'thrift_ssl on;';
        $port = 'PORT_tls_';

        if (draws(proxy_protocol => 30)) {
            push @upstream, 'thrift_proxy_protocol on;';
            $relay = 'proxy_protocol';
            s/ min=2// for @upstream;
        }
    }

    $options = 'fail_timeout=1s' if draws(fails => 40);
    $options .= ' max_conns=6' if draws(max_conns => 20);
    $options .= ' resolve' if $r->{names};

    for (@SERVERS) {
        my $host = $r->{names} ? "$_.test" : '127.0.0.1';
        push @upstream, "server $host:%%$port${_}%% $options;";
    }

    push @server, 'thrift_idempotent on;', map { one_of(@$_) } @REPEATS
        if $r->{hedge};
    push @server, one_of(@PINNED) if $r->{pin} && draws(pinned => 70);

    return conf($CONF, workers => $r->{workers}, relay => $relay,
                main => $r->{end} ? 'worker_shutdown_timeout 300ms;' : '',
                upstream => join("\n", @upstream),
                server => join("\n", @server),
                definitions => join(' ', $r->{known} ? $KNOWN : '',
                                    draws(stay => 20)
                                    ? 'thrift_handover off;' : ''));
}


sub chaos {
    my ($r) = @_;

    my ($t, $name) = @$r{qw(t name)};

    srand($r->{seed});

    $r->{dns} = Test::Thrift::Names->new($t);
    $r->{dns}->set($_, '127.0.0.1') for @SERVERS;

    $t->run();

    my $pid = start($r);
    my $stranger = stranger($t, strangers => 'framed-binary');
    my $status = trouble($r, $pid);

    $t->stop_daemon($stranger);

    my $text = $t->read_log('chaos.out');
    my %n = $text =~ /^(\w[\w-]*) (\d+)$/mg;

    is($status, 0, "$name: exit code");
    is(join("\n", $text =~ /^violation: (.*)/mg), '', "$name: violations");
    cmp_ok($n{fate_reply} || 0, '>', 0, "$name: replies");
    is($n{$_}, 0, "$name: $_") for qw(wrong lost malformed corrupt);

    if ($r->{killed}) {
        $t->expect_log(qr/\[alert\] .*exited on signal 9/);

        # the master opens what it was killed in

        my $locked = qr/\[alert\] .*shared memory zone .* was locked by/;

        $t->expect_log($locked) if $t->grep_log($locked);

    } else {
        is($t->read_log('stranger-framed-binary.log'), '', "$name: stranger");
        log_agrees($t, $name, \%n);
    }

    note($text);
    $t->done();
}


sub start {
    my ($r) = @_;

    my $t = $r->{t};
    my @command = ("$top/build/soak/chaos",
                   '--proxy' => $t->port('proxy'),
                   '--backends' => join(',', map { $t->port($_) } @SERVERS),
                   '--clients' => $CLIENTS, '--seconds' => $SECONDS,
                   '--strangers' => 2, '--rate' => $RATE,
                   '--seed' => $r->{seed},
                   '--patience' => int(20 * time_factor()),
                   '--repeats' => $r->{hedge} ? 1 : 0,
                   '--together' => $r->{together} ? 1 : 0,
                   '--faults' => $r->{calm} ? 0 : 100,
                   '--forgives' => $r->{kill} || $r->{end}
                                   || $r->{pin} && !$r->{calm} ? 1 : 0);

    my $pid = fork() // die "fork: $!";

    if ($pid == 0) {
        open(STDIN, '<', '/dev/null');
        open(STDOUT, '>', $t->dir() . '/chaos.out') or die "chaos.out: $!";
        open(STDERR, '>&', \*STDOUT);
        exec(@command) or die "$command[0]: $!";
    }

    return $pid;
}


# Until the clients are done: other configurations, servers whose names go and
# come, workers that die.

sub trouble {
    my ($r, $pid) = @_;

    my $t = $r->{t};
    my $end = time() + ($SECONDS + 60) * time_factor();
    my $reloads = 0;

    while (time() < $end) {
        return $?
            if wait_for(sub { waitpid($pid, 1) == $pid }, 0.5 / time_factor());

        for (@SERVERS) {
            $r->{dns}->set($_, rand() < 0.3 ? () : '127.0.0.1',
                               rand() < 0.2 ? '127.0.0.9' : ());
        }

        my @workers = $t->workers();

        if ($r->{kill} && rand() < 0.5 && @workers) {
            $r->{killed} += kill('KILL', one_of(@workers));

        } else {
            rename($t->dir() . '/nginx.conf',
                   $t->dir() . '/nginx.conf.' . ++$reloads);
            $t->reload(configuration($r));
        }
    }

    kill('KILL', $pid);
    waitpid($pid, 0);

    return 'not finished';
}


# Every call is in the access log once, but for those of clients that went away.

sub log_agrees {
    my ($t, $name, $n) = @_;

    $t->stop();

    my $lines = () = $t->read_log('calls.log') =~ /\n/g;

    # a oneway that was sent behind the end of a connection is not known to be

    my $gone = $n->{fate_abandoned};
    $gone += $n->{fate_sent} if $n->{closed};

    cmp_ok($lines, '>=', $n->{calls} - $gone, "$name: each call has a line");
    cmp_ok($lines, '<=', $n->{calls}, "$name: no call has two");
}
