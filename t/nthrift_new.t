#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nthrift new: a project is made, built, served by nginx and passes its own
# test: for a service of its own, and for one with structs, exceptions, oneway
# and inherited methods.  No file is overwritten.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use Test::More;
use Test::Thrift::Files;


my $root = abs_path("$FindBin::Bin/..");
my $nthrift = "$root/build/nthrift";
my $nginx = $ENV{TEST_NGINX_BINARY} || '/usr/sbin/nginx';
my $tmp = tempdir(CLEANUP => 1);

plan(skip_all => "no $nthrift") unless -x $nthrift;
plan(skip_all => 'the module is not for this nginx')
    if $ENV{TEST_NGINX_STATIC} || ! -x $nginx
       || ! -e "$root/build/ngx_stream_thrift_module.so";

# nginx's workers look into it

chmod(0755, $tmp);

sub new {
    my @args = @_;

    return run_in($tmp, $nthrift, 'new', @args);
}

# What make says of the project in a directory of $tmp, and its exit code

sub make {
    my ($dir, @args) = @_;

    # as at a shell, not below the make that runs the tests

    delete local @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};

    # nginx keeps its standard error, so that a pipe would not end

    my ($out, $err, $code) = run_apart('/usr/bin/make', '-s', '-C',
                                       "$tmp/$dir", "NGINX_BINARY=$nginx", @args);

    return ($out . $err, $code);
}

sub port {
    my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1');

    return $s->sockport();
}

# one of its own

my ($said, $rc) = new('Hello', '--port', port());

is($rc, 0, 'a project');
is($said, join('', map { "hello/$_\n" } qw(hello.thrift hello.c Makefile
                                           nginx.conf test .gitignore))
          . "\nTo try it:  cd hello && make test\n", 'its files');

my $start = time();

($said, $rc) = make('hello', 'test');

is($said, "ok - Hello.greet\nok - Hello.greet\n", 'its test');
is($rc, 0, 'passes');
cmp_ok(time() - $start, '<', 60, 'within a minute');
unlike(slurp("$tmp/hello/error.log"), qr/\[(alert|crit|emerg|error)\]/,
       'nothing is wrong in its log');

# a test that fails

spew("$tmp/hello/test", slurp("$tmp/hello/test") =~ s/World!/Moon!/r);
($said, $rc) = make('hello', 'test');

like($said, qr/^not ok - Hello\.greet: exit code 0: "Hello, World!"$/m,
     'another reply');
isnt($rc, 0, 'does not pass');

# in C++, as docs/handlers.md has it

SKIP: {
    skip('no g++', 2) unless -x '/usr/bin/g++';

    unlink("$tmp/hello/hello.so") or die;
    ($said, $rc) = make('hello', 'CC=g++ -std=c++17 -x c++');

    is("$rc $said", '0 ', 'as C++');
    ok(-e "$tmp/hello/hello.so", 'too');
}

# on a port that somebody has, as "make demo" has 9090

my $somebody = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1');
my $taken = $somebody->sockport();

($said, $rc) = new('Hello', '-o', 'busy', '--port', $taken);

like($said, qr{^127\.0\.0\.1:$taken is in use: "listen" in busy/nginx\.conf}m,
     'a port that is in use');
is($rc, 0, 'is no mistake');

my $other = port();

spew("$tmp/busy/nginx.conf",
     slurp("$tmp/busy/nginx.conf") =~ s/:$taken;/:$other;/r);

($said, $rc) = make('busy', 'test');
is("$rc $said", "0 ok - Hello.greet\nok - Hello.greet\n",
   'another port in one place');

close($somebody);

# once more

my %before = map { $_ => slurp($_) } grep { -f } glob("$tmp/hello/*");

($said, $rc) = new('Hello');

is($rc, 1, 'another one in the same place');
like($said, qr{^nthrift: hello/hello\.c is there already; nothing is overw}m,
     'is said');
