#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A client that has closed its connection is noticed also while nothing is read
# from it.  Its calls are given up, which is no failure of a server; with
# thrift_ignore_client_abort, and oneways always, they go on without it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my @methods = grep { supported($_) } qw(epoll poll select);

sub configuration {
    my ($method) = @_;

    return <<"EOF";

%%TEST_GLOBALS%%

worker_processes  1;

events {
    use  $method;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_timeout  0;

    log_format  test  '\$thrift_method|\$thrift_seqid|\$thrift_status|\$status';
    access_log  %%TESTDIR%%/access.log  test;

    upstream servers {
        server  127.0.0.1:%%PORT_backend%%  max_fails=1 fail_timeout=1h;
        server  127.0.0.1:%%PORT_backup%%  backup;
    }

    thrift_idl  %%TOP%%/t/data/handler/rare.thrift;

    server {
        listen               127.0.0.1:%%PORT_handler%%;
        thrift_max_pipeline  1;

        thrift_service Rare {
            thrift_handler  %%TESTDIR%%/rare.so;
        }
    }

    server {
        listen               127.0.0.1:%%PORT_pass%%;
        thrift_max_pipeline  2;
        thrift_validate      structure;
        thrift_pass          servers;
    }

    server {
        listen            127.0.0.1:%%PORT_last%%;
        thrift_max_calls  2;
        thrift_validate   structure;
        thrift_pass       servers;
    }

    server {
        listen                      127.0.0.1:%%PORT_ignore%%;
        thrift_validate             structure;
        thrift_pass                 servers;
        thrift_ignore_client_abort  on;
    }

    server {
        listen             127.0.0.1:%%PORT_half%%;
        thrift_half_close  on;
        thrift_validate    structure;
        thrift_pass        servers;
    }
}

EOF
}

my ($t, $backend, @tests);

for my $method (@methods) {
    $t = Test::Thrift->new(undef, log => 'info');
    push @tests, $t;

    $t->handler('rare');
    $t->write_conf(configuration($method));

    $backend = $t->backend('backend', script => {
        hold => { hold => 1 }, poke => { hold => 1 }
    });
    $t->backend('backup');
    $t->run();

    hosted($method);
    passed($method);
    unread($method) if $method eq 'epoll';
    order($method);
    last_calls($method);
    ignored($method);
    oneways($method);
    half_closed($method);

    is(answer($t->client('ignore')->call('get')), 'backend',
       "$method: the server is not to blame");
    is(scalar $t->grep_log(qr/\[(?:error|warn|crit|alert)\]/), 0,
       "$method: nobody's fault");
}

$_->done() for @tests;


sub supported {
    my ($method) = @_;

    my $t = Test::Thrift->new("%%TEST_GLOBALS%%\nevents { use $method; }\n");

    $t->{done} = 1;

    return $t->test_config() =~ /successful/;
}


sub text {
    return [ [ 1, string => $_[0] ] ];
}


sub held {
    my ($n) = @_;

    return wait_for(sub { $backend->calls() >= $n });
}


sub lines {
    my ($re, $n) = @_;

    return scalar $t->wait_log($re, 'access.log', undef, $n);
}


# The pipeline is full with a call that waits in a handler.

sub hosted {
    my ($method) = @_;

    my $c = $t->client('handler');

    $c->start('wait', text('nobody'), seqid => 1);
    elapse(0.05);
    $c->close();

    is(lines(qr/^wait\|1\|cancelled\|499$/, 1), 1, "$method: hosted call");
}


# It is full with calls that a server does not answer.

sub passed {
    my ($method) = @_;

    my $c = $t->client('pass');
    my $calls = $backend->calls();
    my $closed = $backend->closed();

    $c->send(join('', map { call_bytes('hold', $_) } 11 .. 12));
    ok(held($calls + 2), "$method: two calls");
    $c->close();

    is(lines(qr/^hold\|1[12]\|cancelled\|499$/, 2), 2, "$method: given up");
    ok(wait_for(sub { $backend->closed() == $closed + 2 }),
       "$method: connections to the server are closed");
    $backend->release();
}


