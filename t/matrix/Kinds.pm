# SPDX-License-Identifier: BSD-2-Clause

package Kinds;

# What a hostile or misconfigured client may send, one row for each kind:
#
#     [ name, sub { one round of it }, options ]
#
# A round is given the Hostile, whose dialect is that of the stage, and takes
# its time: a second at most.  $h->{round} counts, for what comes in many forms.
#
# only       dialects: framed, buffered, binary or compact
# servers    of which it can be said
# lost       what other clients lose by it where thrift_trusted is on, and
#            nothing is known of the calls; lost_in names another setting
# stateful   it leaves a state with a connection

use strict;
use warnings;

use Exporter qw(import);
use Time::HiRes qw(sleep);

use Hostile;
use Test::Thrift;
use Test::Thrift::Bytes;

our @EXPORT = qw(kinds);

use constant LIMIT => 1024 * 1024;          # thrift_max_message_size

my $READ   = 'calls: a server reads a part of the body as another call';
my $ANSWER = 'a call: a reply that nobody asked for is met by the next one';


# --- bodies that servers read otherwise --------------------------------------

my @BODIES = (
    [ 'list of longer elements', \&longer_elements, lost => $READ ],
    [ 'list of longer elements, a call that goes on', \&swallows,
      lost => $READ ],
    [ 'list of shorter elements', \&shorter_elements, lost => $READ ],
    [ 'list of other elements', \&other_elements, lost => $READ ],
    [ 'map of other keys and values', \&other_map, lost => $READ ],
    [ 'field of another type', \&other_field, lost => $READ ],
    [ 'undeclared uuid', \&uuid, lost => $READ ],
    [ 'undeclared uuid, a call in it', \&uuid_call, lost => $READ ],
    [ 'uuid in containers', \&uuid_inside, lost => $READ ],
    [ 'empty list of no type', \&empty_list, lost => $READ ],
    [ 'empty list of no type, a call behind', \&empty_list_call,
      lost => $READ, only => 'compact' ],
    [ 'empty map of no type', \&empty_map, lost => $READ,
      only => 'binary' ],
    [ 'unknown enum number', \&enum, lost => $READ ],
    [ 'unknown enum number, a call behind', \&enum_call, lost => $READ,
      only => 'compact' ],
    [ 'without a required field', \&not_required, lost => $READ ],
    [ 'without a required field, a call behind', \&not_required_call,
      lost => $READ, only => 'compact' ],
    [ 'a call in the arguments of a method that the server does not have', sub {
        my $h = shift;
        $h->call('fresh', call_as_fields($h)) },
      lost => $READ, only => 'compact' ],
    [ 'unknown fields of the arguments', \&unknown_fields, lost => $READ ],
    [ 'unknown fields in structs', \&unknown_inside, lost => $READ ],
    [ 'unknown lists of every type', \&unknown_lists, lost => $READ ],
    [ 'unknown maps of every type', \&unknown_maps, lost => $READ ],
    [ 'text that is not UTF-8', sub {
        shift->call('echoString', [ [ 1, string => "\xff\xfe\xc0" ] ]) },
      lost => $READ ],
    [ 'bool of any byte', \&any_bool, lost => $READ ],
    [ 'padded varints', \&padded, only => 'compact', lost => $READ ],
    [ 'field ids twice and descending', sub {
        my $h = shift;
        my $p = $h->{protocol};
        $h->call('echoString', field(1, 'string', undef, $p)
            . field(-5, 'i64', undef, $p) . field(1, 'string', undef, $p)
            . "\0") } ],
    [ 'fields of no type', \&no_type, lost => $READ ],
    [ 'bytes behind the arguments', sub {
        my $h = shift;
        $h->call('echoString', encode_struct($h->{protocol},
                                             [ 1, string => 'x' ])
                 . hidden("smuggled $h->{tag}", $h->{protocol})) },
      only => 'framed' ],
    [ 'arguments without an end', sub {
        my $h = shift;
        $h->call('echoString', field(1, 'string', undef, $h->{protocol})) } ],
    [ 'structs of depth 63', sub { deep(shift, 62) } ],
    [ 'structs of depth 1000', sub { deep(shift, 1000) } ],
    [ 'a list that says it is long', sub {
        my $h = shift;
        my $p = $h->{protocol};
        $h->call('echoList', field(1, 'list', list_of('i32', 0x7fffffff, 'xx',
                                                      $p), $p) . "\0") } ],
    [ 'a string that says it is long', sub {
        my $h = shift;
        my $size = $h->compact() ? "\xff\xff\xff\xff\7" : "\x7f\xff\xff\xff";
        $h->call('echoString', field(1, 'string', "${size}x", $h->{protocol})
                               . "\0") } ],
);


