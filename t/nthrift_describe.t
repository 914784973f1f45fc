#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nthrift list, describe and template: what they print of a definition; that
# arguments of a template are such that nthrift call takes them; and the
# command line of the tool as a whole.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use JSON::PP ();
use Test::More;

use Test::Thrift::Files;


my $root = abs_path("$FindBin::Bin/..");
my $nthrift = nthrift();
my $data = "$root/t/data/call";
my $tmp = tempdir(CLEANUP => 1);

spew("$tmp/base.thrift", "service Base { string name() }\n");
spew("$tmp/shop.thrift", <<'EOT');
include "base.thrift"

/** A colour. */
enum Color {
    /** As blood. */
    RED = 1,
    GREEN = 5
}
enum None {}
typedef i64 ShopId
union Id { 1: i64 number, 2: string name }
struct Point { 1: required i32 x, 2: required i32 y = 7 }
/** A shop,
 *  or a part of one. */
struct Shop {
    /** Its own. */
    1: required ShopId id
    2: optional Color color = Color.GREEN
    3: list<Point> points
    4: map<string, Shop> parts
    5: map<Color, set<i32>> counts
    6: map<Point, string> names
    7: binary logo
    8: uuid key
    9: Id other
    10: Shop next
    11: map<i64, None> nones
    12: list<list<Shop>> rows
    13: bool open
}
exception NotFound { 1: string what }

service Shops extends base.Base {
    /** Finds it. */
    Shop find(1: required ShopId id, 2: i32 limit = 10) throws (1: NotFound no)
    void put(1: Shop shop)
    oneway void drop(1: ShopId id)
}
service Empty {}
typedef Shop Place
/** How many. */
const map<Color, i32> LIMITS = { Color.RED: 3 }
EOT

my @idl = ('--idl', "$tmp/shop.thrift");


# list

is(said('list', "$tmp/shop.thrift", "$tmp/base.thrift"), <<'EOT', 'list');
0 Shops.find
Shops.put
Shops.drop
Shops.name
Base.name
EOT

spew("$tmp/types.thrift", "struct A {}\n");

is(said('list', "$tmp/types.thrift", "$tmp/base.thrift"),
   "0 Base.name\nnthrift: $tmp/types.thrift defines no service\n",
   'list of a file without services');


# describe

is(said('describe', 'Shops.find', @idl), <<'EOT', 'describe a method');
0 // Finds it.
Shop find(1: required ShopId id, 2: i32 limit = 10) throws (1: NotFound no)

// A shop,
// or a part of one.
struct Shop {
    // Its own.
    1: required ShopId id
    2: optional Color color = "GREEN"
    3: list<Point> points
    4: map<string, Shop> parts
    5: map<Color, set<i32>> counts
    6: map<Point, string> names
    7: binary logo
    8: uuid key
    9: Id other
    10: Shop next
    11: map<i64, None> nones
    12: list<list<Shop>> rows
    13: bool open
}

typedef i64 ShopId

exception NotFound {
    1: string what
}

// A colour.
enum Color {
    // As blood.
    RED = 1
    GREEN = 5
}

struct Point {
    1: required i32 x
    2: required i32 y = 7
}

union Id {
    1: i64 number
    2: string name
}

enum None {
}
EOT

is(said('describe', 'Empty', @idl), "0 service Empty {\n}\n",
   'describe a service');
