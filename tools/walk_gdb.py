# tools/walk_gdb.py: what gdb does for tools/walk: stops where a function of
# the rooms begins, and says which it is.  It knows the functions from the
# module's debug information.
#
# SIGINT to the process says that a walk is over; after the last one gdb leaves
# it alone.  Lines for tools/walk, each written at once:
#
#     WALK READY                  the breakpoints are set
#     WALK AT DEPTH FILE NAME     DEPTH functions of the rooms have called it
#     WALK END
#
# Environment: WALK_ROOMS      folders, as in "ngx_thrift_module src/wire"
#              WALK_COUNT      how many walks at most

import os
import re

import gdb

ROOMS = ['/%s/' % room for room in os.environ['WALK_ROOMS'].split()]
COUNT = int(os.environ['WALK_COUNT'])

SETTINGS = ('pagination off', 'confirm off', 'breakpoint always-inserted on')

last = {}                               # "stop": why the process stopped


def say(*words):
    gdb.write(' '.join(('WALK',) + tuple(map(str, words))) + '\n')
    gdb.flush()


def in_rooms(path):
    return any(room in path for room in ROOMS)


def frame_file(frame):
    function = frame.function()
    return function.symtab.fullname() if function else ''


def depth(frame):
    n = 0
    frame = frame.older()

    while frame is not None:
        n += in_rooms(frame_file(frame))
        frame = frame.older()

    return n


def functions():
    """File and name of each function of the rooms, as gdb lists them:

    File /path/ngx_thrift_module/ngx_thrift_trim.c:
    31:     void ngx_thrift_trim(void);
    """

    path = ''

    for line in gdb.execute('info functions -n .', to_string=True).split('\n'):
        file = re.match(r'File (.*):$', line)
        function = re.match(r'\d+:\t.*?(\w+)\(', line)

        if file:
            path = file.group(1)
        elif function and in_rooms(path):
            yield path, function.group(1)


def set_breakpoints():
    for path, name in list(functions()):
        gdb.Breakpoint(source=path, function=name).silent = True


def walk():
    """Until something else than a breakpoint stops the process."""

    while True:
        gdb.execute('continue', to_string=True)

        if not isinstance(last['stop'], gdb.BreakpointEvent):
            return

        frame = gdb.newest_frame()
        say('AT', depth(frame), frame_file(frame), frame.name())


def main():
    for setting in SETTINGS:
        gdb.execute('set ' + setting)

    gdb.execute('handle SIGINT stop nopass', to_string=True)
    gdb.events.stop.connect(lambda event: last.update(stop=event))

    set_breakpoints()
    say('READY')

    for i in range(COUNT):
        walk()
        say('END')

    gdb.execute('delete breakpoints')
    gdb.execute('detach', to_string=True)


main()
