#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Connections are opened ahead, and replaced when they are closed; a server that
# refuses them is left alone for a while.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Time::HiRes qw(time);
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trusted  on;

    upstream quiet {
        server            127.0.0.1:%%PORT_quiet%%;
        server            127.0.0.1:%%PORT_marked%%  down;
        server            127.0.0.1:%%PORT_backup%%  backup;
        thrift_keepalive  10  min=3;
    }

    upstream timeout {
        server            127.0.0.1:%%PORT_timeout%%;
        thrift_keepalive  10  min=2  timeout=200ms;
    }

    upstream old {
        server            127.0.0.1:%%PORT_old%%;
        thrift_keepalive  10  min=2  lifetime=500ms;
    }

    upstream lifetime {
        server            127.0.0.1:%%PORT_lifetime%%;
        thrift_keepalive  10  min=2  timeout=100ms  lifetime=500ms;
    }

    upstream few {
        server            127.0.0.1:%%PORT_one%%;
        server            127.0.0.1:%%PORT_two%%;
        thrift_keepalive  4  min=3;
    }

    upstream max {
        server            127.0.0.1:%%PORT_max%%;
        thrift_keepalive  4  min=4  max=4;
    }

    upstream conns {
        server            127.0.0.1:%%PORT_conns%%  max_conns=2;
        thrift_keepalive  4  min=4;
    }

    upstream closes {
        server            127.0.0.1:%%PORT_closes%%;
        thrift_keepalive  10  min=2;
    }

    upstream pair {
        server            127.0.0.1:%%PORT_left%%   max_fails=0;
        server            127.0.0.1:%%PORT_right%%  max_fails=0;
        thrift_keepalive  10  min=3;
    }

    upstream checked {
        server               127.0.0.1:%%PORT_checked%%;
        thrift_keepalive     10  min=2;
        thrift_health_check  interval=100ms;
    }

    upstream dialect {
        server                     127.0.0.1:%%PORT_dialect%%;
        thrift_keepalive           10  min=2;
        thrift_upstream_transport  unframed;
        thrift_upstream_protocol   compact;
    }

    upstream unix {
        server            unix:%%SOCK_unix%%;
        thrift_keepalive  10  min=2;
    }

    map $thrift_service $to {
        default  $thrift_service;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  $to;
    }
}

EOC

my %b = map { $_ => $t->backend($_) }
        qw(quiet marked backup timeout lifetime old one two max conns closes
           left right checked dialect);

my %gone;

$b{unix} = $t->backend($t->sock('unix'), id => 'unix');
$b{closes}->script('!accept' => { close => 1 });

$t->run();

# before any call

my $c = $t->client('proxy');

ok(wait_for(sub { opened('quiet') == 3 }), 'three are opened');
elapse(0.3);
is($b{quiet}->accepted(), 3, 'and no more');
is($b{$_}->accepted(), 0, "none to $_") for qw(marked backup);

is(answer($c->call('quiet:get')), 'quiet', 'a call') for 1 .. 10;
is($b{quiet}->accepted(), 3, 'has one of them');

# more when they are needed

$b{quiet}->script(hold => { hold => 1 });
my @c = map { $t->client('proxy') } 1 .. 6;
$_->start('quiet:hold') for @c;
ok(wait_for(sub { $b{quiet}->calls('quiet:hold') == 6 }), 'six calls');
is($b{quiet}->accepted(), 6, 'six connections');
$b{quiet}->release();
is(scalar(grep { answer($_->read_message()) eq 'quiet' } @c), 6, 'answered');

# the server is started again; a call that comes before that is sent again, or
# another way: nothing of it is lost

for my $signal (qw(KILL TERM)) {
    my ($before, $start) = (refused('quiet'), time());

    stop('quiet', $signal);
    elapse(1);
    ok(wait_for(sub { refused('quiet') >= $before + 2 }),
       "$signal: it is tried again");
    cmp_ok(refused('quiet') - $before, '<=', 20 * (time() - $start),
           'but not often');

    my $accepted = $b{quiet}->accepted();
    $b{quiet}->start();
    ok(wait_for(sub { $b{quiet}->accepted() >= $accepted + 3 }, 10),
       "$signal: three new ones");
}

