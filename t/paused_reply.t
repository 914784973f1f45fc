#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A reply that is not read because its client holds too much already: it takes
# part of the call's time, but none of what the server has to send it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method $thrift_status $status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_read_timeout  800ms;

    server {
        listen       127.0.0.1:%%PORT_read%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen          127.0.0.1:%%PORT_call%%;
        thrift_timeout  500ms;

        thrift_service Any {
            thrift_pass  127.0.0.1:%%PORT_backend%%;

            thrift_method slow {
                thrift_timeout  10s;
            }
        }
    }
}

EOF

my $size = 8_000_000;
my $large = [ [ 0, string => 'x' x $size ] ];

my $backend = $t->backend('backend', script => {
    slow => { delay => 1.2 * time_factor() },
    fast => { body => $large },
});

$t->run();

# thrift_read_timeout

my $c = $t->client('read', timeout => 10 * time_factor());

$c->send(call_bytes('slow', 1) . call_bytes('fast', 2));

is($c->read_message()->{seqid}, 1, 'first call');

my $m = $c->read_message();

is("$m->{seqid} $m->{type}", '2 ' . REPLY, 'second call is answered');
is(length $m->{fields}{0}, $size, 'all of its reply');
is($c->call('fast')->{type}, REPLY, 'and one after it');

# thrift_timeout

$c = $t->client('call', timeout => 10 * time_factor());

$c->send(call_bytes('slow', 1) . call_bytes('fast', 2));

is($c->read_message()->{seqid}, 1, 'first call, in its own time');

$m = $c->read_message();

like($m->{message},
     qr/^timed out after \d+ms waiting for replies to earlier calls$/,
     'second call has no time left');
ok($t->wait_log(qr/\[info\] .*call timed out .* waiting for replies to earlier/),
   'in the log as what it is');
is(scalar $t->wait_log(qr/^fast exception 504/, 'access.log'), 1, 'status');
is(scalar $t->grep_log(qr/\[error\]/), 0, 'no error of the server');
is($c->call('small')->{type}, REPLY, 'the server answers others');

# nor does it take the worker's time while it waits for its turn

my ($worker) = $t->workers();
my $least;

for (1 .. 3) {
    my $begin = cpu_time($worker);

    $c->send(call_bytes('slow', 1) . call_bytes('fast', 2));
    $c->read_message() for 1 .. 2;

    my $took = cpu_time($worker) - $begin;

    $least = $took if !defined $least || $took < $least;
    last if $least < 0.03 * time_factor();
}

cmp_ok($least, '<', 0.03 * time_factor(), 'the worker does nothing meanwhile');

$t->done();
