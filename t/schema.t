#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_validate schema: what is refused of arguments and of replies, where it
# is said to be, and that nothing else is touched.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$server_port|$thrift_service|$thrift_method|'
                      '$thrift_status|$status|$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_idl       api.thrift;
    thrift_validate  schema;

    server {
        listen                127.0.0.1:%%PORT_schema%%;
        thrift_pass           127.0.0.1:%%PORT_backend%%;
        thrift_validate_enum  off;
        thrift_validate_utf8  off;
    }

    # numbers of enums and text as they are checked by default

    server {
        listen       127.0.0.1:%%PORT_default%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    # numbers of enums and text, too

    server {
        listen                127.0.0.1:%%PORT_strict%%;
        thrift_pass           127.0.0.1:%%PORT_backend%%;
        thrift_validate_enum  on;
        thrift_validate_utf8  on;
    }

    # small blocks

    server {
        listen                127.0.0.1:%%PORT_small%%;
        thrift_pass           127.0.0.1:%%PORT_backend%%;
        thrift_buffer_size    2k;
        thrift_validate_enum  on;
        thrift_validate_utf8  on;
    }

    # services and methods of their own

    server {
        listen  127.0.0.1:%%PORT_blocks%%;

        thrift_service Api {
            thrift_pass  127.0.0.1:%%PORT_backend%%;

            thrift_method user {
                thrift_return  INTERNAL_ERROR  "closed";
            }
        }
    }

    # no unknown fields, but for one method

    server {
        listen                 127.0.0.1:%%PORT_known%%;
        thrift_unknown_fields  refuse;
        thrift_pass            127.0.0.1:%%PORT_backend%%;

        thrift_service Api {
            thrift_pass  127.0.0.1:%%PORT_backend%%;

            thrift_method touch {
                thrift_unknown_fields  pass;
            }
        }
    }

    # only the structure

    server {
        listen           127.0.0.1:%%PORT_structure%%;
        thrift_validate  structure;
        thrift_pass      127.0.0.1:%%PORT_backend%%;
    }

    # more levels, and heads without version

    server {
        listen            127.0.0.1:%%PORT_deep%%;
        thrift_max_depth  90;
        thrift_protocol   lax;
        thrift_pass       127.0.0.1:%%PORT_backend%%;
    }

    # servers that are given up after one failure

    upstream two {
        server  127.0.0.1:%%PORT_backend%%;
        server  127.0.0.1:%%PORT_other%%;
    }

    server {
        listen       127.0.0.1:%%PORT_two%%;
        thrift_pass  two;
    }
}

EOF

$t->write_file('wide.thrift', "struct Wide {\n"
                              . join('', map { "    $_: required i32 f$_,\n" }
                                             1 .. 130)
                              . "}\n");

$t->write_file('api.thrift', <<'EOF');
include "wide.thrift"

enum Color { RED = 1, GREEN = 2, BLUE = 4 }

struct Address {
    1: required string street,
    2: i32 zip,
    3: optional Color paint
}

struct User {
    1: required i64 id,
    2: string name,
    3: Address address,
    4: list<Address> others,
    5: map<string, Address> places,
    6: Color color
}

union Choice {
    1: i32 number,
    2: string word,
    3: Address address
}

struct Tree {
    1: required string name,
    2: list<Tree> children
}

exception NotFound { 1: required string what }
exception Denied { 1: string why }

typedef list<Color> Colors

service Base {
    string version()
}

service Api extends Base {
    string user(1: required User user, 2: i32 n),
    string scalars(1: bool a, 2: i8 b, 3: i16 c, 4: i32 d, 5: i64 e,
                   6: double f, 7: string g, 8: binary h, 9: uuid i),
    string nested(1: list<list<i32>> lists, 2: set<string> words,
                  3: map<i32, Color> colors, 4: Colors list_of,
                  5: map<Address, list<User>> deep),
    string choose(1: Choice choice, 2: list<Choice> more),
    User find(1: i64 id) throws (1: NotFound lost, 2: Denied denied),
    void touch(1: i64 id) throws (1: NotFound lost),
    oneway void poke(1: i64 id),
    Choice chosen(),
    list<Color> colors(),
    string many(1: list<Address> list, 2: string text),
    string wide(1: wide.Wide wide),
    string tree(1: Tree tree)
}
EOF

my $backend = $t->backend('backend');

$t->run();

