#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Calls in JSON, byte by byte: what servers of other protocols get, and clients
# of them; what they are checked, routed and logged by; handlers; what is
# refused, and that it costs neither memory nor time.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP ();
use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('probe');

$t->write_file('api.thrift', <<'EOF');
enum Color { RED = 1, BLUE = 10 }
union Id { 1: i64 number, 2: string name }
struct Box {
    1: bool on, 2: i8 y, 3: i16 h, 4: i32 i, 5: i64 l, 6: double d,
    7: string text, 8: binary raw, 9: uuid key, 10: Color color,
    11: list<string> texts, 12: set<binary> raws, 13: map<string, binary> named,
    14: map<i32, list<Box>> boxes, 15: Box box, 16: Id id, 17: list<double> reals
}
exception Refused { 1: i32 code, 2: string why }

service Api {
    Box echo(1: Box box, 2: string text, 3: binary raw) throws (1: Refused no),
    string get(1: required i32 id),
    void nothing(),
    oneway void tell(1: string text)
}
EOF

$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  calls  escape=none  '$thrift_method|$thrift_protocol|'
                       '$thrift_status|$thrift_arg_text|$thrift_arg_raw|'
                       '$thrift_exception|$thrift_reply_exception';
    access_log  %%TESTDIR%%/calls.log  calls;

    thrift_max_message_size  2m;
    thrift_limit_zone        $thrift_arg_text zone=texts:64k rate=10000r/s;

    map $thrift_arg_text $by_text {
        default  127.0.0.1:%%PORT_backend%%;
        second   127.0.0.1:%%PORT_second%%;
    }

    upstream binary {
        server                    127.0.0.1:%%PORT_backend%%  max_fails=0;
        thrift_upstream_protocol  binary;
    }

    upstream compact {
        server                     127.0.0.1:%%PORT_backend%%  max_fails=0;
        thrift_upstream_protocol   compact;
        thrift_upstream_transport  unframed;
    }

    upstream text {
        server                     127.0.0.1:%%PORT_text%%  max_fails=0;
        thrift_upstream_protocol   json;
        thrift_upstream_transport  framed;
    }

    upstream same {
        server                    127.0.0.1:%%PORT_text%%  max_fails=0;
    }

    upstream watched {
        server                    127.0.0.1:%%PORT_text%%;
        thrift_upstream_protocol  json;
        thrift_health_check       interval=100ms method=Api.nothing;
    }

    upstream asked {
        server                    127.0.0.1:%%PORT_text%%;
        thrift_upstream_protocol  json;
        thrift_upstream_detect    on;
    }

    upstream probe {
        server                    127.0.0.1:%%PORT_probe%%;
        thrift_upstream_protocol  json;
    }

    thrift_idl  api.thrift;

    server {
        listen          127.0.0.1:%%PORT_binary%%;
        thrift_service  Api  { thrift_pass  binary; }
    }

    server {
        listen           127.0.0.1:%%PORT_compact%%;
        thrift_validate  off;
        thrift_service   Api  { thrift_pass  compact; }
    }

    server {
        listen          127.0.0.1:%%PORT_auto%%;
        thrift_service  Api  { thrift_pass  127.0.0.1:%%PORT_backend%%; }
    }

    server {
        listen          127.0.0.1:%%PORT_json%%;
        thrift_service  Api  { thrift_pass  text; }
    }

    server {
        listen                 127.0.0.1:%%PORT_drop%%;
        thrift_protocol        json;
        thrift_unknown_fields  drop;
        thrift_service  Api  { thrift_pass  same; }
    }

    server {
        listen                 127.0.0.1:%%PORT_refuse%%;
        thrift_unknown_fields  refuse;
        thrift_service  Api  { thrift_pass  same; }
    }

    server {
        listen          127.0.0.1:%%PORT_map%%;
        thrift_service  Api  { thrift_pass  $by_text; }
    }

    server {
        listen           127.0.0.1:%%PORT_mirror%%;
        thrift_service   Api  { thrift_pass  text;  thrift_mirror  compact; }
    }

    server {
        listen             127.0.0.1:%%PORT_limited%%;
        thrift_limit_rate  zone=texts burst=100 nodelay;
        thrift_service     Api  { thrift_return  INTERNAL_ERROR  "limited"; }
    }

    server {
        listen             127.0.0.1:%%PORT_notlimited%%;
        thrift_limit_rate  zone=texts burst=100 nodelay;
        thrift_validate    off;
        thrift_service     Api  { thrift_return  INTERNAL_ERROR  "limited"; }
    }

    server {
        listen             127.0.0.1:%%PORT_hurried%%;
        thrift_limit_rate  zone=texts burst=100 nodelay;
        thrift_timeout     1ms;
        thrift_service     Api  { thrift_return  INTERNAL_ERROR  "limited"; }
    }

    server {
        listen          127.0.0.1:%%PORT_watched%%;
        thrift_service  Api  { thrift_pass  watched; }
    }

    server {
        listen          127.0.0.1:%%PORT_asked%%;
        thrift_service  Api  { thrift_pass  asked; }
    }

    server {
        listen           127.0.0.1:%%PORT_undefined%%;
        thrift_validate  structure;
        thrift_pass      binary;
    }

    server {
        listen           127.0.0.1:%%PORT_probe%%;
        thrift_idl       %%TOP%%/t/data/handler/probe.thrift;
        thrift_service   Probe  { thrift_handler  %%TESTDIR%%/probe.so; }
    }
}

