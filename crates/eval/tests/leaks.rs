//! What a piece of code has made is gone when it has run: the number of blocks in use does not grow.

mod harness;

/// Runs `body` (the body of a function) often enough to fill caches and free lists, then again, and compares.
#[track_caller]
fn check(body: &str) {
    let body: String = body.trim().lines().map(|line| format!("    {line}\n")).collect();
    let source = format!(
        "
def body():
{body}
def many(n):
    while n:
        body()
        n -= 1
many(3000)
before = blocks()
many(200)
after = blocks()
print('grown by', after - before if after > before + 20 else 0)
"
    );
    assert_eq!(harness::run_program(&source), "grown by 0\n");
}

#[test]
fn calls() {
    check(
        "
def f(a, b=1000, *args, c=2000, **kw): return (a, b, args, c, kw)
def g(n): return lambda: n
f(1); f(1, 2, 3, c=4, d=5); f(*[1, 2], **{'z': 3}); g(1000)()
try: f()
except TypeError: pass
try: f(1, a=2)
except TypeError: pass
",
    );
}

#[test]
fn classes() {
    check(
        "
class P:
    def __init__(self, x): self.x = x
    def get(self): return self.x
    @property
    def twice(self): return self.x * 2
class Q(P):
    def get(self): return super().get()
p = Q(1000); p.x = 2000; p.y = 3000; p.get(); p.twice; p.get
del p.y
p = P = Q = None
",
    );
}

#[test]
fn instances() {
    check(
        "
for i in [1000, 2000, 3000]:
    o = Exception(i)
    o.extra = i * 1000
    o.args
",
    );
}

#[test]
fn generators() {
    check(
        "
def g(n):
    while n:
        try: yield n * 1000
        except KeyError: yield 'caught'
        n -= 1
    return 5000
def d(): return (yield from g(2))
list = [x for x in g(3)]
for x in d(): pass
a = g(2); next(a); a.throw(KeyError); a.close()
b = g(2); next(b)
async def c(): return 5000
async def m(): return await c()
co = m()
try: co.send(None)
except StopIteration: pass
",
    );
}

#[test]
fn exceptions() {
    check(
        "
def f(n):
    if n: f(n - 1)
    raise ValueError(n * 1000)
try: f(3)
except ValueError as e: pass
try:
    try: f(2)
    finally: x = 1
except (KeyError, ValueError): pass
try: undefined
except NameError: pass
try: [1][5]
except IndexError: pass
",
    );
}
