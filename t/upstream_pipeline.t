#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_pipeline: several calls are on their way on one connection to a server.
# The test itself is the server, so that it says what is answered when.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::IP;
use Test::More;
use Time::HiRes qw(sleep time);
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_status|$status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_max_pipeline  1000;

    upstream server {
        server           127.0.0.1:%%PORT_server%%  max_fails=0;
        thrift_pipeline  4  connections=1;
        thrift_pipeline_delay  10s;
    }

    upstream spread {
        server           127.0.0.1:%%PORT_server%%  max_fails=0;
        thrift_pipeline  8  connections=2;
        thrift_pipeline_delay  200ms;
    }

    upstream stuffed {
        server           127.0.0.1:%%PORT_server%%  max_fails=0;
        thrift_pipeline  256  connections=1;
        thrift_pipeline_delay  10s;
    }

    upstream full {
        server            127.0.0.1:%%PORT_server%%  max_fails=0;
        thrift_keepalive  1  max=1;
        thrift_pipeline   4;
        thrift_pipeline_delay  20s;
    }

    upstream order {
        server           127.0.0.1:%%PORT_server%%  max_fails=0;
        thrift_pipeline  4  connections=1;
        thrift_pipeline_delay  10s;
        thrift_check_seqid     off;
    }

    server {
        listen          127.0.0.1:%%PORT_trusted%%;
        thrift_trusted  on;
        thrift_timeout  5s;
        thrift_pass     server;

        thrift_service S {
            thrift_method twice { thrift_idempotent on; thrift_pass server; }
            thrift_method quick { thrift_timeout 300ms; thrift_pass server; }
        }
    }

    server {
        listen          127.0.0.1:%%PORT_large%%;
        thrift_trusted  on;
        thrift_max_message_size  50m;
        thrift_pass     server;
    }

    server {
        listen          127.0.0.1:%%PORT_unchecked%%;
        thrift_pass     server;
    }

    server {
        listen          127.0.0.1:%%PORT_spread%%;
        thrift_trusted  on;
        thrift_pass     spread;
    }

    server {
        listen       127.0.0.1:%%PORT_defined%%;
        thrift_idl   %%TESTDIR%%/defined.thrift;
        thrift_validate_enum  off;
        thrift_pass  server;

        thrift_service M {
            thrift_method odd { thrift_timeout 200ms; thrift_pass server; }
        }
    }

    server {
        listen               127.0.0.1:%%PORT_sending%%;
        thrift_trusted       on;
        thrift_send_timeout  2s;
        thrift_pass          stuffed;
    }

    server {
        listen          127.0.0.1:%%PORT_begun%%;
        thrift_trusted  on;
        thrift_pass     stuffed;
    }

    server {
        listen          127.0.0.1:%%PORT_full%%;
        thrift_trusted  on;
        thrift_pass     full;
    }

    server {
        listen          127.0.0.1:%%PORT_order%%;
        thrift_trusted  on;
        thrift_pass     order;
    }
}

EOF

$t->write_file('defined.thrift', <<'EOF');
enum E { ONE = 1 }

service M {
    string get(1: string name)
    string odd(1: string name, 2: E e)
}
EOF

my $listen = IO::Socket::IP->new(LocalHost => '127.0.0.1', Listen => 511,
                                 LocalPort => $t->port('server'),
                                 ReuseAddr => 1)
    or die "cannot listen: $!";

$t->run();

# --- the server ------------------------------------------------------------

# a connection to it, or undef when none comes in time

sub accepted {
    my ($timeout) = @_;

    my $r = '';
    vec($r, fileno($listen), 1) = 1;

    return undef if select($r, undef, undef, $timeout || 5) <= 0;

    my $socket = $listen->accept() or return undef;
    $socket->blocking(0);

    return bless { socket => $socket, in => '', eof => 0, timeout => 5,
                   transport => 'framed', protocol => 'binary' },
                 'Test::Thrift::Client';
}

# calls that come on it, by the argument that names them

