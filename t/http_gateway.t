#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_gateway: methods of a server's definitions called with plain JSON, or
# by GET with a query, and answered with plain JSON.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use Test::More;
use Test::Thrift;


my $template = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    client_body_buffer_size  4k;
    client_max_body_size     4m;

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location /api {
            #gateway
        }

        location /strings/ {
            thrift_gateway               users;
            thrift_gateway_long_strings  on;
        }

        location /silent {
            thrift_gateway          users;
            thrift_gateway_openapi  off;
        }

        # what is left of a path may be none of the location's

        location /rewritten/ {
            rewrite  ^/rewritten/old/(.*)$   /rewritten/$1  break;
            rewrite  ^/rewritten/bare(/.*)$  $1             break;

            thrift_gateway  users;
        }

        location /few {
            thrift_gateway             users;
            thrift_gateway_max_values  5;
            thrift_gateway_max_size    100;
        }

        location /large {
            client_max_body_size  32m;

            thrift_gateway  users;
        }

        location /json {
            thrift_gateway  json;
        }

        location /compact {
            thrift_gateway  compact;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  users.thrift;

    log_format  calls  '$remote_addr $thrift_service.$thrift_method '
                       '$thrift_status $status $thrift_protocol';
    access_log  %%TESTDIR%%/calls.log  calls;

    server {
        listen       unix:%%SOCK_users%%;
        thrift_name  users;

        thrift_service Users order=1 {
            thrift_pass  127.0.0.1:%%PORT_users%%;

            thrift_method late { thrift_timeout 100ms; thrift_idempotent on; }
        }

        thrift_service Other order=2 {
            thrift_pass  127.0.0.1:%%PORT_users%%;
        }
    }

    server {
        listen           unix:%%SOCK_json%%;
        thrift_name      json;
        thrift_protocol  json;
        thrift_pass      127.0.0.1:%%PORT_users%%;
        thrift_service   Users { }
    }

    server {
        listen           unix:%%SOCK_compact%%;
        thrift_name      compact;
        thrift_protocol  compact;
        thrift_pass      127.0.0.1:%%PORT_users%%;
        thrift_service   Users { }
    }
}

EOF

my $idl = <<'EOF';
/** Who uses it. */

enum Color { RED = 1, GREEN = 2 }

struct User {
    1: i64 id
    2: string name
    3: optional Color color
    4: map<i32, string> notes
    5: binary picture
}

exception NotFound { 1: string what }

service Base {
    void ping()
}

service Users extends Base {
    /** One user. */
    User get(1: i64 id) throws (1: NotFound none) (nthrift.idempotent)

    User save(1: User user)
    i64 count(1: bool all = false, 2: list<i32> groups) (nthrift.idempotent)
    string late()
    oneway void tell(1: string text)
}

service Other {
    string name()
    void ping()
}
EOF

my $t = Test::Thrift->new(undef, http => 1);

$t->write_file('users.thrift', $idl);
$t->write_conf(conf($template, gateway => 'thrift_gateway users;'));

my $json = JSON::PP->new->canonical->allow_nonref;
my $users = $t->backend('users');
my $user = [ [ 1, i64 => 7 ], [ 2, string => "Z\xc3\xbcri \"x\"" ],
             [ 3, i32 => 2 ], [ 4, map => [ i32 => 'string', 1 => 'one' ] ],
             [ 5, string => "\0\xff" ] ];

$users->script(get => { body => [ [ 0, struct => $user ] ] },
               save => { body => [ [ 0, struct => $user ] ] },
               missing => { body => [ [ 1, struct => [ [ 1, string => 'it' ] ] ]
                                    ] },
               count => { body => [ [ 0, i64 => '9007199254740993' ] ] },
               ping => { body => [] },
               name => { body => [ [ 0, string => 'other' ] ] },
               late => { delay => 0.5 });

$t->run();

my $http = $t->http('web');

arguments();
results();
queries();
wrong();
openapi();
configurations();

$t->done();


sub post {
    my ($path, $body, %headers) = @_;

    return $http->post($path, ref $body ? $json->encode($body) : $body,
                       'Content-Type' => 'application/json', %headers);
}


sub post_chunks {
    my ($path, @chunks) = @_;

    my $other = $t->http('web');

    $other->connection()->send(
        $other->head('POST', $path, 'Transfer-Encoding' => 'chunked',
                     'Content-Type' => 'application/json')
        . $other->chunks(@chunks));

    return $other->response();
}


