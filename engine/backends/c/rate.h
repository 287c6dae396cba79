/* The rate -ln rho, in operations that round alike everywhere: the twin of
 * quantities/rate.py. */

#ifndef CRITDAMP_RATE_H
#define CRITDAMP_RATE_H

#include <string.h>

#include "stability.h"

INLINE uint64_t bits(double x)
{
    uint64_t n;
    memcpy(&n, &x, sizeof n);
    return n;
}

INLINE double from_bits(uint64_t n)
{
    double x;
    memcpy(&x, &n, sizeof x);
    return x;
}

/* -ln rho, given 1 - rho to full relative accuracy too */
INLINE double minus_log(double rho, double gap)
{
    const uint64_t root_half = 0x3FE6A09E667F3BCD, one = 0x3FF0000000000000;
    uint64_t shifted = bits(rho) + (one - root_half);
    double m = from_bits((shifted & 0xFFFFFFFFFFFFF) + root_half);
    double e = from_bits((shifted >> 52) | 0x4330000000000000) - (0x1p52 + 1023.0);
    double f = e == 0.0 ? -gap : m - 1.0, u = f / (2.0 + f), square = u * u;
    double tail = 2.0 / 21.0;
#pragma GCC unroll 9
    for (int n = 19; n > 2; n -= 2)
        tail = fma(tail, square, 2.0 / n);
    tail = fma(e, 2.3190468138462996e-17, tail * (u * square));
    return -fma(e, 0.6931471805599453, 2.0 * u + tail);
}

/* T^2 - 4 D as a double, from the smaller square, see modes/stability.py */
INLINE double smaller_discriminant(pair T, pair D, pair g, pair m)
{
    int low = T.hi < g.hi;
    return discriminant((pair){low ? T.hi : g.hi, low ? T.lo : g.lo},
                        (pair){low ? D.hi : m.hi, low ? D.lo : m.lo});
}

/* -ln rho from T >= 0, D, g = 2 - T, m = 1 - T + D and u = 1 - D */
INLINE double minus_log_of_root(pair T, pair D, pair g, pair m, pair u)
{
    double disc = smaller_discriminant(T, D, g, m);
    int swings = disc < 0.0, quotient = swings | (g.hi > 0.0);
    double root = sqrt(swings ? D.hi : disc);
    double rho = swings ? root : 0.5 * (T.hi + root);
    double above = swings ? u.hi : 2.0 * m.hi, below = (swings ? 1.0 : g.hi) + root;
    double gap = above / (quotient ? below : 1.0);
    double value = minus_log(rho, quotient ? gap : 0.5 * (g.hi - root));
    return (1e-290 < rho && rho < 1e150) ? value : NAN;
}

/* NaN where a sum cancels so far that its digits are in doubt */
INLINE double quick_rate(const double *t, int nt, const double *d, int nd)
{
    pair T = total(t, nt), D = total(d, nd);
    double size = 1.0 + absolute_sum(t, nt) + absolute_sum(d, nd), doubt = 1e-14 * size;
    double sign = T.hi < 0.0 ? -1.0 : 1.0;
    T = (pair){sign * T.hi, sign * T.lo};
    pair less = {-T.hi, -T.lo}, g = add((pair){2.0, 0.0}, less);
    pair m = add((pair){1.0, 0.0}, add(less, D));
    pair u = add((pair){1.0, 0.0}, (pair){-D.hi, -D.lo});
    int known = (fabs(g.hi) > doubt) & (fabs(m.hi) > doubt) & (fabs(u.hi) > doubt);
    known &= is_certain(T.hi < g.hi ? T.hi : g.hi, smaller_discriminant(T, D, g, m), size);
    double value = minus_log_of_root(T, D, g, m, u);
    return known ? value : NAN;
}

static double exact_rate(const double *t, int nt, const double *d, int nd, int underflows)
{
    if (underflows)
        return NAN;
    sums r = {t, d, nt, nd, {0.0, 0.0}, {0.0, 0.0}, 0.0};
    pair T = exact_linear_combination(0.0, 1.0, 0.0, &r);
    pair D = exact_linear_combination(0.0, 0.0, 1.0, &r);
    double sign = T.hi < 0.0 ? -1.0 : 1.0;
    T = (pair){sign * T.hi, sign * T.lo};
    pair g = exact_linear_combination(2.0, -sign, 0.0, &r);
    pair m = exact_linear_combination(1.0, -sign, 1.0, &r);
    pair u = exact_linear_combination(1.0, 0.0, -1.0, &r);
    double value = minus_log_of_root(T, D, g, m, u);
    if (value == value)
        return value;
    if (!(T.hi < 1e150))
        return -log(T.hi);
    double disc = discriminant(T, D);
    double rho = disc < 0.0 ? sqrt(D.hi) : 0.5 * (T.hi + sqrt(disc));
    return rho > 0.0 ? -log(rho) : INFINITY;
}

#endif
