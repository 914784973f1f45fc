# SPDX-License-Identifier: BSD-2-Clause

package Servers;

# The real servers of the matrix: how each is started, and what it speaks.
#
# start is given a transport, a protocol and two ports, and returns the commands
# that listen on them.  Those of "make test" have a format for it, "test", and
# in_test if not all settings are for it.

use strict;
use warnings;

use Exporter qw(import);

use Test::Thrift;

our @EXPORT = qw(servers start_server);

my $TOP   = Test::Thrift->top();
my $PEERS = "$TOP/t/peers";
my $BUILD = "$TOP/build/peers";
my $IDL   = "$PEERS/peers.thrift";
my $VENV  = "$TOP/build/hosted/venv/bin/python3";
my $HERE  = "$TOP/t/matrix/servers";
my $MINE  = "$TOP/build/matrix";
my $JAVA  = join(':', "$MINE/java", map { "/usr/share/java/$_.jar" }
                                        qw(thrift slf4j-api slf4j-nop));

my @ALL      = qw(framed-binary framed-compact buffered-binary
                  buffered-compact);
my @FRAMED   = grep { /^framed/ } @ALL;
my @BINARY   = grep { /binary$/ } @ALL;

my @SERVERS = (
    { name => 'cpp', about => 'C++ TThreadedServer', formats => \@ALL,
      test => 'framed-binary', start => apache("$BUILD/server", 'threaded') },

    { name => 'nonblocking', about => 'C++ TNonblockingServer',
      formats => \@FRAMED, test => 'framed-compact',
      start => apache("$BUILD/server", 'nonblocking') },

    { name => 'python', about => 'Python TThreadPoolServer, multiplexed',
      formats => \@ALL, test => 'buffered-binary',
      env => { PEERS_THREADS => $ENV{PEERS_THREADS} || 64 },
      start => apache('/usr/bin/python3', '-B', "$PEERS/server.py", 'pool') },

    { name => 'perl', about => 'Perl ForkingServer', formats => \@BINARY,
      start => each_port($^X, "-I$BUILD/perl", "$PEERS/server.pl",
                         sub { ($_[0], $_[2], "$_[3]/told-$_[2]") }) },

    { name => 'thriftpy', about => 'thriftpy TThreadedServer',
      formats => \@BINARY, test => 'framed-binary', in_test => 'schema',
      start => each_port('/usr/bin/python3', '-B',
                         "$PEERS/server_thriftpy.py", 'thriftpy', $IDL,
                         sub { @_[0, 1, 2] }) },

    { name => 'thriftpy2', about => 'thriftpy2 TThreadedServer',
      formats => \@ALL, needs => $VENV,
      start => each_port($VENV, '-B', "$PEERS/server_thriftpy.py",
                         'thriftpy2', $IDL, sub { @_[0, 1, 2] }) },

    { name => 'aio', about => 'thriftpy2 TAsyncServer, 3 s for a connection',
      formats => \@ALL, needs => $VENV,
      test => 'buffered-compact', in_test => 'schema',
      start => each_port($VENV, '-B', "$PEERS/server_thriftpy.py", 'aio',
                         $IDL, sub { @_[0, 1, 2] }) },

    { name => 'aiothrift', about => 'aiothrift', formats => \@BINARY,
      needs => $VENV,
      start => both_ports($VENV, '-B', "$HERE/server_aiothrift.py", $IDL,
                          sub { $_[0] }) },

    { name => 'go', about => 'Go TSimpleServer', formats => \@ALL,
      needs => "$MINE/go/server",
      start => both_ports("$MINE/go/server", sub { @_[0, 1] }) },

    { name => 'go-header', about => 'Go TSimpleServer, THeader: any dialect',
      formats => [ grep { $_ ne 'buffered-compact' } @ALL ],
      needs => "$MINE/go/server",
      start => both_ports("$MINE/go/server", sub { ('header', $_[1]) }) },

    { name => 'java', about => 'Java TThreadPoolServer', formats => \@ALL,
      needs => "$MINE/java/PeerServer.class",
      start => both_ports('java', '-Xmx512m', '-cp', $JAVA, 'PeerServer',
                          'pool', sub { @_[0, 1] }) },

    { name => 'java-nonblocking', about => 'Java TThreadedSelectorServer',
      formats => \@FRAMED, needs => "$MINE/java/PeerServer.class",
      start => both_ports('java', '-Xmx512m', '-cp', $JAVA, 'PeerServer',
                          'nonblocking', sub { @_[0, 1] }) },

    { name => 'node', about => 'Node', formats => \@ALL,
      needs => "$MINE/js/Peer.js",
      env => { NODE_PATH => "$TOP/build/hosted/node/node_modules" },
      start => both_ports('node', "$HERE/server.js", "$MINE/js",
                          sub { @_[0, 1] }) },

    { name => 'ruby', about => 'Ruby ThreadedServer',
      formats => [ grep { $_ ne 'framed-compact' } @ALL ],
      needs => "$MINE/rb/peer.rb",
      start => both_ports('ruby', '-W0', '-I', "$MINE/rb", "$HERE/server.rb",
                          sub { @_[0, 1] }) },

    { name => 'rust', about => 'Rust TServer, 64 threads', formats => \@ALL,
      needs => "$MINE/rust/release/peer_server",
      start => both_ports("$MINE/rust/release/peer_server",
                          sub { @_[0, 1] }) },
);


sub servers {
    return @SERVERS;
}


# start_server(t, server, transport, protocol, names of ports, environment):
# as daemons of a test; returns their process ids when they listen.

sub start_server {
    my ($t, $server, $transport, $protocol, $names, %env) = @_;

    my @ports = map { $t->port($_) } @$names;

    my @pids = map {
        $t->run_daemon($_, env => { PYTHONPATH => "$BUILD/py",
                                    PYTHONDONTWRITEBYTECODE => 1,
                                    %{$server->{env} || {}}, %env })
    } $server->{start}->($transport, $protocol, \@ports, $t->dir());

    for my $port (@ports) {
        wait_for(sub { Test::Thrift::listens("127.0.0.1:$port") }, 30)
            or die "$server->{name} does not listen: "
                   . $t->read_log('daemon-0.log');
    }

    return @pids;
}


# One process listens on both ports: KIND:TRANSPORT:PROTOCOL:PORT.

sub apache {
    my (@command) = @_;

    my $kind = pop @command;

    return sub {
        my ($transport, $protocol, $ports) = @_;

        return [ @command, map { "$kind:$transport:$protocol:$_" } @$ports ];
    };
}


# One process, whose last arguments are the ports; the last one given says what
# stands before them, given transport and protocol.

sub both_ports {
    my (@command) = @_;

    my $arguments = pop @command;

    return sub {
        my ($transport, $protocol, $ports) = @_;

        return [ @command, $arguments->($transport, $protocol), @$ports ];
    };
}


# A process for each port; the last one says what its arguments are, given
# transport, protocol, port and a directory.

sub each_port {
    my (@command) = @_;

    my $arguments = pop @command;

    return sub {
        my ($transport, $protocol, $ports, $dir) = @_;

        return map { [ @command,
                       $arguments->($transport, $protocol, $_, $dir) ] }
                   @$ports;
    };
}


1;
