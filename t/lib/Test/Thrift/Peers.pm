# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift::Peers;

# Clients and servers of Apache's libraries, built from t/peers: servers are told
# by words such as "threaded:framed:binary:9090", and clients print what they got.
#
#     start_servers($t, py => [ @words ], cpp => [ @words ]);
#     is(output(@client, 'framed', 'binary', $port), $expected, 'name');

use strict;
use warnings;

use base 'Exporter';

use POSIX ();
use Test::Thrift;

our @EXPORT = qw(output start_servers);


my $top = Test::Thrift->top();

my %server = (py  => [ '/usr/bin/python3', '-B', "$top/t/peers/server.py" ],
              cpp => [ "$top/build/peers/server" ]);


# Returns when all of them listen.

sub start_servers {
    my ($t, %words) = @_;

    for my $kind (sort keys %words) {
        $t->run_daemon([ @{$server{$kind}}, @{$words{$kind}} ]);
    }

    for my $port (map { /(\d+)$/ } map { @$_ } values %words) {
        die "no server on port $port"
            unless wait_for(sub { Test::Thrift::listens("127.0.0.1:$port") },
                            20);
    }
}


# What a command prints, errors included, and its exit code if that is not 0.

sub output {
    my (@command) = @_;

    my $pid = open(my $out, '-|');
    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        open(STDIN, '<', '/dev/null');
        open(STDERR, '>&', \*STDOUT);
        alarm(60 * time_factor());
        { no warnings 'exec'; exec { $command[0] } @command; }
        print "cannot run $command[0]: $!\n";
        POSIX::_exit(127);
    }

    my $text = do { local $/; <$out> };

    close($out);

    return (defined $text ? $text : '') . ($? ? "exit code $?\n" : '');
}


1;
