#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# NULL where a handler has to give something is refused, logged, and answered:
# in the functions of its generated header, and in those below them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('null');
$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TOP%%/t/data/handler/null.thrift;

    upstream backend {
        server  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen  127.0.0.1:%%PORT_handler%%;

        thrift_service Null {
            thrift_handler  %%TESTDIR%%/null.so;
        }
    }
}

EOF

my $backend = $t->backend('backend');

$t->run();

my $c = $t->client('handler');
my ($worker) = $t->workers();

# replies

is(act('result'), '6 handler replied with NULL', 'no result');
$t->expect_log(qr/\[error\].*handler replied with NULL.*call: "act"/);

is(answer($c->call('trees')), "6 handler's reply could not be written",
   'items of a list');
$t->expect_log(qr/\[error\].*reply of "trees": container without items, in field "success"/);

is(answer($c->call('either')), "6 handler's reply could not be written",
   'no field of a union');
$t->expect_log(qr/\[error\].*reply of "either": .*, in field "success"/);

is(act('method'), "6 handler replied with another method's reply", 'no method');
$t->expect_log(qr/\[error\].*another method's reply/);

is(act('bytes'), '6 handler sent a malformed reply', 'no bytes');
$t->expect_log(qr/\[error\].*handler sent a malformed reply/);

# what is refused at once

my %function = (
    'timer'        => 'nthrift_call_timer',
    'work'         => 'nthrift_call_work',
    'worker timer' => 'nthrift_worker_timer',
    'upstream'     => 'nthrift_call_upstream',
    'stub'         => 'nthrift_call_upstream',
);

for my $what (sort keys %function) {
    is(act($what), -1, $what);
    ok($t->grep_log(qr/\[error\].*$function{$what}\(\) called with NULL/),
       "$what is logged");
}

is(act('arguments'), 0, 'arguments of a call');
$t->expect_log(qr/\[error\].*arguments that cannot be written: struct/);
is(scalar(() = $backend->calls()), 0, 'which is not sent');

is(act('nothing'), 0, 'and the worker goes on');
is(($t->workers())[0], $worker, 'the same one');

$t->done();


sub act {
    my $m = $c->call('act', [ [ 1, string => $_[0] ] ]);

    return $m && ref $m->{fields}{0} ? $m->{fields}{0}{1} : answer($m);
}
