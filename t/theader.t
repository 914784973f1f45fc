#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Clients and servers with THeader: seqids, protocols, flags and info headers of
# both sides; headers that are set, in variables, and persistent ones; what is
# wrong with a THeader, and others on the same port.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    map $thrift_header_x_color $by_color {
        red      red;
        default  backend;
    }

    log_format  test  '$thrift_method $thrift_status $thrift_transport '
                      '$thrift_protocol $thrift_seqid '
                      '[$thrift_header_trace] [$thrift_header_none]';
    access_log  %%TESTDIR%%/access.log  test;

    upstream backend {
        server  127.0.0.1:%%PORT_backend%%;
    }

    upstream red {
        server  127.0.0.1:%%PORT_red%%;
    }

    upstream framed {
        server                     127.0.0.1:%%PORT_backend%%;
        thrift_upstream_transport  framed;
    }

    upstream unframed {
        server                     127.0.0.1:%%PORT_backend%%;
        thrift_upstream_transport  unframed;
        thrift_upstream_protocol   compact;
    }

    upstream header {
        server                     127.0.0.1:%%PORT_backend%%;
        thrift_upstream_transport  header;
    }

    upstream compact {
        server                     127.0.0.1:%%PORT_backend%%;
        thrift_upstream_transport  header;
        thrift_upstream_protocol   compact;
    }

    upstream ordered {
        server                     127.0.0.1:%%PORT_backend%%;
        thrift_upstream_transport  header;
        thrift_check_seqid         off;
    }

    upstream checked {
        server                     127.0.0.1:%%PORT_red%%;
        thrift_upstream_transport  header;
        thrift_health_check        interval=100ms;
    }

    upstream asked {
        server                     127.0.0.1:%%PORT_backend%%;
        thrift_upstream_transport  header;
        thrift_upstream_detect     on;
    }

    thrift_trusted  on;

    server {
        listen       127.0.0.1:%%PORT_same%%;
        thrift_pass  backend;
    }

    server {
        listen            127.0.0.1:%%PORT_only%%;
        thrift_transport  header;
        thrift_protocol   compact;
        thrift_pass       backend;
    }

    server {
        listen            127.0.0.1:%%PORT_framedonly%%;
        thrift_transport  framed;
        thrift_pass       backend;
    }

    server {
        listen       127.0.0.1:%%PORT_toframed%%;
        thrift_pass  framed;
    }

    server {
        listen       127.0.0.1:%%PORT_tounframed%%;
        thrift_pass  unframed;
    }

    server {
        listen       127.0.0.1:%%PORT_toheader%%;
        thrift_pass  header;
    }

    server {
        listen       127.0.0.1:%%PORT_tocompact%%;
        thrift_pass  compact;
    }

    server {
        listen       127.0.0.1:%%PORT_toordered%%;
        thrift_pass  ordered;
    }

    server {
        listen       127.0.0.1:%%PORT_tochecked%%;
        thrift_pass  checked;
    }

    server {
        listen       127.0.0.1:%%PORT_toasked%%;
        thrift_pass  asked;
    }

    server {
        listen       127.0.0.1:%%PORT_map%%;
        thrift_pass  $by_color;
    }

    server {
        listen  127.0.0.1:%%PORT_refuse%%;

        thrift_return  INTERNAL_ERROR  "not today, $thrift_header_who";
    }

    server {
        listen             127.0.0.1:%%PORT_set%%;
        thrift_pass        header;
        thrift_set_header  x-client  $remote_addr;
        thrift_set_header  Trace     "";
        thrift_set_header  traceparent  00-$thrift_seqid-01;

        thrift_service S {
            thrift_method own {
                thrift_set_header  only  $thrift_method;
            }

            thrift_method inherited {
                thrift_timeout  5s;
            }
        }
    }

    server {
        listen                  127.0.0.1:%%PORT_small%%;
        thrift_max_header_size  64;
        thrift_pass             backend;
    }

    server {
        listen                  127.0.0.1:%%PORT_large%%;
        thrift_max_header_size  262140;
        thrift_buffer_size      2k;
        thrift_pass             backend;
    }

    server {
        listen                  127.0.0.1:%%PORT_setlarge%%;
        thrift_max_header_size  262140;
        thrift_pass             header;
        thrift_set_header       x-trace  $thrift_header_trace;
    }

    server {
        listen                  127.0.0.1:%%PORT_heads%%;
        thrift_max_memory       400k worker=600k;
        thrift_max_header_size  262140;
        thrift_pass             backend;
    }

    server {
        listen             127.0.0.1:%%PORT_held%%;
        thrift_max_memory  100k;
        thrift_pass        header;
        thrift_set_header  x-client  $remote_addr;
    }

    server {
        listen                  127.0.0.1:%%PORT_none%%;
        thrift_max_header_size  0;
        thrift_pass             backend;
    }
}

