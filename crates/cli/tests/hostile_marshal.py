"""Marshalled code, damaged, loaded, looked at and run: python hostile_marshal.py FIRST END.

Each mutant is drawn from its number alone, so a number is enough to see one again. The number of a mutant is printed
before it is tried, and at the end how many were loaded and how many of those were refused when they ran. Exceptions are what is expected;
endless loops too, which a timer tries to break and the parent process ends. Anything else is an error."""

import _opcode, marshal, opcode, os, signal, sys, types
from itertools import islice

MASK = (1 << 64) - 1

class Lots:
    """Numbers drawn from a seed (xorshift)."""
    def __init__(self, seed):
        self.state = (seed + 1) * 0x9E3779B97F4A7C15 & MASK
        for _ in range(4): self.below(2)
    def below(self, limit):
        x = self.state
        x ^= x << 13 & MASK
        x ^= x >> 7
        x ^= x << 17 & MASK
        self.state = x
        return (x >> 11) % limit
    def of(self, choices):
        return choices[self.below(len(choices))]

# What is damaged: code of all kinds here, and the functions of some modules that do no harm when they go astray.

SOURCE = '''
def plain(a, b=2, *rest, key=3, **more):
    c = a, b
    d = [c, key, *rest]
    if a: del c
    return {"d": d, **more}, d[0], f"{a!r:>{b}}", t"{a}{b:x}", d[1:], -b, not a, a is b, a in d

def handles(a, b=1):
    try:
        return a[b]
    except (KeyError, TypeError) as error:
        b = error
    finally:
        a = b
    with a as c:
        return c

def groups(a, b=1):
    try: raise ExceptionGroup("g", [ValueError(a), TypeError(b)])
    except* ValueError as error: c = error
    except* TypeError: b = a
    return a, b, c

def cells(a, b=1):
    def inner(c=a):
        nonlocal b
        b = c
        return a, b, c
    class Inner(tuple):
        x = a
        def method(self): return super().count(b), __class__
        @property
        def both(self): return self.x, a
    return inner(), inner(c=2), Inner().method(), Inner().both

def loops(a, b=3):
    total = 0
    for x in range(b):
        for y in a if isinstance(a, (list, tuple)) else [a]:
            if not y: continue
            total = total + x
            if total > 9: break
        else: total += 1
    while total > 0: total -= 2
    return total, [x for x in range(b) if x], {x: y for x, y in zip("ab", "cd")}, {*"ab", *"c"}

def generator(a, b=1):
    try:
        c = yield a
        yield from (c, b)
    except ValueError as error:
        yield error
    return a

async def coroutine(a, b=1):
    async with a as c:
        return await c

async def asynchronous(a, b=1):
    async for c in a: yield c
    yield [c async for c in a]

def matches(a, b=1):
    match a:
        case {"k": c, **d}: return c, d
        case [c, *d]: return c, d
        case int(real=c) | str(c): return c

def generic[T, *Ts](a: T, b: int = 1) -> T:
    type Alias[S: int = bool] = list[S]
    import sys as c, os.path
    from sys import path as d
    global shared
    shared = lambda *e, f=a, **g: (e, f, g, b)
    return Alias, c, d, shared(1, *[a], **{"k": 2}), print

class Number:
    slot = 1
    def __init__(self, value=1): self.value = value
    def __getitem__(self, key): return self.value, key
    def __getattr__(self, name): return name
    def __add__(self, other): return Number(self.slot)
    def __enter__(self): return self
    def __exit__(self, *rest): return True

def objects(a, b=1):
    number = Number(b)
    number.value = a
    number[0], number.missing, number + b, number.value
    with number as c: raise ValueError(a)
    (d, e), *f = (a, b), number, c
    number.value, d = d, f
    del number.value
    return d, e, f, [*map(Number, range(3))], max(a, b, key=repr)
'''

MODULES = ("textwrap heapq bisect string colorsys reprlib copy fractions keyword base64 graphlib json.decoder json.encoder "
    "functools contextlib collections _collections_abc difflib calendar enum dataclasses statistics").split()

def codes_in(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType): yield from codes_in(constant)

