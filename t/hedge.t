#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_hedge: a second server is asked when the first one takes long; whose
# answer the client gets, which calls are never sent twice, and how many are.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use List::Util qw(sum);
use Test::More;
use Time::HiRes ();
use Test::Thrift;


my $hedge = 0.05 * time_factor();
my $ms = 1000 * $hedge;

my %balancers = (
    rr         => '',
    least      => 'least_conn;',
    hash       => 'hash x;',
    consistent => 'hash x consistent;',
    random     => 'random;',
    two        => 'random two;',
);

# nginx itself never frees what "random" allocates in a zone

my @balancers = grep { !/^(?:random|two)_zone/ || !sanitizer() }
                     map { ($_, "${_}_zone") } sort keys %balancers;

my $t = Test::Thrift->new(conf(<<'EOF',

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$server_port|$thrift_method|$thrift_status|$status|'
                      '$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_idl    api.thrift;
    thrift_hedge  #time percent=100;

    upstream pair {
        server               127.0.0.1:%%PORT_first%%   max_fails=1;
        server               127.0.0.1:%%PORT_second%%  max_fails=1;
        thrift_keepalive     0;
        thrift_retry_budget  off;
    }

    upstream part {
        server               127.0.0.1:%%PORT_first%%;
        server               127.0.0.1:%%PORT_second%%;
        thrift_retry_budget  off;
    }

    upstream backup {
        server               127.0.0.1:%%PORT_first%%;
        server               127.0.0.1:%%PORT_second%%  backup;
        thrift_retry_budget  off;
    }

    upstream single {
        server               127.0.0.1:%%PORT_first%%;
        thrift_retry_budget  off;
    }

    upstream down {
        server               127.0.0.1:%%PORT_first%%;
        server               127.0.0.1:%%PORT_second%%  down;
        thrift_retry_budget  off;
    }

    upstream piped {
        server                 127.0.0.1:%%PORT_first%%;
        server                 127.0.0.1:%%PORT_second%%;
        thrift_pipeline        8 connections=1;
        thrift_pipeline_delay  1h;
        thrift_retry_budget    off;
    }

    upstream limited {
        server                 127.0.0.1:%%PORT_first%%   max_conns=2;
        server                 127.0.0.1:%%PORT_second%%  max_conns=2;
        thrift_keepalive       4 queue=100;
        thrift_retry_budget    off;
    }

    upstream budget {
        server               127.0.0.1:%%PORT_first%%;
        server               127.0.0.1:%%PORT_second%%;
        thrift_retry_budget  5% min=0r/s;
    }

    map $thrift_method $by_method {
        getAddress   127.0.0.1:%%PORT_first%%;
        default      pair;
    }

    server {
        listen                127.0.0.1:%%PORT_proxy%%;
        thrift_next_upstream  error;
        thrift_pass           pair;

        thrift_service Pinned {
            thrift_balance  connection;
            thrift_pass     pair;
        }

        thrift_service Backup {
            thrift_pass  backup;
        }

        thrift_service Single {
            thrift_pass  single;
        }

        thrift_service Down {
            thrift_pass  down;
        }

        thrift_service Address {
            thrift_pass  $by_method;
        }

        thrift_service Named {
            thrift_pass  $by_method;
        }

        thrift_service Off {
            thrift_hedge  off;
            thrift_pass   pair;
        }

        thrift_service Part {
            thrift_hedge  #time;
            thrift_pass   part;
        }

        thrift_service Piped {
            thrift_pass  piped;
        }

        thrift_service Limited {
            thrift_pass  limited;
        }

        thrift_service Budget {
            thrift_pass  budget;
        }

        thrift_service Next {
            thrift_next_upstream  error exception;
            thrift_pass           pair;
        }

        thrift_service Short {
            thrift_timeout  #deadline;
            thrift_pass     pair;
        }
    }

    #balancers
}

EOF
    time => "${ms}ms", deadline => 20 * $ms . 'ms',
    balancers => join("\n", map { <<"EOS" } @balancers)),
    upstream $_ {
        @{[ /^(.*)_zone/ ? "zone  $_ 128k; $balancers{$1}" : $balancers{$_} ]}

        server               127.0.0.1:%%PORT_first%%;
        server               127.0.0.1:%%PORT_second%%;
        server               127.0.0.1:%%PORT_third%%;
        thrift_keepalive     0;
        thrift_retry_budget  off;
    }

    server {
        listen       127.0.0.1:%%PORT_$_%%;
        thrift_pass  $_;
    }