# And there are more calls, which nobody has read.

sub unread {
    my ($method) = @_;

    my $c = $t->client('pass');
    my $calls = $backend->calls();

    $c->send(join('', map { call_bytes('hold', $_) } 21 .. 24));
    ok(held($calls + 2), "$method: two of four calls");
    $c->close();

    is(lines(qr/^hold\|2[1-4]\|cancelled\|499$/, 4), 4,
       "$method: all of them are given up");
    is(scalar(my @all = $backend->calls()), $calls + 2,
       "$method: no other was sent");
    $backend->release();
}


# A reply that is there goes out, one behind a missing one does not.

sub order {
    my ($method) = @_;

    my $c = $t->client('last');
    my $calls = $backend->calls();

    $c->send(call_bytes('hold', 31) . call_bytes('get', 32));
    ok(held($calls + 2), "$method: a call behind one that waits");
    elapse(0.05);
    $c->half_close();
    is($c->read_message(), undef, "$method: no reply in another's place");
    is(lines(qr/^(?:hold|get)\|3[12]\|cancelled\|499$/, 2), 2,
       "$method: neither is answered");
    $backend->release();

    $c = $t->client('last');
    $c->send(call_bytes('get', 33) . call_bytes('hold', 34));
    is($c->read_message()->{seqid}, 33, "$method: a reply in front of it");
    ok(held($calls + 4), "$method: and a call that waits");
    $c->close();
    is(lines(qr/^hold\|34\|cancelled\|499$/, 1), 1, "$method: given up");
    $backend->release();
}


# After thrift_max_calls nothing more is read.

sub last_calls {
    my ($method) = @_;

    my $c = $t->client('last');
    my $calls = $backend->calls();

    $c->send(join('', map { call_bytes('hold', $_) } 41 .. 42));
    ok(held($calls + 2), "$method: two last calls");
    $c->close();

    is(lines(qr/^hold\|4[12]\|cancelled\|499$/, 2), 2,
       "$method: last calls are given up");
    $backend->release();
}


sub ignored {
    my ($method) = @_;

    for my $how (qw(half_close close reset)) {
        my $c = $t->client('ignore');
        my $calls = $backend->calls();
        my $seqid = { half_close => 51, close => 53, reset => 55 }->{$how};

        $c->start('hold', [], seqid => $seqid);
        ok(held($calls + 1), "$method: a call, $how");
        $c->$how();
        elapse(0.1);
        is(scalar $t->grep_log(qr/^hold\|$seqid\|/, 'access.log'), 0,
           "$method: goes on, $how");

        $backend->release();

        is($c->read_message()->{seqid}, $seqid, "$method: and is answered")
            if $how eq 'half_close';
        is(lines(qr/^hold\|$seqid\|success\|200$/, 1), 1,
           "$method: to its end, $how");
    }
}


# What was sent is known only when it was; a server that does not read it yet
# gets it all the same.

sub oneways {
    my ($method) = @_;

    for my $how (qw(close reset)) {
        my $c = $t->client('pass');
        my $calls = $backend->calls();
        my $seqid = { close => 61, reset => 63 }->{$how};

        $c->send(oneway_bytes('poke', $seqid));
        wait_for(sub { $backend->calls() > $calls }) if $how eq 'reset';
        $c->$how();
        is(lines(qr/^poke\|$seqid\|sent\|200$/, 1), 1,
           "$method: a oneway is sent, $how");
        ok(held($calls + 1), "$method: and arrives, $how");
        $backend->release();
    }
}


sub half_closed {
    my ($method) = @_;

    my $c = $t->client('half');
    my $calls = $backend->calls();

    $c->start('hold', [], seqid => 71);
    ok(held($calls + 1), "$method: a call of one that goes on reading");
    $c->half_close();
    ok($c->open(0.1), "$method: is not given up");
    $backend->release();
    is($c->read_message()->{seqid}, 71, "$method: and is answered");
}
