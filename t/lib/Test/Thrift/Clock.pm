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

use parent 'Test::Thrift::Preload';


sub new {
    my ($class, $t) = @_;

    my $self = $class->SUPER::new($t, 'clock') or return;

    $self->{ahead} = 0;

    return $self;
}


sub forward {
    my ($self, $seconds) = @_;

    $self->{ahead} += $seconds;
    $self->set($self->{ahead});
}


1;