EOS
    log => 'info');

my $idempotent = '(nthrift.idempotent = "true")';

$t->write_file('api.thrift', join('', map { <<"EOF" }
service $_ {
    string get$_(1: string text) $idempotent,
    string put$_(1: string text),
    oneway void poke$_(1: string text) $idempotent
}
EOF
    qw(Api Pinned Backup Single Down Address Named Off Part Budget Next Short
       Piped Limited)));

my @backends = map { $t->backend($_) } qw(first second third);

$t->run();

my $c;
my %before;

# so late that a machine which stands still meanwhile does not hide the hedge

my $late = { delay => 8 * $hedge };
my $later = { delay => 40 * $hedge };

# What the one that is asked first does, and the one that is asked then: which
# of them that is, is not known before.

sub script {
    my (@actions) = @_;

    for (@backends) {
        $_->script('*' => @actions ? shift @actions : {});
    }

    %before = map { $_ => scalar $_->calls() } @backends;
}

sub executed {
    return map { $_->calls() - $before{$_} } @backends;
}

# What the client gets, how often each server got it, and in how many times of
# thrift_hedge.

sub outcome {
    my ($client, $method, @o) = @_;

    my $lines = () = $t->grep_log(qr/\|$method\|/, 'access.log');
    my $start = Time::HiRes::time();
    my $text = answer($client->call($method, @o)) || 'nothing';
    my $times = int((Time::HiRes::time() - $start) / $hedge + 0.1);

    $text =~ s/after \d+ms/after/;

    # a server may be slower to get it than another one to answer

    my @lines = $t->wait_log(qr/\|$method\|/, 'access.log', undef, $lines + 1);
    my $servers = () = ($lines[-1] || '') =~ /:\d+/g;

    wait_for(sub { sum(executed()) >= $servers })
        or diag("not all have it: $lines[-1]; accepted: ",
                join(' ', map { $_->accepted() } @backends));

    return "$text (@{[ executed() ]}) $times";
}

# A call that the first server gets first: round robin goes on from a call that
# the second one has answered.

sub first_of_pair {
    my ($method, @actions) = @_;

    for (1 .. 4) {
        script();
        last if answer($t->client('proxy')->call('putApi')) eq 'second';
    }

    script(@actions);
    $c = $t->client('proxy');

    return outcome($c, $method);
}

is_in_time(sub { first_of_pair('getApi') }, 'first (1 0 0) 0', 'in time');
is_in_time(sub { first_of_pair('getApi', $late) }, 'second (1 1 0) 1', 'late');
is(answer($c->call('getApi')) =~ s/first|second/answer/r, 'answer',
   'connection stays');
is_in_time(sub { first_of_pair('getApi', $late, $late) },
           'first (1 1 0) 8', 'both are late');
is_in_time(sub { first_of_pair('getApi', { cut => 0.5 }) },
           'second (1 1 0) 1', 'in the middle of its reply');
is_in_time(sub { first_of_pair('getApi', { stall => 1 }) },
           'second (1 1 0) 1', 'silent');

my ($at1, $at2) = map { $t->address($_) } qw(first second);
my $port = $t->port('proxy');

ok($t->wait_log(qr/^$port\|getApi\|success\|200\|$at1, $at2$/, 'access.log'),
   'both are logged');

# one fails, the other goes on

