#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Reload and quit under calls: none is lost, and old workers end.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $template = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  2;
#main

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method $thrift_status $upstream_addr $status';
    access_log  %%TESTDIR%%/access.log  test;

    upstream backend {
        server            127.0.0.1:%%PORT_#backend%%;
        thrift_keepalive  8;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  backend;
        #server
    }
}

EOF

my $t = Test::Thrift->new(conf($template, backend => 'old'));

my $old = $t->backend('old');
my $new = $t->backend('new');

$_->script(slow => { delay => 0.5 }, some => { delay => 0.05 },
           stall => { stall => 1 })
    for $old, $new;

$t->run();

# a call on its way, a connection that waits, half a call

my $waiting = $t->client('proxy');
my $idle = $t->client('proxy');
my $half = $t->client('proxy');
my $bytes = call_bytes('half', 3, [ [ 1, string => 'x' x 1000 ] ]);

is($idle->call('get')->{fields}{0}, 'old', 'before');

$waiting->start('slow');
$half->send(substr($bytes, 0, 500));
ok(wait_for(sub { $old->calls('slow') }), 'call on its way');

ok($t->reload(conf($template, backend => 'new')), 'reload');

is($t->client('proxy')->call('get')->{fields}{0}, 'new', 'new connection');
is($waiting->read_message()->{fields}{0}, 'old', 'call on its way');
$half->send(substr($bytes, 500));
is($half->read_message()->{fields}{0}, 'new', 'half a call');
is($_->call('get')->{fields}{0}, 'new', 'old connection meets the new')
    for $waiting, $idle, $half;

ok($t->old_workers_gone(), 'old workers end');

$_->close() for $waiting, $idle, $half;
ok(wait_for(sub { $old->closed() == $old->accepted() }),
   'old connections to the upstream are closed');

# a failed reload changes nothing

my @workers = $t->workers();
my $c = $t->client('proxy');
is($c->call('get')->{fields}{0}, 'new', 'before failed reload');

$t->expect_log(qr/\[emerg\] .*"thrift_pass" directive is duplicate in /);
ok(!$t->reload(conf($template, backend => 'old',
                    server => 'thrift_pass backend;')), 'failed reload');

is(join(' ', sort $t->workers()), join(' ', sort @workers), 'same workers');
is($c->call('get')->{fields}{0}, 'new', 'old connection');
is($t->client('proxy')->call('get')->{fields}{0}, 'new', 'same configuration');

# many calls, and several reloads among them; each one gets its reply

my @clients = map { $t->client('proxy') } 1 .. 10;
my ($sent, $got) = (0, 0);

for my $round (1 .. 3) {
    for my $c (@clients) {
        $c->send(join '', map { call_bytes('some', ++$sent) } 1 .. 5);
    }

    ok($t->reload(conf($template, backend => 'new')), "reload $round");

    for my $c (@clients) {
        $got += grep { my $m = $c->read_message();
                       $m && $m->{type} == REPLY } 1 .. 5;
    }

    # half of the clients come again

    $_->close() for splice @clients, 0, 5;
    push @clients, map { $t->client('proxy') } 1 .. 5;
}

is($got, $sent, 'no call lost');
is(scalar $t->wait_log(qr/^some success /, 'access.log', undef, $sent), $sent,
   'every call logged');

$_->close() for @{$t->{clients}};

ok(wait_for(sub { $t->workers(1) == 2 }), 'all old workers end');

# worker_shutdown_timeout: who does not leave is left

ok($t->reload(conf($template, backend => 'new',
                   main => 'worker_shutdown_timeout 300ms;')),
   'with a limit');

$idle = $t->client('proxy');
$waiting = $t->client('proxy');
$half = $t->client('proxy');

is($idle->call('get')->{fields}{0}, 'new', 'before the end');
$waiting->start('stall');
$half->send(substr($bytes, 0, 500));
ok(wait_for(sub { $new->calls('stall') }), 'call that is not answered');

ok($t->reload(), 'reload with a limit');
ok($t->old_workers_gone(), 'old workers end in time');
is($idle->call('get')->{fields}{0}, 'new', 'idle connection goes on');
$half->send(substr($bytes, 500));
is($half->read_message()->{fields}{0}, 'new', 'half a call goes on');

my $m = $waiting->read_message();
is($m ? $m->{message} : 'closed', $m ? 'proxy is shutting down' : 'closed',
   'call ended');
is(scalar $t->wait_log(qr/^stall (cut|exception) /, 'access.log'), 1,
   'and was logged');
is(scalar $t->grep_log(qr/^stall cut (?!.* 503$)/, 'access.log'), 0,
   'its status');
is(scalar $t->grep_log(qr/\[warn\].*"worker_shutdown_timeout"\ is\ over
                          .*,\ client:.*\ call:\ "stall"/x),
   scalar $t->grep_log(qr/^stall cut/, 'access.log'), 'and why');
is($t->client('proxy')->call('get')->{type}, REPLY, 'others go on');

# quit: what is on its way is finished

ok($t->reload(conf($template, backend => 'new')), 'without a limit');

$c = $t->client('proxy');
$c->start('slow', undef, seqid => 8);
$c->start('slow', undef, seqid => 9);
ok(wait_for(sub { $new->calls('slow') == 2 }), 'calls before quit');

$t->signal('QUIT');
ok(wait_for(sub { !Test::Thrift::listens($t->address('proxy')) }),
   'nobody listens');

is($c->read_message()->{seqid}, $_, "reply $_ after quit") for 8, 9;
ok($c->closed(), 'closed after the last reply');

# stop: at once, whatever is on its way; with several workers nginx itself does
# not free all then, and the sanitizer says so

my $single = conf($template, backend => 'old')
    =~ s/worker_processes  2/worker_processes  1/r;

my $fast = Test::Thrift->new($single);
my $backend = $fast->backend('old', script => { stall => { stall => 1 } });

$fast->run();

$c = $fast->client('proxy');
$half = $fast->client('proxy');
$c->start('stall');
$half->send(substr($bytes, 0, 500));
ok(wait_for(sub { $backend->calls('stall') }), 'call before stop');

$fast->signal('TERM');
$c->read_all();
ok($c->{eof}, 'stopped');
ok($half->closed(), 'half a call stopped');

$fast->done();
$t->done();
