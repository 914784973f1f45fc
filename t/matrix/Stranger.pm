# SPDX-License-Identifier: BSD-2-Clause

package Stranger;

# One who does to a server all that is known, beside those who behave.

use strict;
use warnings;

use Exporter qw(import);

use Hostile;
use Kinds;
use Test::Thrift;

our @EXPORT = qw(stranger);


# stranger($t, $where, $format, $backwards, $server): sends to the port all kinds
# in turn, in this format, from either end of the table; only those that can be
# said of the server, if it is named.  Returns the pid of its process, a daemon
# of the test; stranger-FORMAT.log is empty unless something is wrong with it.

sub stranger {
    my ($t, $where, $format, $backwards, $server) = @_;

    my ($transport, $protocol) = split /-/, $format;
    my @kinds = kinds($format, $server);

    @kinds = reverse @kinds if $backwards;

    return $t->run_daemon(sub {
        my $hostile = Hostile->new(
            address => $t->address($where), protocol => $protocol,
            transport => $transport eq 'framed' ? 'framed' : 'unframed',
            tag => 'stranger');

        for ( ;; ) {
            $hostile->round($_) for @kinds;
            $hostile->{round}++;
            $hostile->close();
        }
    }, log => "stranger-$format.log");
}


1;
