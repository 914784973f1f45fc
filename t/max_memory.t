#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_max_memory: a client that holds as much as it may is not read from, and
# when all clients of a worker hold too much, those fail that hold more than
# their part.  Others are served, and what is given back can be used again.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_status|$status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_max_memory  1m  worker=2m;

    upstream servers {
        server  127.0.0.1:%%PORT_backend%%  max_fails=1 fail_timeout=1h;
        server  127.0.0.1:%%PORT_backup%%  backup;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  servers;
    }

    server {
        listen               127.0.0.1:%%PORT_little%%;
        thrift_max_memory    100k  worker=0;
        thrift_max_pipeline  200;
        thrift_pass          servers;
    }

    server {
        listen             127.0.0.1:%%PORT_narrow%%;
        thrift_max_memory  64k  worker=64k;
        thrift_pass        servers;
    }

    server {
        listen               127.0.0.1:%%PORT_deep%%;
        thrift_max_pipeline  20000;
        thrift_timeout       0;
        thrift_pass          servers;
    }
}

EOC

my $overloaded = '6 overloaded: calls hold too much memory';
my $mega = 1024 * 1024;

my $backend = $t->backend('backend', script => {
    hold  => { hold => 1 },
    echo  => { echo => 1 },
    large => { body => [ [ 0, string => 'x' x (4 * $mega) ] ] },
});

$t->backend('backup');
$t->run();

sub text {
    return [ [ 0, string => 'x' x $_[0] ] ];
}

sub size {
    my ($m) = @_;

    return $m && $m->{fields}{0} ? length $m->{fields}{0} : answer($m);
}

sub memory {
    my ($worker) = $t->workers();

    open(my $fh, '<', "/proc/$worker/statm") or die "statm: $!";

    return (split ' ', <$fh>)[1] * 4096;
}

my $other = $t->client('proxy');

sub others {
    return size($other->call('echo', text(1000))) eq 1000;
}

# one client: no further calls are read while those before hold so much

my $c = $t->client('little', timeout => 10);

$c->send(join('', map { call_bytes('hold', $_, text(500)) } 1 .. 100));
wait_for(sub { $backend->calls() >= 10 });
elapse(0.2);
cmp_ok(scalar(my @all = $backend->calls()), '<', 60, 'a part of the calls');
ok(wait_for(sub { $backend->release(); $backend->calls() == 100 }), 'the rest');
$backend->release();
is(join(' ', map { $c->read_message()->{seqid} } 1 .. 100),
   join(' ', 1 .. 100), 'all are answered');

# each call takes some memory, however small it is

$c = $t->client('deep');
$c->send(join('', map { call_bytes('hold', $_) } 1 .. 3000), 20);
elapse(0.3);

cmp_ok(scalar(@all = $backend->calls('hold')), '<', 100 + 600,
       'not all of many small calls');
ok(others(), 'others are served');
$c->reset();
$backend->release();

# calls that have been read are answered, whatever all of them hold

my @many = map { $t->client('narrow', timeout => 10) } 1 .. 40;

my $held = $backend->calls('hold');

$_->send(call_bytes('hold', 1)) for @many;
wait_for(sub { $backend->calls('hold') == $held + 40 });
$backend->release();
is(scalar(grep { answer($_->read_message()) eq 'backend' } @many), 40,
   'a small reply to each of many calls');
$_->close() for @many;

# a call that is larger than what all may hold

$c = $t->client('proxy', timeout => 10);
is(answer($c->call('echo', text(5 * $mega))), $overloaded, 'a large call');
is(size($c->call('echo', text(1000))), 1000, 'a small one after it');
is(answer($c->call('large')), $overloaded, 'a large reply');
is(size($c->call('echo', text(1000))), 1000, 'the server is not to blame');
is(size($c->call('echo', text($mega / 2))), $mega / 2, 'a part of it all');

# calls that are never whole

my $before = memory();
my $bytes = call_bytes('echo', 1, text($mega));
my @clients = map { $t->client('proxy', timeout => 10) } 1 .. 40;

$_->send(substr($bytes, 0, $mega - 1000)) for @clients;

elapse(0.3);
ok(others(), 'others are served while much is held');

cmp_ok(memory() - $before, '<', 8 * $mega, 'memory is bounded')
    unless $ENV{TEST_NGINX_STATIC};

$_->send(substr($bytes, $mega - 1000)) for @clients;

my %n;
$n{size($_->read_message())}++ for @clients;

cmp_ok($n{$overloaded}, '>', 30, 'most of them fail');
is($n{$overloaded} + ($n{$mega} || 0), 40, 'all of them are answered');

$_->send(substr($bytes, 0, $mega - 1000)) for @clients;
$_->close() for @clients;

# all of it is free again

ok(wait_for(sub { size($t->client('proxy')->call('echo', text($mega / 2)))
                  eq $mega / 2 }), 'given back');

is(scalar $t->grep_log(qr/\[(?:warn|error)\]/), 0, 'nobody else is to blame');
ok($t->grep_log(qr/\[info\] .*calls hold too much memory in this worker/),
   'in the log');
ok($t->grep_log(qr/^echo\|exception\|503$/, 'access.log'), 'in the access log');

$t->done();
