# SPDX-License-Identifier: BSD-2-Clause

package Attack;

# One attack, with a victim beside it: an nginx of one worker, two servers of
# the service Peer behind it, and what the attack wants besides.
#
# The victim makes small calls to "users" from before the attack to its end.
# Attackers have an address of their own, by which the access log tells what
# became of their calls.

use strict;
use warnings;

use Exporter qw(import);
use List::Util qw(max);
use Test::More;
use Time::HiRes qw(time);

use Hostile;
use Kinds;
use Servers;
use Test::Thrift;
use Victim;

use constant {
    FROM     => '127.0.0.2',
    LATE     => 20,             # ms, for 99 % of the victim's calls
    MEMORY   => 64,             # MB of a worker
    LEAST    => 2,              # seconds that an attack takes
    BEFORE   => 0.3,
};

my $CONF = <<'EOC';

%%TEST_GLOBALS%%

worker_processes      #workers;
worker_rlimit_nofile  8192;

events {
    worker_connections  #connections;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  calls  '$remote_addr|$thrift_method|$thrift_status|'
                       '$thrift_exception';
    access_log  %%TESTDIR%%/calls.log  calls;

    upstream users {
        server  127.0.0.1:%%PORT_first%%  fail_timeout=2s;
        server  127.0.0.1:%%PORT_second%%  fail_timeout=2s;
    }

    server {
        listen       127.0.0.1:%%PORT_users%%  backlog=1024;
        thrift_idl   %%TOP%%/t/peers/peers.thrift;
        thrift_pass  users;
    }

    server {
        listen       127.0.0.1:%%PORT_unchecked%%  backlog=1024;
        thrift_pass  users;
    }

    #attack
}

EOC


# new(name, options, run): a row of Attacks.pm.

sub new {
    my ($class, $name, $o, $run) = @_;

    my $self = bless { name => $name, run => $run, %$o, kept => [] }, $class;

    $self->{format} ||= 'framed-binary';
    $self->{server} ||= 'cpp';
    ($self->{server_transport}, $self->{protocol})
        = split /-/, $self->{format};
    $self->{transport} = $self->{server_transport} eq 'framed' ? 'framed'
                                                               : 'unframed';

    return $self;
}


# What it needs and there is not, or undef.

sub missing {
    my ($self) = @_;

    my $needs = $self->server($self->{server})->{needs};

    return defined $needs && !-e $needs ? $needs : undef;
}


sub server {
    my ($self, $name) = @_;

    my ($server) = grep { $_->{name} eq $name } servers();

    return $server || die "no server $name";
}


# run(): all of it, as tests; returns the numbers.

sub run {
    my ($self) = @_;

    my $t = $self->{t} = Test::Thrift->new(undef, log => 'info');
    my $begun = time();

    $self->start();

    my $victim = $self->victim();

    elapse(BEFORE);
    $self->{run}->($self);
    elapse(max(0, LEAST - (time() - $begun)));

    $victim->end();
    ok(wait_for(sub { !$victim->running() }, 30), 'the victim has ended');

    my %found = $self->judge($victim->said());

    $found{came} = $self->became();
    $found{time} = time() - $begun;

    # with much that nobody has read, the end of a connection would not be seen

    $_->reset() for @{$self->{kept}};
    $t->done();

    return \%found;
}


sub start {
    my ($self) = @_;

    my $t = $self->{t};

    $t->handler($_, -e "$FindBin::Bin/$_.c"
        ? (source => "$FindBin::Bin/$_.c", idl => "$FindBin::Bin/$_.thrift")
        : ()) for @{$self->{handlers} || []};

    $t->write_conf(conf($CONF, workers => $self->{workers} || 1,
                        connections => $self->{connections} || 4096,
                        attack => $self->{conf} || ''));

    start_server($t, $self->server($self->{server}), $self->{server_transport},
                 $self->{protocol}, [ qw(first second) ], %{$self->{env} || {}});

    $self->{prepare}->($self) if $self->{prepare};
    $t->run();
}


sub victim {
    my ($self) = @_;

    my $t = $self->{t};

    return Victim->spawn($t->dir() . '/victim', tag => 'of this',
                         address => $t->address($self->{victim} || 'users'),
                         transport => $self->{transport},
                         protocol => $self->{protocol}, calls => 0,
                         late_after => LATE / 1000);
}


# What the victim has seen, and what the workers took.

sub judge {
    my ($self, $said) = @_;

    my @took = sort { $a <=> $b } map { 1000 * $_ } @{$said->{took}};
    my $memory = max(0, map { peak($_) } $self->{t}->workers());

    cmp_ok(scalar(@took), '>', 100, 'calls of the victim');
    is(scalar(@{$said->{wrong}}), 0, 'none is lost or wrong')
        or diag(join("\n", @{$said->{wrong}}));

    my %found = (calls => scalar(@took), wrong => scalar(@{$said->{wrong}}),
                 p50 => $took[@took * 0.5] // 0,
                 p99 => $took[@took * 0.99] // 0, max => $took[-1] // 0,
                 memory => $memory);

    cmp_ok($found{p99}, '<', LATE * time_factor(), '99 % of them in time, ms');
    cmp_ok($memory, '<', MEMORY, 'memory of a worker, MB')
        unless sanitizer();

    return %found;
}


# The most that a process ever had, in MB.

sub peak {
    my ($pid) = @_;

    open(my $fh, '<', "/proc/$pid/status") or return 0;

    my ($kb) = map { /^VmHWM:\s+(\d+)/ } <$fh>;

    return $kb / 1024;
}


# How often what became of the attackers' calls.

sub became {
    my ($self) = @_;

    my %times;

    for ($self->{t}->grep_log(qr/^\Q${\FROM}\E\|/, 'calls.log')) {
        my (undef, undef, $status, $exception) = split /\|/, $_, 4;

        $times{$status =~ /exception|failed|refused/ ? $exception
                                                     : $status}++;
    }

    my @most = sort { $times{$b} <=> $times{$a} || $a cmp $b } keys %times;

    return join('; ', map { "$times{$_} " . substr($_, 0, 60) }
                          @most[0 .. ($#most < 1 ? $#most : 1)],)
           . (@most > 2 ? '; ...' : '');
}


# --- what attacks are made of ---------------------------------------------

sub t {
    my ($self) = @_;

    return $self->{t};
}


# client(port, options): a connection from the attackers' address.

sub client {
    my ($self, $port, %o) = @_;

    return $self->{t}->client($port, from => FROM, timeout => 10, %o);
}


# rounds(seconds, port, names of kinds): of the matrix, one after another.

sub rounds {
    my ($self, $seconds, $port, @names) = @_;

    my %kinds = map { $_->{name} => $_ } kinds();
    my @kinds = map { $kinds{$_} || die "no kind $_" } @names;
    my $end = time() + $seconds;

    my $hostile = Hostile->new(address => $self->{t}->address($port),
                               transport => $self->{transport},
                               protocol => $self->{protocol},
                               from => FROM, tag => 'hidden');

    while (time() < $end) {
        $hostile->round($_) for @kinds;
        $hostile->{round}++;
    }

    $hostile->close();
}


# again(seconds, code): as often as there is time.

sub again {
    my ($self, $seconds, $code) = @_;

    my $end = time() + $seconds;

    $code->() while time() < $end;
}


# keep(clients): they stay connected to the end.

sub keep {
    my ($self, @clients) = @_;

    push @{$self->{kept}}, @clients;

    return @clients;
}


1;
