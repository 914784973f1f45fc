#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What servers speak is found out by asking them: each of a few, one that is
# replaced by another, one that says nothing or is not there; by checks and for
# connections that are opened ahead, too.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::INET;
use POSIX ();
use Test::More;
use Test::Thrift;


my $top = Test::Thrift->top();
my $here = "$top/t/peers";
my $build = "$top/build/peers";

ok(system('make', '-s', '-C', $top, '-f', 't/peers/peers.mk', 'peers') == 0,
   'build');

$ENV{PYTHONPATH} = "$build/py:$here";
$ENV{PYTHONDONTWRITEBYTECODE} = 1;

my @python = ('/usr/bin/python3', '-B');

# kind and dialect, by name

my %servers = (
    py => [ map { my $transport = $_;
                  map { join(':', 'threaded', $transport, $_) }
                      qw(binary compact) }
                qw(framed buffered) ],
    cpp => [ 'nonblocking:framed:binary', 'nonblocking:framed:compact',
             'threaded:buffered:binary', 'threaded:buffered:compact' ],
);

my %port = map { my $of = $_; map { ("$of:$_" => name_of("$of:$_")) }
                                  @{$servers{$of}} } keys %servers;

my $t = Test::Thrift->new(conf(<<'EOF', mixed => of_mixed()), log => 'info');

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$pid|$thrift_method|$thrift_status|$upstream_addr';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_upstream_detect  on;
    thrift_trusted          on;

    #mixed

    upstream checked {
        zone                 checked  128k;
        server               127.0.0.1:%%PORT_checked%%;
        thrift_health_check  interval=100ms  fails=1  mandatory;
    }

    upstream warm {
        zone              warm  128k;
        server            127.0.0.1:%%PORT_warmed%%;
        thrift_keepalive  8  min=2;
    }

    upstream given {
        server                    127.0.0.1:%%PORT_given_framed%%;
        thrift_upstream_protocol  compact;
    }

    upstream both {
        server                     127.0.0.1:%%PORT_told%%;
        thrift_upstream_transport  framed;
        thrift_upstream_protocol   compact;
    }

    upstream served {
        server                       127.0.0.1:%%PORT_serves%%;
        thrift_upstream_protocol     compact;
        thrift_upstream_multiplexed  on;
        thrift_upstream_service      Users;
    }

    upstream two {
        server  127.0.0.1:%%PORT_nobody%%  max_fails=0;
        server  127.0.0.1:%%PORT_second%%;
    }

    upstream shared {
        zone    shared  128k;
        server  127.0.0.1:%%PORT_once%%;
    }

    upstream off {
        server                  127.0.0.1:%%PORT_mute%%;
        thrift_upstream_detect  off;
    }

    server {
        listen       127.0.0.1:%%PORT_mixed%%;
        thrift_pass  mixed;
    }

    server {
        listen       127.0.0.1:%%PORT_address%%;
        thrift_pass  127.0.0.1:%%PORT_replaced%%;
    }

    server {
        listen       127.0.0.1:%%PORT_check%%;
        thrift_pass  checked;
    }

    server {
        listen       127.0.0.1:%%PORT_warm%%;
        thrift_pass  warm;
    }

    server {
        listen       127.0.0.1:%%PORT_given%%;
        thrift_pass  given;
    }

    server {
        listen       127.0.0.1:%%PORT_both%%;
        thrift_pass  both;
    }

    server {
        listen       127.0.0.1:%%PORT_served%%;
        thrift_pass  served;
    }

    server {
        listen                127.0.0.1:%%PORT_two%%;
        thrift_pass           two;
        thrift_next_upstream  error timeout non_idempotent;
    }

    server {
        listen       127.0.0.1:%%PORT_shared%%;
        thrift_pass  shared;
    }

    server {
        listen          127.0.0.1:%%PORT_muted%%;
        thrift_timeout  20s;
        thrift_pass     127.0.0.1:%%PORT_mute%%;
    }

    server {
        listen          127.0.0.1:%%PORT_hurry%%;
        thrift_timeout  100ms;
        thrift_pass     127.0.0.1:%%PORT_silent%%;
    }

    server {
        listen          127.0.0.1:%%PORT_pinned%%;
        thrift_pass     127.0.0.1:%%PORT_own%%;
        thrift_balance  connection;
    }
}

