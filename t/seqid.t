#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Servers that do not send a call's seqid back: an exception under the number 0,
# or for no method, is the call's own; replies are, where thrift_check_seqid is
# off, over connections that are used again only after a clean one.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_status|$status|$thrift_exception';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted  on;

    upstream on {
        server  127.0.0.1:%%PORT_backend%%;
    }

    upstream off {
        server  127.0.0.1:%%PORT_careless%%;
        thrift_check_seqid  off;
    }

    upstream together {
        server  127.0.0.1:%%PORT_together%%;
        thrift_check_seqid  off;
        thrift_pipeline     4 connections=1;
    }

    server {
        listen       127.0.0.1:%%PORT_to_together%%;
        thrift_pass  together;

        thrift_service Soon {
            thrift_timeout  300ms;
        }

        thrift_service Late {
            thrift_timeout  60s;
        }
    }

    server {
        listen          127.0.0.1:%%PORT_on%%;
        thrift_timeout  300ms;
        thrift_pass     on;
    }

    server {
        listen          127.0.0.1:%%PORT_off%%;
        thrift_timeout  300ms;
        thrift_pass     off;
    }
}

EOF

my $backend = $t->backend('backend');
my $careless = $t->backend('careless', id => 'careless');

$t->run();

my @formats = ([ 'framed', 'binary' ], [ 'unframed', 'binary' ],
               [ 'framed', 'compact' ], [ 'unframed', 'compact' ]);

# exceptions without number, without name, without either: the text is told

my $hostile = "\"no\"\n\e[31m 2026/11/28 [emerg] forged\x7f\xff\\";

$backend->script(
    number  => { exception => [ 7, 'bad number' ], seqid => 0 },
    name    => { exception => [ 7, 'bad name' ], name => '' },
    both    => { exception => [ 7, 'bad both' ], seqid => 0, name => '' },
    quoted  => { exception => [ 6, $hostile ], seqid => 0 },
    endless => { exception => [ 6, 'x' x 100_000 ], seqid => 0 },
    mute    => { body => "\0", type => EXCEPTION, seqid => 0 },
    reply   => { seqid => 0 },
    unnamed => { name => '' },
    other   => { exception => [ 6, 'no' ], seqid => 99 },
    else    => { exception => [ 6, 'no' ], name => 'some' },
);

for my $format (@formats) {
    my ($transport, $protocol) = @$format;
    my $c = $t->client('on', transport => $transport, protocol => $protocol);

    for my $method (qw(number name both)) {
        my $what = "$method, @$format";

        is($c->call('get')->{fields}{0}, 'backend', "before $what");

        my $accepted = $backend->accepted();
        my $m = $c->call($method, [], seqid => 5);

        is("@$m{qw(name seqid exception message)}",
           "$method 5 7 bad $method", $what);
        is($c->call('get')->{fields}{0}, 'backend', "after $what");
        is($backend->accepted(), $accepted + 1, "$what, closed");
    }

    my $m = $c->call('mute', [], seqid => 6);
    is("@$m{qw(type name seqid)}", EXCEPTION . ' mute 6', "mute, @$format");

    # of others nobody knows what they answer

    for (
        [ reply   => 'its seqid is wrong' ],
        [ unnamed => 'empty method name' ],
        [ other   => 'its seqid is wrong' ],
        [ else    => 'it answers another method' ],
    ) {
        my ($method, $why) = @$_;

        is($c->call($method)->{message},
           "upstream sent a malformed reply: $why", "$method, @$format");
    }

    is($c->call('quoted')->{message}, $hostile, "any bytes, @$format");
    is(length $c->call('endless')->{message}, 100_000, "long, @$format");
}

is(scalar $t->wait_log(qr/^number\|exception\|200\|PROTOCOL_ERROR: bad number$/,
                       'access.log', undef, 4), 4, 'text in the access log');

# such lines are at "info" where an upstream has many of them

my $without = qr/\[(?:error|info)\].* upstream sent exception without/;

ok($t->grep_log(qr/\[error\].* upstream sent exception without/), 'an error');

is(scalar $t->grep_log(qr/$without seqid: "bad (number|both)"/), 8,
   'text in the error log');
is(scalar $t->grep_log(qr/$without method name: "bad name"/), 4,
   'no name, in the log');
is(scalar $t->grep_log(qr/$without seqid: "\\x22no\\x22\\x0A\\x1B\[31m 2026/), 4,
   'escaped');
is(scalar $t->grep_log(qr/seqid: "x{128}\.\.\."/), 4, 'cut');
is(scalar $t->grep_log(qr/[^\x20-\x7e]/), 0, 'no control characters');

# an upstream that sends no seqids back

my %careless = (
    '*'   => { seqid => 0 },
    minus => { seqid => -1 },
    high  => { seqid => 2 ** 31 - 1 },
    own   => {},
    raise => { exception => [ 6, 'no' ], seqid => 0 },
    wrong => { seqid => 0, name => 'other' },
    twice => { seqid => 0, twice => 1 },
    late  => { seqid => 0, delay => 0.6 },
    poke  => {},
);

for my $format (@formats) {
    my ($transport, $protocol) = @$format;
    my @o = (transport => $transport, protocol => $protocol);
    my $c = $t->client('off', @o);

    $careless->script(%careless,
                      again => { replies => [ [ 1, 'again', 'late', @o ],
                                              [ 0, 'again', 'own', @o ] ] });

    # clean replies: one connection, for everybody

    is($c->call($_, [], seqid => 8)->{seqid}, 8, "$_, @$format")
        for qw(get minus high own);

    my $accepted = $careless->accepted();
    is($t->client('off', @o)->call('get')->{fields}{0}, 'careless',
       "another client, @$format");
    is($careless->accepted(), $accepted, "the same connection, @$format");

    # anything else: a connection is used no more

    for my $method (qw(raise wrong twice late)) {
        $accepted = $careless->accepted();

        my $m = $c->call($method);

        is($m->{name}, $method, "$method, @$format");
        is($c->call('get')->{fields}{0}, 'careless', "after $method, @$format");
        is($careless->accepted(), $accepted + 1, "$method, closed, @$format");
    }

    $accepted = $careless->accepted();
    my $calls = $careless->calls('poke');
    $c->oneway('poke');
    ok(wait_for(sub { $careless->calls('poke') > $calls }), "oneway, @$format");
    is($c->call('get')->{fields}{0}, 'careless', "after oneway, @$format");
    is($careless->accepted(), $accepted + 1, "oneway, closed, @$format");

    # what bears the seqid of an earlier call answers that one

    is($c->call('again')->{fields}{0}, 'own', "again, @$format");
}

# the reply to a call that was given up is not the next one's on the connection

my $together = $t->backend('together', id => 'next', script => {
    'Soon:get' => { hold => 1, seqid => 0, name => 'get', id => 'given up' },
    'Late:get' => { seqid => 0, name => 'get' },
});

my $c = $t->client('to_together');

$c->send(call_bytes('Soon:get', 1) . call_bytes('Late:get', 2));
like(answer($c->read_message()), qr/^6 timed out after /, 'given up');
$together->release();
like(answer($c->read_message()), qr/: its seqid is wrong$/,
     'its reply is nobody else\'s');
is($together->accepted(), 1, 'both were on one connection');
is(answer($c->call('Late:get')), 'next', 'another one');

$t->done();
