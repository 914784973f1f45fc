#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Who is waited for, and how long: thrift_timeout, thrift_connect_timeout,
# thrift_read_timeout, thrift_send_timeout and thrift_idle_timeout.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

use IO::Socket::INET;
use Socket qw(SOCK_STREAM);
use Time::HiRes qw(time);


my $t = Test::Thrift->new(<<'EOF');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method $thrift_status $status '
                      '$upstream_addr $thrift_exception';
    access_log  %%TESTDIR%%/access.log  test;

    upstream full_first {
        server  127.0.0.1:%%PORT_full%%;
        server  127.0.0.1:%%PORT_backend%%  backup;
    }

    # thrift_timeout: the closest one counts

    thrift_timeout  250ms;

    server {
        listen       127.0.0.1:%%PORT_server%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen          127.0.0.1:%%PORT_blocks%%;
        thrift_timeout  1h;
        thrift_pass     127.0.0.1:%%PORT_backend%%;

        thrift_service S {
            thrift_timeout  250ms;

            thrift_method long {
                thrift_timeout  1h;
            }

            thrift_method off {
                thrift_timeout  0;
            }
        }

        thrift_service L {
            thrift_method short {
                thrift_timeout  250ms;
            }
        }
    }

    # the other ones

    server {
        listen                  127.0.0.1:%%PORT_connect%%;
        thrift_timeout          0;
        thrift_connect_timeout  0;

        thrift_service S {
            thrift_pass             127.0.0.1:%%PORT_full%%;
            thrift_connect_timeout  100ms;

            thrift_method next {
                thrift_pass  full_first;
            }

            thrift_method deadline {
                thrift_timeout          250ms;
                thrift_connect_timeout  0;
            }
        }
    }

    server {
        listen               127.0.0.1:%%PORT_read%%;
        thrift_timeout       0;
        thrift_read_timeout  300ms;
        thrift_pass          127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen               127.0.0.1:%%PORT_again%%;
        thrift_timeout       0;
        thrift_read_timeout  300ms;
        thrift_pass          127.0.0.1:%%PORT_twice%%;
    }

    server {
        listen               127.0.0.1:%%PORT_send%% sndbuf=32k;
        thrift_timeout       0;
        thrift_send_timeout  1s;
        thrift_pass          127.0.0.1:%%PORT_other%%;
    }

    server {
        listen               127.0.0.1:%%PORT_sips%%;
        thrift_timeout       0;
        thrift_send_timeout  1s;
        thrift_pass          127.0.0.1:%%PORT_sipping%%;
    }

    server {
        listen               127.0.0.1:%%PORT_idle%%;
        thrift_timeout       0;
        thrift_idle_timeout  500ms;
        thrift_pass          127.0.0.1:%%PORT_backend%%;
    }

    # nobody is waited for less than for ever

    server {
        listen               127.0.0.1:%%PORT_forever%%;
        thrift_timeout       0;
        thrift_read_timeout  0;
        thrift_send_timeout  0;
        thrift_idle_timeout  0;
        thrift_pass          127.0.0.1:%%PORT_backend%%;
    }
}

EOF

my $backend = $t->backend('backend');
my $other = $t->backend('other');

# a server whose queue of connections is full: a connection to it hangs

my $full = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1,
                                 LocalPort => $t->port('full'), ReuseAddr => 1);

my @queued = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                         PeerPort => $t->port('full'),
                                         Blocking => 0) } 1 .. 8;

$t->run();

# a connection that is over, but not for the client: see the end

my $over = $t->client('forever');
$over->send("GET / HTTP/1.1\r\n\r\n");
ok($over->closed(), 'over');

# thrift_timeout

$backend->script('*' => { delay => 0.7 }, quick => {});

for (
    [ 'server', 'call', 'stream' ], [ 'blocks', 'S:call', 'service' ],
    [ 'blocks', 'L:short', 'method' ],
) {
    my ($server, $method, $level) = @$_;

    my $c = $t->client($server);
    my $m = $c->call($method, undef, seqid => 7);

    is("$m->{type} $m->{seqid} $m->{exception}", EXCEPTION . ' 7 6',
       "timeout of $level");
    like($m->{message},
         qr/^timed out after [1-9]\d\d+ms reading reply from upstream$/,
         "text of $level");

    $method =~ s/:.*/:quick/;

    is($c->call($server eq 'blocks' ? 'S:quick' : 'quick')->{fields}{0},
       'backend', "connection stays, $level");
}

