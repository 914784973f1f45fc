#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_unknown_fields drop: what nobody has defined does not reach the server,
# and all else does as it came.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$server_port|$thrift_method|$thrift_status|'
                      '$thrift_request_length';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_idl             old.thrift;
    thrift_unknown_fields  drop;

    upstream backend {
        server            127.0.0.1:%%PORT_backend%%;
        thrift_keepalive  4;
    }

    upstream two {
        server  127.0.0.1:%%PORT_closes%%;
        server  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen       127.0.0.1:%%PORT_drop%%;
        thrift_pass  backend;

        thrift_service Api {
            thrift_pass  backend;

            thrift_method passed {
                thrift_unknown_fields  pass;
            }
        }
    }

    # small blocks, and little memory

    server {
        listen              127.0.0.1:%%PORT_small%%;
        thrift_buffer_size  2k;
        thrift_max_memory   64k  worker=0;
        thrift_pass         backend;
    }

    server {
        listen                   127.0.0.1:%%PORT_limit%%;
        thrift_max_message_size  3k;
        thrift_pass              backend;
    }

    server {
        listen                127.0.0.1:%%PORT_retry%%;
        thrift_next_upstream  error;
        thrift_idempotent     on;
        thrift_pass           two;
    }

    # an argument that is looked at before the call is checked

    thrift_limit_calls_zone  $thrift_arg_text  zone=texts:64k;

    log_format  text  '$server_port|$thrift_arg_text';

    server {
        listen              127.0.0.1:%%PORT_text%%;
        access_log          %%TESTDIR%%/text.log  text;
        thrift_limit_calls  texts  5;
        thrift_pass         backend;
    }

    # the same definitions, but only the structure is checked

    server {
        listen           127.0.0.1:%%PORT_structure%%;
        thrift_validate  structure;
        thrift_pass      127.0.0.1:%%PORT_backend%%;
    }

    # a server with newer definitions, as its clients have

    server {
        listen       127.0.0.1:%%PORT_dropped%%;
        thrift_pass  127.0.0.1:%%PORT_newer%%;
    }

    server {
        listen                 127.0.0.1:%%PORT_passed%%;
        thrift_unknown_fields  pass;
        thrift_pass            127.0.0.1:%%PORT_newer%%;
    }
}

EOF

# one that is declared each 20 ids

my $wide = join(', ', map { 8230 + 20 * $_ . ": bool f$_" } 0 .. 999);

$t->write_file('old.thrift', <<"EOF");
struct Address { 1: required string street, 3: i32 zip }

struct User {
    1: i64 id,
    2: string name,
    5: Address address,
    7: list<Address> others,
    9: map<string, Address> places,
    40: bool last
}

union Choice { 1: i32 number, 2: string word }

service Api {
    void put(1: User user, 4: i32 n),
    void passed(1: User user),
    void choose(1: Choice choice),
    void many(1: list<Address> list, 2: string text),
    void none(),
    void wide($wide),
    oneway void poke(1: i64 id),
    string seen(1: User user, 3: i32 n)
}
EOF

$t->write_file('newer.thrift', <<'EOF');
enum Color { RED = 1 }

struct Address { 1: required string street, 2: string city, 3: i32 zip }

struct User {
    1: i64 id,
    2: string name,
    3: binary photo,
    4: list<Color> colors,
    5: Address address,
    7: list<Address> others,
    9: map<string, Address> places,
    10: Address old,
    40: bool last,
    41: double score
}

service Api {
    string seen(1: User user, 2: map<string, i32> counts, 3: i32 n, 4: bool on)
}
EOF

# what is sent comes back: the methods have no result that it could be

my $backend = $t->backend('backend', script => { '*' => { echo => 1 } });
my $closes = $t->backend('closes', script => { '*' => { close => 'request' } });

$t->run();

my @ways = ([ binary => 'framed' ], [ binary => 'unframed' ],
            [ compact => 'framed' ], [ compact => 'unframed' ]);

my ($c, @o);

# Does the server get the fields, or bytes, $want?

