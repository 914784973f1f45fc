#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nthrift probe: what Apache's Python and C++ servers speak is found out, and
# what is said of it is what nginx and nthrift call want to know.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX ();
use Test::More;

use Test::Thrift qw(wait_for);
use Test::Thrift::Dialects;
use Test::Thrift::Files;


my $root = abs_path("$FindBin::Bin/..");
my $nthrift = nthrift();
my $data = "$root/t/data/call";
my $peers = "$root/build/peers/server";
my $tmp = tempdir(CLEANUP => 1);
my $local = '127.0.0.1';
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


# What each answers to, what nginx wants to know, what nthrift call does

my $accel = 'UNKNOWN_METHOD "Unknown function nthrift_probe"';

my @servers = (
    [ 'framed-binary', 'framed binary', 'framed binary off', '' ],
    [ 'framed-compact', 'framed compact', 'framed compact off', ' --compact' ],
    [ 'unframed-compact', 'unframed compact', 'unframed compact off',
      ' --unframed --compact' ],
    [ 'framed-json', 'framed JSON', 'framed json off',
      ' --json-protocol' ],
    [ 'unframed-json', 'unframed JSON', 'unframed json off',
      ' --unframed --json-protocol' ],
    [ 'tls', 'framed binary, TLS', 'framed binary off tls',
      ' --tls --insecure' ],
);

for (@servers) {
    my ($name, $first, $conf, $options) = @$_;
    my ($out, $err, $rc) = probe("$local:$port{$name}", '--timeout', 0.3);

    is("$rc $err", '0 ', "$name: exit code");
    is((split /\n/, $out)[0], "$first: $accel", "$name: what answers");
    is(conf($out), $conf, "$name: nginx.conf");
    like($out, qr/^on the command line: nthrift call\Q$options\E$/m,
         "$name: nthrift call");
}

# several answers, and HTTP

my ($out, $err, $rc) = probe("$local:$port{'header'}", '--timeout', 0.3);
like($out, qr/^THeader binary: UNKNOWN_METHOD/m, 'THeader binary');
like($out, qr/^THeader compact: UNKNOWN_METHOD/m, 'THeader compact');

($out, $err, $rc) = probe("$local:$port{'http-binary'}", '--timeout', 0.3);
like($out, qr/^HTTP binary: \Q$accel\E$/m, 'HTTP');
like($out, qr/has no thrift_upstream_transport for HTTP/, 'HTTP is no upstream');

($out, $err, $rc) = probe("http://$local:$port{'http-compact'}/path",
                          '--timeout', 0.3);
is((split /\n/, $out)[0], "HTTP compact: $accel", 'HTTP with a URL');

($out, $err, $rc) = probe("https://localhost:$port{https}/", '--timeout', 0.3,
                          '--ca', "$tmp/cert.pem");
is((split /\n/, $out)[0], "HTTP binary, TLS: $accel", 'HTTPS');

# multiplexed: Python's closes the connection unless it knows the service

($out, $err, $rc) = probe("$local:$port{multiplexed}", 'Every', '--timeout',
                          0.3);
is((split /\n/, $out)[0], "framed binary, multiplexed: $accel",
   'multiplexed, Python');
is(conf($out), 'framed binary on', 'multiplexed: nginx.conf');

($out, $err, $rc) = probe("$local:$port{multiplexed}", '--timeout', 0.2);
is("$rc $out", '1 ', 'multiplexed without the name of a service');
is($err, "nthrift: $local:$port{multiplexed}: nothing answers: the server "
   . 'closes the connection; one of multiplexed calls may want the name of a '
   . "service (-v says more)\n", 'what is said then');

# no server of Thrift

($out, $err, $rc) = probe("https://$local:$port{'http-compact'}/",
                          '--timeout', 0.3);
is("$rc $out$err", "1 nthrift: https://$local:$port{'http-compact'}/: nothing "
   . "answers: the server has no TLS (-v says more)\n", 'no TLS');

strangers();

# a real call

($out, $err, $rc) = probe("$local:$port{'framed-compact'}", 'Every.add',
                          '[1, 2]', '--idl', "$data/every.thrift",
                          '--timeout', 0.3);
is((split /\n/, $out)[0], 'framed compact: a reply', 'a real call');

cpp();
quotes();
wrong();

done_testing();


# Servers that have nothing to do with Thrift are named.

sub strangers {
    my $http = "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n";

    for ([ 'SSH', "SSH-2.0-OpenSSH_9.2\r\n", 'speaks SSH' ],
         [ 'HTTP', $http, 'speaks HTTP, with status 404 Not Found for POST /' ],
         [ 'Redis', "-ERR unknown command\r\n", 'speaks another protocol' ],
         [ 'a server that only listens', '', 'says nothing within 0.2 s; one '
           . 'of multiplexed calls may want the name of a service' ])
    {
        my ($name, $says, $message) = @$_;

        my $where = "$local:" . stranger($says);
        my ($out, $err, $rc) = probe($where, '--timeout', 0.2);

        is("$rc $out$err", "1 nthrift: $where: nothing answers: the server "
           . "$message (-v says more)\n", $name);
    }
}


