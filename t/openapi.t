#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nthrift openapi: what of a definition is where in the document; OpenAPI's own
# validator has nothing to say about documents of many definitions, and JSON
# that nthrift call reads and prints fits their schemas.

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
my $python = "$root/build/openapi/venv/bin/python3";
my $tmp = tempdir(CLEANUP => 1);


my $idl = <<'EOT';
/** All about shops. */

include "base.thrift"

/** How many items there can be. */
const i32 MOST = 10
const map<string, list<Color>> SHADES = {'dark': [Color.RED]}
const Point ORIGIN = {'x': 0, 'y': 0}

/** A colour. */
enum Color { RED = 1, GREEN = 5 }

/** Where it is. */
struct Point { 1: required i32 x, 2: required i32 y = 7 }

union Id { 1: i64 number, 2: string name }

/** It is not there. */
exception NotFound { 1: string what, 2: i32 code = 404 }

/** An identifier of a shop. */
typedef i64 ShopId

struct User { 1: string name }

struct Shop {
    /** The shop's own. */
    1: required ShopId id
    2: optional Color color = Color.GREEN
    3: list<Point> points
    4: map<string, Shop> parts
    5: map<Color, i32> counts
    6: map<Point, string> names
    7: binary logo
    8: uuid key
    9: double rate = 0.5
    10: set<i8> bits
    11: Id other = {'name': 'x'}
    12: base.User owner
    13: User user
    14: i16 old (deprecated = "1")
    15: map<i64, bool> flags = {1: true}
}

/** Shops,
 *  many of them. */
service Shops extends base.Base {
    /** Finds a shop. */
    Shop find(
        /** Which one. */
        1: required ShopId id
        2: list<Color> colors
        3: i32 limit = MOST
    ) throws (1: NotFound missing) (nthrift.idempotent = "true")
    void put(1: required Shop shop)
    oneway void drop(1: ShopId id)
    Shop look(1: Shop like) (nthrift.idempotent = "1")
    string old() (deprecated = "use find")
}

service Empty {}
EOT

spew("$tmp/shop.thrift", $idl);
spew("$tmp/base.thrift", <<'EOT');
namespace * base
struct User { 1: i32 id }
service Base { string name() }
EOT

document();
rules();
usage();
validator();

done_testing();


