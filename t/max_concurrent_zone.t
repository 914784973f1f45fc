#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_max_concurrent with a zone: so many calls are answered at once by all
# workers together, those that shut down included; places of a worker that has
# died are free again, and no worker keeps them from the others.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $conf = <<'EOC';

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$pid $thrift_method $thrift_status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_max_pipeline  70;

    server {
        listen                 127.0.0.1:%%PORT_waits%% reuseport;
        thrift_pass            127.0.0.1:%%PORT_backend%%;
        thrift_max_concurrent  3 queue=100 queue_timeout=0 zone=waits;
    }

    server {
        listen                 127.0.0.1:%%PORT_refused%% reuseport;
        thrift_pass            127.0.0.1:%%PORT_backend%%;
        thrift_max_concurrent  3 queue=0 zone=refused;
    }

    server {
        listen                 127.0.0.1:%%PORT_one%% reuseport;
        thrift_pass            127.0.0.1:%%PORT_backend%%;
        thrift_max_concurrent  1 queue=1000 queue_timeout=0 zone=one;
    }

    server {
        listen                 127.0.0.1:%%PORT_many%%;
        thrift_pass            127.0.0.1:%%PORT_backend%%;
        thrift_max_concurrent  70 queue=100 queue_timeout=0 zone=many;
    }
}

EOC

my $t = Test::Thrift->new($conf, log => 'info');

my $refused = '6 overloaded: too many calls at once';

my $backend = $t->backend('backend', script => { hold => { hold => 1 },
                                                 other => { hold => 1 },
                                                 '*' => {} });

$t->run();

my $total = 0;

# So many more calls have come to the backend, and no further one.

sub held {
    my ($n, $name) = @_;

    $total += $n;
    wait_for(sub { $backend->calls('hold') >= $total });
    elapse(0.1);

    return is(scalar($backend->calls('hold')), $total, $name);
}

sub started {
    my ($where, $n) = @_;

    my @clients = map { $t->client($where) } 1 .. $n;

    $_->start('hold') for @clients;

    return @clients;
}

sub answers {
    return join(' ', sort map { answer($_->read_message()) } @_);
}

# three of both workers; the others come in turn, never more than three

my @c = started('waits', 20);

held(3, 'three are answered');

for (1 .. 6) {
    $backend->release();
    held($_ < 6 ? 3 : 2, 'three more');
}

$backend->release();
is(answers(@c), join(' ', ('backend') x 20), 'all are answered');

my %pids = map { (split)[0] => 1 } $t->wait_log(qr/hold/, 'access.log', undef, 20);

is(keys %pids, 2, 'by both workers');

# no queue

@c = started('refused', 20);
held(3, 'without a queue');
$t->wait_log(qr/hold exception/, 'access.log', undef, 17);
$backend->release();
is(answers(@c), join(' ', ($refused) x 17, ('backend') x 3),
   'the others are refused at once');
@c = started('refused', 3);
held(3, 'three places again');
$backend->release();
is(answers(@c), 'backend backend backend', 'answered');

# a reload: calls of old workers count as well

@c = started('waits', 3);
held(3, 'before a reload');
$t->reload();

my @new = started('waits', 2);

held(0, 'new workers wait for old ones');
$backend->release();
held(2, 'and have the places then');
$backend->release();
is(answers(@c, @new), join(' ', ('backend') x 5), 'all are answered');
$_->close() for @c, @new;
ok($t->old_workers_gone(), 'old workers end');

# with another number, which holds for calls of old workers as well

@c = started('one', 2);
held(1, 'one place');
$t->reload($conf =~ s/concurrent  1 /concurrent  2 /r);
@new = $t->client('one');
$new[0]->start('other');
ok(wait_for(sub { $backend->calls('other') == 1 }), 'two places');
$backend->release('hold');
held(1, 'an old worker has the other one');
$backend->release();
is(answers(@c, @new), join(' ', ('backend') x 3), 'all are answered');
$_->close() for @c, @new;
$t->reload($conf);
ok($t->old_workers_gone(), 'old workers end');

# many places are free at once: for a worker that has had none before

my $calls = join('', map { call_bytes('hold', $_) } 1 .. 70);

$c[0] = $t->client('many');
$c[0]->send($calls);
held(70, 'all places');
$t->reload();
$new[0] = $t->client('many');
$new[0]->send($calls);
held(0, 'as many calls wait');

my @stopped = $t->workers();

kill('STOP', @stopped);
$backend->release();
is(scalar(@{[ map { $c[0]->read_message() } 1 .. 70 ]}), 70, 'are answered');
kill('CONT', @stopped);
held(70, 'and others come');
$backend->release();
is(scalar(@{[ map { $new[0]->read_message() } 1 .. 70 ]}), 70,
   'are answered, too');
$_->close() for $c[0], $new[0];
ok($t->old_workers_gone(), 'old workers end');

# workers that die

@c = started('waits', 3);
held(3, 'before workers die');

my @workers = $t->workers();

$t->expect_log(qr/exited on signal 9/);
kill('KILL', @workers);
ok(wait_for(sub { my %now = map { $_ => 1 } $t->workers();
                  keys %now == 2 && !grep { $now{$_} } @workers }),
   'new workers');
$_->close() for @c;
$backend->release();

@c = started('waits', 4);
held(3, 'their places are free');
$backend->release();
held(1, 'and are as many as before');
$backend->release();
is(answers(@c), 'backend backend backend backend', 'answered');

# one place for two workers, or three: one that has many calls does not keep them

for ([ one => 1 ], [ waits => 3 ]) {
    my ($where, $places) = @$_;
    my %clients = $t->clients_of_workers($where, 2);
    my ($many, $few) = values %clients;

    $many->send(join('', map { call_bytes('hold', $_) } 1 .. 60));
    held($places, "$where: some of many calls");
    $few->start('other');
    held(0, "$where: one more waits in the other worker");

    my $others = $backend->calls('other');
    my $seen;

    do {
        $seen = $backend->calls('hold');
        $backend->release();
        wait_for(sub { $backend->calls('other') > $others
                       || $backend->calls('hold') > $seen });
        elapse(0.03);
    } while ($backend->calls('hold') < $total - $places + 60
             && $backend->calls('other') == $others);

    note($backend->calls('hold') - $total . ' came before it');
    cmp_ok($backend->calls('other'), '>', $others,
           "$where: it comes before they are over");

    my $all = $total - $places + 60;

    wait_for(sub { $backend->release();
                   $backend->calls('hold') == $all
                   && $backend->calls('other') > $others });
    $backend->release();
    is(answers(($many) x 60, $few), join(' ', ('backend') x 61),
       "$where: all come");
    $total = $all;
}

# one place for two workers, both of which have calls all the time

my $began = time();
my @crowd = map { $t->client('one') } 1 .. 20;

$_->send(join('', map { call_bytes('get', $_) } 1 .. 20)) for @crowd;

my %last = map { my $c = $_;
                 $c->read_message() for 1 .. 20;
                 $c => time() - $began } @crowd;

is(scalar($backend->calls('get')), 400, 'all of a crowd are answered');
note(sprintf('%.3f s', time() - $began));

my %calls;

$calls{(split)[0]}++
    for $t->wait_log(qr/get success/, 'access.log', undef, 400);

is(keys %calls, 2, 'both workers had the place');

is(scalar $t->grep_log(qr/\[(?:warn|error)\]/), 0, 'no line above notice');

$t->done();
