#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Oneway methods are known from the definitions: one that comes as a CALL, as Go
# and aiothrift send it, waits for nobody; one that is not oneway and comes as
# ONEWAY gets its reply dropped.

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

    log_format  test  '$server_port|$thrift_service|$thrift_method|'
                      '$thrift_type|$thrift_status|$status|'
                      '$thrift_reply_length|$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    upstream one {
        server            127.0.0.1:%%PORT_backend%%;
        thrift_keepalive  8;
    }

    upstream dead {
        server  127.0.0.1:%%PORT_nobody%%  max_fails=0;
    }

    server {
        listen       127.0.0.1:%%PORT_known%%;
        thrift_idl   api.thrift;
        thrift_pass  one;
    }

    # one call after the other

    server {
        listen               127.0.0.1:%%PORT_single%%;
        thrift_idl           api.thrift;
        thrift_max_pipeline  1;
        thrift_validate      schema;
        thrift_pass          one;
    }

    server {
        listen      127.0.0.1:%%PORT_blocks%%;
        thrift_idl  api.thrift;

        thrift_service Api {
            thrift_pass  dead;

            thrift_method tell {
                thrift_return  INTERNAL_ERROR  "no";
            }

            thrift_method ask {
                thrift_timeout  300ms;
                thrift_pass     one;
            }
        }
    }

    # nothing is known here

    server {
        listen          127.0.0.1:%%PORT_unknown%%;
        thrift_timeout  300ms;
        thrift_pass     one;
    }
}

EOF

$t->write_file('base.thrift', <<'EOF');
service Base {
    oneway void inherited(1: i32 n)
}
EOF

$t->write_file('api.thrift', <<'EOF');
include "base.thrift"

service Api extends base.Base {
    oneway void tell(1: i32 n, 2: string text),
    async void tell_async(1: i32 n),
    string ask(1: i32 n, 2: string text),
    void done(1: i32 n)
}
EOF

my $backend = $t->backend('backend');

$t->run();

# the answer to a oneway has no bytes, whatever its type

my %silent = map { ($_ => { raw => '' }) } qw(tell tell_async inherited);

$backend->script(%silent);

my @ways = ([ binary => 'framed' ], [ binary => 'unframed' ],
            [ compact => 'framed' ], [ compact => 'unframed' ]);

my $addr = '127.0.0.1:' . $t->port('backend');

# as a CALL

for my $way (@ways) {
    my ($protocol, $transport) = @$way;
    my @o = (protocol => $protocol, transport => $transport);

    for my $where (qw(known single)) {
        my $c = $t->client($where, @o);

        $c->start('tell', [ [ 1, i32 => 1 ] ]);
        is(answer($c->call('ask', [ [ 1, i32 => 2 ] ])), 'backend',
           "$protocol $transport, next call");

        $c->start($_, [ [ 1, i32 => 1 ] ])
            for qw(tell Api:tell tell_async inherited Api:inherited);
        is(answer($c->call('Api:ask', [ [ 1, i32 => 2 ] ])), 'backend',
           'after several');
        ok($c->open(0.02), 'nothing else came');
    }

    # in one write, with seqids

    my $c = $t->client('known', @o);
    my @m = $c->exchange(
        join('', map { call_bytes($_ % 3 ? 'tell' : 'ask', $_,
                                  [ [ 1, i32 => $_ ] ], @o) } 1 .. 30), 10);

    is(join(' ', map { $_->{seqid} } @m), join(' ', map { $_ * 3 } 1 .. 10),
       'only calls are answered');
}

is(scalar wait_for(sub { $backend->calls('tell') == 4 * (2 * 2 + 20) }), 1,
   'every oneway arrived');
is(scalar(grep { $_->{type} != CALL } $backend->calls()), 0,
   'type as it was sent');

my $port = $t->port('known');

ok($t->wait_log(qr/^$port\|Api\|tell\|CALL\|sent\|200\|0\|$addr$/,
                'access.log'), 'logged as sent');
ok($t->grep_log(qr/^$port\|Api\|inherited\|CALL\|sent\|200\|0\|$addr$/,
                'access.log'), 'inherited is logged');
is(join("\n", $t->grep_log(qr/\|tell\|CALL\|(?!sent)/, 'access.log')), '',
   'never anything else');

# as ONEWAY

my $c = $t->client('known');
my $tells = $backend->calls('tell');
$c->oneway('tell', [ [ 1, i32 => 1 ] ]);
is(answer($c->call('ask')), 'backend', 'oneway as ONEWAY');
ok(wait_for(sub { $backend->calls('tell') == $tells + 1 }), 'it arrived');
ok($t->wait_log(qr/^$port\|Api\|tell\|ONEWAY\|sent\|200\|0\|$addr$/,
                'access.log'), 'ONEWAY logged');

# a large one, in pieces

