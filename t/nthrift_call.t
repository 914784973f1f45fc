#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nthrift call: every type to and from Apache's Python library in every
# dialect; what is said of wrong arguments; and replies of a scripted server,
# most of them wrong.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(time);

use Test::Thrift qw(wait_for);
use Test::Thrift::Backend;
use Test::Thrift::Bytes;
use Test::Thrift::Files;

use constant {
    MUTANTS => 200,             # replies with a byte that is wrong
    SEED    => 20,
};


my $root = abs_path("$FindBin::Bin/..");
my $nthrift = nthrift();
my $data = "$root/t/data/call";
my $tmp = tempdir(CLEANUP => 1);
my $owner = $$;

my $server = start_server();
my $backend = Test::Thrift::Backend->new(address => "$tmp/fake", id => 'fake',
                                         log => "$tmp/fake.log");

END {
    if ($$ == $owner) {
        $backend->stop() if $backend;
        close($server->{in}) if $server;
        waitpid($server->{pid}, 0) if $server;
    }
}


# Every type

SKIP: {
    skip 'no Python library or compiler', 1 unless $server;

    every();
    methods();
    exceptions();
    addresses();
}

arguments();
options();
replies();
wrong_replies();
limits();
mutants();
documentation();

ok($backend->alive(), 'the scripted server is alive');

done_testing();


