# SPDX-License-Identifier: BSD-2-Clause

package Matrix;

# Runs the cells of the matrix: a kind of client that means no good, before a
# real server, in a dialect and a setting, and beside it the victim.
#
# A stage is a server in one dialect, with an nginx of its own that has a port
# for each setting.  The upstream has two servers, so that a client could take
# them away from others.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Hostile;
use Kinds;
use Known;
use Servers;
use Test::Thrift;
use Victim;

use constant {
    FAILS      => 1,        # max_fails, as it is by default
    CONNS      => 64,       # max_conns: calls that are not counted back add up
    LATE       => 0.1,      # seconds that a call of the victim may take
    ATTEMPTS   => 3,        # if calls were late, and nothing else is wrong
    RECOVERY   => 15,       # seconds after which a server should be back
    FORMS      => 5,
    RECORDED   => 64,       # bytes of a text that servers keep
};

my $IDL = 'thrift_idl %%TOP%%/t/peers/peers.thrift;';

my $RETRY = 'thrift_idempotent on; thrift_attempt_timeout 200ms;'
            . ' thrift_next_upstream error timeout exception overloaded;';
my $HEDGE = 'thrift_hedge 2ms percent=100;';
my $AGAIN = "$RETRY $HEDGE";

my %SETTINGS = (
    structure => '',
    schema    => $IDL,
    trusted   => 'thrift_trusted on;',
    stateful  => $IDL . ' thrift_service Peer {'
                 . ' thrift_method tell { thrift_stateful on; } }',
    pinned    => 'thrift_balance connection;',
    pipeline  => $IDL,
    alone     => '',
    queue     => $IDL,
    crowd     => '',
    retry     => "$IDL $RETRY",
    hedge     => "$IDL thrift_idempotent on; $HEDGE",
    mirror    => "$IDL thrift_mirror schema;",
    drop      => "$IDL thrift_unknown_fields drop;",
    translate => $IDL,
    places    => "$IDL thrift_max_concurrent 4 queue=1000;",
    all       => "$IDL thrift_unknown_fields drop; $AGAIN"
                 . ' thrift_max_concurrent 8 queue=1000;',
    all_alone => "$AGAIN thrift_max_concurrent 8 queue=1000;",
);

# as it comes, or with little room, or with room for the calls of many on few
# connections

my %POOLS = (
    map({ ($_ => '') } keys %SETTINGS),
    trusted  => 'thrift_keepalive 2;',
    pipeline => 'thrift_pipeline 16 connections=2;',
    alone    => 'thrift_pipeline 16 connections=2;',
    queue    => 'thrift_keepalive 4 max=4 queue=1000;',
    crowd    => 'thrift_keepalive 4 max=4 queue=1000;',
    retry    => 'thrift_retry_budget off;',
    hedge    => 'thrift_retry_budget off;',
    map({ ($_ => 'thrift_retry_budget off; thrift_pipeline 16 connections=4;'
                 . ' thrift_keepalive 4 max=4 queue=1000;') }
        qw(all all_alone)),
);

# where calls may be executed more than once

my %MOST = (retry => 3, hedge => 3, mirror => 2, all => 3, all_alone => 3);

# where calls are not checked

my $UNCHECKED = qr/^(?:structure|trusted|pinned|alone|crowd|all_alone)$/;

# "stateful" and "pinned" are for those that leave a state with a connection, and
# for all where MATRIX_SETTING names them; @SETTINGS are those of "make test"

our @SETTINGS = qw(structure schema trusted stateful pinned);
our @MORE = qw(pipeline alone queue crowd retry hedge mirror drop translate
               places all all_alone);

my $cells = 0;


# new(server, format, options)
#
# calls   that the victim makes at least
# rounds  of the kind, at least
# time    seconds after which fewer rounds are enough

sub new {
    my ($class, %o) = @_;

    my ($transport, $protocol) = split /-/, $o{format};

    my $self = bless {
        %o,
        server_transport => $transport,
        transport => $transport eq 'framed' ? 'framed' : 'unframed',
        protocol  => $protocol,
    }, $class;

    $self->{t} = Test::Thrift->new($self->configuration(), log => 'error');
    $self->{record} = $self->{t}->dir() . '/record';

    return $self;
}