EOF

my $backend = $t->backend('backend', bodies => 1,
                          script => { '*' => { echo => 1 } });
my $second = $t->backend('second');

$t->server(text => sub { answer_frames($_[0], \&answer_text) });
$t->run();

my $null = JSON::PP::null();

to_other_protocols();
from_other_protocols();
byte_by_byte();
checked();
undeclared();
undefined();
arguments();
exceptions();
oneway();
mirrored();
watched();
handlers();
large();
limited();
malformed_replies();
hostile();

$t->done();


# --- JSON -------------------------------------------------------------------

# A call; the arguments are text.  Returns the socket.

sub start {
    my ($port, $method, $args, %o) = @_;

    my $c = $t->client($port, timeout => 10 * time_factor());
    my $bytes = qq([1,"$method",) . ($o{type} || 1) . ',' . ($o{seqid} // 1)
                . ",$args]";

    $bytes = frame($bytes) unless $o{unframed};
    $o{pieces} ? $c->send_pieces($bytes, $o{pieces}, 0) : $c->send($bytes);

    return $c;
}


sub finish {
    my ($c, %o) = @_;

    if (!$o{unframed}) {
        my $n = unpack('N', $c->read(4) || '');
        return defined $n ? $c->read($n) : 'nothing';
    }

    my $bytes = '';

    while (length(my $byte = $c->read(1))) {
        $bytes .= $byte;
        return $bytes if $byte eq ']' && eval { JSON::PP::decode_json($bytes) };
    }

    return $bytes || 'nothing';
}


sub text_call {
    my ($port, $method, $args, %o) = @_;

    return finish(start($port, $method, $args, %o), %o);
}


sub exception {
    my ($name, $type, $text) = @_;

    $text =~ s/"/\\"/g;

    return qq([1,"$name",3,1,{"1":{"str":"$text"},"2":{"i32":$type}}]);
}


# Frames of JSON are answered by what the method's text argument says, or with
# what the call was, the last one of which is kept.

sub answer_text {
    my ($frame) = @_;

    my ($method, $type, $seqid, $args)
        = $frame =~ /^\[1,"(.*?)",(\d),(-?\d+),(.*)\]\z/s
        or return undef;

    my $file = $t->dir() . '/text.log';
    open(my $log, '>', "$file.new.$$");
    print $log "$method $type $args";
    close($log);
    rename("$file.new.$$", $file) if $method ne 'nothing';

    return '' if $type == 4;

    my $reply = $method eq 'nothing' ? '{}' : $args =~ s/"1":/"0":/r;

    $reply = $1 if $args =~ /"2":\{"str":"reply (.*)"\}/s;
    $reply =~ s/\\(.)/$1/g if $args =~ /"str":"reply/;
    $type = $reply =~ s/^!// ? 3 : 2;

    return frame(qq([1,"$method",$type,$seqid,$reply]));
}


sub received {
    return $t->read_log('text.log');
}


# --- tests ------------------------------------------------------------------

# fields, and what they are in JSON

sub fields {
    return (
        [ [ 1, bool => 1 ], [ 2, i8 => -5 ], [ 3, i16 => -300 ],
          [ 4, i32 => -70000 ], [ 5, i64 => '-9007199254740993' ],
          [ 6, double => 0.1 ], [ 7, string => "a\"\\\n\x01\xc3\xa9" ],
          [ 8, string => "\xff\x00a" ],
          [ 9, uuid => pack('H*', '00112233445566778899aabbccddeeff') ],
          [ 10, i32 => 10 ],
          [ 11, list => [ string => 'a', '' ] ],
          [ 12, set => [ string => 'ab' ] ],
          [ 13, map => [ 'string', 'string', 'k', 'v' ] ],
          [ 14, map => [ 'i32', 'list', -7,
                         [ 'struct', [ [ 1, bool => 0 ] ], [ ] ] ] ],
          [ 15, struct => [ [ 16, struct => [ [ 2, string => 'n' ] ] ] ] ],
          [ 17, list => [ double => 9 ** 9 ** 9, -(9 ** 9 ** 9), 2 ] ] ],
        '{"1":{"tf":1},"2":{"i8":-5},"3":{"i16":-300},"4":{"i32":-70000},'
        . '"5":{"i64":-9007199254740993},"6":{"dbl":0.1},'
        . '"7":{"str":"a\\"\\\\\\n\\u0001' . "\xc3\xa9" . '"},'
        . '"8":{"str":"/wBh"},'
        . '"9":{"uid":"00112233-4455-6677-8899-aabbccddeeff"},'
        . '"10":{"i32":10},"11":{"lst":["str",2,"a",""]},'
        . '"12":{"set":["str",1,"YWI="]},'
        . '"13":{"map":["str","str",1,{"k":"dg=="}]},'
        . '"14":{"map":["i32","lst",1,{"-7":["rec",2,{"1":{"tf":0}},{}]}]},'
        . '"15":{"rec":{"16":{"rec":{"2":{"str":"n"}}}}},'
        . '"17":{"lst":["dbl",3,"Infinity","-Infinity",2]}}');
}


sub to_other_protocols {
    my ($fields, $json) = fields();
    my @args = ([ 1, struct => $fields ], [ 2, string => 'x' ]);

    $backend->script('*' => { body => [ [ 0, struct => $fields ] ] });

    for my $to (qw(binary compact)) {
        for my $unframed (0, 1) {
            is(text_call($to, 'Api:echo',
                         qq({"1":{"rec":$json},"2":{"str":"x"}}),
                         seqid => -9, unframed => $unframed),
               qq([1,"echo",2,-9,{"0":{"rec":$json}}]),
               "JSON to $to and back" . ($unframed ? ', unframed' : ''));

            my $call = ($backend->calls())[-1];

            is($call->{protocol}, $to, 'its protocol');
            is($call->{body}, encode_struct($to, @args), 'what the server got');
        }
    }

    $backend->script('*' => { echo => 1 });
}


sub from_other_protocols {
    my ($fields, $json) = fields();

    for my $from (qw(binary compact)) {
        for my $transport (qw(framed unframed)) {
            my $m = $t->client('json', protocol => $from,
                               transport => $transport)
                ->call('echo', [ [ 1, struct => $fields ],
                                 [ 2, string => '' ] ]);

            is(received(), qq(echo 1 {"1":{"rec":$json},"2":{"str":""}}),
               "$transport $from to JSON");
                ok(exists $m->{fields}{0}{6}, 'and back');
        }

        my $m = $t->client('json', protocol => $from)
            ->call('echo', [ [ 1, struct => $fields ] ], seqid => 77);

        is($m->{body}, encode_struct($from, [ 0, struct => $fields ]),
           "the same, in $from");
        is($m->{seqid}, 77, 'its seqid');
    }
}


# However it comes, and whatever is behind it.

sub byte_by_byte {
    my (undef, $json) = fields();
    my $args = qq({"1":{"rec":$json}});

    for my $to (qw(compact json)) {
        for my $unframed (0, 1) {
            is(text_call($to, 'echo', $args, pieces => 1,
                         unframed => $unframed),
               $to eq 'json' ? qq([1,"echo",2,1,{"0":{"rec":$json}}])
                             : exception('echo', 7, 'no'),
               "byte by byte, $to, " . ($unframed ? 'unframed' : 'framed'))
                if $to eq 'json' || do {
                    $backend->script('*' => { exception => [ 7, 'no' ] });
                    1;
                };
        }
    }

    $backend->script('*' => { echo => 1 });

    # two at once, without anything that tells where the first one ends

    my $c = $t->client('json');

    $c->send(qq([1,"echo",1,1,{"1":{"rec":{"4":{"i32":5}}}}])
             . qq([1,"echo",1,2,{"1":{"rec":{"4":{"i32":6}}}}]));

    is(join(' ', map { finish($c, unframed => 1) } 1, 2),
       '[1,"echo",2,1,{"0":{"rec":{"4":{"i32":5}}}}] '
       . '[1,"echo",2,2,{"0":{"rec":{"4":{"i32":6}}}}]', 'two unframed calls');

    # another protocol comes next

    $c->send(call_bytes('echo', 3, [ [ 1, struct => [ [ 4, i32 => 7 ] ] ] ],
                        protocol => 'binary', transport => 'framed'));
    my $m = $c->read_message();
    is($m->{fields}{0}{4}, 7, 'and one in binary');
}


sub checked {
    my $does_not = 'arguments do not fit their definition: ';

    for my $case (
        [ get => '{}', 'missing required field at id' ],
        [ get => '{"1":{"str":"5"}}', 'wrong type, i32 expected at id' ],
        [ echo => '{"1":{"rec":{"8":{"str":"!"}}}}',
          'bad base64 in JSON at box.raw' ],
        [ echo => '{"1":{"rec":{"12":{"set":["str",2,"YQ","YQ==="]}}}}',
          'bad base64 in JSON at box.raws[1]' ],
        [ echo => '{"1":{"rec":{"10":{"i32":2}}}}',
          'number that its enum does not have at box.color' ],
        [ echo => '{"1":{"rec":{"7":{"str":"' . "\xff" . '"}}}}',
          'string is not UTF-8 at box.text' ],
        [ echo => '{"1":{"rec":{"16":{"rec":{}}}}}', 'union' ],
        [ echo => '{"1":{"rec":{"16":{"rec":{"9":{"tf":1}}}}}}', 'union' ],
        [ echo => '{"1":{"rec":{"6":{"dbl":1e999}}}}',
          'number out of range in JSON at box.d' ],
    ) {
        my ($method, $args, $why) = @$case;
        my $n = $backend->calls();

        for my $port (qw(binary json)) {
            like(text_call($port, $method, $args),
                 qr/"$method",3,1,\{"1":\{"str":"\Q$does_not\E.*\Q$why\E/,
                 "$port: $why");
        }

        is($backend->calls(), $n, 'no server has it');
    }

    # what was not checked before is when it is translated

    like(text_call('compact', 'echo', '{"1":{"rec":{"8":{"str":"!"}}}}'),
         qr/"str":"call cannot be translated: bad base64 in JSON at box.raw"/,
         'base64 that is none');
    like(text_call('compact', 'echo', '{"1": {}}'),
         qr/"str":"call cannot be translated: unexpected character in JSON"/,
         'JSON that is none');
    like(text_call('compact', 'echo', '{}') , qr/"echo",2,1/,
         'others are answered');

    # binary for JSON

    my $m = $t->client('json')->call('echo',
                                     [ [ 1, struct => [ [ 7, string => "\xff" ]
                                                      ] ] ]);
    like(answer($m), qr/^7 .*not UTF-8/, 'text that is not UTF-8');
}


sub undeclared {
    my $args = '{"1":{"rec":{"4":{"i32":1},"99":{"str":"YQ"}}},'
               . '"98":{"map":["str","rec",1,{"a":{"1":{"tf":1}}}]}}';
    my $rest = '{"1":{"rec":{"4":{"i32":1}}}}';

    is(text_call('json', 'echo', $args),
       '[1,"echo",2,1,' . ($args =~ s/"1":/"0":/r) . ']', 'passed as it came');
    is(received(), "echo 1 $args", 'to a server that speaks JSON');

    text_call('binary', 'echo', $args);
    is(($backend->calls())[-1]{body},
       encode_struct('binary', [ 1, struct => [ [ 4, i32 => 1 ] ] ]),
       'left out for others');

    # nobody has said that it speaks JSON

    text_call('auto', 'echo', $args);
    is(($backend->calls())[-1]{protocol}, 'binary', 'in binary to others');

    text_call('drop', 'echo', $args);
    is(received(), "echo 1 $rest", 'dropped');

    like(text_call('refuse', 'echo', $args),
         qr/"str":"arguments do not .* undeclared field at box.99"/, 'refused');

    $t->client('json')->call('echo', [ [ 1, struct => [ [ 4, i32 => 1 ],
                                                        [ 99, i32 => 5 ] ] ],
                                       [ 98, string => 'x' ] ]);
    is(received(), "echo 1 $rest", 'left out of binary, too');

    my $large = 'x' x 500000;

    text_call('drop', 'echo', '{"2":{"str":"' . $large
                              . '"},"99":{"str":"' . $large . '"}}');
    is(received(), 'echo 1 {"2":{"str":"' . $large . '"}}',
       'dropped of a large one');
}


sub undefined {
    like(text_call('undefined', 'other', '{"1":{"i32":1}}'),
         qr/"str":"call cannot be translated: there is no definition of it"/,
         'no definition');
    like(text_call('binary', 'nosuch', '{}'),
         qr/"nosuch",3,1,.*"2":\{"i32":1\}/, 'no such method');
}


sub arguments {
    $backend->script('*' => { body => [ [ 0, struct => [ ] ] ] });
    $second->script('*' => { echo => 1 });

    my $n = $second->calls();

    is(text_call('json', 'echo', '{"1":{"rec":{}},"2":{"str":"t\\u00e9\\/x"},'
                                 . '"3":{"str":"YmluYXJ5"}}'),
       '[1,"echo",2,1,{"0":{"rec":{}},"2":{"str":"t\\u00e9\\/x"},'
       . '"3":{"str":"YmluYXJ5"}}]',
       'a call with arguments');
    ok($t->wait_log(qr/^echo\|json\|\w+\|t\xc3\xa9\/x\|binary\|/m,
                    'calls.log'), 'they are logged');

    # "second" is where the map says; it speaks binary, and gets JSON

    text_call('map', 'echo', '{"2":{"str":"other"}}', seqid => 5);
    is($second->calls(), $n, 'routed by an argument');

    $backend->script('*' => { echo => 1 });
}


sub exceptions {
    $backend->script('*' => { exception => [ 6, "on \"purpose\"\n" ] });

    for my $to (qw(binary compact)) {
        is(text_call($to, 'echo', '{}'),
           '[1,"echo",3,1,{"1":{"str":"on \\"purpose\\"\\n"},'
           . '"2":{"i32":6}}]', "an exception of a server that speaks $to");
    }

    $backend->script('*' => { body => [ [ 1, struct => [ [ 1, i32 => 5 ],
                                                        [ 2, string => 'n' ]
                                                      ] ] ] });

    is(text_call('binary', 'echo', '{}'),
       '[1,"echo",2,1,{"1":{"rec":{"1":{"i32":5},"2":{"str":"n"}}}}]',
       'a declared one');
    ok($t->wait_log(qr/^echo\|json\|DECLARED\S*\|.*\|Refused$/mi, 'calls.log'),
       'is logged as that') or diag($t->read_log('calls.log'));

    $backend->script('*' => { echo => 1 });

    for my $from (qw(binary compact)) {
        my $c = $t->client('json', protocol => $from);

        is(answer($c->call('echo', [ [ 2, string => 'reply '
                 . '!{"1":{"str":"wh\\u00e9n"},"2":{"i32":6}}' ] ])),
           "6 wh\xc3\xa9n", "an exception in JSON, to $from");

        my $m = $c->call('echo', [ [ 2, string => 'reply '
                 . '{"1":{"rec":{"1":{"i32":7}}}}' ] ]);
        is($m->{fields}{1}{1}, 7, 'a declared one');
    }
}


sub oneway {
    my $n = $backend->calls();

    my $c = start('binary', 'tell', '{"1":{"str":"x"}}', type => 4);

    ok(wait_for(sub { $backend->calls() > $n }), 'oneway');
    is(($backend->calls())[-1]{type}, 4, 'is one for the server');
    $c->close();

    $t->client('json')->oneway('tell', [ [ 1, string => 'y' ] ]);

    ok(wait_for(sub { received() eq 'tell 4 {"1":{"str":"y"}}' }),
       'oneway in JSON');
}


sub mirrored {
    my $n = $backend->calls();

    text_call('mirror', 'echo', '{"1":{"rec":{}},"2":{"str":"m"}}');

    ok(wait_for(sub { $backend->calls() > $n }), 'mirrored');
    is(($backend->calls())[-1]{body},
       encode_struct('compact', [ 1, struct => [] ], [ 2, string => 'm' ]),
       'in compact');
}


sub watched {
    like(text_call('watched', 'echo', '{"1":{"rec":{}}}'), qr/"echo",2,1/,
         'a server that is checked in JSON');
    elapse(0.5);
    like(text_call('asked', 'echo', '{"1":{"rec":{}}}', unframed => 1),
         qr/"echo",2,1/, 'a server that is asked for its transport');
    like(text_call('watched', 'echo', '{"1":{"rec":{}}}'), qr/"echo",2,1/, 'passes');
}


sub handlers {
    my $outer = '{"1":{"str":"a"},"2":{"tf":1},"7":{"str":"/wA="},'
                . '"8":{"i32":2},"9":{"rec":{"1":{"str":"in"}}},'
                . '"11":{"set":["i32",2,1,2]},"15":{"uid":'
                . '"00112233-4455-6677-8899-aabbccddeeff"}}';

    my $m = JSON::PP::decode_json(text_call('probe', 'outer',
                                            qq({"1":{"rec":$outer}})));
    my $got = $m->[4]{0}{rec};
    my $want = JSON::PP::decode_json($outer);

    is_deeply({ map { $_ => $got->{$_} } keys %$want }, $want, 'a handler');

    is(text_call('probe', 'echo', '{"1":{"str":"\\u00e9"}}', unframed => 1),
       "[1,\"echo\",2,1,{\"0\":{\"str\":\"\xc3\xa9\"}}]", 'echoes text');
    is(text_call('probe', 'nothing', '{}'), '[1,"nothing",2,1,{}]', 'void');
    like(text_call('probe', 'outer', '{"1":{"rec":{}}}'),
         qr/"outer",3,1,.*missing required field at outer.id/,
         'is called with good arguments only');
    is(text_call('probe', 'echo', '{"1":{"str":"' . 'x' x 300000 . '"}}'),
       '[1,"echo",2,1,{"0":{"str":"' . 'x' x 300000 . '"}}]', 'large text');
    is(text_call('probe', 'echo', '{"1":{"str":"deny"}}') =~ /"echo",2,1,\{"1"/,
       1, 'a declared exception');
    like(text_call('probe', 'echo', '{"1":{"str":"fail"}}'),
         qr/"echo",3,1,\{"1":\{"str":"failed: fail"/, 'another one');

    # its own calls, to itself

    like(text_call('probe', 'ask', '{"1":{"str":"probe"},"2":{"str":"hi"},'
                                   . '"3":{"i32":1}}'),
         qr/"ask",2,1,\{.*"str":"hi"/, 'calls a server that speaks JSON');
}


# More than is read in one turn.

# A large call whose arguments a limit asks for holds up nobody meanwhile.

sub limited {
    my $args = '{"1":{"rec":{"7":{"str":"' . '\\u0001' x 300_000
               . '"}}},"2":{"str":"x"}}';
    my $wrong = substr($args, 0, -1) . ',"3":{"str":"?"}}';

    for (map { my $port = $_; map { [ $port, $_ ] } $args, $wrong }
             qw(limited notlimited))
    {
        my ($port, $sent) = @$_;
        my $refused = $port eq 'limited' && $sent eq $wrong;
        my $bytes = frame(qq([1,"echo",1,1,$sent]));
        my $c = $t->client($port, timeout => 10 * time_factor());
        my $other = $t->client('limited');

        $other->call('nothing');
        wait_for(sub { (calls_logged())[-1] eq 'nothing' });

        my $calls = calls_logged();

        $c->send(substr($bytes, 0, -1), 10 * time_factor());
        elapse(0.2 * time_factor());

        # both find the worker at the same time, the large call first

        kill('STOP', $t->workers());
        $c->send(substr($bytes, -1));
        elapse(0.05 * time_factor());
        $other->start('nothing');
        elapse(0.05 * time_factor());
        kill('CONT', $t->workers());

        $other->read_message();

        like(finish($c), $refused ? qr/"echo",3,1,.*JSON/
                                  : qr/"echo",3,1,\{"1":\{"str":"limited"/,
             "large, $port: is answered");

        # in which order the worker answered, whoever reads first

        wait_for(sub { calls_logged() >= $calls + 2 });

        my @calls = calls_logged();

        is("@calls[$calls .. $#calls]", 'nothing echo',
           'and before it another client');
    }

    like(text_call('hurried', 'echo', $args),
         qr/"echo",3,1,\{"1":\{"str":"timed out after 1ms reading arguments"/,
         'out of time');

    my $c = start('limited', 'echo', $args);
    $c->close();
    is(text_call('binary', 'nothing', '{}'), '[1,"nothing",2,1,{}]',
       'a client that leaves');
}


# The methods of calls, as they ended.

sub calls_logged {
    return map { /^(\w+)/ ? $1 : '' } $t->grep_log(qr/^\w/, 'calls.log');
}


sub large {
    my $texts = join(',', map { qq("text \\u00e9 $_") } 1 .. 20000);
    my $plain = $texts =~ s/\\u00e9/\xc3\xa9/gr;

    for my $to (qw(binary compact)) {
        $backend->script('*' => { body => [ [ 0, struct => [ [ 11, list =>
            [ string => map { "text \xc3\xa9 $_" } 1 .. 20000 ] ] ] ] ] });

        is(text_call($to, 'echo',
                     qq({"1":{"rec":{"11":{"lst":["str",20000,$texts]}}}})),
           qq([1,"echo",2,1,{"0":{"rec":{"11":{"lst":["str",20000,$plain]}}}}]),
           "large, to $to and back");

        my $call = ($backend->calls())[-1];

        is($call->{body}, encode_struct($to, [ 1, struct => [ [ 11, list =>
               [ string => map { "text \xc3\xa9 $_" } 1 .. 20000 ] ] ] ]),
           'what the server got');
    }

    $backend->script('*' => { echo => 1 });

    for my $from (qw(binary compact)) {
        my $m = $t->client('json', protocol => $from,
                           timeout => 10 * time_factor())
            ->call('echo', [ [ 1, struct => [ [ 11, list =>
                   [ string => map { "text \xc3\xa9 $_" } 1 .. 20000 ] ],
                   [ 8, string => "\xff" x 200000 ] ] ] ]);

        is($m->{body}, encode_struct($from, [ 0, struct => [ [ 11, list =>
               [ string => map { "text \xc3\xa9 $_" } 1 .. 20000 ] ],
               [ 8, string => "\xff" x 200000 ] ] ]),
           "large, $from to JSON and back");
    }

    is(text_call('json', 'echo', '{"1":{"rec":{"7":{"str":"'
                                 . 'y' x 1000000 . '"}}}}'),
       '[1,"echo",2,1,{"0":{"rec":{"7":{"str":"' . 'y' x 1000000 . '"}}}}]',
       'large, JSON to JSON');

    # of a megabyte become six

    like(answer($t->client('json', timeout => 10 * time_factor())
                  ->call('echo', [ [ 2, string => "\x01" x 1000000 ] ])),
         qr/^7 call cannot be translated: message larger than allowed \(thrift_max_message_size allows /,
         'too large in JSON');

    # a double has two bytes, or eight

    like(text_call('binary', 'echo',
                   '{"1":{"rec":{"17":{"lst":["dbl",500000'
                   . ',1' x 500000 . ']}}}}'),
         qr/"echo",3,1,\{"1":\{"str":".*message larger than allowed"/,
         'too large in binary');
}


# It is the server's fault, or that of its definition: the client is told.

sub malformed_replies {
    for my $from (qw(binary compact)) {
        for my $case ([ '{"0": {}}', qr/^6 upstream sent a malformed reply/ ],
                      [ '{"0":{"i32":1}}',
                        qr/^6 upstream sent a reply that does not fit/ ],
                      [ '{"0":{"rec":{"8":{"str":"!"}}}}',
                        qr/^6 upstream sent a malformed reply: bad base64/ ],
                      [ '{"0":{"rec":{}}}', qr/HASH/ ])
        {
            $t->expect_log(qr/\[error\].*upstream sent (malformed )?reply/)
                if $case->[1] !~ /HASH/;

            like(answer($t->client('json', protocol => $from)
                          ->call('echo', [ [ 2, string => "reply $case->[0]" ]
                                         ])),
                 $case->[1], "$from: reply $case->[0]");
        }
    }

    for my $case ([ '{"0": {}}', qr/"echo",3,1,.*sent a malformed reply/ ],
                  [ '{"0":{"i32":1}}', qr/"echo",3,1,.*does not fit/ ],
                  [ '{"0":{"rec":{"8":{"str":"!"}}}}',
                    qr/"echo",3,1,.*does not fit.*bad base64/ ])
    {
        my ($reply, $like) = @$case;

        $reply =~ s/"/\\\\"/g;
        $reply =~ s/\\\\"/\\"/g;

        like(text_call('json', 'echo', qq({"2":{"str":"reply $reply"}})),
             $like, "json: reply $case->[0]");
    }
}


# None of it takes long, or much memory; and others are answered.

sub hostile {
    my $rss = rss();
    my $start = time();

    my %bytes = (
        'nesting' => '{"1":{"rec":' . '{"15":{"rec":' x 100000,
        'lists' => '{"1":{"lst":' . '["lst",1,' x 100000,
        'blanks' => ' ' x 1500000,
        'blanks in it' => '{"1":' . ' ' x 1500000,
        'digits' => '{"1":{"i32":' . '1' x 1500000,
        'digits of an id' => '{"' . '1' x 1500000,
        'digits of a double' => '{"1":{"rec":{"6":{"dbl":1' . '1' x 1500000
                                . '}}}}',
        'zeros of a double' => '{"1":{"rec":{"6":{"dbl":0.' . '0' x 1500000
                                . '}}}}',
        'a size' => '{"1":{"lst":["i64",2147483647,1',
        'a larger size' => '{"1":{"lst":["i64",99999999999999999999,1',
        'escapes' => '{"2":{"str":"' . '\\u0000' x 200000 . '\\x',
        'surrogates' => '{"2":{"str":"' . '\\ud800' x 200000,
        'a name' => 'x' x 1500000,
        'types' => '{"1":{"' . 'rec' x 500000,
    );

    for my $port (qw(binary compact json)) {
        for (sort keys %bytes) {
            my $c = start($port, 'echo', $bytes{$_});
            like(finish($c), qr/^\[1,"echo",3,1,\{"1":\{"str":/,
                 "$port: $_");
            $c->close();

            # without a frame there is nothing to go on with

            $c = $t->client($port);
            $c->send(qq([1,"echo",1,1,$bytes{$_}));
            elapse(0.01);
            $c->close();
        }
    }

    $t->client('binary')->send('[1,"' . 'x' x 1000000);

    # a double of that many digits is JSON all the same

    cmp_ok(time() - $start, '<', 30 * time_factor(), 'it did not take long');

  SKIP: {
        skip 'sanitizers keep what was freed', 1 if Test::Thrift::sanitizer();
        cmp_ok(rss() - $rss, '<', 40 * 1024, 'nor much memory')
    }

    is(text_call('binary', 'nothing', '{}'), '[1,"nothing",2,1,{}]',
       'others are answered');
}


# kB

sub rss {
    my ($pid) = $t->workers();

    open(my $status, '<', "/proc/$pid/status") or return 0;

    my ($kb) = map { /^VmRSS:\s+(\d+)/ ? $1 : () } <$status>;

    return $kb;
}