my $big = call_bytes('tell', 3, [ [ 2, string => 'x' x 200_000 ] ]);
$tells = $backend->calls('tell');
$c->send_pieces($big, 50_000);
is(answer($c->call('ask')), 'backend', 'after a large one');
ok(wait_for(sub { $backend->calls('tell') == $tells + 1 }), 'large one');
is(($backend->calls('tell'))[-1]{length}, length $big, 'all of it');

# a server that answers it all the same: nobody gets that, no other call either

$backend->script(tell => { body => [ [ 0, string => 'late' ] ] });

for (1 .. 5) {
    $c->start('tell', [ [ 1, i32 => 1 ] ]);
    is(answer($c->call('ask')), 'backend', 'answered oneway');
}

ok($c->open(0.02), 'answers are dropped');

# at the end of a connection

my $last = $t->client('known');
$tells = $backend->calls('tell');
$last->start('tell');
$last->half_close();
ok($last->closed(), 'closed after the last');
ok(wait_for(sub { $backend->calls('tell') == $tells + 1 }), 'sent at the end');

$last = $t->client('known');
$last->start('tell');
$last->close();
ok(wait_for(sub { $backend->calls('tell') == $tells + 2 }),
   'sent though the client left');

$backend->script(%silent);

# two-way methods that come as ONEWAY: the reply is read, and dropped

$backend->script(ask => { answer => 1 }, done => { answer => 1, body => [ ] });

my $asks = $backend->calls('ask');

$c = $t->client('known');
$c->oneway('ask', [ [ 1, i32 => $_ ] ]) for 1 .. 3;
$c->oneway('done');
is(answer($c->call('ask')), 'backend', 'after two-way as ONEWAY');
ok($c->open(0.02), 'its reply is dropped');
ok(wait_for(sub { $backend->calls('ask') == $asks + 4 }), 'it arrived');

ok($t->wait_log(qr/^$port\|Api\|done\|ONEWAY\|sent\|200\|/, 'access.log'),
   'two-way logged');
is(join("\n", $t->grep_log(qr/more than one reply/)), '', 'no reply too many');

# and its connection is used again

my $single = $t->client('single');
my $accepted = $backend->accepted();

for (1 .. 5) {
    $single->oneway('ask');
    is(answer($single->call('ask')), 'backend', 'one connection');
}

is($backend->accepted(), $accepted, 'no other connection');

# nobody waits for it, and its connection carries no other call

$backend->script(ask => { answer => 1, hold => 1 }, done => { body => [ ] });
$asks = $backend->calls('ask');
$c->oneway('ask', [ [ 1, i32 => 1 ] ]);
ok(wait_for(sub { $backend->calls('ask') == $asks + 1 }), 'held');
my $m = $c->call('done');
is($m && $m->{type}, REPLY, 'others are answered');
isnt(($backend->calls('done'))[-1]{connection},
     ($backend->calls('ask'))[-1]{connection}, 'over another connection');
$backend->release();
$c->read_message() unless $m;

# its server dies

$backend->script(ask => { close => 'request' });
$c->oneway('ask', [ [ 1, i32 => 99 ] ]);
ok($t->wait_log(qr/^$port\|Api\|ask\|ONEWAY\|failed\|502\|/, 'access.log'),
   'without a reply');
ok($c->open(0.02), 'no exception either');
$backend->script();
is(answer($c->call('ask')), 'backend', 'after it failed');

# never answered: the deadline

$c = $t->client('blocks');
$backend->script(ask => { stall => 1 });
$c->oneway('ask');
ok($t->wait_log(qr/^\d+\|Api\|ask\|ONEWAY\|failed\|504\|/, 'access.log'),
   'deadline');
ok($c->open(0.02), 'no exception after it');
$backend->script();

# thrift_return and a server that is not there: no answer to a CALL either

$c->start('tell');
$c->start('inherited');
is(answer($c->call('ask')), 'backend', 'returned, cannot connect');
ok($t->wait_log(qr/\|Api\|tell\|CALL\|failed\|503\|0\|-$/, 'access.log'),
   'returned');
ok($t->wait_log(qr/\|Api\|inherited\|CALL\|failed\|502\|0\|127\S+$/,
                'access.log'), 'not sent');

# arguments that do not fit

$c = $t->client('single');
$c->start('tell', [ [ 1, string => 'x' ] ]);
is(answer($c->call('ask')), 'backend', 'arguments do not fit');
ok($t->wait_log(qr/\|Api\|tell\|CALL\|failed\|400\|0\|-$/, 'access.log'),
   'bad arguments');

# without definitions a CALL is one

$backend->script(tell => { stall => 1 });
$c = $t->client('unknown');
like(answer($c->call('tell')), qr/^6 timed out after \d+ms reading reply/,
     'without definitions');

$t->done();
