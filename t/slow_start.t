#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_slow_start: a server that is back gets its share little by little, with
# each of stream's balancers; and at once where there is no other one.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Time::HiRes ();
use Test::Thrift;


plan skip_all => 'nginx has balancers that do it themselves'
    unless Test::Thrift->knows(stream => 'thrift_slow_start 1s;');

my %balancers = (
    rr         => '',
    least      => 'least_conn;',
    hash       => 'hash $thrift_seqid;',
    consistent => 'hash $thrift_seqid consistent;',
    random     => 'random;',
    two        => 'random two;',
);

# nginx itself never frees what "random" allocates in a zone

my @balancers = grep { !/^(?:random|two)_zone/ || !sanitizer() }
                     map { ($_, "${_}_zone") } sort keys %balancers;

my $time = 4;

my $t = Test::Thrift->new(conf(<<'EOF',

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trusted  on;

    #balancers

    # the backup is for when there is no other

    upstream backed {
        server             127.0.0.1:%%PORT_bad%%   fail_timeout=1s;
        server             127.0.0.1:%%PORT_good%%  backup;
        thrift_slow_start  1h;
    }

    upstream alone {
        server             127.0.0.1:%%PORT_bad%%   fail_timeout=1s;
        server             127.0.0.1:%%PORT_good%%  down;
        thrift_slow_start  1h;
    }

    upstream long {
        server             127.0.0.1:%%PORT_bad%%   fail_timeout=1s;
        server             127.0.0.1:%%PORT_good%%  max_fails=0;
        thrift_slow_start  1h;
    }

    upstream none {
        server             127.0.0.1:%%PORT_bad%%   fail_timeout=1s;
        server             127.0.0.1:%%PORT_good%%  max_fails=0;
    }

    server {
        listen       127.0.0.1:%%PORT_backed%%;
        thrift_pass  backed;
    }

    server {
        listen       127.0.0.1:%%PORT_alone%%;
        thrift_pass  alone;
    }

    server {
        listen       127.0.0.1:%%PORT_long%%;
        thrift_pass  long;
    }

    server {
        listen       127.0.0.1:%%PORT_none%%;
        thrift_pass  none;
    }
}

EOF
    balancers => join("\n", map { <<"EOS" } @balancers)));
    upstream $_ {
        @{[ /^(.*)_zone/ ? "zone  $_ 128k; $balancers{$1}" : $balancers{$_} ]}

        server             127.0.0.1:%%PORT_bad%%   fail_timeout=1s;
        server             127.0.0.1:%%PORT_good%%  max_fails=0;
        thrift_slow_start  ${time}s;
    }

    server {
        listen       127.0.0.1:%%PORT_$_%%;
        thrift_pass  $_;
    }
EOS

my $bad = $t->backend('bad');
my $good = $t->backend('good');

$t->run();

my %clients = map { $_ => $t->client($_) }
                  @balancers, qw(backed alone long none);

my $id = 0;

# Who answers.

sub ask {
    my ($name) = @_;

    my $m = $clients{$name}->call('get', [], seqid => ++$id);

    return ($m->{fields} || {})->{0} || '';
}

my (%n, %bad);

# Calls of each, all the time: in which part of its time who answered.

sub measure {
    my %back;

    # all know that it is down

    $bad->stop();

    for my $name (sort keys %clients) {
        ask($name) for 1 .. 10;
    }

    $bad->start();
    elapse(2.1);

    my $end = Time::HiRes::time() + $time + 2.5;

    while (Time::HiRes::time() < $end) {
        $clients{$_}->start('get', [], seqid => ++$id) for @balancers;

        for my $name (@balancers) {
            my $m = $clients{$name}->read_message();
            my $now = Time::HiRes::time();
            my $who = ($m->{fields} || {})->{0} || '';

            if (!$back{$name}) {
                $back{$name} = $now if $who eq 'bad';
                next;
            }

            my $part = int(($now - $back{$name}) / $time * 4);

            $part = 4 if $part > 4;
            $n{$name}[$part]++;
            $bad{$name}[$part] += $who eq 'bad';
        }

        elapse(0.001);
    }
}

# Of few calls nothing can be said: a machine that is busy makes more of them.

sub fewest {
    my ($fewest) = sort { $a <=> $b }
                        map { my $n = $n{$_}; map { $n->[$_] || 0 } 0 .. 4 }
                            @balancers;

    return $fewest;
}

for (1 .. 12) {
    measure();
    last if fewest() >= 100;
}

my @all = (0) x 5;

for my $name (@balancers) {
    my @share = map { ($bad{$name}[$_] || 0) / ($n{$name}[$_] || 1) } 0 .. 4;

    note(join ' ', $name, map { sprintf '%.2f', $_ } @share);

    cmp_ok($share[0], '<', 0.4 * $share[4], "$name: few at first");
    cmp_ok($share[4], '>', 0.3, "$name: its share in the end");

    $all[$_] += $share[$_] / @balancers for 0 .. 4;
}

cmp_ok($all[$_ - 1], '<', $all[$_], "more in part $_") for 1 .. 4;

cmp_ok(abs($all[$_] - ($_ + 0.5) / 8), '<', 0.06, "share in part $_")
    for 0 .. 3;

# where it is the only one it has all at once

is(join(' ', map { ask('backed') } 1 .. 9), join(' ', ('bad') x 9),
   'not the backup');
is(join(' ', map { ask('alone') } 1 .. 9), join(' ', ('bad') x 9),
   'no other one');

my @none = map { ask('none') } 1 .. 9;
my @long = map { ask('long') } 1 .. 20;

cmp_ok(scalar(grep { $_ eq 'bad' } @none), '>=', 4, 'without the directive');
is(scalar(grep { $_ eq 'bad' } @long), 1, 'an hour begins');

# one that may not be tried first may be tried next

$good->stop();

is(ask('long'), 'bad', 'the other one is down');

$t->done();
