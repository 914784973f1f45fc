#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Servers are checked with calls of nginx's own: one that does not answer gets
# no call until it does.  One worker checks for all where there is a zone.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  3;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$pid|$thrift_method|$thrift_status|$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted  on;

    upstream zone {
        zone                 zone  128k;
        server               127.0.0.1:%%PORT_a%%  max_fails=0;
        server               127.0.0.1:%%PORT_b%%  max_fails=0;
        server               127.0.0.1:%%PORT_marked%%  down;
        thrift_health_check  interval=100ms  fails=2  passes=2;
    }

    upstream failed {
        zone                 failed  128k;
        server               127.0.0.1:%%PORT_other%%;
        server               127.0.0.1:%%PORT_failed%%  fail_timeout=1h;
        thrift_health_check  interval=100ms  fails=5;
    }

    upstream alone {
        server               127.0.0.1:%%PORT_alone%%  max_fails=0;
        thrift_health_check  interval=100ms  timeout=1s;
    }

    upstream backup {
        zone                 backup  128k;
        least_conn;
        server               127.0.0.1:%%PORT_first%%  max_fails=0;
        server               127.0.0.1:%%PORT_backup%%  max_fails=0  backup;
        thrift_health_check  interval=100ms;
    }

    upstream mandatory {
        zone                 mandatory  128k;
        server               127.0.0.1:%%PORT_mandatory%%;
        thrift_health_check  interval=100ms  timeout=60s  mandatory;
    }

    upstream method {
        zone                 method  128k;
        server               127.0.0.1:%%PORT_method%%  max_fails=0;
        thrift_health_check  interval=100ms  timeout=2s
                             method=some.Service.ping;
    }

    upstream port {
        zone                 port  128k;
        server               127.0.0.1:%%PORT_serving%%  max_fails=0;
        thrift_health_check  interval=100ms  port=%%PORT_checked%%;
    }

    upstream compact {
        zone                         compact  128k;
        server                       127.0.0.1:%%PORT_compact%%;
        thrift_upstream_protocol     compact;
        thrift_upstream_multiplexed  on;
        thrift_health_check          interval=100ms  jitter=50ms;
    }

    upstream unframed {
        zone                         unframed  128k;
        server                       unix:%%SOCK_unframed%%;
        thrift_upstream_transport    unframed;
        thrift_upstream_multiplexed  on;
        thrift_proxy_protocol        on;
        thrift_health_check          interval=100ms  method=S.ping;
    }

    upstream bound {
        server               127.0.0.1:%%PORT_a%%;
        thrift_bind          ::1;
        thrift_health_check  interval=100ms  mandatory;
    }

    map $thrift_service $to {
        default  $thrift_service;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%  reuseport;
        thrift_pass  $to;
    }
}

EOC

my %backend = map { $_ => $t->backend($_) }
              qw(a marked other failed alone first backup mandatory method serving
                 checked compact);

$backend{unframed} = $t->backend($t->sock('unframed'), id => 'unframed',
                                 proxy_protocol => 1);

$backend{mandatory}->script('*' => { hold => 1 });

$t->run();

my @c = map { $t->client('proxy') } 1 .. 12;

# a server that is not there: one line of one worker, and no call gets there

ok(down('zone', 'b'), 'nobody listens');
like(lines('zone', 'b', 'down'),
     qr/^\[warn\].* is down: connect\(\) failed \(111: Connection refused\)$/,
     'why');

is(answers('zone') . '', 'a', 'no call is sent to it');
is(scalar $t->grep_log(qr/connecting to upstream/), 0, 'nor tried');
is($backend{marked}->accepted(), 0, 'nor is one that is "down"');

ok(wait_for(sub { $backend{a}->calls('health_check') >= 2 }),
   'the other one is checked');

my @checks = $backend{a}->calls('health_check');
is(join(' ', map { "$checks[0]{$_}" } qw(type protocol transport)),
   CALL . ' binary framed', 'by a call');

my ($n, $start) = (scalar @checks, time());
elapse(1);
my $rate = ($backend{a}->calls('health_check') - $n) / (time() - $start);
cmp_ok($rate, '<', 12, "by one worker: $rate a second");

# it comes

$backend{b} = $t->backend('b');

