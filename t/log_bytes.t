#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What clients and servers send is in the logs as text, cut at some length: no
# line, and no part of a line, is theirs to write.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $x = 'x' x 3000;

my $t = Test::Thrift->new(<<'EOF' =~ s/%%X%%/$x/r, log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl       words.thrift;
    thrift_validate  structure;

    log_format  test  escape=none
                '$thrift_service|$thrift_method|$thrift_arg_text|$thrift_exception|';
    access_log  %%TESTDIR%%/access.log  test;

    map_hash_bucket_size  8192;

    map $thrift_arg_text $long {
        %%X%%    long;
        default  other;
    }

    # what a client sends is an address, or a part of one

    server {
        listen       127.0.0.1:%%PORT_address%%;
        thrift_pass  $thrift_arg_text;
    }

    server {
        listen       127.0.0.1:%%PORT_host%%;
        thrift_pass  $thrift_arg_text:9090;
    }

    server {
        listen       127.0.0.1:%%PORT_path%%;
        thrift_pass  unix:%%TESTDIR%%/$thrift_arg_text;
    }

    server {
        listen            127.0.0.1:%%PORT_resolved%%;
        resolver          127.0.0.1:%%PORT_nobody%%;
        resolver_timeout  100ms;
        thrift_pass       $thrift_arg_text:9090;
    }

    # values of any length

    server {
        listen       127.0.0.1:%%PORT_pass%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen         127.0.0.1:%%PORT_return%%;
        thrift_return  INTERNAL_ERROR  "$long$thrift_arg_text";
    }
}

EOF

$t->write_file('words.thrift', <<'EOF');
service Words {
    string say(1: string text)
    string raise(1: string text)
}
EOF

$t->backend('backend', script => {
    raise => { exception => [ 6, 'y' x 5000 ] } });

$t->run();

# bytes that would end a line, colour it, or look like a part of it

my $forged = "\n2026/11/28 00:00:00 [emerg] 1#1: disk on fire\e[31m";
my @evil = ("x$forged", "a b\ncd/", "tab\tcr\r", "\x7f", "\x01", "x\x00y",
            'quote", upstream: "mine', "eight \xff bits", 'back\\slash',
            'l' x 900);

for my $server (qw(address host path resolved)) {
    my $c = $t->client($server);

    for my $evil (@evil) {
        my ($name) = $evil =~ /(\w+)/;

        $name = "$server, " . ($name || 'control');

        is($c->call('Words:say', [ [ 1, string => $evil ] ])->{type},
           EXCEPTION, $name);
        is($c->call($evil)->{type}, EXCEPTION, "$name, as name");
    }
}

my @lines = split /\n/, $t->read_log('error.log');

is(scalar(grep { !m{^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w+\] \d+\#\d+: } }
               @lines), 0, 'no line of others');
is(scalar(grep { /[\x00-\x1f\x7f]/ } @lines), 0, 'no control characters');

is(scalar(grep { /[^\x20-\x7e]/ } @lines), 0, 'plain text');
is(scalar(grep { /, upstream: "mine/ } @lines), 0, 'no part of others');

my @errors = grep { /\[error\]/ } @lines;

ok(grep({ /control character in upstream "x\\x0A2026/ } @errors), 'shown');
ok(grep({ /in upstream "[^"]*eight \\xFF bits/ } @errors), 'eight bits');
ok(grep({ /in upstream "l{128}\.\.\."/ } @errors), 'cut');

# names that clients make up are told as errors a few times only

ok(grep({ / eight \\xFF bits could not be resolved / } @lines),
   'not resolved');

# in the access log an argument is cut, elsewhere it is not

my $c = $t->client('pass');

is($c->call('Words:say', [ [ 1, string => $x ] ])->{type}, REPLY, 'long');
is($c->call('Words:say', [ [ 1, string => 'short' ] ])->{type}, REPLY, 'short');
is($c->call('Words:raise', [ [ 1, string => $x ] ])->{message}, 'y' x 5000,
   'exception');

my $m = $t->client('return')->call('Words:say', [ [ 1, string => $x ] ]);
is($m->{message}, 'long' . 'x' x 508, 'whole in a map');

my $cut = 'x' x 1024;
my $text = 'y' x 1024;

$t->wait_log(qr/INTERNAL_ERROR: long/, 'access.log');

my @say = $t->grep_log(qr/^Words\|say\|(x{1024}|short)\|/, 'access.log');

is(join("\n", @say),
   join("\n", "Words|say|$cut||", 'Words|say|short||',
              "Words|say|$cut|INTERNAL_ERROR: $m->{message}|"),
   'arguments in the log');
is(join("\n", $t->grep_log(qr/^Words\|raise/, 'access.log')),
   "Words|raise|$cut|INTERNAL_ERROR: $text|", 'text in the log');

$t->done();
