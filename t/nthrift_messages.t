#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A table of mistakes that users make with nthrift, and what it says of each:
# what is wrong, where, and what is right.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp qw(tempdir);
use Test::More;
use Test::Thrift::Files;


my $nthrift = nthrift();
my $tmp = tempdir(CLEANUP => 1);

# What is there: files, a directory, and a port that nobody listens on

chdir($tmp) or die;

spew('shop.thrift', <<'EOF');
enum Color { RED = 1, GREEN = 2 }
exception NotFound { 1: string what }
union Key { 1: i64 number, 2: string name }
struct User {
    1: required i64 id, 2: string name, 3: map<string, i32> counters,
    4: Color color, 5: Key key
}
service Users {
    User get(1: i64 id) throws (1: NotFound missing)
    list<User> search(1: string q, 2: i32 limit = 10)
    i64 create(1: User user)
    oneway void touch(1: i64 id)
}
EOF
spew('broken.thrift', "service Users {\n");
spew('unclosed.json', '[1,');
spew('text.log', "10.0.0.9 get 0.010\n");
mkdir('dir');

my $idl = '--idl shop.thrift';
my $at = '127.0.0.1:1';
my $get = "$at Users.get";
my $create = "$at Users.create";

# [ words, exit code, message ]; words may be in quotes