is(answer($c->call('quiet:get')), 'quiet', 'a call after that');

# one that takes connections and closes them

elapse(1);
my ($before, $start) = ($b{closes}->accepted(), time());
elapse(1);
cmp_ok($b{closes}->accepted() - $before, '<=', 8 * (time() - $start),
       'closed, with pauses');
$b{closes}->script();
ok(wait_for(sub { opened('closes') == 2 }, 10), 'closed no more');

# idle ones are not closed within that number; and they are alive

elapse(1);
is($b{timeout}->accepted(), 2, 'idle for long: the same ones');
is($b{timeout}->closed(), 0, 'none is closed');

$b{timeout}->script(hold => { hold => 1 });
$_->start('timeout:hold') for @c;
ok(wait_for(sub { $b{timeout}->calls('timeout:hold') == 6 }), 'six at once');
$b{timeout}->release();
$_->read_message() for @c;
ok(wait_for(sub { opened('timeout') == 2 }), 'what is more goes');
elapse(0.5);
is(opened('timeout'), 2, 'and the others stay');

# but older than that is none

my $n = $b{lifetime}->accepted();
ok(wait_for(sub { $b{lifetime}->accepted() >= $n + 4 }), 'lifetime');
cmp_ok(opened('lifetime'), '<=', 3, 'one for another');

$n = $b{old}->accepted();
ok(wait_for(sub { $b{old}->accepted() >= $n + 4 }), 'lifetime below timeout');
cmp_ok(opened('old'), '<=', 3, 'these, too');

# limits

elapse(0.5);
cmp_ok(opened('one') + opened('two'), '<=', 4, 'never more than are kept');
is($b{one}->accepted() + $b{two}->accepted(), 4, 'nor is one closed for that');
is(opened('max'), 4, 'max');
is(opened('conns'), 2, 'max_conns');
is($b{conns}->accepted(), 2, 'max_conns, no other');

# calls that may not be sent twice, by connections that end meanwhile

ok(wait_for(sub { opened('left') == 3 && opened('right') == 3 }), 'two servers');

for my $round (1 .. 4) {
    my $side = $round % 2 ? 'left' : 'right';

    stop($side, 'KILL');
    is(scalar(grep { answer($c->call('pair:get')) =~ /left|right/ } 1 .. 10),
       10, "round $round, all are answered");
    $b{$side}->start();
    ok(wait_for(sub { opened($side) == 3 }, 10), "round $round, warm again");
}

# a server that checks have found to be down

ok(wait_for(sub { opened('checked') == 2 }), 'checked');
$b{checked}->script('*' => { close => 'request' });
ok($t->wait_log(qr/of upstream "checked" is down/), 'is down');
stop('checked', 'KILL');
my $lines = refused('checked');
elapse(0.5);
is(refused('checked'), $lines, 'it is not tried');
$b{checked}{script} = {};
$b{checked}->start();
ok(wait_for(sub { opened('checked') == 2 }, 10), 'until it is up');

# dialects, kinds of sockets

my $u = $t->client('proxy', transport => 'unframed', protocol => 'compact');
$n = $b{dialect}->accepted();
is($n, 2, 'two of its dialect');
is(answer($u->call('dialect:get')), 'dialect', 'are used');
is($b{dialect}->accepted(), $n, 'by calls of that');
is(answer($c->call('unix:get')), 'unix', 'unix socket');
is($b{unix}->accepted(), 2, 'unix socket, connections');

# a reload: new workers have their own, and old ones leave none

ok($t->reload(), 'reload');
ok($t->old_workers_gone(10), 'old workers end');
ok(wait_for(sub { opened('quiet') == 3 && opened('left') == 3 }),
   'new ones have theirs');

$t->done();


sub opened {
    my ($name) = @_;

    return $b{$name}->accepted() - $b{$name}->ended() - ($gone{$name} || 0);
}


# Its connections end with it, and it does not tell.

sub stop {
    my ($name, $signal) = @_;

    $b{$name}->stop($signal);
    $gone{$name} += opened($name);
}


sub refused {
    my ($name) = @_;
    my $port = $t->port($name);

    return scalar $t->grep_log(
        qr/connect\(\) failed .* idle connection, upstream: "127.0.0.1:$port"/);
}
