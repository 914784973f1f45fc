#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Whatever a client sends, it is its own: beside each kind of hostile or
# misconfigured client a victim makes its calls, and all are answered right,
# none is executed twice, and none is late.
#
# Some real servers, all kinds together; "make matrix" takes all servers and
# dialects, and each kind alone; with MATRIX=together all kinds at once, and
# each alone where somebody was hurt.  One cell:
#
#     MATRIX=all MATRIX_KIND='undeclared uuid' MATRIX_SERVER=thriftpy2 \
#         MATRIX_FORMAT=framed-binary MATRIX_SETTING=schema perl t/matrix.t
#
# MATRIX_WORKERS=2 has upstreams with a zone, MATRIX_RELOAD=0.7 a reload each 0.7
# seconds.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/matrix";

use Test::More;
use Test::Thrift;

use Kinds;
use Matrix;
use Servers;


my $all = $ENV{MATRIX} || '';
my $alone = $all && $all ne 'together';
my $calls = $ENV{MATRIX_CALLS} || ($alone ? 1000 : 500);
my $rounds = $ENV{MATRIX_ROUNDS} || ($alone ? 30 : 1);
my $top = Test::Thrift->top();

ok(system('make', '-s', '-C', $top, '-f', 't/peers/peers.mk', 'peers') == 0,
   'build');

cmp_ok(scalar(kinds()), '>=', 40, 'kinds');

my @stages = map { stages($_) } grep { chosen(SERVER => $_->{name}) } servers();

run_stage($_) for @stages;

done_testing() unless @stages;


sub stages {
    my ($server) = @_;

    return unless $all || $server->{test};

  SKIP: {
        skip "$server->{name}: no $server->{needs}", 1
            if $server->{needs} && !-e $server->{needs};

        return map { Matrix->new(server => $server, format => $_,
                                 calls => $calls, rounds => $rounds,
                                 time => $alone ? 2 : 60) }
               grep { $all ? chosen(FORMAT => $_) : $_ eq $server->{test} }
                    @{$server->{formats}};
    }

    return;
}


sub run_stage {
    my ($stage) = @_;

    my $in_test = $all ? undef : $stage->{server}{in_test};
    my @settings = (@Matrix::SETTINGS, $all ? @Matrix::MORE : ());

    $stage->start();

    for my $setting (grep { chosen(SETTING => $_) } @settings) {
        my @kinds = grep { chosen(KIND => $_->{name}) }
                         kinds($stage->format($setting),
                               $stage->{server}{name});
        my @those = $setting =~ /^(?:stateful|pinned)$/
                    && !$ENV{MATRIX_SETTING}
                    ? grep { $_->{stateful} } @kinds : @kinds;

        next if !@those || defined $in_test && $setting !~ /^(?:$in_test)$/;

        $alone ? $stage->each(\@those, $setting)
               : $stage->together(\@those, $setting);
    }

    $stage->done();
}


# Is it one that the environment names, or does it name none.

sub chosen {
    my ($what, $name) = @_;

    my $want = $ENV{"MATRIX_$what"};

    return !defined $want || $name =~ /^(?:$want)$/;
}
