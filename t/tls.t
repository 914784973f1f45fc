#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What stands in front of us in stream: TLS, the PROXY protocol, unix sockets,
# IPv6, access rules, limits of connections, and the preread phase.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_half_close  on;

    log_format  test   '$thrift_method $thrift_status $remote_addr '
                       '$proxy_protocol_addr $upstream_addr';
    log_format  tls    '$thrift_method $ssl_protocol $ssl_server_name '
                       '$bytes_received $bytes_sent';

    access_log  %%TESTDIR%%/access.log  test;

    ssl_protocols        TLSv1.2 TLSv1.3;
    ssl_certificate      cert.pem;
    ssl_certificate_key  key.pem;

    limit_conn_zone  $binary_remote_addr  zone=clients:1m;

    map $ssl_server_name $by_name {
        other    127.0.0.1:%%PORT_other%%;
        default  127.0.0.1:%%PORT_backend%%;
    }

    map $ssl_preread_protocol $by_protocol {
        ""       127.0.0.1:%%PORT_backend%%;
        default  127.0.0.1:%%PORT_other%%;
    }

    server {
        listen       127.0.0.1:%%PORT_tls%% ssl;
        access_log   %%TESTDIR%%/tls.log  tls;
        thrift_pass  $by_name;
    }

    server {
        listen            127.0.0.1:%%PORT_three%% ssl;
        thrift_max_calls  3;
        thrift_pass       127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen         127.0.0.1:%%PORT_proxy_protocol%% proxy_protocol;
        thrift_pass    127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen              127.0.0.1:%%PORT_both%% ssl proxy_protocol;
        set_real_ip_from    127.0.0.0/8;
        thrift_buffer_size  2k;
        thrift_pass         127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen       unix:%%SOCK_plain%%;
        listen       unix:%%SOCK_tls%% ssl;
        thrift_pass  unix:%%SOCK_unix%%;
    }

    server {
        listen       [::1]:%%PORT_six%%;
        thrift_pass  [::1]:%%PORT_ipv6%%;
    }

    server {
        listen       127.0.0.1:%%PORT_allow%%;
        listen       [::1]:%%PORT_allow%%;
        allow        127.0.0.1;
        deny         all;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen       127.0.0.1:%%PORT_limit%%;
        limit_conn   clients  2;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen              127.0.0.1:%%PORT_preread%%;
        ssl_preread         on;
        thrift_buffer_size  2k;
        thrift_pass         $by_protocol;
    }
}

EOF

$t->certificate();

my $backend = $t->backend('backend');
my $other = $t->backend('other');
my $unix = $t->backend($t->sock('unix'), id => 'unix');
my $ipv6 = $t->backend('[::1]:' . $t->port('ipv6'), id => 'ipv6');

$backend->script(echo => { echo => 1 }, slow => { delay => 0.1 });

$t->run();

my $large = [ [ 1, string => 'x' x 300000 ],
              [ 2, list => [ i32 => 1 .. 99 ] ] ];

# TLS

for my $protocol (qw(binary compact)) {
    for my $transport (qw(framed unframed)) {
        my $c = $t->client('tls', ssl => {}, protocol => $protocol,
                           transport => $transport);
        my $name = "TLS, $transport $protocol";

        is($c->call('get')->{fields}{0}, 'backend', $name);
        is($c->call('echo', $large)->{body},
           encode_struct($protocol, @$large), "$name, large");

        $c->send(join '', map { call_bytes($_ % 4 ? 'get' : 'slow', $_, undef,
                                           protocol => $protocol,
                                           transport => $transport) }
                              1 .. 20);
        is(join(' ', map { my $m = $c->read_message();
                           $m ? $m->{seqid} : 'none' } 1 .. 20),
           join(' ', 1 .. 20), "$name, pipelined");

        $c->send_pieces(call_bytes('pieces', 5, undef, protocol => $protocol,
                                   transport => $transport), 3);
        is($c->read_message()->{seqid}, 5, "$name, in pieces");
    }
}

is($t->client('tls', ssl => { SSL_hostname => 'other' })->call('named')
     ->{fields}{0}, 'other', 'by server name');

my ($line) = $t->wait_log(qr/^named /, 'tls.log');
is($line, "named TLSv1.3 other " . length(call_bytes('named', 1)) . ' '
          . length(reply_bytes('named', 1, [ [ 0, string => 'other' ] ])),
   'variables of TLS');

# two clients of one worker do not disturb each other

my @c = map { $t->client('tls', ssl => {}) } 1 .. 5;
$_->start('slow') for @c;
is(scalar(grep { my $m = $_->read_message(); $m && $m->{type} == REPLY } @c),
   5, 'several at once');

$c[0]->reset();
$c[1]->close();
is($c[2]->call('get')->{type}, REPLY, 'others left');

# no more calls, and replies to come

my $c = $t->client('tls', ssl => {});
$c->send(call_bytes('slow', 1) . call_bytes('get', 2));
Net::SSLeay::shutdown($c->socket()->_get_ssl_object());
is(join(' ', map { my $m = $c->read_message(); $m ? $m->{seqid} : 'none' }
                 1, 2), '1 2', 'half-closed');

# who speaks no TLS there, or something else within

$c = $t->client('tls');
$c->send(call_bytes('plain', 1));
$c->read_all();
ok($c->{eof}, 'no TLS');
is(scalar $t->grep_log(qr/^plain/, 'tls.log'), 0, 'no TLS, no line');

$c = $t->client('tls', ssl => {});
$c->send("GET / HTTP/1.1\r\n\r\n");
ok($c->closed(), 'HTTP in TLS');
is(scalar $t->wait_log(qr/ \[info\] .*client sent HTTP request/), 1,
   'HTTP in TLS, log');