def corpus():
    own = {}
    whole = compile(SOURCE, "<own>", "exec")
    exec(whole, own)
    found = [(code, own) for code in codes_in(whole)]
    # Half of the corpus is made of the small programs.
    others = []
    for name in MODULES:
        module = __import__(name, fromlist=["*"])
        values = list(vars(module).values())
        for value in values[:]:
            if isinstance(value, type) and value.__module__ == name: values.extend(vars(value).values())
        for value in values:
            function = getattr(value, "__func__", value)
            if isinstance(function, types.FunctionType) and function.__module__ == name:
                others.append((function.__code__, vars(module)))
    return found, others

# Marshalling by hand, so that a part can be anything.

INTS = "argcount posonlyargcount kwonlyargcount stacksize flags".split()
PARTS = "code consts names localsplusnames localspluskinds filename name qualname".split()
TABLES = "linetable exceptiontable".split()
LOCAL, CELL, FREE, ARG_POS, ARG_KW, ARG_VAR = 0x20, 0x40, 0x80, 2, 4, 8

def parts_of(code):
    parts = {name: getattr(code, "co_" + name) for name in INTS + ["code", "consts", "names", "filename", "name", "qualname", "firstlineno"] + TABLES}
    kinds = []
    for index, name in enumerate(code.co_varnames):
        kind = LOCAL | (CELL if name in code.co_cellvars else 0)
        if index < code.co_posonlyargcount: kind |= ARG_POS
        elif index < code.co_argcount: kind |= ARG_POS | ARG_KW
        elif index < code.co_argcount + code.co_kwonlyargcount: kind |= ARG_KW
        kinds.append(kind)
    cells = [name for name in code.co_cellvars if name not in code.co_varnames]
    parts["localsplusnames"] = code.co_varnames + tuple(cells) + code.co_freevars
    parts["localspluskinds"] = bytes(kinds + [CELL] * len(cells) + [FREE] * len(code.co_freevars))
    return parts

def written(value):
    if isinstance(value, dict) and "firstlineno" in value:
        number = lambda name: (value[name] & 0xffffffff).to_bytes(4, "little")
        return (b"c" + b"".join(map(number, INTS)) + b"".join(written(value[name]) for name in PARTS)
            + number("firstlineno") + b"".join(written(value[name]) for name in TABLES))
    if isinstance(value, types.CodeType): return written(parts_of(value))
    if type(value) is tuple: return b"(" + len(value).to_bytes(4, "little") + b"".join(map(written, value))
    if isinstance(value, slice): return marshal.dumps(value)
    return marshal.dumps(value, 2)

# The damage.

STRANGE = (None, 7, -1, "k", b"k", (), ("k",), ("k", 1), ("a", "b"), [], [1], {"k": 2}, {1}, frozenset({"k"}), 2.5, 1j, True, ..., 1 << 70, slice(1))
OPCODES = [number for number in range(130) if number not in (0, 17, 20)]

def damage_bytes(lots, data):
    data = bytearray(data)
    for _ in range(1 + lots.below(3)):
        at = lots.below(len(data) + 1)
        what = lots.below(6)
        if what == 0: data[at:at] = bytes([lots.below(256)])
        elif what == 1: data[at:at] = data[lots.below(len(data) + 1):][:lots.below(12)]
        elif what == 2: del data[at:at + lots.below(6)]
        elif data:
            at = min(at, len(data) - 1)
            data[at] = lots.below(256) if what < 5 else data[at] ^ 1 << lots.below(8)
    return bytes(data)

