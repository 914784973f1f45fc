#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_span_log on a disk that gets full: of a line that was written in part
# nobody's spans are lost but its own, whichever worker writes the next one, and
# also after a reload and a restart.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Preload;
use Test::Thrift::Spans;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  pid  '$pid';
    access_log  %%TESTDIR%%/pids  pid;

    thrift_trace_sample  on;
    thrift_span_log      %%TESTDIR%%/spans  flush=1ms;

    upstream backend {
        server  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%  reuseport;
        thrift_pass  backend;
    }
}

EOC

my $disk = Test::Thrift::Preload->new($t, 'full_disk');

plan(skip_all => 'no C compiler') unless $disk;

$t->backend('backend');
$disk->run();

# a client of each worker

my $pids = 0;
my %client;

for (1 .. 100) {
    my $c = $t->client('proxy');

    $c->call('first', []);
    $client{($t->wait_log(qr/./, 'pids', undef, ++$pids))[-1]} //= $c;

    last if keys %client == 2;
}

my ($one, $other) = values %client;

SKIP: {
    skip('one worker gets all clients', 4) unless $other;

    settle($pids);
    torn($one, 'torn');
    written($other, 'other', 'another worker');
    written($one, 'same', 'the same worker');

    torn($other, 'again');
    written($other, 'after', 'the worker that was stopped');
}

torn($one, 'before');
$t->reload();
$one = $t->client('proxy');
written($one, 'reloaded', 'a reload');

torn($one, 'last');
$t->stop();
$disk->set(0);
$disk->run();
written($t->client('proxy'), 'started', 'a restart');

is(scalar(grep { !defined } lines()), $other ? 4 : 2, 'lines that are no JSON');
is(scalar(grep { /^\n/ } $t->read_log('spans')), 0, 'no line is empty');

$t->expect_log(qr/\[error\] .*spans were not written to "\S+": 1/);
$t->done();


# All lines, decoded; undef: it is no JSON.

sub lines {
    return map { scalar(eval { decoded($_) }) }
           split(/\n/, $t->read_log('spans'));
}


sub names {
    return map { $_->{name} } spans_of(grep { defined } lines());
}


# All that were called have been written.

sub settle {
    my ($n) = @_;

    ok(wait_for(sub { $n == grep { $_ eq 'first' } names() }), 'all at first');
}


# A part of the line is.

sub torn {
    my ($c, $name) = @_;

    my $before = length $t->read_log('spans');

    $disk->set(101);
    $c->call($name, []);
    wait_for(sub { length($t->read_log('spans')) == $before + 100 });
    $disk->set(0);
}


sub written {
    my ($c, $name, $what) = @_;

    $c->call($name, []);
    ok(wait_for(sub { grep { $_ eq $name } names() }), "$what: written");
}
