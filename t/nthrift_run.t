#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nthrift run: methods of the examples' handlers, called without nginx: results
# and exceptions, timers, state between calls, calls to upstreams, parameters
# and variables; and what it says when something is wrong.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use JSON::PP ();
use Test::More;
use Test::Thrift::Backend;
use Test::Thrift::Files;


my $root = abs_path("$FindBin::Bin/..");
my $nthrift = "$root/build/nthrift";
my $examples = "$root/build/examples";
my $tmp = tempdir(CLEANUP => 1);

plan(skip_all => "no $nthrift") unless -x $nthrift;

sub example {
    my ($name, @words) = @_;

    return run_apart($nthrift, 'run', "$examples/$name.so", @words, '--idl',
               "$root/examples/$name/$name.thrift",
               '-I', "$root/examples/weather");
}

# results

is_deeply([ example('pingpong', 'PingPong.ping') ], [ "\"pong\"\n", '', 0 ],
          'a result');

my $start = time();

is_deeply([ example('pingpong', 'PingPong.add', '[1, 2]', '--arg',
                    'delay=30000') ], [ "3\n", '', 0 ], 'a timer');
cmp_ok(time() - $start, '<', 20, 'does not wait');

is_deeply([ example('myservice', 'MyService.checkStatus',
                    'MyService.doSomething',
                    '{"data": {"name": "one", "active": true, "age": 3}}',
                    'MyService.checkStatus') ],
          [ "false\nnull\ntrue\n", "info: one is 3\n", 0 ],
          'state between calls, and the log');
is((example('myservice', '-q', 'MyService.doSomething',
            '[{"name": "one", "active": true}]'))[1], '', 'without the log');

my ($out, $err, $rc) = example('blocking', 'Blocking.nap', '[20000]');

like($out, qr/"type": "TooMuch"/, 'an exception');
is($rc, 1, 'its exit code');

# what is kept between calls is a copy

my @put = map { ('KeyValue.put', "{\"key\":\"$_\",\"value\":{\"text\":\"$_$_\","
                 . '"tags":["one","two"]}}') } qw(a b a);

is_deeply(plain('[' . join(',', split(/^(?=\S)(?!\})/m,
          (example('keyvalue', @put, 'KeyValue.get', '["b"]', 'KeyValue.remove',
                   '["b"]', 'KeyValue.all', 'KeyValue.get', '["b"]'))[0]))
                . ']'),
          [ undef, undef, undef,
            { text => 'bb', tags => [ 'one', 'two' ] }, undef,
            { a => { text => 'aa', tags => [ 'one', 'two' ] } },
            { exception => { type => 'NotFound', value => { key => 'b' } } } ],
          'values that are kept');

# results of every kind: Apache's cross-language test

my $insane = '{"userMap":{"FIVE":5},"xtructs":[{"string_thing":"x",'
             . '"byte_thing":1,"i32_thing":-2,"i64_thing":3}]}';
my $xtruct = '{"string_thing":"t","byte_thing":1,"i32_thing":2,'
             . '"i64_thing":3}';

for (

    # method, argument, result; without one it is the argument

    [ 'Void', '', 'null' ],
    [ 'String', '"a\u0000b\u00fc"' ],
    [ 'Bool', 'true' ],
    [ 'Byte', '-128' ],
    [ 'I32', '-2147483648' ],
    [ 'I64', '9223372036854775807' ],
    [ 'Double', '-0.5' ],
    [ 'Binary', '"AAECAw=="' ],
    [ 'Uuid', '"00112233-4455-6677-8899-aabbccddeeff"' ],
    [ 'Struct', $xtruct ],
    [ 'Nest', "{\"byte_thing\":1,\"struct_thing\":$xtruct,\"i32_thing\":5}" ],
    [ 'Map', '{"0":-10,"1":-9}' ],
    [ 'StringMap', '{"a":"2","b":"blah"}' ],
    [ 'Set', '[-2,-1,0]' ],
    [ 'List', '[-2,-1,0]' ],
    [ 'Enum', '"FIVE"' ],
    [ 'Typedef', '309858235082523' ],
    [ 'MapMap', '1', '{"-4":{"-4":-4,"-3":-3,"-2":-2,"-1":-1},'
      . '"4":{"1":1,"2":2,"3":3,"4":4}}' ],
    [ 'Insanity', $insane, "{\"1\":{\"TWO\":$insane,\"THREE\":$insane},"
      . '"2":{"SIX":{"userMap":{},"xtructs":[]}}}' ],
    [ 'Multi', '1,2,3,{},"ONE",4', '{"string_thing":"Hello2","byte_thing":1,'
      . '"i32_thing":2,"i64_thing":3}' ],
    [ 'Exception', '"Xception"', '{"exception":{"type":"Xception","value":'
      . '{"errorCode":1001,"message":"Xception"}}}' ],
    [ 'Exception', '"success"', 'null' ],
    [ 'MultiException', '"Xception2","x"', '{"exception":{"type":"Xception2",'
      . '"value":{"errorCode":2002,"struct_thing":{"string_thing":'
      . '"This is an Xception2","byte_thing":0,"i32_thing":0,'
      . '"i64_thing":0}}}}' ],
    [ 'MultiException', '"success","text"', '{"string_thing":"text",'
      . '"byte_thing":0,"i32_thing":0,"i64_thing":0}' ],
    [ 'Oneway', '3', '' ],
) {
    my ($method, $argument, $result) = @$_;

    ($out, $err) = example('thrifttest', "ThriftTest.test$method",
                           "[$argument]");
    $result = $argument unless defined $result;

    is_deeply(plain($out), plain($result), "test$method") or diag($err);
}

