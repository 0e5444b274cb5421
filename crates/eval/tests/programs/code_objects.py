def f(a, b=1, /, c=2, *args, d, e=3, **kw):
    x = a + b
    for i in args:
        if i > x:
            return [j + d for j in args]
        x += i
    def g():
        return x, c
    return g

c = f.__code__
print(c.co_name, c.co_qualname, c.co_argcount, c.co_posonlyargcount, c.co_kwonlyargcount, c.co_nlocals)
print(c.co_varnames, c.co_cellvars, c.co_freevars, c.co_names, c.co_flags, c.co_stacksize, c.co_firstlineno)
for _ in [1, 2, 3, 4, 5, 6, 7, 8]:
    f(1, 2, 3, 4, 5, d=6)
print(c.co_code.hex())
print(c.co_linetable.hex())
print(c.co_exceptiontable.hex())
print([t for t in c.co_lines()])
print([t for t in c.co_positions()][:40])
print([t for t in c.co_branches()])
print(c.co_consts[0].co_name, len(c.co_consts))
d = c.replace(co_name='other')
print(d.co_name, d == c, d.co_code == c.co_code, c == c.replace(), hash_ok if False else 'ok')
print(f.__code__._varname_from_oparg(0))
try:
    c.replace(co_nlocals=-1)
except ValueError as e:
    print(e)
try:
    c.replace(nothing=1)
except TypeError as e:
    print(e)
try:
    c.replace(co_name=1)
except TypeError as e:
    print(e)
def h(): return 1
def k(): return 2
h.__code__ = k.__code__
print(h(), h.__name__)
try:
    h.__code__ = f(1, 2, d=1).__code__
except ValueError as e:
    print(e)
h.attribute = 5
print(h.attribute, h.__dict__, h.__closure__, f(1, 2, d=1).__closure__[0].cell_contents)
k.__defaults__ = None
f.__defaults__ = (10, 20)
print(f(1, d=1)()[1])
def ann(a: int, *, b: 'x' = 2) -> str: ...
print(ann.__annotations__, ann.__kwdefaults__)
ann.__annotations__ = {'z': 1}
print(ann.__annotations__, ann.__annotate__)
