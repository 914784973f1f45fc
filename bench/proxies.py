# bench/proxies.py: ways to one backend: a direct connection, nginx's
# proxy_pass, HAProxy in tcp mode, Envoy's proxy of Thrift, and this module.
# Cell is how all of them are called.

import argparse
import collections
import json
import os
import subprocess
import types

from rounds import (
    BACKLOG, BenchError, Echo, Nginx, Server, knows, plural, threads)

PIPELINE = '        thrift_pipeline 32;\n'
TLS = 'TLSv1.3'                         # what all speak that speak TLS


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


class Terminator(Nginx):
    """In front of the backend, and on its CPUs: it speaks TLS."""

    def __init__(self, name, options, placement, backend):
        options = argparse.Namespace(**vars(options))
        options.files *= 2 * len(options.proxies)

        super().__init__(name, options,
                         types.SimpleNamespace(proxy=placement.echo), backend)

    def stream(self, options, backend):
        self.make_certificate()
        return '''\
    server {
        listen %s ssl backlog=%d;
        ssl_protocols %s;
        ssl_certificate cert.pem;
        ssl_certificate_key key.pem;
        proxy_pass %s;
    }
''' % (self.address, BACKLOG, TLS, backend.address)

    def make_certificate(self):
        done = subprocess.run(
            ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
             'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj',
             '/CN=backend', '-keyout', os.path.join(self.prefix, 'key.pem'),
             '-out', os.path.join(self.prefix, 'cert.pem')],
            capture_output=True, text=True)

        if done.returncode != 0:
            raise BenchError('no certificate:\n' + done.stderr)


class ProxyPass(Nginx):

    directive = 'proxy_pass'
    ssl = ('', 'proxy_ssl')             # in upstream{}, or in server{}

    def stream(self, options, backend):
        return '''\
    upstream backend {
        server %s;
%s%s    }

    server {
        listen %s backlog=%d;
%s%s        %s backend;
    }
''' % (backend.address, self.keepalive(options),
            self.tls(options, self.ssl[0]), self.address, BACKLOG,
            self.tls(options, self.ssl[1]), self.server(options),
            self.directive)

    def keepalive(self, options):
        return ''

    def tls(self, options, directive):
        return ('        %s on;\n        %s_protocols %s;\n' % (
            directive, directive, TLS) if options.tls and directive else '')


class Thrift(ProxyPass):
    """Without definitions: connections are shared if clients are trusted."""

    directive = 'thrift_pass'
    module = 'module'
    ssl = ('thrift_ssl', '')

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


class Counted(Schema):
    """The same, and what becomes of calls is counted."""

    def stream(self, options, backend):
        return ('    thrift_status_zone bench 1m;\n'
                + super().stream(options, backend))


class Logged(Schema):
    """As schema, with an access log."""

    line = '$remote_addr $thrift_method $thrift_status $thrift_call_time'

    def stream(self, options, backend):
        return ("    log_format line '%s';\n"
                '    access_log calls.log line buffer=64k flush=1s;\n'
                % self.line + super().stream(options, backend))


class Everything(Counted, Logged):
    """The same with a zone, and each call's id in its line."""

    line = Logged.line + ' $thrift_call_id'


class Spans(Counted):
    """A zone, and a span for each call."""

    def stream(self, options, backend):
        return ('    thrift_trace_sample on;\n'
                '    thrift_span_log spans.jsonl;\n'
                + super().stream(options, backend))


class Unshared(Thrift):
    """Neither: each client has connections to the backend of its own."""

    def server(self, options):
        return ProxyPass.server(self, options)


class Pipelined(Schema):
    """Several calls are on their way on one connection to the backend."""

    def keepalive(self, options):
        return super().keepalive(options) + PIPELINE


class Trusted(Thrift):
    """The same without definitions."""

    def keepalive(self, options):
        return super().keepalive(options) + PIPELINE


class Translated(Thrift):
    """The backend is called unframed and in the compact protocol."""

    def keepalive(self, options):
        return (super().keepalive(options)
                + '        thrift_upstream_transport unframed;\n'
                  '        thrift_upstream_protocol compact;\n')


