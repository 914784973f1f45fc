#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_next_upstream and its limits: a call of which nothing was sent goes to
# the next server, no other call is ever sent twice.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::INET;
use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$server_port|$thrift_method|$thrift_status|$status|'
                      '$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    upstream pair {
        server  127.0.0.1:%%PORT_first%%  max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;
    }

    upstream dead {
        server  127.0.0.1:%%PORT_third%%  max_fails=0;
        server  127.0.0.1:%%PORT_fourth%%  max_fails=0;
    }

    upstream marked {
        server  127.0.0.1:%%PORT_third%%;
        server  127.0.0.1:%%PORT_fourth%%;
    }

    upstream three {
        server  127.0.0.1:%%PORT_third%%  max_fails=0;
        server  127.0.0.1:%%PORT_fourth%%  max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;
    }

    upstream slow {
        server  127.0.0.1:%%PORT_full%%  max_fails=0;
        server  127.0.0.1:%%PORT_full_too%%  max_fails=0;
        server  127.0.0.1:%%PORT_second%%  backup;
    }

    upstream together {
        server           127.0.0.1:%%PORT_full%%    max_fails=2  fail_timeout=1h;
        server           127.0.0.1:%%PORT_second%%  backup;
        thrift_pipeline  8  connections=1;
    }

    upstream gone {
        server  unix:%%SOCK_gone%%  max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;
    }

    server {
        listen       127.0.0.1:%%PORT_pair%%;
        thrift_pass  pair;
    }

    server {
        listen                127.0.0.1:%%PORT_off%%;
        thrift_next_upstream  off;
        thrift_pass           pair;
    }

    server {
        listen       127.0.0.1:%%PORT_dead%%;
        thrift_pass  dead;
    }

    server {
        listen       127.0.0.1:%%PORT_address%%;
        thrift_pass  127.0.0.1:%%PORT_third%%;
    }

    server {
        listen       127.0.0.1:%%PORT_marked%%;
        thrift_pass  marked;
    }

    server {
        listen                      127.0.0.1:%%PORT_three%%;
        thrift_next_upstream_tries  2;
        thrift_pass                 three;
    }

    server {
        listen                  127.0.0.1:%%PORT_slow%%;
        thrift_connect_timeout  150ms;
        thrift_pass             slow;

        thrift_service Short {
            thrift_pass                   slow;
            thrift_next_upstream_timeout  100ms;
        }

        thrift_service Deadline {
            thrift_pass             slow;
            thrift_connect_timeout  5s;
            thrift_timeout          100ms;
        }
    }

    server {
        listen                  127.0.0.1:%%PORT_together%%;
        thrift_connect_timeout  150ms;
        thrift_trusted          on;
        thrift_pass             together;
    }

    server {
        listen       127.0.0.1:%%PORT_gone%%;
        thrift_pass  gone;
    }
}

EOF

my %hold = map { ("h$_" => { hold => 1 }) } 1 .. 10;

my $first = $t->backend('first', script => \%hold);
my $second = $t->backend('second', script => \%hold);

$t->run();

sub answers {
    my ($c, $n, $method) = @_;

    my %n;
    $n{answer($c->call($method || 'get'))}++ for 1 .. $n;

    return \%n;
}

# one is down

my $c = $t->client('pair');

is_deeply(answers($c, 10), { first => 5, second => 5 }, 'both up');

$first->stop();

is_deeply(answers($c, 20), { second => 20 }, 'one down');

my %at = map { $_ => $t->address($_) } qw(first second third fourth full);
my $dead = "$at{third}, $at{fourth}|$at{fourth}, $at{third}";

ok($t->wait_log(qr/\|get\|success\|200\|$at{first}, $at{second}$/,
                'access.log'), 'both logged');
ok($t->grep_log(qr/\[error\] .*connect\(\) failed .* upstream: "$at{first}"/),
   'refused told');

$c->oneway('poke') for 1 .. 4;
ok(wait_for(sub { $second->calls('poke') == 4 }), 'oneway to the next');

# thrift_next_upstream off

$c = $t->client('off');
is_deeply(answers($c, 10),
          { second => 5, '6 cannot connect to upstream' => 5 },
          'next upstream off');

my $m = $c->call('A:get', [], seqid => -12);
$m = $c->call('A:get', [], seqid => -12) if $m->{type} == REPLY;
is("$m->{name} $m->{seqid}", 'get -12', 'exception head');
ok($t->wait_log(qr/\|get\|exception\|502\|$at{first}$/, 'access.log'),
   'failure logged');

# all are down

$c = $t->client('dead');
is_deeply(answers($c, 5), { '6 cannot connect to upstream' => 5 },
          'all down');
ok($t->wait_log(qr/\|get\|exception\|502\|($dead)$/, 'access.log'),
   'all logged');

$c->oneway('lost');
is(answer($c->call('get')), '6 cannot connect to upstream', 'after oneway');
ok($t->wait_log(qr/\|lost\|failed\|502\|/, 'access.log'), 'oneway logged');

is_deeply(answers($t->client('address'), 3),
          { '6 cannot connect to upstream' => 3 },
          'single one down');

my $marked = $t->client('marked');
is(answer($marked->call('get')), '6 cannot connect to upstream',
   'all down, marked');
is_deeply(answers($marked, 3), { '6 no live upstreams' => 3 }, 'all marked');

# thrift_next_upstream_tries

my $three = $t->client('three');
my $n = answers($three, 30);
ok($n->{second} && $n->{'6 cannot connect to upstream'}, 'tries');
is($n->{second} + $n->{'6 cannot connect to upstream'}, 30, 'tries, all');

my $port = $t->port('three');
my @tried = $t->wait_log(qr/^$port\|get\|/, 'access.log', undef, 30);
is(scalar(grep { /\|exception\|/ && !/\|127\S+, 127\S+$/ } @tried), 0,
   'two tried');
