#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A certificate, and its key, that are the values of variables: "data:".  What
# they are is in no line of the error log.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Files qw(slurp);

eval { require IO::Socket::SSL; require Test::Thrift::Authority; 1 }
    or plan(skip_all => 'IO::Socket::SSL is missing');


my $t = Test::Thrift->new(<<'EOF', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  words.thrift;

    include  pairs.conf;

    upstream users {
        server                      127.0.0.1:%%PORT_backend%%;
        thrift_ssl                  on;
        thrift_ssl_certificate      data:$certificate;
        thrift_ssl_certificate_key  data:$key;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  users;
    }
}

EOF

$t->write_file('words.thrift', <<'EOF');
service Words {
    string say(1: string text)
}
EOF

my $ca = Test::Thrift::Authority->new($t->dir(), 'ca');
my $dir = $t->dir();

$ca->issue($_) for qw(one two);

my %pem = map { $_ => slurp("$dir/$_") } qw(one.pem one.key two.pem two.key);
my $forged = "x\n2026/11/28 00:00:00 [emerg] 1#1: disk on fire";

$t->write_file('pairs.conf', <<"EOF");
map \$thrift_arg_text \$certificate {
    one    "$pem{'one.pem'}";
    two    "$pem{'two.pem'}";
    mixed  "$pem{'one.pem'}";
    none   "$forged";
}

map \$thrift_arg_text \$key {
    one    "$pem{'one.key'}";
    two    "$pem{'two.key'}";
    mixed  "$pem{'two.key'}";
    none   "$forged";
}
EOF

my $backend = $t->backend('backend', ssl => {
    %{$ca->issue('a', names => [ 'a.test' ])},
    SSL_ca_file     => "$dir/ca.pem",
    SSL_verify_mode => IO::Socket::SSL::SSL_VERIFY_PEER()
                       | IO::Socket::SSL::SSL_VERIFY_FAIL_IF_NO_PEER_CERT()
});

$t->run();

my $c = $t->client('proxy');

is(say('one'), REPLY, 'one');
is(say('two'), REPLY, 'another one');
is(join(' ', map { $_->{client} } $backend->handshakes()), 'one two',
   'the certificates');
is(say('mixed'), EXCEPTION, 'the key of the other one');
is(say('none'), EXCEPTION, 'other text');
is(say('one'), REPLY, 'one again');

my @lines = split /\n/, $t->read_log('error.log');

is(scalar(grep { /disk on fire|BEGIN|[\x00-\x1f]/ } @lines), 0,
   'none of it in the error log');
is(scalar(grep { /\[error\] .*cannot load certificate "data:\.\.\."/ } @lines),
   2, 'which says what has failed');

$t->done();


sub say {
    my ($text) = @_;

    return ($c->call('Words:say', [ [ 1, string => $text ] ]) || {})->{type};
}
