#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Clients call without a pause through reloads that change upstream, definitions
# and handler each time: no call is lost, none is executed twice, all clients
# meet the new definitions soon; and idle clients are moved, all of them.
#
# A small form; "make reload" has the whole: 100 reloads under load, 10,000 idle
# clients, 500 reloads after which nothing has grown, and a table of what
# proxy_pass and "thrift_handover off" do beside it.
#
#     RELOAD=all RELOAD_RELOADS=30 RELOAD_CLIENTS=20 RELOAD_QUIET=2 \
#         RELOAD_IDLE=500 RELOAD_FLAT=50 perl t/handover_load.t

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/reload";

use Test::More;
use Test::Thrift;

use Load;


my $all = $ENV{RELOAD} || '';
my $SLOW = $all ? 1000 : 300;       # ms, of the last part of the reloads

my %size = $all ? (reloads => 100, clients => 50, quiet => 10, idle => 10000,
                   flat => 500, flat_clients => 200)
                : (reloads => 6, clients => 50, quiet => 0.5, idle => 200,
                   flat => 0, flat_clients => 0);

for (keys %size) {
    my $value = $ENV{'RELOAD_' . uc $_};
    $size{$_} = $value if defined $value;
}

my @kinds = $all ? qw(on off proxy) : qw(on);

# done() of the last one ends the test, so all are there before

my $home = Load::definitions();
my %load = map { $_ => Load->new($_, home => $home, bad => 1,
                                 reloads => $size{reloads}) } @kinds;

$load{idle} = Load->new('on', home => $home, reloads => 2,
                        connections => 16384) if $size{idle};
$load{flat} = Load->new('on', home => $home, reloads => $size{flat})
    if $size{flat};

my %result = map { $_ => under_load($_) } @kinds;

idle_clients() if $size{idle};
flat() if $size{flat};

print_table();

$home->done();


# Some back to back, some every 100 ms, some each second.

sub under_load {
    my ($kind) = @_;

    my $part = int($size{reloads} / 3);
    my $first = $size{reloads} - 2 * $part;
    my $load = $load{$kind};
    my $n = $load->run(
        [ '--clients' => $size{clients}, '--large' => 100 ],
        [ 'quiet=' . int($size{quiet} * 1000), "reload=$first\@0", 'bad',
          "reload=$part\@100", 'bad', "reload=$part\@$SLOW",
          'quiet=' . int($size{quiet} * 1000) ],
        60 + $size{reloads} * 5);

    note($n->{text});

    is($n->{status}, 0, "$kind: exit code");
    is($n->{violation}, '', "$kind: violations");
    cmp_ok($n->{replies} || 0, '>', 100, "$kind: replies");
    is($n->{replies}, $n->{calls}, "$kind: every call is answered");
    is($n->{executed}, $n->{calls}, "$kind: and was executed");
    is($n->{$_}, 0, "$kind: $_")
        for qw(twice exceptions wrong back lost closed refused);

    soon($n) if $kind eq 'on';

    is_deeply($load->statuses(), { success => $n->{calls} },
              "$kind: every call has a line") if $kind ne 'proxy';

    $load->t()->done();

    return $n;
}


sub soon {
    my ($n) = @_;

    # other tests may run beside the small form

    my $limit = ($all ? 1e6 : 4e6) * time_factor();

    is($n->{newest}, $size{clients}, 'all clients meet the new definitions');
    is($n->{unmet}, 0, 'each time');
    cmp_ok($n->{met_max}, '<', $limit, 'soon');
    cmp_ok($n->{gone_max}, '<', 2 * $limit, 'old workers leave');

    cmp_ok($n->{reload_p999}, '<=', 2 * $n->{quiet_p999}, 'latency') if $all;
}


sub idle_clients {
    my $load = $load{idle};
    my $n = $result{idle} = $load->run(
        [ '--clients' => $size{idle}, '--idle' => 1, '--delay' => 0 ],
        [ 'ask', 'reload=1@100', 'settle', 'ask', 'reload=1@100', 'settle',
          'ask' ], 180);

    note($n->{text});

    is($n->{status}, 0, 'idle: exit code');
    is($n->{violation}, '', 'idle: violations');
    is($n->{"asked_$_"}, $size{idle}, "idle: answered by configuration $_")
        for 1, 2, 3;
    is($n->{$_}, 0, "idle: $_")
        for qw(twice exceptions wrong back lost closed refused);

    my $told = $load->told();

    is($told->{over}, 2 * $size{idle}, 'idle: all are moved, twice');
    is($told->{closed} + $told->{stay}, 0, 'idle: none is closed or stays');

    $load->t()->done();
}


