#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What happens to calls in handlers when binaries are upgraded, and upgrades
# taken back, workers killed, configurations reloaded ten times a second, and
# when a handler calls itself for ever.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use POSIX ();
use Test::More;
use Test::Thrift;
use Test::Thrift::Files;
use Time::HiRes qw(time);


my $SECONDS = $ENV{UPGRADE_SECONDS} || 3;
my $LOAD    = 3;
my $LONG    = 30 * time_factor();

my $t = Test::Thrift->new(undef, log => 'info', upgrade => 1);

$t->handler('rare');
$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

worker_processes  1;
thread_pool       pool threads=1;

events {
    worker_connections  256;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TOP%%/t/data/handler/rare.thrift;

    # an old worker stays for as long as a new one keeps a connection to it

    upstream self {
        server            127.0.0.1:%%PORT_handler%%  max_fails=0;
        thrift_keepalive  4  timeout=200ms;
    }

    upstream own {
        server            127.0.0.1:%%PORT_handler%%  max_fails=0;
        thrift_keepalive  4;
    }

    server {
        listen  127.0.0.1:%%PORT_handler%%;

        thrift_service Rare {
            thrift_handler  %%TESTDIR%%/rare.so;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_short%%;

        thrift_timeout  1s;

        thrift_service Rare {
            thrift_handler  %%TESTDIR%%/rare.so;
        }
    }
}

EOF

$t->run();

upgrade();
take_back();
killed();
reloads();
to_itself();
for_ever();

$t->done();


# What the method "act" says to it, on a connection of its own unless told.

sub act {
    my ($what, $c) = @_;

    my $own = $c ? undef : ($c = $t->client('handler'));
    my $m = $c->call('act', [ [ 1, string => $what ] ]);

    $own->close() if $own;

    return $m ? $m->{fields}{0} : '';
}


# Two connections to the same worker: one whose call waits, and one that can
# release it.

sub waiting {
    my @clients = map { $t->client('handler') } 1, 2;

    $clients[0]->start('wait', [ [ 1, string => 'x' ] ]);
    ok(saw($clients[1], qr/waits/), 'a call waits');

    return @clients;
}


# Has the handler of this client's worker seen it, or does it yet.

sub saw {
    my ($c, $re) = @_;

    my $seen = '';

    return wait_for(sub {
        $seen .= $c->call('seen')->{fields}{0};
        return $seen =~ $re;
    });
}


# Two connections to a worker that shuts down, for no other is to come: one has
# a call that takes its time, 3,000 timers of a millisecond one after another.

sub busy {
    my @clients = map { $t->client('handler') } 1, 2;

    is(act('x', $clients[1]), 'x', 'a call has ended');
    is(act('x', $clients[0]), 'x', 'and another');
    $clients[0]->start('act', [ [ 1, string => 'long' ] ]);

    return @clients;
}


sub answered {
    my ($busy, $idle) = @_;

    is(answer($busy->read_message($LONG)), 'ticked', 'it is answered');
    ok($_->closed(), 'and the connection closed') for $busy, $idle;
    $_->close() for $busy, $idle;
}


sub gone {
    my ($pid) = @_;

    return wait_for(sub { waitpid($pid, 1) == $pid });
}


# Open files, by what they are.

sub files {
    my ($pid) = @_;

    return join(' ', sort map { (readlink($_) || '') =~ s/\d+//gr }
                              glob("/proc/$pid/fd/*"));
}


# The workers of a master that serve.

sub workers {
    my ($pid) = @_;

    my $mine = $t->master($pid);
    my @workers = $t->workers();

    $t->master($mine);

    return @workers;
}


sub serves {
    my ($name) = @_;

    is(act('ask'), 'asked', "$name: serves, and calls out");
    is(act('work'), 'worked 1', "$name: works");
}


sub upgrade {
    my $files = files($t->pid());
    my @clients = busy();
    my $old = $t->upgrade();

    is(act($_), $_, 'both serve') for 1 .. 10;

    $t->signal('QUIT', $old);
    ok(wait_for(sub { !workers($old) }), 'old workers shut down');

    serves('new binary');
    answered(@clients);

    ok(gone($old), 'the old master ends');
    is(files($t->pid()), $files, 'the new one has the same files open');
    is(slurp($t->dir() . '/nginx.pid'), $t->pid() . "\n",
       'pid file of the new one');

    serves('upgraded');
}


sub take_back {
    my $files = files($t->pid());
    my $old = $t->upgrade();
    my $new = $t->master($old);

    $t->signal('WINCH');
    ok(wait_for(sub { !$t->workers() }), 'old workers shut down');

    my @clients = busy();

    $t->signal('HUP');
    ok(wait_for(sub { scalar($t->workers()) }), 'the old master serves again');
    $t->signal('QUIT', $new);
    ok(wait_for(sub { !workers($new) }), 'new workers shut down');

    serves('old binary');
    answered(@clients);
    ok(wait_for(sub { !-e "/proc/$new" }), 'the new master ends');
    ok(wait_for(sub { files($old) eq $files }), 'the same files are open')
        or diag(files($old));

    serves('taken back');
}


# A worker dies with calls in each state: their clients see it at once, and
# others have the next worker.

sub killed {
    my ($worker) = $t->workers();
    my @waiting = waiting();
    my @what = qw(work ask ticks zero);
    my @clients = map { $t->client('handler') } @what;

    # it has accepted them, and goes on with their calls

    for my $c (@clients) {
        is(act('x', $c), 'x', 'a client of the worker');
        $c->start('act', [ [ 1, string => shift @what ] ]);
    }

    $t->expect_log(qr/\[alert\].*worker process $worker exited on signal 9/);
    $t->signal('KILL', $worker);

    ok(wait_for(sub { grep { $_ != $worker } $t->workers() }),
       'there is another worker');

    for my $c (@waiting, @clients) {
        1 while $c->read_message();
        ok($c->{eof}, 'a client of the killed one knows');
        $c->close();
    }

    serves('next worker');
}


# Clients that stay and others that come, while the configuration is loaded
# ten times a second, until each has made some calls: not one is lost.

sub reloads {
    my $some = 20 * $SECONDS / time_factor();
    my $end = time() + $SECONDS;
    my @load = map { load($_, $end, $some) } 1 .. $LOAD;
    my %status;
    my $n = 0;

    while (keys %status < $LOAD) {
        $t->signal('HUP');
        $n++;
        elapse(0.1);

        for my $pid (grep { !exists $status{$_} } @load) {
            $status{$pid} = $? if waitpid($pid, POSIX::WNOHANG()) == $pid;
        }
    }

    for my $i (1 .. $LOAD) {
        is($status{$load[$i - 1]}, 0, 'a client lost nothing');

        my ($calls, @wrong) = split /\n/, slurp($t->dir() . "/load.$i");

        is("@wrong", '', 'no call was lost');
        cmp_ok($calls, '>', $some, 'calls were made');
    }

    ok(wait_for(sub { $t->workers(1) == 1 }, 20), 'one worker is left');
    serves("$n reloads");
}


sub load {
    my ($i, $end, $some) = @_;

    my $pid = fork();
    die "fork: $!" unless defined $pid;
    return $pid if $pid != 0;

    my ($calls, @wrong) = (0);
    my %answers = (ask => 'asked', work => 'worked 1', tick => 'ticked',
                   x => 'x');
    my $stays = $t->client('handler');

    while (@wrong < 5 && (time() < $end
                          || $calls <= $some && time() < $end + 60))
    {
        for my $what (sort keys %answers) {
            for my $c ($stays, undef) {
                my $got = act($what, $c);

                $got = '' unless defined $got;
                push @wrong, "$what: \"$got\"" if $got ne $answers{$what};
                $calls++;
            }
        }
    }

    spew($t->dir() . "/load.$i", join("\n", $calls, @wrong));
    POSIX::_exit(0);
}


# A worker that shuts down is its own client: neither end of the connection
# waits for the other's.

sub to_itself {
    my ($c, $d) = map { $t->client('handler') } 1, 2;

    is(act('x', $_), 'x', 'a client of the worker') for $c, $d;
    $c->start('act', [ [ 1, string => 'ask long' ] ]);
    elapse(0.2);

    ok($t->reload(), 'that worker shuts down');
    is(act('x', $d), 'x', 'another client goes on');
    is(answer($c->read_message($LONG)), 'ticked', 'its own call is answered');
    is(act('x', $c), 'x', 'and its client goes on');
    $_->close() for $c, $d;

    ok($t->old_workers_gone(), 'that worker ends');
}


# A handler that calls itself takes a connection for each call, until there are
# none, or no time is left: then all of them fail, and others have what they
# had.

sub for_ever {
    my $c = $t->client('short');

    my $m = $c->call('act', [ [ 1, string => 'again' ] ]);

    like($m->{message}, qr/^(?:asked: ){20}/, 'a handler calls itself');
    is(act('stays', $c), 'stays', 'its client stays');
    serves('then');
}