is($err, "info: slept for 3 s\n", 'the last one comes back later');

# time

($out, $err, $rc) = example('pingpong', 'PingPong.add', '[1, 2]', '--timeout',
                            1);
is($rc, 1, 'no reply in time');
like($out, qr/"handler timed out"/, 'as a client would see it');

# upstreams

my $backend = Test::Thrift::Backend->new(address => "$tmp/north",
    log => "$tmp/north.log", script => { getTemperature =>
    { body => [ [ 0, 'string', 'warm' ] ] } });
my $at = "unix:$tmp/north";

($out, $err, $rc) = example('gather', 'Gather.temperatures',
                            '[{"city": "Oslo"}]', '--upstream', "north=$at",
                            '--upstream', 'south=127.0.0.1:1');
like($out, qr/"upstream": "north",\s+"temperature": "warm"/, 'an answer');
like($out, qr/"upstream": "south",\s+"failure": "cannot connect to 127/,
     'no connection');
is($err, "nthrift: the handler calls upstream \"west\": --upstream "
         . "west=HOST:PORT would say where that is\n", 'not told where it is');
is($rc, 0, 'all the same');

# what is wrong

my $users = "$examples/pingpong.so";

for ([ 'no handler', '', 2, 'HANDLER.so is missing: nthrift run HANDLER.so '
       . 'Service.method [JSON] --idl FILE' ],
     [ 'no method', $users, 2, 'Service.method is missing: nthrift run '
       . 'HANDLER.so Service.method [JSON] --idl FILE' ],
     [ 'no IDL', "$users PingPong.ping", 2, '--idl is missing: the .thrift '
       . 'file that has PingPong.ping' ],
     [ 'no such method', "$users PingPong.pign --idl PINGPONG", 2,
       'service PingPong has no method "pign" (did you mean "ping"?)' ],
     [ 'arguments', "$users PingPong.add [1] --idl PINGPONG --arg x", 2,
       '--arg: "x" must be NAME=VALUE' ],
     [ 'no such file', "$tmp/no.so PingPong.ping --idl PINGPONG", 3,
       "$tmp/no.so cannot be used for PingPong: $tmp/no.so: cannot open "
       . 'shared object file: No such file or directory' ],
     [ 'another service', "$examples/weather.so PingPong.ping --idl PINGPONG",
       3, "$examples/weather.so cannot be used for PingPong: it has no "
       . 'symbol nthrift_handler_PingPong' ],
     [ 'start hook', "$users PingPong.ping --arg delay=x --idl PINGPONG", 3,
       'the handler\'s start hook has failed: see above' ])
{
    my ($name, $words, $code, $text) = @$_;

    $words =~ s{PINGPONG}{$root/examples/pingpong/pingpong.thrift};
    ($out, $err, $rc) = run_apart($nthrift, 'run', split(' ', $words));

    is((split(/^/, $err))[-1], "nthrift: $text\n", $name);
    is($rc, $code, "$name, exit code");
}

wrong_handler();

done_testing();


# A handler that is wrong: what, and in which method.

sub wrong_handler {
    spew("$tmp/bad.thrift", <<'EOT');
struct Item { 1: string name }
service Bad {
    list<Item> reply()
    void missing()
    void crash()
    void leave()
}
EOT
    spew("$tmp/bad.c", <<'EOT');
#include "bad.h"

#include <stdlib.h>

static void
bad_reply(nthrift_call_t *call, const Bad_reply_args_t *args)
{
    static Item_t        item;
    Bad_reply_success_t  success = { .n = 1, .items = &item };

    (void) args;

    item.name.len = 3;

    Bad_reply_reply(call, success);
}

static void
bad_crash(nthrift_call_t *call, const Bad_crash_args_t *args)
{
    (void) call;
    (void) args;

    abort();
}

static void
bad_leave(nthrift_call_t *call, const Bad_leave_args_t *args)
{
    (void) call;
    (void) args;

    exit(7);
}

Bad_HANDLER(
    .reply = bad_reply,
    .crash = bad_crash,
    .leave = bad_leave
)
EOT

    plan(skip_all => 'no handler') if system(
        "$nthrift gen -o $tmp $tmp/bad.thrift && cc -shared -fPIC -I$root/src"
        . " -I$tmp -o $tmp/bad.so $tmp/bad.c") != 0;

    my $ended = 'nthrift: the handler has crashed, or ended the process, in '
                . 'Bad.';

    for ([ 'reply', 1, 'error: reply of "reply": string without data, in field '
           . '"success.name"' ],
         [ 'missing', 3, 'info: the handler does not implement it',
           'nthrift: the handler refuses missing: it does not implement it, or '
           . "was made of another IDL than $tmp/bad.thrift" ],
         [ 'crash', 128 + 6, $ended . 'crash' ],
         [ 'leave', 7, $ended . 'leave' ])
    {
        my ($method, $code, @said) = @$_;

        ($out, $err, $rc) = run_apart('sh', '-c', "$nthrift run $tmp/bad.so "
            . "Bad.$method --idl $tmp/bad.thrift; exit \$?");

        $err =~ s/^(?:sh: \d+: )?Aborted.*\n//m;

        is($err, join('', map { "$_\n" } @said), "wrong: $method");
        is($rc, $code, "wrong: $method, exit code");
    }
}


# JSON that is compared

sub plain {
    my ($json) = @_;

    return $json =~ /\S/ ? JSON::PP->new()->utf8()->allow_nonref()->decode($json)
                         : undef;
}
