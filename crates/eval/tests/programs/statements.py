a, (b, *c), d = 1, [2, 3, 4], 5
print(a, b, c, d)
x = [1, 2, 3, 4, 5]
x[1:3] = [9]
print(x, x[::2], x[-1])
del x[0]
print(x)
d = {'a': 1, **{'b': 2}}
d['c'] = 3
d['a'] += 10
print(d, 'a' in d, 'z' not in d)
s = {1, 2, *[3]}
print(len(s), 1 if s else 2)
print(f'{a!r:>5}|{1.5!s}|{"x"!s}|{a=}')
print(1 < 2 < 3, 1 < 2 > 5, 1 == 1, 1 is None, a is not None)
print(a and b, a or b, not a)
i = 0
while True:
    i += 1
    if i > 5: break
else:
    print('no')
print(i)
def m(v):
    match v:
        case 1 | 2: return 'small'
        case [x, y]: return ('pair', x, y)
        case [x, *rest]: return ('list', x, rest)
        case {'k': k, **rest}: return ('map', k, rest)
        case str() as t: return ('str', t)
        case int(n) if n > 100: return ('big', n)
        case P(x=1, y=z): return ('point', z)
        case P(q, w): return ('args', q, w)
        case None: return 'none'
        case _: return 'other'
class P:
    __match_args__ = ('x', 'y')
    def __init__(self, x, y): self.x = x; self.y = y
for v in [1, [1, 2], [1, 2, 3], {'k': 1, 'z': 2}, 'text', 200, P(1, 5), P(2, 6), None, 3.5]:
    print(m(v))
global_var = 1
def change():
    global global_var
    global_var = 2
change()
print(global_var)
class C:
    y = 5
    z = [v for v in [y, 2]]
    w = y + 1
    def __class_getitem__(cls, item): return item
print(C.z, C.w, C['k'])
print([(i, j) for i in [1, 2] for j in [3, 4] if i + j != 5])
n = 10
print([n := n + 1 for _ in [0, 0]], n)
print(*[1, 2], *(3, 4))
print(-a, ~a, +a, a << 3, a ^ 7, 7 & 3, 5 | 8, 2 ** 3 ** 2, 7 % 3, 7 / 2)
t = (1, 'two', 3.0)
print(t[0], t[1:], t + (4,), t * 2)
print('abc'[1], 'abc' < 'abd', 'a' * 3, 'é'.upper() if False else 'ok')
big = 1
for k in [1] * 70: big = big * 3
print(big, -big, big // 7, big % 1000)
total = 0
for p in (1, 2, 3): total += p
for ch in 'ab': print(ch)
for key in {'p': 1, 'q': 2}: print(key)
print(total, [1, 2] == [1, 2], (1, 2) < (1, 3))
def annotated(a: int, b: 'str' = 1) -> float: pass
print(annotated.__annotations__['b'])
try:
    del undefined
except NameError as e:
    print(e)
def swap():
    a, b, c = 1, 2, 3
    a, b, c = c, a, b
    return a, b, c
print(swap())