EOC

my $backend = $t->backend('backend');
my $red = $t->backend('red');

$t->run();

same();
dialects();
flags();
variables();
set_headers();
persistent();
exceptions();
wrong();
mixed();
byte_by_byte();
sizes();
held();
heads();
order();
strange_replies();

$t->done();


sub theader_client {
    my ($port) = @_;

    return $t->client($port, transport => 'header');
}


# The latest call that the backend got.

sub latest {
    return ($backend->calls())[-1];
}


# The line of the access log for a method.

sub logged {
    return ($t->wait_log(qr/^$_[0] /, 'access.log'))[0];
}


# The client's numbers, protocol and headers go to the server and back.

sub same {
    my $c = theader_client('same');

    for my $protocol (qw(binary compact)) {
        $backend->script(get => { echo => 1, headers => [ from => 'server' ] });

        my $m = $c->call('get', [ [ 1, string => 'a' ] ], seqid => 5,
                         sequence => 77, protocol => $protocol,
                         headers => [ trace => 't1', 'x' => '' ]);

        is($m->{transport}, 'header', "$protocol: answered");
        is($m->{protocol}, $protocol, 'in its protocol');
        is($m->{seqid}, 5, 'its seqid');
        is($m->{sequence}, 77, 'that of its THeader');
        is($m->{fields}{1}, 'a', 'its body');
        is("@{$m->{headers}}", 'from server', 'headers of the reply');

        my $call = latest();

        is($call->{transport}, 'header', 'the call has one');
        is($call->{protocol}, $protocol, 'its protocol');
        is($call->{sequence}, $call->{seqid}, 'both numbers are the same');
        isnt($call->{seqid}, 5, 'and nginx\'s own');
        is(join(',', @{$call->{headers}}), 'trace,t1,x,', 'its headers');
    }

    my $m = $c->call('get', [], seqid => -1, sequence => 0xffffffff);

    is($m->{seqid}, -1, 'negative seqid');
    is($m->{sequence}, 0xffffffff, 'that of its THeader');

    ok($c->oneway('tell', [], headers => [ a => 'b' ]), 'oneway');
    wait_for(sub { $backend->calls('tell') });
    is(join(',', @{latest()->{headers}}), 'a,b', 'its headers');

    my $big = 'b' x 300_000;

    $m = $c->call('get', [ [ 1, string => $big ] ], seqid => 6,
                  headers => [ h => 'h' x 3000 ]);
    ok($m->{fields}{1} eq $big, 'large call');
    is($m->{sequence}, 6, 'its number');
    is(length(latest()->{headers}[1]), 3000, 'its header');
}


# To servers of other dialects, and from clients of others.

sub dialects {
    $backend->script(get => { echo => 1 });

    my @body = ([ 1, string => 'a' ], [ 2, i32 => -3 ]);

    for ([ 'toframed', 'framed', '' ], [ 'tounframed', 'unframed', 'compact' ],
         [ 'tocompact', 'header', 'compact' ])
    {
        my ($port, $transport, $protocol) = @$_;
        my $c = theader_client($port);

        for my $own (qw(binary compact)) {
            my $m = $c->call('get', \@body, seqid => 3, sequence => 4,
                             protocol => $own, headers => [ a => 'b' ]);

            is($m->{protocol}, $own, "$own $port");
            is("$m->{seqid} $m->{sequence} $m->{fields}{2}", '3 4 -3',
               'its reply');
            is("@{$m->{headers}}", '', 'without headers');
            is(latest()->{transport}, $transport, 'in its transport');
            is(latest()->{protocol}, $protocol || $own, 'and protocol');
        }
    }

    for my $port (qw(toheader tocompact)) {
        for my $transport (qw(framed unframed)) {
            for my $protocol (qw(binary compact)) {
                $backend->script(get => { echo => 1, headers => [ a => 'b' ] });

                my $c = $t->client($port, transport => $transport,
                                   protocol => $protocol);
                my $m = $c->call('get', \@body, seqid => 9);

                is($m->{transport}, $transport, "$transport $protocol $port");
                is($m->{protocol}, $protocol, 'in its protocol');
                is("$m->{seqid} $m->{fields}{2}", '9 -3', 'its reply');
                is(latest()->{transport}, 'header', 'the call has a THeader');
                is(join(',', @{latest()->{headers}}), '', 'without headers');
            }
        }
    }

    my $large = 'x' x 400_000;
    my $m = theader_client('tocompact')->call('get', [ [ 1, string => $large ] ],
                                              headers => [ a => 'b' ]);

    ok($m->{fields}{1} eq $large, 'large call, translated');
    is("@{$m->{headers}}", 'a b', 'headers of its reply');

    $m = $t->client('tocompact')->call('get', [ [ 1, string => $large ] ]);
    ok($m->{fields}{1} eq $large, 'large call without THeader, translated');
}