# It says so on each connection, to whatever it gets; the port.

sub stranger {
    my ($says) = @_;

    my $listener = IO::Socket::INET->new(LocalAddr => $local, Listen => 8)
        or die "listen: $!";
    my $pid = fork();

    die "fork: $!" unless defined $pid;

    if ($pid) {
        push @pids, $pid;
        return $listener->sockport();
    }

    while (my $client = $listener->accept()) {
        $client->sysread(my $call, 65536);
        $client->syswrite($says);
        1 while $client->sysread($call, 65536);
    }

    POSIX::_exit(0);
}


# A server with JSON that puts the name of the method in quotes.

sub quotes {
    my $listen = IO::Socket::INET->new(LocalAddr => $local, Listen => 16)
        or die "listen: $!";
    my $pid = fork();

    if ($pid == 0) {
        while (my $s = $listen->accept()) {
            read($s, my $size, 4);
            read($s, my $bytes, 1) if defined $size;
            close($s), next unless ($bytes || '') eq '[';
            read($s, $bytes, unpack('N', $size) - 1);

            my ($name, $seqid) = $bytes =~ /"(\w+)",1,(\d+)/;
            my $reply = qq([1,"$name",3,$seqid,{"1":{"str":"no \\"$name\\""},)
                        . '"2":{"i32":1}}]';

            print $s pack('N/a*', $reply);
            close($s);
        }

        POSIX::_exit(0);
    }

    push @pids, $pid;

    my ($out) = probe("$local:" . $listen->sockport(), '--timeout', 0.3);

    like($out, qr/^framed JSON: UNKNOWN_METHOD "no "nthrift_probe""$/m,
         'quotes in JSON');
}


sub cpp {
    SKIP: {
        skip('no C++ server', 1) unless -x $peers;

        my %at = map { $_ => free_port() } 'buffered:binary', 'http:json',
                                           'framed:compact';
        my $pid = fork();

        if ($pid == 0) {
            open(STDERR, '>', "$tmp/peers.err");
            exec($peers, map { "threaded:$_:$at{$_}" } keys %at) or exit 1;
        }

        push @pids, $pid;

        for my $port (values %at) {
            wait_for(sub { Test::Thrift::listens("$local:$port") }, 10);
        }

        my %first = ('buffered:binary' => 'unframed binary',
                     'http:json' => 'HTTP JSON',
                     'framed:compact' => 'framed compact');

        for (sort keys %at) {
            my ($out) = probe("$local:$at{$_}", '--timeout', 0.3);
            like($out, qr/^$first{$_}: UNKNOWN_METHOD "Invalid method name: /,
                 "C++, $_");
        }
    }
}


sub wrong {
    my ($out, $err, $rc) = probe();
    like("$rc $err", qr/^2 usage: nthrift probe /, 'no address');

    ($out, $err, $rc) = probe('--help');
    like("$rc $out", qr/^0 usage: nthrift probe /, '--help');

    ($out, $err, $rc) = probe('nowhere');
    like("$rc $err", qr/^2 nthrift: "nowhere": HOST:PORT, /, 'no port');

    ($out, $err, $rc) = probe("unix:$tmp/none");
    is("$rc $out$err", "3 nthrift: cannot connect to unix:$tmp/none: "
       . "No such file or directory\n",
       'nobody there');

    ($out, $err, $rc) = probe("$local:1", 'Every.add');
    like("$rc $err", qr/^2 nthrift: --idl is missing: /, 'a method alone');

    # a port that closes at once says why it is none

    my $listen = IO::Socket::INET->new(Listen => 5, LocalAddr => $local);
    my $pid = fork();

    if ($pid == 0) {
        close($listen->accept()) while 1;
    }

    push @pids, $pid;

    ($out, $err, $rc) = probe("$local:" . $listen->sockport(), '-v');
    is("$rc $out", '1 ', 'a port that answers nothing');
    like($err, qr/^nthrift: framed binary: .*(?:closed|reset)/m,
         '-v says why');
    like($err, qr/^nthrift: TLS: /m, 'and that there is no TLS');
}


# --- helpers ------------------------------------------------------------------

# "framed binary off": the directives of an answer

sub conf {
    my ($out) = @_;

    my %value = $out =~ /^    thrift_(\w+) +(\w+);$/mg;

    return join(' ', (map { $value{"upstream_$_"} || '?' }
                          qw(transport protocol multiplexed)),
                     ($value{ssl} || '') eq 'on' ? 'tls' : ());
}


sub probe {
    my @args = @_;

    my $pid = fork();
    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        open(STDOUT, '>', "$tmp/stdout") or die;
        open(STDERR, '>', "$tmp/stderr") or die;
        exec($nthrift, 'probe', @args) or exit 127;
    }

    waitpid($pid, 0);

    return (slurp("$tmp/stdout"), slurp("$tmp/stderr"),
            $? & 127 ? 'signal ' . ($? & 127) : $? >> 8);
}


sub free_port {
    return IO::Socket::INET->new(Listen => 1, LocalAddr => $local)->sockport();
}
