#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Names of calls, and traces: ids are unique over workers, reloads and restarts;
# a traceparent of the client's is taken up or, if it is not valid, replaced;
# servers get one, and copies of a call get one in the same trace.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

use constant TRACE => '4bf92f3577b34da6a3ce929d0e0e4736';
use constant SPAN => '00f067aa0ba902b7';


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method id=$thrift_call_id trace=$thrift_trace_id '
                      'span=$thrift_span_id parent=$thrift_parent_span_id '
                      'sampled=$thrift_trace_sampled';

    log_format  refused  'id=$thrift_call_id trace=$thrift_trace_id';

    access_log  %%TESTDIR%%/access.log  test;

    split_clients $thrift_call_id $half {
        50%  on;
        *    off;
    }

    map $thrift_method $by_method {
        yes      1;
        zero     0;
        off      off;
        itself   $thrift_trace_sampled;
        default  "";
    }

    upstream backend {
        server                     127.0.0.1:%%PORT_backend%%;
        thrift_upstream_transport  header;
    }

    upstream copies {
        server                     127.0.0.1:%%PORT_copies%%;
        thrift_upstream_transport  header;
    }

    thrift_trusted  on;

    server {
        listen       127.0.0.1:%%PORT_plain%%;
        thrift_pass  backend;
    }

    server {
        listen             127.0.0.1:%%PORT_made%%;
        thrift_pass        backend;
        thrift_set_header  traceparent  $thrift_traceparent;

        thrift_service S {
            thrift_method sampled {
                thrift_trace_sample  on;
            }
        }
    }

    server {
        listen               127.0.0.1:%%PORT_by%%;
        thrift_pass          backend;
        thrift_trace_sample  $by_method;
        thrift_set_header    traceparent  $thrift_traceparent;
    }

    server {
        listen               127.0.0.1:%%PORT_half%%;
        thrift_trace_sample  $half;
        thrift_pass          backend;
        thrift_set_header    traceparent  $thrift_traceparent;
        thrift_set_header    call  $thrift_call_id;
    }

    server {
        listen             127.0.0.1:%%PORT_mirror%%;
        thrift_pass        backend;
        thrift_mirror      copies;
        thrift_set_header  traceparent  $thrift_traceparent;
    }

    server {
        listen       127.0.0.1:%%PORT_refused%%;
        access_log   %%TESTDIR%%/refused.log  refused;
        thrift_pass  backend;
    }
}

EOC

my $backend = $t->backend('backend');
my $copies = $t->backend('copies');

$t->run();

ids();
passed();
made();
taken_up();
not_valid();
sampled();
mirrored();
refused();
over_processes();

$t->done();


sub theader_client {
    my ($port) = @_;

    return $t->client($port, transport => 'header');
}


# Headers of the latest call that a server got.

sub got {
    my ($server) = @_;

    return { @{($server->calls())[-1]{headers}} };
}


# The latest of so many lines for a method, by name of its value.

sub logged {
    my ($method, $n) = @_;

    my $line = ($t->wait_log(qr/^$method /, 'access.log', undef, $n || 1))[-1];

    return { $line =~ /(\w+)=(\S*)/g };
}


sub ids {
    my $c = $t->client('plain');

    $c->call('first', []);
    $c->call('second', []);

    my ($first, $second) = map { logged($_) } qw(first second);

    like($first->{id}, qr/^[0-9a-f]{16}-\d+$/, 'a name');
    isnt($first->{id}, $second->{id}, 'another one');
    like($first->{trace}, qr/^[0-9a-f]{32}$/, 'a trace');
    isnt($first->{trace}, $second->{trace}, 'another one');
    like($first->{span}, qr/^[0-9a-f]{16}$/, 'a span');
    isnt($first->{span}, $second->{span}, 'another one');
    is($first->{parent}, '-', 'it begins here');
    is($first->{sampled}, 0, 'not sampled');
}


# Nothing is added to what a client sends.

sub passed {
    my $c = theader_client('plain');

    $c->call('without', []);
    is(got($backend)->{traceparent}, undef, 'none');

    my $own = '00-' . TRACE . '-' . SPAN . '-01';

    $c->call('with', [], headers => [ traceparent => $own, tracestate => 'a=1' ]);
    is(got($backend)->{traceparent}, $own, 'passed as it came');
    is(got($backend)->{tracestate}, 'a=1', 'the state, too');
}


sub made {
    for my $transport (qw(framed header)) {
        my $c = $t->client('made', transport => $transport);

        $c->call("made_$transport", []);

        my $line = logged("made_$transport");

        is(got($backend)->{traceparent}, "00-$line->{trace}-$line->{span}-00",
           "$transport: made");
    }

    my $c = theader_client('made');

    $c->call('S:sampled', []);

    my $line = logged('sampled');

    is(got($backend)->{traceparent}, "00-$line->{trace}-$line->{span}-01",
       'sampled');
    is($line->{sampled}, 1, 'so the log says');
}


