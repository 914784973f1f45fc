#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_span_log with "master_process off": what was gathered is written at a
# reload, and so are spans of connections that stay, though nginx closes the
# files of its old configuration.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Spans;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

master_process  off;

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_trace_sample  on;

    upstream backend {
        server  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen           127.0.0.1:%%PORT_proxy%%;
        thrift_pass      backend;
        thrift_span_log  %%TESTDIR%%/spans  flush=1h;
    }

    server {
        listen           127.0.0.1:%%PORT_soon%%;
        thrift_pass      backend;
        thrift_span_log  %%TESTDIR%%/soon  flush=10ms;
    }
}

EOC

$t->backend('backend');

my $pid = $t->run_daemon(sub {
    $t->_exec_nginx(1, '-p', $t->dir(), '-c', $t->dir() . '/nginx.conf',
                    '-e', $t->dir() . '/error.log');
}, port => 'proxy');

my $c = $t->client('proxy');
my $soon = $t->client('soon');

$c->call('before', []);
$soon->call('before', []);
is(names('soon', 1), 'before', 'a span');

kill('HUP', $pid);
is(names('spans', 1), 'before', 'what was gathered before a reload');

$soon->call('after', []);
is(names('soon', 2), 'before after', 'a connection that stays');

kill('QUIT', $pid);

my $status;
ok(wait_for(sub { my $r = waitpid($pid, 1); $status = $?; $r == $pid }, 8),
   'process ends');
is($status, 0, 'exit code 0');

$t->done();


# Names of all spans of a file, as soon as there are so many.

sub names {
    my ($file, $n) = @_;

    my @names;

    wait_for(sub {
        @names = map { $_->{name} }
                 spans_of(map { decoded($_) } $t->grep_log(qr/./, $file));
        @names >= $n;
    });

    return join(' ', @names);
}
