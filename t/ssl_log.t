#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What clients send may be a part of the name that a server's certificate is to
# have, or of the name of a file with ours: it writes no line of the error log,
# and no part of one.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

eval { require IO::Socket::SSL; require Test::Thrift::Authority; 1 }
    or plan(skip_all => 'IO::Socket::SSL is missing');


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  words.thrift;

    thrift_validate_utf8  off;

    thrift_ssl                      on;
    thrift_ssl_trusted_certificate  ca.pem;

    upstream name {
        server             127.0.0.1:%%PORT_backend%%;
        thrift_ssl_verify  on;
        thrift_ssl_name    $thrift_arg_text;
    }

    upstream sent {
        server                  127.0.0.1:%%PORT_backend%%;
        thrift_ssl_name         $thrift_arg_text;
        thrift_ssl_server_name  on;
    }

    upstream certificate {
        server                      127.0.0.1:%%PORT_backend%%;
        thrift_ssl_certificate      %%TESTDIR%%/$thrift_arg_text.pem;
        thrift_ssl_certificate_key  %%TESTDIR%%/client.key;
    }

    upstream key {
        server                      127.0.0.1:%%PORT_backend%%;
        thrift_ssl_certificate      %%TESTDIR%%/client.pem;
        thrift_ssl_certificate_key  %%TESTDIR%%/$thrift_arg_text.key;
    }

    server {
        listen       127.0.0.1:%%PORT_name%%;
        thrift_pass  name;
    }

    server {
        listen       127.0.0.1:%%PORT_sent%%;
        thrift_pass  sent;
    }

    server {
        listen       127.0.0.1:%%PORT_certificate%%;
        thrift_pass  certificate;
    }

    server {
        listen       127.0.0.1:%%PORT_key%%;
        thrift_pass  key;
    }
}

EOF

$t->write_file('words.thrift', <<'EOF');
service Words {
    string say(1: string text)
}
EOF

my $ca = Test::Thrift::Authority->new($t->dir(), 'ca');

$ca->issue('client');
$t->backend('backend', ssl => $ca->issue('a', names => [ 'a.test' ]));

$t->run();

# bytes that would end a line, colour it, or look like a part of it

my $forged = "\n2026/11/28 00:00:00 [emerg] 1#1: disk on fire\e[31m";
my @evil = ("x$forged", "tab\tcr\r", "\x7f", "\x01", "x\x00y",
            'quote", upstream: "mine', 'l' x 900, "a.test\x00.x");

for my $server (qw(name sent certificate key)) {
    my $c = $t->client($server);
    my $good = $server eq 'name' || $server eq 'sent' ? 'a.test' : 'client';

    for my $evil (@evil) {
        my $m = say($c, $evil);
        my ($name) = $evil =~ /(\w+)/;

        is($m->{type}, EXCEPTION, "$server, " . ($name || 'control'))
            unless $server eq 'sent' && $evil =~ /^[ -~]+$/;
    }

    is(say($c, "$good\0")->{type}, EXCEPTION, "$server, with a 0 at its end");
    is(say($c, $good)->{type}, REPLY, "$server, a good one");
}

my @lines = split /\n/, $t->read_log('error.log');

is(scalar(grep { !m{^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w+\] \d+\#\d+: } }
               @lines), 0, 'no line of others');
is(scalar(grep { /[\x00-\x1f\x7f]/ } @lines), 0, 'no control characters');

# nginx itself shows names of files as they are

@lines = grep { !/ cannot load certificate / } @lines;

is(scalar(grep { /, upstream: "mine/ } @lines), 0, 'no part of others');
ok(grep({ /control character in thrift_ssl_name "x\\x0A2026/ } @lines),
   'shown');
ok(grep({ /does not match "l{128}\.\.\."/ } @lines), 'cut');

$t->done();


sub say {
    my ($c, $text) = @_;

    return $c->call('Words:say', [ [ 1, string => $text ] ]) || {};
}
