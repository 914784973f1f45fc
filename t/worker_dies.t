#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A worker that dies with calls in flight does not use up max_conns.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trusted  on;

    upstream plain {
        zone    plain  64k;
        server  127.0.0.1:%%PORT_backend%%  max_conns=3;
    }

    upstream least {
        zone    least  64k;
        least_conn;
        server  127.0.0.1:%%PORT_backend%%  max_conns=3;
        server  127.0.0.1:%%PORT_nobody%%   down;
    }

    upstream hashed {
        zone    hashed  64k;
        hash    $thrift_method  consistent;
        server  127.0.0.1:%%PORT_backend%%  max_conns=3;
        server  127.0.0.1:%%PORT_nobody%%   down;
    }

    server {
        listen       127.0.0.1:%%PORT_plain%%;
        thrift_pass  plain;
    }

    server {
        listen       127.0.0.1:%%PORT_least%%;
        thrift_pass  least;
    }

    server {
        listen       127.0.0.1:%%PORT_hashed%%;
        thrift_pass  hashed;
    }
}

EOF

my $backend = $t->backend('backend', script => { hold => { hold => 1 } });

$t->run();

$t->expect_log(qr/\[alert\] .*exited on signal 9/);
$t->expect_log(qr/\[info\] .*upstream servers have too many calls/);

for my $where (qw(plain least hashed)) {

    for my $n (2, 3) {
        my $calls = $backend->calls('hold');
        my $c = $t->client($where);
        my ($worker) = $t->workers();

        $c->send(join('', map { call_bytes('hold', $_) } 1 .. $n));
        ok(wait_for(sub { $backend->calls('hold') == $calls + $n }),
           "$where, $n calls");

        kill 'KILL', $worker;
        ok(wait_for(sub { my ($new) = $t->workers();
                          $new && $new != $worker }), 'another worker');

        $backend->release();

        # as many as before at the same time, and not one more

        $c = $t->client($where);
        $calls = $backend->calls('hold');

        $c->send(join('', map { call_bytes('hold', $_) } 1 .. 4));
        ok(wait_for(sub { $backend->calls('hold') == $calls + 3 }),
           "$where, as many calls as before");

        $backend->release();
        is(join(' ', sort map { $_->{type} } $c->exchange('', 4)),
           join(" ", REPLY, REPLY, REPLY, EXCEPTION), "$where, and no more");
    }
}

ok($t->grep_log(qr/\[notice\] .*2 calls of a worker that has died/), 'told');

# those of another worker, which lives, stay counted, whoever dies and how often;
# what was over before does not count twice

my $both = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$pid $thrift_method $thrift_status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted  on;

    upstream plain {
        zone    plain  64k;
        server  127.0.0.1:%%PORT_backend%%  max_conns=3;
    }

    server {
        listen       127.0.0.1:%%PORT_plain%%  reuseport;
        thrift_pass  plain;
    }
}

EOF

$backend = $both->backend('backend', script => {
    map { $_ => { hold => 1 } } qw(stays first second third)
});

$both->run();
$both->expect_log(qr/\[alert\] .*exited on signal 9/);

my %clients = $both->clients_of_workers('plain', 2);
my ($stays) = keys %clients;

$clients{$stays}->start('stays');

for my $time (1 .. 3) {
    my ($dies) = grep { $_ != $stays } keys %clients;
    my $c = $clients{$dies};

    $c->send(join('', map { call_bytes($_, 1) } qw(first second)));
    ok(wait_for(sub { $backend->calls('second') == $time }),
       "time $time, three calls");
    is(answer($both->client('plain')->call('third')),
       '6 overloaded: upstream servers have too many calls', 'and no more')
        if $time == 3;
    $backend->release('first') if $time < 3;
    is($c->read_message()->{type}, REPLY, 'one of them is over')
        if $time < 3;

    kill('KILL', $dies);
    ok(wait_for(sub { my @workers = $both->workers();
                      @workers == 2 && !grep { $_ == $dies } @workers }),
       'another worker');
    $backend->release('second');
    $backend->release('first');

    # one that is asked for the other worker's client does not count

    my $stayed = $clients{$stays};

    %clients = $both->clients_of_workers('plain', 2);
    $clients{$stays} = $stayed;
}

$backend->release('stays');
is($clients{$stays}->read_message()->{type}, REPLY, 'the other worker\'s');

$_->done() for $t, $both;