ok(up('zone', 'b'), 'it comes');
like(lines('zone', 'b', 'up again'), qr/^\[notice\]/, 'notice');
ok(wait_for(sub { answers('zone') eq 'a b' }), 'and is used');

# and goes, and comes back

$backend{b}->script(health_check => { exception => [ 1, 'no such method' ] },
                    '*' => {});
elapse(0.5);
is(number('zone', 'b', 'down'), 1, 'an exception is an answer');

my %ill = (
    'closes'        => [ { close => 'request' },
                         'it closed the connection without an answer' ],
    'half a reply'  => [ { close => 'mid' },
                         'it closed the connection without an answer' ],
    'garbage'       => [ { raw => 'garbage' }, '.*' ],
    'wrong seqid'   => [ { seqid => 4711 }, 'its answer has another seqid' ],
    'call'          => [ { type => CALL },
                         'its answer is neither a REPLY nor an EXCEPTION' ],
    'other protocol' => [ { protocol => 'compact' }, '.*' ],
);

for my $what (sort keys %ill) {
    my ($action, $why) = @{$ill{$what}};
    my $n = number('zone', 'b', 'down');

    $backend{b}->script(health_check => $action, '*' => {});

    ok(wait_for(sub { number('zone', 'b', 'down') == $n + 1 }), $what);
    like((split /\n/, lines('zone', 'b', 'down'))[-1],
         qr/ is down: $why(?: \(|$)/, "$what, why");
    ok(wait_for(sub { answers('zone') eq 'a' }), "$what, not used");

    $backend{b}->script();
    ok(wait_for(sub { number('zone', 'b', 'up again') == $n + 1 }),
       "$what, over");
    ok(wait_for(sub { answers('zone') eq 'a b' }), "$what, used again");
}

# the worker that checks dies: another one goes on

for my $signal (qw(KILL TERM)) {
    my ($leader) = lines('zone', 'b', 'down') =~ /.* (\d+)#\d+: /s;

    ok((grep { $_ == $leader } $t->workers()), "worker $leader checks");
    $t->signal($signal, $leader);
    wait_for(sub { @{[ $t->workers() ]} == 3
                   && !grep { $_ == $leader } $t->workers() });

    my $n = number('zone', 'b', 'down');

    $backend{b}->stop();
    ok(wait_for(sub { number('zone', 'b', 'down') == $n + 1 }, 15),
       "$signal, goes on");
    isnt((lines('zone', 'b', 'down') =~ /.* (\d+)#\d+: /s)[0], $leader,
         "$signal, by another");

    @c = map { $t->client('proxy') } 1 .. 12;
    is(answers('zone'), 'a', "$signal, not used");

    $backend{b}->start();
    ok(wait_for(sub { number('zone', 'b', 'up again') == $n + 1 }),
       "$signal, back");
}

# a reload knows what was known

my $down = number('zone', 'b', 'down');
$backend{b}->script(health_check => { close => 'request' });
ok(wait_for(sub { number('zone', 'b', 'down') == $down + 1 }), 'down');
my $b_calls = $backend{b}->calls('zone:get');

for my $round (1 .. 3) {
    ok($t->reload(), "reload $round");
    @c = map { $t->client('proxy') } 1 .. 12;
    is(answers('zone'), 'a', "reload $round, not used") for 1 .. 5;
}

is($backend{b}->calls('zone:get'), $b_calls, 'reload, no call at all');
is(number('zone', 'b', 'down'), $down + 1, 'reload, no line');
$backend{b}->script();
ok(wait_for(sub { answers('zone') eq 'a b' }, 15), 'reload, back');

# without a zone each worker checks; one server

ok($t->old_workers_gone(10), 'old workers are gone');
$backend{alone}->script(health_check => { stall => 1 }, '*' => {});
ok(wait_for(sub { number('alone', 'alone', 'down') == 3 }, 15),
   'no zone: each worker finds out');
like(lines('alone', 'alone', 'down'), qr/is down: it did not answer in time$/m,
     'no zone, why');
like(answers('alone'), qr/^6 no live upstreams/, 'no zone, no server');
$backend{alone}->script();
ok(wait_for(sub { number('alone', 'alone', 'up again') == 3 }),
   'no zone, back');
is(answers('alone'), 'alone', 'no zone, used');

# what calls have found out before is over, too

is(answers('failed'), 'failed other', 'both');
$backend{failed}->stop();
is(answers('failed'), 'other', 'a call finds out');
ok(down('failed', 'failed'), 'and then checks');
$backend{failed}->start();
ok(up('failed', 'failed'), 'up');
ok(wait_for(sub { answers('failed') eq 'failed other' }), 'and used');

# a backup

is(answers('backup'), 'first', 'backup is not needed');
$backend{first}->script(health_check => { close => 'request' }, '*' => {});
ok(down('backup', 'first'), 'first is down');
is(answers('backup'), 'backup', 'backup is used');
$backend{backup}->script(health_check => { close => 'request' }, '*' => {});
ok(down('backup', 'backup'), 'backup is down');
like(answers('backup'), qr/^6 no live upstreams/, 'nobody is left');
$backend{first}->script();
ok(up('backup', 'first'), 'first is up');
is(answers('backup'), 'first', 'first is used');

# mandatory: nobody is used before that is known

like(answers('mandatory'), qr/^6 no live upstreams/, 'mandatory, not yet');
is(scalar $backend{mandatory}->calls('mandatory:get'), 0, 'mandatory, no call');
$backend{mandatory}->script();
$backend{mandatory}->release();
ok(wait_for(sub { answers('mandatory') eq 'mandatory' }), 'mandatory, used');
is(number('mandatory', 'mandatory', '.*'), 0, 'mandatory, no line');

# a method of the service's own has to be answered with a reply

is(answers('method'), 'method', 'method');
is($backend{method}->calls('ping') > 1, 1, 'is called');
$backend{method}->script(ping => { exception => [ 6, 'sick' ] }, '*' => {});
ok(down('method', 'method'), 'exception');
like(lines('method', 'method', 'down'), qr/it answered with an exception$/,
     'exception, why');
$backend{method}->script(ping => { body => [ [ 0, string => 'x' x 300_000 ] ] },
                         '*' => {});
ok(up('method', 'method'), 'a long reply, and it is up');

# elsewhere

is(answers('port'), 'serving', 'another port');
is(scalar $backend{serving}->calls('health_check'), 0, 'is not served');
cmp_ok(scalar $backend{checked}->calls('health_check'), '>', 1, 'but checked');
$backend{checked}->stop();
ok(down('port', 'serving'), 'is down');

# dialects

is(answers('compact'), 'compact', 'compact');
my ($call) = $backend{compact}->calls('Nginx:health_check');
is("$call->{protocol} $call->{transport}", 'compact framed',
   'compact, multiplexed');

wait_for(sub { $backend{unframed}->calls('S:ping') });
($call) = $backend{unframed}->calls('S:ping');
is("$call->{protocol} $call->{transport}", 'binary unframed', 'unframed');
is(($backend{unframed}->proxied())[0], 'PROXY UNKNOWN', 'PROXY protocol');
is(number('unframed', '.*', 'down'), 0, 'unframed, up');

# what nginx cannot do is no server's fault, and told of

like(answers('bound'), qr/^6 no live upstreams/, 'mandatory, but not checked');
ok($t->wait_log(qr/\[error\] .*: server \S+ of upstream "bound" cannot be checked \(\d+: /),
   'it is told why');
is(number('bound', '.*', '.*'), 0, 'no verdict');

$t->expect_log(qr{exited on signal 9});
$t->done();


sub answers {
    my ($upstream) = @_;
    my %seen;

    for (1 .. 2) {
        $seen{answer($_->call("$upstream:get"))}++ for @c;
    }

    return join ' ', sort keys %seen;
}


sub lines {
    my ($upstream, $server, $what) = @_;

    my $name = $server =~ /^\w+$/ ? '127\.0\.0\.1:' . $t->port($server)
                                  : $server;

    return join "\n", map { s/^\S+ \S+ (.*)/$1/r } $t->grep_log(
        qr/: server $name of upstream "$upstream" is $what/);
}


sub number {
    return scalar(my @lines = split /\n/, lines(@_));
}


sub down {
    my ($upstream, $server) = @_;

    return wait_for(sub { number($upstream, $server, 'down') == 1 });
}


sub up {
    my ($upstream, $server) = @_;

    return wait_for(sub { number($upstream, $server, 'up again') == 1 });
}
