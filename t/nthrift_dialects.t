#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nthrift call in HTTP, over TLS, in JSON and with THeader, to Apache's Python and C++ servers: what
# comes back, what is verified, and what is said when a port speaks something
# else.  A scripted server has responses that no library sends.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use JSON::PP ();
use Test::More;

use Test::Thrift qw(wait_for);
use Test::Thrift::Dialects;
use Test::Thrift::Files;


my $root = abs_path("$FindBin::Bin/..");
my $nthrift = nthrift();
my $data = "$root/t/data/call";
my $peers = "$root/build/peers/server";
my $tmp = tempdir(CLEANUP => 1);
my $owner = $$;
my @pids;

$ENV{PYTHONDONTWRITEBYTECODE} = 1;

END {
    if ($$ == $owner) {
        local $?;
        kill 'KILL', @pids;
        waitpid($_, 0) for @pids;
    }
}

plan(skip_all => 'no Python library, compiler or openssl')
    unless certificates($tmp) && mkdir("$tmp/gen-py")
           && system("thrift -nowarn -r --gen py -out $tmp/gen-py"
                     . " $data/every.thrift >/dev/null 2>&1") == 0;

my %port = start_python($tmp);

plan(skip_all => 'no Python servers') unless %port;

my @every = ('--idl', "$data/every.thrift");
my $local = '127.0.0.1';

http();
json();
header();
https();
tls();
client_certificate();
others();
cpp();
responses();
bytes();

done_testing();