sub calls {
    my ($server, $n) = @_;

    my @calls = map { $server->read_message(5) || () } 1 .. $n;

    return map { $_->{fields}{1} => $_ } @calls;
}

sub reply {
    my ($call, $text, %o) = @_;

    return reply_bytes($call->{name}, $call->{seqid},
                       [ [ 0, string => $text || $call->{fields}{1} ] ], %o);
}

# clients, each with a call of its own name on its way

sub begin {
    my ($where, $method, @names) = @_;

    return map {
        my $c = $t->client($where);
        $c->start($method, [ [ 1, string => $_ ] ], seqid => 7);
        $_ => $c;
    } @names;
}

sub got {
    my ($c, $timeout) = @_;

    my $m = $c->read_message($timeout) or return 'nothing';

    return "seqid $m->{seqid}" unless $m->{seqid} == 7;
    return $m->{type} == REPLY ? $m->{fields}{0} : $m->{message};
}

sub fresh {
    my ($where) = @_;

    # a first call, so that the others find an open connection

    my %c = begin($where, 'first', 'a');
    my $server = accepted();
    my %call = calls($server, 1);

    $server->send(reply($call{a}));
    is(got($c{a}), 'a', "$where: first call");

    return $server;
}

# --- one connection for several clients -------------------------------------

my $server = fresh('trusted');
my %c = begin('trusted', 'get', qw(a b c d));
my %call = calls($server, 4);

is(join(' ', sort keys %call), 'a b c d', 'four calls on one connection');

my %seqids = map { $call{$_}{seqid} => 1 } keys %call;
is(keys %seqids, 4, 'each under a seqid of its own');
ok(!$seqids{7}, 'none is the client\'s');

$server->send(join('', map { reply($call{$_}) } qw(c a d b)));
is(got($c{$_}), $_, "$_: its own reply, in any order") for qw(a b c d);

# no more than the limit: the next one goes elsewhere

%c = begin('trusted', 'get', qw(a b c d e));
%call = calls($server, 4);
my $second = accepted();
%call = (%call, calls($second, 1));

is(join(' ', sort keys %call), 'a b c d e', 'a fifth call: a second connection');

for my $name (sort keys %call) {
    $_->send(reply($call{$name}))
        for grep { defined } ($name eq 'e' ? $second : $server);
}

is(got($c{$_}), $_, "$_: answered") for grep { $c{$_} } qw(a b c d e);

# replies byte by byte, and a large one among them

%c = begin('trusted', 'get', qw(a b c));
my %on = %{calls_on($server, $second, 3)};

