# Floats that only the stack holds may be changed in place; nobody may see it.
def floats():
    x = 1.5
    y = x + 1.0
    z = (x + 1.0) * (y - 0.5)
    w = [x * 2.0]
    v = w[0] * 3.0
    return x, y, z, w, v
for _ in [0] * 5:
    print(floats())
print(1 == 1.0, 1.5 < 2, 2.5 - 1, 7 / 2)