# Each connection once: [ protocol, transport ].

my @ways = ([ binary => 'framed' ], [ binary => 'unframed' ],
            [ compact => 'framed' ], [ compact => 'unframed' ]);

my ($c, $port);

sub verdict {
    my $m = $c->call(@_);

    return $m && $m->{type} == REPLY ? 'good' : answer($m);
}

my $bad = '7 arguments do not fit their definition: ';

my $street = [ 1, string => 'Main' ];
my $id = [ 1, i64 => 7 ];

my $no_uuid = 'uuid in an undeclared field';

sub user { return [ 1, struct => [ $id, @_ ] ] }
sub address { return [ 3, struct => [ @_ ] ] }

# what is refused: [ name, method, body, text and path ]

my @refused = (

    # types of arguments

    (map { [ "$$_[1] for $$_[2]", 'scalars',
             [ [ $$_[0], $$_[1] => $$_[3] ] ],
             "wrong type, $$_[2] expected at $$_[4]" ] }
         [ 1, i8 => 'bool', 1, 'a' ], [ 2, bool => 'i8', 1, 'b' ],
         [ 3, i32 => 'i16', 1, 'c' ], [ 4, i64 => 'i32', 1, 'd' ],
         [ 4, string => 'i32', 'x', 'd' ], [ 5, i32 => 'i64', 1, 'e' ],
         [ 6, i64 => 'double', 1, 'f' ], [ 7, i32 => 'string', 1, 'g' ],
         [ 8, list => 'string', [ 'i8' ], 'h' ],
         [ 9, string => 'uuid', 'x' x 16, 'i' ],
         [ 7, uuid => 'string', 'x' x 16, 'g' ],
         [ 4, struct => 'i32', [ ], 'd' ]),
    [ 'second field', 'scalars', [ [ 1, bool => 0 ], [ 5, string => '' ] ],
      'wrong type, i64 expected at e' ],
    [ 'scalar for struct', 'user', [ [ 1, i64 => 1 ] ],
      'wrong type, struct expected at user' ],
    [ 'list for set', 'nested', [ [ 2, list => [ string => 'a' ] ] ],
      'wrong type, set expected at words' ],
    [ 'set for list', 'nested', [ [ 1, set => [ 'i32' ] ] ],
      'wrong type, list expected at lists' ],
    [ 'list for map', 'nested', [ [ 3, list => [ i32 => 1 ] ] ],
      'wrong type, map expected at colors' ],

    # further in

    [ 'type in struct', 'user', [ user([ 2, i32 => 1 ]) ],
      'wrong type, string expected at user.name' ],
    [ 'type two structs in', 'user',
      [ user(address($street, [ 2, string => '8000' ])) ],
      'wrong type, i32 expected at user.address.zip' ],
    [ 'type of elements', 'nested', [ [ 2, set => [ i32 => 1, 2 ] ] ],
      'wrong type, string expected at words[]' ],
    [ 'elements of elements', 'nested',
      [ [ 1, list => [ list => [ i32 => 1 ], [ 'i32' ],
                       [ string => 'x' ] ] ] ],
      'wrong type, i32 expected at lists[2][]' ],
    [ 'list of structs', 'user',
      [ user([ 4, list => [ struct => [ $street ],
                            [ $street, [ 2, i64 => 1 ] ] ] ]) ],
      'wrong type, i32 expected at user.others[1].zip' ],
    [ 'type of keys', 'nested', [ [ 3, map => [ i64 => 'i32', 1, 1 ] ] ],
      'wrong type, i32 expected at colors{}' ],
    [ 'type of values', 'nested', [ [ 3, map => [ i32 => 'i64', 1, 1 ] ] ],
      'wrong type, i32 expected at colors{}' ],
    [ 'value of map', 'user',
      [ user([ 5, map => [ string => 'struct', home => [ [ 1, i32 => 1 ] ] ]
             ]) ],
      'wrong type, string expected at user.places{}.street' ],
    [ 'key of map', 'nested',
      [ [ 5, map => [ struct => 'list', [ [ 1, bool => 1 ] ], [ 'i32' ] ] ] ],
      'wrong type, string expected at deep{}.street' ],
    [ 'map, list, struct', 'nested',
      [ [ 5, map => [ struct => 'list', [ $street ],
                      [ struct => [ $id ], [ $id, [ 2, i16 => 1 ] ] ] ] ] ],
      'wrong type, string expected at deep{}[1].name' ],

    # required fields

    [ 'no required argument', 'user', [ [ 2, i32 => 1 ] ],
      'missing required field at user' ],
    [ 'no argument at all', 'user', [ ], 'missing required field at user' ],
    [ 'required in struct', 'user', [ [ 1, struct => [ [ 2, string => 'x' ] ] ]
      ],
      'missing required field at user.id' ],
    [ 'empty struct', 'user', [ [ 1, struct => [ ] ] ],
      'missing required field at user.id' ],
    [ 'required two structs in', 'user', [ user(address([ 2, i32 => 1 ])) ],
      'missing required field at user.address.street' ],
    [ 'required in element', 'user',
      [ user([ 4, list => [ struct => [ $street ], [ ] ] ]) ],
      'missing required field at user.others[1].street' ],
    [ 'required in value', 'user',
      [ user([ 5, map => [ string => 'struct', a => [ ] ] ]) ],
      'missing required field at user.places{}.street' ],

    # unions

    [ 'empty union', 'choose', [ [ 1, struct => [ ] ] ],
      'union without a field at choice' ],
    [ 'two fields', 'choose',
      [ [ 1, struct => [ [ 1, i32 => 1 ], [ 2, string => 'a' ] ] ] ],
      'union with more than one field at choice' ],
    [ 'the same twice', 'choose',
      [ [ 1, struct => [ [ 1, i32 => 1 ], [ 1, i32 => 2 ] ] ] ],
      'union with more than one field at choice' ],
    [ 'one known, one not', 'choose',
      [ [ 1, struct => [ [ 1, i32 => 1 ], [ 9, i32 => 2 ] ] ] ],
      'undeclared field of a union at choice.9' ],
    [ 'union in list', 'choose',
      [ [ 2, list => [ struct => [ [ 1, i32 => 1 ] ], [ ] ] ] ],
      'union without a field at more[1]' ],
    [ 'struct in union', 'choose',
      [ [ 1, struct => [ [ 3, struct => [ ] ] ] ] ],
      'missing required field at choice.address.street' ],
    [ 'type in union', 'choose', [ [ 1, struct => [ [ 2, i32 => 1 ] ] ] ],
      'wrong type, string expected at choice.word' ],
    [ 'undeclared field of union', 'choose',
      [ [ 1, struct => [ [ 9, i32 => 1 ] ] ] ],
      'undeclared field of a union at choice.9' ],

    [ 'void method', 'touch', [ [ 1, i32 => 1 ] ],
      'wrong type, i64 expected at id' ],

    # a uuid, unless it is declared: thriftpy's servers read what is in it as
    # fields, and so end a body before we do

    (map { [ "undeclared uuid, $$_[0]", 'user', $$_[1], "$no_uuid at $$_[2]" ] }
         [ 'argument', [ user(), [ 99, uuid => "\0" x 16 ] ], '99' ],
         [ 'field', [ user([ 99, uuid => "\0" x 16 ]) ], 'user.99' ],
         [ 'in list', [ [ 9, list => [ uuid => "\0" x 16 ] ] ], '9[]' ],
         [ 'in set', [ [ 9, set => [ uuid => "\0" x 16 ] ] ], '9[]' ],
         [ 'key', [ [ 9, map => [ uuid => 'i8', "\0" x 16, 1 ] ] ], '9{}' ],
         [ 'value', [ [ 9, map => [ i8 => 'uuid', 1, "\0" x 16 ] ] ], '9{}' ],
         [ 'in struct', [ [ 9, struct => [ [ 5, uuid => "\0" x 16 ] ] ] ],
           '9.5' ],
         [ 'in declared list',
           [ user([ 4, list => [ struct => [ $street,
                                             [ 7, uuid => 'y' x 16 ] ] ] ]) ],
           'user.others[0].7' ],
         [ 'empty list', [ [ 9, list => [ 'uuid' ] ] ], '9[]' ]),
    [ 'empty list of uuids', 'nested', [ [ 4, list => [ 'uuid' ] ] ],
      'wrong type, i32 expected at list_of[]' ],
);

