#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# $thrift_arg_NAME, $thrift_reply_exception and $thrift_service: what of a call
# and its reply can be had by the names of the definitions, and used.

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

    thrift_idl       args.thrift;
    thrift_validate  structure;

    log_format  scalars  escape=none
                '$thrift_arg_flag|$thrift_arg_tiny|$thrift_arg_small|'
                '$thrift_arg_medium|$thrift_arg_large|$thrift_arg_ratio|'
                '$thrift_arg_text|$thrift_arg_raw|$thrift_arg_key|'
                '$thrift_arg_color';

    log_format  names  escape=none
                '$thrift_service.$thrift_method|$thrift_arg_user_id|'
                '$thrift_arg_user_home_city|$thrift_arg_user_home_zip_code|'
                '$thrift_arg_user_level|$thrift_arg_requestid|'
                '$thrift_arg_requestId|$thrift_arg_user_nickname|'
                '$thrift_arg__under_';

    log_format  replies  '$thrift_service.$thrift_method|$thrift_status|'
                         '$thrift_reply_exception';

    log_format  used  '$thrift_arg_user_id|$pool|$upstream_addr';

    map $thrift_arg_user_level $pool {
        1        first;
        21       second;
        ''       first;
        default  127.0.0.1:%%PORT_third%%;
    }

    upstream first {
        server  127.0.0.1:%%PORT_first%%;
    }

    upstream second {
        server  127.0.0.1:%%PORT_second%%;
    }

    upstream users {
        hash    $thrift_arg_user_id  consistent;
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_second%%;
        server  127.0.0.1:%%PORT_third%%;
    }

    upstream cities {
        hash    $thrift_arg_user_home_city;
        server  127.0.0.1:%%PORT_first%%;
        server  127.0.0.1:%%PORT_second%%;
    }

    upstream retried {
        server  127.0.0.1:%%PORT_nobody%%  max_fails=0;
        server  127.0.0.1:%%PORT_first%%  max_fails=0;
    }

    server {
        listen              127.0.0.1:%%PORT_logged%%;
        thrift_buffer_size  2k;
        thrift_pass         first;
        access_log          %%TESTDIR%%/scalars.log  scalars;
        access_log          %%TESTDIR%%/names.log  names;
        access_log          %%TESTDIR%%/replies.log  replies;
    }

    server {
        listen       127.0.0.1:%%PORT_users%%;
        thrift_pass  users;
    }

    server {
        listen       127.0.0.1:%%PORT_pool%%;
        thrift_pass  $pool;
        access_log   %%TESTDIR%%/used.log  used;
    }

    server {
        listen       127.0.0.1:%%PORT_by_port%%;
        thrift_pass  127.0.0.1:$thrift_arg_user_level;
    }

    # blocks

    server {
        listen      127.0.0.1:%%PORT_blocks%%;
        access_log  %%TESTDIR%%/names.log  names;
        thrift_idl  other.thrift;

        thrift_service Other {
            thrift_return  INTERNAL_ERROR
                           "$thrift_service $thrift_arg_user_level";
        }

        thrift_service Args {
            thrift_pass  first;

            thrift_method user {
                thrift_return  INTERNAL_ERROR
                    "$thrift_service $thrift_arg_user_id is $thrift_arg_nil.";
            }
        }
    }

    server {
        listen           127.0.0.1:%%PORT_cities%%;
        thrift_protocol  lax;
        thrift_pass      cities;
    }

    server {
        listen       127.0.0.1:%%PORT_retried%%;
        thrift_pass  retried;
        access_log   %%TESTDIR%%/scalars.log  scalars;
    }

    # bodies that nobody has looked at

    server {
        listen              127.0.0.1:%%PORT_unread%%;
        thrift_validate     off;
        thrift_timeout      300ms;      # some leave their server waiting
        thrift_buffer_size  2k;
        thrift_pass         cities;
        access_log          %%TESTDIR%%/unread.log  scalars;
        access_log          %%TESTDIR%%/unread.log  names;
    }
}