is(scalar(grep { /\|127\S+, 127\S+, / } @tried), 0, 'never three');

my $third = $t->backend('third');

is(answer($c->call('get')), 'third', 'up again');
$n = answers($three, 9);
is($n->{second} + $n->{third}, 9, 'tries, one down');

# a unix socket that is not there

is_deeply(answers($t->client('gone'), 4), { second => 4 }, 'no socket');
$t->expect_log(qr/connect\(\) to unix:\S+ failed \(2: No such file/);

# servers that do not take connections: their queues are full

my @full;

for (qw(full full_too)) {
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                       LocalPort => $t->port($_),
                                       Listen => 0, ReuseAddr => 1)
        or die "cannot listen: $!";

    listen($listen, 0);
    push @full, $listen;

    for my $i (1 .. 3) {
        socket(my $s, Socket::AF_INET(), Socket::SOCK_STREAM(), 0)
            or die "socket: $!";
        IO::Handle::blocking($s, 0);
        connect($s, Socket::pack_sockaddr_in($t->port($_),
                                             Socket::inet_aton('127.0.0.1')));
        push @full, $s;
    }
}

$c = $t->client('slow');
is(answer($c->call('Other:get')), 'second', 'next after timeout');
is(answer($c->call('Short:get')), '6 cannot connect to upstream',
   'next upstream timeout');
like(answer($c->call('Deadline:get')),
     qr/^6 timed out after \d+ms connecting to upstream$/, 'deadline');
ok($t->wait_log(qr/\|get\|exception\|504\|/, 'access.log'),
   'deadline logged');

# a connection that several calls wait for fails once

$c = $t->client('together');

for my $n (1 .. 2) {
    is(scalar($t->grep_log(qr/temporarily disabled.*"$at{full}"/)), 0,
       "time $n, it is not taken away");
    $c->send(join('', map { call_bytes('get', $_) } 1 .. 5));
    is(join(' ', map { answer($c->read_message()) } 1 .. 5),
       join(' ', ('second') x 5), 'all calls go to the next server');
}

ok($t->wait_log(qr/temporarily disabled.*"$at{full}"/), 'two are two');

# killed while its connections are idle: nothing is lost

$first->start();

my @clients = map { $t->client('pair') } 1 .. 5;

for my $c (@clients) {
    my $bytes = join('', map { call_bytes('get', $_) } 1 .. 20);
    is(scalar(grep { $_->{type} == REPLY } $c->exchange($bytes, 20)), 20,
       'both up again');
}

for my $signal (qw(KILL TERM)) {
    $first->stop($signal);
    is_deeply(answers($_, 10), { second => 10 }, "idle and $signal")
        for @clients;

    $first->start();
    is_deeply(answers($clients[0], 4), { first => 2, second => 2 },
              'killed server is used again');
}

# killed during calls: one exception each, and nowhere else

$c = shift @clients;
$c->send(join('', map { call_bytes("h$_", 100 + $_) } 1 .. 10));

ok(wait_for(sub { my @all = map { $_->calls() } $first, $second;
                  return 10 == grep { $_->{method} =~ /^h/ } @all }),
   'calls on their way');

my %at_first = map { $_->{method} => 1 } $first->calls();

$first->stop('KILL');
$second->release();

for (1 .. 10) {
    my $m = $c->read_message();
    my $killed = $at_first{"h$_"};

    is_deeply([ $m->{name}, $m->{seqid}, $m->{message} || $m->{fields}{0} ],
              [ "h$_", 100 + $_,
                $killed ? 'upstream closed connection before it replied'
                        : 'second' ], $killed ? 'killed' : 'not killed');
}

is(executed_twice(qr/^h/), 0, 'executed once');
is(answer($c->call('get')), 'second', 'connection stays');

# killed and started again below many calls

$first->start();

my $lost = 0;

for my $round (1 .. 4) {
    $c->send(join('', map { call_bytes("r$round-$_", $_) } 1 .. 300));
    ok(wait_for(sub { $first->calls("r$round-1")
                      || $second->calls("r$round-1") }), "round $round");
    $first->stop('KILL');
    $first->start();

    my @m = $c->exchange('', 300);

    is(join(' ', map { "$_->{name} $_->{seqid}" } @m),
       join(' ', map { "r$round-$_ $_" } 1 .. 300), 'one fate each');

    $lost += grep { $_->{type} == EXCEPTION } @m;
}

note("$lost calls answered with an exception");
is(executed_twice(qr/^r/), 0, 'all executed once');
is_deeply(answers($_, 4), { first => 2, second => 2 }, 'all stay')
    for $c, @clients;

# killed in the middle of receiving: that is not tried elsewhere

$third->stop();

my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                   LocalPort => $t->port('fourth'),
                                   Listen => 5, ReuseAddr => 1)
    or die "cannot listen: $!";

$c = $t->client('dead');
$c->start('large', [ [ 1, string => 'x' x 15_000_000 ] ], seqid => 5);

my $deaf = $listen->accept();
ok(sysread($deaf, my $some, 1000), 'large call begins');
$third->start();
close($_) for $listen, $deaf;

$m = $c->read_message();
is("$m->{seqid} $m->{exception}", '5 6', 'killed while receiving');
like($m->{message}, qr/^upstream closed connection/, 'client is told why');
is(scalar $third->calls('large'), 0, 'not tried again');
is(answer($c->call('get')), 'third', 'goes on');

$t->done();


sub executed_twice {
    my ($re) = @_;

    my %n;
    $n{$_}++ for grep { $_ =~ $re }
                 map { $_->{method} } map { $_->calls() } $first, $second;

    return scalar(grep { $_ > 1 } values %n);
}
