#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A table of mistakes that users make, and what nginx -t and nthrift check say
# of each: where it is, what is wrong, and what is right.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new();

my $nthrift = $t->top() . '/build/nthrift';

# The files that are there.

$t->write_file('shop.thrift', <<'IDL');
exception NotFound { 1: string what }
struct User { 1: required i64 id, 2: string name }
service Users {
    User get(1: i64 id) throws (1: NotFound missing)
    list<User> search(1: string q, 2: i32 limit = 10)
    oneway void touch(1: i64 id)
    i64 create(1: User user)
}
IDL
$t->write_file('ab.thrift',
               "service A { void get() }\nservice B { void get() }\n");
mkdir $t->dir() . '/dir.thrift';
$t->write_file('types.thrift', "struct User { 1: i64 id }\n");

my $users = 'thrift_service Users { thrift_pass users; }';
my $port = '%%PORT_proxy%%';

# IDL files, nginx -t and nthrift check: [ name, text, messages ]

my @idl = (
    [ 'colon', "struct A {\n  1: i32 a\n  2 string b\n}\n",
      '3:5: unexpected "string", expected ":"' ],
    [ 'unknown types', "struct A {\n  2: Strin b\n}\n"
      . "service S { A get(1: B b) }\n",
      '2:6: type "Strin" is not defined (did you mean "string"?)',
      '4:22: type "B" is not defined' ],
    [ 'int', "struct A { 1: i63 a }\n",
      '1:15: type "i63" is not defined (did you mean "i64"?)' ],
    [ 'include', "include \"nope.thrift\"\n",
      '1:9: cannot find "nope.thrift"' ],
    [ 'include of a directory', "include \"dir.thrift\"\n",
      '1:9: cannot find "dir.thrift": is a directory' ],
    [ 'annotation, value',
      'service A { void get() (nthrift.timeout = "3 s") }',
      '1:25: invalid value "3 s" of annotation "nthrift.timeout", it must be '
      . 'a time such as "300ms" or "1m 30s"' ],
    [ 'annotation, name', 'service A { void get() (nthrift.timeot = "3s") }',
      '1:25: unknown annotation "nthrift.timeot" (did you mean '
      . '"nthrift.timeout"?)' ],
    [ 'annotation, flag',
      'service A { void get() (nthrift.idempotent = "yes") }',
      '1:25: invalid value "yes" of annotation "nthrift.idempotent", it must '
      . 'be "true", "1" or "false"' ],
    [ 'annotation, place', 'struct A { 1: i32 a (nthrift.stateful) }',
      '1:22: annotation "nthrift.stateful" has a meaning for methods only' ],
    [ 'annotation, place of a secret',
      'service A { void get(1: i32 a (nthrift.secret)) (nthrift.secret) }',
      '1:50: annotation "nthrift.secret" has a meaning for fields only' ],
    [ 'annotation, value of a secret',
      'service A { void get(1: i32 a (nthrift.secret = "yes")) }',
      '1:32: invalid value "yes" of annotation "nthrift.secret", it must be '
      . '"true", "1" or "false"' ],
    [ 'all errors at once', "struct A {\n  1 i32 a\n}\n\nenum E { A = }\n\n"
      . "service S {\n  void a() (nthrift.idempotnt)\n}\n",
      '2:5: unexpected "i32", expected ":"',
      '5:14: unexpected "}", expected an integer',
      '8:13: unknown annotation "nthrift.idempotnt" (did you mean '
      . '"nthrift.idempotent"?)' ],
);

for (@idl) {
    my ($name, $text, @messages) = @$_;

    $t->write_file('bad.thrift', $text);

    # annotations are looked at when everything else is right

    my @said = said(idl => 'thrift_idl bad.thrift;', server => $users);
    pop @said if @said && $said[-1] =~ /^"thrift_idl" failed/;

    my @syntax = grep { !/annotation/ } @messages;

    is(join("\n", @said), join("\n", map { "bad.thrift:$_" }
                                     @syntax ? @syntax : @messages),
       "nginx -t: $name");

    my $checked = `cd @{[ $t->dir() ]} && $nthrift check -w bad.thrift 2>&1`;

    is($checked, join('', map { s/^([\d:]+:) /bad.thrift:$1 error: /r . "\n" }
                          @messages), "nthrift check: $name");
}