EOF

$t->write_file('base.thrift', <<'EOF');
exception Gone { 1: string since }

service Base {
    string version()
}
EOF

$t->write_file('args.thrift', <<'EOF');
include "base.thrift"

enum Color { RED = 1, BLUE = -2 }

struct Place {
    1: string city,
    2: string zip_code
}

struct User {
    1: i64 id,
    2: string nickName,
    3: Place home
}

exception NotFound { 1: string what }

typedef i32 Level

service Args extends base.Base {
    string scalars(1: bool flag, 2: byte tiny, 3: i16 small, 4: i32 medium,
                   5: i64 large, 6: double ratio, 7: string text,
                   8: binary raw, 9: uuid key, 10: Color color),
    string user(1: User user, 2: Level user_level, 3: string requestId,
                4: string _under_, 5: bool nil),
    User find(1: i64 id) throws (1: NotFound missing, 2: base.Gone gone),
    void remove(1: i64 id) throws (3: base.Gone gone),
    oneway void note(1: string text),
    string large(1: list<string> before, 2: string text, 3: binary after,
                 4: i32 less)
}
EOF

$t->write_file('other.thrift', <<'EOF');
service Other {
    void put(1: string user_level),
    void drop(1: list<string> user_level)
}
EOF

my @backends = map { $t->backend($_) } qw(first second third);

$t->run();

# all variables that are named are arguments of some method

is(join('', $t->grep_log(qr/\[warn\]/)), '', 'no warning');

my @ways = ([ binary => 'framed' ], [ binary => 'unframed' ],
            [ compact => 'framed' ], [ compact => 'unframed' ]);

my %lines;

# The line that is written for the next call.

sub logged {
    my ($file) = @_;

    my $n = ++$lines{$file};
    my @lines = $t->wait_log(qr/^/, "$file.log", undef, $n);

    return defined $lines[$n - 1] ? $lines[$n - 1] : 'nothing';
}

my $c;

sub scalars {
    my ($method, @body) = @_;

    my $m = $c->call($method, \@body);

    $lines{$_}++ for qw(names replies);

    return $m && $m->{type} == REPLY ? logged('scalars') : 'no reply';
}

sub names {
    my ($method, @body) = @_;

    my $m = $c->call($method, \@body);

    $lines{$_}++ for qw(scalars replies);

    return $m ? logged('names') : 'no reply';
}

my $uuid = pack('H*', '0123456789abcdef' . 'fedcba9876543210');

