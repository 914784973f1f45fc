#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# How connections with TLS end: a oneway goes on when its client resets it, and
# calls that wait when the worker has to end are told so.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('probe');
$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

worker_shutdown_timeout  300ms;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TOP%%/t/data/handler/probe.thrift;

    log_format  calls  '$thrift_method $thrift_status $status $ssl_protocol';
    access_log  %%TESTDIR%%/access.log  calls;

    ssl_certificate      cert.pem;
    ssl_certificate_key  key.pem;

    server {
        listen  127.0.0.1:%%PORT_tls%% ssl;

        thrift_service Probe { thrift_handler %%TESTDIR%%/probe.so; }
    }
}

EOF

$t->certificate();

$t->run();

my $c = $t->client('tls', ssl => {});
my $other = $t->client('tls', ssl => {});

$c->send(oneway_bytes('tell', 1, [ [ 1, string => 'later' ] ])
         . call_bytes('wait', 2, [ [ 1, string => 'x' ] ]));
is(answer($other->call('echo', [ [ 1, string => 'x' ] ])), 'x', 'has arrived');
$c->reset();

my $text = '';

ok(wait_for(sub { $text .= answer($other->call('seen')); $text =~ /told later/ }),
   'oneway goes on') or diag($text);
ok($t->wait_log(qr/^tell sent 200 TLS/, 'access.log'), 'and is logged');
ok($t->wait_log(qr/^wait cancelled 499 TLS/, 'access.log'),
   'the call beside it is cancelled');

$c = $t->client('tls', ssl => {});
$c->start('wait', [ [ 1, string => 'x' ] ]);
ok(wait_for(sub { answer($other->call('echo', [ [ 1, string => 'x' ] ])) eq 'x' }),
   'a call that waits');
$t->reload();
ok($t->old_workers_gone(), 'the old worker ends');
is(answer($c->read_message()), '6 proxy is shutting down', 'which it is told');

$t->done();
