#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Real clients and servers say the same to each other through nginx as without.
#
# A client prints what each of its calls returned: from the server itself, from
# nginx, and from an nginx that knows the IDL and validates after it.  Here each
# kind of client calls each kind of server in one transport and protocol; with
# PEERS=all ("make interop") in every one.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $top = Test::Thrift->top();
my $here = "$top/t/peers";
my $build = "$top/build/peers";
my $idl = "$here/peers.thrift";
my $venv = "$build/venv/bin/python3";

my @perl = ($^X, "-I$build/perl");
my @python = ('/usr/bin/python3', '-B');

ok(system('make', '-s', '-C', $top, '-f', 't/peers/peers.mk', 'peers') == 0,
   'build');

$ENV{PYTHONPATH} = "$build/py:$here";
$ENV{PYTHONDONTWRITEBYTECODE} = 1;

# name, transport, protocol; those of one name are one kind

my @servers = (
    (map { [ 'py', @$_ ] } formats()),
    (map { [ 'cpp', @$_ ] } formats()),
    (map { [ 'nonblocking', @$_ ] } grep { $_->[0] eq 'framed' } formats()),
    (map { [ 'perl', @$_ ] } grep { $_->[1] eq 'binary' } formats()),
);

# what to run, given transport, protocol and port

my %py_fast = (binary => 'accel', compact => 'accelc');
my @clients = (
    [ 'py', sub { @python, "$here/client.py", @_ } ],
    [ 'py multi', sub { @python, "$here/client.py", @_, 'multi' } ],
    [ 'py accelerated', sub { @python, "$here/client.py", $_[0],
                              $py_fast{$_[1]}, $_[2] } ],
    [ 'cpp', sub { "$build/client", @_ } ],
    [ 'cpp multi', sub { "$build/client", @_, 'multi' } ],
    [ 'cpp concurrent', sub { "$build/client", @_, 'concurrent' } ],
    [ 'perl', sub { $_[1] ne 'binary' ? ()
                    : (@perl, "$here/client.pl", @_[0, 2]) } ],
    [ 'perl multi', sub { $_[1] ne 'binary' ? ()
                          : (@perl, "$here/client.pl", @_[0, 2], 'multi') } ],
    [ 'thriftpy', sub { $_[1] ne 'binary' ? ()
                        : (@python, "$here/client_thriftpy.py", 'thriftpy',
                           $idl, @_) } ],
);

my @from_pypi = (
    [ 'thriftpy2', sub { $venv, "$here/client_thriftpy.py", 'thriftpy2', $idl,
                         @_ } ],
    [ 'aiothrift', sub { "@_[0, 1]" ne 'buffered binary' ? ()
                         : ($venv, "$here/client_aiothrift.py", $idl,
                            $_[2]) } ],
);

push @clients, @from_pypi if -x $venv;

# These send a oneway as a CALL, which nobody answers: only with the IDL can
# nginx know.

my %needs_idl = (thriftpy => 1, aiothrift => 1);

# servers that serve few connections at a time, and how many may be idle

my %limited = (py_simple => 0, cpp_simple => 0, py_pool => 2, cpp_pool => 2);

my $conf = conf(<<'EOF', servers => of_servers(), limited => of_limited());

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  calls  '$thrift_service:$thrift_method $thrift_type '
                       '$thrift_status $thrift_exception';
    access_log  %%TESTDIR%%/calls.log  calls;

    # Perl's servers close a connection that was idle for ten seconds

    thrift_keepalive  32  timeout=4s;

    #servers
    #limited
}

EOF

my $t = Test::Thrift->new($conf, log => 'info');

start_servers();
$t->run();

pairs();
unknown_service();
few_threads();

SKIP: {
    skip 'no thriftpy2 and aiothrift: see "make interop"', 1 unless -x $venv;
    pass('thriftpy2 and aiothrift');
}

is(join("\n", grep { !/Nope/ } $t->grep_log(qr/\[error\]/)), '', 'no errors');

$t->done();


sub formats {
    return map { my $framing = $_; map { [ $framing, $_ ] } qw(binary compact) }
               qw(framed buffered);
}


sub key {
    return join('_', @{$_[0]});
}


sub of_servers {
    return join("\n", map { <<"EOF" } map { key($_) } @servers);
    server {
        listen       127.0.0.1:%%PORT_$_%%;
        thrift_pass  127.0.0.1:%%PORT_direct_$_%%;
    }

    server {
        listen           127.0.0.1:%%PORT_idl_$_%%;
        thrift_idl       $idl;
        thrift_validate  schema;

        thrift_service Peer {
            thrift_pass  127.0.0.1:%%PORT_direct_$_%%;
        }

        thrift_service Other {
            thrift_pass  127.0.0.1:%%PORT_direct_$_%%;
        }
    }
EOF
}


sub of_limited {
    return join("\n", map { <<"EOF" } sort keys %limited);
    upstream $_ {
        server            127.0.0.1:%%PORT_direct_$_%%;
        thrift_keepalive  $limited{$_};
    }

    server {
        listen       127.0.0.1:%%PORT_$_%%;
        thrift_pass  $_;
    }
EOF
}