sub document {
    my $doc = openapi("$tmp/shop.thrift", '--title', 'A "shop"', '--version',
                      '1.2', '--server', '/api');

    is($doc->{openapi}, '3.1.0', 'version of OpenAPI');
    is_deeply($doc->{info}, { title => 'A "shop"', version => '1.2',
                              description => 'All about shops.' }, 'info');
    is_deeply($doc->{servers}, [ { url => '/api' } ], 'server');
    is_deeply($doc->{tags}, [ { name => 'Shops',
                                description => "Shops,\nmany of them." },
                              { name => 'Empty' } ], 'tags');
    is(join(' ', sort keys %{$doc->{paths}}), '/Shops/drop /Shops/find '
       . '/Shops/look /Shops/name /Shops/old /Shops/put', 'paths');

    is_deeply($doc->{'x-thrift-constants'}, {
        shop => { MOST => 10, SHADES => { dark => [ 'RED' ] },
                  ORIGIN => { x => 0, y => 0 } } }, 'constants');

    my $find = $doc->{paths}{'/Shops/find'};

    is_deeply($find->{post}{requestBody}, {
        required => JSON::PP::true,
        content => { 'application/json' => { schema => {
            type => 'object',
            required => [ 'id' ],
            properties => {
                id => { '$ref' => '#/components/schemas/ShopId',
                        description => 'Which one.' },
                colors => { type => 'array', items => {
                    '$ref' => '#/components/schemas/Color' } },
                limit => { type => 'integer', format => 'int32',
                           default => 10 },
            } } } } }, 'arguments');

    is($find->{post}{operationId}, 'Shops_find', 'operationId of POST');
    is($find->{get}{operationId}, 'Shops_find_get', 'operationId of GET');
    is($find->{get}{description}, 'Finds a shop.', 'description');
    is_deeply($find->{get}{parameters}[0], {
        name => 'id', in => 'query', required => JSON::PP::true,
        description => 'Which one.',
        schema => { '$ref' => '#/components/schemas/ShopId',
                    description => 'Which one.' } }, 'a parameter');

    ok(!$doc->{paths}{'/Shops/look'}{get}, 'no GET with a struct');
    ok(!$doc->{paths}{'/Shops/drop'}{get}, 'no GET unless idempotent');
    ok($doc->{paths}{'/Shops/old'}{post}{deprecated}, 'deprecated');

    is_deeply($find->{post}{responses}{200}{content}{'application/json'},
              { schema => { '$ref' => '#/components/schemas/Shop' } },
              'result');
    is_deeply($doc->{paths}{'/Shops/put'}{post}{responses}{200}{content}
              {'application/json'}, { schema => { type => 'null' } }, 'void');
    ok($doc->{paths}{'/Shops/drop'}{post}{responses}{202}, 'oneway');

    my $errors = $find->{post}{responses}{422}{content}{'application/json'}
                 {schema}{oneOf};

    is($errors->[0]{properties}{exception}{properties}{type}{const},
       'NotFound', 'declared exception');
    is($errors->[0]{description}, 'It is not there.', 'its description');
    is_deeply($find->{post}{responses}{default}{content}{'application/json'},
              { schema => {
                  '$ref' => '#/components/schemas/TApplicationException' } },
              'any other exception');

    my $s = $doc->{components}{schemas};

    is(join(' ', sort keys %$s), 'Color Id NotFound Point Shop ShopId '
       . 'TApplicationException User shop_User', 'schemas');
    is_deeply($s->{Color}, { type => 'string', enum => [ 'RED', 'GREEN' ],
                             'x-thrift-numbers' => { RED => 1, GREEN => 5 },
                             description => 'A colour.' }, 'enum');
    is_deeply($s->{ShopId}, { type => 'integer', format => 'int64',
                              description => 'An identifier of a shop.' },
              'typedef');
    is_deeply($s->{Point}{required}, [ 'x' ], 'required without a default');
    is_deeply([ @{$s->{Id}}{qw(minProperties maxProperties)} ], [ 1, 1 ],
              'union');
    is($s->{NotFound}{properties}{code}{default}, 404, 'exception');

    my $p = $s->{Shop}{properties};

    is($p->{id}{description}, "The shop's own.", 'comment of a field');
    is($p->{color}{default}, 'GREEN', 'default of an enum');
    is_deeply($p->{other}{default}, { name => 'x' }, 'default of a union');
    is_deeply($p->{flags}{default}, { 1 => JSON::PP::true },
              'default of a map');
    is($p->{rate}{default}, 0.5, 'default of a double');
    ok($p->{old}{deprecated}, 'deprecated field');
    is_deeply($p->{parts}, { type => 'object', additionalProperties => {
        '$ref' => '#/components/schemas/Shop' } }, 'map');
    is_deeply($p->{counts}{propertyNames},
              { '$ref' => '#/components/schemas/Color' }, 'map by an enum');
    is($p->{names}{items}{prefixItems}[1]{type}, 'string', 'map as pairs');
    is($p->{logo}{contentEncoding}, 'base64', 'binary');
    is($p->{key}{format}, 'uuid', 'uuid');
    is_deeply($p->{bits}, { type => 'array', uniqueItems => JSON::PP::true,
                            items => { type => 'integer', minimum => -128,
                                       maximum => 127 } }, 'set');
    is($p->{owner}{'$ref'}, '#/components/schemas/User', 'the first User');
    is($p->{user}{'$ref'}, '#/components/schemas/shop_User', 'the second');
}


