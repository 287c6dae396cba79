/* Exact signs, for the few points where doubles are in doubt: the twin of modes/stability.py. */

#ifndef CRITDAMP_STABILITY_H
#define CRITDAMP_STABILITY_H

#include "double_double.h"

/* T and D as terms whose exact sum they are, as pairs, and 1 and the absolute sum of all */
typedef struct {
    const double *t, *d;
    int nt, nd;
    pair T, D;
    double size;
} sums;

static sums sums_of(const double *t, int nt, const double *d, int nd)
{
    return (sums){t, d, nt, nd, total(t, nt), total(d, nd),
                  1.0 + absolute_sum(t, nt) + absolute_sum(d, nd)};
}

typedef struct {
    double hi, lo, rest;
} triple;

static triple accumulate(triple sum, double term)
{
    pair hi = two_sum(sum.hi, term), lo = two_sum(sum.lo, hi.lo);
    return (triple){hi.hi, lo.hi, sum.rest + lo.lo};
}

enum { MOST_TERMS = 13 };

/* the exact sum as a pair, of terms that are overwritten (Ogita, Rump and Oishi 2005);
 * NaN where a term is not finite */
static pair distil(double *terms, int n)
{
    for (;;) {
        pair rest = {0.0, 0.0};
        double size = 0.0;
        for (int i = 1; i < n; i++) {
            pair s = two_sum(terms[i], terms[i - 1]);
            terms[i] = s.hi, terms[i - 1] = s.lo;
        }
        for (int i = 0; i < n - 1; i++)
            rest = add(rest, (pair){terms[i], 0.0}), size += fabs(terms[i]);
        if (!(size < INFINITY))
            return (pair){NAN, 0.0};
        if (size == 0.0 || fabs(terms[n - 1]) > 0x1p50 * size)
            return add((pair){terms[n - 1], 0.0}, rest);
    }
}

/* c + s T + d D, for s and d in 0, +-1, +-2, however much the terms cancel */
static pair exact_linear_combination(double c, double s, double d, const sums *r)
{
    double terms[1 + 2 * MOST_TERMS] = {c}, size = fabs(c);
    triple sum = {c, 0.0, 0.0};
    int n = 1;
    for (int i = 0; s != 0.0 && i < r->nt; i++)
        terms[n++] = s * r->t[i];
    for (int i = 0; d != 0.0 && i < r->nd; i++)
        terms[n++] = d * r->d[i];
    for (int i = 1; i < n; i++)
        sum = accumulate(sum, terms[i]), size += fabs(terms[i]);
    if (!(fabs(sum.hi) < INFINITY))
        return (pair){sum.hi, 0.0};
    pair total = two_sum(sum.hi, sum.lo);
    total = quick_two_sum(total.hi, total.lo + sum.rest);
    return fabs(total.hi) > 1e-15 * size || total.hi == size ? total : distil(terms, n);
}

/* the same from the pairs, where they hardly cancel */
static pair linear_combination(double c, double s, double d, const sums *r)
{
    pair T = {s * r->T.hi, s * r->T.lo}, D = {d * r->D.hi, d * r->D.lo};
    pair sum = add((pair){c, 0.0}, add(T, D));
    return fabs(sum.hi) > 1e-14 * r->size ? sum : exact_linear_combination(c, s, d, r);
}

static double sign(double x) { return x != x ? x : (x > 0.0) - (x < 0.0); }

static double sign_of_discriminant(const sums *r)
{
    double disc = discriminant(r->T, r->D);
    if (fabs(disc) > 1e-26 * r->size * r->size)
        return sign(disc);
    double terms[2 * MOST_TERMS * MOST_TERMS + MOST_TERMS];
    int n = 0;
    for (int i = 0; i < r->nt; i++)
        for (int j = 0; j < r->nt; j++) {
            pair x = product(r->t[i], r->t[j]);
            terms[n++] = x.hi, terms[n++] = x.lo;
        }
    for (int i = 0; i < r->nd; i++)
        terms[n++] = -4.0 * r->d[i];
    return sign(distil(terms, n).hi);
}

static int8_t exact_regime(const double *t, int nt, const double *d, int nd, int underflows)
{
    (void)underflows;
    sums r = sums_of(t, nt, d, nd);
    double below = linear_combination(1.0, -1.0, 1.0, &r).hi;
    double above = linear_combination(1.0, 1.0, 1.0, &r).hi;
    double gap = linear_combination(1.0, 0.0, -1.0, &r).hi;
    if (below != below)
        return -128;
    if (!(below >= 0.0 && above >= 0.0 && gap >= 0.0))
        return -1;
    if (below == 0.0 || above == 0.0 || gap == 0.0)
        return 0;
    double disc = sign_of_discriminant(&r);
    if (disc != disc)
        return -128;
    if (disc <= 0.0)
        return disc == 0.0 ? 2 : 3;
    return linear_combination(0.0, 1.0, 0.0, &r).hi > 0.0 ? 1 : 4;
}

#endif
