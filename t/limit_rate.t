#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_limit_rate: calls with the same key that come too fast, in all workers,
# wait or are refused at once, and are none of their client's any more when that
# leaves.

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

    log_format  test  '$thrift_method|$thrift_status|$status|'
                      '$thrift_limit_status|$thrift_call_time';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_limit_zone  $key                 zone=plain:64k    rate=10r/s;
    thrift_limit_zone  $key                 zone=slow:64k     rate=2r/s;
    thrift_limit_zone  $thrift_arg_user_id  zone=users:64k    rate=1r/m;
    thrift_limit_zone  $thrift_method       zone=methods:32k  rate=1r/m;

    map $thrift_method $key {
        free     "";
        default  $server_port;
    }

    upstream backend {
        server  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen             127.0.0.1:%%PORT_plain%%;
        thrift_pass        backend;
        thrift_limit_rate  zone=plain;
    }

    server {
        listen             127.0.0.1:%%PORT_burst%%;
        thrift_pass        backend;
        thrift_limit_rate  zone=plain burst=3;
    }

    server {
        listen             127.0.0.1:%%PORT_nodelay%%;
        thrift_pass        backend;
        thrift_limit_rate  zone=plain burst=3 nodelay;
    }

    server {
        listen             127.0.0.1:%%PORT_delay%%;
        thrift_pass        backend;
        thrift_limit_rate  zone=plain burst=3 delay=2;
    }

    server {
        listen             127.0.0.1:%%PORT_short%%;
        thrift_pass        backend;
        thrift_limit_rate  zone=slow burst=3;
        thrift_timeout     950ms;
    }

    server {
        listen             127.0.0.1:%%PORT_long%%;
        thrift_pass        backend;

        thrift_service Long {
            thrift_timeout  1h;

            thrift_method  slow {
                thrift_limit_rate  zone=methods burst=5;
            }
        }
    }

    server {
        listen             127.0.0.1:%%PORT_dry%%;
        thrift_pass        backend;
        thrift_limit_rate  zone=plain burst=1;
        thrift_limit_rate_dry_run  on;
    }

    server {
        listen             127.0.0.1:%%PORT_several%%;
        thrift_pass        backend;
        thrift_limit_rate  zone=methods;
        thrift_limit_rate  zone=plain burst=1000 nodelay;
    }

    server {
        listen             127.0.0.1:%%PORT_longest%%;
        thrift_pass        backend;
        thrift_limit_rate  zone=slow burst=3;
        thrift_limit_rate  zone=plain burst=3;
    }

    server {
        listen             127.0.0.1:%%PORT_users%%;
        thrift_idl         users.thrift;

        thrift_service Users {
            thrift_pass        backend;
            thrift_limit_rate  zone=users;
        }
    }
}

EOC

my $t = Test::Thrift->new($conf, log => 'info');

$t->write_file('users.thrift', <<'EOT');
service Users {
    string get(1: i64 user_id, 2: string note)
    string put(1: string user_id)
}
EOT

my $refused = '6 overloaded: calls come too fast';

my $backend = $t->backend('backend');

$t->run();

sub answers {
    my ($c, $n) = @_;

    return join(' ', map { answer($c->read_message()) } 1 .. $n);
}

sub calls {
    my ($method, $n) = @_;

    return join('', map { call_bytes($method, $_) } 1 .. $n);
}

# status and time of the calls of a method, in the order of the log

sub logged {
    my ($method, $n) = @_;

    my @lines = $t->wait_log(qr/^$method\|/, 'access.log', undef, $n);

    return map { [ (split /\|/)[3, 4] ] } @lines;
}

sub statuses {
    return join(' ', map { $_->[0] } logged(@_));
}

# without a burst, over both workers

my $began = time();
my @m = map { answer($t->client('plain')->call('plain')) } 1 .. 20;

is((grep { $_ eq 'backend' } @m)[0], 'backend', 'the first');
cmp_ok(scalar(grep { $_ eq $refused } @m), '>=', 18 - 10 * (time() - $began),
       'the next ones');
elapse(0.12);
is(answer($t->client('plain')->call('later')), 'backend', 'after its time');
is(join(' ', map { answer($t->client('plain')->call('free')) } 1 .. 5),
   join(' ', ('backend') x 5), 'without a key');
is(statuses('free', 5), join(' ', ('PASSED') x 5), 'status, without a key');

# waiting

$began = time();

my $c = $t->client('burst');

$c->send(calls('burst', 5));
is(answers($c, 5), "backend backend backend backend $refused", 'a burst');

my $took = time() - $began;

cmp_ok($took, '>=', 0.29, 'takes its time');

my @logged = sort { $a->[1] <=> $b->[1] }
             grep { $_->[0] eq 'DELAYED' } logged('burst', 5);

is(scalar(@logged), 3, 'three were delayed');
ok($logged[$_]->[1] >= ($_ + 1) * 0.1 - 0.01, "delayed, $_") for 0 .. 2;
is(join(' ', sort map { $_->[0] } logged('burst', 5)),
   'DELAYED DELAYED DELAYED PASSED REJECTED', 'statuses');