sub configuration {
    my ($self) = @_;

    my $workers = $ENV{MATRIX_WORKERS} || 1;
    my $listen = $workers > 1 ? 'reuseport' : '';
    my $fails = defined $ENV{MATRIX_FAILS} ? $ENV{MATRIX_FAILS} : FAILS;
    my $limits = "max_fails=$fails fail_timeout=2s max_conns=" . CONNS;
    my $servers = '';

    for (@SETTINGS, @MORE) {
        my $zone = $workers > 1 ? "zone $_ 64k;" : '';
        my $dialect = $_ eq 'translate'
                      ? "thrift_upstream_transport $self->{transport};"
                        . " thrift_upstream_protocol $self->{protocol};" : '';

        $servers .= <<"EOF";
    upstream $_ {
        $zone
        server  127.0.0.1:%%PORT_first%%  $limits;
        server  127.0.0.1:%%PORT_second%%  $limits;
        $POOLS{$_} $dialect
    }

    server {
        listen                   127.0.0.1:%%PORT_$_%%  backlog=1024 $listen;
        thrift_max_message_size  1m;
        thrift_timeout           500ms;
        thrift_pass              $_;
        $SETTINGS{$_}
    }

EOF
    }

    return <<"EOF";

%%TEST_GLOBALS%%

worker_processes  $workers;

events {
    worker_connections  4096;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  calls  '\$server_port \$thrift_method \$thrift_type '
                       '\$thrift_status \$thrift_call_time \$upstream_addr '
                       '\$thrift_exception';
    access_log  %%TESTDIR%%/calls.log  calls;

$servers
}

EOF
}


sub start {
    my ($self) = @_;

    my $t = $self->{t};

    open(my $fh, '>', $self->{record}) or die "$self->{record}: $!";
    close($fh);

    my @servers = start_server($t, $self->{server}, $self->{server_transport},
                               $self->{protocol}, [ qw(first second) ],
                               PEERS_RECORD => $self->{record});

    $t->run();

    $self->{way} = [ @servers, $t->workers() ];
}


sub done {
    my ($self) = @_;

    $self->{t}->done();
}


sub name {
    my ($self, $setting, $kind) = @_;

    return "$self->{server}{name} $self->{format} $setting: $kind";
}


# dialect(setting): of clients, or without a setting of the servers.

sub dialect {
    my ($self, $setting) = @_;

    my %d = map { ($_ => $self->{$_}) } qw(transport protocol);

    return %d unless ($setting || '') eq 'translate';

    return (transport => $d{transport} eq 'framed' ? 'unframed' : 'framed',
            protocol  => $d{protocol} eq 'binary' ? 'compact' : 'binary');
}


# format(setting): the same, as kinds() takes it.

sub format {
    my ($self, $setting) = @_;

    my %d = $self->dialect($setting);

    return ($d{transport} eq 'framed' ? 'framed' : 'buffered')
           . "-$d{protocol}";
}


# each(kinds, setting): each kind alone, as a test.

sub each {
    my ($self, $kinds, $setting) = @_;

    for my $kind (@$kinds) {
        my $found = $self->cell([ $kind ], $setting);
        $self->judge($kind, $setting, $found);
        $self->recover($setting) if @$found;
    }
}


# together(kinds, setting): all kinds beside one victim, as one test; each alone
# when somebody was hurt.

sub together {
    my ($self, $kinds, $setting) = @_;

    my @kinds = grep { !$self->excused($_, $setting) } @$kinds;
    my $found = $self->cell(\@kinds, $setting);

    return pass($self->name($setting, @kinds . ' kinds')) unless @$found;

    diag($self->name($setting, 'together'));
    diag("  $_") for @$found;

    $self->recover($setting);
    $self->each(\@kinds, $setting);

    fail($self->name($setting, 'together, not alone'))
        if Test::More->builder->is_passing();
}


# Why others may be hurt by it; false if they may not.

sub excused {
    my ($self, $kind, $setting) = @_;

    return $self->lost($kind, $setting)
           || known($kind->{name}, $self->{server}{name}, $self->{format},
                    $setting);
}


sub lost {
    my ($self, $kind, $setting) = @_;

    return $setting =~ /^(?:trusted|$kind->{lost_in})$/ && $kind->{lost};
}


sub judge {
    my ($self, $kind, $setting, $found) = @_;

    my $excuse = $self->excused($kind, $setting);
    my $name = $self->name($setting, $kind->{name});

    write_log($name, $excuse, $found) if $ENV{MATRIX_LOG} && @$found;

    if (@$found && $self->lost($kind, $setting)) {
        pass("$name, others lose $excuse");
        note("  $_") for @$found;
        return;
    }

  TODO: {
        local $TODO = $self->lost($kind, $setting) ? undef : $excuse;

        ok(!@$found, $name);
        diag("  $_") for @$found;
    }
}


# What was found, to the file that MATRIX_LOG names.