sub taken_up {
    my $c = theader_client('made');

    for my $flags (qw(00 01 02 03)) {
        $c->call("flags_$flags", [],
                 headers => [ Traceparent => '00-' . TRACE . '-' . SPAN
                                             . "-$flags" ]);

        my $line = logged("flags_$flags");
        my $got = got($backend);

        is($line->{trace}, TRACE, 'the client\'s trace');
        is($line->{parent}, SPAN, 'the client is the parent');
        is($line->{sampled}, hex($flags) & 1, "flags $flags");
        is($got->{traceparent}, '00-' . TRACE . "-$line->{span}-$flags",
           'this call is the parent of the next');
        is($got->{Traceparent}, undef, 'the client\'s is gone');
    }

    $c->call('later', [], headers => [ traceparent => 'fe-' . TRACE . '-'
                                                      . SPAN . '-ff-more' ]);

    my $line = logged('later');

    is(got($backend)->{traceparent}, '00-' . TRACE . "-$line->{span}-03",
       'a later version');

    $c->call('last', [],
             headers => [ traceparent => '00-' . '1' x 32 . '-' . SPAN . '-00',
                          TRACEPARENT => '00-' . '2' x 32 . '-' . SPAN
                                         . '-00' ]);
    is(logged('last')->{trace}, '2' x 32, 'the last one holds');
}


# A trace of its own, and nothing of what came in a log or at a server.

sub not_valid {
    my $c = theader_client('made');
    my $n = 0;

    for my $header ('', '00', 'ff-' . TRACE . '-' . SPAN . '-01',
                    '00-' . uc(TRACE) . '-' . SPAN . '-01',
                    '00-' . '0' x 32 . '-' . SPAN . '-01',
                    '00-' . TRACE . '-' . '0' x 16 . '-01',
                    '00-' . TRACE . '-' . SPAN . '-01-x',
                    '00-' . TRACE . '-' . SPAN . "-01\n",
                    '00-' . substr(TRACE, 1) . "\"-" . SPAN . '-01',
                    "\r\nid=hacked trace=\0\xff" . 'x' x 2000)
    {
        my $method = 'wrong_' . $n++;

        $c->call($method, [], headers => [ traceparent => $header ]);

        my $line = logged($method);

        like($line->{trace}, qr/^[0-9a-f]{32}$/, 'a trace of its own');
        isnt($line->{trace}, TRACE, 'not the client\'s');
        is($line->{parent}, '-', 'without a parent');
        is($line->{sampled}, 0, 'not sampled');
        is(got($backend)->{traceparent}, "00-$line->{trace}-$line->{span}-00",
           'which the server gets');
    }

    unlike($t->read_log('access.log'), qr/hacked/, 'nothing in the log');
}


sub sampled {
    my $c = theader_client('by');

    for ([ yes => 1 ], [ zero => 0 ], [ off => 0 ], [ other => 0 ],
         [ itself => 0 ])
    {
        my ($method, $sampled) = @$_;

        $c->call($method, []);
        is(logged($method)->{sampled}, $sampled, "sampled by $method");
        is(substr(got($backend)->{traceparent}, -2), "0$sampled",
           'as the server is told');
    }

    $c->call('off', [], headers => [ traceparent => '00-' . TRACE . '-' . SPAN
                                                    . '-01' ]);
    is(logged('off', 2)->{sampled}, 1, 'the client decides');

    my $half = theader_client('half');
    my %n;

    for (1 .. 60) {
        $half->call('half', []);

        my $got = got($backend);

        like($got->{call}, qr/^[0-9a-f]{16}-\d+$/, 'an id') if $_ == 1;
        $n{substr($got->{traceparent}, -1)}++;
    }

    ok($n{0} && $n{1}, 'some are sampled, and some are not');
    is($n{0} + $n{1}, 60, 'each is or is not');
}


sub mirrored {
    my $c = theader_client('mirror');

    $c->call('copied', [], headers => [ traceparent => '00-' . TRACE . '-' . SPAN
                                                       . '-01' ]);
    wait_for(sub { $copies->calls('copied') });

    my $line = logged('copied');
    my ($trace, $span, $flags) =
        got($copies)->{traceparent} =~ /^00-(\w+)-(\w+)-(\d\d)$/;

    is($trace, TRACE, 'a copy is in the same trace');
    isnt($span, $line->{span}, 'as a span of its own');
    is($flags, '01', 'with its flag');
}


# What is no call has a line, and a name in it.

sub refused {
    my $c = $t->client('refused');

    $c->send("GET / HTTP/1.1\r\n\r\n");
    ok($c->closed(), 'closed');

    like(($t->wait_log(qr/./, 'refused.log'))[0],
         qr/^id=[0-9a-f]{16}-\d+ trace=[0-9a-f]{32}$/, 'no call');
}


# 400 calls of several workers, reloads and starts, and each has its own name.

sub over_processes {
    my $before = grep { /^unique/ } split /\n/, $t->read_log('access.log');

    for my $round (1 .. 4) {
        for (1 .. 20) {
            my $c = $t->client('plain');

            $c->call('unique', []) for 1 .. 5;
        }

        $t->reload() if $round < 3;

        if ($round == 3) {
            $t->stop();
            $t->run();
        }
    }

    wait_for(sub { 400 == grep { /^unique/ }
                          split /\n/, $t->read_log('access.log') });

    my %ids = map { /^unique id=(\S+) trace=(\S+)/ ? ($1 => 1, $2 => 1) : () }
              split /\n/, $t->read_log('access.log');

    is(scalar(keys %ids), 800, 'names and traces are unique');

    my %processes = map { /^([0-9a-f]{16})-/ ? ($1 => 1) : () } keys %ids;

    cmp_ok(scalar(keys %processes), '>', 3, 'of several processes');
}
