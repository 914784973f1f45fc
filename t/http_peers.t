#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# THttpClient of real libraries: what each call returns by HTTP is what it
# returns from the server itself.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Peers;


my $top = Test::Thrift->top();
my $here = "$top/t/peers";
my $build = "$top/build/peers";

ok(system('make', '-s', '-C', $top, '-f', 't/peers/peers.mk', 'peers') == 0,
   'build');

$ENV{PYTHONPATH} = "$build/py:$here";
$ENV{PYTHONDONTWRITEBYTECODE} = 1;

my $t = Test::Thrift->new(<<'EOF', http => 1, log => 'info');

%%TEST_GLOBALS%%

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    client_max_body_size     16m;
    client_body_buffer_size  8k;

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location = /thrift {
            thrift_door  peers;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    upstream peers {
        server                     127.0.0.1:%%PORT_server%%;
        thrift_upstream_protocol   binary;
        thrift_upstream_transport  framed;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_name  peers;
        thrift_idl   %%TOP%%/t/peers/peers.thrift;

        thrift_service Newer order=1 { thrift_pass  peers; }
        thrift_service Peer order=2  { thrift_pass  peers; }
        thrift_service Other         { thrift_pass  peers; }
    }
}

EOF

my $port = $t->port('server');
my $web = $t->port('web');

start_servers($t, py => [ "threaded:framed:binary:$port" ]);

$t->run();

my %python = (binary => 'binary', accel => 'binary', compact => 'compact',
              accelc => 'compact', json => 'json');
my @python = ('/usr/bin/python3', '-B', "$here/client.py");
my $direct = output(@python, 'framed', 'binary', $port);

like($direct, qr/echoAll/, 'the server itself');

for my $protocol (sort keys %python) {
    is(output(@python, 'http', $protocol, $web), $direct, "Python, $protocol");
}

# nginx knows itself that a service has no such method, and says so

my $multi = output(@python, 'framed', 'binary', $port, 'multi');

$multi =~ s/Unknown function fresh/unknown method "Peer:fresh"/;

is(output(@python, 'http', 'binary', $web, 'multi'), $multi, 'multiplexed');

$direct = output("$build/client", 'framed', 'binary', $port);

like($direct, qr/echoAll: ok/, 'C++, the server itself');

for my $protocol (qw(binary compact json)) {
    is(output("$build/client", 'http', $protocol, $web), $direct,
       "C++, $protocol");
}

SKIP: {
    skip 'no PHP', 3 if !-d '/usr/lib/php/Transport'
                        || system('php -v >/dev/null 2>&1') != 0;

    for my $protocol (qw(binary compact json)) {
        is(output('php', '-n', "$here/client.php", $protocol, $web),
           join("\n", 'nothing: ok',
                (map { "echoString $_: ok" } 0, 1, 20, 100000),
                'echoList: ok', 'refuse 0: ok', 'refuse 7: Refused 7 refused 7',
                'fresh: TApplicationException 1', 'sleep: ok', ''),
           "PHP, $protocol");
    }
}

is(join("\n", $t->grep_log(qr/\[(?:error|crit)\]/)), '', 'no errors');

$t->done();
