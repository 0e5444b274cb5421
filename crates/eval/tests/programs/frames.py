def inner(x):
    y = x * 2
    raise ValueError(y)

def outer(z):
    w = [z]
    inner(z)

try:
    outer(4)
except ValueError as e:
    tb = e.__traceback__
    while tb:
        f = tb.tb_frame
        print(f.f_code.co_name, tb.tb_lineno, tb.tb_lasti, f.f_lineno, f.f_back is not None)
        last = f
        tb = tb.tb_next
print(last.f_locals['y'], last.f_back.f_code.co_name, last.f_back.f_locals['w'], len(last.f_locals))
last.f_locals['y'] = 100
last.f_locals['extra'] = 1
print(last.f_locals['y'], 'extra' in last.f_locals, 'nope' in last.f_locals)
print(last.f_globals['__name__'], last.f_lasti > 0, last.f_trace, last.f_trace_lines)
try:
    last.f_locals['nope']
except KeyError as e:
    print(e)
last.clear()
print(last.f_locals)

def g():
    a = 1
    yield a
    b = 2
    yield b
gen = g()
next(gen)
print(gen.gi_frame.f_locals, gen.gi_frame.f_lineno, gen.gi_running, gen.gi_suspended, gen.gi_code.co_name)
next(gen)
print(gen.gi_frame.f_locals, gen.gi_frame.f_lineno)
frame = gen.gi_frame
for _ in gen: pass
print(gen.gi_frame, frame.f_locals)

class Loud:
    def __init__(self, n): self.n = n
    def __del__(self): print('del', self.n)
def scope():
    a = Loud(1)
    b = Loud(2)
    a = Loud(3)
    return 5
print(scope())
def passing(x):
    del x
    print('after')
passing(Loud(4))
try:
    def failing():
        v = Loud(5)
        1 // 0
    failing()
except ZeroDivisionError as e:
    print(e)
    e = None
print('end')
class Context:
    def __enter__(self): return self
    def __exit__(self, *a): return True
def nested():
    with Context():
        with Context():
            raise KeyError
        return 'inner'
    return 'outer'
print(nested())
def reraised():
    try:
        try:
            1 // 0
        finally:
            x = 1
    except ZeroDivisionError as e:
        return e.__traceback__.tb_lineno
print(reraised())
def chain(n):
    try:
        if n: chain(n - 1)
        else: raise ValueError
    except ValueError:
        raise
try:
    chain(3)
except ValueError as e:
    tb = e.__traceback__
    lines = []
    while tb:
        lines.append(tb.tb_lineno)
        tb = tb.tb_next
    print(lines)