for my $way (@ways) {
    my ($protocol, $transport) = @$way;

    $c = $t->client('logged', protocol => $protocol, transport => $transport);

    # every type

    is(scalars('scalars', [ 1, bool => 1 ], [ 2, i8 => -128 ],
               [ 3, i16 => -32768 ], [ 4, i32 => -2147483648 ],
               [ 5, i64 => -9223372036854775807 - 1 ], [ 6, double => 0.1 ],
               [ 7, string => "Z\xc3\xbcrich" ], [ 8, binary => "\x01\xff\t" ],
               [ 9, uuid => $uuid ], [ 10, i32 => -2 ]),
       "true|-128|-32768|-2147483648|-9223372036854775808|0.1|Z\xc3\xbcrich|"
       . "\x01\xff\t|01234567-89ab-cdef-fedc-ba9876543210|-2",
       "$protocol $transport, every type");
    is(scalars('scalars', [ 1, bool => 0 ], [ 2, i8 => 127 ],
               [ 3, i16 => 32767 ], [ 4, i32 => 2147483647 ],
               [ 5, i64 => 9223372036854775807 ], [ 6, double => -1.5e300 ],
               [ 7, string => '' ], [ 8, binary => 'x' ],
               [ 9, uuid => "\xff" x 16 ], [ 10, i32 => 77 ]),
       'false|127|32767|2147483647|9223372036854775807|-1.5e+300||x|'
       . 'ffffffff-ffff-ffff-ffff-ffffffffffff|77', 'other end');
    is(scalars('scalars', [ 10, i32 => 1 ], [ 4, i32 => 0 ]),
       '|||0||||||1', 'others absent');
    is(scalars('scalars'), '|||||||||', 'all absent');
    is(scalars('none_such', [ 1, bool => 1 ]), '|||||||||', 'unknown method');

    for ([ 0, '0' ], [ 100, '100' ], [ 1 / 3, '0.3333333333333333' ],
         [ 9**9**9, 'inf' ], [ -9**9**9, '-inf' ], [ 2.5, '2.5' ])
    {
        my ($number, $text) = @$_;
        is((split /\|/, scalars('scalars', [ 6, double => $number ]))[5],
           $text, "double $text");
    }

    # the last of two counts; another type than declared is none

    is(scalars('scalars', [ 4, i32 => 1 ], [ 7, string => 'a' ],
               [ 4, i32 => 2 ], [ 7, string => 'b' ]),
       '|||2|||b|||', 'argument that comes twice');
    is(scalars('scalars', [ 4, i64 => 1 ], [ 7, i32 => 2 ], [ 3, i16 => 5 ]),
       '||5|||||||', 'wrong type');

    # names

    is(names('user', [ 1, struct => [ [ 1, i64 => 17 ],
                                      [ 2, string => 'bob' ],
                                      [ 3, struct => [ [ 1, string => 'Bern' ],
                                                       [ 2, string => '3000' ]
                                                     ] ] ] ],
             [ 2, i32 => 3 ], [ 3, string => 'r-1' ], [ 4, string => 'u' ]),
       'Args.user|17|Bern|3000|3|r-1|r-1|bob|u', 'names');
    is(names('Args:user', [ 2, i32 => 3 ], [ 9, struct => [ [ 1, i64 => 1 ] ]
                                           ]),
       'Args.user||||3||||', 'struct absent');
    is(names('user', [ 1, struct => [ [ 3, struct => [ ] ] ] ],
             [ 7, list => [ struct => [ [ 1, i64 => 3 ] ] ] ]),
       'Args.user||||||||', 'empty structs');
    is(names('find', [ 1, i64 => 1 ]), 'Args.find||||||||',
       'method without them');
    is(names('version'), 'Args.version||||||||', 'inherited');

    # bodies of many blocks: looked for after they were sent, too

    my $long = join '', map { chr(97 + $_ % 26) } 1 .. 5000;

    my $line = scalars('large',
                       [ 1, list => [ string => map { "b$_" } 1 .. 5000 ] ],
                       [ 2, string => $long ], [ 3, binary => 'c' x 100_000 ],
                       [ 4, i32 => 9 ]);

    # the log has the beginning of it

    is($line =~ s/[a-z]{1024}/long/r, '||||||long|||', 'string of many blocks');
    is($line =~ /([a-z]+)/ && $1 eq substr($long, 0, 1024) ? 'equal' : 'not',
       'equal', 'text of it');
    is((split /\|/, scalars('scalars', [ 7, string => 'x' x 100_000 ],
                            [ 4, i32 => 12 ]))[3], 12, 'behind a large one');

    # a call in pieces

    $c->send_pieces(encode_message(CALL, 'scalars', 3,
                                   [ [ 4, i32 => 100000 ],
                                     [ 7, string => 'abcdef' ],
                                     [ 9, uuid => $uuid ] ],
                                   protocol => $protocol,
                                   transport => $transport), 1, 0);
    ok($c->read_message(), 'byte by byte');
    $lines{$_}++ for qw(names replies);
    is(logged('scalars'), '|||100000|||abcdef||'
                          . '01234567-89ab-cdef-fedc-ba9876543210|',
       'value byte by byte');

    # oneway

    $c->oneway('note', [ [ 1, string => 'one' ] ]);
    $lines{$_}++ for qw(names replies);
    is(logged('scalars'), '||||||one|||', 'oneway');
}

# a malformed call has none

