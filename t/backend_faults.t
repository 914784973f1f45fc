#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What a server may do wrong: it costs no client its connection, and no other
# call its reply.

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

    thrift_trusted  on;

    log_format  test  '$thrift_method|$thrift_seqid|$thrift_status|$status|'
                      '$thrift_exception|$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_max_message_size  64k;
    thrift_max_depth         16;

    upstream one {
        server            127.0.0.1:%%PORT_backend%%;
        thrift_keepalive  1;
    }

    server {
        listen          127.0.0.1:%%PORT_proxy%%;
        thrift_timeout  30s;

        thrift_service S {
            thrift_pass  127.0.0.1:%%PORT_backend%%;

            thrift_method stall {
                thrift_timeout  250ms;
            }

            thrift_method stall_mid {
                thrift_timeout  250ms;
            }
        }

        thrift_service One {
            thrift_pass  one;
        }

        thrift_service Late {
            thrift_pass     one;
            thrift_timeout  250ms;
        }
    }
}

EOF

my $backend = $t->backend('backend');

$t->run();

# fault, what the backend does, and the exception's text; some have none.
# Those marked with a transport are faults in this one only.

my $before = qr/upstream closed connection before it replied/;
my $middle = qr/upstream closed connection in the middle of its reply/;
my $late   = qr/timed out after \d+ms reading reply from upstream/;

sub malformed {
    my ($why) = @_;

    return qr/upstream sent a malformed reply: $why/;
}

my %bad_size = (binary  => "\x0b\0\0\xff\xff\xff\xff" . "\0" x 9,
                compact => "\x18\xff\xff\xff\xff\x0f" . "\0" x 9);
my %other    = (binary  => 'compact', compact => 'binary',
                framed  => 'unframed', unframed => 'framed');

my @faults = (
    [ 'close', { close => 'request' }, $before ],
    [ 'reset', { close => 'request', reset => 1 }, $before ],
    [ 'mid', { close => 'mid' }, $middle ],
    [ 'mid_reset', { close => 'mid', reset => 1 }, qr/$before|$middle/ ],
    [ 'stall', { stall => 1 }, $late ],
    [ 'stall_mid', { cut => 0.5 }, $late ],
    [ 'garbage', { garbage => 1 },
      malformed('neither a framed nor an unframed Thrift message') ],
    [ 'http', { raw => "HTTP/1.1 400 Bad Request\r\n\r\n" },
      malformed('HTTP response instead of Thrift') ],
    [ 'zeros', { raw => "\0" x 100 }, malformed('empty frame') ],
    [ 'seqid', { seqid => 7777 }, malformed('its seqid is wrong') ],
    [ 'minus', { seqid => -1 }, malformed('its seqid is wrong') ],
    [ 'name', { name => 'other' }, malformed('it answers another method') ],
    [ 'longer', { name => 'longer1' },
      malformed('it answers another method') ],
    [ 'shorter', { name => 'shorte' },
      malformed('it answers another method') ],
    [ 'service', { name => 'S' }, malformed('it answers another method') ],
    [ 'no_name', { name => '' }, malformed('empty method name') ],
    [ 'call', { type => CALL }, malformed('it is not of type REPLY') ],
    [ 'oneway', { type => ONEWAY }, malformed('it is not of type REPLY') ],
    [ 'type_7', { type => 7 }, malformed('it is not of type REPLY') ],
    [ 'long', { body => [ [ 0, string => 'x' x 100_000 ] ] },
      malformed('(?:frame larger than allowed \\(thrift_max_message_size '
                . 'allows 65536 bytes\\)'
                . '|string longer than its message)') ],
    [ 'deep', { body => [ [ 0, deep(30) ] ] },
      malformed('too many levels of nesting \\(thrift_max_depth is 16\\)') ],
    [ 'bad_type', { body => "\x1e" . "\0" x 20 },
      malformed('unknown type of field') ],
    [ 'bad_size', { body => \%bad_size },
      malformed('negative length of string') ],
    [ 'bytes_after', { body => "\0\0" },
      malformed('frame longer than its message'), 'framed' ],
    [ 'no_end', { body => '' },
      malformed('frame shorter than its message'), 'framed' ],
    [ 'protocol', { protocol => \%other },
      malformed('it is in another transport or protocol') ],
    [ 'transport', { transport => \%other },
      malformed('it is in another transport or protocol') ],
    [ 'mute', { body => "\0", type => EXCEPTION } ],
    [ 'twice', { twice => 1 } ],
    [ 'half', { half_close => 1 } ],
    [ 'after', { close => 'after' } ],
    [ 'after_reset', { close => 'after', reset => 1 } ],
);

my $id = 0;
my @combinations = ([ 'framed', 'binary' ], [ 'unframed', 'compact' ],
                    [ 'unframed', 'binary' ], [ 'framed', 'compact' ]);
my %expected;

