#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The PROXY protocol towards servers: each connection begins with the address of
# the client whose calls it carries, and carries no others, though they are
# checked and could share it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

eval { require IO::Socket::SSL; require Test::Thrift::Authority; 1 }
    or plan(skip_all => 'IO::Socket::SSL is missing');


my $t = Test::Thrift->new(<<'EOF');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trusted         on;
    thrift_proxy_protocol  on;

    upstream tls {
        server      127.0.0.1:%%PORT_tls%%;
        thrift_ssl  on;
    }

    upstream piped {
        server           127.0.0.1:%%PORT_piped%%;
        thrift_pipeline  16;
    }

    upstream once {
        server            127.0.0.1:%%PORT_plain%%;
        thrift_keepalive  0;
    }

    upstream off {
        server                 127.0.0.1:%%PORT_off%%;
        thrift_proxy_protocol  off;
    }

    server {
        listen       127.0.0.1:%%PORT_to_plain%%;
        thrift_pass  127.0.0.1:%%PORT_plain%%;
    }

    server {
        listen       127.0.0.1:%%PORT_to_tls%%;
        thrift_pass  tls;
    }

    server {
        listen       127.0.0.1:%%PORT_to_piped%%;
        thrift_pass  piped;
    }

    server {
        listen          127.0.0.1:%%PORT_to_pinned%%;
        thrift_balance  connection;
        thrift_pass     127.0.0.1:%%PORT_plain%%;
    }

    server {
        listen       127.0.0.1:%%PORT_to_once%%;
        thrift_pass  once;
    }

    server {
        listen       127.0.0.1:%%PORT_to_off%%;
        thrift_pass  off;
    }

    server {
        listen       [::1]:%%PORT_six%%;
        thrift_pass  127.0.0.1:%%PORT_plain%%;
    }

    server {
        listen       unix:%%SOCK_local%%;
        thrift_pass  127.0.0.1:%%PORT_plain%%;
    }

    server {
        listen            127.0.0.1:%%PORT_behind%% proxy_protocol;
        set_real_ip_from  127.0.0.0/8;
        thrift_pass       127.0.0.1:%%PORT_plain%%;
    }
}

EOF

my $ca = Test::Thrift::Authority->new($t->dir(), 'ca');

my $plain = $t->backend('plain', proxy_protocol => 1);
my $piped = $t->backend('piped', proxy_protocol => 1);
my $tls = $t->backend('tls', proxy_protocol => 1, ssl => $ca->issue('tls'));
my $off = $t->backend('off');

$t->run();

# two clients

my %server = (plain => $plain, tls => $tls, piped => $piped);

for my $name (sort keys %server) {
    my $server = $server{$name};
    my @c = map { $t->client("to_$name") } 1, 2;

    for my $round (1 .. 3) {
        is(answer($_->call('get')), $name, "$name, round $round") for @c;
    }

    is(join("\n", $server->proxied()),
       join("\n", map { line($_, "to_$name") } @c), "$name, lines");
    is(join(' ', map { $_->{connection} } $server->calls()), '1 2 1 2 1 2',
       "$name, connections");

    $_->close() for @c;
    ok(wait_for(sub { $server->closed() == 2 }), "$name, closed with them");
}

is(scalar $tls->handshakes(), 2, 'TLS begins behind it');

# many calls of each client at the same time

$piped->script(wait => { delay => 0.05 });

my @c = map { $t->client('to_piped') } 1 .. 3;
$_->send(join '', map { call_bytes('wait', $_) } 1 .. 8) for @c;

for my $c (@c) {
    is(scalar(grep { answer($c->read_message()) eq 'piped' } 1 .. 8), 8,
       'at the same time');
}

my @calls = grep { $_->{method} eq 'wait' } $piped->calls();
my @lines = $piped->proxied();
my %lines;
$lines{$lines[$_->{connection} - 1]}++ for @calls;

is(join(' ', map { $lines{line($_, 'to_piped')} } @c), '8 8 8',
   'at the same time, each by its own');

# a client that is pinned

my $seen = $plain->proxied();
my $c = $t->client('to_pinned');
is(answer($c->call('get')), 'plain', 'pinned') for 1 .. 3;
is(($plain->proxied())[-1], line($c, 'to_pinned'), 'pinned, line');
is(scalar $plain->proxied(), $seen + 1, 'pinned, one connection');

# a client of many connections takes no memory for each

$c = $t->client('to_once');
$c->call('get') for 1 .. 300;

my $before = rss();
$seen = $plain->proxied();
$c->call('get') for 1 .. 2000;

is(scalar $plain->proxied(), $seen + 2000, 'many connections');

my $more = rss() - $before;

SKIP: {
    skip('sanitizers keep what was freed', 1) if Test::Thrift::sanitizer();
    cmp_ok($more, '<', 130, 'they take no memory');
}

# other families

is(answer($t->client('[::1]:' . $t->port('six'))->call('get')), 'plain',
   'IPv6');
like(($plain->proxied())[-1], qr/^PROXY TCP6 ::1 ::1 \d+ \d+$/, 'IPv6, line');

is(answer($t->client($t->sock('local'))->call('get')), 'plain', 'unix');
is(($plain->proxied())[-1], 'PROXY UNKNOWN', 'unix, line');

# a client that is behind another proxy

$c = $t->client('behind');
$c->send("PROXY TCP4 192.0.2.1 192.0.2.2 1111 2222\r\n");
is(answer($c->call('get')), 'plain', 'behind another proxy');
like(($plain->proxied())[-1], qr/^PROXY TCP4 192\.0\.2\.1 127\.0\.0\.1 1111 /,
     'the real client');

# off

is(answer($t->client('to_off')->call('get')), 'off', 'off');

$t->done();


sub line {
    my ($c, $port) = @_;

    return join(' ', 'PROXY TCP4 127.0.0.1 127.0.0.1', $c->socket()->sockport(),
                     $t->port($port));
}


# Of the worker, in kilobytes.

sub rss {
    my ($worker) = $t->workers();

    open(my $fh, '<', "/proc/$worker/status") or return 0;

    my ($kb) = map { /^VmRSS:\s+(\d+)/ } <$fh>;

    return $kb;
}
