#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What the 24 tests of aiothrift say that its ThriftPool does, and what
# upstreams do instead: here is tested what no other file shows.
#
# test                  here                              shown by
#
# connect_tcp           the first call opens a            keepalive.t
#                       connection
# conflict_function_-   a method may have any name        'names'
#   name
# connect (minsize 1,   without numbers: none ahead, 32   'defaults',
#   maxsize 10)         kept, and no limit; with min, so  keepalive.t,
#                       many are open before any call     keepalive_min.t
# clear                 a reload closes idle connections  'cleared'
# minsize (4): None,    nginx -t refuses all of them      'wrong', conf.t
#   -100, 0.0, larger
#   than maxsize
# maxsize (4): None,    likewise                          'wrong', conf.t
#   -100, 0.0, smaller
#   than minsize
# no_yield_from         half a call takes no connection   'half'
# rpc: counts before    calls open and close none while   'counts',
#   and after           enough are idle                   keepalive.t
# create_nested: not    two calls of a client have one    'nested',
#   twice in a task     in turn, and block nobody         keepalive_max.t
# create_constraints:   calls wait for queue_timeout, or  keepalive_max.t
#   waiting ends        as long as they have time
# create_no_minsize     none before the first call, and   'lazy'
#                       that one is kept
# release_closed        what its server closes is not     keepalive.t
#                       kept
# release_bad_-         upstreams share no connection,    'strangers'
#   connection          whatever their servers are
# pool_size_growth      never more than max, in turn,     keepalive_max.t,
#                       also over workers                 keepalive_workers.t
# pool_with_closed_-    what is closed while it is idle   keepalive.t
#   connections         is replaced, and no call fails
# pool_close            nginx ends: all are closed, and   'closed'
#                       nobody comes in
# pool_close__used      a call on its way is answered,    'closed in use',
#                       or told so when                   shutdown_timeout.t
#                       worker_shutdown_timeout is over
# rpc_method_on_pool    clients know of no pool           pass.t

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $template = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_max_pipeline  100;
    thrift_trusted       on;

    upstream default {
        server  127.0.0.1:%%PORT_to_default%%;
        #default
    }

    upstream lazy {
        server            127.0.0.1:%%PORT_to_lazy%%;
        thrift_keepalive  1  max=1;
    }

    upstream stranger {
        server  127.0.0.1:%%PORT_to_lazy%%;
    }

    server { listen 127.0.0.1:%%PORT_default%%;   thrift_pass default; }
    server { listen 127.0.0.1:%%PORT_lazy%%;      thrift_pass lazy; }
    server { listen 127.0.0.1:%%PORT_stranger%%;  thrift_pass stranger; }
}

EOF

my $t = Test::Thrift->new(conf($template), log => 'info');

my ($default, $lazy) = map { $t->backend("to_$_",
                                         script => { hold => { hold => 1 } }) }
                           qw(default lazy);

# wrong: numbers that are none, and those that do not go together

for ([ '', 'invalid number of arguments in "thrift_keepalive" directive' ],
     [ -100, 'invalid value "-100" in "thrift_keepalive" directive, it must '
             . 'be a number of idle connections' ],
     [ '0.0', 'invalid value "0.0" in "thrift_keepalive" directive, it must '
              . 'be a number of idle connections' ],
     [ '100 max=10',
       '"thrift_keepalive" keeps 100 idle connections, but "max" allows 10' ],
     [ '10 min=', 'invalid parameter "min=" in "thrift_keepalive" '
       . 'directive, it must be a number' ],
     [ '10 min=-100', 'invalid parameter "min=-100" in "thrift_keepalive" '
       . 'directive, it must be a number' ],
     [ '10 min=0.0', 'invalid parameter "min=0.0" in "thrift_keepalive" '
       . 'directive, it must be a number' ],
     [ '10 min=100',
       '"thrift_keepalive" keeps 10 idle connections, and cannot open 100 '
       . 'ahead' ],
     [ '2 max=', 'invalid parameter "max=" in "thrift_keepalive" '
       . 'directive, it must be a number greater than 0' ],
     [ '2 max=-100', 'invalid parameter "max=-100" in "thrift_keepalive" '
       . 'directive, it must be a number greater than 0' ],
     [ '2 max=0.0', 'invalid parameter "max=0.0" in "thrift_keepalive" '
       . 'directive, it must be a number greater than 0' ],
     [ '2 max=1',
       '"thrift_keepalive" keeps 2 idle connections, but "max" allows 1' ])
{
    my ($value, $message) = @$_;

    like($t->config_error(conf($template,
                               default => "thrift_keepalive $value;")),
         qr/^\Q$message\E in test\.conf:\d+$/, "wrong: '$value'");
}