for (@combinations) {
    my ($transport, $protocol) = @$_;
    my @o = (transport => $transport, protocol => $protocol);
    my $c = $t->client('proxy', @o);
    my %script = (echo => { echo => 1 });

    for (@faults) {
        my ($fault, $action) = @$_;
        my %action = %$action;

        for my $key (qw(body protocol transport)) {
            my $choice = $action{$key};

            $action{$key} = $key eq 'transport' ? $choice->{$transport}
                                                : $choice->{$protocol}
                if ref($choice || '') eq 'HASH';
        }

        $script{$fault} = \%action;
    }

    $backend->script(%script);

    for (@faults) {
        my ($fault, undef, $text, $only) = @$_;

        next if $only && $only ne $transport;

        my $name = "$transport $protocol $fault";
        my $seqid = ++$id * 10;
        my $ended = $backend->ended();

        # between two calls that run at the same time

        $c->send(join('', map { call_bytes(@$_, @o) }
                      [ 'S:echo', -$seqid, [ [ 0, i32 => $id ] ] ],
                      [ "S:$fault", $seqid, [] ],
                      [ 'S:echo', $seqid + 1, [ [ 0, i32 => $id + 1 ] ] ]));

        my @m = map { $c->read_message() } 1 .. 3;

        is_deeply([ @{$m[0]}{qw(type name seqid fields)} ],
                  [ REPLY, 'echo', -$seqid, { 0 => $id } ],
                  "$name, before");
        is_deeply([ @{$m[2]}{qw(type name seqid fields)} ],
                  [ REPLY, 'echo', $seqid + 1, { 0 => $id + 1 } ],
                  "$name, after");

        my ($type) = $text || $fault eq 'mute' ? EXCEPTION : REPLY;

        is_deeply([ @{$m[1]}{qw(type name seqid transport protocol)} ],
                  [ $type, $fault, $seqid, $transport, $protocol ],
                  $name);

        if ($text) {
            is($m[1]{exception}, 6, "$name, type");
            like($m[1]{message}, qr/^(?:$text)$/, "$name, text");
        }

        $expected{$fault} = [ $text ? 'exception' : $type == REPLY ? 'success'
                                                              : 'exception',
                              !$text ? 200 : $text == $late ? 504 : 502,
                              $text ];

        # and then alone, with a connection that the fault may have left behind

        # (a call that meets its end has no chance)

        wait_for(sub { $backend->ended() > $ended })
            if $fault =~ /^(?:half|after)/;

        for my $n (1 .. 2) {
            my $m = $c->call('S:echo', [ [ 0, i32 => ++$id ] ]);
            is($m->{fields}{0}, $id, "$name, then $n");
        }
    }
}

# what was logged

my @log = $t->wait_log(qr/^after_reset\|/, 'access.log', undef, 4);
my @access = split /\n/, $t->read_log('access.log');

for my $fault (sort keys %expected) {
    my ($status, $code, $text) = @{$expected{$fault}};
    my $exception = $text ? qr/INTERNAL_ERROR: (?:$text)/
                    : $status eq 'success' ? qr/-/ : qr/.*/;
    my @lines = grep { /^$fault\|/ } @access;

    is(scalar(grep { !/^$fault\|\d+0\|$status\|$code\|$exception\|127\S+$/ }
              @lines), 0, "$fault in access log") or diag(join("\n", @lines));
}

is(scalar(grep { /^echo\|/ && !/^echo\|-?\d+\|success\|200\|-\|127\S+$/ }
          @access), 0, 'others in access log');

# the level of the upstream's faults is error, or info for what is repeated, and
# each is told

