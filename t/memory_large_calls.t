#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Large calls leave no memory behind: what a call's pool took for them is not
# kept with the calls that wait for reuse.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


plan(skip_all => 'memory is not counted under a sanitizer')
    if $ENV{TEST_NGINX_STATIC};

my $t = Test::Thrift->new(<<'EOC', log => 'error');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    server {
        listen              127.0.0.1:%%PORT_proxy%%;
        thrift_buffer_size  2k;
        thrift_return       INTERNAL_ERROR  "no";
    }
}

EOC

$t->run();

sub memory {
    my ($worker) = $t->workers();

    open(my $fh, '<', "/proc/$worker/statm") or die "statm: $!";

    return (split ' ', <$fh>)[1] * 4096;
}

my $call = encode_message(CALL, 'put', 1, [ [ 1, 'string', 'x' x 8_000_000 ] ]);

# several at a time

sub large {
    my ($n) = @_;

    my @c = map { $t->client('proxy') } 1 .. $n;

    for (@c) {
        $_->send(substr($call, 0, -1));
    }

    $_->send(substr($call, -1)) for @c;

    my @m = grep { $_->read_message() } @c;

    $_->close() for @c;

    return scalar(@m);
}

is($t->client('proxy')->call('get')->{message}, 'no', 'call before large ones');

my $before = memory();

is(large(16), 16, 'large calls');

# memory goes back a second after the burst

elapse(2.5);

is($t->client('proxy')->call('get')->{message}, 'no', 'call after large ones');

my $kept = memory() - $before;

cmp_ok($kept, '<', 4_000_000, 'memory given back');
diag("$kept bytes kept") if $kept >= 4_000_000;

$t->done();
