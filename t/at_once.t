#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Several things at once: the worker is stopped while they happen, and sees
# them in one turn of its event loop, in every order.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_half_close  on;

    log_format  test  '$thrift_method|$thrift_seqid|$thrift_status|$status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_timeout  600ms;

    upstream few {
        zone              few  64k;
        server            127.0.0.1:%%PORT_backend%%  max_conns=8  max_fails=0;
        thrift_keepalive  4;
    }

    server {
        listen               127.0.0.1:%%PORT_proxy%%;
        thrift_max_pipeline  4;
        thrift_pass          few;
    }
}

EOC

my %script = (hold => { hold => 1 },
              leave => { hold => 1, close => 'after' },
              drop => { hold => 1, close => 'mid', reset => 1 },
              twice => { hold => 1, twice => 1 });

my $b = $t->backend('backend', script => \%script);

$t->run();

my ($worker) = $t->workers();
my $calls = 0;

# calls that the backend has and does not answer

sub hold {
    my ($c, @methods) = @_;

    my $n = 0;

    $c->send(join('', map { call_bytes($_, ++$n) } @methods));
    $calls += @methods;

    return wait_for(sub { $b->calls() == $calls });
}

sub stopped {
    open(my $fh, '<', "/proc/$worker/stat") or die "stat: $!";

    return <$fh> =~ /\) T /;
}

sub at_once {
    my (@what) = @_;

    kill('STOP', $worker);
    wait_for(sub { stopped() }) or die 'the worker goes on';

    $_->() for @what;

    kill('CONT', $worker);
}

# every slot of the server is there, and its replies are right

sub slots {
    my ($name) = @_;

    my @c = map { $t->client('proxy') } 1 .. 3;
    my $n = 0;

    for my $c (@c[0, 1]) {
        $c->send(join('', map { call_bytes('hold', $_) } 1 .. 4));
    }

    $calls += 8;

    my $all = wait_for(sub { $b->calls() == $calls }, 1);
    my $refused = $c[2]->call('hold');

    $b->release();

    my @m = map { my $c = $_; map { $c->read_message() || {} } 1 .. 4 }
                @c[0, 1];

    is(join(' ', map { $_->{seqid} || 'none' } @m), '1 2 3 4 1 2 3 4', $name);
    ok($all && ($refused->{message} || '') =~ /^overloaded: upstream servers/,
       "$name: slots");

    $_->close() for @c;
    $calls = $b->calls();
}

my $release = sub { $b->release() };

for my $methods ([ qw(hold) ], [ qw(hold hold hold) ],
                 [ qw(hold hold hold hold) ], [ qw(leave hold drop) ],
                 [ qw(twice twice drop) ], [ qw(drop drop) ])
{
    my $name = "@$methods";

    for my $first (0, 1) {
        my $c = $t->client('proxy');
        my $d = $t->client('proxy');

        ok(hold($c, @$methods), $name);

        my $reset = sub { $c->reset() };

        at_once($first ? ($release, $reset) : ($reset, $release),
                sub { $d->start('get', []); $calls++ });
        is($d->read_message()->{seqid}, 1, 'another client is answered');
        $d->close();
    }
}

slots('reset and reply');

# the end of sending, and more calls, with the replies

for my $first (0, 1) {
    my $c = $t->client('proxy');

    hold($c, qw(hold hold));

    my $end = sub {
        $c->send(join('', map { call_bytes('get', $_) } 3 .. 7));
        $c->half_close();
    };

    at_once($first ? ($release, $end) : ($end, $release));
    is(join(' ', map { my $m = $c->read_message(); $m ? $m->{seqid} : 'none' }
                     1 .. 7), '1 2 3 4 5 6 7', 'half closed and reply');
    $calls += 5;
}

slots('half closed');

# time is over, and the reply is there, and the client has left, too

for my $what ([ $release ], [ $release, 'reset' ], [ 'reset' ]) {
    my $c = $t->client('proxy');

    hold($c, qw(hold drop leave));
    at_once(map({ my $w = $_; ref $w ? $w : sub { $c->reset() } } @$what),
            sub { elapse(0.7) });
    $c->read_message(0.1) if !grep { !ref } @$what;
    $b->release();
    $c->close();
}

slots('timed out');

# the server goes and comes back, with connections idle and in use

my $c = $t->client('proxy');
my $d = $t->client('proxy');
$d->call('get') for 1 .. 2;
$calls += 2;
hold($c, qw(hold hold));
at_once(sub { $b->stop('KILL') }, sub { $b->start() },
        sub { $d->start('get', [], seqid => 9) }, sub { $c->reset() });
is($d->read_message()->{seqid}, 9, 'server came back');
$_->close() for $c, $d;
$calls = $b->calls();

slots('server came back');

$t->done();
