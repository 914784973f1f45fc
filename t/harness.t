#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# The harness itself, with nginx's own proxy_pass: what the other tests rest on.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF', module => 0);

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  $upstream_addr;
    access_log  %%TESTDIR%%/access.log  test;

    server {
        listen            127.0.0.1:%%PORT_proxy%%;
        proxy_pass        127.0.0.1:%%PORT_backend%%;
        proxy_half_close  on;
    }

    server {
        listen      unix:%%SOCK_proxy%%;
        proxy_pass  unix:%%SOCK_other%%;
    }

    server {
        listen      127.0.0.1:%%PORT_to_daemon%%;
        proxy_pass  127.0.0.1:%%PORT_daemon%%;
    }
}

EOF

my $backend = $t->backend('backend');
my $other = $t->backend($t->sock('other'), id => 'other');

my $daemon = $t->run_daemon(\&daemon, port => 'daemon');

$t->run();

# bytes

my @fields = ([ 1, string => 'x' x 300 ], [ 2, i32 => -1 ],
              [ 30, bool => 1 ], [ 31, i64 => -(2 ** 40) ],
              [ 4, list => [ string => 'a' .. 't' ] ],
              [ 5, map => [ 'i32', 'double', 1, 0.5, 2, -2.25 ] ],
              [ 6, struct => [ [ 1, set => [ bool => 1, 0 ] ] ] ]);

my $values = { 1 => 'x' x 300, 2 => -1, 30 => 1, 31 => -(2 ** 40),
               4 => [ 'a' .. 't' ], 5 => [ 1, 0.5, 2, -2.25 ],
               6 => { 1 => [ 1, 0 ] } };

for my $protocol (qw(binary compact)) {
    for my $transport (qw(framed unframed)) {

        my $bytes = call_bytes('S:get', -7, \@fields,
                               protocol => $protocol,
                               transport => $transport);
        my $m = parse_message($bytes);

        is_deeply([ @$m{qw(type name seqid protocol transport length)} ],
                  [ CALL, 'S:get', -7, $protocol, $transport,
                    length $bytes ],
                  "$transport $protocol head");
        is_deeply($m->{fields}, $values, "$transport $protocol body");
        is(scalar(grep { parse_message(substr($bytes, 0, $_)) }
                       0 .. length($bytes) - 1), 0,
           "$transport $protocol in parts");
    }
}

is(unpack('H*', call_bytes('ping', 1)),
   '00000011' . '80010001' . '00000004' . '70696e67' . '00000001' . '00',
   'binary bytes');
is(unpack('H*', call_bytes('ping', 1, [ [ 1, i32 => -1 ] ],
                           protocol => 'compact', transport => 'unframed')),
   '8221' . '01' . '0470696e67' . '1501' . '00', 'compact bytes');
ok(!eval { parse_message(frame("\x80\x01\0\1junk")); 1 }, 'malformed dies');

# client and backend

my $c = $t->client('proxy');

is($c->call('get')->{fields}{0}, 'backend', 'answer');
is(scalar $backend->calls(), 1, 'call noted');
is(($backend->calls('get'))[0]{seqid}, 1, 'seqid noted');

$c->send_pieces(call_bytes('get', 5), 3);
is($c->read_message()->{seqid}, 5, 'call in pieces');

is($t->client($t->sock('proxy'), protocol => 'compact', transport => 'unframed')
     ->call('get')->{fields}{0}, 'other', 'unix socket');

$backend->script(
    echo      => { echo => 1 },
    slow      => { delay => 0.1 },
    twice     => { twice => 1 },
    wrong     => { seqid => 77, name => 'other', type => EXCEPTION },
    exception => { exception => [ 6, 'no' ] },
    pieces    => { pieces => 5 },
    garbage   => { garbage => 1 },
    stall     => { stall => 1 },
    request   => { close => 'request' },
    mid       => { close => 'mid' },
    half      => { half_close => 1 },
    turns     => [ { exception => [ 1, 'first' ] }, {} ],
);

is($c->call('echo', [ [ 1, i32 => 3 ] ])->{fields}{1}, 3, 'echo');
is($c->call('slow')->{name}, 'slow', 'slow');

is($c->call('twice', undef, seqid => 8)->{seqid}, 8, 'twice, first');
is($c->read_message()->{seqid}, 8, 'twice, second');

my $m = $c->call('wrong');
is("$m->{name} $m->{seqid} $m->{type}", 'other 77 3', 'wrong');

$m = $c->call('exception');
is("$m->{type} $m->{exception} $m->{message}", '3 6 no', 'exception');

is($c->call('pieces')->{name}, 'pieces', 'pieces');
is($c->call('turns')->{message}, 'first', 'first turn');
is($c->call('turns')->{type}, REPLY, 'second turn');

$c->oneway('get');
ok($c->open(), 'no reply to oneway');
is(($backend->calls())[-1]{type}, ONEWAY, 'oneway noted');

$c->start('garbage');
like($c->read(10), qr/^\x13\x37/, 'garbage');

