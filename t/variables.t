#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The variables of a call: their values in every outcome, and where they may
# be used.

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

    log_format  call  '$thrift_service|$thrift_method|$thrift_type|'
                      '$thrift_seqid|$thrift_protocol|$thrift_transport|'
                      '$thrift_status|$thrift_exception|'
                      '$thrift_request_length|$thrift_reply_length|'
                      '$status|$bytes_received|$bytes_sent|$session_time';

    log_format  time  '$thrift_method $thrift_call_time $upstream_addr '
                      '[$upstream_connect_time] [$upstream_first_byte_time] '
                      '[$upstream_session_time] [$upstream_bytes_sent] '
                      '[$upstream_bytes_received] $session_time';

    log_format  maps  '$thrift_method $kept $fresh';

    log_format  set   '$thrift_method "$mark" "$late" $pinned';

    access_log  %%TESTDIR%%/call.log  call;
    access_log  %%TESTDIR%%/time.log  time;

    limit_conn_zone  $thrift_method  zone=method:1m;
    limit_conn_zone  $pinned         zone=pinned:1m;

    map $thrift_method $pool {
        a1       pool_a;
        a2       pool_a;
        a3       pool_a;
        b1       pool_b;
        b2       pool_b;
        direct   127.0.0.1:%%PORT_c%%;
        nowhere  "";
        default  pool_c;
    }

    map $thrift_method $pinned {
        default  other;
        get      got;
    }

    map $thrift_type:$thrift_protocol:$thrift_transport $kind {
        ONEWAY:compact:unframed  pool_b;
        default                  pool_a;
    }

    map $thrift_status $kept {
        default  $thrift_status;
    }

    map $thrift_status $fresh {
        volatile;
        default  $thrift_status;
    }

    split_clients $thrift_seqid $half {
        50%  pool_a;
        *    pool_b;
    }

    upstream pool_a {
        server  127.0.0.1:%%PORT_a%%;
    }

    upstream pool_b {
        server  127.0.0.1:%%PORT_b%%;
    }

    upstream pool_c {
        server  127.0.0.1:%%PORT_c%%;
    }

    upstream hashed {
        hash    $thrift_method consistent;
        server  127.0.0.1:%%PORT_a%%;
        server  127.0.0.1:%%PORT_b%%;
        server  127.0.0.1:%%PORT_c%%;
    }

    upstream retried {
        server  127.0.0.1:%%PORT_nobody%%;
        server  127.0.0.1:%%PORT_c%%  backup;
    }

    # every outcome

    server {
        listen      127.0.0.1:%%PORT_service%%;
        access_log  %%TESTDIR%%/call.log  call;
        access_log  %%TESTDIR%%/time.log  time;
        access_log  %%TESTDIR%%/maps.log  maps;

        thrift_service S {
            thrift_pass  pool_c;

            thrift_method refused {
                thrift_return  UNKNOWN
                    "$thrift_service.$thrift_method $thrift_type $thrift_seqid $thrift_protocol $thrift_transport $thrift_request_length $thrift_status $remote_addr";
            }

            thrift_method gone {
                thrift_pass  127.0.0.1:%%PORT_nobody%%;
            }

            thrift_method early {
                thrift_return  UNKNOWN  "$kept $fresh";
            }

            thrift_method short {
                thrift_timeout  100ms;
            }

            thrift_method retried {
                thrift_pass  retried;
            }
        }

        thrift_service OnlyOne {
            thrift_method one {
                thrift_pass  pool_c;
            }
        }
    }

    server {
        listen       127.0.0.1:%%PORT_pool%%;
        thrift_pass  $pool;
    }

    server {
        listen       127.0.0.1:%%PORT_hashed%%;
        thrift_pass  hashed;
    }

    server {
        listen       127.0.0.1:%%PORT_half%%;
        thrift_pass  $half;
    }

    server {
        listen       127.0.0.1:%%PORT_kind%%;
        thrift_pass  $kind;
    }

    # what is known of the connection, and what of its calls

    server {
        listen       127.0.0.1:%%PORT_connection%%;
        limit_conn   method  1;
        limit_conn   pinned  100;
        set          $mark   "mark of $remote_addr";
        set          $late   "$thrift_method";
        access_log   %%TESTDIR%%/set.log  set;
        thrift_pass  pool_c;
    }
}

