#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# One allocation fails, each in its turn: a call may fail, and its connection
# may be closed, but no client waits for ever, no reply is out of order, no
# server's slot is lost and the worker stays.

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

    log_format  test  '$thrift_method|$thrift_seqid|$thrift_status|$status|'
                      '$upstream_addr|$thrift_exception|$who|$thrift_arg_a_b';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_status_zone  status  64k;

    map $thrift_method $who {
        default  "$thrift_method-$thrift_seqid";
    }

    map $thrift_method $where {
        default  127.0.0.1:%%PORT_first%%;
        named    least;
    }

    upstream least {
        zone              least  64k;
        least_conn;
        server            127.0.0.1:%%PORT_first%%  max_conns=20  max_fails=0;
        server            127.0.0.1:%%PORT_second%%  max_conns=20  max_fails=0;
        thrift_keepalive  2;
    }

    upstream hash {
        zone    hash  64k;
        hash    $thrift_arg_a_b  consistent;
        server  127.0.0.1:%%PORT_first%%  max_conns=20  max_fails=0;
        server  127.0.0.1:%%PORT_second%%  max_conns=20  max_fails=0;
        server  127.0.0.1:%%PORT_nobody%%  max_fails=0;
    }

    upstream full {
        zone    full  64k;
        server  127.0.0.1:%%PORT_first%%  max_conns=3  max_fails=0;
    }

    server {
        listen            127.0.0.1:%%PORT_least%%;
        thrift_max_depth  255;
        thrift_pass       least;
    }

    server {
        listen       127.0.0.1:%%PORT_variable%%;
        thrift_pass  $where;
    }

    server {
        listen           127.0.0.1:%%PORT_named%%;
        thrift_idl       %%TESTDIR%%/names.thrift;
        thrift_validate  schema;

        thrift_service Names {
            thrift_pass        hash;

            thrift_method refuse {
                thrift_return  INTERNAL_ERROR  "no $who";
            }
        }
    }

    server {
        listen       127.0.0.1:%%PORT_full%%;
        thrift_pass  full;
    }

    thrift_limit_zone  $thrift_method  zone=rate:64k  rate=200r/s;

    server {
        listen                 127.0.0.1:%%PORT_waits%%;
        thrift_pass            least;
        thrift_limit_rate      zone=rate burst=20;
        thrift_max_concurrent  1 queue=2;
        thrift_fault           delay=1ms;
        thrift_mirror          hash;
    }
}

EOC

$t->write_file('names.thrift', <<'EOC');
struct Name { 1: string b }
service Names {
    string get(1: Name a),
    string refuse(),
    oneway void tell(1: Name a)
}
EOC

my $nomem = Test::Thrift::Nomem->new($t);

if (!$nomem) {
    $t->{done} = 1;
    plan(skip_all => 'no compiler');
}

my %script = (echo => { echo => 1 }, refuse => { exception => [ 6, 'no' ] },
              late => { delay => 0.01 }, leave => { close => 'request' });

$t->backend($_, script => \%script) for qw(first second);

$nomem->run();

my @wrong;

# exchanges, and notes what is wrong with the answers

sub exchange {
    my ($n, $where, $bytes, $seqids, %o) = @_;

    my $c = $t->client($where, %o);
    my @m = $c->exchange($bytes, scalar(@$seqids), 1.5);
    my $got = join(' ', map { $_->{seqid} } @m);

    push @wrong, "allocation $n: port $where: waits for ever after \"$got\""
        if @m < @$seqids && !$c->{eof};
    push @wrong, "allocation $n: port $where: \"$got\" of \"@$seqids\""
        if @m && $got ne join(' ', @$seqids[0 .. $#m]);

    $c->close();

    return @m;
}

my @name = ([ 1, 'struct', [ [ 1, 'string', 'somebody' ] ] ]);
my %compact = (protocol => 'compact', transport => 'unframed');

# returns false when there were fewer allocations than $n

sub scenario {
    my ($n) = @_;

    $nomem->arm($n);

    exchange($n, 'least',
             join('', call_bytes('get', 1), call_bytes('late', 2),
                      call_bytes('refuse', 3),
                      encode_message(CALL, 'echo', 4,
                                     [ [ 1, 'string', 'y' x 50_000 ] ]),
                      oneway_bytes('tell', 5), call_bytes('leave', 6),
                      call_bytes('late', 7)), [ 1 .. 4, 6, 7 ]);

    exchange($n, 'variable',
             call_bytes('get', 1) . call_bytes('named', 2)
             . call_bytes('leave', 3), [ 1 .. 3 ]);

    exchange($n, 'named',
             join('', map { encode_message(@$_, %compact) }
                          [ CALL, 'Names:get', 1, \@name ],
                          [ CALL, 'get', 2, \@name ],
                          [ CALL, 'refuse', 3, [] ],
                          [ ONEWAY, 'tell', 4, \@name ],
                          [ CALL, 'get', 200, \@name ]),
             [ 1 .. 3, 200 ], %compact);

    my $waits = join('', map { call_bytes('get', $_) } 1 .. 3);

    exchange($n, 'waits', $waits . oneway_bytes('tell', 4), [ 1 .. 3 ]);

    my $more = $nomem->left() <= 0;

    my $late = join('', map { call_bytes('late', $_) } 1 .. 3);

    exchange($n, 'full', $late, [ 1 .. 3 ]) if !$more;

    $nomem->arm(0);

    my @m = exchange($n, 'full', $late, [ 1 .. 3 ]);

    push @wrong, "allocation $n: a slot is lost"
        if @m != 3 || grep { !$_->{fields}{0} } @m;

    @m = exchange($n, 'waits', $waits, [ 1 .. 3 ]);

    push @wrong, "allocation $n: a place is lost"
        if @m != 3 || grep { !$_->{fields}{0} } @m;

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
