#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Who calls by HTTP without knowing nginx: a page in Chromium, with Apache's
# library for JavaScript and JSON through thrift_door, and clients that two
# generators make of the gateway's document, one in the page and one in Python.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Files;


plan(skip_all => 'see "make http-clients"') unless $ENV{HTTP_CLIENTS};

my $top = Test::Thrift->top();
my $here = "$top/t/http_clients";
my $build = "$top/build/http_clients";
my @idl = map { "$top/$_.thrift" } qw(examples/weather/weather
                                      examples/myservice/myservice
                                      t/peers/peers);

my $t = Test::Thrift->new(<<'EOF', http => 1, log => 'info');

%%TEST_GLOBALS%%

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    types {
        text/html               html;
        application/javascript  js;
    }

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location / {
            root  %%TESTDIR%%/page;
        }

        location = /favicon.ico  { return 204; }

        location = /weather  { thrift_door  all; }
        location = /peers    { thrift_door  all; }
        location /api        { thrift_gateway  all; }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl_path  %%TOP%%/examples/weather;
    thrift_idl       %%TOP%%/examples/weather/weather.thrift;
    thrift_idl       %%TOP%%/examples/myservice/myservice.thrift;
    thrift_idl       %%TOP%%/t/peers/peers.thrift;

    upstream peers {
        server                     127.0.0.1:%%PORT_peers%%;
        thrift_upstream_transport  unframed;
        thrift_upstream_protocol   compact;
    }

    server {
        listen       unix:%%SOCK_all%%;
        thrift_name  all;

        thrift_service WeatherService {
            thrift_handler  %%TOP%%/build/examples/weather.so;
        }

        thrift_service MyService {
            thrift_handler  %%TOP%%/build/examples/myservice.so;
        }

        thrift_service Newer order=2  { thrift_pass  peers; }
        thrift_service Peer order=1   { thrift_pass  peers; }
    }
}

EOF

my $url = 'http://127.0.0.1:' . $t->port('web');
my $page = $t->dir() . '/page';

$ENV{PYTHONDONTWRITEBYTECODE} = 1;

$t->run_daemon([ '/usr/bin/python3', '-B', "$top/t/peers/server.py",
                 'threaded:buffered:compact:' . $t->port('peers') ],
               port => 'peers', env => { PYTHONPATH => "$top/build/peers/py" });
$t->run();

is(run(qw(mkdir), $page), '', 'directory');
is(run('curl', '-s', '-o', "$page/openapi.json", "$url/api/openapi.json"), '',
   'document');

browser();
python();

is(join("\n", $t->grep_log(qr/\[error\]/)), '', 'no errors');

$t->done();


sub run {
    my (@command) = @_;

    my $result = $t->program('output', 120, @command);

    return $result->{text} . ($result->{status} ? "status $result->{status}\n"
                                                : '');
}


# Apache's thrift.js and generated code are scripts of the page; the generated
# client is TypeScript, and put together with the page's own script.

sub browser {
    for my $idl (@idl) {
        is(run('thrift', '-nowarn', '--gen', 'js', '-out', $page, $idl), '',
           "code of $idl");
    }

    is(run('cp', "$top/build/square/source/lib/js/src/thrift.js",
           "$here/page.html", $page), '', 'page');

    my $bin = "$build/node/node_modules/.bin";

    like(run("$bin/openapi-ts", '-i', "$page/openapi.json", '-o', "$page/api",
             '-c', '@hey-api/client-fetch', '--silent', '--no-log-file'),
         qr/^(?!.*status)/s, 'client in TypeScript');
    is(run('cp', "$here/page.js", "$page/source.js"), '', 'script');
    is(run("$bin/esbuild", "$page/source.js", '--bundle', '--log-level=error',
           "--outfile=$page/page.js"), '', 'one script');

    my $dom = run('chromium', '--headless', '--no-sandbox', '--disable-gpu',
                  '--disable-dev-shm-usage', '--timeout=30000',
                  '--virtual-time-budget=20000', '--dump-dom',
                  "--user-data-dir=$page/profile", "$url/page.html");
    my ($out) = $dom =~ m{<pre id="out">(.*)</pre>}s;

    is($out, <<"EOF", 'the page') or diag($dom);
ping: true
getTemperature: true
echoString: true
echoList: [0,1,-1,2147483647]
echoMap: 1
refuse 0: 0
refuse 7: ["Error",7,"refused 7"]
fail: ["Error",6,"Internal error"]
fresh: ["Error",1,"Unknown function fresh"]
tell: true
asynchronous: "later"
weatherServicePing: [200,true]
myServiceDoSomething: [200,null]
myServiceCheckStatus: [200,true]
peerEchoString: [200,"Gr\xc3\xbc\xc3\x9fe"]
peerEchoList: [200,[1,-2]]
peerRefuse: [422,{"exception":{"type":"Refused","value":{"code":7,"reason":"refused 7"}}}]
peerRefuse: [400,{"exception":{"type":"TApplicationException","code":7,"name":"PROTOCOL_ERROR","message":"code: number expected"}}]
end: true
EOF
}


sub python {
    my $bin = "$build/venv/bin";
    my $client = $t->dir() . '/python';

    mkdir($client) or die;

    like(run("$bin/python3", '-m', 'openapi_python_client', 'generate',
             '--path', "$page/openapi.json", '--meta',
             'none', '--output-path', "$client/client"), qr/^(?!.*status)/s,
         'client in Python');

    is(run('env', "PYTHONPATH=$client", "$bin/python3", '-B', "$here/call.py",
           "$url/api"), <<'EOF', 'its calls');
ping 200 True
getTemperature 200 True
doSomething 200 None
checkStatus 200 True
echoAll 200 True
echoMap 200 {'a': {'id': 1}}
refuse 0 200 0
refuse 7 422 {'exception': {'type': 'Refused', 'value': {'code': 7, 'reason': 'refused 7'}}}
tell 202 None
EOF
}
