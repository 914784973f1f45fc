#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_pass: calls reach an upstream as they were sent, replies come back
# with the client's own seqid and the bare method name.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method $thrift_status $upstream_addr '
                      '$thrift_request_length $thrift_reply_length $status';
    access_log  %%TESTDIR%%/access.log  test;

    upstream u {
        server  127.0.0.1:%%PORT_first%%;
    }

    map $thrift_method $by_method {
        first    127.0.0.1:%%PORT_first%%;
        second   127.0.0.1:%%PORT_second%%;
        third    unix:%%SOCK_third%%;
        fourth   u;
        host     no.such.host:1;
        noport   127.0.0.1;
        default  "";
    }

    server {
        listen       127.0.0.1:%%PORT_upstream%%;
        thrift_pass  u;
    }

    server {
        listen       127.0.0.1:%%PORT_address%%;
        thrift_pass  127.0.0.1:%%PORT_second%%;
    }

    server {
        listen       127.0.0.1:%%PORT_variable%%;
        thrift_pass  $by_method;
    }

    server {
        listen       127.0.0.1:%%PORT_unix%%;
        thrift_pass  unix:%%SOCK_third%%;
    }

    server {
        listen       unix:%%SOCK_upstream%%;
        thrift_pass  u;
    }

    server {
        listen  127.0.0.1:%%PORT_service%%;

        thrift_service Users {
            thrift_pass  u;

            thrift_method second {
                thrift_pass  127.0.0.1:%%PORT_second%%;
            }
        }
    }
}

EOF

my %action = (
    echo   => { echo => 1 },
    one    => { echo => 1, pieces => 1 },
    two    => { echo => 1, pieces => 2 },
    three  => { echo => 1, pieces => 3 },
    whole  => { name => 'S:whole' },
    thrown => { exception => [ 42, 'own words' ] },
    bad    => { body => [ [ 3, struct => [ [ 1, string => 'x' ] ] ] ] },
);

my $first = $t->backend('first', script => \%action);
my $second = $t->backend('second', script => \%action);
my $third = $t->backend($t->sock('third'), id => 'third', script => \%action);

$t->run();

# where to

sub asked {
    my ($where, $method) = @_;

    return answer($t->client($where)->call($method));
}

is(asked('upstream', 'get'), 'first', 'upstream');
is(asked('address', 'get'), 'second', 'address');
is(asked('unix', 'get'), 'third', 'unix socket');
is(asked($t->sock('upstream'), 'get'), 'first', 'from unix socket');

is(asked('variable', 'first'), 'first', 'variable, address');
is(asked('variable', 'second'), 'second', 'variable, other address');
is(asked('variable', 'third'), 'third', 'variable, unix socket');
is(asked('variable', 'fourth'), 'first', 'variable, upstream');
is(asked('variable', 'other'), '6 no upstream is known for the call',
   'variable, empty');
is(asked('variable', 'noport'), '6 no port in upstream', 'variable, no port');
is(asked('variable', 'host'), '6 upstream could not be resolved',
   'variable, no resolver');

is(asked('service', 'Users:get'), 'first', 'service');
is(asked('service', 'Users:second'), 'second', 'method');

my $c = $t->client('variable');

is($c->call('other')->{exception}, 6, 'no upstream');
is($c->call('second')->{fields}{0}, 'second', 'connection stays');

# what arrives and what comes back

my @fields = ([ 1, string => "\0\xff" x 150 ], [ 2, i32 => -(2 ** 31) ],
              [ 3, bool => 1 ], [ 4, bool => 0 ], [ 5, byte => -1 ],
              [ 6, i16 => -300 ], [ 7, i64 => -(2 ** 40) ],
              [ 8, double => 0.5 ], [ 900, list => [ i32 => 1 .. 20 ] ],
              [ 10, set => [ bool => 1, 0, 1 ] ],
              [ 11, map => [ 'string', 'double', a => 1, b => -2.25 ] ],
              [ 12, map => [ 'i32', 'i32' ] ], [ 13, list => [ 'bool' ] ],
              [ -5, struct => [ [ 1, struct => [ [ 2, i16 => 1 ] ] ] ] ]);

