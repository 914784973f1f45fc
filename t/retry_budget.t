#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_retry_budget: when all servers fail they get no more than a part of the
# calls again, and what was not sent is passed on without limit.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Time::HiRes qw(time);
use Test::Thrift;


my %budgets = (
    part  => '20% min=0r/s',
    tenth => '10% min=0r/s',
    least => '0% min=3r/s',
    none  => '0% min=0r/s',
    off   => 'off',
    lacks => '',
);

my $t = Test::Thrift->new(conf(<<'EOF',

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$server_port|$thrift_status|$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_idempotent     on;
    thrift_next_upstream  error timeout exception;

    #budgets
}

EOF
    budgets => join("\n", map { <<"EOS" } sort keys %budgets)), log => 'info');
    upstream $_ {
        server  127.0.0.1:%%PORT_first%%   max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;
        server  127.0.0.1:%%PORT_third%%   max_fails=0;
        @{[ $budgets{$_} && "thrift_retry_budget  $budgets{$_};" ]}
    }

    server {
        listen       127.0.0.1:%%PORT_$_%%;
        thrift_pass  $_;
    }
EOS

my @backends = map { $t->backend($_) } qw(first second third);

$t->run();

my (%before, $began);

sub script {
    my ($action) = @_;

    $_->script('*' => $action) for @backends;
    $began = time();
    %before = map { $_ => scalar $_->calls() } @backends;
}

sub executed {
    my $n = 0;

    $n += $_->calls() - $before{$_} for @backends;

    return $n;
}

# How many seconds have begun since script().

sub seconds {
    return 1 + int(time() - $began);
}


# Calls of several clients; how many of them failed.

sub failed {
    my ($where, $n) = @_;

    my @clients = map { $t->client($where) } 1 .. 4;
    my $bytes = join('', map { call_bytes('get', $_) } 1 .. $n / 4);
    my $failed = 0;

    $_->send($bytes) for @clients;
    $failed += grep { $_->{type} == EXCEPTION } $_->exchange('', $n / 4)
        for @clients;

    return $failed;
}

my %failures = (
    closed    => { close => 'request' },
    reset     => { close => 'request', reset => 1 },
    exception => { exception => [ 6, 'no' ] },
);

for my $how (sort keys %failures) {
    script($failures{$how});
    is(failed('none', 200), 200, "$how, no budget, all fail");
    is(executed(), 200, "$how, no budget, each was sent once");

    script($failures{$how});
    is(failed('off', 200), 200, "$how, without limit, all fail");
    is(executed(), 600, "$how, without limit, each was sent to all");
}

# a part of the calls, however many there are

script($failures{closed});
is(failed('part', 1000), 1000, 'all fail');
cmp_ok(executed(), '<=', 1200, 'a fifth is sent again');
cmp_ok(executed(), '>', 1150, 'not less');

script($failures{exception});
is(failed('tenth', 1000), 1000, 'all fail');
cmp_ok(executed(), '<=', 1100, 'a tenth is sent again');
cmp_ok(executed(), '>', 1050, 'not less');

# so many of them, and so many a second on top

script($failures{closed});
is(failed('least', 200), 200, 'all fail');
cmp_ok(executed(), '<=', 230 + 3 * seconds(), 'those of ten seconds');
cmp_ok(executed(), '>=', 230, 'not less');

script($failures{closed});
is(failed('lacks', 1000), 1000, 'all fail');
cmp_ok(executed(), '<=', 1300 + 10 * seconds(), 'without directive');
cmp_ok(executed(), '>', 1250, 'not less');

# a call that would be one too many gets what there is

script($failures{exception});
is(answer($t->client('none')->call('get')), '6 no', 'exception');

# one that was not sent is passed on

script({});
$_->stop() for @backends[0, 1];
is(failed('none', 200), 0, 'refused by two, answered by one');
is(executed(), 200, 'each once');
$_->start() for @backends[0, 1];

# the log tells, once a second

my @lines = $t->grep_log(qr/retry budget of/);

is(scalar(grep { /\[(?:info|warn)\]/ } @lines), scalar(@lines), 'levels');
ok((grep { /\[info\].* retry budget of upstream "part" is used up/ } @lines),
   'used up');
ok($t->wait_log(qr/\[warn\] .*more calls? w\w+ refused .*budget of "part"/),
   'counted');

my %warned;

$warned{$_}++
    for map { /^(\S+ \S+) \[warn\] .* of upstream "(\w+)"/ ? "$1 $2" : () }
            $t->grep_log(qr/retry budget of upstream/);

is(scalar(grep { $_ > 2 } values %warned), 0, 'not more than that');

$t->done();
