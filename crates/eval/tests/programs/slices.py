"""Slices with plain bounds take a short way; what they mean and when their items go stays."""


class Bound:
    def __index__(self):
        print('index')
        return 2


items = list(range(20))
items[3:6] = [1]
items[2:2] = 'abc'
items[5:1] = [0]
items[-3:] = items
items[Bound():Bound()] = (9, 9)
print(items)
print(items[::-1], items[25:2:-4], items[:-3:-1], items[5:5:-1], items[Bound()::9])
items[10**30:] = [7]
items[-10**30:1] = [8]
print(items[0], items[-1])
for act in (
    lambda: items.__setitem__(slice(1, 2), 5),
    lambda: items[::0],
    lambda: items['a':2],
):
    try:
        act()
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)

data = bytearray(range(20))
data[::3] = bytes(7)
data[::-3] = bytes(range(7))
data[15:2:-4] = bytearray(b'abcd')
print(data)
data[5:7] = b'longer'
data[2:4] = data
data[::2] = b''
print(data)


class Spy:
    def __del__(self):
        seen.append(len(spied))


for count in (1, 2, 8, 9):
    seen, spied = [], [Spy() for _ in range(count)] + [None]
    spied[:-1] = ['new']
    print(count, seen)
seen, spied = [], {Spy(), Spy(), Spy()}
spied.clear()
print(seen, spied)

# What is assigned may change the list while it is made: the bounds are those of the list as it is then.
def growing(items):
    items.append(9)
    yield 7


for bounds in (slice(None), slice(-2, None), slice(None, -1), slice(1, 2), slice(0, 3, 1)):
    items = [1, 2, 3]
    items[bounds] = growing(items)
    print(items)
items = [1, 2, 3]
items[:] = growing(items)
print(items)
items = [1, 2, 3]
items[-2:] = growing(items)
print(items)
