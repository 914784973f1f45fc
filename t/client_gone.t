#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A client that leaves too early: its calls are cancelled and logged, what they
# held is free again.  One that was sent in part spoils no other one's call.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $ms = 500 * time_factor();

my $t = Test::Thrift->new(conf(<<'EOF', time => "${ms}ms"), log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_seqid|$thrift_status|$status|'
                      '$upstream_addr|$thrift_exception';
    access_log  %%TESTDIR%%/access.log  test;

    upstream few {
        zone    few  64k;
        server  127.0.0.1:%%PORT_first%%  max_conns=2;
    }

    upstream least {
        zone    least  64k;
        least_conn;
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_second%%;
    }

    server {
        listen       127.0.0.1:%%PORT_few%%;
        thrift_pass  few;
    }

    server {
        listen               127.0.0.1:%%PORT_pipeline%%;
        thrift_max_pipeline  2;
        thrift_pass          127.0.0.1:%%PORT_first%%;
    }

    server {
        listen       127.0.0.1:%%PORT_least%%;
        thrift_pass  least;
    }

    server {
        listen       127.0.0.1:%%PORT_slow%%  sndbuf=32k;
        thrift_pass  127.0.0.1:%%PORT_first%%;
    }

    server {
        listen          127.0.0.1:%%PORT_to_deaf%%;
        thrift_timeout  #time;
        thrift_trusted  on;
        thrift_pass     127.0.0.1:%%PORT_deaf%%;
    }

    server {
        listen             unix:%%SOCK_few%%;
        listen             127.0.0.1:%%PORT_half%%;
        thrift_half_close  on;
        thrift_pass        few;
    }
}

EOF

my %script = (hold => { hold => 1 }, big => { echo => 1 },
              cut => { cut => 0.5 });

my $first = $t->backend('first', script => \%script);
my $second = $t->backend('second', script => \%script);

$t->run();

my $address = '127.0.0.1:' . $t->port('first');

sub held {
    my ($n) = @_;

    return wait_for(sub { $first->calls() + $second->calls() >= $n });
}

sub total {
    return scalar(my @all = map { $_->calls() } $first, $second);
}

sub idle_answers {
    my ($c, $n) = @_;

    return join(' ', map { my $m = $c->call('get');
                           $m->{fields}{0} || $m->{message} } 1 .. $n);
}

# resets in the middle of a call

for my $i (1 .. 3) {
    my $c = $t->client('few');
    my $total = total();

    $c->send(call_bytes('hold', $i) . call_bytes('hold', 10 + $i));
    ok(held($total + 2), 'two calls');

    # what others had kept was closed for them

    my $closed = $first->closed();

    my $m = $t->client('few')->call('get');
    like($m->{message}, qr/^overloaded: upstream servers/, 'no room');

    $c->reset();
    ok(wait_for(sub { $first->closed() == $closed + 2 }),
       'upstream connections closed');
    is(scalar($t->wait_log(qr/^hold\|1?$i\|cancelled\|499\|$address\|-$/,
                           'access.log', undef, 2)), 2, 'cancelled');
    is(idle_answers($t->client('few'), 2), 'first first', 'room again');

    # what the backend says now is for nobody

    $first->release();
}

is(idle_answers($t->client('few'), 4), 'first first first first', 'no leak');

my $c = $t->client($t->sock('few'));
my $total = total();
$c->start('hold', [], seqid => 30);
ok(held($total + 1), 'call over unix socket');
my $closed = $first->closed();
$c->half_close();
ok($c->open(0.05), 'half closed is not gone');
$first->release();
is($c->read_message()->{seqid}, 30, 'reply after half close');

# half closed, and then reset

$c = $t->client('half');
$total = total();
$c->start('hold', [], seqid => 35);
$c->half_close();
ok(held($total + 1), 'half closed, and waits');
ok($c->open(0.05), 'nginx has seen that');
$c->reset();
ok($t->wait_log(qr/^hold\|35\|cancelled\|499\|/, 'access.log', 2),
   'half closed, then reset');
$first->release();

# two of one client, one of another: that one is not touched

my $other = $t->client('pipeline');
$c = $t->client('pipeline');
$total = total();
$other->start('hold', [], seqid => 40);
$c->start('hold', [], seqid => 41);
ok(held($total + 2), 'two clients');
$c->reset();
ok($t->wait_log(qr/^hold\|41\|cancelled\|499\|/, 'access.log'),
   'one cancelled');
$first->release();
is($other->read_message()->{seqid}, 40, 'other answered');

# reset in the middle of a reply of the server

$c = $t->client('few');
$total = total();
$closed = $first->closed();
$c->start('cut', [], seqid => 50);
ok(held($total + 1), 'half a reply');
$c->reset();
ok($t->wait_log(qr/^cut\|50\|cancelled\|499\|/, 'access.log'),
   'cancelled in reply');
ok(wait_for(sub { $first->closed() > $closed }), 'connection is not kept');
is(idle_answers($t->client('few'), 3), 'first first first',
   'nobody gets the rest');

