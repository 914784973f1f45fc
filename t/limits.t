#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_max_message_size, thrift_max_depth, thrift_max_calls,
# thrift_max_pipeline and thrift_buffer_size.

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

    thrift_trusted  on;

    log_format  test  '$thrift_method $thrift_status $status';
    access_log  %%TESTDIR%%/access.log  test;

    server {
        listen                   127.0.0.1:%%PORT_size%%;
        thrift_max_message_size  1000;
        thrift_pass              127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen            127.0.0.1:%%PORT_depth%%;
        thrift_max_depth  3;
        thrift_pass       127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen            127.0.0.1:%%PORT_calls%%;
        thrift_max_calls  3;
        thrift_pass       127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen              127.0.0.1:%%PORT_small%%;
        thrift_buffer_size  2k;
        thrift_pass         127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen               127.0.0.1:%%PORT_one%%;
        thrift_max_pipeline  1;
        thrift_pass          127.0.0.1:%%PORT_to_one%%;
    }

    server {
        listen               127.0.0.1:%%PORT_four%%;
        thrift_max_pipeline  4;
        thrift_pass          127.0.0.1:%%PORT_to_four%%;
    }
}

EOF

my $backend = $t->backend('backend', script => { '*' => { echo => 1 } });
my $one = $t->backend('to_one', script => { '*' => { delay => 0.05 } });
my $four = $t->backend('to_four', script => { '*' => { delay => 0.2 } });

$t->run();

# thrift_max_message_size

my $limit = '(thrift_max_message_size allows 1000 bytes)';

for my $protocol (qw(binary compact)) {
    my %o = (protocol => $protocol);

    # framed: an exception, and the connection stays

    my $c = $t->client('size', %o);

    is(length($c->call('get', sized(1000, %o), seqid => 1)->{bytes}), 1000,
       "framed $protocol at the limit");

    for my $size (1001 .. 1006, 5000, 100000) {
        my $m = $c->call('over', sized($size, %o, name => 'over'),
                         seqid => 1);

        is($m ? "$m->{seqid} $m->{exception} $m->{message}" : 'none',
           '1 7 malformed call: ' . ($size > 1004 ? 'frame' : 'message')
           . " larger than allowed $limit",
             "framed $protocol, $size");
    }

    is($c->call('get', sized(500, %o))->{name}, 'get',
       "framed $protocol, next call");

    # unframed: an exception, and nothing after it

    $o{transport} = 'unframed';

    $c = $t->client('size', %o);
    is(length($c->call('get', sized(1000, %o), seqid => 1)->{bytes}), 1000,
       "unframed $protocol at the limit");

    for my $size (1001, 5000, 100000) {
        my $c = $t->client('size', %o);
        my $m = $c->call('over', sized($size, %o, name => 'over'), seqid => 1);

        is("$m->{exception} $m->{message}",
           '7 malformed call: '
           . ($size == 1001 ? "message larger than allowed $limit"
                            : 'string longer than its message'),
           "unframed $protocol, $size");
        ok($c->closed(), "unframed $protocol, $size, closed");
    }

    # many small values instead of a large one

    $c = $t->client('size', %o);
    my $m = $c->call('over', [ map { [ $_, i16 => 0 ] } 1 .. 1000 ]);
    is($m->{message}, "malformed call: message larger than allowed $limit",
       "unframed $protocol, many fields");
    ok($c->closed(), "unframed $protocol, many fields, closed");
}

is(scalar $backend->calls('over'), 0, 'too large ones were not sent');

# and of replies

$backend->script(reply => { body => [ [ 0, string => 'x' x 1000 ] ] },
                 '*' => { echo => 1 });

my $c = $t->client('size');
is($c->call('reply')->{message},
   "upstream sent a malformed reply: frame larger than allowed $limit",
   'too large a reply');
is($c->call('get')->{type}, REPLY, 'call after it');

# without it: larger frames than Apache's libraries allow

$c = $t->client('depth');
$c->send(pack('N', 16384001) . call_bytes('over', 1, "\0",
                                          transport => 'unframed'));
$c->send('x' x 65536) for 1 .. 249;
$c->send('x' x (16384001 - 249 * 65536 - 17));
is($c->read_message()->{message},
   'malformed call: frame larger than allowed (thrift_max_message_size '
   . 'allows 16384000 bytes)', 'default limit');
is($c->call('get')->{type}, REPLY, 'call after 16 megabytes');

# thrift_max_depth

