/* Sums of doubles that are exact, or as a high and a low half: the twin of
 * arithmetic/double_double.py and exact_sums.py.
 *
 * Compiled with -ffp-contract=off, so that every operation is rounded as it is written
 * and the bits are those of the Numba kernels. fma() and sqrt() are rounded once by
 * definition; no other function of the mathematical library decides a bit of
 * spectral_radius or regime. */

#ifndef CRITDAMP_DOUBLE_DOUBLE_H
#define CRITDAMP_DOUBLE_DOUBLE_H

#include <math.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

typedef struct {
    double hi, lo;
} pair;

/* s = fl(a + b) and what it lacks, exactly (Knuth) */
INLINE pair two_sum(double a, double b)
{
    double s = a + b, v = s - a;
    return (pair){s, (a - (s - v)) + (b - v)};
}

/* the same where a = 0 or |a| >= |b| (Dekker) */
INLINE pair quick_two_sum(double a, double b)
{
    double s = a + b;
    return (pair){s, b - (s - a)};
}

INLINE pair product(double a, double b)
{
    double hi = a * b;
    return (pair){hi, fma(a, b, -hi)};
}

INLINE pair add(pair a, pair b)
{
    pair s = two_sum(a.hi, b.hi), t = two_sum(a.lo, b.lo);
    s = quick_two_sum(s.hi, s.lo + t.hi);
    return quick_two_sum(s.hi, s.lo + t.lo);
}

INLINE double known(double lo) { return lo == lo ? lo : 0.0; }

/* the sum of n doubles, not yet normalised; the last one should vary fastest */
INLINE pair gather(const double *terms, int n)
{
    pair sum = {terms[0], 0.0};
    for (int i = 1; i < n; i++) {
        sum = quick_two_sum(sum.hi, known(sum.lo));
        pair s = two_sum(sum.hi, terms[i]);
        sum = (pair){s.hi, sum.lo + s.lo};
    }
    return sum;
}

INLINE pair total(const double *terms, int n)
{
    pair sum = gather(terms, n);
    return quick_two_sum(sum.hi, known(sum.lo));
}

/* T^2 - 4 D of two pairs as a double */
INLINE double discriminant(pair T, pair D)
{
    return fma(2.0 * T.hi, T.lo, fma(T.hi, T.hi, -4.0 * D.hi)) - 4.0 * D.lo;
}

/* whether x^2 - 4 y = disc errs too little for (x + sqrt(disc))/2 to lose a digit */
INLINE int is_certain(double x, double disc, double size)
{
    return fabs(disc) * (x * x) > 0x1p-88 * (size * size) * (size * size);
}

INLINE double absolute_sum(const double *terms, int n)
{
    double size = 0.0;
    for (int i = 0; i < n; i++)
        size += fabs(terms[i]);
    return size;
}

#endif
