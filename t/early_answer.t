#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A server that answers a large call before it has all of it, and then closes: a
# reply that is whole is the call's, and whatever else came is its failure.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::INET;
use POSIX ();
use Socket qw(IPPROTO_TCP SHUT_WR TCP_NODELAY);
use Test::More;
use Test::Thrift;


my $SIZE = 15_000_000;          # more than sockets take

my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method $thrift_status $upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_trusted  on;
    thrift_timeout  20s;

    upstream plain {
        server  127.0.0.1:%%PORT_backend%%  max_fails=0;
    }

    upstream pipelined {
        server  127.0.0.1:%%PORT_backend%%  max_fails=0;
        thrift_pipeline  4;
    }

    upstream tls {
        server  127.0.0.1:%%PORT_tls%%  max_fails=0;
        thrift_ssl  on;
    }

    upstream flooded {
        server  127.0.0.1:%%PORT_tls%%  max_fails=0;
        thrift_ssl  on;
    }

    upstream two {
        server  127.0.0.1:%%PORT_backend%%  max_fails=0;
        server  127.0.0.1:%%PORT_good%%  backup;
    }

    server {
        listen       127.0.0.1:%%PORT_plain%%;
        thrift_pass  plain;
    }

    server {
        listen       127.0.0.1:%%PORT_pipelined%%;
        thrift_pass  pipelined;
    }

    server {
        listen          127.0.0.1:%%PORT_pinned%%;
        thrift_balance  connection;
        thrift_pass     plain;
    }

    server {
        listen       127.0.0.1:%%PORT_encrypted%%;
        thrift_pass  tls;
    }

    # one nginx behind another

    server {
        listen       127.0.0.1:%%PORT_chained%%;
        thrift_pass  127.0.0.1:%%PORT_limited%%;
    }

    server {
        listen                   127.0.0.1:%%PORT_limited%%;
        thrift_max_message_size  1m;
        thrift_return            INTERNAL_ERROR  "no";
    }

    server {
        listen       127.0.0.1:%%PORT_flooded%%;
        thrift_pass  flooded;
    }

    server {
        listen             127.0.0.1:%%PORT_idempotent%%;
        thrift_idempotent  on;
        thrift_pass        two;
    }
}

EOC

$t->certificate();

# how a connection ends: with a reset, for bytes are unread, or without one

my %ends = (reset => sub { },
            end   => sub { shutdown($_[0], SHUT_WR); read_all($_[0]) });

$t->run_daemon(sub { serve('backend') }, port => 'backend');
$t->run_daemon(sub { serve('tls') }, port => 'tls');
$t->backend('good', script => { '*' => { body => [ [ 0, i32 => 9 ] ] } });
$t->run();

for my $where (qw(plain pipelined pinned encrypted)) {
    answered($where, $_) for $where eq 'encrypted' ? 'reset' : sort keys %ends;
}

is(large('plain', 'reset_fail'), '6 too much', 'an exception');
is(large('plain', 'end_large'), 'success', 'a large reply');
is(large('idempotent', 'reset_good'), 'success', 'whoever it may be sent to');

my $lost = '6 upstream closed connection';

is(large('plain', "${_}_none"), "$lost while the call was sent",
   "no reply, $_") for sort keys %ends;
is(large('plain', "${_}_half"), "$lost in the middle of its reply",
   "half a reply, $_") for sort keys %ends;
is(large('idempotent', 'reset_none'), 9, 'no reply, but elsewhere');
like(large('chained', 'any'), qr/^7 .*frame larger than allowed/,
     'refused by another nginx');

is(large('plain', 'end_seqid'),
   '6 upstream sent a malformed reply: its seqid is wrong', 'another seqid');
is(large('plain', 'end_garbage') =~ /malformed reply/, 1, 'garbage');
is(large('plain', 'end_twice'), 'success', 'two replies');

# what is behind it on the client's connection has its own answer

my $c = $t->client('plain', timeout => 30);
my @replies = $c->exchange(call('reset_good', 1) . call('small', 2)
                           . call('end_fail', 3) . call('small', 4), 4);