sub write_log {
    my ($name, $excuse, $found) = @_;

    open(my $fh, '>>', $ENV{MATRIX_LOG}) or die "$ENV{MATRIX_LOG}: $!";

    print $fh $name, $excuse ? "  [$excuse]" : '', "\n",
              map { "    $_\n" } @$found;
}


# cell(kinds, setting): what was wrong, as a list of lines.

sub cell {
    my ($self, $kinds, $setting) = @_;

    my @found;

    for (1 .. ATTEMPTS) {
        @found = $self->attempt($kinds, $setting);
        last unless grep { /^late|timed out/ } @found;
        last if grep { !/^late|timed out/ } @found;
    }

    return \@found;
}


sub attempt {
    my ($self, $kinds, $setting) = @_;

    my $tag = 'c' . ++$cells;
    my $t = $self->{t};
    my $start = -s $self->{record};
    my %address = (address => $t->address($setting), $self->dialect($setting));

    my $victim = Victim->spawn($t->dir() . "/victim-$tag", %address,
                               tag => $tag, direct => $t->address('first'),
                               direct_dialect => { $self->dialect() },
                               way => $self->{way},
                               calls => $self->{calls},
                               late_after => LATE * time_factor());

    $self->hurt($kinds, $victim, Hostile->new(%address, tag => $tag));

    return $self->findings($victim->said(), $start, $tag, $setting);
}


# Rounds, until the victim has made its calls and there were enough of them.

sub hurt {
    my ($self, $kinds, $victim, $hostile) = @_;

    my $end = time() + $self->{time} * time_factor();
    my $rounds = 0;

    while ($victim->running()) {
        $self->reload() if $ENV{MATRIX_RELOAD};

        if ($rounds >= $self->{rounds} * @$kinds
            || $rounds >= @$kinds && time() > $end)
        {
            $victim->end();
            sleep(0.002);
            next;
        }

        # what comes in many forms comes in others in the next cell

        $hostile->{round} = $cells * FORMS + int($rounds / @$kinds);

        $hostile->round($kinds->[$rounds++ % @$kinds]);
    }

    $hostile->close();
}


# Every so many seconds, beside what goes on.

sub reload {
    my ($self) = @_;

    my $now = time();

    return if $now < ($self->{reloaded} || 0) + $ENV{MATRIX_RELOAD};

    $self->{reloaded} = $now;
    $self->{t}->signal('HUP');
}


# What the victim has seen, and what of it the servers have executed.

sub findings {
    my ($self, $said, $start, $tag, $setting) = @_;

    return 'wrong: the victim ended early' unless @{$said->{made}};

    $said->{late} = [] if $said->{busy}[0];

    my %times;
    $times{$_}++ for split /\n/, $self->{t}->read_log('record', $start);

    my $most = $MOST{$setting} || 1;
    my $executed = sub {
        my ($text, $least) = @_;
        return executed($text, $times{substr($text, 0, RECORDED)} || 0, $least,
                        $most);
    };

    my @found = (strange(\%times, $tag, $setting),
                 (map { $executed->($_, 1) } @{$said->{done}}),
                 (map { $executed->($_, 0) } @{$said->{failed}}),
                 (map { "wrong: $_" } @{$said->{wrong}}),
                 (map { "late: $_" } @{$said->{late}}));

    return @found > 12 ? (@found[0 .. 11], '...') : @found;
}


# Calls that nobody made, or the victim's with something else in front.  Where
# nothing is known of calls, one that is hidden in another is executed: it is
# the client's own, over a connection of its own.

sub strange {
    my ($times, $tag, $setting) = @_;

    my @strange = grep { /smuggled $tag\b/ && $setting !~ $UNCHECKED
                         || /victim $tag\b/ && !/^victim/ } sort keys %$times;

    return map { sprintf('nobody\'s call, %d times: "%s"', $times->{$_},
                         Victim::short($_)) } @strange;
}


# A call that was answered was executed once, any other once at most; or as often
# as the setting allows.

sub executed {
    my ($text, $times, $least, $most) = @_;

    return if $times >= $least && $times <= $most;

    return "executed $times times: \"" . Victim::short($text) . '"';
}


# recover(setting): waits until servers that were taken away are back.

sub recover {
    my ($self, $setting) = @_;

    my $hostile = Hostile->new(address => $self->{t}->address($setting),
                               $self->dialect($setting));
    my $good = 0;

    wait_for(sub {
        my $m = eval { $hostile->call('echoString',
                                      [ [ 1, string => 'back' ] ],
                                      wait => 1) };
        $good = $m && $m->{type} == REPLY ? $good + 1 : 0;
        return $good >= 10;
    }, RECOVERY);
}


1;