my $close = { delay => 2 * $hedge, raw => '', close => 'after' };
my $closed = '6 upstream closed connection before it replied';

is_in_time(sub { first_of_pair('getApi', $close, $late) },
           'second (1 1 0) 9', 'first fails, second is late');
is_in_time(sub { first_of_pair('getApi', $late, { close => 'request' }) },
           'first (1 1 0) 8', 'second fails');
is_in_time(sub { first_of_pair('getApi', $late, { garbage => 1 }) },
           'first (1 1 0) 8', 'second sends garbage');
is_in_time(sub { first_of_pair('getApi', $close, { close => 'request' }) },
           "$closed (1 1 0) 2", 'both fail');
is_in_time(sub { first_of_pair('getApi', $close, { %$close, %$late }) },
           "$closed (1 1 0) 9", 'both fail, first one first');

# exceptions are answers, unless they are not to be

my $no = { exception => [ 6, 'no' ] };

is_in_time(sub { first_of_pair('getApi', $late, $no) },
           '6 no (1 1 0) 1', 'second sends exception');
is_in_time(sub { first_of_pair('getNext', $late, $no) },
           'first (1 1 0) 8', 'exception for which another is tried');
is_in_time(sub { first_of_pair('getNext', $close, $no) },
           '6 no (1 1 0) 2', 'exception is better than nothing');
is_in_time(sub { first_of_pair('getNext', { %$late, %$no }, $no) },
           '6 no (1 1 0) 8', 'two exceptions');
is_in_time(sub { first_of_pair('getNext', { %$no, delay => 2 * $hedge },
                               { %$late, %$no }) },
           '6 no (1 1 0) 9', 'two exceptions, first one first');

# never sent twice

for my $method (qw(putApi getOff getPinned)) {
    is_in_time(sub { first_of_pair($method, $late, $late) },
               'first (1 0 0) 8', $method);
}

for my $service (qw(Single Backup Down Address)) {
    is_in_time(sub {
        script($late, $late);
        return outcome($t->client('proxy'), "get$service");
    }, 'first (1 0 0) 8', "$service");
}

is_in_time(sub { first_of_pair('getNamed', $late) },
           'second (1 1 0) 1', 'upstream by name');

script({ %$late, answer => 1 }, { %$late, answer => 1 });
$c->oneway('getApi');
$c->oneway('pokeApi');
wait_for(sub { sum(executed()) >= 2 });
elapse(3 * $hedge);
is(sum(executed()), 2, 'oneways');

# deadline, and clients that leave

is_in_time(sub { first_of_pair('getShort', $later, $later) },
           '6 timed out after reading reply from upstream (1 1 0) 20',
           'deadline');

script({ hold => 1 }, { hold => 1 });
$c = $t->client('proxy');
$c->start('getApi');
ok(wait_for(sub { join(' ', executed()) eq '1 1 0' }), 'both have it');
$c->close();
ok($t->wait_log(qr/^$port\|getApi\|cancelled\|499\|[^,]+, [^,]+$/,
                'access.log'), 'client has left');
$_->release() for @backends;

# large ones, in both protocols

my $text = join '', map { chr(33 + $_ * 7 % 90) } 1 .. 30_000;

for my $protocol (qw(binary compact)) {
    for my $transport (qw(framed unframed)) {
        script({ echo => 1, pieces => 100 }, { echo => 1, %$late },
               { echo => 1, %$late });
        $c = $t->client('proxy', protocol => $protocol,
                        transport => $transport);

        for (1 .. 2) {
            my $m = $c->call('getApi', [ [ 1, string => $text ] ]);
            is($m && ($m->{fields}{1} || '') eq $text ? 'equal' : 'other',
               'equal', "large, $protocol, $transport");
        }
    }
}

# with each balancer the second one is another

