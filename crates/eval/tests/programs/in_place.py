# Numbers that only the stack holds may be changed in place; nobody may see it.
def ints():
    a = 1000
    b = a + 1
    c = a + 1
    d = (a + 1) + (a + 2)
    e = [a + 5, a + 5]
    f = e[0] + 1
    g = (a + 7) - 1000
    return a, b, c, d, e, f, g, (a + 1) * (a - 1), (a * 2) * 1000000
def shared(n):
    kept = []
    for i in [1000, 2000, 3000]:
        t = i + n
        kept.append(t)
        u = t + 1
        kept.append(u * 2)
    return kept
for _ in [0] * 5:
    print(ints())
    print(shared(500))
k = 10 ** 6
m = [k + j for j in [1, 2, 3]]
print(m, k, [v - 1 for v in m], sum_ if False else 0)
def wide():
    out = []
    t = 1 << 40
    for i in [1 << 20, 1 << 35, -(1 << 50), 7]:
        t = t + i * 3 - 1
        out.append(t)
        out.append(t * t)
        out.append((t + 1) - t)
        out.append(t < i)
    return out
for _ in [0] * 4:
    print(wide())
class Made:
    def __init__(self, a, b=2): self.a = a; self.b = b
class Bad:
    def __init__(self): return 1
class Failing:
    def __init__(self): raise ValueError('init')
def make():
    out = []
    for i in [1, 2, 3, 4, 5]:
        m = Made(i) if i % 2 else Made(i, i)
        out.append((m.a, m.b))
        for c in [Bad, Failing, Made]:
            try:
                c()
            except (TypeError, ValueError) as e:
                out.append(str(e))
        if i == 4:
            Made.__init__ = lambda self, a, b=7: setattr_(self, a, b)
    return out
def setattr_(self, a, b): self.a = -a; self.b = b
print(make())
