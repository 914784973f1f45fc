#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# One client that has sent a great many calls does not keep the worker from the
# next client: each has its turn.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Select;
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_LINGER);
use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $t = Test::Thrift->new(<<'EOC', log => 'error');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method';
    access_log  %%TESTDIR%%/access.log  test  buffer=64k;

    server {
        listen         127.0.0.1:%%PORT_proxy%%  rcvbuf=4m;
        thrift_return  INTERNAL_ERROR  "no";
    }

    server {
        listen       127.0.0.1:%%PORT_pass%%;
        thrift_pass  127.0.0.1:%%PORT_sink%%;
    }
}

EOC

$t->run();

# all of it is there before the worker looks

sub calls_before_other {
    my ($bytes) = @_;

    my $many = $t->client('proxy');
    my $other = $t->client('proxy');

    $_->call('hello') for $many, $other;

    my ($worker) = $t->workers();
    my $n = () = $t->read_log('access.log') =~ /\n/g;

    kill('STOP', $worker);

    # what does not fit into the kernel's buffers follows in a child

    my $pid = $t->run_daemon(sub { $many->send($bytes, 5) }, shares => 1);

    elapse(0.2);
    $other->start('other');
    kill('CONT', $worker);

    my $m = $other->read_message();

    $t->stop_daemon($pid, 'KILL');

    $_->close() for $many, $other;
    $t->signal('USR1');

    my $before;

    wait_for(sub {
        my @lines = split /\n/, $t->read_log('access.log');
        ($before) = grep { $lines[$_] eq 'other' } $n .. $#lines;
    });

    return defined $before ? $before - $n : 'none';
}

my $before = calls_before_other(join('',
    map { encode_message(ONEWAY, 'many', $_, []) } 1 .. 60000));

cmp_ok($before, '<', 20000, 'another client has its turn');

# a oneway has ended when it was sent: a client that always sends the next ones
# has no end of them in one turn

my $sink = $t->run_daemon(sub { sink() });
my $flood = $t->run_daemon(sub { flood() });
my $other = $t->client('proxy', timeout => 10 * time_factor());

ok(wait_for(sub { -s $t->dir() . '/flood' }), 'oneways are sent');

my $answered = 0;
my $end = time() + 60 * time_factor();

$answered++ while $answered < 1000 && time() < $end && $other->call('other');

is($answered, 1000, 'another client has its turns between oneways');

$t->stop_daemon($_, 'KILL') for $flood, $sink;

$t->done();


# Reads what comes, as fast as it can.

sub sink {
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64,
                                       LocalPort => $t->port('sink'),
                                       ReuseAddr => 1) or die "listen: $!";
    my $select = IO::Select->new($listen);

    for ( ;; ) {
        for my $socket ($select->can_read()) {
            if ($socket == $listen) {
                $select->add(scalar $listen->accept());

            } elsif (!sysread($socket, my $bytes, 1 << 20)) {
                $select->remove($socket);
            }
        }
    }
}


sub flood {
    my $c = $t->client('pass');
    my $bytes = join('', map { oneway_bytes('many', $_) } 1 .. 20000);

    # what is in the kernel's buffers goes with the client

    setsockopt($c->socket(), SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));

    $t->write_file('flood', 'begins');
    $c->send($bytes, 60) for 1 .. 1000;
}
