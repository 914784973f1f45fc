#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_status html: a page that runs nothing but its own script, and gets its
# numbers from its own location.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_base64);
use JSON::PP;
use Test::More;
use Test::Thrift;


my $HOSTILE = '</script><img src=x onerror=alert(1)>';

my $conf = <<'EOF';

%%TEST_GLOBALS%%

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location = /thrift {
            thrift_status  html;
        }

        location = /gzip {
            gzip           on;
            thrift_status  html;
        }

        location = /limited {
            thrift_status  html;

            limit_except  HEAD {
                allow  all;
            }
        }

        location = /json {
            thrift_status  json;
        }

        location = /explorer {
            thrift_status    html;
            thrift_explorer  /api/  call;
            thrift_explorer  /closed;
        }

        location /api/ {
            thrift_gateway  shop;
        }

        location /closed {
            thrift_gateway  shop;
            deny            all;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_status_zone  counted  256k;

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  127.0.0.1:%%PORT_users%%;

        thrift_service Users {
            thrift_pass  127.0.0.1:%%PORT_users%%;

            thrift_method get { }
            thrift_method "%%HOSTILE%%" { }
        }
    }

    server {
        listen       127.0.0.1:%%PORT_shop%%;
        thrift_name  shop;
        thrift_idl   shop.thrift;
        thrift_pass  127.0.0.1:%%PORT_users%%;
    }
}

EOF

$conf =~ s/%%HOSTILE%%/$HOSTILE/;

my $t = Test::Thrift->new($conf, http => 1, log => 'info');

$t->write_file('shop.thrift', <<'EOF');
service Shop {
    /** The </script> of it. */
    string name(1: i64 id)
}
EOF

$t->backend('users');

wrong_configurations();

$t->run();

my $web = $t->http('web');

page();
numbers();
explorer();

$t->done();


sub wrong_configurations {
    for (
        [ 'thrift_explorer /closed;', 'thrift_explorer /nowhere;',
          qr{no location "/nowhere" of the same server has a "thrift_gateway"} ],
        [ 'thrift_explorer /closed;', 'thrift_explorer /explorer;',
          qr{no location "/explorer" of the same server has a "thrift_gateway"} ],
        [ 'thrift_gateway shop;', 'thrift_gateway shop; '
          . 'thrift_gateway_openapi off;',
          qr{"thrift_explorer" needs the document of ".*", which has "thrift_gateway_openapi off"} ],
        [ 'thrift_explorer /closed;', 'thrift_explorer /closed try;',
          qr/invalid parameter "try" in "thrift_explorer" directive, it must be "call"/ ],
        [ 'thrift_status json;', 'thrift_status json; thrift_explorer /api/;',
          qr/"thrift_explorer" needs "thrift_status html" beside it in .*:\d+$/m
        ],
    ) {
        my ($from, $to, $error) = @$_;

        (my $text = $conf) =~ s/  +/ /g;
        $text =~ s/\Q$from\E/$to/ or die $from;

        like($t->config_error($text), $error, $to);
    }
}


