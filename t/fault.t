#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_fault: calls that are delayed or fail on purpose, all or some of them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_status|$status';
    access_log  %%TESTDIR%%/access.log  test;

    upstream backend {
        server  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen        127.0.0.1:%%PORT_proxy%%;
        thrift_pass   backend;
        thrift_fault  abort=UNKNOWN_METHOD;

        thrift_service F {
            thrift_method slow  { thrift_fault delay=100ms; }
            thrift_method both  { thrift_fault delay=100ms abort=UNKNOWN; }
            thrift_method some  { thrift_fault abort=UNKNOWN percent=50; }
            thrift_method none  { thrift_fault abort=UNKNOWN percent=0%; }
            thrift_method off   { thrift_fault off; }
            thrift_method poke  { thrift_fault delay=50ms; }

            thrift_method late {
                thrift_fault    delay=10s;
                thrift_timeout  100ms;
            }

            thrift_method long {
                thrift_fault           delay=10s;
                thrift_max_concurrent  1 queue=0;
            }
        }
    }
}

EOC

my $backend = $t->backend('backend');

$t->run();

my $c = $t->client('proxy');

is(answer($c->call('any')), '1 aborted by "thrift_fault"', 'abort');
is(answer($c->call('off')), 'backend', 'off');
is(answer($c->call('none')), 'backend', 'none of them');

my $began = time();

is(answer($c->call('slow')), 'backend', 'delay');
cmp_ok(time() - $began, '>=', 0.09, 'takes its time');
is(answer($c->call('both')), '0 aborted by "thrift_fault"', 'both');
cmp_ok(time() - $began, '>=', 0.18, 'takes its time, too');
like(answer($c->call('late')),
     qr/^6 timed out after 100ms delayed by "thrift_fault"$/, 'its time runs');

my @some = $c->exchange(join('', map { call_bytes('some', $_) } 1 .. 400), 400);
my $failed = grep { answer($_) eq '0 aborted by "thrift_fault"' } @some;

is(scalar(@some), 400, 'all are answered');
ok($failed > 120 && $failed < 280, 'about half of them fail')
    or diag("$failed of 400");

# what is delayed has its place, and its client

$c->start('long');
elapse(0.05);
is(answer($t->client('proxy')->call('long')),
   '6 overloaded: too many calls at once', 'it counts');
$c->close();
ok($t->wait_log(qr/^long\|cancelled\|499$/, 'access.log'), 'its client leaves');

# a oneway

$c = $t->client('proxy');
$c->send(oneway_bytes('poke', 1) . oneway_bytes('any', 2));
ok($t->wait_log(qr/^poke\|sent\|200$/, 'access.log'), 'a oneway is delayed');
ok($t->wait_log(qr/^any\|failed\|503$/, 'access.log'), 'a oneway fails');
ok(wait_for(sub { $backend->calls('poke') == 1 }), 'one comes');
is(scalar($backend->calls('any')), 0, 'the other does not');

is(scalar $t->grep_log(qr/\[(?:warn|error)\]/), 0, 'no line above notice');

$t->done();
