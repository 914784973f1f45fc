#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# "master_process off": one process does everything.  It is not reloaded: nginx
# itself cannot do that in this mode with epoll, or with zones.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $conf = <<'EOC';

master_process  off;

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_seqid|$thrift_status';
    access_log  %%TESTDIR%%/access.log  test;

    upstream two {
        zone              two  64k;
        server            127.0.0.1:%%PORT_first%%;
        server            127.0.0.1:%%PORT_second%%;
        thrift_keepalive  8  timeout=1s;
    }

    server {
        listen               127.0.0.1:%%PORT_proxy%%;
        thrift_max_pipeline  200;
        thrift_pass          two;
    }
}

EOC

my $t = Test::Thrift->new($conf);

my %script = (hold => { hold => 1 });
my @b = map { $t->backend($_, script => \%script) } qw(first second);

my $pid = $t->run_daemon(sub {
    $t->_exec_nginx(1, '-p', $t->dir(), '-c', $t->dir() . '/nginx.conf',
                    '-e', $t->dir() . '/error.log');
}, port => 'proxy');

sub answers {
    my ($c, $n) = @_;

    return join(' ', sort map { answer($c->call('get')) } 1 .. $n);
}

my $old = $t->client('proxy');

is(answers($old, 4), 'first first second second', 'calls are balanced');

# more than is kept for reuse

my @m = $old->exchange(join('', map { call_bytes('get', $_) } 1 .. 100), 100);

is(scalar(@m), 100, 'more calls than are kept');
$old->close();

ok(wait_for(sub { my $n = 0;
                  $n += $_->accepted() - $_->closed() for @b; $n == 0 }, 4),
   'idle connections time out');

my $new = $t->client('proxy');
is(answers($new, 4), 'first first second second', 'call after idle time');
$new->start('hold', []);
ok(wait_for(sub { 1 == map { $_->calls('hold') } @b }), 'call is held');

# it quits at once in this mode, whatever is in flight

kill('QUIT', $pid);

my $status;
ok(wait_for(sub { my $r = waitpid($pid, 1); $status = $?; $r == $pid }, 8),
   'process ends');
is($status, 0, 'exit code 0');

$t->done();
