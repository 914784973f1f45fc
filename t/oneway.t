#!/usr/bin/perl

# A oneway waits for no other call: behind one that takes long, as many of them
# as come are sent on, and none of them keeps a place in the pipeline.

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

    server {
        listen               127.0.0.1:%%PORT_proxy%%;
        thrift_max_pipeline  4;
        thrift_pass          127.0.0.1:%%PORT_backend%%;
    }
}

EOC

my $backend = $t->backend('backend', script => { hold => { hold => 1 } });

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

$t->done();
