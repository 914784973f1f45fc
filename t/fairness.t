#!/usr/bin/perl

# One client that has sent a great many calls does not keep the worker from the
# next client: each has its turn.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use POSIX ();
use Test::More;
use Test::Thrift;


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

    my $pid = fork();
    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        $many->send($bytes, 5);
        POSIX::_exit(0);
    }

    elapse(0.2);
    $other->start('other');
    kill('CONT', $worker);

    my $m = $other->read_message();

    kill('KILL', $pid);
    waitpid($pid, 0);

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

$t->done();
