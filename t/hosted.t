#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Clients of real libraries call services that nginx hosts: the examples, and
# one that goes wrong in every way.
#
# A client calls everything in each transport and protocol of its library, by
# the names of methods and through TMultiplexedProtocol, and prints what came:
# values, and exceptions as the library's own types.  All clients run at once;
# each has handlers of its own, for they keep what they were told.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $top = Test::Thrift->top();
my $here = "$top/t/hosted";
my $build = "$top/build/hosted";
my $venv = "$build/venv/bin/python3";
my $node = "$build/node/node_modules";

# one test at a time

ok(system('flock', "$top/build", 'make', '-s', '-j2', '-C', $top,
          'hosted') == 0, 'build');

my @python = ('/usr/bin/python3', '-B');

# protocols   those of the library
# multi       it knows TMultiplexedProtocol
# refused     the type of the declared exception
# failed      the type of any other
# octets      what it can send as binary
# needs       what is only there if a registry could be reached

my @clients = (
    {
        name      => 'Apache Python',
        command   => [ @python, "$here/client.py" ],
        path      => "$build/py:$here",
        protocols => [ qw(binary compact json accel accelc) ],
        multi     => 1,
        refused   => 'faults.ttypes.Refused',
        failed    => 'thrift.Thrift.TApplicationException',
    },
    {
        name      => 'Apache C++',
        command   => [ "$build/client" ],
        protocols => [ qw(binary compact json) ],
        multi     => 1,
        refused   => 'Refused',
        failed    => 'apache::thrift::TApplicationException',
    },
    {
        name      => 'Apache Perl',
        command   => [ $^X, "-I$build/perl", "$here/client.pl" ],
        protocols => [ qw(binary) ],
        multi     => 1,
        refused   => 'faults::Refused',
        failed    => 'Thrift::TApplicationException',
    },
    {
        name      => 'Apache Node',
        command   => [ '/usr/bin/node', "$here/client.js" ],
        needs     => $node,
        registry  => 'the npm registry',
        protocols => [ qw(binary compact) ],
        multi     => 1,
        refused   => 'Refused',
        failed    => 'TApplicationException',
    },
    {
        name      => 'thriftpy',
        command   => [ @python, "$here/client_thriftpy.py", 'thriftpy',
                       "$build/idl", 'binary' ],
        path      => $here,
        protocols => [ qw(binary) ],
        multi     => 1,
        refused   => 'faults_thrift.Refused',
        failed    => 'thriftpy.thrift.TApplicationException',
    },
    {
        name      => 'thriftpy2',
        command   => [ $venv, '-B', "$here/client_thriftpy.py", 'thriftpy2',
                       "$build/idl", 'binary,compact' ],
        path      => "$build/venv/newest:$here",
        needs     => $venv,
        registry  => 'PyPI',
        protocols => [ qw(binary compact) ],
        multi     => 1,
        refused   => 'faults_thrift.Refused',
        failed    => 'thriftpy2.thrift.TApplicationException',
    },
    {
        name      => 'aiothrift',
        command   => [ $venv, '-B', "$here/client_aiothrift.py",
                       "$build/idl" ],
        path      => $here,
        needs     => $venv,
        registry  => 'PyPI',
        protocols => [ qw(binary) ],
        octets    => '0001',
        refused   => 'faults_thrift.Refused',
        failed    => 'aiothrift.errors.ThriftAppError',
    },
);

my @services = qw(PingPong WeatherService MyService Faults);

my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('faults', source => "$here/faults.c",
            idl => "$here/faults.thrift");

my $servers = join("\n", map { servers($_) } 0 .. $#clients);

$t->write_conf(conf(<<'EOF', servers => $servers));

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TOP%%/examples/pingpong/pingpong.thrift;
    thrift_idl  %%TOP%%/examples/weather/weather.thrift;
    thrift_idl  %%TOP%%/examples/myservice/myservice.thrift;
    thrift_idl  %%TOP%%/t/hosted/faults.thrift;

    log_format  calls  '$thrift_service.$thrift_method $thrift_status '
                       '$thrift_exception';
    access_log  %%TESTDIR%%/calls.log  calls;

    #servers
}

EOF

$t->run();

my ($runs, $named) = (0, 0);

start_client($_) for grep { is_there($_) } @clients;
check_client($_) for @clients;
check_log();

$t->done();


sub is_there {
    my ($client) = @_;

    return !$client->{needs} || -e $client->{needs};
}


# Of one client: a server for each service, and one for all of them.

