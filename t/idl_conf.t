#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Definitions in a configuration: what nginx -t says of thrift_idl, of routes
# that do not fit them, of shared names, annotations and arguments; reload.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Files;


my $t = Test::Thrift->new();

# One place for each level; a case fills some of them.

my $template = <<'EOF';
%%TEST_GLOBALS%%
events {
}
stream {
    #stream
    upstream u {
        server  127.0.0.1:%%PORT_backend%%;
    }
    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  u;
        #server
    }
    server {
        listen       127.0.0.1:%%PORT_other%%;
        thrift_pass  u;
        #other
    }
}
EOF

my %line = conf_lines($template);

my $at = "in test.conf:$line{server}";

$t->write_file('base.thrift', <<'EOF');
service Base {
    string version(),
    void ping()
}
EOF

$t->write_file('users.thrift', <<'EOF');
include "base.thrift"

struct Place {
    1: string city
}

struct User {
    1: required i64 id,
    2: string name,
    3: Place home
}

exception NotFound {
    1: string what
}

service Users extends base.Base {
    User get(1: i64 id) throws (1: NotFound e),
    oneway void poke(1: i64 id),
    void put(1: User user)
}
EOF

$t->write_file('orders.thrift', <<'EOF');
include "base.thrift"

service Orders {
    string all(1: i32 user_id),
    string get(1: string number)
}

service Audit extends base.Base {
    void note(1: string text)
}

service Stock extends base.Base {
    string take(1: string what)
}
EOF

$t->write_file('copy.thrift', <<'EOF');
service Copy {
    string get(1: i32 id)
}
EOF

my $users = 'thrift_idl users.thrift;';
my $orders = 'thrift_idl orders.thrift;';
my $copy = 'thrift_idl copy.thrift;';


# files that cannot be read: [ name, file => text, messages ]

for (
    [ 'syntax error', 'bad.thrift' => "service S {\n    void f(\n}\n",
      'bad.thrift:3:1: unexpected "}", expected a type' ],
    [ 'unknown type', 'bad.thrift' => "struct A {\n  1: Usr a\n}\n"
                                      . "struct User { }\n",
      'bad.thrift:2:6: type "Usr" is not defined (did you mean "User"?)' ],
    [ 'several errors', 'bad.thrift' => "struct A {\n  1: X a\n  2: Y b\n}\n",
      'bad.thrift:2:6: type "X" is not defined',
      'bad.thrift:3:6: type "Y" is not defined' ],
    [ 'error in included file', 'sub/part.thrift' => "enum E {\n  A = x\n}\n",
      'sub/part.thrift:2:7: unexpected "x", expected an integer' ],
    [ 'missing include', 'bad.thrift' => "\ninclude \"none.thrift\"\n",
      'bad.thrift:2:9: cannot find "none.thrift"' ],
    [ 'includes itself', 'bad.thrift' => "include \"bad.thrift\"\n",
      'bad.thrift:1:9: "bad.thrift" includes itself' ],
    [ 'unterminated comment', 'bad.thrift' => "struct A { }\n/* no end",
      'bad.thrift:2:1: unterminated comment' ],
    [ 'no text', 'bad.thrift' => "\0\0\0",
      'bad.thrift:1:1: unexpected character "\x00"' ],
) {
    my ($name, $file, $text, @messages) = @$_;

    if ($file =~ m{/}) {
        $t->write_file('bad.thrift', "include \"$file\"\n");
    }

    $t->write_file($file, $text);

    is(said(server => 'thrift_idl bad.thrift;'),
       join('', map { "[emerg] $_\n" } @messages,
                "\"thrift_idl\" failed $at"), $name);
}

is(said(server => 'thrift_idl none.thrift;'),
   "[emerg] none.thrift: no such file\n[emerg] \"thrift_idl\" failed $at\n",
   'missing file');