# nginx.conf: [ name, stream => text, ..., message ]

my $at = 'in test.conf';

for (
    [ 'directive', server => 'thrift_pas users;',
      "unknown directive \"thrift_pas\" $at:8" ],
    [ 'service', server => 'thrift_service User { thrift_pass users; }',
      "no service \"User\" is defined (did you mean \"Users\"?) $at:8" ],
    [ 'method', server => 'thrift_service Users { thrift_pass users; '
      . 'thrift_method serach { } }',
      'no method "serach" in service "Users" (did you mean "search"?) '
      . "$at:8" ],
    [ 'no IDL file', idl => 'thrift_idl thrift/shop.thrift;',
      'thrift/shop.thrift: no such file', "\"thrift_idl\" failed $at:4" ],
    [ 'IDL file is a directory', idl => 'thrift_idl dir.thrift;',
      'dir.thrift: cannot read: is a directory',
      "\"thrift_idl\" failed $at:4" ],
    [ 'IDL files with a wildcard', idl => 'thrift_idl *.thrift;',
      '*.thrift: no such file', '"thrift_idl" failed, it names one file: '
      . "\"*\", \"?\" and \"[\" are not expanded $at:4" ],
    [ 'IDL file in a service', server => 'thrift_service Users { '
      . 'thrift_idl shop.thrift; }',
      "\"thrift_idl\" directive is not allowed here, but in \"stream\" or "
      . "\"server\" $at:8" ],
    [ 'upstream\'s in a server', server => 'thrift_pass users; '
      . 'thrift_keepalive 4;', '"thrift_keepalive" directive is not allowed '
      . "here, but in \"stream\" or \"upstream\" $at:8" ],
    [ 'call\'s in an upstream', upstream => 'thrift_timeout 2s;',
      '"thrift_timeout" directive is not allowed here, but in "stream", '
      . "\"server\", \"thrift_service\" or \"thrift_method\" $at:5" ],
    [ 'method in a server', server => 'thrift_method get { }',
      '"thrift_method" directive is not allowed here, but in '
      . "\"thrift_service\" $at:8" ],
    [ 'service in stream', idl => 'thrift_service Users { }',
      "\"thrift_service\" directive is not allowed here, but in \"server\" "
      . "$at:4" ],
    [ 'service in a service', server => 'thrift_service Users { '
      . 'thrift_service Users { } }', '"thrift_service" directive is not '
      . "allowed here, but in \"server\" $at:8" ],
    [ 'handler in a server', server => 'thrift_handler users.so;',
      '"thrift_handler" directive is not allowed here, but in '
      . "\"thrift_service\" or \"thrift_method\" $at:8" ],
    [ 'keepalive of http', upstream => 'keepalive 32;',
      "\"keepalive\" directive is not allowed here, use \"thrift_keepalive\" "
      . "$at:5" ],
    [ 'log in a service', server => 'thrift_service Users { access_log l; }',
      '"access_log" directive is not allowed here, but in "stream" and '
      . "\"server\" $at:8" ],
    [ 'access in a method', server => 'thrift_service Users { '
      . 'thrift_method get { deny all; } }', '"deny" directive is not allowed '
      . "here, but in \"stream\" and \"server\" $at:8" ],
    [ 'variable', upstream => 'hash $thrift_methd;',
      'no variable "$thrift_methd" is defined (did you mean '
      . "\"\$thrift_method\"?) $at:5" ],
    [ 'variable of nobody', upstream => 'hash $thrift_caller;',
      "no variable \"\$thrift_caller\" is defined $at:5" ],
    [ 'zone', idl => 'thrift_limit_zone $remote_addr zone=clients:1m '
      . 'rate=1r/s;', server => 'thrift_pass users; '
      . 'thrift_limit_rate zone=client;', 'no "thrift_limit_zone" defines the '
      . "zone \"client\" (did you mean \"clients\"?) $at:8" ],
    [ 'zone of nobody', server => 'thrift_pass users; '
      . 'thrift_limit_calls clients 3;', 'no "thrift_limit_calls_zone" defines '
      . "the zone \"clients\" $at:8" ],
    [ 'zone with a size', server => 'thrift_pass users; '
      . 'thrift_max_concurrent 5 zone=calls:1m;', 'invalid parameter '
      . '"zone=calls:1m" in "thrift_max_concurrent" directive, it must be '
      . '"queue=" with a number up to 65535, "queue_timeout=" with a time, or '
      . "\"zone=\" with a name, and no size $at:8" ],
    [ 'rate', idl => 'thrift_limit_zone $remote_addr zone=clients:1m '
      . 'rate=100;', 'invalid parameter "rate=100" in "thrift_limit_zone" '
      . 'directive, it must be "rate=" with a number such as "100r/s" or '
      . "\"30r/m\" $at:4" ],
    [ 'transport, Apache\'s word', upstream => 'thrift_upstream_transport '
      . 'buffered;', 'invalid value "buffered" in "thrift_upstream_transport" '
      . 'directive, it must be "same", "framed", "unframed" or "header" '
      . "$at:5" ],
    [ 'protocol, a class', upstream => 'thrift_upstream_protocol '
      . 'TBinaryProtocol;', 'invalid value "TBinaryProtocol" in '
      . '"thrift_upstream_protocol" directive, it must be "same", "binary", '
      . "\"compact\", \"json\" or \"lax\" $at:5" ],
    [ 'ahead', upstream => 'thrift_keepalive 32 min=40;',
      '"thrift_keepalive" keeps 32 idle connections, and cannot open 40 ahead '
      . "$at:5" ],
    [ 'number of connections', upstream => 'thrift_keepalive max=4;',
      'invalid value "max=4" in "thrift_keepalive" directive, it must be a '
      . "number of idle connections $at:5" ],
    [ 'check of a method', upstream => 'thrift_health_check method=ping;',
      'invalid parameter "method=ping" in "thrift_health_check" directive, it '
      . "must be \"method=Service.name\" $at:5" ],
    [ 'balance', server => 'thrift_balance least_conn; thrift_pass users;',
      'invalid value "least_conn" in "thrift_balance" directive, it must be '
      . "\"call\" or \"connection\" $at:8" ],
    [ 'protocols of TLS', upstream => 'thrift_ssl_protocols TLS1.2;',
      'invalid value "TLS1.2" in "thrift_ssl_protocols" directive, it must be '
      . '"SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2" or "TLSv1.3" '
      . "$at:5" ],
    [ 'address', upstream => 'thrift_bind eth0;', 'invalid value "eth0" in '
      . '"thrift_bind" directive, it must be "off" or an IP address, with or '
      . "without a port $at:5" ],
    [ 'percentage', upstream => 'thrift_retry_budget 20;',
      'invalid value "20" in "thrift_retry_budget" directive, it must be "off" '
      . "or a whole number between 0% and 100% $at:5" ],
    [ 'mirror', server => 'thrift_pass users; thrift_mirror userz;',
      "no upstream \"userz\" is defined (did you mean \"users\"?) $at:8" ],
    [ 'two names', server => 'thrift_service Users Orders { }',
      'invalid parameter "Orders" in "thrift_service" directive, it must be '
      . "\"order=\" with a number $at:8" ],
    [ 'fields', server => 'thrift_unknown_fields ignore; thrift_pass users;',
      'invalid value "ignore" in "thrift_unknown_fields" directive, it must be '
      . "\"pass\", \"drop\" or \"refuse\" $at:8" ],
    [ 'sampling', server => 'thrift_trace_sample 5%; thrift_pass users;',
      'invalid value "5%" in "thrift_trace_sample" directive, it must be "on", '
      . "\"off\" or a value with variables $at:8" ],
    [ 'fault', server => 'thrift_fault error; thrift_pass users;',
      'invalid parameter "error" in "thrift_fault" directive, it must be '
      . '"delay=" with a time, "abort=" with an exception type such as '
      . '"INTERNAL_ERROR", or "percent=" with a number between 0 and 100 '
      . "$at:8" ],
    [ 'burst', idl => 'thrift_limit_zone $remote_addr zone=c:1m rate=1r/s;',
      server => 'thrift_limit_rate zone=c burst=x; thrift_pass users;',
      'invalid parameter "burst=x" in "thrift_limit_rate" directive, it must '
      . 'be "zone=" with a name, "burst=" or "delay=" with a number, or '
      . "\"nodelay\" $at:8" ],
    [ 'status zone', idl => 'thrift_status_zone thrift 1k;',
      'zone "thrift" is too small, it must be 32768 bytes or larger '
      . "$at:4" ],
    [ 'service twice', server => "$users $users",
      "duplicate thrift_service \"Users\", previous $at:8 $at:8" ],
    [ 'time', server => 'thrift_timeout 2sec;',
      'invalid value "2sec" in "thrift_timeout" directive, it must be a time '
      . "such as \"300ms\" or \"1m 30s\" $at:8" ],
    [ 'size', server => 'thrift_max_message_size 16mb;',
      'invalid value "16mb" in "thrift_max_message_size" directive, it must '
      . "be a size such as \"4k\" or \"16m\" $at:8" ],
    [ 'flag', server => 'thrift_idempotent yes;',
      'invalid value "yes" in "thrift_idempotent" directive, it must be "on" '
      . "or \"off\" $at:8" ],
    [ 'number', server => 'thrift_max_pipeline -1;',
      'invalid value "-1" in "thrift_max_pipeline" directive, it must be a '
      . "number between 1 and 65535 $at:8" ],
    [ 'choice', server => 'thrift_validate schemas;',
      'invalid value "schemas" in "thrift_validate" directive, it must be '
      . "\"off\", \"structure\" or \"schema\" $at:8" ],
    [ 'choices', server => 'thrift_next_upstream error http_500;',
      'invalid value "http_500" in "thrift_next_upstream" directive, it must '
      . 'be "error", "timeout", "exception", "overloaded", "non_idempotent" '
      . "or \"off\" $at:8" ],
    [ 'parameter', upstream => 'thrift_keepalive 3 request=1;',
      'invalid parameter "request=1" in "thrift_keepalive" directive, it must '
      . 'be "min=", "max=", "requests=", "timeout=", "lifetime=", "queue=" or '
      . "\"queue_timeout=\" $at:5" ],
    [ 'exception type', server => 'thrift_return INTERNAL "x";',
      'invalid value "INTERNAL" in "thrift_return" directive, it must be '
      . '"UNKNOWN", "UNKNOWN_METHOD", "INVALID_MESSAGE_TYPE", '
      . '"WRONG_METHOD_NAME", "BAD_SEQUENCE_ID", "MISSING_RESULT", '
      . '"INTERNAL_ERROR", "PROTOCOL_ERROR", "INVALID_TRANSFORM", '
      . "\"INVALID_PROTOCOL\" or \"UNSUPPORTED_CLIENT_TYPE\" $at:8" ],
    [ 'order', server => 'thrift_service Users order=x { }',
      'invalid parameter "order=x" in "thrift_service" directive, it must be '
      . "\"order=\" with a number $at:8" ],
    [ 'upstream', server => 'thrift_pass user;',
      "no upstream \"user\" is defined (did you mean \"users\"?) $at:8" ],
    [ 'upstream, defined later', server => 'thrift_pass lat;',
      behind => 'upstream late { least_conn; server 127.0.0.1:1; }',
      "no upstream \"lat\" is defined (did you mean \"late\"?) $at:8" ],
    [ 'port', server => 'thrift_pass 127.0.0.1;',
      'no upstream "127.0.0.1" is defined, and an address has a port '
      . "$at:8" ],
    [ 'pass and return', server => 'thrift_pass users; '
      . 'thrift_return UNKNOWN "x";',
      '"thrift_return" directive cannot stand beside "thrift_pass" '
      . "$at:8" ],
    [ 'proxy_pass beside', server => 'thrift_pass users; proxy_timeout 3s;',
      '"proxy_timeout" directive has no effect on Thrift calls, use '
      . "\"thrift_timeout\" $at:8" ],
    [ 'service without answer', server => 'thrift_service Users { }',
      'no "thrift_handler", "thrift_pass" or "thrift_return" for '
      . "thrift_service \"Users\" $at:8" ],
    [ 'no handler', server => 'thrift_service Users { '
      . 'thrift_handler users.so; }',
      "open() \"users.so\" failed (2: No such file or directory) $at:8" ],
    [ 'schema without IDL', idl => '',
      server => 'thrift_validate schema; thrift_pass users;',
      '"thrift_validate schema" needs a "thrift_idl" for the server '
      . "$at:6" ],
    [ 'two services, one method', idl => 'thrift_idl ab.thrift;',
      server => 'thrift_service A { thrift_pass users; } '
      . 'thrift_service B { thrift_pass users; }',
      'method "get" is in thrift_service "A" and in thrift_service "B", and a '
      . 'call may name only the method: with "thrift_service B order=1 { ... }"'
      . " the former answers it $at:8" ],
    [ 'variable of another module', server => 'thrift_set_header user '
      . '$remote_adr; thrift_pass users;', 'no variable "$remote_adr" is '
      . "defined (did you mean \"\$remote_addr\"?) $at:8",
      'unknown "remote_adr" variable' ],
    [ 'variable of http', server => 'thrift_return INTERNAL_ERROR '
      . '"$http_user_agent";', 'no variable "$http_user_agent" is defined '
      . "$at:8", 'unknown "http_user_agent" variable' ],
    [ 'TLS, no certificate', upstream => 'thrift_ssl on; '
      . 'thrift_ssl_certificate none.pem; thrift_ssl_certificate_key none.key;',
      qr/^cannot load certificate "none.pem": .*No such file or directory/,
      "\"thrift_ssl_certificate\" $at:5 with \"thrift_ssl_certificate_key\" "
      . "$at:5 failed" ],
    [ 'TLS, certificate of stream', idl => 'thrift_ssl_certificate none.pem; '
      . 'thrift_ssl_certificate_key none.key;', upstream => 'thrift_ssl on;',
      server => 'thrift_pass users;',
      qr/^cannot load certificate "none.pem": .*No such file or directory/,
      "\"thrift_ssl_certificate\" $at:4 with \"thrift_ssl_certificate_key\" "
      . "$at:4 failed" ],
    [ 'TLS, certificate without key', upstream => 'thrift_ssl on; '
      . 'thrift_ssl_certificate none.pem;', 'no "thrift_ssl_certificate_key" is '
      . "defined for certificate \"none.pem\" $at:5" ],
    [ 'TLS, nobody is trusted', upstream => 'thrift_ssl on; '
      . 'thrift_ssl_verify on;', 'no "thrift_ssl_trusted_certificate" is '
      . "defined for \"thrift_ssl_verify\" $at:5" ],
    (map { [ "TLS, $_->[0]", upstream => "thrift_ssl on; $_->[1]", $_->[2],
             "\"$_->[3]\" failed $at:5" ] }
         [ 'no certificates', 'thrift_ssl_verify on; '
           . 'thrift_ssl_trusted_certificate none.pem;',
           qr/"none.pem".* failed .*No such file or directory/,
           'thrift_ssl_trusted_certificate' ],
         [ 'other text than certificates', 'thrift_ssl_verify on; '
           . 'thrift_ssl_trusted_certificate shop.thrift;',
           qr/"shop.thrift".* failed/, 'thrift_ssl_trusted_certificate' ],
         [ 'ciphers', 'thrift_ssl_ciphers NOSUCH;',
           qr/"NOSUCH".* failed .*no cipher match/, 'thrift_ssl_ciphers' ],
         [ 'command', 'thrift_ssl_conf_command NoSuch x;',
           qr/"NoSuch", "x".* failed/, 'thrift_ssl_conf_command' ]),
    [ 'scheme', server => 'thrift_pass http://127.0.0.1:1;', 'invalid value '
      . '"http://127.0.0.1:1" in "thrift_pass" directive, it must be the name '
      . 'of an upstream, an address with a port, or a path after "unix:", '
      . "without \"...://\" $at:8" ],
    [ 'scheme of a mirror', server => 'thrift_pass users; '
      . 'thrift_mirror tcp://users;', 'invalid value "tcp://users" in '
      . '"thrift_mirror" directive, it must be the name of an upstream, an '
      . 'address with a port, or a path after "unix:", without "...://" '
      . "$at:8" ],
    [ 'zone as in other directives', idl => 'thrift_limit_calls_zone '
      . '$remote_addr zone=calls:1m;', server => 'thrift_pass users; '
      . 'thrift_limit_calls zone=calls 3;', 'invalid value "zone=calls" in '
      . '"thrift_limit_calls" directive, it must be the name of a zone, '
      . "without \"zone=\" $at:8" ],
    [ 'header with a colon', server => 'thrift_set_header user: $remote_addr; '
      . 'thrift_pass users;', 'invalid value "user:" in "thrift_set_header" '
      . "directive, it must be a header's name, without \":\" $at:8" ],
    [ 'udp', server => "listen 127.0.0.1:$port udp; thrift_pass users;",
      "Thrift calls cannot come by \"udp\" to the server $at:6" ],
) {
    my ($name, @rest) = @$_;
    my @messages;

    unshift @messages, pop @rest while @rest && !is_place($rest[-2]);

    my @said = said(server => $users, @rest);

    # of OpenSSL's words, which are those of its version, a part

    for my $i (grep { ref $messages[$_] } 0 .. $#messages) {
        $messages[$i] = $said[$i]
            if defined $said[$i] && $said[$i] =~ $messages[$i];
    }

    is(join("\n", @said), join("\n", @messages), $name);
}