# Where the walk sees n * 8 bytes of doubles, a server reads n integers.

sub longer_elements {
    my ($h) = @_;

    longer($h, "\0" . hidden("smuggled $h->{tag}", $h->{protocol}));
}


# The text of the hidden call is what comes next.

sub swallows {
    my ($h) = @_;

    my $text = "smuggled $h->{tag} ";

    longer($h, "\0" . substr(hidden($text . 'x' x 40, $h->{protocol}), 0, -41));
}


sub longer {
    my ($h, $call) = @_;

    my $p = $h->{protocol};
    my $type = $h->compact() ? 'double' : 'i64';
    my $part = $h->compact() ? 7 : 4;

    $call .= "\0" while length($call) % $part;

    my $n = length($call) / $part;
    my $read = ($h->compact() ? "\2" : "\0\0\0\1") x $n;

    $h->call('echoList', field(1, 'list', list_of($type, $n, $read . $call,
                                                  $p), $p) . "\0");
}


# The server waits for more, and takes it from what comes next.

sub shorter_elements {
    my ($h) = @_;

    my $p = $h->{protocol};
    my $list = $h->compact() ? list_of('byte', 20, "\x80" x 20, $p)
                             : list_of('byte', 60, "\1" x 60, $p);

    $h->call('echoList', field(1, 'list', $list, $p) . "\0");
}


sub other_elements {
    my ($h) = @_;

    my $p = $h->{protocol};
    my @types = types();
    my $type = $types[$h->{round} % @types];

    $h->call('echoList', field(1, 'list', list_of($type, 3,
                               value($type, $p) x 3, $p), $p) . "\0");
}


sub other_map {
    my ($h) = @_;

    my @types = qw(bool byte i16 i32 i64 double string);
    my %value = (bool => 1, string => 'abcdefgh');
    my ($k, $v) = ($types[$h->{round} % 7],
                   $types[int($h->{round} / 7) % 7]);

    $h->call('echoMap', [ [ 1, map => [ $k, $v, map {
        ($value{$k} || 7, $value{$v} || 7) } 1 .. 5 ] ] ]);
}


sub other_field {
    my ($h) = @_;

    my @types = types();
    my $type = $types[$h->{round} % @types];
    my @methods = qw(echoString echoList echoAll echoMap);
    my $method = $methods[int($h->{round} / @types) % @methods];

    $h->call($method, field(1, $type, undef, $h->{protocol}) . "\0");
}


# To a library that does not know the type it is nothing: its bytes are read as
# fields, and the first one ends the arguments.

sub uuid {
    my ($h) = @_;

    my $p = $h->{protocol};
    my $call = "\0" . hidden("smuggled $h->{tag}", $p);

    $h->call('echoString',
             field(1, 'string', undef, $p)
             . field(99, 'uuid', field(101, 'string', sized(16, $p), $p)
                                 . '.' x (16 - length field(101, 'string',
                                                            sized(16, $p),
                                                            $p)), $p)
             . field(100, 'string', sized(length $call, $p) . $call, $p)
             . "\0");
}


sub sized {
    my ($n, $protocol) = @_;

    return $protocol eq 'compact' ? Test::Thrift::Bytes::varint($n)
                                  : pack('N', $n);
}


# A server that reads on where it met an error finds a whole call there.