# what thrift_validate_enum and thrift_validate_utf8 refuse

my $cut = "caf\xc3";

my @strict = (
    [ 'enum', 'user', [ user([ 6, i32 => 3 ]) ],
      'number that its enum does not have at user.color' ],
    [ 'negative number', 'user', [ user([ 6, i32 => -1 ]) ],
      'number that its enum does not have at user.color' ],
    [ 'nested enum', 'user', [ user(address($street, [ 3, i32 => 0 ])) ],
      'number that its enum does not have at user.address.paint' ],
    [ 'enum in list', 'nested', [ [ 4, list => [ i32 => 1, 2, 5, 4 ] ] ],
      'number that its enum does not have at list_of[2]' ],
    [ 'enum in map', 'nested', [ [ 3, map => [ i32 => 'i32', 9 => 1, 1 => 9 ]
                                 ] ],
      'number that its enum does not have at colors{}' ],
    [ 'text', 'scalars', [ [ 7, string => "a\xff" ] ],
      'string is not UTF-8 at g' ],
    [ 'text cut off', 'user', [ user([ 2, string => $cut ]) ],
      'string is not UTF-8 at user.name' ],
    [ 'surrogate', 'scalars', [ [ 7, string => "\xed\xa0\x80" ] ],
      'string is not UTF-8 at g' ],
    [ 'overlong', 'scalars', [ [ 7, string => "\xc0\x80" ] ],
      'string is not UTF-8 at g' ],
    [ 'beyond Unicode', 'scalars', [ [ 7, string => "\xf4\x90\x80\x80" ] ],
      'string is not UTF-8 at g' ],
    [ 'text in set', 'nested', [ [ 2, set => [ string => 'a', "\x80" ] ] ],
      'string is not UTF-8 at words[1]' ],
    [ 'text as key', 'user',
      [ user([ 5, map => [ string => 'struct', $cut => [ $street ] ] ]) ],
      'string is not UTF-8 at user.places{}' ],
);

