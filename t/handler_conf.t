#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What nginx -t says of handlers: files that are none, objects that crash, that
# were built for something else, or from another IDL.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Files;


my $t = Test::Thrift->new();

my $idl = <<'EOF';
struct Point { 1: i32 x, 2: optional i32 y }
exception Bad { 1: string why }
service Base { void base() }
service Shapes extends Base {
    i32 area(1: Point from, 2: Point to) throws (1: Bad bad),
    oneway void note(1: string text)
}
EOF

my $source = <<'EOF';
#include "shapes.h"

static void
base(nthrift_call_t *call, const Shapes_base_args_t *args)
{
    (void) args;
    Shapes_base_reply(call);
}

static void
area(nthrift_call_t *call, const Shapes_area_args_t *args)
{
    (void) args;
    Shapes_area_reply(call, 1);
}

static void
note(nthrift_call_t *call, const Shapes_note_args_t *args)
{
    (void) call;
    (void) args;
}

Shapes_HANDLER(.base = base, .area = area, .note = note)
EOF

my $template = <<'EOF';
%%TEST_GLOBALS%%
events {
}
stream {
    #stream
    server {
        listen  127.0.0.1:%%PORT_proxy%%;
        thrift_service Shapes {
            #service
        }
    }
}
EOF

my $line = 9;

$t->write_file('shapes.thrift', $idl);
$t->handler('shapes', source => $source, idl => $idl);

like(test('thrift_handler shapes.so;'), qr/test is successful/, 'a good one');
like(test('thrift_handler shapes.so a=b c=d=e f=;'), qr/test is successful/,
     'with arguments');
like(test('thrift_handler shapes.so; thrift_method note { thrift_return '
          . 'UNKNOWN "no"; }'), qr/test is successful/, 'mixed');
like(test('thrift_pass 127.0.0.1:1; thrift_method note { thrift_handler '
          . 'shapes.so; }'), qr/test is successful/, 'one method');
like(test('thrift_handler shapes.so; thrift_method note { thrift_handler '
          . 'shapes.so a=b; }'), qr/test is successful/, 'twice');

# the directive

for (
    [ 'twice', 'thrift_handler shapes.so; thrift_handler shapes.so;',
      '"thrift_handler" directive is duplicate' ],
    [ 'after pass', 'thrift_pass 127.0.0.1:1; thrift_handler shapes.so;',
      '"thrift_handler" directive cannot stand beside "thrift_pass" or '
      . '"thrift_return"' ],
    [ 'before pass', 'thrift_handler shapes.so; thrift_pass 127.0.0.1:1;',
      '"thrift_pass" directive cannot stand beside "thrift_handler"' ],
    [ 'before return', 'thrift_handler shapes.so; thrift_return UNKNOWN "";',
      '"thrift_return" directive cannot stand beside "thrift_handler"' ],
    [ 'no value', 'thrift_handler shapes.so word;',
      'invalid parameter "word" in "thrift_handler" directive, it must be '
      . '"key=value"' ],
    [ 'no key', 'thrift_handler shapes.so =word;',
      'invalid parameter "=word" in "thrift_handler" directive, it must be '
      . '"key=value"' ],
    [ 'key twice', 'thrift_handler shapes.so a=1 a=2;',
      'duplicate parameter "a"' ],
    [ 'no pool', 'thrift_handler shapes.so threads=;',
      '"thrift_handler" directive has "threads" without the name of a '
      . 'thread_pool' ],
    [ 'two pools', 'thrift_handler shapes.so threads=a threads=b;',
      '"thrift_handler" directive has more than one "threads"' ],
    [ 'no file', 'thrift_handler none.so;',
      'open() "none.so" failed (2: No such file or directory)' ],
    [ 'directory', 'thrift_handler gen-shapes;',
      'read() "gen-shapes" failed (21: Is a directory)' ],
    [ 'memory', 'thrift_handler shapes.so; thrift_handler_memory 1k;',
      'invalid value "1k" in "thrift_handler_memory" directive, it must be a '
      . 'size between 64k and 2147483647 bytes' ],
) {
    my ($name, $text, $message) = @$_;

    is(error($text), "$message in test.conf:$line\n", $name);
}

like(test('thrift_handler shapes.so threads=unknown;'),
     qr/\[emerg\] unknown thread pool "unknown" in /, 'unknown pool');

is(error('thrift_handler shapes.so;', ''),
   '"thrift_handler" needs a "thrift_idl" that defines service "Shapes"'
   . " in test.conf:$line\n", 'no IDL');

# objects

$t->write_file('text.so', "this is no object\n");
$t->write_file('empty.so', '');
$t->write_file('cut.so', substr(slurp($t->dir() . '/shapes.so'), 0, 3000));

like(cannot('text.so'), qr/^(?:file too short|invalid ELF header)$/, 'text');
is(cannot('empty.so'), 'file too short', 'empty');
like(cannot('cut.so'), qr/^it crashes when it is loaded: signal \d+$/, 'cut');

object('undefined', 'extern int no_such_function(void);'
       . ' int f(void); int f(void) { return no_such_function(); }');
like(cannot('undefined.so'), qr/^undefined symbol: no_such_function/,
     'undefined symbol');

my $constructor = '#include <stdlib.h>' . "\n" . '#include <unistd.h>' . "\n"
    . 'static void __attribute__((constructor)) f(void) { %s; }';

object('aborts', sprintf $constructor, 'abort()');
is(cannot('aborts.so'), 'it crashes when it is loaded: signal 6', 'abort()');

