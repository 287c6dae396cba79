/* The regime where doubles are certain of every sign: the twin of
 * quantities/regime.py. */

#ifndef CRITDAMP_REGIME_H
#define CRITDAMP_REGIME_H

#include "stability.h"

/* T, D and 1 and the absolute sum of all terms, in doubles */
typedef struct {
    double T, D, size;
} rough;

INLINE rough rough_sums(const double *t, int nt, const double *d, int nd)
{
    rough r = {0.0, 0.0, 1.0};
    for (int i = 0; i < nt; i++)
        r.T += t[i], r.size += fabs(t[i]);
    for (int i = 0; i < nd; i++)
        r.D += d[i], r.size += fabs(d[i]);
    return r;
}

/* the code, -128 where a sign is in doubt */
INLINE int8_t quick_regime(const double *t, int nt, const double *d, int nd)
{
    rough r = rough_sums(t, nt, d, nd);
    double below = 1.0 - r.T + r.D, above = 1.0 + r.T + r.D, gap = 1.0 - r.D;
    double doubt = 1e-14 * r.size, disc = r.T * r.T - 4.0 * r.D;
    int known = (fabs(below) > doubt) & (fabs(above) > doubt) & (fabs(gap) > doubt);
    int outside = (below < 0.0) | (above < 0.0) | (gap < 0.0);
    known &= outside | ((fabs(disc) > doubt * r.size) & (fabs(r.T) > doubt));
    int code = disc < 0.0 ? 3 : r.T > 0.0 ? 1 : 4;
    code = outside ? -1 : code;
    return (int8_t)(known ? code : -128);
}

INLINE double least(double a, double b) { return a < b ? a : b; }
INLINE double most(double a, double b) { return a > b ? a : b; }

/* The code of all points between two, -128 where it is in doubt or not one: T and D are
 * affine between them, and T^2 - 4 D lies below its chord by at most a quarter of the
 * square of what T changes by. */
INLINE int8_t regime_between(const double *t, const double *u, int nt, const double *d,
                             const double *e, int nd)
{
    rough a = rough_sums(t, nt, d, nd), b = rough_sums(u, nt, e, nd);
    double size = a.size + b.size, doubt = 1e-14 * size;
    double below = 1.0 - a.T + a.D, above = 1.0 + a.T + a.D, gap = 1.0 - a.D;
    double after = 1.0 - b.T + b.D, over = 1.0 + b.T + b.D, rest = 1.0 - b.D;
    double inside = least(least(least(below, after), least(above, over)), least(gap, rest));
    int outside = (most(below, after) < -doubt) | (most(above, over) < -doubt) |
                  (most(gap, rest) < -doubt);
    double disc = a.T * a.T - 4.0 * a.D, other = b.T * b.T - 4.0 * b.D;
    double bend = 0.25 * (b.T - a.T) * (b.T - a.T);
    int swings = most(disc, other) < -doubt * size;
    int real = least(disc, other) > bend + doubt * size;
    int code = least(a.T, b.T) > doubt ? 1 : most(a.T, b.T) < -doubt ? 4 : -128;
    code = swings ? 3 : real ? code : -128;
    code = inside > doubt ? code : -128;
    code = outside ? -1 : code;
    return (int8_t)(size < 1e150 ? code : -128); /* nothing overflows or is NaN */
}

#endif