# a struct in a struct in a struct ...

sub tree {
    my ($n, @end) = @_;

    my $tree = \@end;
    $tree = [ [ 1, string => 'a' ], [ 2, list => [ struct => $tree ] ] ]
        for 1 .. $n;

    return [ 1, struct => $tree ];
}

sub nested {
    my ($n) = @_;

    my $field = [ 9, struct => [] ];
    $field = [ 9, struct => [ $field ] ] for 2 .. $n;

    return $field;
}

my @leaf = ([ 1, string => 'a' ]);

sub wide {
    my (@without) = @_;

    my %without = map { $_ => 1 } @without;

    return [ 1, struct => [ map { [ $_, i32 => $_ ] }
                                grep { !$without{$_} } 1 .. 130 ] ];
}

push @refused, (
    (map { [ "required field $_", 'wide', [ wide($_) ],
             "missing required field at wide.f$_" ] } 1, 64, 65, 128, 130),
    [ 'first of several', 'wide', [ wide(70 .. 130) ],
      'missing required field at wide.f70' ],
    [ 'in a tree', 'tree', [ tree(3, [ 2, list => [ 'i32' ] ]) ],
      'missing required field at tree' . '.children[0]' x 3 . '.name' ],
    [ 'long path', 'tree', [ tree(30) ],
      'missing required field at '
      . substr('tree' . '.children[0]' x 30, 0, 253) . '...' ],
);

# what passes

my $all = [ [ 1, bool => 1 ], [ 2, i8 => -1 ], [ 3, i16 => -300 ],
            [ 4, i32 => -70000 ], [ 5, i64 => -5e9 ], [ 6, double => 1.5 ],
            [ 7, string => "z\xc3\xbcri" ], [ 8, binary => "\xff\x00\xfe" ],
            [ 9, uuid => 'x' x 16 ] ];