# A first part is not counted: what it makes of the heap stays.

sub flat {
    my $load = $load{flat};
    my $warm = int($size{flat} / 3);
    my $rest = $size{flat} - $warm;
    my $n = $result{flat} = $load->run(
        [ '--clients' => $size{flat_clients}, '--think' => 100 ],
        [ "reload=$warm\@0", 'sample=warm', "reload=$rest\@0", 'sample=end' ],
        120 + $size{flat} * 3);

    note($n->{text});

    is($n->{status}, 0, 'flat: exit code');
    is($n->{violation}, '', 'flat: violations');
    is($n->{$_}, 0, "flat: $_")
        for qw(twice exceptions wrong back lost closed refused unmet);

    is($n->{end_workers}, $n->{warm_workers}, 'flat: workers');
    is($n->{end_master_fds}, $n->{warm_master_fds}, "flat: master's files");

    # connections to servers are more or fewer

    cmp_ok($n->{end_workers_fds}, '<=', $n->{warm_workers_fds} + 64,
           "flat: workers' files");

  SKIP: {
        skip 'sanitizers keep memory', 2 if $ENV{TEST_NGINX_STATIC};

        cmp_ok($n->{end_master_kb}, '<=', $n->{warm_master_kb} + 256,
               "flat: master's memory");
        cmp_ok($n->{end_workers_kb}, '<=', $n->{warm_workers_kb} * 1.1 + 512,
               "flat: workers' memory");
    }

    $load->t()->done();
}


sub print_table {
    my @rows = (
        [ 'calls',                  sub { $_[0]{calls} } ],
        [ 'reloads',                sub { $_[0]{reloads} } ],
        [ 'refused reloads',        sub { $_[0]{refused_reloads} } ],
        [ 'lost calls',             sub { $_[0]{lost} } ],
        [ 'executed twice',         sub { $_[0]{twice} } ],
        [ 'wrong replies',          sub { $_[0]{wrong} + $_[0]{back} } ],
        [ 'exceptions',             sub { $_[0]{exceptions} } ],
        [ 'connections closed',     sub { $_[0]{closed} } ],
        [ 'clients on the newest',  sub { $_[0]{newest} } ],
        [ 'all on it after, ms',    sub { took($_[0], 'met', 'p50') } ],
        [ '          at most',      sub { took($_[0], 'met', 'max') } ],
        [ 'old workers gone, ms',   sub { took($_[0], 'gone', 'p50') } ],
        [ '          at most',      sub { took($_[0], 'gone', 'max') } ],
        map({ my $part = $_;
              ([ "quiet, $part, ms",  sub { took($_[0], 'quiet', $part) } ],
               [ "reload, $part, ms", sub { took($_[0], 'reload', $part) } ]) }
            qw(p50 p99 p999 max)),
        map({ my $interval = $_;
              [ $interval ? "one every $interval ms, p999"
                          : 'one after the other, p999',
                sub { took($_[0], "reload_$interval", 'p999') } ] }
            0, 100, $SLOW),
    );

    note(sprintf('%-29s' . ' %12s' x @kinds, 'thrift_handover', @kinds));

    for my $row (@rows) {
        note(sprintf('%-29s' . ' %12s' x @kinds, $row->[0],
                     map { $row->[1]->($result{$_}) } @kinds));
    }

    for (grep { $result{$_} } qw(idle flat)) {
        my $n = $result{$_};
        note(join(' ', "$_:", map { "$_ $n->{$_}" }
                                  grep { /^(asked|settled|warm|end|reloads)/ }
                                       sort keys %$n));
    }
}


sub took {
    my ($n, $what, $part) = @_;

    return $n->{"${what}_calls"} ? sprintf('%.1f', $n->{"${what}_$part"} / 1000)
                                 : '-';
}