sub flags {
    $backend->script(get => {});

    my $m = theader_client('same')->call('get', [], flags => 0x8009);

    is($m->{flags}, 0x8009, 'flags are the client\'s');
    is(latest()->{flags}, 1, 'nginx takes replies in any order');

    theader_client('toordered')->call('get', [], flags => 1);
    is(latest()->{flags}, 0, 'but where seqids do not count');
}


sub variables {
    my $c = theader_client('same');

    $c->call('var1', [], seqid => 12, sequence => 13,
             headers => [ trace => 'first', Trace => 'last', x => 'y' ]);
    is(logged('var1'), 'var1 success header binary 12 [last] [-]',
       'in the log');

    $c->call('var2', [], headers => [ trace => "l\n" . 'o' x 5000 ]);

    my ($logged) = logged('var2') =~ /^var2 .*? \[(.*?)\]/;

    is(length($logged), 1024 + 3, 'the beginning of a long one');
    like($logged, qr/^l\\x0Aoo/, 'escaped');

    $t->client('same')->call('var3');
    is(logged('var3'), 'var3 success framed binary 1 [-] [-]',
       'without THeader');

    $c = theader_client('map');

    is($c->call('get', [], headers => [ 'X-Color' => 'red' ])->{fields}{0},
       $red->id(), 'route by header');
    is($c->call('get', [], headers => [ 'X-Color' => 'blue' ])->{fields}{0},
       $backend->id(), 'another value');
    is($c->call('get')->{fields}{0}, $backend->id(), 'no header');
}


sub set_headers {
    $backend->script(map { $_ => {} } qw(get S:own S:inherited));

    my $c = theader_client('set');

    $c->call('get', [], seqid => 3,
             headers => [ 'X-Client' => 'forged', trace => 'x', keep => 'k',
                          'x-client' => 'again' ]);
    is(join(',', @{latest()->{headers}}),
       'keep,k,x-client,127.0.0.1,traceparent,00-3-01', 'headers are set');

    $c->call('S:own', [], headers => [ trace => 'x' ]);
    is(join(',', @{latest()->{headers}}), 'trace,x,only,own',
       'a method has its own');

    $c->call('S:inherited', [], seqid => 4, headers => [ trace => 'x' ]);
    is(join(',', @{latest()->{headers}}),
       'x-client,127.0.0.1,traceparent,00-4-01', 'inherited');

    $t->client('set')->call('get', [], seqid => 5);
    is(join(',', @{latest()->{headers}}),
       'x-client,127.0.0.1,traceparent,00-5-01', 'without THeader');

    $c = theader_client('setlarge');

    my $m = $c->call('get', [], headers => [ trace => 't' x 200_000 ]);
    is("$m->{exception} $m->{message}", '7 headers are too large', 'too large');
    ok($t->wait_log(qr/\[info\] .* headers of the call are too large/),
       'as the client has sent them');
    ok($c->call('get'), 'goes on');
}


# fbthrift's, which hold for all later calls of the connection.

