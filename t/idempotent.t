#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_idempotent and the annotations of methods: which calls are sent a
# second time when a server closes instead of replying, and that no other is.

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

    thrift_validate  structure;

    log_format  test  '$server_port|$thrift_method|$thrift_status|$status|'
                      '$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    # the second is asked only after the first

    upstream pair {
        server            127.0.0.1:%%PORT_first%%  max_fails=0;
        server            127.0.0.1:%%PORT_second%%  max_fails=0  backup;
        thrift_keepalive  0;
    }

    upstream pooled {
        server            127.0.0.1:%%PORT_first%%  max_fails=0;
        server            127.0.0.1:%%PORT_second%%  max_fails=0  backup;
        thrift_keepalive  4;
    }

    upstream single {
        server            127.0.0.1:%%PORT_first%%;
        thrift_keepalive  4;
    }

    upstream three {
        server            127.0.0.1:%%PORT_first%%  max_fails=0;
        server            127.0.0.1:%%PORT_second%%  max_fails=0;
        server            127.0.0.1:%%PORT_third%%  max_fails=0;
        thrift_keepalive  0;
    }

    # annotations

    server {
        listen       127.0.0.1:%%PORT_annotated%%;
        thrift_idl   api.thrift;
        thrift_pass  pair;
    }

    # on for all

    server {
        listen              127.0.0.1:%%PORT_on%%;
        thrift_buffer_size  2k;
        thrift_idempotent   on;
        thrift_pass         pair;
    }

    # a directive wins over an annotation, and the closest wins

    server {
        listen             127.0.0.1:%%PORT_directives%%;
        thrift_idl         api.thrift;
        thrift_idempotent  off;
        thrift_timeout     60s;
        thrift_pass        pair;

        thrift_service Two {
            thrift_pass        pair;
            thrift_idempotent  on;

            thrift_method get2 {
                thrift_idempotent  off;
            }
        }

        thrift_service Timed {
            thrift_pass        pair;
            thrift_idempotent  on;
            thrift_timeout     200ms;

            thrift_method slow2 {
                thrift_timeout  60s;
            }
        }

        thrift_service Three {
            thrift_pass  pair;

            thrift_method off3 {
                thrift_idempotent  on;
            }

            thrift_method long3 {
                thrift_timeout  200ms;
            }
        }
    }

    # bounds

    server {
        listen                127.0.0.1:%%PORT_off_next%%;
        thrift_idempotent     on;
        thrift_next_upstream  off;
        thrift_pass           pooled;
    }

    server {
        listen             127.0.0.1:%%PORT_three%%;
        thrift_idempotent  on;
        thrift_pass        three;

        thrift_service Tries {
            thrift_pass                 three;
            thrift_next_upstream_tries  2;
        }

        thrift_service Time {
            thrift_pass                   three;
            thrift_next_upstream_timeout  100ms;
        }

        thrift_service Deadline {
            thrift_pass     three;
            thrift_timeout  400ms;
        }
    }

    # connections of the pool

    server {
        listen             127.0.0.1:%%PORT_pool%%;
        thrift_idempotent  on;
        thrift_pass        single;

        thrift_service Not {
            thrift_idempotent  off;
            thrift_pass        single;
        }

        thrift_service Pair {
            thrift_pass  pooled;
        }
    }
}

EOF

$t->write_file('api.thrift', <<'EOF');
service Api {
    string get(1: string text) (nthrift.idempotent = "true"),
    string one(1: string text) (nthrift.idempotent = "1"),
    string put(1: string text),
    string off(1: string text) (nthrift.idempotent = "false"),
    oneway void poke(1: string text) (nthrift.idempotent = "true"),
    string slow() (nthrift.timeout = "100ms"),
    string brief() (nthrift.timeout = "100ms", nthrift.idempotent = "true"),
    string long() (nthrift.timeout = "100s", nthrift.idempotent = "true")
}

service Two {
    string get2() (nthrift.idempotent = "true"),
    string put2(),
    string off2() (nthrift.idempotent = "false")
}

service Timed {
    string slow2() (nthrift.timeout = "100ms"),
    string long2() (nthrift.timeout = "100s")
}

