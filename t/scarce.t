#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# worker_connections that a few clients' calls use up: calls are refused, and
# idle connections closed, before a client could not connect any more.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::IP;
use Test::More;
use Test::Thrift;


# Servers that never answer.

my @silent = map { IO::Socket::IP->new(LocalHost => '127.0.0.1', Listen => 8) }
             1 .. 20;

my $silent = join("\n", map { "s$_ 127.0.0.1:" . $silent[$_]->sockport() . ';' }
                       keys @silent);

my $CONF = <<'EOC';

%%TEST_GLOBALS%%

worker_processes  1;

events {
    worker_connections  128;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_status|$status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted  on;

    upstream first {
        server            127.0.0.1:%%PORT_first%%  max_fails=1 fail_timeout=1h;
        thrift_keepalive  100;
    }

    upstream second {
        server            127.0.0.1:%%PORT_second%%  max_fails=1 fail_timeout=1h;
        thrift_keepalive  100;
    }

    server {
        listen       127.0.0.1:%%PORT_to_first%%;
        thrift_pass  first;
    }

    server {
        listen       127.0.0.1:%%PORT_to_second%%;
        thrift_pass  second;
    }

    map $thrift_method $silent {
        #silent
    }

    server {
        listen       127.0.0.1:%%PORT_to_silent%%;
        thrift_pass  $silent;
    }

    server {
        listen         127.0.0.1:%%PORT_other%%;
        thrift_return  INTERNAL_ERROR  "no";
    }
}

EOC

my $t = Test::Thrift->new(conf($CONF, silent => $silent), log => 'info');

my %script = (hold => { hold => 1 }, slow => { delay => 0.1 });

my ($first, $second) = map { $t->backend($_, script => \%script) }
                           qw(first second);

$t->run();

# idle connections to one upstream make room for those to another

for my $where (qw(to_first to_second to_first)) {
    my @c = map { $t->client($where) } 1 .. 3;

    $_->send(join('', map { call_bytes('slow', $_) } 1 .. 25)) for @c;

    my @answers = map { my $c = $_; map { answer($c->read_message()) } 1 .. 25 }
                      @c;

    is(scalar(grep { !/overloaded/ } @answers), 75, "75 calls $where");
    $_->close() for @c;
}

is(scalar $t->grep_log(qr/\[warn\]/), 0, 'no warning');

# more than there are

my @c = map { $t->client('to_first') } 1 .. 8;

$_->send(join('', map { call_bytes('hold', $_) } 1 .. 32)) for @c;
wait_for(sub { $first->calls('hold') > 60 });
elapse(0.2);

is(answer($t->client('other')->call('get')), '6 no', 'other clients connect');
is(answer($t->client('to_second')->call('get')), 'second',
   'calls to one server leave a connection to another one');

# which is so until there are none for clients

my $all = $t->client('to_silent');

$all->send(join('', map { call_bytes("s$_", $_) } keys @silent));

ok($t->wait_log(qr/too few of 128 worker_connections are left/),
   'calls to many servers do not');
is(answer($t->client('to_second')->call('get')),
   '6 overloaded: too few connections are left', 'and are refused');
is(answer($t->client('other')->call('get')), '6 no', 'clients still connect');

$all->close();

wait_for(sub { $first->release();
               my @lines = $t->grep_log(qr/^hold/, 'access.log');
               @lines == 8 * 32 });

my %seen;

for my $c (@c) {
    $seen{answer($c->read_message())}++ for 1 .. 32;
}

is_deeply(\%seen, { first => 8 * 32 }, 'the others wait, and all are answered');
ok($t->grep_log(qr/^get\|exception\|503$/, 'access.log'), 'status');
is(answer($c[0]->call('get')), 'first', 'the server is not to blame');
is(answer($t->client('to_second')->call('get')), 'second', 'and there is room');

my @warnings = $t->grep_log(qr/\[warn\]/);

cmp_ok(scalar @warnings, '<', 8, 'few lines');
is(scalar(grep { !/too few of 128 worker_connections are left/ } @warnings), 0,
   'that say why');

$t->done();
