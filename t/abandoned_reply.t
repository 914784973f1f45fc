#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A call that is given up while its server works on it: the server is told at
# once that its connection ends, and its reply resets nothing.  There are servers
# that a reset ends, and all clients would lose them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Select;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP SOL_SOCKET SO_SNDBUF);
use Test::More;
use Test::Thrift;


my $template = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  1;

events {
    worker_connections  #connections
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_seqid|$status';
    access_log  %%TESTDIR%%/access.log  test;

    upstream servers {
        server  127.0.0.1:%%PORT_server%%;
    }

    upstream checked {
        zone                 checked  64k;
        server               127.0.0.1:%%PORT_checked%%;
        thrift_health_check  method=Any.check  interval=1h  timeout=300ms;
    }

    upstream pipelined {
        server           127.0.0.1:%%PORT_server%%;
        thrift_pipeline  8;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  servers;
    }

    server {
        listen       127.0.0.1:%%PORT_pipelined%%;
        thrift_pass  pipelined;
    }

    server {
        listen          127.0.0.1:%%PORT_short%%;
        thrift_timeout  300ms;
        thrift_pass     servers;
    }

    server {
        listen       127.0.0.1:%%PORT_checks%%;
        thrift_pass  checked;
    }
}

EOF

my $t = Test::Thrift->new(conf($template, connections => '512;'),
                          log => 'info');
my $listen = listener('server');
my $checks = listener('checked');

$t->run();

# the check comes first, and is not answered in time

{
    my $s = accepted($checks);

    read_call($s);
    is(ended($s), 'end', 'a check in vain ends its connection');
    is(answered($s, 'check', 1), 'taken', 'what it is answered is read');
}

for my $port (qw(proxy pipelined)) {
    for my $how (qw(close reset)) {
        my $c = $t->client($port);

        $c->start('get', [], seqid => 7);

        my $s = accepted($listen);
        my $seqid = read_call($s);

        $c->$how();

        is(ended($s), 'end', "$port, $how: the connection ends at once");
        ok($t->wait_log(qr/^get\|7\|499$/, 'access.log'), 'cancelled');
        is(answered($s, 'get', $seqid), 'taken', 'the reply is read');
    }
}

# half of a reply was there

{
    my $c = $t->client('proxy');

    $c->start('half', [], seqid => 8);

    my $s = accepted($listen);
    my $reply = frame(reply_bytes('half', read_call($s), "\0"));

    syswrite($s, substr($reply, 0, 6));
    wait_for(sub { unread($s) == 0 });
    $c->reset();

    is(ended($s), 'end', 'half a reply: the connection ends at once');
    is(written($s, substr($reply, 6)), 'taken', 'the other half is read');
}

# the time of a call is over

{
    my $c = $t->client('short');
    my $m;

    $c->start('late', [], seqid => 9);

    my $s = accepted($listen);
    my $seqid = read_call($s);

    is(ended($s), 'end', 'late: the connection ends');
    like(($c->read_message() || {})->{message}, qr/timed out/, 'timed out');
    is(answered($s, 'late', $seqid), 'taken', 'a late reply is read');
}

# a server that says more and more

{
    my $c = $t->client('proxy');

    $c->start('endless', [], seqid => 10);

    my $s = accepted($listen);

    read_call($s);
    $c->close();
    is(ended($s), 'end', 'endless: the connection ends');

    my $n = 0;

    $n += 65536 while $n < 64e6 && written($s, 'x' x 65536) eq 'taken';

    cmp_ok($n, '<', 64e6, "it is not read for ever: $n bytes");
}

# those that wait for such replies are in nobody's way

$t->write_conf(conf($template, connections => '64;'));
$t->reload();

{
    my @left;

    for my $i (1 .. 60) {
        my $c = $t->client('proxy');

        $c->start('left', [], seqid => $i);
        push @left, accepted($listen);
        read_call($left[-1]);
        $c->close();
        ok($t->wait_log(qr/^left\|$i\|499$/, 'access.log'), "left $i");
    }

    my $c = $t->client('proxy');

    $c->start('next', [], seqid => 11);

    my $s = accepted($listen);

    syswrite($s, frame(reply_bytes('next', read_call($s), "\0")));
    is(($c->read_message() || {})->{seqid}, 11, 'another is answered');
}

$t->done();


sub listener {
    my ($port) = @_;

    return IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64,
                                 LocalPort => $t->port($port), ReuseAddr => 1)
           || die "cannot listen: $!";
}


sub accepted {
    my ($listen) = @_;

    IO::Select->new($listen)->can_read(10 * time_factor())
        or die 'nobody connects';

    my $s = $listen->accept();

    $s->autoflush(1);

    return $s;
}


# The seqid of the call that comes.

sub read_call {
    my ($s) = @_;

    read($s, my $size, 4) == 4 or die 'no call';
    read($s, my $bytes, unpack('N', $size));

    my ($name, $seqid) = unpack('x4 N/a N', $bytes);

    return $seqid;
}


# "end" when the other side has said that nothing more comes.

sub ended {
    my ($s) = @_;

    IO::Select->new($s)->can_read(10 * time_factor()) or return 'open';

    my $n = sysread($s, my $byte, 1);

    return !defined $n ? "$!" : $n ? 'bytes' : 'end';
}


# In two parts: what resets the connection shows in the second one.

sub answered {
    my ($s, $name, $seqid) = @_;

    my $reply = frame(reply_bytes($name, $seqid, "\0"));

    return join(' ', grep { $_ ne 'taken' } map { written($s, $_) }
                     unpack('a5 a*', $reply)) || 'taken';
}


# The kernel of a loopback answers before this returns.

sub written {
    my ($s, $bytes) = @_;

    local $SIG{PIPE} = 'IGNORE';

    defined syswrite($s, $bytes) or return "$!";

    my ($state) = unpack('C', getsockopt($s, IPPROTO_TCP, 11));   # TCP_INFO

    return $state == 7 ? 'reset' : 'taken';                       # TCP_CLOSE
}


# Bytes that the other side has not taken from its socket, or -1.

sub unread {
    my ($s) = @_;

    my $pair = sprintf('%04X', $s->sockport());

    CORE::open(my $fh, '<', '/proc/net/tcp') or return 0;

    for (<$fh>) {
        return hex($1) if /:\w+\s+\w+:$pair\s+\w+\s+\w+:(\w+)/;
    }

    return -1;
}
