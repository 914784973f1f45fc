#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_max_concurrent: how many calls are answered at once.  Others wait, in
# a queue in which each client has its turn, as long as they may and there is
# room; what is refused is told at once.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_status|$status';
    access_log  %%TESTDIR%%/access.log  test;

    upstream backend {
        server  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen                 127.0.0.1:%%PORT_one%%;
        thrift_pass            backend;
        thrift_max_concurrent  1 queue=6 queue_timeout=0;
    }

    server {
        listen                 127.0.0.1:%%PORT_none%%;
        thrift_pass            backend;
        thrift_max_concurrent  2 queue=0;
    }

    server {
        listen                 127.0.0.1:%%PORT_times%%;
        thrift_pass            backend;
        thrift_max_concurrent  1 queue_timeout=100ms;

        thrift_service Late {
            thrift_max_concurrent  1 queue_timeout=0;
            thrift_timeout         150ms;

            thrift_method hold {
                thrift_timeout  60s;
            }
        }
    }

    server {
        listen                 127.0.0.1:%%PORT_levels%%;
        thrift_pass            backend;
        thrift_max_concurrent  1 queue=0;

        thrift_service Same {
            thrift_method own {
                thrift_max_concurrent  1 queue=0;
            }
        }

        thrift_service Free {
            thrift_max_concurrent  off;
        }
    }

    server {
        listen                 127.0.0.1:%%PORT_said%%;
        thrift_return          INTERNAL_ERROR "said";
        thrift_max_concurrent  1 queue=500;
        thrift_max_pipeline    500;
    }
}

EOC

my $full = '6 overloaded: too many calls are waiting';
my $refused = '6 overloaded: too many calls at once';

my $backend = $t->backend('backend', script => { '*' => { hold => 1 } });

$t->run();

my $total = 0;

# So many more calls have come to the backend, and no further one.

sub held {
    my ($n, $name) = @_;

    $total += $n;
    wait_for(sub { $backend->calls() >= $total });
    elapse(0.05);

    return is(scalar($backend->calls()), $total, $name);
}

# Answers all, one after the other as they come; what came.

sub answer_all {
    my ($n) = @_;

    for (1 .. $n) {
        wait_for(sub { $backend->calls() > $total });
        $backend->release();
        $total++;
    }

    return join(' ', map { $_->{method} } ($backend->calls())[-$n .. -1]);
}

sub answers {
    my ($c, $n) = @_;

    return join(' ', map { answer($c->read_message()) } 1 .. $n);
}

# a turn for each client, and for each of its calls in order

my ($a, $b, $c) = map { $t->client('one') } 1 .. 3;

$a->send(join('', map { call_bytes("a$_", $_) } 1 .. 4));
held(1, 'one is answered');
$b->send(join('', map { call_bytes("b$_", $_) } 1 .. 2));
held(0, 'others wait');
$c->send(call_bytes('c1', 1));
held(0, 'all of them');
$total--;
is(answer_all(7), 'a1 a2 b1 c1 a3 b2 a4', 'clients take turns');
is(answers($a, 4) . ' ' . answers($b, 2) . ' ' . answers($c, 1),
   join(' ', ('backend') x 7), 'all are answered');

# one that comes in the turn in which a place gets free does not overtake

$a->start('a1');
held(1, 'one is answered, in turn');
$b->start('b1');
held(0, 'another one waits');

my ($worker) = $t->workers();

kill('STOP', $worker);
$backend->release();
$c->start('c1');
kill('CONT', $worker);
is(answer_all(2), 'b1 c1', 'and is the next');
is(join(' ', map { answers($_, 1) } $a, $b, $c), 'backend backend backend',
   'all three are answered');

# a full queue: who has many gives up for those who have few

$a->send(join('', map { call_bytes("a$_", $_) } 1 .. 8));
held(1, 'a full queue');
$b->send(join('', map { call_bytes("b$_", $_) } 1 .. 4));
elapse(0.05);
$total--;
is(answer_all(7), 'a1 a2 b1 a3 b2 a4 b3', 'shared by halves');
is(answers($a, 8), join(' ', ('backend') x 4, ($full) x 4), 'the first four');
is(answers($b, 4), join(' ', ('backend') x 3, $full), 'the first three');

