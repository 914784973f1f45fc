#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nthrift compat: findings with both places, levels, exit codes, options.  What
# is found is tested by t/unit/compat.c.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;
use Test::Thrift::Files;


my $nthrift = nthrift();
my $tmp = tempdir(CLEANUP => 1);

make_path("$tmp/$_") for qw(old new both);

spew("$tmp/old/shop.thrift", <<'EOS');
include "base.thrift"

enum Color {
    RED = 1,
    GREEN = 2
}

struct User {
    1: required i64 id,
    2: string name,
    3: Color color
}

service Users extends base.Base {
    User get(1: i64 id),
    void put(1: User user)
}
EOS

spew("$tmp/new/shop.thrift", <<'EOS');
include "base.thrift"

enum Color {
    RED = 1
}

struct Person {
    1: required i64 id,
    2: string name = "none",
    3: Color color,
    4: required uuid key
}

service Users extends base.Base {
    Person get(1: string id),
    void put(1: Person user)
}
EOS

spew("$tmp/old/base.thrift", "service Base {\n    void ping()\n}\n");
spew("$tmp/new/base.thrift", "service Base {\n}\n");


# the findings

is(compat('old/shop.thrift', 'new/shop.thrift'), <<'EOS', 'findings');
new/shop.thrift:15:26: error: argument "id" of Users.get is string, it was i64 in old/shop.thrift:15:21; breaks old clients and old servers
new/shop.thrift:14:9: error: method Users.ping is missing, it was in old/base.thrift:2:10; breaks old clients
new/base.thrift:1:9: error: method Base.ping is missing, it was in old/base.thrift:2:10; breaks old clients
new/shop.thrift:9:15: warning: field "name" of struct Person has the default "none", it was none in old/shop.thrift:10:15; may matter to old clients and old servers
new/shop.thrift:11:22: error: field "key" of struct Person is new and required, it was not in old/shop.thrift:8:8; breaks old clients and old servers
new/shop.thrift:3:6: error: value "GREEN" (2) of enum Color is missing, it was in old/shop.thrift:5:5; breaks old clients and old servers
EOS

is(scalar(() = compat('-w', 'old/shop.thrift', 'new/shop.thrift')
               =~ /warning/g), 0, 'no warnings');
is(code('old/shop.thrift', 'new/shop.thrift'), 1, 'exit code of errors');
is(compat('old/shop.thrift', 'old/shop.thrift'), '', 'the same file');
is(code('old/shop.thrift', 'old/shop.thrift'), 0, 'its exit code');

spew("$tmp/warn.thrift", slurp("$tmp/old/shop.thrift")
                         =~ s/string name/string name = "x"/r);

like(compat('-I', 'old', 'old/shop.thrift', 'warn.thrift'),
     qr/\Awarn\.thrift:10:15: warning: .*\n\z/, 'a warning');
is(code('-I', 'old', 'old/shop.thrift', 'warn.thrift'), 0, 'is no error');
is(compat('-w', '-I', 'old', 'old/shop.thrift', 'warn.thrift'), '',
   'and is not shown');

# nothing is said of what is fine, and each way of a change is its own

spew("$tmp/more.thrift", slurp("$tmp/old/shop.thrift")
     =~ s/3: Color color\K/, 4: optional i32 age/r
     =~ s/void put\(1: User user\K/, 2: i32 flags), void more(1: User u/r);
is(compat('-Iold', 'old/shop.thrift', 'more.thrift'), '', 'additions');
like(compat('-Iold', 'more.thrift', 'old/shop.thrift'),
     qr/method Users\.more is missing.*breaks old clients\n/, 'and back');


# where files are

spew("$tmp/a.thrift", "include \"base.thrift\"\n"
                      . "service A extends base.Base { }\n");

is(code('a.thrift', 'a.thrift'), 2, 'include not found');
is(code('-I', 'old', 'a.thrift', 'a.thrift'), 0, 'for both');
is(code('--old-include', 'old', '--new-include', 'new', 'a.thrift',
        'a.thrift'), 1, 'for each');
like(compat('--old-include', 'old', '--new-include', 'new', 'a.thrift',
            'a.thrift'),
     qr{A\.ping is missing, it was in old/base\.thrift:2:10;}, 'place of each');
is(code('--old-include', 'old', 'a.thrift', 'a.thrift'), 2, 'for one only');
is(code('-I', 'old', '--new-include', 'new', 'a.thrift', 'a.thrift'), 0,
   'the first one is taken');
is(code('--new-include', 'new', '-I', 'old', 'a.thrift', 'a.thrift'), 1,
   'also the other way round');


# what cannot be compared

spew("$tmp/bad.thrift", "struct A {\n  1: Usr a\n}\n");

for (
    [ 'no files', 'OLD is missing: nthrift compat OLD NEW' ],
    [ 'one file', 'NEW is missing: nthrift compat OLD NEW', 'a.thrift' ],
    [ 'three files', 'too many arguments: "c"', 'a.thrift', 'a.thrift', 'c' ],
    [ 'unknown option', '--old-includ: no such option (did you mean '
      . '"--old-include"?)', '--old-includ', 'a.thrift', 'a.thrift' ],
    [ 'option without a value', '-I: its value is missing', 'a.thrift',
      'a.thrift', '-I' ],
) {
    my ($name, $want, @args) = @$_;

    my ($text, $rc) = run_in($tmp, $nthrift, 'compat', @args);

    is($text, "nthrift: $want\n", $name);
    is($rc, 2, "$name exit code");
}

is(compat('a.thrift', 'none.thrift', '-Iold'),
   "none.thrift: error: no such file\n", 'no such file');
is(code('none.thrift', 'a.thrift', '-Iold'), 2, 'its exit code');
is(compat('bad.thrift', 'a.thrift', '-Iold'),
   "bad.thrift:2:6: error: type \"Usr\" is not defined\n", 'broken file');
is(code('a.thrift', 'bad.thrift', '-Iold'), 2, 'its exit code');
like(compat('--help'), qr/^usage: nthrift compat .*exit codes:/s, 'help');
is(code('--help'), 0, 'its exit code');

done_testing();


sub compat {
    return (run_in($tmp, $nthrift, 'compat', @_))[0];
}


sub code {
    return (run_in($tmp, $nthrift, 'compat', @_))[1];
}
