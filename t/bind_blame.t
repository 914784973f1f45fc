#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_bind with variables: that servers cannot be reached from the address
# which a client has chosen takes none of them away from others.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

# a network of its own, in which nothing is reached from one address

my @RULES = (
    [ qw(add pref 20 lookup local) ],
    [ qw(add pref 10 from 127.0.0.11 unreachable) ],
    [ qw(del pref 0) ],
);

if (!$ENV{TEST_BIND_BLAME}) {
    plan(skip_all => 'a network namespace needs root and unshare')
        if $> != 0 || system('unshare -n true 2>/dev/null') != 0;

    $ENV{TEST_BIND_BLAME} = 1;
    exec('unshare', '-n', $^X, $0);
}

for my $command ([ qw(link set lo up) ], map { [ 'rule', @$_ ] } @RULES) {
    system('ip', @$command) == 0 or plan(skip_all => "no ip @$command");
}

my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    map $thrift_method $source {
        default  127.0.0.12;
        lost     127.0.0.11;
    }

    upstream chosen {
        server       127.0.0.1:%%PORT_first%%;
        server       127.0.0.1:%%PORT_second%%;
        thrift_bind  $source;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  chosen;
    }
}

EOC

my @backends = map { $t->backend($_) } qw(first second);

$t->run();
$t->expect_log(qr/\[error\] .*connect\(\) to \S+ failed .*call: "lost"/);

my $lost = $t->client('proxy', from => '127.0.0.2');
my $c = $t->client('proxy', from => '127.0.0.3');

like(answer($lost->call('lost')), qr/^6 cannot connect/, 'nothing is reached')
    for 1 .. 4;

is(join(' ', sort map { answer($c->call('get')) } 1 .. 6),
   join(' ', ('first') x 3, ('second') x 3), 'others have both servers');
is(scalar($t->grep_log(qr/temporarily disabled/)), 0, 'none is taken away');

$t->done();