is(join(' ', map { "$_->{name}/$_->{seqid}/$_->{type}" } @replies),
   join(' ', "reset_good/1/${\REPLY}", "small/2/${\REPLY}",
             "end_fail/3/${\EXCEPTION}", "small/4/${\REPLY}"),
   'each has its own');

# a client cannot fill the log: in ten seconds, there are 20 lines

large('flooded', 'reset_good') for 1 .. 50;

my @times = map { /^\S+ (\d+):(\d+):(\d+)/ ? $1 * 3600 + $2 * 60 + $3 : () }
                $t->grep_log(qr/\[error\] .*server: ${\$t->address('flooded')},/);

cmp_ok(scalar(grep { $_ - $times[0] < 9 } @times), '<=', 20, 'lines of errors');

$t->stop();

is(scalar($t->grep_log(qr/^\w+_(good|large|twice) (?!success )/,
                       'access.log')), 0, 'logged as such');

$t->done();


sub answered {
    my ($where, $end) = @_;

    is(large($where, "${end}_good"), 'success', "$where: $end");
}


sub call {
    my ($method, $seqid) = @_;

    my $size = $method eq 'small' ? 1 : $SIZE;

    return call_bytes($method, $seqid, [ [ 1, string => 'x' x $size ] ]);
}


# One large call, on a connection of its own.

sub large {
    my ($where, $method) = @_;

    my ($m) = $t->client($where, timeout => 30)
                ->exchange(call($method, 7), 1);

    return 'nothing' unless $m;
    return "seqid $m->{seqid}" unless $m->{seqid} == 7;

    my $answer = answer($m);

    return $answer eq 'x' x length($answer) ? 'success' : $answer;
}


# Reads a head, and answers as the method's name says.

sub serve {
    my ($port) = @_;

    my %o = (LocalAddr => '127.0.0.1', LocalPort => $t->port($port),
             Listen => 16, ReuseAddr => 1);

    my $listen = $port eq 'tls'
        ? IO::Socket::SSL->new(%o, SSL_server => 1,
                               SSL_cert_file => $t->dir() . '/cert.pem',
                               SSL_key_file => $t->dir() . '/key.pem')
        : IO::Socket::INET->new(%o);

    $listen or die "listen: $!";

    for ( ;; ) {
        my $socket = $listen->accept() or next;

        # what is still to be sent goes with a reset

        setsockopt($socket, IPPROTO_TCP, TCP_NODELAY, 1);

        # two processes cannot have one connection with TLS

        next if $port ne 'tls' && fork();

        1 while answer_early($socket);

        POSIX::_exit(0) if $port ne 'tls';
    }
}


sub answer_early {
    my ($socket) = @_;

    my $bytes = read_bytes($socket, 12) or return;
    my $name = read_bytes($socket, unpack('N', substr($bytes, 8)));
    my $seqid = unpack('N', read_bytes($socket, 4));

    if ($name eq 'small') {
        read_bytes($socket, unpack('N', $bytes) - 12 - length $name);
        print $socket reply($name, $seqid);
        return 1;
    }

    my ($end, $what) = split /_/, $name;

    my $reply = $what eq 'fail' ? exception_bytes($name, $seqid, 6, 'too much')
              : $what eq 'seqid' ? reply($name, $seqid + 1)
              : $what eq 'garbage' ? "\x13\x37\xff\x00 this is no reply"
              : $what eq 'large' ? reply($name, $seqid, 1_000_000)
              : $what eq 'none' ? ''
              : reply($name, $seqid);

    $reply x= 2 if $what eq 'twice';
    $reply = substr($reply, 0, length($reply) - 5) if $what eq 'half';

    print $socket $reply;
    $ends{$end}->($socket);
    close($socket);

    return 0;
}


sub reply {
    my ($name, $seqid, $size) = @_;

    return reply_bytes($name, $seqid, [ [ 0, string => 'x' x ($size || 1) ] ]);
}


sub read_bytes {
    my ($socket, $n) = @_;

    my $bytes = '';

    while (length $bytes < $n) {
        sysread($socket, $bytes, $n - length $bytes, length $bytes)
            or return '';
    }

    return $bytes;
}


sub read_all {
    my ($socket) = @_;

    1 while sysread($socket, my $bytes, 65536);
}
