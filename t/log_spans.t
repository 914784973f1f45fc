#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# conf/thrift_log_otlp: sampled calls, and calls of handlers, are spans as
# OpenTelemetry's JSON has them, whatever clients send.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Spans;
use Time::HiRes qw(time);

use constant TRACE => '4bf92f3577b34da6a3ce929d0e0e4736';
use constant SPAN => '00f067aa0ba902b7';


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('probe');

$t->write_conf(<<'EOC');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    include             %%TOP%%/conf/thrift_log_otlp;
    thrift_status_zone  thrift 1m;

    log_format  variables  escape=json
        '{"trace":"$thrift_trace_id","span":"$thrift_span_id",'
        '"parent":"$thrift_parent_span_id","service":"$thrift_utf8_service",'
        '"method":"$thrift_utf8_method","client":"$remote_addr",'
        '"server":"$upstream_addr","id":"$thrift_call_id",'
        '"status":"$thrift_status","attempts":"$thrift_attempts",'
        '"queue":"$thrift_queue_time","start":"$thrift_start_nanoseconds",'
        '"end":"$thrift_end_nanoseconds","text":"$thrift_utf8_exception"}';

    upstream users {
        server  127.0.0.1:%%PORT_users%%;
    }

    upstream some {
        server  127.0.0.1:%%PORT_nobody%%  max_fails=0;
        server  127.0.0.1:%%PORT_users%%;
        thrift_keepalive  1  max=1;
    }

    # asked for before the call has ended, and again by the log

    map $thrift_span $early {
        volatile;
        default  users;
    }

    access_log           %%TESTDIR%%/spans  thrift_span
                         if=$thrift_trace_sampled;
    thrift_outbound_log  %%TESTDIR%%/spans  thrift_span_client
                         if=$thrift_trace_sampled;

    server {
        listen               127.0.0.1:%%PORT_proxy%%;
        thrift_pass          users;
        thrift_trace_sample  on;
    }

    server {
        listen               127.0.0.1:%%PORT_some%%;
        thrift_pass          some;
        thrift_trace_sample  on;
        access_log           %%TESTDIR%%/spans      thrift_span;
        access_log           %%TESTDIR%%/variables  variables;
    }

    server {
        listen               127.0.0.1:%%PORT_early%%;
        thrift_pass          $early;
        thrift_trace_sample  on;
        access_log           %%TESTDIR%%/spans      thrift_span;
        access_log           %%TESTDIR%%/variables  variables;
    }

    server {
        listen       127.0.0.1:%%PORT_none%%;
        thrift_pass  users;
    }

    server {
        listen      127.0.0.1:%%PORT_handler%%;
        thrift_idl  %%TOP%%/t/data/handler/probe.thrift;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so;
        }
    }
}

EOC

my $users = $t->backend('users');

$users->script(echo => { delay => 0.05 }, bad => { exception => [ 6, 'no' ] });

$t->run();

my $start = time();

$t->client('none')->call('get', []);
$t->client('proxy')->call('get', []);

my $span = (spans(1))[0];

is($span->{kind}, 2, 'server');
like($span->{traceId}, qr/^[0-9a-f]{32}$/, 'trace');
like($span->{spanId}, qr/^[0-9a-f]{16}$/, 'span');
is(exists $span->{parentSpanId}, '', 'the first of its trace');
is(exists $span->{status}, '', 'no error');
is(attribute($span, 'thrift.status'), undef, 'it has succeeded');
is(attribute($span, 'rpc.service'), undef, 'no service');
is(attribute($span, 'rpc.method'), 'get', 'method');
is(attribute($span, 'server.address'), '127.0.0.1:' . $t->port('users'),
   'server');

my ($begun, $ended) = map { $span->{"${_}TimeUnixNano"} / 1e9 } qw(start end);

cmp_ok($begun, '>=', $start - 0.1, 'it begins');
cmp_ok($ended, '>', $begun, 'and ends later');
cmp_ok($ended, '<=', time() + 0.1, 'by now');

# a handler, and what it calls.  A line has the time at which it was written:
# some moments after the call ended, or more; again, if the worker was held up

my $n = 1;
my %span;