def damage_code(lots, units):
    units = bytearray(units)
    for _ in range(1 + lots.below(2)):
        at = lots.below(len(units) // 2 + 1) * 2
        other = lots.below(len(units) // 2 + 1) * 2
        what = lots.below(12)
        if at >= len(units) or what == 0: units[at:at] = bytes([lots.of(OPCODES), lots.below(4)])
        elif what < 4: units[at] = lots.of(OPCODES)
        elif what < 8: units[at + 1] = lots.below(8) if lots.below(4) else lots.below(256)
        elif what == 8: del units[at:at + 2 * (1 + lots.below(2))]
        elif what == 9: units[at:at] = units[other:other + 2 * (1 + lots.below(4))]
        elif what == 10: units[at:at + 2] = units[other:other + 2]
        else: units[at] = lots.below(256)
    return bytes(units)

def table_entry(*numbers):
    entry = []
    for number in numbers:
        digits = [number & 63]
        while number := number >> 6: digits.append(number & 63 | 64)
        entry += reversed(digits)
    return bytes([entry[0] | 128, *entry[1:]])

def damage_tuple(lots, items):
    items = list(items)
    at = lots.below(len(items) + 1)
    what = lots.below(5)
    if what == 0: items.insert(at, lots.of(STRANGE))
    elif what == 1: del items[at:at + 1]
    elif items:
        at = min(at, len(items) - 1)
        if what == 2: items[at] = lots.of(items)
        elif isinstance(items[at], types.CodeType): items[at] = damaged(lots, items[at])
        else: items[at] = lots.of(STRANGE)
    return tuple(items)

def damaged(lots, code):
    """The parts of the code, some of them changed."""
    parts = parts_of(code)
    inner = [at for at, constant in enumerate(code.co_consts) if isinstance(constant, types.CodeType)]
    if inner and lots.below(3) == 0:
        at = lots.of(inner)
        consts = list(code.co_consts)
        consts[at] = damaged(lots, consts[at])
        return parts | {"consts": tuple(consts)}
    for _ in range(1 + lots.below(2)):
        what = lots.below(24)
        if what < 11: parts["code"] = damage_code(lots, parts["code"])
        elif what < 13: parts["exceptiontable"] = damage_bytes(lots, parts["exceptiontable"])
        elif what == 13:
            units = len(code.co_code) // 2
            parts["exceptiontable"] = table_entry(lots.below(units), 1 + lots.below(units), lots.below(units), lots.below(8))
        elif what == 14: parts["linetable"] = damage_bytes(lots, parts["linetable"])
        elif what == 15: parts["consts"] = damage_tuple(lots, parts["consts"])
        elif what == 16: parts["names"] = damage_tuple(lots, parts["names"])
        elif what == 17: parts["localsplusnames"] = damage_tuple(lots, parts["localsplusnames"])
        elif what == 18: parts["localspluskinds"] = damage_bytes(lots, parts["localspluskinds"])
        elif what == 19: parts["flags"] ^= 1 << lots.below(32 if lots.below(4) == 0 else 10)
        elif what == 20: parts["stacksize"] += lots.of((-2, -1, 1, 2, 1 << 23, 1 << 31, -parts["stacksize"]))
        elif what == 21: parts[lots.of(INTS)] += lots.of((-2, -1, 1, 2, 255, 1 << 30, 1 << 31))
        elif what == 22: parts["firstlineno"] = lots.of((0, -1, 1 << 31, (1 << 31) - 1, 5))
        else:
            parts[lots.of(PARTS + TABLES)] = lots.of(STRANGE)
            break
    parts["stacksize"] += lots.below(3)
    return parts

# Code made up: instructions that find enough on the stack, and handlers here and there.

LIKED = [opcode.opmap[name] for name in """LOAD_FAST LOAD_FAST_BORROW LOAD_FAST_BORROW_LOAD_FAST_BORROW LOAD_CONST LOAD_GLOBAL
    LOAD_NAME COPY SWAP STORE_FAST STORE_FAST_LOAD_FAST STORE_FAST_STORE_FAST DELETE_FAST LOAD_FAST_CHECK LOAD_FAST_AND_CLEAR PUSH_NULL
    POP_TOP LOAD_ATTR LOAD_SPECIAL CALL CALL_KW CALL_FUNCTION_EX LOAD_DEREF STORE_DEREF BINARY_OP BUILD_TUPLE UNPACK_SEQUENCE GET_ITER
    FOR_ITER POP_JUMP_IF_TRUE POP_JUMP_IF_NONE JUMP_FORWARD YIELD_VALUE MATCH_CLASS MATCH_KEYS PUSH_EXC_INFO POP_EXCEPT RERAISE
    CHECK_EXC_MATCH WITH_EXCEPT_START MAKE_CELL LOAD_SUPER_ATTR TO_BOOL FORMAT_SIMPLE END_FOR POP_ITER""".split()]

def built(lots):
    generates = lots.below(3) == 0
    units, depth, deepest = bytearray(), 0, 0
    starts = []
    def add(number, argument):
        starts.append(len(units) // 2)
        caches = sum(opcode._cache_format.get(opcode.opname[number], {}).values())
        units.extend(bytes([number, argument]) + bytes(2 * caches))
    op = opcode.opmap
    add(op["COPY_FREE_VARS"], 1)
    add(op["MAKE_CELL"], 3)
    if generates:
        add(op["RETURN_GENERATOR"], 0)
        add(op["POP_TOP"], 0)
    add(op["RESUME"], 0)
    for _ in range(3 + lots.below(20)):
        number = lots.of(LIKED) if lots.below(8) else lots.of(OPCODES)
        argument = lots.of((0, 1, 1, 2, 3, 4, 0x12, lots.below(32)))
        if number in opcode.hasjump: argument = lots.below(12)
        try: effect = _opcode.stack_effect(number, argument, jump=False)
        except ValueError:
            try: effect = _opcode.stack_effect(number, None, jump=False)
            except ValueError: continue
        if depth + effect < 0 or depth == 0 and effect <= 0 and lots.below(4): continue
        add(number, argument)
        depth += effect
        deepest = max(deepest, depth)
    if depth == 0: add(op["LOAD_CONST"], 0)
    starts.append(len(units) // 2)
    add(op["RETURN_VALUE"], 0)
    add(op["LOAD_CONST"], 0)
    add(op["RETURN_VALUE"], 0)
    table = b""
    if lots.below(2):
        start, end = sorted((lots.below(len(starts)), lots.below(len(starts))))
        table = table_entry(starts[start], starts[end] - starts[start] + 1, starts[lots.below(len(starts))], lots.below(10))
    return {
        "argcount": 2, "posonlyargcount": 0, "kwonlyargcount": 0, "stacksize": deepest + 6, "flags": 0x23 if generates else 3,
        "code": bytes(units), "consts": (None, ("a", "k"), 7, "text", ("a",), (1, 2), 2.5), "names": ("a", "real", "count", "append", "len"),
        "localsplusnames": ("a", "b", "c", "d", "e"), "localspluskinds": bytes([LOCAL | ARG_POS | ARG_KW] * 2 + [LOCAL, CELL, FREE]),
        "filename": "<built>", "name": "built", "qualname": "built", "firstlineno": 1, "linetable": b"", "exceptiontable": table,
    }

# Looking and running.

class Enough(BaseException): pass

current, refused = [0], set()

def enough(*_): raise Enough

def attempt(action, *arguments):
    try:
        return action(*arguments)
    except BaseException as error:
        if str(error).startswith("code: invalid bytecode"): refused.add(current[0])
        # What debuggers look at.
        trace = error.__traceback__
        while trace is not None:
            frame = trace.tb_frame
            if frame.f_code.co_name != "attempt":
                trace.tb_lineno, trace.tb_lasti, frame.f_lineno, frame.f_lasti
                look_at_frame(frame)
            trace = trace.tb_next

def look_at_frame(frame):
    try:
        dict(frame.f_locals), list(frame.f_locals), frame.f_code
    except Exception: pass

LOOKS = (
    lambda code: list(islice(code.co_lines(), 500)),
    lambda code: list(islice(code.co_positions(), 500)),
    lambda code: list(islice(code.co_branches(), 500)),
    lambda code: (hash(code), code == code.replace(co_name="other"), repr(code)),
    lambda code: (code.co_code, code._co_code_adaptive, code.co_varnames, code.co_cellvars, code.co_freevars, code.co_consts),
    lambda code: marshal.loads(marshal.dumps(code)) == code,
    lambda code: [code._varname_from_oparg(at) for at in range(3)],
)

VALUES = (0, 1, -1, 2, "abc", b"xy", None, True, 2.5, ..., int, len)

def value(lots):
    what = lots.below(20)
    if what < len(VALUES): return VALUES[what]
    return lots.of((lambda: [1, 2, 0], lambda: {"k": 1}, lambda: (1, (2, 3)), lambda: {1, 2}, lambda: iter([3, 4]), object,
        lambda: lambda *rest: rest, lambda: [[1, 2], [3]]))()

def tracer(lots):
    def trace(frame, event, argument):
        if event == "line" and lots.below(4) == 0:
            try: frame.f_lineno += lots.below(7) - 3
            except ValueError: pass
        look_at_frame(frame)
        if lots.below(30) == 0: raise ValueError("from the tracer")
        frame.f_trace_opcodes = lots.below(4) == 0
        return trace
    return trace

def drive(lots, result):
    """What a generator, a coroutine or an asynchronous generator does when it is used."""
    frame = getattr(result, "gi_frame", None) or getattr(result, "cr_frame", None) or getattr(result, "ag_frame", None)
    if frame is not None: look_at_frame(frame)
    if hasattr(result, "asend"):
        for step in (lambda: result.asend(None), lambda: result.athrow(ValueError("thrown")), result.aclose):
            awaitable = attempt(step)
            if awaitable is not None: attempt(awaitable.send, None)
        return
    for _ in range(1 + lots.below(3)):
        what = lots.below(4)
        if what < 2: attempt(result.send, None)
        elif what == 2: attempt(result.send, value(lots))
        else: attempt(result.throw, ValueError("thrown"))
        if frame is not None: look_at_frame(frame)
    attempt(result.close)

def run(lots, code, namespace):
    if not code.co_flags & 3 or lots.below(16) == 0:
        attempt(exec, code, namespace)
    cells = tuple(types.CellType(number) if lots.below(5) else types.CellType() for number in range(len(code.co_freevars)))
    function = attempt(types.FunctionType, code, namespace, "damaged", (5,) if lots.below(2) else None, cells or None)
    if function is None: return
    count = min(code.co_argcount, 6)
    for _ in range(3):
        arguments = [value(lots) for _ in range(lots.of((count, count, count, max(count - 1, 0), count + 1)))]
        # Often enough for instructions to become specialised ones.
        for _ in range(lots.of((1, 2, 6))):
            result = attempt(function, *arguments)
            if hasattr(result, "send") or hasattr(result, "asend"): attempt(drive, lots, result)

def watched(lots, code, namespace):
    what = lots.below(8)
    if what == 0:
        sys.settrace(tracer(lots))
        try: run(lots, code, namespace)
        finally: sys.settrace(None)
    elif what == 1:
        monitoring = sys.monitoring
        monitoring.use_tool_id(3, "hostile")
        def heard(*_):
            if lots.below(40) == 0: raise ValueError("from the tool")
            return monitoring.DISABLE if lots.below(4) == 0 else None
        events = (1 << 5) - 1 << 1 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 | 1 << 5
        for number in range(11): monitoring.register_callback(3, 1 << number, heard)
        try:
            attempt(monitoring.set_local_events, 3, code, events & (1 << 11) - 1)
            run(lots, code, namespace)
        finally:
            attempt(monitoring.set_local_events, 3, code, 0)
            monitoring.free_tool_id(3)
    else:
        run(lots, code, namespace)

def main(first, end):
    own, others = corpus()
    signal.signal(signal.SIGALRM, enough)
    loaded = 0
    for number in range(first, end):
        os.write(1, b"%d\n" % number)
        current[0] = number
        lots = Lots(number)
        code, namespace = lots.of(own if lots.below(2) else others)
        if lots.below(3) == 0: data, namespace = written(built(lots)), own[0][1]
        elif lots.below(8) == 0: data = damage_bytes(lots, marshal.dumps(code))
        else: data = written(damaged(lots, code))
        try:
            signal.setitimer(signal.ITIMER_REAL, 1, 0.05)
            mutant = attempt(marshal.loads, data)
            if type(mutant) is types.CodeType:
                loaded += 1
                for look in LOOKS:
                    if lots.below(3) == 0: attempt(look, mutant)
                attempt(watched, lots, mutant, dict(namespace))
                for look in LOOKS:
                    if lots.below(6) == 0: attempt(look, mutant)
        except Enough: pass
        finally:
            while True:
                try:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                    sys.settrace(None)
                    break
                except Enough: pass
    os.write(1, b"loaded %d refused %d\n" % (loaded, len(refused)))

if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