sub persistent {
    $backend->script(get => { persistent => [ p => 'server' ],
                              headers => [ h => 'h' ] });

    my $c = theader_client('same');
    my $other = theader_client('same');

    my $m = $c->call('get', [], persistent => [ who => 'me', a => '1' ],
                     headers => [ b => '2' ]);

    is(join(',', @{$m->{headers}}), 'h,h,p,server',
       'those of a server are its reply\'s');
    is("@{$m->{persistent}}", '', 'and do not persist');
    is(join(',', @{latest()->{headers}}), 'who,me,a,1,b,2', 'first call');

    $c->call('get', [], headers => [ who => 'else' ]);
    is(join(',', @{latest()->{headers}}), 'who,me,a,1,who,else',
       'second call: its own are last');

    $c->call('get', [], persistent => [ a => '3' ]);
    is(join(',', @{latest()->{headers}}), 'who,me,a,3', 'changed');

    $c->call('get');
    is(join(',', @{latest()->{headers}}), 'who,me,a,3', 'still there');

    $other->call('get', [], headers => [ x => 'y' ]);
    is(join(',', @{latest()->{headers}}), 'x,y', 'not another client\'s');

    # so many, and not one more

    my @most = map { ("h$_" => $_) } 1 .. 62;

    $c->call('get', [], persistent => \@most);
    is(@{latest()->{headers}} / 2, 64, '64 of them');

    $m = $c->call('get', [], seqid => 8, persistent => [ last => 1 ]);
    is($m->{exception}, 7, 'one too many');
    is($m->{message}, 'malformed call: too many persistent headers', 'why');
    ok($c->closed(), 'closed');

    $c = theader_client('same');
    ok($c->call('get', [], persistent => [ a => 'x' x 8000 ]), '8k of them');
    is($c->call('get', [], persistent => [ b => 'x' x 9000 ])->{exception}, 7,
       'more than a header may have');
}


sub exceptions {
    my $c = theader_client('refuse');

    for my $protocol (qw(binary compact)) {
        my $m = $c->call('get', [], seqid => 3, sequence => 4, flags => 1,
                         protocol => $protocol, headers => [ who => 'you' ]);

        is("$m->{transport} $m->{protocol} $m->{seqid} $m->{sequence} "
           . "$m->{flags} $m->{exception} $m->{message}",
           "header $protocol 3 4 1 6 not today, you", "exception, $protocol");
        is("@{$m->{headers}}", '', 'no header of the call');
    }

    $c = theader_client('same');

    my $m = $c->call('get', "\xff\xff", seqid => 3, sequence => 4);
    is("$m->{seqid} $m->{sequence} $m->{exception}", '3 4 7', 'malformed call');

    $m = $c->call('get', [], seqid => 5);
    is($m->{seqid}, 5, 'the connection goes on');

    # a transform that is not known: its method is not, either

    for ([ 5 ], [ 1, 1 ], [ 0, 300 ], [ 1, 5 ]) {
        $m = $c->call('get', [], sequence => 9, transforms => $_,
                      protocol => 'compact');
        is("$m->{name} $m->{protocol} $m->{sequence} $m->{exception}",
           ' compact 9 8', "transforms @$_");
    }

    $m = $c->call('get', [], seqid => 6);
    is($m->{seqid}, 6, 'the connection goes on');
}


sub refused {
    my ($port, $bytes, $text, $name) = @_;

    my $c = $t->client($port);

    $c->send($bytes);

    ok($c->closed(), $name);
    ok($t->wait_log(qr/client sent \Q$text\E while reading/), 'its line');
}


sub wrong {
    my $call = call_bytes('get', 1, [], transport => 'unframed');
    my $compact = call_bytes('get', 1, [], transport => 'unframed',
                             protocol => 'compact');

    refused('same', theader($call, size => 0), 'THeader without protocol',
            'no words');
    refused('same', theader($call, size => 100), 'THeader longer than its frame',
            'longer than its frame');
    refused('same', theader($call, id => 3), 'THeader of an unknown protocol',
            'unknown protocol');
    refused('same', theader($call, id => 1), 'THeader of an unknown protocol',
            'JSON');
    refused('same', theader($compact),
            'payload in another protocol than its THeader says',
            'another protocol');
    refused('same', theader("\x82\x22" . substr($compact, 2), id => 2),
            'compact protocol of fbthrift, which is not supported',
            'compact of fbthrift');
    refused('same', theader(''), 'frame too short for a message',
            'no payload');
    refused('same', theader(substr($call, 0, 8)),
            'frame too short for a message', 'half a payload');
    refused('same', pack('NnnNnC*', 18 + length $call, 0x0fff, 0, 1, 2, 0, 0, 1, 255, 255,
                         255, 255, 15) . $call,
            'THeader ends in the middle of a number', 'many pairs');
    refused('same', frame("\x0f\xfe" . substr(theader($call), 6)),
            'neither a framed nor an unframed Thrift message', 'another magic');
    refused('same', "\x3f\xff\xff\xff\x0f\xff\0\0\0\0\0\1\xff\xff",
            'THeader larger than allowed (thrift_max_header_size allows '
            . '16384 bytes)', 'hostile sizes');

    refused('framedonly', theader($call),
            'message with THeader where a framed one is expected',
            'where framed ones are expected');
    refused('only', frame($compact),
            'framed message where one with THeader is expected',
            'where it is expected');
    refused('only', theader($call),
            'binary message where a compact one is expected',
            'another protocol than is expected');
    refused('none', theader($call),
            'THeader transport, which is not allowed', 'not allowed');

    my $m = theader_client('only')->call('get', [], protocol => 'compact');
    is($m->{protocol}, 'compact', 'one that is expected');
}