sub http {
    for my $protocol ('binary', 'compact') {
        my $url = "http://$local:$port{qq(http-$protocol)}";

        is(said($url, 'Every.add', '[3, 4]', "--$protocol"), "0 7\n",
           "HTTP, $protocol");
        is(said("$url/any/path?of=it", 'Every.add', '[3]', "--$protocol"),
           "0 8\n", "HTTP with a path, $protocol");
        like(said($url, 'Every.find', '["nothing"]', "--$protocol"),
             qr/^1 \{\n  "exception": \{\n    "type": "NotFound"/,
             "exception in HTTP, $protocol");
        is(said($url, 'Every.remember', '["it"]', "--$protocol"), '0 ',
           "oneway in HTTP, $protocol");
    }

    my $url = "http://$local:$port{'http-binary'}";

    is(said($url, 'Every.add', '[1]', '--framed'),
       qq(2 nthrift: "$url": --framed is not possible in HTTP\n),
       '--framed in HTTP');
    is(said("$local:1", 'Every.add', '[1]', '--header', 'A=b'),
       qq(2 nthrift: "$local:1": --header is for http://, https:// and )
       . "--theader\n",
       '--header without HTTP');
    is(said($url, 'Every.add', '[1]', '--header', $_),
       "2 nthrift: --header: NAME=VALUE expected\n", "--header $_")
        for 'A', '=b', 'A b=c';
    like(said($_->[0], 'Every.add', '[1]'), $_->[1], "URL $_->[0]")
        for [ 'http://', qr/the host is missing/ ],
            [ 'http://a:b/', qr/the port must be a number from 1 to 65535/ ],
            [ 'http://a?b', qr/a path is expected/ ],
            [ 'http://a/b c', qr/blanks and "#" are not possible/ ],
            [ 'http://u:p@a/', qr/a name and a password/ ];
}


# The JSON protocol: every type there and back

sub json {
    my %value = (
        flag => 'true', tiny => -128, large => '9223372036854775807',
        real => '0.1', text => '"a\u00e4\\"\\\\"', bytes => '"AP+AfwA="',
        colour => '"BLUE"', point => '{"x": 1, "y": -1}',
        shape => '{"name": "round"}', rows => '[[], [{"x": 0, "y": 0}]]',
        counts => '{"a": 1, "": 2}', bits => '{"-5": [false]}',
        blobs => '[["AA==", "/w=="]]', more => '{"real": 1.5}',
    );
    my $value = '[{' . join(', ', map { qq("$_": $value{$_}) } sort keys %value)
                . '}]';
    my $same = JSON::PP->new->utf8->canonical;

    for ([ 'framed-json', '' ], [ 'unframed-json', '', '--unframed' ],
         [ 'http-json', 'http://' ])
    {
        my ($name, $scheme, @options) = @$_;
        my $at = "$scheme$local:$port{$name}";

        my ($out, $err, $rc) = call($at, 'Every.echo', $value, '--json',
                                    @options);

        is($rc == 0 ? $same->encode($same->decode($out)) : "$rc $err",
           $same->encode($same->decode($value)->[0]), "everything, $name");
        is(said($at, 'Every.nothing', '--json-protocol', @options),
           "0 null\n", "void, $name, by the option's name of bench");
        like(said($at, 'Every.find', '["nothing"]', '--json', @options),
             qr/^1 .*"NotFound"/s, "exception, $name");
        like(said($at, 'Every.fail', '["typed"]', '--json', @options),
             qr/^1 .*"PROTOCOL_ERROR",\n    "message": "so it is"/s,
             "undeclared exception, $name");
    }
}


sub header {
    my $at = "$local:$port{header}";

    for my $protocol ('binary', 'compact') {
        is(said($at, 'Every.add', '[3, 4]', '--theader', "--$protocol"),
           "0 7\n", "THeader, $protocol");
    }

    is(said($at, 'Every.add', '[3, 4]', '--theader', '--header', 'a=b',
            '--header', 'token=x=y'), "0 7\n", 'THeader with headers');
    is(said($at, 'Every.add', '[3, 4]', '--theader', '--json'),
       qq(2 nthrift: "$at": --theader has no JSON\n), 'THeader and JSON');

    my (undef, $err) = call($at, 'Every.add', '[3, 4]', '--theader', '-vv',
                            '--header', 'a=b');

    like($err, qr/^> 000000  00 00 00 [0-9a-f]{2} 0f ff 00 00 /m,
         'bytes of a THeader');
    like($err, qr/\.a\.b/, 'and of its headers');
}


sub https {
    my $url = "https://localhost:$port{https}/";

    is(said($url, 'Every.add', '[3, 4]', '--ca', "$tmp/cert.pem"), "0 7\n",
       'HTTPS');
    like(said($url, 'Every.add', '[3, 4]'), qr/^3 nthrift: \Q$url\E: TLS: cert/,
         'HTTPS with a certificate that nobody knows');
    is(said($url, 'Every.add', '[3, 4]', '--insecure'), "0 7\n",
       'HTTPS, --insecure');
}


sub tls {
    my $at = "localhost:$port{tls}";

    is(said($at, 'Every.add', '[3, 4]', '--tls', '--ca', "$tmp/cert.pem"),
       "0 7\n", 'TLS');
    is(said("$local:$port{tls}", 'Every.add', '[3, 4]', '--ca',
            "$tmp/cert.pem"), "0 7\n", 'TLS with an address in the '
       . 'certificate');
    like(said($at, 'Every.add', '[3, 4]', '--tls'),
         qr/^3 nthrift: \Q$at\E: TLS: certificate not verified: .* \(--ca FILE /,
         'not verified');
    is(said($at, 'Every.add', '[3, 4]', '--insecure'), "0 7\n", '--insecure');
    like(said($at, 'Every.add', '[3, 4]', '--ca', "$tmp/cert.pem",
              '--tls-name', 'other.example'),
         qr/certificate not verified: hostname mismatch/, '--tls-name');
    is(said($at, 'Every.add', '[1]', '--ca', "$tmp/key.pem"),
       "3 nthrift: $at: TLS: no certificates in $tmp/key.pem\n",
       'a file without certificates');
    is(said($at, 'Every.add', '[1]', '--insecure', '--cert', "$tmp/none"),
       "3 nthrift: $at: TLS: no certificate in $tmp/none\n",
       'no file with a certificate');

    my (undef, $err) = call($at, 'Every.add', '[1]', '--insecure', '-v');
    like($err, qr/^nthrift: TLSv1\.\d, \S+$/m, '-v says what TLS it is');
}


sub client_certificate {
    my $at = "localhost:$port{'tls-client'}";
    my @options = ('--compact', '--ca', "$tmp/cert.pem");

    is(said($at, 'Every.add', '[3, 4]', @options, '--cert', "$tmp/cert.pem",
            '--key', "$tmp/key.pem"), "0 7\n", 'certificate of the client');

    spew("$tmp/both.pem", slurp("$tmp/cert.pem") . slurp("$tmp/key.pem"));
    is(said($at, 'Every.add', '[3, 4]', @options, '--cert', "$tmp/both.pem"),
       "0 7\n", 'with the key in the same file');
    like(said($at, 'Every.add', '[3, 4]', @options), qr/^3 nthrift: /,
         'none is refused');
    is(said($at, 'Every.add', '[1]', @options, '--cert', "$tmp/cert.pem"),
       "3 nthrift: $at: TLS: no key of the certificate in $tmp/cert.pem\n",
       'certificate without a key');
}


# A port that speaks something else

sub others {
    my $at = "$local:$port{'http-binary'}";

    like(said($at, 'Every.add', '[1]', '--unframed', '--timeout', 1),
         qr/^3 nthrift: \Q$at\E: .*\(.*HTTP/, 'HTTP on the port');

    $at = "$local:$port{'framed-binary'}";

    like(said($at, 'Every.add', '[1]', '--insecure', '--timeout', 1),
         qr/^3 nthrift: \Q$at\E: .*TLS.*\(the port may not speak TLS\)/,
         'no TLS on the port');
    like(said("http://$at/", 'Every.add', '[1]', '--timeout', 1),
         qr/^3 nthrift: http:\/\/\Q$at\E\/: .*\(nthrift probe/,
         'no HTTP on the port');

    # an alert, as nginx sends it

    # nginx without Thrift behind it

    scripted("HTTP/1.1 400 Bad Request\r\n\r\n", sub {
        like(said($_[0], 'Every.add', '[1]'),
             qr/HTTP response .*\(the port speaks HTTP: http:\/\/ before/,
             'HTTP on the port, at once');
    });

    scripted("\x15\x03\x01\x00\x02\x02\x46", sub {
        like(said($_[0], 'Every.add', '[1]'),
             qr/TLS alert .*\(the port speaks TLS: --tls\)/,
             'TLS on the port');
    });
}


sub cpp {
    SKIP: {
        skip('no C++ server', 1) unless -x $peers;

        my %at = map { $_ => free_port() } 'http:binary', 'http:compact',
                                               'framed:binary', 'http:json';
        my $pid = fork();

        if ($pid == 0) {
            open(STDERR, '>', "$tmp/peers.err");
            exec($peers, map { "threaded:$_:$at{$_}" } keys %at) or exit 1;
        }

        push @pids, $pid;

        for (keys %at) {
            my $port = $at{$_};
            wait_for(sub { Test::Thrift::listens("$local:$port") }, 10);
        }

        my @idl = ('--idl', "$root/t/peers/peers.thrift");

        for my $protocol ('binary', 'compact', 'json') {
            my $url = "http://$local:$at{qq(http:$protocol)}/peer";

            is(said_of(@idl, $url, 'Peer.echoString', '["a\u00e4"]',
                       "--$protocol"), qq(0 "a\xc3\xa4"\n),
               "C++, HTTP, $protocol");
            is(said_of(@idl, $url, 'Other.twice', '[4]', "--$protocol",
                       '--multiplexed'), "0 8\n",
               "C++, HTTP, $protocol, multiplexed");
            like(said_of(@idl, $url, 'Peer.refuse', '[4]', "--$protocol"),
                 qr/^1 .*"Refused"/s, "C++, HTTP, $protocol, exception");
        }

        # without a version

        my ($out, $err) = run(@idl, "$local:$at{'framed:binary'}",
                              'Peer.echoString', '["x"]', '--lax', '-vv');

        is($out, qq("x"\n), 'C++, --lax');
        like($err, qr/^> 000000  00 00 00 1c 00 00 00 0a 65 63 68 6f /m,
             'a head without a version');
    }
}


# Responses that libraries do not send: HTTP is HTTP

sub responses {
    my $reply = reply(7);
    my $len = length $reply;
    my $ok = "HTTP/1.1 200 OK\r\n";
    my $half = substr($reply, 0, 5);
    my $rest = substr($reply, 5);

    my @good = (
        [ 'length', "${ok}Content-Length: $len\r\n\r\n$reply" ],
        [ 'until the end', "HTTP/1.0 200 OK\r\n\r\n$reply" ],
        [ 'chunks', "${ok}transfer-encoding: chunked\r\n\r\n5;a=b\r\n$half\r\n"
          . sprintf("%x\r\n%s\r\n0\r\nA: b\r\n\r\n", length $rest, $rest) ],
        [ 'early hints', "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${ok}"
          . "Content-Length: $len\r\n\r\n$reply" ],
        [ 'bare line feeds', "HTTP/1.1 200 OK\nContent-Length: $len\n\n$reply" ],
        [ 'no reason', "HTTP/1.1 200\r\nContent-Length: $len\r\n\r\n$reply" ],
        [ 'a message with another status', "HTTP/1.1 500 No\r\n"
          . "Content-Length: $len\r\n\r\n$reply" ],
    );

    for (@good) {
        my ($name, $bytes) = @$_;

        scripted($bytes, sub {
            is(said("http://$_[0]/", 'Every.add', '[3]'), "0 7\n", $name);
        });
    }

    my @wrong = (
        [ 'status', "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n"
          . "no such\nx", 'HTTP status 404 Not Found: no such' ],
        [ 'status alone', "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0"
          . "\r\n\r\n", 'HTTP status 502 Bad Gateway' ],
        [ 'no body', "HTTP/1.1 204 No Content\r\n\r\n",
          'HTTP status 204 No Content, but no reply in its body' ],
        [ 'text', "${ok}Content-Length: 5\r\n\r\nhello",
          qr/^HTTP status 200 OK, .*: hello$/ ],
        [ 'cut off', "${ok}Content-Length: 5\r\n\r\n$half",
          'HTTP status 200 OK, but the reply in its body is cut off' ],
        [ 'cut off by the connection', "${ok}Content-Length: $len\r\n\r\n$half",
          'connection closed within an HTTP response' ],
        [ 'no HTTP', "SSH-2.0-OpenSSH\r\n", 'no HTTP response' ],
        [ 'malformed chunk', "${ok}Transfer-Encoding: chunked\r\n\r\nx\r\n",
          'malformed chunk of an HTTP response' ],
        [ 'chunk without end', "${ok}Transfer-Encoding: chunked\r\n\r\n"
          . "ffffffffffffffff\r\n", 'body of the HTTP response larger than '
          . '--max-size' ],
        [ 'length without end', "${ok}Content-Length: 99999999999\r\n\r\n",
          'body of the HTTP response larger than --max-size' ],
        [ 'head without end', $ok . "A: b\r\n" x 20000,
          'too long head of an HTTP response' ],
        [ 'line without end', $ok . 'A' x 200000,
          'too long line of an HTTP response' ],
        [ 'nothing', '',
          qr/^connection closed without a reply to an HTTP binary call / ],
    );

    for (@wrong) {
        my ($name, $bytes, $want) = @$_;

        scripted($bytes, sub {
            my $said = said("http://$_[0]/", 'Every.add', '[3]');
            my $start = "3 nthrift: http://$_[0]/: ";

            is(substr($said, 0, length $start), $start, "$name: exit code");

            $said = substr($said, length $start) =~ s/\n\z//r;

            ref $want ? like($said, $want, $name) : is($said, $want, $name);
        });
    }

    # what is asked

    scripted("${ok}Content-Length: $len\r\n\r\n$reply", sub {
        said("http://$_[0]/a?b", 'Every.add', '[3]', '--header', 'X-A=b c=d',
             '--header', 'accept=*/*');
    });

    like(slurp("$tmp/request"), qr/^POST\ \/a\?b\ HTTP\/1\.1\r\n
         Host:\ 127\.0\.0\.1:\d+\r\nContent-Type:\ application\/x-thrift\r\n
         User-Agent:\ nthrift\r\nX-A:\ b\ c=d\r\naccept:\ \*\/\*\r\n
         Content-Length:\ \d+\r\nConnection:\ close\r\n\r\n\x80\x01/x,
         'the request');
}


# -vv, and files

sub bytes {
    my $at = "$local:$port{'framed-binary'}";

    my (undef, $err) = call($at, 'Every.name', '-vv');

    like($err, qr/^nthrift: sent 21 bytes: framed binary CALL, name, seqid 1
> 000000  00 00 00 11 80 01 00 01 00 00 00 04 6e 61 6d 65  \.{12}name
> 000010  00 00 00 01 00 {35}\.{5}
< 000000  /m, '-vv');

    spew("$tmp/args.json", "{\n  \"a\": 20,\n  \"b\": 22\n}\n");
    is(said($at, 'Every.add', "\@$tmp/args.json"), "0 42\n", '@FILE');
    is(said($at, 'Every.add', "\@$tmp/none"),
       "2 nthrift: cannot open $tmp/none: No such file or directory\n",
       '@FILE that is not there');
}


# --- helpers ------------------------------------------------------------------

# A framed or unframed reply of `add`, seqid 1

sub reply {
    my ($number) = @_;

    return pack('NNa3NCnNC', 0x80010002, 3, 'add', 1, 8, 0, $number, 0);
}


sub said {
    return said_of(@every, @_);
}


sub said_of {
    my ($out, $err, $rc) = run(@_);

    return "$rc $out$err";
}


sub call {
    return run(@every, @_);
}


sub run {
    return run_apart($nthrift, 'call', @_);
}


# One connection gets these bytes for whatever it sends, which is kept; its
# address is what is called.

sub scripted {
    my ($bytes, $code) = @_;

    my $listen = IO::Socket::INET->new(Listen => 1, LocalAddr => $local)
        or die "listen: $!";
    my $pid = fork();

    if ($pid == 0) {
        local $SIG{ALRM} = sub { exit 1 };
        alarm(20);

        my $c = $listen->accept();
        my $got = '';

        $c->sysread($got, 65536);
        spew("$tmp/request", $got);
        $c->syswrite($bytes) if length $bytes;
        $c->shutdown(1);
        1 while $c->sysread($got, 65536);
        POSIX::_exit(0);
    }

    $code->("$local:" . $listen->sockport());

    close($listen);
    waitpid($pid, 0);
}


sub free_port {
    return IO::Socket::INET->new(Listen => 1, LocalAddr => $local)->sockport();
}
