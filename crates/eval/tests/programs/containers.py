list, dict, set, tuple = [].__class__, {}.__class__, {0}.__class__, ().__class__


def attempt(action):
    try:
        print(action())
    except (TypeError, ValueError, KeyError, IndexError, RuntimeError) as error:
        print(error.__class__.__name__, error)


# Lists: slices, growth, sorting.
numbers = list((5, 3, 9, 1, 7, 0, 2))
numbers[1:3] = [8, 8, 8]
print(numbers)
numbers[::2] = numbers[::-2]
del numbers[::3]
print(numbers, numbers.__sizeof__())
numbers.sort(key=lambda n: -n)
print(numbers)
pairs = [(n * 7919 % 1009, n) for n in tuple([1] * 300) for n in (n + len(numbers), n * 13, n * 31)]
pairs.sort()
print(pairs[0], pairs[-1], len(pairs))


def spoil():
    numbers.sort(key=lambda n: numbers.append(n) or n)


attempt(spoil)
attempt(lambda: [1, "a"].sort())
attempt(lambda: numbers.__setitem__([].__class__, 1))

# Dictionaries: order, deleted entries, comparisons that change the table.
table = {}
for key in "krait":
    table[key] = len(table)
del table["a"]
table["a"] = 9
print(table, list(table.__reversed__()), table.popitem())


class Clearing:
    def __repr__(self):
        return "Clearing()"

    def __hash__(self):
        return 1

    def __eq__(self, other):
        victims.clear()
        return False


victims = {Clearing(): 1, 2: 3}
attempt(lambda: victims[Clearing()])
print(len(victims))
attempt(lambda: {[]: 1})


def grow():
    for key in table:
        table[key * 2] = 0


attempt(grow)
print({"x": 1} | {"y": 2}, {1: 2}.items() & {(1, 2)}, {1: 2}.keys() - {1})


# Instances: shared keys, dictionaries that share the values with the instance.
class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


point, other = Point(1, 2), Point(3, 4)
names = point.__dict__
point.z = 5
names["w"] = 6
del point.x
print(names, point.w, other.__dict__)
point = None
print(names)
for n in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ":
    other.__dict__[n] = n
print(len(other.__dict__), other.J, other.x)

# Sets: the order of iteration is that of the table.
some = set()
for n in (8, 16, 24, 1, 9, 0):
    some.add(n)
print(some, some - {8, 1}, some ^ {16, 3}, some.pop())
attempt(lambda: {1}.remove(2))
attempt(lambda: {[]})

# Sorting compares the same items in the same order as the reference, which shows where the order is none.
class Watched:
    def __init__(self, value, place):
        self.value = value
        self.place = place

    def __lt__(self, other):
        global trace
        trace = (trace * 31 + self.place * 7 + other.place) % 1000003
        return self.value < other.value


def mixed(length, every):
    seed = length
    made = []
    while len(made) < length:
        seed = (seed * 1103515245 + 12345) % 2147483648
        made.append((1e400 - 1e400) if every and seed % every == 0 else seed % 1000 * 1.0)
    return made


for every in (0, 3, 40):
    for length in (7, 40, 64, 65, 100, 200, 513, 1000):
        values = mixed(length, every)
        if length % 2:
            tail = values[length // 3:]
            tail.sort()
            values[length // 3:] = tail
        trace = 0
        watched = []
        for value in values:
            watched.append(Watched(value, len(watched)))
        watched.sort()
        order = [one.place for one in watched]
        values.sort()
        print(length, every, trace, order[:9], values[:9] + values[-3:])