$began = time();
$c = $t->client('nodelay');
$c->send(calls('nodelay', 5));
is(answers($c, 5), "backend backend backend backend $refused", 'nodelay');
is(statuses('nodelay', 5), 'PASSED PASSED PASSED PASSED REJECTED',
   'nodelay, statuses');

$c = $t->client('delay');
$c->send(calls('delay', 5));
is(answers($c, 5), "backend backend backend backend $refused", 'delay');
is(join(' ', sort map { $_->[0] } logged('delay', 5)),
   'DELAYED PASSED PASSED PASSED REJECTED', 'delay, statuses');

# who would time out is told at once

$c = $t->client('short');
$began = time();
$c->send(calls('short', 3));
is(answers($c, 3), "backend backend $refused", 'longer than its time');
is(statuses('short', 3), 'PASSED DELAYED REJECTED', 'its statuses');

# others of the connection go on

$c = $t->client('long');
$c->send(calls('Long:slow', 2) . calls('Long:other', 1));
ok(wait_for(sub { $backend->calls('Long:other') }), 'others go on');
is(answers($c, 1), 'backend', 'the first');
is(scalar($backend->calls('Long:slow')), 1, 'the second waits');

# who leaves takes its calls along

$c->close();
ok($t->wait_log(qr/^slow\|cancelled\|499\|DELAYED/, 'access.log'), 'who closes');

$c = $t->client('long');
$c->send(calls('Long:slow', 2));
elapse(0.05);
$c->reset();
is(scalar($t->wait_log(qr/^slow\|cancelled\|499\|DELAYED/, 'access.log', undef, 3)),
   3, 'who resets');
is(scalar($backend->calls('Long:slow')), 1, 'none of them was sent');

# dry run

$c = $t->client('dry');
$c->send(calls('dry', 4));
is(answers($c, 4), 'backend backend backend backend', 'dry run');
is(statuses('dry', 4),
   'PASSED DELAYED_DRY_RUN REJECTED_DRY_RUN REJECTED_DRY_RUN',
   'dry run, statuses');

# several limits: what one refuses does not count for the other; and more keys
# than the zone has room for

$c = $t->client('several');
is(join(' ', map { answer($c->call('once')) } 1 .. 3),
   "backend $refused $refused", 'by method');

my $many = join('', map { call_bytes('m' . 'x' x 100 . $_, $_) } 1 .. 90);

is(scalar(grep { answer($_) eq 'backend' } $c->exchange($many, 90)), 90,
   'the others are not used up');

for my $round (1 .. 5) {
    $many = join('', map { call_bytes('n' . 'x' x 200 . "$round-$_", $_) }
                         1 .. 20);
    is(scalar(grep { answer($_) eq 'backend' } $c->exchange($many, 20)), 20,
       "more keys than fit, $round");
}

# by argument

$c = $t->client('users');

my $user = sub {
    my ($id) = @_;

    return answer($c->call('Users:get', [ [ 1, i64 => $id ] ]));
};

is(join(' ', map { $user->($_) } 1, 2, 1, 3, 2), "backend backend $refused "
   . "backend $refused", 'by argument');
is(answer($c->call('Users:put', [ [ 1, string => '3' ] ])), $refused,
   'the same of another method');

# what waits when a worker shuts down

$c = $t->client('burst');
$c->send(calls('reload', 4));
elapse(0.05);
$t->reload();
is(answers($c, 4), 'backend backend backend backend', 'through a reload');
is(answer($t->client('users')->call('Users:get', [ [ 1, i64 => 1 ] ])),
   $refused, 'nothing is forgotten');
$c->close();
ok($t->old_workers_gone(), 'old workers end');

# of several limits the one that holds it longest counts

$c = $t->client('longest');
$c->send(calls('longest', 2));
is(answers($c, 2), 'backend backend', 'two limits');

my ($last) = ($t->wait_log(qr/^longest\|/, 'access.log', undef, 2))[-1];

cmp_ok((split /\|/, $last)[-1], '>=', 0.4, 'half a second');

# a key stays what it was

my $other = $conf =~ s/\$key( +zone=plain)/\$thrift_method$1/r;

$t->expect_log(qr/thrift_limit_zone "plain" uses the "\$thrift_method" key /);
ok(!$t->reload($other), 'another key is refused');

my $faster = $conf =~ s/rate=10r\/s/rate=1000r\/s/r;

ok($t->reload($faster), 'another rate is taken');
$c = $t->client('plain');
is(scalar(grep { elapse(0.005); answer($c->call('faster')) eq 'backend' }
          1 .. 20), 20, 'the new rate');
$c->close();

ok($t->grep_log(qr/\[info\] .*the rate of calls is limited by zone "plain"/),
   'in the log');
is(scalar $t->grep_log(qr/\[(?:warn|error)\]/), 0, 'no line above notice');

$t->done();
