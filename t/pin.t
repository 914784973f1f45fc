#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# State that servers keep with a connection: thrift_balance connection and
# thrift_stateful pin a client to one that is nobody else's.

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

    thrift_trusted  on;

    log_format  test  '$thrift_method $thrift_status $upstream_addr '
                      '$upstream_connect_time';
    access_log  %%TESTDIR%%/access.log  test;

    upstream two {
        server  127.0.0.1:%%PORT_first%%   max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;
    }

    upstream absent {
        server  127.0.0.1:%%PORT_nobody%%  max_fails=0;
        server  127.0.0.1:%%PORT_second%%  backup;
    }

    upstream counted {
        zone        counted  64k;
        least_conn;
        server  127.0.0.1:%%PORT_first%%   max_conns=1;
        server  127.0.0.1:%%PORT_second%%  max_conns=1;
    }

    upstream asked {
        server                  127.0.0.1:%%PORT_first%%;
        server                  127.0.0.1:%%PORT_second%%;
        thrift_upstream_detect  on;
    }

    upstream one {
        server            127.0.0.1:%%PORT_first%%;
        thrift_keepalive  1  max=1;
    }

    upstream together {
        server           127.0.0.1:%%PORT_first%%;
        thrift_pipeline  8  connections=1;
    }

    server {
        listen          127.0.0.1:%%PORT_together%%;
        thrift_trusted  on;
        thrift_pass     together;

        thrift_service Store {
            thrift_method login {
                thrift_stateful  on;
            }
        }
    }

    server {
        listen          127.0.0.1:%%PORT_asked%%;
        thrift_balance  connection;
        thrift_pass     asked;
    }

    server {
        listen       127.0.0.1:%%PORT_waits%%;
        thrift_pass  one;

        thrift_service Store {
            thrift_method login {
                thrift_stateful  on;
            }
        }
    }

    server {
        listen          127.0.0.1:%%PORT_pinned%%;
        thrift_balance  connection;
        thrift_timeout  1s;
        thrift_pass     two;
    }

    server {
        listen          127.0.0.1:%%PORT_absent%%;
        thrift_balance  connection;
        thrift_pass     absent;
    }

    server {
        listen          127.0.0.1:%%PORT_counted%%;
        thrift_balance  connection;
        thrift_pass     counted;
    }

    server {
        listen          127.0.0.1:%%PORT_hurry%%;
        thrift_balance  connection;
        thrift_pass     two;

        thrift_service Store {
            thrift_method get {
                thrift_timeout  100ms;
            }
        }
    }

    server {
        listen             127.0.0.1:%%PORT_checked%%;
        thrift_idl         %%TESTDIR%%/store.thrift;
        thrift_max_memory  512m;
        thrift_balance     connection;
        thrift_pass        two;
    }

    server {
        listen          127.0.0.1:%%PORT_delayed%%;
        thrift_balance  connection;
        thrift_pass     two;

        thrift_service Store {
            thrift_method late {
                thrift_fault  delay=200ms;
            }
        }
    }

    server {
        listen       127.0.0.1:%%PORT_login%%;
        thrift_pass  two;

        thrift_service Store {
            thrift_method login {
                thrift_stateful  on;
            }
        }
    }

    server {
        listen       127.0.0.1:%%PORT_annotated%%;
        thrift_idl   %%TESTDIR%%/store.thrift;
        thrift_pass  two;
    }
}

EOC

$t->write_file('store.thrift', <<'EOC');
service Store {
    void login() (nthrift.stateful = "true"),
    void get(),
    void put(1: list<string> texts),
    void commit()
}
EOC

my %script = (last  => { close => 'after' },
              drop  => { close => 'request' },
              stall => { stall => 1 },
              held  => { hold => 1 },
              'Store:held' => { hold => 1 },
              fail  => { exception => [ 6, 'no' ] },
              '*'   => { body => [] });

my ($first, $second)
    = map { $t->backend($_, script => \%script) } qw(first second);

$t->run();

one_connection();
in_order();
checked_first();
asked_first();
behind_a_login();
apart();
exceptions();
idle_lost();
lost_under_calls();
lost_before_a_call();
missed_deadline();
behind_another();
not_opened();
counted();
stateful($_) for qw(login annotated);
cancelled();
logged();

$t->done();


# The connection of a call, as "server/number".

sub used {
    my ($method) = @_;

    return map { my $b = $_; map { "$b->{id}/$_->{connection}" }
                                 $b->calls($method) } $first, $second;
}


sub accepted { return $first->accepted() + $second->accepted() }

sub closed_by_nginx { return $first->closed() + $second->closed() }

sub heads { return join(' ', map { "$_->{name}/$_->{seqid}" } @_) }

sub good {
    my ($c, $method) = @_;

    return (($c->call($method) || {})->{type} || 0) == REPLY;
}


