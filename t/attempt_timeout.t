#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_attempt_timeout: a server that has not answered in its time is given
# up; which calls are passed to the next one then, and that no other is.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Time::HiRes ();
use Test::Thrift;


my $time = 0.2 * time_factor();
my $ms = 1000 * $time;

my $t = Test::Thrift->new(conf(<<'EOF', time => "${ms}ms"), log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_status|$status|$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_idl              api.thrift;
    thrift_attempt_timeout  #time;

    # one is asked after the other

    upstream pair {
        server  127.0.0.1:%%PORT_first%%   max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0  backup;
    }

    upstream marked {
        server  127.0.0.1:%%PORT_first%%   max_fails=1  fail_timeout=1h;
        server  127.0.0.1:%%PORT_second%%  max_fails=1  fail_timeout=1h;
    }

    upstream full {
        server  127.0.0.1:%%PORT_full%%    max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0  backup;
    }

    server {
        listen                127.0.0.1:%%PORT_next%%;
        thrift_next_upstream  error timeout;
        thrift_pass           pair;

        thrift_service Pinned {
            thrift_balance  connection;
            thrift_pass     pair;
        }

        thrift_service Short {
            thrift_timeout          #time;
            thrift_attempt_timeout  1h;
            thrift_pass             pair;
        }

        thrift_service Marked {
            thrift_pass  marked;
        }

        thrift_service Full {
            thrift_pass  full;
        }
    }

    server {
        listen       127.0.0.1:%%PORT_default%%;
        thrift_pass  pair;

        thrift_service Full {
            thrift_pass  full;
        }
    }
}

EOF

my $idempotent = '(nthrift.idempotent = "true")';

$t->write_file('api.thrift', join('', map { <<"EOF" }
service $_ {
    string get$_(1: string text) $idempotent,
    string put$_(1: string text),
    oneway void poke$_(1: string text)
}
EOF
    qw(Api Pinned Short Marked Full)));

my ($first, $second) = map { $t->backend($_) } qw(first second);

# a server that takes no connection: its queue is full

my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                   LocalPort => $t->port('full'),
                                   Listen => 0, ReuseAddr => 1)
    or die "cannot listen: $!";

listen($listen, 0);

my @full = map {
    socket(my $s, Socket::AF_INET(), Socket::SOCK_STREAM(), 0)
        or die "socket: $!";
    IO::Handle::blocking($s, 0);
    connect($s, Socket::pack_sockaddr_in($t->port('full'),
                                         Socket::inet_aton('127.0.0.1')));
    $s;
} 1 .. 3;

$t->run();

my %before;

sub script {
    my ($one, $two) = @_;

    $first->script('*' => $one || {});
    $second->script('*' => $two || {});

    %before = ($first => scalar $first->calls(),
               $second => scalar $second->calls());
}

sub executed {
    return join ' ', map { $_->calls() - $before{$_} } $first, $second;
}

# What the client gets, how often each server got it, and in how many times.

sub outcome {
    my ($c, $method) = @_;

    my $start = Time::HiRes::time();
    my $text = answer($c->call($method)) || 'nothing';

    # nginx's clock may be some milliseconds behind

    my $times = int((Time::HiRes::time() - $start) / $time + 0.1);

    $text =~ s/after \d+ms/after/;

    return "$text (" . executed() . ") $times";
}

my $stall = { stall => 1 };
my $late = { delay => $time * 3 };
my $over = '6 timed out after reading reply from upstream';
my $c;

for ([ 'no answer' => $stall ], [ 'late answer' => $late ]) {
    my ($name, $action) = @$_;

    $c = $t->client('next');

    is_in_time(sub { script($action); outcome($c, 'getApi') },
               'second (1 1) 1', "idempotent, $name");
    is_in_time(sub { script($action); outcome($c, 'putApi') },
               "$over (1 0) 1", "not idempotent, $name");
    is_in_time(sub { script($action, $action); outcome($c, 'getApi') },
               "$over (1 1) 2", "both servers, $name");
    # who was pinned to a connection that is lost is closed with it

    is_in_time(sub { script($action);
                     outcome($t->client('next'), 'getPinned') },
               "$over (1 0) 1", "pinned, $name");

    $c = $t->client('default');
    is_in_time(sub { script($action); outcome($c, 'getApi') },
               "$over (1 0) 1", "without condition, $name");
    is_in_time(sub { script(); outcome($c, 'getApi') },
               'first (1 0) 0', "stays, $name");
}

$c = $t->client('next');

is_in_time(sub { script({ delay => $time / 2 }); outcome($c, 'getApi') },
           'first (1 0) 0', 'in time');

# a reply that has begun is nobody else's

is_in_time(sub { script({ cut => 0.7 }); outcome($c, 'getApi') },
           "$over (1 0) 1", 'part of a reply');

# thrift_timeout goes on

is_in_time(sub { script($stall); outcome($c, 'getShort') },
           "$over (1 0) 1", 'deadline');

# a oneway is never sent twice

script($stall, {});
$c->oneway('pokeApi');
$c->oneway('getApi');
ok(wait_for(sub { $t->grep_log(qr/^getApi\|failed\|504\|/, 'access.log') }),
   'two-way as ONEWAY');
is(scalar($second->calls()) - $before{$second}, 0, 'oneways once');

# of what takes no connection nothing was sent

my @no = ($t->address('full'), $t->address('second'));

is_in_time(sub { script(); outcome($t->client('next'), 'putFull') },
           'second (0 1) 1', 'connection, timeout');
is_in_time(sub { script(); outcome($t->client('default'), 'putFull') },
           'second (0 1) 1', 'connection, error');
ok($t->wait_log(qr/^putFull\|success\|200\|$no[0], $no[1]$/, 'access.log'),
   'both servers logged');

# a server that hangs is left alone

script($stall);

my $lost = 0;
my $c2 = $t->client('next');

ok(wait_for(sub {
    $lost++ if answer($c2->call('getMarked')) ne 'second';
    return $t->grep_log(qr/upstream server temporarily disabled/);
}, 20), 'hanging server is disabled');
is($lost, 0, 'and has lost no call');

is_in_time(sub { script($stall); outcome($c2, 'getMarked') },
           'second (0 1) 0', 'nothing waits for it');

is(scalar($t->grep_log(qr/\[error\]/)),
   scalar($t->grep_log(qr/\[error\] .*upstream timed out/)), 'errors');

$t->done();
