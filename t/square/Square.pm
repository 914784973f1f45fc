# SPDX-License-Identifier: BSD-2-Clause

package Square;

# Apache's test programs, one client and one server for each library: what they
# speak, and how they are started.  See square.mk.
#
# dialects  transport and protocol, and "multi" where names have a service
# program   given transport, protocol, "multi" or nothing, and port: where it is
#           started, and the command
# alone     a server that has one connection at a time
# threads   a server that has a thread for each connection, and so many
# differs   by transport: what a client prints when it ends, wrongly, although
#           each of its calls was answered

use strict;
use warnings;

use Exporter qw(import);

use Test::Thrift;

our @EXPORT = qw(clients servers dialects table);

my $BUILD = Test::Thrift->top() . '/build/square';
my $TEST  = "$BUILD/source/test";
my $NODE  = "$BUILD/source/lib/nodejs/test";

my @PLAIN   = dialects('framed buffered', 'binary compact');
my @JSON    = dialects('framed buffered', 'binary compact json');
my @HTTP    = dialects('http', 'binary compact json');
my @MULTI   = ([ qw(framed binary multi) ], [ qw(buffered compact multi) ]);
my @HEADER  = ([ qw(header binary) ]);
my @HEADERC = ([ qw(header compact) ]);

# How the options name a protocol when names have a service

my %MULTI = (binary => 'multi', compact => 'multic', json => 'multij',
             header => 'multih');


my @CLIENTS = (
    { name => 'C++', needs => 'cpp',
      dialects => [ @JSON, @HEADERC, @HTTP, @MULTI,
                    [ qw(header compact multi) ],
                    [ qw(buffered json multi) ] ],

      # it takes the response to a oneway for that to the next call

      differs => { http => qr/testOneway\(1\)[ ]=>[ ]{2}success.*\n
                              re-test[ ]testI32\(-1\)(?![ ]=)/x },
      program => in("$BUILD/cpp", './TestClient', '--host=127.0.0.1') },

    { name => 'Python', needs => 'py',
      dialects => [ @JSON, @HEADER, @HTTP, @MULTI, [ qw(framed json multi) ] ],
      program => python('TestClient.py', '--host=127.0.0.1') },

    { name => 'Go', needs => 'go',
      dialects => [ @JSON, @HEADER, @HTTP ],
      program => in("$BUILD/go", './testclient', '--host=127.0.0.1') },

    { name => 'Java', needs => 'java',
      dialects => [ @JSON, @HTTP, @MULTI ],
      program => java('TestClient', '--host=127.0.0.1') },

    { name => 'Node', needs => 'js',
      dialects => [ @JSON, @HTTP ],
      program => in($NODE, 'node', 'client.js', '--host=127.0.0.1') },

    { name => 'Rust', needs => 'rs', dialects => [ @PLAIN, @MULTI ],
      program => in("$BUILD/rs/debug", './test_client', '--host=127.0.0.1') },

    { name => 'PHP', needs => 'php', dialects => \@JSON,
      program => in("$BUILD/php", 'php', '-n', "$TEST/php/TestClient.php") },

    { name => 'Ruby', needs => 'rb', dialects => \@JSON,
      program => in("$TEST/rb/gen-rb", 'ruby', '-W0',
                    '../integration/TestClient.rb', '--',
                    '--host=127.0.0.1') },

    { name => 'Perl', needs => 'perl',
      dialects => [ (grep { $_->[1] eq 'binary' } @PLAIN), $MULTI[0] ],
      program => in("$BUILD/perl", $^X, '-I.', "$TEST/perl/TestClient.pl",
                    '--host=127.0.0.1') },

    { name => 'C (glib)', needs => 'c_glib', dialects => [ @PLAIN, @MULTI ],
      program => in("$BUILD/c_glib", './test_client', '--host=127.0.0.1') },
);


