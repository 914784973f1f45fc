#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# worker_shutdown_timeout: who still waits for replies when the worker has to
# end is told so, call by call, and then the connection is closed.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('rare');
$t->write_conf(<<'EOC');

%%TEST_GLOBALS%%

worker_processes         1;
worker_shutdown_timeout  300ms;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  calls  '$thrift_method $thrift_seqid $thrift_status $status '
                       '$thrift_exception';
    access_log  %%TESTDIR%%/access.log  calls;

    server {
        listen          127.0.0.1:%%PORT_passed%%;
        thrift_trusted  on;
        thrift_pass     127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen      127.0.0.1:%%PORT_hosted%%;
        thrift_idl  %%TOP%%/t/data/handler/rare.thrift;

        thrift_service Rare { thrift_handler %%TESTDIR%%/rare.so; }
    }
}

EOC

my $backend = $t->backend('backend', script => { stall => { stall => 1 } });

$t->run();

# connections to the server that are older than the clients', and younger

my $first = $t->client('passed');

$first->send(join('', map { call_bytes('get', $_) } 1 .. 4));
$first->read_message() for 1 .. 4;

my @passed = map { $t->client('passed') } 1 .. 4;
my $hosted = $t->client('hosted');
my $half = $t->client('passed');

$_->send(call_bytes('stall', 1) . oneway_bytes('tell', 2)
         . call_bytes('stall', 3) . call_bytes('get', 4)) for @passed;
$hosted->send(call_bytes('wait', 1, [ [ 1, string => 'x' ] ])
              . call_bytes('act', 2, [ [ 1, string => 'ready' ] ]));
$half->send(call_bytes('stall', 1) . substr(call_bytes('get', 2), 0, 9));

ok(wait_for(sub { $backend->calls('stall') == 9 }), 'calls that wait');

ok($t->reload(), 'reload');
ok($t->old_workers_gone(), 'the old worker ends');

my $told = '6 proxy is shutting down';

for my $n (0 .. $#passed) {
    is(replies($passed[$n]), "1 $told, 3 $told, 4 backend, closed",
       "passed calls of client $n");
}

is(replies($hosted), "1 $told, 2 ready, closed", 'hosted calls');
is(replies($half), "1 $told, closed", 'half a call');
is(answer($first->call('get')), 'backend', 'nothing to wait for: it went on');

is(scalar(my @lines = $t->wait_log(
       qr/^\w+ \d exception 502 INTERNAL_ERROR: proxy is shutting down$/,
       'access.log', 1, 10)), 10, 'in the access log');
is(scalar(() = $t->grep_log(qr/ cancelled /, 'access.log')), 0,
   'none was cancelled');

$t->done();


sub replies {
    my ($c) = @_;

    my @replies;

    while (my $m = $c->read_message()) {
        push @replies, "$m->{seqid} " . answer($m);
    }

    return join(', ', @replies, $c->{eof} || 'open');
}
