# bench/proxies.py: ways to one backend: a direct connection, nginx's
# proxy_pass, HAProxy in tcp mode, and this module.  Cell is how all of them
# are called.

import collections
import os

from rounds import BACKLOG, Echo, Nginx, Server, knows, plural


class Cell(collections.namedtuple(
        'Cell', 'transport protocol payload connections depth')):

    def arguments(self):
        return ['--' + self.transport, '--' + self.protocol,
                '--payload', str(self.payload),
                '--connections', str(self.connections),
                '--depth', str(self.depth)]

    def __str__(self):
        return '%s %s, %d bytes, %s, depth %d' % (
            self.transport, self.protocol, self.payload,
            plural(self.connections, 'connection'), self.depth)


class Direct(Echo):

    compared = False                    # there is no proxy that uses a CPU


class ProxyPass(Nginx):

    directive = 'proxy_pass'

    def stream(self, options, backend):
        return '''\
    upstream backend {
        server %s;
%s    }

    server {
        listen %s backlog=%d;
%s        %s backend;
    }
''' % (backend.address, self.keepalive(options), self.address, BACKLOG,
            self.server(options), self.directive)

    def keepalive(self, options):
        return ''


class Thrift(ProxyPass):
    """Without definitions: connections are shared if clients are trusted."""

    directive = 'thrift_pass'
    module = 'module'

    def keepalive(self, options):
        """The module's default if it is to be that."""

        return ('' if options.keepalive is None else
                '        thrift_keepalive %d;\n' % options.keepalive)

    def server(self, options):
        trusted = knows(self.module_path(options), 'thrift_trusted')
        return (('        thrift_trusted on;\n' if trusted else '')
                + super().server(options))


class Old(Thrift):
    """Another build of the module."""

    module = 'old'


class Schema(Thrift):
    """Every body is checked against its definition."""

    def server(self, options):
        idl = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                           'echo.thrift')
        return ('        thrift_idl %s;\n        thrift_validate schema;\n'
                % idl + ProxyPass.server(self, options))


class Unshared(Thrift):
    """Neither: each client has connections to the backend of its own."""

    def server(self, options):
        return ProxyPass.server(self, options)


class Pipelined(Schema):
    """Several calls are on their way on one connection to the backend."""

    def keepalive(self, options):
        return super().keepalive(options) + '        thrift_pipeline 32;\n'


class Haproxy(Server):

    def command(self, options):
        return [options.haproxy, '-db', '-f', self.conf]

    def configure(self, options, backend):
        return '''\
global
    nbthread 1
    maxconn %d

defaults
    mode tcp
    timeout connect 10s
    timeout client 10m
    timeout server 10m

listen bench
    bind %s backlog %d
    maxconn %d
    server backend %s
''' % (options.clients + 64, self.address, BACKLOG, options.clients + 64,
            backend.address)


PROXIES = {'proxy_pass': ProxyPass, 'haproxy': Haproxy, 'thrift': Thrift,
           'schema': Schema, 'pipelined': Pipelined,
           'unshared': Unshared, 'old': Old}
