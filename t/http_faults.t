#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What goes wrong with calls by http: clients that leave, servers that do not
# answer, clients that do not take their reply, workers that shut down; and many
# at once by HTTP/2 and TLS.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $template = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    client_body_buffer_size  4k;
    client_max_body_size     64m;
    ssl_certificate          cert.pem;
    ssl_certificate_key      key.pem;

    log_format  web  '$request_method $status $upstream_status';

    server {
        listen      127.0.0.1:%%PORT_web%%;
        access_log  %%TESTDIR%%/web.log  web;
        #http2

        location /thrift {
            thrift_door  users;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_half_close  on;

    log_format  calls  '$thrift_method $thrift_status $status';
    access_log  %%TESTDIR%%/calls.log  calls;

    server {
        listen               unix:%%SOCK_users%%;
        thrift_name          users;
        thrift_timeout       20s;
        thrift_send_timeout  #send;
        thrift_pass          #pass;
    }
}

EOF

my $t = Test::Thrift->new(undef, http => 1, log => 'info');

$t->certificate();

# where HTTP/2 is asked for has changed

my $ssl = 'listen 127.0.0.1:' . $t->port('ssl') . ' ssl';
my $http2 = $t->knows(http => 'http2 on;') ? "$ssl; http2 on;" : "$ssl http2;";

sub configuration {
    my ($port, $send) = @_;

    return conf($template, http2 => $http2, send => $send || '20s',
                pass => "127.0.0.1:%%PORT_$port%%");
}

$t->write_conf(configuration('users'));

my $users = $t->backend('users');
my $others = $t->backend('others');
my $huge = 'x' x 8000000;

$users->script(echo => { echo => 1 }, hold => { hold => 1 },
               slow => { delay => 0.3 },
               huge => { body => [ [ 0, string => $huge ] ] });
$others->script(echo => { echo => 1 });

$t->run();

clients_leave();
servers_die();
slow_clients();
many();
reloads();
quits();

$t->done();


sub message {
    my ($method, $body) = @_;

    return call_bytes($method, 7, $body, transport => 'unframed');
}


sub reply {
    my ($r) = @_;

    return 'closed' unless $r;

    return "$r->{status} "
           . answer(parse_message($r->{body}, transport => 'unframed'));
}


sub logged {
    my ($line, $n) = @_;

    is(scalar(my @lines = $t->wait_log(qr/^$line$/, 'calls.log', undef, $n)), $n,
       "$n x $line");
}


sub clients_leave {
    my $body = message('echo', [ [ 1, string => 'x' x 100000 ] ]);

    for my $size (0, 1, 5000, length($body) - 1) {
        my $http = $t->http('web');

        $http->connection()->send($http->head('POST', '/thrift',
                                              'Content-Length' => length $body)
                                  . substr($body, 0, $size));
        $http->connection()->reset();
    }

    for my $close (qw(close reset)) {
        my $http = $t->http('web');
        my $n = $users->calls('hold');

        $http->send_post('/thrift', message('hold'));
        ok(wait_for(sub { $users->calls('hold') == $n + 1 }), 'is waiting');
        $http->connection()->$close();
    }

    logged('hold cancelled 499', 2);
    is(scalar(my @lines = $t->wait_log(qr/^POST 499/, 'web.log', undef, 2)), 2,
       'so says http');
    is(scalar($users->calls('echo')), 0, 'no part of a body was a call');

    $users->release();

    my $http = $t->http('web');

    $http->connection()->send($http->head('POST', '/thrift',
                                          'Content-Length' => 22)
                              . oneway_bytes('tells', 1, undef,
                                             transport => 'unframed'));
    $http->connection()->close();

    is(reply($t->http('web')->post('/thrift', message('get'))), '200 users',
       'others are answered');
}


sub servers_die {
    my @http = map { $t->http('web') } 1 .. 5;
    my $n = $users->calls('hold');

    $_->send_post('/thrift', message('hold')) for @http;
    ok(wait_for(sub { $users->calls('hold') == $n + 5 }), 'five wait');

    $users->stop();

    is(reply($_->response()), '502 6 upstream closed connection before it '
                              . 'replied', 'the server died')
        for @http;
    like(reply($_->post('/thrift', message('get'))), qr/^502 6 /,
         'and is gone')
        for @http;

    $users->start();

    is(reply($_->post('/thrift', message('get'))), '200 users', 'it is back')
        for @http;
}


sub slow_clients {
    my $http = $t->http('web', rcvbuf => 4096);

    $http->send_post('/thrift', message('huge'));
    ok(wait_for(sub { $users->calls('huge') == 1 }), 'a huge reply');
    is(reply($t->http('web')->post('/thrift', message('get'))), '200 users',
       'nobody else waits for who reads slowly');
    elapse(0.2);
    is(length $http->response()->{body}, length($huge) + 24, 'all of it');
    logged('huge success 200', 1);

    $http->send_post('/thrift', message('huge'));
    ok(wait_for(sub { $users->calls('huge') == 2 }), 'another one');
    elapse(0.1);
    $http->connection()->reset();
    logged('huge cancelled 499', 1);
}


# Many streams in one connection, each with a reply of its own.

sub many {
    my $dir = $t->dir();

    SKIP: {
        skip 'no curl with HTTP/2', 3 if qx{curl -V 2>&1} !~ /HTTP2/;

        my $url = 'https://127.0.0.1:' . $t->port('ssl') . '/thrift';
        my $config = '';

        for my $n (1 .. 100) {
            $t->write_file("body-$n",
                           message('echo', [ [ 0, string =>
                                               "n$n" x ($n * 50) ] ]));
            $config .= ($n > 1 ? "next\n" : '')
                . qq{url = "$url"\ndata-binary = "\@body-$n"\n}
                . qq{output = "reply-$n"\ninsecure\nhttp2\n}
                . qq{header = "Content-Type: application/x-thrift"\n};
        }

        $t->write_file('curl.conf', $config);

        is(system("cd $dir && curl -sS --parallel --parallel-max 100 "
                  . '-K curl.conf >curl.out 2>&1'), 0, '100 calls');
        is(join(' ', grep { reply({ status => 200,
                                    body => $t->read_log("reply-$_") })
                            ne '200 ' . "n$_" x ($_ * 50) } 1 .. 100),
           '', 'each got its own reply');

        my $large = message('echo', [ [ 0, string => $huge ] ]);

        $t->write_file('body', $large);
        system("cd $dir && curl -sSk --http2 --data-binary \@body -o reply "
               . $url);
        is(length $t->read_log('reply'), length $large, 'a large one by TLS');
    }
}


# Calls in flight, bodies that come, and connections that are kept.

sub reloads {
    my @waiting = map { $t->http('web') } 1 .. 5;
    my @coming = map { $t->http('web') } 1 .. 5;
    my $body = message('echo', [ [ 0, string => 'y' x 50000 ] ]);
    my $n = $users->calls('hold');

    for (@waiting) {
        $_->send_post('/thrift', message('hold'));
    }

    for (@coming) {
        $_->connection()->send($_->head('POST', '/thrift',
                                        'Content-Length' => length $body)
                               . substr($body, 0, 30000));
    }

    ok(wait_for(sub { $users->calls('hold') == $n + 5 }), 'five wait');

    ok($t->reload(configuration('others')), 'reload');

    is(reply($t->http('web')->post('/thrift', message('get'))), '200 others',
       'new clients meet the new configuration');

    for (@coming) {
        $_->connection()->send(substr($body, 30000));
        is(reply($_->response()), '200 ' . 'y' x 50000, 'the rest came');
    }

    $users->release();
    is(reply($_->response()), '200 users', 'a call in flight') for @waiting;

    ok($t->old_workers_gone(10), 'old workers end');

    # in a loop, while nginx is reloaded again and again

    my ($calls, $lost) = (0, 0);
    my $start = time();
    my $next = 0;
    my @clients = map { $t->http('web') } 1 .. 4;

    while (time() < $start + 2
           || ($calls <= 100 && time() < $start + 30 * time_factor()))
    {
        if (time() > $next) {
            $t->signal('HUP');
            $next = time() + 0.5;
        }

        for my $i (0 .. $#clients) {
            $clients[$i]->send_post('/thrift', message('get'));
            my $r = $clients[$i]->response();

            # an idle connection may be closed as the request arrives

            if (!$r) {
                $clients[$i] = $t->http('web');
                $r = $clients[$i]->post('/thrift', message('get'));
            }

            $calls++;
            $lost++ if reply($r) ne '200 others';
        }
    }

    cmp_ok($calls, '>', 100, "$calls calls while reloading");
    is($lost, 0, 'none was lost');
}


sub quits {
    $t->reload(configuration('users'));
    ok($t->old_workers_gone(10), 'old workers end');

    my @waiting = map { $t->http('web') } 1 .. 5;
    my $n = $users->calls('slow');

    $_->send_post('/thrift', message('slow')) for @waiting;
    ok(wait_for(sub { $users->calls('slow') == $n + 5 }), 'five wait');

    $t->signal('QUIT');

    is(reply($_->response()), '200 users', 'answered at the end') for @waiting;
}