# thrift_max_calls: all replies, then the end

for my $n (3, 10, 200) {
    my $c = $t->client('three', ssl => {});

    $c->send(join '', map { call_bytes('slow', $_) } 1 .. $n);
    is(join(' ', map { my $m = $c->read_message(); $m ? $m->{seqid} : 'none' }
                     1 .. 3), '1 2 3', "TLS, 3 of $n calls");
    ok($c->closed(), "TLS, closed after 3 of $n");
    is($c->{eof}, 'closed', "TLS, no reset after 3 of $n");
}

$c = $t->client('three', ssl => {});
$c->send(join '', map { call_bytes('slow', $_) } 1 .. 3);
$c->send(call_bytes('echo', 4, $large)) for 1 .. 5;
is(join(' ', map { my $m = $c->read_message(); $m ? $m->{seqid} : 'none' }
                 1 .. 3), '1 2 3', 'TLS, 3 calls and megabytes');
ok($c->closed(), 'TLS, closed before megabytes');
is($c->{eof}, 'closed', 'TLS, no reset before megabytes');

# PROXY protocol

$c = $t->client('proxy_protocol');
$c->send("PROXY TCP4 192.0.2.1 192.0.2.2 1111 2222\r\n"
         . call_bytes('proxied', 1) . call_bytes('proxied', 2));
is($c->read_message()->{seqid}, $_, "PROXY protocol, call $_") for 1, 2;

$c = $t->client('proxy_protocol');
$c->send("PROXY TCP4 192.0.2.1 192.0.2.2 1111 2222\r\n");
is($c->call('proxied')->{type}, REPLY, 'PROXY header alone');

is(scalar $t->wait_log(qr/^proxied success 127\.0\.0\.1 192\.0\.2\.1 /,
                       'access.log', undef, 3), 3, 'PROXY protocol, log');

$c = $t->client('proxy_protocol');
$c->send(call_bytes('missing', 1));
ok($c->closed() || $c->{eof}, 'no PROXY header');

$c = $t->client('both');
$c->send("PROXY TCP6 2001:db8::1 2001:db8::2 1111 2222\r\n");
$c->socket()->blocking(1);
$c->{ssl} = {};
$c->_start_ssl();
$c->socket()->blocking(0);
is($c->call('echo', $large)->{fields}{1}, 'x' x 300000, 'PROXY before TLS');
is($c->call('real')->{type}, REPLY, 'real address');
is(scalar $t->wait_log(qr/^real success 2001:db8::1 2001:db8::1 /,
                       'access.log'), 1, 'real address, log');

# unix sockets and IPv6

is($t->client($t->sock('plain'))->call('local')->{fields}{0}, 'unix',
   'unix socket');
is($t->client($t->sock('tls'), ssl => {})->call('local')->{fields}{0}, 'unix',
   'TLS over a unix socket');
is(scalar $t->wait_log(qr/^local success unix: - unix:/, 'access.log', undef, 2),
   2, 'unix socket, log');

is($t->client('[::1]:' . $t->port('six'))->call('six')->{fields}{0}, 'ipv6',
   'IPv6');
is(scalar $t->wait_log(qr/^six success ::1 - \[::1\]:/, 'access.log'), 1,
   'IPv6, log');

# allow and deny

is($t->client('allow')->call('allowed')->{type}, REPLY, 'allow');
$c = $t->client('[::1]:' . $t->port('allow'));
$c->start('denied');
$c->read_all();
ok($c->{eof}, 'deny');

# limit_conn: of connections, not of calls

@c = map { $t->client('limit') } 1 .. 2;

for my $c (@c) {
    $c->send(join '', map { call_bytes('get', $_) } 1 .. 10);
    is(scalar(grep { $c->read_message() } 1 .. 10), 10, 'limit_conn');
}

$c = $t->client('limit');
$c->start('limited');
$c->read_all();
ok($c->{eof}, 'limit_conn, one too many');

$c[0]->close();
ok(wait_for(sub { my $c = $t->client('limit');
                  $c->call('get', undef, timeout => 1) }),
   'limit_conn, one less');

# what arrived before us: bytes of many blocks, whole calls and half ones

for my $size (100, 2000, 2048, 2049, 9000, 40000) {
    for my $transport (qw(framed unframed)) {
        my %o = (transport => $transport);
        my $body = [ [ 1, string => 'y' x $size ] ];
        my $c = $t->client('preread', %o);

        $c->send(join '', map { call_bytes('echo', $_, $body, %o) } 1 .. 5);
        is(scalar(grep { my $m = $c->read_message();
                         $m && $m->{seqid} == $_
                            && $m->{fields}{1} eq 'y' x $size } 1 .. 5), 5,
           "preread, $transport calls of $size");
    }
}

my $bytes = call_bytes('echo', 7, [ [ 1, string => 'z' x 5000 ] ]);

for my $n (1, 3, 30, 4000) {
    my $c = $t->client('preread');
    $c->send_pieces($bytes, [ $n ], 0.05);
    is($c->read_message()->{fields}{1}, 'z' x 5000, "preread, $n bytes first");
}

$c = $t->client('preread');
$c->half_close();
ok($c->closed(), 'preread of nothing');

$c = $t->client('preread');
$c->send("\x16\x03\x01\x00\x31\x01\x00\x00\x2d\x03\x03" . "r" x 32
         . "\x00\x00\x02\x13\x01\x01\x00\0\0");
$c->half_close();
$c->read_all();
ok($c->{eof}, 'TLS where only Thrift is spoken');

is(scalar $t->grep_log(qr/^(denied|limited|missing)/, 'access.log'), 0,
   'refused ones made no call');

$t->done();
