#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nthrift check and nthrift dump over t/data/idl, and the same files under
# Apache's compiler.  A file's .gold is what check says of it, then, if it is
# accepted, its dump.
#
#     accept   by us and by every version of Apache's compiler
#     since    the same, but for versions before 0.18
#     lenient  by us only
#     refuse   by both
#     strict   refused by us only: see docs/idl.md, "Differences"
#     inc      what the others include
#
# "t/idl.t --gold" writes the .gold files anew.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Temp qw(tempdir);
use Test::More;
use Test::Thrift::Files;

use constant {
    COMPILER_TIME => 20,        # seconds, for one file
    BIG_LINES     => 50_000,
    BIG_TIME      => 0.150,     # seconds
    BIG_MEMORY    => 65_536,    # KiB, of address space
    BAD_BYTES     => 1_048_576,
    BAD_TIME      => 1,         # seconds
};


my $root = abs_path(dirname(__FILE__) . '/..');
my $asan = $ENV{TEST_NGINX_STATIC};
my $nthrift = nthrift();
my $factor = ($ENV{TEST_TIME_FACTOR} || 1) * ($asan ? 3 : 1);
my $data = "$root/t/data/idl";
my $tmp = tempdir(CLEANUP => 1);

my %accepted = (accept => 1, since => 1, lenient => 1, refuse => 0,
                strict => 0);

if (@ARGV && $ARGV[0] eq '--gold') {
    spew(gold_name($_), gold($_)) for map { corpus($_) } keys %accepted;
    exit 0;
}


# The corpus

for my $dir (sort keys %accepted) {
    for my $file (corpus($dir)) {
        my $name = "$dir/" . basename($file, '.thrift');
        my ($said, $rc) = run($file, $nthrift, 'check', basename($file));

        is($rc, $accepted{$dir} ? 0 : 1, "$name exit code") or diag($said);
        is(gold($file), slurp(gold_name($file)), "$name gold");
    }
}


# Apache's compiler

SKIP: {
    my ($version) = `thrift --version 2>/dev/null` =~ /(\d+\.\d+)/;

    skip 'no thrift compiler', 1 unless defined $version;

    $version =~ s/^0\.//;

    my %same = (accept => 1, lenient => 0, refuse => 0);
    $same{since} = 1 if $version >= 18;

    for my $dir (sort keys %same) {
        for my $file (corpus($dir)) {
            my (undef, $rc) = run($file, 'timeout', COMPILER_TIME, 'thrift',
                                  '-nowarn', '--gen', 'json', '-out', $tmp,
                                  basename($file));

            is($rc == 0 ? 1 : 0, $same{$dir}, "compiler: $dir/"
               . basename($file, '.thrift'));
        }
    }
}


# The command line

like(tool('check', "$data/accept/nosuch.thrift"),
     qr{/nosuch.thrift: error: no such file\n\z}, 'no such file');
like(tool('check', $data), qr{/idl: error: cannot read: is a directory\n\z}, 'a directory');
like(tool('dump', '-w', "$data/accept/empty.thrift"), qr{"definitions": \[\]},
     'dump');
is(tool('check', '-w', "$data/accept/implicit_ids.thrift"), '', 'no warnings');
like(tool('check'), qr/FILE is missing: nthrift check FILE/, 'no file');
like(tool('check', '-x', 'a'), qr/-x: no such option/, 'an unknown option');
like(tool('dump', 'a', 'b'), qr/too many arguments: "b"/, 'one file to dump');
is(status('check'), 2, 'usage exit code');

spew("$tmp/include.thrift", "include \"found.thrift\"\n"
                            . "struct A { 1: found.Found f }\n");

like(tool('check', "$tmp/include.thrift"),
     qr{include.thrift:1:9: error: cannot find "found.thrift"\n\z},
     'not found');
is(tool('check', '-I', "$data/inc/path", "$tmp/include.thrift"), '',
   'found with -I');