sub uuid_call {
    my ($h) = @_;

    my $p = $h->{protocol};
    my $text = "smuggled $h->{tag}";

    if ($h->compact()) {
        my $string = "\x18" . chr(length $text) . $text;

        $h->call('echoString', "\x1d\x82\x21\x03\x0aechoString\x18"
                               . chr(length $string) . $string . "\0");
        return;
    }

    $h->call('nothing', pack('C n N N/a a4 C n N/a C', 16, 99, 0x80010001,
                             'tell', 'xxxx', 11, 1, $text, 0));
}


sub uuid_inside {
    my ($h) = @_;

    my $p = $h->{protocol};
    my $u = "\0" . 'u' x 15;
    my @values = (
        [ list => list_of('uuid', 2, $u x 2, $p) ],
        [ set => list_of('uuid', 2, $u x 2, $p) ],
        [ struct => field(1, 'uuid', $u, $p) . "\0" ],
        [ map => $h->compact() ? "\1\xd3${u}x"
                               : pack('C C N a*', 16, 3, 1, "${u}x") ],
    );

    my $value = $values[$h->{round} % @values];

    $h->call('echoString', field(1, 'string', undef, $p)
                           . field(900, @$value, $p) . "\0");
}


my @NONE = (0, 1, 5, 7, 9, 14, 15, 17, 64, 255);

sub empty_list {
    my ($h) = @_;

    my $p = $h->{protocol};
    my $type = $NONE[$h->{round} % @NONE] & ($h->compact() ? 15 : 255);
    my $id = $h->{round} % 2 ? 1 : 900;

    $h->call('echoList', field($id, $h->{round} % 3 ? 'list' : 'set',
                               list_of($type, 0, '', $p), $p) . "\0");
}


# Bool, bool and two strings to the walk; a call with one argument to a server
# that reads on behind the type that is none.

sub call_as_fields {
    my ($h) = @_;

    my $text = "smuggled $h->{tag}";

    return "\x82\x21\x18\x0aechoString\x18" . chr(length $text) . $text . "\0";
}


sub empty_list_call {
    my ($h) = @_;

    $h->call('nothing', "\x19\x0e" . call_as_fields($h));
}


sub empty_map {
    my ($h) = @_;

    my ($k, $v) = @NONE[$h->{round} % @NONE, int($h->{round} / 3) % @NONE];

    $h->call('echoMap', field($h->{round} % 2 ? 1 : 900, 'map',
                              pack('C C N', $k, $v, 0), 'binary') . "\0");
}


sub enum {
    my ($h) = @_;

    my $p = $h->{protocol};
    my @numbers = (0, 2, 7, -1, 2 ** 31 - 1);

    $h->call('echoAll', [ [ 1, struct => [
        [ 9, i32 => $numbers[$h->{round} % @numbers] ] ] ] ]);
}


sub enum_call {
    my ($h) = @_;

    $h->call('echoAll', "\x1c" . encode_struct('compact', [ 9, i32 => 7 ])
                        . call_as_fields($h));
}


sub not_required {
    my ($h) = @_;

    $h->call('echoAll', [ [ 1, struct => [ [ 10, struct => [
        [ 2, string => 'no id' ] ] ] ] ] ]);
}


sub not_required_call {
    my ($h) = @_;

    $h->call('echoAll', "\x1c" . "\xac\0" . call_as_fields($h) . "\0");
}


sub unknown_fields {
    my ($h) = @_;

    my @types = types();
    my $p = $h->{protocol};

    $h->call('echoString', field(1, 'string', undef, $p)
             . field(900, $types[$h->{round} % @types], undef, $p) . "\0");
}


sub unknown_inside {
    my ($h) = @_;

    my @types = types();
    my $p = $h->{protocol};
    my $unknown = field(900, $types[$h->{round} % @types], undef, $p);
    my $inner = field(1, 'i32', undef, $p) . $unknown . "\0";

    $h->call('echoAll', field(1, 'struct', field(10, 'struct', $inner, $p)
                                           . $unknown . "\0", $p) . "\0");
}


sub unknown_lists {
    my ($h) = @_;

    my @types = types();
    my $p = $h->{protocol};
    my $type = $types[$h->{round} % @types];

    $h->call('echoString', field(1, 'string', undef, $p)
             . field(900, $h->{round} % 2 ? 'list' : 'set',
                     list_of($type, 3, value($type, $p) x 3, $p), $p)
             . "\0");
}


