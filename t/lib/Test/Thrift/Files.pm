# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift::Files;

# Files as text, and what a command prints.

use strict;
use warnings;

use Exporter qw(import);
use File::Temp ();
use POSIX ();

our @EXPORT = qw(slurp spew run_in run_apart);


sub slurp {
    my ($name) = @_;

    open(my $fh, '<', $name) or die "$name: $!\n";
    binmode($fh);
    local $/;
    my $text = <$fh>;

    return defined $text ? $text : '';
}


sub spew {
    my ($name, $text) = @_;

    open(my $fh, '>', $name) or die "$name: $!\n";
    binmode($fh);
    print $fh $text;
    close($fh) or die "$name: $!\n";
}


# run_in($dir, command, arguments): what it prints in the directory, on either
# output, and its exit code or signal.

sub run_in {
    my ($dir, @command) = @_;

    my $pid = open(my $fh, '-|');

    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        chdir($dir) or die "$dir: $!";
        open(STDERR, '>&', \*STDOUT);
        { no warnings 'exec'; exec { $command[0] } @command; }
        POSIX::_exit(127);
    }

    local $/;
    my $text = <$fh>;
    close($fh);

    return (defined $text ? $text : '', $? >> 8 || $? & 127);
}


# run_apart(command, arguments): standard output, standard error, and the exit
# code or signal.

sub run_apart {
    my @command = @_;

    my $out = File::Temp->new();
    my $err = File::Temp->new();
    my $pid = fork();

    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        open(STDOUT, '>&', $out) or POSIX::_exit(127);
        open(STDERR, '>&', $err) or POSIX::_exit(127);
        { no warnings 'exec'; exec { $command[0] } @command; }
        POSIX::_exit(127);
    }

    waitpid($pid, 0);
    my $code = $? >> 8 || $? & 127;

    return (slurp($out->filename()), slurp($err->filename()), $code);
}


1;
