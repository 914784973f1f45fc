#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Directives of proxy_pass do nothing for calls: beside thrift_pass they are an
# error that says what to use; those of stream{} are for other servers.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new();

my $template = <<'EOT';
%%TEST_GLOBALS%%
events {
}
stream {
    #stream
    server {
        listen  127.0.0.1:%%PORT_proxy%%;
        #server
        thrift_pass  127.0.0.1:%%PORT_backend%%;
        #behind
    }
    server {
        listen  127.0.0.1:%%PORT_other%%;
        #other
    }
}
EOT

my %line = conf_lines($template);

my $proxy = 'proxy_pass 127.0.0.1:%%PORT_backend%%;';
my $thrift = 'thrift_pass 127.0.0.1:%%PORT_backend%%;';
my $none = 'directive has no effect on Thrift calls';

# those that nginx 1.22 has, but for files and what is deprecated

my @values = (
    proxy_bind                  => [ '127.0.0.1', of_upstream('thrift_bind') ],
    proxy_socket_keepalive      => [ 'on',
                                     of_upstream('thrift_socket_keepalive') ],
    proxy_connect_timeout       => [ '1s', instead('thrift_connect_timeout') ],
    proxy_timeout               => [ '1s', instead('thrift_timeout') ],
    proxy_buffer_size           => [ '16k', instead('thrift_buffer_size') ],
    proxy_upload_rate           => [ '1k', $none ],
    proxy_download_rate         => [ '1k', $none ],
    proxy_requests              => [ '1', $none ],
    proxy_responses             => [ '1', $none ],
    proxy_next_upstream         => [ 'off', instead('thrift_next_upstream') ],
    proxy_next_upstream_tries   => [ '2', instead('thrift_next_upstream_tries') ],
    proxy_next_upstream_timeout => [ '2',
                                     instead('thrift_next_upstream_timeout') ],
    proxy_protocol              => [ 'on',
                                     of_upstream('thrift_proxy_protocol') ],
    proxy_half_close            => [ 'on', instead('thrift_half_close') ],
    map { ("proxy_$_->[0]" => [ $_->[1], of_upstream("thrift_$_->[0]") ]) } (
        [ ssl => 'on' ],
        [ ssl_verify => 'on' ],
        [ ssl_verify_depth => '2' ],
        [ ssl_name => 'a' ],
        [ ssl_ciphers => 'HIGH' ],
        [ ssl_protocols => 'TLSv1.2' ],
        [ ssl_server_name => 'on' ],
        [ ssl_session_reuse => 'on' ],
        [ ssl_trusted_certificate => 'none.pem' ],
        [ ssl_crl => 'none.pem' ],
        [ ssl_certificate => 'none.pem' ],
        [ ssl_certificate_key => 'none.pem' ],
        [ ssl_conf_command => 'Options -SessionTicket' ],
    ),
);

while (my ($name, $case) = splice @values, 0, 2) {
    my ($value, $message) = @$case;

    for my $level (qw(server behind)) {
        is(error($level => "$name $value;", other => $proxy),
           "\"$name\" $message in test.conf:$line{$level}\n",
           "$name, $level");
    }

    is(error(stream => "$name $value;", other => $thrift),
       "\"$name\" $message in test.conf:$line{stream}\n",
       "$name of stream, for nobody");

    ok(good(stream => "$name $value;", other => $proxy),
       "$name of stream, for others");

    ok(good(other => "$name $value; $proxy"), "$name of another server");
}

# the file that it is written in

$t->write_file('inc/proxy.conf', "\n\nproxy_timeout 1s;\n");

is(error(server => 'include inc/proxy.conf;', other => $proxy),
   '"proxy_timeout" ' . instead('thrift_timeout') . " in inc/proxy.conf:3\n",
   'in an include');

# what is off is what happens

for (qw(proxy_bind proxy_socket_keepalive proxy_protocol proxy_half_close
        proxy_ssl proxy_ssl_verify))
{
    ok(good(server => "$_ off;", other => $proxy), "$_ off");
    ok(good(stream => "$_ off;", other => $thrift), "$_ off, of stream");
}

# TLS for others: a warning, unless the server says that it has none

my $warning = qr{\[warn\]\ "proxy_ssl"\ directive\ in\ test\.conf:(\d+)\ has
                 \ no\ effect.*\ in\ test\.conf:(\d+)$}mx;

is(join(' ', test(stream => 'proxy_ssl on;', other => $proxy) =~ $warning),
   "$line{stream} " . ($line{server} - 2), 'warning, and its lines');
unlike(test(stream => 'proxy_ssl on;', server => 'proxy_ssl off;',
            other => $proxy), qr/\[warn\]/, 'no warning where it is off');
unlike(test(stream => 'proxy_ssl off;', other => $proxy), qr/\[warn\]/,
       'no warning of off');

unlike(test(stream => 'proxy_ssl on; thrift_ssl on;', other => $proxy),
       qr/\[warn\]/, 'no warning where calls have TLS');
like(test(stream => 'proxy_ssl on; thrift_ssl on; '
                    . 'upstream u { server 127.0.0.1:1; thrift_ssl off; }',
          server => 'thrift_service S { thrift_pass u; }', other => $proxy),
     $warning, 'warning of one that has not');

# the proxy's own errors are its own, and come where they came

is(error(server => 'proxy_timeout soon;', other => $proxy),
   "\"proxy_timeout\" directive invalid value in test.conf:$line{server}\n",
   'bad value');
is(error(server => 'proxy_timeout 1s; proxy_timeout 1s;', other => $proxy),
   "\"proxy_timeout\" directive is duplicate in test.conf:$line{server}\n",
   'duplicate');
is(error(server => 'proxy_protocol_timeout;', other => $proxy),
   'invalid number of arguments in "proxy_protocol_timeout" directive in '
   . "test.conf:$line{server}\n", 'number of arguments');

# what is stream's own, and begins alike

ok(good(server => 'proxy_protocol_timeout 1s;', other => $proxy),
   'proxy_protocol_timeout');

# directives of others work as ever, also after reading has failed

$t->write_conf(conf($template,
                    other => "proxy_timeout 1s; $proxy"));
$t->expect_log(qr{"proxy_timeout" directive has no effect});

my $backend = $t->backend('backend');
$t->run();

for my $round ('first', 'reload', 'after a mistake') {
    my $c = $t->client('other');
    is($c->call('get')->{type}, REPLY, "$round, proxy_pass");
    ok(wait_for(sub { $c->closed() }, 5), "$round, proxy_timeout");
    is($t->client('proxy')->call('get')->{type}, REPLY, "$round, thrift_pass");

    if ($round eq 'first') {
        ok($t->reload(), 'reload');

    } elsif ($round eq 'reload') {
        my $conf = $t->dir() . '/nginx.conf';

        rename($conf, "$conf.good");
        $t->write_conf(conf($template, server => 'proxy_timeout 1s;',
                            other => $proxy));
        $t->signal('HUP');
        $t->wait_log(qr/"proxy_timeout" directive has no effect/);
        rename("$conf.good", $conf);
        ok($t->reload(), 'reload after a mistake');
    }
}

$t->done();


sub instead {
    return "$none, use \"$_[0]\"";
}


sub of_upstream {
    return instead($_[0]) . ' of the upstream';
}


sub test {
    return scalar $t->test_config(conf($template, @_));
}


sub error {
    return $t->config_error(conf($template, @_));
}


sub good {
    return test(@_) =~ /test is successful/;
}