# All of them on one port, and on one connection.

sub mixed {
    $backend->script(get => { echo => 1 });

    my @clients = map { my $transport = $_;
                        map { [ $transport, $_ ] } qw(binary compact) }
                      qw(framed unframed header);

    my $c = $t->client('same');

    $c->{transport} = undef;

    for (1 .. 3) {
        for (@clients) {
            my ($transport, $protocol) = @$_;
            my $m = $c->call('get', [ [ 1, string => "$transport $protocol" ] ],
                             transport => $transport, protocol => $protocol);

            is("$m->{transport} $m->{protocol}", "$transport $protocol",
               "$transport $protocol on one connection");
        }
    }

    # at once; a client of Bytes.pm tells each reply by its first bytes

    my $n = 0;
    my $bytes = join('', map { call_bytes('get', ++$n, [], transport => $_->[0],
                                          protocol => $_->[1]) }
                             (@clients) x 3);

    my @replies = $c->exchange($bytes, $n);

    is(join(' ', map { $_->{seqid} } @replies), join(' ', 1 .. $n),
       'at once, in order');
    is(join(' ', map { $_->{transport} } @replies),
       join(' ', map { $_->[0] } (@clients) x 3), 'each in its transport');
}


sub byte_by_byte {
    my $c = theader_client('same');
    my $bytes = call_bytes('get', 3, [ [ 1, string => 'abc' ] ],
                           transport => 'header', sequence => 4,
                           headers => [ trace => 'x', y => 'z' ]);

    $backend->script(get => { echo => 1, pieces => 1, headers => [ a => 'b' ] });

    $c->send_pieces($bytes . $bytes, 1);

    for (1 .. 2) {
        my $m = $c->read_message();

        is("$m->{seqid} $m->{sequence} $m->{fields}{1} @{$m->{headers}}",
           '3 4 abc a b', 'byte by byte');
    }

    # cut off everywhere, with a victim beside it

    my $victim = theader_client('same');

    $backend->script(get => { echo => 1 });

    for (my $i = 1; $i < length $bytes; $i += 3) {
        my $cut = $t->client('same');

        $cut->send(substr($bytes, 0, $i));
        $cut->close();
    }

    ok($victim->call('get'), 'cut off everywhere');
}


sub sizes {
    my $call = call_bytes('get', 1, [], transport => 'unframed');

    $backend->script(get => { echo => 1 });

    my $c = theader_client('small');

    ok($c->call('get', [], headers => [ a => 'x' x 56 ]), 'as large as allowed');
    refused('small', theader($call, headers => [ a => 'x' x 62 ]),
            'THeader larger than allowed (thrift_max_header_size allows '
            . '64 bytes)', 'larger than allowed');
    refused('same', theader($call, headers => [ a => 'x' x 16380 ]),
            'THeader larger than allowed (thrift_max_header_size allows '
            . '16384 bytes)', 'larger than is allowed by itself');

    # larger than thrift_buffer_size; in pieces, and others behind it

    $c = theader_client('large');

    for my $n (900, 2000, 5000, 70_000, 262_000) {
        my $bytes = call_bytes('get', 2, [ [ 1, string => 'y' x 3000 ] ],
                               transport => 'header',
                               headers => [ a => 'x' x $n ]);

        $backend->script(get => { headers => [ b => 'z' x 10_000 ] });

        my @m = $c->exchange($bytes x 3, 3);

        is(scalar @m, 3, "headers of $n bytes");
        is(length($m[2]{headers}[1]), 10_000, 'and of the replies');
        is(length(latest()->{headers}[1]), $n, 'at the server');
    }

    my $bytes = call_bytes('get', 2, [], transport => 'header',
                           headers => [ a => 'x' x 9000 ]);

    $c->send_pieces($bytes, 700);
    ok($c->read_message(), 'in pieces');
}


# Persistent headers make large calls of small ones.

