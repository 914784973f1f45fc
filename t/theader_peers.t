#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Real clients and servers with THeader, Apache's in Python and C++, with zlib
# and without: they say the same through nginx as without it, and so do those
# that have another transport on one side.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Peers;


my $top = Test::Thrift->top();
my $here = "$top/t/peers";
my $build = "$top/build/peers";

ok(system('make', '-s', '-C', $top, '-f', 't/peers/peers.mk', 'peers') == 0,
   'build');

$ENV{PYTHONPATH} = "$build/py:$here";
$ENV{PYTHONDONTWRITEBYTECODE} = 1;

my @python = ('/usr/bin/python3', '-B');
my %program = (py => [ @python, "$here/client.py" ], cpp => [ "$build/client" ]);

# servers: program, transport, and how nginx calls it

my @servers = (
    [ qw(py header), 'thrift_upstream_transport header;' ],
    [ qw(cpp header), 'thrift_upstream_transport header;' ],
    [ qw(py framed), 'thrift_upstream_transport framed;
                      thrift_upstream_protocol binary;' ],
    [ qw(cpp buffered), 'thrift_upstream_transport unframed;
                         thrift_upstream_protocol binary;' ],
);

my $conf = conf(<<'EOF', servers => of_servers());

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  calls  '$thrift_transport $thrift_protocol $thrift_method '
                       '$thrift_status [$thrift_header_from]';
    access_log  %%TESTDIR%%/calls.log  calls;

    #servers
}

EOF

my $t = Test::Thrift->new($conf, log => 'info');

start_servers($t, words());
$t->run();

for my $server (@servers) {
    my ($kind, $transport) = @$server;
    my $key = "${kind}_$transport";

    for my $client (qw(py cpp)) {
        my $direct = shown($client, $transport, 'binary', "direct_$key");

        like($direct, qr/^echoAll: ok$/m, "$client to $kind $transport");

        for my $own ($client eq 'py' ? qw(header zlib) : qw(header)) {
            for my $protocol (qw(binary compact)) {
                is(shown($client, $own, $protocol, $key), $direct,
                   "$client $own $protocol to $kind $transport");
            }
        }

        is(shown($client, 'framed', 'compact', $key), $direct,
           "$client framed compact to $kind $transport");
    }

    is(shown('cpp', 'header', 'compact', $key, 'multi'),
       shown('cpp', 'framed', 'binary', $key, 'multi'),
       "multiplexed calls to $kind $transport");
}

is(shown('cpp', 'header', 'compact', 'cpp_header', 'concurrent'),
   "concurrent echo: ok\nconcurrent refuse: ok\nconcurrent fresh: ok\n",
   'eight threads of one client');

ok($t->grep_log(qr/^header compact nothing success \[python\]$/,
                'calls.log'), 'headers of Python');
ok($t->grep_log(qr/^header binary nothing success \[cpp\]$/, 'calls.log'),
   'headers of C++');
is(join("\n", $t->grep_log(qr/\[error\]/)), '', 'no errors');

$t->done();


sub of_servers {
    my @named = map { [ "$_->[0]_$_->[1]", $_->[2] ] } @servers;

    return join("\n", map { <<"EOF" } @named);
    upstream $_->[0] {
        server  127.0.0.1:%%PORT_direct_$_->[0]%%;
        $_->[1]
    }

    server {
        listen       127.0.0.1:%%PORT_$_->[0]%%;
        thrift_pass  $_->[0];
    }
EOF
}


sub words {
    my %words;

    for (@servers) {
        my ($kind, $transport) = @$_;

        push @{$words{$kind}}, "threaded:$transport:binary:"
                               . $t->port("direct_${kind}_$transport");
    }

    return %words;
}


sub shown {
    my ($client, $transport, $protocol, $port, @mode) = @_;

    return output(@{$program{$client}}, $transport, $protocol, $t->port($port),
                  @mode);
}
