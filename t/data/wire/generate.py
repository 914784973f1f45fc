#!/usr/bin/python3
#
# Writes messages.txt beside itself: messages as Apache's Python library puts
# them on the wire, for t/unit/ and fuzz/.  Run it with Debian's python3 and
# python3-thrift; the first lines of messages.txt tell the versions.
#
# One line per message:
#
#   name transport protocol type seqid method fields first hex
#
# "fields" is the number of fields of the outermost struct, 2 for more than
# one; "first" is the id of the first one, 0 if there is none.

import os
import platform
import subprocess

from thrift.Thrift import TType
from thrift.protocol.TBinaryProtocol import (TBinaryProtocol,
                                             TBinaryProtocolAccelerated)
from thrift.protocol.TCompactProtocol import (TCompactProtocol,
                                              TCompactProtocolAccelerated)
from thrift.protocol.TJSONProtocol import TJSONProtocol
from thrift.transport.TTransport import TFramedTransport, TMemoryBuffer

CALL, REPLY, EXCEPTION, ONEWAY = 1, 2, 3, 4

TYPES = {
    'bool': TType.BOOL, 'i8': TType.BYTE, 'i16': TType.I16, 'i32': TType.I32,
    'i64': TType.I64, 'double': TType.DOUBLE, 'string': TType.STRING,
    'binary': TType.STRING,
    'struct': TType.STRUCT, 'list': TType.LIST, 'set': TType.SET,
    'map': TType.MAP,
}


# Values: (type, value); list and set: (type, element type, [values]);
# map: ('map', key type, value type, [(key, value)]);
# struct: ('struct', [(id, value)]).  Elements are whole values, too.

def write_value(prot, v):
    kind = v[0]

    if kind == 'struct':
        write_struct(prot, v[1])
    elif kind == 'list':
        prot.writeListBegin(TYPES[v[1]], len(v[2]))
        for e in v[2]:
            write_value(prot, e)
        prot.writeListEnd()
    elif kind == 'set':
        prot.writeSetBegin(TYPES[v[1]], len(v[2]))
        for e in v[2]:
            write_value(prot, e)
        prot.writeSetEnd()
    elif kind == 'map':
        prot.writeMapBegin(TYPES[v[1]], TYPES[v[2]], len(v[3]))
        for key, value in v[3]:
            write_value(prot, key)
            write_value(prot, value)
        prot.writeMapEnd()
    else:
        {
            'bool': prot.writeBool, 'i8': prot.writeByte,
            'i16': prot.writeI16, 'i32': prot.writeI32,
            'i64': prot.writeI64, 'double': prot.writeDouble,
            'string': prot.writeString, 'binary': prot.writeBinary,
        }[kind](v[1])


def write_struct(prot, fields):
    prot.writeStructBegin('s')
    for number, v in fields:
        prot.writeFieldBegin('f', TYPES[v[0]], number)
        write_value(prot, v)
        prot.writeFieldEnd()
    prot.writeFieldStop()
    prot.writeStructEnd()


def of(kind, values):
    return [(kind, v) for v in values]


def struct(*fields):
    return ('struct', list(fields))


def nested(depth):
    v = struct()
    for _ in range(depth):
        v = struct((1, v))
    return v


def nested_lists(depth):
    v = ('list', 'i32', of('i32', [7]))
    for _ in range(depth):
        v = ('list', 'list', [v])
    return v


EVERYTHING = [
    (1, ('bool', True)), (2, ('bool', False)), (3, ('i8', -1)),
    (4, ('i16', -32768)), (5, ('i32', -2147483648)),
    (6, ('i64', -9223372036854775808)), (7, ('double', 3.25)),
    (8, ('string', 'caf\u00e9')), (9, struct((1, ('i32', 1)))),
    (10, ('list', 'i32', of('i32', [1, -1, 300000]))),
    (11, ('set', 'string', of('string', ['a', '', 'ccc']))),
    (12, ('map', 'string', 'i64',
          [(('string', 'k'), ('i64', 1 << 40))])),
]

