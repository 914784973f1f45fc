# SPDX-License-Identifier: BSD-2-Clause

package Host;

# build/host/drive for tests: a handler without nginx.
#
#     my $h = Host->new('build/host/asan/sync.so', 'Test', timeout => 1000);
#     my $n = $h->call('echo', [ [ 1, string => 'x' ] ]);
#     $h->result($n)->{fields}{0};
#     $h->close();                # '' if no sanitizer had something to say

use strict;
use warnings;

use File::Temp ();
use IPC::Open3 qw(open3);

use Test::Thrift::Bytes;


# A host that dies is an answer that is missing.

$SIG{PIPE} = 'IGNORE';


# new($file, $service, options): the options of drive.c, and
#
# args      [ key => value, ... ] of the start hook
# protocol  binary (default) or compact
# lazy      do not call the start hook

sub new {
    my ($class, $file, $service, %o) = @_;

    my $self = bless { protocol => $o{protocol} || 'binary', seqid => 0 },
                     $class;

    $self->{errors} = File::Temp->new();

    local $ENV{ASAN_OPTIONS} = join(':', $ENV{ASAN_OPTIONS} || (),
                                    'detect_stack_use_after_return=1');

    # GLib's own lists of free memory hide what is lost

    local $ENV{G_SLICE} = 'always-malloc';
    local $ENV{UBSAN_OPTIONS} = 'print_stacktrace=1';
    local $ENV{LSAN_OPTIONS} = 'print_suppressions=0';

    $self->{pid} = open3($self->{in}, $self->{out},
                         '>&' . fileno($self->{errors}), 'build/host/drive');
    $self->{in}->autoflush(1);

    $self->tell("set $_ $o{$_}") for grep { exists $o{$_} }
                                          qw(threads work timeout memory);

    my @args = @{$o{args} || []};
    $self->tell('arg ' . join(' ', splice(@args, 0, 2))) while @args;

    $self->{opened} = $self->tell("open $file $service");
    $self->{started} = $self->tell('start')
        unless $o{lazy} || $self->{opened} ne 'ok';

    return $self;
}


# A command, and what is answered; a host that has died answers nothing.

sub tell {
    my ($self, $command) = @_;

    my $out = $self->{out};

    print {$self->{in}} "$command\n";

    my $line = <$out>;

    return '' unless defined $line;

    chomp $line;

    return $line;
}


# call($method, $fields, options): its number; `type` is CALL or ONEWAY.

sub call {
    my ($self, $method, $fields, %o) = @_;

    my $bytes = encode_message($o{type} || CALL, $method,
                               defined $o{seqid} ? $o{seqid}
                                                 : ++$self->{seqid},
                               $fields, protocol => $self->{protocol},
                               transport => 'unframed');

    return $self->tell('call ' . unpack('H*', $bytes));
}


# What became of it: { end, reason } and, if there was a reply, what
# parse_message() makes of it.

sub result {
    my ($self, $n) = @_;

    my ($end, $reason, $hex) =
        $self->tell("result $n")
        =~ /^(\w+)(?: (client|deadline|failed))?(?: ([0-9a-f]+))?$/
        or return { end => 'nonsense' };

    my $reply = defined $hex ? parse_message(frame(pack('H*', $hex))) : {};

    return { %$reply, end => $end, reason => $reason };
}


# ask(...): call() and the result.

sub ask {
    my $self = shift;

    return $self->result($self->call(@_));
}


# What the next call to an upstream gets, after so many milliseconds: the
# fields of a result, or the text of a failure.

sub answer {
    my ($self, $msec, $result) = @_;

    return $self->tell("failure $msec $result") unless ref $result;

    my $bytes = encode_struct('binary', @$result);

    return $self->tell("answer $msec " . unpack('H*', $bytes));
}


# The lines of the log since the last time.

sub log {
    my ($self) = @_;

    my ($n) = $self->tell('log') =~ /^log (\d+)$/;
    my $out = $self->{out};

    return map { my $line = <$out>; chomp $line; $line } 1 .. $n || 0;
}


# What was wrong until the end, as lines; an empty string is best.

sub close {
    my ($self) = @_;

    close($self->{in});
    waitpid($self->{pid}, 0);

    my $code = $?;

    open(my $fh, '<', $self->{errors}->filename()) or die "$!";
    local $/;
    my $text = <$fh>;

    return ($text || '') . ($code ? "exit code $code\n" : '');
}


1;