my @good = (
    [ 'no argument', 'scalars', [ ] ],
    [ 'every scalar', 'scalars', $all ],
    [ 'other order', 'scalars', [ reverse @$all ] ],
    [ 'twice', 'scalars', [ [ 4, i32 => 1 ], [ 4, i32 => 2 ] ] ],
    [ 'binary is no text', 'scalars', [ [ 8, binary => "\xff" ] ] ],
    [ 'required ones', 'user', [ user() ] ],
    [ 'all of it', 'user',
      [ user([ 2, string => 'a' ], address($street, [ 2, i32 => 1 ],
                                           [ 3, i32 => 4 ]),
             [ 4, list => [ struct => [ $street ], [ $street ] ] ],
             [ 5, map => [ string => 'struct', a => [ $street ] ] ],
             [ 6, i32 => 2 ]), [ 2, i32 => 1 ] ] ],
    [ 'empty containers', 'nested',
      [ [ 1, list => [ 'i32' ] ], [ 2, set => [ 'i32' ] ],
        [ 3, map => [ string => 'string' ] ], [ 4, list => [ 'i64' ] ] ] ],
    [ 'full containers', 'nested',
      [ [ 1, list => [ list => [ i32 => 1 .. 20 ], [ 'i32' ] ] ],
        [ 2, set => [ string => 'a', 'b' ] ],
        [ 3, map => [ i32 => 'i32', 7 => 1, 8 => 4 ] ],
        [ 4, list => [ i32 => 1, 2, 4 ] ],
        [ 5, map => [ struct => 'list', [ $street ],
                      [ struct => [ $id ] ] ] ] ] ],
    [ 'unknown argument', 'touch', [ $id, [ 77, string => "\xc3\xa9" ] ] ],
    [ 'unknown of any kind', 'touch',
      [ [ 20, struct => [ [ 1, list => [ map => [ i32 => 'bool', 1, 1 ] ] ],
                          [ 2, set => [ string => 'y' x 16 ] ] ] ],
        [ 21, bool => 0 ], [ 22, double => 1 ], [ -3, i16 => 1 ], $id ] ],
    [ 'unknown in struct', 'user', [ user([ 50, i32 => 1 ]) ] ],
    [ 'union', 'choose', [ [ 1, struct => [ [ 2, string => 'a' ] ] ] ] ],
    [ 'no union', 'choose', [ ] ],
    [ 'inherited', 'version', [ ] ],
    [ 'many required ones', 'wide', [ wide() ] ],
    [ 'recursive', 'tree', [ tree(30, @leaf) ] ],
);

for my $way (@ways) {
    my ($protocol, $transport) = @$way;

    $c = $t->client('schema', protocol => $protocol, transport => $transport);

    my $calls = $backend->calls();
    my @wrong;

    for (@refused) {
        my ($name, $method, $body, $text) = @$_;
        is(verdict($method, $body), "$bad$text", $name);
    }

    is(scalar $backend->calls(), $calls, "$protocol $transport, none passed");

    # the result that the backend gives by itself is a string

    $backend->script(touch => { body => [ ] });

    is(verdict($$_[1], $$_[2]), 'good', $$_[0]) for @good, @strict;

    is(scalar $backend->calls(), $calls + @good + @strict,
       "$protocol $transport, all passed");

    $c = $t->client('strict', protocol => $protocol, transport => $transport);

    is(verdict($$_[1], $$_[2]), "$bad$$_[3]", "$$_[0], checked") for @strict;
    is(verdict($$_[1], $$_[2]), 'good', "$$_[0], checked") for @good;

    $c = $t->client('default', protocol => $protocol, transport => $transport);

    is(verdict($$_[1], $$_[2]), "$bad$$_[3]", "$$_[0], by default")
        for @strict;
    is(verdict('touch', [ $id, [ 77, list => [ string => 'a', "\xff" ] ] ]),
       "${bad}string is not UTF-8 at 77[1]", 'undeclared, by default');

    $c = $t->client('strict', protocol => $protocol, transport => $transport);

    is($c->call('scalars', $all)->{fields}{0}, 'backend', 'answer');
    is(verdict('Api:touch', [ [ 1, i8 => 1 ] ]),
       "${bad}wrong type, i64 expected at id", 'with service');
}

$backend->script();

# what is logged

$port = $t->port('schema');

ok($t->wait_log(qr/^$port\|Api\|user\|exception\|400\|-$/, 'access.log'),
   'call logged');
ok($t->grep_log('\[info\] .*client sent arguments that do not fit their '
                . 'definition: missing required field at user.address.street'),
   'reason logged');
is(scalar(my @e = $t->grep_log(qr/\[(?:warn|error)\]/)), 0,
   'nothing above info');

# methods that are not defined

$c = $t->client('schema');

is(verdict('nope'), '1 unknown method "nope"', 'unknown method');
is(verdict('Api:nope'), '1 unknown method "Api:nope"', 'unknown in service');
is(verdict('Base:scalars'), '1 unknown method "Base:scalars"', 'of the child');
is(verdict('Nope:user'), '1 unknown method "Nope:user"', 'unknown service');
is(verdict('Base:version'), 'good', 'of the parent');
ok($t->wait_log(qr/^$port\|Api\|nope\|exception\|404\|-$/, 'access.log'),
   'unknown logged');

