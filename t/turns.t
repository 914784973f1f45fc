#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# However large calls and replies are, and whatever is to be done with them, a
# turn of the event loop takes a few milliseconds: what is packed, what is text,
# and plain JSON of a gateway.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Compress::Zlib;
use Test::More;
use Test::Thrift;
use Test::Thrift::Turns;


my $t = Test::Thrift->new(undef, log => 'info', http => 1);
my $turns = Test::Thrift::Turns->new($t) or plan(skip_all => 'no compiler');

$t->write_file('large.thrift', <<'EOF');

struct Point { 1: optional double x, 2: optional string name }
struct Nothing {}

service Large {
    list<double> doubles(1: list<double> values)
    list<Point> points(1: list<Point> values)
    list<Nothing> nothings(1: list<Nothing> values)
    string text(1: string value)
    map<string, i32> names(1: map<string, i32> value)
    map<i32, list<i32>> lists(1: map<i32, list<i32>> value)
    map<bool, i32> pairs(1: map<bool, i32> value)
    binary bytes(1: binary value)
}

EOF

$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    client_max_body_size       64m;
    thrift_gateway_max_size    64m;
    thrift_gateway_max_values  4000000;

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location /api {
            thrift_gateway  binary;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_protocol|$thrift_status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_idl               large.thrift;
    thrift_max_message_size  64m;

    upstream same {
        server                      127.0.0.1:%%PORT_backend%%;
        thrift_upstream_transport   framed;
    }

    upstream json {
        server                      127.0.0.1:%%PORT_backend%%;
        thrift_upstream_transport   framed;
        thrift_upstream_protocol    json;
    }

    upstream packed {
        server                      127.0.0.1:%%PORT_backend%%;
        thrift_upstream_transport   header;
    }

    upstream binary {
        server                      127.0.0.1:%%PORT_backend%%;
        thrift_upstream_transport   framed;
        thrift_upstream_protocol    binary;
    }

    server {
        listen          127.0.0.1:%%PORT_same%%;
        thrift_service  Large { thrift_pass same; }
    }

    server {
        listen          127.0.0.1:%%PORT_json%%;
        thrift_service  Large { thrift_pass json; }
    }

    server {
        listen          127.0.0.1:%%PORT_packed%%;
        thrift_service  Large { thrift_pass packed; }
    }

    server {
        listen          127.0.0.1:%%PORT_binary%%;
        thrift_name     binary;
        thrift_service  Large { thrift_pass binary; }
    }
}

EOF

# as few as show it.  2 ms, at most, on a machine that has nothing else to do;
# beside other programs, and with sanitizers, a processor does less in its time

my $n = sanitizer() ? 20_000 : 300_000;
my $most = sanitizer() ? 40 : 8;

srand(1);

my @some = map { rand 1000 } 1 .. 1000;
my $some = pack('(d>)*', @some);
my $doubles = "\x0f\0\1\x04" . pack('N', $n) . $some x ($n / 1000) . "\0";
my $points = "\x0f\0\1\x0c" . pack('N', $n)
             . join('', map { "\x04\0\1$_\x0b\0\2\0\0\0\3abc\0" }
                            unpack('(a8)*', $some)) x ($n / 1000) . "\0";
my $nothings = "\x0f\0\1\x0c" . pack('N', 10 * $n) . "\0" x (10 * $n) . "\0";
my $text = "\x0b\0\1" . pack('N', $n) . 'ab"\\' x ($n / 4) . "\0";

my %body = (doubles => $doubles, points => $points, nothings => $nothings,
            text => $text);

# the same in text