for ([ 'server', 'S2:call' ], [ 'method', 'S:long' ], [ 'off', 'S:off' ],
     [ 'server in service', 'L:other' ])
{
    my ($level, $method) = @$_;

    is($t->client('blocks')->call($method)->{type}, REPLY,
       "longer timeout, $level");
}

# a late reply reaches nobody

$backend->script(late => { delay => 0.7, body => [ [ 0, string => 'late' ] ] });

my $c = $t->client('server');
my $accepted = $backend->accepted();

is($c->call('late')->{exception}, 6, 'late');
is($c->call("quick$_")->{fields}{0}, 'backend', 'not the late reply')
    for 1 .. 5;
ok(wait_for(sub { $backend->closed() > 0 }), 'connection closed');
ok($c->open(0.8), 'late reply dropped');
is($c->call('quick')->{name}, 'quick', 'call after it');

# two on their way: the others do not wait for longer than they have to

$c->send(join '', map { call_bytes($_ == 2 ? 'late' : 'quick', $_) } 1 .. 4);
is(join(' ', map { my $m = $c->read_message(); "$m->{seqid}:$m->{type}" }
                 1 .. 4),
   '1:2 2:3 3:2 4:2', 'among others');

# a oneway has no deadline to miss once it is sent, and gets no answer

$backend->script('!accept' => {}, '*' => { delay => 0.5 });
$c->oneway('once');
ok($c->open(0.7), 'oneway');

is($t->wait_log(qr/^once sent 200/, 'access.log'), 1, 'oneway sent');
is($t->wait_log(qr/^late exception 504 127\S+ INTERNAL_ERROR: timed out/,
                'access.log', undef, 2), 2, 'status 504');
like(($t->grep_log(qr/upstream timed out/))[0],
     qr/ \[error\] .*upstream timed out .* while reading reply from upstream, /,
     'log says timed out');

# thrift_connect_timeout

$backend->script();
$c = $t->client('connect');

my $m = $c->call('S:call');
is("$m->{exception} $m->{message}", '6 cannot connect to upstream',
   'connect timeout');

is($c->call('S:next')->{fields}{0}, 'backend', 'next upstream');
like(($t->wait_log(qr/^next/, 'access.log'))[0],
     qr/^next success 200 127\.0\.0\.1:\d+, 127\.0\.0\.1:\d+ -$/,
     'two addresses');

like($c->call('S:deadline')->{message},
     qr/^timed out after \d+ms connecting to upstream$/,
     'deadline while connecting');

is(scalar(my @lines = $t->grep_log(qr/upstream timed out .* while connecting/)),
   3, 'log says connecting');

# thrift_read_timeout: from a message's first byte to its last

for my $transport (qw(framed unframed)) {
    my $c = $t->client('read', transport => $transport);
    my $bytes = call_bytes('slow', 1, [ [ 1, string => 'x' x 1000 ] ],
                           transport => $transport);
    my $start = time();
    my $lines = $t->grep_log(qr/client timed out in the middle of a call/);

    is($c->call('quick')->{type}, REPLY, "call before, $transport");

    while (length $bytes && !$c->{eof}) {
        $c->send(substr($bytes, 0, 1, '')) or last;
        $c->_fill(time() + 0.02);
    }

    ok($c->closed(), "slow call closed, $transport");
    ok(time() - $start >= 0.29, "not too early, $transport");
    is($t->grep_log(qr/ \[info\] .*client timed out in the middle of a call/),
       $lines + 1, "log says so, $transport");
}

is(scalar $backend->calls('slow'), 0, 'slow call not sent');

# and of replies

$backend->script(half => { raw => substr(reply_bytes('half', 1), 0, 10) });
$c = $t->client('read');
$m = $c->call('half');
like($m->{message}, qr/^timed out after \d+ms reading reply from upstream$/,
     'half of a reply');
is($c->call('quick')->{type}, REPLY, 'call after it');
is(scalar $t->wait_log(qr/^half exception 504/, 'access.log'), 1,
   'half of a reply, status');

# not from another reply to an earlier call, but from the first byte of its own

$t->server(twice => \&answer_again_first);

$c = $t->client('again');
is(answer($c->call('first')), 'own', 'first call');
is(answer($c->call('second')), 'own', 'reply to the first call, and its own');