for my $protocol (qw(binary compact)) {
    for my $transport (qw(framed unframed)) {
        my %o = (protocol => $protocol, transport => $transport);
        my $c = $t->client('depth', %o);

        for (
            [ struct => [ [ 1, struct => [ [ 1, struct => [] ] ] ] ],
                        [ [ 1, struct => [ [ 1, struct =>
                                                [ [ 1, struct => [] ] ] ] ] ]
                        ] ],
            [ list => [ [ 1, list => [ list => [ i32 => 1 ] ] ] ],
                      [ [ 1, list => [ list => [ list => [ i32 => 1 ] ] ] ] ] ],
            [ map => [ [ 1, map => [ 'i32', 'struct', 1, [] ] ] ],
                     [ [ 1, map => [ 'i32', 'map', 1,
                                     [ 'i32', 'struct', 1, [] ] ] ] ] ],
        ) {
            my ($name, $good, $bad) = @$_;

            is($c->call('get', $good)->{type}, REPLY,
               "$name of depth 3, $transport $protocol");
            is($c->call('deep', $bad)->{message},
               'malformed call: too many levels of nesting '
               . '(thrift_max_depth is 3)',
               "$name of depth 4, $transport $protocol");

            $c = $t->client('depth', %o) if $transport eq 'unframed';
        }
    }
}

is(scalar $backend->calls('deep'), 0, 'too deep ones were not sent');

# thrift_max_calls: every reply, and then the end

for my $n (3, 4, 10) {
    my $c = $t->client('calls');
    $c->send(join '', map { call_bytes('get', $_) } 1 .. $n);

    is($c->read_message()->{seqid}, $_, "reply $_ of $n") for 1 .. 3;
    ok($c->closed(), "closed after 3 of $n");
    is($c->{eof}, 'closed', "no reset after 3 of $n");
}

$c = $t->client('calls');
is($c->call('get')->{seqid}, $_, "call $_") for 1 .. 3;
ok($c->closed(), 'closed after 3');

$c = $t->client('calls');
$c->oneway('get');
is($c->call('get', "\5\0\1", seqid => $_)->{exception}, 7, 'counted')
    for 1 .. 2;
ok($c->closed(), 'closed after 3 of all kinds');

# the last ones are slow, and the client goes on sending

$backend->script(slow => { delay => 0.1 }, '*' => { echo => 1 });

$c = $t->client('calls');
$c->send(join '', map { call_bytes('slow', $_) } 1 .. 3);
$c->send(call_bytes('get', 4, [ [ 1, string => 'x' x 100000 ] ]))
    for 1 .. 30;
is($c->read_message()->{seqid}, $_, "slow reply $_") for 1 .. 3;
ok($c->closed(), 'closed after slow ones');
is($c->{eof}, 'closed', 'no reset after slow ones');

# thrift_buffer_size: heads and bodies at every place of a block

for my $protocol (qw(binary compact)) {
    for my $transport (qw(framed unframed)) {
        my %o = (protocol => $protocol, transport => $transport);
        my $c = $t->client('small', %o);
        my ($bytes, @want) = ('');

        for my $n (map { $_ * 37 } 1 .. 60) {
            my @fields = ([ 1, string => 'a' x $n ], [ 2, i64 => $n ]);

            $bytes .= call_bytes("name$n", $n, \@fields, %o);
            push @want, [ "name$n", $n, encode_struct($protocol, @fields) ];
        }

        for my $size (length $bytes, 2047, 1999) {
            $c->send_pieces($bytes, $size, 0.0002);

            my $good = grep { my $m = $c->read_message();
                              $m && $m->{name} eq $_->[0]
                                 && $m->{seqid} == $_->[1]
                                 && $m->{body} eq $_->[2] } @want;
            is($good, 60, "pieces of $size, $transport $protocol");
        }
    }
}

# the longest name, and a message of many blocks

$c = $t->client('small');

is($c->call('n' x 1024, undef, seqid => $_)->{name}, 'n' x 1024,
   'long name') for 1 .. 4;

my $body = encode_struct('binary', [ 1, list => [ string => map { 'e' x $_ }
                                                                1 .. 500 ] ]);
my @calls = map { call_bytes("block$_", $_, $body) } 1 .. 8;

$c->send(join '', @calls);
is(scalar(grep { my $m = $c->read_message(); $m && $m->{body} eq $body }
               1 .. 8), 8, 'many blocks');

# thrift_max_pipeline: so many connections to the upstream at once

for (
    [ 'one', $one, 1 ],
    [ 'four', $four, 4 ],
) {
    my ($server, $backend, $n) = @$_;

    my $c = $t->client($server);
    $c->send(join '', map { call_bytes('get', $_) } 1 .. 2 * $n + 1);

    is(join(' ', map { $c->read_message()->{seqid} } 1 .. 2 * $n + 1),
       join(' ', 1 .. 2 * $n + 1), "pipeline of $n");
    is($backend->accepted(), $n, "connections for $n");
}

is(join("\n", grep { $_ !~ /upstream sent malformed reply/ }
                   $t->grep_log(qr/\[(?!info|debug|notice)\w+\]/)), '',
   'nothing above info');

$t->done();


# A body that makes a message of so many bytes.

sub sized {
    my ($size, %o) = @_;

    my $name = delete $o{name} || 'get';

    for my $n ($size - 40 .. $size) {
        my $body = [ [ 1, string => 'x' x $n ] ];

        return $body
            if length(call_bytes($name, 1, $body, %o)) == $size;
    }

    die "no body for $size";
}
