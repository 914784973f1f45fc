#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_keepalive: how many connections a server has at most, who waits for
# one, and in which order; how many calls one carries, and how old it gets.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Time::HiRes qw(time);
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
    worker_connections  2048;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_status|$status|$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    log_format  times  '$thrift_method $thrift_queue_time';

    thrift_max_pipeline  1000;
    thrift_trusted       on;

    upstream max {
        server            127.0.0.1:%%PORT_to_max%%;
        thrift_keepalive  2  max=2  queue=10;
    }

    upstream none {
        server            127.0.0.1:%%PORT_to_none%%;
        thrift_keepalive  1  max=1  queue=0;
    }

    upstream time {
        server            127.0.0.1:%%PORT_to_time%%;
        thrift_keepalive  1  max=1  queue_timeout=200ms;
    }

    upstream two {
        server            127.0.0.1:%%PORT_to_one%%;
        server            127.0.0.1:%%PORT_to_other%%;
        thrift_keepalive  1  max=1  queue=0;
    }

    upstream requests {
        server            127.0.0.1:%%PORT_to_requests%%;
        thrift_keepalive  5  requests=3;
    }

    upstream pipeline {
        server            127.0.0.1:%%PORT_to_pipeline%%;
        thrift_keepalive  1  max=1;
        thrift_pipeline   4;
    }

    upstream once {
        server            127.0.0.1:%%PORT_to_once%%;
        thrift_keepalive  1  max=1  requests=1;
    }

    upstream alone {
        server            127.0.0.1:%%PORT_to_alone%%;
        thrift_keepalive  1  max=1;
    }

    upstream pair {
        server            127.0.0.1:%%PORT_to_one%%;
        server            127.0.0.1:%%PORT_to_other%%;
        thrift_keepalive  1  max=1;
    }

    upstream both {
        server            127.0.0.1:%%PORT_to_one%%;
        server            127.0.0.1:%%PORT_to_other%%;
        thrift_keepalive  6  max=3;
    }

    upstream few {
        server            127.0.0.1:%%PORT_to_few%%;
        thrift_keepalive  2  max=20;
    }

    upstream many {
        server            127.0.0.1:%%PORT_to_many%%;
    }

    server { listen 127.0.0.1:%%PORT_max%%;       thrift_pass max; }
    server { listen 127.0.0.1:%%PORT_none%%;      thrift_pass none; }
    server { listen 127.0.0.1:%%PORT_time%%;      thrift_pass time; }
    server { listen 127.0.0.1:%%PORT_requests%%;  thrift_pass requests; }
    server { listen 127.0.0.1:%%PORT_pipeline%%;  thrift_pass pipeline; }
    server { listen 127.0.0.1:%%PORT_once%%;      thrift_pass once; }
    server { listen 127.0.0.1:%%PORT_both%%;      thrift_pass both; }
    server { listen 127.0.0.1:%%PORT_few%%;       thrift_pass few; }

    server {
        listen       127.0.0.1:%%PORT_many%%;
        access_log   %%TESTDIR%%/many.log  times;
        thrift_pass  many;
    }

    server {
        listen                127.0.0.1:%%PORT_two%%;
        thrift_next_upstream  error overloaded;
        thrift_pass           two;
    }

    server {
        listen          127.0.0.1:%%PORT_unshared%%;
        thrift_trusted  off;
        thrift_pass     max;
    }

    server {
        listen          127.0.0.1:%%PORT_impatient%%;
        thrift_timeout  500ms;
        thrift_pass     max;
    }

    server { listen 127.0.0.1:%%PORT_pair%%;      thrift_pass pair; }

    server {
        listen          127.0.0.1:%%PORT_pair_impatient%%;
        thrift_timeout  500ms;
        thrift_pass     pair;
    }

    server {
        listen          127.0.0.1:%%PORT_alone%%;
        thrift_balance  connection;
        thrift_timeout  3s;
        thrift_pass     alone;
    }

    server {
        listen          127.0.0.1:%%PORT_pinned%%;
        thrift_balance  connection;
        thrift_pass     max;
    }
}

EOF

my %script = (hold => { hold => 1 }, slow => { delay => 0.05 },
              echo => { echo => 1 }, fail => { exception => [ 6, 'no' ] },
              bye => { close => 'request' });

my ($max, $none, $time, $one, $other, $requests, $pipeline, $once, $alone,
    $few, $many)
    = map { $t->backend("to_$_", script => \%script) }
          qw(max none time one other requests pipeline once alone few many);

$t->run();

sub held {
    my ($backend, $n) = @_;

    return wait_for(sub { $backend->calls('hold') - $backend->{seen} == $n });
}

sub forget {
    $_[0]{seen} = $_[0]->calls('hold');
}

# as many as there may be; the others wait in turn

my ($greedy, $modest) = map { $t->client('max') } 1 .. 2;

forget($max);
$greedy->send(join('', map { call_bytes('hold', $_) } 1 .. 8));
held($max, 2);
$modest->send(call_bytes('hold', 1));
elapse(0.1);

