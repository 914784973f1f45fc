#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# conf/thrift_log_json: each line of the log is valid JSON, whatever clients and
# servers send; $thrift_utf8_... is what is sent, as UTF-8.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Encode;
use JSON::PP;
use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    include  %%TOP%%/conf/thrift_log_json;

    log_format  bytes  '$thrift_utf8_method|$thrift_utf8_header_a|'
                       '$thrift_utf8_reply_exception';

    access_log  %%TESTDIR%%/all.json  thrift_json  if=$thrift_call_id;

    upstream retried {
        server  127.0.0.1:%%PORT_nobody%%;
        server  127.0.0.1:%%PORT_backend%%  backup;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
        access_log   %%TESTDIR%%/all.json  thrift_json  if=$thrift_call_id;
        access_log   %%TESTDIR%%/bytes.log  bytes;
    }

    server {
        listen       127.0.0.1:%%PORT_retried%%;
        thrift_pass  retried;
    }

    server {
        listen       127.0.0.1:%%PORT_denied%%;
        deny         all;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }
}

EOC

my $backend = $t->backend('backend');
my $json = JSON::PP->new();
my $n = 0;

$t->run();

my $c = $t->client('proxy');

$c->call('get', [ [ 1, string => 'a' ] ], seqid => -5);

my $call = line();

is($call->{method}, 'get', 'method');
is($call->{seqid}, -5, 'seqid');
is($call->{status}, 'success', 'status');
is($call->{code}, 200, 'its number');
is($call->{client}, '127.0.0.1', 'client');
is($call->{upstream}, '127.0.0.1:' . $t->port('backend'), 'server');
is($call->{attempts}, 1, 'attempts');
like($call->{id}, qr/^[0-9a-f]{16}-\d+$/, 'id');
like($call->{trace}, qr/^[0-9a-f]{32}$/, 'trace');
like($call->{time}, qr/^\d{4}-\d\d-\d\dT/, 'time');
cmp_ok($call->{seconds}, '<', 60, 'seconds');

# names

for ([ 'quotes', 'a"b\\c', 'a"b\\c' ],
     [ 'control characters', "a\0\n\r\t\x1b\x7f", "a\0\n\r\t\x1b\x7f" ],
     [ 'end of the string', '"},{"x', '"},{"x' ],
     [ 'UTF-8', "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
       "\x{e4}\x{20ac}\x{1f600}" ],
     [ 'no UTF-8', "a\xff\xfeb", 'a\xff\xfeb' ],
     [ 'half a character', "a\xe2\x82", 'a\xe2\x82' ],
     [ 'overlong', "\xc0\xaf", '\xc0\xaf' ],
     [ 'surrogate', "\xed\xa0\x80", '\xed\xa0\x80' ],
     [ 'line separator', "\xe2\x80\xa8", "\x{2028}" ])
{
    my ($name, $bytes, $shown) = @$_;

    $c->call($bytes, []);
    is(line()->{method}, $shown, $name);

    $backend->script(bad => { exception => [ 6, $bytes ] });
    $c->call('bad', []);
    is(line()->{exception}, "INTERNAL_ERROR: $shown", "$name in a text");

    $c->call("$bytes:m", []);
    is(line()->{service}, $shown, "$name in a service");
}

# each byte, and names of random bytes

for my $byte (0 .. 255) {
    next if $byte == ord(':');
    $c->call(chr $byte, []);
    line();
}

srand(7);

for (1 .. 100) {
    $c->call('m' . join('', map { chr int rand 256 } 1 .. 1 + rand 40), []);
    line();
}

$c->call('m' . "\xe2\x82\xac" x 341, []);
line();
$backend->script(bad => { exception => [ 6, "\xe2\x82\xac" x 2000 ] });
$c->call('bad', []);
line();

# what has no call, no server, or more of them

my $r = $t->client('proxy');

$r->send("\xff\"\\\n\0GET / HTTP/1.1\r\n\r\n");
$r->closed();
is(line()->{status}, 'refused', 'no call');

$t->client('retried')->call('other', []);
$call = line();
is($call->{attempts}, 2, 'two servers');
like($call->{upstream}, qr/^127\.0\.0\.1:\d+, 127\.0\.0\.1:\d+$/, 'their names');

$t->client('denied')->closed();
$t->client('proxy')->call('last', []);
is(line()->{method}, 'last', 'no line for a connection');

# bytes for logs of other forms

my $h = $t->client('proxy', transport => 'header');

$h->call("x\xff", [], headers => [ a => "\xc3\xa4\xff" ]);
line();
is(($t->wait_log(qr/^x/, 'bytes.log'))[-1],
   'x\x5Cxff|\xC3\xA4\x5Cxff|-', 'in another form');

like($t->config_error(<<'EOF'), qr/no variable "\$thrift_nosuch" is defined/,
%%TEST_GLOBALS%%
events { }
stream {
    %%TEST_GLOBALS_STREAM%%
    log_format  bad  '$thrift_utf8_nosuch';
    server {
        listen         127.0.0.1:%%PORT_proxy%%;
        access_log     %%TESTDIR%%/bad.log  bad;
        thrift_return  INTERNAL_ERROR "no";
    }
}
EOF
     'a variable that is not known');

$t->done();


# The next line, which has to be valid.

sub line {
    my @lines = $t->wait_log(qr/./, 'all.json', undef, ++$n);
    my $line = $lines[$n - 1] // '';

    my $text = eval {
        decode('UTF-8', $line, Encode::FB_CROAK | Encode::LEAVE_SRC);
    };
    my $value = eval { $json->decode($text) };

    fail("not valid: $line") unless $value;

    return $value || {};
}
