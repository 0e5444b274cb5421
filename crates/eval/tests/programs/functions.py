def f(a, b=2, *args, c=3, d, **kw):
    return (a, b, args, c, d, kw)

print(f(1, d=4))
print(f(1, 2, 3, 4, c=5, d=6, e=7))
print(f(*[1, 2], **{'d': 3, 'z': 4}))

def outer(n):
    total = 0
    def add(x):
        nonlocal total
        total += x * n
        return total
    return add

g = outer(3)
print(g(1), g(2), g.__name__, g.__qualname__, g.__code__.co_freevars)

def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

print(fib(15))
print((lambda *a, **k: (a, k))(1, 2, x=3))

def errors():
    def two(a, b): pass
    def kwonly(*, a, b=1): pass
    def posonly(a, /, b): pass
    def many(a, b=1): pass
    calls = [
        lambda: two(), lambda: two(1), lambda: two(1, 2, 3), lambda: two(1, a=2),
        lambda: two(1, 2, c=3), lambda: kwonly(), lambda: kwonly(1), lambda: posonly(a=1, b=2),
        lambda: many(1, 2, 3), lambda: two(*1), lambda: two(**1), lambda: two(1, **{'a': 2}),
        lambda: two(**{1: 2}), lambda: None(), lambda: kwonly(aa=1, a=1), lambda: kwonly(1, a=2),
    ]
    for call in calls:
        try:
            call()
        except TypeError as e:
            print(e)

errors()

def unbound():
    try:
        print(x)
    except UnboundLocalError as e:
        print(e)
    x = 1
    del x
    try:
        del x
    except UnboundLocalError as e:
        print(e)

unbound()

def free():
    def inner():
        return v
    try:
        inner()
    except NameError as e:
        print(e, e.name)
    v = 1

free()
try:
    undefined_name
except NameError as e:
    print(e, e.name)

def deep(n):
    return deep(n + 1)
try:
    deep(0)
except RecursionError as e:
    print(e)
print(f.__defaults__, f.__kwdefaults__, f.__code__.co_varnames, f.__code__.co_argcount)
many = [lambda i=i: i for i in [1, 2, 3]]
print([m() for m in many])

# Comparing the names of parameters may replace the defaults: the new ones count for those that follow.
class Name(str):
    __hash__ = str.__hash__

    def __eq__(self, other):
        keyword_only.__kwdefaults__ = {"a": 10, "b": 20, "c": 30}
        return str.__eq__(self, other)

def keyword_only(*, a, b, c):
    return a, b, c

for order in ("abc", "cba", "bac"):
    keyword_only.__kwdefaults__ = {Name(k): order.find(k) for k in order}
    print(keyword_only())


# A subclass of dict gives its entries as keywords, whatever its keys() says; another mapping is asked.
class Entries(dict):
    def keys(self):
        return ["a"]

    def __getitem__(self, key):
        return 0


class Asked:
    def keys(self):
        return ["a"]

    def __getitem__(self, key):
        return 0


def collected(**names):
    return names


print(collected(**Entries(b=1)), collected(c=2, **Entries(b=1)), collected(**Asked()))
