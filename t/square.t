#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Apache's cross-language test with nginx in it: clients of all libraries, in
# every dialect that they speak, call servers of all libraries in every dialect
# that those speak.  Whoever understand each other without nginx do so through
# it, in any two dialects.
#
# SQUARE=one ("make square") has each client call one server of each dialect,
# and each library another one in turn; SQUARE=all, every one.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/square";

use POSIX ();
use Test::More;
use Test::Thrift;

use Square;
use Test::Thrift::Files;


my $top = Test::Thrift->top();
my $jobs = $ENV{SQUARE_JOBS} || 6;

plan(skip_all => 'see "make square"') unless $ENV{SQUARE};

my $square = "$top/build/square";
my %environment = (NODE_PATH => "$square/source/lib/nodejs/lib:"
                                . "$square/node/node_modules",
                   PYTHONDONTWRITEBYTECODE => 1);
my @clients = clients();
my @servers = servers();
my @to = dialects('framed buffered', 'binary compact json');

push @to, dialects('header', 'binary compact');

# a server for each dialect of each library

my @places = map { my $server = $_;
                   map { { %$server, dialect => $_,
                           key => key($server->{needs}, @$_) } }
                       @{$server->{dialects}} } @servers;

my $conf = conf(<<'EOF', places => of_places(), doors => of_doors());

%%TEST_GLOBALS%%

events {
    worker_connections  4096;
}

http {
    %%TEST_GLOBALS_HTTP%%

    client_max_body_size     16m;

    #doors
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  calls  '$server_port $thrift_transport $thrift_protocol '
                       '$thrift_service:$thrift_method $thrift_type '
                       '$thrift_status $thrift_exception';
    access_log  %%TESTDIR%%/calls.log  calls;

    # Ruby takes a second to read ten kilobytes of JSON

    thrift_timeout  240s;

    thrift_idl  %%TOP%%/build/square/source/test/ThriftTest.thrift;

    #places
}

EOF

my $t = Test::Thrift->new($conf, http => 1, log => 'info');
my $number = 0;

start_servers();
$t->run();

my %direct = direct();
my %through = through();

report();

$t->done();


sub key {
    return join('_', @_);
}


# A server that has one service gets its calls without a service's name; those
# of the other service go to one that has both.

sub of_places {
    my ($both) = grep { $_->{needs} eq 'cpp' } @places;

    return join("\n", map {
        my ($transport, $protocol) = @{$_->{dialect}};
        my $other = $_->{multi} ? $_ : $both;
        my $multiplexed = $_->{multi} ? 'on' : 'off';
        my $limit = $_->{alone} ? 'thrift_keepalive 0 max=1;'
                    : $_->{threads}
                    ? "thrift_keepalive $_->{threads} max=$_->{threads};"
                    : '';

        $transport = 'unframed' if $transport eq 'buffered';

        <<"EOF";
    upstream $_->{key} {
        server                       127.0.0.1:%%PORT_direct_$_->{key}%%;
        thrift_upstream_transport    $transport;
        thrift_upstream_protocol     $protocol;
        thrift_upstream_multiplexed  $multiplexed;
        $limit
    }

    server {
        listen       127.0.0.1:%%PORT_$_->{key}%%;
        thrift_name  $_->{key};

        thrift_service ThriftTest     { thrift_pass  $_->{key}; }
        thrift_service SecondService  { thrift_pass  $other->{key}; }
    }
EOF
    } @places);
}


sub of_doors {
    return join("\n", map { <<"EOF" } map { $_->{key} } @places);
    server {
        listen  127.0.0.1:%%PORT_http_$_%%;

        location / {
            thrift_door  $_;
        }
    }
EOF
}


# Those that are not there: Node's server ends when a client resets its
# connection.

sub start_servers {
    for (grep { !Test::Thrift::listens($t->address("direct_$_->{key}")) }
              @places)
    {
        my $port = $t->port("direct_$_->{key}");
        my ($directory, @command) = $_->{program}->(
            @{$_->{dialect}}, $_->{multi}, $port);

        $t->run_daemon([ 'sh', '-c', 'cd "$0" && exec "$@"', $directory,
                         @command ],
                       env => \%environment, log => "server-$_->{key}.log");
    }

    for (@places) {
        my $address = $t->address("direct_$_->{key}");

        wait_for(sub { Test::Thrift::listens($address) }, 60)
            or die "$_->{key} does not listen: "
                   . $t->read_log("server-$_->{key}.log");
    }
}


# What clients make of servers whose dialect they speak themselves, by client
# and server: whether it is right in any of them.

