#!/usr/bin/perl

# One client that never stops sending does not keep the worker from others.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use POSIX ();
use Test::More;
use Test::Thrift;
use Time::HiRes qw(time sleep);


my $t = Test::Thrift->new(<<'EOC', log => 'error');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    server {
        listen         127.0.0.1:%%PORT_0%%;
        thrift_return  INTERNAL_ERROR "no";
    }
}

EOC

$t->run();

# floods with calls; a second process reads the replies and forgets them

sub flood {
    my ($bytes) = @_;

    my @pids;
    my $c = $t->client(0);
    my $socket = $c->socket();

    $socket->blocking(1);

    for my $what ('send', 'read') {
        my $pid = fork();
        die "fork: $!" unless defined $pid;

        if ($pid == 0) {
            $SIG{TERM} = 'DEFAULT';
            my $buffer;

            if ($what eq 'send') {
                1 while syswrite($socket, $bytes);
            } else {
                1 while sysread($socket, $buffer, 1048576);
            }

            POSIX::_exit(0);
        }

        push @pids, $pid;
    }

    sleep(0.3);

    my $worst = 0;

    for (1 .. 5) {
        my $start = time();
        my $other = $t->client(0);
        my $m = $other->call('get', [], timeout => 2);
        my $took = $m ? time() - $start : 99;

        $worst = $took if $took > $worst;
        $other->close();
        last if $took > 1;
    }

    diag(join(" ", map { (split " ", Test::Thrift::_slurp("/proc/$_/stat"))[13,14] } $t->workers(), @pids)) if $ENV{VERBOSE};
    kill("KILL", @pids);
    waitpid($_, 0) for @pids;
    $c->close();

    diag(sprintf('worst %.3f s', $worst)) if $worst > 0.5 || $ENV{VERBOSE};

    return $worst;
}

my $calls = join('', map { call_bytes('get', $_) } 1 .. 20000);

cmp_ok(flood($calls), '<', 1.5, 'flood of calls');

# nobody answers a oneway: the client's sending is all that limits it

my $oneways = join('', map { encode_message(ONEWAY, 'get', $_, []) }
                           1 .. 20000);

cmp_ok(flood($oneways), '<', 1.5, 'flood of oneways');

# a frame larger than allowed is read and thrown away

my $huge = pack('N', 0x3f000000) . substr(call_bytes('get', 1), 4);

cmp_ok(flood($huge . ("\0" x 16_000_000)), '<', 1.5, 'flood of bytes');

$t->done();
