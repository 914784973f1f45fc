#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Connections that are closed for what came are told at notice once a minute,
# with their number: the first one at once, the others at the end of it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Clock;


my $t = Test::Thrift->new(<<'EOF', log => 'notice');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    server {
        listen       127.0.0.1:%%PORT_first%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen       127.0.0.1:%%PORT_second%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }
}

EOF

my $clock = Test::Thrift::Clock->new($t);

if (!$clock) {
    $t->{done} = 1;
    plan(skip_all => 'no compiler');
}

$t->backend('backend');
$clock->run();

my $http = 'HTTP request instead of Thrift';
my $noise = 'neither a framed nor an unframed Thrift message';

send_it('first', "GET / HTTP/1.1\r\n\r\n");
is(told(1), "1 first $http", 'the first one');

send_it('first', "GET / HTTP/1.1\r\n\r\n") for 1 .. 6;
send_it('first', 'x' x 20);
send_it('second', 'x' x 20);
is(told(2), "1 first $http, 1 second $noise", 'each server has its own');

minute();
is(told(3), "1 first $http, 1 second $noise, 7 first $noise",
   'at the end of the minute the number of the others');

send_it('first', 'x' x 20) for 1 .. 2;
minute();
is((split /, /, told(4))[-1], "2 first $noise", 'and of the next one');

# a minute without any

minute();
send_it('first', "GET / HTTP/1.1\r\n\r\n");
is((split /, /, told(5))[-1], "1 first $http", 'then it begins anew');

$t->done();


sub send_it {
    my ($port, $bytes) = @_;

    my $c = $t->client($port);

    $c->send($bytes);
    $c->half_close();
    $c->closed();
    $c->close();
}


# Somebody calls: nginx has seen what time it is.

sub minute {
    $clock->forward(61);

    my $c = $t->client('first');

    $c->call('get') for 1 .. 2;
    $c->close();
}


# What is told, as soon as there are so many lines.

sub told {
    my ($n) = @_;

    my %name = map { $t->port($_) => $_ } qw(first second);
    my $re = qr/\[notice\].*\ closed\ (\d+)\ connections?\ to
                \ 127\.0\.0\.1:(\d+)\ for\ what\ came,\ the\ last\ one
                \ for\ (.*)$/x;

    return join(', ', map { /$re/; "$1 $name{$2} $3" }
                          $t->wait_log($re, undef, undef, $n));
}