for (

    # commands and options

    [ 'chek shop.thrift', 2, 'chek: no such command (did you mean "check"?)' ],
    [ '--vesion', 2, '--vesion: no such command; nthrift --help lists them' ],
    [ 'check', 2, 'FILE is missing: nthrift check FILE' ],
    [ 'check -q shop.thrift', 2, '-q: no such option' ],
    [ 'check -I', 2, '-I: its value is missing' ],
    [ "call $get $idl --unframd", 2,
      '--unframd: no such option (did you mean "--unframed"?)' ],
    [ "call $get $idl --timeout 0", 2, '--timeout: "0" is not possible: '
      . 'seconds from 0.001 to 1000000 expected' ],
    [ "call $get $idl --timeout 1s", 2, '--timeout: "1s" is not possible: '
      . 'seconds from 0.001 to 1000000 expected' ],
    [ "call $get $idl --seqid x", 2, '--seqid: "x" is not possible: a number '
      . 'from -2147483648 to 2147483647 expected' ],
    [ "call $get $idl --max-size 0", 2, '--max-size: "0" is not possible: a '
      . 'number from 1 to 1073741823 expected' ],

    [ '-v', 2, '-v: no such command; nthrift --help lists them' ],
    [ 'generate shop.thrift', 2, 'generate: no such command; nthrift --help '
      . 'lists them' ],
    [ "call $get $idl -H a:b", 2, '-H: no such option (did you mean '
      . '"--header"?)' ],
    [ "call $get $idl -k", 2, '-k: no such option (did you mean '
      . '"--insecure"?)' ],
    [ "call $get $idl --max-time=5", 2, '--max-time=5: no such option (did '
      . 'you mean "--timeout"?)' ],
    [ "call $get $idl --cacert a.pem", 2, '--cacert: no such option (did you '
      . 'mean "--ca"?)' ],
    [ "call $get $idl -X POST", 2, '-X: no such option' ],
    [ "call $get $idl -vvv", 2, '-vvv: no such option (did you mean "-vv"?)' ],
    [ 'gen -out x shop.thrift', 2, '-out: no such option (did you mean '
      . '"-o"?)' ],
    [ 'top --interval 2 http://a/', 2, '--interval: no such option (did you '
      . 'mean "-i"?)' ],
    [ "call $get $idl --protocol compact", 2, '--protocol: no such option (did '
      . 'you mean "--compact"?)' ],
    [ "call $get $idl --transport=framed", 2, '--transport=framed: no such '
      . 'option (did you mean "--unframed"?)' ],
    [ "call $get $idl --ssl", 2, '--ssl: no such option (did you mean '
      . '"--tls"?)' ],
    [ "bench $get $idl --duration 10", 2, '--duration: no such option (did '
      . 'you mean "-z"?)' ],
    [ "bench $get $idl -d 10s", 2, '-d: no such option (did you mean "-z"?)' ],
    [ 'tail -f text.log', 2, '-f: no such option' ],

    # files

    [ 'check none.thrift', 1, 'none.thrift: error: no such file' ],
    [ 'check dir', 1, 'dir: error: cannot read: is a directory' ],
    [ 'check broken.thrift', 1, 'broken.thrift:2:1: error: unexpected end of '
      . 'file: the definition in line 1 has no end' ],
    [ 'dump shop.thrift b', 2, 'too many arguments: "b"' ],
    [ 'list none.thrift', 1, 'none.thrift: error: no such file' ],
    [ 'compat', 2, 'OLD is missing: nthrift compat OLD NEW' ],
    [ 'compat shop.thrift', 2, 'NEW is missing: nthrift compat OLD NEW' ],
    [ 'compat shop.thrift none.thrift', 2, 'none.thrift: error: no such '
      . 'file' ],
    [ 'compat a b c', 2, 'too many arguments: "c"' ],
    [ 'openapi shop.thrift --titel x', 2, '--titel: no such option (did you '
      . 'mean "--title"?)' ],
    [ 'openapi shop.thrift --server', 2, '--server: its value is missing' ],

    # gen

    [ 'gen', 2, 'FILE is missing: nthrift gen FILE' ],
    [ "gen shop.thrift -o ''", 2, '-o: the directory is missing' ],
    [ 'gen shop.thrift -o text.log/x', 1, 'cannot make directory text.log/x: '
      . 'Not a directory' ],
    [ 'gen shop.thrift --prefix x', 1, '--prefix x: it must be FILE=NAME' ],
    [ 'gen shop.thrift --prefix shop=9a', 1, '--prefix shop=9a: names in C do '
      . 'not begin with a digit' ],
    [ 'gen shop.thrift a.thrift', 2, 'too many arguments: "a.thrift"' ],
    [ 'gen shop.thrift --prefix none=x', 1, '--prefix none=x: no such file is '
      . 'included' ],

    # what is called

    [ "call $at", 2, 'Service.method is missing: nthrift call ADDRESS '
      . 'Service.method [JSON] --idl FILE' ],
    [ "call $get", 2, '--idl is missing: the .thrift file that has Users.get' ],
    [ "call $get --idl none.thrift", 2, 'none.thrift: error: no such file' ],
    [ "call $at Users $idl", 2, '"Users": Service.method expected (nthrift '
      . 'list shop.thrift lists them)' ],
    [ "call $at User.get $idl", 2, 'shop.thrift has no service "User" (did '
      . 'you mean "Users"?)' ],
    [ "call $at Users.gte $idl", 2, 'service Users has no method "gte" (did '
      . 'you mean "get"?)' ],

    [ "call $at Users:get $idl", 2, '"Users:get": Service.method expected '
      . '(did you mean "Users.get"?)' ],
    [ "call $at Users/get $idl", 2, '"Users/get": Service.method expected '
      . '(did you mean "Users.get"?)' ],
    [ "call $at get $idl", 2, '"get": Service.method expected (did you mean '
      . '"Users.get"?)' ],
    [ "call $at users.get $idl", 2, 'shop.thrift has no service "users" (did '
      . 'you mean "Users"?)' ],
    [ "call $at Users.delete $idl", 2, 'service Users has no method "delete"' ],
    [ "call $get [1] shop.thrift", 2, 'too many arguments: "shop.thrift" (did '
      . 'you mean "--idl shop.thrift"?)' ],
    [ "call $get [1] -I", 2, '-I: its value is missing' ],

    # addresses

    [ "call Users.get $at $idl", 2, '"Users.get": HOST:PORT, [HOST]:PORT or '
      . 'unix:PATH expected' ],
    [ "call 127.0.0.1 1 Users.get [1] $idl", 2, 'too many arguments: "[1]" '
      . '(did you mean "127.0.0.1:1"?)' ],
    [ "call ftp://$at/ Users.get $idl", 2, "\"ftp://$at/\": HOST:PORT "
      . 'expected, http:// or https://' ],
    [ "call $at/api Users.get $idl", 2, "\"$at/api\": a path is possible "
      . 'behind http://HOST:PORT only' ],
    [ "call $at: Users.get $idl", 2, "\"$at:\": the port must be a number "
      . 'from 1 to 65535' ],

    [ "call localhost Users.get $idl", 2, '"localhost": HOST:PORT, '
      . '[HOST]:PORT or unix:PATH expected' ],
    [ "call 127.0.0.1:99999 Users.get $idl", 2, '"127.0.0.1:99999": the port '
      . 'must be a number from 1 to 65535' ],
    [ "call localhost:http Users.get $idl", 2, '"localhost:http": the port '
      . 'must be a number from 1 to 65535' ],
    [ "call ::1:9090 Users.get $idl", 2, '"::1:9090": an IPv6 address must be '
      . 'in brackets' ],
    [ "call [::1] Users.get $idl", 2, '"[::1]": HOST:PORT, [HOST]:PORT or '
      . 'unix:PATH expected' ],
    [ "call :9090 Users.get $idl", 2, '":9090": the host is missing' ],
    [ "call unix: Users.get $idl", 2, '"unix:": the path is missing' ],
    [ "call http:/x Users.get $idl", 2, '"http:/x": http://HOST[:PORT]/path '
      . 'expected, or https://' ],
    [ "call unix:dir Users.get [1] $idl", 3, 'cannot connect to unix:dir: is no '
      . 'socket' ],
    [ "call unix:text.log Users.get [1] $idl", 3, 'cannot connect to '
      . 'unix:text.log: is no socket' ],
    [ "call http://$at/ Users.get $idl --framed", 2, "\"http://$at/\": "
      . '--framed is not possible in HTTP' ],
    [ "call $get [1] $idl", 3, "cannot connect to $at: Connection refused" ],
    [ "call unix:/none Users.get [1] $idl", 3, 'cannot connect to unix:/none: '
      . 'No such file or directory' ],
    [ "call $get $idl --header a=b", 2, "\"$at\": --header is for http://, "
      . 'https:// and --theader' ],
    [ "call $get $idl --theader --json", 2, "\"$at\": --theader has no JSON" ],
    [ "call $get $idl --theader --header ab", 2, '--header: NAME=VALUE '
      . 'expected' ],

    # arguments

    [ "call $get '[1' $idl", 2, 'JSON:1:3: \',\' or \']\' expected at the end' ],
    [ "call $get \@unclosed.json $idl", 2, 'unclosed.json:1:4: value '
      . 'expected at the end' ],
    [ "call $get \@none.json $idl", 2, 'cannot open none.json: No such file '
      . 'or directory' ],
    [ "call $get '{\"id\":' 1 } $idl", 2, 'too many arguments: "1" (JSON must '
      . 'be one argument, in single quotes)' ],
    [ "call $get \@ $idl", 2, '@: the name of a file is missing' ],
    [ "call $get \@dir $idl", 2, 'cannot read dir: Is a directory' ],
    [ "call $get id=1 $idl", 2, q{JSON:1:1: value expected near 'id=1' }
      . q{(arguments are an object, '{...}', or an array, '[...]')} ],
    [ "call $get '{id:1}' $idl", 2, "JSON:1:2: string or '}' expected near "
      . "'id:1}'" ],
    [ "call $get 99999999999999999999 $idl", 2, 'arguments: object or array '
      . 'expected, get has "id"' ],
    [ "call $get [99999999999999999999] $idl", 2, 'id: 99999999999999999999 '
      . 'does not fit in i64' ],
    [ "call $get 1 $idl", 2, 'arguments: object or array expected, '
      . 'get has "id"' ],
    [ "call $get [1,2] $idl", 2, 'arguments: 2 given, get has "id"' ],
    [ "call $get '{\"ident\": 1}' $idl", 2, 'arguments: get has no argument '
      . '"ident": it has "id"' ],
    [ "call $get '{\"id\": \"x\"}' $idl", 2, 'id: number expected' ],
    [ "call $get '{\"id\": 1.5}' $idl", 2, 'id: number without a fraction '
      . 'expected' ],
    [ "call $get '{\"id\": 1, \"id\": 2}' $idl", 2, 'arguments: "id" is '
      . 'given twice' ],
    [ "call $at Users.search '[\"a\", 3000000000]' $idl", 2, 'limit: '
      . '3000000000 does not fit in i32' ],
    [ "call $create '[{\"name\": \"a\"}]' $idl", 2, 'user.id: required, but '
      . 'missing' ],
    [ "call $create '[{\"id\": 1, \"name\": 5}]' $idl", 2, 'user.name: string '
      . 'expected' ],
    [ "call $create '[[1]]' $idl", 2, 'user: object expected' ],
    [ "call $create '[{\"id\": 1, \"nam\": \"a\"}]' $idl", 2, 'user: User has '
      . 'no field "nam" (did you mean "name"?)' ],
    [ "call $at Users.touch '{\"when\": 1}' $idl", 2, 'arguments: touch has no '
      . 'argument "when": it has "id"' ],
    [ "call $create '[{\"id\": 1, \"age\": 5}]' $idl", 2, 'user: User has no '
      . 'field "age": it has "id", "name", "counters", "color" and "key"' ],
    [ "call $create '[{\"id\": 1, \"color\": \"BLUE\"}]' $idl", 2,
      'user.color: Color has no value "BLUE": it has "RED" and "GREEN"' ],
    [ "call $create '[{\"id\": 1, \"key\": {\"id\": 1}}]' $idl", 2,
      'user.key: Key has no field "id": it has "number" and "name"' ],
    [ "call $create '[{\"id\": 1, \"counters\": [1]}]' $idl", 2,
      'user.counters[0]: [key, value] expected' ],
    [ "call $create '[{\"id\": null}]' $idl", 2, 'user.id: required, but '
      . 'missing' ],
    [ "call $create '[{\"id\": 1, \"counters\": {\"a\": \"b\"}}]' $idl", 2,
      'user.counters{a}: number expected' ],
    [ "call $create '[{\"id\": 1, \"color\": \"GREED\"}]' $idl", 2,
      'user.color: Color has no value "GREED" (did you mean "GREEN"?)' ],
    [ "call $create '[{\"id\": 1, \"key\": {}}]' $idl", 2,
      'user.key: exactly one field of the union Key expected, 0 given' ],

    # others about files and servers

    [ 'describe', 2, 'NAME is missing: nthrift describe NAME --idl FILE' ],
    [ 'describe Users', 2, '--idl is missing: nthrift describe NAME --idl '
      . 'FILE' ],
    [ "describe Userz $idl", 2, 'shop.thrift has no service, type or constant "Userz" '
      . '(did you mean "Users"?)' ],
    [ "describe Usr $idl", 2, 'shop.thrift has no service, type or constant "Usr" (did '
      . 'you mean "User"?)' ],
    [ "describe Order $idl", 2, 'shop.thrift has no service, type or constant "Order"' ],
    [ 'describe Users shop.thrift', 2, 'too many arguments: "shop.thrift" (did '
      . 'you mean "--idl shop.thrift"?)' ],
    [ "describe Users.gte $idl", 2, 'service Users has no method "gte" (did '
      . 'you mean "get"?)' ],
    [ 'template Users.get', 2, '--idl is missing: nthrift template '
      . 'Service.method --idl FILE' ],
    [ "template Users $idl", 2, '"Users": Service.method expected (nthrift '
      . 'list shop.thrift lists them)' ],
    [ 'probe localhost', 2, '"localhost": HOST:PORT, [HOST]:PORT or unix:PATH '
      . 'expected' ],
    [ "probe $at", 3, "cannot connect to $at: Connection refused" ],
    [ "probe $get [1]", 2, '--idl is missing: the .thrift file that has '
      . 'Users.get' ],

    # handlers

    [ 'run', 2, 'HANDLER.so is missing: nthrift run HANDLER.so Service.method '
      . '[JSON] --idl FILE' ],
    [ "run shop.so Users.get $idl", 3, 'shop.so cannot be used for Users: '
      . './shop.so: cannot open shared object file: No such file or '
      . 'directory' ],
    [ "run shop.so Users.get $idl --arg x", 2, '--arg: "x" must be '
      . 'NAME=VALUE' ],
    [ "run shop.so Users.get [1] database=/x.y $idl", 2, '"database=/x.y": '
      . 'Service.method expected (did you mean "--arg database=/x.y"?)' ],
    [ 'new', 2, 'SERVICE is missing: nthrift new SERVICE [--idl FILE]' ],
    [ 'new shop.thrift', 2, '"shop.thrift" is no name of a service (did you '
      . 'mean "nthrift new SERVICE --idl shop.thrift"?)' ],
    [ 'new a-b', 2, '"a-b" is no name of a service' ],
    [ "new Usrs $idl", 1, 'shop.thrift has no service "Usrs" (did you mean '
      . '"Users"?)' ],

    # measuring and watching

    [ "bench $get $idl --format xml", 2, '--format: "xml" is not possible: '
      . '"text" or "json" expected' ],
    [ "bench $get $idl -O json", 2, '-O: no such option (did you mean '
      . '"--format"?)' ],
    [ "bench $get $idl -c x", 2, '-c: "x" is not possible: a number from 1 to '
      . '100000 expected' ],
    [ "bench http://$at/ Users.get [1] $idl -c 2", 3, "http://$at/: cannot "
      . 'connect: Connection refused (connection 1 of 2)' ],
    [ "bench $get [1] $idl -c 2", 3, "$at: cannot connect: Connection refused "
      . '(connection 1 of 2)' ],
    [ "bench $get [1] $idl --expect x", 2, '--expect: no JSON: invalid token '
      . 'near \'x\'' ],
    [ 'tail', 2, 'FILE is missing: nthrift tail FILE' ],
    [ 'tail dir', 1, 'cannot open dir: Is a directory' ],
    [ 'tail none.log', 1, 'cannot open none.log: No such file or directory' ],
    [ 'tail --once text.log', 1, 'no line of text.log is a JSON object with '
      . '"method", "status" and "seconds"; log_format of docs/operations.md '
      . 'makes such lines' ],
    [ 'tail --sort size text.log', 2, '--sort: "size" is not possible: '
      . '"calls", "errors", "time" or "name" expected' ],
    [ "top $at", 2, "\"$at\": a URL expected, http://HOST[:PORT]/path of "
      . '"thrift_status json"' ],
    [ "top http://$at/x", 3, "http://$at/x: Connection refused" ],
) {
    my ($words, $code, $text) = @$_;

    my (undef, $err, $rc) =
        run_apart($nthrift, map { s/^'(.*)'$/$1/r }
                            $words =~ /('[^']*'|[^ ]+)/g);

    is($err, ($text =~ /: error: / ? '' : 'nthrift: ') . "$text\n", $words);
    is($rc, $code, 'its exit code');
}

done_testing();
