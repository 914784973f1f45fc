#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A server that leaves the calls of handlers without an answer until their time
# is over has failed, as it has when the calls are a client's.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('probe');

$t->write_conf(<<'EOC');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method $thrift_status';
    access_log  %%TESTDIR%%/access.log  test;

    upstream silent {
        server  127.0.0.1:%%PORT_silent%%  max_fails=1 fail_timeout=1h;
        server  127.0.0.1:%%PORT_backup%%  backup;
    }

    upstream slow {
        server  127.0.0.1:%%PORT_slow%%    max_fails=1 fail_timeout=1h;
        server  127.0.0.1:%%PORT_backup%%  backup;
    }

    thrift_idl  %%TOP%%/t/data/handler/probe.thrift;

    server {
        listen          127.0.0.1:%%PORT_short%%;
        thrift_timeout  300ms;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so;
        }
    }

    server {
        listen          127.0.0.1:%%PORT_long%%;
        thrift_timeout  1h;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so;
        }
    }
}

EOC

my $silent = $t->backend('silent', script => { echo => { stall => 1 } });
my $slow = $t->backend('slow', script => { echo => [ { stall => 1 }, {} ] });

$t->backend('backup');

$t->run();

my $c = $t->client('short');

$t->expect_log(qr/\[error\].*upstream timed out/);
like(answer($c->call('ask', asks('silent'))), qr/timed out/, 'silent server');
ok(wait_for(sub { $silent->calls('echo') == 1 }), 'it was called');
ok(wait_for(sub { answer($c->call('ask', asks('silent'))) eq 'backup' }),
   'another answers');

my $asked = $silent->calls('echo');
cmp_ok($asked, '<=', 5, 'soon');
is(answer($t->client('long')->call('ask', asks('silent'))), 'backup',
   'and goes on');
is($silent->calls('echo'), $asked, 'it is not called again');

# that a client does not wait says nothing about the server

my $d = $t->client('long');

$d->start('ask', asks('slow'));
ok(wait_for(sub { $slow->calls('echo') }), 'slow server');
$d->close();
ok($t->wait_log(qr/^ask cancelled/, 'access.log'), 'client leaves');
is(answer($t->client('long')->call('ask', asks('slow'))), 'slow',
   'it is called again');

$t->done();


sub asks {
    my ($upstream) = @_;

    return [ [ 1, string => $upstream ], [ 2, string => 'x' ],
             [ 3, i32 => 1 ] ];
}
