#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nthrift gen: headers of t/data/gen, t/data/idl and of what is written here
# compile without a warning, as C11 and C++17, with gcc and, if it is there,
# clang; a program looks at them at run time; handlers link and export what
# they should; what cannot be C is said with its place.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use POSIX ();
use Test::More;
use Test::Thrift::Files;

use constant {
    JOBS      => 2,         # compilers at once
    BIG       => 2000,      # structs and services of a large file
    BIG_TIME  => 4,         # seconds, of a processor
    LONG_PAST => 1000000000,
};


my $root = abs_path(dirname(__FILE__) . '/..');
my $asan = $ENV{TEST_NGINX_STATIC};
my $nthrift = nthrift();
my $factor = ($ENV{TEST_TIME_FACTOR} || 1) * ($asan ? 3 : 1);
my $data = "$root/t/data";
my $tmp = tempdir(CLEANUP => 1);

my @warn = qw(-Wall -Wextra -Werror -pedantic);
my @compilers = compilers();

# The tool alone under sanitizers: what it writes is the same

@compilers = () if $asan;


my @headers = corpus();

compile(@headers);
program();
handlers();
names();
functions();
prefixes();
wrong();
files();
fingerprints();
sizes();

done_testing();


# --- what is accepted ---------------------------------------------------------

sub corpus {
    my @found;

    for my $file (glob("$data/gen/*.thrift"),
                  map { glob("$data/idl/$_/*.thrift") }
                      qw(accept lenient since))
    {
        my $name = basename($file, '.thrift');

        my $dir = "$tmp/corpus/" . basename(dirname($file)) . "-$name";
        my @options = $name eq 'negative' ? '--negative-ids' : ();
        my ($said, $rc) = tool('gen', '-w', @options, '-o', $dir, $file);

        is($rc, 0, "gen $name") or diag($said);
        push @found, "$dir/$name";
    }

    ok(-e "$tmp/corpus/gen-diamond/$_.h", "$_.h for diamond.thrift")
        for qw(diamond left right shared);

    return @found;
}


# Each header by itself, and twice; our own with all compilers

sub compile {
    my @headers = @_;
    my @jobs;

    for my $header (@headers) {
        my ($dir, $name) = (dirname($header), basename($header));

        for my $compiler (@compilers) {
            my ($command, $std, $ext) = @$compiler;

            next if $command =~ /clang/ && $dir !~ m{/gen-\w+$};

            spew("$header.$ext", "#include \"$name.h\"\n" x 2);
            push @jobs, ["$command $name", $command, $std, @warn,
                         '-fsyntax-only', "-I$root/src", "-I$dir",
                         "$header.$ext"];
        }
    }

    parallel(@jobs);
}


# t/data/gen/program.c and second.c print TAP

sub program {
    my $dir = "$tmp/program";

    for my $file (glob("$data/gen/*.thrift")) {
        my @options = $file =~ /negative/ ? '--negative-ids' : ();
        tool('gen', '-w', @options, '-o', $dir, $file);
    }

    return unless @compilers;

    my @sources = qw(base/arena base/map bind/bytes bind/decode bind/encode
                     bind/fingerprint bind/protocol bind/schema bind/token
                     bind/write wire/binary wire/compact wire/compact_walk
                     wire/json wire/json_walk wire/protocol);
    my @flags = ('-D_GNU_SOURCE', '-g', '-Wall', '-Wextra', '-Werror',
                 map { "-I$_" } "$root/src", "$root/t/unit", "$data/gen",
                                $dir);
    my @sanitize = ('-O1', '-fsanitize=address,undefined',
                    '-fno-sanitize-recover=all');

    parallel(
        map({ ["compile $_", 'gcc', '-std=gnu11', '-O0', @flags, '-c', '-o',
               "$dir/" . tr{/}{_}r . '.o', "$root/src/$_.c"] } @sources),
        map({ my $name = $_;
              map { ["compile $name $_->[0]", 'gcc', '-std=c11', @$_, @flags,
                     '-c', '-o', "$dir/$name$_->[0].o", "$data/gen/$name.c"] }
                  [@sanitize], ['-O2'] } qw(program second)));

    for my $level ([@sanitize], ['-O2']) {
        my $out = "$dir/program$level->[0]";
        my ($said, $rc) = run('gcc', @$level, '-o', $out,
                              map { "$dir/$_.o" }
                              (map { tr{/}{_}r } @sources),
                              "program$level->[0]", "second$level->[0]");

        is($rc, 0, "link program $level->[0]") or diag($said);
        tap($out, $level->[0]);
    }
}