sub unknown_maps {
    my ($h) = @_;

    my @types = qw(bool byte i16 i32 i64 double string);
    my ($k, $v) = ($types[$h->{round} % 7], $types[$h->{round} / 7 % 7]);

    $h->call('echoString', [ [ 1, string => 'x' ],
                           [ 900, map => [ $k, $v, 1, 1, 2, 2 ] ] ]);
}


sub any_bool {
    my ($h) = @_;

    my @bytes = (0, 2, 3, 7, 128, 255);
    my $byte = chr($bytes[$h->{round} % @bytes]);
    my $p = $h->{protocol};

    $h->call('echoAll', field(1, 'struct',
        ($h->compact() ? '' : field(1, 'bool', $byte, $p))
        . field(16, 'list', list_of('bool', 2, $byte x 2, $p), $p) . "\0",
        $p) . "\0");
}


sub padded {
    my ($h) = @_;

    my @bodies = ("\x19\x25\x82\0\x84\x80\0\0", "\x19\xf5\x82\x80\0\2\4\0",
                  "\x18\x81\x80\x80\0x\0", "\x18\xff\xff\xff\xff\x0f\0",
                  "\x19\x15\xff\xff\xff\xff\x7f\0");

    $h->call($h->{round} % 5 < 2 || $h->{round} % 5 == 4 ? 'echoList'
                                                         : 'echoString',
             $bodies[$h->{round} % @bodies]);
}


sub no_type {
    my ($h) = @_;

    my @none = $h->compact() ? (14, 15) : (1, 5, 7, 9, 17, 64, 127, 128, 255);

    $h->call('echoString', field($h->{round} % 2 ? 1 : 900,
                                 $none[$h->{round} % @none], 'x' x 16,
                                 $h->{protocol}) . "\0");
}


sub deep {
    my ($h, $n) = @_;

    my $p = $h->{protocol};

    $h->call('echoString', field(900, 'struct', '', $p)
                           . field(1, 'struct', '', $p) x ($n - 1)
                           . "\0" x ($n + 1));
}


# --- oneway ---------------------------------------------------------------

my @ONEWAYS = (
    [ 'oneway', sub { shift->oneway('tell', [ [ 1, string => 'x' ] ]) } ],
    [ 'oneway that sleeps', sub {
        my $h = shift;
        $h->oneway('tell', [ [ 1, string => 'sleep 200' ] ]);
        sleep(0.2) } ],
    [ 'oneway that throws', sub {
        shift->oneway('tell', [ [ 1, string => 'raise' ] ]) } ],
    [ 'oneway of wrong types', sub {
        my $h = shift;
        $h->oneway('tell', field(1, 'double', "\0\0\0\x40abcd",
                                 $h->{protocol}) . "\0") } ],
    [ 'oneway without its text', sub { shift->oneway('tell', []) } ],
    [ 'oneway, not UTF-8', sub {
        shift->oneway('tell', [ [ 1, string => "\xff\xfe" ] ]) } ],
    [ 'oneway to a method that answers', sub {
        shift->oneway('echoString', [ [ 1, string => 'x' ] ]) },
      lost => $ANSWER ],
    [ 'oneway to a method that fails', sub { shift->oneway('fail', []) },
      lost => $ANSWER ],
    [ 'oneway to an unknown method', sub { shift->oneway('nope', []) },
      lost => $ANSWER ],
    [ 'oneway and a call behind', sub {
        my $h = shift;
        $h->talk($h->message(ONEWAY, 'tell', [ [ 1, string => 'sleep 50' ] ])
                 . $h->message(CALL, 'echoString', [ [ 1, string => 'x' ] ]))
      } ],
    [ 'oneway that is asked as a call', sub {
        shift->call('tell', [ [ 1, string => 'x' ] ], wait => 0.3) } ],
    [ 'oneways in a row, then reset', sub {
        my $h = shift;
        my $c = $h->open();
        $c->send($h->message(ONEWAY, 'tell', [ [ 1, string => 'x' ] ]) x 8);
        $c->reset();
        sleep(0.02) } ],
);