is(said(server => 'thrift_idl sub;'),
   "[emerg] sub: cannot read: is a directory\n[emerg] \"thrift_idl\" failed $at\n",
   'a directory');
is(said(stream => "thrift_idl\n none.thrift;", server => $users),
   "[emerg] none.thrift: no such file\n"
   . "[emerg] \"thrift_idl\" failed in test.conf:" . ($line{stream} + 1) . "\n",
   'line of stream');

$t->write_file('inc.conf', "\n\nthrift_idl none.thrift;\n");
is(said(server => 'include inc.conf;'),
   "[emerg] none.thrift: no such file\n"
   . "[emerg] \"thrift_idl\" failed in inc.conf:3\n", 'line of include');

$t->write_file('warns.thrift', "struct A {\n  string a\n}\nservice S { }\n");
is(said(server => 'thrift_idl warns.thrift;'),
   "[warn] warns.thrift:2:3: a field without an id: -1 is used\n",
   'warning of file');

# where files are

good('relative name', server => $users);
good('dots in name', server => 'thrift_idl sub/../users.thrift;');
good('absolute name', server => 'thrift_idl %%TESTDIR%%/users.thrift;');

$t->write_file('deep/api.thrift', "include \"common.thrift\"\n"
                                  . "service Api extends common.Common { }\n");
$t->write_file('lib/one/common.thrift', "service Common { void one() }\n");
$t->write_file('lib/two/common.thrift', "service Common { void two() }\n");

is(said(server => 'thrift_idl deep/api.thrift;'),
   "[emerg] deep/api.thrift:1:9: cannot find \"common.thrift\"\n"
   . "[emerg] \"thrift_idl\" failed $at\n", 'include not found');

my $api = 'thrift_idl deep/api.thrift; thrift_service Api { thrift_method ';

good('search path', stream => 'thrift_idl_path lib/one;',
     server => "$api one { } }");
good('path behind file', server => "$api two { } } thrift_idl_path lib/two;");
good('first path wins', server => 'thrift_idl_path lib/two; '
                                  . "thrift_idl_path lib/one; $api two { } }");
good('path of stream first', stream => 'thrift_idl_path lib/one;',
     server => "thrift_idl_path lib/two; $api one { } }");
good('other path of server', server => "thrift_idl_path lib/two; $api two {}}",
     other => "thrift_idl_path lib/one; $api one {}}");
good('absolute path', server => 'thrift_idl_path %%TESTDIR%%/lib/one; '
                                . "$api one { } }");
is(said(server => 'thrift_idl_path nowhere; thrift_idl_path lib/one; '
                  . "$api one {}}"),
   "[warn] there is no directory \"nowhere\" for \"thrift_idl_path\" $at\n",
   'missing directory');

$t->write_file('deep/common.thrift', "service Common { void near() }\n");
good('own directory first', server => "thrift_idl_path lib/one; "
                                      . "$api near { } }");

# the same file, and several

good('twice', server => "$users $users");
good('stream and server', stream => $users, server => $users);
good('by two names', stream => $users,
     server => 'thrift_idl sub/../users.thrift;');
good('files of both count', stream => $users,
     server => "$orders thrift_service Users { } thrift_service Orders order=2 "
               . '{ }');
good('stream files for all', stream => $users,
     server => 'thrift_service Users { }', other => 'thrift_service Users { }');
good('files after blocks', server => "thrift_service Users { } $users");
good('only included is not enough', server => $users);

is(said(server => "$users thrift_service Base { }"),
   "[emerg] no service \"Base\" is defined by \"thrift_idl\" $at\n",
   'service of included file');
is(said(server => $users, other => 'thrift_service Nobody { }'), '',
   'server without files');

# many servers name one file: it is read once, and says things once

$t->write_file('loud.thrift', "struct A {\n  string a\n}\n"
                              . "service Loud { void f() }\n");

