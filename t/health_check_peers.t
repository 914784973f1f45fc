#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Checks of real servers: those that answer what they do not know with an
# exception, those that close the connection then, and what each of them is
# after it was killed, stopped and started again.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $top = Test::Thrift->top();

ok(system('make', '-s', '-C', $top, '-f', 't/peers/peers.mk', 'peers') == 0,
   'build');

# library, kind, transport, protocol

my %server = (
    py_pool      => [ qw(py pool framed binary) ],
    py_simple    => [ qw(py simple buffered compact) ],
    cpp_threaded => [ qw(cpp threaded framed compact) ],
    cpp_loop     => [ qw(cpp nonblocking framed binary) ],
);

my @checks = ([ '', 'off', '' ], [ '_method', 'off', 'method=Peer.nothing' ],
              [ '_multi', 'on', '' ],
              [ '_multi_method', 'on', 'method=Peer.nothing' ],
              [ '_multi_service', 'on', '',
                'thrift_upstream_service  Peer;' ]);

my @up = ('', qw(_method _multi_method _multi_service));

my $conf = '';

for my $name (sort keys %server) {
    my ($transport, $protocol) = @{$server{$name}}[2, 3];

    $transport = 'unframed' if $transport eq 'buffered';

    for (@checks) {
        my ($what, $multiplexed, $method, $service) = (@$_, '');

        $conf .= <<"EOC";
    upstream $name$what {
        zone                         $name$what  128k;
        server                       127.0.0.1:%%PORT_$name%%;
        thrift_keepalive             0;
        thrift_upstream_transport    $transport;
        thrift_upstream_protocol     $protocol;
        thrift_upstream_multiplexed  $multiplexed;
        $service
        thrift_health_check          interval=200ms timeout=2s fails=2 $method;
    }
EOC
    }
}

my $t = Test::Thrift->new(<<"EOC", log => 'info');

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%
    thrift_trusted  on;

$conf

    server {
        listen  127.0.0.1:%%PORT_proxy%%;
        thrift_service  Peer  { thrift_pass  py_pool; }
        thrift_service  Other { thrift_pass  cpp_loop; }
    }
}

EOC

$ENV{PYTHONPATH} = "$top/build/peers/py:$top/t/peers";
$ENV{PYTHONDONTWRITEBYTECODE} = 1;
$ENV{PEERS_THREADS} = 3;

my %pid;

start($_) for sort keys %server;

$t->run();

# All are up, but for those that close when they do not know the service.  That
# is so after each has been called some times.

my @closes = grep { wait_for(sub { lines("${_}_multi", 'down') }, 1.5) }
                  sort keys %server;

is("@closes", 'py_pool py_simple',
   'closes, as it does not know the service');

for my $name (sort keys %server) {
    is(lines($name . $_, 'down'), 0, "$name$_ is up")
        for @up;
}

my $c = $t->client('proxy');
is(answer($c->call('Peer:nothing')), 'void', 'a call beside them');

# killed, and there again; stopped, and going on

for my $name (sort keys %server) {
    $t->stop_daemon($pid{$name}, 'KILL');

    for my $what (@up) {
        ok(wait_for(sub { lines("$name$what", 'down') == 1 }, 10),
           "$name$what was killed");
    }

    start($name);

    for my $what (@up) {
        ok(wait_for(sub { lines("$name$what", 'up again') == 1 }, 10),
           "$name$what is there again");
    }
}

kill('STOP', $pid{py_pool});
ok(wait_for(sub { lines('py_pool', 'down') == 2 }, 15), 'stopped');
like(answer($c->call('Peer:nothing')), qr/no live upstreams/, 'no call to it');
kill('CONT', $pid{py_pool});
ok(wait_for(sub { lines('py_pool', 'up again') == 2 }, 15), 'going on');
is(answer($c->call('Peer:nothing')), 'void', 'calls again');

$t->done();


sub start {
    my ($name) = @_;

    my ($library, @how) = @{$server{$name}};
    my @program = $library eq 'py'
        ? ('/usr/bin/python3', '-B', "$top/t/peers/server.py")
        : "$top/build/peers/server";

    $pid{$name} = $t->run_daemon([ @program, join(':', @how,
                                                  $t->port($name)) ],
                                 port => $name, timeout => 20);
}


sub lines {
    my ($upstream, $what) = @_;

    return scalar $t->grep_log(qr/of upstream "$upstream" is $what/);
}
