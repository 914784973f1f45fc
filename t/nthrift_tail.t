#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nthrift tail: calls by method of an access log, as it grows and is rotated;
# lines that it cannot read; in a terminal, and without.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp qw(tempdir);
use Test::More;
use Test::Thrift;
use Test::Thrift::Files;


my $nthrift = nthrift();
my $tmp = tempdir(CLEANUP => 1);
my $log = "$tmp/access.log";

# line(method, seconds, status, exception): as docs/operations.md has it

sub line {
    my ($method, $seconds, $status, $exception) = @_;

    return sprintf('{"time":"2026-11-29T12:00:00+00:00","client":"10.0.0.9",'
                   . '"server":"10.0.0.1:9090","service":"Users",'
                   . '"method":"%s","status":"%s","seconds":%s,"in":40,'
                   . '"out":60,"exception":"%s"}' . "\n", $method,
                   $status || 'success', $seconds, $exception || '');
}

# append($file, text)

sub append {
    my ($file, $text) = @_;

    open(my $fh, '>>', $file) or die "$file: $!";
    print $fh $text;
    close($fh) or die;
}

# The numbers of a method in a report: calls, % of errors, of declared ones

sub row {
    my ($text, $method) = @_;

    my @found = $text =~ /^\Q$method\E +([\d.]+) +([\d.]+) +([\d.]+) /mg;

    return "@found";
}

# all at once

append($log, line('get', '0.010') x 6 . line('get', '0.500', 'exception',
       'INTERNAL_ERROR: timed out') . line('get', '0.020', 'declared')
       . line('find', '0.001') x 2);

my ($out, $err, $rc) = run_apart($nthrift, 'tail', '--once', $log);

is($rc, 0, 'a file');
is($err, '', 'nothing is wrong');
is(row($out, 'all'), '10.0 10.00 10.00', 'all methods');
is(row($out, 'Users.get'), '8.0 12.50 12.50', 'one');
is(row($out, 'Users.find'), '2.0 0.00 0.00', 'another one');
like($out, qr/^Users\.get .* 500\.0 +320 +480  exception INTERNAL_ERROR: timed/m,
     'slowest, bytes, and the latest error');
like($out, qr/^Users\.get .*^Users\.find /ms, 'most calls first');

($out) = run_apart($nthrift, 'tail', '--once', '--sort', 'name', $log);
like($out, qr/^Users\.find .*^Users\.get /ms, 'by name');

# what it cannot read

append("$tmp/odd.log", "10.0.0.9 Users.get success 0.010\n"
       . line('get', '0.010') . '{"method":"get","status":"success"}' . "\n"
       . 'x' x 100_000 . "\n" . line("e\\u001b[31mvil", '0.010')
       . line('last', '0.010') =~ s/\n//r);
($out) = run_apart($nthrift, 'tail', '--once', "$tmp/odd.log");

like($out, qr/ 6 lines  3 without "method", "status" and "seconds"/,
     'other lines are counted');
is(row($out, 'Users.last'), '1.0 0.00 0.00', 'a last line without its end');
like($out, qr/^Users\.e\?\[31mvil /m, 'no control characters');

spew("$tmp/text.log", "10.0.0.9 Users.get success 0.010\n" x 3);
($out, $err, $rc) = run_apart($nthrift, 'tail', '--once', "$tmp/text.log");
is($rc, 1, 'nothing that it can read');
like($err, qr/no line of .* is a JSON object with "method", .* docs/,
     'is said');

# as it grows, over rotation by name and by copying

sub follow {
    my (@args) = @_;

    my $pid = open(my $fh, '-|', $nthrift, 'tail', @args);

    return ($pid, $fh);
}

my ($pid, $fh) = follow('-i', '0.2', '--plain', $log);

$out = '';

# Its reports so far have that.

sub saw {
    my ($re) = @_;

    return wait_for(sub {
        my $bits = '';

        vec($bits, fileno($fh), 1) = 1;
        sysread($fh, $out, 65536, length $out)
            if select($bits, undef, undef, 0) > 0;

        return $out =~ $re;
    }, 20);
}

# it has the file open, and looks at its end

wait_for(sub { grep { (readlink($_) || '') eq $log } glob("/proc/$pid/fd/*") },
         20);
saw(qr/./);
append($log, line('new', '0.010') x 3);
saw(qr/^Users\.new /m);
rename($log, "$log.1");
append("$log.1", line('late', '0.010') x 2);
append($log, line('fresh', '0.010') x 4);
saw(qr/^Users\.fresh .*^Users\.late |^Users\.late .*^Users\.fresh /ms);
spew($log, '');
saw(qr/rotated 2 times/);
append($log, line('again', '0.010') x 5);
saw(qr/^Users\.again /m);
kill('TERM', $pid);
saw(qr/ 14 lines  rotated 2 times$/m);

$out .= do { local $/; <$fh> // '' };
close($fh);

is($? >> 8, 0, 'ends');

like($out, qr/^Users\.$_ /m, "calls of '$_'") for qw(new late fresh again);

like($out, qr/ 14 lines  rotated 2 times$/m, 'each line once');
unlike($out, qr/^Users\.get /m, 'not what was there before');

# standard input

($out) = run_in($tmp, '/bin/sh', '-c', "cat access.log | $nthrift tail -");
like($out, qr/^Users\.again /m, 'standard input');

# a terminal, and keys

SKIP: {
    skip('no script', 5) unless -x '/usr/bin/script';

    spew("$tmp/tty.sh", "(sleep 1; printf n; sleep 1; "
         . "printf q) | script -qec 'stty rows 5 cols 40; "
         . "$nthrift tail --all -i 0.2 $log.1' /dev/null\n");

    ($out) = run_in($tmp, '/bin/sh', "$tmp/tty.sh");

    like($out, qr/\e\[\?1049h/, 'a terminal');
    like($out, qr/\e\[\?1049l/, 'is left as it was');

    my ($frame) = $out =~ /\e\[2J\e\[H(.*?)\e\[J/s;
    my @lines = split(/\r\n/, ($frame || '') =~ s/\e\[K//gr);

    cmp_ok(scalar(@lines), '>', 2, 'what it shows') or diag($out);

    cmp_ok(scalar(grep { length > 40 } @lines), '==', 0, 'its columns');
    cmp_ok(scalar(@lines), '<=', 5, 'its rows');
}

# what is wrong

for ([ '', 'FILE is missing: nthrift tail FILE' ],
     [ "$tmp/none", "cannot open $tmp/none: No such file or directory" ],
     [ "--sort x $log", '--sort: "x" is not possible: "calls", "errors", '
       . '"time" or "name" expected' ])
{
    my ($words, $text) = @$_;

    (undef, $err) = run_apart($nthrift, 'tail', split(' ', $words));
    is($err, "nthrift: $text\n", "nthrift tail $words" =~ s/\Q$tmp\E//r);
}

done_testing();
