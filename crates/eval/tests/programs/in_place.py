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
def floats():
    x = 1.5
    y = x + 1.0
    z = (x + 1.0) * (y - 0.5)
    w = [x * 2.0]
    v = w[0] * 3.0
    return x, y, z, w, v
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
    print(floats())
    print(shared(500))
k = 10 ** 6
m = [k + j for j in [1, 2, 3]]
print(m, k, [v - 1 for v in m], sum_ if False else 0)
