#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_validate: a body that is not sound never reaches an upstream.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method $thrift_status $status '
                      '$upstream_addr $thrift_exception';
    access_log  %%TESTDIR%%/access.log  test;

    server {
        listen       127.0.0.1:%%PORT_structure%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen           127.0.0.1:%%PORT_off%%;
        thrift_validate  off;
        thrift_pass      127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen           127.0.0.1:%%PORT_blind%%;
        thrift_validate  off;
        thrift_pass      127.0.0.1:%%PORT_daemon%%;
    }
}

EOF

my $backend = $t->backend('backend');

$t->server(daemon => sub { answer_frames($_[0], \&blind) });

$t->run();

# [ what the exception says, body, body of the compact protocol ]; of those
# with a star the end of the frame is what is wrong

my @bad = (
    [ 'unknown type of field', "\5\0\1abcd\0", "\x1e\1\0" ],
    [ 'unknown type of field', "\x11\0\1abcd\0", "\x1f\1\0" ],

    [ 'negative length of string', "\x0b\0\1\xff\xff\xff\xff\0",
      "\x18\xff\xff\xff\xff\x0f\0" ],
    [ 'string longer than its message', "\x0b\0\1\x7f\xff\xff\xffabc\0",
      "\x18\xff\xff\xff\xff\7abc\0" ],
    [ '* string longer than its message', "\x0b\0\1\0\0\0\5abc\0",
      "\x18\5abc\0" ],

    [ 'negative size of list', "\x0f\0\1\3\x80\0\0\0\0",
      "\x19\xf3\x80\x80\x80\x80\x08\0" ],
    [ 'unknown type of list elements', "\x0f\0\1\1\0\0\0\1a\0",
      "\x19\x1e\0\0" ],
    [ 'list longer than its message', "\x0f\0\1\3\x7f\xff\xff\xffa\0",
      "\x19\xf3\xff\xff\xff\xff\7a\0" ],
    [ 'list longer than its message', "\x0f\0\1\x0a\x0f\0\0\0a\0",
      "\x19\xf7\xff\xff\xff\x7fa\0" ],
    [ '* list longer than its message', "\x0f\0\1\x0a\0\0\0\1a\0",
      "\x19\x17a\0" ],
    [ 'negative size of list', "\x0e\0\1\3\xff\xff\xff\xff\0",
      "\x1a\xf3\xff\xff\xff\xff\x0f\0" ],
    [ 'unknown type of list elements', "\x0e\0\1\x12\0\0\0\1a\0",
      "\x1a\x10\0\0" ],

    [ 'negative size of map', "\x0d\0\1\3\3\xff\xff\xff\xff\0",
      "\x1b\xff\xff\xff\xff\x0f\x33\0" ],
    [ 'unknown type of map elements', "\x0d\0\1\1\3\0\0\0\1ab\0",
      "\x1b\1\xe3ab\0" ],
    [ 'unknown type of map elements', "\x0d\0\1\3\7\0\0\0\1ab\0",
      "\x1b\1\x3fab\0" ],
    [ 'map longer than its message', "\x0d\0\1\3\3\x7f\xff\xff\xffab\0",
      "\x1b\xff\xff\xff\xff\7\x33ab\0" ],

    [ 'too many levels of nesting (thrift_max_depth is 63)',
      nested_structs(63) ],
    [ 'too many levels of nesting (thrift_max_depth is 63)',
      nested_lists(63) ],

    [ 'too long number', undef, "\x15" . "\xff" x 5 . "\1\0" ],
    [ 'too long number', undef, "\x14" . "\xff" x 5 . "\1\0" ],
    [ 'too long number', undef, "\x16" . "\xff" x 10 . "\1\0" ],
    [ 'too long number for length or size', undef,
      "\x18" . "\xff" x 5 . "\1\0" ],
    [ 'too long number for length or size', undef,
      "\x19\xf3" . "\xff" x 5 . "\1\0" ],
    [ 'too long number for field id', undef, "\5" . "\xff" x 5 . "\1\0" ],

    [ '* frame longer than its message', "\0\0", "\0\0" ],
    [ '* frame longer than its message', "\3\0\1a\0junk", "\x13a\0junk" ],
    [ '* frame longer than its message',
      "\0" . call_bytes('bad', 2, undef, transport => 'unframed'),
      "\0" . call_bytes('bad', 2, undef, transport => 'unframed',
                        protocol => 'compact') ],
    [ '* frame longer than its message', "\0" . call_bytes('bad', 2),
      "\0" . call_bytes('bad', 2, undef, protocol => 'compact') ],
    [ '* frame shorter than its message', '', '' ],
    [ '* frame shorter than its message', "\3\0\1a", "\x13a" ],
    [ '* frame shorter than its message', "\x08\0\1\0\0", "\x15\xff" ],
    [ '* frame shorter than its message', "\x0c\0\1\0", "\x1c\0" ],
);

my $sent = 0;

