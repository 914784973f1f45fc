#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# When all servers have as many calls as max_conns allows, the next one is told
# at once, or waits for one of them where thrift_keepalive has a queue; also
# where a call that was refused may be passed to the next server: there is none.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(conf(<<'EOF', wide => <<'EOS' x 1100), log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_status|$status|$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_max_pipeline  100;
    thrift_trusted       on;

    upstream full {
        server            127.0.0.1:%%PORT_first%%  max_conns=2;
        server            127.0.0.1:%%PORT_second%%  max_conns=1;
    }

    upstream queue {
        server            127.0.0.1:%%PORT_third%%  max_conns=2;
        server            127.0.0.1:%%PORT_fourth%%  max_conns=1  backup;
        thrift_keepalive  10  queue=5  queue_timeout=2s;
    }

    upstream down {
        server            127.0.0.1:%%PORT_closed%%  max_conns=2;
        thrift_keepalive  10  queue=5;
    }

    upstream over {
        server            127.0.0.1:%%PORT_fifth%%  max_conns=1;
        thrift_keepalive  10  queue=1  queue_timeout=500ms;
    }

    upstream beside {
        server            127.0.0.1:%%PORT_closed%%  max_fails=0;
        server            127.0.0.1:%%PORT_sixth%%  max_conns=1;
        thrift_keepalive  10  queue=1;
    }

    server {
        listen                127.0.0.1:%%PORT_over%%;
        thrift_pass           over;
        thrift_next_upstream  overloaded;
    }

    server {
        listen                      127.0.0.1:%%PORT_rounds%%;
        thrift_pass                 over;
        thrift_next_upstream        overloaded;
        thrift_next_upstream_tries  8;
    }

    server {
        listen                      127.0.0.1:%%PORT_beside%%;
        thrift_pass                 beside;
        thrift_next_upstream        error overloaded;
        thrift_next_upstream_tries  4;
    }

    upstream tried {
        server            127.0.0.1:%%PORT_closed%%  max_fails=0;
        server            127.0.0.1:%%PORT_third%%   max_conns=1;
        server            127.0.0.1:%%PORT_fourth%%  max_conns=1  backup;
        thrift_keepalive  10  queue=5;
    }

    upstream oneways {
        server  127.0.0.1:%%PORT_first%%  max_conns=1;
    }

    server {
        listen          127.0.0.1:%%PORT_oneways%%;
        thrift_trusted  off;
        thrift_pass     oneways;
    }

    upstream wide {
        #wide
        thrift_keepalive  10  queue=5;
    }

    server { listen 127.0.0.1:%%PORT_wide%%;   thrift_pass wide; }
    server { listen 127.0.0.1:%%PORT_full%%;   thrift_pass full; }
    server { listen 127.0.0.1:%%PORT_queue%%;  thrift_pass queue; }
    server { listen 127.0.0.1:%%PORT_down%%;   thrift_pass down; }
    server { listen 127.0.0.1:%%PORT_tried%%;  thrift_pass tried; }
}

EOF
        server  127.0.0.1:%%PORT_first%%  max_conns=1;
EOS

my %script = (hold => { hold => 1 }, slow => { delay => 0.02 });

my ($first, $second, $third, $fourth, $fifth, $sixth)
    = map { $t->backend($_, script => \%script) }
          qw(first second third fourth fifth sixth);

$t->run();

my $c = $t->client('full');

$c->send(join('', map { call_bytes('hold', $_) } 1 .. 3));
wait_for(sub { $first->calls('hold') + $second->calls('hold') == 3 });

is(answer($t->client('full')->call('get')),
   '6 overloaded: upstream servers have too many calls', 'told at once');
ok($t->wait_log(qr/^get\|exception\|503\|full$/m, 'access.log'), 'logged');
ok($t->grep_log(qr/\[info\] .*upstream servers have too many calls/),
   'and in the error log');

$_->release() for $first, $second;
is(scalar(grep { $_->{type} == REPLY } $c->exchange('', 3)), 3, 'answered');
like(answer($t->client('full')->call('get')), qr/^(?:first|second)$/,
     'and the next');

# in turn

my @c = map { $t->client('queue') } 1 .. 2;

$c[0]->send(join('', map { call_bytes('slow', $_) } 1 .. 8));
my @m = $c[0]->exchange('', 8);
is(scalar(grep { $_->{type} == REPLY } @m), 8, 'eight calls, three at a time');

$c[0]->send(join('', map { call_bytes('hold', $_) } 1 .. 3));
wait_for(sub { $third->calls('hold') + $fourth->calls('hold') == 3 });
is($third->calls('hold'), 2, 'two, and one for the backup');