service Three {
    string get3() (nthrift.idempotent = "true"),
    string off3() (nthrift.idempotent = "false"),
    string slow3() (nthrift.timeout = "100ms"),
    string long3() (nthrift.timeout = "100s")
}
EOF

my ($first, $second, $third) = map { $t->backend($_) }
                                 qw(first second third);

$t->run();

my $closed = '6 upstream closed connection before it replied';
my $middle = '6 upstream closed connection in the middle of its reply';

my ($c, %before);

sub script {
    my ($action, @others) = @_;

    my @actions = ($action, @others ? @others : { });

    for ($first, $second, $third) {
        $_->script('*' => @actions ? shift @actions : { });
    }

    %before = ($first => scalar $first->calls(),
               $second => scalar $second->calls(),
               $third => scalar $third->calls());
}

# What the client gets, and how often each server got it.

sub outcome {
    my ($method, $body, %o) = @_;

    my $text = answer($c->call($method, $body, %o));

    return "$text (" . executed() . ')';
}

sub executed {
    return join ' ', map { $_->calls() - $before{$_} }
                         $first, $second, $third;
}

my $close = { close => 'request' };
my $reset = { close => 'request', reset => 1 };
my $stall = { stall => 1 };

# annotations

$c = $t->client('annotated');

for ([ closed => $close ], [ reset => $reset ]) {
    my ($how, $action) = @$_;

    script($action);
    is(outcome('get'), 'second (1 1 0)', "idempotent, $how");
    script($action);
    is(outcome('Api:one'), 'second (1 1 0)', "idempotent with service, $how");
    script($action);
    is(outcome('put'), "$closed (1 0 0)", "not idempotent, $how");
    script($action);
    is(outcome('off'), "$closed (1 0 0)", "annotated as not, $how");
    script($action);
    is(outcome('unheard'), "$closed (1 0 0)", "unknown method, $how");
    script($action, $action);
    is(outcome('get'), "$closed (1 1 0)", "both servers, $how");
    script();
    is(outcome('put'), 'first (1 0 0)', "connection stays, $how");
}

my $port = $t->port('annotated');
my @addr = map { $t->address($_) } qw(first second);

ok($t->wait_log(qr/^$port\|get\|success\|200\|$addr[0], $addr[1]$/,
                'access.log'), 'both servers logged');
ok($t->grep_log(qr/^$port\|put\|exception\|502\|$addr[0]$/, 'access.log'),
   'one server logged');
ok($t->grep_log(qr/^$port\|get\|exception\|502\|$addr[0], $addr[1]$/,
                'access.log'), 'two failures logged');
is(scalar($t->wait_log(qr/\[error\] .*(?:prematurely closed|recv\(\) failed)/)),
   14, 'each failure told');

# what is answered, late, or begun to be answered is not sent again

for my $where (qw(annotated on)) {
    $c = $t->client($where);

    script({ close => 'mid' });
    is(outcome('get'), "$middle (1 0 0)", 'half a reply');
    script({ exception => [ 6, 'no' ] });
    is(outcome('get'), '6 no (1 0 0)', 'exception');
    script({ garbage => 1 });
    like(outcome('get'), qr/^6 upstream sent a malformed .* \(1 0 0\)$/,
         'garbage');
    script({ seqid => 7777777 });
    like(outcome('get'), qr/^6 upstream sent a malformed .* \(1 0 0\)$/,
         'wrong seqid');
}

$c = $t->client('annotated');

for ([ 'too late', $stall ], [ 'part of a reply', { cut => 0.9 } ]) {
    my ($name, $action) = @$_;

    script($action);
    like(outcome('brief'), qr/^6 timed out after \d+ms read.* \(1 0 0\)$/,
         $name);
}

# a server that is killed while it has the call

