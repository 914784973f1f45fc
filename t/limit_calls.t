#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_limit_calls: calls with the same key that are on their way, in all
# workers; each is given back at its end, however it ends, and so are those of a
# worker that is killed.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_seqid|$thrift_status|$status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_limit_calls_zone  $remote_addr  zone=address:64k;
    thrift_limit_calls_zone  $key          zone=method:64k;

    map $thrift_method $key {
        free     "";
        default  $thrift_method;
    }

    thrift_limit_calls_zone  $server_port  zone=none:32k;

    thrift_limit_calls  address  4;

    upstream backend {
        server  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen       127.0.0.1:%%PORT_address%%;
        thrift_pass  backend;
    }

    server {
        listen              127.0.0.1:%%PORT_method%%;
        thrift_pass         backend;
        thrift_limit_calls  method  2;
        thrift_limit_calls  address  10;
    }

    server {
        listen              127.0.0.1:%%PORT_many%%;
        thrift_limit_calls  none  1;
        thrift_pass         backend;
    }

    server {
        listen              127.0.0.1:%%PORT_service%%;
        thrift_pass         backend;
        thrift_limit_calls  method  2;

        thrift_service Other {
            thrift_limit_calls  method  1;
        }
    }
}

EOC

my $refused = '6 overloaded: too many calls at once';

my $backend = $t->backend('backend', script => {
    hold => { hold => 1 }, free => { hold => 1 }, poke => { hold => 1 },
    Other => { hold => 1 },
});

$t->run();

my $total = 0;

# So many more calls have come to the backend, and no further one.

sub held {
    my ($n, @clients) = @_;

    $total += $n;
    wait_for(sub { arrived() >= $total });
    elapse(0.05);

    return is(arrived(), $total, "$n held");
}

sub arrived {
    return scalar(grep { $_->{method} !~ /^(?:get|x+\d+)$/ } $backend->calls());
}

# A call counts until its reply was written and it has its line: its client may
# be sooner.

sub ended {
    wait_for(sub {
        return $t->grep_log(qr/\|(?:success|sent|cancelled)\|/, 'access.log')
               >= $backend->calls();
    });
}

# one after the other: each gives back what it has of several limits

my $one = $t->client('method');

is(join(' ', map { answer($one->call('get')) } 1 .. 5),
   join(' ', ('backend') x 5), 'never more than one');

# keys of calls that are over need no memory

is(scalar(grep { answer($one->call('x' x 200 . $_)) eq 'backend' } 1 .. 300),
   300, 'many keys');
$one->close();

# all connections of an address, in all workers

my @c = map { $t->client('address') } 1 .. 6;

$_->start('hold') for @c[0 .. 3];
held(4);
is(answer($_->call('hold')), $refused, 'one too many') for @c[4, 5];
$backend->release();
is(join(' ', map { answer($_->read_message()) } @c[0 .. 3]),
   'backend backend backend backend', 'the others are answered');
ended();
is(answer($c[4]->call('get')), 'backend', 'room again');

# of one connection

ended();

$c[0]->send(join('', map { call_bytes('hold', $_) } 1 .. 6));
held(4);
$backend->release();
is(join(' ', map { answer($c[0]->read_message()) } 1 .. 6),
   "backend backend backend backend $refused $refused", 'of a pipeline');

# another key, none, and several limits

ended();

my $c = $t->client('method');

$c->send(join('', map { call_bytes('hold', $_) } 1 .. 3)
         . join('', map { call_bytes('free', $_) } 4 .. 7));
held(6);
$backend->release();
is(join(' ', map { answer($c->read_message()) } 1 .. 7),
   "backend backend $refused backend backend backend backend",
   'by key, and without one');

ended();

$c = $t->client('service');
$c->send(join('', map { call_bytes('Other:Other', $_) } 1 .. 2));
held(1);
$backend->release();
is(join(' ', map { answer($c->read_message()) } 1 .. 2), "backend $refused",
   'of a service');

# clients that leave

for my $how (qw(close reset)) {
    ended();

    my @c = map { $t->client('address') } 1 .. 4;

    $_->start('hold') for @c;
    held(4);
    $_->$how() for @c;
    is(scalar($t->wait_log(qr/^hold\|1\|cancelled\|499$/, 'access.log', undef,
                           $how eq 'close' ? 4 : 8)),
       $how eq 'close' ? 4 : 8, "cancelled, $how");
    is(answer($t->client('address')->call('get')), 'backend',
       "given back, $how");
    $backend->release();
}

# a oneway

ended();

$c = $t->client('address');
$c->send(join('', map { oneway_bytes('poke', $_) } 1 .. 3));
held(3);
$backend->release();

# after a reload the old workers' calls count as well

ended();

@c = map { $t->client('address') } 1 .. 4;
$_->start('hold') for @c;
held(4);
$t->reload();
is(answer($t->client('address')->call('hold')), $refused, 'after a reload');
$backend->release();
is(join(' ', map { answer($_->read_message()) } @c),
   'backend backend backend backend', 'old calls are answered');
$_->close() for @c;

ok($t->old_workers_gone(), 'old workers end');

# a worker that dies

@c = map { $t->client('address') } 1 .. 4;
$_->start('hold') for @c;
held(4);

my @workers = $t->workers();

$t->expect_log(qr/exited on signal 9/);
kill('KILL', @workers);
ok(wait_for(sub { my %now = map { $_ => 1 } $t->workers();
                  keys %now == 2 && !grep { $now{$_} } @workers }),
   'workers are killed, and others begin');
$backend->release();

@c = map { $t->client('address') } 1 .. 5;
$_->start('hold') for @c;
held(4);
$backend->release();
is(scalar(grep { answer($_->read_message()) eq $refused } @c), 1,
   'as many may be on their way as before');

ok($t->grep_log(qr/\[info\] .*calls are limited by zone "address"/), 'in the log');
ok($t->grep_log(qr/^hold\|\d+\|exception\|503$/, 'access.log'), 'status');

# many of them: a line, and their number

my $holder = $t->client('many');

$holder->start('hold');
held(1);

my @many = $t->client('many')->exchange(
               join('', map { call_bytes('many', $_) } 1 .. 2000), 2000, 30);

is(scalar(grep { answer($_) eq $refused } @many), 2000, 'many are refused');
is(scalar($t->grep_log(qr/calls are limited.*call: "many"/)), 1, 'one line');

my @more = $t->wait_log(qr/\[notice\].* \d+ more calls were refused within 10 /,
                        'error.log', 15);
is($more[0] =~ /: (\d+) more calls .* seconds: limited by zone "none"$/
       ? $1 : $more[0], 1999, 'the others are counted');

$backend->release();
is(answer($holder->read_message()), 'backend', 'and the first is answered');
is(scalar $t->grep_log(qr/\[(?:warn|error)\]/), 0, 'no line above notice');

$t->done();
