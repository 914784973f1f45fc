#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# access_log writes one line for every call, and none for the connection;
# lines of the error log say which call they are about.

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

    log_format  test   '$thrift_method $thrift_status $status';
    log_format  all    '$connection $thrift_seqid $thrift_method';
    log_format  where  '$server_port $status "$thrift_method"';

    access_log  %%TESTDIR%%/access.log  test;

    map $thrift_status $bad {
        success  0;
        sent     0;
        default  1;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;

        access_log   %%TESTDIR%%/access.log  test;
        access_log   %%TESTDIR%%/second.log  all;
        access_log   %%TESTDIR%%/bad.log     test  if=$bad;

        thrift_service S {
            thrift_pass  127.0.0.1:%%PORT_backend%%;

            thrift_method refused {
                thrift_return  INTERNAL_ERROR  "no";
            }

            thrift_method gone {
                thrift_pass  127.0.0.1:%%PORT_nobody%%;
            }

            thrift_method short {
                thrift_timeout  100ms;
            }
        }

        thrift_service OnlyOne {
            thrift_method one {
                thrift_pass  127.0.0.1:%%PORT_backend%%;
            }
        }
    }

    server {
        listen       127.0.0.1:%%PORT_buffered%%;
        access_log   %%TESTDIR%%/buffered.log  test  buffer=4k flush=50ms;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen       127.0.0.1:%%PORT_by_method%%;
        access_log   %%TESTDIR%%/method_$thrift_method.log  test;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen       127.0.0.1:%%PORT_off%%;
        access_log   off;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen       127.0.0.1:%%PORT_denied%%;
        deny         all;
        access_log   %%TESTDIR%%/denied.log  where;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen       127.0.0.1:%%PORT_gzip%%;
        access_log   %%TESTDIR%%/gzip.log.gz  test  gzip=1 flush=50ms;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }
}

EOF

my $backend = $t->backend('backend');

$t->run();

# one line for each call, whatever became of it

$backend->script(
    slow      => { delay => 0.2 },
    stall     => { stall => 1 },
    declared  => { body => [ [ 1, struct => [] ] ] },
    exception => { exception => [ 6, 'no' ] },
    closed    => { close => 'request' },
    garbage   => { garbage => 1 },
);

my $c = $t->client('proxy');

for (
    [ 'good', undef, 'success 200' ],
    [ 'declared', undef, 'declared 200' ],
    [ 'exception', undef, 'exception 200' ],
    [ 'refused', undef, 'exception 503' ],
    [ 'closed', undef, 'exception 502' ],
    [ 'garbage', undef, 'exception 502' ],
    [ 'gone', undef, 'exception 502' ],
    [ 'short', undef, 'exception 504', { delay => 0.3 } ],
    [ 'malformed', "\5\0\1", 'exception 400' ],
    [ 'OnlyOne:two', undef, 'exception 404' ],
    [ 'Nobody:three', undef, 'exception 404' ],
) {
    my ($method, $body, $line, $action) = @$_;

    $backend->script(%{$backend->{script}}, $method => $action) if $action;

    ok($c->call($method, $body), $method);

    $method =~ s/.*://;
    is(join('', $t->wait_log(qr/^$method /, 'access.log')), "$method $line",
       "line of $method");
}

for (
    [ 'once', 'sent 200' ], [ 'refused', 'failed 503' ],
    [ 'gone', 'failed 502' ], [ 'OnlyOne:never', 'failed 404' ],
) {
    my ($method, $line) = @$_;

    $c->oneway($method);

    $method =~ s/.*://;
    is(scalar $t->wait_log(qr/^$method $line$/, 'access.log'), 1,
       "oneway $method");
}

# a call of another type

$c = $t->client('proxy');
$c->start('reply', undef, type => REPLY);
$c->read_all();
is(join('', $t->wait_log(qr/^reply /, 'access.log')), 'reply exception 400',
   'call of another type');

# what the client left behind

$c = $t->client('proxy');
$c->send(join '', map { call_bytes('stall', $_) } 1 .. 5);
ok(wait_for(sub { $backend->calls('stall') == 5 }), 'five calls on their way');
is(scalar $t->grep_log(qr/^stall/, 'access.log'), 0, 'no line yet');
$c->reset();
is(join(' ', $t->wait_log(qr/^stall/, 'access.log', undef, 5)),
   join(' ', ('stall cancelled 499') x 5), 'cancelled');

# a call that is not whole is none

$c = $t->client('proxy');
$c->send(substr(call_bytes('half', 1, [ [ 1, string => 'x' x 100 ] ]), 0, 50));
$c->close();
ok($t->wait_log(qr/client closed connection in the middle of a call/),
   'half a call');
is(scalar $t->grep_log(qr/^half/, 'access.log'), 0, 'half a call, no line');

# in the order of the calls, each with its own values

$c = $t->client('proxy');
$c->send(join '', map { call_bytes($_ % 3 ? "p$_" : 'slow', $_) } 1 .. 12);
$c->read_message() for 1 .. 12;
is(join(' ', map { (split)[1] } $t->wait_log(qr/ (p\d+|slow)$/, 'second.log',
                                             undef, 12)),
   join(' ', 1 .. 12), 'pipelined, in order');

my @connections = map { (split)[0] } $t->grep_log(qr/ (p\d+|slow)$/,
                                                  'second.log');
is(scalar(grep { $_ eq $connections[0] } @connections), 12,
   'of one connection');

# two logs, and one with a condition

is(scalar(my @all = $t->grep_log(qr/./, 'access.log')),
   scalar(my @second = $t->grep_log(qr/./, 'second.log')), 'two logs');
