#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_next_upstream_tries above the number of servers: all are tried again
# after a pause, how often and for how long, and that a call which pauses can
# be given up.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Time::HiRes ();
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_status|$status|$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_idempotent  on;

    upstream single {
        server            127.0.0.1:%%PORT_first%%;
        thrift_keepalive  0;

        thrift_retry_budget  off;
    }

    upstream pair {
        server            127.0.0.1:%%PORT_first%%   max_fails=0;
        server            127.0.0.1:%%PORT_second%%  max_fails=0;
        thrift_keepalive  0;

        thrift_retry_budget  off;
    }

    upstream marked {
        server            127.0.0.1:%%PORT_first%%   fail_timeout=1s;
        server            127.0.0.1:%%PORT_second%%  fail_timeout=1s;
        thrift_keepalive  0;

        thrift_retry_budget  off;
    }

    upstream half {
        server            127.0.0.1:%%PORT_first%%   max_fails=0;
        server            127.0.0.1:%%PORT_second%%  max_fails=1  fail_timeout=1h;
        thrift_keepalive  0;

        thrift_retry_budget  off;
    }

    map $thrift_method $by_method {
        default  127.0.0.1:%%PORT_first%%;
    }

    server {
        listen                      127.0.0.1:%%PORT_proxy%%;
        thrift_next_upstream_tries  5;
        thrift_pass                 pair;

        thrift_service Single {
            thrift_pass  single;
        }

        thrift_service Half {
            thrift_pass  half;
        }

        thrift_service Many {
            thrift_next_upstream_tries  1000;
            thrift_pass                 pair;
        }

        thrift_service Marked {
            thrift_next_upstream_tries  100;
            thrift_pass                 marked;
        }

        thrift_service Time {
            thrift_next_upstream_tries    1000;
            thrift_next_upstream_timeout  400ms;
            thrift_pass                   pair;
        }

        thrift_service Deadline {
            thrift_next_upstream_tries  1000;
            thrift_timeout              400ms;
            thrift_pass                 pair;
        }

        thrift_service Variable {
            thrift_pass  $by_method;
        }

        thrift_service Not {
            thrift_idempotent  off;
            thrift_pass        pair;
        }

        thrift_service Off {
            thrift_next_upstream  off;
            thrift_pass           pair;
        }
    }
}

EOF

my ($first, $second) = map { $t->backend($_) } qw(first second);

$t->run();

my $closed = '6 upstream closed connection before it replied';
my $close = { close => 'request' };
my %before;

sub script {
    my ($one, $two) = @_;

    $first->script('*' => $one);
    $second->script('*' => $two || $one);

    %before = ($first => scalar $first->calls(),
               $second => scalar $second->calls());
}

# What the client gets, how often servers got it, and the time.

sub outcome {
    my ($method) = @_;

    my $start = Time::HiRes::time();
    my $text = answer($t->client('proxy')->call($method)) || 'nothing';
    my $n = 0;

    $n += $_->calls() - $before{$_} for $first, $second;

    return ("$text ($n)", Time::HiRes::time() - $start);
}

# The same of calls whose time is limited; again, if the machine took longer.

my $limit = 0.4 + 0.2 * time_factor();

sub limited {
    my ($method, $action) = @_;

    my ($text, $time);

    for (1 .. 5) {
        script($action);
        ($text, $time) = outcome($method);
        last if $time < $limit;
    }

    return ($text, $time);
}

sub tried {
    my ($text) = @_;

    return $text =~ /\((\d+)\)$/ ? $1 : 0;
}

my ($text, $time);

# each time all have been tried

script($close);
is((outcome('get'))[0], "$closed (5)", 'as often as it says');
script([ $close, $close, {} ]);
like((outcome('get'))[0], qr/^(?:first|second) \([345]\)$/, 'third calls');
script([ $close, {} ]);
like((outcome('get'))[0], qr/^(?:first|second) \([23]\)$/, 'second calls');

script($close);
is((outcome('Single:get'))[0], "$closed (5)", 'a single server');
script([ ($close) x 3, {} ]);
is((outcome('Single:get'))[0], 'first (4)', 'a single server answers');
script([ ($close) x 3, {} ]);
is((outcome('Variable:get'))[0], 'first (4)', 'an address of a variable');

my @at = map { $t->address($_) } qw(first second);

ok($t->wait_log(qr/^get\|success\|200\|$at[0]((?:, $at[0]){3})$/,
                'access.log'), 'each time is logged');

# calls that are not to be tried again are not

script($close);
is((outcome('Not:get'))[0], "$closed (1)", 'not idempotent');
is((outcome('Off:get'))[0], "$closed (2)", 'off');

my $c = $t->client('proxy');

script($close);
$c->oneway('Single:get');
$c->oneway('Single:get');
ok(wait_for(sub { $first->calls() - $before{$first} == 2 }), 'oneways');

# it takes longer from time to time: 25, 50, 100, 200, 400 ms at most

($text, $time) = limited('Time:get', $close);
like($text, qr/^$closed /, 'thrift_next_upstream_timeout');
cmp_ok(tried($text), '>=', 4, 'some rounds');
cmp_ok(tried($text), '<=', 40, 'not many');
cmp_ok($time, '<', $limit, 'no longer');

($text, $time) = limited('Deadline:get', $close);
like($text, qr/^(?:$closed|6 timed out after \d+ms .*) /, 'thrift_timeout');
cmp_ok(tried($text), '>=', 4, 'some rounds');
cmp_ok(tried($text), '<=', 40, 'not many');
cmp_ok($time, '<', $limit, 'no longer');

# nothing was sent, and nothing is lost: servers come back in time

$_->stop() for $first, $second;

my @clients = map { $t->client('proxy') } 1 .. 10;

$_->start('Many:get') for @clients;
ok($t->wait_log(qr/connect\(\) failed/, undef, undef, 60), 'refused');
$_->start() for $first, $second;
script({});

like(answer($_->read_message()), qr/^(?:first|second)$/, 'answered at last')
    for @clients;

# a server that is not there is not tried

$second->stop();
answer($t->client('proxy')->call('Half:get')) for 1 .. 2;
$second->start();
script($close);
is(tried((outcome('Half:get'))[0]), 5, 'only the other one');

# the same where max_fails takes them away: rounds wait until they are back, but
# a call that finds none of them fails at once

$_->stop() for $first, $second;
$clients[0]->start('Marked:get');
ok($t->wait_log(qr/temporarily disabled/, undef, undef, 2), 'disabled');
is(answer($clients[1]->call('Marked:get')), '6 no live upstreams', 'at once');
$_->start() for $first, $second;
script({});

like(answer($clients[0]->read_message()), qr/^(?:first|second)$/,
     'answered at last');

# clients that leave, and a worker that ends, find calls that pause

script($close);
$_->start('Many:get') for @clients;
elapse(0.3);
$_->close() for splice @clients, 0, 5;
ok($t->wait_log(qr/^get\|cancelled\|499\|/, 'access.log', undef, 5),
   'clients have left');

$t->reload();
script({});
like(answer($_->read_message()), qr/^(?:first|second)$/, 'over a reload')
    for @clients;

$t->done();
