#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_outbound_log: a line for each call that a handler makes, whatever
# becomes of it, in the trace of the call that it was made for; and none in the
# log of clients' calls.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

use constant TRACE => '4bf92f3577b34da6a3ce929d0e0e4736';


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('probe');

$t->write_conf(<<'EOC');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  out  '$thrift_service.$thrift_method $thrift_status $status '
                     '$thrift_exception $upstream_addr $bytes_received '
                     '$thrift_reply_length $thrift_attempts';

    log_format  trace  '$thrift_method $thrift_trace_id $thrift_parent_span_id '
                       '$thrift_span_id $thrift_trace_sampled $thrift_call_id';

    log_format  time  '$thrift_method $thrift_call_time $session_time '
                      '$upstream_session_time';

    access_log  %%TESTDIR%%/access.log  out;
    access_log  %%TESTDIR%%/trace.log   trace;

    map $thrift_status $bad {
        success  0;
        default  1;
    }

    upstream good {
        server                     127.0.0.1:%%PORT_good%%;
        thrift_upstream_transport  header;
    }

    upstream dead {
        server  127.0.0.1:%%PORT_nobody%%;
    }

    thrift_idl           %%TOP%%/t/data/handler/probe.thrift;
    thrift_outbound_log  %%TESTDIR%%/out.log  out;

    server {
        listen               127.0.0.1:%%PORT_all%%;
        thrift_timeout       2s;
        thrift_trace_sample  on;
        thrift_set_header    traceparent  $thrift_traceparent;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so;
        }

        thrift_outbound_log  %%TESTDIR%%/out.log    out;
        thrift_outbound_log  %%TESTDIR%%/bad.log    out  if=$bad;
        thrift_outbound_log  %%TESTDIR%%/trace.log  trace;
        thrift_outbound_log  %%TESTDIR%%/time.log   time;
        thrift_outbound_log  %%TESTDIR%%/to_$thrift_method.log  out;
    }

    server {
        listen          127.0.0.1:%%PORT_inherited%%;
        thrift_timeout  300ms;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so;
        }
    }

    server {
        listen               127.0.0.1:%%PORT_off%%;
        thrift_outbound_log  off;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so;
        }
    }
}

EOC

my $good = $t->backend('good');

$good->script(echo => { delay => 0.1 });

$t->run();

my $c = $t->client('all', transport => 'header');
my $address = '127.0.0.1:' . $t->port('good');

$c->call('ask', asks('good'), headers => [ traceparent => '00-' . TRACE
                                           . '-00f067aa0ba902b7-01' ]);

like(line('out.log'),
     qr/^Probe\.echo success 200 - \Q$address\E [1-9]\d* [1-9]\d* 1$/, 'answered');
like(line('access.log'), qr/^Probe\.ask success/, 'the client\'s call');
is(scalar($t->grep_log(qr/./, 'access.log')), 1, 'has a line of its own');
like(line('to_echo.log'), qr/^Probe\.echo success/, 'a file with variables');

my ($took, undef, $server) = line('time.log') =~ /([\d.]+)/g;

cmp_ok($took, '>=', 0.09, 'its time');
cmp_ok($took, '<', 5, 'and no more');
cmp_ok($server, '>=', 0.09, 'that of its server');

$t->wait_log(qr/^ask /, 'trace.log');

my %trace = map { /^(\w+) (.*)/ ? ($1 => [ split / /, $2 ]) : () }
            $t->grep_log(qr/./, 'trace.log');

is($trace{ask}[0], TRACE, 'the trace of the client\'s call');
is($trace{echo}[0], TRACE, 'is that of the handler\'s');
is($trace{echo}[1], $trace{ask}[2], 'whose parent it is');
isnt($trace{echo}[2], $trace{ask}[2], 'with a span of its own');
is($trace{echo}[3], 1, 'sampled');
isnt($trace{echo}[4], $trace{ask}[4], 'a name of its own');

my %headers = @{($good->calls())[-1]{headers}};

is($headers{traceparent}, '00-' . TRACE . "-$trace{echo}[2]-01",
   'as its server is told');

ok(!-s $t->dir() . '/bad.log', 'nothing was bad');

# failures of all kinds

$c->call('ask', asks('dead'));
like(line('bad.log'),
     qr/^Probe\.echo exception 502 INTERNAL_ERROR: .* 127\.0\.0\.1:\d+ \d+ 0 1$/,
     'no server');

$good->script(echo => { exception => [ 6, "no\n\"way\"" ] });
$c->call('ask', asks('good'));
like(line('bad.log', 2),
     qr/^Probe\.echo exception 200 INTERNAL_ERROR: no\\x0A\\x22way\\x22 /,
     'an exception');

$good->script(echo => { body => [ [ 1, struct => [] ] ] });
$c->call('ask', asks('good'));
like(line('bad.log', 3), qr/^Probe\.echo declared 200 - /, 'a declared one');

# one that the deadline ends, and one whose client leaves

$good->script(echo => { stall => 1 });

$t->expect_log(qr/\[error\].*upstream timed out/);
$t->client('inherited')->call('ask', asks('good'));
like(line('out.log', 5), qr/^Probe\.echo exception 504 .*timed out/,
     'its time is over');

my $d = $t->client('all');

$d->start('ask', asks('good'));
wait_for(sub { $good->calls('echo') == 5 });
$d->close();
like(line('bad.log', 4), qr/^Probe\.echo cancelled 499 /,
     'nobody waits for it');

# where it is off

$good->script(echo => {});
is(answer($t->client('off')->call('ask', asks('good'))), 'good', 'answered');
$t->wait_log(qr/^Probe\.ask/, 'access.log', undef, 7);
is(scalar($t->grep_log(qr/./, 'out.log')), 6, 'and no line');

# the time of a call is that of its session; again, if the worker was held up in
# between

{
    my $n = $t->grep_log(qr/./, 'time.log');
    my ($took, $session);

    $good->script(echo => { delay => 0.1 });

    for (1 .. 5) {
        $t->client('all')->call('ask', asks('good'));
        ($took, $session) = line('time.log', ++$n) =~ /([\d.]+)/g;
        last if abs($session - $took) < 0.05;
    }

    cmp_ok($session, '>=', 0.09, 'the time of a session');
    cmp_ok(abs($session - $took), '<', 0.05, 'is that of its call');
}

# what it cannot be told

my $error = $t->config_error(conf_with('thrift_outbound_log out.log;'));

like($error, qr/log format is not specified/, 'without a format');

like($t->config_error(conf_with('thrift_outbound_log off out;')),
     qr/invalid parameter "out"/, 'more than "off"');

like($t->config_error(conf_with('thrift_outbound_log out.log none;')),
     qr/unknown log format "none"/, 'unknown format');

$t->done();


sub asks {
    my ($upstream) = @_;

    return [ [ 1, string => $upstream ], [ 2, string => 'x' ],
             [ 3, i32 => 1 ] ];
}


# A line of a log, the first one unless told.

sub line {
    my ($log, $n) = @_;

    return ($t->wait_log(qr/./, $log, undef, $n || 1))[($n || 1) - 1] // '';
}


sub conf_with {
    my ($directive) = @_;

    return <<"EOF";
%%TEST_GLOBALS%%
events { }
stream {
    %%TEST_GLOBALS_STREAM%%
    server {
        listen  127.0.0.1:%%PORT_all%%;
        $directive
        thrift_return  INTERNAL_ERROR "no";
    }
}
EOF
}
