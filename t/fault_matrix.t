#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The fault matrix: what a server does wrong (closes, resets, stalls, half-closes,
# sends garbage, a wrong seqid, a wrong name, two replies, byte after byte), at
# which moment (before it is connected to, after it has accepted, after so many
# bytes of the call or of the reply), to a call of which kind (idempotent, not,
# oneway), in which protocol and transport, over a new connection or one of the
# pool.  Each case has a client of its own, hundreds are on their way at the same
# time, and neighbours call all the while.
#
# Whatever happens, a call has one fate, and it is the one that its fault allows;
# one that is not idempotent is executed once at most; no reply is another call's;
# and no client loses its connection.  See t/faults/; FAULTS_OPTIONS are its
# program's, FAULTS_RUNS are the runs with such a name.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


# thrift_pipeline, where connections are shared; 0: off

my @PIPELINES = (0, 8);

my $SECONDS = 3 * time_factor();    # thrift_timeout
my $PART    = sanitizer() ? 3 : 1;  # one of so many cases
my $LIMIT = 100;                      # seconds, for a run
my $DEFINED = 'thrift_idl %%TOP%%/t/faults/faults.thrift;';

# Cases that must be wrong when idempotence is: an honest matrix says so.

my $LIE = 'thrift_method put { thrift_idempotent on; }';

my @PLACES = (
    [ plain   => 1, servers(1, 1 .. 3) ],
    [ large   => 2, servers(2, 1 .. 3) ],
    [ refused => 3, servers(3, 1), backup(3) ],
    [ refused_alone => 4, servers(4, 1) ],
    [ stalled => 5, servers(5, 1), backup(5) ],
    [ stalled_alone => 6, servers(6, 1) ],
    map { [ "accept_$_" => 10 + $_, servers(10 + $_, 1), backup(10 + $_) ] }
        1 .. 10,
);

my $CONF = <<'EOC';

%%TEST_GLOBALS%%

worker_processes  #workers;

events {
    worker_connections  4096;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    #definitions

    #upstreams

    thrift_timeout          #seconds;
    thrift_connect_timeout  500ms;
    thrift_max_memory       1m worker=512m;

    #servers
}

EOC

my $UPSTREAM = <<'EOC';
    upstream #name {
        #servers

        thrift_retry_budget  off;
        #pool
    }
EOC

my $SERVER = <<'EOC';
    server {
        listen  127.1.0.#place:%%PORT_proxy%%  backlog=1024;

        thrift_service Faults {
            thrift_pass  #name;
            thrift_method get { thrift_idempotent on; }
            #lie
        }
    }
EOC

my $top = Test::Thrift->top();
my $make = system('make', '-s', '-C', $top, '-f', 't/faults/faults.mk',
                  'build/faults/faults') == 0;
ok($make, 'build');

my @runs = ({ name => 'own', workers => 1 },
            map { { name => $_ ? "pipeline $_" : 'shared', workers => 2,
                    shared => 1, pipeline => $_ } } @PIPELINES);
@runs = grep { $_->{name} =~ /$ENV{FAULTS_RUNS}/ } @runs
    if $ENV{FAULTS_RUNS};

my %lie = (workers => 1, lie => $LIE);

$_->{t} = Test::Thrift->new(configuration(%$_), log => 'crit')
    for @runs, \%lie;

matrix(%$_) for @runs;
lie(%lie);


# --- the runs -----------------------------------------------------------------

sub matrix {
    my (%o) = @_;

    my $name = $o{name};
    my $dropped = packets_dropped();
    my $n = run_faults(%o);

    for (1 .. 2) {
        last unless is_taken_back($n) && packets_dropped() > $dropped;

        $dropped = packets_dropped();
        $n = run_again(\%o, $n);
    }

    $n = run_again(\%o, $n, seconds => 4 * $SECONDS) if is_slow($n);

    is($n->{status}, 0, "$name: exit code");
    is($n->{violation}, '', "$name: no violation");
    cmp_ok($n->{cases} || 0, '>', 7000 / $PART, "$name: cases");
    cmp_ok($n->{neighbours} || 0, '>', 1000, "$name: calls of neighbours");

    note("$name: $n->{text}");

    $o{t}->done();
}


