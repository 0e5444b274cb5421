# Descriptors, `super`, properties and the messages of built-in methods.


def show(f):
    try:
        print(repr(f()))
    except Exception as e:
        print(type(e), e)


class Data:
    def __get__(self, ob, cls):
        return "get", ob is None

    def __set__(self, ob, value):
        print("set", value)

    def __delete__(self, ob):
        print("delete")


class Plain:
    def __get__(self, ob, cls):
        return "plain"


class C:
    data = Data()
    plain = Plain()

    @property
    def x(self):
        return 1

    @staticmethod
    def stat(a):
        return a

    @classmethod
    def cls(cls, a):
        return cls is D, a

    def meth(self, *args, **kwargs):
        return args, kwargs


class D(C):
    @classmethod
    def cls(cls, a):
        return "D", super().cls(a)

    def meth(self, *args, **kwargs):
        return "D", super().meth(*args, **kwargs)


d = D()
d.data = 5
del d.data
d.__dict__["data"] = d.__dict__["plain"] = 9
show(lambda: (C.data, d.data, d.plain, D.plain))
show(lambda: (d.stat(1), D.stat(2), d.cls(3), D.cls(4), d.meth(5, k=6)))
show(lambda: d.meth == d.meth)
show(lambda: d.nothing)
show(lambda: D.nothing)


def assign():
    d.x = 2


def delete():
    del d.x


show(assign)
show(delete)
show(lambda: list.append())
show(lambda: list.append(1))
show(lambda: [].append(1, 2))
show(lambda: [].append(x=1))
show(lambda: list.__len__(()))
show(lambda: dict.__dict__["fromkeys"](int))
show(lambda: object.__new__(list))
show(lambda: object(1))
show(lambda: D(1))
show(lambda: super(D, 1))
show(lambda: (list.append, [].append.__qualname__, list.append.__text_signature__))
show(lambda: list[int] | None)
show(lambda: list[int][str])


class Slots:
    __slots__ = ("a",)


s = Slots()
show(lambda: s.a)


def unknown():
    s.b = 1


show(unknown)


class Other:
    __slots__ = ("a",)


s.a = 7
s.__class__ = Other
show(lambda: (s.a, type(s) is Other))


def layout():
    s.__class__ = C


show(layout)