script($stall);
$c->start('get');
$c->start('put');
ok(wait_for(sub { executed() eq '2 0 0' }), 'both are there');
$first->stop();
is($c->read_message()->{fields}{0}, 'second', 'killed, idempotent');
is($c->read_message()->{message}, $closed =~ s/^6 //r, 'killed, not');
is(executed(), '2 1 0', 'killed, executed');
$first->start();

# a oneway is never sent twice

for my $where (qw(annotated on)) {
    $c = $t->client($where);

    script($close);
    $c->oneway('poke');
    $c->start('poke') if $where eq 'annotated';
    is(outcome('get') =~ s/ .*//r, 'second', 'after oneway');
    my $times = $where eq 'annotated' ? '3 1 0' : '2 1 0';
    ok(wait_for(sub { executed() eq $times }), 'oneway once');
    is(scalar $second->calls('poke'), 0, 'not on the other');

    # of this one the reply was waited for, and dropped

    script($close);
    $c->oneway('get');
    ok(wait_for(sub { executed() eq '1 0 0' }), 'two-way as ONEWAY');
    script();
    is(outcome('get'), 'first (1 0 0)', 'two-way as ONEWAY, once');
}

ok($t->wait_log(qr/^$port\|get\|failed\|502\|$addr[0]$/, 'access.log'),
   'two-way as ONEWAY logged');

# thrift_idempotent

$c = $t->client('on');
script($close);
is(outcome('anything'), 'second (1 1 0)', 'on in server');

my @wins = (
    [ 'off in server' => 'get', "$closed (1 0 0)" ],
    [ 'off in server, no annotation' => 'put', "$closed (1 0 0)" ],
    [ 'inherited by service' => 'Three:get3', "$closed (1 0 0)" ],
    [ 'on in service' => 'put2', 'second (1 1 0)' ],
    [ 'on in service, annotated as not' => 'off2', 'second (1 1 0)' ],
    [ 'off in method' => 'get2', "$closed (1 0 0)" ],
    [ 'on in method' => 'off3', 'second (1 1 0)' ],
);

$c = $t->client('directives');

for (@wins) {
    my ($name, $method, $want) = @$_;

    script($close);
    is(outcome($method), $want, $name);
}

# nthrift.timeout

sub timed {
    my ($method) = @_;

    my $text = answer($c->call($method)) =~ s/after \d+ms .*/after/r;

    # a server may be slower to get it than its time is to end

    wait_for(sub { $first->calls() > $before{$first} });

    return "$text (" . executed() . ')';
}

my $late = { delay => 0.25 };

$c = $t->client('annotated');
script($stall);
is(timed('slow'), '6 timed out after (1 0 0)', 'timeout of annotation');
script($late);
is(timed('long'), 'first (1 0 0)', 'longer one');

$c = $t->client('directives');

for (
    [ 'of server' => slow => $late, 'first' ],
    [ 'of service' => long2 => $stall, '6 timed out after' ],
    [ 'of method' => slow2 => $late, 'first' ],
    [ 'inherited from server' => slow3 => $late, 'first' ],
    [ 'of method, shorter' => long3 => $stall, '6 timed out after' ],
) {
    my ($name, $method, $action, $want) = @$_;

    script($action);
    is(timed($method), "$want (1 0 0)", "timeout $name");
}

# large bodies are kept, as they came

my $text = join '', map { chr(32 + $_ * 7 % 90) } 1 .. 3000;

for my $way ([ binary => 'framed' ], [ binary => 'unframed' ],
             [ compact => 'framed' ], [ compact => 'unframed' ])
{
    my ($protocol, $transport) = @$way;

    for my $where (qw(annotated on)) {
        $c = $t->client($where, protocol => $protocol,
                        transport => $transport);

        for my $n (1, 50, 400) {
            my $body = [ [ 1, string => $text x $n ] ];

            script($close, { echo => 1 });

            my $m = $c->call('get', $body);

            is($m && $m->{fields}{1} eq $text x $n ? 'equal' : 'other',
               'equal', "$protocol $transport, $n");
            is(executed(), '1 1 0', "executed, $n");
        }
    }
}

# a server that closes while the call is sent

$first->script('!accept' => { close => 1 });
$second->script('*' => { echo => 1 });

for my $n (1, 1000) {
    $c = $t->client('on');

    my $m = $c->call('get', [ [ 1, string => $text x $n ] ]);

    is($m && $m->{fields}{1} eq $text x $n ? 'equal' : 'other', 'equal',
       "closed while sending, $n");
}

# without it one that is half sent is lost

$c = $t->client('annotated');
script();
$first->script('!accept' => { close => 1 });
like(outcome('put', [ [ 1, string => $text x 3000 ] ]),
     qr/^6 upstream closed connection .* \(0 0 0\)$/, 'half sent is lost');
script();

# bounds

$c = $t->client('off_next');
script($close);
is(outcome('get'), "$closed (1 0 0)", 'next upstream off');

$c = $t->client('three');
script($close, $close, $close);
is(outcome('All:get'), "$closed (1 1 1)", 'each server once');
script($close, $close, $close);
like(outcome('Tries:get'), qr/^$closed \((?:1 1 0|0 1 1|1 0 1)\)$/, 'tries');

my $slowly = { delay => 0.25, raw => '', close => 'after' };

script($slowly, $slowly, $slowly);
like(outcome('Time:get'), qr/^$closed \((?:1 0 0|0 1 0|0 0 1)\)$/,
     'no retry after its time');
script($slowly, $slowly, $slowly);
like(outcome('Deadline:get'),
     qr/^6 timed out after \d+ms .* \([01] [01] [01]\)$/, 'deadline');

# a connection of the pool that dies under a call: the same server, over a new
# connection; it is not a failure of the server

$c = $t->client('pool');

my $body;

sub pooled {
    my ($method, $action, @more) = @_;

    script([ { }, $action, @more ], { });
    is(outcome($method), 'first (1 0 0)', 'pooled');
    %before = (%before, $first => scalar $first->calls());
    my $accepted = $first->accepted();
    my $outcome = outcome($method, $body);

    return $outcome . ' +' . ($first->accepted() - $accepted);
}

is(pooled('All:get', $close, { }), 'first (2 0 0) +1', 'died in the pool');
is(pooled('All:get', $reset, { }), 'first (2 0 0) +1', 'reset in the pool');
is(pooled('Not:get', $close, { }), "$closed (1 0 0) +0", 'not idempotent');

is(pooled('Pair:get', $close, $close), 'second (2 1 0) +1', 'dies again');
is(pooled('All:get', { close => 'mid' }, { }), "$middle (1 0 0) +0",
   'pooled, half a reply');

$body = [ [ 1, string => $text x 200 ] ];
is(pooled('All:get', $close, { }), 'first (2 0 0) +1', 'large, pooled');
is(pooled('Pair:get', $close, $close), 'second (2 1 0) +1',
   'large, dies again');
is(join(' ', map { ($_->calls())[-1]{length} > 600_000 ? 'whole' : 'less' }
                 $first, $second), 'whole whole',
   'large call sent whole twice');
$body = undef;

$c = $t->client('off_next');
is(pooled('get', $close, { }), 'first (2 0 0) +1', 'next upstream off, pooled');
is(pooled('get', $close, $close), "$closed (2 0 0) +1",
   'next upstream off, dies again');

# a directive in stream wins, too

my $u = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl         api.thrift;
    thrift_idempotent  off;
    thrift_timeout     60s;

    upstream pair {
        server            127.0.0.1:%%PORT_first%%  max_fails=0;
        server            127.0.0.1:%%PORT_second%%  max_fails=0  backup;
        thrift_keepalive  0;
    }

    server {
        listen       127.0.0.1:%%PORT_annotated%%;
        thrift_pass  pair;

        thrift_service Api {
            thrift_pass  pair;

            thrift_method long {
                thrift_idempotent  on;
            }
        }
    }
}

EOF

$u->write_file('api.thrift', $t->read_log('api.thrift'));

my @others = map { $u->backend($_) } qw(first second);

$u->run();
$c = $u->client('annotated');
($first, $second) = @others;

script($close);
is(outcome('get'), "$closed (1 0 0)", 'off in stream');
script($close);
is(outcome('long'), 'second (1 1 0)', 'off in stream, on in method');
script($late);
is(timed('slow'), 'first (1 0 0)', 'timeout of stream');

$u->done();
$t->done();
