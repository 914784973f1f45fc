#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Messages with THeader whose payload went through zlib, from clients and from
# servers: unpacked, checked, translated and answered as others, and packed
# again.  What is wrong in them, and what would get too large.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Compress::Zlib;
use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method $thrift_status $thrift_request_length '
                      '$thrift_reply_length $bytes_received [$thrift_header_h]';
    access_log  %%TESTDIR%%/access.log  test;

    upstream backend {
        server  127.0.0.1:%%PORT_backend%%;
    }

    upstream compact {
        server                     127.0.0.1:%%PORT_backend%%;
        thrift_upstream_transport  framed;
        thrift_upstream_protocol   compact;
    }

    upstream header {
        server                     127.0.0.1:%%PORT_backend%%;
        thrift_upstream_transport  header;
    }

    thrift_trusted  on;

    server {
        listen       127.0.0.1:%%PORT_same%%;
        thrift_pass  backend;
    }

    server {
        listen           127.0.0.1:%%PORT_off%%;
        thrift_validate  off;
        thrift_pass      backend;
    }

    server {
        listen       127.0.0.1:%%PORT_compact%%;
        thrift_pass  compact;
    }

    server {
        listen       127.0.0.1:%%PORT_toheader%%;
        thrift_pass  header;
    }

    server {
        listen                   127.0.0.1:%%PORT_small%%;
        thrift_max_message_size  64k;
        thrift_pass              backend;
    }

    server {
        listen                   127.0.0.1:%%PORT_memory%%;
        thrift_max_message_size  64m;
        thrift_max_memory        1m  worker=4m;
        thrift_pass              backend;
    }

    server {
        listen         127.0.0.1:%%PORT_refuse%%;
        thrift_return  INTERNAL_ERROR  "no, no, no, no, no, no, no, no, no, no";
    }
}

EOC

my $backend = $t->backend('backend');

$t->run();

both_ways();
replies();
large();
malformed();
bombs();
pieces();
many();

$t->done();


sub packed_client {
    my ($port) = @_;

    return $t->client($port, transport => 'header');
}


sub latest {
    return ($backend->calls())[-1];
}


sub both_ways {
    my $text = 'abc' x 1000;

    $backend->script(get => { echo => 1, headers => [ from => 'server' ] });

    for my $port (qw(same off compact toheader)) {
        my $c = packed_client($port);

        for my $protocol (qw(binary compact)) {
            my $m = $c->call('get', [ [ 1, string => $text ] ], packed => 1,
                             seqid => 3, sequence => 4, flags => 1,
                             protocol => $protocol, headers => [ h => 'v' ]);

            is("$m->{packed} $m->{protocol} $m->{seqid} $m->{sequence} "
               . $m->{flags}, "1 $protocol 3 4 1", "$port, $protocol");
            is($m->{fields}{1}, $text, 'its body');
            is("@{$m->{headers}}", $port eq 'compact' ? '' : 'from server',
               'headers');

            my $call = latest();

            is($call->{transport}, $port eq 'compact' ? 'framed' : 'header',
               'the server has the call');

            next if $port eq 'compact';

            is("@{$call->{headers}}", 'h v', 'its headers');
            is($call->{packed}, 0, 'which is not packed');
        }

        # others on the same connection

        my $m = $c->call('get', [ [ 1, string => 'y' ] ]);
        is("$m->{packed} $m->{fields}{1}", '0 y', 'a call that is not packed');
    }

    my $c = packed_client('same');
    my $m = $c->call('get', [ [ 1, string => '' ] ], packed => 1);

    is($m->{packed}, 0, 'a reply that would not get smaller is not packed');

    $m = packed_client('refuse')->call('get', [], packed => 1, seqid => 5,
                                       headers => [ a => 'b' ]);
    is("$m->{packed} $m->{seqid} $m->{exception}", '1 5 6', 'exception');

    $c->oneway('tell', [ [ 1, string => $text ] ], packed => 1);
    ok(wait_for(sub { scalar $backend->calls('tell') }), 'oneway');

    $c = packed_client('same');
    $c->call('logged', [ [ 1, string => $text ] ], packed => 1,
             headers => [ h => 'v' ]);

    my ($line) = $t->wait_log(qr/^logged /, 'access.log');
    my ($length, $reply, $received) = $line =~ /(\d+) (\d+) (\d+) \[v\]$/;

    is($length, $received, 'its length is that of what has come');
    cmp_ok($length, '<', 150, 'which is not much');
}


# Servers may pack what nobody has packed.

