#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_next_upstream: which calls are passed to the next server when one
# answers with an exception or refuses, that no other call is, and what the
# client gets when all have been tried.

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

    log_format  test  '$server_port|$thrift_method|$thrift_status|$status|'
                      '$upstream_addr|$thrift_exception';
    access_log  %%TESTDIR%%/access.log  test;

    # the second is asked only after the first

    upstream pair {
        server  127.0.0.1:%%PORT_first%%   max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0  backup;
    }

    upstream half {
        server  127.0.0.1:%%PORT_first%%   max_fails=0;
        server  127.0.0.1:%%PORT_none%%    max_fails=0  backup;
    }

    server {
        listen       127.0.0.1:%%PORT_default%%;
        thrift_idl   api.thrift;
        thrift_pass  pair;
    }

    server {
        listen                127.0.0.1:%%PORT_exception%%;
        thrift_idl            api.thrift;
        thrift_next_upstream  error exception;
        thrift_pass           pair;

        thrift_service Tries {
            thrift_next_upstream_tries  1;
            thrift_pass                 pair;
        }

        thrift_service Pinned {
            thrift_balance  connection;
            thrift_pass     pair;
        }

        thrift_service Half {
            thrift_pass  half;
        }

        thrift_service Alone {
            thrift_next_upstream  exception;
            thrift_pass           pair;
        }
    }

    server {
        listen                127.0.0.1:%%PORT_overloaded%%;
        thrift_idl            api.thrift;
        thrift_next_upstream  overloaded;
        thrift_pass           pair;
    }

    server {
        listen                127.0.0.1:%%PORT_non_idempotent%%;
        thrift_idl            api.thrift;
        thrift_next_upstream  error exception non_idempotent;
        thrift_pass           pair;
    }

    server {
        listen                127.0.0.1:%%PORT_off%%;
        thrift_idl            api.thrift;
        thrift_next_upstream  off;
        thrift_pass           pair;
    }
}

EOF

my $idempotent = '(nthrift.idempotent = "true")';

$t->write_file('api.thrift', join('', map { <<"EOF" }
service $_ {
    string get$_(1: string text) $idempotent,
    string put$_(1: string text),
    oneway void poke$_(1: string text)
}
EOF
    qw(Api Tries Pinned Half Alone)));

my ($first, $second) = map { $t->backend($_) } qw(first second);

$t->run();

my $closed = '6 upstream closed connection before it replied';
my %before;

sub script {
    my ($one, $two) = @_;

    $first->script('*' => $one || {});
    $second->script('*' => $two || {});

    %before = ($first => scalar $first->calls(),
               $second => scalar $second->calls());
}

sub executed {
    return join ' ', map { $_->calls() - $before{$_} } $first, $second;
}

# What the client gets, and how often each server got it.

sub outcome {
    my ($where, $method, %o) = @_;

    my $text = answer($t->client($where, %o)->call($method));

    return "$text (" . executed() . ')';
}

my $close = { close => 'request' };
my $no = { exception => [ 6, 'no' ] };
my $full = { exception => [ 6, 'overloaded: too many calls' ] };
my $shed = { exception => [ 11, 'queue is full' ] };

# [ where, method, what the first does, what is to be ]

my @cases = (
    [ default => getApi => $close, 'second (1 1)' ],
    [ default => getApi => $no, '6 no (1 0)' ],
    [ default => getApi => $shed, '11 queue is full (1 0)' ],

    [ exception => getApi => $no, 'second (1 1)' ],
    [ exception => putApi => $no, '6 no (1 0)' ],
    [ exception => getApi => $full, 'second (1 1)' ],
    [ exception => getApi => $shed, 'second (1 1)' ],
    [ exception => putApi => $shed, '11 queue is full (1 0)' ],
    [ exception => getApi => $close, 'second (1 1)' ],
    [ exception => getTries => $no, '6 no (1 0)' ],
    [ exception => getPinned => $no, '6 no (1 0)' ],
    [ exception => getAlone => $close, "$closed (1 0)" ],
    [ exception => getAlone => $no, 'second (1 1)' ],

    [ overloaded => getApi => $no, '6 no (1 0)' ],
    [ overloaded => getApi => $full, 'second (1 1)' ],
    [ overloaded => putApi => $full, '6 overloaded: too many calls (1 0)' ],
    [ overloaded => getApi => $shed, 'second (1 1)' ],
    [ overloaded => putApi => $shed, 'second (1 1)' ],
    [ overloaded => getApi => $close, "$closed (1 0)" ],

    [ non_idempotent => getApi => $no, 'second (1 1)' ],
    [ non_idempotent => putApi => $no, 'second (1 1)' ],
    [ non_idempotent => putApi => $close, 'second (1 1)' ],
    [ non_idempotent => putApi => { close => 'mid' },
      '6 upstream closed connection in the middle of its reply (1 0)' ],

    [ off => getApi => $close, "$closed (1 0)" ],
    [ off => getApi => $no, '6 no (1 0)' ],
    [ off => getApi => $shed, '11 queue is full (1 0)' ],
);

