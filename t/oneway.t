#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A oneway waits for no other call: behind one that takes long, as many of them
# as come are sent on, and none of them keeps a place in the pipeline.  They are
# sent however their client leaves, and where order is asked for, what follows
# does not overtake them.

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

    log_format  test  '$thrift_method|$thrift_seqid|$thrift_status';
    access_log  %%TESTDIR%%/access.log  test;

    upstream single {
        server            127.0.0.1:%%PORT_single%%;
        thrift_keepalive  0;
    }

    upstream kept {
        server            127.0.0.1:%%PORT_kept%%;
        thrift_keepalive  1;
    }

    server {
        listen               127.0.0.1:%%PORT_proxy%%;
        thrift_max_pipeline  4;
        thrift_pass          127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen               127.0.0.1:%%PORT_in_order%%;
        thrift_max_pipeline  1;
        thrift_pass          single;
    }

    server {
        listen               127.0.0.1:%%PORT_trusted%%;
        thrift_max_pipeline  1;
        thrift_trusted       on;
        thrift_pass          kept;
    }
}

EOC

my %script = (hold => { hold => 1 }, slow => { delay => 0.3, answer => 0 });

my $backend = $t->backend('backend', script => \%script);

my %ordered = (in_order => $t->backend('single', script => \%script),
               trusted  => $t->backend('kept', script => \%script));

$t->run();

my $c = $t->client('proxy');

$c->send(call_bytes('hold', 1)
         . join('', map { oneway_bytes('tell', $_) } 2 .. 20)
         . call_bytes('get', 21));

ok(wait_for(sub { 19 == $backend->calls('tell') }, 2),
   'oneways sent before the reply');
is(scalar($t->wait_log(qr/^tell\|\d+\|sent$/, 'access.log', 1, 19)), 19,
   'oneways logged before the reply');
ok(wait_for(sub { 1 == $backend->calls('get') }, 1),
   'call behind oneways sent');

$backend->release();
is(join(' ', map { my $m = $c->read_message(); $m ? $m->{seqid} : 'none' }
                 1, 2), '1 21', 'replies in order');

# a server is done with a oneway before it reads what follows on its connection

for my $where (sort keys %ordered) {
    my $server = $ordered{$where};

    $c = $t->client($where);
    $c->oneway('slow');
    is(($c->call('get') || {})->{type}, REPLY, "$where, a call follows");

    my @calls = $server->calls();

    is(join(' ', map { $_->{method} } @calls), 'slow get', "$where, in order");
    is($calls[0]->{connection}, $calls[1]->{connection},
       "$where, one connection");
}

ok(wait_for(sub { $ordered{in_order}->closed() }), 'which is kept no longer');

# sent, however the client leaves; after a reset, those for which there was room

for ([ closed => 8 ], [ reset => 4 ]) {
    my ($how, $n) = @$_;
    my $calls = $backend->calls('tell');

    $c = $t->client('proxy');
    $c->send(join('', map { oneway_bytes('tell', $_) } 1 .. $n));
    $how eq 'reset' ? $c->reset() : $c->close();

    ok(wait_for(sub { $backend->calls('tell') == $calls + $n }, 2), $how);
}

$t->done();
