#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A handler's calls do not go where its client's own calls may have spoiled the
# connection.

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

    upstream backend {
        server  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen           127.0.0.1:%%PORT_proxy%%;
        thrift_idl       %%TOP%%/t/data/handler/probe.thrift;
        thrift_validate  structure;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so;

            thrift_method echo { thrift_pass backend; }
        }
    }
}

EOC

my $backend = $t->backend('backend');

$t->run();

my @clients = map { $t->client('proxy') } 1 .. 2;

# what comes from clients was not checked

is(answer($_->call('echo', [ [ 1, string => 'x' ] ])), 'backend', 'passed call')
    for @clients;
is(answer($_->call('ask', asks())), 'backend', 'call of a handler')
    for @clients, @clients;
is(answer($_->call('echo', [ [ 1, string => 'x' ] ])), 'backend', 'passed call')
    for @clients;

is(join(' ', map { $_->{connection} } $backend->calls('echo')),
   '1 2 3 3 3 3 1 2', 'connections of two clients and of the handler');

$clients[0]->close();
ok(wait_for(sub { $backend->closed() == 1 }), 'connection goes with its client');

$t->done();


sub asks {
    return [ [ 1, string => 'backend' ], [ 2, string => 'x' ],
             [ 3, i32 => 1 ] ];
}
