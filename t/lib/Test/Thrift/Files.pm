# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift::Files;

# Files as text, what a command prints, and the command nthrift.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Temp ();
use POSIX ();
use Test::More ();

our @EXPORT = qw(slurp spew run_in run_apart nthrift);

my $TOP = abs_path(dirname(__FILE__) . '/../../../..');


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
# output, and its exit code, or 128 and its signal.

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

    return (defined $text ? $text : '', _status());
}


# run_apart(command, arguments): standard output, standard error, and the exit
# code, or 128 and the signal.

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

    return (slurp($out->filename()), slurp($err->filename()), _status());
}


sub _status {
    return $? & 127 ? 128 + ($? & 127) : $? >> 8;
}


# nthrift(): the path of the tool, of that with sanitizers where nginx has them;
# what those find is another exit code.  Without it, the test is skipped.

sub nthrift {
    my $file = "$TOP/build/nthrift"
               . ($ENV{TEST_NGINX_STATIC} ? '-asan' : '');

    Test::More::plan(skip_all => "no $file") unless -x $file;

    $ENV{ASAN_OPTIONS} = 'exitcode=99';

    return $file;
}


1;
