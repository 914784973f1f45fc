# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift::Clock;

# An nginx for which time goes by faster, by t/data/clock.c: for what happens
# once a minute.
#
#     my $clock = Test::Thrift::Clock->new($t);       # undef: no compiler
#     $clock->run();
#     $clock->forward(61);
#
# nginx looks at the clock when something happens; a connection is enough.

use strict;
use warnings;

use Fcntl qw(O_CREAT O_RDWR);


sub new {
    my ($class, $t) = @_;

    my $dir = $t->dir();

    return if system('cc -shared -fPIC -O1 -o ' . "$dir/clock.so "
                     . $t->top() . "/t/data/clock.c 2>$dir/cc.log");

    sysopen(my $file, "$dir/clock", O_CREAT | O_RDWR) or die "clock: $!";

    my $self = bless { t => $t, file => $file, ahead => 0 }, $class;
    $self->forward(0);

    return $self;
}


# Starts nginx.

sub run {
    my ($self) = @_;

    my $t = $self->{t};

    local $ENV{LD_PRELOAD} = $t->dir() . '/clock.so';
    local $ENV{CLOCK_FILE} = $t->dir() . '/clock';
    local $ENV{ASAN_OPTIONS} = 'verify_asan_link_order=0';

    $t->run();
}


sub forward {
    my ($self, $seconds) = @_;

    $self->{ahead} += $seconds;

    sysseek($self->{file}, 0, 0);
    syswrite($self->{file}, pack('q', $self->{ahead}));
}


1;