for my $way ([ binary => 'framed' ], [ compact => 'unframed' ]) {
    my ($protocol, $transport) = @$way;

    for (@cases) {
        my ($where, $method, $action, $want) = @$_;

        script($action);
        is(outcome($where, $method, protocol => $protocol,
                   transport => $transport), $want,
           "$where, $method, $protocol");
    }
}

my ($at1, $at2) = map { $t->address($_) } qw(first second);
my $port = $t->port('exception');

ok($t->wait_log(qr/^$port\|getApi\|success\|200\|$at1, $at2\|-?$/,
                'access.log'), 'both servers logged, and no exception');

# a oneway is sent once, and so is a call whose client does not wait

my $c;

for my $where (qw(exception non_idempotent)) {
    $c = $t->client($where);

    for my $method (qw(pokeApi putApi)) {
        script($close);
        $c->oneway($method);
        ok(wait_for(sub { executed() eq '1 0' }), "$where: $method once");
    }

    script();
    is(answer($c->call('getApi')), 'first', "$where: goes on");
    is(executed(), '1 0', "$where: on no other");
}

script({ %$shed, answer => 1 });
$c = $t->client('overloaded');
$c->oneway('putApi');
$c->oneway('putApi');
ok(wait_for(sub { executed() eq '2 0' }), 'two-way as ONEWAY, shed');

# all have been tried: the client gets what the last one has answered

script($no, { exception => [ 5, 'neither' ] });
is(outcome('exception', 'getApi'), '5 neither (1 1)', 'two exceptions');
ok($t->wait_log(qr/^$port\|getApi\|exception\|200\|$at1, $at2\|.*neither/,
                'access.log'), 'last exception logged');

script($no, $close);
is(outcome('exception', 'getApi'), '6 no (1 1)', 'exception, then closed');

script($no, { garbage => 1 });
is(outcome('exception', 'getApi'), '6 no (1 1)', 'exception, then garbage');

script($no);
is(outcome('exception', 'getHalf'), '6 no (1 0)', 'exception, then refused');
ok($t->wait_log(qr/^$port\|getHalf\|exception\|200\|$at1, \S+\|.*no$/,
                'access.log'), 'first exception logged');

script($close, $no);
is(outcome('exception', 'getApi'), '6 no (1 1)', 'closed, then exception');

# bodies are sent as they came, and replies of any size are dropped

my $text = join '', map { chr(33 + $_ * 7 % 90) } 1 .. 30_000;

for my $where (qw(exception overloaded)) {
    script({ exception => [ 11, 'overloaded' . 'x' x 100_000 ] },
           { echo => 1 });

    my $m = $t->client($where)->call('getApi', [ [ 1, string => $text ] ]);

    is(executed(), '1 1', "large, $where");
    ok($m && ($m->{fields}{1} || '') eq $text, "large, $where, equal");
}

# a client's calls go on, in their order

script([ $no, {}, $no, {}, $no ]);

$c = $t->client('exception');

$c->send(join('', map { call_bytes('getApi', $_) } 1 .. 20));
is(join(' ', map { $_->{seqid} } $c->exchange('', 20)), join(' ', 1 .. 20),
   'pipelined');
like(executed(), qr/^20 1[0-9]$/, 'pipelined, executed');

$t->done();