class Relay(Server):
    """As little as such a proxy can do; it knows frames only."""

    def lacks(self, cell):
        if cell.transport != 'framed':
            return 'it knows framed calls only'

    def configure(self, options, backend):
        self.backend = backend.address
        return ''

    def command(self, options):
        return [options.relay, self.address, self.backend]


class Haproxy(Server):

    def command(self, options):
        return [options.haproxy, '-db', '-f', self.conf]

    def configure(self, options, backend):
        return '''\
global
    nbthread %d
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
''' % (options.workers, options.clients + 64, self.address, BACKLOG,
            options.clients + 64, backend.address)


class Envoy(Server):
    """It reads each message with its own parser, as it comes."""

    conf_name = 'envoy.json'
    passthrough = False                 # bodies are not parsed
    upstream = None                     # what the backend is called in
    worker_name = 'wrk:worker_'

    def lacks(self, cell):
        if cell.depth > 1:
            return 'its replies do not come in the order of a client\'s calls'

    def command(self, options):
        return [options.envoy, '-c', self.conf, '--disable-hot-restart',
                '--concurrency', str(options.workers), '-l', 'error']

    def configure(self, options, backend):
        router = typed('envoy.filters.thrift.router', 'envoy.extensions.'
                       'filters.network.thrift_proxy.router.v3.Router')
        proxy = typed('envoy.filters.network.thrift_proxy',
                      'envoy.extensions.filters.network.thrift_proxy.v3.'
                      'ThriftProxy', stat_prefix='bench',
                      payload_passthrough=self.passthrough,
                      thrift_filters=[router], route_config={
                          'name': 'all', 'routes': [{
                              'match': {'method_name': ''},
                              'route': {'cluster': 'backend'}}]})

        cluster = {}

        if self.upstream:
            name = 'envoy.filters.network.thrift_proxy'
            cluster['typed_extension_protocol_options'] = {
                name: typed(name, 'envoy.extensions.filters.network.'
                            'thrift_proxy.v3.ThriftProtocolOptions',
                            **self.upstream)['typed_config']}

        limits = dict.fromkeys(('max_connections', 'max_pending_requests',
                                'max_requests'), options.files)

        return json.dumps({'static_resources': {
            'listeners': [{
                'name': 'bench', 'address': socket_address(self.address),
                'tcp_backlog_size': BACKLOG,
                'filter_chains': [{'filters': [proxy]}]}],
            'clusters': [dict(cluster, **{
                'name': 'backend', 'type': 'STATIC', 'connect_timeout': '10s',
                'circuit_breakers': {'thresholds': [limits]},
                'load_assignment': {
                    'cluster_name': 'backend',
                    'endpoints': [{'lb_endpoints': [{'endpoint': {
                        'address': socket_address(backend.address)}}]}]}})],
        }}, indent=1)

    def wait(self):
        super().wait()

        self.workers = threads(self.process.pid, self.worker_name)

        if not self.workers:
            raise BenchError('%s has no worker' % self.name)


class EnvoyTranslated(Envoy):
    """It does what Translated does."""

    upstream = {'transport': 'UNFRAMED', 'protocol': 'COMPACT'}


class EnvoyBytes(Envoy):
    """It reads heads only, where messages are framed."""

    passthrough = True


def typed(name, message, **more):
    return {'name': name, 'typed_config': dict(
        more, **{'@type': 'type.googleapis.com/' + message})}


def socket_address(address):
    host, _, port = address.rpartition(':')
    return {'socket_address': {'address': host, 'port_value': int(port)}}


PROXIES = {'proxy_pass': ProxyPass, 'haproxy': Haproxy, 'thrift': Thrift,
           'schema': Schema, 'counted': Counted, 'logged': Logged,
           'everything': Everything, 'spans': Spans, 'pipelined': Pipelined,
           'trusted': Trusted, 'unshared': Unshared,
           'translated': Translated, 'relay': Relay, 'envoy': Envoy,
           'envoy_bytes': EnvoyBytes, 'envoy_translated': EnvoyTranslated,
           'old': Old}
