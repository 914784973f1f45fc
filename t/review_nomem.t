#!/usr/bin/perl

# One allocation fails, each in its turn: a call may fail, and its connection
# may be closed, but no client waits for ever, no reply is out of order, no
# server's slot is lost and the worker stays.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Fcntl qw(O_CREAT O_RDWR);
use List::Util qw(shuffle);
use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_seqid|$thrift_status|$status|'
                      '$upstream_addr|$thrift_exception|$who|$thrift_arg_a_b';
    access_log  %%TESTDIR%%/access.log  test;

    map $thrift_method $who {
        default  "$thrift_method-$thrift_seqid";
    }

    map $thrift_method $where {
        default  127.0.0.1:%%PORT_10%%;
        named    least;
    }

    upstream least {
        zone              least  64k;
        least_conn;
        server            127.0.0.1:%%PORT_10%%  max_conns=20  max_fails=0;
        server            127.0.0.1:%%PORT_11%%  max_conns=20  max_fails=0;
        thrift_keepalive  2;
    }

    upstream hash {
        zone    hash  64k;
        hash    $thrift_arg_a_b  consistent;
        server  127.0.0.1:%%PORT_10%%  max_conns=20  max_fails=0;
        server  127.0.0.1:%%PORT_11%%  max_conns=20  max_fails=0;
        server  127.0.0.1:%%PORT_12%%  max_fails=0;
    }

    upstream full {
        zone    full  64k;
        server  127.0.0.1:%%PORT_10%%  max_conns=3  max_fails=0;
    }

    server {
        listen            127.0.0.1:%%PORT_0%%;
        thrift_max_depth  255;
        thrift_pass       least;
    }

    server {
        listen       127.0.0.1:%%PORT_1%%;
        thrift_pass  $where;
    }

    server {
        listen           127.0.0.1:%%PORT_2%%;
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
        listen       127.0.0.1:%%PORT_3%%;
        thrift_pass  full;
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

# the allocation that fails is counted down in a file that both sides see

$t->write_file('nomem.c', <<'EOC');
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile int64_t  *left;

__attribute__((constructor)) static void
start(void)
{
    int    fd;
    void  *p;

    fd = open(getenv("NOMEM_FILE"), O_RDWR);
    p = mmap(NULL, sizeof(int64_t), PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0);

    if (p != MAP_FAILED) {
        left = p;
    }
}

static int
fails(void *caller)
{
    Dl_info  info;

    if (left == NULL || *left <= 0 || dladdr(caller, &info) == 0
        || strstr(info.dli_fname, ".so.") != NULL)
    {
        return 0;
    }

    return --*left == 0;
}

void *
malloc(size_t size)
{
    static void  *(*real)(size_t);

    if (real == NULL) {
        real = (void *(*)(size_t)) dlsym(RTLD_NEXT, "malloc");
    }

    if (fails(__builtin_return_address(0))) {
        errno = ENOMEM;
        return NULL;
    }

    return real(size);
}

int
posix_memalign(void **p, size_t align, size_t size)
{
    static int  (*real)(void **, size_t, size_t);

    if (real == NULL) {
        real = (int (*)(void **, size_t, size_t)) dlsym(RTLD_NEXT,
                                                        "posix_memalign");
    }

    if (fails(__builtin_return_address(0))) {
        return ENOMEM;
    }

    return real(p, align, size);
}
EOC

my $dir = $t->dir();
my $library = "$dir/nomem.so";

if (system("cc -shared -fPIC -O1 -o $library $dir/nomem.c -ldl"
           . " 2>$dir/cc.log"))
{
    $t->{done} = 1;
    plan(skip_all => 'no compiler');
}

sysopen(my $file, "$dir/nomem", O_CREAT | O_RDWR) or die "nomem: $!";

sub arm {
    my ($n) = @_;

    sysseek($file, 0, 0);
    syswrite($file, pack('q', $n));
}

sub left {
    sysseek($file, 0, 0);
    sysread($file, my $bytes, 8);

    return unpack('q', $bytes);
}

arm(0);

my %script = (echo => { echo => 1 }, refuse => { exception => [ 6, 'no' ] },
              late => { delay => 0.01 }, leave => { close => 'request' });

$t->backend($_, id => "b$_", script => \%script) for 10, 11;

{
    local $ENV{LD_PRELOAD} = $library;
    local $ENV{NOMEM_FILE} = "$dir/nomem";
    local $ENV{ASAN_OPTIONS} = 'verify_asan_link_order=0';
    $t->run();
}

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

    arm($n);

    exchange($n, 0, join('', call_bytes('get', 1), call_bytes('late', 2),
                         call_bytes('refuse', 3),
                         encode_message(CALL, 'echo', 4,
                                        [ [ 1, 'string', 'y' x 50_000 ] ]),
                         oneway_bytes('tell', 5), call_bytes('leave', 6),
                         call_bytes('late', 7)), [ 1 .. 4, 6, 7 ]);

    exchange($n, 1, call_bytes('get', 1) . call_bytes('named', 2)
                    . call_bytes('leave', 3), [ 1 .. 3 ]);

    exchange($n, 2, join('', map { encode_message(@$_, %compact) }
                             [ CALL, 'Names:get', 1, \@name ],
                             [ CALL, 'get', 2, \@name ],
                             [ CALL, 'refuse', 3, [] ],
                             [ ONEWAY, 'tell', 4, \@name ],
                             [ CALL, 'get', 200, \@name ]),
             [ 1 .. 3, 200 ], %compact);

    my $more = left() <= 0;

    exchange($n, 3, join('', map { call_bytes('late', $_) } 1 .. 3),
             [ 1 .. 3 ]) if !$more;

    arm(0);

    my @m = exchange($n, 3, join('', map { call_bytes('late', $_) } 1 .. 3),
                     [ 1 .. 3 ]);

    push @wrong, "allocation $n: a slot is lost"
        if @m != 3 || grep { !$_->{fields}{0} } @m;

    return $more;
}

scenario(0) for 1 .. 2;
is("@wrong", '', 'without failures');

# how many there are, and then as many of them as there is time for

my $max = 1;
$max *= 2 while $max < 4096 && scenario($max);

my $end = time() + 4;
my $tried = 0;

for my $n (shuffle(1 .. $max)) {
    last if time() > $end || @wrong > 5;
    scenario($n);
    $tried++;
}

cmp_ok($tried, '>', 5, 'allocations failed');
is(join("\n", @wrong), '', 'no client hangs');
ok(scalar($t->workers()), 'worker is there');

# what nginx says about it

$t->expect_log(qr/(?:malloc|posix_memalign)\(.*\) failed/);

$t->done();
