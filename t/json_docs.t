#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# docs/json.md: its examples are what it says, with its own definition and
# Apache's Python library as the server.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use IPC::Open2 qw(open2);
use Test::More;

use Test::Thrift::Files;


my $root = abs_path("$FindBin::Bin/..");
my $nthrift = nthrift();
my $tmp = tempdir(CLEANUP => 1);

$ENV{PYTHONDONTWRITEBYTECODE} = 1;


my $text = slurp("$root/docs/json.md");
my ($idl) = $text =~ /\n\n(    enum Color .*?)^\S/ms
    or die "docs/json.md has no definition\n";

spew("$tmp/shop.thrift", $idl =~ s/^    //mgr);
mkdir("$tmp/gen-py");

plan(skip_all => 'no Python library or compiler')
    if system("thrift -nowarn --gen py -out $tmp/gen-py $tmp/shop.thrift"
              . " >/dev/null 2>&1") != 0
       || system("/usr/bin/python3 -c 'import thrift' 2>/dev/null") != 0;

my $pid = open2(my $from, my $to, '/usr/bin/python3',
                "$root/t/data/json/server.py", $tmp);

is(scalar(<$from>), "ready\n", 'the server is ready');

my $n = 0;

while ($text =~ /^    \$ (nthrift call .*)\n((?:    (?!\$).*\n)*)/mg) {
    my ($command, $want) = ($1, $2);

    $want =~ s/^    //mg;

    my $said = `cd $tmp && ${\ ($command =~ s/^nthrift/$nthrift/r
                                =~ s/127\.0\.0\.1:9090/unix:server/r)} 2>&1`;

    is($said, $want, $command =~ s/^nthrift call \S+ | --idl \S+//gr);
    $n++;
}

cmp_ok($n, '>', 15, 'examples');

close($to);
waitpid($pid, 0);

done_testing();