BODIES = {
    'empty': [],
    'everything': EVERYTHING,
    'result': [(0, ('string', '21 C'))],
    'declared_exception': [(1, struct((1, ('string', 'no such city'))))],
    'application_exception': [(1, ('string', 'Unknown function nope')),
                              (2, ('i32', 1))],
    'location': [(1, struct((1, ('string', 'Novosibirsk')),
                            (2, ('string', 'RU'))))],
    'id_steps': [(1, ('i32', 1)), (16, ('i32', 2)), (32, ('i32', 3)),
                 (31, ('i32', 4)), (32767, ('i32', 5))],
    'negative_ids': [(-1, ('i32', 1)), (-32768, ('i8', 1)),
                     (-2, ('bool', True))],
    'numbers': [(1, ('list', 'i64', of('i64', [
        0, 1, -1, 63, -64, 64, 8191, 8192, 2 ** 31, -2 ** 31, 2 ** 62,
        2 ** 63 - 1, -2 ** 63]))),
        (2, ('list', 'i32', of('i32', [0, 63, 64, 2 ** 31 - 1, -2 ** 31]))),
        (3, ('list', 'i16', of('i16', [0, -1, 32767, -32768])))],
    'bools': [(1, ('list', 'bool', of('bool', [True, False, True]))),
              (2, ('set', 'bool', of('bool', [False]))),
              (3, ('map', 'bool', 'bool',
                   [(('bool', True), ('bool', False))]))],
    'empty_containers': [(1, ('list', 'string', [])),
                         (2, ('set', 'struct', [])),
                         (3, ('map', 'i32', 'string', [])),
                         (4, ('list', 'list', [('list', 'i8', []),
                                               ('list', 'i8', [])]))],
    'list_14': [(1, ('list', 'i8', of('i8', range(14))))],
    'list_15': [(1, ('list', 'i8', of('i8', range(15))))],
    'doubles': [(1, ('list', 'double', of('double', [0.0, -1.5, 1e300])))],
    'structs': [(1, ('list', 'struct', [
        struct(), struct((1, ('i32', 1))), struct((2, ('string', 'x')))]))],
    'maps': [
        (1, ('map', 'i32', 'i32', [(('i32', i), ('i32', -i))
                                   for i in range(20)])),
        (2, ('map', 'i8', 'double', [(('i8', 1), ('double', 2.0))])),
        (3, ('map', 'i32', 'struct', [(('i32', 1), struct()),
                                      (('i32', 2), struct())])),
        (4, ('map', 'string', 'map', [
            (('string', 'm'), ('map', 'i64', 'bool',
                               [(('i64', 9), ('bool', True))]))]))],
    'nested_structs': [(1, nested(20))],
    'nested_lists': [(1, nested_lists(20))],
    'body_64': [(1, struct((1, ('i64', 1234567890123)), (2, ('i32', 42)),
                           (3, ('string', 'a short string')),
                           (4, ('bool', True)), (5, ('double', 0.5))))],
    'long_string': [(1, ('string', 'x' * 5000)), (2, ('i32', 1))],
    'many_numbers': [(1, ('list', 'i32', of('i32', [
        (i * 2654435761) % 2 ** (i % 31 + 1) for i in range(2000)])))],
    'many_strings': [(1, ('list', 'string', of('string', [
        'n' * (i % 40) for i in range(300)])))],
}

# What is of interest in JSON only.

JSON_BODIES = {
    'escapes': [(1, ('string', ''.join(map(chr, range(128)))
                     + '\u00e9\u20ac\U0001f600'))],
    'binaries': [(i, ('binary', bytes(range(251, 251 + i))))
                 for i in range(1, 6)],
    'uneven_doubles': [(1, ('list', 'double', of('double', [
        0.1, -0.0, 5e-324, 1.7976931348623157e308, -1e20, 123456.75])))],
    'keys': [
        (1, ('map', 'bool', 'i8', [(('bool', True), ('i8', -128)),
                                   (('bool', False), ('i8', 127))])),
        (2, ('map', 'i8', 'bool', [(('i8', -1), ('bool', True))])),
        (3, ('map', 'i16', 'i16', [(('i16', -32768), ('i16', 32767))])),
        (4, ('map', 'i32', 'string', [(('i32', 0), ('string', '')),
                                      (('i32', -7), ('string', '"'))])),
        (5, ('map', 'i64', 'i64', [(('i64', 2 ** 63 - 1),
                                    ('i64', -2 ** 63))])),
        (6, ('map', 'double', 'double', [(('double', -1.5e-7),
                                          ('double', 1e300))])),
        (7, ('map', 'string', 'string', [(('string', ''), ('string', '')),
                                         (('string', ':,{'),
                                          ('string', '}]'))])),
        (8, ('map', 'binary', 'binary', [(('binary', b'\0\xff'),
                                          ('binary', b''))])),
        (9, ('map', 'struct', 'struct', [
            (struct((1, ('i32', 1))), struct()),
            (struct(), struct((2, ('i32', 2))))])),
        (10, ('map', 'list', 'set', [
            (('list', 'i32', of('i32', [1, 2])),
             ('set', 'i32', of('i32', [3]))),
            (('list', 'i32', []), ('set', 'i32', []))])),
        (11, ('map', 'map', 'list', [
            (('map', 'i32', 'i32', [(('i32', 1), ('i32', 2))]),
             ('list', 'string', of('string', ['x']))),
            (('map', 'i32', 'i32', []), ('list', 'string', []))])),
        (12, ('map', 'set', 'map', [
            (('set', 'double', of('double', [0.5])),
             ('map', 'string', 'i64', []))])),
    ],
}