# --- names and heads ------------------------------------------------------

my %of_i32 = (fresh => 1, 'Other:twice' => 1);

my @HEADS = (
    (map {
        my ($name, $method) = @$_;
        [ $name, sub { shift->call($method, [ [ 1, $of_i32{$method} ? (i32 => 1)
                                                    : (string => 'x') ] ])
        } ];
    } [ 'unknown method', 'nope' ],
      [ 'unknown service', 'Nope:echoString' ],
      [ 'unknown method of a service', 'Peer:nope' ],
      [ 'method of another service', 'Other:echoString' ],
      [ 'empty name', '' ],
      [ 'empty service', ':echoString' ],
      [ 'empty method', 'Peer:' ],
      [ 'two colons', 'Peer::echoString' ],
      [ 'three parts', 'Peer:Peer:echoString' ],
      [ 'colon alone', ':' ],
      [ 'method that the server does not have', 'fresh' ],
      [ 'service that the server does not have', 'Newer:echoString' ],
      [ 'other service of the server', 'Other:twice' ],
      [ 'name of control characters', "a\0b\r\n\e[1m" ],
      [ 'name that is not UTF-8', "\xff\xfe\xc0" ],
      [ 'name of 200 bytes', 'n' x 200 ],
      [ 'name of 100,000 bytes', 'n' x 100000 ]),
    [ 'name that says it is long', sub {
        my $h = shift;
        my $head = $h->compact() ? "\x82\x21\1\xff\xff\xff\xff\7"
                                 : pack('N N', 0x80010001, 0x7fffffff);
        $h->talk(framed($h, $head . 'x' x 100)) } ],
    (map {
        my $type = $_;
        [ "message of type $type", sub {
            shift->call('echoString', [ [ 1, string => 'x' ] ],
                        type => $type) } ];
    } 0, 2, 3, 5, 7),
    [ 'message of another version', sub {
        my $h = shift;
        my $m = $h->message(CALL, 'echoString', [ [ 1, string => 'x' ] ],
                            transport => 'unframed');
        substr($m, 1, 1) = "\x22";
        $h->talk(framed($h, $m)) } ],
    [ 'head with odd bits', sub {
        my $h = shift;
        my $m = $h->message(CALL, 'echoString', [ [ 1, string => 'x' ] ],
                            transport => 'unframed');
        my @odd = $h->compact()
            ? ("\x82\x21\xff\xff\xff\xff\x7f\x0a", "\x82\x21\x87\0\x8a\0",
               "\x82\x21\7\x8a\x80\x80\x80\0")
            : ("\x80\1\xff\1", "\x80\1\0\x81", "\x80\1\x80\1");
        substr($m, 0, 4, $odd[$h->{round} % 3]);
        $h->talk(framed($h, $m)) } ],
    [ 'seqid -1 and its like', sub {
        my $h = shift;
        my @seqids = (-1, 0, 2 ** 31 - 1, -2 ** 31);
        $h->call('echoString', [ [ 1, string => 'x' ] ],
                 seqid => $seqids[$h->{round} % 4]) } ],
);


sub framed {
    my ($h, $bytes) = @_;

    return $h->{transport} eq 'framed' ? frame($bytes) : $bytes;
}


# --- dialects ---------------------------------------------------------------

sub in_dialect {
    my ($type, $name, $body, $turn) = @_;

    return sub {
        my $h = shift;

        my %o = $turn->($h);
        my $c = $h->open(%o);

        $c->send(encode_message($type, $name, 7, $body, %o));
        eval { $c->read_message($type == ONEWAY ? 0.02 : 0.3) };
        $c->close();
    };
}


sub other_transport {
    my $h = shift;

    return (transport => $h->{transport} eq 'framed' ? 'unframed' : 'framed',
            protocol => $h->{protocol});
}


sub other_protocol {
    my $h = shift;

    return (transport => $h->{transport},
            protocol => $h->compact() ? 'binary' : 'compact');
}


sub both_other {
    my $h = shift;

    return (other_transport($h), protocol => (other_protocol($h))[3]);
}