my $many = join '', map { "server { listen unix:%%SOCK_s$_%%; thrift_pass u; "
                          . "thrift_idl loud.thrift; }\n" } 1 .. 50;

is(said(stream => $many), "[warn] loud.thrift:2:3: a field without an id: "
                          . "-1 is used\n", 'read once');

# services and methods that are not defined

for (
    [ 'unknown service', 'thrift_service User { }',
      'no service "User" is defined (did you mean "Users"?)' ],
    [ 'service in other case', 'thrift_service users { }',
      'no service "users" is defined (did you mean "Users"?)' ],
    [ 'nothing alike', 'thrift_service Telephone { }',
      'no service "Telephone" is defined by "thrift_idl"' ],
    [ 'struct as service', 'thrift_service NotFound { }',
      'no service "NotFound" is defined by "thrift_idl"' ],
    [ 'unknown method', "thrift_service Users { thrift_method gte { } }",
      'no method "gte" in service "Users" (did you mean "get"?)' ],
    [ 'unknown inherited method',
      "thrift_service Users { thrift_method verzion { } }",
      'no method "verzion" in service "Users" (did you mean "version"?)' ],
    [ 'no such method', "thrift_service Users { thrift_method telephone { } }",
      'no method "telephone" in service "Users"' ],
    [ 'method with service', 'thrift_service Users { thrift_method Users:get '
                             . '{ } }',
      '"thrift_method" directive has a name with a ":", which ends a '
      . 'service\'s name in calls' ],
) {
    my ($name, $text, $message) = @$_;

    is(said(server => "$users $text"), "[emerg] $message $at\n", $name);
}

is(said(server => "$users thrift_service Users {\nthrift_method get { }\n"
                  . "thrift_method put { }\nthrift_method puk { }\n}"),
   '[emerg] no method "puk" in service "Users" (did you mean "put"?) '
   . 'in test.conf:' . ($line{server} + 3) . "\n", 'line of method');

good('inherited method', server => "$users thrift_service Users { "
     . 'thrift_method version { thrift_timeout 1s; } thrift_method get { } }');
good('unknown without files', server => 'thrift_service Userz { '
                                        . 'thrift_method gte { } }');

# names that two services share

my $both = "$users $orders";

sub shared {
    my ($method, $first, $second, $order) = @_;

    return "[emerg] method \"$method\" is in thrift_service \"$first\" and in "
           . "thrift_service \"$second\", and a call may name only the method: "
           . "with \"thrift_service $second order=" . ($order || 1)
           . " { ... }\" the former answers it $at\n";
}

is(said(server => "$both thrift_service Users { } thrift_service Orders { }"),
   shared('get', 'Users', 'Orders'), 'shared name');
is(said(server => "$both thrift_service Orders { } thrift_service Users { }"),
   shared('get', 'Orders', 'Users'), 'shared name, other way');
is(said(server => "$both thrift_service Users { } thrift_service Orders { "
                  . 'thrift_method get { } }'),
   shared('get', 'Users', 'Orders'), 'shared name in block');
is(said(server => "$both thrift_service Users order=2 { } "
                  . 'thrift_service Orders order=2 { }'),
   shared('get', 'Users', 'Orders', 3), 'same order');
is(said(server => "$orders thrift_service Audit { } thrift_service Stock { }"),
   shared('version', 'Audit', 'Stock'), 'shared inherited name');
is(said(server => "$both $copy thrift_service Users order=1 { } "
                  . 'thrift_service Orders { } thrift_service Copy { }'),
   shared('get', 'Orders', 'Copy'), 'three, two of one order');

good('order', server => "$both thrift_service Users { } "
                        . 'thrift_service Orders order=1 { }');
good('order of both', server => "$both thrift_service Users order=7 { } "
                                . 'thrift_service Orders order=3 { }');
good('order of inherited', server => "$orders thrift_service Audit order=2 "
     . '{ } thrift_service Stock order=1 { }');
