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

use List::Util qw(shuffle);
use Time::HiRes qw(time);

use parent 'Test::Thrift::Preload';


sub new {
    my ($class, $t) = @_;

    return $class->SUPER::new($t, 'nomem');
}


# Starts nginx.

sub run {
    my ($self) = @_;

    # what dlopen() keeps is known to the checker by who calls malloc()

    local $ENV{LSAN_OPTIONS} = 'suppressions='
        . $self->{t}->write_file('leaks', "leak:dl_open_worker_begin\n");

    $self->SUPER::run();
}


# arm($n): the nth allocation from now on fails; with 0 none does.

sub arm {
    my ($self, $n) = @_;

    $self->set($n);
}


# left(): how many will succeed before it; 0 when it has failed.

sub left {
    my ($self) = @_;

    return $self->get();
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