sub lax {
    return (transport => shift->{transport}, protocol => 'lax');
}

my $ECHO = [ [ 1, string => 'x' ] ];

my @DIALECTS = (
    (map { my ($name, $turn) = @$_;
           ([ "$name, call", in_dialect(CALL, 'echoString', $ECHO, $turn) ],
            [ "$name, oneway", in_dialect(ONEWAY, 'tell', $ECHO, $turn) ]) }
         [ 'other transport', \&other_transport ],
         [ 'other protocol', \&other_protocol ],
         [ 'other transport and protocol', \&both_other ],
         [ 'binary, not strict', \&lax ]),
    [ 'dialects in turn', sub {
        my $h = shift;
        my $c = $h->open();
        for my $o ([ other_transport($h) ], [ other_protocol($h) ]) {
            $c->send(encode_message(CALL, 'echoString', 7, $ECHO, @$o));
        }
        eval { $c->read_message(0.1) };
        $c->close() } ],
    (map { my ($name, $bytes) = @$_;
           [ $name, sub { shift->talk($bytes, 0.05) } ] }
         [ 'HTTP', "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"
                   . 'abcd' ],
         [ 'TLS', "\x16\3\1\2\0\1\0\1\xfc\3\3" . 'r' x 508 ],
         [ 'SASL', "\1\0\0\0\5PLAIN" . "\5\0\0\0\4\0u\0p" ],
         [ 'THeader', pack('N n n N n', 46, 0x0fff, 0, 1, 1)
                      . "\0\0\0\0" . 'x' x 32 ],
         [ 'JSON', '[1,"echoString",1,7,{"1":{"str":"x"}}]' ],
         [ 'zeros', "\0" x 4096 ],
         [ 'ones', "\xff" x 4096 ]),
    [ 'garbage', sub {
        my $h = shift;
        srand($h->{round});
        $h->talk(join('', map { chr(int rand 256) } 1 .. 300), 0.05) } ],
    [ 'garbage in the body', sub {
        my $h = shift;
        srand($h->{round});
        $h->call('echoAll', join('', map { chr(int rand 256) } 1 .. 60),
                 wait => 0.1) } ],
    [ 'one byte of a call is another', sub {
        my $h = shift;
        srand($h->{round});
        my $m = $h->message(CALL, 'echoAll', [ [ 1, struct => [
            [ 1, bool => 1 ], [ 7, string => 'text' ],
            [ 11, list => [ i32 => 1, 2, 3 ] ],
            [ 14, map => [ string => 'i32', a => 1, b => 2 ] ] ] ] ]);
        substr($m, int rand length $m, 1) = chr int rand 256;
        $h->talk($m, 0.1) } ],
);


# --- frames -----------------------------------------------------------------

my @FRAMES = map { [ @$_, only => 'framed' ] } (
    [ 'frame of no bytes', sub { shift->talk(frame(''), 0.05) } ],
    [ 'frame of three bytes', sub { shift->talk(frame('abc'), 0.05) } ],
    [ 'frame over the limit', sub {
        shift->talk(pack('N', 16384001) . "\x80\1\0\1", 0.05) } ],
    [ 'frame of a negative size', sub {
        shift->talk(pack('N', 0xfffffff0) . "\x80\1\0\1", 0.05) } ],
    [ 'frame that is cut', sub {
        my $h = shift;
        my $m = $h->message(CALL, 'echoString', $ECHO);
        my $c = $h->open();
        $c->send(substr($m, 0, -3));
        $c->half_close();
        eval { $c->read_message(0.05) };
        $c->close() } ],
    [ 'frame shorter than its message', sub {
        my $h = shift;
        my $m = $h->message(CALL, 'echoString', $ECHO,
                            transport => 'unframed');
        $h->talk(frame(substr($m, 0, -2)) . frame(substr($m, -2)), 0.1) } ],
    [ 'frame longer than its message', sub {
        my $h = shift;
        $h->talk(frame($h->message(CALL, 'echoString', $ECHO,
                                   transport => 'unframed') . 'behind')) } ],
    [ 'two messages in a frame', sub {
        my $h = shift;
        $h->talk(frame($h->message(CALL, 'echoString', $ECHO,
                                   transport => 'unframed')
                       . hidden("smuggled $h->{tag}", $h->{protocol}))) } ],
);


