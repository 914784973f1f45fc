#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# One allocation fails, each in its turn: calls to handlers may fail, but no
# client waits for ever, no reply is out of order, and the worker stays.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Nomem;


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('rare');
$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

worker_processes  1;
thread_pool       pool threads=1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TOP%%/t/data/handler/rare.thrift;

    upstream self {
        server            127.0.0.1:%%PORT_loop%%  max_fails=0;
        thrift_keepalive  1;
    }

    server {
        listen  127.0.0.1:%%PORT_loop%%;

        thrift_service Rare {
            thrift_handler  %%TESTDIR%%/rare.so;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_threads%%;

        thrift_service Rare {
            thrift_handler  %%TESTDIR%%/rare.so  threads=pool;
        }
    }
}

EOF

my $nomem = Test::Thrift::Nomem->new($t);

if (!$nomem) {
    $t->{done} = 1;
    plan(skip_all => 'no compiler');
}

$nomem->run();

my @workers = $t->workers();
my @wrong;

scenario(0) for 1 .. 2;
is("@wrong", '', 'without failures');

my $tried = $nomem->try(\&scenario, 4, sub { @wrong > 5 });

scenario(0);

cmp_ok($tried, '>', 5, 'allocations failed');
is(join("\n", @wrong), '', 'no client hangs');
is("@{[ $t->workers() ]}", "@workers", 'same worker');

$t->expect_log(qr/(?:malloc|posix_memalign)\(.*\) failed/);

$t->done();


# Exchanges, and notes what is wrong; without failures all is right.

sub exchange {
    my ($n, $where, @what) = @_;

    my $c = $t->client($where);
    my $seqid = 0;
    my @m = $c->exchange(join('', map {
        call_bytes('act', ++$seqid, [ [ 1, string => $_ ] ]) } @what),
        scalar(@what), 1.5 * time_factor());
    my $got = join(' ', map { $_->{seqid} } @m);

    push @wrong, "allocation $n: port $where waits for ever after \"$got\""
        if @m < @what && !$c->{eof};
    push @wrong, "allocation $n: port $where: \"$got\""
        if $got ne join(' ', 1 .. @m);
    push @wrong, 'a call failed'
        if $n == 0 && grep { $_->{type} != REPLY } @m;

    $c->close();
}


# Returns false when there were fewer allocations than $n.

sub scenario {
    my ($n) = @_;

    $nomem->arm($n);

    exchange($n, 'loop', qw(tick ask work), 'x' x 9000, qw(ask tick));
    exchange($n, 'threads', 'thread', 'y' x 9000);

    my $more = $nomem->left() <= 0;

    $nomem->arm(0);

    return $more;
}
