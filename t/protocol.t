#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_protocol: found out for each message, fixed, or lax.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method $thrift_protocol $thrift_status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_protocol  compact;

    server {
        listen           127.0.0.1:%%PORT_auto%%;
        thrift_protocol  auto;
        thrift_pass      127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen           127.0.0.1:%%PORT_binary%%;
        thrift_protocol  binary;
        thrift_pass      127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen           127.0.0.1:%%PORT_compact%%;
        thrift_pass      127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen           127.0.0.1:%%PORT_lax%%;
        thrift_protocol  lax;
        thrift_pass      127.0.0.1:%%PORT_backend%%;
    }
}

EOF

my $backend = $t->backend('backend');

$t->run();

my @fields = ([ 1, string => 'x' x 100 ], [ 2, bool => 1 ], [ 3, i64 => -5 ],
              [ 40, list => [ i32 => 1 .. 20 ] ],
              [ 41, map => [ 'string', 'bool', 'a', 1, 'b', 0 ] ],
              [ 42, struct => [ [ 1, double => 0.5 ] ] ]);

# per message, in every transport

$backend->script('*' => { echo => 1 });

my $c = $t->client('auto', transport => undef);
my $seqid = -3;

for my $transport (qw(framed unframed)) {
    for my $protocol (qw(binary compact compact binary)) {
        my $m = $c->call($protocol, \@fields, seqid => ++$seqid,
                         protocol => $protocol, transport => $transport);

        is("$m->{protocol} $m->{name} $m->{seqid}",
           "$protocol $protocol $seqid", "$transport $protocol");
        is($m->{body}, encode_struct($protocol, @fields),
           "$transport $protocol body");
        is(($backend->calls())[-1]{protocol}, $protocol,
           "upstream, $transport $protocol");
    }
}

# all of them in one write, and in small pieces

my $bytes = join '', map { call_bytes("call$_", $_, [ [ 1, i32 => $_ ] ],
                               protocol => $_ % 2 ? 'compact' : 'binary',
                               transport => $_ % 3 ? 'framed' : 'unframed') }
                         1 .. 12;

for my $size (length $bytes, 1, 5) {
    my $c = $t->client('auto', transport => undef);

    $c->send_pieces($bytes, $size, 0.0005);

    is(join(' ', map { my $m = $c->read_message();
                       $m ? "$m->{seqid}$m->{protocol}" : 'none' } 1 .. 12),
       join(' ', map { $_ . ($_ % 2 ? 'compact' : 'binary') } 1 .. 12),
       "auto, pieces of $size");
}

# seqids of every length, and back

for my $id (0, 1, 127, 128, 2 ** 21, 2 ** 31 - 1, -1, -2 ** 31) {
    for my $protocol (qw(binary compact)) {
        my $m = $t->client('auto')->call('get', undef, protocol => $protocol,
                                         seqid => $id);
        is($m->{seqid}, $id, "seqid $id, $protocol");
    }
}

# what we answer ourselves is in the call's own protocol

$backend->script('*' => { close => 'request' });
$c = $t->client('auto');

for my $protocol (qw(compact binary)) {
    my $m = $c->call('gone', undef, protocol => $protocol);

    is("$m->{protocol} $m->{exception}", "$protocol 6",
       "exception, $protocol");
}

$backend->script();

# fixed

for (
    [ 'binary', 'compact', 'compact message where a binary one is expected' ],
    [ 'compact', 'binary', 'binary message where a compact one is expected' ],
) {
    my ($good, $bad, $text) = @$_;

    for my $transport (qw(framed unframed)) {
        my $c = $t->client($good, transport => $transport);

        is($c->call('fixed', undef, protocol => $good)->{protocol}, $good,
           "fixed $good, $transport");

        my $n = $backend->calls();
        my $lines = $t->grep_log(qr/client sent \Q$text\E/);

        $c->start('refused', undef, protocol => $bad);
        ok($c->closed(), "fixed $good, $transport $bad closes");

        like(($t->wait_log(qr/client sent \Q$text\E/, undef, undef,
                           $lines + 1))[$lines],
             qr/ \[info\] .*client sent \Q$text\E while reading call from /,
             "log says $transport $bad");
        is(scalar $backend->calls(), $n,
           "upstream saw no $transport $bad call");
    }
}

# a head without version: refused, and read where it is allowed

for my $transport (qw(framed unframed)) {

    for my $server (qw(auto binary compact)) {
        my $lines = $t->grep_log(qr/client sent message without version/);

        my $c = $t->client($server, transport => $transport);
        $c->start('refused', \@fields, protocol => 'lax');
        ok($c->closed(), "no lax at $server, $transport");

        like(($t->wait_log(qr/client sent message without version/, undef, undef,
                           $lines + 1))[$lines], qr/ \[info\] /,
             "log says lax at $server, $transport");
    }

    my $c = $t->client('lax', transport => $transport);
    my $m = $c->call('get', \@fields, protocol => 'lax', seqid => 7);

    is("$m->{protocol} $m->{name} $m->{seqid} $m->{fields}{0}",
       'binary get 7 backend', "lax, $transport");
    is(($backend->calls('get'))[-1]{protocol}, 'binary',
       "strict to upstream, $transport");

    is($c->call('get', \@fields, protocol => 'binary')->{protocol}, 'binary',
       "strict where lax may be, $transport");

    # a call in pieces, and two behind one another

    my $bytes = call_bytes('get', 8, \@fields, protocol => 'lax',
                           transport => $transport);

    $c->send_pieces($bytes, 1, 0.0005);
    is($c->read_message()->{seqid}, 8, "lax in pieces, $transport");

    $c->send($bytes . $bytes);
    is($c->read_message()->{seqid}, 8, "lax twice, $transport");
    is($c->read_message()->{seqid}, 8, "the other, $transport");

    $c->start('refused', undef, protocol => 'compact');
    ok($c->closed(), "no compact where lax may be, $transport");
}

# an exception of ours to a lax call is strict

$backend->script('*' => { close => 'request' });

my $m = $t->client('lax')->call('lost', undef, protocol => 'lax');
is("$m->{protocol} $m->{exception}", 'binary 6', 'lax exception');

is(scalar $t->wait_log(qr/^lost/, 'access.log'), 1, 'access log');
is(join(' ', $t->grep_log(qr/^(gone|lost)/, 'access.log')),
   'gone compact exception gone binary exception lost lax exception',
   'protocol logged');
is(scalar $t->grep_log(qr/^refused/, 'access.log'), 0,
   'no line for refused');

$t->done();