# --- sizes, times, connections ------------------------------------------------

sub big {
    my ($h, $method, $n, %o) = @_;

    return $h->message(CALL, $method, [ [ 1, string => 'b' x $n ] ], %o);
}

my @TIMES = (
    [ 'call over the limit', sub {
        my $h = shift;
        $h->talk(big($h, 'echoString', LIMIT), 0.3) } ],
    [ 'reply over the limit', sub {
        my $h = shift;
        $h->call('echoAll', [ [ 1, struct => [
            [ 7, string => 'b' x (LIMIT - 100) ] ] ] ], wait => 0.5) } ],
    [ 'large calls', sub {
        my $h = shift;
        $h->talk(big($h, 'echoString', 300000), 0.5);
        sleep(0.05) } ],
    [ 'many empty structs', sub {
        my $h = shift;
        my $p = $h->{protocol};
        $h->call('echoString', field(900, 'list', list_of('struct', 10000,
                                     "\0" x 10000, $p), $p) . "\0",
                 wait => 0.5);
        sleep(0.1) } ],
    [ 'missed deadline', sub {
        my $h = shift;
        $h->call('sleep', [ [ 1, i32 => 600 ] ], wait => 1) } ],
    [ 'deadline missed by two', sub {
        my $h = shift;
        my @c = map { $h->open() } 1 .. 2;
        $_->start('sleep', [ [ 1, i32 => 600 ] ]) for @c;
        eval { $_->read_message(1) } for @c;
        $_->close() for @c } ],
    [ 'closed while it waits', sub {
        my $h = shift;
        my $c = $h->open();
        $c->start('sleep', [ [ 1, i32 => 150 ] ]);
        sleep(0.02);
        $c->close();
        sleep(0.15) } ],
    [ 'reset while it waits', sub {
        my $h = shift;
        my $c = $h->open();
        $c->start('sleep', [ [ 1, i32 => 150 ] ]);
        sleep(0.02);
        $c->reset();
        sleep(0.15) } ],
    [ 'reset in the middle of a call', sub {
        my $h = shift;
        my $c = $h->open();
        my $m = big($h, 'echoString', 100000);
        $c->send(substr($m, 0, 70000));
        $c->reset() } ],
    [ 'closed in the middle of a call', sub {
        my $h = shift;
        my $c = $h->open();
        my $m = big($h, 'echoString', 100000);
        $c->send(substr($m, 0, $h->{round} % length $m));
        $c->close();
        sleep(0.01) } ],
    [ 'reset in the middle of a reply', sub {
        my $h = shift;
        my $c = $h->open(rcvbuf => 4096);
        $c->send(big($h, 'echoString', 400000));
        $c->read(1000, 0.3);
        $c->reset() } ],
    [ 'replies that are not read', sub {
        my $h = shift;
        my $c = $h->open(rcvbuf => 4096);
        $c->send(big($h, 'echoString', 200000) x 4, 0.3);
        sleep(0.1);
        $h->keep($c, 3) } ],
    [ 'byte by byte', sub {
        my $h = shift;
        my $c = $h->open();
        $c->send_pieces($h->message(CALL, 'echoString', $ECHO), 1, 0.001);
        eval { $c->read_message(0.3) };
        $c->close() } ],
    [ 'calls that begin and stay', sub {
        my $h = shift;
        my $c = $h->open();
        $c->send(substr($h->message(CALL, 'echoString', $ECHO), 0, 20));
        $h->keep($c, 20);
        sleep(0.005) } ],
    [ 'half-closed behind a call', sub {
        my $h = shift;
        my $c = $h->open();
        $c->start('echoString', $ECHO);
        $c->half_close();
        eval { $c->read_message(0.3) };
        $c->close() } ],
    [ 'half-closed in a call', sub {
        my $h = shift;
        my $c = $h->open();
        $c->send(substr($h->message(CALL, 'echoString', $ECHO), 0, -1));
        $c->half_close();
        eval { $c->read_message(0.1) };
        $c->close() } ],
    [ 'the same seqid in a pipeline', sub {
        my $h = shift;
        my $c = $h->open();
        $c->exchange($h->message(CALL, 'echoString', $ECHO) x 20, 20, 0.5);
        $c->close() } ],
    [ 'a pipeline, then closed', sub {
        my $h = shift;
        my $c = $h->open();
        $c->send($h->message(CALL, 'echoString', $ECHO) x 8);
        $c->close();
        sleep(0.02) } ],
    [ 'a pipeline, then reset', sub {
        my $h = shift;
        my $c = $h->open();
        $c->send($h->message(CALL, 'sleep', [ [ 1, i32 => 5 ] ]) x 6);
        $c->reset();
        sleep(0.05) } ],
    [ 'a pipeline of good and bad', sub {
        my $h = shift;
        my $c = $h->open();
        $c->exchange(join('', $h->message(CALL, 'echoString', $ECHO),
                              $h->message(CALL, 'nope', $ECHO),
                              $h->message(CALL, 'Peer::echoString', $ECHO),
                              $h->message(ONEWAY, 'tell', $ECHO),
                              $h->message(CALL, 'fail', []),
                              $h->message(CALL, 'refuse', [ [ 1, i32 => 7 ] ]),
                              $h->message(CALL, 'echoString', $ECHO)),
                     6, 0.5);
        $c->close() } ],
    [ 'connected, nothing said', sub {
        my $h = shift;
        $h->keep($h->open(), 30);
        sleep(0.002) } ],
    [ 'connected and closed', sub {
        my $h = shift;
        $h->open()->close() for 1 .. 5 } ],
    [ 'many clients that stay', sub {
        my $h = shift;
        my $c = $h->open();
        $c->call('echoString', $ECHO);
        $h->keep($c, 30);
        sleep(0.005) } ],
    [ 'many clients that stay behind an exception', sub {
        my $h = shift;
        my $c = $h->open();
        $c->call('fresh', [ [ 1, i32 => 1 ] ]);
        $h->keep($c, 30);
        sleep(0.005) } ],
    [ 'many clients that stay behind a oneway', sub {
        my $h = shift;
        my $c = $h->open();
        $c->oneway('tell', $ECHO);
        $h->keep($c, 30);
        sleep(0.005) } ],
    [ 'many clients that come and go', sub {
        my $h = shift;
        $h->call('echoString', $ECHO) for 1 .. 5 } ],
    [ 'a method that throws', sub { shift->call('fail', []) } ],
    [ 'a declared exception', sub {
        shift->call('refuse', [ [ 1, i32 => 9 ] ]) } ],
);