is(join("\n", $t->grep_log(qr/./, 'bad.log')),
   join("\n", $t->grep_log(qr/^\S+ (?!success|sent)/, 'access.log')), 'if=');

# buffered, and compressed

my $before = -s $t->dir() . '/access.log';

for (
    [ 'buffered', 'buffered.log',
      sub { scalar $t->grep_log(qr/^get success 200$/, $_[0]) == 20 } ],
    [ 'gzip', 'gzip.log.gz',
      sub { `gzip -dc $_[1] 2>/dev/null` eq "get success 200\n" x 20 } ],
) {
    my ($server, $file, $check) = @$_;
    my $c = $t->client($server);

    $c->call('get') for 1 .. 20;
    ok(wait_for(sub { $check->($file, $t->dir() . "/$file") }), $file);
}

# the file of a call

$c = $t->client('by_method');
$c->call($_) for qw(a b a a);
is(scalar $t->wait_log(qr/^a success 200$/, 'method_a.log', undef, 3), 3, 'file');
is(scalar $t->wait_log(qr/^b success 200$/, 'method_b.log'), 1, 'other file');

# off

$t->client('off')->call('off');
is(scalar $t->grep_log(qr/^off/, 'access.log'), 0, 'off');
is(-s $t->dir() . '/access.log', $before, 'no line in the log of stream');

# a connection that never came to us is logged as stream logs it

ok($t->client('denied')->read_all() eq '', 'denied');
is(join(' ', $t->wait_log(qr/./, 'denied.log')),
   $t->port('denied') . ' 403 "-"', 'line of a denied connection');

# connections without a call have none

$c = $t->client('proxy');
$c->call('last');
$c->close();
is(scalar $t->wait_log(qr/^last/, 'access.log'), 1, 'last');
$before = -s $t->dir() . '/access.log';
$c = $t->client('proxy');
$c->half_close();
ok($c->closed(), 'no call');
is(-s $t->dir() . '/access.log', $before, 'no call, no line');

# the error log: which call, and which upstream

my $upstream = '127.0.0.1:' . $t->port('backend');

for (
    [ qr/\[error\].* upstream prematurely closed/, 'closed', $upstream ],
    [ qr/\[error\].* upstream sent malformed reply/, 'garbage', $upstream ],
    [ qr/\[error\].* upstream timed out/, 'short', $upstream ],
    [ qr/\[error\].* connect\(\) failed/, 'gone',
      '127.0.0.1:' . $t->port('nobody') ],
    [ qr/\[info\].* client sent malformed call/, 'malformed' ],
    [ qr/\[info\].* client called an unknown method/, 'OnlyOne:two' ],
) {
    my ($re, $call, $upstream) = @$_;
    my ($line) = $t->grep_log($re);

    # Angie has quotes, the port, and which protocol of IP it is

    like($line,
         qr/,\ client:\ "?127\.0\.0\.1[:\d]*"?,\ server:\ \S+,(?:\ protocol:\ "tcp",)?
            \ call:\ "\Q$call\E"/x,
         "call of $call");
    $upstream ? like($line, qr/, upstream: "\Q$upstream\E"/,
                     "upstream of $call")
              : unlike($line, qr/, upstream:/, "no upstream of $call");
}

# what it spoke, whose method it is, and over which connection it was lost

for my $format ([ 'framed', 'binary' ], [ 'unframed', 'compact' ]) {
    my ($transport, $protocol) = @$format;
    my $spoken = "transport: $transport, protocol: $protocol";

    my @lines = $t->grep_log(qr/call: "dropped"/);
    $c = $t->client('proxy', transport => $transport, protocol => $protocol);

    $backend->script(dropped => { close => 'request' });

    is($c->call('dropped')->{type}, EXCEPTION, "lost, @$format");
    is($c->call('get')->{type}, REPLY, "in between, @$format");
    is($c->call('S:dropped')->{type}, EXCEPTION, "lost again, @$format");

    like(join("\n", $t->grep_log(qr/\[error\].*dropped.*$spoken/)),
         qr/\ call:\ "dropped",\ service:\ "S",\ \Q$spoken\E,
            \ upstream:\ "\Q$upstream\E",\ connection:\ (new|reused)\n
            .*\ call:\ "S:dropped",\ service:\ "S",\ \Q$spoken\E,
            \ upstream:\ "\Q$upstream\E",\ connection:\ reused$/x,
         "in the log, @$format");
}

like(($t->grep_log(qr/\[error\].* connect\(\) failed/))[0],
     qr/, connection: new$/, 'connection that could not be opened');
unlike(($t->grep_log(qr/\[info\].* client called an unknown method/))[0],
       qr/, connection:/, 'call without connection');

# a name is what the client likes

$c = $t->client('proxy');

for ("line\nfeed forged", "tab\tcr\r", "zero\0byte", "quote\"", "\x7f\xff",
     'n' x 1016)
{
    (my $name = $_) =~ s/[^a-z]/./g;
    is($c->call("OnlyOne:$_")->{exception}, 1, substr($name, 0, 20));
}

is(scalar $t->grep_log(qr/^feed/), 0, 'no line feed');
is(scalar $t->grep_log(qr/^feed/, 'access.log'), 0,
   'no line feed in the access log');
is(scalar $t->grep_log(qr/[\0-\x08\x0b-\x1f]/), 0, 'no control characters');
ok($t->grep_log(qr/call: "OnlyOne:n+/), 'long name');

is(scalar $t->grep_log(qr/\[error\](?!.*, call: "[^"]+")(?!.* forbidden)/), 0,
   'every error names its call');

$t->done();
