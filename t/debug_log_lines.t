#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Each line of the table in docs/debugging.md is written to the debug log when
# that happens which the table says.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Files qw(slurp);


plan(skip_all => 'nginx without --with-debug')
    unless `@{[ Test::Thrift->binary() ]} -V 2>&1` =~ /--with-debug/;

my $t = Test::Thrift->new(<<'EOF', log => 'debug');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    upstream one {
        server            127.0.0.1:%%PORT_backend%%;
        thrift_keepalive  1  max=1;
    }

    upstream scarce {
        zone    scarce  64k;
        server  127.0.0.1:%%PORT_backend%%  max_conns=1;
        thrift_keepalive  1  queue=10;
    }

    upstream both {
        server           127.0.0.1:%%PORT_backend%%  max_fails=0;
        server           127.0.0.1:%%PORT_other%%  max_fails=0;
        thrift_pipeline  8  connections=1;
    }

    upstream refused {
        server  127.0.0.1:%%PORT_nobody%%  max_fails=0;
        server  127.0.0.1:%%PORT_nobody2%%  max_fails=0;
    }

    upstream tls {
        server                127.0.0.1:%%PORT_tls%%;
        thrift_keepalive      0;
        thrift_ssl            on;
        thrift_ssl_protocols  TLSv1.2;
    }

    thrift_limit_zone  $remote_addr  zone=few:64k  rate=10r/s;

    server {
        listen          127.0.0.1:%%PORT_one%%;
        thrift_trusted  on;
        thrift_timeout  300ms;
        thrift_pass     one;
    }

    server {
        listen             127.0.0.1:%%PORT_limited%%;
        thrift_limit_rate  zone=few burst=5;
        thrift_pass        one;
    }

    server {
        listen         127.0.0.1:%%PORT_copied%%;
        thrift_pass    one;
        thrift_mirror  127.0.0.1:%%PORT_other%%;
    }

    server {
        listen                 127.0.0.1:%%PORT_defined%%;
        thrift_idl             api.thrift;
        thrift_unknown_fields  drop;
        thrift_pass            127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen          127.0.0.1:%%PORT_scarce%%;
        thrift_trusted  on;
        thrift_timeout  2s;
        thrift_pass     scarce;
    }

    server {
        listen             127.0.0.1:%%PORT_both%%;
        thrift_trusted     on;
        thrift_idempotent  on;
        thrift_timeout     300ms;
        thrift_hedge       20ms  percent=100;
        thrift_pass        both;
    }

    server {
        listen          127.0.0.1:%%PORT_refused%%;
        thrift_pass     refused;

        thrift_next_upstream_tries  3;
    }

    server {
        listen          127.0.0.1:%%PORT_pinned%%;
        thrift_balance  connection;
        thrift_pass     one;
    }

    server {
        listen          127.0.0.1:%%PORT_large%%;
        thrift_timeout  300ms;
        thrift_pass     127.0.0.1:%%PORT_deaf%%;
    }

    server {
        listen       127.0.0.1:%%PORT_secret%%;
        thrift_pass  tls;
    }
}

EOF

$t->certificate();
$t->write_file('api.thrift', "service Api { string get(1: i32 a) }\n");

my $backend = $t->backend('backend', script => { slow => { stall => 1 },
                                                 held => { hold => 1 } });

$t->backend('other', script => { slow => { stall => 1 } });
$t->backend('deaf', script => { '!accept' => { ignore => 1 } });
$t->backend('tls', ssl => { SSL_cert_file => $t->dir() . '/cert.pem',
                            SSL_key_file => $t->dir() . '/key.pem' });

$t->run();


# what the table says

my @table = slurp($t->top() . '/docs/debugging.md') =~ /^\| `([^`]+)` \|/mg;

cmp_ok(@table, '>', 14, 'lines of the table');

my %seen = map { $_ => 0 } @table;


# what happens

my $c = $t->client('one');

$c->call('slow');
seen('call N runs out of time in step S');
seen('server S is suspect: F failures, Tms');

$c = $t->client('one');
$c->start('slow');
ok(wait_for(sub { $backend->calls('slow') == 2 }), 'called');
$t->client('one')->call('get');
seen('attempt A is waiting for a connection to upstream, with W others');

$c = $t->client('pinned');
$c->start('slow');
ok(wait_for(sub { $backend->calls('slow') == 3 }), 'called, too');
$c->reset();
seen('call N is given up in step S');

$c = $t->client('limited');
$c->call('get') for 1 .. 2;
seen('delayed by Tms');
seen('connection C is idle, for its client');

$t->client('copied')->call('get');
seen('a copy for "U"');

$t->client('defined')->call('get', encode_struct('binary', [ 1, i32 => 1 ],
                                                 [ 2, string => 'more' ]));
seen('B bytes of undeclared fields dropped');

$c = $t->client('scarce');
$c->start('held');
ok(wait_for(sub { $backend->calls('held') == 1 }), 'held');
my $behind = $t->client('scarce');
$behind->start('get');
seen('attempt A is waiting for an upstream server, with W others');
$backend->release();

$c = $t->client('both');
$c->call('get') for 1 .. 2;
$c->exchange(join('', map { call_bytes('get', $_) } 1 .. 8), 8);
seen('connection C sent B of N');
$c->call('slow');
seen('attempt A, a hedge, with server S');

$t->client('refused')->call('get');
seen('round R in Tms');

$t->client('pinned')->call('get');
seen('its client is pinned to connection C');

$t->client('large')->call('get', encode_struct('binary',
                                               [ 1, string => 'x' x 8e6 ]));
seen('attempt A sent B, not all');

$t->client('secret')->call('get') for 1 .. 2;
seen('connection C: TLSv1.3, reused');

is(join("\n", grep { !$seen{$_} } @table), '', 'all of them');

$t->done();


# A line of the table is in the log: capitals are numbers and names.

sub seen {
    my ($line) = @_;

    ok(exists $seen{$line}, "in the table: $line");
    $seen{$line} = 1;

    my $re = quotemeta($line);

    $re =~ s/TLSv1\\\.3/TLSv[\\d.]+/;
    $re =~ s/\\"U\\"/"[^"]+"/;
    $re =~ s/step\\ S\b/step \\w+/;
    $re =~ s/server\\ S\b/server \\S+/;
    $re =~ s/(?<!\\)\b[A-Z](?=(?:ms)?\b)/\\d+/g;

    ok($t->wait_log(qr/thrift [^\n]*$re/), "written: $line");
}
