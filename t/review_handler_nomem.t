#!/usr/bin/perl

# One allocation fails, each in its turn: calls to handlers may fail, but no
# client waits for ever, no reply is out of order, and the worker stays.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Fcntl qw(O_CREAT O_RDWR);
use List::Util qw(shuffle);
use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $t = Test::Thrift->new(undef, log => 'info');
my $dir = $t->dir();

$t->handler('review');
$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

worker_processes  1;
thread_pool       pool threads=1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TOP%%/t/data/handler/review.thrift;

    upstream self {
        server            127.0.0.1:%%PORT_0%%  max_fails=0;
        thrift_keepalive  1;
    }

    server {
        listen  127.0.0.1:%%PORT_0%%;

        thrift_service Review {
            thrift_handler  %%TESTDIR%%/review.so;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_1%%;

        thrift_service Review {
            thrift_handler  %%TESTDIR%%/review.so  threads=pool;
        }
    }
}

EOF

if (system("cc -shared -fPIC -O1 -o $dir/nomem.so " . Test::Thrift->top()
           . "/t/data/handler/nomem.c -ldl 2>$dir/cc.log"))
{
    $t->{done} = 1;
    plan(skip_all => 'no compiler');
}

sysopen(my $file, "$dir/nomem", O_CREAT | O_RDWR) or die "nomem: $!";

arm(0);

{
    local $ENV{LD_PRELOAD} = "$dir/nomem.so";
    local $ENV{NOMEM_FILE} = "$dir/nomem";
    local $ENV{ASAN_OPTIONS} = 'verify_asan_link_order=0';

    # what dlopen() keeps is known to the checker by who calls malloc()

    local $ENV{LSAN_OPTIONS} = 'suppressions='
        . $t->write_file('leaks', "leak:dl_open_worker_begin\n");
    $t->run();
}

my @workers = $t->workers();
my @wrong;

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

scenario(0);

cmp_ok($tried, '>', 5, 'allocations failed');
is(join("\n", @wrong), '', 'no client hangs');
is("@{[ $t->workers() ]}", "@workers", 'same worker');

$t->expect_log(qr/(?:malloc|posix_memalign)\(.*\) failed/);

$t->done();


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

    arm($n);

    exchange($n, 0, qw(tick ask work), 'x' x 9000, qw(ask tick));
    exchange($n, 1, 'thread', 'y' x 9000);

    my $more = left() <= 0;

    arm(0);

    return $more;
}
