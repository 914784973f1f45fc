#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# One allocation fails, each in its turn, while calls in JSON are read, passed,
# translated and answered: a call may fail, and its connection may be closed,
# but no client waits for ever, and the worker stays.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Nomem;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_status|$thrift_arg_all_text';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_idl  echo.thrift;

    upstream binary {
        server                    127.0.0.1:%%PORT_backend%%  max_fails=0;
        thrift_upstream_protocol  binary;
    }

    upstream compact {
        server                    127.0.0.1:%%PORT_backend%%  max_fails=0;
        thrift_upstream_protocol  compact;
    }

    # to the server below, which gets JSON

    upstream text {
        server                    127.0.0.1:%%PORT_binary%%  max_fails=0;
        thrift_upstream_protocol  json;
    }

    server {
        listen          127.0.0.1:%%PORT_binary%%;
        thrift_service  Echo  { thrift_pass  binary; }
    }

    server {
        listen                 127.0.0.1:%%PORT_compact%%;
        thrift_unknown_fields  drop;
        thrift_service  Echo   { thrift_pass  compact; }
    }

    server {
        listen          127.0.0.1:%%PORT_text%%;
        thrift_service  Echo  { thrift_pass  text; }
    }
}

EOC

# what is sent is what comes back

$t->write_file('echo.thrift', <<'EOC');
exception Text { 1: string text }
service Echo {
    void echo(1: Text all) throws (1: Text text)
}
EOC

my $nomem = Test::Thrift::Nomem->new($t);

if (!$nomem) {
    $t->{done} = 1;
    plan(skip_all => 'no compiler');
}

$t->backend('backend', script => { '*' => { echo => 1 } });

$nomem->run();

my @wrong;

# two calls in JSON, one of which is large, and has a field that is not defined

sub texts {
    my ($n, $where) = @_;

    my $c = $t->client($where, timeout => 1.5);

    for my $size (10, 200_000) {
        $c->send(frame('[1,"echo",1,1,{"99":{"tf":1},"1":{"rec":{"1":{"str":"'
                       . 'x' x $size . '"}}}}]'));

        my $head = $c->read(4);
        my $got = length($head) == 4 ? $c->read(unpack('N', $head)) : '';

        return if $c->{eof};

        push @wrong, "allocation $n: port $where: waits for ever"
            unless $got =~ /^\[1,"echo",[23],1,/;
    }

    $c->close();
}


# the same in binary

sub others {
    my ($n) = @_;

    my $c = $t->client('text', timeout => 1.5);

    for my $size (10, 200_000) {
        my $m = $c->call('echo',
                         [ [ 1, struct => [ [ 1, string => 'x' x $size ] ] ] ]);

        return if $c->{eof};

        push @wrong, "allocation $n: binary waits for ever" unless $m;
    }

    $c->close();
}


# returns false when there were fewer allocations than $n

sub scenario {
    my ($n) = @_;

    $nomem->arm($n);

    texts($n, $_) for qw(binary compact);
    others($n);

    my $more = $nomem->left() <= 0;

    $nomem->arm(0);

    my $c = $t->client('text');
    my $m = $c->call('echo', [ [ 1, struct => [ [ 1, string => 'y' ] ] ] ]);

    push @wrong, "allocation $n: nothing works any more"
        if !$m || $m->{type} != REPLY || ($m->{fields}{1}{1} || '') ne 'y';

    $c->close();

    return $more;
}

scenario(0) for 1 .. 2;
is("@wrong", '', 'without failures');

my $tried = $nomem->try(\&scenario, 4, sub { @wrong > 5 });

cmp_ok($tried, '>', 5, 'allocations failed');
is(join("\n", @wrong), '', 'no client hangs');
ok(scalar($t->workers()), 'worker is there');

# what nginx says about it

$t->expect_log(qr/(?:malloc|posix_memalign)\(.*\) failed/);

$t->done();
