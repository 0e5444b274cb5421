class A:
    x = 1
    def __init__(self, v):
        self.v = v
    def get(self):
        return self.v
    @property
    def double(self):
        return self.v * 2
    @staticmethod
    def s(a): return a + 1
    @classmethod
    def c(cls, a): return (cls.__name__, a)
    def __add__(self, o): return A(self.v + o.v)
    def __eq__(self, o): return self.v == o.v
    def __getitem__(self, i): return ('item', i)
    def __call__(self, *a): return ('called', a)
    def __repr__(self): return 'A(' + repr(self.v) + ')'
    def __bool__(self): return False

class B(A):
    __slots__ = ('y',)
    def __init__(self, v, y):
        super().__init__(v)
        self.y = y
    def get(self):
        return ('B', super().get())

a = A(3)
b = B(4, 5)
print(a.get(), b.get(), b.y, a.double, a.s(1), B.c(2), a + b, a == b, a[1], a[1:2], a(1, 2), not a)
a.x = 10
print(a.x, A.x, b.x)
del a.x
print(a.x)
for attribute in ['nope', 'v']:
    try:
        print(getattr_(a, attribute)) if False else print(a.nope)
    except AttributeError as e:
        print(e)
for i in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]:
    a.v = i
    a.get()
    b.get()
    b.y = i
print(a.v, b.y, B.__mro__)

class Counter:
    def __init__(self): self.n = 0
    def __iter__(self): return self
    def __next__(self):
        self.n += 1
        if self.n > 3: raise StopIteration
        return self.n
print([x for x in Counter()], list(Counter()), {x: x * x for x in Counter()}, {x for x in Counter()})
print(len([*Counter(), *Counter()]))