sub replies {
    for my $client (qw(header framed)) {
        for my $protocol (qw(binary compact)) {
            $backend->script(get => { packed => 1, headers => [ a => 'b' ],
                                      body => [ [ 0, string => 'x' x 500 ] ] });

            my $c = $t->client('toheader', transport => $client,
                               protocol => $protocol);
            my $m = $c->call('get', [], seqid => 7);

            is("$m->{seqid} $m->{protocol} " . length($m->{fields}{0}),
               "7 $protocol 500", "packed reply for $client $protocol");
            is($m->{packed} || 0, 0, 'not packed for the client');
        }
    }

    my $c = packed_client('toheader');

    for (
        [ 'number', { seqid => 1, packed => 1 },
          'its seqid is wrong' ],
        [ 'transform', { transforms => [ 5 ] },
          'its transforms are not supported' ],
        [ 'no zlib', { transforms => [ 1 ] }, 'wrong zlib data' ],
        [ 'another method', { name => 'put', packed => 1 },
          'it answers another method' ],
        [ 'type', { type => CALL, packed => 1 }, 'it is not of type REPLY' ],
        [ 'body', { body => "\x0b", packed => 1 },
          'zlib data shorter than its message' ],
    ) {
        my ($name, $action, $text) = @$_;

        $backend->script(get => { sequence => undef, %$action });
        $t->expect_log(qr/malformed reply: \Q$text\E/);

        my $m = $c->call('get', []);

        is($m->{exception}, 6, "reply: $name");
        like($m->{message}, qr/\Q$text\E/, 'why');
    }

    $backend->script(get => {});
    is($c->call('get')->{type}, REPLY, 'goes on');

    $c = packed_client('small');
    $backend->script(get => { packed => 1,
                              body => [ [ 0, string => 'x' x 70_000 ] ] });
    $t->expect_log(qr/malformed reply: string longer than its message/);
    is($c->call('get')->{exception}, 6, 'reply that is too large');
}


# More than is done at once.

sub large {
    my $text = join('', map { "line $_\n" } 1 .. 300_000);

    $backend->script(get => { echo => 1 });

    for my $port (qw(same compact)) {
        my $c = packed_client($port);

        for (1 .. 2) {
            my $m = $c->call('get', [ [ 1, string => $text ],
                                      [ 2, list => [ i32 => 1 .. 1000 ] ] ],
                             packed => 1, seqid => $_, headers => [ a => 'b' ]);

            ok($m->{fields}{1} eq $text, "$port: large call $_");
            is("$m->{packed} $m->{seqid}", "1 $_", 'packed again');
        }
    }

    # several at once, and small ones behind them

    my $c = packed_client('same');
    my $bytes = call_bytes('get', 1, [ [ 1, string => $text ] ],
                           transport => 'header', packed => 1);
    my $small = call_bytes('get', 2, [ [ 1, string => 'z' ] ],
                           transport => 'header', packed => 1);

    my $both = $bytes . $small;
    my @m = $c->exchange($both x 4, 8, 20);

    is(join(' ', map { $_->{seqid} } @m), join(' ', (1, 2) x 4),
       'several in a row');

    # who leaves meanwhile

    for (1 .. 5) {
        my $gone = $t->client('same');

        $gone->send($bytes);
        elapse(0.002 * $_);
        $gone->close();
    }

    is($c->call('get', [ [ 1, string => 'x' ] ], packed => 1)->{fields}{1}, 'x',
       'others go on');
}


