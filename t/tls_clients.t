#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# TLS clients that read slowly, say that they close and wait for replies, leave
# without a word, or try to renegotiate.

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

    thrift_half_close  on;

    log_format  test  '$thrift_method|$thrift_seqid|$thrift_status|$status';
    access_log  %%TESTDIR%%/access.log  test;

    ssl_certificate      cert.pem;
    ssl_certificate_key  key.pem;
    ssl_protocols        TLSv1.2 TLSv1.3;

    upstream few {
        zone    few  64k;
        server  127.0.0.1:%%PORT_backend%%  max_conns=8;
    }

    server {
        listen       127.0.0.1:%%PORT_tls%%  ssl  sndbuf=16k;
        thrift_pass  few;
    }

    server {
        listen            127.0.0.1:%%PORT_five%%  ssl  sndbuf=16k;
        thrift_max_calls  5;
        thrift_pass       few;
    }
}

EOC

$t->certificate();

my $backend = $t->backend('backend', script => {
    big => { body => [ [ 0, 'string', 'x' x 400_000 ] ] },
    late => { delay => 0.2 }, hold => { hold => 1 } });

$t->run();

sub seqids {
    my ($c, $n) = @_;

    return join(' ', map { my $m = $c->read_message();
                           $m ? $m->{seqid} : 'none' } 1 .. $n);
}

for my $version (qw(TLSv1_2 TLSv1_3)) {
    my %ssl = (ssl => { SSL_version => $version });

    # megabytes are written in part, again and again

    for my $where (qw(tls five)) {
        my $c = $t->client($where, %ssl, rcvbuf => 8192);

        $c->send(join('', map { call_bytes($_ % 2 ? 'big' : 'get', $_) }
                              1 .. 5));
        elapse(0.2);
        is(seqids($c, 5), '1 2 3 4 5', "$version, slow reader, $where");
        ok($where eq 'five' ? $c->closed() : $c->open(0.05),
           "$version, its end");
        $c->close();
    }

    # close_notify, and the replies are awaited all the same

    my $c = $t->client('tls', %ssl);

    $c->send(call_bytes('late', 1) . call_bytes('big', 2));
    Net::SSLeay::shutdown($c->socket()->_get_ssl_object());
    is(seqids($c, 2), '1 2', "$version, close_notify before the replies");
    ok($c->closed(), "$version, closed then");

    # the end of sending without close_notify

    $c = $t->client('tls', %ssl);
    $c->send(call_bytes('late', 3) . call_bytes("end$version", 4));
    shutdown($c->socket(), 1);
    is(scalar($t->wait_log(qr/^end$version\|4\|/, 'access.log')), 1,
       "$version, no close_notify");
    $c->close();

    # leaves with a reset while replies are written and calls are held

    my $held = $backend->calls('hold');

    for (1 .. 3) {
        $c = $t->client('tls', %ssl, rcvbuf => 8192);
        $c->send(join('', call_bytes('big', 1), call_bytes('hold', 2),
                          call_bytes('big', 3)));
        wait_for(sub { $backend->calls('hold') == $held + $_ });
        $c->reset();
    }

    $backend->release();

    # garbage in the middle of TLS

    $c = $t->client('tls', %ssl);
    my $late = $backend->calls('late');

    $c->send(call_bytes('late', 1));
    wait_for(sub { $backend->calls('late') > $late });
    syswrite(IO::Handle->new_from_fd(fileno($c->socket()), 'w'),
             'this is no TLS record at all, and long enough for one');
    ok($c->closed(), "$version, garbage");
    $c->close();
}

# the client asks for a renegotiation

if (open(my $out, '-|', "(sleep 0.2; echo R; sleep 0.3) | timeout 5 openssl"
         . " s_client -tls1_2 -connect 127.0.0.1:" . $t->port('tls') . " 2>&1"))
{
    my $text = do { local $/; <$out> };
    close($out);
    like($text, qr/BEGIN CERTIFICATE/, 'renegotiation');
}

my @m = $t->client('tls', ssl => {})->exchange(
    join('', map { call_bytes('late', $_) } 1 .. 8), 8);

is(scalar(grep { $_->{fields}{0} } @m), 8, 'every slot is there');

$t->done();
