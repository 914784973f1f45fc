#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Numbers, times and sizes at the ends of what directives take: nothing, zero,
# the least, the largest, one more, what does not fit a word, a wrong unit.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new();

my $template = <<'EOC';

%%TEST_GLOBALS%%

events {
}

stream {
    thrift_limit_calls_zone  $remote_addr  zone=calls:1m;
    thrift_limit_zone        $remote_addr  zone=rate:1m  rate=1r/s;
    #stream

    upstream u {
        server  127.0.0.1:%%PORT_backend%%;
        #upstream
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  u;
        #server
    }
}

EOC

# more than half a word, which times on nginx's clock could not be compared with

my @never = qw(-1 x 1x s 1.5s 9223372036854775807ms 9223372036854775808ms
               4611686018427387904ms 99999999999999999999);
my @none = qw(0 0s 0ms);
my @time = qw(1ms 1 24d 4611686018427387903ms);

my @no = qw(-1 x 1x 1.5 0x10 9223372036854775808 99999999999999999999);
my $int = 2147483647;

# kind => [ [ good ones ], [ bad ones ] ]

my %kinds = (
    time      => [ [ @none, @time ], [ @never ] ],
    some_time => [ [ @time ], [ '', @none, @never ] ],
    any_time  => [ [ @none, @time ], [ '', @never ] ],
    number    => [ [ 0, 1, 65535, 2147483648 ], [ @no ] ],
    some      => [ [ 1, 65535, 2147483648 ], [ '', 0, @no ] ],
    any       => [ [ 0, 1, 65535, 2147483648 ], [ '', @no ] ],
    calls     => [ [ 1, 65535 ], [ '', 0, 65536, 4294967297, @no ] ],
    queue     => [ [ 0, 1, 65535 ], [ '', 65536, 4294967296, @no ] ],
    rate      => [ [ 1, 2147483 ], [ '', 0, 2147484, 4294967297, @no ] ],
    burst     => [ [ 0, 1, 2147483 ], [ '', 2147484, 4294967296, @no ] ],
    percent   => [ [ 1, 100 ], [ '', 0, 101, 4294967297, @no ] ],
    share     => [ [ 0, 1.5, 100 ], [ '', 101, 4294967296,
                                      grep { $_ ne '1.5' } @no ] ],
    budget    => [ [ qw(0% 100%) ], [ qw(0 % 101% 4294967296% -1% x%) ] ],
    zone      => [ [ qw(64k 1m) ], [ '', 0, 1, qw(-1 1x 4095 9223372036854775807k) ] ],
    size      => [ [ 1, qw(1k 1m), $int ], [ 0, -1, '1x', $int + 1, '1.5m',
                                             '9223372036854775807k' ] ],
    header    => [ [ 0, 1, 262140 ], [ 262141, -1, '1x', '4294967296' ] ],
    buffer    => [ [ 2048, '1m', 1073741824 ], [ 0, 2047, 1073741825, -1,
                                             '4294967296', '1x' ] ],
    memory    => [ [ '16k', '1m', '1g' ], [ 0, -1, '1x', '1.5m',
                                            '9223372036854775807k' ] ],
    object    => [ [ '64k', '1m' ], [ 0, -1, '1x', '1.5m', '4096g',
                                      '9223372036854775807k' ] ],
    depth     => [ [ 1, 255 ], [ 0, 256, 4294967297, @no ] ],
    pipeline  => [ [ 1, 256 ], [ 0, 257, 4294967297, @no ] ],
    port      => [ [ 1, 65535 ], [ '', 0, 65536, 4294967297, @no ] ],
    chain     => [ [ 0, 1, $int ], [ $int + 1, 4294967296, @no ] ],
);

# Angie's balancers have a parameter for it

my $eases = Test::Thrift->knows(stream => 'thrift_slow_start 1s;');

# where it stands, the directive, in which "%" is the value, and its kind

