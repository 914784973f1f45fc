#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_status_zone ... arguments: calls that have failed are shown with what
# they have said, as far as that is allowed.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use Test::More;
use Test::Thrift;

use constant ROOM => 200;

my $t = Test::Thrift->new(undef, http => 1, log => 'info');

$t->write_file('shop.thrift', <<'EOT');
enum Color { RED = 1, BLUE = 2 }

struct Card {
    1: string owner
    2: string number (nthrift.secret)
    3: i32 year (nthrift.secret = "false")
}

struct Item {
    1: i64 id
    2: list<Color> colors
    3: map<string, double> prices
    4: binary blob
    5: Card card
}

service Shop {
    void buy(1: Item item, 2: string note, 3: string pin (nthrift.secret = "1"))
    void quiet(1: string note)
    void nothing()
}
EOT

$t->write_conf(conf_with('arguments=' . ROOM));

my $shop = $t->backend('shop');
my @no = (exception => [ 6, 'no' ]);

$shop->script(buy => {@no}, quiet => {@no}, nothing => {@no});
$t->run();

my @item = (
    [ 1, i64 => 7 ],
    [ 2, list => [ i32 => 1, 2 ] ],
    [ 3, map => [ string => 'double', "a\"<b>" => 0.5 ] ],
    [ 4, string => "\xff\x00" ],
    [ 5, struct => [ [ 1, string => 'me' ], [ 2, string => 'SECRET' ],
                     [ 3, i32 => 30 ], [ 9, string => 'SECRET' ] ] ],
);

my $shown = '{"item":{"id":7,"colors":["RED","BLUE"],"prices":{"a\\"<b>":0.5},'
            . '"blob":"/wA=","card":{"owner":"me","year":30}},"note":"x"}';

for my $protocol (qw(binary compact)) {
    is(buy($protocol, \@item, 'x'), $shown, $protocol);
}

is(buy_json(), '{"item":{"id":7,"card":{"owner":"me"}},"note":"x"}', 'JSON');

# what clients send is never anything but text

for my $note ("\"\\\n\t\x01", "\xe2\x82\xac", '</script><b>', "\x7f\x7f") {
    my ($text) = buy('binary', [], $note);
    my $j = eval { JSON::PP->new()->utf8(0)->decode($text =~ s/\\x7f/\x7f/gr) };

    utf8::decode(my $sent = $note);
    is($j->{note}, $sent, 'a hostile note');
}

like(buy('binary', [], "\xff\xc3("), qr/^\{"item":\{\},"note":\{"base64":/,
     'no UTF-8');

# as much as there is room for

for my $n (130 .. 240) {
    my $text = buy('binary', [], 'x' x $n);
    my $all = '{"item":{},"note":"' . 'x' x $n . '"}';

    next if length($all) <= ROOM - 3 ? $text eq $all
            : $text =~ /\.\.\.$/ && length($text) <= ROOM
              && index($all, substr($text, 0, -3)) == 0;

    fail("$n bytes: $text");
}

for my $n (60 .. 70) {
    my $text = buy('binary', [], "\xe2\x82\xac" x $n);

    next if $text !~ /\\x/ && length(do { utf8::encode(my $b = $text); $b })
                              <= ROOM;

    fail("$n characters: $text");
}

pass('the rest is cut off');

my $long = buy('compact', [ [ 2, list => [ i32 => (2) x 100_000 ] ] ], 'x');

like($long, qr/^\{"item":\{"colors":\["BLUE","BLUE".*\.\.\.$/, 'a large call');
cmp_ok(length($long), '<=', ROOM, 'no more than that');

# where it is not allowed, or nothing is known

$t->client('proxy')->call('quiet', [ [ 1, string => 'SECRET' ] ]);
is(latest('quiet'), '', 'not of that method');

$t->client('proxy')->call('nothing', []);
is(latest('nothing'), '{}', 'no arguments');

$t->client('proxy')->call('nothing', [ [ 1, string => 'SECRET' ] ]);
is(latest('nothing'), '{}', 'undeclared ones');

$t->client('proxy')->call('buy', [ [ 1, string => 'SECRET' ] ]);
is(latest('malformed'), '', 'what does not fit');

$t->client('proxy')->call('nosuch', []);
is(latest('unknown_method'), '', 'no such method');

$t->client('unknown')->call('buy', [ [ 2, string => 'SECRET' ] ]);
is(latest('buy'), '', 'no definition');

$t->client('dead')->call('buy', [ [ 2, string => 'x' ] ]);
is(latest('buy'), '{"note":"x"}', 'no server');

unlike($t->http('web')->request('GET', '/json')->{body}, qr/SECRET/,
       'nothing of that');

# a configuration that allows none shows none

ok($t->reload(conf_with('')), 'reload');
is(join('', map { $_->{arguments} } @{json()->{failures}}), '', 'none');

$t->client('proxy')->call('buy', [ [ 2, string => 'x' ] ]);
is(latest('buy'), '', 'and keeps none');

wrong();

$t->done();


sub wrong {
    for my $text ('arguments=15', 'arguments=1025', 'arguments=x',
                  'arguments=', 'arguments', 'arguments=0')
    {
        like($t->config_error(conf_with($text)),
             qr/invalid value "arguments.*" in "thrift_status_zone" directive, /,
             $text);
    }
}


sub buy {
    my ($protocol, $item, $note) = @_;

    $t->client('proxy', protocol => $protocol)
      ->call('buy', [ [ 1, struct => $item ], [ 2, string => $note ],
                      [ 3, string => 'SECRET' ], [ 8, string => 'SECRET' ] ],
             timeout => 20);

    return latest('buy');
}


sub buy_json {
    my $c = $t->client('proxy');
    my $text = '[1,"buy",1,7,{"1":{"rec":{"1":{"i64":7},"5":{"rec":{"1":{"str":'
               . '"me"},"2":{"str":"SECRET"}}}}},"2":{"str":"x"}}]';

    $c->send(pack('N/a*', $text));
    $c->read_some();

    return latest('buy');
}


# The arguments of the latest failure, which is of that method or outcome.

my $last;

sub latest {
    my ($name) = @_;

    my $failure;

    wait_for(sub {
        $failure = json()->{failures}[0];
        return $failure && (!defined $last || $failure->{number} > $last);
    });

    $last = $failure->{number};

    fail("$name is not the latest")
        if $failure->{method} ne $name && $failure->{outcome} ne $name;

    return $failure->{arguments};
}


sub json {
    return JSON::PP->new()->utf8()->decode(
        $t->http('web')->request('GET', '/json')->{body});
}


sub conf_with {
    my ($zone) = @_;

    return <<"EOC";

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location = /json {
            thrift_status  json;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_status_zone  counted 256k failures=20 $zone;

    upstream shop {
        server  127.0.0.1:%%PORT_shop%%;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_idl   %%TESTDIR%%/shop.thrift;
        thrift_pass  shop;

        thrift_validate_utf8  off;

        thrift_service Shop {
            thrift_method quiet {
                thrift_status_arguments  off;
            }
        }
    }

    server {
        listen       127.0.0.1:%%PORT_dead%%;
        thrift_idl   %%TESTDIR%%/shop.thrift;
        thrift_pass  127.0.0.1:%%PORT_nobody%%;
    }

    server {
        listen       127.0.0.1:%%PORT_unknown%%;
        thrift_pass  shop;

        thrift_service Shop {
            thrift_method buy { }
        }
    }
}

EOC
}
