#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The settings of a pool in stream{}: they hold for addresses in thrift_pass, for
# those that variables name, and for an upstream{} that has none of its own.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trusted       on;
    thrift_max_pipeline  100;

    thrift_keepalive  2  max=2  queue=3  requests=1000;

    upstream plain {
        server  127.0.0.1:%%PORT_plain%%;
    }

    upstream other {
        server            127.0.0.1:%%PORT_other%%;
        thrift_keepalive  5;
    }

    map $thrift_method $where {
        default  127.0.0.1:%%PORT_variable%%;
    }

    server { listen 127.0.0.1:%%PORT_to_plain%%;     thrift_pass plain; }
    server { listen 127.0.0.1:%%PORT_to_other%%;     thrift_pass other; }
    server { listen 127.0.0.1:%%PORT_to_variable%%;  thrift_pass $where; }

    server {
        listen       127.0.0.1:%%PORT_to_address%%;
        thrift_pass  127.0.0.1:%%PORT_address%%;
    }
}

EOF

my %backend = map { $_ => $t->backend($_, script => { hold => { hold => 1 } }) }
                  qw(plain other variable address);

$t->run();

for my $name (sort keys %backend) {
    my $c = $t->client("to_$name");
    my $backend = $backend{$name};
    my $most = ($name eq 'other') ? 7 : 2;

    $c->send(join('', map { call_bytes('hold', $_) } 1 .. 7));
    ok(wait_for(sub { $backend->calls('hold') == $most }), "$name: $most");
    elapse(0.1);
    is($backend->calls('hold'), $most, "$name: at a time");

    wait_for(sub { $backend->release();
                   $backend->calls('hold') == ($name eq 'other' ? 7 : 5) });
    $backend->release();

    my @m = $c->exchange('', 7);

    is(scalar(grep { $_->{type} == REPLY } @m), $name eq 'other' ? 7 : 5,
       "$name: answered");
    is(scalar(grep { ($_->{message} || '') =~ /^overloaded: too many calls wait/ }
              @m), $name eq 'other' ? 0 : 2, "$name: no room in the queue");
}

$t->done();
