# SPDX-License-Identifier: BSD-2-Clause

package Victim;

# A client that does nothing but its calls, checks each answer end to end, and
# measures how long it took; that somebody on a call's way was ready to run and
# had no processor is not part of that.  Now and then it calls the server itself:
# when that takes long, too, then the server is busy, and late calls say nothing.
# It runs in a process of its own.

use strict;
use warnings;

use List::Util qw(max);
use POSIX ();
use Time::HiRes qw(sleep time);

use Test::Thrift;

# A call over a connection that stays, then one over a connection that is
# renewed so often; the server itself is called so often; after so many wrong
# answers nothing is learnt from more.

use constant {
    RENEW    => 10,
    DIRECT   => 4,
    PATIENCE => 5,
    ENOUGH   => 8,
    MOST     => 20000,
    PAUSE    => 0.002,
};


# new(options)
#
# address, direct        of nginx, and of the server itself
# transport, protocol    its dialect
# direct_dialect         that of the server
# tag                    its name, which is in its calls
# calls                  that it makes at least, one at once after the other;
#                        between those that follow it pauses
# late_after             seconds
# way                    ids of the processes that a call goes through

sub new {
    my ($class, %o) = @_;

    return bless { way => [], %o, wrong => [], late => [], done => [], failed => [],
                   took => [], busy => 0 }, $class;
}


# spawn($file, options): in a process of its own, until end(); those of new().
# What it has seen goes to the file, and said() returns it.

sub spawn {
    my ($class, $file, %o) = @_;

    pipe(my $read, my $write) or die "pipe: $!";

    my $pid = fork();
    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        close($write);
        write_down($file, eval { $class->new(%o)->run(closed($read)) });
        POSIX::_exit(0);
    }

    close($read);

    return bless { pid => $pid, write => $write, file => $file }, $class;
}


sub closed {
    my ($read) = @_;

    return sub {
        vec(my $bits = '', fileno($read), 1) = 1;
        return select($bits, undef, undef, 0) > 0;
    };
}


sub write_down {
    my ($file, $victim) = @_;

    my $error = $@;

    open(my $fh, '>', $file) or POSIX::_exit(1);

    print $fh "wrong $error" unless $victim;

    for my $what ($victim ? qw(wrong late done failed took) : ()) {
        print $fh map { "$what $_\n" } @{$victim->{$what}};
    }

    print $fh "made $victim->{made}\nbusy $victim->{busy}\n" if $victim;

    close($fh);
}


# Has it not ended yet.

sub running {
    my ($self) = @_;

    $self->{over} ||= waitpid($self->{pid}, POSIX::WNOHANG()) != 0;

    return !$self->{over};
}


# end(): it may end, once it has made its calls.

sub end {
    my ($self) = @_;

    close(delete $self->{write}) if $self->{write};
}


# said(): what it has seen, as lists: wrong, late, done, failed, took; and made
# and busy, of one number each, which are empty when it ended early.

sub said {
    my ($self) = @_;

    my %said = map { ($_ => []) } qw(wrong late done failed took made busy);

    open(my $fh, '<', $self->{file}) or return \%said;

    while (my $line = <$fh>) {
        my ($what, $text) = $line =~ /^(\w+) (.*)/ or next;
        push @{$said{$what}}, $text;
    }

    return \%said;
}


# run($stop): calls until it has made its number, and $stop->() is true.

sub run {
    my ($self, $stop) = @_;

    my ($stays, $fresh);

    for my $i (1 .. MOST) {
        last if $i > $self->{calls} && $stop->();
        last if @{$self->{wrong}} >= ENOUGH;

        sleep(PAUSE) if $i > $self->{calls};

        $fresh = undef if $i % RENEW == 0;
        $self->look() if $self->{direct} && $i % DIRECT == 0;

        my $slot = $i % 2 ? \$stays : \$fresh;
        my $good = eval { $self->call($slot, $i) };

        push @{$self->{wrong}}, "call $i: $@" if $@;
        $$slot = undef unless $good;
        $self->{made} = $i;
    }

    return $self;
}


