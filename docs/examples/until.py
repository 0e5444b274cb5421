# Needs until.patch.
import ast

n = 3
until n == 0:
    print(n, end=" ")
    n -= 1
else:
    print("done")

seen = []


def count():
    k = -1
    until k > 100:
        k += 1
        if k == 2:
            break
        seen.append(k)
    else:
        seen.append("else")


count()
print(*seen)
print(ast.unparse(ast.parse("until n == 0: n -= 1\nelse: pass")))
try:
    compile("until n:\nn", "text", "exec")
except SyntaxError as error:
    print(error.msg)