# of http{} in front of stream{} nothing is searched

{
    my $http = "http { log_format a '\$http_user_agent \\' {'; # }\n"
               . "    access_log off; server { listen 127.0.0.1:$port;\n"
               . "    set \$x \"{ \$http_user_agent\"; } }\n";

    is(join("\n", $t->test_config(
                      filled(server => 'thrift_pass $http_user_agent;')
                      =~ s/^stream/${http}stream/mr)
                  =~ /^nginx: \[emerg\] (.*)\n/mg),
       "no variable \"\$http_user_agent\" is defined $at:11\n"
       . 'unknown "http_user_agent" variable', 'variable, behind http{}');
}

# what may be right, but is not likely to be

for (
    [ 'argument', upstream => 'hash $thrift_arg_idd;',
      '"$thrift_arg_idd" is an argument of no method that is defined (did you '
      . "mean \"\$thrift_arg_id\"?) $at:5" ],
    [ 'field of an argument', upstream => 'hash $thrift_arg_user_nam;',
      '"$thrift_arg_user_nam" is an argument of no method that is defined (did '
      . "you mean \"\$thrift_arg_user_name\"?) $at:5" ],
    [ 'argument that is a struct', upstream => 'hash $thrift_arg_user;',
      '"$thrift_arg_user" is an argument of no method that is defined: it is a '
      . 'struct, whose fields are "$thrift_arg_user_...", or a container '
      . "$at:5" ],
    [ 'file in place of a socket', server => 'thrift_pass '
      . "unix:%%TESTDIR%%/shop.thrift;", 'server '
      . '"unix:shop.thrift" in upstream "shop.thrift" is '
      . "no socket $at:8" ],
    [ 'directory in place of a socket', upstream => 'server unix:/tmp;',
      "server \"unix:/tmp\" in upstream \"users\" is no socket $at:5" ],
    [ 'IDL without services', idl => 'thrift_idl types.thrift;', server =>
      'thrift_pass users;', '"thrift_idl" defines no service, so that each '
      . "call to the server $at:6 is one of an unknown method, $at:4" ],
    [ 'no directory of IDL files', idl => 'thrift_idl_path nowhere; '
      . 'thrift_idl shop.thrift;', 'there is no directory '
      . "\"nowhere\" for \"thrift_idl_path\" $at:4" ],
    [ 'file in place of a directory', idl => 'thrift_idl_path shop.thrift; '
      . 'thrift_idl shop.thrift;', 'there is no directory '
      . "\"shop.thrift\" for \"thrift_idl_path\" $at:4" ],
    [ 'check of an unknown method', upstream => 'thrift_health_check '
      . 'method=Users.gte;', 'no method "gte" in service "Users" (did you mean '
      . "\"get\"?) for \"thrift_health_check\" of upstream \"users\" $at:5" ],
    [ 'check by a oneway method', upstream => 'thrift_health_check '
      . 'method=Users.touch;', 'method "touch" of service "Users" is oneway, '
      . 'and never passes "thrift_health_check" of upstream "users" '
      . "$at:5" ],
    [ 'argument without IDL', idl => '', upstream => 'hash $thrift_arg_id;',
      '"$thrift_arg_id" is an argument of no method that is defined: there is '
      . "no \"thrift_idl\" $at:5" ],
    [ 'hedge of nothing', server => 'thrift_hedge 20ms; thrift_pass users;',
      '"thrift_hedge" has no effect, as it is for no call with '
      . "\"thrift_idempotent on\", $at:8" ],
    [ 'hedge of nothing beside another', server => 'thrift_service Users { '
      . "thrift_pass users; thrift_idempotent on; thrift_hedge 20ms; }\n"
      . 'thrift_hedge 30ms; thrift_pass users;', '"thrift_hedge" has no '
      . 'effect, as it is for no call with "thrift_idempotent on", '
      . "$at:9" ],
    [ 'hedge that is late', server => 'thrift_idempotent on; '
      . 'thrift_timeout 1s; thrift_hedge 1s; thrift_pass users;',
      '"thrift_hedge" has no effect, as its time is not less than that of '
      . "\"thrift_timeout\", $at:8" ],
    [ 'hedge that is late for a server', server => 'thrift_idempotent on; '
      . 'thrift_attempt_timeout 1s; thrift_hedge 2s; thrift_pass users;',
      '"thrift_hedge" has no effect, as its time is not less than that of '
      . "\"thrift_attempt_timeout\", $at:8" ],
    [ 'undefined fields of nothing', idl => '', server =>
      'thrift_unknown_fields drop; thrift_pass users;',
      '"thrift_unknown_fields" has no effect without a "thrift_idl" for the '
      . "server $at:6" ],
    [ 'too few for those ahead', upstream => 'server 127.0.0.1:1; '
      . 'server 127.0.0.1:2 backup; server 127.0.0.1:3 down; '
      . 'thrift_keepalive 7 min=4;', '"thrift_keepalive" keeps 7 idle '
      . 'connections, too few to open 4 ahead to each of 2 servers '
      . "$at:5" ],
    [ 'queue without a limit', upstream => 'thrift_keepalive 7 queue=2;',
      '"queue" of "thrift_keepalive" has no effect without "max", or '
      . "\"max_conns\" of a server, $at:5" ],
    [ 'TLS that is not on', upstream => 'thrift_ssl_verify on;',
      "\"thrift_ssl_verify\" has no effect without \"thrift_ssl on\" $at:5" ],
    [ 'versions of TLS that is not on', upstream => 'thrift_ssl_protocols '
      . 'TLSv1.3; thrift_ssl_name a.test;', '"thrift_ssl_protocols" has no '
      . "effect without \"thrift_ssl on\" $at:5" ],
    (map { [ "$_ that verifies nothing", upstream => 'thrift_ssl on; '
             . "thrift_ssl_$_ ca.pem;", "\"thrift_ssl_$_\" has no effect "
             . "without \"thrift_ssl_verify on\" $at:5" ] }
         qw(trusted_certificate crl)),
    [ 'TLS that is on nowhere', idl => 'thrift_idl shop.thrift; '
      . 'thrift_ssl_name a.test;', '"thrift_ssl_name" has no effect without '
      . "\"thrift_ssl on\" $at:4" ],
) {
    my ($name, @rest) = @$_;
    my $message = pop @rest;

    like($t->test_config(filled(server => $users, @rest)),
         qr/^nginx: \[warn\] \Q$message\E\n/m, $name);
}

