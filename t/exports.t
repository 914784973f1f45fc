#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nginx opens its shared objects in one space of names.  What ours show there is
# what nginx looks up, and what the one for http{} needs of the other.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


plan(skip_all => 'a static build') if $ENV{TEST_NGINX_STATIC};

my (undef, $stream) = Test::Thrift::module_files();
my $http = Test::Thrift::http_module_file();
my @own = qw(ngx_module_names ngx_module_order ngx_modules);

is_deeply(exported($stream),
          [ @own, qw(ngx_stream_thrift_doors ngx_stream_thrift_reports) ],
          'of the module for stream{}');

SKIP: {
    skip('no module for http{}', 1)
        unless -e $http;

    is_deeply(exported($http), \@own, 'of the module for http{}');
}

done_testing();


sub exported {
    my ($file) = @_;

    my @lines = qx{nm -D --defined-only $file};

    die "cannot run nm\n" if $?;

    return [ sort map { (split)[-1] } @lines ];
}