for my $protocol (qw(binary compact)) {
    for my $transport (qw(framed unframed)) {

        my %o = (protocol => $protocol, transport => $transport);
        my $c;

        for (@bad) {
            my ($text, @bodies) = @$_;
            my $body = $bodies[$protocol eq 'compact'];

            next unless defined $body;
            next if $text =~ s/^\* // && $transport eq 'unframed';

            my $name = "$transport $protocol, $text";

            # in a frame: an exception, and the connection stays

            $c = undef if $transport eq 'unframed';
            $c ||= $t->client('structure', %o);

            my $m = $c->call('bad', $body, seqid => ++$sent);

            is($m ? "$m->{type} $m->{name} $m->{seqid} $m->{exception}"
                    . " $m->{message} $m->{protocol} $m->{transport}"
                  : 'no reply',
               EXCEPTION . " bad $sent 7 malformed call: $text $protocol"
               . " $transport", $name);

            if ($transport eq 'unframed') {
                ok($c->closed(), "closed: $name");
                next;
            }

            is($c->call('good')->{fields}{0}, 'backend', "next call: $name");
        }

        # as many levels as all servers pass over

        $c = $t->client('structure', %o);

        for my $bodies ([ nested_structs(62) ], [ nested_lists(62) ]) {
            is($c->call('good', $bodies->[$protocol eq 'compact'])->{type},
               REPLY, "$transport $protocol, 63 levels");
        }

        next if $transport eq 'unframed';

        # many of them at once, each with its own reply and in order

        $c->send(join '', map { call_bytes($_ % 2 ? 'bad' : 'good', $_,
                                           $_ % 2 ? "\x1e\5\0" : undef, %o) }
                              1 .. 20);

        is(join(' ', map { my $m = $c->read_message();
                           $m ? $m->{seqid} . $m->{name} : 'none' } 1 .. 20),
           join(' ', map { $_ . ($_ % 2 ? 'bad' : 'good') } 1 .. 20),
           "in turn, $protocol");
        $sent += 10;

        # as the bytes come

        for (@bad) {
            my ($text, @bodies) = @$_;
            my $body = $bodies[$protocol eq 'compact'];

            next unless defined $body;
            $text =~ s/^\* //;

            $c->send_pieces(call_bytes('bad', ++$sent, $body, %o), 6, 0.0003);
            is($c->read_message()->{message}, "malformed call: $text",
               "in pieces, $protocol: $text");
        }

        ok($c->open(0.01), "connection stayed, $protocol");
    }
}

# a message of another type than CALL and ONEWAY: closed, and nothing sent

for my $type (REPLY, EXCEPTION, 0, 5, 7) {
    for my $protocol (qw(binary compact)) {
        my $c = $t->client('structure', protocol => $protocol);

        $c->send(encode_message($type, 'type', 3, undef,
                                protocol => $protocol));
        my $m = $c->read_message();

        is("$m->{seqid} $m->{exception} $m->{message}",
           '3 2 message type is not CALL or ONEWAY', "type $type, $protocol");
        ok($c->closed(), "type $type, $protocol, closed");
    }
}

# a oneway that is malformed gets no answer

my $c = $t->client('structure');
$c->oneway('bad', "\5\0\1");
is($c->call('good')->{name}, 'good', 'malformed oneway');
$sent++;

is(scalar $backend->calls('bad'), 0, 'upstream saw none');
is(scalar $backend->calls('type'), 0, 'nor of another type');
is(scalar(my @e = $backend->_events('malformed')), 0, 'nothing malformed');

# at info, and one line in the access log for each

is(join("\n", $t->grep_log(qr/\[(?!info|debug|notice)\w+\]/)), '',
   'nothing above info');
is(scalar $t->wait_log(qr/^bad /, 'access.log', undef, $sent), $sent,
   'access log');
is(scalar $t->grep_log(qr/^bad exception 400 - PROTOCOL_ERROR: malformed /,
                       'access.log'), $sent - 1, 'as exceptions');
is(scalar $t->grep_log(qr/^bad failed 400 - /, 'access.log'), 1,
   'and a oneway');
is(scalar $t->grep_log(qr/^type exception 400 - INVALID_MESSAGE_TYPE: /,
                       'access.log'), 10, 'other types');

# off: what is in a frame passes unread

$c = $t->client('off');

is($c->call('good', [ [ 1, i32 => 1 ] ])->{fields}{0}, 'backend',
   'off, good call');

$c = $t->client('blind');

for ("\5\0\1abcd\0", "\0\0", '', 'x' x 30000, "\0" . call_bytes('bad', 2)) {
    my $m = $c->call('bad', $_);
    is($m->{fields}{1}, length $_, 'off, body of ' . length);
}

$c = $t->client('blind', transport => 'unframed');
is($c->call('bad', "\5\0\1abcd\0")->{exception}, 7, 'off, unframed is read');
ok($c->closed(), 'off, unframed closes');

# the head is read always

$c = $t->client('blind');
$c->send(frame("\x80\1\0\1\0\0\0\x10bad\0\0\0\1\0"));
ok($c->closed(), 'off, bad head');

$t->done();


# A server that counts the bytes behind the head, whatever they are.

sub blind {
    my ($bytes) = @_;

    my $name = unpack 'x4 N/a', $bytes;
    my $head = 12 + length $name;
    my $seqid = unpack 'l>', substr $bytes, $head - 4;

    return reply_bytes($name, $seqid,
                       [ [ 1, i32 => length($bytes) - $head ] ]);
}


# So many of them in the arguments, in binary and in compact.

sub nested_structs {
    my ($n) = @_;

    return ("\x0c\0\1" x $n . "\0" x ($n + 1), "\x1c" x $n . "\0" x ($n + 1));
}


sub nested_lists {
    my ($n) = @_;

    $n--;               # the last one is empty

    return ("\x0f\0\1" . "\x0f\0\0\0\1" x $n . "\3\0\0\0\0\0",
            "\x19" . "\x19" x $n . "\3\0");
}
