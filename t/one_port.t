#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Thrift and HTTPS on one port, as docs/http.md has it: who begins with a TLS
# handshake gets to http{}, anybody else to the server of stream, and both know
# the client's address.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', http => 1, log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    ssl_certificate      cert.pem;
    ssl_certificate_key  key.pem;

    server {
        listen            unix:%%SOCK_web%% ssl proxy_protocol;
        set_real_ip_from  unix:;
        real_ip_header    proxy_protocol;

        location /thrift {
            thrift_door  users;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  calls  '$remote_addr $thrift_method $thrift_transport';

    map $ssl_preread_protocol $behind {
        ""       unix:%%SOCK_users%%;
        default  unix:%%SOCK_web%%;
    }

    server {
        listen          127.0.0.1:%%PORT_both%%;
        ssl_preread     on;
        proxy_pass      $behind;
        proxy_protocol  on;
    }

    server {
        listen            unix:%%SOCK_users%% proxy_protocol;
        set_real_ip_from  unix:;
        access_log        %%TESTDIR%%/calls.log  calls;
        thrift_name       users;
        thrift_pass       127.0.0.1:%%PORT_users%%;
    }
}

EOC

$t->certificate();
$t->backend('users');
$t->run();

my $c = $t->client('both');

is(answer($c->call('framed')), 'users', 'a framed call');
is(answer($c->call('framed')), 'users', 'and another one');

my $m = $t->client('both', transport => 'unframed', protocol => 'compact');

is(answer($m->call('compact')), 'users', 'an unframed one');

my $dir = $t->dir();
my $url = 'https://127.0.0.1:' . $t->port('both') . '/thrift';

$t->write_file('body', call_bytes('posted', 7, undef, transport => 'unframed'));
is(qx{cd $dir && curl -sSk -H 'Content-Type: application/x-thrift' \\
      --data-binary \@body -o reply -w '%{http_code}' $url 2>&1}, '200',
   'a post by TLS');
is(answer(parse_message($t->read_log('reply'), transport => 'unframed')),
   'users', 'its reply');

is(join(', ', sort { $a cmp $b }
                   map { s/\n//r } $t->wait_log(qr/^/, 'calls.log', undef, 4)),
   '127.0.0.1 compact unframed, 127.0.0.1 framed framed, '
   . '127.0.0.1 framed framed, 127.0.0.1 posted unframed', 'log');

my $http = $t->http('both');

$http->connection()->send("POST /thrift HTTP/1.1\r\nHost: x\r\n\r\n");
ok($http->connection()->closed(), 'HTTP without TLS is refused');
ok(scalar $t->wait_log(qr/HTTP request instead of Thrift/), 'and named');

$t->done();