is(tool('check', "-I$data/inc", "-I$data/inc/path", "$tmp/include.thrift"),
   '', 'found with the second -I');

my $both = tool('check', "$data/refuse/garbage.thrift",
                "$data/refuse/two_separators_after.thrift");

is(scalar(() = $both =~ /: error: /g), 2, 'the first error of each file');

spew("$tmp/negative.thrift", "struct A { -5: i32 a }\n");

like(tool('dump', '-w', "$tmp/negative.thrift"), qr/"id": -1,/,
     'negative ids replaced');
like(tool('dump', '-w', '--negative-ids', "$tmp/negative.thrift"),
     qr/"id": -5,/, 'negative ids kept');


# Speed, as processor time, the least of three: others may be busy

spew("$tmp/big.thrift", big());

takes(BIG_TIME, BIG_LINES . ' lines', 'check', "$tmp/big.thrift");

SKIP: {
    skip 'sanitizers take memory', 1 if $asan;

    my ($said, $rc) = run_in($tmp, 'sh', '-c', 'ulimit -v ' . BIG_MEMORY
                             . " && exec $nthrift check $tmp/big.thrift");

    is($rc, 0, BIG_LINES . ' lines, memory') or diag($said);
}

my %hostile = hostile();

for my $name (sort keys %hostile) {
    spew("$tmp/hostile.thrift", $hostile{$name});

    takes(BAD_TIME, "hostile $name", 'check', '-w', "$tmp/hostile.thrift");
}

done_testing();


sub corpus {
    my ($dir) = @_;

    return sort glob("$data/$dir/*.thrift");
}


sub gold_name {
    my ($file) = @_;

    return $file =~ s/\.thrift$/.gold/r;
}


sub gold {
    my ($file) = @_;

    my ($text, $rc) = run($file, $nthrift, 'check', basename($file));

    if ($rc == 0) {
        my ($json) = run($file, $nthrift, 'dump', '-w', basename($file));
        $text .= $json;
    }

    return $text;
}


# What a command prints in the directory of the file, and its exit code

sub run {
    my ($file, @command) = @_;

    return run_in(dirname($file), @command);
}


sub tool {
    return (run_in($tmp, $nthrift, @_))[0];
}


sub status {
    return (run_in($tmp, $nthrift, @_))[1];
}


# Seconds of processor time; very many if the tool ends unusually

sub takes {
    my ($most, $name, @args) = @_;

    my $least = seconds(@args);

    for (1 .. 5) {
        last if $least < $most * $factor;

        my $again = seconds(@args);

        $least = $again if $again < $least;
    }

    cmp_ok($least, '<', $most * $factor, "$name, seconds");
}


sub seconds {
    my @before = times();
    my $rc = status(@_);
    my @after = times();

    return 1e9 unless $rc == 0 || $rc == 1;
    return $after[2] - $before[2] + $after[3] - $before[3];
}


sub big {
    my @lines;

    for (my $i = 1; @lines < BIG_LINES; $i++) {
        my $last = $i > 1 ? $i - 1 : 1;

        push @lines, split(/\n/, <<"EOF", -1);
/**
 * Record number $i.
 */
struct Record$i {
    1: required i64 id,
    2: optional string name = "none" (tag = "x"),
    3: list<Record$last> children,
    4: map<string, Kind$i> kinds,
    5: optional double price = 1.5
}

enum Kind$i {
    ONE = 1,
    TWO,
    THREE = 0x10
}

typedef list<Record$i> Records$i
const Kind$i DEFAULT$i = Kind$i.TWO

exception Error$i {
    1: string message
}

service Service$i {
    Record$i get(1: i64 id, 2: Kind$i kind) throws (1: Error$i e),
    Records$i all(1: i32 limit = 10),
    oneway void drop(1: Records$i records)
}
EOF
    }

    return join("\n", @lines) . "\n";
}


# Text up to BAD_BYTES: a beginning, what is repeated, an end

