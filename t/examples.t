#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The examples that call others, block, or wait, with Apache's clients in
# Python and C++: who waits, or blocks on a thread, holds up nobody.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Peers qw(output);

use constant ROUNDS => 3;       # of which one has to be quick
use constant PING   => 5;       # milliseconds


my $top = Test::Thrift->top();
my $build = "$top/build/hosted";

# one test at a time

ok(system('flock', "$top/build", 'make', '-s', '-j2', '-C', $top,
          'hosted') == 0, 'build');

$ENV{PYTHONPATH} = "$build/py";
$ENV{PYTHONDONTWRITEBYTECODE} = 1;

my @python = ('/usr/bin/python3', '-B');

# what a client is, and where its library has the types of a file

my @clients = (
    [ 'Python', sub { "$_[0].ttypes." }, @python,
      "$top/t/hosted/examples.py" ],
    [ 'C++', sub { '' }, "$build/examples" ],
);

my @formats = ([ qw(framed binary) ], [ qw(buffered compact) ]);

# the ports of two upstreams are of servers here, and of one there; or nobody
# listens

my $template = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  1;
thread_pool       blocking threads=4;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl       %%TOP%%/examples/pingpong/pingpong.thrift;
    thrift_idl       %%TOP%%/examples/weather/weather.thrift;
    thrift_idl_path  %%TOP%%/examples/weather;
    thrift_idl       %%TOP%%/examples/gather/gather.thrift;
    thrift_idl       %%TOP%%/examples/blocking/blocking.thrift;

    upstream north {
        server  127.0.0.1:%%PORT_#weather%%;
    }

    upstream south {
        server  127.0.0.1:%%PORT_#weather%%;
        thrift_upstream_transport    unframed;
        thrift_upstream_protocol     compact;
        thrift_upstream_multiplexed  on;
    }

    upstream west {
        server  127.0.0.1:%%PORT_west%%;
    }

    server {
        listen  127.0.0.1:%%PORT_weather%%;

        thrift_service WeatherService {
            thrift_handler  %%TOP%%/build/examples/weather.so;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_gather%%;

        thrift_service Gather {
            thrift_handler  %%TOP%%/build/examples/gather.so;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_blocking%%;

        thrift_service Blocking {
            thrift_handler  %%TOP%%/build/examples/blocking.so
                            threads=blocking;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_pingpong%%;

        thrift_service PingPong {
            thrift_handler  %%TOP%%/build/examples/pingpong.so  delay=2000;
        }
    }
}

EOF

my $t = Test::Thrift->new(conf($template, weather => 'weather'),
                          log => 'info');
my $west = $t->run_daemon([ @python, "$top/examples/weather/server.py",
                            $t->port('west') ],
                        port => '127.0.0.1:' . $t->port('west'));

$t->run();

my $warm = '19 C in Paris, France';

gathers('all three', "north: $warm", "south: $warm",
        "west: $warm, says server " . $t->port('west'));

$t->stop_daemon($west);
$t->expect_log(qr/\[error\].*connect\(\) failed.*upstream: "[\d.:]+"/);

gathers('one is dead', "north: $warm", "south: $warm",
        'west failed: cannot connect to upstream');

blocking();
waiting();

ok($t->reload(conf($template, weather => 'nobody')), 'reload');

gathers('all are dead');

$t->done();


# What is expected of each client in each format: nothing is that nobody knows.

sub gathers {
    my ($name, @lines) = @_;

    for my $client (@clients) {
        my ($language, $type, @command) = @$client;
        my @expected = @lines ? @lines
                              : $type->('gather') . 'Nobody: nobody knows';

        for my $format (@formats) {
            is(output(@command, 'gather', @$format, $t->port('gather'),
                      'Paris', 'France'),
               join('', map { "$_\n" } @expected),
               "gather, $name: $language, @$format");
        }
    }
}


sub blocking {
    for my $client (@clients) {
        my ($language, $type, @command) = @$client;
        my $too_much = $type->('blocking') . 'TooMuch';

        for my $format (@formats) {
            my $text = output(@command, 'blocking', @$format,
                              $t->port('blocking'), $t->port('pingpong'));

            is($text, <<"EOF", "blocking: $language, @$format");
checksum of 0, 5 rounds: right
checksum of 1, 1 rounds: right
checksum of 256, 100 rounds: right
rounds: $too_much 1000000
milliseconds: $too_much 10000
nap: slept 1ms
ping beside a nap: yes
nap beside a nap: yes
EOF
        }
    }
}


# Calls of add() wait for two seconds.  A round in which they were answered
# before 500 pings were says nothing.  The slowest pings are those that the
# machine had no time for: what can be asserted of a busy one is the median.

sub waiting {
    my $limit = PING * time_factor();
    my (%got, $text);

    for (1 .. ROUNDS) {
        $text = output("$build/examples", 'waiting', 'framed', 'binary',
                       $t->port('pingpong'));
        %got = $text =~ /^(\w+): (\S+)$/mg;

        note(join(', ', split /\n/, $text));

        last if defined $got{p50} && $got{waiting} == 100
                && $got{p50} < $limit;
    }

    is($got{waiting}, 100, 'pings overtake calls that wait') or diag($text);
    ok(defined $got{p50} && $got{p50} < $limit, "half in less than $limit ms")
        or diag($text);
    is($got{right}, 100, 'calls that waited are answered') or diag($text);
}
