#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Many calls on one connection: they run at the same time, their replies come
# in order, and a client that does not read is not read from.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Socket qw(SOL_SOCKET SO_SNDBUF);
use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_half_close  on;

    log_format  test  '$thrift_method $thrift_status';
    access_log  %%TESTDIR%%/access.log  test;

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen               127.0.0.1:%%PORT_four%%;
        thrift_max_pipeline  4;
        thrift_pass          127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen               127.0.0.1:%%PORT_one%%;
        thrift_max_pipeline  1;
        thrift_pass          127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen       127.0.0.1:%%PORT_narrow%%  rcvbuf=32k  sndbuf=32k;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }
}

EOF

my %script = (echo => { echo => 1 }, end => { close => 'request' },
              large => { body => [ [ 1, string => 'x' x 100_000 ] ] },
              map { ("h$_" => { hold => 1 }) } 1 .. 40);

my $backend = $t->backend('backend', script => \%script);

$t->run();

# calls that were seen since the last time

my $seen = 0;

sub arrived {
    my ($n) = @_;

    my $ok = wait_for(sub { $backend->calls() >= $seen + $n });
    my @calls = $backend->calls();

    @calls = map { $_->{method} } splice(@calls, $seen);
    $seen += @calls;

    return $ok ? "@calls" : "only @calls";
}

sub heads {
    return join(' ', map { "$_->{name}/$_->{seqid}" } @_);
}

# replies in order, although they finish in another

for my $transport (qw(framed unframed)) {
    my @o = (transport => $transport);
    my $c = $t->client('proxy', @o);
    my @h = map { "h$_" } 1 .. 10;

    for my $order ([ reverse @h ],
                   [ @h[4, 9, 0, 2, 1, 3, 8, 5, 7, 6] ], [ @h ])
    {
        $c->send(join('', map { call_bytes("h$_", 100 - $_, [], @o) }
                              1 .. 10));
        is(join(' ', sort(split / /, arrived(10))), join(' ', sort @h),
           "$transport at the same time");

        # nothing goes out before the first is answered

        my @first = grep { $_ ne 'h1' } @$order;

        $backend->release(@first);
        ok($c->open(0.05), "$transport first one missing");
        $backend->release('h1');

        is(heads($c->exchange('', 10)),
           join(' ', map { "h$_/" . (100 - $_) } 1 .. 10),
           "$transport in order");
    }
}

# what is ready in front does not wait for what is behind

my $c = $t->client('proxy');

$c->send(join('', map { call_bytes(@$_) } [ 'get', 1 ], [ 'get', 2 ],
                      [ 'h1', 3 ], [ 'get', 4 ], [ 'get', 5 ]));
is(heads($c->exchange('', 2)), 'get/1 get/2', 'fast ones in front');
is(scalar(split / /, arrived(5)), 5, 'fast ones behind');
ok($c->open(0.05), 'they wait');
$backend->release('h1');
is(heads($c->exchange('', 3)), 'h1/3 get/4 get/5', 'slow one');

# thrift_max_pipeline

$c = $t->client('four');
$c->send(join('', map { call_bytes("h$_", $_) } 1 .. 12));

is(join(' ', sort(split / /, arrived(4))), 'h1 h2 h3 h4', 'four at a time');
ok($c->open(0.1), 'no reply yet');
is($backend->calls(), $seen, 'and no fifth');

$backend->release('h3');
ok($c->open(0.1), 'the first is needed');
is($backend->calls(), $seen, 'no fifth after the third');

$backend->release('h1');
is(heads($c->read_message()), 'h1/1', 'first reply');
is(arrived(1), 'h5', 'fifth call');

$backend->release('h2');
is(heads($c->exchange('', 2)), 'h2/2 h3/3', 'two replies');
is(join(' ', sort(split / /, arrived(2))), 'h6 h7', 'two calls');

wait_for(sub { $backend->release(); $backend->calls('h12') });
$backend->release();
arrived(5);
is(heads($c->exchange('', 9)), join(' ', map { "h$_/$_" } 4 .. 12),
   'all others');

# one at a time

$c = $t->client('one');
$c->send(join('', map { call_bytes("h$_", $_) } 1 .. 3));

for (1 .. 3) {
    is(arrived(1), "h$_", "one at a time, call $_");
    ok($c->open(0.05), "one at a time, alone $_");
    is($backend->calls(), $seen, "one at a time, no other $_");
    $backend->release();
    is(heads($c->read_message()), "h$_/$_", "one at a time, reply $_");
}

$c->send(join('', map { call_bytes("get", $_) } 1 .. 300));
is(heads($c->exchange('', 300)), join(' ', map { "get/$_" } 1 .. 300),
   'three hundred');
arrived(300);

# oneways in between

for my $where (qw(proxy four one)) {
    my $c = $t->client($where);

    $c->send(join('', map { oneway_bytes('poke', 7) . call_bytes('get', $_)
                            . oneway_bytes('poke', $_) } 1 .. 20));
    is(heads($c->exchange('', 20)), join(' ', map { "get/$_" } 1 .. 20),
       'oneways in between');
    is(scalar(grep { $_ eq 'poke' } split / /, arrived(60)), 40,
       'oneways arrived');
}

# a fault, an unknown reply in between