EOF

my %backend = map { $_ => $t->backend($_) } qw(a b c);
my $backend = $backend{c};

$t->run();

# every outcome

$backend->script(
    void      => { body => [] },
    declared  => { body => [ [ 2, struct => [] ] ] },
    exception => { exception => [ 6, 'no "reason"' ] },
    number    => { exception => [ 11, 'loaded' ] },
    untyped   => { type => EXCEPTION, body => [ [ 1, string => 'text' ] ] },
    empty     => { type => EXCEPTION, body => [] },
    closed    => { close => 'request' },
    mid       => { close => 'mid' },
    short     => { delay => 0.3 },
    stall     => { stall => 1 },
);

for (
    # method, options, service, outcome, status, exception

    [ 'get', {}, 'S', 'success', 200 ],
    [ 'get', { protocol => 'compact' }, 'S', 'success', 200 ],
    [ 'get', { transport => 'unframed' }, 'S', 'success', 200 ],
    [ 'S:get', { seqid => -1 }, 'S', 'success', 200 ],
    [ 'OnlyOne:one', { seqid => 2 ** 31 - 1 }, 'OnlyOne', 'success', 200 ],
    [ 'one', { seqid => -2 ** 31 }, 'OnlyOne', 'success', 200 ],
    [ 'void', {}, 'S', 'success', 200 ],
    [ 'declared', {}, 'S', 'declared', 200 ],
    [ 'exception', {}, 'S', 'exception', 200,
      'INTERNAL_ERROR: no \x22reason\x22' ],
    [ 'exception', { protocol => 'compact', transport => 'unframed' }, 'S',
      'exception', 200, 'INTERNAL_ERROR: no \x22reason\x22' ],
    [ 'number', {}, 'S', 'exception', 200, '11: loaded' ],
    [ 'untyped', {}, 'S', 'exception', 200, 'UNKNOWN: text' ],
    [ 'empty', {}, 'S', 'exception', 200, 'UNKNOWN: ' ],
    [ 'closed', {}, 'S', 'exception', 502,
      'INTERNAL_ERROR: upstream closed connection before it replied' ],
    [ 'mid', {}, 'S', 'exception', 502,
      'INTERNAL_ERROR: upstream closed connection in the middle of its reply'
    ],
    [ 'gone', {}, 'S', 'exception', 502,
      'INTERNAL_ERROR: cannot connect to upstream' ],
    [ 'short', {}, 'S', 'exception', 504,
      qr/INTERNAL_ERROR: timed out after \d+ms reading reply from upstream/ ],
    [ 'OnlyOne:two', {}, 'OnlyOne', 'exception', 404,
      'UNKNOWN_METHOD: unknown method \x22OnlyOne:two\x22' ],
    [ 'Nobody:three', {}, 'Nobody', 'exception', 404,
      'UNKNOWN_METHOD: unknown method \x22Nobody:three\x22' ],
    [ 'S:bad', { body => "\5\0\1" }, 'S', 'exception', 400,
      'PROTOCOL_ERROR: malformed call: unknown type of field' ],
    [ 'bad', { body => "\5\0\1" }, '-', 'exception', 400,
      'PROTOCOL_ERROR: malformed call: unknown type of field' ],
    [ 'once', { type => ONEWAY }, 'S', 'sent', 200 ],
    [ 'gone', { type => ONEWAY }, 'S', 'failed', 502,
      'INTERNAL_ERROR: cannot connect to upstream' ],
) {
    my ($method, $o, $service, $outcome, $status, $exception) = @$_;

    my $c = $t->client('service');
    my %o = (protocol => 'binary', transport => 'framed', type => CALL,
             seqid => 77, %$o);
    my $body = delete $o{body};
    my $sent = encode_message($o{type}, $method, $o{seqid}, $body, %o);
    my $got = '';
    my $lines = $t->grep_log(qr/./, 'call.log');

    $c->send($sent);

    if ($o{type} == CALL) {
        $c->{transport} = $o{transport};
        $got = $c->read_message()->{bytes};
    }

    my $line = ($t->wait_log(qr/./, 'call.log', undef, $lines + 1))[-1];
    my $time = $1 if $line =~ s/\|(\d+\.\d{3})$//;

    (my $bare = $method) =~ s/.*://;
    my $name = "$outcome, $method" . join('', map { ", $o->{$_}" }
                                      grep { $_ ne 'body' } sort keys %$o);

    my @got = split /\|/, $line;

    like($got[7], qr/^$exception$/, "exception of $name")
        if ref $exception;
    $exception = $got[7] if ref $exception;

    is("@got", join(' ', $service, $bare,
                    $o{type} == CALL ? 'CALL' : 'ONEWAY',
                    @o{qw(seqid protocol transport)}, $outcome,
                    defined $exception ? $exception : '-', length $sent,
                    length $got, $status, length $sent, length $got), $name);
    ok(defined $time, "time of $name");
}

