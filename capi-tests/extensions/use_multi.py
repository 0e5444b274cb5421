import gc
import sys
import warnings

import multi

point = multi.Point(1, 2.5)
print(multi.Point, multi.Point.__doc__, multi.Point.__text_signature__, multi.Point.__module__, multi.Point.__qualname__)
print(point, point.x, point.y, point + point, multi.made())
point.x = 7
print(point, point.owner()[:2], point.owner()[2] is multi, multi.Point.__basicsize__ - object.__basicsize__)
for wrong in [
    lambda: setattr(point, "y", 1),
    lambda: setattr(point, "z", 1),
    lambda: setattr(multi.Point, "z", 1),
    lambda: point + 1,
    lambda: multi.Point("x"),
    lambda: multi.fail(),
    lambda: multi.has_token(1),
]:
    try:
        print(wrong())
    except Exception as error:
        print(type(error), error)
print(multi.Error.__doc__, multi.Error.__bases__)


class Sub(multi.Point):
    def __repr__(self):
        return "Sub" + super().__repr__()


print(Sub(3, 4), Sub(3, 4).owner()[0], multi.has_token(Sub), multi.has_token(int), Sub(1) + Sub(2))
warnings.simplefilter("error")
for number in range(10):
    try:
        print(multi.broken(number))
    except Exception as error:
        print(type(error).__name__, error)
first = multi
del sys.modules["multi"]
import multi
print(first is multi, first.Point is multi.Point, multi.made(), first.made())
del first, Sub, point, wrong
print(gc.collect() > 0)
