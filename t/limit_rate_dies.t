#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A worker that dies while it looks whether a call may pass leaves zones in which
# keys are forgotten as before.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Preload;


plan skip_all => 'nginx has no regular expressions'
    unless Test::Thrift->knows(stream => 'map $hostname $x { ~a b; }');

# More keys than there is room for.

my $KEYS = 600;

my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    map $thrift_method $second {
        default   "";
        ~^never$  never;
    }

    thrift_limit_zone  $thrift_method  zone=first:32k   rate=1r/m;
    thrift_limit_zone  $second         zone=second:32k  rate=1r/m;

    server {
        listen             127.0.0.1:%%PORT_proxy%%;
        thrift_limit_rate  zone=first;
        thrift_limit_rate  zone=second;
        thrift_return      UNKNOWN "passed";
    }
}

EOF

my $dies = Test::Thrift::Preload->new($t, 'dies');

plan skip_all => 'no compiler' unless $dies;

$dies->run();

all_pass('a');

# between the first zone and the second one

my ($worker) = $t->workers();
my $c = $t->client('proxy');

$t->expect_log(qr/\[alert\] .*exited on signal 9/);

$dies->set(1);
$c->send(call_bytes('dies', 1));

ok(wait_for(sub { my ($pid) = $t->workers(); $pid && $pid != $worker }),
   'a worker dies with a call');

all_pass('b');
all_pass('c');

$t->done();


# Keys that are not used any more make room for others.

sub all_pass {
    my ($prefix) = @_;

    my $client = $t->client('proxy');
    my @calls = map { call_bytes("$prefix$_", $_) } 1 .. $KEYS;
    my @passed = grep { $_->{message} eq 'passed' }
                      $client->exchange(join('', @calls), $KEYS);

    is(scalar(@passed), $KEYS, "$prefix: new keys have room");
    $client->close();
}