sub start_servers {
    my (@py, @cpp, @ports);

    for my $server (@servers) {
        my ($name, $transport, $protocol) = @$server;
        my $port = $t->port('direct_' . key($server));

        push @ports, $port;

        if ($name eq 'perl') {
            $t->run_daemon([ @perl, "$here/server.pl", $transport, $port,
                             $t->dir() . "/told-$port" ]);
            next;
        }

        my $kind = $name eq 'nonblocking' ? $name : 'threaded';

        push @{$name eq 'py' ? \@py : \@cpp},
             "$kind:$transport:$protocol:$port";
    }

    for (sort keys %limited) {
        my ($name, $kind) = split /_/;
        my $port = $t->port("direct_$_");

        push @ports, $port;
        push @{$name eq 'py' ? \@py : \@cpp}, "$kind:framed:binary:$port";
    }

    $t->run_daemon([ @python, "$here/server.py", @py ]);
    $t->run_daemon([ "$build/server", @cpp ]);

    for my $port (@ports) {
        die "no server on port $port"
            unless wait_for(sub { Test::Thrift::listens("127.0.0.1:$port") },
                            20);
    }
}


# Run commands at the same time; what each printed, and its exit code.

sub outputs {
    my @running = map {
        my $pid = open(my $out, '-|');
        die "fork: $!" unless defined $pid;

        if ($pid == 0) {
            open(STDIN, '<', '/dev/null');
            open(STDERR, '>&', \*STDOUT);
            alarm(60 * time_factor());
            { no warnings 'exec'; exec { $_->[0] } @$_; }
            print "cannot run $_->[0]: $!\n";
            POSIX::_exit(127);
        }

        $out;
    } @_;

    return map {
        my $out = $_;
        my $text = do { local $/; <$out> };
        close($out);
        (defined $text ? $text : '') . ($? ? "exit code $?\n" : '');
    } @running;
}


# Which server with which client in which format: all, or one of each.

sub chosen {
    my ($name, $command) = @_;
    my (@chosen, %kinds);

    for my $server (@servers) {
        my ($kind, @format) = @$server;
        push @{$kinds{$kind}}, $server if $command->(@format, 0);
    }

    for my $kind (sort keys %kinds) {
        my @all = @{$kinds{$kind}};

        push @chosen, ($ENV{PEERS} || '') eq 'all'
                      ? @all : $all[(length($name) + length($kind)) % @all];
    }

    return @chosen;
}


sub pairs {
    for my $client (@clients) {
        my ($name, $command) = @$client;

        for my $server (chosen(@$client)) {
            my ($kind, $transport, $protocol) = @$server;
            my $key = key($server);
            my $what = "$name to $kind, $transport $protocol";

            my ($direct, $idl, $through) = outputs(map {
                [ $command->($transport, $protocol, $t->port($_)) ]
            } "direct_$key", "idl_$key", $needs_idl{$name} ? () : $key);

            is($through, $direct, $what) unless $needs_idl{$name};

            my @other = grep { !/: (?:ok|True)$/
                               && !/^(?:fail|fresh): .*(?:Except|Error)/
                               && !/^refuse 7: Refused 7 refused 7$/ }
                             split /\n/, $direct;

            is("@other", '', "$what: right");

            # an unknown method is not sent on

            s/(?<=fresh: )(\w+).*/$1/ for $idl, $direct;

            is($idl, $direct, "$what, with the IDL");
        }
    }

    ok($t->wait_log(qr/^Other:twice CALL success -/, 'calls.log'),
       'multiplexed calls');
    ok($t->grep_log(qr/:tell ONEWAY sent -/, 'calls.log'), 'oneway calls');
    ok($t->grep_log(qr/:refuse CALL declared -/, 'calls.log'),
       'declared exceptions');
    ok($t->grep_log(qr/:fresh CALL exception UNKNOWN_METHOD/, 'calls.log'),
       'unknown methods');
}


# A server may close because of it, nginx does not.

sub unknown_service {
    for my $server (grep { $_->[1] eq 'framed' } @servers) {
        my ($kind, $transport, $protocol) = @$server;
        my ($text) = outputs([ @python, "$here/client.py", $transport,
                               $protocol, $t->port(key($server)), 'nope' ]);

        like($text, qr/^nope: TApplicationException .*\nafter nope: ok\n$/,
             "unknown service of $kind, $protocol");
    }
}


# A connection that nginx keeps takes a thread of a server like these; with
# fewer kept than there are threads, everybody is served.

sub few_threads {
    for my $name (sort keys %limited) {
        my @texts = outputs(map {
            [ "$build/client", 'framed', 'binary', $t->port($name), $_ ]
        } qw(concurrent concurrent plain multi));

        is(join('', grep { !/: ok$|^fail|^fresh|^refuse/ }
                         map { "$_\n" } map { split /\n/ } @texts), '',
           "$name: four clients");

        my ($text) = outputs([ "$build/client", 'framed', 'binary',
                               $t->port("direct_$name") ]);
        like($text, qr/sleep: ok$/, "$name: and one past nginx");
    }
}