# who leaves makes room, and takes no turn; a oneway has no client

$a->start('hold');
held(1, 'one is answered again');

for my $how (qw(close reset)) {
    my @c = map { $t->client('one') } 1 .. 6;

    $_->start("gone_$how") for @c;
    elapse(0.05);
    is(answer($t->client('one')->call('more')), $full, "full, $how");
    $_->$how() for @c;
    is(scalar($t->wait_log(qr/^gone_$how\|cancelled\|499$/, 'access.log', undef,
                           6)), 6, "cancelled, $how");
}

my $leaving = $t->client('one');

$leaving->send(oneway_bytes('poke', 1));
elapse(0.05);
$leaving->close();
$b->start('after');
elapse(0.05);
$backend->release();

# a oneway is over when it is sent

held(2, 'the oneway goes on');
is(join(' ', sort map { $_->{method} } ($backend->calls())[-2, -1]),
   'after poke', 'and the next with it');
$backend->release();
is(answers($a, 1) . answers($b, 1), 'backendbackend', 'answered');

# one that is answered and leaves gives its place back

for my $how (qw(close reset)) {
    my $c = $t->client('one');

    $c->start('leaves');
    held(1, "one that leaves, $how");
    $b->start('next');
    elapse(0.05);
    $c->$how();
    held(1, "the next one comes, $how");
    $backend->release();
    is(answers($b, 1), 'backend', "and is answered, $how");
}

# no queue

my @c = map { $t->client('none') } 1 .. 3;

$_->start('hold') for @c;
held(2, 'without a queue');
$backend->release();
is(join(' ', sort map { answers($_, 1) } @c), "$refused backend backend",
   'refused at once');

# times

($a, $b) = map { $t->client('times') } 1 .. 2;
$a->start('Other:hold');
held(1, 'one is answered');

my $began = time();

is(answer($b->call('Other:wait')), '6 overloaded: its turn did not come in time',
   'queue_timeout');
cmp_ok(time() - $began, '>=', 0.09, 'not before');
$backend->release();
is(answers($a, 1), 'backend', 'the first one');
is(scalar($backend->calls('Other:wait')), 0, 'it was not sent');

$a->start('Late:hold');
held(1, 'of a service');
like(answer($b->call('Late:wait')),
     qr/^6 timed out after 150ms waiting for its turn$/, 'thrift_timeout');
$backend->release();
is(answers($a, 1), 'backend', 'the other is answered');

# what counts together

($a, $b) = map { $t->client('levels') } 1 .. 2;
$a->start('Same:any');
held(1, 'of a service');
is(answer($b->call('any')), $refused, 'and of the server');
$b->start('Same:own');
held(1, 'a method alone');
is(answer($t->client('levels')->call('Same:own')), $refused,
   'a method, once more');
$c = $t->client('levels');
$c->send(join('', map { call_bytes("Free:any$_", $_) } 1 .. 3));
held(3, 'off');
$backend->release();
is(join(' ', map { answers(@$_) } [ $a, 1 ], [ $b, 1 ], [ $c, 3 ]),
   join(' ', ('backend') x 5), 'levels are answered');

# calls that are answered at once

$c = $t->client('said');
is(scalar(grep { answer($_) eq '6 said' }
          $c->exchange(join('', map { call_bytes('m', $_) } 1 .. 500), 500)),
   500, 'answered at once');

# old workers end what waits

($a, $b) = map { $t->client('one') } 1 .. 2;
$a->start('hold');
held(1, 'before a reload');
$b->start('wait');
elapse(0.05);
$t->reload();
$c = $t->client('one');
$c->start('new');
held(1, 'new workers count anew');
$backend->release();
held(1, 'what has waited comes');
$backend->release();
is(join(' ', map { answers($_, 1) } $a, $b, $c), 'backend backend backend',
   'after a reload');
$_->close() for $a, $b, $c;
ok($t->old_workers_gone(), 'old workers end');

ok($t->grep_log(qr/\[info\] .*calls are limited by "thrift_max_concurrent" in \S+:\d+: too many calls are waiting/),
   'in the log');
is(scalar $t->grep_log(qr/\[(?:warn|error)\]/), 0, 'no line above notice');

$t->done();
