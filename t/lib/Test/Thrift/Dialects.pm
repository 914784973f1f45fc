# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift::Dialects;

# The servers of t/data/call/dialects.py, one for each dialect: they are written
# with Apache's Python library, and end with the test.
#
#     my %port = start_python($dir);      # with certificates($dir)

use strict;
use warnings;

use Exporter qw(import);
use IPC::Open2 qw(open2);
use Test::Thrift ();

our @EXPORT = qw(certificates start_python);


my $owner = $$;
my @running;                    # a process, and its standard input


END {
    if ($$ == $owner) {
        local $?;

        for (@running) {
            kill 'KILL', $_->[0];
            waitpid($_->[0], 0);
        }
    }
}


# Is there a certificate for them now?

sub certificates {
    my ($dir) = @_;

    return system("openssl req -x509 -newkey ec -pkeyopt"
                  . " ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj"
                  . " /CN=localhost -addext"
                  . " subjectAltName=DNS:localhost,IP:127.0.0.1"
                  . " -keyout $dir/key.pem -out $dir/cert.pem"
                  . " >$dir/openssl.out 2>&1") == 0;
}


# The ports by their dialects; nothing: it did not start.

sub start_python {
    my ($dir) = @_;

    my $pid = open2(my $from, my $to, '/usr/bin/python3', '-W', 'ignore',
                    Test::Thrift->top() . '/t/data/call/dialects.py', $dir);

    # it ends with the other end of its standard input

    push @running, [ $pid, $to ];

    my $line = <$from>;

    return defined $line ? map { split /=/ } split ' ', $line : ();
}


1;
