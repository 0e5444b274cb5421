"""Damages code objects and runs those that are accepted. Nothing here loops: neither the functions, nor what becomes
of them. The damage is drawn from a seed; what is printed is only that the program has come to its end."""

def plain(a, b=2, *rest, key=3, **more):
    c = a, b
    d = [c, key, *rest]
    if a: del c
    return {"d": d, **more}, d[0], f"{a!r:>{b}}"

def handles(a, b=1):
    try:
        return a[b]
    except (KeyError, TypeError) as error:
        b = error
    finally:
        a = b
    with a as c:
        return c

def cells(a, b=1):
    def inner(c=a):
        nonlocal b
        b = c
        return a, b, c
    class Inner(tuple):
        x = a
        def method(self): return super().count(b)
    return inner(), inner(c=2), Inner().method()

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

def matches(a, b=1):
    match a:
        case {"k": c, **d}: return c, d
        case [c, *d]: return c, d
        case int(real=c) | str(c): return c

import builtins

seed = 88172645463325252

def lot(limit):
    global seed
    seed ^= seed << 13 & (1 << 64) - 1
    seed ^= seed >> 7
    seed ^= seed << 17 & (1 << 64) - 1
    return seed % limit

JUMP_BACKWARD, JUMP_BACKWARD_NO_INTERRUPT = 75, 76

def opcode():
    while (drawn := 1 + lot(128)) in (JUMP_BACKWARD, JUMP_BACKWARD_NO_INTERRUPT): pass
    return drawn

def damaged(code):
    units = bytearray(code.co_code)
    changes = {}
    for _ in range(1 + lot(2)):
        at = lot(len(units) // 2) * 2
        what = lot(8)
        if what < 3: units[at] = opcode()
        elif what < 6 and units[at] not in (JUMP_BACKWARD, JUMP_BACKWARD_NO_INTERRUPT): units[at + 1] = lot(8)
        elif what == 6:
            consts = list(code.co_consts)
            consts[lot(len(consts))] = (None, 7, "k", ("k",), ("k", 1), (), [], code)[lot(8)]
            changes["co_consts"] = tuple(consts)
        else: changes["co_flags"] = code.co_flags ^ 1 << lot(10)
    return code.replace(co_code=bytes(units), co_stacksize=code.co_stacksize + lot(3), **changes)

def run(code, arguments):
    closure = tuple(type((lambda: code).__closure__[0])(number) for number in range(len(code.co_freevars)))
    function = type(run)(code, {"__builtins__": builtins}, "damaged", (5,), closure or None)
    result = function(*arguments)
    if hasattr(result, "send"):
        result.send(None)
        result.throw(ValueError("thrown"))
        result.close()

tried = accepted = 0
functions = plain, handles, cells, generator, coroutine, matches
while tried < 3000:
    tried += 1
    try:
        code = damaged(functions[lot(len(functions))].__code__)
    except (ValueError, SystemError):
        continue
    refused = False
    for arguments in ((), (1,), ({"k": 1}, "k"), ([1, 2], 0, 3)):
        try:
            run(code, arguments)
            run(code, arguments)
        except BaseException as error:
            error.__traceback__.tb_lineno
            refused |= str(error).startswith("code: invalid bytecode")
    accepted += not refused

print("some" if 500 < accepted < tried else accepted, "accepted")