sub sent {
    my ($body, $want, $name, $method) = @_;

    my $m = $c->call($method || 'put', $body);

    $want = encode_struct($o[1], @$want) if ref $want;

    ok($m && $m->{type} == REPLY && $m->{body} eq $want, $name)
        or diag($m && $m->{type} == REPLY
                ? substr(unpack('H*', $m->{body}), 0, 1000) : answer($m));
}

my $id = [ 1, i64 => 7 ];
my $street = [ 1, string => 'Main' ];
my $zip = [ 3, i32 => 8000 ];
my $last = [ 40, bool => 0 ];
my $n = [ 4, i32 => 70000 ];
my $uuid = 'u' x 16;
my @any = ([ 50, bool => 1 ], [ 51, bool => 0 ], [ 52, i8 => 1 ],
           [ 53, i16 => 300 ], [ 54, i32 => 70000 ], [ 55, i64 => 1 ],
           [ 56, double => 1 ], [ 57, string => "\xff\xfe" ],
           [ 58, uuid => $uuid ],
           [ 59, struct => [ [ 1, uuid => $uuid ],
                             [ 2, list => [ struct => [ $zip ], [ ] ] ] ] ],
           [ 60, list => [ string => "\xff", 'b' ] ],
           [ 61, set => [ uuid => $uuid ] ],
           [ 62, map => [ i32 => 'uuid', 7 => $uuid ] ],
           [ 63, list => [ list => [ i32 => 1 .. 20 ], [ 'uuid' ] ] ]);

sub user { return [ 1, struct => [ @_ ] ] }

my $bad = '7 arguments do not fit their definition: ';

for my $way (@ways) {
    @o = (protocol => $$way[0], transport => $$way[1]);

    $c = $t->client('drop', @o);

    sent([ user($id, $last), $n ], [ user($id, $last), $n ], "@$way: nothing");
    sent([ user($id), [ 3, bool => 1 ], $n, @any ], [ user($id), $n ],
         'argument');
    sent([ [ 9, bool => 1 ] ], [ ], 'argument of none', 'none');
    sent([ user($id, [ 6, i32 => 1 ], $last, @any) ], [ user($id, $last) ],
         'in struct');
    sent([ user([ 5, struct => [ $street, [ 2, i32 => 1 ], $zip, @any ] ],
                [ 6, struct => [ $street ] ]), $n ],
         [ user([ 5, struct => [ $street, $zip ] ]), $n ], 'two structs in');
    sent([ user([ 7, list => [ struct => [ $street, [ 2, i8 => 1 ] ],
                               [ $street ], [ $street, $zip, @any ] ] ]) ],
         [ user([ 7, list => [ struct => [ $street ], [ $street ],
                               [ $street, $zip ] ] ]) ], 'in list');
    sent([ user([ 9, map => [ string => 'struct',
                              a => [ $street, [ 2, i8 => 1 ], $zip ],
                              b => [ $street, @any ] ] ],
                [ 30, bool => 1 ], $last) ],
         [ user([ 9, map => [ string => 'struct', a => [ $street, $zip ],
                              b => [ $street ] ] ], $last) ], 'in map');
    sent([ user(@any) ], [ user() ], 'with service', 'Api:put');
    sent([ user($id, [ 60, i32 => 1 ]) ], [ user($id, [ 60, i32 => 1 ]) ],
         'passed by method', 'Api:passed');

    # what is declared is checked as ever

    is(answer($c->call('put', [ user([ 50, i32 => 1 ], [ 2, i32 => 1 ]) ])),
       "${bad}wrong type, string expected at user.name", 'wrong type');
    is(answer($c->call('choose', [ [ 1, struct => [ [ 9, i32 => 1 ] ] ] ])),
       "${bad}undeclared field of a union at choice.9", 'field of a union');

    # in pieces

    $c->send_pieces(encode_message(CALL, 'put', 77,
                                   [ user($id, @any), [ 3, bool => 1 ], $n,
                                     @any ], @o), 1, 0);

    is($c->read_message()->{body}, encode_struct($$way[0], user($id), $n),
       'byte by byte');

    $c->oneway('poke', [ $id, @any ]);

    # over several blocks, and in slices

    my @few = map { [ [ 1, string => "Street $_" ], [ 2, i32 => $_ ],
                      [ 3, i32 => $_ ], [ 7, string => "\xff" x 40 ] ] }
                  1 .. 300;
    my @kept = map { [ @$_[0, 2] ] } @few;
    my $text = [ 2, string => 'x' x 5000 ];

    for my $port (qw(drop small)) {
        $c = $t->client($port, @o);

        sent([ [ 1, list => [ struct => @few ] ], $text,
               [ 3, string => 'y' x 5000 ] ],
             [ [ 1, list => [ struct => @kept ] ], $text ], "large, $port",
             'many');
    }

    $c = $t->client('drop', @o);
    $text = [ 2, string => 'x' x 200_000 ];

    sent([ [ 1, list => [ struct => (@few) x 5 ] ], $text,
           [ 3, string => "\xff" x 300_000 ],
           [ 4, list => [ i64 => (1 .. 50_000) ] ] ],
         [ [ 1, list => [ struct => (@kept) x 5 ] ], $text ], 'in slices',
         'many');
}