# What a server keeps for a connection stays there: the last kind, as the victim
# of others would meet it, too.

my @STATE = (
    [ 'state of a connection', sub {
        my $h = shift;
        my $c = $h->open();
        $c->oneway('tell', [ [ 1, string => 'keep somebody\'s ' ] ]);
        eval { $c->call('echoString', $ECHO) } for 1 .. 4;
        $c->close() },
      servers => 'cpp|perl|ruby', stateful => 1,
      lost_in => 'schema|pipeline|queue|retry|hedge|mirror|drop|translate'
                 . '|places|all',
      lost => 'what a call has set on a connection is met by others' ],
);


my @KINDS = (
    [ 'nobody', sub { sleep(0.05) } ],
    @BODIES, @ONEWAYS, @HEADS, @DIALECTS, @FRAMES, @TIMES, @STATE,
);


# kinds(format, server): the rows that a client of this format, as
# "framed-binary", can send to it, as { name, run, ... }.

sub kinds {
    my ($format, $server) = @_;

    my @kinds = map { my ($name, $run, %o) = @$_;
                      { name => $name, run => $run, lost_in => 'trusted',
                        %o } } @KINDS;

    return grep { (!$_->{only} || !defined $format
                   || $format =~ /$_->{only}/)
                  && (!$_->{servers} || !defined $server
                      || $server =~ /^(?:$_->{servers})$/) } @kinds;
}


1;
