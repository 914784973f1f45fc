#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What README says to copy, and all of conf/, with the distribution's nginx:
# the former at the end of its nginx.conf, with all that this includes.  Only
# the places of the module, of logs and of the pid file are others, as nothing
# is installed here; t/packages/debian does that.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Basename qw(basename);
use Test::More;
use Test::Thrift;


use constant STOCK => '/etc/nginx/nginx.conf';

plan(skip_all => 'no ' . STOCK) unless -e STOCK;
plan(skip_all => 'not root') if $> != 0;
plan(skip_all => 'another nginx')
    if $ENV{TEST_NGINX_STATIC}
       || ($ENV{TEST_NGINX_BINARY} || '/usr/sbin/nginx') ne '/usr/sbin/nginx';

my $t = Test::Thrift->new();
my $top = $t->top();
my $dir = $t->dir();

ok(-d '/var/log/nginx', 'a place for logs');
ok(-e '/usr/share/nginx/modules/ngx_stream_module.so', 'a place for modules');

my $readme = `$top/t/packages/readme $top/README.md`;

like($readme, qr/^stream \{/m, 'a configuration in README');
is(said('readme', "load_module modules/ngx_stream_thrift_module.so;\n",
        slurp(STOCK) =~ s{include /etc/nginx/modules-enabled/.*}{}r, $readme),
   '', 'at the end of nginx.conf');

for my $file (glob("$top/conf/*.conf")) {
    my $name = basename($file);

    # handlers are built by "make examples", which is a matter of minutes with
    # sanitizers: t/handler_conf.t has them

    is(said($name, '', slurp($file), ''), '', "conf/$name");
}

$t->done();


# What nginx -t has to say beyond that it is right.

sub said {
    my ($name, $before, $conf, $after) = @_;

    $conf = "load_module modules/ngx_stream_module.so;\n$before$conf"
        if $before;
    $conf .= $after;

    $conf =~ s{modules/ngx_(stream|http)_thrift}{$top/build/ngx_$1_thrift}g;
    $conf =~ s{/var/log/nginx}{$dir}g;
    $conf =~ s{/run/nginx\.pid}{$dir/nginx.pid}g;
    $conf =~ s{(?<=\s)\.\./(?=examples|build)}{$top/}g;

    my $file = $t->write_file("stock/$name", $conf);
    my $text = `/usr/sbin/nginx -t -e $dir/error-$name.log -c $file 2>&1`;

    $text =~ s/^nginx: (?:the )?configuration file .* (?:ok|successful)\n//mg;
    $text =~ s/^nginx: \[(?:notice|warn)\] .*\n//mg;

    return $text;
}


sub slurp {
    my ($file) = @_;

    open(my $fh, '<', $file) or die "$file: $!";
    local $/;

    return scalar <$fh>;
}
