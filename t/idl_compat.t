#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_idl_compat: definitions that a reload brings are compared with those
# that they replace.  What is found is tested by t/unit/compat.c.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $template = <<'EOF';
%%TEST_GLOBALS%%
#main
events {
}
stream {
    %%TEST_GLOBALS_STREAM%%
    #stream
    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        #server
    }
    #other
}
EOF

my $shop = <<'EOF';
enum Color {
    RED = 1,
    GREEN = 2
}

struct User {
    1: i64 id,
    2: string name,
    3: optional User friend,
    4: Color color
}

service Users {
    User get(1: i64 id),
    void put(1: User user),
    void old()
}

service Orders {
    void all()
}
EOF

my $id = $shop =~ s/1: i64 id,\n/1: string id,\n/r;
my $fewer = $id =~ s/,\n    void old\(\)//r;

my $off = 'thrift_idl_compat off;';
my $error = 'thrift_idl_compat error;';
my $changed = 'field "id" of struct User is string, it was i64 in the old ';
my $both = 'breaks old clients and old servers';

my $t = Test::Thrift->new();

my %seen;       # lines of each level that were read


# the directive

$t->write_file('shop.thrift', $shop);

for my $mode (qw(off warn error)) {
    like(scalar $t->test_config(conf($template,
                                     stream => "thrift_idl_compat $mode;",
                                     server => "thrift_idl_compat $mode; "
                                               . serve('a'))),
         qr/test is successful/, $mode);
}

like($t->config_error(conf($template, stream => 'thrift_idl_compat on;')),
     qr/^invalid value "on" in /, 'invalid value');
like($t->config_error(conf($template, server => "$off $off")),
     qr/^"thrift_idl_compat" directive is duplicate in /, 'duplicate');
like($t->config_error(conf($template, server => "thrift_service A { $off }")),
     qr/^"thrift_idl_compat" directive is not allowed here, but in "stream" or /,
     'service');


# warn is the default: nothing at the start, nor where nothing changed

$t->write_conf(conf($template, server => serve('one')));
$t->run();

is(text('old'), '6 one', 'at first');
is(found(), '', 'nothing to compare with');

reload('the same', server => serve('two'));
is(found(), '', 'nothing changed');

$t->write_file('shop.thrift', $id);
reload('field changed', server => serve('three'));
is(found(), "shop.thrift:7:15: ${changed}shop.thrift:7:12; $both\n",
   'both places');

reload('no more changes', server => serve('four'));
is(found(), '', 'compared with the last one');

# a configuration that fails is compared with nothing, and nothing with it

$t->write_file('shop.thrift', $fewer);
fails('broken configuration', qr/unknown directive "nonsense"/,
      server => serve('five'), main => 'nonsense;');
is(found(), '', 'not compared');

$t->write_file('shop.thrift', $id =~ s/i64/nonsense/r);
$t->expect_log(qr/\[emerg\] .*"thrift_idl" failed in /);
fails('broken file', qr/shop\.thrift:14:17: type "nonsense" is not defined/,
      server => serve('five'));
is(found(), '', 'not compared');

$t->write_file('shop.thrift', $fewer);
reload('method removed', server => serve('five'));
is(found(), 'shop.thrift:13:9: method Users.old is missing, it was in the old '
            . "shop.thrift:16:10; breaks old clients\n",
   'against what was in use');
is(text('old'), '1 unknown method "old"', 'new definitions');

# errors first, not too many

my $many = join(', ', map { "$_: i32 f$_" } 1 .. 40);
my $uses = "service Users { S get(), void put(1: S s) }\n";

$t->write_file('shop.thrift', "struct S { $many }\n$uses");
reload('many fields', stream => $off, server => serve('six'));
is(found(), '', 'off is silent');

$many =~ s/i32 (f1?[1-9])\b/i32 $1 = 1/g;
$many =~ s/i32 (f2\d)/i64 $1/g;

$t->write_file('shop.thrift', "struct S { $many }\n$uses");
reload('many changes', server => serve('seven'));

my @found = split /^/, found();

is(scalar(grep { /is i64, it was i32/ } @found[0 .. 9]), 10, 'errors first');
is(scalar(grep { /has the default/ } @found[10 .. 19]), 10, 'then warnings');
is(join('', @found[20 .. $#found]), "and 8 more changes of definitions\n",
   'the others');


# which server: the one on the same address, whatever its files are called

$t->write_file('shop.thrift', $shop);
$t->write_file('v2/shop.thrift', $id);
$t->write_file('none.thrift', "service None { }\n");

reload('one server', stream => $off, server => serve('a'));
reload('other file', server => serve('b', 'v2/shop.thrift'));
is(found(), "v2/shop.thrift:7:15: ${changed}shop.thrift:7:12; $both\n",
   'its definitions');

reload('another server', server => serve('c', 'v2/shop.thrift'),
       other => other(serve('d')));
is(found(), '', 'on a new address');

reload('both change', server => serve('e', 'none.thrift'),
       other => other(serve('f', 'v2/shop.thrift')));
is(found(), join('',
    (map { "none.thrift: service $_->[0] is missing, it was in the old "
           . "v2/shop.thrift:$_->[1]:9; breaks old clients\n" }
         [ Users => 13 ], [ Orders => 19 ]),
    "v2/shop.thrift:7:15: ${changed}shop.thrift:7:12; $both\n"),
   'each its own');

my @two = (stream => 'thrift_idl shop.thrift;',
           server => 'thrift_return INTERNAL_ERROR a;',
           other => other('thrift_return INTERNAL_ERROR b;'));

reload('one file', @two, server => "$off thrift_return INTERNAL_ERROR a;");
found();

$t->write_file('shop.thrift',
               $shop =~ s/Orders/Others/r =~ s/i64 id\)/i8 id)/r);