for my $name (qw(c b a)) {
    my $bytes = reply($on{$name}{call}, $name eq 'b' ? 'x' x 100000 : $name);

    if ($name eq 'b') {
        ok($on{$name}{server}->send($bytes), 'a large reply');
        next;
    }

    for my $byte (split(//, $bytes)) {
        $on{$name}{server}->send($byte);
        sleep(0.0005);
    }
}

is(got($c{a}), 'a', 'after bytes and a large one');
is(length(got($c{b})), 100000, 'the large one');
is(got($c{c}), 'c', 'byte by byte');

# --- who leaves, and what takes too long, harms nobody ----------------------

sub calls_on {
    my ($one, $two, $n) = @_;

    my %on;

    for (1 .. 20) {
        for my $s ($one, $two) {
            next unless $s;
            while (my $m = $s->read_message(0.05)) {
                $on{$m->{fields}{1}} = { call => $m, server => $s };
            }
        }

        last if keys %on >= $n;
    }

    return \%on;
}

$server = restart();
%c = begin('trusted', 'get', qw(a b c));
%call = calls($server, 3);

$c{b}->close();
ok($t->wait_log(qr/^get\|cancelled\|499/m, 'access.log'), 'one has left');

$server->send(reply($call{a}) . reply($call{b}));
is(got($c{a}), 'a', 'the one before it is answered');
$server->send(reply($call{c}));
is(got($c{c}), 'c', 'and the one behind it');

%c = begin('trusted', 'get', qw(a b));
%call = calls($server, 2);
is(keys %call, 2, 'the connection goes on');
$server->send(reply($call{$_})) for qw(a b);
is(got($c{$_}), $_, "$_: answered") for qw(a b);

%c = (begin('trusted', 'get', 'a'), begin('trusted', 'S:quick', 'b'),
      begin('trusted', 'get', 'c'));
%call = calls($server, 3);

like(got($c{b}), qr/^timed out/, 'one has timed out');
$server->send(join('', map { reply($call{$_}) } qw(a b c)));
is(got($c{$_}), $_, "$_: answered") for qw(a c);

# its late reply is in the middle

%c = (begin('trusted', 'get', 'a'), begin('trusted', 'S:quick', 'b'),
      begin('trusted', 'get', 'c'));
%call = calls($server, 3);

my $bytes = reply($call{b}, 'late');
$server->send(substr($bytes, 0, -3));
like(got($c{b}), qr/^timed out/, 'one has timed out in the middle');
$server->send(substr($bytes, -3) . reply($call{a}) . reply($call{c}));
is(got($c{$_}), $_, "$_: answered") for qw(a c);

# all of them: nothing is waited for

%c = begin('trusted', 'get', qw(a b));
%call = calls($server, 2);
$_->close() for values %c;
ok($server->closed(), 'nobody waits: closed');

# --- servers that break the rules ------------------------------------------

sub restart {
    $_ && $_->close() for $server, $second;
    $second = undef;
    sleep(0.1);

    return fresh('trusted');
}

for my $case ([ 'a seqid of nobody', 'seqid is wrong', 'a',
                sub { reply_bytes('get', 1, [ [ 0, string => 'x' ] ]) } ],
              [ 'garbage', 'malformed reply', 'a',
                sub { "\0\0\0\4abcd" } ],
              [ 'an exception without seqid', 'seqid is wrong', 'a',
                sub { exception_bytes('get', 0, 6, 'no') } ],
              [ 'the end', 'closed connection', 'a', undef ])
{
    my ($what, $error, $blamed, $raw) = @$case;

    $server = restart();
    %c = (begin('trusted', 'get', 'a'), begin('trusted', 'get', 'b'),
          begin('trusted', 'S:twice', 'c'));
    %call = calls($server, 3);

    $server->send(reply($call{b}));
    is(got($c{b}), 'b', "$what: a reply before it");

    $raw ? $server->send($raw->()) : $server->close();

    like(got($c{a}), qr/$error/, "$what: one fails");

    my $next = accepted();
    ok($next, "$what: a new connection");
    my %again = calls($next, 1);
    ok($again{c}, "$what: what may be sent again is");
    $next->send(reply($again{c}));
    is(got($c{c}), 'c', "$what: and is answered");

    ok($server->closed(), "$what: the connection is closed") if $raw;
    $second = $next;
}

# what is wrong with one reply is that one's fate only

for my $case ([ 'another method', sub { reply_bytes('other', $_[0]{seqid},
                                                    [ [ 0, string => 'x' ] ]) } ],
              [ 'no reply', sub { call_bytes('get', $_[0]{seqid}) } ])
{
    my ($what, $raw) = @$case;

    $server = restart();
    %c = begin('trusted', 'get', qw(a b c));
    %call = calls($server, 3);

    $server->send($raw->($call{a}));
    like(got($c{a}), qr/malformed reply/, "$what: one fails");
    $server->send(reply($call{b}) . reply($call{c}));
    is(got($c{$_}), $_, "$what: $_ is answered") for qw(b c);
    ok($server->closed(), "$what: and then it is closed");
}

# two replies to one call

$server = restart();
%c = begin('trusted', 'get', qw(a b c));
%call = calls($server, 3);

$server->send(reply($call{a}) . reply($call{a}) . reply($call{b}));
is(got($c{$_}), $_, "two replies: $_ is answered") for qw(a b);
$server->send(reply($call{c}));
is(got($c{c}), 'c', 'two replies: c is answered');
ok($server->closed(), 'two replies: and then it is closed');

# an exception is a reply, and leaves a doubt

$server = restart();
%c = begin('trusted', 'get', qw(a b));
%call = calls($server, 2);
$server->send(exception_bytes('get', $call{a}{seqid}, 6, 'no'));
is(got($c{a}), 'no', 'an exception');

my %d = begin('trusted', 'get', 'd');
$second = accepted();
my %other = calls($second, 1);
ok($other{d}, 'nobody joins while it is in doubt');
$server->send(reply($call{b}));
$second->send(reply($other{d}));
is(got($c{b}), 'b', 'who waits is answered');
is(got($d{d}), 'd', 'who went elsewhere, too');

# --- who may be together ----------------------------------------------------

$server = restart();
my %held = begin('trusted', 'get', 'a');
my %held_call = calls($server, 1);
my $l = $t->client('large');

$l->start('get', [ [ 1, string => 'l' ] ], seqid => 7);
$second = accepted();
my %l = calls($second, 1);
ok($l{l}, 'other limits: another connection');
$second->send(reply($l{l}));
is(got($l), 'l', 'answered');

my $u = $t->client('unchecked');
$u->start('get', [ [ 1, string => $_ ] ], seqid => 7) for qw(u v);
my %u = %{calls_on($server, $second, 2)};
is(scalar(grep { $_->{server} == $server } values %u), 0,
   'unchecked calls: not beside others');
is($u{u}{server}, $u{v}{server}, 'but beside each other');

my $w = $t->client('unchecked');
$w->start('get', [ [ 1, string => 'w' ] ], seqid => 7);
my $third = accepted();
my %w = calls($third, 1);
ok($w{w}, 'another client\'s: on another connection');

$_->{server}->send(reply($_->{call})) for map { $u{$_} } qw(v u);
is(got($u), $_, "unchecked $_: in the order of calls") for qw(u v);
$third->send(reply($w{w}));
is(got($w), 'w', 'the other\'s');

my $o = $t->client('trusted');
$o->oneway('say', [ [ 1, string => 'o' ] ]);
my $fourth = accepted();
my %o = calls($fourth, 1);
ok($o{o}, 'a oneway goes alone');

$server->send(reply($held_call{a}));
is(got($held{a}), 'a', 'the one that was held');

# --- a slow call ------------------------------------------------------------

$_->close() for $server, $second, $third, $fourth;

%c = begin('spread', 'get', 'a');
$server = accepted();
%call = calls($server, 1);
my %b = begin('spread', 'get', 'b');
$second = accepted();
%call = (%call, calls($second, 1));
is(join(' ', sort keys %call), 'a b', 'spread: a connection for each of two');

sleep(0.4);

my %late = begin('spread', 'get', 'x');
$third = accepted();
ok($third, 'slow calls: a further connection');
my %late_call = calls($third, 1);
ok($late_call{x}, 'none waits behind them');
$third->send(reply($late_call{x}));
is(got($late{x}), 'x', 'and it is answered first');

$server->send(reply($call{a}));
$second->send(reply($call{b}));
is(got($c{a}), 'a', 'a slow one');
is(got($b{b}), 'b', 'the other slow one');

# --- by order ---------------------------------------------------------------

$_->close() for $server, $second, $third;

my $one = $t->client('order');
$one->start('get', [ [ 1, string => $_ ] ], seqid => 7) for qw(a b c);
$server = accepted();
%call = calls($server, 3);
is(keys %call, 3, 'by order: a client\'s calls on one connection');

my $two = $t->client('order');
$two->start('get', [ [ 1, string => 'z' ] ], seqid => 7);
$second = accepted();
my %z = calls($second, 1);
ok($z{z}, 'by order: another client\'s are not among them');

$server->send(reply_bytes('get', 0, [ [ 0, string => $_ ] ])) for qw(a b c);
is(got($one), $_, "by order: $_") for qw(a b c);
$second->send(reply_bytes('get', 0, [ [ 0, string => 'z' ] ]));
is(got($two), 'z', 'by order: z');

# --- what was not checked, and is given up ----------------------------------

$_->close() for $server, $second;

for (1 .. 10) {
    %c = begin('defined', 'get', 'a');
    $server = accepted();
    %call = calls($server, 1);
    $server->send(exception_bytes('get', $call{a}{seqid}, 6, 'no'));
    is(got($c{a}), 'no', 'a connection is its client\'s, for a moment');

    # an enum value that is not defined: passed on, but not as a checked call

    $c{a}->send(call_bytes('get', 7, [ [ 1, string => 'b' ] ])
                . call_bytes('M:odd', 8, [ [ 1, string => 'odd' ],
                                           [ 2, i32 => 99 ] ]));
    %call = calls($server, 2);
    last if keys %call == 2;

    # the moment was over: again

    $_->close() for $c{a}, $server;

    while (my $other = accepted(0.5)) {
        $other->close();
    }
}

is(join(' ', sort keys %call), 'b odd', 'two calls on it');
sleep(0.4 * time_factor());

$server->send(reply($call{odd}));
sleep(0.05);
$server->send(reply($call{b}));
is(got($c{a}), 'b', 'the one that was checked is answered');

my %next = begin('defined', 'get', 'd');
$second = accepted();
ok($second, 'the connection is nobody else\'s');

my %none = calls($second || $server, 1);
($second || $server)->send(reply($none{d}));
is(got($next{d}), 'd', 'another client');
$_ && $_->close() for $server, $second;

# --- the only one is full ----------------------------------------------------

%c = begin('full', 'get', 'a');
$server = accepted();
%call = calls($server, 1);

# who waits goes on it as soon as a call is answered

my $most = 1.5 * time_factor();

cmp_ok(shortest($most, \&crowd), '<', $most, 'and none waits for a time');

$server->send(reply($call{a}));
is(got($c{a}), 'a', 'the slow one');
$server->close();

# --- they are lost together --------------------------------------------------

$server = fresh('trusted');
%c = begin('trusted', 'S:twice', 1 .. 4);
%call = calls($server, 4);
$server->close();
$server = accepted();
%call = calls($server, 4);
is(join(' ', sort keys %call), '1 2 3 4', 'on one new connection again');
$server->send(join('', map { reply($_) } values %call));
is(got($c{$_}), $_, "$_ is answered") for 1 .. 4;
$server->close();
sleep(0.1);

# --- large ones are sent together --------------------------------------------

$server = fresh('sending');

kill('STOP', $t->workers());
%c = begin('sending', 'put', map { $_ . chr(96 + $_) x 40000 } 1 .. 9);
sleep(0.05);
kill('CONT', $t->workers());

%call = calls($server, 9);
is(join(',', sort keys %call), join(',', sort keys %c), 'large ones together');
$server->send(join('', map { reply($call{$_}) } sort keys %call));
is(length(got($c{$_})), 40001, 'a large reply') for sort keys %c;
$server->close();

# --- one that is half sent is given up ---------------------------------------

$server = fresh('sending');
%c = begin('sending', 'get', 'a');
%call = calls($server, 1);
my @stuff = map { my %x = begin('sending', 'put', 'x' x 60000); values %x }
                1 .. 200;
sleep(0.2);
$_->close() for @stuff;
is(got($c{a}, 3), 'nothing', 'the one before it waits for its reply');
$server->send(reply($call{a}));
is(got($c{a}), 'a', 'and gets it');
$server->close();

# what found no room went elsewhere

while (my $other = accepted(0.5)) {
    $other->close();
}

# --- those before one that is half sent are given up -------------------------

# large replies to them are in the way of the rest of it

for my $size (10, 200000) {
    $server = fresh('begun');

    my %clients;
    my @names = map { sprintf('%03d', $_) . 'x' x 60000 } 1 .. 200;

    for my $name (@names) {
        %clients = (%clients, begin('begun', 'put', $name));
        sleep(0.002);
    }

    # all that were sent whole leave, and no other

    my $left = () = left();
    my $length = length(call_bytes('put', 7, [ [ 1, string => $names[0] ] ]));
    my @sent = splice(@names, 0, int(unread($server) / $length));

    delete($clients{$_})->close() for @sent;
    wait_for(sub { left() == $left + @sent });

    $second = accepted(10 * time_factor());
    ok($second, 'all others go elsewhere');
    cmp_ok(@names, '>', 20, 'some were not sent before the others left');

    my %waits = map { $_ => 1 } @names;
    my $end = time() + 20 * time_factor();

    my @servers = ($server, $second);

    while (%waits && time() < $end) {
        push @servers, accepted(0.01) || ();

        for my $s (@servers) {
            my $m = $s->read_message(0.01) or next;

            $s->send(reply($m, 'y' x $size));
            delete $waits{$m->{fields}{1}};
        }
    }

    is(keys(%waits), 0, 'all others are asked for');

    my @wrong = grep { $_ ne 'y' x $size } map { got($clients{$_}) } @names;

    is($wrong[0], undef, 'the one that was half sent is answered, and others');

    # a worker that was held up has sent calls in another order: the half of one
    # whose client has left is not followed by its rest

    $server->read_all();
    ok($server->{eof}, 'and its connection is closed');

    $_->close() for @servers, values %clients;
}

# --- the only one is gone when it is wanted ----------------------------------

%c = begin('trusted', 'get', 'a');
$server = accepted();
%call = calls($server, 1);
$server->send(reply($call{a}));
is(got($c{a}), 'a', 'an idle connection');
sleep(0.1);

my ($worker) = $t->workers();
kill('STOP', $worker);
sleep(0.05);
$c{a}->start('get', [ [ 1, string => 'z' ] ], seqid => 7);
sleep(0.05);
$server->close();
sleep(0.05);
kill('CONT', $worker);

$server = accepted();
%call = calls($server, 1);
$server->send(reply($call{z}));
is(got($c{a}), 'z', 'a call that comes just before its server closes');
$server->close();

$t->done();


# Lines of calls whose clients have left.

sub left {
    return $t->grep_log(qr/^put\|cancelled\|499$/, 'access.log');
}


# Bytes that the worker has sent on a connection to the server, which has read
# none of them: as soon as there are no more for a moment.

sub unread {
    my ($server) = @_;

    my ($ours, $theirs) = map { sprintf(':%04X', $_) }
                          $server->{socket}->sockport(),
                          $server->{socket}->peerport();
    my ($n, $before) = (0, -1);

    wait_for(sub {
        CORE::open(my $tcp, '<', '/proc/net/tcp') or die "tcp: $!";

        $n = 0;

        for (<$tcp>) {
            my (undef, $from, $to, undef, $queues) = split;
            my ($sent, $received) = split(/:/, $queues);

            $n += hex($received) if $from =~ /$ours$/ && $to =~ /$theirs$/;
            $n += hex($sent) if $from =~ /$theirs$/ && $to =~ /$ours$/;
        }

        my $same = $n == $before;

        $before = $n;
        sleep(0.1);

        return $same;
    });

    return $n;
}


# 900 calls of a client, of which the server answers one after the other.

sub crowd {
    my $crowd = $t->client('full');
    my @got;

    $crowd->send(join('', map { call_bytes('get', 7, [ [ 1, string => $_ ] ]) }
                              1 .. 900));

    for (1 .. 900) {
        my %next = calls($server, 1) or last;
        $server->send(reply($_)) for values %next;
    }

    while (@got < 900) {
        my $m = $crowd->read_message(2) or last;
        push @got, $m;
    }

    is(scalar(grep { $_->{type} == REPLY } @got), 900,
       'beside a slow call others go on');
}
