#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_failure: a server that answers with exceptions, while others do not, is
# left alone; where all do so, or what a client sends is the reason, none is.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Time::HiRes ();
use Test::Thrift;


my @failures = qw(none internal any);

my $t = Test::Thrift->new(conf(<<'EOF',

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    #failures
}

EOF
    failures => join("\n", map { <<"EOS" } @failures)), log => 'info');
    upstream $_ {
        server          127.0.0.1:%%PORT_first%%   fail_timeout=1h;
        server          127.0.0.1:%%PORT_second%%  fail_timeout=1h;
        thrift_failure  exception=$_;
    }

    server {
        listen       127.0.0.1:%%PORT_$_%%;
        thrift_pass  $_;
    }
EOS

my ($first, $second) = map { $t->backend($_) } qw(first second);

$t->run();

my $internal = { exception => [ 6, 'broken' ] };
my $other = { exception => [ 7, 'odd' ] };
my $declared = { body => [ [ 1, struct => [ [ 1, string => 'x' ] ] ] ] };

# Calls of one client for longer than a server has to fail; is the first one
# left alone then?

sub is_left {
    my ($name, $one, $two) = @_;

    $first->script('*' => $one);
    $second->script('*' => $two || {});

    my $c = $t->client($name);
    my $end = Time::HiRes::time() + 1.6 * time_factor();

    while (Time::HiRes::time() < $end) {
        $c->call('get');
        elapse(0.05);
    }

    my $before = $first->calls();

    $c->call('get') for 1 .. 6;

    return $first->calls() == $before ? 'left' : 'used';
}

is(is_left('none', $internal), 'used', 'none, internal error');
is(is_left('internal', $other), 'used', 'internal, another');
is(is_left('internal', $declared), 'used', 'internal, declared');
is(is_left('any', $declared), 'used', 'any, declared');
is(is_left('any', $internal, $internal), 'used', 'any, both fail');
is(is_left('internal', $internal, $internal), 'used', 'internal, both fail');

is(scalar($t->grep_log(qr/temporarily disabled/)), 0, 'none was disabled');

# calls that fail everywhere are their client's fault, beside others

$first->script(bad => $internal);
$second->script(bad => $internal);

my $end = Time::HiRes::time() + 1.6 * time_factor();
my $bad = $t->client('internal');
my $good = $t->client('internal');
my $answers = 0;
my $n = 0;

while (Time::HiRes::time() < $end) {
    $bad->call('bad');

    for (1 .. 2) {
        $answers++ if answer($good->call('good')) =~ /^(?:first|second)$/;
        $n++;
    }

    elapse(0.05);
}

is($answers, $n, 'others are answered');
is(scalar($t->grep_log(qr/temporarily disabled/)), 0, 'none was disabled');

# a server that is broken

is(is_left('internal', $internal), 'left', 'internal, internal error');
is(is_left('any', $other), 'left', 'any, another');
is(scalar($t->grep_log(qr/temporarily disabled/)), 2, 'one of each');

$t->done();