# Is the server as busy as all that.

sub look {
    my ($self) = @_;

    my $start = time();

    my $good = eval {
        $self->{control} ||= $self->connect($self->{direct},
                                             %{$self->{direct_dialect} || {}});
        $self->{control}->call('nothing', []);
    };

    $self->{control} = undef unless $good;
    $self->{busy}++ if time() - $start > $self->{late_after} / 2;
}


# waited(): for how many seconds the threads on a call's way, and the victim,
# have been ready to run while others had the processors.  Where the system does
# not count that, it is none.

sub waited {
    my ($self) = @_;

    my $ns = 0;

    for my $file (map { glob("/proc/$_/task/*/schedstat") }
                      $$, @{$self->{way}})
    {
        open(my $fh, '<', $file) or next;
        $ns += $1 if (<$fh> || '') =~ /^\d+ (\d+)/;
    }

    return $ns / 1e9;
}


sub connect {
    my ($self, $address, %dialect) = @_;

    return Test::Thrift::Client->new(
        address => $address,
        (map { ($_ => $self->{$_}) } qw(transport protocol)), %dialect,
        timeout => PATIENCE * time_factor());
}


sub call {
    my ($self, $slot, $i) = @_;

    $$slot ||= $self->connect($self->{address});

    my ($method, $body, $want) = $self->question($i);
    my $waited = $self->waited();
    my $start = time();
    my $m = eval { $$slot->call($method, $body, seqid => $i) };
    my $error = $@;
    my $took = time() - $start;
    my $text = $method eq 'echoString' ? $want : undef;

    push @{$self->{took}}, sprintf('%.6f', $took);

    if ($took > $self->{late_after}) {
        my $late = $took - max(0, $self->waited() - $waited);

        push @{$self->{late}}, sprintf("call $i: %d ms", $late * 1000)
            if $late > $self->{late_after};
    }

    my $got = $error ? "malformed: $error"
            : $m     ? answer_of($m, $method, $i)
                     : $$slot->{eof} ? "nothing: $$slot->{eof}" : 'nothing';

    if ($got eq $want) {
        push @{$self->{done}}, $text if defined $text;
        return 1;
    }

    push @{$self->{failed}}, $text if defined $text;
    push @{$self->{wrong}},
         sprintf('call %d, %s after %d ms: %s', $i, $method, $took * 1000,
                 short($got));

    return 0;
}


# What is asked, and what the answer has to be.

sub question {
    my ($self, $i) = @_;

    if ($i % 10 == 4) {
        my @numbers = ($i, -$i, 2 ** 31 - 1 - $i);
        return (echoList => [ [ 1, list => [ i32 => @numbers ] ] ],
                "@numbers");
    }

    if ($i % 10 == 7) {
        return (refuse => [ [ 1, i32 => $i ] ], "refused $i");
    }

    my $text = "victim $self->{tag} $i" . '.' x ($i % 97 * ($i % 7));

    return (echoString => [ [ 1, string => $text ] ], $text);
}


sub answer_of {
    my ($m, $method, $i) = @_;

    return "exception $m->{exception}: " . ($m->{message} // '')
        if $m->{type} == EXCEPTION;
    return "of type $m->{type}"   if $m->{type} != REPLY;
    return "of seqid $m->{seqid}" if $m->{seqid} != $i;
    return "of \"$m->{name}\""    if $m->{name} ne $method;

    my $f = $m->{fields};

    return "@{$f->{0}}"  if ref $f->{0};
    return $f->{1}{2}    if ref $f->{1};
    return defined $f->{0} ? $f->{0} : 'void';
}


sub short {
    my ($text) = @_;

    $text =~ s/([^ -~])/sprintf('\\x%02x', ord $1)/ge;

    return length $text > 160 ? substr($text, 0, 160) . '...' : $text;
}


1;