for my $transport (qw(framed unframed)) {
    for my $protocol (qw(binary compact)) {

        my @o = (protocol => $protocol, transport => $transport);
        my $name = "$transport $protocol";
        my $c = $t->client('upstream', @o);

        my $m = $c->call('echo', \@fields, seqid => 99);
        my $sent = parse_message(call_bytes('echo', 99, \@fields, @o));

        is_deeply([ @$m{qw(type name seqid protocol transport)} ],
                  [ REPLY, 'echo', 99, $protocol, $transport ],
                  "$name head");
        is(unpack('H*', $m->{body}), unpack('H*', $sent->{body}),
           "$name body");

        my ($call) = reverse $first->calls();
        is_deeply([ @$call{qw(method type protocol transport)} ],
                  [ 'echo', CALL, $protocol, $transport ], "$name passed");

        is_deeply([ map { $c->call('get', [], seqid => $_)->{seqid} }
                        0, -1, 1, -2147483648, 2147483647, -77 ],
                  [ 0, -1, 1, -2147483648, 2147483647, -77 ],
                  "$name seqids");

        $m = $c->call('S:get', [], seqid => -4);
        is("$m->{name} $m->{seqid}", 'get -4', "$name bare name");
        is(($first->calls())[-1]{method}, 'S:get', "$name whole name");

        $m = $c->call('S:whole', [], seqid => 4);
        is("$m->{type} $m->{name}", '2 whole', "$name name made bare");

        $m = $c->call('thrown', [], seqid => 5);
        is("$m->{seqid} $m->{exception} $m->{message}", '5 42 own words',
           "$name exception");

        is($c->call('bad')->{fields}{3}{1}, 'x', "$name declared");

        $c->oneway('poke', [ [ 1, i32 => 7 ] ]);
        is($c->call('get', [], seqid => 12)->{seqid}, 12, "$name oneway");
        is(wait_for(sub { scalar(grep { $_->{transport} eq $transport
                                        && $_->{protocol} eq $protocol }
                                      $first->calls('poke')) }), 1,
           "$name oneway passed");

        # in small pieces, both ways

        my $small = [ [ 1, string => 'abc' ], [ 2, list => [ i64 => 1, 2 ] ],
                      [ 3, map => [ 'i16', 'bool', 1, 1 ] ] ];

        for my $method (qw(one two three)) {
            my $bytes = call_bytes("S:$method", -3, $small, @o);

            $c->send_pieces($bytes, 1, 0.0005);
            $m = $c->read_message();

            is_deeply([ @$m{qw(type name seqid fields)} ],
                      [ REPLY, $method, -3,
                        parse_message($bytes)->{fields} ],
                      "$name pieces of $method");
        }

        # large

        for my $size (100_000, 5_000_000) {
            my $text = join('', map { chr(33 + $_ % 91) } 0 .. 990);
            $text = substr($text x ($size / 991 + 1), 0, $size);

            $m = $c->call('echo', [ [ 1, string => $text ] ], seqid => 3,
                          timeout => 10 * time_factor());
            ok($m && $m->{fields}{1} eq $text, "$name $size bytes");
        }

        my $many = [ [ 1, list => [ string => ('0123456789' x 5) x 2000 ] ] ];
        $m = $c->call('echo', $many, seqid => 2);
        ok($m && @{$m->{fields}{1}} == 2000, "$name long list");
    }
}

# all four on one connection

$c = $t->client('upstream');

for my $transport (qw(framed unframed)) {
    for my $protocol (qw(compact binary)) {
        $c->{transport} = $transport;
        my $m = $c->call('get', [], protocol => $protocol);
        is("$m->{transport} $m->{protocol}", "$transport $protocol",
           "then $transport $protocol");
    }
}

# long names

for my $protocol (qw(binary compact)) {
    my $c = $t->client('upstream', protocol => $protocol);

    for my $n (127, 128, 200) {
        my $m = $c->call('x' x $n);
        is($m->{name}, 'x' x $n, "$protocol name of $n");
    }

    my $m = $c->call('S' x 60 . ':' . 'm' x 60);
    is($m->{name}, 'm' x 60, "$protocol long service");
}

# what was logged

is(scalar(grep { !/ (?:127\.0\.0\.1|unix):\S+ \d+ \d+ 200$/ }
          $t->wait_log(qr/^get success /, 'access.log')), 0, 'access log');
is(scalar($t->grep_log(qr/^poke sent \S+ \d+ 0 200$/, 'access.log')), 4,
   'oneway logged');
is(scalar($t->grep_log(qr/^thrown exception \S+ \d+ \d+ 200$/,
                       'access.log')), 4, 'exception logged');
is(scalar($t->grep_log(qr/^bad declared /, 'access.log')), 4,
   'declared logged');
is(($t->grep_log(qr/^third /, 'access.log'))[0],
   'third success unix:' . $t->sock('third') . ' 22 34 200', 'lengths logged');
is(scalar($t->grep_log(qr/^host exception - \d+ \d+ 502$/, 'access.log')), 1,
   'unresolved logged');

is(scalar($t->grep_log(qr/\[error\] .*no port in upstream/)), 1,
   'no port told');

# Angie has that of the system then

is(scalar($t->grep_log(qr/\[error\]\ .*(?:no\ resolver\ defined\ to\ resolve
                          |no\.such\.host\ could\ not\ be\ resolved)/x)), 1,
   'no resolver told');
is(scalar($t->grep_log(qr/\[error\]/)), 4, 'no other errors');

$t->done();
