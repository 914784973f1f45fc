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

use parent 'Test::Thrift::Preload';


sub new {
    my ($class, $t) = @_;

    return $class->SUPER::new($t, 'turns');
}


sub reset {
    my ($self) = @_;

    $self->set(0);
}


sub longest {
    my ($self) = @_;

    my $longest = $self->get();

    $self->reset();

    return $longest / 1e6;
}


1;