my @text = map { sprintf('%.17g', $_) } @some;
my $numbers = join(',', @text);
my %json = (
    doubles => qq({"1":{"lst":["dbl",$n) . ",$numbers" x ($n / 1000) . ']}}',
    points => qq({"1":{"lst":["rec",$n)
              . join('', map { qq(,{"1":{"dbl":$_},"2":{"str":"abc"}}) }
                             @text) x ($n / 1000) . ']}}',
    nothings => qq({"1":{"lst":["rec",${\ (10 * $n)}) . ',{}' x (10 * $n)
                . ']}}',
    text => '{"1":{"str":"' . 'ab\\"\\\\' x ($n / 4) . '"}}',
);

$t->server(backend => sub { answer_frames($_[0], \&reply) });
$turns->run();

for my $method (sort keys %body) {
    shorter("binary, $method", sub { binary('same', $method) });
    shorter("packed call, $method",
            sub { binary('same', $method, transport => 'header',
                         packed => 1) });
    shorter("packed reply, $method", sub { binary('packed', $method) });
    shorter("packed call and reply, $method",
            sub { binary('packed', $method, transport => 'header',
                         packed => 1) });
    shorter("JSON to binary, $method", sub { text('binary', $method) });
    shorter("JSON to JSON, $method", sub { text('json', $method) });
    shorter("binary to JSON, $method", sub { binary('json', $method) });
}

# plain JSON: what the server answers is what it got

my $some_numbers = join(',', @text);
my $some_points = join(',', map { qq({"x":$_,"name":"abc"}) } @text);
my %plain = (
    doubles => '{"values":[' . join(',', ($some_numbers) x ($n / 1000)) . ']}',
    points => '{"values":[' . join(',', ($some_points) x ($n / 1000)) . ']}',
    text => '{"value":"' . 'ab\\"\\\\' x $n . '"}',
    names => '{"value":{' . join(',', map { qq("name $_":$_) } 1 .. $n) . '}}',
    lists => '{"value":{' . join(',', map { qq("$_":[$_]) } 1 .. $n) . '}}',
    pairs => '{"value":[' . join(',', map { "[true,$_]" } 1 .. $n) . ']}',
    bytes => '{"value":"' . 'QUJD' x (2 * $n) . '"}',
);

for my $method (sort keys %plain) {
    my $value = $plain{$method} =~ s/^\{"values?"://r =~ s/\}$//r;

    shorter("plain JSON, $method", sub {
        my $r = $t->http('web', timeout => 60)
                  ->post("/api/Large/$method", $plain{$method},
                         'Content-Type' => 'application/json');

        return $r->{status} == 200 && length $r->{body} > length($value) / 2
               ? 'a reply' : "$r->{status} " . substr($r->{body}, 0, 1000);
    });
}

# JSON that is none, at its end

shorter('no JSON', sub {
    my $r = $t->http('web', timeout => 60)
              ->post('/api/Large/names', '{"value":{' . '"a":1,' x $n . '1',
                     'Content-Type' => 'application/json');

    return $r->{status} == 400 && $r->{body} =~ /JSON:1:\d{6,}: string expected/
           ? 'a reply' : "$r->{status} $r->{body}";
});

$t->done();


sub shorter {
    my ($name, $call) = @_;

    my ($took, $answer);

    # the first one may find memory that is new

    for (1 .. 10) {
        $turns->reset();
        $answer = $call->();
        $took = $turns->longest();
        last if $took < $most;
    }

    is($answer, 'a reply', $name);
    cmp_ok($took, '<', $most, sprintf('%s: %.2f ms', $name, $took));
}


sub binary {
    my ($port, $method, %o) = @_;

    my $c = $t->client($port, timeout => 60, %o);

    $c->send(call_bytes($method, 1, $body{$method}, %o), 60);

    my $size = unpack('N', $c->read(4) || "\0\0\0\0");
    my $bytes = $c->read($size);

    # what has come is what has gone

    if ($o{packed}) {
        my ($words) = unpack('n', substr($bytes, 8, 2));
        $bytes = uncompress(substr($bytes, 10 + 4 * $words)) || $bytes;
    }

    my $body = substr($body{$method}, 4);

    return 'a reply' if index($bytes, substr($body, 0, 1000)) > 0;
    return $size < 1000 ? $bytes : 'another';
}


sub text {
    my ($port, $method) = @_;

    my $c = $t->client($port, timeout => 60);

    $c->send(frame(qq([1,"$method",1,1,$json{$method}])), 60);

    my $size = unpack('N', $c->read(4) || "\0\0\0\0");
    my $bytes = $c->read($size);

    return $bytes if $size < 1000;
    return $bytes =~ /^\[1,"$method",2,1,\{"0":\{"(?:lst|str)"/ ? 'a reply'
                                                                : 'another';
}


# Answers with what the method got, in the dialect of the call; what has a
# THeader is packed.

sub reply {
    my ($bytes) = @_;

    if ($bytes =~ /^\[1,"(\w+)",1,(\d+),/) {
        my ($method, $seqid, $body) = ($1, $2, $json{$1});

        substr($body, 0, 4) = '{"0"';
        return frame(qq([1,"$method",2,$seqid,$body]));
    }

    my $header = $bytes =~ /^\x0f\xff/;

    if ($header) {
        my ($words) = unpack('n', substr($bytes, 8, 2));
        $bytes = substr($bytes, 10 + 4 * $words);
    }

    my ($method, $seqid, $body) = unpack('x4 N/a N a*', $bytes);

    substr($body, 1, 2) = "\0\0";

    return reply_bytes($method, $seqid, $body, protocol => 'binary',
                       $header ? (transport => 'header', packed => 1,
                                  sequence => $seqid) : ());
}
