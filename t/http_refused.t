#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Calls by http that are refused while their body is being sent: whoever refuses
# one, http or the server of stream, the client gets the status of that.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $conf = <<'EOC';

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    client_body_buffer_size  4k;
    client_max_body_size     16m;
    limit_req_zone           $server_port  zone=requests:1m  rate=1r/m;

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location = /users {
            thrift_door  users;
        }

        location = /denied {
            thrift_door  denied;
        }

        location = /alone {
            thrift_door  alone;
        }

        location = /message {
            thrift_door  small;
        }

        location = /rare {
            thrift_door  rare;
        }

        location = /none {
            thrift_door  none;
        }

        location = /password {
            auth_basic            users;
            auth_basic_user_file  passwords;
            thrift_door           users;
        }

        location = /body {
            client_max_body_size  100k;
            thrift_door           users;
        }

        location = /page {
            client_max_body_size  100k;
            error_page            413 @large;
            thrift_door           users;
        }

        location @large {
            return  413  "too large, says a page\n";
        }

        location = /requests {
            limit_req         zone=requests;
            limit_req_status  429;
            thrift_door       users;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    limit_conn_zone    $server_port  zone=connections:1m;
    thrift_limit_zone  $server_port  zone=rate:1m  rate=1r/m;

    server {
        listen       unix:%%SOCK_users%%;
        thrift_name  users;
        thrift_pass  127.0.0.1:%%PORT_users%%;
    }

    server {
        listen       unix:%%SOCK_denied%%;
        thrift_name  denied;
        thrift_pass  127.0.0.1:%%PORT_users%%;
        deny         all;
    }

    server {
        listen       unix:%%SOCK_alone%%;
        thrift_name  alone;
        thrift_pass  127.0.0.1:%%PORT_users%%;
        limit_conn   connections  1;
    }

    server {
        listen                   unix:%%SOCK_small%%;
        thrift_name              small;
        thrift_pass  127.0.0.1:%%PORT_users%%;
        thrift_max_message_size  1k;
    }

    server {
        listen             unix:%%SOCK_rare%%;
        thrift_name        rare;
        thrift_pass  127.0.0.1:%%PORT_users%%;
        thrift_limit_rate  zone=rate;
    }

    server {
        listen       unix:%%SOCK_none%%;
        thrift_name  none;
        thrift_service Nobody { thrift_pass 127.0.0.1:%%PORT_users%%; }
    }
}

EOC

my $t = Test::Thrift->new($conf, http => 1);

my $users = $t->backend('users');

$users->script(echo => { echo => 1 }, wait => { hold => 1 });
$t->write_file('passwords', "user:{PLAIN}word\n");

$t->run();

for my $size (10, 20000, 300000, 8000000) {
    my $body = message('echo', [ [ 1, string => 'x' x $size ] ]);

    is(status('denied', $body), '403', "deny, $size bytes");
    like(status('none', message('Other:echo',
                                [ [ 1, string => 'x' x $size ] ])),
         qr/^404 1 unknown method "Other:echo"/, "no service, $size bytes");
    is(status('password', $body), '401 page', "auth_basic, $size bytes");
    is(length($t->http('web')->post('/users', $body)->{body} || ''),
       length $body, "answered, $size bytes");
}

for my $size (20000, 300000, 8000000) {
    my $body = message('echo', [ [ 1, string => 'x' x $size ] ]);

    like(status('message', $body), qr/^413 7 malformed call/,
         "thrift_max_message_size, $size bytes");
    like(status('rare', $body),
         $size == 20000 ? qr/^200$/ : qr/^429 6 overloaded: calls come too/,
         "thrift_limit_rate, $size bytes");
    is(status('body', $body), $size == 20000 ? '200' : '413 page',
       "client_max_body_size, $size bytes");
    is(status('page', $body),
       $size == 20000 ? '200' : '413 too large, says a page',
       "error_page, $size bytes");
    is(status('requests', $body), $size == 20000 ? '200' : '429 page',
       "limit_req, $size bytes");
}

my $first = $t->http('web');

$first->send_post('/alone', message('wait'));
ok(wait_for(sub { $users->calls('wait') == 1 }), 'a call waits');
is(status('alone', message('echo', [ [ 1, string => 'x' x $_ ] ])), '503',
   "limit_conn, $_ bytes")
    for 20000, 300000, 8000000;

$users->release();
is($first->response()->{status}, 200, 'it is answered');
is(status('users', message('get')), '200', 'and so are others');

$t->done();


sub message {
    my ($method, $body) = @_;

    return call_bytes($method, 7, $body, transport => 'unframed');
}


# The status, and what has come with it; each from a client of its own.

sub status {
    my ($location, $body) = @_;

    my $r = $t->http('web')->post("/$location", $body);

    return 'closed' unless $r;
    return $r->{status} if $r->{status} == 200 || !length $r->{body};
    return "$r->{status} page" if $r->{body} =~ /^<html>/;

    my $m = eval { parse_message($r->{body}, transport => 'unframed') };

    return "$r->{status} " . ($m ? answer($m) : $r->{body} =~ s/\n\z//r);
}