sub run_again {
    my ($o, $n, %change) = @_;

    note("$o->{name}: $n->{violation}");

    $o->{t}->done();
    $o->{t} = Test::Thrift->new(configuration(%$o, %change), log => 'crit');

    return run_faults(%$o);
}


# Is nothing wrong but that replies are missing of servers that closed behind them?
# Where such a one has not read all that came, its system resets the connection, and
# does not send the reply again if that was lost on its way: also at home, where
# packets are dropped when more of them wait for a processor than it may have.

sub is_taken_back {
    my ($n) = @_;

    my @shown = split /\n/, $n->{violation};

    return @shown && @shown == ($n->{violations} || 0)
           && !grep { !/^call \w+ \(reply-all-close .*\): closed; / } @shown;
}


# By the system, since it began; 0 if that is not known.

sub packets_dropped {
    open(my $fh, '<', '/proc/net/softnet_stat') or return 0;

    my $n = 0;
    $n += hex((split)[1]) while <$fh>;

    return $n;
}


# Is nothing wrong but that calls had no answer in time: then the machine may be
# busy elsewhere, and with four times that time calls that are lost are lost still.

sub is_slow {
    my ($n) = @_;

    my @shown = split /\n/, $n->{violation};
    my $doing = qr/(?:connecting to|reading reply from) upstream/;

    return @shown && @shown == ($n->{violations} || 0)
           && !grep { !/: timeout; .*: timed out after \d+ms $doing/ } @shown;
}


sub lie {
    my (%o) = @_;

    my $n = run_faults(%o, only => 'request-all-close');

    like($n->{violation}, qr/\(request-all-close put .*\): reply; .* 2 executed/,
         'a call that was executed twice is found');
    is($n->{status} >> 8, 1, 'exit code then');

    $o{t}->done();
}


sub run_faults {
    my (%o) = @_;

    my $t = $o{t};
    $t->run();

    my @command = ("$top/build/faults/faults",
                   '--proxy' => $t->port('proxy'),
                   '--backend' => $t->port('backend'),
                   '--shared' => $o{shared} || 0,
                   '--pipeline' => $o{pipeline} || 0,
                   '--part' => $o{only} ? 1 : $PART,
                   '--patience' => int(20000 * time_factor()),
                   '--verbose', $o{only} ? ('--only' => $o{only}) : (),
                   split(' ', $ENV{FAULTS_OPTIONS} || ''));

    return $t->program('faults.out', $LIMIT, @command);
}


# --- the configuration --------------------------------------------------------

# As t/faults/backend.c listens; nobody does at 127.2.3.1 and 127.2.4.1.

sub servers {
    my ($place, @numbers) = @_;

    return map { "server 127.2.$place.$_:%%PORT_backend%% max_fails=0;" }
               @numbers;
}


sub backup {
    my ($place) = @_;

    return "server 127.2.$place.9:%%PORT_backend%% max_fails=0 backup;";
}


sub configuration {
    my (%o) = @_;

    my $pool = $o{pipeline} ? "thrift_pipeline $o{pipeline};" : '';

    my @upstreams = map {
        my ($name, undef, @servers) = @$_;
        conf($UPSTREAM, name => $name, servers => "@servers", pool => $pool)
    } @PLACES;

    my @servers = map {
        my ($name, $place) = @$_;
        conf($SERVER, name => $name, place => $place, lie => $o{lie} || '')
    } @PLACES;

    return conf($CONF, workers => $o{workers}, seconds => ($o{seconds} || $SECONDS) . 's',
                definitions => $o{shared} ? $DEFINED : '',
                upstreams => join('', @upstreams),
                servers => join('', @servers));
}