# a client that leaves

my $c = $t->client('service');
$c->start('stall', undef, seqid => 5);
ok(wait_for(sub { $backend->calls('stall') }), 'call on its way');
$c->reset();

like(join('', $t->wait_log(qr/\|stall\|/, 'call.log')),
     qr/^S\|stall\|CALL\|5\|binary\|framed\|cancelled\|-\|22\|0\|499\|22\|0\|/,
     'cancelled');

# a message that is no call

for ([ REPLY, 'REPLY' ], [ EXCEPTION, 'EXCEPTION' ], [ 7, 'unknown' ]) {
    my ($type, $name) = @$_;

    $c = $t->client('service');
    $c->start("of_$name", undef, seqid => 4, type => $type);
    $c->read_all();

    like(join('', $t->wait_log(qr/\|of_$name\|/, 'call.log')),
         qr/^-\|of_$name\|$name\|4\|binary\|framed\|exception
            \|INVALID_MESSAGE_TYPE:\ [^|]+\|\d+\|\d+\|400\|/x,
         "message of type $name");
}

# times are of the call, not of the connection

my ($line) = $t->grep_log(qr/^short /, 'time.log');
my @f = split ' ', $line;
cmp_ok($f[1], '>=', 0.1, 'time of a slow call');
cmp_ok($f[1], '<', 5, 'in seconds');

$backend->script(slow => { delay => 1 });
$c = $t->client('service');
$c->call('slow');
$c->call('quick');
@f = split ' ', ($t->wait_log(qr/^quick /, 'time.log'))[0];
cmp_ok($f[1], '<', 1, 'time of a quick call');
cmp_ok($f[-1], '<', 1, 'session time of a quick call');

# of the upstream: as of a connection of stream, for every attempt

my $request = length call_bytes('quick', 1);
my $reply = length reply_bytes('quick', 1, [ [ 0, string => 'c' ] ]);
my $number = qr/\d+\.\d{3}/;
my ($nobody, $live) = map { $t->address($_) } qw(nobody c);

like($line = ($t->grep_log(qr/^quick /, 'time.log'))[0],
     qr/^quick\ $number\ \Q$live\E\ \[$number]\ \[$number]\ \[$number]
        \ \[$request]\ \[$reply]\ $number$/x, 'upstream');

$request += 2;
$reply += 2;