# oneway

wait_for(sub { my @p = $backend->calls('poke'); @p == 4 });

is_deeply([ map { $_->{length} } grep { $_->{protocol} eq 'binary' }
                                 $backend->calls('poke') ],
          [ map { length(oneway_bytes('poke', 1, [ $id ], transport => $_)) }
                qw(framed unframed) ], 'oneway');

# a head becomes longer: three bytes in place of a bool that is gone

@o = (protocol => 'compact', transport => 'framed');

my @ids = map { "\x01" . Test::Thrift::Bytes::varint(2 * (8220 + 10 * $_)) }
              0 .. 2000;
my $grows = $ids[0] . "\xa1" x 1999 . "\0";

$c = $t->client('drop', @o);
sent($grows, join('', @ids[map { 2 * $_ + 1 } 0 .. 999]) . "\0",
     'larger than before', 'wide');

$c = $t->client('limit', @o);
is(answer($c->call('wide', $grows)),
   '7 call is too large without its undeclared fields'
   . ' (thrift_max_message_size allows 3072 bytes)', 'too large');
sent([ user(@any) ], [ user() ], 'after too large');
ok($t->grep_log('\[info\] .*client sent call that is too large without its '
                . 'undeclared fields: 4\d\d\d bytes \(thrift_max_message_size '
                . 'allows 3072\)'), 'too large, logged');

# a retry sends the same

$c = $t->client('retry', @o);
sent([ user($id, @any) ], [ user($id) ], "retry $_") for 1 .. 3;
cmp_ok(scalar(my @closed = $closes->calls()), '>=', 1, 'tried before');

# the connection to its server is everybody's

my $accepted = $backend->accepted();

for (1 .. 4) {
    $c = $t->client('drop', @o);
    sent([ user($id, @any) ], [ user($id) ], "client $_");
}

cmp_ok($backend->accepted() - $accepted, '<=', 1, 'shared connection');

# what a call holds is given back

$c = $t->client('small', @o);

my @m = $c->exchange(join('', map { call_bytes('put', $_,
                                [ user([ 2, string => 'n' x 2000 ],
                                       [ 3, string => 'd' x 3000 ]) ], @o) }
                              1 .. 200), 200);

is(scalar(grep { $_->{type} == REPLY && $_->{fields}{1}{2} eq 'n' x 2000
                 && !exists $_->{fields}{1}{3} } @m), 200, 'pipeline');

# clients leave in the middle of it

for (1 .. 3) {
    $c = $t->client('drop', @o);
    $c->send(call_bytes('many', 1, [ [ 2, string => 'x' x 1_000_000 ],
                                     [ 3, string => 'y' x 2_000_000 ] ], @o));
    $c->close();
}

$c = $t->client('drop', @o);
sent([ user(@any) ], [ user() ], 'after others left');

# an argument that was read before stays what it was

$c = $t->client('text');

my @texts = map { 'text ' . $_ x 200 } qw(a b c d e f);

