"""Records code.json: code objects of the reference, and how it reads their tables.

Run with the reference CPython 3.14: python3.14 record.py > code.json
"""

import dis
import json
import types

SOURCE = '''
import os

def loops(items, limit=3):
    total = 0
    for item in items:
        if item is None:
            continue
        while total < limit:
            total += item
            if total == 7: break
        else:
            print(f"{total!r:>{limit}}", *items, sep="")
    return [x for x in items if x if x != limit]

def handlers(path):
    try:
        with open(path) as file, os.scandir(path) as entries:
            return file.read()
    except (OSError, ValueError) as error:
        raise RuntimeError(
            "no luck",
            path) from error
    finally:
        del path

def groups(x):
    try:
        x()
    except* KeyError as e:
        print(e)
    except* (TypeError, ValueError):
        pass

async def asynchronous(source):
    async with source as s:
        async for item in s:
            yield await item
    return

def generator():
    value = yield
    try:
        yield from value
    except GeneratorExit:
        return

class Shape[T](list):
    "A docstring."
    side: int = 0
    def area(self, /, *args: T, scale=1, **kwargs):
        nonlocal_ = lambda: (self, args, scale)
        return super().area(*args, **kwargs) + self.side ** 2

def match(subject):
    match subject:
        case {"a": [1, *rest], **more}: return rest, more
        case Shape(side=0) | None: return ()
        case [x, y, *_] if x < y: return x
''' + "\ndef long_jump(x):\n    while x:\n" + "        x.a.b.c.d(x)\n" * 12 + "\n" * 300 + "    x" + " " * 200 + ".y\n"


def codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)


def kinds(code):
    result = []
    for name in code.co_varnames:
        result.append(0x20 | (0x40 if name in code.co_cellvars else 0))
    result += [0x40 for name in code.co_cellvars if name not in code.co_varnames]
    result += [0x80 for name in code.co_freevars]
    return result


def record(code):
    return {
        "name": code.co_qualname,
        "first_line": code.co_firstlineno,
        "flags": code.co_flags,
        "stack_size": code.co_stacksize,
        "code": code.co_code.hex(),
        "consts": len(code.co_consts),
        "names": len(code.co_names),
        "kinds": kinds(code),
        "args": code.co_argcount + code.co_kwonlyargcount + (code.co_flags >> 2 & 1) + (code.co_flags >> 3 & 1),
        "line_table": code.co_linetable.hex(),
        "exception_table": code.co_exceptiontable.hex(),
        "positions": list(code.co_positions()),
        "lines": list(code.co_lines()),
        "instructions": [
            (i.start_offset, i.opcode, i.arg or 0, i.jump_target or 0)
            for i in dis.get_instructions(code)
            if i.opname not in ("EXTENDED_ARG", "END_ASYNC_FOR")
        ],
        "handlers": [
            (e.start, e.end, e.target, e.depth, e.lasti)
            for e in dis._parse_exception_table(code)
        ],
    }


records = [record(code) for code in codes(compile(SOURCE, "sample.py", "exec"))]
print("[\n" + ",\n".join(json.dumps(r) for r in records) + "\n]")