for my $name (@balancers) {
    script(({ hold => 1 }) x 3);

    my @clients = map { $t->client($name) } 1 .. 4;

    $_->start('getApi') for @clients;

    ok(wait_for(sub { sum(executed()) == 8 }), "$name, all are sent twice");

    $_->release() for @backends;

    is(scalar(grep { /^(?:first|second|third)$/ }
              map { answer($_->read_message()) } @clients), 4,
       "$name, all are answered");

    my $at = $t->port($name);
    my @lines = $t->wait_log(qr/^$at\|/, 'access.log', undef, 4);

    is(scalar(grep { /\|(\S+), (\S+)$/ && $1 ne $2 } @lines), 4,
       "$name, two each");
}

# when both fail it is the third one's turn, whichever of them fails first

my $lost = { hold => 1, raw => '', close => 'after' };

for my $name (@balancers) {
    for my $first (0, 1) {
        my $at = $t->port($name);
        my $lines = () = $t->grep_log(qr/^$at\|/, 'access.log');

        script($lost, $lost, $lost);
        $c = $t->client($name);
        $c->start('getApi');

        ok(wait_for(sub { sum(executed()) == 2 }), "$name, two are asked");

        my @two = sort { ($a->calls())[-1]{time} <=> ($b->calls())[-1]{time} }
                       grep { $_->calls() > $before{$_} } @backends;

        $_->script('*' => {}) for @backends;

        for my $backend ($first ? @two : reverse @two) {
            my $where = $backend->address();
            my $re = qr/prematurely closed .*"$where", connection/;
            my $n = () = $t->grep_log($re);

            $backend->release();
            ok($t->wait_log($re, undef, undef, $n + 1), "$name, one fails");
        }

        like(answer($c->read_message()), qr/^(?:first|second|third)$/,
             "$name, another one answers");

        my @lines = $t->wait_log(qr/^$at\|/, 'access.log', undef, $lines + 1);

        like($lines[-1], qr/\|(\S+), (?!\1)(\S+), (?!\1|\2)\S+$/,
             "$name, the third");
    }
}

# no server is to blame for what nobody waited for

is(scalar($t->grep_log(qr/temporarily disabled|no live upstreams/)), 0,
   'nobody is blamed');

# how many

sub many {
    my ($method, $n) = @_;

    script({ delay => 20 * $hedge }, { delay => 20 * $hedge });

    my @clients = map { $t->client('proxy') } 1 .. 10;
    my $bytes = join('', map { call_bytes($method, $_) } 1 .. $n / 10);
    my $answers = 0;

    $_->send($bytes) for @clients;
    $answers += grep { $_->{type} == REPLY } $_->exchange('', $n / 10)
        for @clients;

    # servers read those late that are given up

    elapse(0.5);

    return ($answers, sum(map { scalar $_->calls($method) } @backends));
}

# so few that none waits for a connection, however slow the machine is

my ($answers, $n) = many('getPart', 200);

is($answers, 200, 'part, all are answered');
cmp_ok($n, '<=', 220, 'a tenth is sent twice');
cmp_ok($n, '>', 206, 'not much less');

# several calls on a connection, and servers that take few at a time

for my $method (qw(getPiped getLimited)) {
    script([ ({ delay => $hedge * 1.2 }) x 20, {} ],
           [ ({ delay => $hedge * 1.2 }) x 20, {} ]);

    my @clients = map { $t->client('proxy') } 1 .. 10;
    my $bytes = join('', map { call_bytes($method, $_) } 1 .. 10);
    my $right = 0;

    $_->send($bytes) for @clients;

    for my $c (@clients) {
        my $id = 0;

        $right += grep { $_->{type} == REPLY && $_->{seqid} == ++$id }
                       $c->exchange('', 10, 20);
    }

    is($right, 100, "$method, all are answered in their order");
}

($answers, $n) = many('getBudget', 200);

is($answers, 200, 'budget, all are answered');
cmp_ok($n, '<=', 210, 'as many as the budget of retries allows');
cmp_ok($n, '>', 200, 'and some are');

$t->done();
