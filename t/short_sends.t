#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Calls that are sent together, and of which the server takes a part at first:
# cut behind each byte, all of them are answered.  Where there is no memory for
# what is left of one, it alone fails: those before it are answered, also when
# one of their clients leaves in the middle of its reply.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Select;
use Test::More;
use Test::Thrift;
use Test::Thrift::Preload;


my $LACKS = 1 << 32;

my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  calls  '$thrift_method $thrift_status';
    access_log  %%TESTDIR%%/calls.log  calls;

    upstream together {
        server           127.0.0.1:%%PORT_backend%%  max_fails=0;
        thrift_pipeline  8 connections=1;
    }

    upstream parts {
        server           127.0.0.1:%%PORT_parts%%  max_fails=0;
        thrift_pipeline  8 connections=1;
    }

    thrift_trusted      on;
    thrift_buffer_size  2k;

    server {
        listen       127.0.0.1:%%PORT_together%%;
        thrift_pass  together;
    }

    server {
        listen       127.0.0.1:%%PORT_parts_proxy%%;
        thrift_pass  parts;
    }
}

EOC

my $short = Test::Thrift::Preload->new($t, 'short_send');

if (!$short) {
    $t->{done} = 1;
    plan(skip_all => 'no compiler');
}

$t->backend('backend', script => { '*' => { echo => 1 } });
$t->run_daemon(\&in_parts, port => 'parts');

$short->run();

# three calls, cut behind each byte

for my $format ([ 'framed', 'binary' ], [ 'unframed', 'compact' ]) {
    my %o = (transport => $format->[0], protocol => $format->[1]);
    my $c = $t->client('together', %o);

    my @calls = map { encode_message(CALL, "echo$_", $_,
                                     [ [ 1, string => 'x' x $_ ] ], %o) }
                    1 .. 3;
    my $bytes = join('', @calls);
    my @wrong;

    # seqids of a compact message may take 4 bytes more

    for my $n (1 .. length($bytes) - 1) {
        $short->set($n);

        my @m = $c->exchange($bytes, 3);
        my $got = join(' ', map { "$_->{name} $_->{seqid}" } @m);

        push @wrong, "$n: $got" if $got ne 'echo1 1 echo2 2 echo3 3';
        push @wrong, "$n: not cut" if $short->get();
        last if @wrong > 3;
    }

    is(join("\n", @wrong), '', "cut behind each byte, @$format");
}

# The last of three has no memory.  While the worker is stopped, what it has to
# handle gets its order.

my $stays = $t->client('parts_proxy');
is(answer($stays->call('get')), 1, 'before');

my $leaves = $t->client('parts_proxy');
is(answer($leaves->call('get')), 1, 'before, the other one');

my $control = $t->client('parts');
my ($worker) = $t->workers();
my ($second, $first) = map { call_bytes($_, 9) } qw(second first);

kill('STOP', $worker);
$short->set($LACKS + length("$second$first") + 100);
$stays->send($second);
$leaves->send($first . encode_message(CALL, 'third', 10,
                                      [ [ 1, string => 'x' x 1500 ] ]));
kill('CONT', $worker);

$control->send('sent');
is($control->read(4), 'sent', 'two calls and a part');
ok(wait_for(sub { $short->get() == 0 }), 'no memory for the rest');

kill('STOP', $worker);
$control->send('some');
is($control->read(4), 'some', 'a part of a reply');
$leaves->close();
kill('CONT', $worker);

$t->wait_log(qr/^first cancelled/, 'calls.log');
$control->send('rest');

is(answer($stays->read_message()), 2, 'whoever stays has its reply');
is_deeply([ map { $t->wait_log(qr/^$_ /, 'calls.log') }
                qw(first second third) ],
          [ 'first cancelled', 'second success', 'third cancelled' ],
          'and the others');

# Alone on its connection, it fails as what it is: no fault of its server's.

$short->set($LACKS + 50);

is(answer($t->client('together')
            ->call('get', [ [ 1, string => 'x' x 1500 ] ])),
   '6 internal error', 'no memory for the rest of the only one');
is(scalar($t->grep_log(qr/ is suspect/)), 0, 'its server is not suspect');

$t->expect_log(qr/\[emerg\] .*malloc\(\d+\) failed/);
$t->done();


# When the calls are answered is told by four letters on another connection.

sub in_parts {
    my $listen = Test::Thrift::Backend::listen_socket($t->address('parts'));
    my $select = IO::Select->new($listen);
    my (%in, %seqid, $nginx, $asked, $rest);

    for ( ;; ) {
        for my $s ($select->can_read()) {

            if ($s == $listen) {
                $select->add($listen->accept());
                next;
            }

            $in{$s} = '' unless defined $in{$s};

            if (!sysread($s, $in{$s}, 65536, length $in{$s})) {
                $select->remove($s);
                next;
            }

            if ($in{$s} =~ /^[a-z]{4}$/) {
                $asked = [ $s, delete $in{$s} ];

            } else {
                $nginx = $s;
                $seqid{$_->{name}} = $_->{seqid} for take_calls($s, \$in{$s});
            }
        }

        next unless $asked;

        my ($control, $what) = @$asked;

        if ($what eq 'sent') {
            next unless $seqid{first} && $seqid{second}
                        && length $in{$nginx} == 100;

        } elsif ($what eq 'some') {
            $rest = reply_bytes('first', $seqid{first},
                                [ [ 0, string => 'x' x 6000 ] ])
                    . reply_bytes('second', $seqid{second},
                                  [ [ 0, i32 => 2 ] ]);
            syswrite($nginx, substr($rest, 0, 1000, ''));

        } else {
            syswrite($nginx, $rest);
        }

        syswrite($control, $what);
        undef $asked;
    }
}


sub take_calls {
    my ($socket, $in) = @_;

    my @calls;

    while (my $m = parse_message($$in, transport => 'framed')) {
        substr($$in, 0, $m->{length}, '');

        if ($m->{name} eq 'get') {
            syswrite($socket, reply_bytes('get', $m->{seqid},
                                          [ [ 0, i32 => 1 ] ]));
            next;
        }

        push @calls, $m;
    }

    return @calls;
}
