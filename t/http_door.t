#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Calls that come by http: thrift_door hands them to a server of stream, which
# takes their client for its own, and answers with its reply or a status.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $conf = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    client_body_buffer_size  4k;
    client_max_body_size     2m;
    set_real_ip_from         127.0.0.2;
    real_ip_header           X-Real-IP;

    server {
        listen  127.0.0.1:%%PORT_web%%;
        listen  [::1]:%%PORT_web%%;
        listen  unix:%%SOCK_web%%;

        location = /thrift {
            thrift_door  users;
        }

        location = /small {
            client_max_body_size  1k;
            thrift_door           users;
        }

        location = /message {
            thrift_door  small;
        }

        location = /plain {
            thrift_door_status  off;
            thrift_door         users;
        }

        location = /strict {
            thrift_door  strict;
        }

        location = /denied {
            thrift_door  denied;
        }

        location = /alone {
            thrift_door  alone;
        }

        location = /cors {
            if ($request_method = OPTIONS) {
                return  204;
            }

            thrift_door  users;
        }

        location = /limited {
            limit_except  POST {
                deny  all;
            }

            thrift_door  users;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_half_close  on;

    log_format  calls  '$remote_addr $thrift_method $thrift_status $status '
                       '$bytes_received $bytes_sent $thrift_transport '
                       '$server_port';
    access_log  %%TESTDIR%%/calls.log  calls;

    limit_conn_zone          $binary_remote_addr  zone=connections:1m;
    thrift_limit_calls_zone  $remote_addr  zone=calls:1m;
    thrift_limit_zone        $remote_addr  zone=rate:1m  rate=1r/m;

    server {
        listen            unix:%%SOCK_users%%;
        thrift_name       users;
        thrift_transport  framed;

        thrift_service Users {
            thrift_pass  127.0.0.1:%%PORT_users%%;

            thrift_method dead  { thrift_pass 127.0.0.1:%%PORT_dead%%; }
            thrift_method late  { thrift_timeout 100ms; }
            thrift_method no    { thrift_return  INTERNAL_ERROR "not today"; }
            thrift_method one   { thrift_limit_calls  calls 1; }
            thrift_method rare  { thrift_limit_rate  zone=rate; }
        }
    }

    server {
        listen                   unix:%%SOCK_small%%;
        thrift_name              small;
        thrift_max_message_size  1k;
        thrift_pass              127.0.0.1:%%PORT_users%%;
    }

    server {
        listen           unix:%%SOCK_strict%%;
        thrift_name      strict;
        thrift_protocol  binary;
        thrift_pass      127.0.0.1:%%PORT_users%%;
    }

    server {
        listen       unix:%%SOCK_denied%%;
        thrift_name  denied;
        allow        127.0.0.9;
        deny         all;
        thrift_pass  127.0.0.1:%%PORT_users%%;
    }

    server {
        listen       unix:%%SOCK_alone%%;
        thrift_name  alone;
        limit_conn   connections  1;
        thrift_pass  127.0.0.1:%%PORT_users%%;
    }
}

EOF

my $t = Test::Thrift->new($conf, http => 1);

my $users = $t->backend('users');

$users->script(echo => { echo => 1 },
               late => { delay => 0.5 },
               one => { hold => 1 },
               wait => { hold => 1 },
               declared => { body => [ [ 1, struct => [ [ 1, i32 => 5 ] ] ] ] },
               fails => { exception => [ 6, 'no' ] },
               half => { close => 'mid' },
               gone => { close => 'request' });

$t->run();

my $web = $t->http('web');

dialects();
bodies();
oneways();
not_a_message();
statuses();
limits();
methods();
client();

$t->done();


# Bytes of an unframed call; what a response has, as text.

sub message {
    my ($method, $body, %o) = @_;

    return call_bytes($method, 7, $body, transport => 'unframed', %o);
}


sub reply {
    my ($r) = @_;

    return 'closed' unless $r;
    return $r->{status} unless length $r->{body};

    my $m = eval { parse_message($r->{body}, transport => 'unframed') };

    return "$r->{status} $r->{body}" unless $m;
    return "$r->{status} seqid $m->{seqid}" if $m->{seqid} != 7;

    return "$r->{status} " . answer($m);
}


sub call {
    my ($method, %o) = @_;

    return reply($web->post('/thrift', message("Users:$method", undef, %o)));
}


sub last_call {
    my ($pattern) = @_;

    return ($t->wait_log($pattern, 'calls.log'))[-1] || '';
}


sub dialects {
    my $large = [ [ 1, string => 'x' x 300000 ],
                  [ 2, list => [ i32 => 1 .. 99 ] ] ];

    for my $protocol (qw(binary compact lax)) {
        is(call('get', protocol => $protocol), '200 users', $protocol);

        my $body = message('Users:echo', $large, protocol => $protocol);
        my $r = $web->post('/thrift', $body);

        is($r->{status}, 200, "$protocol, large");
        is($r->{headers}{'content-length'}, length $r->{body}, 'length');

        my $m = parse_message($r->{body}, transport => 'unframed');

        is($m->{body}, encode_struct($protocol eq 'compact' ? $protocol
                                                            : 'binary',
                                     @$large), 'the same comes back');
    }

    is((grep { $_->{transport} eq 'unframed' } $users->calls()), 6,
       'no frame is made');

    is($web->post('/thrift', '[1,"Users:no",1,7,{}]',
                  'Content-Type' => 'application/vnd.apache.thrift.json')
           ->{body},
       '[1,"no",3,7,{"1":{"str":"not today"},"2":{"i32":6}}]', 'JSON');

    is(reply($web->post('/strict', message('get', undef,
                                           protocol => 'lax'))),
       '400 not one Thrift message: message without version',
       'no lax protocol where binary is asked for');
    is(reply($web->post('/strict', message('get'))), '200 users', 'binary');

    my $http = $t->http('web');

    for my $type ('application/x-thrift',
                  'application/vnd.apache.thrift.binary',
                  'application/vnd.apache.thrift.compact; charset=utf-8',
                  'Application/X-Thrift') {
        my $r = $http->post('/thrift', message('Users:get'),
                            'Content-Type' => $type);

        is($r->{headers}{'content-type'}, $type, "type $type");
    }

    for my $type ('text/html', 'application/x-thrif', '') {
        my $r = $http->post('/thrift', message('Users:get'),
                            'Content-Type' => $type);

        is($r->{headers}{'content-type'}, 'application/x-thrift',
           "type \"$type\"");
    }
}


sub bodies {
    my $get = message('Users:get');
    my $http = $t->http('web');
    my $c = $http->connection();

    $c->send($http->head('POST', '/thrift', 'Transfer-Encoding' => 'chunked')
             . $http->chunks(split //, $get));
    is(reply($http->response()), '200 users', 'chunks of a byte');

    my $large = message('Users:echo', [ [ 1, string => 'y' x 100000 ] ]);

    $c->send($http->head('POST', '/thrift', 'Transfer-Encoding' => 'chunked')
             . $http->chunks(unpack('(a7777)*', $large)));
    is(length $http->response()->{body}, length($large) - 6,
       'large, in chunks');

    $c->send($http->head('POST', '/thrift', 'Content-Length' => length $get));
    $c->send_pieces($get, 1);
    is(reply($http->response()), '200 users', 'byte by byte');

    $c->send($http->head('POST', '/thrift', 'Content-Length' => length $get,
                         'Expect' => '100-continue'));
    is($http->response()->{status}, 100, 'to be continued');
    $c->send($get);
    is(reply($http->response()), '200 users', 'continued');

    $http->send_post('/thrift', $get) for 1 .. 20;
    is(join(' ', map { reply($http->response()) } 1 .. 20),
       join(' ', ('200 users') x 20), 'pipelined requests');

    for my $size (4000, 4096, 4097, 16000, 16384, 16385, 65536, 1500000) {
        my $body = message('Users:echo', [ [ 1, string => 'z' x $size ] ]);

        is(length $http->post('/thrift', $body)->{body}, length($body) - 6,
           "$size bytes");
    }
}


sub oneways {
    my $body = oneway_bytes('Users:tell', 7, undef, transport => 'unframed');
    my $r = $web->post('/thrift', $body);

    is(reply($r), '200', 'oneway');
    is($r->{headers}{'content-length'}, 0, 'of no body');
    is($r->{headers}{'content-type'}, 'application/x-thrift', 'type');
    ok(wait_for(sub { $users->calls('Users:tell') == 1 }), 'arrived');

    is(reply($web->post('/thrift',
                        oneway_bytes('Users:no', 7, undef,
                                     transport => 'unframed'))),
       '503 not today', 'oneway that is refused');

    is(reply($web->post('/thrift',
                        oneway_bytes('Nobody:tell', 7, undef,
                                     transport => 'unframed'))),
       '404 unknown method "Nobody:tell"', 'oneway of no service');

    is(call('get'), '200 users', 'the next one');
}


sub not_a_message {
    my $get = message('Users:get');
    my $what = 'not one Thrift message';

    for (
        [ 'empty', '', "400 $what: an empty body\n" ],
        [ 'text', 'hello, this is no message',
          "400 $what: neither a framed nor an unframed Thrift message" ],
        [ 'a framed message', frame($get),
          "400 $what: framed message where an unframed one is expected" ],
        [ 'two messages', $get x 2,
          "400 $what: a body that goes on behind its message" ],
        [ 'a byte behind it', "$get\0",
          "400 $what: a body that goes on behind its message" ],
        [ 'two large ones',
          message('Users:echo', [ [ 1, string => 'x' x 50000 ] ]) x 2,
          "400 $what: a body that goes on behind its message" ],
        [ 'half of one', substr($get, 0, length($get) / 2),
          "400 $what: a body that ends in the middle of a message" ],
        [ 'one byte', substr($get, 0, 1),
          "400 $what: a body that ends in the middle of a message" ],
        [ 'half of a large one',
          substr(message('Users:echo', [ [ 1, string => 'x' x 80000 ] ]), 0,
                 40000),
          "400 $what: a body that ends in the middle of a message" ],
        [ 'a reply', reply_bytes('Users:get', 7, undef,
                                 transport => 'unframed'),
          '400 2 message type is not CALL or ONEWAY' ],
        [ 'a bad field', substr($get, 0, -1) . "\xff\0\1\0",
          '400 7 malformed call: unknown type of field' ],
    ) {
        my ($name, $body, $want) = @$_;
        my $r = $web->post('/thrift', $body);

        is(reply($r), $want, $name);
        is($r->{headers}{'content-type'},
           $want =~ /$what/ ? 'text/plain' : 'application/x-thrift',
           'type') if $r;
    }

    is(call('get'), '200 users', 'the next one');
    ok(scalar $t->grep_log(qr/client sent a body that goes on behind its/),
       'log');
}


sub statuses {
    for (
        [ 'declared', '200 throws 1' ],
        [ 'fails', '200 6 no' ],
        [ 'no', '503 6 not today' ],
        [ 'late', '504 6 timed out after' ],
        [ 'dead', '502 6 ' ],
        [ 'gone', '502 6 upstream closed connection' ],
        [ 'half', '502 6 upstream closed connection in the middle' ],
    ) {
        my ($method, $want) = @$_;

        like(call($method), qr/^\Q$want\E/, $method);
    }

    is(reply($web->post('/thrift', message('Nobody:get'))),
       '404 1 unknown method "Nobody:get"', 'no service');
    is(reply($web->post('/plain', message('Nobody:get'))),
       '200 1 unknown method "Nobody:get"', 'the exception only');
    is(reply($web->post('/plain', 'hello, this is no message')),
       '400 not one Thrift message: neither a framed nor an unframed '
       . 'Thrift message', 'without an exception');

    like(last_call(qr/refused/), qr/ refused 400 /, 'log');

    is(reply($web->post('/small', message('Users:get'))), '200 users',
       'small enough for nginx');
    like(reply($t->http('web')->post('/small',
                                     message('Users:echo',
                                             [ [ 1, string => 'x' x 1024 ] ]))),
         qr/^413 <html>/, 'too large for nginx');
    is(reply($web->post('/message', message('get'))), '200 users',
       'small enough for the server');

    my $large = message('echo', [ [ 1, string => 'x' x 100000 ] ]);
    my @connections = map { $t->http('web') } 1 .. 4;

    like(reply($_->post('/message', $large)),
         qr/^413 7 malformed call: (?:string longer than its|message larger)/,
         'too large for the server')
        for @connections;
    is(reply($_->post('/message', message('get'))), '200 users', 'and on')
        for @connections;
}


sub limits {
    my $one = $t->http('web');

    $one->send_post('/thrift', message('Users:one'));
    ok(wait_for(sub { $users->calls('Users:one') == 1 }), 'one is there');
    is(call('one'), '429 6 overloaded: too many calls at once',
       'limit of calls');

    my $other = $t->http('web', from => '127.0.0.3');

    $other->send_post('/thrift', message('Users:one'));
    ok(wait_for(sub { $users->calls('Users:one') == 2 }),
       'another client has a limit of its own');

    $users->release();
    is(reply($_->response()), '200 users', 'answered') for $one, $other;

    is(call('rare'), '200 users', 'rate');
    is(call('rare'), '429 6 overloaded: calls come too fast', 'too fast');
    is(reply($other->post('/thrift', message('Users:rare'))), '200 users',
       'rate of another client');

    is(reply($web->post('/denied', message('get'))), '403', 'denied');
    is(reply($t->http('web', from => '127.0.0.9')
                 ->post('/denied', message('get'))), '200 users', 'allowed');

    $one->send_post('/alone', message('wait'));
    ok(wait_for(sub { $users->calls('wait') == 1 }), 'one is there');
    is(reply($web->post('/alone', message('get'))), '503',
       'limit of connections');
    is(reply($t->http('web', from => '127.0.0.3')
                 ->post('/alone', message('get'))), '200 users',
       'not of another client');
    $users->release();
    is(reply($one->response()), '200 users', 'answered');
    is(reply($web->post('/alone', message('get'))), '200 users', 'free again');
}


sub methods {
    my $http = $t->http('web');

    is($http->request($_, '/thrift')->{status}, 405, $_)
        for qw(GET HEAD PUT DELETE OPTIONS PATCH);
    is($http->request('OPTIONS', '/cors')->{status}, 204, 'OPTIONS for CORS');
    is(reply($http->post('/cors', message('Users:get'))), '200 users', 'POST');
    is($http->request('GET', '/limited')->{status}, 403, 'limit_except');
    is(reply($http->post('/limited', message('Users:get'))), '200 users',
       'but POST');
}


sub client {
    my $port = $t->port('web');

    is(call('here'), '200 users', 'by IPv4');
    is(last_call(qr/here/),
       "127.0.0.1 here success 200 23 29 unframed $port", 'its address');

    is(reply($t->http("[::1]:$port")->post('/thrift', message('Users:v6'))),
       '200 users', 'by IPv6');
    like(last_call(qr/v6/), qr/^::1 v6 success .* $port$/, 'its address');

    is(reply($t->http($t->sock('web'))->post('/thrift', message('Users:un'))),
       '200 users', 'by a unix socket');
    like(last_call(qr/ un /), qr/^unix: un success /, 'its address');

    is(reply($t->http('web', from => '127.0.0.2')
                 ->post('/thrift', message('Users:real'),
                        'X-Real-IP' => '192.0.2.7')),
       '200 users', 'behind another proxy');
    like(last_call(qr/real/), qr/^192\.0\.2\.7 real success /, 'its address');

    like(reply($t->http('web', from => '127.0.0.2')
                   ->post('/thrift', message('Users:dead'),
                          'X-Real-IP' => '192.0.2.8')),
         qr/^502 6 /, 'the same without a server');

    # Angie has quotes, and the port

    ok(scalar $t->grep_log(qr/client:\ "?192\.0\.2\.8[:\d]*"?,
                              \ server:\ "?users\ \(http\)/x), 'error log');
}
