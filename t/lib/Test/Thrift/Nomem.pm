# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift::Nomem;

# An nginx whose allocations can be made to fail, by t/data/nomem.c.
#
#     my $nomem = Test::Thrift::Nomem->new($t);       # undef: no compiler
#     $nomem->run();
#     my $tried = $nomem->try(sub { $nomem->arm(shift); ...;
#                                   return $nomem->left() <= 0 }, 4);

use strict;
use warnings;

use Fcntl qw(O_CREAT O_RDWR);
use List::Util qw(shuffle);
use Time::HiRes qw(time);


sub new {
    my ($class, $t) = @_;

    my $dir = $t->dir();

    return if system('cc -shared -fPIC -O1 -o ' . "$dir/nomem.so "
                     . $t->top() . "/t/data/nomem.c -ldl 2>$dir/cc.log");

    sysopen(my $file, "$dir/nomem", O_CREAT | O_RDWR) or die "nomem: $!";

    my $self = bless { t => $t, file => $file }, $class;
    $self->arm(0);

    return $self;
}


# Starts nginx.

sub run {
    my ($self) = @_;

    my $t = $self->{t};

    local $ENV{LD_PRELOAD} = $t->dir() . '/nomem.so';
    local $ENV{NOMEM_FILE} = $t->dir() . '/nomem';
    local $ENV{ASAN_OPTIONS} = 'verify_asan_link_order=0';

    # what dlopen() keeps is known to the checker by who calls malloc()

    local $ENV{LSAN_OPTIONS} = 'suppressions='
        . $t->write_file('leaks', "leak:dl_open_worker_begin\n");

    $t->run();
}


# arm($n): the nth allocation from now on fails; with 0 none does.

sub arm {
    my ($self, $n) = @_;

    sysseek($self->{file}, 0, 0);
    syswrite($self->{file}, pack('q', $n));
}


# left(): how many will succeed before it; 0 when it has failed.

sub left {
    my ($self) = @_;

    sysseek($self->{file}, 0, 0);
    sysread($self->{file}, my $bytes, 8);

    return unpack('q', $bytes);
}


# try(scenario, seconds, stop): calls scenario->($n), which returns false when
# there were fewer allocations than $n, for as many numbers as there is time
# for, until stop->() is true; returns how many it was called for.

sub try {
    my ($self, $scenario, $seconds, $stop) = @_;

    my $max = 1;
    $max *= 2 while $max < 4096 && $scenario->($max);

    my $end = time() + $seconds;
    my $tried = 0;

    for my $n (shuffle(1 .. $max)) {
        last if time() > $end || $stop->();
        $scenario->($n);
        $tried++;
    }

    return $tried;
}


1;