$c = $t->client('logged');
$c->send(frame(substr(call_bytes('scalars', 1, [ [ 4, i32 => 1 ] ],
                                 transport => 'unframed'), 0, -2)));
is($c->read_message()->{exception}, 7, 'malformed');
$lines{$_}++ for qw(names replies);
is(logged('scalars'), '|||||||||', 'none of malformed');

# after a server that was not there

$c = $t->client('retried');
$c->call('scalars', [ [ 4, i32 => $_ ], [ 8, string => 'r' x 20_000 ] ])
    for 1, 2;
is_deeply([ map { (split /\|/)[3] }
                sort $t->wait_log(qr/^\|\|\|[12]\|\|\|\|rr/, 'scalars.log', undef,
                                  2) ],
          [ 1, 2 ], 'next server');

# exceptions that a method declares

$c = $t->client('logged');

sub outcome {
    my ($method, $action) = @_;

    $backends[0]->script($method => $action);
    $c->call($method, [ [ 1, i64 => 1 ] ]);

    return logged('replies');
}

my $empty = { body => [ [ 1, struct => [ ] ] ] };

is(outcome(find => $empty), 'Args.find|declared|NotFound', 'declared');
is(outcome(find => { body => [ [ 2, struct => [ [ 1, string => 'x' ] ] ] ] }),
   'Args.find|declared|Gone', 'of an included file');
is(outcome(find => { body => [ [ 0, struct => [ ] ] ] }),
   'Args.find|success|-', 'no exception in a result');
is(outcome(find => { exception => [ 6, 'no' ] }), 'Args.find|exception|-',
   'TApplicationException');
is(outcome(find => { body => [ [ 7, struct => [ ] ] ] }),
   'Args.find|declared|-', 'unknown field');
is(outcome(remove => { body => [ [ 3, struct => [ ] ] ] }),
   'Args.remove|declared|Gone', 'of a void');
is(outcome(remove => { body => [ ] }), 'Args.remove|success|-', 'void');
is(outcome(remove => $empty), 'Args.remove|declared|-',
   'exception of another method');
is(outcome(nope => $empty), '-.nope|declared|-', 'of an unknown method');

$backends[0]->script();

# hash: one user stays on one server

my %home;
my %used;

for my $round (0 .. 3) {
    my ($protocol, $transport) = @{$ways[$round]};
    my $c = $t->client('users', protocol => $protocol, transport => $transport);

    for my $id (1 .. 60) {
        my $m = $c->call('user', [ [ 1, struct => [ [ 1, i64 => $id ] ] ],
                                   [ 2, i32 => $round ] ]);

        $home{$id}{$m->{fields}{0}}++;
        $used{$m->{fields}{0}}++;
    }
}

is(scalar(grep { keys %$_ == 1 } values %home), 60, 'a user stays');
is(scalar(keys %used), 3, 'all are used');

# many of one connection at the same time

my $client = $t->client('users');
my @m = $client->exchange(
    join('', map { call_bytes('user', $_, [ [ 1, struct => [ [ 1, i64 => $_ ]
                                                           ] ] ]) } 1 .. 60),
    60);
is(join(' ', map { $_->{fields}{0} } @m),
   join(' ', map { keys %{$home{$_}} } 1 .. 60), 'pipeline');
like($client->call('find')->{fields}{0}, qr/^(first|second|third)$/,
     'without the argument');

# map and thrift_pass

$c = $t->client('pool');

sub level {
    my ($level) = @_;

    my $m = $c->call('user', [ [ 1, struct => [ [ 1, i64 => 5 ] ] ],
                               defined $level ? [ 2, i32 => $level ] : () ]);

    return $m->{type} == REPLY ? $m->{fields}{0} : $m->{message};
}

is(level(1), 'first', 'map');
is(level(21), 'second', 'map, other value');
is(level(4), 'third', 'map default');
is(level(), 'first', 'map, absent');
is($c->call('find')->{fields}{0}, 'first', 'map, other method');
is_deeply([ map { s/:\d+/:/gr } $t->wait_log(qr/^5/, 'used.log', undef, 4) ],
          [ '5|first|127.0.0.1:', '5|second|127.0.0.1:',
            '5|127.0.0.1:|127.0.0.1:', '5|first|127.0.0.1:' ], 'map logged');