for (1 .. 5) {
    $t->client('handler', transport => 'header')
      ->call('ask', [ [ 1, string => 'users' ], [ 2, string => 'x' ],
                      [ 3, i32 => 1 ] ],
             headers => [ traceparent => '00-' . TRACE . '-' . SPAN . '-01' ]);

    %span = map { ($_->{kind} => $_) } (spans($n + 2))[$n, $n + 1];
    $n += 2;

    last if $span{2}{startTimeUnixNano}
            <= $span{3}{startTimeUnixNano} + 30e6;
}

is($span{2}{parentSpanId}, SPAN, 'a client is the parent');
is($span{3}{parentSpanId}, $span{2}{spanId}, 'which calls a server');
is($span{3}{traceId}, TRACE, 'in one trace');
is($span{3}{name}, 'Probe/echo', 'by its name');
cmp_ok($span{3}{endTimeUnixNano} - $span{3}{startTimeUnixNano}, '>=', 45e6,
       'its time');

cmp_ok($span{2}{startTimeUnixNano}, '<=', $span{3}{startTimeUnixNano} + 30e6,
       'begins after its parent');

# errors, and hostile names

$t->client('proxy')->call('bad', []);
$span = (spans($n + 1))[$n];
is("$span->{status}{code} $span->{status}{message}", '2 INTERNAL_ERROR: no',
   'an error');

for my $name ('"}]}', "\\\xff\xc3", "\0\n\x7f", "\xe2\x82\xac") {
    my $n = () = $t->grep_log(qr/./, 'spans');

    $t->client('proxy')->call($name, []);
    ok((spans($n + 1))[$n], 'a hostile name');
}

variables();

$t->stop();

collector_reads($t->dir() . '/spans');

$t->done();


# It says what the variables say.

sub variables {
    my $lines = 0;
    my $n = () = $t->grep_log(qr/./, 'spans');

    my $c = $t->client('some', timeout => 10);
    my @waiting = map { $t->client('some') } 1 .. 2;

    for my $name ("Users:get", "a\"b:c\\d", "\xff:\xe2\x82\xac", 'bad', 'get',
                  'get')
    {
        $c->call($name, []);
        $lines++;
    }

    # the second one waits for the connection

    $_->start('echo', []) for @waiting;
    $_->read_message() for @waiting;
    $lines += 2;

    for my $client (map { $t->client('early') } 1 .. 2) {
        $client->call('get', []);
        $lines++;
    }

    my @spans = (spans($n + $lines))[$n .. $n + $lines - 1];
    my @lines = map { decoded($_) }
                $t->wait_log(qr/./, 'variables', undef, $lines);

    is(scalar(grep { $_->{attempts} > 1 } @lines) > 0, 1, 'another attempt');
    is(scalar(grep { $_->{queue} > 0 } @lines) > 0, 1, 'one has waited');

    for my $i (0 .. $lines - 1) {
        my ($span, $line) = ($spans[$i], $lines[$i]);

        my %said = (
            trace => $span->{traceId}, span => $span->{spanId},
            parent => $span->{parentSpanId} // '',
            service => attribute($span, 'rpc.service') // '',
            method => attribute($span, 'rpc.method'),
            client => attribute($span, 'client.address'),
            server => attribute($span, 'server.address') // '',
            id => attribute($span, 'thrift.call_id'),
            status => attribute($span, 'thrift.status') // 'success',
            attempts => attribute($span, 'thrift.attempts') // 1,
            queue => sprintf('%.3f',
                             attribute($span, 'thrift.queue_seconds') // 0),
            text => $span->{status}{message} // '',
        );

        my %line = %$line;

        delete @line{qw(start end)};

        is_deeply(\%said, \%line, "call $i: as its variables");
        is($span->{name}, join('/', grep { $_ ne '' }
                                         @$line{qw(service method)}),
           'its name');
        is($span->{status}{code},
           $line->{status} eq 'exception' ? 2 : undef, 'its status');
        cmp_ok(abs($span->{startTimeUnixNano} - $line->{start}), '<', 1e9,
               'its beginning');
        cmp_ok(abs($span->{endTimeUnixNano} - $line->{end}), '<', 1e9,
               'its end');
    }
}


# All spans, as soon as there are so many.

sub spans {
    my ($n) = @_;

    return spans_of(map { decoded($_) }
                    $t->wait_log(qr/./, 'spans', undef, $n));
}
