#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The examples that nginx hosts, called through http{}: with curl and plain
# JSON, and with a message; OpenAPI's validator takes the gateway's document.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use Test::More;
use Test::Thrift;


my $top = Test::Thrift->top();

# one test at a time

ok(system('flock', "$top/build", 'make', '-s', '-C', $top, 'examples') == 0,
   'build');

plan(skip_all => 'no curl') if system('curl -V >/dev/null 2>&1') != 0;

my $t = Test::Thrift->new(<<'EOF', http => 1, log => 'info');

%%TEST_GLOBALS%%

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location /thrift {
            thrift_door  examples;
        }

        location /api {
            thrift_gateway  examples;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl_path  %%TOP%%/examples/weather;
    thrift_idl       %%TOP%%/examples/weather/weather.thrift;
    thrift_idl       %%TOP%%/examples/myservice/myservice.thrift;

    server {
        listen       unix:%%SOCK_examples%%;
        thrift_name  examples;

        thrift_service WeatherService {
            thrift_handler  %%TOP%%/build/examples/weather.so;
        }

        thrift_service MyService {
            thrift_handler  %%TOP%%/build/examples/myservice.so;
        }
    }
}

EOF

$t->run();

my $url = 'http://127.0.0.1:' . $t->port('web');

is(curl('/api/WeatherService/ping', '{}'), 'true 200', 'ping');
like(curl('/api/WeatherService/getTemperature',
          '{"location":{"city":"Oslo"}}'), qr/^".*" 200$/, 'temperature');
like(curl('/api/WeatherService/getTemperature', '{"location":{}}'),
     qr/^\{"exception":.*city.* 400$/, 'no city');
is(curl('/api/MyService/doSomething',
        '{"data":{"name":"a","age":3,"active":true}}'), 'null 200',
   'doSomething');
is(curl('/api/MyService/checkStatus', '[]'), 'true 200', 'checkStatus');
is(curl('/api/MyService/doSomething', '{"data":{"active":false}}'),
   'null 200', 'something else');
is(curl('/api/MyService/checkStatus', '[]'), 'false 200', 'checkStatus');

my $r = $t->http('web')->post('/thrift',
                              call_bytes('checkStatus', 7, undef,
                                         transport => 'unframed'));

is("$r->{status} "
   . answer(parse_message($r->{body}, transport => 'unframed')), '200 0',
   'the same by a message');

my $file = $t->write_file('openapi.json', '');

system('curl', '-s', '-o', $file, "$url/api/openapi.json");

is(join(' ', sort keys %{decode_json($t->read_log('openapi.json'))->{paths}}),
   '/MyService/checkStatus /MyService/doSomething '
   . '/WeatherService/getTemperature /WeatherService/ping', 'document');

SKIP: {
    my $python = "$top/build/openapi/venv/bin/python3";

    skip 'no OpenAPI validator', 1 unless -x $python;

    is(qx{'$python' '$top/t/openapi/validate.py' '$file'}, "ok\n",
       'a valid one');
}

$t->done();


sub curl {
    my ($path, $body) = @_;

    return qx{curl -s -w ' %{http_code}' --json '$body' '$url$path'};
}
