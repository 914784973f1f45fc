#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Where libraries of Python, thriftpy and Perl see a message end: where we do, or
# they close the connection.  "make agree" asks more of them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my @readers = qw(python python-accelerated thriftpy thriftpy-cython perl);
my $top = Test::Thrift->top();

chdir($top) or die "$top: $!\n";

for my $file (qw(corpus generated)) {
    plan(skip_all => "there is no build/agree/$file")
        if !-e "build/agree/$file";
}

plan(tests => 1 + @readers);

my $said = `t/agree/run build/agree 0 @readers 2>&1`;

is($?, 0, 'all agree') or diag($said);

like($said, qr/^\Q$_\E +[0-9]{4,} +[0-9]{4,} /m, $_) for @readers;
