/** Modules that programs often import, so that the image has them already. */
export const IMPORTS = `
import abc, array, asyncio, base64, bisect, cmath, collections, collections.abc, contextlib, copy, dataclasses, datetime
import decimal, enum, fractions, functools, hashlib, heapq, inspect, io, itertools, json, math, operator, os, queue
import random, re, statistics, string, struct, sys, textwrap, threading, time, traceback, types, typing, unittest
`;

/**
 * Run once, before the image is taken: no way to the host's objects, event loops without a host, and the helpers that the
 * engine calls. It takes these out of the built-in names, so that programs do not come across them.
 */
export const SEAL = `
def seal():
    import asyncio, builtins, sys, time, traceback, types

    hidden = ('js', 'pyodide', 'pyodide_js', '_pyodide', '_pyodide_core', 'pyodide_kernel')
    def is_hidden(name):
        return name.partition('.')[0] in hidden

    # The loop of asyncio that the host drives is replaced by one that simply waits.
    class Loop(asyncio.base_events.BaseEventLoop):
        def __init__(self):
            super().__init__()
            self._selector = types.SimpleNamespace(select=self._wait)
        def _wait(self, timeout):
            if timeout is None:
                raise RuntimeError('the event loop waits for something that cannot happen')
            time.sleep(timeout)
            return ()
        def _process_events(self, events):
            pass
        def _write_to_self(self):
            pass

    class Policy(asyncio.events._BaseDefaultEventLoopPolicy):
        _loop_factory = Loop
    asyncio.events._set_event_loop_policy(Policy())
    asyncio.events._set_running_loop(None)
    asyncio.run = asyncio.runners.run

    class NoHost:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if is_hidden(name):
                raise ModuleNotFoundError(f'No module named {name!r}', name=name)
    sys.meta_path[:] = [NoHost] + [each for each in sys.meta_path if 'pyodide' not in str(getattr(each, '__module__', '')).lower() and 'pyodide' not in type(each).__module__]
    for name in [name for name in sys.modules if is_hidden(name)]:
        del sys.modules[name]

    # A trace function could jump over a test's lines.
    for name in ('settrace', 'setprofile', 'monitoring', '_settraceallthreads', '_setprofileallthreads'):
        if hasattr(sys, name):
            delattr(sys, name)

    def describe(error):
        if isinstance(error, SystemExit):
            return f'SystemExit: {0 if error.code is None else error.code}\\n'
        text = ''.join(traceback.format_exception_only(error)).strip()
        lines = ''.join(traceback.format_tb(error.__traceback__, limit=-8))
        return (text[-2000:] + '\\n' + lines)[:4000]

    def finish():
        for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
            try:
                stream.flush()
            except BaseException:
                pass

    # What a program did to functions of the standard library must not decide what its tests say either.
    import unittest
    modules = [(vars(module), dict(vars(module))) for name, module in sys.modules.items() if name != '__main__']
    methods = [(each, name, value) for each in (unittest.TestCase,) for name, value in vars(each).items() if callable(value)]
    update, assign = dict.update, setattr
    def restore():
        for names, values in modules:
            update(names, values)
        for owner, name, value in methods:
            assign(owner, name, value)

    builtins.__attune_restore__ = restore
    builtins.__attune_describe__ = describe
    builtins.__attune_finish__ = finish
seal()
del seal
`;