$c[1]->send(call_bytes('get', 1));
elapse(0.1);
$third->release();
like(answer($c[1]->read_message()), qr/^third$/, 'served when there is a place');
ok($t->wait_log(qr/^get\|success\|200\|127.0.0.1:\d+$/m, 'access.log'),
   'one attempt in the log');

$fourth->release();
is(scalar(grep { $_->{type} == REPLY } $c[0]->exchange('', 3)), 3, 'the held');

# who leaves, and who waits too long

$c[0]->send(join('', map { call_bytes('hold', $_) } 1 .. 3));
wait_for(sub { $third->calls('hold') + $fourth->calls('hold') == 6 });

my $gone = $t->client('queue');
$gone->send(call_bytes('gone', 1));
elapse(0.05);
$gone->close();
ok($t->wait_log(qr/^gone\|cancelled\|499/m, 'access.log'), 'left');

is(answer($c[1]->call('late')),
   '6 overloaded: no connection to upstream got free in time',
   'queue_timeout');

$c[1]->send(join('', map { call_bytes('many', $_) } 1 .. 7));
elapse(0.1);
$_->release() for $third, $fourth;

@m = $c[1]->exchange('', 7);
is(scalar(grep { $_->{type} == REPLY } @m), 5, 'five wait');
is(scalar(grep { ($_->{message} || '')
                 eq 'overloaded: too many calls wait for upstream' } @m), 2,
   'and two do not');
is(scalar(grep { $_->{type} == REPLY } $c[0]->exchange('', 3)), 3, 'the held');
is($third->calls('gone') + $fourth->calls('gone'), 0, 'never sent');

# with thrift_next_upstream "overloaded": there is no other server

for my $where (qw(over rounds)) {
    my @held = $fifth->calls('hold');
    my ($holds, $waits) = map { $t->client($where) } 1 .. 2;

    $holds->send(call_bytes('hold', 1));
    wait_for(sub { $fifth->calls('hold') > @held });
    $waits->send(call_bytes('waits', 1));

    is(answer($t->client($where)->call('many')),
       '6 overloaded: too many calls wait for upstream',
       "$where: and the next does not");
    is(answer($waits->read_message()),
       '6 overloaded: no connection to upstream got free in time',
       "$where: nor does it for longer than queue_timeout");

    $fifth->release();
    is(answer($holds->read_message()), 'fifth', "$where: the held");
}

is($fifth->calls('waits') + $fifth->calls('many'), 0, 'neither was sent');

# or one that can be tried again, so many times

my ($holds, $waits) = map { $t->client('beside') } 1 .. 2;

$holds->send(call_bytes('hold', 1));
wait_for(sub { $sixth->calls('hold') });
$waits->send(call_bytes('waits', 1));

like(answer($t->client('beside')->call('many')),
     qr/^6 (?:overloaded: too many calls wait for|cannot connect to) upstream$/,
     'rounds have an end');

$sixth->release();
is(answer($_->read_message()), 'sixth', 'the others') for $holds, $waits;

# while a call waits, a server that it has tried is not tried again

my @held = map { $t->client('tried') } 1, 2;
my $n = $third->calls('hold') + $fourth->calls('hold');

$_->start('hold') for @held;
wait_for(sub { $third->calls('hold') + $fourth->calls('hold') == $n + 2 });

$c = $t->client('tried');
$c->start('last');
elapse(0.2);

$third->release();
is(answer($c->read_message()), 'third', 'tried, and has waited');

my ($closed, $open) = map { '127.0.0.1:' . $t->port($_) } qw(closed third);

ok($t->wait_log(qr/^last\|success\|200\|\Q$closed, $open\E$/m, 'access.log'),
   'once');

$fourth->release();
is($_->read_message()->{type}, REPLY, 'the held') for @held;

# a server that cannot be reached is not one that is full

is(answer($t->client('down')->call('get')), '6 cannot connect to upstream',
   'not reached');

# so many servers that what was tried of them is not kept

$c = $t->client('wide');
$c->send(join('', map { call_bytes('get', $_) } 1 .. 3));
is(join(' ', map { answer($c->read_message()) } 1 .. 3), 'first first first',
   'one of many servers');

# a client's own oneway, which nobody knows to be over, does not take the place of
# its next call

$c = $t->client('oneways');

for my $n (1 .. 3) {
    $c->oneway('poke');
    $t->wait_log(qr/^poke\|/, 'access.log', undef, $n);
    is(answer($c->call('get')), 'first', "behind a oneway, $n");
}

$t->done();
