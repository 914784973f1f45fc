#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Errors that traffic causes again and again: the first ones of each kind have
# a line, the others are counted and told together, also when a worker ends; one
# kind does not hide another.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(undef, log => 'notice');

my $ssl = Test::Thrift->knows(stream => 'thrift_ssl off;');

$t->handler('probe');

my $on = $ssl ? 'thrift_ssl  on;' : '';

$t->write_conf(conf(<<'EOC', checked => $on, ssl => $ssl ? <<"EOS" : ''));

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    upstream users {
        server  127.0.0.1:%%PORT_users%%  max_fails=0;
    }

    upstream dead {
        server  127.0.0.1:%%PORT_nobody%%  max_fails=0;
    }

    upstream asked {
        server                  127.0.0.1:%%PORT_nobody%%  max_fails=0;
        thrift_upstream_detect  on;
    }

    upstream bound {
        server       127.0.0.1:%%PORT_users%%  max_fails=0;
        thrift_bind  ::1;
    }

    upstream named {
        server  127.0.0.1:%%PORT_users%%  max_fails=0;
        #ssl
    }

    upstream checked {
        server               127.0.0.1:%%PORT_checked%%;
        thrift_health_check  interval=20ms  jitter=0;
        #checked
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  users;
    }

    server {
        listen       127.0.0.1:%%PORT_bound%%;
        thrift_pass  bound;
    }

    server {
        listen       127.0.0.1:%%PORT_named%%;
        thrift_pass  named;
    }

    server {
        listen       127.0.0.1:%%PORT_dead%%;
        thrift_pass  dead;
    }

    server {
        listen       127.0.0.1:%%PORT_asked%%;
        thrift_pass  asked;
    }

    server {
        listen      127.0.0.1:%%PORT_handler%%;
        thrift_idl  %%TOP%%/t/data/handler/probe.thrift;

        thrift_service Probe {
            thrift_handler  %%TESTDIR%%/probe.so;
        }
    }
}

EOC
        thrift_ssl              on;
        thrift_ssl_server_name  on;
        thrift_ssl_name         @{[ 'x' x 256 ]};
EOS

my $users = $t->backend('users');

$users->script(closed => { close => 'request' }, garbage => { garbage => 1 });

$t->server(checked => sub {
    open(my $file, '>>', $t->dir() . '/checks');
    print $file 'x';
    shutdown($_[0], 2);
});

$t->run();

# 50 of one kind, then one of another

$t->client('proxy')->call('closed', []) for 1 .. 50;

is(scalar($t->grep_log(qr/\[error\] .*call: "closed"/)), 20,
   'the first ones have a line');

$t->client('proxy')->call('garbage', []);
ok($t->grep_log(qr/\[error\] .*call: "garbage"/), 'and so has another kind');

$t->client('dead')->call('get', []) for 1 .. 25;
is(scalar($t->grep_log(qr/\[error\] .*connect\(\) failed.*call: "get"/)),
   20, 'each upstream has its own');

$t->client('asked')->call('ask', []) for 1 .. 26;
is(scalar($t->grep_log(qr/\[error\] .*connect\(\) failed.*call: "ask"/)),
   20, 'one that is to be asked what it speaks, too');

# an address that connections cannot come from

$t->client('bound')->call('get', []) for 1 .. 23;
is(scalar($t->grep_log(qr/\[error\] .*bind\(\) to ::1 failed/)), 20,
   'what nginx itself cannot do, too');

if ($ssl) {
    $t->client('named')->call('get', []) for 1 .. 24;
    is(scalar($t->grep_log(qr/\[error\] .*SSL_set_tlsext_host_name/)), 20,
       'nor OpenSSL');
}

# what a handler asks for that is not there

$t->client('handler')->call('ask', [ [ 1, string => 'nosuch' ],
                                     [ 2, string => 'x' ], [ 3, i32 => 1 ] ])
    for 1 .. 13;

is(scalar($t->grep_log(qr/\[error\] .*handler calls upstream "nosuch"/)), 10,
   'handlers, too');

# a check that fails is none of them, and has no line

ok(wait_for(sub { (-s $t->dir() . '/checks' || 0) > 30 }), 'many checks');

# the worker ends before the period does

ok($t->reload(), 'reload');

my $error = qr/\[error\] \d+#\d+: (?:\*\d+ )?/;
my $within = qr/within \d+ seconds?/;

ok($t->wait_log(qr/${error}30 more times $within, at level "info" only: servers of upstream "users" have closed connections$/),
   'the others are counted');
ok($t->wait_log(qr/${error}5 more times $within, at level "info" only: servers of upstream "dead" could not be connected to$/),
   'of each upstream');
ok($t->wait_log(qr/${error}6 more times $within, at level "info" only: servers of upstream "asked" could not be connected to$/),
   'nor could it be asked');
ok($t->wait_log(qr/${error}3 more times $within, at level "info" only: servers of upstream "bound" could not be connected to$/),
   'of an address that is not had');
ok($t->wait_log(qr/${error}4 more times $within, at level "info" only: servers of upstream "named" could not be connected to$/),
   'of a name that is none') if $ssl;
ok($t->wait_log(qr/${error}3 more like the last one $within: a call was done wrong by the handler of service "Probe"$/),
   'of a handler');
ok(!$t->grep_log(qr/have sent what is no reply/), 'one has no others');
ok(!$t->grep_log(qr/more times .*"checked"/), 'nor have checks');

# or when it does

$t->client('proxy')->call('closed', []) for 1 .. 22;
ok($t->wait_log(qr/${error}2 more times within 10 seconds, .*"users" have closed/, undef,
                30), 'after a while');

$t->expect_log(qr/\[error\]/);
$t->done();
