#!/usr/bin/python3
#
# Writes bodies.txt beside itself: bodies of calls and replies of shop.thrift
# as the code of Apache's compiler puts them on the wire, for t/unit/bind.c.
# Run it with Debian's python3, python3-thrift and thrift-compiler; the first
# lines of bodies.txt tell the versions.
#
# One line per body and protocol, tabs between:
#
#   name protocol struct hex error path variable value
#
# "struct" as in t/unit/bind.h, "error" and "path" what is said of the body,
# "variable" and "value" one that is found in it; "-" stands for nothing.

import os
import subprocess
import sys
import tempfile

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.transport.TTransport import TMemoryBuffer

HERE = os.path.dirname(os.path.abspath(__file__))


def version(package):
    return subprocess.run(['dpkg-query', '-Wf', '${Version}', package],
                          check=True, capture_output=True, text=True).stdout


def generated():
    out = tempfile.mkdtemp()
    subprocess.run(['thrift', '-allow-neg-keys', '--gen', 'py', '-out', out,
                    os.path.join(HERE, 'shop.thrift')], check=True)
    sys.path.insert(0, out)

    from shop import Shop, ttypes
    return Shop, ttypes


def body(value, protocol):
    buf = TMemoryBuffer()
    value.write(protocol(buf))
    return buf.getvalue().hex()


def bodies(shop, t):
    full = t.User(
        id=2 ** 62, name='Zo\u00eb \U0001f600', active=True, level=-3,
        address=t.Address('Gasse', t.Zip('3011', 7), 'Bern'),
        friends=[t.User(id=1, active=False), t.User(id=2, name='b' * 200)],
        wishes={'a': t.Item(1.5, t.Color.BLUE, b'\xff\xfe', {1, 300}),
                'b': t.Item(2.5)},
        flags={t.Color.RED: [True, False], t.Color.GREEN: []},
        old=-70000, key=t.Key(parts=['x', 'y']))

    def user(**fields):
        return shop.put_args(t.User(id=1, **fields))

    missing = 'missing required field'

    return [
        ('full', shop.put_args(full, [t.Item(0.0, picture=b'\x80')]),
         'Shop.put', None, None, 'user_address_zip_code', '3011'),
        ('full again', shop.put_args(full), 'Shop.put', None, None,
         'user_name', full.name),
        ('full bool', shop.put_args(full), 'Shop.put', None, None,
         'user_active', 'true'),
        ('full i8', shop.put_args(full), 'Shop.put', None, None,
         'user_level', '-3'),
        ('negative id', shop.put_args(full), 'Shop.put', None, None,
         'user_old', '-70000'),
        ('id', shop.get_args(2 ** 62, t.Color.BLUE), 'Shop.get', None, None,
         'user_id', str(2 ** 62)),
        ('id below zero', shop.get_args(-1), 'Shop.get', None, None,
         'user_id', '-1'),
        ('enum', shop.get_args(5, t.Color.GREEN), 'Shop.get', None, None,
         'color', '2'),
        ('enum without number', shop.get_args(5, 3), 'Shop.get',
         'number that its enum does not have', 'color', 'color', '3'),
        ('enum that is a key', user(flags={7: [True]}), 'Shop.put',
         'number that its enum does not have', 'user.flags{}', None, None),
        ('no arguments', shop.all_args(), 'Shop.all', None, None, None, None),
        ('missing argument', shop.get_args(), 'Shop.get', missing, 'user_id',
         None, None),
        ('missing', shop.put_args(t.User(name='x')), 'Shop.put', missing,
         'user.id', 'user_name', 'x'),
        ('missing, deep', user(address=t.Address(zip=t.Zip(plus=1), city='x')),
         'Shop.put', missing, 'user.address.zip.code', 'user_address_city',
         'x'),
        ('missing in a list', user(friends=[t.User(id=1), t.User()]),
         'Shop.put', missing, 'user.friends[1].id', 'user_id', '1'),
        ('union', user(key=t.Key(number=7)), 'Shop.put', None, None,
         'user_key_number', '7'),
        ('empty union', user(key=t.Key()), 'Shop.put',
         'union without a field', 'user.key', None, None),
        ('union of two', user(key=t.Key(number=7, name='x')), 'Shop.put',
         'union with more than one field', 'user.key', None, None),
        ('empty containers', user(friends=[], wishes={}, flags={}),
         'Shop.put', None, None, None, None),
        ('result', shop.get_result(success=full), 'Shop.get()', None, None,
         None, None),
        ('exception', shop.get_result(not_found=t.NotFound(5, 'gone')),
         'Shop.get()', None, None, None, None),
        ('no result', shop.get_result(), 'Shop.get()',
         'result without a value', '', None, None),
        ('two results', shop.get_result(full, t.NotFound(5)), 'Shop.get()',
         'result with more than one field', '', None, None),
        ('nothing', shop.put_result(), 'Shop.put()', None, None, None, None),
        ('exception of nothing', shop.put_result(t.NotFound()), 'Shop.put()',
         missing, 'not_found.id', None, None),
        ('numbers', shop.all_result(list(range(-70000, 70000, 999))),
         'Shop.all()', None, None, None, None),
        ('wrong struct', shop.all_result([1]), 'Shop.get()',
         'wrong type, struct expected', 'success', None, None),
        ('wrong argument', shop.tell_args('x'), 'Shop.get',
         'wrong type, i64 expected', 'user_id', None, None),
        ('oneway', shop.tell_args('good bye'), 'Shop.tell', None, None,
         'text', 'good bye'),
        ('arguments of another', shop.tell_args('x'), 'Shop.all', None, None,
         None, None),
    ]


def main():
    shop, t = generated()

    with open(os.path.join(HERE, 'bodies.txt'), 'w', encoding='utf-8') as out:
        out.write('# Written by generate.py; do not edit.\n')
        out.write('# Apache Thrift for Python (Debian python3-thrift %s), '
                  'compiler %s\n' % (version('python3-thrift'),
                                     version('thrift-compiler')))
        out.write('# name\tprotocol\tstruct\thex\terror\tpath\tvariable\t'
                  'value\n')

        for name, value, struct, *rest in bodies(shop, t):
            for protocol, make in (('binary', TBinaryProtocol),
                                   ('compact', TCompactProtocol)):
                out.write('\t'.join([name, protocol, struct,
                                     body(value, make)]
                                    + [r or '-' for r in rest]) + '\n')


main()
