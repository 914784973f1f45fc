#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Clients whose calls use up the local ports, or the queue of a server that is
# slow to accept: neither takes a server away from others, and no line of the
# error log is above "error" for it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::UNIX;
use Test::More;
use Test::Thrift;

use constant PORTS => 12;

# a network of its own, which has few ports

if (!$ENV{TEST_NO_PORTS}) {
    plan(skip_all => 'a network namespace needs root and unshare')
        if $> != 0 || system('unshare -n true 2>/dev/null') != 0;

    $ENV{TEST_NO_PORTS} = 1;
    exec('unshare', '-n', $^X, $0);
}

system('ip', 'link', 'set', 'lo', 'up') == 0
    or plan(skip_all => 'ip is missing');

my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    upstream two {
        server  127.0.0.1:%%PORT_first%%   max_fails=1  fail_timeout=1h;
        server  127.0.0.1:%%PORT_second%%  max_fails=1  fail_timeout=1h;
    }

    upstream slow {
        server  unix:%%TESTDIR%%/slow.sock  max_fails=1  fail_timeout=1h;
        server  127.0.0.1:%%PORT_first%%    max_fails=1  fail_timeout=1h;
    }

    upstream checked {
        server               127.0.0.1:%%PORT_first%%;
        server               127.0.0.1:%%PORT_second%%;
        thrift_health_check  interval=50ms;
    }

    server {
        listen       127.0.0.1:%%PORT_checked%%;
        thrift_pass  checked;
    }

    server {
        listen               127.0.0.1:%%PORT_two%%;
        thrift_max_pipeline  100;
        thrift_pass          two;
    }

    server {
        listen       127.0.0.1:%%PORT_slow%%;
        thrift_pass  slow;
    }
}

EOC

my %script = (hold => { hold => 1 });
my @backends = map { $t->backend($_, script => \%script) } qw(first second);

my $slow = IO::Socket::UNIX->new(Local => $t->dir() . '/slow.sock', Listen => 1)
    or die "slow.sock: $!";

chmod(0777, $t->dir() . '/slow.sock');

$t->run();

ports();
queue();


$t->done();


sub ports {
    my ($hostile, $victim) = map { $t->client('two') } 1 .. 2;

    is(answered($victim, 4), 'first first second second', 'both answer');

    open(my $fh, '>', '/proc/sys/net/ipv4/ip_local_port_range') or die "$!";
    print $fh '40000 ', 40000 + PORTS - 1, "\n";
    close($fh) or die "ip_local_port_range: $!";

    my $n = 4 * PORTS;

    $hostile->send(join('', map { call_bytes('hold', $_) } 1 .. $n));

    ok(wait_for(sub {
        $t->grep_log(qr/connect\(\) to .* failed \(99: /) > 1
    }), 'no ports are left');

    is(answered($victim, 4), 'first first second second', 'both answer still');

    # nor can they be checked

    ok(wait_for(sub {
        $t->grep_log(qr/ (?:cannot be checked|is down)/) > 1
    }), 'checks');
    is(scalar($t->grep_log(qr/ is down/)), 0, 'none is down');

    $hostile->close();
    $_->release() for @backends;
    is(scalar($t->grep_log(qr/temporarily disabled/)), 0, 'none is out');
}


# More connections than it has room for.

sub queue {
    my $hostile = $t->client('slow');

    $hostile->send(join('', map { call_bytes('get', $_) } 1 .. 12));

    ok(wait_for(sub {
        $t->grep_log(qr/connect\(\) to unix:.* failed \(11: /)
    }), 'its queue is full');
    is(scalar($t->grep_log(qr/temporarily disabled/)), 0, 'none is out');
}


sub answered {
    my ($c, $n) = @_;

    return join(' ', sort map { answer($c->call('get')) } 1 .. $n);
}
