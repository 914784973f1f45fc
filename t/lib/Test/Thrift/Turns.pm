# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift::Turns;

# An nginx that says how long the longest turn of its event loop was, by
# t/data/turns.c: in processor time, which other programs do not disturb.
#
#     my $turns = Test::Thrift::Turns->new($t);       # undef: no compiler
#     $turns->run();
#     $turns->longest();                  # milliseconds, since the last time

use strict;
use warnings;

use Fcntl qw(O_CREAT O_RDWR);


sub new {
    my ($class, $t) = @_;

    my $dir = $t->dir();

    return if system('cc -shared -fPIC -O1 -o ' . "$dir/turns.so "
                     . $t->top() . "/t/data/turns.c 2>$dir/cc.log");

    sysopen(my $file, "$dir/turns", O_CREAT | O_RDWR) or die "turns: $!";

    my $self = bless { t => $t, file => $file }, $class;
    $self->reset();

    return $self;
}


# Starts nginx.

sub run {
    my ($self) = @_;

    my $t = $self->{t};

    local $ENV{LD_PRELOAD} = $t->dir() . '/turns.so';
    local $ENV{TURNS_FILE} = $t->dir() . '/turns';
    local $ENV{ASAN_OPTIONS} = 'verify_asan_link_order=0';

    $t->run();
}


sub reset {
    my ($self) = @_;

    sysseek($self->{file}, 0, 0);
    syswrite($self->{file}, pack('q', 0));
}


sub longest {
    my ($self) = @_;

    sysseek($self->{file}, 0, 0);
    sysread($self->{file}, my $bytes, 8);

    $self->reset();

    return unpack('q', $bytes) / 1e6;
}


1;