sub malformed {
    my $plain = call_bytes('get', 1, [ [ 1, string => 'x' x 100 ] ],
                           transport => 'unframed');
    my $zlib = compress($plain);
    my $c = packed_client('same');

    for (
        [ 'nothing', '', 'zlib data is cut off' ],
        [ 'cut off', substr($zlib, 0, 20), 'zlib data is cut off', 'get' ],
        [ 'without its end', substr($zlib, 0, -2), 'zlib data is cut off',
          'get' ],
        [ 'wrong checksum', substr($zlib, 0, -1) . chr(ord(substr($zlib, -1))
                                                       ^ 1),
          'wrong zlib data' ],
        [ 'noise', 'noise' x 10, 'wrong zlib data' ],
        [ 'gzip', Compress::Zlib::memGzip($plain), 'wrong zlib data' ],
        [ 'plain', $plain, 'wrong zlib data' ],
        [ 'bytes behind', $zlib . 'x', 'bytes behind zlib data', 'get' ],
        [ 'twice', $zlib . $zlib, 'bytes behind zlib data', 'get' ],
        [ 'two messages', compress($plain . $plain),
          'zlib data longer than its message', 'get' ],
        [ 'half a message', compress(substr($plain, 0, 50)),
          'zlib data shorter than its message', 'get' ],
        [ 'no message', compress(''), 'zlib data shorter than its message' ],
        [ 'compact', compress(call_bytes('get', 1, [], protocol => 'compact',
                                         transport => 'unframed')),
          'compact message where a binary one is expected' ],
        [ 'framed', compress(call_bytes('get', 1, [])),
          'framed message where an unframed one is expected' ],
        [ 'packed twice', compress(theader($plain, packed => 1)),
          'message with THeader where an unframed one is expected' ],
        [ 'malformed body', compress(substr($plain, 0, -1) . "\xff"),
          'unknown type', 'get' ],
        [ 'of a service', compress(substr(call_bytes('S:get', 5, [],
                                             transport => 'unframed'), 0, -1)),
          'zlib data shorter than its message', 'get' ],
    ) {
        my ($name, $bytes, $text, $method) = @$_;

        $c->send(theader($bytes, transforms => [ 1 ], sequence => 9));

        my $m = $c->read_message();

        is("$m->{exception} $m->{sequence}", '7 9', $name);
        is($m->{name}, $method || '', 'its method, if that came out');
        like($m->{message}, qr/^malformed call: \Q$text\E/, 'why');
    }

    my $oneway = oneway_bytes('get', 1, [ [ 1, string => 'x' ] ],
                              transport => 'unframed');

    $c->send(theader(compress(substr($oneway, 0, -1)), transforms => [ 1 ],
                     sequence => 10));
    is($c->call('get', [], packed => 1)->{type}, REPLY,
       'goes on: nobody waits for an answer to a oneway');
}


# Small messages that would be large ones.

sub bombs {
    # fields of a byte each; and a string that says how long it is

    my $bomb = call_bytes('get', 1, "\3\0\1\0" x 5_000_000 . "\0",
                          transport => 'header', packed => 1);
    my $string = call_bytes('get', 1, [ [ 1, string => "\0" x 20_000_000 ] ],
                            transport => 'header', packed => 1);
    my $c = packed_client('same');
    my $victim = $t->client('same');

    cmp_ok(length($bomb), '<', 30_000, 'a bomb');

    $backend->script(get => {});

    $c->send($bomb x 20);

    for (1 .. 20) {
        my $m = $c->read_message();

        like($m && $m->{message},
             qr/^malformed call: message larger than allowed \(thrift_max_message_size allows \d+ bytes\)$/,
             'refused') if $_ == 1 || $_ == 20;
    }

    $c->send($string);
    is($c->read_message()->{message},
       'malformed call: string longer than its message', 'refused at once');

    is($victim->call('get')->{type}, REPLY, 'others are answered');

    $c = packed_client('small');
    is($c->call('get', [ [ 1, string => 'x' x 66_000 ] ], packed => 1)
         ->{message}, 'malformed call: string longer than its message',
       'larger than thrift_max_message_size');
    ok($c->call('get', [ [ 1, string => 'x' x 64_000 ] ], packed => 1),
       'not larger');

    # what all clients may hold

    $c = packed_client('memory');

    my $m = $c->call('get', [ [ 1, string => "\0" x 20_000_000 ] ],
                     packed => 1, seqid => 1);

    is($m->{exception}, 6, 'more than all clients may hold');
    like($m->{message}, qr/overloaded/, 'why');
    ok($c->call('get', [ [ 1, string => "\0" x 1_000_000 ] ], packed => 1),
       'less than that');
}


sub pieces {
    my $c = packed_client('same');
    my $bytes = call_bytes('get', 3, [ [ 1, string => 'abc' x 30 ] ],
                           transport => 'header', packed => 1,
                           headers => [ a => 'b' ]);

    $backend->script(get => { echo => 1, packed => 1, pieces => 3 });

    $c->send_pieces($bytes, 1);
    is($c->read_message()->{fields}{1}, 'abc' x 30, 'byte by byte');
}


# Random bodies, changed here and there: answered, and the next one is read.

sub many {
    my ($answers, $replies) = (0, 0);
    my $c = packed_client('same');

    srand(1);
    $backend->script(get => { echo => 1 });

    for (1 .. 200) {
        my $bytes = compress(call_bytes('get', 1, [ [ 1, string => join('',
                        map { chr rand 4 } 1 .. rand 3000) ] ],
                        transport => 'unframed'));

        substr($bytes, rand length $bytes, 1) = chr rand 256;

        $c->send(theader($bytes, transforms => [ 1 ]));

        my $m = $c->read_message();

        $answers += defined $m;
        $replies += $m && $m->{type} == REPLY;
    }

    is($answers, 200, 'all are answered');
    cmp_ok($replies, '<', 20, 'few are as they were');
}