is($max->calls('hold'), 2, 'two at a time');
is($max->accepted(), 2, 'by two connections');

$max->release();
held($max, 4);
$max->release();
held($max, 6);

my @modest = $modest->exchange('', 1);
is(scalar @modest, 1, 'who has one call has its turn before others\' sixth');

wait_for(sub { $max->release(); $max->calls('hold') == 9 });
$max->release();

my @greedy = $greedy->exchange('', 8);
is(join(' ', map { $_->{seqid} } @greedy), '1 2 3 4 5 6 7 8', 'all answered');
is($max->accepted(), 2, 'never more than two connections');

# one that comes in the turn in which a connection gets free, or is closed, does
# not overtake

for ([ once => $once, 1 ], [ max => $max, 2 ]) {
    my ($name, $backend, $n) = @$_;
    my ($first, $second, $third) = map { $t->client($name) } 1 .. 3;
    my ($worker) = $t->workers();

    forget($backend);
    $first->send(join('', map { call_bytes('hold', $_) } 1 .. $n));
    held($backend, $n);
    $second->start('second');
    elapse(0.05);
    kill('STOP', $worker);
    $backend->release('hold');
    $third->start('third');
    kill('CONT', $worker);
    $_->read_message() for $second, $third;
    is(join(' ', map { $_->{method} } ($backend->calls())[-2, -1]),
       'second third', "$name: calls keep their order");
    $backend->release();
    $first->read_message() for 1 .. $n;
}

# more than may wait: those with most calls there have one fewer

forget($max);
$greedy->send(join('', map { call_bytes('hold', $_) } 1 .. 14));
held($max, 2);
elapse(0.1);

my @refused = grep { /503/ } $t->grep_log(qr/^hold\|exception\|503/, 'access.log');
is(scalar @refused, 0, 'refused calls wait for their turn to be told');

$modest->send(call_bytes('hold', 2));
elapse(0.1);
wait_for(sub { $max->release(); $max->calls('hold') - $max->{seen} == 12 });
$max->release();

@greedy = $greedy->exchange('', 14);
@modest = $modest->exchange('', 1);

is($modest[0]{type}, REPLY, 'the one that came last is answered');

my @messages = grep { $_->{type} == EXCEPTION } @greedy;
is(scalar @messages, 3, 'three of the many are refused');
is($_->{message}, 'overloaded: too many calls wait for upstream', 'says why')
    for @messages;

is($t->client('max')->call('get')->{type}, REPLY, 'the server is not to blame');

# nobody waits

my $first = $t->client('none');
forget($none);
$first->send(call_bytes('hold', 1));
held($none, 1);
is(answer($t->client('none')->call('get')),
   '6 overloaded: too many calls wait for upstream', 'queue=0');
$none->release();
is(answer($first->read_message()), 'to_none', 'the first');
is(answer($t->client('none')->call('get')), 'to_none', 'and the next');

# not for long

$first = $t->client('time');
forget($time);
$first->send(call_bytes('hold', 1));
held($time, 1);
my $start = time();
is(answer($t->client('time')->call('get')),
   '6 overloaded: no connection to upstream got free in time',
   'queue_timeout');
cmp_ok(time() - $start, '>', 0.15, 'not at once');
$time->release();
is(answer($first->read_message()), 'to_time', 'the first one goes on');

# another server may have a place

my $c = $t->client('two');
forget($_) for $one, $other;
$c->send(join('', map { call_bytes('hold', $_) } 1 .. 3));
held($one, 1);
held($other, 1);
elapse(0.1);
$_->release() for $one, $other;
is(join(' ', sort map { answer($_) } $c->exchange('', 3)),
   '6 overloaded: too many calls wait for upstream to_one to_other',
   'thrift_next_upstream overloaded: both servers');

# who waits and leaves, or has no time

forget($max);
$greedy->send(join('', map { call_bytes('hold', $_) } 1 .. 2));
held($max, 2);

my $gone = $t->client('max');
$gone->send(call_bytes('gone', 1));
elapse(0.05);
$gone->close();
ok($t->wait_log(qr/^gone\|cancelled\|499/m, 'access.log'), 'left while waiting');
like(answer($t->client('impatient')->call('get')),
     qr/^6 timed out after \d+ms waiting for a connection to upstream$/,
     'timed out while waiting');

$max->release();
$greedy->exchange('', 2);
is($max->calls('gone'), 0, 'never sent');

# what is only kept is given up: connections of single clients

my $before = $max->accepted();
my @own = map { $t->client('unshared') } 1 .. 6;
is(answer($_->call('get')), 'to_max', 'unshared') for @own, @own;
is(answer($t->client('max')->call('get')), 'to_max', 'shared');
cmp_ok($max->accepted() - $max->closed(), '<=', 2, 'two at most');

$before = $max->accepted();
is(answer($t->client('max')->call('fail')), '6 no', 'exception') for 1 .. 4;
is(answer($t->client('max')->call('get')), 'to_max', 'and on');
cmp_ok($max->accepted() - $max->closed(), '<=', 2, 'still two at most');