$c = $t->client('by_port');
is(level($t->port('second')), 'second', 'port in thrift_pass');
is(level($t->port('third')), 'third', 'other port');
is(level(), 'no upstream is known for the call', 'no port');

# blocks, and calls that name no service

$c = $t->client('blocks');

sub text {
    my ($method, @body) = @_;

    my $m = $c->call($method, \@body);

    return $m->{type} == REPLY ? $m->{fields}{0} : $m->{message};
}

my $three = [ 1, struct => [ [ 1, i64 => 3 ] ] ];

is(text('user', $three, [ 5, bool => 0 ]), 'Args 3 is false.',
   'in thrift_return');
is(text('user'), 'Args  is .', 'absent in thrift_return');
is(text('Args:user', $three, [ 5, bool => 1 ]), 'Args 3 is true.',
   'with service');
is(text('find'), 'first', 'service by method');
is(text('version'), 'first', 'service by inherited method');
is(text('put', [ 1, string => 'high' ]), 'Other high',
   'other type of other method');
is(text('drop', [ 1, list => [ string => 'high' ] ]), 'Other ',
   'container of other method');
is(text('unheard'), 'Other ', 'method of nobody');
is(text('Args:put'), 'first', 'method of the other');

ok($t->wait_log(qr/^Other\.unheard\|/, 'names.log'), 'service in log');
ok($t->grep_log(qr/^Args\.find\|/, 'names.log'), 'service by method in log');
ok($t->grep_log(qr/^Args\.version\|/, 'names.log'), 'inherited in log');

# lax heads

$c = $t->client('cities', protocol => 'lax');

my %city;

for my $city (qw(Bern Basel Chur Genf Bern Basel Chur Genf)) {
    my $m = $c->call('user', [ [ 1, struct => [ [ 3, struct => [ [ 1, string =>
                                                  $city ] ] ] ] ] ]);
    $city{$city}{$m->{fields}{0}}++;
}

is(scalar(grep { keys %$_ == 1 } values %city), 4, 'lax');

# bodies that are not well formed, and were not looked at

my @bodies = (
    "\x0b\x00\x07\x7f\xff\xff\xff",                  # string without end
    "\x0b\x00\x07\xff\xff\xff\xff\x00",
    "\x0b\x00\x07\x00\x00\x00\x09" . 'x' x 5,        # cut off
    "\x0b\x00\x07\x00\x00\x27\x10" . 'x' x 9000,
    "\x08\x00\x04\x00\x00",
    "\x0f\x00\x01\x0c\x7f\xff\xff\xff",
    "\x0d\x00\x01\x0b\x0b\x80\x00\x00\x00",
    "\x0c\x00\x01" x 3000,                          # deeper and deeper
    "\xff" x 100,                                   # no type
    '',
);

my @compact = ("\x78\xff\xff\xff\xff\x07", "\x78\x09" . 'x' x 5,
               "\x45\xff\xff\xff\xff\xff\xff\xff", "\x1c" x 3000,
               "\x19\xfc\xff\xff\xff\x7f", "\x1b\xff\xff\xff\x7f\xcc",
               "\x9d" . 'x' x 9, "\xff" x 100, '');

my @unread = ((map { [ binary => $_ ] } @bodies),
              (map { [ compact => $_ ] } @compact));

my $n = 0;

for my $method (qw(scalars user large)) {
    for (@unread) {
        my ($protocol, $body) = @$_;

        $c = $t->client('unread', protocol => $protocol);
        $c->start($method, $body);
        $n++;
        is($c->read_message()->{type}, EXCEPTION, 'not well formed');
    }
}

is(scalar $t->wait_log(qr/^/, 'unread.log', undef, 2 * $n), 2 * $n,
   'each one logged');

$t->done();