is_deeply({ map { $_ => slurp($_) } keys %before }, \%before,
          'and nothing has changed');

mkdir("$tmp/part");
spew("$tmp/part/nginx.conf", "mine\n");
($said, $rc) = new('Hello', '-o', 'part');
is(join(' ', map { s{.*/}{}r } glob("$tmp/part/* $tmp/part/.git*")),
   'nginx.conf', 'nor is anything made beside what is there');

# one of a file, with all that services have

mkdir("$tmp/idl");
mkdir("$tmp/common");
spew("$tmp/common/fb.thrift", <<'EOF');
namespace nthrift fb

struct Info { 1: string version }

service Base {
    Info about(),
    bool alive()
}
EOF
spew("$tmp/idl/shop.thrift", <<'EOF');
include "fb.thrift"

enum Color { RED = 1, GREEN = 2 }

struct Item {
    1: required string name,
    2: optional Color color = Color.GREEN,
    3: list<Item> parts,
    4: optional Item next
}

union Key { 1: i64 number, 2: string name }
exception Missing { 1: Key key }

service Shop extends fb.Base {
    Item find(1: Key key) throws (1: Missing missing),
    map<string, list<Item>> all(1: set<i32> ids),
    Key key(1: Item item),
    Color color(),
    void remove(1: Item item) throws (1: Missing missing),
    void close(),
    binary image(1: uuid id, 2: double scale = 1.5),
    uuid id(),
    oneway void touch(1: Item item)
}
EOF

($said, $rc) = new('Shop', '--idl', 'idl/shop.thrift', '-I', 'common', '-o',
                   'made/for/shop', '--port', port());

is($rc, 0, 'a project of a file') or diag($said);
ok(!-e "$tmp/made/for/shop/shop.thrift", 'which is not copied');

($said, $rc) = make('made/for/shop', 'test', 'CFLAGS=-std=c11 -Wall -Wextra '
                    . '-Werror -pedantic -O2');

is($said, join('', map { "ok - Shop.$_\n" }
               qw(about alive find all key color remove close image id touch)),
   'its test');
is($rc, 0, 'passes, too');
like(slurp("$tmp/made/for/shop/shop.c"),
     qr/nthrift_call_fail\(call, "key is not written yet"\)/,
     'a union has to be written');
like(slurp("$tmp/made/for/shop/Makefile"),
     qr{^IDL +\= \.\./\.\./\.\./idl/shop\.thrift$}m, 'its file, as seen there');

# from start to stop

is((make('made/for/shop', 'start'))[1], 0, 'start');
is((make('made/for/shop', 'reload'))[1], 0, 'reload');
is((make('made/for/shop', 'stop'))[1], 0, 'stop');
is((make('made/for/shop', 'clean'))[1], 0, 'clean');
is(join(' ', map { s{.*/}{}r } glob("$tmp/made/for/shop/*")),
   'Makefile nginx.conf shop.c test', 'what is left');

# what is wrong

for ([ '', 2, 'SERVICE is missing: nthrift new SERVICE [--idl FILE]' ],
     [ 'My-Shop', 2, '"My-Shop" is no name of a service' ],
     [ 'Shpo --idl idl/shop.thrift -I common', 1, 'idl/shop.thrift has no '
       . 'service "Shpo" (did you mean "Shop"?)' ],
     [ 'fb.Base --idl idl/shop.thrift -I common', 1, 'fb.Base is defined in '
       . 'common/fb.thrift: --idl common/fb.thrift' ],
     [ 'X --port 0', 2, '--port: "0" is not possible: a number from 1 to '
       . '65535 expected' ],
     [ 'X -o /proc/x', 1, 'cannot make /proc/x: No such file or directory' ])
{
    my ($words, $code, $text) = @$_;

    ($said, $rc) = new(split(' ', $words));

    is($said, "nthrift: $text\n", "nthrift new $words");
    is($rc, $code, 'its exit code');
}

done_testing();
