#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What a client's calls bring into the handshake with servers, a name or a
# certificate by variables, or its address in the PROXY protocol, takes no server
# away from others when the handshake fails for it.

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

    thrift_trusted  on;

    thrift_ssl                      on;
    thrift_ssl_trusted_certificate  ca.pem;

    map $thrift_method $name {
        odd      nobody.test;
        default  a.test;
    }

    map $thrift_method $certificate {
        odd      "";
        default  %%TESTDIR%%/client.pem;
    }

    upstream name {
        server             127.0.0.1:%%PORT_first%%   fail_timeout=1h;
        server             127.0.0.1:%%PORT_second%%  fail_timeout=1h;
        thrift_ssl_verify  on;
        thrift_ssl_name    $name;
    }

    upstream certificate {
        server                      127.0.0.1:%%PORT_third%%   fail_timeout=1h;
        server                      127.0.0.1:%%PORT_fourth%%  fail_timeout=1h;
        thrift_ssl_certificate      $certificate;
        thrift_ssl_certificate_key  %%TESTDIR%%/client.key;
    }

    upstream proxy {
        server                 127.0.0.1:%%PORT_fifth%%  fail_timeout=1h;
        server                 127.0.0.1:%%PORT_sixth%%  fail_timeout=1h;
        thrift_proxy_protocol  on;
    }

    # one of these is fit for nobody

    upstream broken {
        server             127.0.0.1:%%PORT_bad%%    fail_timeout=1h;
        server             127.0.0.1:%%PORT_first%%  fail_timeout=1h;
        thrift_ssl_verify  on;
        thrift_ssl_name    $name;
    }

    server {
        listen       127.0.0.1:%%PORT_name%%;
        thrift_pass  name;
    }

    server {
        listen       127.0.0.1:%%PORT_certificate%%;
        thrift_pass  certificate;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  proxy;
    }

    server {
        listen       127.0.0.1:%%PORT_broken%%;
        thrift_pass  broken;
    }
}

EOF

my $ca = Test::Thrift::Authority->new($t->dir(), 'ca');
my $other = Test::Thrift::Authority->new($t->dir(), 'unknown');
my $files = $ca->issue('a', names => [ 'a.test' ]);

$ca->issue('client');

$t->backend($_, ssl => $files) for qw(first second);

$t->backend($_, ssl => {
    %$files,
    SSL_verify_mode => IO::Socket::SSL::SSL_VERIFY_PEER()
                       | IO::Socket::SSL::SSL_VERIFY_FAIL_IF_NO_PEER_CERT(),
    SSL_ca_file     => $t->dir() . '/ca.pem',
    SSL_version     => 'TLSv1_2',
}) for qw(third fourth);

my @proxied = map { $t->backend($_, ssl => $files, proxy_protocol => 1) }
                  qw(fifth sixth);

my $bad = $t->backend('bad', ssl => $other->issue('bad',
                                                  names => [ 'a.test' ]));

$t->run();

innocent($_) for qw(name certificate);

# servers that do not want to talk to somebody

$_->script('!tls' => { close => 1 }) for @proxied;
innocent('proxy', sub { $_->script('!tls' => {}) for @proxied });

# one that fails for everybody is left alone, though not at once

my $c = $t->client('broken');

ok(wait_for(sub {
    my $before = $bad->accepted();

    is(scalar(grep { is_good($c) } 1 .. 4), 4, 'four calls');
    elapse(0.1);

    return $bad->accepted() == $before;
}), 'left alone');
cmp_ok($bad->accepted(), '<=', 40, 'soon');

$t->done();


# Calls that fail on both servers, then those of another client.

sub innocent {
    my ($name, $between) = @_;

    my ($hostile, $victim) = map { $t->client($name) } 1 .. 2;

    for (1 .. 4) {
        my $m = $hostile->call('odd') || {};
        is($m->{message}, 'cannot connect to upstream', "$name: fails alone");
    }

    $between->() if $between;

    is(scalar(grep { is_good($victim) } 1 .. 4), 4, "$name: others do not");
    is(scalar($t->grep_log(qr/temporarily disabled/)), 0, "$name: none is out");
}


sub is_good {
    my ($c) = @_;

    return (($c->call('get') || {})->{type} || 0) == REPLY;
}
