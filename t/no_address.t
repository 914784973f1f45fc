#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A server of a family of which the host has no address, as where IPv6 is off:
# it cannot be reached, and is taken away as any other that cannot.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

# a network of its own, which has no IPv6

if (!$ENV{TEST_NO_ADDRESS}) {
    plan(skip_all => 'a network namespace needs root and unshare')
        if $> != 0 || system('unshare -n true 2>/dev/null') != 0;

    $ENV{TEST_NO_ADDRESS} = 1;
    exec('unshare', '-n', $^X, $0);
}

system('ip', 'link', 'set', 'lo', 'up') == 0
    or plan(skip_all => 'ip is missing');

open(my $fh, '>', '/proc/sys/net/ipv6/conf/all/disable_ipv6')
    or plan(skip_all => 'no IPv6 at all');
print $fh "1\n";
close($fh) or die "disable_ipv6: $!";

my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    upstream two {
        server  [::1]:%%PORT_first%%;
        server  127.0.0.1:%%PORT_first%%;
    }

    upstream checked {
        server               [::1]:%%PORT_first%%      max_fails=0;
        server               127.0.0.1:%%PORT_first%%  max_fails=0;
        thrift_health_check  interval=50ms  fails=1;
    }

    server {
        listen       127.0.0.1:%%PORT_two%%;
        thrift_pass  two;
    }

    server {
        listen       127.0.0.1:%%PORT_checked%%;
        thrift_pass  checked;
    }
}

EOC

$t->backend('first');

$t->run();

$t->expect_log(qr/\[error\] .*connect\(\) to \[::1\]/);
$t->expect_log(qr/\[warn\] .*temporarily disabled/);
$t->expect_log(qr/\[warn\] .*upstream "checked" is down/);

my $c = $t->client('two');

is(join(' ', map { answer($c->call('get')) } 1 .. 6),
   join(' ', ('first') x 6), 'calls are answered');
is(scalar($t->grep_log(qr/temporarily disabled/)), 1, 'it is taken away');
is(scalar($t->grep_log(qr/connect\(\) to \[::1\].* client: /)), 1,
   'and not tried again');

ok($t->wait_log(qr/\[::1\].* upstream "checked" is down/), 'checks');

$t->done();