$c = $t->client('blocks');

is(verdict('nope'), '1 unknown method "nope"', 'unknown, blocks');
is(verdict('Api:nope'), '1 unknown method "Api:nope"', 'in service, blocks');
is(verdict('Base:version'), '1 unknown method "Base:version"', 'no block');
is(verdict('version'), 'good', 'inherited, blocks');
is(verdict('user', [ user() ]), '6 closed', 'returned');
is(verdict('user', [ ]), "${bad}missing required field at user",
   'checked before it is returned');

# unknown fields

for my $way (@ways) {
    my ($protocol, $transport) = @$way;

    $c = $t->client('known', protocol => $protocol, transport => $transport);

    my $calls = $backend->calls();

    is(verdict('find', [ $id, [ 9, i32 => 1 ] ]),
       "${bad}undeclared field at 9", 'unknown argument, refused');
    is(verdict('user', [ user([ 9, struct => [ [ 1, i32 => 1 ] ] ]) ]),
       "${bad}undeclared field at user.9", 'unknown in struct, refused');
    is(verdict('user', [ user([ 4, list => [ struct => [ $street ],
                                             [ $street, [ 9, bool => 1 ] ]
                                           ] ]) ]),
       "${bad}undeclared field at user.others[1].9",
       'unknown in element, refused');
    is(scalar $backend->calls(), $calls, 'none passed');

    is(verdict('user', [ user([ 4, list => [ struct => [ $street ] ] ]) ]),
       'good', 'all are known');
    is(verdict('touch', [ $id, [ 9, i32 => 1 ] ]), 'good', 'passed by method');
    is(verdict('touch', [ $id, [ 9, uuid => 'x' x 16 ] ]),
       "${bad}$no_uuid at 9", 'but for a uuid');
}

# with structure the definitions refuse nothing

$c = $t->client('structure');
is(verdict('user', [ ]), 'good', 'structure only');
is(verdict('nope'), 'good', 'structure, unknown method');

# levels, and lax heads

$c = $t->client('schema');
like(verdict('tree', [ tree(32, @leaf) ]), qr/^7 malformed call: /,
     'too many levels');

$c = $t->client('deep', protocol => 'lax');
is(verdict('tree', [ tree(44, @leaf) ]), 'good', 'more levels');
like(verdict('tree', [ tree(44) ]), qr/^${bad}missing required field at tree/,
     'lax, refused');
like(verdict('tree', [ tree(45, @leaf) ]), qr/^7 malformed call: /,
     'lax, too many levels');

# a field that is not defined reaches less far, however many levels there may be

$c = $t->client('deep');
is(verdict('tree', [ tree(2, @leaf), nested(62) ]), 'good',
   'levels of an undeclared field');
is(verdict('tree', [ tree(2, @leaf), nested(63) ]),
   "${bad}too many levels of nesting in an undeclared field at 9" . '.9' x 62,
   'too many of them');

# oneway

$c = $t->client('schema');
my $pokes = $backend->calls('poke');

