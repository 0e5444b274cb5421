# Needs increment.patch.
import ast

x = 0
x++
x++; print(x)
counts = [0, 0]
counts[1]++
print(counts)
print(ast.unparse(ast.parse("x++")))
print(x ++1)
try:
    compile("y = x++", "text", "exec")
except SyntaxError as error:
    print(error.msg)