good('three in order', server => "$both $copy thrift_service Users order=3 { } "
     . 'thrift_service Orders order=1 { } thrift_service Copy order=2 { }');
good('names of two servers', stream => $both,
     server => 'thrift_service Users { }',
     other => 'thrift_service Orders { }');
good('shared without files', server => 'thrift_service A { thrift_method m '
     . '{ } } thrift_service B { thrift_method m { } }');

# a server that answers for all of its services

my @lines = split /\n/, $template;
my ($server) = grep { $lines[$_ - 1] =~ /server \{/ } 1 .. @lines;

like(said(server => "$orders $copy"),
     qr/^\[emerg\]\ method\ "get"\ is\ defined\ in\ service\ "Orders"\ and
        \ in\ service\ "Copy",\ and\ .*:\ with
        \ "thrift_service\ Orders\ \{\ \}"\ that\ one\ answers\ it\ in\ test\.conf:$server\n\z/x,
     'shared without blocks');
good('shared with one block',
     server => "$orders $copy thrift_service Copy { }");
good('inherited by all', server => $orders);

for ('order=', 'order=-1', 'order=1x', 'ordr=1') {
    is(said(server => "thrift_service A $_ { }"),
       "[emerg] invalid parameter \"$_\" in \"thrift_service\" directive, it "
       . "must be \"order=\" with a number $at\n", "parameter $_");
}

is(said(server => 'thrift_service A order=1 order=2 { }'),
   '[emerg] invalid number of arguments in "thrift_service" directive '
   . "$at\n", 'order twice');

# annotations

for (
    [ 'timeout' => 'soon' ], [ 'timeout' => '' ], [ 'timeout' => '-1' ],
    [ 'timeout' => '1.5s' ], [ 'idempotent' => 'yes' ],
    [ 'idempotent' => '' ], [ 'idempotent' => 'TRUE' ],
) {
    my ($name, $value) = @$_;

    $t->write_file('notes.thrift', "service Notes {\n  void a(),\n  void b() "
                                   . "(nthrift.$name = \"$value\")\n}\n");
    is(said(server => 'thrift_idl notes.thrift;'),
       "[emerg] notes.thrift:3:13: invalid value \"$value\" of annotation "
       . "\"nthrift.$name\", it must be " . ($name eq 'timeout'
           ? 'a time such as "300ms" or "1m 30s"'
           : '"true", "1" or "false"') . "\n", "$name \"$value\"");
}

$t->write_file('notes.thrift', <<'EOF');
service Notes {
    void a() (nthrift.timeout = "300ms", nthrift.idempotent = "true"),
    void b() (nthrift.timeout = "0", nthrift.idempotent = "false"),
    void c() (nthrift.timeout = "1m 30s", nthrift.idempotent = "1"),
    void d() (nthrift.timeout = "5"; other = "nonsense"),
    void e() (nthrift.idempotent),
}
EOF
good('annotations', server => 'thrift_idl notes.thrift;');

# thrift_timeout, annotations in nginx -t, and nthrift check accept the same

SKIP: {
    my $nthrift = "$FindBin::Bin/../build/nthrift"
                  . ($ENV{TEST_NGINX_STATIC} ? '-asan' : '');

    skip "no $nthrift", 1 unless -x $nthrift;

    for my $value (
        '0', '5', ' 5', '5 ', '5 5', '5 5 5', '300ms', '2s500ms', '500ms2s',
        '1m 30s', '1m30', '30s 1m', '1w2d3h4m5s6ms', '1y', '1M', '1 s', 's',
        '', '+1', '-1', '1.5s', '1s1s', "1s\t", '4611686018427387903ms',
        '4611686018427387904ms', '4611686018427387', '4611686018427388',
        '9223372036854775807ms', '9223372036854775808ms', '9223372036854776',
    ) {
        $t->write_file('notes.thrift', 'service Notes { void a() '
                                       . "(nthrift.timeout = \"$value\") }\n");

        my ($said, $rc) = run_in($t->dir(), $nthrift, 'check',
                                 'notes.thrift');

        is(join(' ', map { $_ ? 'accepted' : 'refused' }
                said(server => 'thrift_idl notes.thrift;') eq '', $rc == 0),
           said(server => "thrift_timeout \"$value\";") eq ''
           ? 'accepted accepted' : 'refused refused', "time \"$value\"");
    }
}

# an annotation counts wherever it is, as any mistake in a file does

$t->write_file('unused.thrift',
               "service Unused { void a() (nthrift.timeout = \"soon\") }\n");
$t->write_file('notes.thrift',
               "include \"unused.thrift\"\nservice Notes { void a() }\n");
is(said(server => 'thrift_idl notes.thrift;'),
   '[emerg] unused.thrift:1:28: invalid value "soon" of annotation '
   . "\"nthrift.timeout\", it must be a time such as \"300ms\" or \"1m 30s\"\n",
   'of an included file');

# annotations of ours that have no effect

for (
    [ 'void a() (nthrift.timeot = "1s")', '1:27: unknown annotation '
      . '"nthrift.timeot" (did you mean "nthrift.timeout"?)' ],
    [ 'void a() (nthrift.x)', '1:27: unknown annotation "nthrift.x"' ],
) {
    my ($text, $message) = @$_;

    $t->write_file('notes.thrift', "service Notes { $text }\n");

    my $said = said(server => 'thrift_idl notes.thrift;');

    is($said, "[emerg] notes.thrift:$message\n", $text);
}

$t->write_file('notes.thrift', "service Notes { } (nthrift.timeout = \"1s\")\n");
is(said(server => 'thrift_idl notes.thrift;'),
   '[emerg] notes.thrift:1:20: annotation "nthrift.timeout" has a meaning for '
   . "methods only\n", 'of a service');

# validation

my $answers = '[emerg] "thrift_validate schema" needs a "thrift_idl" for the '
              . 'server in test.conf:';

is(said(server => 'thrift_validate schema;'), "$answers$server\n",
   'schema without files');
is(said(stream => 'thrift_validate schema;', other => $users),
   "$answers$server\n", 'schema of stream');
is(said(server => 'thrift_validate scheme;'),
   '[emerg] invalid value "scheme" in "thrift_validate" directive, it must be '
   . "\"off\", \"structure\" or \"schema\" $at\n", 'unknown value');
is(said(server => 'thrift_validate_enum yes;'),
   '[emerg] invalid value "yes" in "thrift_validate_enum" directive, it must '
   . "be \"off\", \"on\" or \"arguments\" $at\n", 'enum yes');
is(said(server => 'thrift_validate_utf8 1;'),
   '[emerg] invalid value "1" in "thrift_validate_utf8" directive, it must '
   . "be \"off\", \"on\" or \"arguments\" $at\n", 'utf8 1');

good('schema', server => "$users thrift_validate schema;");
good('schema, files of stream', stream => $users,
     server => 'thrift_validate schema; thrift_validate_enum on; '
               . 'thrift_validate_utf8 on;');
good('schema, not ours', stream => "thrift_validate schema; server { listen "
     . 'unix:%%SOCK_plain%%; proxy_pass u; }',
     server => $users, other => $users);

# levels and duplicates

for (
    [ 'thrift_idl', 'users.thrift' ], [ 'thrift_idl_path', 'lib' ],
    [ 'thrift_validate_enum', 'on' ], [ 'thrift_validate_utf8', 'on' ],
    [ 'thrift_idempotent', 'on' ],
) {
    my ($name, $value) = @$_;
    my $not = "[emerg] \"$name\" directive is not allowed here, but in "
              . "\"stream\" or \"server\" $at\n";

    for (
        [ service => "thrift_service S { thrift_pass u; $name $value; }" ],
        [ method => "thrift_service S { thrift_pass u; thrift_method m { "
                    . "$name $value; } }" ],
    ) {
        my ($level, $text) = @$_;
        is(said(server => $text), $name eq 'thrift_idempotent' ? '' : $not,
           "$name in $level");
    }

    is(said(server => "$name $value; $name $value;"),
       $name =~ /idl/ ? '' : "[emerg] \"$name\" directive is duplicate $at\n",
       "$name twice");
}

good('all in stream', stream => 'thrift_idl users.thrift; thrift_idl_path lib; '
     . 'thrift_validate_enum on; thrift_validate_utf8 on; thrift_idempotent '
     . 'on;');

# arguments

$t->write_file('args.thrift', <<'EOF');
struct User { 1: i64 id, 2: string id_no }
struct Rest { 1: i32 no }
service Args {
    void one(1: User user, 2: i32 user_id, 3: list<i32> user_list),
    void two(1: string name, 2: User userData)
    void three(1: Rest user_id)
}
EOF

my $args = 'thrift_idl args.thrift;';

sub uses {
    my ($names, $o) = @_;

    return (stream => "log_format l '$names';",
            server => "$args access_log logs/a l; " . ($o || ''));
}

mkdir $t->dir() . '/logs';

my $in = 'in test.conf:5';      # log_format

is(said(uses('$thrift_arg_user_nme')), '[warn] "$thrift_arg_user_nme" is an '
   . "argument of no method that is defined $in\n", 'unused argument');
is(said(uses('$thrift_arg_user_list')), '[warn] "$thrift_arg_user_list" is '
   . 'an argument of no method that is defined: it is a struct, whose fields '
   . "are \"\$thrift_arg_user_list_...\", or a container $in\n", 'container');
is(said(uses('$thrift_arg_user')), '[warn] "$thrift_arg_user" is '
   . 'an argument of no method that is defined: it is a struct, whose fields '
   . "are \"\$thrift_arg_user_...\", or a container $in\n", 'struct');
is(said(uses('$thrift_arg_nam')), '[warn] "$thrift_arg_nam" is an argument of '
   . 'no method that is defined (did you mean "$thrift_arg_name"?)' . " $in\n",
   'argument mistyped');

$t->write_file('format.conf', "\n# \$thrift_arg_nix\nlog_format l "
                              . "'\${thrift_arg_nix}';\n");
is(said(stream => 'include format.con[f];', server => "$args access_log "
        . 'logs/a l;'), '[warn] "$thrift_arg_nix" is an argument of no method '
   . "that is defined in format.conf:3\n", 'argument in an included file');
is(said(stream => 'log_format l $thrift_arg_id; access_log logs/a l;'),
   '[warn] "$thrift_arg_id" is an argument of no method that is defined: there '
   . "is no \"thrift_idl\" $in\n", 'argument without files');
is(said(uses('$thrift_arg_user_id')), '[warn] "$thrift_arg_user_id" may be '
   . 'more than one argument of method "one", the longest names are taken'
   . "\n", 'ambiguous argument');
is(said(uses('$thrift_arg_user_id_no')), '', 'one way in each');
is(said(uses('$thrift_arg_name $thrift_arg_userdata_id $thrift_arg_NAME')),
   '', 'letters of any case');

# a block of a server does not make two methods of one

is(said(uses('$thrift_arg_nix', 'thrift_service Args { thrift_method two { } '
             . '}')),
   '[warn] "$thrift_arg_nix" is an argument of no method that is defined'
   . " $in\n", 'warned once');

# the configuration that comes with the module

my $ready = slurp($t->top() . '/conf/idl.conf');

$ready =~ s/^(?:load_module|pid|error_log)\s[^;]*;\n//mg;
$ready =~ s{\.\./examples}{%%TOP%%/examples};
$ready =~ s{/var/log/nginx}{%%TESTDIR%%};

is(said_of("%%TEST_GLOBALS%%\n$ready"), '', 'conf/idl.conf');

# reload

my $conf = <<'EOF';

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl       live.thrift;
    thrift_validate  schema;

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    # a lower order answers calls that name only the method

    server {
        listen      127.0.0.1:%%PORT_other%%;
        thrift_idl  orders.thrift;
        thrift_idl  users.thrift;
        thrift_idl  copy.thrift;

        thrift_service Orders order=2 {
            thrift_return  INTERNAL_ERROR  "$thrift_service";
        }

        thrift_service Users order=1 {
            thrift_return  INTERNAL_ERROR  "$thrift_service";

            thrift_method version {
                thrift_return  INTERNAL_ERROR  "version of $thrift_service";
            }
        }

        thrift_service Copy order=3 {
            thrift_return  INTERNAL_ERROR  "$thrift_service";
        }

        thrift_service Audit order=4 {
            thrift_return  INTERNAL_ERROR  "$thrift_service";
        }

        thrift_service Live order=0 {
            thrift_return  INTERNAL_ERROR  "$thrift_service";
        }
    }
}

