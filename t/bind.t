#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# How connections to servers are made: from which address they come, and who
# shares those of an address that variables choose; whether the system looks
# after idle ones.

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

    thrift_trusted  on;
    thrift_bind     127.0.0.11;

    map $thrift_method $source {
        third   127.0.0.13;
        fourth  127.0.0.14;
        port    127.0.0.15:%%PORT_from%%;
        wrong   "no\taddress";
        default "";
    }

    map $thrift_method $named {
        default  127.0.0.1:%%PORT_named%%;
    }

    upstream inherits {
        server  127.0.0.1:%%PORT_inherits%%;
    }

    upstream own {
        server                   127.0.0.1:%%PORT_own%%;
        thrift_bind              127.0.0.12;
        thrift_socket_keepalive  on;
    }

    upstream off {
        server       127.0.0.1:%%PORT_off%%;
        thrift_bind  off;
    }

    upstream chosen {
        server       127.0.0.1:%%PORT_chosen%%;
        thrift_bind  $source;
    }

    upstream client {
        server       127.0.0.1:%%PORT_client%%;
        thrift_bind  $remote_addr;
    }

    server {
        listen       127.0.0.1:%%PORT_to_inherits%%;
        thrift_pass  inherits;
    }

    server {
        listen       127.0.0.1:%%PORT_to_own%%;
        thrift_pass  own;
    }

    server {
        listen       127.0.0.1:%%PORT_to_off%%;
        thrift_pass  off;
    }

    server {
        listen       127.0.0.1:%%PORT_to_address%%;
        thrift_pass  127.0.0.1:%%PORT_address%%;
    }

    server {
        listen       127.0.0.1:%%PORT_to_named%%;
        thrift_pass  $named;
    }

    server {
        listen       127.0.0.1:%%PORT_to_chosen%%;
        thrift_pass  chosen;
    }

    server {
        listen          127.0.0.1:%%PORT_to_pinned%%;
        thrift_balance  connection;
        thrift_pass     chosen;
    }

    server {
        listen       127.0.0.1:%%PORT_to_client%%;
        thrift_pass  client;
    }
}

EOF

my %backend = map { $_ => $t->backend($_) }
                  qw(inherits own off address named chosen client);

$t->run();

is(from('inherits'), '127.0.0.11', 'of stream');
is(from('address'), '127.0.0.11', 'of stream, for an address');
is(from('named'), '127.0.0.11', 'of stream, for an address by a variable');
is(from('own'), '127.0.0.12', 'of upstream');
is(from('off'), '127.0.0.1', 'off');

# by variables: shared by those for whom it is the same

my $chosen = $backend{chosen};

for my $round (1, 2) {
    my $c = $t->client('to_chosen');

    is($c->call($_)->{fields}{0}, 'chosen', "$_, round $round")
        for qw(third fourth third other port);
}

is(join(' ', map { s/:.*//r } $chosen->peers()),
   '127.0.0.13 127.0.0.14 127.0.0.1 127.0.0.15', 'one for each address');
is(($chosen->peers())[3], '127.0.0.15:' . $t->port('from'), 'with its port');

my @calls = $chosen->calls();
is(join(' ', map { $_->{connection} } @calls), '1 2 1 3 4 1 2 1 3 4',
   'calls go by them');

is($t->client('to_chosen')->call('wrong')->{fields}{0}, 'chosen',
   'no address, not bound');
is(scalar $t->grep_log(qr{ \[error\] .*invalid local address "no\\x09address"}),
   1, 'no address, log');
is($chosen->accepted(), 4, 'no address, shared with those without');

# a client that is pinned to one, whatever its later calls say

my $c = $t->client('to_pinned');
my $m;
$m = $c->call($_) for qw(third fourth third);
is($m->{fields}{0}, 'chosen', 'pinned');
is(join(' ', map { $_->{connection} } ($chosen->calls())[-3 .. -1]), '5 5 5',
   'pinned, one connection');

# the client's own

for my $from (qw(127.0.0.21 127.0.0.22 127.0.0.21)) {
    $t->client('to_client', from => $from)->call('get');
}

is(join(' ', map { s/:.*//r } $backend{client}->peers()),
   '127.0.0.21 127.0.0.22', 'of the client');

# SO_KEEPALIVE

SKIP: {
    my @timers = timers('own');

    skip 'no timers in /proc/net/tcp', 2 unless @timers;

    is(join(' ', @timers), '02', 'the system looks after it');
    is(join(' ', timers('off')), '00', 'not unless it is told to');
}

$t->done();


sub from {
    my ($name) = @_;

    is($t->client("to_$name")->call('get')->{fields}{0}, $name, $name);

    return join(' ', map { s/:.*//r } $backend{$name}->peers());
}


# Which timer runs for nginx's sockets to a backend: 02 is that of keepalive.

sub timers {
    my ($name) = @_;

    my $port = sprintf('%04X', $t->port($name));

    open(my $fh, '<', '/proc/net/tcp') or return;

    return map { /^\s*\d+: \w+:\w+ \w+:$port 01 \w+:\w+ (\w\w):/ ? $1 : () }
               <$fh>;
}