# thrift_send_timeout: the upstream does not read

# more than the kernel takes on the way

my $size = 5000000;
my $large = [ [ 1, string => 'x' x $size ] ];

$other->script('!accept' => { ignore => 1 });

$c = $t->client('send', timeout => 10 * time_factor());
$m = $c->call('large', $large);
like($m->{message}, qr/^timed out after \d+ms sending call to upstream$/,
     'upstream does not read');
is(scalar $t->wait_log(qr/^large exception 504/, 'access.log'), 1,
   'upstream does not read, status');
is(scalar $t->grep_log(qr/\[error\] .*timed out .* while sending call to/), 1,
   'upstream does not read, log');
ok($c->open(0.01), 'connection stays');

# one that reads slowly is not one that does not

$t->server(sipping => \&sip);

$c = $t->client('sips', timeout => 20 * time_factor());
is(answer($c->call('large', [ [ 1, string => 'x' x 12_000_000 ] ])), 'whole',
   'upstream reads slowly');

# the client does not read

$other->script('*' => { body => $large });

$c = $t->client('send', rcvbuf => 4096);
$c->start('unread');
is(scalar $t->wait_log(qr/ \[info\] .*client timed out .* while sending reply/),
   1, 'client does not read');
is(scalar $t->wait_log(qr/^unread cancelled 499/, 'access.log'), 1,
   'client does not read, status');
$c->read_all();
ok($c->{eof}, 'closed');

# a client that reads slowly is not one that does not

$c = $t->client('send', rcvbuf => 65536);
$c->start('slowly');
my $got = 0;
while ($got < 1000000 && !$c->{eof}) {
    my $bytes = $c->read(50000) or last;
    $got += length $bytes;
    elapse(0.1);
}
is($got, 1000000, 'client reads slowly');
my $rest = $size - $got + 30;
is(length($c->read($rest)), $rest, 'and to the end');

# thrift_idle_timeout

$backend->script(slow => { delay => 1 });

$c = $t->client('idle');
ok($c->closed(), 'no call');

$c = $t->client('idle');
is($c->call('quick')->{type}, REPLY, 'a call');
is($c->call('slow')->{type}, REPLY, 'not idle while a call runs');
ok($c->closed(), 'idle after it');

is($t->wait_log(qr/ \[info\] .*client sent no call .* while waiting for call/,
                undef, undef, 2), 2, 'log says idle');

# 0

$c = $t->client('forever');
ok($c->open(0.3), 'idle for ever');
$c->send_pieces(call_bytes('quick', 5), 2, 0.03);
is($c->read_message()->{seqid}, 5, 'slow for ever');
is($c->call('slow')->{type}, REPLY, 'waits for ever');

# a call before the slow one gets its reply

$backend->script('*' => { delay => 0.6 });
$c = $t->client('read');
$c->send(call_bytes('before', 1) . substr(call_bytes('slow', 2), 0, 10));
is($c->read_message()->{name}, 'before', 'reply before slow call');
ok($c->closed(), 'closed after it');
is(scalar $t->grep_log(qr/client timed out in the middle of a call/), 3,
   'one line');

# five seconds are enough to say goodbye

ok(wait_for(sub { !$over->send('x') }, 10), 'closed without the client');

$t->done();


# A server that answers the second call of a connection with its first answer
# once more, and, much later, with the one that belongs to it.

# Takes two seconds for a large call.

sub sip {
    my ($socket) = @_;

    my $call = '';

    setsockopt($socket, SOL_SOCKET, SO_RCVBUF, 65536);

    while (length $call < 12_000_000
           && sysread($socket, $call, 65536, length $call))
    {
        elapse(0.01);
    }

    syswrite($socket, reply_bytes('large', parse_message($call)->{seqid},
                                  [ [ 0, string => 'whole' ] ]));
    sysread($socket, $call, 1);
}


sub answer_again_first {
    my ($socket) = @_;

    my $answer;

    while (sysread($socket, my $bytes, 4096)) {
        my $m = parse_message($bytes);

        if ($answer) {
            syswrite($socket, substr($answer, 0, 10));
            elapse(0.1);
            syswrite($socket, substr($answer, 10));
            elapse(0.6);
        }

        $answer = reply_bytes($m->{name}, $m->{seqid},
                              [ [ 0, string => 'own' ] ]);
        syswrite($socket, $answer);
    }
}
