import gc
import importlib.machinery
import sys

import single

print(single.__name__, single.__doc__, type(single.__loader__) is importlib.machinery.ExtensionFileLoader)
print(single.ANSWER, single.WORD, single.no_arguments(), single.no_arguments.__doc__)
print(single.no_arguments.__text_signature__, single.one_argument(1), single.fast(1, 2, 3))
print(single.fast_keywords(1, 2, a=3, b=4), single.keywords(1, a=2), single.keywords())
print(single.without_gil(14))
for wrong in [
    lambda: single.no_arguments(1),
    lambda: single.one_argument(),
    lambda: single.fast(a=1),
    lambda: single.fail(KeyError),
    lambda: single.Counter("x"),
    lambda: single.Counter(more=1),
    lambda: single.Counter().add(),
    lambda: setattr(single.Counter, "x", 1),
    lambda: setattr(single.Counter(), "x", 1),
    lambda: setattr(single.Counter(), "count", "x"),
    lambda: setattr(single.Counter(), "double", 1),
]:
    try:
        print(wrong())
    except Exception as error:
        print(type(error).__name__, error)

counter = single.Counter(3, note="n")
print(single.Counter, single.Counter.__doc__, single.Counter.__module__, single.Counter.__text_signature__)
print(counter.count, counter.note, counter.double, list(counter), counter.add(2) is counter, counter.count)
del counter.note
try:
    counter.note
except AttributeError as error:
    print(error)


class Sub(single.Counter):
    def add(self, more):
        self.log = more
        return super().add(more)


sub = Sub(1)
print(sub.add(4).log, list(sub), Sub.__mro__)
sub.note = sub
del sub
print(gc.collect() > 0, sys.getrefcount(single.Counter) > 1)


def borrowed():
    counter = single.Counter()
    return counter.references(), counter.references(1), counter.references(more=1), counter.references(*[1], **{"a": 1})


print(borrowed())
print(single.Disguised, single.Disguised.__doc__)
first = single
del sys.modules["single"]
import single
print(first is single, first.Counter is single.Counter)