my @SERVERS = (
    { name => 'C++', needs => 'cpp', multi => 1,
      dialects => [ @JSON, @HEADER, @HEADERC ],
      program => in("$BUILD/cpp", './TestServer', '--server-type=threaded') },

    { name => 'Python', needs => 'py', multi => 1,
      dialects => [ @JSON, @HEADER, @HEADERC ],
      program => python('TestServer.py', '-q', 'TThreadedServer') },

    { name => 'Go', needs => 'go', dialects => [ @JSON, @HEADER, @HEADERC ],
      program => in("$BUILD/go", './testserver', '--host=127.0.0.1') },

    { name => 'Java', needs => 'java', dialects => \@JSON, multi => 1,
      program => java('TestServer') },

    { name => 'Node', needs => 'js',
      dialects => [ @JSON, @HEADER, @HEADERC ],
      program => in($NODE, 'node', 'server.js') },

    { name => 'Rust', needs => 'rs', dialects => \@PLAIN, multi => 1,
      threads => 32,
      program => in("$BUILD/rs/debug", './test_server', '--workers=32') },

    { name => 'Ruby', needs => 'rb', dialects => \@JSON,
      program => in("$TEST/rb/gen-rb", 'ruby', '-W0',
                    '../integration/TestServer.rb') },

    { name => 'Perl', needs => 'perl', multi => 1, alone => 1,
      dialects => [ grep { $_->[1] eq 'binary' } @PLAIN ],
      program => in("$BUILD/perl", $^X, '-I.', "$TEST/perl/TestServer.pl") },

    { name => 'C (glib)', needs => 'c_glib', dialects => \@PLAIN, multi => 1,
      alone => 1, program => in("$BUILD/c_glib", './test_server') },
);


sub clients {
    return grep { -e "$BUILD/$_->{needs}.done" } @CLIENTS;
}


sub servers {
    return grep { -e "$BUILD/$_->{needs}.done" } @SERVERS;
}


# Each of these transports with each of these protocols.

sub dialects {
    my ($transports, $protocols) = @_;

    return map { my $transport = $_;
                 map { [ $transport, $_ ] } split / /, $protocols }
               split / /, $transports;
}


# The options that all have; THeader is a protocol to them.

sub options {
    my ($transport, $protocol, $multi, $port) = @_;

    ($transport, $protocol) = ('buffered', 'header') if $transport eq 'header';
    $protocol = $MULTI{$protocol} if $multi;

    return ("--protocol=$protocol", "--transport=$transport", "--port=$port");
}


sub in {
    my ($directory, @command) = @_;

    return sub { return $directory, @command, options(@_) };
}


# Its own options stand before the kind of server.

sub python {
    my ($program, @arguments) = @_;

    return sub {
        my ($transport, @others) = @_;

        return "$TEST/py", '/usr/bin/python3', '-B', $program,
               "--genpydir=$BUILD/py/gen-py", options($transport, @others),
               $transport eq 'http' ? '--http=/test' : (), @arguments;
    };
}


sub java {
    my ($class, @arguments) = @_;

    return in("$BUILD/java", 'java', '-Xmx256m', '-XX:TieredStopAtLevel=1',
              '-XX:+UseSerialGC', '-cp', 'classes:jars/*',
              "org.apache.thrift.test.$class", @arguments);
}


# --- the table of docs/compatibility.md -----------------------------------------

# How many squares, of clients that speak what a row says and servers that speak
# what a column says; and which libraries they are.

sub table {
    my @runs = @_;
    my (%squares, %of, %name);

    for (@runs) {
        my ($from, $to) = map { called(@$_[0, 1]) } $_->{from},
                                                    $_->{place}{dialect};

        $squares{$from}{$to}++;
        $of{clients}{$from}{$_->{client}{name}} = 1;
        $of{servers}{$to}{$_->{place}{name}} = 1;
    }

    my @from = grep { $squares{$_} } map { called(@$_) }
               dialects('framed buffered header http', 'binary compact json');
    my @to = grep { $of{servers}{$_} } @from;
    my $text = line('calls come as, from', map { "to $_" } @to)
               . line(map { '---' } 0 .. @to);

    for my $from (@from) {
        my $who = names($of{clients}{$from});

        $text .= line("$from: $who", map { $squares{$from}{$_} } @to);
    }

    return $text . line('servers', map { names($of{servers}{$_}) } @to);
}


sub called {
    my ($transport, $protocol) = @_;

    my %names = (buffered => 'unframed', header => 'THeader', http => 'HTTP',
                 json => 'JSON');

    return join(' ', map { $names{$_} || $_ } $transport, $protocol);
}


sub names {
    my ($names) = @_;

    return join(', ', sort keys %$names);
}


sub line {
    return '| ' . join(' | ', @_) . " |\n";
}


1;