sub one_connection {
    my @clients = map { $t->client('pinned') } 0 .. 3;

    for (1 .. 5) {
        ok(good($clients[$_], "who$_"), "client $_") for 0 .. 3;
    }

    my %all;

    for (0 .. 3) {
        my %used = map { $_ => 1 } used("who$_");
        is(keys(%used), 1, "client $_, one connection");
        $all{$_}++ for keys %used;
    }

    is(keys(%all), 4, 'each its own');
    is(scalar(grep { m{^first/} } keys %all), 2, 'half of them to each');
    is(accepted(), 4, 'no other was opened');

    # nobody gets it afterwards

    $_->close() for @clients;
    ok(wait_for(sub { closed_by_nginx() == 4 }), 'closed with their clients');
}


sub in_order {
    my $c = $t->client('pinned');
    my $n = accepted();

    $c->send(join('', map { $_ % 5 ? call_bytes("many$_", $_)
                                   : oneway_bytes("many$_", $_) } 1 .. 30));
    my @m = $c->exchange('', 24);

    is(heads(@m), join(' ', map { "many$_/$_" } grep { $_ % 5 } 1 .. 30),
       'a pipeline');
    is(accepted(), $n + 1, 'one connection');
    ok(wait_for(sub { 30 == grep { $_->{method} =~ /^many/ }
                                 $first->calls(), $second->calls() }),
       'all have arrived');

    is(join(' ', map { $_->{method} } grep { $_->{method} =~ /^many/ }
                     $first->calls(), $second->calls()),
       join(' ', map { "many$_" } 1 .. 30), 'in order');
}


# A large one is checked in parts before it is sent.

sub checked_first {
    my $c = $t->client('checked', timeout => 30);
    my $n = 300_000;
    my $body = "\x0f\0\1\x0b" . pack('N', $n)
               . pack('Na*', 3, 'abc') x $n . "\0";

    $c->send(call_bytes('put', 1, $body) . call_bytes('commit', 2), 30);
    is(heads($c->exchange('', 2, 30)), 'put/1 commit/2', 'behind a large one');
    is(join(' ', grep { /^(?:put|commit)$/ } map { $_->{method} }
                      $first->calls(), $second->calls()),
       'put commit', 'in order');
}


# Servers are to be asked what they speak before.

sub asked_first {
    my $c = $t->client('asked');

    $c->send(join('', map { call_bytes("asked$_", $_) } 1 .. 9));
    my @m = $c->exchange('', 9);

    is(heads(@m), join(' ', map { "asked$_/$_" } 1 .. 9), 'before the first');

    my %used = map { $_ => 1 } map { used("asked$_") } 1 .. 9;

    is(keys(%used), 1, 'one connection for all');
}


# A call that is to follow one that has no connection yet.

sub behind_a_login {
    my $other = $t->client('waits');
    my $c = $t->client('waits');
    my $n = $first->calls('held');

    $other->start('held');
    ok(wait_for(sub { $first->calls('held') == $n + 1 }), 'the only connection');

    $c->send(call_bytes('login', 1) . call_bytes('behind', 2));
    elapse(0.1);
    $first->release();

    is(heads($c->exchange('', 2)), 'login/1 behind/2', 'both are answered');
    is(join(' ', used('behind')), (used('login'))[-1], 'by one connection');
    $_->close() for $c, $other;
}


# With thrift_pipeline: not on a connection that has calls of others.

sub apart {
    my ($other, $c) = map { $t->client('together') } 1 .. 2;
    my $n = $first->calls('Store:held');

    $other->start('Store:held');
    ok(wait_for(sub { $first->calls('Store:held') == $n + 1 }),
       "another client's call");
    ok(good($c, 'Store:login'), 'is not waited for');

    my ($held, $login) = map { ($first->calls($_))[-1]{connection} }
                             qw(Store:held Store:login);

    isnt($login, $held, 'the state is on another connection');
    $first->release();
    is($other->read_message()->{type}, REPLY, 'the other call');
    $_->close() for $c, $other;
}


# An exception is an answer.

sub exceptions {
    my $c = $t->client('pinned');
    my $n = accepted();

    for (1 .. 3) {
        is($c->call('fail')->{type}, EXCEPTION, 'an exception');
        ok(good($c, 'get'), 'goes on');
    }

    is(accepted(), $n + 1, 'with the same connection');
}


sub idle_lost {
    my $c = $t->client('pinned');

    ok(good($c, 'last'), 'the server closes');
    ok($c->closed(), 'the client is closed, too');
    $t->expect_log(qr/\[info\] .*with the state of a client is gone/);
}


sub lost_under_calls {
    my $c = $t->client('pinned');
    my $n = accepted();

    $c->send(join('', map { call_bytes($_, 1) } qw(get drop get get)));
    my @m = $c->exchange('', 4);

    is($m[0]->{type}, REPLY, 'answered');
    is($m[1]->{message}, 'upstream closed connection before it replied',
       'lost with the connection');
    is($m[$_]->{message}, "the client's connection to upstream was lost",
       'not sent elsewhere') for 2, 3;
    ok($c->closed(), 'then closed');
    is(accepted(), $n + 1, 'none was opened');
}