sub held {
    my $c = theader_client('held');

    $backend->script(held => { delay => time_factor() }, get => {});

    $c->call('get', [], persistent => [ p => 'x' x 15_000 ]);

    $c->start('held', [], seqid => $_) for 1 .. 30;
    ok(wait_for(sub { $backend->calls('held') }), 'headers that persist');
    elapse(0.3 * time_factor());

    my $n = $backend->calls('held');

    # some are read before the first one is sent

    cmp_ok($n, '<', 10, 'are held by each call');
    is($c->read_message(10 * time_factor())->{seqid}, $_, "answered, $_")
        for 1 .. 30;
}


# Heads that are not whole are held as well.

sub heads {
    my $bytes = call_bytes('get', 2, [], transport => 'header',
                           headers => [ a => 'x' x 250_000 ]);
    my $victim = theader_client('heads');
    my @clients = map { theader_client('heads') } 1 .. 6;

    $backend->script(get => {});

    $_->send(substr($bytes, 0, 200_000)) for @clients;

    ok($t->wait_log(qr/client sent a large THeader, and calls hold too much/),
       'one too many');
    ok($victim->call('get'), 'another client');

    elapse(0.1 * time_factor());
    cmp_ok(scalar(grep { $_->closed(0.01) } @clients), '<', 5, 'and some go on');

    $_->close() for @clients;
    ok($victim->call('get'), 'goes on');

    my $c = theader_client('heads');

    $c->send_pieces($bytes, 50_000);
    ok($c->read_message(), 'as does a new one');
}


# Who says so gets replies in any order.

sub order {
    my $c = theader_client('same');

    $c->{transport} = undef;

    $backend->script(slow => { delay => 0.5 }, get => {});

    my @m = $c->exchange(join('', map { call_bytes($_->[0], $_->[1], [],
                                        transport => 'header', flags => 1) }
                                      [ slow => 1 ], [ get => 2 ],
                                      [ get => 3 ]), 3);

    is($m[2]{seqid}, 1, 'in any order');

    @m = $c->exchange(call_bytes('slow', 4, [], transport => 'header',
                                 flags => 1)
                      . call_bytes('get', 5, [], transport => 'header')
                      . call_bytes('get', 6, [], transport => 'header',
                                   flags => 1)
                      . call_bytes('get', 7, []), 4);

    is(join(' ', map { $_->{seqid} } @m), '6 4 5 7',
       'those that did not say so are in order');

    $c->send(call_bytes('slow', 8, [], transport => 'header', flags => 1)
             . call_bytes('get', 9, [], transport => 'header', flags => 1));
    $c->half_close();
    $c->read_all();

    ok($c->closed(), 'a client that leaves');
}


sub strange_replies {
    my $c = theader_client('same');

    # without numbers, and in another dialect

    $backend->script(get => { sequence => 99 });
    is($c->call('get', [], seqid => 1)->{seqid}, 1,
       'another number in the THeader');

    $backend->script(get => { transport => 'framed' });
    $t->expect_log(qr/malformed reply: it is in another transport/);
    is($c->call('get')->{exception}, 6, 'reply without THeader');

    $backend->script(get => { id => 5 });
    $t->expect_log(qr/malformed reply: THeader of an unknown protocol/);
    is($c->call('get')->{exception}, 6, 'reply of an unknown protocol');

    # some servers always answer in binary

    for my $port (qw(same toheader tocompact)) {
        $backend->script(get => { protocol => 'binary',
                                  body => [ [ 1, i32 => -5 ] ],
                                  headers => [ a => 'b' ] });

        my $m = theader_client($port)->call('get', [], protocol => 'compact');

        is("$m->{protocol} $m->{fields}{1} @{$m->{headers}}", 'compact -5 a b',
           "$port: reply in another protocol");
    }

    $backend->script(get => { raw => theader(exception_bytes('', 0, 8, 'no',
                                                  transport => 'unframed')) });
    $t->expect_log(qr/upstream sent exception without/);

    my $m = $c->call('get', [], seqid => 7, sequence => 8);

    is("$m->{name} $m->{seqid} $m->{sequence} $m->{exception}", 'get 7 8 8',
       'exception without name and number');

    $backend->script(get => {});
    ok($c->call('get'), 'goes on');
    ok($t->client('tochecked')->call('get'), 'with health checks');
    is(answer($t->client('toasked')->call('get')), 'backend',
       'nothing is left to be found out by thrift_upstream_detect');
    is(latest()->{transport}, 'header', 'and it has a THeader');
    ok(wait_for(sub { grep { $_->{transport} eq 'header' && $_->{method} ne 'get' }
                           $red->calls() }), 'which have a THeader');
}