unlike($t->test_config(filled(idl => 'thrift_idl types.thrift;', server =>
                              'thrift_validate structure; thrift_pass users;')),
       qr/warn/, 'IDL without services, of calls that are not compared');

# TLS that is off by what is written, and TLS that is on for others

for (
    [ upstream => 'thrift_ssl off; thrift_ssl_server_name on;' ],
    [ idl => 'thrift_idl shop.thrift; thrift_ssl off; thrift_ssl_name a;' ],
    [ upstream => 'thrift_ssl on; thrift_ssl_verify off; '
                  . 'thrift_ssl_trusted_certificate ca.pem;' ],
    [ idl => 'thrift_idl shop.thrift; thrift_ssl on;',
      upstream => 'thrift_ssl_name a.test;' ],
    [ idl => 'thrift_idl shop.thrift; thrift_ssl_name a;',
      upstream => 'thrift_ssl on;' ],
) {
    unlike($t->test_config(filled(server => $users, @$_)), qr/warn/,
           "TLS: @$_[1 .. $#$_]");
}

# what is of use in one place is not warned of in others

for ([ 'hedge', server => 'thrift_hedge 20ms; thrift_idempotent on; '
       . 'thrift_pass users;' ],
     [ 'hedge of one method', server => 'thrift_hedge 20ms; '
       . 'thrift_service Users { thrift_pass users; '
       . 'thrift_method get { thrift_idempotent on; } }' ],
     [ 'hedge that is late for one method', server => 'thrift_hedge 1s; '
       . 'thrift_service Users { thrift_pass users; thrift_idempotent on; '
       . 'thrift_method get { thrift_timeout 500ms; } }' ],
     [ 'as many as are opened ahead', upstream => 'server 127.0.0.1:1; '
       . 'server 127.0.0.1:2 backup; thrift_keepalive 8 min=4;',
       server => $users ],
     [ 'one that two lines name', upstream => 'server 127.0.0.1:1; '
       . 'server 127.0.0.1:1; thrift_keepalive 8 min=4;', server => $users ],
     [ 'queue, max', upstream => 'thrift_keepalive 7 max=7 queue=2;',
       server => $users ],
     [ 'queue_timeout', upstream => 'thrift_keepalive 7 queue_timeout=2s;',
       server => $users ],
     [ 'queue, max_conns', upstream => 'thrift_keepalive 7 queue=2; '
       . 'server 127.0.0.1:1 max_conns=2;', server => $users ],
     [ 'undefined fields', server => 'thrift_unknown_fields drop; '
       . 'thrift_pass users;' ],
     [ 'undefined fields, of stream', idl => 'thrift_unknown_fields drop;',
       server => 'thrift_pass users;' ])
{
    my ($name, @rest) = @$_;

    unlike($t->test_config(filled(@rest)), qr/warn/, "no warning: $name");
}

# an upstream that is named before it is defined keeps its balancer

is(join('', said(server => 'thrift_pass late;', behind =>
                 'upstream late { least_conn; server 127.0.0.1:1; }')), '',
   'upstream that is defined later');

$t->done();


sub is_place {
    return defined $_[0] && $_[0] =~ /^(?:idl|upstream|server|behind)$/;
}


sub filled {
    my %text = (idl => 'thrift_idl shop.thrift;', upstream => '', server => '',
                behind => '', @_);

    return <<"CONF";
%%TEST_GLOBALS%%
events { }
stream {
    $text{idl}
    upstream users { $text{upstream} server 127.0.0.1:%%PORT_backend%%; }
    server {
        listen 127.0.0.1:$port;
        $text{server}
    }
    $text{behind}
}
CONF
}


# The errors of nginx -t.

sub said {
    return $t->test_config(filled(@_)) =~ /^nginx: \[(?:emerg)\] (.*)\n/mg;
}