for (0 .. 5) {
    my $m = $c->call('many', [ [ 3, string => 'y' x (49_000 + 100 * $_) ],
                               [ 2, string => $texts[$_] ] ]);

    is($m->{fields}{2}, $texts[$_], 'with text');
}

is_deeply([ map { s/.*\|//r } $t->wait_log(qr/^\d+\|/, 'text.log', undef, 6) ],
          \@texts, 'texts');

# only with schema

$c = $t->client('structure', @o);
sent([ user([ 60, i32 => 1 ]) ], [ user([ 60, i32 => 1 ]) ], 'structure');

# what is logged is what was received

my $port = $t->port('retry');
my $size = length(call_bytes('put', 1, [ user($id, @any) ], @o));

is(scalar(my @lines = $t->wait_log(qr/^$port\|put\|\w+\|$size$/,
                                   'access.log', undef, 3)), 3, 'length');

# Apache's library, on both sides

$t->write_file('newer.py', <<'EOF');
import sys

sys.path.insert(0, sys.argv[1])

from newer import Api, ttypes
from thrift.protocol import TBinaryProtocol, TCompactProtocol
from thrift.server import TServer
from thrift.transport import TSocket, TTransport

what, port, protocol, transport = sys.argv[2:]

protocol = {'binary': TBinaryProtocol.TBinaryProtocolFactory,
            'compact': TCompactProtocol.TCompactProtocolFactory}[protocol]()


def text(value):
    if hasattr(value, 'thrift_spec'):
        return '{' + ' '.join('%s=%s' % (name, text(field)) for name, field
                              in sorted(vars(value).items())
                              if field is not None) + '}'
    if isinstance(value, list):
        return '[' + ' '.join(map(text, value)) + ']'
    if isinstance(value, dict):
        return '<' + ' '.join(text(k) + ':' + text(v) for k, v
                              in sorted(value.items())) + '>'
    return str(value)


class Handler:
    def seen(self, user, counts, n, on):
        return text([user, counts, n, on])


if what == 'server':
    factory = {'framed': TTransport.TFramedTransportFactory,
               'unframed': TTransport.TBufferedTransportFactory}[transport]()
    TServer.TThreadedServer(
        Api.Processor(Handler()), TSocket.TServerSocket('127.0.0.1', port),
        factory, protocol, daemon=True).serve()

here = ttypes.Address(street='Main', city='Bern', zip=3000)

socket = TSocket.TSocket('127.0.0.1', int(port))
socket.setTimeout(20000)
trans = {'framed': TTransport.TFramedTransport,
         'unframed': TTransport.TBufferedTransport}[transport](socket)
trans.open()
client = Api.Client(protocol.getProtocol(trans))

print(client.seen(ttypes.User(id=5, name='Ada', photo=b'png',
                              colors=[1, 1], address=here,
                              others=[here, here], places={'home': here},
                              old=here, last=True, score=1.5),
                  {'a': 1}, 7, True))
EOF

my $dir = $t->dir();

is(system('thrift', '--gen', 'py', '-out', $dir, "$dir/newer.thrift"), 0,
   'generated');

my @python = ('/usr/bin/python3', '-B', "$dir/newer.py", $dir);
my $old = '{street=Main zip=3000}';
my $new = '{city=Bern street=Main zip=3000}';

for my $way (@ways) {
    my $server = $t->run_daemon([ @python, 'server', $t->port('newer'),
                                  @$way ], port => 'newer');

    my %said = map { ($_, `@python client @{[ $t->port($_) ]} @$way`) }
                   qw(newer passed dropped);

    is($said{newer}, "[{address=$new colors=[1 1] id=5 last=True name=Ada "
                     . "old=$new others=[$new $new] photo=b'png' "
                     . "places=<home:$new> score=1.5} <a:1> 7 True]\n",
       "@$way: direct");
    is($said{passed}, $said{newer}, "@$way: passed");
    is($said{dropped}, "[{address=$old id=5 last=True name=Ada "
                       . "others=[$old $old] places=<home:$old>} None 7 None]\n",
       "@$way: dropped");

    $t->stop_daemon($server);
}

$t->done();