reload('one file changes', @two);
is(found(), 'shop.thrift:14:20: argument "id" of Users.get is i8, it was i64 '
            . "in the old shop.thrift:14:21; $both\n"
            . 'shop.thrift: service Orders is missing, it was in the old '
            . "shop.thrift:19:9; breaks old clients\n", 'each finding once');

# what nobody served has no clients

my $users = 'thrift_idl shop.thrift; '
            . 'thrift_service Users { thrift_return INTERNAL_ERROR x; }';

$t->write_file('shop.thrift', $shop);
reload('one service', stream => $off, server => $users);

$t->write_file('shop.thrift', $shop =~ s/void all\(\)/void none()/r);
reload('the other one changes', server => serve('b'));
is(found(), '', 'not served');

# without definitions, or without stream

reload('no definitions', server => 'thrift_return INTERNAL_ERROR x;');
reload('definitions again', server => serve('x'));
is(found(), '', 'nothing to compare with');

ok($t->reload("%%TEST_GLOBALS%%\nevents { }\n"), 'no stream');
reload('stream again', server => serve('one'));
is(found(), '', 'nothing to compare with');


# error: a reload is refused, and what was there goes on

$t->write_file('shop.thrift', $shop);
reload('to be kept', stream => $off, server => serve('one'));

my $workers = join(' ', sort $t->workers());
my $c = $t->client('proxy');

$t->write_file('shop.thrift', $fewer);
found('emerg');

for my $round (1 .. 3) {
    fails("refused $round", qr/which "thrift_idl_compat error" refuses/,
          stream => $error, server => serve('two'));

    is(found('emerg'),
       'shop.thrift:13:9: method Users.old is missing, it was in the old '
       . "shop.thrift:16:10; breaks old clients\n"
       . "shop.thrift:7:15: ${changed}shop.thrift:7:12; $both\n"
       . 'definitions break old clients or servers in 2 places, which '
       . "\"thrift_idl_compat error\" refuses\n", "why $round");

    is(answer($c->call('old')), '6 one', "connection $round");
    is(text('old'), '6 one', "new connection $round");
}

is(join(' ', sort $t->workers()), $workers, 'same workers');

$t->write_file('shop.thrift', $shop =~ s/string name/string name = "x"/r);
reload('warnings only', stream => $error, server => serve('two'));
is(found(), 'shop.thrift:8:15: field "name" of struct User has the default '
            . '"x", it was none in the old shop.thrift:8:15; '
            . "may matter to old clients and old servers\n", 'are told');
is(text('old'), '6 two', 'and taken');

# each server has its mode

$t->write_file($_, $shop) for qw(a.thrift b.thrift);
reload('two files', stream => $off, server => serve('one', 'a.thrift'),
       other => other(serve('x', 'b.thrift')));

$t->write_file($_, $id) for qw(a.thrift b.thrift);
fails('one of them', qr/in 1 places, which "thrift_idl_compat error"/,
      stream => $error, server => $off . serve('two', 'a.thrift'),
      other => other(serve('x', 'b.thrift')));
is(scalar(() = found('emerg') =~ /^a\.thrift/mg), 0, 'not the other');

reload('none of them', stream => $off, server => serve('two', 'a.thrift'),
       other => other(serve('x', 'b.thrift')));
is(found(), '', 'off');

# nginx -t in another process

$t->write_file('a.thrift', $shop);
unlike(scalar $t->test_config(conf($template, stream => $error,
                                   server => serve('x', 'a.thrift'))),
       qr/it was|failed/, 'nginx -t');

# one reload after the other

for my $n (1 .. 8) {
    $t->write_file('a.thrift', $n % 2 ? $shop : $id);
    reload("reload $n", server => serve($n, 'a.thrift'));
    like(found(), qr/\Aa\.thrift:7:.*"id" of struct User.*\n\z/, "found $n");
}

is(text('put'), '6 8', 'after all of them');

$t->done();


sub serve {
    my ($text, $file) = @_;

    $file ||= 'shop.thrift';

    return "thrift_idl $file; thrift_return INTERNAL_ERROR \"$text\";";
}


sub other {
    my ($text) = @_;

    return "server { listen 127.0.0.1:%%PORT_other%%; $text }";
}


# What a new client is told.

sub text {
    my ($method) = @_;

    return answer($t->client('proxy')->call($method));
}


sub reload {
    my ($name, @texts) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    ok($t->reload(conf($template, @texts)), $name);
}


sub fails {
    my ($name, $why, @texts) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    $t->expect_log($why);
    $t->expect_log(qr/\[emerg\] .* in the old /) if $why =~ /refuses|compat/;

    my $told = () = $t->grep_log($why);

    ok(!$t->reload(conf($template, @texts)), $name);
    is(scalar $t->wait_log($why, undef, undef, $told + 1), $told + 1,
       "$name: why");
}


# What was logged at a level since the last time, without the directory.

sub found {
    my ($level) = @_;

    $level ||= 'warn';

    my @lines = $t->grep_log(qr/^\S+ \S+ \[$level\]/);
    my $from = $seen{$level} || 0;
    my $dir = quotemeta($t->dir() . '/');

    $seen{$level} = @lines;

    return join('', map { s/^\S+ \S+ \[$level\] \S+ //r =~ s/$dir//gr . "\n" }
                        @lines[$from .. $#lines]);
}