sub repeat {
    my ($head, $code, $tail) = @_;

    my $text = $head;

    for (my $i = 0; length($text) < BAD_BYTES - 100; $i++) {
        $text .= $code->($i);
    }

    return $text . (defined $tail ? $tail : '');
}


sub hostile {
    return (
        'same struct' => repeat('', sub { "struct A {}\n" }),
        'structs' => repeat('', sub { "struct A$_[0] {}\n" }),
        'same field' => repeat('struct A {', sub { '1:i8 a,' }, '}'),
        'fields' => repeat('struct A {', sub { "i8 a$_[0]," }, '}'),
        'falling ids' => repeat('struct A {', sub {
            (200_000 - $_[0]) . ":i8 a$_[0],"
        }, '}'),
        'enum values' => repeat('enum A {', sub { "A$_[0]," }, '}'),
        'undefined types' => repeat('', sub {
            "struct A$_[0] {1:B$_[0] b}\n"
        }),
        'undefined constants' => repeat('', sub {
            "const i32 A$_[0] = B$_[0]\n"
        }),
        'undefined parents' => repeat('', sub {
            "service A$_[0] extends B$_[0] {}\n"
        }),
        'typedef chain' => repeat("typedef i32 A0\n", sub {
            "typedef A$_[0] A" . ($_[0] + 1) . "\n"
        }),
        'typedef tower' => repeat("typedef i32 A0\n", sub {
            "typedef map<A$_[0],A$_[0]> A" . ($_[0] + 1) . "\n"
        }),
        'constant chain' => repeat("const i32 A0 = 1\n", sub {
            'const i32 A' . ($_[0] + 1) . " = A$_[0]\n"
        }),
        'constant tower' => tower(),
        'service chain' => repeat("service A0 {}\n", sub {
            'service A' . ($_[0] + 1) . " extends A$_[0] {void m$_[0]()}\n"
        }),
        'methods' => repeat('service A {', sub { "void a$_[0]()" }, '}'),
        'same method' => repeat('service A {', sub { 'void a()' }, '}'),
        'nested types' => 'struct A {1:' . 'list<' x 200_000,
        'nested values' => 'const i32 A = ' . '[' x 1_000_000,
        'nested maps' => 'const i32 A = ' . '{1:' x 300_000,
        'nested attributes' => 'struct A {' . 'i8 a xsd_attrs {' x 60_000,
        'long name' => 'struct ' . 'a' x 1_000_000 . ' {}',
        'long dotted name' => 'struct ' . 'a.' x 500_000 . 'a {}',
        'long literal' => 'const string A = "' . 'x' x 1_000_000 . '"',
        'escapes' => 'const string A = "' . '\\n' x 500_000 . '"',
        'open literal' => 'const string A = "' . 'x' x 1_000_000,
        'open comment' => '/*' . "*\n" x 500_000,
        'doc comments' => repeat('', sub { '/** a */' }),
        'long number' => 'const i32 A = ' . '1' x 1_000_000,
        'values' => repeat('const list<i32> A = [', sub { '1,' }, ']'),
        'wrong values' => repeat('const list<i32> A = [', sub { '"",' }, ']'),
        'include itself' => repeat('', sub { "include \"hostile.thrift\"\n" }),
        'include nothing' => repeat('', sub { "include \"no$_[0]\"\n" }),
        'include one' => repeat('', sub { "include \"big.thrift\"\n" }),
        'namespaces' => repeat('', sub { "namespace a$_[0] b\n" }),
        'annotations' => repeat('struct A {} (', sub { 'a="b",' }, ')'),
        'zeros' => "\0" x 1_000_000,
        'newlines' => "\n" x 1_000_000,
    );
}


# Each list has the one before a hundred times

sub tower {
    my $text = "const list<i32> A0 = [1, 1]\n";
    my $type = 'list<i32>';

    for my $i (1 .. 50) {
        $type = "list<$type>";
        $text .= "const $type A$i = [" . join(',', ('A' . ($i - 1)) x 100)
                 . "]\n";
    }

    return $text;
}
