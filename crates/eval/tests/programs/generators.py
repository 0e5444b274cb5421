def count(n):
    i = 0
    while i < n:
        got = yield i
        if got: print('got', got)
        i += 1
    return 'end'

for x in count(3): print(x)
g = count(2)
print(next(g), g.send('hi'))
try:
    next(g)
except StopIteration as e:
    print('stop', e.value)
def delegating():
    r = yield from count(2)
    print('result', r)
    r = yield from [10, 20]
    print('result', r)
print([x for x in delegating()])
def cleanup():
    try:
        yield 1
        yield 2
    except ValueError as e:
        print('caught', e)
        yield 'after'
    finally:
        print('cleanup')
g = cleanup()
print(next(g))
print(g.throw(ValueError('thrown')))
print(g.close(), g.gi_frame)
g = cleanup()
next(g)
del g
def bad():
    yield 1
    raise StopIteration
g = bad()
next(g)
try:
    next(g)
except RuntimeError as e:
    print(e, repr(e.__cause__))
def stubborn():
    while True:
        try:
            yield
        except GeneratorExit:
            pass
g = stubborn()
next(g)
try:
    g.close()
except RuntimeError as e:
    print(e)
def selfish():
    yield next(me)
me = selfish()
try:
    next(me)
except ValueError as e:
    print(e)
g = count(1)
try:
    g.send(1)
except TypeError as e:
    print(e)
print(sum_ if False else [y * 2 for y in (x + 1 for x in [1, 2, 3]) if y != 3])
def inner():
    try:
        yield 1
    except KeyError:
        print('inner caught')
        yield 2
def outer():
    yield from inner()
g = outer()
print(next(g), g.throw(KeyError))

async def coro(x):
    return x * 2
async def main():
    a = await coro(3)
    b = await coro(a)
    return b
c = main()
try:
    c.send(None)
except StopIteration as e:
    print('coro', e.value)
class Aw:
    def __await__(self):
        got = yield 'waiting'
        return got
async def waiter():
    return await Aw()
c = waiter()
print(c.send(None))
try:
    c.send('answer')
except StopIteration as e:
    print(e.value)
async def agen():
    for i in [1, 2]:
        await coro(i)
        yield i
async def consume():
    out = []
    async for x in agen():
        out.append(x)
    out.append([y async for y in agen()])
    return out
c = consume()
try:
    c.send(None)
except StopIteration as e:
    print(e.value)
class ACM:
    async def __aenter__(self): return 'acm'
    async def __aexit__(self, *a): print('aexit', a[0]); return True
async def use():
    async with ACM() as v:
        print(v)
        raise ValueError
    return 'used'
c = use()
try:
    c.send(None)
except StopIteration as e:
    print(e.value)
async def wrong():
    await 5
try:
    wrong().send(None)
except TypeError as e:
    print(e)
def tree(n):
    if n:
        yield from tree(n - 1)
        yield n
        yield from tree(n - 1)
print([x for x in tree(4)])