sub every {
    my $value = {
        flag => JSON::PP::true, tiny => -128, small => 32767,
        middle => -2147483648, large => 9223372036854775807,
        real => 0.1, text => "\x{e4}\x{20ac}\x{1f600}\"\\\n\0.",
        bytes => 'AP+AfwA=', colour => 'BLUE', age => 42,
        point => { x => 1, y => -1 }, shape => { name => 'round' },
        money => { amount => -1, currency => 'NOK' },
        numbers => [ map { $_ * 1000 - 9000 } 1 .. 20 ],
        flags => [ JSON::PP::true, JSON::PP::false ],
        rows => [ [], [ { x => 0, y => 0 }, { x => 7, y => 8 } ] ],
        names => [ 'only' ], counts => { a => 1, "\x{e4}" => 2, '' => 3 },
        points => { RED => { x => 1, y => 2 }, 77 => { x => 3, y => 4 } },
        bits => { '-9223372036854775808' => [ JSON::PP::false ], 5 => [] },
        reals => { '1.5' => 'a', '1e+100' => 'b', '-Infinity' => 'c' },
        places => [ [ { x => 9, y => 9 }, 'nine' ] ],
        words => [ [ JSON::PP::true, 'yes' ] ],
        blobs => [ [ 'AA==', '/w==' ] ],
        shapes => { a => { b => { flag => JSON::PP::false },
                           c => { point => { x => 5, y => 6 } } }, d => {} },
        more => { real => 'NaN', more => { real => 'Infinity' } },
        far => 1,
    };

    my $json = JSON::PP->new->utf8;
    my $text = $json->encode({ value => $value });

    for my $transport ('framed', 'unframed') {
        for my $protocol ('binary', 'compact') {
            for my $multi (0, 1) {
                my ($out, $err, $rc) = call(
                    "$transport-$protocol" . ($multi ? '-multi' : ''), 'echo',
                    $text, "--$transport", "--$protocol",
                    $multi ? '--multiplexed' : ());

                is_deeply($rc == 0 ? $json->decode($out) : $err, $value,
                          "everything, $transport $protocol"
                          . ($multi ? ' multiplexed' : ''));
            }
        }
    }

    # what the server sees

    my ($said) = call('framed-binary', 'text', $text);

    like($said, qr/\Q$_\E/, "server sees $_") for
        'flag=True', 'tiny=-128', 'small=32767', 'middle=-2147483648',
        'large=9223372036854775807', 'real=0.1', 'colour=-40', 'age=42',
        q(bytes=b'\\\\x00\\\\xff\\\\x80\\\\x7f\\\\x00'),
        'point=Point(x=1, y=-1)',
        q(shape=Shape(point=None, name='round', number=None, flag=None)),
        'rows=[[], [Point(x=0, y=0), Point(x=7, y=8)]]', q(names={'only'}),
        '1: Point(x=1, y=2)', '77: Point(x=3, y=4)', q('a': 1), q('': 3),
        '-9223372036854775808: [False]', '5: []',
        q(1.5: 'a'), q(1e+100: 'b'), q(-inf: 'c'),
        q(places={Point(x=9, y=9): 'nine'}), q(words={True: 'yes'}),
        q(blobs={b'\\\\x00': b'\\\\xff'}), 'far=1', 'real=nan', 'real=inf';

    ($said) = call('framed-binary', 'defaults', '[{}]');

    is($said, q{"Defaults(number=7, text='none', colour=2, some=[1, 2], }
       . q{points={'a': Point(x=1, y=2)}, bytes=b'abcd', real=1.5, flag=True, }
       . q{whole=3.0, money=Money(amount=0, currency='EUR'), names=set(), }
       . q{nothing=None, shape=Shape(point=None, name='square', number=None, }
       . qq{flag=None))"\n}, 'defaults');

    ($said) = call('framed-binary', 'defaults',
                   '{"value": {"number": 8, "text": null, "some": null}}');

    like($said, qr/number=8, text='none', colour=2, some=\[1, 2\]/,
         'null is not sent');
}


sub methods {
    my @calls = (
        [ name => '', '"every"' ],
        [ add => '[3]', 8 ],
        [ add => '[3, 4]', 7 ],
        [ add => '{"b": 1, "a": 1}', 2 ],
        [ sum => '[1, 2, 3, "9007199254740993"]', '9007199254740999' ],
        [ sum => '[-128, -32768, -2147483648, 0]', '-2147516544' ],
        [ negate => '[true]', 'false' ],
        [ half => '[1]', '0.5' ],
        [ half => '[0.2]', '0.1' ],
        [ half => '["NaN"]', '"NaN"' ],
        [ half => '["Infinity"]', '"Infinity"' ],
        [ half => '["-Infinity"]', '"-Infinity"' ],
        [ half => '[-0.0]', '-0.0' ],
        [ join => '["b", "a"]', '"a-b"' ],
        [ reverse => '["AQID"]', '"AwIB"' ],
        [ reverse => '["AQI"]', '"AgE="' ],
        [ reverse => '["AQ=="]', '"AQ=="' ],
        [ reverse => '[""]', '""' ],
        [ next => '["RED"]', '"GREEN"' ],
        [ next => '[2]', '"BLUE"' ],
        [ next => '[5]', 5 ],
        [ reals => '[[0.1, 0.2]]', "[\n  0.1,\n  0.2\n]" ],
        [ reals => '[[]]', '[]' ],
        [ reals => '[[0.30000000000000004, 5e-324, 1e300]]',
          "[\n  0.30000000000000004,\n  4.94065645841247e-324,\n"
          . "  1e+300\n]" ],
        [ colours => '{}', "[\n  \"BLUE\"\n]" ],
        [ numbers => '[2]', "{\n  \"0\": \"0\",\n  \"1\": \"1\"\n}" ],
        [ numbers => '[0]', '{}' ],
        [ shape => '[{"number": 3}]', "{\n  \"number\": 3\n}" ],
        [ nothing => '', 'null' ],
        [ must => '[true]', 'null' ],
        [ find => '["x"]', '"found x"' ],
        [ remember => '["a thing"]', undef ],
        [ remembered => '', '"a thing"' ],
    );

    for (@calls) {
        my ($method, $json, $want) = @$_;
        my ($out, $err, $rc) = call('unframed-compact', $method,
                                    $json eq '' ? () : $json, '--unframed',
                                    '--compact');

        is("$rc $err$out", '0 ' . (defined $want ? "$want\n" : ''),
           "$method $json");
    }

    my ($out, undef, $rc) = call({ stdin => '{"a": 20, "b": 22}' },
                                 'framed-binary', 'add', '-');
    is("$rc $out", "0 42\n", 'arguments from standard input');
}


sub exceptions {
    is(exception(find => '["nothing"]'),
       '1 NotFound {"code":404,"what":"nothing"}', 'declared exception');
    is(exception(find => '["late"]'), '1 Late {"seconds":1.5}',
       'another declared exception');
    is(exception(must => '[false]'), '1 NotFound {"what":"work"}',
       'exception of a void method');
    is(exception(fail => '["x"]'), '1 6 INTERNAL_ERROR Internal error',
       'undeclared exception');
    is(exception(fail => '["typed"]'), '1 7 PROTOCOL_ERROR so it is',
       'TApplicationException');

    my (undef, $err, $rc) = call('framed-binary', 'missing', '[1]');
    is("$rc $err", "3 nthrift: unix:$tmp/framed-binary: the reply does not fit"
       . " the IDL: result without a value\n", 'result without a value');

    my ($out) = call('framed-binary', 'name', '--multiplexed');
    is(JSON::PP::decode_json($out)->{exception}{name}, 'UNKNOWN_METHOD',
       'multiplexed to a server that is not');
}


sub exception {
    my ($method, $json) = @_;

    my ($out, undef, $rc) = call('framed-binary', $method, $json);
    my $e = JSON::PP::decode_json($out)->{exception};

    return "$rc $e->{code} $e->{name} $e->{message}"
        if $e->{type} eq 'TApplicationException';
    return "$rc $e->{type} " . JSON::PP->new->canonical->encode($e->{value});
}


sub addresses {
    my @idl = ('--idl', "$data/every.thrift");
    my ($port, $port6) = @{$server->{ports}};

    is((tool("127.0.0.1:$port", 'Every.name', @idl))[0], qq("every"\n),
       'IPv4');
    is((tool("localhost:$port", 'Every.name', @idl))[0], qq("every"\n),
       'host name');

    SKIP: {
        skip 'no IPv6', 1 unless defined $port6;
        is((tool("[::1]:$port6", 'Every.name', @idl))[0], qq("every"\n),
           'IPv6');
    }
}


# What is wrong before anything is sent

sub arguments {
    my $every = "$data/every.thrift";
    my $fake = "$data/fake.thrift";
    my $deep = '{"name": "x", "next": ' x 300 . '{}' . '}' x 300;

    my @wrong = (
        [ $every, add => '[', qr/JSON:1:2: / ],
        [ $every, add => '[99999999999999999999]', qr/a: 9+ does not fit in i64/ ],
        [ $every, add => '{"a": 1, "a": 2}', qr/"a" is given twice/ ],
        [ $every, add => "[\"\xff\"]", qr/JSON:1:3: invalid UTF-8/ ],
        [ $every, add => '5', 'arguments: object or array expected, '
          . 'add has "a" and "b"' ],
        [ $every, add => '[1, 2, 3]', 'arguments: 3 given, add has "a" '
          . 'and "b"' ],
        [ $every, add => '{"aa": 1}',
          'arguments: add has no argument "aa" (did you mean "a"?)' ],
        [ $every, add => '["1"]', 'a: number expected' ],
        [ $every, add => '[1.5]', 'a: number without a fraction expected' ],
        [ $every, add => '[true]', 'a: number expected' ],
        [ $every, add => '[2147483648]', 'a: 2147483648 does not fit in i32' ],
        [ $every, sum => '[128]', 'a: 128 does not fit in i8' ],
        [ $every, sum => '[-129]', 'a: -129 does not fit in i8' ],
        [ $every, sum => '[0, 32768]', 'b: 32768 does not fit in i16' ],
        [ $every, sum => '[0, 0, 0, "9223372036854775808"]',
          'd: 9223372036854775808 does not fit in i64' ],
        [ $every, sum => '[0, 0, 0, "1x"]', 'd: number expected' ],
        [ $every, sum => '[0, 0, 0, ""]', 'd: number expected' ],
        [ $every, sum => '[0, 0, 0, "1\u0000"]', 'd: number expected' ],
        [ $every, negate => '[1]', 'value: true or false expected' ],
        [ $every, half => '["1"]', 'value: number, "NaN", "Infinity" or '
          . '"-Infinity" expected' ],
        [ $every, join => '[1]', 'second: string expected' ],
        [ $every, reverse => '[1]', 'value: string in base64, or '
          . '{"text": "..."}, expected' ],
        (map { [ $every, reverse => "[\"$_\"]",
                 'value: the string is not base64' ] }
             'A', 'AA=', 'A===', 'AAAAA', 'AA.,', '====', 'A A='),
        [ $every, next => '["GREED"]',
          'value: Colour has no value "GREED" (did you mean "GREEN"?)' ],
        [ $every, next => '["3"]', 'value: Colour has no value "3": it has '
          . '"RED", "GREEN" and "BLUE"' ],
        [ $every, next => '[true]',
          'value: name or number of Colour expected' ],
        [ $every, next => '[4294967296]',
          'value: 4294967296 does not fit in i32' ],
        [ $every, reals => '[{}]', 'values: array expected' ],
        [ $every, reals => '[[1, null]]', 'values[1]: number, "NaN", '
          . '"Infinity" or "-Infinity" expected' ],
        [ $every, echo => '[1]', 'value: object expected' ],
        [ $every, echo => '[{"point": {"x": 1}}]',
          'value.point.y: required, but missing' ],
        [ $every, echo => '[{"point": {"x": 1, "y": null}}]',
          'value.point.y: required, but missing' ],
        [ $every, echo => '[{"point": {"x": 1, "z": 2}}]',
          'value.point: Point has no field "z": it has "x" and "y"' ],
        [ $every, echo => '[{"rows": [[], [{"x": 1, "y": "2"}]]}]',
          'value.rows[1][0].y: number expected' ],
        [ $every, echo => '[{"counts": {"a": 1, "b c": "2"}}]',
          'value.counts{b c}: number expected' ],
        [ $every, echo => '[{"points": {"PINK": {}}}]',
          'value.points{PINK}: Colour has no value "PINK": it has "RED", '
          . '"GREEN" and "BLUE"' ],
        [ $every, echo => '[{"bits": {"x": []}}]',
          'value.bits{x}: number expected' ],
        [ $every, echo => '[{"reals": {"1,5": ""}}]',
          'value.reals{1,5}: number, "NaN", "Infinity" or "-Infinity" '
          . 'expected' ],
        [ $every, echo => '[{"places": {"x": ""}}]', 'value.places: array of '
          . '[key, value] expected, as the keys are of type struct' ],
        [ $every, echo => '[{"counts": [["a", 1], ["b"]]}]',
          'value.counts[1]: [key, value] expected' ],
        [ $every, echo => '[{"counts": 1}]',
          'value.counts: object or array of [key, value] expected' ],
        [ $every, echo => '[{"shape": {}}]', 'value.shape: exactly one field '
          . 'of the union Shape expected, 0 given' ],
        [ $every, echo => '[{"shape": {"name": "x", "number": 1}}]',
          'value.shape: exactly one field of the union Shape expected, '
          . '2 given' ],
        [ $fake, id => '["0123"]',
          'value: uuid expected, 8-4-4-4-12 hexadecimal digits' ],
        [ $fake, id => '["01234567-89ab-cdef-0123-456789abcdeg"]',
          'value: uuid expected, 8-4-4-4-12 hexadecimal digits' ],
        [ $fake, endless => '[{}]', qr/: nested more than 255 levels deep$/ ],
        [ $fake, node => "[$deep]", qr/: nested more than 255 levels deep$/ ],
    );

    for (@wrong) {
        my ($idl, $method, $json, $want) = @$_;

        my $service = $idl eq $fake ? 'Fake' : 'Every';
        my ($out, $err, $rc) = tool("unix:$tmp/none", "$service.$method",
                                    $json, '--idl', $idl);
        my $name = "$method " . substr($json, 0, 60) =~ s/[^ -~]/?/gr;

        if (ref $want) {
            is("$rc$out", 2, "$name: exit code");
            like($err, qr/^nthrift: .*$want/, $name);
            next;
        }

        is("$rc $out$err", "2 nthrift: $want\n", $name);
    }
}


sub options {
    my $idl = "$data/fake.thrift";
    my $at = "unix:$tmp/fake";

    my @wrong = (
        [ qr/^usage: nthrift call /, [] ],
        [ qr/--idl is missing: the \.thrift file that has Fake\.get/,
          [ $at, 'Fake.get' ], 1 ],
        [ qr/Service\.method is missing: /, [ $at, '--idl', $idl ] ],
        [ qr/ADDRESS is missing: /, [ '--idl', $idl ] ],
        [ qr/too many arguments: "x"/,
          [ $at, 'Fake.get', '[]', 'x', '--idl', $idl ] ],
        [ qr/--what: no such option$/, [ $at, '--what', 'Fake.get' ] ],
        [ qr/--unframd: no such option \(did you mean "--unframed"\?\)$/,
          [ $at, '--unframd', 'Fake.get' ] ],
        [ qr/--idl: its value is missing/,
          [ $at, 'Fake.get', '--idl' ] ],
        wrong_value('--timeout', '0', '-1', '1s', '', 'nan', 'inf'),
        wrong_value('--seqid', '2147483648', '-2147483649', '1x', ''),
        wrong_value('--max-size', '0', '1073741824'),
        [ qr/"localhost": HOST:PORT, /, [ 'localhost', 'Fake.get' ] ],
        [ qr/"x:0": the port must be /, [ 'x:0', 'Fake.get' ] ],
        [ qr/"x:65536": the port must be /, [ 'x:65536', 'Fake.get' ] ],
        [ qr/"::1:80": an IPv6 address must be /, [ '::1:80', 'Fake.get' ] ],
        [ qr/":80": the host is missing/, [ ':80', 'Fake.get' ] ],
        [ qr/"unix:": the path is missing/, [ 'unix:', 'Fake.get' ] ],
        [ qr/: the path is too long/, [ 'unix:/' . 'x' x 200, 'Fake.get' ] ],
        [ qr/: the host is too long/, [ 'x' x 300 . ':80', 'Fake.get' ] ],
        [ qr/"get": Service\.method expected/, [ $at, 'get' ] ],
        [ qr/fake\.thrift has no service "Fale" \(did you mean "Fake"\?\)/,
          [ $at, 'Fale.get' ] ],
        [ qr/service Fake has no method "gut" \(did you mean "get"\?\)/,
          [ $at, 'Fake.gut' ] ],
    );

    for (@wrong) {
        my ($want, $args) = @$_;

        push @$args, '--idl', $idl if @$args == 2 && $args->[1] !~ /^-/
                                      && $args->[0] !~ /^-/ && !$_->[2];

        my ($out, $err, $rc) = tool(@$args);

        is("$rc$out", 2, "exit code: $want");
        like($err, $want, "$want");
    }

    my ($out, $err, $rc) = tool($at, 'Fake.get', '--idl', "$tmp/none.thrift");
    is("$rc $out$err", "2 $tmp/none.thrift: error: no such file\n",
       'no such IDL');

    ($out, $err, $rc) = tool('--help');
    is("$rc $err", '0 ', 'help exit code');
    like($out, qr/^usage: nthrift call /, 'help');

    ($out, $err, $rc) = tool($at, 'Inc.get', '--idl', "$data/inc.thrift");
    is($rc, 2, 'include not found');

    # of a second service, nothing in the way: -I, -Idir, before and behind

    $backend->script('*' => { body => [ [ 0, struct => [ [ 1, string => 'x' ]
                                                       ] ] ] });

    for my $where ([ '-I', "$data/path" ], [ "-I$data/path" ]) {
        ($out) = tool(@$where, $at, '--idl', "$data/inc.thrift", 'Inc.get',
                      '[{"name": "y"}]');
        is($out, "{\n  \"name\": \"x\"\n}\n", "include with @$where");
    }

    # numbers that a double does not hold

    is(prints(large => [ [ 0, i64 => 5 ] ]), '0 5', 'i64 is a number');
    is(prints(large => [ [ 0, i64 => 5 ] ], '--long-strings'), '0 "5"',
       '--long-strings');

    # what the server gets

    $backend->script('*' => { body => [ [ 0, string => 'x' ] ] });

    for my $transport ('framed', 'unframed') {
        for my $protocol ('binary', 'compact') {
            fake('get', '["k"]', "--$transport", "--$protocol", '--seqid',
                 '-2147483648');

            my $call = ($backend->calls())[-1];
            is(join(' ', @$call{qw(transport protocol method type seqid)}),
               "$transport $protocol get 1 -2147483648",
               "--$transport --$protocol --seqid");
        }
    }

    fake('get', '["k"]', '--multiplexed');
    is(($backend->calls())[-1]{method}, 'Fake:get', '--multiplexed');

    ($out, $err, $rc) = fake('drop', '["k"]');
    is("$rc $out$err", '0 ', 'a oneway method has no reply');
    ok(wait_call('drop', 4), 'a oneway call has its type');

    ($out, $err, $rc) = fake('get', '["k"]', '-v');
    like($err, qr/^nthrift:\ connected\ to\ \Q$at\E\ in\ [\d.]+\ ms\n
                  nthrift:\ sent\ 28\ bytes:\ framed\ binary\ CALL,\ get,
                  \ seqid\ 1\n
                  nthrift:\ received\ 28\ bytes:\ REPLY,\ after\ [\d.]+\ ms\n
                  \z/x, '-v');

    # ids below 1

    for my $protocol ('--binary', '--compact') {
        is(prints(before => { echo => 1 }, $protocol, '[true, 5]'),
           '0 {"#-1":true,"#1":5}', "no negative ids, $protocol");
        is(prints(before => { echo => 1 }, $protocol, '[true, 5]',
                  '--negative-ids'),
           '0 {"#-5":true,"#1":5}', "--negative-ids, $protocol");
    }
}


sub wrong_value {
    my ($option, @values) = @_;

    return map { [ qr/\Q$option\E: "$_" is not possible/,
                   [ "unix:$tmp/fake", 'Fake.get', '--idl',
                     "$data/fake.thrift", $option, $_ ] ] } @values;
}


# Replies that are right, and what a Python server does not send

sub replies {
    my $uuid = "\x01\x23\x45\x67\x89\xab\xcd\xef" x 2;
    my $text = '01234567-89ab-cdef-0123-456789abcdef';

    for my $protocol ('--binary', '--compact') {

        is(prints(id => [ [ 0, uuid => $uuid ] ], $protocol,
                  qq(["$text", [["\U$text\E", "$text"]]])),
           qq(0 "$text"), "uuid, $protocol");

        is(prints(pair => [ [ 0, struct => [ [ 1, i32 => 1 ],
                                             [ 2, uuid => $uuid ] ] ] ],
                  $protocol),
           qq(0 {"a":1,"b":"$text"}), "uuid in a struct, $protocol");

        is(prints(small => [ [ 0, struct => [
               [ 7, string => 'x' ], [ 1, i32 => 2 ], [ -3, bool => 1 ],
               [ 8, list => [ i8 => 1, 2 ] ],
               [ 9, map => [ string => 'i64', a => 1 ] ],
               [ 10, map => [ i16 => 'string', 1 => "\xff" ] ],
               [ 11, struct => [ [ 1, double => 0.5 ], [ 2, uuid => $uuid ]
                               ] ],
               [ 12, map => [ bool => 'bool', 1 => 0 ] ],
               [ 13, set => [ 'i32' ] ], [ 14, map => [ 'i32', 'i32' ] ],
           ] ] ], $protocol),
           '0 {"#-3":true,"#10":{"1":{"base64":"/w=="}},"#11":{"#1":0.5,"#2":'
           . qq("$text"},"#12":[[true,false]],"#13":[],"#14":{},"#7":"x",)
           . '"#8":[1,2],"#9":{"a":1},"a":2}', "unknown fields, $protocol");
    }

    is(prints(get => [ [ 0, string => "\xff\x00" ] ]),
       '0 {"base64":"/wA="}', 'a string that is not UTF-8');
    like((fake('get', '[]'))[1], qr/^nthrift: 1 of the strings are not UTF-8, /,
         'that is said');
    is(prints(get => [ [ 0, string => "a\0b" ] ]), '0 "a\u0000b"',
       'a string with a 0');
    is(prints(get => [ [ 7, i32 => 1 ], [ 0, string => 'x' ] ]), '0 "x"',
       'unknown field beside a result');
    is(prints(get => [ [ 5, struct => [ [ 1, i32 => 6 ] ] ] ]),
       '1 {"exception":{"type":"#5","value":{"#1":6}}}',
       'exception that the IDL does not have');
    is(prints(get => [ [ 1, struct => [ [ 1, string => 'w' ] ] ] ]),
       '1 {"exception":{"type":"Oops","value":{"why":"w"}}}',
       'declared exception');
    is(prints(put => []), '0 null', 'void');
    is(prints(put => [ [ 0, i32 => 5 ] ]), '0 {"#0":5}',
       'a void method that returns something');
    is(prints(counts => [ [ 0, map => [ string => 'i32', a => 1, b => 2 ] ] ]),
       '0 {"a":1,"b":2}', 'map');
    is(prints(counts => [ [ 0, map => [ string => 'i32', a => 1, a => 2 ] ] ]),
       '0 [["a",1],["a",2]]', 'map with a key twice');
    is(prints(counts => [ [ 0, map => [ string => 'i32', "\xff" => 1 ] ] ]),
       '0 [[{"base64":"/w=="},1]]', 'map with a key that is not UTF-8');
    is(prints(counts => [ [ 0, map => [ string => 'i32', "a\0" => 1 ] ] ]),
       '0 [["a\u0000",1]]', 'map with a 0 in a key');
    is(prints(colour => [ [ 0, i32 => 1 ] ], '--binary',
              '["RED", {"RED": 1, "7": 2}]'), '0 "RED"', 'enum');
    is(prints(colour => [ [ 0, i32 => 9 ] ]), '0 9', 'unknown enum value');
    is(prints(either => [ [ 0, struct => [ [ 2, string => 'r' ] ] ] ]),
       '0 {"right":"r"}', 'union');
    is(prints(put => [], '--compact', '[{}]'), '0 null', 'defaults');

    my $put = ($backend->calls('put'))[-1];
    is($put->{length}, 44, 'defaults: uuid, infinity, constant');

    my $call = { exception => [ 99, "no\xff" ] };
    is(prints(get => $call),
       '1 {"exception":{"code":99,"message":{"base64":"bm//"},"name":null,'
       . '"type":"TApplicationException"}}', 'exception of another kind');
    is(prints(get => { type => 3, body => [] }),
       '1 {"exception":{"code":0,"message":"","name":"UNKNOWN","type":'
       . '"TApplicationException"}}', 'empty exception');

    for my $name ('get', 'Fake:get', 'Fake') {
        like(prints(get => { exception => [ 1, 'x' ], name => $name },
                    '--multiplexed'),
             qr/^1 .*UNKNOWN_METHOD/, "multiplexed exception for $name");
    }

    is(prints(get => { body => [ [ 0, string => 'x' ] ], pieces => 1 }),
       '0 "x"', 'byte by byte');
    is(prints(get => { body => [ [ 0, string => 'x' ] ], twice => 1 },
              '--unframed'), '0 "x"', 'twice');

    my $long = 'x' x 1_000_000;
    is(prints(get => [ [ 0, string => $long ] ]), qq(0 "$long"), 'long');
}


sub wrong_replies {
    my @wrong = (
        [ 'no reply', { stall => 1 },
          "no reply within 0.3 s (nthrift probe tries other transports and "
          . 'protocols, HTTP and TLS)' ],
        [ 'half a reply', { cut => 0.5 }, 'not all of the reply within 0.3 s' ],
        [ 'closed', { close => 'request' }, 'connection closed without a '
          . 'reply to a framed binary call (nthrift probe tries other '
          . 'transports and protocols, HTTP and TLS)' ],
        [ 'closed within', { close => 'mid' },
          qr/connection closed after 15 bytes of the reply/ ],
        [ 'garbage', { garbage => 1 }, qr/malformed reply: / ],
        [ 'HTTP', { raw => "HTTP/1.1 400 Bad Request\r\n\r\n" },
          'malformed reply: HTTP response instead of Thrift (the port speaks '
          . 'HTTP: http:// before the address)' ],
        [ 'wrong seqid', { seqid => 77 },
          'the reply has seqid 77 instead of 1' ],
        [ 'wrong name', { name => "go\nt" },
          'the reply is one of "go?t" instead of "get"' ],
        [ 'wrong name of an exception', { name => 'got',
                                          exception => [ 1, 'x' ] },
          'the reply is one of "got" instead of "get"' ],
        [ 'a call', { type => 1 }, 'the reply is of type 1 (CALL)' ],
        [ 'type 9', { type => 9 }, 'the reply is of type 9 (unknown)' ],
        [ 'another protocol', { protocol => 'compact' }, 'malformed reply: '
          . 'compact message where a binary one is expected' ],
        [ 'another transport', { transport => 'unframed' }, 'malformed reply: '
          . 'unframed message where a framed one is expected' ],
        [ 'wrong type', { body => [ [ 0, i32 => 1 ] ] }, 'the reply does not '
          . 'fit the IDL: success: wrong type, string expected' ],
        [ 'nothing', { body => [] },
          'the reply does not fit the IDL: result without a value' ],
        [ 'two', { body => [ [ 0, string => 'x' ], [ 1, struct => [] ] ] },
          'the reply does not fit the IDL: result with more than one field' ],
        [ 'cut off', { body => "\x0b\0\0\0\0\0\x05abc" },
          'malformed reply: string longer than its message' ],
        [ 'no stop', { body => "\x0b\0\0\0\0\0\x03abc" },
          'malformed reply: frame shorter than its message' ],
        [ 'too much', { body => "\x0b\0\0\0\0\0\0\0x" },
          'malformed reply: frame longer than its message' ],
        [ 'negative length', { body => "\x0b\0\0\xff\xff\xff\xff\0" },
          'malformed reply: negative length of string' ],
        [ 'unknown type', { body => "\x63\0\0\0" },
          'malformed reply: unknown type of field' ],
        [ 'huge list', { body => "\x0f\0\x05\x03\x7f\xff\xff\xff\0" },
          'malformed reply: list longer than its message' ],
        [ 'deep', { body => ("\x0c\0\x01" x 300) . ("\0" x 301) },
          'malformed reply: too many levels of nesting' ],
    );

    for (@wrong) {
        my ($name, $action, $want) = @$_;

        $backend->script('*' => $action);

        my ($out, $err, $rc) = fake('get', '["k"]', '--timeout', 0.3);

        $want = qr/^nthrift: unix:\Q$tmp\E\/fake: \Q$want\E$/ unless ref $want;

        is("$rc$out", 3, "$name: exit code");
        like($err, $want, $name);
    }

    $backend->script(pair => { body => [ [ 0, struct => [ [ 1, i32 => 1 ]
                                                        ] ] ] },
                     either => { body => [ [ 0, struct => [] ] ] });

    like((fake('pair', '[]'))[1], qr/IDL: success.b: missing required field$/,
         'missing required field');
    like((fake('either', '[]'))[1], qr/IDL: success: union without a field$/,
         'union without a field');

    my ($out, $err, $rc) = tool("unix:$tmp/none", 'Fake.get', '--idl',
                                "$data/fake.thrift");
    is("$rc $out$err", "3 nthrift: cannot connect to unix:$tmp/none: No such"
       . " file or directory\n", 'nobody there');

    ($out, $err, $rc) = tool('127.0.0.1:1', 'Fake.get', '--idl',
                             "$data/fake.thrift");
    is("$rc $out$err", '3 nthrift: cannot connect to 127.0.0.1:1: Connection'
       . " refused\n", 'connection refused');

    ($out, $err, $rc) = tool('x.invalid:1', 'Fake.get', '--idl',
                             "$data/fake.thrift");
    like("$rc $out$err", qr/^3 nthrift: cannot connect to x\.invalid:1: \w/,
         'no such host');
}


sub limits {
    my ($out, $err, $rc);

    $backend->script('*' => { body => [ [ 0, string => 'x' x 1000 ] ] });

    ($out, $err, $rc) = fake('get', '["k"]', '--max-size', 1023);
    is("$rc", 0, 'a reply that is just small enough');

    for my $transport ('framed', 'unframed') {
        ($out, $err, $rc) = fake('get', '["k"]', '--max-size', 1000,
                                 "--$transport");
        is("$rc$out", 3, "$transport reply that is too large: exit code");
        like($err, qr/: malformed reply: .*(?:larger|longer) than/,
             "$transport reply that is too large");
    }

    ($out, $err, $rc) = fake('get', '["' . 'k' x 1000 . '"]', '--max-size',
                             1000);
    is("$rc $out$err", '2 nthrift: arguments larger than 1000 bytes '
       . "(--max-size)\n", 'arguments that are too large');

    # one byte for each element would become much more as JSON

    my $many = 4_000_001;
    $backend->script('*' => { body => "\x0c\0\0\x0f\0\x05\x0c"
                                      . pack('N', $many) . "\0" x $many
                                      . "\0\0" });

    ($out, $err, $rc) = fake('small', '[]');
    is("$rc $out$err", "3 nthrift: unix:$tmp/fake: the reply does not fit the"
       . " IDL: more than 4000000 values\n", 'too many values');

    # a place that takes no output

    $backend->script('*' => { body => [ [ 0, string => 'x' ] ] });

    ($out, $err, $rc) = fake({ stdout => '/dev/full' }, 'get', '["k"]');
    is("$rc $err", "3 nthrift: cannot write\n", 'output that is not taken');

    # a call that the server does not read

    $backend->script('!accept' => { ignore => 1 });

    my $start = time();

    ($out, $err, $rc) = fake({ stdin => '["' . 'k' x 4_000_000 . '"]' }, 'get',
                             '-', '--timeout', 0.5);
    is("$rc $out$err", "3 nthrift: unix:$tmp/fake: the call is not sent within"
       . " 0.5 s\n", 'a call that nobody reads');
    cmp_ok(time() - $start, '>=', 0.5, 'it waits that long');
}


# A byte of a good reply is another one: a result, an exception or an error,
# and nothing for the sanitizers.

sub mutants {
    my %odd;
    my $base64 = qr/^(?:nthrift: \d+ of the strings are not UTF-8, .*\n)?\z/;

    srand(SEED);

    my @fields = ([ 0, struct => [ [ 1, string => 'name' ],
                                   [ 2, struct => [ [ 1, string => 'x' ] ] ],
                                   [ 9, map => [ i32 => 'double', 1, 2 ] ],
                                   [ 10, list => [ bool => 1, 0 ] ] ] ]);

    for my $i (1 .. MUTANTS) {
        my $protocol = $i % 2 ? 'binary' : 'compact';
        my $body = encode_struct($protocol, @fields);

        substr($body, int(rand(length $body)), 1) = chr(int(rand(256)));

        $backend->script('*' => { body => $body });

        my ($out, $err, $rc) = fake('node', '[{}]', "--$protocol",
                                    '--timeout', 5);

        $odd{unpack('H*', $body)} = "$rc $err"
            unless $rc == 0 && $err =~ $base64 && $out =~ /\n\z/
                   || $rc == 1 && $err =~ $base64 && $out =~ /"exception"/
                   || $rc == 3 && $out eq '' && $err =~ /^nthrift: .*\n\z/;
    }

    is_deeply(\%odd, {}, MUTANTS . ' mutants');
}


# The examples in docs/nthrift.md say what is so.

sub documentation {
    my $text = slurp("$root/docs/nthrift.md");
    my $n = 0;

    # the doc's service, and its answers

    $backend->script(getTemperature => {
        body => [ [ 0, string => '7 C in Oslo, says server 9091' ] ],
    }, ping => { body => [ [ 0, bool => 1 ] ] });

    while ($text =~ /^    \$ (nthrift call .*)\n((?:    (?!\$).*\n)*)/mg) {
        my ($command, $want) = ($1, $2);

        $want =~ s/^    //mg;
        $command =~ s/127\.0\.0\.1:9090/unix:$tmp\/fake/;
        $command =~ s/^nthrift/$nthrift/;

        my $said = `cd $root && $command 2>&1`;
        $said =~ s/\Qunix:$tmp\/fake\E/127.0.0.1:9090/g;
        $said =~ s/[\d.]+ ms/0.123 ms/g;
        $want =~ s/[\d.]+ ms/0.123 ms/g;

        is($said, $want, 'documentation: ' . substr($command, -50));
        $n++;
    }

    cmp_ok($n, '>', 3, 'documentation has examples');
}


# --- helpers ------------------------------------------------------------------

# call([ { stdin => text, stdout => file } ], socket, method, argument...):
# of Every

sub call {
    my @first = ref $_[0] ? (shift) : ();
    my ($socket, $method, @args) = @_;

    return tool(@first, "unix:$tmp/$socket", "Every.$method", @args, '--idl',
                "$data/every.thrift");
}


sub fake {
    my @first = ref $_[0] ? (shift) : ();
    my ($method, @args) = @_;

    return tool(@first, "unix:$tmp/fake", "Fake.$method", @args, '--idl',
                "$data/fake.thrift");
}


# prints(method, body or action, option, arguments, option...): exit code and
# JSON on one line

sub prints {
    my ($method, $action, $option, $json, @options) = @_;

    $action = { body => $action } if ref $action eq 'ARRAY';
    $backend->script('*' => $action);

    my ($out, $err, $rc) = fake($method, defined $json ? $json : '[]',
                                defined $option ? $option : (), @options);

    my $codec = JSON::PP->new->utf8->canonical->allow_nonref;
    my $value = eval { $codec->encode($codec->decode($out)) };

    return defined $value ? "$rc $value" : "$rc $out$err";
}


sub wait_call {
    my ($method, $type) = @_;

    my $call;

    return wait_for(sub { ($call) = $backend->calls($method) })
           && $call->{type} == $type;
}


# Standard output, standard error, exit code

sub tool {
    my $o = ref $_[0] ? shift : {};
    my @args = @_;

    spew("$tmp/stdout", '');
    spew("$tmp/stdin", defined $o->{stdin} ? $o->{stdin} : '');

    my $pid = fork();
    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        open(STDIN, '<', "$tmp/stdin") or die;
        open(STDOUT, '>', $o->{stdout} || "$tmp/stdout") or die;
        open(STDERR, '>', "$tmp/stderr") or die;
        { no warnings 'exec'; exec { $nthrift } $nthrift, 'call', @args; }
        POSIX::_exit(127);
    }

    waitpid($pid, 0);

    return (slurp("$tmp/stdout"), slurp("$tmp/stderr"),
            $? & 127 ? 'signal ' . ($? & 127) : $? >> 8);
}


# The service of every.thrift; nothing if there is no compiler or library

sub start_server {
    mkdir("$tmp/gen-py") or die "$tmp/gen-py: $!";

    return if system("thrift -nowarn -r --gen py -out $tmp/gen-py"
                     . " $data/every.thrift >/dev/null 2>&1") != 0;

    pipe(my $in, my $to_server) or die "pipe: $!";
    pipe(my $from_server, my $out) or die "pipe: $!";

    my $pid = fork();
    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        open(STDIN, '<&', $in) or die;
        open(STDOUT, '>&', $out) or die;
        local $ENV{PYTHONDONTWRITEBYTECODE} = 1;
        {
            no warnings 'exec';
            exec('/usr/bin/python3', "$data/server.py", $tmp);
        }
        POSIX::_exit(127);
    }

    close($in);
    close($out);

    my $ports = <$from_server>;

    if (!defined $ports) {
        waitpid($pid, 0);
        return;
    }

    return { pid => $pid, in => $to_server, ports => [ split ' ', $ports ] };
}