EOF

my $first = "service Live {\n    string first(1: i32 id)\n}\n";
my $second = "service Live {\n    string second(1: i32 id)\n}\n";

$t->write_file('live.thrift', $first);
$t->write_conf($conf);
$t->backend('backend');
$t->run();

# the text of the answer, without the type of an exception

sub text {
    my ($c, $method) = @_;

    return answer($c->call($method)) =~ s/^\d+ //r;
}

my $c = $t->client('other');

is(text($c, 'get'), 'Users', 'lower order answers');
is(text($c, 'version'), 'version of Users', 'inherited in order');
is(text($c, 'all'), 'Orders', 'name of one service');
is(text($c, 'note'), 'Audit', 'last of them');
is(text($c, 'first'), 'Live', 'first of them');
is(text($c, "$_:get"), $_, "get of $_") for qw(Users Orders Copy);
is(text($c, 'Audit:version'), 'Audit', 'version of Audit');

my $old = $t->client('proxy');

is(text($old, 'first'), 'backend', 'before reload');
is(text($old, 'second'), 'unknown method "second"', 'unknown before');

# a broken file keeps the old ones

$t->expect_log(qr|\[emerg\] .*/live\.thrift:2:22: unexpected "\}"|);
$t->expect_log(qr|\[emerg\] .*"thrift_idl" failed in \S+/nginx\.conf:10$|);

