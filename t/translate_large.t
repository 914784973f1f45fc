#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Large calls and replies are translated a part at a time: other clients are
# answered meanwhile, and what fails in the middle of it leaves nothing behind.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_seqid|$thrift_status|$status|'
                      '$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    upstream compact {
        server                     127.0.0.1:%%PORT_compact%%;
        thrift_upstream_protocol   compact;
        thrift_upstream_transport  framed;
        thrift_retry_budget        off;
    }

    upstream two {
        server                     127.0.0.1:%%PORT_closes%%  max_fails=0;
        server                     127.0.0.1:%%PORT_compact%%  backup;
        thrift_upstream_protocol   compact;
        thrift_upstream_transport  framed;
        thrift_retry_budget        off;
    }

    upstream hedged {
        server                     127.0.0.1:%%PORT_silent%%  weight=100;
        server                     127.0.0.1:%%PORT_compact%%;
        thrift_upstream_protocol   compact;
        thrift_upstream_transport  framed;
        thrift_retry_budget        off;
    }

    thrift_max_message_size  64m;
    thrift_trusted           on;

    server {
        listen       127.0.0.1:%%PORT_large%%;
        thrift_pass  compact;
    }

    server {
        listen           127.0.0.1:%%PORT_unchecked%%;
        thrift_pass      compact;
        thrift_validate  off;
    }

    server {
        listen          127.0.0.1:%%PORT_pinned%%;
        thrift_pass     compact;
        thrift_balance  connection;
    }

    server {
        listen                  127.0.0.1:%%PORT_timed%%;
        thrift_pass             compact;
        thrift_balance          connection;
        thrift_attempt_timeout  2s;
    }

    server {
        listen                127.0.0.1:%%PORT_again%%;
        thrift_pass           two;
        thrift_next_upstream  error non_idempotent;
    }

    server {
        listen                  127.0.0.1:%%PORT_impatient%%;
        thrift_pass             two;
        thrift_attempt_timeout  3ms;
        thrift_next_upstream    error timeout non_idempotent;
    }

    server {
        listen              127.0.0.1:%%PORT_hedge%%;
        thrift_pass         hedged;
        thrift_hedge        200ms  percent=100;
        thrift_idempotent   on;
    }

    server {
        listen          127.0.0.1:%%PORT_hurry%%;
        thrift_pass     compact;
        thrift_timeout  5ms;
    }

    server {
        listen         127.0.0.1:%%PORT_other%%;
        thrift_return  INTERNAL_ERROR  "no";
    }
}

EOF

# those who take part in it

my $n = sanitizer() ? 1_000_000 : 6_000_000;

$t->server(compact => sub { answer_frames($_[0], \&echo) });
$t->server(closes => sub { answer_frames($_[0], sub { undef }) });
$t->server(silent => sub { answer_frames($_[0], sub { sleep 20; undef }) });
$t->run();

# structs of nothing; numbers; a text: of so many bytes, or more of them

my $m = 400_000;
my $structs = structs($m);
my $many = structs($n);
my $numbers = "\x0f\0\1\x08" . pack('N', $m / 4)
              . join('', map { pack('N', $_ * 7) } 1 .. $m / 4) . "\0";
my $text = "\x0b\0\1" . pack('N', $m) . 'x' x $m . "\0";

for my $port (qw(large unchecked pinned again hedge)) {
    is(echoed($port, $structs), 'the same', "structs, $port");
}

for my $port (qw(large unchecked)) {
    is(echoed($port, $numbers), 'the same', "numbers, $port");
    is(echoed($port, $text), 'the same', "text, $port");
}

# a client that stays: one after another

my $c = $t->client('pinned', timeout => 30);
is(echo_of($c, $numbers), 'the same', "one on its connection, $_") for 1 .. 3;

# its time is over; its client leaves

like(answer($t->client('hurry', timeout => 30)->call('echo', $many)),
     qr/^6 timed out after \d+ms translating call$/, 'out of time');
like(answer($t->client('impatient', timeout => 30)->call('echo', $many)),
     qr/^6 timed out after \d+ms translating call$/, 'no server has time');
is(scalar($t->grep_log('\[error\] .*upstream timed out')), 0,
   'which is not their fault');

# each of them has a time of its own: only that of the last one runs out

$c = $t->client('timed', timeout => 30);
is(echo_of($c, $numbers), 'the same', "one in its time, $_") for 1 .. 2;
like(answer($c->call('late', $structs)), qr/^6 timed out after \d+ms/,
     'one too late');
is(echoed('timed', $numbers), 'the same', 'and another client');

$c = $t->client('large', timeout => 30);
$c->start('echo', $many, seqid => 7);
$c->close();
ok($t->wait_log(qr/^echo\|7\|cancelled\|499\|/, 'access.log', 10), 'given up');

# malformed at the end: a call, and a reply

my $cut = substr($structs, 0, -1) . "\x0b\0\2\xff\xff\xff\xff\0";

is(answer($t->client('unchecked', timeout => 30)->call('echo', $cut)),
   '7 call cannot be translated: negative length of string', 'a wrong call');
is(answer($t->client('unchecked', timeout => 30)->call('bad', $structs)),
   '6 upstream sent a malformed reply: unknown type of field',
   'a wrong reply');
is(echoed('unchecked', $structs), 'the same', 'and then');

# somebody else, meanwhile: waits as long as while the same is not translated

my @same = meanwhile('compact');
my @other = meanwhile('binary');

cmp_ok(scalar @other, '>', 20, 'another client calls meanwhile');
cmp_ok($other[@other * 0.99], '<',
       2 * $same[@same * 0.99] + (sanitizer() ? 0.2 : 0.015) * time_factor(),
       'and is answered soon');
diag(sprintf('99%%: %.1f and %.1f ms, all: %.1f and %.1f ms',
             map { 1000 * $_ } $same[@same * 0.99], $other[@other * 0.99],
                               $same[-1], $other[-1]));

$t->done();


# How long the worker runs before it answers calls meanwhile, sorted.

sub meanwhile {
    my ($protocol) = @_;

    my $body = $protocol eq 'binary' ? $many
               : "\x19\xfc" . Test::Thrift::Bytes::varint($n) . "\0" x $n . "\0";
    my $pid = $t->run_daemon(sub {
        my @clients = map { $t->client('large', timeout => 30,
                                       protocol => $protocol) } 1 .. 2;

        for (1 .. 4) {
            $_->send(call_bytes('echo', 1, $body, protocol => $protocol), 30)
                for @clients;
            $_->read(unpack('N', $_->read(4))) for @clients;
        }
    });

    my $other = $t->client('other');

    return $t->cpu_times_while($pid, sub { $other->call('other') });
}


sub structs {
    my ($n) = @_;

    return "\x0f\0\1\x0c" . pack('N', $n) . "\0" x $n . "\0";
}


sub echoed {
    my ($port, $body) = @_;

    return echo_of($t->client($port, timeout => 30), $body);
}


sub echo_of {
    my ($client, $body) = @_;

    my $m = $client->call('echo', $body);

    return answer($m) if $m->{type} != REPLY;
    return $m->{body} eq $body ? 'the same' : 'another one';
}


# The same bytes as a reply; with a type that there is none of at their end, or
# too late.

sub echo {
    my ($bytes) = @_;

    sleep 20 if substr($bytes, 2, 20) =~ /\x04late/;

    substr($bytes, 1, 1) = chr(1 | 2 << 5);
    substr($bytes, -1) = "\x1e\0" if substr($bytes, 2, 20) =~ /\x03bad/;

    return frame($bytes);
}
