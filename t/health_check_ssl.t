#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Checks of servers that speak TLS: with the certificates, and as strict, as
# calls.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

eval { require IO::Socket::SSL; require Test::Thrift::Authority; 1 }
    or plan(skip_all => 'IO::Socket::SSL is missing');


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trusted  on;

    thrift_ssl                      on;
    thrift_ssl_verify               on;
    thrift_ssl_trusted_certificate  ca.pem;
    thrift_ssl_name                 a.test;

    upstream u {
        zone                    u  128k;
        server                  127.0.0.1:%%PORT_good%%;
        server                  127.0.0.1:%%PORT_unknown%%;
        server                  127.0.0.1:%%PORT_named%%;
        server                  127.0.0.1:%%PORT_plain%%;
        server                  127.0.0.1:%%PORT_hangs%%;
        server                  127.0.0.1:%%PORT_cut%%;
        thrift_ssl_server_name  on;
        thrift_health_check     interval=100ms  timeout=500ms  mandatory;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  u;
    }
}

EOC

my $ca = Test::Thrift::Authority->new($t->dir(), 'ca');
my $other = Test::Thrift::Authority->new($t->dir(), 'other');

my $good = $ca->issue('good', names => [ 'a.test' ]);

my %ssl = (
    good    => $good,
    unknown => $other->issue('unknown', names => [ 'a.test' ]),
    named   => $ca->issue('named', names => [ 'b.test' ]),
    hangs   => $good,
    cut     => $good,
);

my %backend = map { $_ => $t->backend($_, ssl => $ssl{$_}) } keys %ssl;

$backend{plain} = $t->backend('plain');
$backend{hangs}->script('!tls' => { ignore => 1 });
$backend{cut}->script('!tls' => { close => 1 });

$t->run();

my %why = (
    unknown => '.*(?:certificate|issuer).*',
    named   => 'its SSL certificate has another name',
    plain   => '(?:SSL handshake failed|it could not be reached in time)',
    hangs   => 'it could not be reached in time',
    cut     => 'SSL handshake failed',
);

for my $name (sort keys %why) {
    my $port = $t->port($name);

    ok(wait_for(sub { $t->grep_log(
           qr/\[warn\] .* server 127\.0\.0\.1:$port of .* is down: $why{$name}/)
       }, 10), $name);
}

my $c = $t->client('proxy');

ok(wait_for(sub { answer($c->call('get')) eq 'good' }), 'the one that is left');
is(scalar(grep { answer($c->call('get')) eq 'good' } 1 .. 20), 20, 'by all');
is(scalar(map { $_->calls() } @backend{sort keys %why}), 0, 'no other call');
is(($backend{good}->handshakes())[0]{name}, 'a.test', 'name is sent');
is(scalar $t->grep_log(qr/\[(?:error|info)\] .*(?:SSL|verify)/), 0,
   'nothing else is logged');

# a server that has overcome it

$backend{cut}->script();
ok(wait_for(sub { answer($c->call('get')) eq 'cut' }), 'another one');

$t->done();