$c = $t->client('proxy');
$c->send(join('', map { call_bytes($_ % 3 ? 'get' : 'end', $_) } 1 .. 30));
my @m = $c->exchange('', 30);
is(heads(@m), join(' ', map { ($_ % 3 ? 'get' : 'end') . "/$_" } 1 .. 30),
   'faults in between');
is(scalar(grep { $_->{type} == EXCEPTION } @m), 10, 'ten exceptions');
arrived(30);

# no more calls will come, and all are answered

for my $where (qw(proxy four one)) {
    my $c = $t->client($where);

    $c->send(join('', map { call_bytes('get', $_) } 1 .. 100));
    $c->half_close();
    is(heads($c->exchange('', 100)), join(' ', map { "get/$_" } 1 .. 100),
       'half close');
    ok($c->closed(), 'then closed');
    arrived(100);

    $c = $t->client($where);
    $c->send(call_bytes('h1', 1) . call_bytes('h2', 2)
             . oneway_bytes('poke', 3));
    $c->half_close();
    ok($c->open(0.05), 'half close, waiting');
    wait_for(sub { $backend->release();
                   $backend->calls() == $seen + 3 });
    $backend->release();
    arrived(3);
    is(heads($c->exchange('', 2)), 'h1/1 h2/2', 'half close, replies');
    ok($c->closed(), 'half close, closed');
}

$c = $t->client('proxy');
$c->send(oneway_bytes('poke', 3));
$c->half_close();
ok($c->closed(), 'half close after oneway');
is(arrived(1), 'poke', 'oneway arrived');

# half of a call after the last one

$c = $t->client('proxy');
$c->send(call_bytes('get', 1) . substr(call_bytes('get', 2), 0, 15));
$c->half_close();
is(heads($c->exchange('', 1)), 'get/1', 'reply before half a call');
ok($c->closed(), 'closed at half a call');
arrived(1);

# A client that sends and does not read.  More than what the sockets hold is
# left with the client.

sub memory {
    my ($worker) = $t->workers();

    open(my $fh, '<', "/proc/$worker/smaps_rollup") or return 0;

    for (<$fh>) {
        return $1 if /^Pss_Anon:\s+(\d+)/;
    }

    return 0;
}

# push_bytes($c, $bytes): until nothing moves for a while; how many went.

sub push_bytes {
    my ($c, $bytes) = @_;

    my $last = time();
    my $sent = 0;

    while ($sent < length($bytes) && time() - $last < 0.7) {
        my $done = syswrite($c->socket(), $bytes, 65536, $sent);

        if ($done) {
            $sent += $done;
            $last = time();

        } else {
            select(undef, undef, undef, 0.01);
        }
    }

    return $sent;
}

my ($version) = $t->_nginx_output('-V');

for (
    [ 'echo', 3000, 10_000, 10_000 ],
    [ 'large', 2000, 2000, 100_000 ],
) {
    my ($method, $n, $size, $answer) = @$_;

    my $before = memory();
    my $bytes = join('', map { call_bytes($method, $_, [ [ 0, i32 => $_ ],
                                          [ 1, string => 'x' x $size ] ]) }
                             1 .. $n);

    my $deaf = $t->client('narrow', rcvbuf => 32768);
    setsockopt($deaf->socket(), SOL_SOCKET, SO_SNDBUF, 32768);

    my $sent = push_bytes($deaf, $bytes);

    cmp_ok($sent, '<', length($bytes) / 3, "$method, reading stops");
    cmp_ok(scalar $backend->calls($method), '<', $n / 3,
           "$method, calls stop");
    is($t->client('narrow')->call('get')->{fields}{0}, 'backend',
       "$method, others are served");

    # the replies to calls that were on their way when the first was ready

    SKIP: {
        skip 'memory of a sanitizer', 1 if $version =~ /sanitize/;
        skip 'no smaps_rollup', 1 unless $before;

        cmp_ok(memory() - $before, '<', 8 * 1024, "$method, memory")
            or diag("from $before to " . memory() . ' kB');
    }

    note(sprintf('%d of %d calls, %d kB more',
                 scalar $backend->calls($method), $n, memory() - $before));

    my @m = $deaf->exchange(substr($bytes, $sent), $n, 90 * time_factor());

    is(scalar(grep { $m[$_ - 1] && $m[$_ - 1]{seqid} == $_
                     && length $m[$_ - 1]{fields}{1} == $answer } 1 .. $n),
       $n, "$method, every reply");
    is($backend->calls($method), $n, "$method, each once");
    $deaf->close();
}

arrived(1);

# large calls that wait for their answers are not kept

$c = $t->client('proxy');

my $before = memory();

$c->send(join('', map { call_bytes("h$_", $_,
                                   [ [ 1, string => 'x' x 300_000 ] ]) }
                      1 .. 30));
is(scalar(split / /, arrived(30)), 30, 'large calls');

SKIP: {
    skip 'memory of a sanitizer', 1 if $version =~ /sanitize/;
    skip 'no smaps_rollup', 1 unless $before;

    cmp_ok(memory() - $before, '<', 4 * 1024, 'large calls, memory');
}

$backend->release();
is(heads($c->exchange('', 30)), join(' ', map { "h$_/$_" } 1 .. 30),
   'large calls, replies');

# log

is(scalar($t->wait_log(qr/^echo success$/, 'access.log', undef, 3000)), 3000,
   'access log');
is(scalar($t->grep_log(qr/\[error\] (?!.*call: "end")/)), 0, 'no errors');

$t->done();
