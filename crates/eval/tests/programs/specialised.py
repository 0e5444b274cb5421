# What a class shares with its metaclass: only what overrides goes before the class's own, also where the
# metaclass changes once the place has met it often.
class Base:
    def __init__(self, a):
        self.a = a


def set_up(cls, instance):
    cls.__init__(instance, 4)


for _ in range(50):
    instance = Base(1)
    set_up(Base, instance)
print(instance.a)
Base.__init__ = lambda self, a: object.__setattr__(self, "a", "new")
set_up(Base, instance)
print(instance.a)


class Meta(type):
    def greet(cls):
        return "metaclass"


class Greeter(metaclass=Meta):
    def greet():
        return "class"


class Descriptor:
    def __get__(self, instance, owner):
        return lambda: "descriptor"


def greet(cls):
    return cls.greet()


for _ in range(50):
    answer = greet(Greeter)
print(answer)
Meta.greet = Descriptor()
for _ in range(50):
    answer = greet(Greeter)
print(answer)
Descriptor.__set__ = lambda self, instance, value: None
print(greet(Greeter))


# Slots as methods, called again and again from one place.
class Doubling(dict):
    def __init__(self):
        super().__init__()
        self.ready = True

    def __setitem__(self, key, value):
        super().__setitem__(key, value * 2)


for _ in range(50):
    doubling = Doubling()
    doubling["a"] = 2
print(doubling, doubling.ready)


def add(left, right):
    return int.__add__(left, right)


for left in [*range(50), True, "x", 2.0]:
    try:
        answer = add(left, 1)
    except TypeError as error:
        answer = error
    if left not in range(2, 49):
        print(answer)


# A class of tuples that says how to iterate, and one that does not.
class Pair(tuple):
    pass


def unpack(pair):
    left, right = pair
    return left, right


for _ in range(50):
    answer = unpack(Pair((1, 2)))
print(answer)
Pair.__iter__ = lambda self: iter("ab")
print(unpack(Pair((1, 2))))
del Pair.__iter__
print(unpack(Pair((1, 2))))