$c->call('retried');
like(($t->wait_log(qr/^retried /, 'time.log'))[0],
     qr/^retried\ $number\ \Q$nobody\E,\ \Q$live\E\ \[-,\ $number]
        \ \[-,\ $number]\ \[$number,\ $number]\ \[0,\ $request]
        \ \[0,\ $reply]\ $number$/x,
     'two upstreams');

$c->call('gone');
like(($t->wait_log(qr/^gone .*\Q$nobody/, 'time.log', undef, 3))[-1],
     qr/^gone\ $number\ \Q$nobody\E\ \[-]\ \[-]\ \[$number]\ \[0]\ \[0]
        \ $number$/x, 'upstream that is gone');

# in thrift_return

for my $o ({}, { protocol => 'compact' }, { transport => 'unframed' }) {
    my %o = (protocol => 'binary', transport => 'framed', %$o);

    is($t->client('service', %o)->call('refused', undef, seqid => 9)->{message},
       "S.refused CALL 9 $o{protocol} $o{transport} "
       . length(call_bytes('refused', 9, undef, %o)) . ' pending 127.0.0.1',
       "in thrift_return, $o{protocol} $o{transport}");
}

like(($t->wait_log(qr/^refused /, 'time.log'))[0],
     qr/^refused $number - \[-] \[-] \[-] \[-] \[-] $number$/, 'no upstream');

# a map keeps what it was first, as everywhere

is($t->client('service')->call('early')->{message}, 'pending pending', 'early');
is(join('', $t->wait_log(qr/^early/, 'maps.log')), 'early pending exception',
   'early, in the log');

# in map and thrift_pass: each call of one connection

$c = $t->client('pool');

is(join(' ', map { $c->call($_)->{fields}{0} } qw(a1 b1 c1 b2 a2 direct)),
   'a b c b a c', 'in map');

my $m = $c->call('nowhere');
is("$m->{exception} $m->{message}", '6 no upstream is known for the call',
   'empty value');
like(($t->grep_log(qr/\[error\].*nowhere/))[0],
     qr/ no host in upstream "", client: .* call: "nowhere", transport: /,
     'empty value, log');
is($c->call('a3')->{fields}{0}, 'a', 'call after it');

$c = $t->client('kind');
is($c->call('get')->{fields}{0}, 'a', 'map of three');
$c->oneway('once', undef, protocol => 'compact', transport => 'unframed');
ok(wait_for(sub { $backend{b}->calls('once') }), 'map of three, oneway');

# in hash: a method stays where it is

$c = $t->client('hashed');

my %where;

for my $method (map { "m$_" } 1 .. 30, 1 .. 30, 1 .. 30) {
    $where{$method}{$c->call($method)->{fields}{0}}++;
}

is(scalar(grep { keys %$_ == 1 } values %where), 30, 'in hash');
is(scalar keys %{{ map { (keys %$_)[0] => 1 } values %where }}, 3,
   'in hash, everywhere');

# in split_clients

$c = $t->client('half');

my %half;

$half{$c->call('get', undef, seqid => $_)->{fields}{0}}++ for 1 .. 200;
cmp_ok($half{a}, '>', 50, 'in split_clients');
cmp_ok($half{b}, '>', 50, 'in split_clients, the rest');

# outside of a call there is no value, and that is not kept

my @c = map { $t->client('connection') } 1 .. 2;

is($_->call('get')->{type}, REPLY, 'empty key does not limit') for @c;
$c[0]->call('put');

my @set = map { [ /^(\w+) "(.*)" "(.*)" (\w+)$/ ] }
              $t->wait_log(qr/./, 'set.log', undef, 3);

is(join(' ', map { $_->[1] } @set), join(' ', ('mark of 127.0.0.1') x 3),
   'set before the call');
is(join('', map { $_->[2] } @set), '', 'set without a call');
is(join(' ', map { "$_->[0]:$_->[3]" } @set), 'get:got get:got put:other',
   'asked for before the call');

$t->done();
