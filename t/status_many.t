#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# 10,000 methods that have been called: what reports of them cost a worker, and
# that calls go on in between.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


use constant METHODS => 10_000;
use constant REPORTS => 5;

# Milliseconds of a worker's CPU for a report, at most.

my %MOST = (prometheus => 100, json => 100, sparse => 100);

my $t = Test::Thrift->new(<<'EOF', http => 1, log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location = /prometheus {
            thrift_status  prometheus;
        }

        location = /json {
            thrift_status  json;
        }

        location = /page {
            thrift_status  html;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_status_zone  counted  16m;

    server {
        listen        127.0.0.1:%%PORT_proxy%%;
        thrift_name   many;
        thrift_idl    many.thrift;
        thrift_return INTERNAL_ERROR "no";
    }
}

EOF

$t->write_file('many.thrift', join("\n", 'service Many {',
                                   map({ "void method$_(1: i32 n)" }
                                       1 .. METHODS), '}'));
$t->run();

my ($worker) = $t->workers();
my $c = $t->client('proxy');

for my $i (1 .. METHODS) {
    $c->start("method$i");
    $c->read_message() if $i > 50;
}

$c->read_message() for 1 .. 50;

reports($_->[0], $_->[1]) for [ prometheus => '/prometheus' ],
                              [ json => '/json' ],
                              [ sparse => '/page?format=json' ];
calls_go_on();

$t->done();


sub reports {
    my ($name, $path) = @_;

    my ($before, $size) = (cpu_time($worker));

    for (1 .. REPORTS) {
        my $begin = time();
        my $r = $t->http('web')->request('GET', $path);

        $size = length $r->{body};
        note(sprintf('%s: %.0f ms', $name, 1000 * (time() - $begin)));
    }

    my $ms = 1000 * (cpu_time($worker) - $before) / REPORTS;

    cmp_ok($size, '>', 100 * METHODS, "$name: all of them");

    SKIP: {
        skip 'not with sanitizers', 1 if sanitizer();
        cmp_ok($ms, '<', $MOST{$name}, "$name: CPU");
    }

    note(sprintf('%s: %.1f MB, %.0f ms of CPU', $name, $size / 1e6, $ms));
}


# As much of a report as is written in one turn, and no more, is between calls:
# while it is read slowly they are answered.

sub calls_go_on {
    my $web = $t->http('web');

    $web->connection()->send($web->head('GET', '/prometheus'));

    my ($longest, $n) = (0, 0);

    while ($n < 300) {
        my $begin = cpu_time($worker);
        $c->call('method1');
        my $took = cpu_time($worker) - $begin;

        $longest = $took if $took > $longest;
        $n++;
        $web->connection()->read_some() if $n % 3 == 0;
    }

    note(sprintf('longest call: %.1f ms', 1000 * $longest));
    cmp_ok($longest, '<', 0.5 * time_factor(), 'calls go on');
}