my @table = (
    (map { [ server => "$_ %", 'time' ] }
         qw(thrift_timeout thrift_connect_timeout thrift_read_timeout
            thrift_send_timeout thrift_idle_timeout thrift_attempt_timeout
            thrift_handler_slow thrift_next_upstream_timeout
            thrift_shutdown_idle)),
    [ upstream => 'thrift_pipeline_delay %', 'time' ],
    $eases ? [ upstream => 'thrift_slow_start %', 'time' ] : (),
    [ server => 'thrift_hedge %', 'some_time' ],
    [ server => 'thrift_hedge 1s percent=%', 'percent' ],
    (map { [ upstream => "thrift_keepalive 0 $_=%", 'some_time' ] }
         qw(timeout lifetime queue_timeout)),
    (map { [ upstream => "thrift_keepalive 0 $_=%", 'some' ] }
         qw(max requests)),
    [ upstream => 'thrift_keepalive 0 queue=%', 'any' ],
    [ upstream => 'thrift_keepalive 3000000000 min=%', 'any' ],
    [ upstream => 'thrift_keepalive %', 'number' ],
    (map { [ upstream => "thrift_health_check $_=%", 'some_time' ] }
         qw(interval timeout)),
    [ upstream => 'thrift_health_check jitter=%', 'any_time' ],
    (map { [ upstream => "thrift_health_check $_=%", 'some' ] }
         qw(fails passes)),
    [ upstream => 'thrift_health_check port=%', 'port' ],
    [ upstream => 'thrift_pipeline %', 'pipeline' ],
    [ upstream => 'thrift_pipeline 8 connections=%', 'some' ],
    [ upstream => 'thrift_retry_budget %', 'budget' ],
    [ upstream => 'thrift_ssl_verify_depth %', 'chain' ],
    (map { [ server => "$_ %", 'number' ] }
         qw(thrift_max_calls thrift_next_upstream_tries)),
    [ server => 'thrift_max_depth %', 'depth' ],
    [ server => 'thrift_max_pipeline %', 'calls' ],
    [ server => 'thrift_max_concurrent %', 'calls' ],
    [ server => 'thrift_max_concurrent 1 queue=%', 'queue' ],
    [ server => 'thrift_max_concurrent 1 queue_timeout=%', 'any_time' ],
    [ server => 'thrift_max_message_size %', 'size' ],
    [ server => 'thrift_max_header_size %', 'header' ],
    [ server => 'thrift_max_memory %', 'memory' ],
    [ server => 'thrift_handler_memory %', 'object' ],
    [ server => 'thrift_buffer_size %', 'buffer' ],
    [ server => 'thrift_limit_calls calls %', 'calls' ],
    [ server => 'thrift_limit_rate zone=rate burst=%', 'burst' ],
    [ server => 'thrift_limit_rate zone=rate delay=%', 'burst' ],
    [ stream => 'thrift_limit_zone $server_port zone=z:1m rate=%r/s', 'rate' ],
    [ stream => 'thrift_limit_zone $server_port zone=z:% rate=1r/s', 'zone' ],
    [ stream => 'thrift_limit_calls_zone $server_port zone=z:%', 'zone' ],
    [ stream => 'thrift_status_zone z %', 'zone' ],
    [ server => 'thrift_mirror u max=%', 'calls' ],
    [ server => 'thrift_mirror u %%', 'share' ],
    [ server => 'thrift_fault delay=%', 'some_time' ],
    [ server => 'thrift_fault delay=1s percent=%', 'share' ],
);

for my $row (@table) {
    my ($where, $directive, $kind) = @$row;
    my ($good, $bad) = @{$kinds{$kind}};

    is(join(' ', grep { said($where, $directive, $_) !~ /test is successful/ }
                      @$good), '', "$directive: good values");

    # a value that is nothing has no place of its own

    my @bad = grep { length || $directive =~ /[=:]%/ } @$bad;

    is(join(' ', grep { said($where, $directive, $_)
                            !~ /\[emerg\] .* in test\.conf:\d+/ } @bad), '',
       "$directive: bad values");
}

$t->done();


sub said {
    my ($where, $directive, $value) = @_;

    $directive =~ s/%/$value/;

    return scalar $t->test_config(conf($template, $where => "$directive;"));
}