def encode(prot_class, framed, name, kind, seqid, fields):
    buf = TMemoryBuffer()
    trans = TFramedTransport(buf) if framed else buf
    prot = prot_class(trans)
    prot.writeMessageBegin(name, kind, seqid)
    write_struct(prot, fields)
    prot.writeMessageEnd()
    trans.flush()
    return buf.getvalue()


# The C encoder of the same library, on a class as the compiler makes them.

class Location:
    thrift_spec = (
        None,
        (1, TType.STRING, 'city', 'UTF8', None),
        (2, TType.STRING, 'country', 'UTF8', None),
    )

    def __init__(self, city, country):
        self.city = city
        self.country = country


class Arguments:
    thrift_spec = (
        None,
        (1, TType.STRUCT, 'location', [Location, Location.thrift_spec], None),
    )

    def __init__(self, location):
        self.location = location


def encode_accelerated(prot_class, framed):
    buf = TMemoryBuffer()
    trans = TFramedTransport(buf) if framed else buf
    prot = prot_class(trans, fallback=False)
    prot.writeMessageBegin('getTemperature', CALL, 1)
    trans.write(prot._fast_encode(Arguments(Location('Novosibirsk', 'RU')),
                                  [Arguments, Arguments.thrift_spec]))
    prot.writeMessageEnd()
    trans.flush()
    return buf.getvalue()


HEADS = [
    # name, method, type, seqid
    ('seqid_0', 'ping', CALL, 0),
    ('seqid_127', 'ping', CALL, 127),
    ('seqid_128', 'ping', CALL, 128),
    ('seqid_max', 'ping', REPLY, 2147483647),
    ('seqid_negative', 'ping', CALL, -1),
    ('seqid_min', 'ping', CALL, -2147483648),
    ('oneway', 'zip', ONEWAY, 5),
    ('multiplexed', 'Weather:getTemperature', CALL, 3),
    ('name_1', 'a', CALL, 1),
    ('name_127', 'n' * 127, CALL, 1),
    ('name_128', 'n' * 128, CALL, 1),
    ('name_1024', 'n' * 1024, CALL, 1),
]


def cases():
    for name, method, kind, seqid in HEADS:
        yield name, method, kind, seqid, []
    for name, fields in BODIES.items():
        kind = {'result': REPLY, 'declared_exception': REPLY,
                'application_exception': EXCEPTION}.get(name, CALL)
        yield name, 'method', kind, 1, fields


def json_cases():
    yield from cases()
    for name, fields in JSON_BODIES.items():
        yield name, 'method', CALL, 1, fields


def version():
    package = subprocess.run(
        ['dpkg-query', '-W', '-f', '${Package} ${Version}', 'python3-thrift'],
        stdout=subprocess.PIPE, check=True).stdout.decode()
    return 'Apache Thrift for Python (Debian %s), Python %s' % (
        package, platform.python_version())


def main():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        'messages.txt')
    with open(path, 'w') as out:
        out.write('# Written by generate.py; do not edit.\n')
        out.write('# %s\n' % version())
        out.write('# name transport protocol type seqid method fields first'
                  ' hex\n')

        def line(name, framed, protocol, kind, seqid, method, fields, data):
            out.write('%s %s %s %d %d %s %d %d %s\n' % (
                name, 'framed' if framed else 'unframed', protocol, kind,
                seqid, method, min(len(fields), 2),
                fields[0][0] if fields else 0, data.hex()))

        for framed in (False, True):
            for protocol, c, accelerated in (
                    ('binary', TBinaryProtocol, TBinaryProtocolAccelerated),
                    ('compact', TCompactProtocol, TCompactProtocolAccelerated)):
                for name, method, kind, seqid, fields in cases():
                    line(name, framed, protocol, kind, seqid, method, fields,
                         encode(c, framed, method, kind, seqid, fields))
                line('accelerated', framed, protocol, CALL, 1,
                     'getTemperature', [(1, None)],
                     encode_accelerated(accelerated, framed))

            for name, method, kind, seqid, fields in json_cases():
                line(name, framed, 'json', kind, seqid, method, fields,
                     encode(TJSONProtocol, framed, method, kind, seqid,
                            fields))


if __name__ == '__main__':
    main()
