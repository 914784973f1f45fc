#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What THeaders make nginx keep counts for thrift_max_memory: persistent
# headers, which stay as long as their client, and what zlib takes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_max_header_size  64k;

    server {
        listen             127.0.0.1:%%PORT_headers%%;
        thrift_max_memory  10k  worker=1m;
        thrift_pass        127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen             127.0.0.1:%%PORT_little%%;
        thrift_max_memory  100k  worker=400k;
        thrift_pass        127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen             127.0.0.1:%%PORT_much%%;
        thrift_max_memory  100k  worker=4m;
        thrift_pass        127.0.0.1:%%PORT_backend%%;
    }
}

EOC

my $backend = $t->backend('backend', script => { echo => { echo => 1 } });

$t->run();

persistent();
packed();

$t->done();


sub header_client {
    return $t->client($_[0], transport => 'header', timeout => 10);
}


sub keeps {
    my ($c, $size) = @_;

    my $m = $c->call('get', [], persistent => [ a => 'x' x $size ]);

    return $m && $m->{type} == REPLY ? 'kept' : answer($m);
}


# 60k of each client, while all may have 1m; others go on.

sub persistent {
    my $other = header_client('headers');

    is(keeps($other, 1000), 'kept', 'a few');

    my @clients = map { header_client('headers') } 1 .. 40;
    my %n;

    $n{keeps($_, 60_000)}++ for @clients;

    # a call that others leave no memory for fails, too

    delete $n{'6 overloaded: calls hold too much memory'};

    my $kept = delete $n{kept};

    cmp_ok($kept, '>=', 10, 'many');
    cmp_ok($kept, '<', 18, 'not all');
    is(join(', ', keys %n), '7 malformed call: persistent headers, and calls '
                            . 'hold too much memory', 'others are refused');

    is($other->call('echo', [ [ 1, string => 'x' ] ])->{fields}{1}, 'x',
       'who has few goes on');
    is(keeps($other, 500), 'kept', 'and may have others');
    is(keeps(header_client('headers'), 500), 'kept', 'and so may new ones');

    # more of them than a client's calls may hold: no call waits for them

    my ($one) = grep { $_->open() } @clients;

    $_->close() for @clients[grep { $clients[$_] != $one } 0 .. $#clients];

    ok(wait_for(sub { keeps(header_client('headers'), 60_000) eq 'kept' }),
       'what they had is given back');

    is($one->call('get', [])->{type}, REPLY, 'another call') for 1 .. 2;
    $one->oneway('tell', []);
    ok(wait_for(sub { scalar $backend->calls('tell') }), 'oneway');
}


sub packed {
    my $text = 'abc' x 30_000;

    for ([ little => 0 ], [ much => 1 ]) {
        my ($port, $packed) = @$_;

        my $m = header_client($port)->call('echo', [ [ 1, string => $text ] ],
                                           packed => 1);

        is(answer($m), '', "$port, a reply") if $m->{type} != REPLY;
        ok($m->{fields}{1} eq $text, "$port, the same");
        is($m->{packed}, $packed, $packed ? 'packed'
                                          : 'not packed: zlib takes too much');
    }
}