sub tap {
    my ($program, $level) = @_;

    my ($said, $rc) = run($program);
    my ($plan) = $said =~ /^1\.\.(\d+)$/m;

    ok(defined $plan, "program $level has a plan") or diag($said);
    is($rc, 0, "program $level exit code");

    while ($said =~ /^(not )?ok \d+ - (.*)\n((?:#.*\n)*)/mg) {
        my ($not, $name, $more) = ($1, $2, $3);
        ok(!$not, "program $level: $name") or diag($more);
        $plan--;
    }

    is($plan, 0, "program $level tests");
}


# A handler of one and of two sources is complete, and shows no more than it
# must

sub handlers {
    my $dir = "$tmp/program";
    my (@jobs, @objects);

    spew("$dir/alone.c", <<'EOF2');
#include "types.h"
#include "recursion.h"

Recursion_HANDLER(.node = NULL)
EOF2
    spew("$dir/alone.cc", "#include \"types.h\"\n#include \"recursion.h\"\n\n"
                          . "Recursion_HANDLER(NULL)\n");

    for my $compiler (@compilers) {
        my ($command, $std, $ext) = @$compiler;

        for my $level (qw(-O0 -O2)) {
            my @all = ($command, $std, $level, @warn, '-shared', '-fPIC',
                       "-I$root/src", "-I$dir", '-o');
            my $name = "$command$level";
            my @other = $ext eq 'cc' ? ('-x', 'c++') : ();

            push @jobs, ["one source, $name", @all, "$dir/$name-1.so",
                         "$dir/alone.$ext"],
                        ["two sources, $name", @all, "$dir/$name-2.so",
                         "$data/gen/handler.$ext", @other,
                         "$data/gen/other.c"];
            push @objects, ["$name-1", 'Recursion'],
                           ["$name-2", 'Every', 'Last'];
        }
    }

    parallel(@jobs);
    symbols($dir, @$_) for @objects;
}


sub symbols {
    my ($dir, $name, @services) = @_;

    my ($dynamic) = run('nm', '-D', "$dir/$name.so");
    my ($all) = run('nm', "$dir/$name.so");

    is(join(' ', sort $dynamic =~ /^[0-9a-f]+ [A-Z] (\S+)$/mg),
       join(' ', map { "nthrift_handler_$_" } @services), "exports of $name");
    is(join(' ', grep { !/\@GLIBC/ } $dynamic =~ /^ +U (\S+)$/mg), '',
       "nothing undefined in $name");
    unlike($all, qr/_GLOBAL__/, "nothing to initialize in $name");
}


# Every name that is reserved, as a field, an argument, a method, a constant

sub names {
    my $source = slurp("$root/tools/nthrift_gen_word.c");
    my ($reserved, $functions) = map { [/"([^"]+)"/g] }
                                 $source =~ /\bword_\w+\[\] = \{(.*?)\};/gs;

    cmp_ok(scalar(@$reserved), '>', 250, 'reserved names');
    cmp_ok(scalar(@$functions), '>', 400, 'functions');

    my @fields = grep { legal($_) } @$reserved;
    my @consts = grep { legal($_) } @$reserved, @$functions;

    spew("$tmp/names.thrift",
         join("\n", 'struct S {',
              map({ ($_ + 1) . ": optional i32 $fields[$_]" } 0 .. $#fields),
              '}',
              map({ "const string $_ = \"\"" } @consts),
              'service V {',
              map({ "void $_(1: i32 $_)" } @fields),
              '}') . "\n");

    my ($said, $rc) = tool('gen', '-o', "$tmp/names", "$tmp/names.thrift");

    is($rc, 0, 'gen of reserved names') or diag($said);

    my $header = slurp("$tmp/names/names.h");

    is(join(' ', grep { $header !~ /^ +int32_t +\Q$_\E_;$/m } @fields), '',
       'fields have an underscore');
    is(join(' ', grep { $header !~ /nthrift_str_t  \Q$_\E_ = /m } @consts), '',
       'constants, too');

    # with all of the C library

    make_path("$tmp/names");
    spew("$tmp/names/names.$_", join('', map { "#include <$_>\n" }
         qw(assert.h complex.h ctype.h errno.h inttypes.h limits.h locale.h
            math.h setjmp.h signal.h stdlib.h time.h unistd.h sys/stat.h
            sys/types.h sys/wait.h netdb.h netinet/in.h))
         . "#include \"names.h\"\n")
        for qw(c cc);

    my @jobs;

    for my $compiler (@compilers) {
        my ($command, $std, $ext) = @$compiler;

        push @jobs, ["names, $command $_", $command, $_, @warn,
                     '-fsyntax-only', "-I$root/src", "-I$tmp/names",
                     "$tmp/names/names.$ext"]
            for $std, $std =~ s/=c/=gnu/r;
    }

    parallel(@jobs);
}


# Methods that are called as functions of the C library, in a handler

sub functions {
    my @names = qw(remove close read write open exit index printf abort select
                   time rename free malloc);

    spew("$tmp/functions.thrift", join("\n", 'service Files {',
         map({ "i32 $_(1: string path)" } @names), '}') . "\n");

    my $dir = "$tmp/functions";
    my ($said, $rc) = tool('gen', '-o', $dir, "$tmp/functions.thrift");

    is($rc, 0, 'gen of methods that are functions') or diag($said);

    my $includes = join('', map { "#include <$_>\n" }
                            qw(stdio.h stdlib.h strings.h time.h unistd.h
                               fcntl.h sys/select.h));
    my $methods = join('', map { <<"EOF2" } @names);
static void
files_$_(nthrift_call_t *call, const Files_${_}_args_t *args)
{
    Files_${_}_reply(call, (int32_t) args->path.len);
}

EOF2

    my $source = "$includes#include \"functions.h\"\n\n$methods";

    spew("$dir/methods.c", $source
         . 'Files_HANDLER(' . join(', ', map { ".$_ = files_$_" } @names)
         . ")\n");
    spew("$dir/methods.cc", $source
         . 'Files_HANDLER(' . join(', ', map { "files_$_" } @names) . ")\n");

    parallel(map { my ($command, $std, $ext) = @$_;
                   ["methods that are functions, $command", $command, $std,
                    @warn, '-O2', '-shared', '-fPIC', '-D_GNU_SOURCE',
                    "-I$root/src", "-I$dir", '-o', "$dir/$command.so",
                    "$dir/methods.$ext"] }
             @compilers);
}


sub legal {
    my ($name) = @_;

    # words of the IDL

    return $name !~ /^(bool|const|double|enum|false|namespace|struct|true
                       |typedef|union|void)$/x;
}


# --- files that have the same names -------------------------------------------

sub prefixes {
    for (

        # [ name, files, header => what is in it, options ]

        [ 'a name of two files',
          { 'a.thrift' => "include \"b.thrift\"\nnamespace cpp a\n"
                          . "struct User { 1: b.User user, 2: b.Else e }\n",
            'b.thrift' => "struct User {}\nstruct Else {}\n" },
          { 'a.h' => [ 'b_User_t  user;', 'b_Else_t  e;', '^struct User_s \{' ],
            'b.h' => [ 'struct b_User_s', 'b_Else_init' ] } ],

        [ 'constants',
          { 'a.thrift' => "include \"b.thrift\"\nconst i32 A = 1\n",
            'b.thrift' => "\nconst string A = ''\nenum E { F }\n" },
          { 'a.h' => [ 'A = 1' ], 'b.h' => [ 'nthrift_str_t  b_A;',
                                              'b_E_F' ] } ],

        # both begin otherwise, in whatever order they are included

        map({ my $order = $_;
              [ "included files, $order",
                { 'a.thrift' => join('', map { "include \"$_.thrift\"\n" }
                                             split //, $order)
                                . "struct A { 1: b.User b, 2: c.User c, "
                                . "3: d.Alone d }\n",
                  'b.thrift' => "namespace cpp b\nstruct User {}\n",
                  'c.thrift' => "namespace cpp c\nstruct User {}\n",
                  'd.thrift' => "struct Alone {}\n" },
                { 'a.h' => [ 'b_User_t +b;', 'c_User_t +c;',
                             ' Alone_t +d;' ] } ] } qw(bcd dcb)),

        [ 'a prefix of the command line',
          { 'a.thrift' => "include \"x/b.thrift\"\nnamespace cpp a\n"
                          . "struct User { 1: b.User user }\n",
            'x/b.thrift' => "namespace nthrift no\nstruct User {}\n" },
          { 'a.h' => [ 'p_q_User_t  user;' ], 'b.h' => [ 'p_q_User_s' ] },
          '--prefix', 'x/b.thrift=p.q' ],

        [ 'no prefix, by the command line',
          { 'a.thrift' => "include \"b.thrift\"\n",
            'b.thrift' => "namespace nthrift no\nstruct User {}\n" },
          { 'b.h' => [ '^struct User_s' ] }, '--prefix', 'b=' ],

        [ 'files of one name',
          { 'a.thrift' => "include \"d/a.thrift\"\ninclude \"e/m.thrift\"\n"
                          . "include \"n.thrift\"\n",
            'd/a.thrift' => "struct D {}\n",
            'e/m.thrift' => "struct M {}\n",
            'n.thrift'   => "include \"d/m.thrift\"\n"
                            . "struct N { 1: m.M m }\n",
            'd/m.thrift' => "struct M {}\n" },
          { 'a.h' => [ '"d_a.h"', '"e_m.h"' ], 'd_a.h' => [ '^struct D_s' ],
            'e_m.h' => [ 'e_m_M_t' ], 'd_m.h' => [ 'd_m_M_t' ],
            'n.h'   => [ 'd_m_M_t  m;' ] } ],
    ) {
        my ($name, $files, $headers, @options) = @$_;

        my $dir = "$tmp/prefix/" . ($name =~ s/\W/_/gr);

        make_path(map { "$dir/$_" } qw(d e x));
        spew("$dir/$_", $files->{$_}) for sort keys %$files;

        my ($said, $rc) = run_in($dir, $nthrift, 'gen', '-w', @options, '-o',
                                 'out', 'a.thrift');

        is($rc, 0, $name) or diag($said);

        for my $header (sort keys %$headers) {
            for my $text (@{$headers->{$header}}) {
                like(slurp("$dir/out/$header"), qr/$text/m,
                     "$name, $header: $text");
            }
        }

        compile("$dir/out/a");
    }

    # a handler of both: what the names in nginx.conf are stays

    my $dir = "$tmp/prefix/service";

    make_path($dir);
    spew("$dir/a.thrift", "include \"b.thrift\"\nnamespace cpp a\n"
                          . "service S extends b.S { void mine() }\n");
    spew("$dir/b.thrift", "service S { void theirs() }\n");

    is((run_in($dir, $nthrift, 'gen', '-w', '-o', 'out', 'a.thrift'))[1], 0,
       'services of one name');
    like(slurp("$dir/out/a.h"), qr/b_S_theirs_args_t[^;]*;.*nthrift_handler_S/s,
         'a method of the other');

    # what is no prefix

    like((run_in($dir, $nthrift, 'gen', '--prefix', 'b', 'a.thrift'))[0],
         qr/^nthrift: --prefix b: it must be FILE=NAME$/m, 'no name');
    like((run_in($dir, $nthrift, 'gen', '--prefix', 'c=d', 'a.thrift'))[0],
         qr/^nthrift: --prefix c=d: no such file is included$/m, 'no file');
    is((tool('check', '--prefix', 'a=b', 'a'))[1], 2, 'a prefix for check');
}


# --- what is not --------------------------------------------------------------

sub wrong {
    my @cases = (

        ['a value and a constant',
         { 'a.thrift' => "enum A { B }\nconst i32 A_B = 1\n" },
         taken('a.thrift:2:11', 'A_B', 'a.thrift:1:10')],

        ['a method and a struct',
         { 'a.thrift' => "struct S_m_args {}\nservice S { void m() }\n" },
         taken('a.thrift:2:18', 'S_m_args_t', 'a.thrift:1:8')],

        ['a prefix that is a name',
         { 'a.thrift' => "include \"b.thrift\"\nstruct p_A {}\n",
           'b.thrift' => "namespace nthrift p\nstruct A {}\n" },
         taken('b.thrift:2:8', 'p_A_t', 'a.thrift:2:8', 'files')],

        ['an entry that is a type',
         { 'a.thrift' => "struct A {}\nstruct A_entry {}\nstruct B {\n"
                         . " 1: map<i32, A> a\n"
                         . " 2: map<i32, A_entry> b\n}\n" },
         taken('a.thrift:5:23', 'nthrift_map_i32_A_entry_t',
               'a.thrift:4:17')],

        ['two members of one name',
         { 'a.thrift' => "struct A {\n 1: i32 class\n 2: i32 class_\n}\n" },
         'a.thrift:3:9: error: the name "class_" in C is also that of another'
         . " member; rename one\n"],

        ['a container of two types',
         { 'a.thrift' => "struct list_i32 {}\nstruct A {\n"
                         . " 1: list<list_i32> a\n 2: list<list<i32>> b\n}\n" },
         'a.thrift:4:21: error: the type "nthrift_list_list_i32_t" in C would'
         . ' be two types; rename what it is made of, or let its name begin'
         . " otherwise, with --prefix FILE=NAME\n"],

        ['our names',
         { 'a.thrift' => "struct nthrift_str {}\n" },
         'a.thrift:1:8: error: the name "nthrift_str" in C begins as those of'
         . ' nthrift_handler.h do; rename it, or let the names of the file'
         . " begin otherwise, with --prefix FILE=NAME\n"],

        ['one guard for two files',
         { 'a.thrift' => "\ninclude \"a-b.thrift\"\ninclude \"A_B.thrift\"\n",
           'a-b.thrift' => '', 'A_B.thrift' => '' },
         'a.thrift:3:9: error: the headers of a-b.thrift and A_B.thrift would'
         . " take each other's place; rename one of the files\n"],

        ['a default that has itself',
         { 'a.thrift' => "struct A {\n 1: A a = {}\n}\n" },
         'a.thrift:1:8: error: the default of "a" has itself in it: there is'
         . " no such value in C\n"],

        ['a default that has itself, in a list',
         { 'a.thrift' => "struct A {\n 1: list<B> b = [{}]\n}\n"
                         . "struct B {\n 1: A a\n}\n" },
         qr/^a.thrift:\d:8: error: the default of "b" has itself/],

        ['two fields of a union',
         { 'a.thrift' => "union A { 1: i32 a, 2: i32 b }\n"
                         . "const A C = {'a': 1, 'b': 2}\n" },
         'a.thrift:2:9: error: the value of union "A" has more than one field'
         . "\n"],

        ["a union's field 0",
         { 'a.thrift' => "union A { 0: i32 a, 1: i32 b }\n" },
         "a.thrift:1:18: error: a union's field 0 cannot be told from none in"
         . " C\n",
         '--negative-ids'],

        ['a name without end',
         { 'a.thrift' => "typedef i32 A0\n"
                         . join('', map { "typedef map<A$_, A$_> A" . ($_ + 1)
                                          . "\n" } 0 .. 40) },
         qr/: error: the name of the type in C has more than 4095 bytes$/m],

        ['values without end',
         { 'a.thrift' => "struct A0 { 1: i32 a = 1 }\n"
                         . join('', map { "struct A" . ($_ + 1)
                                          . " { 1: list<A$_> a = [{}, {}] }\n"
                                        } 0 .. 25) },
         qr/: error: constants and defaults have more than 1000000 values in/],

        ['values that are too deep',
         { 'a.thrift' => "struct A0 { 1: i32 a = 1 }\n"
                         . join('', map { "struct A" . ($_ + 1)
                                          . " { 1: A$_ a }\n" } 0 .. 299) },
         qr/: error: the value is nested deeper than 256 levels in C$/m],

        ['an error of the IDL',
         { 'a.thrift' => "struct A { 1: B b }\n" },
         "a.thrift:1:15: error: type \"B\" is not defined\n"],
    );

    for my $case (@cases) {
        my ($name, $files, $message, @options) = @$case;

        next if $asan && $name eq 'values without end';

        my $dir = "$tmp/wrong/" . ($name =~ s/\W/_/gr);

        make_path("$dir/d");
        spew("$dir/$_", $files->{$_}) for sort keys %$files;

        my ($said, $rc) = run_in($dir, $nthrift, 'gen', '-w', @options, '-o',
                                 'out', 'a.thrift');

        is($rc, 1, "$name, exit code");
        ref $message ? like($said, $message, $name)
                     : is($said, $message, $name);
        ok(!-e "$dir/out", "$name, nothing is written");
    }

    # the cure

    my $dir = "$tmp/wrong/prefix";

    make_path($dir);
    spew("$dir/a.thrift", "include \"b.thrift\"\nnamespace cpp a\n"
                          . "struct User { 1: b.User user }\n");
    spew("$dir/b.thrift", "namespace nthrift b.c\nstruct User {}\n");

    my ($said, $rc) = run_in($dir, $nthrift, 'gen', '-o', 'out', 'a.thrift');

    is($rc, 0, 'with a prefix') or diag($said);
    like(slurp("$dir/out/a.h"), qr/^    b_c_User_t  user;$/m,
         'a prefix of two words');

    # a typedef of that name is no other type

    spew("$dir/a.thrift", "include \"b.thrift\"\nnamespace cpp a\n"
                          . "typedef b.User User\nstruct A { 1: User user }\n");
    spew("$dir/b.thrift", "struct User {}\n");

    ($said, $rc) = run_in($dir, $nthrift, 'gen', '-o', 'out', 'a.thrift');

    is($rc, 0, 'a typedef of the same name') or diag($said);

    # the command line

    like((tool('gen'))[0], qr/FILE is missing: nthrift gen FILE/, 'no file');
    is((tool('gen', 'a', 'b'))[1], 2, 'one file');
    is((tool('gen', 'a', '-o'))[1], 2, 'no directory');
    is((tool('gen', '-o', '', 'a'))[1], 2, 'an empty directory');
    is((tool('check', '-o', 'a', 'b'))[1], 2, 'a directory for check');
}


sub taken {
    my ($where, $name, $other, $files) = @_;

    return "$where: error: the name \"$name\" in C is also that of $other;"
           . ' rename one' . (!$files ? '' : ', or let the names of one file'
           . ' begin otherwise, with --prefix FILE=NAME') . "\n";
}


# --- files --------------------------------------------------------------------

sub files {
    my $dir = "$tmp/files";
    my $file = "$data/gen/diamond.thrift";

    make_path($dir);

    is((tool('gen', '-w', '-o', "$dir/a/b/", $file))[1], 0,
       'directories are made');
    is((run_in($dir, $nthrift, 'gen', '-w', $file))[1], 0, 'here');

    is(slurp("$dir/$_.h"), slurp("$dir/a/b/$_.h"), "$_.h is the same again")
        for qw(diamond left right shared);

    utime(LONG_PAST, LONG_PAST, map { "$dir/$_.h" } qw(diamond shared));
    spew("$dir/shared.h", slurp("$dir/shared.h") . "\n");

    run_in($dir, $nthrift, 'gen', '-w', $file);

    is((stat("$dir/diamond.h"))[9], LONG_PAST, 'what is right is not touched');
    is(slurp("$dir/shared.h"), slurp("$dir/a/b/shared.h"),
       'what is not is written');

    opendir(my $dh, $dir) or die "$dir: $!";
    is(join(' ', sort grep { !/^\.\.?$/ } readdir($dh)),
       'a diamond.h left.h right.h shared.h', 'nothing else is there');

    spew("$dir/plain", '');

    my ($said, $rc) = tool('gen', '-w', '-o', "$dir/plain", $file);

    is($rc, 1, 'a file for a directory, exit code');
    like($said, qr{^nthrift: cannot write \Q$dir\E/plain/\w+.h: },
         'a file for a directory');

    ($said, $rc) = tool('gen', '-w', '-o', "$dir/plain/sub", $file);

    like($said, qr{^nthrift: cannot make directory \Q$dir\E/plain/sub: },
         'a directory that cannot be');

    like(slurp("$dir/diamond.h"),
         qr{^/\*\n \* diamond.h: generated by nthrift from diamond.thrift. },
         'no path in the header');
}


# --- fingerprints -------------------------------------------------------------

sub fingerprints {
    my %stable = (
        "string ping()"                  => '85efbcd6f7800fc6',
        "i64 add(1: i32 a, 2: i64 b)"    => 'dc3b4ead64a64b34',
        "/** Adds. */ i64 add(2: i64 b, 1: i32 a = 5) (x = \"y\")"
                                         => 'dc3b4ead64a64b34',
    );

    for my $method (sort keys %stable) {
        is(fingerprint($method), $stable{$method}, "fingerprint of $method");
    }

    isnt(fingerprint('i64 add(1: i32 a, 2: i64 c)'),
         $stable{'i64 add(1: i32 a, 2: i64 b)'}, 'another method has another');
}


sub fingerprint {
    my ($method) = @_;

    spew("$tmp/one.thrift", "service One {\n$method\n}\n");

    my ($said, $rc) = tool('gen', '-w', '-o', "$tmp/one", "$tmp/one.thrift");

    is($rc, 0, "gen $method") or diag($said);

    return slurp("$tmp/one/one.h") =~ /UINT64_C\(0x([0-9a-f]{16})\)/ ? $1 : '';
}


# --- large files --------------------------------------------------------------

sub sizes {
    spew("$tmp/big.thrift", join('', map { <<"EOF2" } 1 .. BIG));
struct Record$_ {
    1: required i64 id,
    2: optional string name = "none",
    3: list<Record$_> children,
    4: map<string, Kind$_> kinds,
    5: optional double price = 1.5
}

enum Kind$_ { ONE = 1, TWO }

service Service$_ {
    Record$_ get(1: i64 id, 2: Kind$_ kind),
    oneway void drop(1: list<Record$_> records)
}
EOF2

    # a chain that is too long for recursion, from its end

    spew("$tmp/chain.thrift",
         join('', map { "struct A$_ { 1: A" . ($_ + 1) . " a }\n" }
                  1 .. BIG * 10) . 'struct A' . (BIG * 10 + 1) . " {}\n");

    for my $name (qw(big chain)) {
        my @before = times();
        my ($said, $rc) = tool('gen', '-w', '-o', "$tmp/sizes",
                               "$tmp/$name.thrift");
        my @after = times();

        is($rc, 0, "gen $name") or diag($said);
        cmp_ok($after[2] - $before[2] + $after[3] - $before[3], '<',
               BIG_TIME * $factor, "$name, seconds");
    }
}


# --- tools --------------------------------------------------------------------

# Runs [name, command ...], some at once; each must end well and say nothing

sub parallel {
    my @jobs = @_;
    my %running;

    while (@jobs || %running) {
        if (@jobs && keys %running < JOBS) {
            my ($name, @command) = @{shift @jobs};
            my $said = "$tmp/job." . @jobs;
            my $pid = fork();

            die "fork: $!" unless defined $pid;

            if ($pid == 0) {
                open(STDOUT, '>', $said);
                open(STDERR, '>&', \*STDOUT);
                { no warnings 'exec'; exec { $command[0] } @command; }
                POSIX::_exit(127);
            }

            $running{$pid} = [$name, $said];
            next;
        }

        my $pid = waitpid(-1, 0);
        my $job = delete $running{$pid} or next;

        ok($? == 0 && !-s $job->[1], $job->[0])
            or diag(substr(slurp($job->[1]), 0, 2000));
    }
}


sub tool {
    return run($nthrift, @_);
}


sub run {
    return run_in($tmp, @_);
}


# gcc, and any clang: [command, standard, extension], for C and C++

sub compilers {
    my ($clang) = grep { installed($_) } 'clang',
                                         map { "clang-$_" } reverse 11 .. 29;
    my @all = (['gcc', '-std=c11', 'c'], ['g++', '-std=c++17', 'cc']);

    push @all, [$clang, '-std=c11', 'c'],
               [$clang =~ s/clang/clang++/r, '-std=c++17', 'cc']
        if $clang;

    return grep { installed($_->[0]) } @all;
}


sub installed {
    my ($command) = @_;

    return grep { -x "$_/$command" } split(/:/, $ENV{PATH});
}
