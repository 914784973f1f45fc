#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A burst of calls gives its memory back, also with a debug log.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    server {
        listen               127.0.0.1:%%PORT_proxy%%;
        thrift_max_pipeline  200;
        thrift_pass          127.0.0.1:%%PORT_backend%%;
    }
}

EOC

my $backend = $t->backend('backend');

$t->run();

my $c = $t->client('proxy');
my @replies = $c->exchange(join('', map { call_bytes('get', $_) } 1 .. 100),
                           100);

is(scalar(@replies), 100, 'burst answered');

# the memory goes back after a second without another burst

elapse(1.5);

is($c->call('get')->{fields}{0}, 'backend', 'worker stayed');

$t->done();
