#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Checks of servers that a DNS server names, and that come and go.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Names;


plan skip_all => 'nginx has no "server ... resolve"'
    unless Test::Thrift->knows_resolve();

my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    resolver  127.0.0.1:%%PORT_dns%%  ipv6=off  valid=1s;

    thrift_trusted  on;

    upstream moving {
        zone    moving  128k;
        server  moving.test:%%PORT_backend%%  resolve  max_fails=0;

        thrift_health_check  interval=100ms;
    }

    upstream strict {
        zone    strict  128k;
        server  strict.test:%%PORT_backend%%  resolve;
        server  spare.test:%%PORT_backend%%   resolve  backup;

        thrift_health_check  interval=10s  mandatory;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  moving;
    }

    server {
        listen       127.0.0.1:%%PORT_strict%%;
        thrift_pass  strict;
    }
}

EOC

my $names = Test::Thrift::Names->new($t);

my %address = (a => '127.0.0.1', b => '127.0.0.2', c => '127.0.0.3',
               d => '127.0.0.4', e => '127.0.0.5', f => '127.0.0.6',
               g => '127.0.0.7');
my %backend = map {
    $_ => $t->backend("$address{$_}:" . $t->port('backend'), id => $_)
} qw(a b d e f g);

name(qw(a b));
$names->set('strict', $address{d});
$names->set('spare', $address{f});

$t->run();

my $c = $t->client('proxy');

ok(wait_for(sub { answers() eq 'a b' }, 10), 'two servers');

# one that goes and comes while it is down

for my $round (1 .. 4) {
    $backend{b}->script(health_check => { close => 'request' });
    ok(wait_for(sub { answers() eq 'a' }), "round $round, one is down");

    name(qw(a));
    my $n = $backend{b}->calls('health_check');
    ok(wait_for(sub {
           my $before = $n;
           $n = $backend{b}->calls('health_check');
           elapse(0.4);
           $backend{b}->calls('health_check') == $n }, 10),
       "round $round, it is gone");

    name(qw(a b));
    ok(wait_for(sub { $backend{b}->calls('health_check') > $n }, 10),
       "round $round, it is back");
    is(answers(), 'a', "round $round, and down still");

    $backend{b}->script();
    ok(wait_for(sub { answers() eq 'a b' }), "round $round, up");
}

# one that nobody knew

$backend{c} = $t->backend("$address{c}:" . $t->port('backend'), id => 'c');
name(qw(b c));
ok(wait_for(sub { answers() eq 'b c' }, 10), 'another one');
$backend{c}->stop();
ok($t->wait_log(qr/server $address{c}:\d+ of .* is down/), 'it goes');
ok(wait_for(sub { answers() eq 'b' }, 10), 'is found to be down');

# where checks are mandatory, one that nobody knew has no call before

$c = $t->client('strict');

for ([ strict => qw(d e) ], [ spare => qw(f g) ]) {
    my ($name, $old, $new) = @$_;

    ok(wait_for(sub { answers() eq $old }, 10), "$name, mandatory");

    $backend{$new}->script(health_check => { hold => 1 });
    $names->set($name, @address{$old, $new});

    ok(wait_for(sub { answers(); $backend{$new}->calls('health_check') }, 10),
       "$name, another one");
    is(answers(), $old, "$name, not yet");
    is(scalar $backend{$new}->calls('get'), 0, "$name, no call");

    $backend{$new}->script();
    $backend{$new}->release();
    ok(wait_for(sub { answers() eq "$old $new" }, 10), "$name, used");

    $names->set('strict');
}

ok($t->reload(), 'reload');
$c = $t->client('proxy');
ok(wait_for(sub { answers() eq 'b' }, 10), 'as before');
is(scalar $t->grep_log(qr/is down/), 5, 'a line each time');

$t->done();


sub name {
    $names->set('moving', @address{@_});
}


sub answers {
    my %seen = map { answer($c->call('get')) => 1 } 1 .. 6;

    return join ' ', sort keys %seen;
}
