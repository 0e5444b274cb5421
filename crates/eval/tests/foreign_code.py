"""Code that our compiler has not made is verified when it first runs, and looks from outside as if it were not."""
import sys

def sound(a, b=1):
    try:
        return [x for x in (a, b)]
    finally:
        a = None

def generator(a):
    yield a

def closed(a):
    return lambda: a

code = sound.__code__
# POP_TOP in front: nothing is on the stack. A handler covers all of it.
units = len(code.co_code) // 2 + 1
everything = bytes([128, units >> 6 | 64, units & 63, 0, 0])
bad = code.replace(co_code=bytes([31, 0]) + code.co_code, co_exceptiontable=everything)

def message(action):
    try:
        action()
    except Exception as error:
        return type(error).__name__ + ": " + str(error)
    return "nothing"

def function(code, closure=None):
    return type(sound)(code, {"__builtins__": __builtins__}, "foreign", None, closure)

# Refused code can be looked at, copied and compared; it raises each time that it is to run, wherever it is entered.
REFUSED = "ValueError: code: invalid bytecode at offset 0: stack underflow"
NOT_HANDLED = "ValueError: code: invalid bytecode at offset 0: stack depth differs between ways"
assert bad.co_code == bytes([31, 0]) + code.co_code
assert bad._co_code_adaptive[:2] == bytes([31, 0])
assert bad == code.replace(co_code=bad.co_code, co_exceptiontable=bad.co_exceptiontable)
assert hash(bad) == hash(bad.replace()) and bad.replace().co_code == bad.co_code
assert len(list(bad.co_positions())) == len(list(code.co_positions()))
list(bad.co_lines()), list(bad.co_branches())
refused = function(bad)
for _ in range(3):
    assert message(lambda: refused(1, 2)) == NOT_HANDLED, message(lambda: refused(1, 2))
    assert message(lambda: refused(*[1, 2])) == NOT_HANDLED
    assert bad.co_code[0] == 31 and bad._co_code_adaptive[0] == 31
table = "ValueError: code: invalid bytecode at offset 0: bad exception table"
assert message(lambda: function(code.replace(co_exceptiontable=b"x"))(1, 2)) == table

# By every door.
def module(): pass
plain = code.replace(co_code=bytes([31, 0, 35, 0]), co_exceptiontable=b"", co_flags=0, co_argcount=0)
exec_refused = message(lambda: exec(plain, {}))
assert exec_refused == REFUSED, exec_refused
assert message(lambda: eval(plain, {})) == REFUSED
assert message(lambda: __build_class__(function(plain), "C")) == REFUSED
module.__code__ = plain
assert message(module) == REFUSED
class Owner:
    attribute = property(function(plain.replace(co_argcount=1, co_flags=3)))
    __getitem__ = function(plain.replace(co_argcount=2, co_flags=3))
    __init__ = function(plain.replace(co_argcount=1, co_flags=3))
def use(): return Owner.__new__(Owner).attribute
def item(): return Owner.__new__(Owner)[0]
for _ in range(20):
    assert message(use) == REFUSED
    assert message(item) == REFUSED
    assert message(Owner) == REFUSED
assert message(function(generator.__code__.replace(co_code=bytes([31, 0]) + generator.__code__.co_code, co_argcount=0))) == REFUSED
tool = sys.monitoring
tool.use_tool_id(2, "foreign")
assert message(lambda: tool.set_local_events(2, plain, tool.events.LINE)) == REFUSED
assert tool.get_local_events(2, plain) == 0

# What is sound runs, and its code is what it was: before, during and after.
copy = code.replace(co_name="copy")
assert copy.co_code == code.co_code
heard = []
tool.register_callback(2, tool.events.LINE, lambda code, line: heard.append(line))
tool.set_local_events(2, copy, tool.events.LINE)
assert copy.co_code == code.co_code
assert function(copy)(1, 2) == [1, 2]
assert copy.co_code == code.co_code and copy._co_code_adaptive[0] != 31
assert len(heard) >= 3, heard
tool.set_local_events(2, copy, 0)
tool.free_tool_id(2)
for _ in range(10):
    assert function(copy)(3, 4) == [3, 4]
assert list(function(generator.__code__.replace(co_name="copy"))(5)) == [5]
inner = closed(6)
assert function(inner.__code__.replace(co_name="copy"), inner.__closure__)() == 6

# A frame is not sent where it cannot be.
def lines(a):
    b = [a]
    for c in b:
        b = c
    return b

def jumping(code, line):
    def trace(frame, event, argument):
        if event == "line" and frame.f_lineno == code.co_firstlineno + 3:
            frame.f_lineno = code.co_firstlineno + line
        return trace
    sys.settrace(trace)
    try:
        return function(code)(7)
    finally:
        sys.settrace(None)

for source in lines.__code__, lines.__code__.replace(co_name="copy"):
    assert jumping(source, 4) == [7]
def yielding(a):
    for b in a:
        yield b
for source in yielding.__code__, yielding.__code__.replace(co_name="copy"):
    def trace(frame, event, argument):
        if event == "line" and frame.f_lineno == source.co_firstlineno + 2:
            frame.f_lineno = source.co_firstlineno
        return trace
    sys.settrace(trace)
    try:
        # Where the generator is made nobody can go.
        assert message(lambda: list(function(source)([1, 2]))).startswith("ValueError: "), source
    finally:
        sys.settrace(None)
print("sound")
