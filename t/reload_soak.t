#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A reload each second, for as long as one likes, while clients of several
# languages call hosted and passed services, servers are killed and started
# again, handlers and definitions are replaced, and two strangers send all that
# t/matrix/ knows.
#
# Every call is accounted for: it was answered rightly and executed once, or its
# server was killed just then, and it was executed once or not at all.  No client
# connects again.  Memory and descriptors stay what they are.
#
# A short run; "make soak" makes it longer: STAY_SECONDS.

use strict;
use warnings;

use FindBin;
use lib map { "$FindBin::Bin/$_" } qw(lib matrix stay);

use List::Util qw(max sum0);
use Test::More;
use Test::Thrift;
use Time::HiRes qw(sleep time);

use Stay;
use Stranger;


my $SECONDS = $ENV{STAY_SECONDS} || 20;
my $RESTART = 4;            # seconds from one server's end to the other's

# How long after the end of its server a call may fail, and how long before it a
# oneway may have been sent, that was not read or not executed then.

my $LATE  = 1;
my $EARLY = 1;

# What master and workers may grow by from the second quarter of the time to the
# last: kB, descriptors.

my %GROWTH = (master_memory => 1024, worker_memory => 4096, master_files => 4,
              worker_files => 40, workers => 4);

my $top = Test::Thrift->top();

ok(system('flock', "$top/build", 'make', '-s', '-C', $top, 'stay') == 0,
   'build');

my $stay = Stay->new(
    clients => [ stay_clients(qw(python cpp node aiothrift java go)) ],
    logged => 'if=$lossy',
    more => 'map $thrift_status $lossy { success 0; declared 0; default 1; }');
my $t = $stay->t();

$stay->start_server($_) for qw(first second);
$t->run();
$stay->start_clients();

ok($stay->all_call(5), 'all clients call');

my %connected = map { $_->{name} => connections_of($_) } @{$stay->{there}};
my @formats = qw(framed-compact buffered-binary);
my @strangers = map { stranger($t, 'other_' . $formats[$_] =~ s/-/_/r,
                               $formats[$_], $_, 'shared') } 0, 1;

my (@kills, @samples, $refused);
my $reloads = soak();

cmp_ok($reloads, '>', $SECONDS / time_factor() / 3, 'reloads');
is($refused, undef, 'all were accepted');
cmp_ok(scalar @kills, '>', $SECONDS / $RESTART / time_factor() / 3,
       'servers were killed');

$t->stop_daemon($_) for @strangers;
is(join('', map { $t->read_log("stranger-$_.log") } @formats), '', 'strangers');

is(connections_of($_), $connected{$_->{name}}, "$_->{name}: connected once")
    for @{$stay->{there}};

$stay->reload('end');
ok($stay->wait_end($_), "$_->{name} ends") for @{$stay->{there}};

my %logged = logged();
my $executed = executed();

check_client($_) for @{$stay->{there}};
check_growth($_) for sort keys %GROWTH;

note("$reloads reloads, " . @kills . ' servers killed');

$t->done();


# --- what happens ------------------------------------------------------------

sub soak {
    my $end = time() + $SECONDS;
    my $n = 0;
    my $next = time();

    while (time() < $end) {
        $next += time_factor();

        $stay->reload() or $refused ||= $stay->{generation};
        restart_server($n++);
        push @samples, sample();

        sleep(max(0, $next - time()));
        $next = time() if $next < time();
    }

    $stay->start_server($_)
        for grep { !$stay->{servers}{$_} } qw(first second);

    return $n;
}


# One ends, without a word, and a second later begins again; then the other
# does, unless that one is not there yet.

sub restart_server {
    my ($n) = @_;

    my ($which, $other) = $n / $RESTART % 2 ? qw(first second)
                                            : qw(second first);

    if ($n % $RESTART == 2 && $stay->serves($other)
        && $stay->serves($which))
    {
        my $kill = { at => time(), ports => $stay->server_ports($which) };

        $stay->stop_server($which, $n % 3 ? 'KILL' : 'TERM');
        $kill->{until} = time();
        push @kills, $kill;

    } elsif (!$stay->{servers}{$which}) {
        $stay->start_server($which, 'soon');
    }
}


# The ends of a client's connections, from the system's table.  What changes
# while it is read can be there twice, or not at all: two that are equal are
# right.

sub connections_of {
    my ($client) = @_;

    my ($before, $ends);

    wait_for(sub {
        $before = $ends;
        $ends = ends_of(sprintf('0100007F:%04X', $t->port($client->{name})));
        return defined $before && $before eq $ends;
    });

    return $ends;
}


sub ends_of {
    my ($port) = @_;

    my %ends;

    open(my $fh, '<', '/proc/net/tcp') or die "/proc/net/tcp: $!";

    while (my $line = <$fh>) {
        my (undef, $local, $remote, $state) = split ' ', $line;
        $ends{$remote} = 1 if $local eq $port && $state eq '01';
    }

    return join(' ', sort keys %ends);
}


# --- what became of the calls ------------------------------------------------