$c->oneway('poke', [ [ 1, string => 'x' ] ]);
$c->oneway('nope');
$c->oneway('poke', [ [ 1, i64 => 1 ] ]);
is(verdict('version'), 'good', 'oneway has no answer');
ok(wait_for(sub { $backend->calls('poke') == $pokes + 1 }), 'oneway passes');
is_deeply([ map { s/.*poke\|//r }
                $t->wait_log(qr/^$port\|Api\|poke\|/, 'access.log', undef, 2) ],
          [ 'failed|400|-', 'sent|200|127.0.0.1:' . $t->port('backend') ],
          'oneway logged');

# replies: [ name, method, script, what the client gets ]

my $wrong = '6 upstream sent a reply that does not fit its definition: ';
my $ok = [ 0, struct => [ $id ] ];

my @replies = (
    [ 'struct', find => { body => [ $ok ] }, 'good' ],
    [ 'struct and unknown', find => { body => [ $ok, [ 9, i32 => 1 ] ] },
      'good' ],
    [ 'unknown only', find => { body => [ [ 9, i32 => 1 ] ] }, 'good' ],
    [ 'declared exception', find => { body => [ [ 1, struct => [ [ 1, string =>
      'x' ] ] ] ] }, 'good' ],
    [ 'other exception', find => { body => [ [ 2, struct => [ ] ] ] }, 'good' ],
    [ 'TApplicationException', find => { exception => [ 6, 'mine' ] },
      '6 mine' ],
    [ 'unknown method of server', find => { exception => [ 1, 'what' ] },
      '1 what' ],
    [ 'wrong type', find => { body => [ [ 0, string => 'x' ] ] },
      "${wrong}wrong type, struct expected at success" ],
    [ 'wrong type inside', find => { body => [ [ 0, struct => [ [ 1, i32 => 1 ]
      ] ] ] },
      "${wrong}wrong type, i64 expected at success.id" ],
    [ 'missing inside', find => { body => [ [ 0, struct => [ $id,
      address() ] ] ] },
      "${wrong}missing required field at success.address.street" ],
    [ 'exception of wrong type', find => { body => [ [ 2, i32 => 1 ] ] },
      "${wrong}wrong type, struct expected at denied" ],
    [ 'exception without field', find => { body => [ [ 1, struct => [ ] ] ] },
      "${wrong}missing required field at lost.what" ],
    [ 'no result', find => { body => [ ] }, "${wrong}result without a value" ],
    [ 'undeclared uuid', find => { body => [ [ 0, struct => [ $id,
      [ 9, uuid => 'x' x 16 ] ] ] ] }, "${wrong}$no_uuid at success.9" ],
    [ 'two results', find => { body => [ $ok, [ 2, struct => [ ] ] ] },
      "${wrong}result with more than one field" ],
    [ 'void', touch => { body => [ ] }, 'good' ],
    [ 'void with exception', touch => { body => [ [ 1, struct => [ [ 1, string
      => 'x' ] ] ] ] }, 'good' ],
    [ 'void with unknown', touch => { body => [ [ 0, i32 => 1 ] ] }, 'good' ],
    [ 'union', chosen => { body => [ [ 0, struct => [ [ 1, i32 => 1 ] ] ] ] },
      'good' ],
    [ 'union, undeclared field', chosen => { body => [ [ 0, struct => [
      [ 9, i32 => 1 ] ] ] ] }, 'good' ],
    [ 'empty union', chosen => { body => [ [ 0, struct => [ ] ] ] },
      "${wrong}union without a field at success" ],
    [ 'enums', colors => { body => [ [ 0, list => [ i32 => 1, 4 ] ] ] },
      'good' ],
    [ 'string', version => { }, 'good' ],
    [ 'malformed', version => { body => "\x0b\x00\x00\x7f\xff\xff\xff" },
      qr/^6 upstream sent a malformed reply: / ],
);

for my $way (@ways) {
    my ($protocol, $transport) = @$way;

    $c = $t->client('schema', protocol => $protocol, transport => $transport);

    for (@replies) {
        my ($name, $method, $script, $want) = @$_;

        next if $name eq 'malformed' && $transport eq 'unframed';

        $backend->script($method => $script);

        if (ref $want) {
            like(verdict($method), $want, "reply: $name");

        } else {
            is(verdict($method), $want, "reply: $name");
        }
    }

    $backend->script(colors => { body => [ [ 0, list => [ i32 => 1, 3 ] ] ] },
                     version => { body => [ [ 0, string => $cut ] ] });

    is(verdict('colors'), 'good', 'number in reply');
    is(verdict('version'), 'good', 'text in reply');

    $c = $t->client('default', protocol => $protocol, transport => $transport);

    is(verdict('colors'), 'good', 'number in reply, by default');
    is(verdict('version'), 'good', 'text in reply, by default');

    $c = $t->client('strict', protocol => $protocol, transport => $transport);

    is(verdict('colors'), "${wrong}number that its enum does not have at "
                         . 'success[1]', 'number in reply, checked');
    is(verdict('version'), "${wrong}string is not UTF-8 at success",
       'text in reply, checked');
}

ok($t->grep_log('\[error\] .*upstream sent reply that does not fit its '
                . 'definition: result without a value'),
   'reply logged');
ok($t->wait_log(qr/^$port\|Api\|find\|exception\|502\|127\S+$/, 'access.log'),
   'call of reply logged');

# a reply that is refused spoils nothing for the client's connection

$backend->script(find => { body => [ ] });
$c = $t->client('schema');
is(verdict('version'), 'good', 'before refused reply');
is(verdict('find'), "${wrong}result without a value", 'refused reply');
is(verdict('version'), 'good', 'after refused reply');

# nor is the server given up, of which other methods are right

my $other = $t->backend('other', script => { find => { body => [ ] }
                                                     });

$c = $t->client('two');
is(verdict('find'), "${wrong}result without a value", "refused $_") for 1 .. 4;
is(verdict('version'), 'good', 'server stays');

# bodies over several blocks, at once and in pieces

$backend->script();

my @list = map { [ [ 1, string => "Street $_ " . "\xc3\xa9" x 40 ],
                   [ 2, i32 => $_ ] ] } 1 .. 1000;

my $text = "\xe2\x82\xac" x 30_000;

for my $way (@ways) {
    my ($protocol, $transport) = @$way;
    my @o = (protocol => $protocol, transport => $transport);

    $c = $t->client('small', @o);

    my $calls = $backend->calls('many');

    is(verdict('many', [ [ 1, list => [ struct => @list ] ],
                        [ 2, string => $text ] ]), 'good', 'large');

    my @late = (@list[0 .. 998], [ [ 1, string => 'x' ], [ 2, i64 => 1 ] ]);

    is(verdict('many', [ [ 1, list => [ struct => @late ] ] ]),
       "${bad}wrong type, i32 expected at list[999].zip", 'large, wrong');
    is(verdict('many', [ [ 1, list => [ struct => @list[0 .. 998],
                                       [ [ 2, i32 => 1 ] ] ] ] ]),
       "${bad}missing required field at list[999].street", 'large, missing');
    is(verdict('many', [ [ 2, string => "$text\xe2\x82" ] ]),
       "${bad}string is not UTF-8 at text", 'large, not text');
    is(verdict('many', [ [ 2, string => substr($text, 0, 50_000) . "\xff"
                             . substr($text, 0, 30_000) ] ]),
       "${bad}string is not UTF-8 at text", 'large, byte in the middle');

    # whatever a block ends in

    for my $n (2000 .. 2007) {
        my $odd = 'a' x $n . "\xf0\x9f\x98\x80" x 600;

        is(verdict('many', [ [ 2, string => $odd ] ]), 'good', "block $n");
    }

    is($backend->calls('many'), $calls + 9, 'large, passed');

    # bytes in pieces

    my $body = [ [ 1, struct => [ $id, address([ 1, string => "\xc3\xbc" ],
                                               [ 2, i32 => 70000 ]),
                                  [ 6, i32 => 3 ] ] ] ];

    $c->send_pieces(encode_message(CALL, 'user', 5, $body, @o), 1, 0);
    is($c->read_message()->{message},
       "arguments do not fit their definition: number that its enum does not "
       . 'have at user.color', 'byte by byte');

    $$body[0][2][2][2] = 4;
    $c->send_pieces(encode_message(CALL, 'user', 6, $body, @o), 1, 0);
    is($c->read_message()->{fields}{0}, 'backend', 'byte by byte, good');

    # large replies

    $backend->script(many => { body => [ [ 0, string => $text ] ] },
                     find => { body => [ [ 0, struct => [ $id,
                                 [ 4, list => [ struct => @late ] ] ] ] ] },
                     version => { body => [ [ 0, string => "a$text\xe2" ] ],
                                  pieces => 30_000 });

    is(length $c->call('many')->{fields}{0}, length $text, 'large reply');
    is(verdict('find'), "${wrong}wrong type, i32 expected at "
                       . 'success.others[999].zip', 'large reply, wrong');
    is(verdict('version'), "${wrong}string is not UTF-8 at success",
       'large reply, not text');
    $backend->script();
    is(verdict('version'), 'good', 'after large ones');
}

# many at once

$c = $t->client('schema');

my $mixed = join('', map { call_bytes('scalars', $_, $_ % 3
                               ? [ [ 4, i32 => $_ ] ] : [ [ 4, i8 => 1 ] ]) }
                         1 .. 90);

my @m = $c->exchange($mixed, 90);

is(join(' ', map { $_->{seqid} } @m), join(' ', 1 .. 90), 'pipeline in order');
is(scalar(grep { $_->{type} == EXCEPTION } @m), 30, 'pipeline, refused ones');
is(scalar(grep { $_->{type} == EXCEPTION && $_->{seqid} % 3 } @m), 0,
   'pipeline, only those');

$t->done();