$t->write_file('live.thrift', "service Live {\n    string second(1: }\n}\n");
ok(!$t->reload(), 'broken file');
is(text($old, 'first'), 'backend', 'old connection after it');
is(text($t->client('proxy'), 'first'), 'backend', 'new connection after it');
is(text($t->client('proxy'), 'Live:second'), 'unknown method "Live:second"',
   'old definitions');

# a new one brings new definitions, to old connections too

$t->write_file('live.thrift', $second);
ok($t->reload(), 'new file');

my $new = $t->client('proxy');
is(text($new, 'second'), 'backend', 'new definitions');
is(text($new, 'first'), 'unknown method "first"', 'old method gone');
is(text($old, 'second'), 'backend', 'old connection, new definitions');
is(text($old, 'first'), 'unknown method "first"', 'old connection, old method');

$t->done();


# What nginx -t says about a configuration, one line for each message.

sub said {
    return said_of(conf($template, @_));
}


sub said_of {
    my ($conf) = @_;

    my ($text) = $t->test_config($conf);

    my $good = $text =~ s/^nginx: the configuration file \S+ syntax is ok\n//m
               && $text =~ s/^nginx: .* test is successful\n//m;

    $text =~ s/^nginx: (?:configuration file .* test failed\n)?//mg;

    return $good || $text ne '' ? $text : 'nothing';
}


sub good {
    my ($name, %texts) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    is(said(%texts), '', $name);
}