object('exits', sprintf $constructor, '_exit(3)');
is(cannot('exits.so'), 'it exits when it is loaded: code 3', 'exit()');

object('hangs', sprintf $constructor, 'for ( ;; ) pause()');
is(cannot('hangs.so'), 'it takes longer than 5 seconds to load', 'hangs');

object('plain', 'int nothing; int nothing = 1;');
is(cannot('plain.so'), 'it has no service "Shapes": no symbol '
   . 'nthrift_handler_Shapes', 'no handler');

object('abi', '#include "nthrift_handler.h"' . "\n"
       . 'extern const nthrift_handler_t nthrift_handler_Shapes;'
       . ' const nthrift_handler_t nthrift_handler_Shapes = { 99,'
       . ' sizeof(nthrift_handler_t), "Shapes", &nthrift_api, NULL, 0, NULL,'
       . ' NULL, NULL, NULL };');
is(cannot('abi.so'), 'it was built for ABI version 99, this is version 3',
   'another ABI');

(my $missing = $source) =~ s/\.area = area, //;
$missing =~ s/static void\narea\(.*?\n}\n//s;
$t->handler('missing', source => $missing =~ s/shapes\.h/missing.h/r,
            idl => $idl);
is(cannot('missing.so'),
   'it does not implement method "area" of service "Shapes"',
   'method that is not implemented');
like(test('thrift_handler missing.so; thrift_method area { thrift_pass '
          . '127.0.0.1:1; }'), qr/test is successful/,
     'which somebody else does');

# built from another IDL

for (
    [ 'argument', 'i32 area(1: Point from, 2: Point to)',
      'i32 area(1: Point from, 2: i64 to)' ],
    [ 'argument more', '2: Point to)', '2: Point to, 3: bool now)' ],
    [ 'argument less', '1: Point from, 2: Point to', '1: Point from' ],
    [ 'field', '1: i32 x', '1: i64 x' ],
    [ 'field name', '1: i32 x', '1: i32 z' ],
    [ 'field id', '1: i32 x', '7: i32 x' ],
    [ 'field more', '2: optional i32 y', '2: optional i32 y, 3: i32 z' ],
    [ 'required', '2: optional i32 y', '2: required i32 y' ],
    [ 'result', 'i32 area', 'i64 area' ],
    [ 'exception', 'throws (1: Bad bad)', '' ],
    [ 'exception id', 'throws (1: Bad bad)', 'throws (2: Bad bad)' ],
    [ 'oneway', 'oneway void note', 'void note' ],
) {
    my ($name, $from, $to) = @$_;

    (my $other = $idl) =~ s/\Q$from\E/$to/ or die $name;

    my $text = test('thrift_handler shapes.so;', "thrift_idl other.thrift;",
                    $other);
    my $method = $name eq 'oneway' ? 'note' : 'area';

    like($text, qr/handler\ "shapes\.so"\ cannot\ be\ used:
                   \ method\ "$method"\ of\ service\ "Shapes"\ is\ another\ one\ than\ in\ the\ IDL:
                   \ .{10,}\ in\ test\.conf:$line\n/x, "other IDL: $name");
    unlike($text, qr/fingerprints differ/, "$name is named");
    note($text =~ /than in the IDL: (.*) in test/);
}

like(test('thrift_handler shapes.so;', 'thrift_idl other.thrift;',
          $idl =~ s/void note/void remark/r),
     qr/its service "Shapes" has no method "remark"/, 'other IDL: method');
like(test('thrift_handler shapes.so;', 'thrift_idl other.thrift;',
          $idl =~ s/1: Point from, 2: Point to/2: Point to, 1: Point from/r),
     qr/test is successful/, 'other IDL: order');
like(test('thrift_handler shapes.so;', 'thrift_idl other.thrift;',
          $idl =~ s/1: string text/1: string text = "x"/r),
     qr/test is successful/, 'other IDL: default');

# the configuration that comes with the module

my $ready = slurp($t->top() . '/conf/handlers.conf');

$ready =~ s/^(?:load_module|pid|error_log)\s[^;]*;\n//mg;
$ready =~ s{(?<=\s)\.\./(?=examples|build)}{%%TOP%%/}g;
$ready =~ s{127\.0\.0\.1:9090}{127.0.0.1:%%PORT_proxy%%};
$ready =~ s{/var/log/nginx}{%%TESTDIR%%};

like($t->test_config("%%TEST_GLOBALS%%\n$ready"), qr/test is successful/,
     'conf/handlers.conf');

$t->done();


# What nginx -t says; "stream" is what stands there.

sub test {
    return scalar $t->test_config(filled(@_));
}


sub error {
    return $t->config_error(filled(@_));
}


sub filled {
    my ($service, $stream, $other) = @_;

    $stream = 'thrift_idl shapes.thrift;' unless defined $stream;
    $t->write_file('other.thrift', $other) if defined $other;

    return conf($template, service => $service, stream => $stream);
}


# Why an object cannot be used.

sub cannot {
    my ($file) = @_;

    my $text = error("thrift_handler $file;");

    return $1 if $text =~ /^handler\ "\Q$file\E"\ cannot\ be\ used:\ (.*)
                            \ in\ test\.conf:$line\n$/x;
    return $text;
}


sub object {
    my ($name, $text) = @_;

    my $file = $t->write_file("$name.c", "$text\n");

    system('gcc', '-w', '-shared', '-fPIC', '-I' . Test::Thrift->top() . '/src',
           '-o', $t->dir() . "/$name.so", $file) == 0 or die $name;
}
