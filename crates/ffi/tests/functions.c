/* What `calls.rs` calls, and what calls back. Compiled with -Wall -Werror. */
#include <complex.h>
#include <stdarg.h>

struct mixed { float a; int b; double c; };
struct big { long a, b, c; };
struct __attribute__((packed)) packed { char a; long b; };
struct wrapped { long double a; };
struct inner { float x, y, z; };
struct outer { int a; struct inner b; };

long ten(signed char a, unsigned char b, short c, unsigned short d, int e, unsigned f, long g, signed char h, int i, long j)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6L * f + 7 * g + 8 * h + 9 * i + 10 * j;
}

double nine(float a, double b, float c, double d, float e, double f, float g, double h, double i)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i;
}

struct mixed mixed(struct mixed s, int by) { s.a *= by; s.b *= by; s.c *= by; return s; }
struct big big(int by, struct big s) { s.a *= by; s.b *= by; s.c *= by; return s; }
struct packed packed(struct packed s) { s.a++; s.b++; return s; }
struct wrapped wrapped(int a, struct wrapped s, long double b) { s.a = s.a * b + a; return s; }
struct outer outer(struct outer s) { s.a++; s.b.x++; s.b.y++; s.b.z++; return s; }
signed char narrow(int a) { return (signed char)a; }
long double extended(long double a, int b) { return a / b; }
float complex complex_float(float complex a) { return a * I; }
double complex complex_double(int b, double complex a) { return a * b * I; }
long double complex complex_extended(long double complex a) { return a * I; }

double variadic(int count, ...)
{
    double sum = 0;
    va_list list;
    va_start(list, count);
    for (int i = 0; i < count; i++)
        sum += i % 2 ? va_arg(list, double) : va_arg(list, int);
    va_end(list);
    return sum;
}

typedef long ten_function(signed char, unsigned char, short, unsigned short, int, unsigned, long, signed char, int, long);
typedef double nine_function(float, double, float, double, float, double, float, double, double);
long back_ten(ten_function *f) { return f(-1, 200, -3, 60000, -5, 4000000000u, -7, -8, -9, 10); }
double back_nine(nine_function *f) { return f(1.5f, 2, 3, 4, 5, 6, 7, 8, 9.25); }
double back_mixed(struct mixed (*f)(struct mixed, int))
{
    struct mixed s = f((struct mixed){ 1.5f, 2, 3.5 }, 4);
    return s.a * 10000 + s.b * 100 + s.c;
}
long back_big(struct big (*f)(int, struct big))
{
    struct big s = f(5, (struct big){ 1, 2, 3 });
    return s.a * 10000 + s.b * 100 + s.c;
}
double back_wrapped(struct wrapped (*f)(int, struct wrapped, long double))
{
    return f(3, (struct wrapped){ 2.5L }, 4.0L).a;
}
double back_complex(double complex (*f)(int, double complex), long double complex (*g)(long double complex))
{
    double complex a = f(2, 3 + 4 * I);
    long double complex b = g(5 + 6 * I);
    return creal(a) * 1000 + cimag(a) * 100 + creall(b) * 10 + cimagl(b);
}