sub direct {
    my (%direct, @runs);

    for my $client (@clients) {
        for my $place (@places) {
            my ($same) = grep { "@$_" eq "@{$place->{dialect}}" }
                              @{$client->{dialects}};
            my $pair = key($client->{needs}, $place->{needs});

            next if !$same || $direct{$pair}++ && $ENV{SQUARE} ne 'all';

            push @runs, { name => "direct $client->{needs} $place->{key}",
                          pair => $pair, place => $place,
                          command => [ $client->{program}->(@$same, '',
                              $t->port("direct_$place->{key}")) ] };
        }
    }

    run_all(@runs);
    start_servers();
    run_all(grep { $_->{status} } @runs);
    start_servers();

    %direct = ();
    $direct{$_->{pair}} += !$_->{status} for @runs;

    return %direct;
}


sub through {
    my (@runs, $turn);

    for my $client (@clients) {
        for my $from (@{$client->{dialects}}) {
            for my $to (@to) {
                my @able = grep { "@{$_->{dialect}}" eq "@$to" } @places;

                @able = $able[$turn++ % @able] if $ENV{SQUARE} ne 'all';

                push @runs, map { run_of($client, $from, $_) } @able;
            }
        }
    }

    run_all(@runs);

    # Node's client gives itself three seconds for all: once more, alone

    $jobs = 1;
    run_all(grep { !right($_) } @runs);

    return map { $_->{name} => $_ } @runs;
}


sub run_of {
    my ($client, $from, $place) = @_;

    my $http = $from->[0] eq 'http' ? 'http_' : '';
    my ($transport, $protocol, $multi) = @$from;
    my $port = $t->port("$http$place->{key}");

    return { name => "$client->{name} @$from to $place->{name}"
                     . " @{$place->{dialect}}",
             client => $client, place => $place, from => $from,
             pair => key($client->{needs}, $place->{needs}),
             command => [ $client->{program}->($transport, $protocol,
                                               $multi || '', $port) ] };
}


# Several at once, but one only with a server that has one connection at a time.

sub run_all {
    my @waiting = @_;
    my (%running, %busy);

    while (@waiting || %running) {
        my ($next) = grep { !$waiting[$_]{place}{alone}
                            || !$busy{$waiting[$_]{place}{key}} }
                          0 .. $#waiting;

        if (defined $next && keys %running < $jobs) {
            my $run = splice(@waiting, $next, 1);

            $run->{file} = $t->dir() . '/run-' . ++$number . '.log';
            $busy{$run->{place}{key}}++;
            $running{start($run)} = $run;
            next;
        }

        my $pid = waitpid(-1, 0);
        my $run = delete $running{$pid} or next;

        $run->{status} = $?;
        $busy{$run->{place}{key}}--;
    }
}


sub start {
    my ($run) = @_;

    my $pid = fork();
    die "fork: $!" unless defined $pid;

    return $pid if $pid;

    my ($directory, @command) = @{$run->{command}};

    %ENV = (%ENV, %environment);
    open(STDIN, '<', '/dev/null');
    open(STDOUT, '>', $run->{file}) or die "$run->{file}: $!";
    open(STDERR, '>&', \*STDOUT);
    chdir($directory) or die "$directory: $!";
    alarm(240 * time_factor());
    { no warnings 'exec'; exec { $command[0] } @command; }
    print "cannot run $command[0]: $!\n";
    POSIX::_exit(127);
}


# What is right, or differs as it is known to.

sub right {
    my ($run) = @_;

    my $differs = ($run->{client}{differs} || {})->{$run->{from}[0]};

    return !$run->{status} unless $differs;
    return $run->{status} && slurp($run->{file}) =~ $differs;
}


# A pair of libraries that is wrong without nginx, too, says nothing of it.

sub report {
    for my $run (sort { $a->{name} cmp $b->{name} } values %through) {
        next if exists $direct{$run->{pair}} && !$direct{$run->{pair}};

        ok(right($run), $run->{name}) or diag($run->{file});
    }

    is(join(' ', grep { !$direct{$_} } sort keys %direct), '',
       'all understand each other without nginx');

    my $table = table(values %through);

    $t->write_file('table.md', $table);

    # the table is that of SQUARE=all

    return if $ENV{SQUARE} ne 'all';

    my ($docs) = slurp("$top/docs/compatibility.md")
                 =~ /^<!-- made by "make square" -->\n\n(.*?)\n<!--/ms;

    is($docs, $table, 'the table of docs/compatibility.md')
        or diag($t->dir() . '/table.md');
}
