#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Angie's error_log format=json: each line is valid JSON and says which call it
# is about, whoever wrote it: a call, or a connection to a server.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use Test::More;
use Test::Thrift;

Test::Thrift->knows(stream => 'error_log stderr info format=json;')
    or plan(skip_all => 'no error_log with a format');


my $t = Test::Thrift->new(<<'EOC');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    error_log  %%TESTDIR%%/json.log  info  format=json;

    server {
        listen       127.0.0.1:%%PORT_proxy%%;

        thrift_service S {
            thrift_pass  127.0.0.1:%%PORT_backend%%;

            thrift_method gone {
                thrift_pass  127.0.0.1:%%PORT_nobody%%;
            }

            thrift_method short {
                thrift_timeout  100ms;
            }
        }
    }
}

EOC

my $backend = $t->backend('backend');

$t->run();

$backend->script(
    short   => { stall => 1 },
    closed  => { close => 'request' },
    garbage => { garbage => 1 },
);

my $c = $t->client('proxy');

for (
    [ closed  => qr/^upstream prematurely closed connection/ ],
    [ garbage => qr/^upstream sent malformed reply/ ],
    [ gone    => qr/^connect\(\) failed/ ],
    [ short   => qr/^upstream timed out/ ],
) {
    my ($method, $message) = @$_;

    ok($c->call("S:$method"), $method);

    my ($text) = $t->wait_log(qr/call: \W+S:$method/, 'json.log');
    my $line = eval { decode_json($text) } || {};

    like($line->{message}, $message, "$method, message");
    is(ref $line->{stream}, 'HASH', "$method, an object");
    is($line->{stream}{client}, '127.0.0.1:' . $c->socket()->sockport(),
       "$method, client")
        if ref $line->{stream};
    like($line->{stream}{session}, qr/^, call: "S:$method", service: "S"/,
         "$method, call")
        if ref $line->{stream};
}

$c->close();

is(scalar(grep { !eval { decode_json($_) } } $t->grep_log(qr/./, 'json.log')),
   0, 'each line is JSON');

$t->done();