EOF

for my $of (sort keys %servers) {
    my @args = map { "$_:" . $t->port($port{"$of:$_"}) } @{$servers{$of}};

    $t->run_daemon($of eq 'py' ? [ @python, "$here/server.py", @args ]
                               : [ "$build/server", @args ]);
}

for my $name (values %port) {
    my $port = $t->port($name);

    die "no server on port $port"
        unless wait_for(sub { Test::Thrift::listens("127.0.0.1:$port") }, 20);
}

my @names = qw(replaced checked warmed given_framed told serves second once own);
my %b = map { $_ => $t->backend($_) } @names;

speaks($b{replaced}, qw(framed compact));
speaks($b{checked}, qw(framed compact));
speaks($b{warmed}, qw(unframed compact));
speaks($b{given_framed}, qw(framed compact));
speaks($b{told}, qw(framed compact));
speaks($b{serves}, qw(framed compact));
speaks($b{second}, qw(framed binary));
speaks($b{once}, qw(framed compact));
speaks($b{own}, qw(unframed compact));

$t->run_daemon(sub { closes('mute') }, port => 'mute');
$t->run_daemon(sub { silent('silent') }, port => 'silent');
$t->run();

mixed();
replaced();
checked();
warmed();
given();
second();
once();
pinned();
mute();
hurry();

$t->done();


sub name_of {
    my ($server) = @_;

    $server =~ s/:/_/g;

    return "server_$server";
}


sub of_mixed {
    return join("\n", '    upstream mixed {',
                (map { "        server  127.0.0.1:%%PORT_$port{$_}%%"
                       . '  max_fails=0;' } sort keys %port),
                '    }');
}


# It closes connections on which a message of another dialect comes.

sub speaks {
    my ($backend, $transport, $protocol) = @_;

    $backend->script('!speaks' => "$transport $protocol");
}


# One after another, from clients of each kind.

sub mixed {
    for my $dialect (map { my $transport = $_;
                           map { [ $transport, $_ ] } qw(binary compact) }
                         qw(framed unframed)) {
        my ($transport, $protocol) = @$dialect;
        my $c = $t->client('mixed', transport => $transport,
                           protocol => $protocol, timeout => 20);
        my @answers = map { answer($c->call('echoString',
                                            [ [ 1, string => "n$_" ] ])) }
                          1 .. 2 * keys %port;

        is_deeply(\@answers, [ map { "n$_" } 1 .. 2 * keys %port ],
                  "$transport $protocol to each of them");
    }

    for (sort keys %port) {
        my ($of, $kind, $transport, $protocol) = split /:/;
        my $port = $t->port($port{$_});

        $transport = 'unframed' if $transport eq 'buffered';

        ok($t->grep_log(qr/\[notice\] .*server 127\.0\.0\.1:$port /
                        . qr/of upstream "mixed" speaks $transport $protocol$/),
           "$_ is known as what it is");
    }
}


# After a while one of another kind is there.

sub replaced {
    is(answer($t->client('address')->call('get')), 'replaced', 'an address');

    $b{replaced}->stop();
    $b{replaced}->{script} = { '!speaks' => 'unframed binary' };
    elapse(10.1);
    $b{replaced}->start();

    my $c = $t->client('address');

    $c->call('get');

    ok(wait_for(sub { answer($t->client('address')->call('get')) eq 'replaced' }),
       'it speaks something else now');
}


sub checked {
    ok(wait_for(sub { answer($t->client('check')->call('get')) eq 'checked' }),
       'checked, and called');

    $b{checked}->stop();
    ok($t->wait_log(qr/\[warn\] .*of upstream "checked" is down/), 'is down');
    $b{checked}->start();
    ok($t->wait_log(qr/\[notice\] .*of upstream "checked" is up again/),
       'is up again');
    ok(wait_for(sub { answer($t->client('check')->call('get')) eq 'checked' }),
       'and called again');
}