# more calls than may run: those behind never do

for my $how (qw(reset close)) {
    $c = $t->client('pipeline');
    $total = total();

    $c->send(join('', map { call_bytes($_ < 3 ? 'hold' : 'never', 60 + $_) }
                          1 .. 10));
    ok(held($total + 2), 'calls in a queue');
    $c->$how();

    my $n = $how eq 'reset' ? 1 : 2;

    ok($t->wait_log(qr/^hold\|61\|cancelled\|499\|/, 'access.log', 2, $n),
       "first in queue cancelled, $how");
    ok($t->wait_log(qr/^hold\|62\|cancelled\|499\|/, 'access.log', 2, $n),
       "second in queue cancelled, $how");
    is(total(), $total + 2, "no other ran, $how");
}

$first->release();

is(idle_answers($t->client('few'), 3), 'first first first', 'served on');

# in the middle of a message, and between messages

for my $how (qw(reset close half_close)) {
    for my $n (1, 3, 4, 11, 20) {
        my $c = $t->client('few');

        $total = total();
        $c->send(call_bytes('get', 70)
                 . substr(call_bytes('partial', 71, [ [ 1, i32 => 1 ] ]),
                          0, $n));
        is($c->read_message()->{seqid}, 70, "$how after $n bytes");
        $c->$how();
        ok($c->closed(), "$how, closed") if $how eq 'half_close';
    }
}

ok($t->wait_log(qr/\[info\] .*client closed connection in the middle of a call/,
                'error.log', undef, 10), 'half calls logged');
is(scalar($t->grep_log(qr/^partial/, 'access.log')), 0, 'not logged');
is(scalar(grep { $_->{method} eq 'partial' } $first->calls()), 0, 'not sent');

# large messages that were half received, many times: memory is given back

for (1 .. 20) {
    my $c = $t->client('few');
    $c->send(substr(call_bytes('partial', 1, [ [ 1, string => 'x' x 1e6 ] ]),
                    0, 900_000));
    $_ % 2 ? $c->reset() : $c->close();
}

is(idle_answers($t->client('few'), 2), 'first first', 'after large halves');

# gone while its replies are written

for my $how (qw(reset close)) {
    my $c = $t->client('slow', rcvbuf => 8192);

    $c->send(call_bytes('big', 80, [ [ 1, string => 'x' x 2e5 ] ]) x 4);
    wait_for(sub { $first->calls('big') >= ($how eq 'reset' ? 1 : 5) });
    ok(length $c->read(100), "reply begins, $how");
    $c->$how();
}

# every one of them ends; one that was cut while it was sent has a line, and is
# no call that the server has seen

ok(wait_for(sub { my @lines = $t->grep_log(qr/^big\|80\|/, 'access.log');
                  @lines >= $first->calls('big') }), 'all logged');
cmp_ok(scalar(() = $t->grep_log(qr/^big\|80\|/, 'access.log')), '<=', 8,
       'and no more than there were');
is(scalar(grep { !/^big\|80\|(?:cancelled\|499|declared\|200)\|$address\|-$/ }
          $t->grep_log(qr/^big/, 'access.log')), 0, 'as they ended');
ok($t->grep_log(qr/^big\|80\|cancelled\|499/, 'access.log'),
   'cancelled while written');

# least_conn counts calls: those cancelled do not count any more

for my $round (1 .. 5) {
    my $c = $t->client('least');

    $total = total();
    $c->send(join('', map { call_bytes('hold', 90) } 1 .. 6));
    ok(held($total + 6), 'six calls');
    $c->reset();
}

ok(wait_for(sub { my @lines = $t->grep_log(qr/^hold\|90\|cancelled/,
                                           'access.log');
                  @lines == 30 }), 'thirty cancelled');
$_->release() for $first, $second;

my @answers = split / /, idle_answers($t->client('least'), 10);
is(scalar(grep { $_ eq 'first' } @answers), 5, 'evenly again');

# oneway: it was sent, that is all

$c = $t->client('few');
$total = total();
$c->oneway('get', [], seqid => 95);
ok(held($total + 1), 'oneway');
$c->reset();
ok($t->wait_log(qr/^get\|95\|sent\|200\|/, 'access.log'), 'oneway logged');

# log levels

is(scalar($t->grep_log(qr/\[(?:error|warn)\]/)), 0, 'nothing above info')
    or diag(join("\n", $t->grep_log(qr/\[(?:error|warn)\]/)));

# the connection of a call that was sent in part takes no other one

my $deaf = $t->backend('deaf', script => {
    '!accept' => [ { ignore => 1 }, {} ]
});

like($t->client('to_deaf')->call('put', [ [ 1, string => 'x' x 5000000 ] ])
         ->{message},
     qr/^timed out after \d+ms sending call to upstream$/, 'sent in part');
is(answer($t->client('to_deaf')->call('get')), 'deaf', 'the next call');
is($deaf->accepted(), 2, 'goes on another connection');

$t->done();