sub page {
    my $r = $web->request('GET', '/thrift');
    my ($h, $body) = @{$r}{qw(headers body)};

    is($r->{status}, 200, 'page');
    is($h->{'content-type'}, 'text/html; charset=utf-8', 'type');
    is($h->{'x-content-type-options'}, 'nosniff', 'nosniff');
    is($h->{'referrer-policy'}, 'no-referrer', 'no referrer');
    is($h->{'cache-control'}, 'no-cache', 'no-cache');

    policy($h->{'content-security-policy'}, $body);

    my @links = grep { !/^data:/ && !/^#/ }
                $body =~ /\b(?:src|href|action)\s*=\s*["']([^"']*)/gi;

    is("@links", '', 'loads nothing');
    is($web->request('GET', '/thrift?format=xml')->{body}, $body,
       'another format');
    is($web->request('HEAD', '/thrift')->{headers}{'content-length'},
       length $body, 'HEAD');
    is($t->http('web')->post('/thrift', 'x')->{status}, 405, 'POST');
    is($t->http('web')->request('GET', '/limited')->{body}, $body,
       'limit_except');

    my $small = $t->http('web')->request('GET', '/gzip',
                                         'Accept-Encoding' => 'gzip');

    is($small->{headers}{'content-encoding'}, 'gzip', 'gzip');
    cmp_ok(length $small->{body}, '<', length($body) / 3, 'is smaller');
}


# The one script and the one style are allowed by their hashes; nothing is that
# would allow others.

sub policy {
    my ($policy, $body) = @_;

    my %allowed = map { my ($name, @values) = split; ($name => "@values") }
                  split /;\s*/, $policy;

    for my $what (qw(script style)) {
        my @parts = $body =~ m{<$what>(.*?)</$what>}gs;

        is(scalar @parts, 1, "one $what");
        is($allowed{"$what-src"}, "'sha256-" . sha256_base64($parts[0]) . "='",
           "$what by its hash");
    }

    is($allowed{'default-src'}, "'none'", 'nothing else');
    is($allowed{'connect-src'}, "'self'", 'connects to its server');
    is($allowed{'frame-ancestors'}, "'none'", 'in no frame');
    is($allowed{'require-trusted-types-for'}, "'script'", 'no text is HTML');
    unlike($policy, qr/unsafe|\*/, 'nothing unsafe');
    unlike($body, qr/<[a-z][^>]*\s(?:on\w+|style)=/, 'no attribute with code');
}


# Those of ?format=json are the report's, without zeros.

sub numbers {
    my $c = $t->client('proxy');

    $c->call('Users:get') for 1 .. 3;
    $c->call("Users:$HOSTILE");
    $c->call('Users:missing');

    my $r = $web->request('GET', '/thrift?format=json');

    is($r->{headers}{'content-type'}, 'application/json', 'JSON');
    is($r->{headers}{'content-security-policy'}, undef, 'no page');

    my $sparse = decode_json($r->{body});
    my $whole = decode_json($web->request('GET', '/json')->{body});
    my ($get) = grep { $_->{method} eq 'get' } @{$sparse->{methods}};

    is_deeply($get->{calls}, { success => 3 }, 'calls');
    is_deeply($get->{exceptions}, {}, 'no exceptions');
    like($sparse->{time}, qr/^\d+\.\d+$/, 'time');

    $whole->{time} = $sparse->{time};

    is_deeply($sparse, without_zeros($whole), 'the same numbers');
    is(scalar(grep { $_->{method} eq $HOSTILE } @{$sparse->{methods}}), 1,
       'a hostile name');
}


# What services there are, to who may see the page; calls are the gateway's.

sub explorer {
    my $none = $web->request('GET', '/thrift?format=services');

    is_deeply(decode_json($none->{body}), { gateways => [] }, 'no explorer');

    my $r = $web->request('GET', '/explorer?format=services');
    my ($api, $closed) = @{decode_json($r->{body})->{gateways}};

    is($r->{headers}{'content-type'}, 'application/json', 'services');
    is($api->{path}, '/api/', 'path');
    is($api->{server}, 'shop', 'server');
    is($api->{address}, '127.0.0.1:' . $t->port('shop'), 'address');
    ok($api->{call} && !$closed->{call}, 'call');
    is_deeply($api->{openapi},
              decode_json($web->request('GET', '/api/openapi.json')->{body}),
              'the document of the gateway');
    is($web->request('HEAD', '/explorer?format=services')
           ->{headers}{'content-length'}, length $r->{body}, 'HEAD');
    is($t->http('web')->post('/closed/Shop/name', '{"id": 1}',
                             'Content-Type' => 'application/json')->{status},
       403, 'the gateway says who may call');
    like($t->http('web')->post('/api/Shop/name', '{"id": 1}',
                               'Content-Type' => 'application/json')->{body},
         qr/users/, 'a call');
}


sub without_zeros {
    my ($what, $name) = @_;

    if (ref $what eq 'ARRAY') {
        without_zeros($_) for @$what;

    } elsif (ref $what eq 'HASH') {
        without_zeros($what->{$_}, $_) for keys %$what;

        if (($name || '')
            =~ /^(calls|exceptions|attempts|buckets|closed_for
                 |reload_clients)$/x)
        {
            delete @$what{grep { !$what->{$_} } keys %$what};
        }
    }

    return $what;
}
