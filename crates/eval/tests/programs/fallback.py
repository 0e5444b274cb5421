"""Classes with `__getattr__`: instructions that found their form still ask it, and only for what is missing."""


def often(f):
    for _ in range(40):
        answer = f()
    return answer


class Fallback:
    __slots__ = ('slot', '__dict__')
    plain = 5

    def __init__(self):
        self.value = 1

    @property
    def broken(self):
        raise AttributeError('broken')

    @property
    def whole(self):
        return 7

    def method(self):
        return 'method'

    def __getattr__(self, name):
        return 'fallback for ' + name


ob = Fallback()


def everything():
    return ob.value, ob.slot, ob.broken, ob.whole, ob.method(), ob.plain, ob.missing


print(often(everything))
ob.slot = 3
print(often(everything))
del ob.slot
print(everything())
del ob.value
print(everything())
ob.value, ob.plain, ob.method = 2, 9, lambda: 'own method'
print(everything())
Fallback.__getattribute__ = lambda self, name: 'always ' + name
print(often(lambda: (ob.value, ob.slot, ob.plain, ob.broken)))
del Fallback.__getattribute__
print(often(lambda: (ob.value, ob.slot, ob.plain, ob.broken)))
del Fallback.__getattr__
try:
    print(ob.value, ob.missing)
except AttributeError as e:
    print(e)
