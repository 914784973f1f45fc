#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Variables of js_set are evaluated for each call, with the call's own session,
# also where js was in a phase of the connection; what it has set there, in a
# variable of "set", is kept for its calls.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my ($stream) = Test::Thrift::module_files();
my $js = $stream =~ s/\w+\.so$/ngx_stream_js_module.so/r;

plan(skip_all => 'no ngx_stream_js_module.so') unless -e $js;

my $t = Test::Thrift->new(<<'EOF' =~ s/%%JS%%/$js/r);

%%TEST_GLOBALS%% load_module %%JS%%;

worker_processes  2;

events {
    worker_connections  2048;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    js_path    %%TESTDIR%%;
    js_import  calls.js;

    js_set  $method  calls.method;
    js_set  $origin  calls.origin;
    js_set  $throws  calls.throws;

    log_format  test  '$remote_port|$thrift_seqid|$thrift_method|$method|'
                      '$origin|$mark|$upstream_addr';

    map $method $pool {
        "call of get_hash"        hash;
        "call of get_consistent"  consistent;
        default                   robin;
    }

    upstream hash {
        hash    $method;
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_second%%;
    }

    upstream consistent {
        zone    consistent  64k;
        hash    $method  consistent;
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_second%%;
    }

    upstream robin {
        server  127.0.0.1:%%PORT_first%%   max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_fails=0;
    }

    server {
        listen             127.0.0.1:%%PORT_phases%%;
        set                $mark  "";
        js_access          calls.access;
        js_preread         calls.preread;
        access_log         %%TESTDIR%%/access.log  test;
        thrift_idempotent  on;

        thrift_service S {
            thrift_pass  $pool;

            thrift_method throws {
                thrift_return  UNKNOWN  "none:$throws";
            }
        }
    }

    server {
        listen       127.0.0.1:%%PORT_plain%%;
        set          $mark  set;
        access_log   %%TESTDIR%%/access.log  test;
        thrift_pass  robin;
    }
}

EOF

$t->write_file('calls.js', <<'EOF');
function method(s) {
    return 'call of ' + s.variables.thrift_method;
}

function origin(s) {
    return s.remoteAddress + ':' + s.variables.remote_port
           + ':' + s.variables.thrift_seqid;
}

function throws(s) {
    throw new Error('no value');
}

function access(s) {
    s.variables.mark = 'from ' + s.variables.remote_port;
    s.allow();
}

function preread(s) {
    s.on('upload', function (data, flags) {
        if (data.length) {
            s.done();
        }
    });
}

export default { method, origin, throws, access, preread };
EOF

my @backends = map { $t->backend($_) } qw(first second);

$_->script(closed => { close => 'request' }) for @backends;

$t->run();

my %sent;
my $n = 0;
my $unanswered = 0;

for my $round (1 .. 4) {
    my @c = map { $t->client($_) } qw(phases plain phases plain);

    for my $i (0 .. $#c) {
        my $port = $c[$i]->socket()->sockport();

        for (1 .. 40) {
            my $method = (qw(get_hash get_consistent get closed throws))
                             [++$n % 5];

            $c[$i]->send(call_bytes("S:$method", $n));
            $sent{"$port|$n"} = [ $i % 2, $method ];
        }
    }

    for my $c (@c) {
        $c->read_message() || $unanswered++ for 1 .. 40;
        $c->close();
    }
}

is($unanswered, 0, 'each call is answered');

my @lines = $t->wait_log(qr/./, 'access.log', undef, scalar keys %sent);

is(scalar @lines, scalar keys %sent, 'lines');

my @wrong = grep { !is_right($_) } @lines;

is(join("\n", @wrong[0 .. ($#wrong > 9 ? 9 : $#wrong)]), '', 'values');

$t->done();


sub is_right {
    my ($line) = @_;

    my ($port, $seqid, $method, $call, $origin, $mark) = split /\|/, $line;
    my $sent = delete $sent{"$port|$seqid"} or return;

    return $method eq $sent->[1] && $call eq "call of $method"
           && $origin eq "127.0.0.1:$port:$seqid"
           && $mark eq ($sent->[0] ? 'set' : "from $port");
}