# one that has come, but is not to be sent yet

sub lost_before_a_call {
    my $c = $t->client('delayed');
    my $n = accepted();

    $c->send(call_bytes('last', 1) . call_bytes('late', 2));
    my @m = $c->exchange('', 2);

    is($m[0]->{type}, REPLY, 'the server closes while a call is delayed');
    is($m[1]->{message}, "the client's connection to upstream was lost",
       'which is not sent elsewhere');
    ok($c->closed(), 'then closed');
    is(accepted(), $n + 1, 'none was opened');
}


sub missed_deadline {
    my $c = $t->client('pinned');

    $c->send(join('', map { call_bytes($_, 1) } qw(stall get)));
    my @m = $c->exchange('', 2);

    like($m[0]->{message}, qr/^timed out/, 'a call takes too long');
    is($m[1]->{type}, EXCEPTION, 'the next one');
    ok($c->closed(), 'then closed');
    $t->expect_log(qr/\[error\] .*upstream timed out/);
}


# What a call waits for that is not sent yet: first for the connection, then for
# the call before it.

sub behind_another {
    my $c = $t->client('hurry');
    my $late = qr/upstream timed out .* while waiting for replies to/;
    my $n = $t->grep_log($late);
    my $why = qr/^timed out after \d+ms waiting for replies to earlier calls$/;

    for my $name (qw(opening open)) {
        $c->send(call_bytes('held', 1) . call_bytes('get', 2));

        is(scalar $t->wait_log($late, undef, 10, ++$n), $n, "$name: logged");

        my $held = ($name eq 'open') + 1;

        wait_for(sub { my @used = used('held'); @used >= $held });
        $_->release('held') for $first, $second;

        my @m = $c->exchange('', 2);

        is($m[0]->{type}, REPLY, "$name: the call before it");
        like($m[1]->{message}, $why, "$name: the one behind it");
    }
}


# Nothing was there to be lost.

sub not_opened {
    my $c = $t->client('absent');

    $c->send(join('', map { call_bytes("late$_", $_) } 1 .. 5));
    is(heads($c->exchange('', 5)), join(' ', map { "late$_/$_" } 1 .. 5),
       'another server');
    is(scalar(keys %{{ map { $_ => 1 } map { used("late$_") } 1 .. 5 }}), 1,
       'one connection');
    ok(good($c, 'get'), 'goes on');
    $t->expect_log(qr/\[error\] .*connect\(\) failed/);
}


# A connection is in use for as long as its client is.

sub counted {
    my ($one, $two, $three) = map { $t->client('counted') } 1 .. 3;

    ok(good($_, 'get'), 'a connection to each') for $one, $two;
    like($three->call('get')->{message}, qr/^overloaded: /, 'and no third');
    $t->expect_log(qr/\[info\] .*upstream servers have too many calls/);

    $one->close();
    ok(wait_for(sub { good($three, 'get') }), 'until one is closed');
    ok(good($two, 'get'), 'the other goes on');
}


sub stateful {
    my ($where) = @_;

    my $c = $t->client($where);

    good($c, "Store:get") for 1 .. 4;

    ok(good($c, 'Store:login'), "$where, login");

    my ($login) = sort { $b->[0] <=> $a->[0] }
               map { my $b = $_; map { [ $_->{time}, $b, $_->{connection} ] }
                                     grep { $_->{method} =~ /login/ }
                                          $b->calls() } $first, $second;

    my $before = scalar $login->[1]->calls();

    ok(good($c, 'Store:get'), "$where, call $_") for 1 .. 6;

    my @after = ($login->[1]->calls())[$before .. $before + 5];
    is(scalar(grep { $_ && $_->{connection} == $login->[2] } @after), 6,
       "$where, on the connection of the login");

    # nobody else meets it

    my $other = $t->client($where);

    good($other, 'Store:get') for 1 .. 6;
    is(scalar(grep { $_->{connection} == $login->[2] } $login->[1]->calls())
       - scalar(grep { $_->{connection} == $login->[2] }
                     ($login->[1]->calls())[0 .. $before + 5]), 0,
       "$where, not another client's");

    $c->close();
}


# A client goes while its calls wait for each other.

sub cancelled {
    my $c = $t->client('pinned');
    my $closed = closed_by_nginx();

    $c->send(join('', map { call_bytes($_, 1) } qw(stall a b c)));
    ok(wait_for(sub { $first->calls('stall') + $second->calls('stall') == 2 }),
       'the first is sent');
    $c->close(1);
    ok(wait_for(sub { closed_by_nginx() > $closed }), 'closed with its client');
    is($first->calls('a') + $second->calls('a'), 0, 'the others were not sent');
}


sub logged {
    my ($a, $b) = map { '127\.0\.0\.1:' . $t->port($_) } qw(first second);

    is(scalar($t->wait_log(qr/^who\d success ($a|$b) 0\.\d{3}$/, 'access.log',
                           undef, 20)), 20, 'the server is logged');
}