sub shown {
    my ($r) = @_;

    return 'closed' unless $r;

    return "$r->{status} $r->{body}";
}


sub exception {
    my ($r) = @_;

    my $e = eval { $json->decode($r->{body})->{exception} }
        or return shown($r);

    return "$r->{status} $e->{type} "
           . (exists $e->{code} ? "$e->{code} $e->{name} $e->{message}"
                                : $json->encode($e->{value}));
}


my $text;

sub arguments {
    $text = '{"id":7,"name":"Z' . "\xc3\xbc" . 'ri \"x\"","color":"GREEN",'
            . '"notes":{"1":"one"},"picture":"AP8="}';

    my $r = post('/api/Users/get', { id => 7 });

    is(shown($r), "200 $text", 'by names');
    is($r->{headers}{'content-type'}, 'application/json', 'type');
    is($r->{headers}{'content-length'}, length $text, 'length');
    is(shown(post('/api/Users/get', '[7]')), "200 $text", 'by places');
    is(shown(post('/api/Users/save', qq({"user":$text}))), "200 $text",
       'what was shown can be given');
    is(shown(post('/api/Users/save', '{"user":{"name":"' . 'x' x 300000
                                     . '"}}')), "200 $text",
       'a large body, from a file');
    is(shown(post('/compact/Users/get', '[7]')), "200 $text", 'compact');
    is(shown(post('/json/Users/get', '[7]')), "200 $text",
       'where others speak JSON');
    is(shown(post('/api/Users/get', '[7]', 'Content-Type' =>
                  'application/json; charset=utf-8')), "200 $text",
       'with a charset');

    my ($call) = $users->calls('get');

    is("$call->{protocol} $call->{transport}", 'binary unframed',
       'as it was passed');

    my @log = $t->wait_log(qr/get success/, 'calls.log');

    is($log[0], '127.0.0.1 Users.get success 200 binary', 'log of stream');
}


sub results {
    is(shown(post('/api/Users/ping', '')), '200 null', 'void, inherited');
    is(shown(post('/api/Users/count', '[]')), '200 9007199254740993', 'i64');
    is(shown(post('/strings/Users/count', '{}')), '200 "9007199254740993"',
       'i64 as a string');
    is(shown(post('/api/Other/name', '{}')), '200 "other"',
       'of another service');
    is(shown(post('/api/Other/ping', '{}')), '200 null',
       'a name that both have');
    is((grep { $_->{method} eq 'Other:ping' } $users->calls()), 1,
       'it is called by its service, too');

    my $r = post('/api/Users/tell', '["news"]');

    is(shown($r), '202 ', 'oneway');
    ok(wait_for(sub { $users->calls('tell') == 1 }), 'arrived');

    $users->script(get => { body => [ [ 1, struct => [ [ 1, string => 'it' ] ]
                                      ] ] },
                   save => { exception => [ 6, "no \"\n" ] },
                   ping => { exception => [ 1, 'what?' ] },
                   count => { body => [ [ 0, string => 'x' ] ] },
                   name => { close => 'request' });

    is(exception(post('/api/Users/get', '[7]')),
       '422 NotFound {"what":"it"}', 'declared exception');
    is(exception(post('/api/Users/save', '{}')),
       "500 TApplicationException 6 INTERNAL_ERROR no \"\n",
       "a server's exception");
    is(exception(post('/api/Users/ping', '{}')),
       '404 TApplicationException 1 UNKNOWN_METHOD what?', 'not known there');
    like(exception(post('/api/Users/count', '{}')),
         qr/^502 TApplicationException 6 INTERNAL_ERROR upstream sent a reply /,
         'a wrong reply');
    like(exception(post('/api/Other/name', '{}')),
         qr/^502 TApplicationException 6 INTERNAL_ERROR upstream closed /,
         'no reply');
    $users->script(late => { delay => 0.5 });
    like(exception(post('/api/Users/late', '{}')),
         qr/^504 TApplicationException 6 INTERNAL_ERROR timed out /,
         'a late reply');

    my $large = 'y' x 500000;

    $users->script('*' => {}, name => { body => [ [ 0, string => $large ] ] },
                   get => { body => [ [ 0, struct => $user ] ] },
                   late => { delay => 0.5 },
                   count => { body => [ [ 0, i64 => 3 ] ] });
    is(shown(post('/api/Other/name', '{}')), "200 \"$large\"",
       'a large result');
}


