def f(x):
    try:
        if x == 0: raise ValueError('zero')
        if x == 1: raise KeyError('one')
        if x == 2: return 'return'
        if x == 3: 1 // 0
        return 'normal'
    except ValueError as e:
        return ('value', e.args)
    except (KeyError, IndexError) as e:
        return ('key', e.args)
    finally:
        print('finally', x)

for i in [0, 1, 2, 4]:
    print(f(i))
try:
    f(3)
except ZeroDivisionError as e:
    print(e, e.__traceback__.tb_lineno, e.__traceback__.tb_next.tb_lineno, e.__traceback__.tb_next.tb_frame.f_code.co_name)

try:
    try:
        raise ValueError('a')
    except ValueError:
        raise TypeError('b')
except TypeError as e:
    print(e, repr(e.__context__), e.__cause__, e.__suppress_context__)
try:
    raise TypeError('x') from ValueError('y')
except TypeError as e:
    print(repr(e.__cause__), e.__suppress_context__)
try:
    try:
        raise ValueError('first')
    except ValueError:
        raise
except ValueError as e:
    print('again', e)
for bad in [1, 'text', int]:
    try:
        raise bad
    except TypeError as e:
        print(e)
try:
    raise
except RuntimeError as e:
    print(e)
try:
    try:
        raise ValueError
    except 5:
        pass
except TypeError as e:
    print(e)

class CM:
    def __init__(self, swallow): self.swallow = swallow
    def __enter__(self): print('enter'); return 'value'
    def __exit__(self, t, v, tb):
        print('exit', t, v)
        return self.swallow
with CM(False) as v:
    print(v)
with CM(True):
    raise ValueError('swallowed')
try:
    with CM(False), CM(True) as w:
        raise KeyError('inner')
    with CM(False):
        raise KeyError('outer')
except KeyError as e:
    print('out', e)
try:
    with 5: pass
except TypeError as e:
    print(e)
def loop():
    for i in [1, 2, 3]:
        try:
            if i == 2: continue
            if i == 3: break
            print('body', i)
        finally:
            print('fin', i)
loop()
def ret():
    try:
        return 1
    finally:
        return_value = 2
print(ret())
try:
    a, b = [1]
except ValueError as e:
    print(e)
try:
    a, b = [1, 2, 3]
except ValueError as e:
    print(e)
try:
    a, *b, c = [1]
except ValueError as e:
    print(e)
try:
    a, b = 5
except TypeError as e:
    print(e)
try:
    [*5]
except TypeError as e:
    print(e)
assert True
try:
    assert 1 == 2, 'message'
except Exception as e:
    print(repr(e))
