#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# docs/pool.md, recipes.md and operations.md: nginx -t accepts each of their
# configurations, and one that needs nothing else answers a call; it accepts
# those of docs/compatibility.md, which have no stream{} around them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(undef, http => 1);

my @blocks = map { blocks($_) } qw(pool recipes operations);

cmp_ok(scalar @blocks, '>=', 10, 'configurations');

$t->write_file('thrift/users.thrift', <<'EOF');
struct User {
    1: i64    id
    2: string name
}

service Users {
    User       get(1: i64 id)
    list<User> search(1: string text)
    void       ping()
}
EOF

my $certificate = system('openssl req -x509 -newkey rsa:2048 -nodes -days 3650'
                         . " -subj /CN=test -keyout @{[ $t->dir() ]}/key.pem"
                         . " -out @{[ $t->dir() ]}/ca.pem >@{[ $t->dir() ]}/"
                         . 'openssl.out 2>&1') == 0;

for my $name ($certificate ? qw(server.pem server.key) : ()) {
    my $from = $name =~ /key/ ? 'key.pem' : 'ca.pem';
    link($t->dir() . "/$from", $t->dir() . "/$name") or die "$name: $!";
}

# Angie's balancers have a parameter for it

my $eases = $t->knows(stream => 'thrift_slow_start 1s;');

my $backend = $t->backend('backend', script => {
    '*' => { body => [ [ 0, struct => [ [ 2, string => 'Ada' ] ] ] ] },
});

for my $block (@blocks) {
    my ($name, $conf) = @$block;

    accepted($name, $conf);
    answers($name, $conf)
        if $conf !~ /\b(?:resolve|thrift_ssl|listen \d+ ssl)\b/;
}

$t->write_file('storm.thrift', "service Nimbus { void a() }\n"
                               . "service DistributedRPC { void b() }\n");

my @fragments = grep { $$_[1] =~ /^ {4,8}server \{/m } blocks('compatibility');

is(scalar @fragments, 3, 'configurations for services');
accepted($$_[0], inside($$_[1])) for @fragments;

$t->done();


# Headings of a page, and the blocks below each: [ name, text ].

sub blocks {
    my ($page) = @_;

    my $file = $t->top() . "/docs/$page.md";
    open(my $fh, '<', $file) or die "$file: $!";
    my $text = do { local $/; <$fh> };

    my @blocks;

    for my $section (split /^## /m, $text) {
        my ($title) = $section =~ /^(.*)/;
        my $n = 0;

        push @blocks, map { [ ++$n > 1 ? "$title, $n" : $title, $_ ] }
                      $section =~ /^\n((?: {4}.*\n|\n(?= {4}))+)/mg;
    }

    return @blocks;
}


# A block whose servers are some of others.

sub inside {
    my ($conf) = @_;

    my @ports = qw(proxy other third);

    $conf =~ s/^(\s*listen) \d+/"$1 127.0.0.1:%%PORT_@{[ shift @ports ]}%%"/gme;
    $conf =~ s{unix:/run/}{unix:%%TESTDIR%%/}g;
    $conf =~ s/^ {4}http \{/    http {\n%%TEST_GLOBALS_HTTP%%/m;
    $conf = "    stream {\n$conf    }\n" unless $conf =~ /^ {4}stream \{/m;

    return $conf;
}


# What a block leaves out, and a port of the test.

sub whole {
    my ($conf) = @_;

    $conf =~ s/^ {4}//mg;
    $conf = "events {\n}\n\n$conf" unless $conf =~ /^events /m;
    $conf =~ s{/var/log/nginx}{%%TESTDIR%%}g;
    $conf =~ s{\binclude(\s+)(thrift_log_\w+);}{include$1%%TOP%%/conf/$2;}g;
    $conf =~ s/ so_keepalive=on backlog=4096//;
    $conf =~ s/^(\s*thrift_mirror\s+\w+) \d+%/$1/mg;  # each call
    $conf =~ s/^\s*thrift_slow_start .*\n//mg unless $eases;
    $conf =~ s/^worker_rlimit_nofile .*\n//m;      # the system may not allow it
    $conf =~ s/^(\s*listen) \d+(?![\d.])/$1 127.0.0.1:%%PORT_proxy%%/mg;

    return "%%TEST_GLOBALS%%\n$conf";
}


sub accepted {
    my ($name, $conf) = @_;

    SKIP: {
        skip "$name: no \"resolve\"", 1
            if $conf =~ /\bresolve;/ && !$t->knows_resolve();
        skip "$name: no openssl", 1 if $conf =~ /\.pem\b/ && !$certificate;

        like($t->test_config(whole($conf)), qr/test is successful/, $name);
    }
}


sub answers {
    my ($name, $conf) = @_;

    $conf = whole($conf);
    $conf =~ s/\b10\.0\.0\.\d+:\d+/127.0.0.1:%%PORT_backend%%/g;

    $t->write_conf($conf);

    my $runs = $t->pid() ? $t->reload() : $t->run();
    my $m = $t->client('proxy')->call('get', [ [ 1, i64 => 7 ] ]);

    ok($runs && $m && $m->{type} == REPLY, "$name: answers")
        or diag(answer($m), "\n", $conf);
}
