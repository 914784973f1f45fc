#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Traces of calls that come by http: the request's traceparent is the call's, in
# variables and for servers with THeader.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

use constant TRACE => '4bf92f3577b34da6a3ce929d0e0e4736';
use constant PARENT => '00-' . TRACE . '-00f067aa0ba902b7-01';


my $t = Test::Thrift->new(<<'EOC', http => 1);

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location = /thrift {
            thrift_door  users;
        }

        location = /made {
            thrift_door  made;
        }

        location /api {
            thrift_gateway  users;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method $thrift_trace_id $thrift_span_id '
                      '[$thrift_header_traceparent] '
                      '[$thrift_header_tracestate]';
    access_log  %%TESTDIR%%/access.log  test;

    upstream backend {
        server                     127.0.0.1:%%PORT_backend%%;
        thrift_upstream_transport  header;
    }

    server {
        listen       127.0.0.1:%%PORT_users%%;
        thrift_name  users;
        thrift_idl   %%TESTDIR%%/users.thrift;
        thrift_pass  backend;
    }

    server {
        listen             127.0.0.1:%%PORT_made%%;
        thrift_name        made;
        thrift_pass        backend;
        thrift_set_header  traceparent  $thrift_traceparent;
    }
}

EOC

$t->write_file('users.thrift', <<'EOF');
service Users {
    i32 get(1: i32 id)
    oneway void tell()
}
EOF

my $backend = $t->backend('backend');

$backend->script(get => { body => [ [ 0, i32 => 1 ] ] });

$t->run();

my $web = $t->http('web');

is(ask('/thrift', traceparent => PARENT), TRACE . ' [' . PARENT . '] [-]',
   'the trace of a request');
is(got()->{traceparent}, PARENT, 'goes to the server');

is(ask('/thrift', traceparent => PARENT, tracestate => 'a=1,b="2"'),
   TRACE . ' [' . PARENT . '] [a=1,b=\x222\x22]', 'and its state');
is(got()->{tracestate}, 'a=1,b="2"', 'as it came');

like(ask('/thrift', tracestate => 'a=1'), qr/^\w{32} \[-\] \[-\]$/,
     'a state without a trace');
is(got()->{tracestate}, undef, 'does not go on');

isnt(substr(ask('/thrift', traceparent => uc PARENT), 0, 32), TRACE,
     'not valid');
like(ask('/thrift', traceparent => "\"\x01\xff"), qr/\[\\x22\\x01\\xFF\]/,
     'escaped in the log');
like(ask('/thrift', traceparent => PARENT . 'x' x 1000), qr/\[-\]/, 'too long');
like(ask('/thrift', traceparent => PARENT, Traceparent => PARENT), qr/\[-\]/,
     'two of them');

ask('/made', traceparent => PARENT);
like(got()->{traceparent}, qr/^00-${\TRACE}-[0-9a-f]{16}-01$/, 'taken up');
isnt(got()->{traceparent}, PARENT, 'with a span of its own');

ask('/made');
like(got()->{traceparent}, qr/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/, 'made');

my $r = $web->post('/api/Users/get', '{"id": 1}',
                   'Content-Type' => 'application/json', traceparent => PARENT);

is($r->{status}, 200, 'the gateway');
is(got()->{traceparent}, PARENT, 'passes it on');

$t->done();


# A call; what the log says of it, without its span.

sub ask {
    my ($path, %headers) = @_;

    my $n = () = $t->grep_log(qr/^get /, 'access.log');

    $web->post($path, call_bytes('get', 7, [ [ 1, i32 => 1 ] ],
                                 transport => 'unframed'), %headers);

    my $line = ($t->wait_log(qr/^get /, 'access.log', undef, $n + 1))[-1];

    return $line =~ /^get (\w+) \w+ (.*)/ ? "$1 $2" : $line;
}


sub got {
    return { @{($backend->calls())[-1]{headers}} };
}