sub warmed {
    # two questions, the second is answered, and two for each worker

    ok(wait_for(sub { $b{warmed}->accepted() >= 6 }, 10), 'opened ahead');

    my $n = $b{warmed}->accepted();

    is(answer($t->client('warm')->call('get')), 'warmed', 'called');
    is($b{warmed}->accepted(), $n, 'on one of them');
}


# What the configuration says is not asked.

sub given {
    is(answer($t->client('given')->call('get')), 'given_framed', 'given');
    is(scalar(grep { $_->{protocol} ne 'compact' } $b{given_framed}->calls()),
       0, 'its protocol is not tried');

    is(answer($t->client('both')->call('get')), 'told', 'both are given');
    is(join(' ', map { $_->{method} } $b{told}->calls()), 'get',
       'nothing is asked');

    # servers with TMultiplexedProcessor answer for services that they have

    is(answer($t->client('served')->call('get')), 'serves', 'a service is given');
    is(join(' ', map { $_->{method} } $b{serves}->calls()),
       'Users:health_check Users:get', 'and asked');
}


sub second {
    is(answer($t->client('two')->call('get')), 'second', "the other one, $_")
        for 1 .. 4;
    ok($t->grep_log('\[error\] .*connect\(\) failed \(111.* while '
                    . '(detecting protocol of|connecting to) upstream'),
       'one cannot be reached');
}


# One worker has asked: the others know.

sub once {
    my @clients = map { $t->client('shared') } 1 .. 20;

    is(answer($clients[0]->call('get')), 'once', 'asked');

    my $n = $b{once}->calls('health_check');

    is(scalar(grep { answer($_->call('get')) eq 'once' } @clients), 20,
       'all are answered');
    is(scalar($b{once}->calls('health_check')), $n, 'asked once');
}


sub pinned {
    my $c = $t->client('pinned');

    is(answer($c->call('get')), 'own', 'pinned');

    my $n = $b{own}->accepted();

    is(answer($c->call('get')), 'own', "pinned, $_") for 2, 3;
    is($b{own}->accepted(), $n, 'one connection');
}


# It closes whatever comes: calls go as they are.

sub mute {
    my $c = $t->client('muted', timeout => 30);

    like(answer($c->call('get')), qr/^6 upstream closed connection/,
         'it says nothing');
    ok($t->grep_log(qr/\[warn\] .*answers in none of the transports/), 'told');

    $t->client('muted')->call('get') for 1 .. 3;
    cmp_ok(scalar($t->grep_log(qr/\[warn\] .*answers in none of the/)), '<=', 2,
           'once in each worker');
}


# Those that wait: time is over, the client leaves, the worker ends.

sub hurry {
    like(answer($t->client('hurry')->call('get')),
         qr/^6 timed out after \d+ms detecting protocol of upstream$/,
         'no time to ask');

    my @clients = map { $t->client('hurry') } 1 .. 4;
    $_->start('gone') for @clients;
    $_->close() for @clients;

    is(scalar($t->wait_log(qr/\|gone\|cancelled\|/, 'access.log', undef, 4)),
       4, 'clients have left');

    my $c = $t->client('hurry');

    $c->start('last');
    $t->reload();
    like(answer($c->read_message()), qr/^6 timed out/, 'a reload meanwhile');
}


sub closes {
    my ($name) = @_;

    my $listen = listens($name);

    while (my $socket = $listen->accept()) {
        sysread($socket, my $bytes, 100);
        close($socket);
    }
}


sub silent {
    my ($name) = @_;

    my $listen = listens($name);
    my @sockets;

    while (my $socket = $listen->accept()) {
        push @sockets, $socket;
    }
}


sub listens {
    my ($name) = @_;

    return IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 50,
                                 LocalPort => $t->port($name),
                                 ReuseAddr => 1) || die "listen: $!";
}