sub queries {
    my $get = sub { shown($http->request('GET', $_[0])) };

    is($get->('/api/Users/get?id=7'), "200 $text", 'query');
    is($get->('/api/Users/count?all=true&groups=1&groups=2'), '200 3',
       'a list');
    is($get->('/api/Users/count'), '200 3', 'no arguments');
    like($get->('/api/Users/save'), qr/^405 /, 'not idempotent');
    like($get->('/api/Users/tell'), qr/^405 /, 'oneway');
    like($get->('/api/Users/late'), qr/^504 /,
         'idempotent by the configuration');

    is(exception($http->request('GET', '/api/Users/get?id=seven')),
       '400 TApplicationException 7 PROTOCOL_ERROR id: number expected',
       'a wrong value');
    like(exception($http->request('GET', '/api/Users/get?idd=7')),
         qr/^400 TApplicationException 7 .* \(did you mean "id"\?\)/,
         'a wrong name');
    like(shown($http->request($_, '/api/Users/get')), qr/^405 /, $_)
        for qw(PUT DELETE OPTIONS);
}


sub wrong {
    for (
        [ 'no JSON', '/api/Users/get', '{', qr/^400 .* JSON:1:2: / ],
        [ 'a wrong type', '/api/Users/save', '{"user":{"name":1}}',
          qr/^400 .* 7 PROTOCOL_ERROR user\.name: string expected/ ],
        [ 'a wrong name', '/api/Users/save', '{"usr":{}}',
          qr/^400 .*did you mean "user"/ ],
        [ 'too many values', '/few/Users/count', '{"groups":[1,2,3,4,5,6]}',
          qr/^400 .* more than 5/ ],
        [ 'no service', '/api/User/get', '{}',
          qr/^404 .* 1 UNKNOWN_METHOD no such service$/ ],
        [ 'no method', '/api/Users/gett', '{}',
          qr/^404 .* 1 UNKNOWN_METHOD Users has no such method/ ],
        [ 'only a service', '/api/Users', '{}', qr/^404 / ],
        [ 'nothing', '/api', '{}', qr/^404 / ],
        [ 'a path that begins alike', '/apiUsers/get', '{}', qr/^404 / ],
        [ 'a longer path', '/api/Users/get/x', '{}', qr/^404 / ],
        [ 'a path that was rewritten', '/rewritten/old/Users/save',
          '{"user":{"name":1}}', qr/^400 .* user\.name: string expected/ ],
        [ 'rewritten to another location', '/rewritten/bare/Users/get', '{}',
          qr/^404 .* no such service$/ ],
        [ 'rewritten to less than its own', '/rewritten/bare/', '{}',
          qr/^404 .* no such service$/ ],
    ) {
        my ($name, $path, $body, $want) = @$_;

        like(exception(post($path, $body)), $want, $name);
    }

    is(exception(post('/few/Users/get', '[7]')),
       '502 TApplicationException 6 INTERNAL_ERROR more than 5 values',
       'too many values in a result');
    is(scalar($t->grep_log(qr/\[(?!info|debug).*cannot be shown as JSON/)), 0,
       'no client has it written to the log');

    # a body that says how long it is, and one that does not

    my $too_large = '413 TApplicationException 7 PROTOCOL_ERROR JSON larger '
                    . 'than allowed, see "thrift_gateway_max_size"';

    is(exception(post('/few/Users/get', '[7' . ' ' x 97 . ']')),
       '502 TApplicationException 6 INTERNAL_ERROR more than 5 values',
       'as much JSON as is allowed');
    is(exception(post('/few/Users/get', '[7' . ' ' x 98 . ']')), $too_large,
       'too much JSON');
    is(exception(post_chunks('/few/Users/get', '[7' . ' ' x 50, ' ' x 48 . ']')),
       $too_large, 'too much in chunks');
    is(exception(post('/large/Users/get', '[7' . ' ' x 16_777_214 . ']')),
       $too_large, 'too much by default');
    like(shown(post('/large/Users/get', '[' . ' ' x 16_777_213 . '7]')),
         qr/^200 .*"id":7/, 'as much as there may be by default');

    like(shown(post('/api/Users/get', '[7]',
                    'Content-Type' => 'text/plain')), qr/^415 /,
         'not as JSON');
    like(shown(post('/api/Users/save', '{"user":{"name":"' . 'x' x 5000000)),
         qr/^413 /, 'too large for nginx');

    # clients that leave while theirs is read

    for (1 .. 5) {
        my $left = $t->http('web');

        $left->send_post('/large/Users/get', '[' . ' ' x 8_000_000 . '7]',
                         'Content-Type' => 'application/json');
        $left->connection()->reset();
    }

    $http = $t->http('web');

    my $gone = $t->http('web');

    $users->script(save => { hold => 1 });
    $gone->send_post('/api/Users/save', '{}',
                     'Content-Type' => 'application/json');
    ok(wait_for(sub { $users->calls('save') >= 1
                      && ($users->calls('save'))[-1]{method} eq 'save' }),
       'a call is there');
    $gone->connection()->reset();
    ok($t->wait_log(qr/save cancelled 499/, 'calls.log'), 'its client left');
    $users->release();
}


sub openapi {
    my $r = $http->request('GET', '/api/openapi.json');
    my $doc = $json->decode($r->{body});

    is($r->{status}, 200, 'document');
    is($r->{headers}{'content-type'}, 'application/json', 'type');
    is($doc->{openapi}, '3.1.0', 'version');
    is($doc->{servers}[0]{url}, '/api', 'where it is');
    is($json->decode($http->request('GET', '/strings/openapi.json')->{body})
            ->{servers}[0]{url}, '/strings', 'where another one is');
    is(shown($http->request('GET', '/silent/openapi.json')),
       shown($http->request('GET', '/silent/nosuch.json')),
       'none where it is off');

    my %ids = map { $_ => $json->decode($http->request('GET',
                                        "/$_/openapi.json")->{body})
                              ->{components}{schemas}{User}{properties}{id} }
                  qw(api strings);

    is("$ids{api}{type} $ids{api}{format}", 'integer int64', 'i64 is a number');
    is("$ids{strings}{type} $ids{strings}{format}", 'string int64',
       'or a string');
    is(join(' ', sort keys %{$doc->{paths}}),
       '/Other/name /Other/ping /Users/count /Users/get /Users/late '
       . '/Users/ping /Users/save /Users/tell', 'paths');
    is(join(' ', sort keys %{$doc->{paths}{'/Users/get'}}), 'get post',
       'by GET, too');
    is($doc->{paths}{'/Users/get'}{post}{description}, 'One user.', 'comment');
    is(join(' ', sort keys %{$doc->{paths}{'/Users/get'}{post}{responses}}),
       '200 422 default', 'responses');
    like(shown(post('/api/openapi.json', '{}')), qr/^405 /, 'no POST');
}


sub configurations {
    my %line = conf_lines($template);

    for (
        [ 'no name', 'thrift_gateway user;',
          'no server of stream has "thrift_name user" (did you mean "users"?) '
          . "for \"thrift_gateway\" in test.conf:$line{gateway}\n" ],
        [ 'a number', 'thrift_gateway users; thrift_gateway_max_values 0;',
          'invalid value "0" in "thrift_gateway_max_values" directive, it must '
          . "be a number between 1 and 100000000 in test.conf:$line{gateway}\n"
        ],
        [ 'both', 'thrift_gateway users; thrift_door users;',
          "\"thrift_door\" directive cannot stand beside \"thrift_gateway\" in "
          . "test.conf:$line{gateway}\n"
        ],
        [ 'no path', 'location ~ /api/x { thrift_gateway users; }',
          '"thrift_gateway" directive needs a location given by the beginning '
          . "of a path in test.conf:$line{gateway}\n" ],
    ) {
        my ($name, $gateway, $want) = @$_;

        is($t->config_error(conf($template, gateway => $gateway)), $want,
           $name);
    }

    is($t->config_error(<<'EOF'),
%%TEST_GLOBALS%%
events {}
http { server { location /api { thrift_gateway users; } } }
stream {
    server {
        listen         unix:%%SOCK_users%%;
        thrift_name    users;
        thrift_return  INTERNAL_ERROR no;
    }
}
EOF
       "\"thrift_gateway\" needs a service with a \"thrift_idl\" in the server"
       . " \"users\" in test.conf:3\n", 'no definitions');
}