$c = $t->client('proxy');
is($c->call('stall', undef, timeout => 0.2), undef, 'stall');

$c = $t->client('proxy');
$c->start('request');
ok($c->closed(), 'close');

$c = $t->client('proxy');
is($c->call('mid'), undef, 'close in the middle');
like($c->read_all(), qr/^\0\0\0/, 'half of the bytes');

$c = $t->client('proxy');
is($c->call('half')->{name}, 'half', 'half close');
ok($c->closed(), 'half closed');

# two calls on the way, and no more to come

$c = $t->client('proxy');
$c->send(call_bytes('slow', 1) . call_bytes('get', 2));
$c->half_close();
is($c->read_message()->{seqid}, 1, 'first reply');
is($c->read_message()->{seqid}, 2, 'second reply');
ok($c->closed(), 'end of replies');

# a backend that goes and comes

$backend->stop();
ok($t->client('proxy')->closed(), 'backend gone');
$backend->start();
is($t->client('proxy')->call('get')->{fields}{0}, 'backend', 'backend back');

$t->expect_log(qr/connect\(\) failed .*Connection refused/);

$backend->script('!accept' => { close => 1 });
ok($t->client('proxy')->closed(), 'closed at accept');
$backend->script();

# daemon

is($t->client('to_daemon')->read_all(), 'hello', 'daemon');

# reload

my @old = $t->workers();

$c = $t->client('proxy');
is($c->call('get')->{type}, REPLY, 'before reload');

ok($t->reload(), 'reload');
isnt("@old", join(' ', $t->workers()), 'other workers');
is($c->call('get')->{type}, REPLY, 'old connection');
is($t->client('proxy')->call('get')->{type}, REPLY, 'new connection');

# logs

ok($t->wait_log(qr/^127\.0\.0\.1:/, 'access.log'), 'access log');
ok($t->grep_log(qr/start worker process/), 'error log');

# configurations

like($t->test_config(), qr/test is successful/, 'good configuration');
is($t->test_config("events {}\nunknown;\n"),
   "nginx: [emerg] unknown directive \"unknown\" in test.conf:2\n"
   . "nginx: configuration file test.conf test failed\n",
   'bad configuration');

my $template = "events {\n    #events\n}\n#main\n";

is(conf($template, main => 'one;'), "events {\n    #events\n}\none;\n",
   'template');
is_deeply({ conf_lines($template) }, { events => 2, main => 4 },
          'lines of a template');
ok(!eval { conf($template, other => 'one;'); 1 }, 'no such place');
is($t->config_error(conf($template, events => 'unknown;')),
   "unknown directive \"unknown\" in test.conf:2\n", 'message alone');

# every final check notices what it is for

my $bad = Test::Thrift->new(undef, module => 0);

is_deeply([ failing() ], [], 'nothing wrong');

for (
    [ 'no alerts', 'error.log', '[alert] 1#1: something' ],
    [ 'no alerts', 'error.log', '[crit] 1#1: something' ],
    [ 'no alerts', 'error.log', '[emerg] 1#1: something' ],
    [ 'workers stayed', 'error.log',
      '[alert] 1#1: worker process 2 exited on signal 11' ],
    [ 'workers stayed', 'error.log',
      '[notice] 1#1: worker process 2 exited with code 1' ],
    [ 'sockets closed', 'error.log',
      '[alert] 2#2: *1 open socket #3 left in connection 4' ],
    [ 'no sanitizer report', 'sanitizer.123',
      '==1==ERROR: AddressSanitizer: heap-use-after-free' ],
    [ 'no sanitizer report', 'stderr.log',
      'x.c:1:1: runtime error: signed integer overflow' ],
    [ 'no sanitizer report', 'error-test.log',
      '==1==ERROR: LeakSanitizer: detected memory leaks' ],
) {
    my ($check, $file, $line) = @$_;

    $bad->write_file($file, "2026/11/20 14:00:00 $line\n");
    is_deeply([ failing() ], [ $check ], "noticed: $line");
    unlink $bad->dir() . "/$file";
}

$bad->expect_log(qr/something/);
is_deeply([ failing() ], [ 'no alerts' ], 'expected line is missing');
$bad->write_file('error.log', "2026/11/20 14:00:00 [alert] something\n");
is_deeply([ failing() ], [], 'expected line');
$bad->write_file('error.log', "2026/11/20 14:00:00 [alert] something\n"
                              . "2026/11/20 14:00:00 [info] an [alert]\n");
is_deeply([ failing() ], [], 'level in a text');

$bad->done();
$t->done();


sub failing {
    return map { $_->[0] } grep { @$_ > 1 } $bad->final_checks();
}


sub daemon {
    my ($t) = @_;

    my $listen = IO::Socket::IP->new(LocalHost => '127.0.0.1',
                                     LocalPort => $t->port('daemon'),
                                     Listen => 5, ReuseAddr => 1) or die "$!";

    while (my $client = $listen->accept()) {
        print $client 'hello';
        close $client;
    }
}