sub rules {
    my $doc = openapi("$tmp/shop.thrift", '--long-strings');

    is($doc->{info}{title}, 'shop', 'title by default');
    is($doc->{components}{schemas}{ShopId}{type}, 'string', '--long-strings');
    ok(!$doc->{servers}, 'no server by default');

    # services of several files, two of which have one name

    mkdir("$tmp/more") or die;
    spew("$tmp/more/other.thrift", "service Shops { void sell() }\n"
         . "const string TEXT = '\xff\"'\n/** \xff */ service B {}\n");

    $doc = openapi("$tmp/shop.thrift", "$tmp/more/other.thrift");

    ok($doc->{paths}{'/other.Shops/sell'}, 'another service of the name');
    is($doc->{'x-thrift-constants'}{other}{TEXT}{base64}, '/yI=',
       'a constant that is not UTF-8');
    is($doc->{tags}[-1]{description}, '?', 'a comment that is not UTF-8');

    # values without end, and a name that is taken

    spew("$tmp/odd.thrift", <<'EOT');
struct Endless { 1: Endless one = {}, 2: Endless two = {} }
struct TApplicationException { 1: i32 a }
service Odd { TApplicationException a(1: Endless e = {}) }
EOT

    $doc = openapi("$tmp/odd.thrift");

    ok(!exists $doc->{components}{schemas}{Endless}{properties}{one}{default},
       'no default without end');
    ok($doc->{components}{schemas}{odd_TApplicationException},
       'a struct TApplicationException');
}


sub usage {
    my ($out, $err, $rc) = tool();
    like("$rc $err", qr/^2 usage: nthrift openapi /, 'no file');

    ($out, $err, $rc) = tool('--help');
    like("$rc $out", qr/^0 usage: nthrift openapi /, '--help');

    ($out, $err, $rc) = tool('--titel', 'x', "$tmp/shop.thrift");
    is("$rc $out$err", '2 nthrift: --titel: no such option (did you mean '
       . qq{"--title"?)\n}, 'wrong option');

    ($out, $err, $rc) = tool("$tmp/none.thrift");
    is("$rc $out$err", "1 $tmp/none.thrift: error: no such file\n",
       'no such file');
}


sub validator {
    SKIP: {
        skip('no OpenAPI validator', 1) unless -x $python;

        my @files = ("$tmp/shop.thrift", "$tmp/odd.thrift",
                     glob("$root/examples/*/*.thrift"),
                     glob("$root/t/data/call/*.thrift"),
                     grep { !m{/bad} } glob("$root/t/data/gen/*.thrift"));
        my @names;

        for my $file (@files) {
            my ($out, undef, $rc) = tool($file, '-I', "$root/t/data/call/path");
            next unless $rc == 0;

            spew("$tmp/doc" . @names . '.json', $out);
            push @names, $file =~ s{.*/}{}r;
        }

        my @said = split /\n/, `$python $root/t/openapi/validate.py @{[
            map { "$tmp/doc$_.json" } 0 .. $#names ]} 2>&1`;

        is($said[$_], 'ok', "valid document of $names[$_]") for 0 .. $#names;
        cmp_ok(@names, '>', 5, 'documents');

        # JSON that is right, and what is not

        spew("$tmp/good.json", '{"id": 5, "color": "RED", "points": [{"x": 1,'
             . ' "y": 2}], "parts": {"a": {"id": 6}}, "counts": {"RED": 1},'
             . ' "names": [[{"x": 1, "y": 2}, "a"]], "logo": "AP8=", "key":'
             . ' "01234567-89ab-cdef-0123-456789abcdef", "rate": 1.5,'
             . ' "bits": [1, 2], "other": {"number": 1}, "flags": {"-1":'
             . ' true}}');
        spew("$tmp/bad.json", '{"id": "x"}');
        spew("$tmp/union.json", '{"id": 1, "other": {}}');

        @said = split /\n/, `$python $root/t/openapi/validate.py --schema Shop \\
            $tmp/doc0.json $tmp/good.json $tmp/bad.json $tmp/union.json 2>&1`;

        is($said[0], 'ok', 'JSON fits its schema');
        like($said[1], qr/'x' is not of type/, 'other JSON does not');
        isnt($said[2], 'ok', 'nor does a union without a field');
    }
}


# --- helpers ------------------------------------------------------------------

sub openapi {
    my ($out, $err, $rc) = tool(@_);

    is("$rc $err", '0 ', "nthrift openapi @_[1 .. $#_]");

    return eval { JSON::PP->new->utf8->decode($out) } || {};
}


sub tool {
    my $args = join(' ', map { "'$_'" } @_);

    my $out = `$nthrift openapi $args 2>$tmp/stderr`;
    my $rc = $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;

    return ($out, slurp("$tmp/stderr"), $rc);
}
