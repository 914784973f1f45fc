#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Large bodies are received and checked a part at a time: other clients are
# answered meanwhile, and what is wrong at their end is found all the same.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(undef, log => 'info');

$t->write_file('large.thrift', <<'EOF');

struct Point { 1: optional i32 x }

service Large {
    i32 many(1: list<Point> points, 2: list<i32> numbers, 3: string text)
    list<Point> reply(1: i32 n)
}

EOF

$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_seqid|$thrift_status|$status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_idl            large.thrift;
    thrift_validate_utf8  on;

    server {
        listen  127.0.0.1:%%PORT_large%%;

        thrift_service Large {
            thrift_pass  127.0.0.1:%%PORT_backend%%;
        }
    }

    server {
        listen          127.0.0.1:%%PORT_hurry%%;
        thrift_timeout  10ms;

        thrift_service Large {
            thrift_pass  127.0.0.1:%%PORT_backend%%;
        }
    }

    server {
        listen         127.0.0.1:%%PORT_other%%;
        thrift_return  INTERNAL_ERROR  "no";
    }
}

EOF

my $n = $ENV{TEST_NGINX_STATIC} ? 1_000_000 : 8_000_000;

$t->server(backend => sub { answer_frames($_[0], \&reply) });
$t->run();

# fields in hex and counts: what of 1 byte there is many of is repeated

my $points = "\x0f\0\1\x0c" . pack('N', $n) . "\0" x $n;
my $wrong = "\x0f\0\1\x0c" . pack('N', $n) . "\0" x ($n - 1)
            . "\x0b\0\1\0\0\0\1x\0";
my $numbers = "\x0f\0\2\x08" . pack('N', $n / 4) . "\0\0\0\1" x ($n / 4);
my $text = "\x0b\0\3" . pack('N', $n) . "\xc3\xa9" x ($n / 2);
my $cut = "\x0b\0\3" . pack('N', $n) . "\xc3\xa9" x ($n / 2 - 1) . "e\xc3";

is(call($points), 1, 'a list of structs');
is(call($numbers), 1, 'a list of numbers');
is(call($text), 1, 'a text');

my $misfit = '7 arguments do not fit their definition:';

is(call($wrong), "$misfit wrong type, i32 expected at points[" . ($n - 1)
                 . '].x', 'its last struct is wrong');
is(call($cut), "$misfit string is not UTF-8 at text", 'its last byte is wrong');

# compact: numbers are passed over together

my $compact = "\x29\xf5" . Test::Thrift::Bytes::varint($n) . "\2" x $n;

is(call($compact, protocol => 'compact'), 1, 'numbers in compact');

# its time is over, and its client leaves, while it is checked

like(answer($t->client('hurry', timeout => 20)->call('many', "$points\0")),
     qr/^6 timed out after \d+ms checking arguments$/, 'out of time');

my $c = $t->client('large');
$c->start('many', "$points\0", seqid => 7);
$c->close();
ok($t->wait_log(qr/^many\|7\|cancelled\|499$/, 'access.log', 10), 'given up');

# a reply

$c = $t->client('large', timeout => 20);
$c->start('reply', [ [ 1, i32 => 0 ] ]);

my $size = unpack('N', $c->read(4));

is(length $c->read($size), $size, 'a reply');
is(answer($c->call('reply', [ [ 1, i32 => 1 ] ])),
   '6 upstream sent a reply that does not fit its definition: '
   . 'wrong type, i32 expected at success[' . ($n - 1) . '].x',
   'a reply that does not fit');

# somebody else, meanwhile

my $pid = $t->run_daemon(sub {
    my @clients = map { $t->client('large', timeout => 20) } 1 .. 3;

    for my $round (1 .. 100) {
        $_->send(call_bytes('many', 1, "$points\0"), 20) for @clients;
        $_->read_message() for @clients;

        my $n = () = $t->grep_log(qr/^other\|/, 'access.log');
        last if $round >= 3 && $n > 20;
    }
});

my $other = $t->client('other');
my @times = $t->cpu_times_while($pid, sub { $other->call('other') });
my $p99 = $times[@times * 0.99];

cmp_ok(scalar @times, '>', 20, 'another client calls meanwhile');

# the worker has done no more than this before it answers: about 3 ms

cmp_ok($p99, '<', ($ENV{TEST_NGINX_STATIC} ? 1 : 0.05) * time_factor(),
       'and is answered soon');
diag(sprintf('%d calls, 99%%: %.1f ms, all: %.1f ms', scalar @times,
             1000 * $p99, 1000 * $times[-1]));

$t->done();


sub call {
    my ($body, @options) = @_;

    return answer($t->client('large', timeout => 20, @options)
                    ->call('many', "$body\0"));
}


# Looks at the head and at the last bytes only: takes no time.

sub reply {
    my ($bytes) = @_;

    my $compact = $bytes =~ /^\x82/;
    my %o = (protocol => $compact ? 'compact' : 'binary');
    my ($many) = $bytes =~ /^.{1,12}many/s;

    # the seqid of a compact message is a number of up to five bytes

    my $seqid = $compact
        ? Test::Thrift::Bytes::read_varint({ buf => substr($bytes, 2, 5),
                                             pos => 0 }, 5)
        : unpack('N', substr($bytes, $many ? 12 : 13));

    return reply_bytes('many', $seqid, [ [ 0, i32 => 1 ] ], %o) if $many;

    my $bad = substr($bytes, -2) eq "\1\0";

    return reply_bytes('reply', $seqid,
        "\x0f\0\0\x0c" . pack('N', $n) . "\0" x ($n - 1)
        . ($bad ? "\x0b\0\1\0\0\0\1x\0" : "\0") . "\0");
}