# that a call waits is no fault of the servers

my @pair = map { $t->client('pair') } 1 .. 2;
forget($_) for $one, $other;
$_->send(call_bytes('hold', 1)) for @pair;
ok(held($one, 1) && held($other, 1), 'held');
like(answer($t->client('pair_impatient')->call('get')), qr/^6 timed out/,
     'a call has waited in vain') for 1 .. 2;
$_->release() for $one, $other;
is(join(' ', sort map { answer($_->read_message()) } @pair), 'to_one to_other',
   'held ones are answered');
is(join('', $t->grep_log(qr/upstream timed out .*while waiting|disabled/)), '',
   'no server is blamed');
is(join(' ', sort map { answer($t->client('pair')->call('get')) } 1 .. 2),
   'to_one to_other', 'both are asked again');

# a pinned client has a place for itself

my $pinned = $t->client('pinned');
is(answer($pinned->call('get')), 'to_max', 'pinned');
my $pinned2 = $t->client('pinned');
is(answer($pinned2->call('get')), 'to_max', 'another one');
like(answer($t->client('impatient')->call('get')), qr/^6 timed out/,
     'no place is left');
$pinned->close();
is(answer($t->client('impatient')->call('get')), 'to_max', 'one is left');
$pinned2->close();

# its calls that have waited together go together

$pinned = $t->client('alone');
is(answer($pinned->call('get')), 'to_alone', 'one place, and who has it');
$pinned2 = $t->client('alone');
$pinned2->send(join('', map { call_bytes('get', $_) } 1 .. 4));
sleep(0.1);
is($alone->accepted(), 1, 'calls that wait for it');
$pinned->close();
is(join(' ', map { $_->{seqid} } $pinned2->exchange('', 4)), '1 2 3 4',
   'all of them are answered');
is($alone->accepted(), 2, 'on one connection');
$pinned2->close();

# a connection that is closed by its server is a place

is(answer($t->client('max')->call('bye')),
   '6 upstream closed connection before it replied', 'closed') for 1 .. 5;
is(answer($t->client('max')->call('get')), 'to_max', 'all places are there');

# requests=

is(answer($t->client('requests')->call('get')), 'to_requests', 'requests')
    for 1 .. 7;
is($requests->accepted(), 3, 'three on each connection');
wait_for(sub { $requests->closed() == 2 });
is($requests->closed(), 2, 'and then it is closed');

# thrift_pipeline: a connection takes several

$c = $t->client('pipeline');
forget($pipeline);
$c->send(join('', map { call_bytes('slow', $_) } 1 .. 20));
is(scalar(grep { $_->{type} == REPLY } $c->exchange('', 20)), 20,
   'twenty on one connection of four');
is($pipeline->accepted(), 1, 'never another');

# who waits gets a connection that is one too many to be kept

$c = $t->client('few');
forget($few);
$c->send(join('', map { call_bytes('hold', $_) } 1 .. 60));

for my $n (20, 40, 60) {
    ok(held($few, $n), "$n of sixty");
    $few->release();
}

is(scalar(grep { $_->{type} == REPLY } $c->exchange('', 60)), 60, 'answered');
is($few->accepted(), 20, 'by twenty connections');
ok(wait_for(sub { $few->closed() == 18 }), 'of which two are kept');

# max is of each server, what is kept of all: a burst finds them all

my @accepted = map { $_->accepted() } $one, $other;

$c = $t->client('both');

for (1 .. 3) {
    forget($_) for $one, $other;
    $c->send(join('', map { call_bytes('hold', $_) } 1 .. 6));
    ok(held($one, 3) && held($other, 3), 'three to each server');
    $_->release() for $one, $other;
    is(scalar($c->exchange('', 6)), 6, 'answered');
}

is(join(' ', map { $_->accepted() - shift @accepted } $one, $other), '3 3',
   'by the same connections');

# without a limit: none waits where few are on their way, however many were

my @c = map { $t->client('many') } 1 .. 4;

$c[0]->call('get') for 1 .. 200;
forget($many);
$c[0]->send(join('', map { call_bytes('hold', $_) } 1 .. 10));
ok(held($many, 10), 'some at a time');
$many->release();
is(scalar($c[0]->exchange('', 10)), 10, 'answered');
is(scalar(grep { !/^hold 0\.000$/ }
               $t->wait_log(qr/^hold /, 'many.log', undef, 10)), 0,
   'none has waited');

# all slow calls get a connection, soon; a worker that does not
# keep up opens 32 in half a second

forget($many);
$start = time();
$_->send(join('', map { call_bytes('hold', $_) } 1 .. 150)) for @c;
ok(wait_for(sub { $many->calls('hold') - $many->{seen} == 600 }, 20),
   '600 slow calls at a time');
$many->release();
is(scalar(grep { $_->{type} == REPLY } map { $_->exchange('', 150) } @c), 600,
   'all answered');

$t->done();