my %told = (
    close       => qr/upstream prematurely closed connection/,
    reset       => qr/recv\(\) failed \(104/,
    mid         => qr/upstream prematurely closed connection/,
    stall       => qr/upstream timed out/,
    stall_mid   => qr/upstream timed out/,
    twice       => qr/upstream sent more than one reply/,
    map { $_ => qr/upstream sent malformed reply: \S/ }
        qw(garbage http zeros seqid minus name longer shorter service no_name
           call oneway type_7 long deep bad_type bad_size bytes_after no_end
           protocol transport),
);

for my $fault (sort keys %told) {
    my $re = $told{$fault};

    ok($t->grep_log(qr/\[(?:error|info)\] .*$re.* while\ reading\ reply\ from
                       \ upstream.*client:\ "?127.*call:\ "S:$fault"
                       .*upstream:\ "127/x), "$fault in error log");

}

# of each kind there is an error, whatever came before

for my $re (qr/upstream prematurely closed connection/,
            qr/upstream timed out/, qr/upstream sent /)
{
    ok($t->grep_log(qr/\[error\] .*$re/), "an error: $re");
}

is(scalar($t->grep_log(qr/\[(?:warn|notice)\] .*(?:call:|upstream)/)), 0,
   'no other levels');
is(scalar($t->grep_log(qr/\[error\] .*call: "S:(?:half|after|echo)"/)), 0,
   'nothing about good ones');

# The next ones need to know a connection's seqids, which begin with 1.

sub fresh {
    my ($c) = @_;

    my $ended = $backend->ended();

    $backend->script(last => { close => 'after' });
    $c->call('One:last');
    wait_for(sub { $backend->ended() > $ended });
}

for (@combinations) {
    my ($transport, $protocol) = @$_;
    my @o = (transport => $transport, protocol => $protocol);
    my $c = $t->client('proxy', @o);
    my $name = "$transport $protocol";
    my $again = [ 1, 'one', 'again', @o ];
    my $length = length reply_bytes('one', 1, [ [ 0, string => 'again' ] ], @o);
    my $closed;

    # the answer a second time, while the connection is idle

    fresh($c);
    $backend->script(poke => { answer => 1, replies => [ $again ] });
    is($c->call('One:one')->{fields}{0}, 'backend', "$name one");

    my $ended = $backend->ended();

    $c->oneway('One:poke');
    ok(wait_for(sub { $backend->ended() > $ended }), "$name twice, idle");
    ok($c->open(), "$name nothing to client");
    is($c->call('One:two')->{fields}{0}, 'backend', "$name then two");

    # while the next call is on its way, in one packet and in several

    for my $pieces (0, 1, 7, $length, $length + 9) {
        fresh($c);
        $backend->script(two => {
            replies => [ $again, [ 0, 'two', 'own', @o ] ],
            pieces  => $pieces });

        is($c->call('One:one')->{fields}{0}, 'backend',
           "$name one again");

        $ended = $backend->ended();

        my $m = $c->call('One:two', [], seqid => 1);
        is("$m->{name} $m->{seqid} " . ($m->{fields}{0} || $m->{message}),
           'two 1 own', "$name twice, during call");
        ok(wait_for(sub { $backend->ended() > $ended }),
           "$name connection closed");
    }

    # in another protocol, another transport than the call's

    for my $other (@combinations) {
        my @other = (transport => $other->[0], protocol => $other->[1]);
        my $c2 = $t->client('proxy', @other);

        fresh($c);
        $backend->script(two => {
            replies => [ $again, [ 0, 'two', 'own', @other ] ] });

        $c->call('One:one');
        $c2->call('One:one');

        my $m = $c2->call('One:two', [], seqid => 3);
        is("$m->{name} $m->{seqid} " . ($m->{fields}{0} || $m->{message}),
           'two 3 own', "$name twice, then @$other");
        $c2->close();
    }

    # the next call gets no answer but the old one

    fresh($c);
    $backend->script(two => { replies => [ $again ] });
    $c->call('One:one');
    my $m = $c->call('Late:two', [], seqid => 1);
    like("$m->{name} $m->{seqid} $m->{message}", qr/^two 1 $late$/,
         "$name old answer alone");

    # the same method, so that only the seqid tells them apart

    fresh($c);
    $backend->script(one => [ {}, { replies => [ $again,
                                                 [ 0, 'one', 'own', @o ] ] } ]);
    $c->call('One:one');
    is($c->call('One:one')->{fields}{0}, 'own', "$name same method");

    # the answer of a call that has timed out comes later

    fresh($c);
    $backend->script(hold => { hold => 1 });
    like($c->call('Late:hold')->{message}, qr/^$late$/, "$name too late");
    $c->start('One:two');
    $backend->release();
    is($c->read_message()->{name}, 'two', "$name not for others");

    # answers to what has none

    for my $n (1 .. 3) {
        $backend->script(poke => { answer => 1 });
        $c->oneway('One:poke');
        is($c->call('One:two', [], seqid => 50 + $n)->{seqid}, 50 + $n,
           "$name oneway answered");
    }

    # an end before and instead of the answer to a oneway

    $backend->script(poke => { close => 'request' });
    $ended = $backend->ended();
    $c->oneway('One:poke');
    wait_for(sub { $backend->ended() > $ended });
    is($c->call('One:two')->{fields}{0}, 'backend',
       "$name oneway and end");

    # closed before any call

    $backend->script('!accept' => { close => 1 }, last => { close => 'after' });
    $ended = $backend->ended();
    $c->call('One:last');
    wait_for(sub { $backend->ended() > $ended });

    for my $how (qw(close reset)) {
        $backend->script('!accept' => { $how => 1 });
        $m = $c->call('One:two', [], seqid => -8);
        is("$m->{name} $m->{seqid} $m->{exception}", 'two -8 6',
           "$name $how at accept");
        like($m->{message}, qr/^(?:$before|cannot\ connect\ to\ upstream
                               |upstream\ closed\ connection\ while\ the\ call
                                \ was\ sent)$/x, "$name $how text");
    }

    $backend->script();
    is($c->call('One:two')->{fields}{0}, 'backend', "$name recovered");
}

ok($t->grep_log(qr/\[error\] .*upstream sent another reply to an earlier call/),
   'second reply in error log');

$t->done();


sub deep {
    my ($n) = @_;

    return (struct => [ $n ? [ 1, deep($n - 1) ] : () ]);
}