like(said('describe', 'Shops', @idl),
     qr/^0 service Shops extends base\.Base \{\n    \/\/ Finds it\.\n    Shop /,
     'describe a service with methods');
like(said('describe', 'base.Base', @idl), qr/^0 service Base \{/,
     'describe a service of an included file');
is(said('describe', 'Color', @idl), "0 // A colour.\nenum Color {\n    // As "
   . "blood.\n    RED = 1\n    GREEN = 5\n}\n", 'describe a type');
is(said('describe', 'Shopz', @idl), "2 nthrift: $tmp/shop.thrift has no "
   . qq{service, type or constant "Shopz" (did you mean "Shops"?)\n},
   'describe another name');

is(said('describe', 'Shop.color', @idl), <<'EOT', 'describe a field');
0 2: optional Color color = "GREEN"

// A colour.
enum Color {
    // As blood.
    RED = 1
    GREEN = 5
}
EOT
is(said('describe', 'Place.id', @idl),
   "0 // Its own.\n1: required ShopId id\n\ntypedef i64 ShopId\n",
   'describe a field of a struct with another name');
is(said('describe', 'Id.name', @idl), "0 2: string name\n",
   'describe a field of a union');
is(said('describe', 'Color.RED', @idl), "0 // As blood.\nRED = 1\n",
   'describe a value');
is(said('describe', 'LIMITS', @idl), "0 // How many.\nconst map<Color, i32> "
   . "LIMITS = {\"RED\":3}\n\n// A colour.\nenum Color {\n    // As blood.\n"
   . "    RED = 1\n    GREEN = 5\n}\n", 'describe a constant');

for ([ 'Shop.colour', 'struct Shop has no field "colour" (did you mean '
       . '"color"?)' ],
     [ 'Color.REDD', 'enum Color has no value "REDD" (did you mean "RED"?)' ],
     [ 'ShopId.x', 'typedef ShopId has no field "x"' ],
     [ 'Shopp.id', "$tmp/shop.thrift has no service or type \"Shopp\" (did "
       . 'you mean "Shops"?)' ],
     [ 'Shops.fnd', 'service Shops has no method "fnd" (did you mean '
       . '"find"?)' ],
     [ '.', "$tmp/shop.thrift has no service or type \"\"" ],
     [ 'Shop.', 'struct Shop has no field ""' ])
{
    my ($name, $message) = @$_;

    is(said('describe', $name, @idl), "2 nthrift: $message\n",
       "describe $name");
}

is(said('describe', 'Shops'), '2 nthrift: --idl is missing: nthrift describe '
   . "NAME --idl FILE\n", 'describe without a file');


# template

is(said('template', 'Shops.find', @idl),
   qq(0 {\n  "id": 0,\n  "limit": 10\n}\n), 'template');
is(said('template', 'Shops.find', '--required', @idl),
   qq(0 {\n  "id": 0\n}\n), 'template --required');

my $codec = JSON::PP->new->utf8;
my $json = $codec->decode((run('template', 'Shops.put', @idl))[0]);

is_deeply($json, { shop => {
    id => 0, color => 'GREEN', points => [ { x => 0, y => 7 } ], parts => [],
    counts => { RED => [ 0 ] }, names => [ [ { x => 0, y => 7 }, '' ] ],
    logo => '', key => '00000000-0000-0000-0000-000000000000',
    other => { number => 0 }, nones => { 0 => 0 }, rows => [],
    open => JSON::PP::false } }, 'template with every type');

# nthrift call takes it: it fails where it would connect

for ([ "$tmp/shop.thrift", 'Shops' ], [ "$data/every.thrift", 'Every' ],
     [ "$data/fake.thrift", 'Fake' ],
     [ "$root/examples/weather/weather.thrift", 'WeatherService' ])
{
    my ($file, $service) = @$_;

    for my $method (split /\n/, (run('list', $file))[0]) {
        next unless $method =~ /^\Q$service\E\./;

        for my $required ([], [ '--required' ]) {
            my ($args) = run('template', $method, '--idl', $file, @$required);

            # a struct whose default has no end cannot be given at all

            next if $method eq 'Fake.endless';

            is(said('call', "unix:$tmp/none", $method, $args, '--idl', $file),
               "3 nthrift: cannot connect to unix:$tmp/none: No such file or "
               . "directory\n", "template of $method @$required");
        }
    }
}

is(said('template', 'Shops.fnd', @idl), '2 nthrift: service Shops has no '
   . qq{method "fnd" (did you mean "find"?)\n}, 'template of another name');
is(said('template'), '2 nthrift: Service.method is missing: nthrift template '
   . "Service.method --idl FILE\n", 'template of nothing');


# The tool

like(said(), qr/^2 usage: nthrift COMMAND /, 'no command');
like(said($_), qr/^0 usage: nthrift COMMAND /, $_) for '--help', '-h', 'help';
like(said('--version'), qr/^0 nthrift \d+\.\d+\n\z/, '--version');
is(said('cal'), '2 nthrift: cal: no such command (did you mean "call"?)' . "\n",
   'a command that may have been meant');
is(said('frobnicate'), '2 nthrift: frobnicate: no such command; nthrift --help'
   . " lists them\n", 'another word');
like(said($_, '--help'), qr/^0 usage: nthrift /, "$_ --help")
    for qw(call check compat describe dump gen list openapi probe template);

my ($version) = slurp("$root/CHANGES") =~ /^Changes with ngx_thrift (\S+)/m;
is(said('--version'), "0 nthrift $version\n", 'the version is that of CHANGES');


# The examples in docs/nthrift.md

my $doc = slurp("$root/docs/nthrift.md");
my $n = 0;

while ($doc =~ /^[ ]{4}\$[ ]nthrift[ ]((?:list|describe|template)[ ].*)\n
                ((?:(?:[ ]{4}.*)?\n)*?)(?=\S)/mgx)
{
    my ($command, $want) = ($1, $2);

    $want =~ s/^    //mg;
    $want =~ s/\n+\z/\n/;

    is(scalar(`cd $root && $nthrift $command 2>&1`), $want,
       "documentation: $command");
    $n++;
}

is($n, 3, 'documentation has examples');


# Completion

SKIP: {
    my $bash = '/bin/bash';
    skip('no bash', 1) unless -x $bash;

    is(complete('nthrift', 'te'), 'template', 'a command is completed');
    is(complete('nthrift', 'probe', '--time'), '--timeout', 'an option');
    like(complete('nthrift', 'call', '--'), qr/^--compact\n.*^--unframed$/ms,
         'options');
    is(complete('nthrift', 'bench', '--unfr'), '--unframed',
       'an option of call for bench');
    is(complete('nthrift', 'bench', '--format', ''), "json\ntext", 'formats');
    is(complete('nthrift', 'template', '--idl', "$tmp/shop.thrift", 'Shops.fi'),
       'Shops.find', 'a method');
    is(complete('nthrift', 'check', "$tmp/sho"), "$tmp/shop.thrift", 'a file');
}

SKIP: {
    my $fish = '/usr/bin/fish';
    skip('no fish', 3) unless -x $fish;

    is(fish("nthrift templ"), 'template', 'fish: a command');
    is(fish("nthrift probe --time"), '--timeout', 'fish: an option');
    is(fish("nthrift template --idl $tmp/shop.thrift Shops.fi"), 'Shops.find',
       'fish: a method');
}

SKIP: {
    my $zsh = '/bin/zsh';
    skip('no zsh', 3) unless -x $zsh;

    is(zsh('_nthrift_commands', 2, 'nthrift', '') =~ /^template$/m, 1,
       'zsh: a command');
    like(zsh('_nthrift', 3, 'nthrift', 'probe', '--time'), qr/^--timeout$/m,
         'zsh: an option');
    like(zsh('_nthrift', 5, 'nthrift', 'template', '--idl',
             "$tmp/shop.thrift", ''), qr/^Shops\.find$/m, 'zsh: a method');
}

done_testing();


# What fish has for a line, without descriptions

sub fish {
    my ($line) = @_;

    spew("$tmp/complete.fish", <<"EOT");
function nthrift; $nthrift \$argv; end
source $root/tools/nthrift.fish
complete -C '$line'
EOT

    my $out = `HOME=$tmp XDG_CONFIG_HOME=$tmp fish --no-config $tmp/complete.fish 2>&1`;

    $out =~ s/\t.*//mg;
    chomp $out;

    return $out;
}


# What a function of zsh's offers for the word that is begun

sub zsh {
    my ($function, $current, @words) = @_;

    my $words = join(' ', map { "'$_'" } @words);

    spew("$tmp/complete.zsh", <<"EOT");
nthrift() { $nthrift "\$\@"; }
compadd() { [[ \$1 == -- ]] && shift; print -l -- "\$\@"; }
_describe() { local a="\$4"; print -l -- \${\${(P)a}%%:*}; }
_files() { print -- files "\$\@"; }
words=()
source $root/tools/nthrift.zsh >/dev/null 2>&1
words=($words)
CURRENT=$current
$function
EOT

    return scalar(`zsh -f $tmp/complete.zsh 2>&1`);
}


# --- helpers ------------------------------------------------------------------

sub said {
    my ($out, $err, $rc) = run(@_);

    return "$rc $out$err";
}


sub run {
    return run_apart($nthrift, @_);
}


# What the last word can become

sub complete {
    my @words = @_;

    my $words = join(' ', map { "'$_'" } @words);
    my $n = $#words;

    spew("$tmp/complete.sh", <<"EOT");
nthrift() { $nthrift "\$\@"; }
. $root/tools/nthrift.bash
COMP_WORDS=($words)
COMP_CWORD=$n
_nthrift
printf '%s\\n' "\${COMPREPLY[\@]}"
EOT

    my $out = `bash $tmp/complete.sh`;
    chomp $out;

    return $out;
}