# Lines of the log by what the client sent, as far as that has a text; others by
# port and method.

sub logged {
    my %lines;

    for ($t->grep_log(qr/./, 'calls.log')) {
        my ($time, $port, undef, $method, $status, $upstream, $text)
            = split /\|/;

        my ($what) = $text =~ /^((?:stay|tell) \S+ \d+)\b/;

        push @{$lines{defined $what ? $what : "$port $method"}},
             { time => $time, status => $status, upstream => $upstream };
    }

    return %lines;
}


# What was executed, as soon as the last oneways are, too.

sub executed {
    my @ends = grep { $_->[0] eq 'end' } map { $stay->said($_) }
                                             @{$stay->{there}};
    my $all;

    wait_for(sub {
        $all = $stay->executed();

        return !grep { my (undef, $tag, $n) = @$_;
                       my $last = $n - 1 - $n % 4;
                       $last > 0 && !$all->{"tell $tag"}[$last] } @ends;
    });

    return $all;
}


sub check_client {
    my ($client) = @_;

    my $name = $client->{name};
    my @said = $stay->said($client);
    my @ends = grep { $_->[0] eq 'end' } @said;
    my @failed = grep { $_->[0] eq 'failed' } @said;
    my @other = grep { $_->[0] !~ /^(?:end|failed)$/ } @said;

    is(lines(map { join(' ', @$_) } @other), '', "$name: all answers right");
    is(scalar @ends, $client->{connections}, "$name: all connections");
    is(lines(grep { defined } map { not_explained($client, $_) } @failed), '',
       "$name: what failed has lost its server");

    my %failed = map { +"stay $_->[1] $_->[2]" => 1 }
                     grep { $_->[3] =~ /^echoString/ } @failed;
    my @not_once = map { not_once($executed, @$_[1, 2]) } @ends;

    is(lines(map { "@$_" } grep { $_->[1] > 1 } @not_once), '',
       "$name: nothing was executed twice");
    is(lines(map { $_->[0] }
                 grep { $_->[1] == 0 && !$failed{$_->[0]}
                        && !oneway_lost($_->[0]) } @not_once), '',
       "$name: nothing else was lost");

    note(sprintf('%s: %d rounds, %d failed, %d oneways lost', $name,
                 sum0(map { $_->[2] } @ends), scalar @failed,
                 scalar grep { $_->[1] == 0 && $_->[0] =~ /^tell/ }
                      @not_once));
}


sub lines {
    my @lines = @_;

    return join("\n", splice(@lines, 0, 10));
}


# A failed call, as its client says, unless a server was killed under it.

sub not_explained {
    my ($client, $said) = @_;

    my ($tag, $n) = @$said[1, 2];
    my ($method, $ms, $type, $message) = split ' ', $said->[3], 4;
    my $what = $method eq 'echoString'
        ? "stay $tag $n" : $t->port($client->{name}) . " $method";

    return undef if $type == 6
                    && $message =~ /^upstream closed connection/
                    && grep { killed($_, $LATE, 0) } @{$logged{$what} || []};

    return join(' ', @$said);
}


sub oneway_lost {
    my ($what) = @_;

    return grep { $_->{status} eq 'sent' && killed($_, $LATE, $EARLY) }
                @{$logged{$what} || []};
}


# Was its server killed just then.

sub killed {
    my ($line, $late, $early) = @_;

    return grep { $_->{at} - $early * time_factor() <= $line->{time}
                  && $line->{time} <= $_->{until} + $late * time_factor()
                  && grep { $line->{upstream} =~ /:$_$/ } @{$_->{ports}} }
                @kills;
}


# --- memory and descriptors --------------------------------------------------

sub memory {
    my ($pid) = @_;

    open(my $fh, '<', "/proc/$pid/status") or return 0;
    my ($kb) = map { /^RssAnon:\s+(\d+)/ ? $1 : () } <$fh>;

    return $kb || 0;
}


sub files {
    my ($pid) = @_;

    return scalar(() = glob("/proc/$pid/fd/*"));
}


# The largest of the workers, and the descriptors of all.

sub sample {
    my @workers = $t->workers();
    my $master = $t->pid();

    return {
        master_memory => memory($master),
        master_files  => files($master),
        worker_memory => max(0, map { memory($_) } @workers),
        worker_files  => sum0(map { files($_) } @workers),
        workers       => scalar(() = $t->workers(1)),
    };
}


sub median {
    my @sorted = sort { $a <=> $b } @_;

    return $sorted[$#sorted / 2];
}


sub check_growth {
    my ($what) = @_;

  SKIP: {
        skip "$what: sanitizers keep memory", 1
            if sanitizer() && $what =~ /memory/;

        my @all = map { $_->{$what} } @samples;
        my $quarter = int(@all / 4);
        my $begin = median(@all[$quarter .. 2 * $quarter]);
        my $end = median(@all[-$quarter - 1 .. -1]);

        cmp_ok($end, '<=', $begin + $GROWTH{$what}, "$what from $begin");
        note("$what: @all[0, $quarter, 2 * $quarter, 3 * $quarter, -1]");
    }
}
