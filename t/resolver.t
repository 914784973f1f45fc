#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_pass to a name that a DNS server has to resolve: answered, unknown,
# late, silent, and clients that leave meanwhile.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::INET;
use Test::More;
use Test::Thrift;
use Time::HiRes qw(time sleep);


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_seqid|$thrift_status|$status|'
                      '$upstream_addr|$thrift_exception';
    access_log  %%TESTDIR%%/access.log  test;

    resolver          127.0.0.1:%%PORT_dns%%  ipv6=off  valid=1s;
    resolver_timeout  4s;

    map $thrift_method $where {
        volatile;
        default    $thrift_method.test:%%PORT_backend%%;
        noport     good.test;
        bad        "bad host:x";
        empty      "";
        address    127.0.0.1:%%PORT_backend%%;
        nobody     127.0.0.1:%%PORT_nobody%%;
        unix       unix:%%SOCK_unix%%;
        limited    limited;
    }

    upstream limited {
        zone    limited  64k;
        server  127.0.0.1:%%PORT_backend%%  max_conns=1;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  $where;
    }

    server {
        listen          127.0.0.1:%%PORT_short%%;
        thrift_timeout  300ms;
        thrift_pass     $where;
    }

    server {
        listen       127.0.0.1:%%PORT_defined%%;
        thrift_idl   %%TESTDIR%%/names.thrift;
        thrift_pass  $where;
    }

    server {
        listen                127.0.0.1:%%PORT_off%%;
        thrift_next_upstream  off;
        thrift_pass           $where;
    }
}

EOC

$t->write_file('names.thrift', <<'EOC');
service Names {
    string silent() (nthrift.timeout = "300ms")
}
EOC

# a DNS server: what a name's first part says

$t->run_daemon(sub {
    my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                  LocalPort => $t->port('dns'), Proto => 'udp',
                                  ReuseAddr => 1) or die "udp: $!";
    open(my $log, '>>', $t->dir() . '/dns.log');
    $log->autoflush(1);

    open(my $ready, '>', $t->dir() . '/dns.ready');
    close($ready);

    while (my $from = $s->recv(my $packet, 512)) {
        my ($id) = unpack('n', $packet);
        my ($p, @labels) = (12);

        while (my $n = ord substr($packet, $p, 1)) {
            push @labels, substr($packet, $p + 1, $n);
            $p += $n + 1;
        }

        print $log join('.', @labels), "\n";

        my $question = substr($packet, 12, $p + 5 - 12);
        my $kind = $labels[0];

        next if $kind eq 'silent';
        sleep(0.4) if $kind =~ /^late/;

        my @addresses = $kind eq 'unknown' ? () :
                        $kind eq 'two' ? (2, 1) :
                        $kind eq 'dead' ? (2) : (1);
        my $code = $kind eq 'unknown' ? 3 : 0;

        $s->send(pack('n6', $id, 0x8180 | $code, 1, scalar(@addresses), 0, 0)
                 . $question
                 . join('', map { pack('n3Nn', 0xc00c, 1, 1, 1, 4)
                                  . pack('C4', 127, 0, 0, $_) } @addresses),
                 0, $from);
    }
}, file => 'dns.ready');

my %script = (hold => { hold => 1 });
my $backend = $t->backend('backend', script => \%script);
my $unix = $t->backend($t->sock('unix'), id => 'unix');

$t->run();

sub call {
    my ($c, $method, %o) = @_;

    my $m = $c->call($method, [], %o) or return 'nothing';

    return $m->{fields}{0} || $m->{message};
}

my $unresolved = 'upstream could not be resolved';
my $c = $t->client('proxy');

is(call($c, 'good'), 'backend', 'name is resolved');
is(call($c, 'good'), 'backend', 'from the cache');
is(call($c, 'unknown'), $unresolved, 'unknown name');
is(call($c, 'two'), 'backend', 'second address');
is(call($t->client('off'), 'dead'), 'cannot connect to upstream',
   'dead address');
is(call($c, 'dead'), 'cannot connect to upstream', 'dead, retried');
is(call($c, 'dead'), 'cannot connect to upstream', 'dead, from the cache');
is(call($c, 'noport'), 'no port in upstream', 'no port');
is(call($c, 'bad'), 'no upstream is known for the call', 'bad port');
like(call($c, 'empty'), qr/upstream/, 'empty');
is(call($c, 'address'), 'backend', 'address');
is(call($c, 'nobody'), 'cannot connect to upstream', 'nobody there');
is(call($c, 'unix'), 'unix', 'unix socket');
is(call($c, 'limited'), 'backend', 'upstream by name');

# many at a time for one name, and two that do not exist among them

my @methods = map { ('late1', 'late2', 'good', 'unknown') } 1 .. 6;
my $n = 0;
my @m = $c->exchange(join('', map { call_bytes($_, ++$n) } @methods), $n);

is(join(' ', map { $_->{seqid} } @m), join(' ', 1 .. $n), 'replies in order');
is(join(' ', map { $_->{fields}{0} || $_->{message} } @m),
   join(' ', map { $_ eq 'unknown' ? $unresolved : 'backend' } @methods),
   'each reply its own');
is(scalar(grep { /^late1/ } split /\n/, $t->read_log('dns.log')), 1,
   'one question for many calls');

# clients that leave while a name is being resolved; one stays

my @leave = map { $t->client('proxy') } 1 .. 6;
my $stay = $t->client('proxy');

$_->send(call_bytes('late3', 1) . call_bytes('late4', 2)) for @leave, $stay;
elapse(0.1);
$_->reset() for @leave;
is($stay->read_message()->{fields}{0}, 'backend', 'client that stays');
is($stay->read_message()->{fields}{0}, 'backend', 'its second call');
is(scalar($t->wait_log(qr/^late[34]\|[12]\|cancelled\|499\|/, 'access.log',
                       undef, 12)), 12, 'calls of those who left');

# time is over

my $start = time();
like(call($t->client('short'), 'silent'),
     qr/^timed out after 300ms resolving upstream$/, 'deadline');
cmp_ok(time() - $start, '<', 3, 'deadline in time');

$start = time();
like(call($t->client('defined'), 'silent'), qr/resolved|timed out/,
     'annotation');
cmp_ok(time() - $start, '<', 3, 'annotation in time');

$start = time();
is(call($c, 'silent', timeout => 20), $unresolved, 'resolver_timeout');
cmp_ok(time() - $start, '>', 3.5, 'resolver_timeout in time');

# a oneway to a name: cached, not cached, unknown

$c->oneway($_, []) for qw(good late5 unknown);
is(call($c, 'good'), 'backend', 'after oneways');
ok(wait_for(sub { $backend->calls('late5') == 1 }), 'oneway resolved');

# reload and leave while names are being resolved

my $d = $t->client('proxy');
$d->start('late6', []);
$t->reload();
is($d->read_message()->{fields}{0}, 'backend', 'across a reload');

sub asked {
    return scalar(grep { /^silent/ } split /\n/, $t->read_log('dns.log'));
}

my $asked = asked();

$d = $t->client('proxy');
$d->start('silent', []);
wait_for(sub { asked() > $asked });
$d->close();

$t->done();