$t->run();

sub open_connections {
    my ($backend) = @_;

    return $backend->accepted() - $backend->closed();
}

# calls that the server has at the same time, and answers then

sub together {
    my ($where, $backend, $n) = @_;

    my $c = $t->client($where);
    my $seen = $backend->calls('hold');

    $c->send(join('', map { call_bytes('hold', $_) } 1 .. $n));
    wait_for(sub { $backend->calls('hold') == $seen + $n });
    $backend->release();

    return scalar(grep { $_->{type} == REPLY } $c->exchange('', $n));
}

# defaults

is($default->accepted(), 0, 'defaults: none ahead');
is(answer($t->client('default')->call('get')), 'to_default', 'first call');
is(open_connections($default), 1, 'its connection is kept');

# names that a library has a use for itself

for my $name (qw(address close closed timeout execute)) {
    is(answer($t->client('default')->call($name)), 'to_default',
       "names: $name");
}

is($default->accepted(), 1, 'one after the other');

# half a call

my $bytes = call_bytes('get', 7, [ [ 1, string => 'x' x 100 ] ]);
my $half = $t->client('lazy');

$half->send(substr($bytes, 0, 60));
ok($half->open(0.2), 'half a call');
is($lazy->accepted(), 0, 'takes no connection');

# none before the first call, and then the one

$half->send(substr($bytes, 60));
is(answer($half->read_message()), 'to_lazy', 'lazy: the whole call');
is($lazy->accepted(), 1, 'opens one');
is(answer($t->client('lazy')->call('get')), 'to_lazy', 'a second call');
is($lazy->accepted(), 1, 'needs no other');

# two calls of one client, and one connection

my $c = $t->client('lazy');

$c->send(call_bytes('get', 1) . call_bytes('get', 2));
is(join(' ', map { $_->{seqid} . ' ' . answer($_) } $c->exchange('', 2)),
   '1 to_lazy 2 to_lazy', 'nested');
is($lazy->accepted(), 1, 'by the same connection');

# counts

is(together('default', $default, 10), 10, 'counts: ten at once');
is(open_connections($default), 10, 'ten are open');
is(answer($t->client('default')->call('get')), 'to_default', 'one more call')
    for 1 .. 10;
is(together('default', $default, 10), 10, 'ten again');
is(open_connections($default), 10, 'ten are still open');
is($default->accepted(), 10, 'and no other ones ever were');

# another upstream's

is(answer($t->client('stranger')->call('get')), 'to_lazy', 'strangers');
is($lazy->accepted(), 2, 'has a connection of its own');
is(answer($t->client('lazy')->call('get')), 'to_lazy', 'and so has the first');
is($lazy->accepted(), 2, 'as before');

# idle connections go with their worker; clients stay

$c = $t->client('default');
is(answer($c->call('get')), 'to_default', 'before');
ok($t->reload(), 'reload');
ok(wait_for(sub { open_connections($default) == 0 }), 'cleared');
is(answer($c->call('get')), 'to_default', 'the client goes on');
is(open_connections($default), 1, 'with a new one');

# the end, with a call on its way

my $idle = $t->client('lazy');
is(answer($idle->call('get')), 'to_lazy', 'before the end');

my $waiting = $t->client('default');
my $seen = $default->calls('hold');

$waiting->start('hold');
ok(wait_for(sub { $default->calls('hold') == $seen + 1 }), 'on its way');

my $address = '127.0.0.1:' . $t->port('default');

$t->signal('QUIT');

ok(wait_for(sub { open_connections($lazy) == 0 }), 'closed');
ok($idle->closed(), 'its client, too');
ok(wait_for(sub { !Test::Thrift::listens($address) }), 'nobody comes in');

$default->release();
is(answer($waiting->read_message()), 'to_default', 'closed in use');
ok($waiting->closed(), 'after the reply');
ok(wait_for(sub { open_connections($default) == 0 }), 'all are closed');

$t->done();