sub servers {
    my ($i) = @_;

    return <<"EOF";
    server {
        listen  127.0.0.1:%%PORT_${i}_PingPong%%;

        thrift_service PingPong {
            thrift_handler  %%TOP%%/build/examples/pingpong.so  delay=50;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_${i}_WeatherService%%;

        thrift_service WeatherService {
            thrift_handler  %%TOP%%/build/examples/weather.so;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_${i}_MyService%%;

        thrift_service MyService {
            thrift_handler  %%TOP%%/build/examples/myservice.so  client=$i;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_${i}_Faults%%;

        thrift_service Faults {
            thrift_handler  %%TESTDIR%%/faults.so  client=$i;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_${i}_All%%;

        # both have a method "ping"

        thrift_service PingPong order=1 {
            thrift_handler  %%TOP%%/build/examples/pingpong.so  delay=50;
        }

        thrift_service WeatherService order=2 {
            thrift_handler  %%TOP%%/build/examples/weather.so;
        }

        thrift_service MyService {
            thrift_handler  %%TOP%%/build/examples/myservice.so  client=$i;
        }

        thrift_service Faults {
            thrift_handler  %%TESTDIR%%/faults.so  client=$i;
        }
    }
EOF
}


sub start_client {
    my ($client) = @_;

    my ($i) = grep { $clients[$_] == $client } 0 .. $#clients;
    my @ports = map { $t->port("${i}_$_") } @services, 'All';

    my $pid = open($client->{out}, '-|');
    die "fork: $!" unless defined $pid;

    return if $pid;

    open(STDIN, '<', '/dev/null');
    open(STDERR, '>&', \*STDOUT);

    $ENV{PYTHONPATH} = $client->{path} || '';
    $ENV{PYTHONDONTWRITEBYTECODE} = 1;
    $ENV{PYTHONIOENCODING} = 'utf-8';
    $ENV{NODE_PATH} = "$build/js:$node";

    alarm(50 * time_factor());
    { no warnings 'exec'; exec { $client->{command}[0] }
                               @{$client->{command}}, @ports; }
    print "cannot run $client->{command}[0]: $!\n";
    POSIX::_exit(127);
}


# The ways in which a client has to call.

sub ways {
    my ($client) = @_;
    my @ways;

    for my $transport (qw(buffered framed)) {
        for my $protocol (@{$client->{protocols}}) {
            push @ways, "$transport $protocol";
            push @ways, "$transport $protocol multiplexed"
                if $client->{multi};
        }
    }

    return @ways;
}


sub check_client {
    my ($client) = @_;

    my $name = $client->{name};
    my @ways = ways($client);

    SKIP: {
        skip "$name is not in build/hosted ($client->{registry} could not be "
             . 'reached): see "make hosted-clients"', 1
            unless $client->{out};

        my $text = do { local $/; readline($client->{out}) };
        close($client->{out});

        is($?, 0, "$name ends well");

        my ($before, %got) = split /^== (.*)\n/m, defined $text ? $text : '';

        is($before, '', "$name says no more") or diag($text);
        is($got{$_}, expected($client, $_), "$name, $_") for @ways;

        $runs += @ways;
        $named += grep { /multiplexed/ } @ways;
    }
}


sub expected {
    my ($client, $way) = @_;

    my ($refused, $failed) = @$client{qw(refused failed)};
    my $octets = $client->{octets} || '0001feff';
    my $fresh = $way =~ /multiplexed/ ? 'Faults:fresh' : 'fresh';
    my $unfit = 'arguments do not fit their definition';

    my @lines = (
        'ping: pong',
        'add: 9007199254740993',
        'weather ping: yes',
        'in France: 19 C in Paris, France',
        'anywhere: 7 C in Oslo',
        'do: nothing',
        'status: yes',
        'do: nothing',
        'status: no',
        'refuse 0: 0',
        "refuse 7: $refused 7 refused 7",
        "fail: $failed 6 failed: so",
        qq(fresh: $failed 1 unknown method "$fresh"),
        "changed: $failed 7 $unfit: wrong type, i32 expected at number",
        "required: $failed 7 $unfit: missing required field at item.id",
        'twice: -42',
        'describe: yes 1 tiny -128 small -32768 middle -2147483648'
        . ' large -9007199254740993 real -0.1'
        . " text Gr\xc3\xbc\xc3\x9fe octets $octets color 5 inner -1 in"
        . ' numbers 4/2147483647 words +x members 3/1099511627775'
        . ' counts a=-2 nested 7=-1,300 flags 101 either or absent 0 far 0',
        'echo: the same',
        'tell: nothing',
        'told: yes',
        'told again: ',
    );

    push @lines, qq(nope: $failed 1 unknown method "Nope:refuse")
        if $way =~ /multiplexed/;

    return join('', map { "$_\n" } @lines);
}


# Each call has its line, with what became of it.

sub check_log {
    my %lines = (
        'PingPong.add success'                     => $runs,
        'MyService.doSomething success'            => 2 * $runs,
        'Faults.refuse success'                    => $runs,
        'Faults.refuse declared'                   => $runs,
        'Faults.fail exception INTERNAL_ERROR'     => $runs,
        'Faults.fresh exception UNKNOWN_METHOD'    => $runs,
        'Faults.twice exception PROTOCOL_ERROR'    => $runs,
        'Faults.weigh exception PROTOCOL_ERROR'    => $runs,
        'Faults.tell sent'                         => $runs,
        'Nope.refuse exception UNKNOWN_METHOD'     => $named,
    );

    for my $line (sort keys %lines) {
        my @found = $t->wait_log(qr/^\Q$line\E\b/, 'calls.log', undef,
                                 $lines{$line});

        is(scalar @found, $lines{$line}, "log: $line");
    }

    is(join("\n", $t->grep_log(qr/\[(?:warn|error)\]/)), '', 'no errors');
}
