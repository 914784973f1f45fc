#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Who speaks something else to the port: named in the log at info, and closed.
# The access log has a line for it, and the error log one at notice in a minute.

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

    log_format  test  '$thrift_method $thrift_status $status $bytes_received '
                      '$bytes_sent $thrift_exception';
    access_log  %%TESTDIR%%/access.log  test;

    server {
        listen       127.0.0.1:%%PORT_auto%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
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

my $http = 'HTTP request instead of Thrift';
my $noise = 'neither a framed nor an unframed Thrift message';

my $hello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . 'r' x 506;
my $header = "\0\0\0\x1f\x0f\xff\0\0\x7f\xff\xff\xf6\0\1\2\0\0\0"
             . "\x82\x21\xf6\xff\xff\xff\x07\x08testVoid\0";

# [ name, bytes, what the log says ]

my @foreign = (

    (map { [ "HTTP $_", "$_ / HTTP/1.1\r\nHost: a\r\n\r\n", $http ] }
         qw(GET POST HEAD PUT DELETE OPTIONS CONNECT TRACE PATCH)),

    [ 'HTTP 2', "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", $http ],
    [ 'HTTP answer', "HTTP/1.1 200 OK\r\n\r\n",
      'HTTP response instead of Thrift' ],

    [ 'TLS', $hello, 'TLS handshake instead of Thrift' ],
    [ 'TLS alert', "\x15\x03\x01\0\2\2\x28", 'TLS alert instead of Thrift' ],

    [ 'SSH', "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", 'SSH instead of Thrift' ],

    [ 'PROXY', "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n" . call_bytes('get', 1),
      'PROXY protocol header instead of Thrift' ],
    [ 'PROXY 2', "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" . "\0" x 12,
      'PROXY protocol header instead of Thrift' ],

    [ 'JSON 2', '[2,"get",1,1,{}]', 'unknown version of JSON protocol' ],
    [ 'JSON 2 in a frame', frame('[2,"get",1,1,{}]'),
      'unknown version of JSON protocol' ],

    [ 'THeader of nothing', substr($header, 0, 12) . "\0\0" . substr($header, 14),
      'THeader without protocol' ],

    [ 'TTHeader', pack('NnnNn', 60, 0x1000, 0, 1, 4) . "\0" x 16
                  . "\x80\1\0\1" . "x" x 26,
      'TTHeader transport, which is not supported' ],
    [ 'Accumulo', frame("\xaa\x8d\x9a\x94\x08\1\x054.0.0\2\x82\x21\1\1a\0"),
      'Accumulo\'s protocol, which is not supported' ],
    [ 'big frame', 'BIGF' . pack('Q>', 1 << 31),
      'frame of fbthrift that is larger than a frame may be' ],

    [ 'Redis', "*2\r\n\$3\r\nGET\r\n\$1\r\na\r\n",
      'Redis command instead of Thrift' ],
    [ 'Redis ping', "PING\r\n", 'Redis command instead of Thrift' ],
    [ 'AMQP', "AMQP\0\0\x09\1", 'AMQP instead of Thrift' ],
    [ 'Dubbo', "\xda\xbb\xc2\0" . pack('Q>N', 1, 5) . 'hello',
      'Dubbo instead of Thrift' ],

    [ 'SASL', "\1\0\0\0\5PLAIN\2\0\0\0\4\0a\0b",
      'SASL negotiation, which is not supported' ],
    [ 'SASL GSSAPI', "\1\0\0\0\6GSSAPI",
      'SASL negotiation, which is not supported' ],

    (map { [ sprintf('zlib %02x', ord), "x$_" . "\xab\xcd" x 10,
             'zlib stream, which is not supported' ] }
         "\x01", "\x5e", "\x9c", "\xda"),

    [ 'empty frame', "\0\0\0\0", 'empty frame' ],
    [ 'empty frame and call', "\0\0\0\0" . call_bytes('get', 1),
      'empty frame' ],
    [ 'short frame', frame("\x80\x01\0\1"), 'frame too short for a message' ],
    [ 'shorter frame', frame("\x82\x21\1\1"),
      'frame too short for a message' ],
    [ 'frame without call', frame("\x90" x 12), $noise ],

    [ 'negative frame', "\xff\xff\xff\xff" . "\x80\1\0\1", $noise ],
    [ 'least negative frame', "\x80\0\0\0\x80\1\0\1",
      'unknown version of binary protocol' ],
    [ 'huge frame', "\x40\0\0\0\x80\1\0\1", $noise ],
    [ 'huge frame of zeros', "\x3f\xff\xff\xff\0\0\0\0",
      'message without version' ],

    [ 'binary 2', "\x80\2\0\1\0\0\0\3get\0\0\0\1\0",
      'unknown version of binary protocol' ],
    [ 'binary 2 in a frame', frame("\x80\2\0\1\0\0\0\3get\0\0\0\1\0"),
      'unknown version of binary protocol' ],
    [ 'compact 3', "\x82\x23\1\3get\0", 'unknown version of compact protocol' ],
    [ 'compact of fbthrift', "\x82\x22\1\3get\0",
      'compact protocol of fbthrift, which is not supported' ],
    [ 'compact of fbthrift in a frame', frame("\x82\x22\1\3get\0"),
      'compact protocol of fbthrift, which is not supported' ],

    [ 'no name', "\x80\1\0\1\0\0\0\0\0\0\0\1\0", 'empty method name' ],
    [ 'no name, compact', "\x82\x21\1\0\0", 'empty method name' ],
    [ 'negative name', "\x80\1\0\1\xff\xff\xff\xffget",
      'negative length of method name' ],
    [ 'long name', "\x80\1\0\1\x7f\xff\xff\xffget", 'too long method name' ],
    [ 'long name, compact', "\x82\x21\1\xff\xff\xff\xff\x07get",
      'too long method name' ],
    [ 'name out of its frame', frame("\x80\1\0\1\0\0\0\x10get\0\0\0\1\0"),
      'method name longer than its frame' ],
    [ 'name out of its frame, compact', frame("\x82\x21\1\x10get\0"),
      'method name longer than its frame' ],
    [ 'long seqid', "\x82\x21\xff\xff\xff\xff\xff\x01\3get\0",
      'too long number for seqid' ],
    [ 'long length of name', "\x82\x21\1\xff\xff\xff\xff\xff\x01get\0",
      'too long number for length of method name' ],

    [ 'text', "hello, this is a user at a terminal\r\n", $noise ],
    [ 'bytes of one kind', "\xee" x 64, $noise ],
);

# somebody else is connected, and has a call on its way

$backend->script(slow => { delay => 1 });

my $other = $t->client('auto');
my $waiting = $t->client('auto');

is($other->call('get')->{type}, REPLY, 'other connection');
$waiting->start('slow');

for (@foreign) {
    my ($name, $bytes, $text) = @$_;

    is(said('auto', $bytes), "client sent $text while reading call from client",
       $name);
}

# as the bytes come

for (grep { $_->[0] =~ /^(HTTP (GET|OPTIONS)|TLS|PROXY|SASL|empty frame)$/ }
          @foreign)
{
    my ($name, $bytes, $text) = @$_;

    is(said('auto', substr($bytes, 0, 12), 1),
       "client sent $text while reading call from client",
       "$name byte by byte");
}

# behind calls: those are answered

for (grep { $_->[0] =~ /^(HTTP GET|empty frame|text)$/ } @foreign) {
    my ($name, $bytes, $text) = @$_;

    my $c = $t->client('auto');

    $c->send(call_bytes('get', 1) . call_bytes('get', 2) . $bytes);
    is($c->read_message()->{seqid}, 1, "$name, call before");
    is($c->read_message()->{seqid}, 2, "$name, the other");
    ok($c->closed(), "$name, closed behind calls");
}

# fbthrift's looks like a message without version where that is allowed

is(said('auto', "\0\0\x54\0\0\0\0\4\x40\0\1\0\0" . "\0" x 75),
   'client sent Rocket transport, which is not supported while reading call '
   . 'from client', 'Rocket');

# where lax is allowed, all of it is still not Thrift

for (@foreign) {
    my ($name, $bytes, $text) = @$_;

    # compact messages are refused there, and others wait for more bytes

    next if $bytes =~ /^\x82|^....\x82/s
            || $text eq 'message without version' || $name eq 'short frame';

    is(said('lax', $bytes), "client sent $text while reading call from client",
       "lax, $name");
}

# what Finagle asks first is a call like others

is($t->client('auto')->call('__can__finagle__trace__v3__')->{type}, REPLY,
   'TTwitter');

# bytes without sense

srand(1);

for (1 .. 100) {
    my $bytes = join '', map { chr int rand 256 } 1 .. 40;
    my $c = $t->client('auto');

    $c->send($bytes);
    $c->half_close();
    $c->read_all();
    ok($c->{eof}, 'noise') or diag(unpack 'H*', $bytes);
}

# too little to tell, and then nothing

for ("\0", "\0\0\0\x10", "\x80", "GET", "\x16\x03\x01", "\0\0\0\x10\x80\1") {
    my $c = $t->client('auto');

    $c->send($_);
    $c->half_close();
    ok($c->closed(), 'cut off after ' . length($_));
}

is(scalar $t->wait_log(qr/ \[info\] .*client closed connection in the middle/,
                       undef, undef, 6) >= 6 ? 1 : 0, 1, 'cut off, in the log');

# nothing at all is not worth a line

my $lines = $t->grep_log(qr/\[info\].*client (sent|closed)/);
my $c = $t->client('auto');
$c->half_close();
ok($c->closed(), 'no bytes');
is(scalar $t->grep_log(qr/\[info\].*client (sent|closed)/), $lines,
   'no bytes, no line');

# the others never noticed

is($waiting->read_message()->{name}, 'slow', 'call on its way');
is($waiting->call('get')->{type}, REPLY, 'its connection');
is($other->call('last')->{type}, REPLY, 'other connection stayed');

# the access log

is(scalar $t->wait_log(qr/^last/, 'access.log'), 1, 'access log');

my @refused = $t->grep_log(qr/^ refused 400 /, 'access.log');

is(scalar(@refused),
   scalar $t->grep_log(qr/\[info\] .*client sent (?!.*, call: ")/),
   'each of them in it');
is(scalar(grep { !/^ refused 400 [1-9]\d* 0 \S/ } @refused), 0, 'its form');
is($refused[0], " refused 400 27 0 $http", 'the first');
is((grep { /TLS handshake/ } @refused)[0],
   ' refused 400 ' . length($hello) . ' 0 TLS handshake instead of Thrift',
   'its length');
is(scalar $t->grep_log(qr/^(?!(get|slow|last|__can__\w+) success 200 | refused 400 )/,
                       'access.log'), 0, 'else only calls');

# the error log

is(join("\n", $t->grep_log(qr/\[(?!info|debug|notice)\w+\]/)), '',
   'nothing above notice');

my $closed = qr/\[notice\] .*: closed (\d+) connections? to (\S+) for what came/;

is(join(' ', map { /$closed/; "$1 $2" } $t->grep_log($closed)),
   join(' ', map { '1 127.0.0.1:' . $t->port($_) } qw(auto lax)),
   'one notice for each server');

$t->done();


# What the log says of who sends these bytes, when the connection was closed.

sub said {
    my ($server, $bytes, $pieces) = @_;

    my $start = -s $t->dir() . '/error.log';
    my $c = $t->client($server);
    my @lines;

    $pieces ? $c->send_pieces($bytes, $pieces) : $c->send($bytes);

    return 'not closed' unless $c->closed();

    wait_for(sub {
        @lines = grep { /client (sent|closed|timed)/ }
                      split /\n/, $t->read_log('error.log', $start);
    });

    return "not at info: @lines" if grep { $_ !~ / \[info\] / } @lines;

    return join ' | ', map { /: \*\d+ (.*?), client: / ? $1 : $_ } @lines;
}
