/* Methods: T and D as sums of doubles that are exact, the twin of modes/methods.py. */

#ifndef CRITDAMP_METHODS_H
#define CRITDAMP_METHODS_H

#include "double_double.h"

/* a b exactly as two doubles, as (+-inf, 0) beyond the largest double */
INLINE pair times(double a, double b)
{
    pair x = product(a, b);
    return (pair){x.hi, fabs(x.hi) < INFINITY ? x.lo : 0.0};
}

typedef struct {
    pair x;
    int underflows;
} step;

/* eps k as above, and whether digits of it are lost in an underflow; its sign holds. Where
 * that counts, quick functions are in doubt, and need it not. */
INLINE step gradient_step(double eps, double k)
{
    pair x = times(eps, k);
    int tiny = (fabs(x.hi) < 0x1p-969) & (eps != 0.0) & (k != 0.0);
    double factor = tiny ? 0x1p540 : 1.0;
    int low = fabs(eps) < fabs(k);
    pair scaled = product((low ? eps : k) * factor, low ? k : eps);
    int lost = tiny & ((x.hi == 0.0) | (x.hi * factor != scaled.hi) | (scaled.lo != 0.0));
    int gone = tiny & (x.hi == 0.0);
    return (step){{gone ? copysign(0x1p-1074, x.hi) : x.hi, x.lo}, lost};
}

/* For each method: how many terms T and D have, and how many parameters it takes before
 * the one that varies along a row. */
enum { heavy_ball_T = 4, heavy_ball_D = 1, heavy_ball_head = 1 };
enum { gradient_descent_T = 3, gradient_descent_D = 1, gradient_descent_head = 0 };
enum { nesterov_T = 8, nesterov_D = 5, nesterov_head = 1 };
enum { qhm_T = 12, qhm_D = 13, qhm_head = 2 };

INLINE void heavy_ball_terms(const double *head, double p, pair x, double *t, double *d)
{
    (void)head;
    t[0] = 1.0, t[1] = -x.hi, t[2] = -x.lo, t[3] = p;
    d[0] = p;
}

INLINE void gradient_descent_terms(const double *head, double eps, pair x, double *t,
                                   double *d)
{
    (void)head, (void)eps;
    t[0] = 1.0, t[1] = -x.hi, t[2] = -x.lo;
    d[0] = 0.0;
}

INLINE void nesterov_terms(const double *head, double p, pair x, double *t, double *d)
{
    (void)head;
    pair a = times(p, x.hi), b = times(p, x.lo);
    t[0] = 1.0, t[1] = -x.hi, t[2] = -x.lo, t[3] = p;
    t[4] = -a.hi, t[5] = -a.lo, t[6] = -b.hi, t[7] = -b.lo;
    d[0] = p, d[1] = -a.hi, d[2] = -a.lo, d[3] = -b.hi, d[4] = -b.lo;
}

INLINE void qhm_terms(const double *head, double p, pair x, double *t, double *d)
{
    double nu = head[0];
    pair m = times(nu, p);
    pair xp = times(p, x.hi), yp = times(p, x.lo);
    pair a = times(m.hi, x.hi), b = times(m.hi, x.lo);
    pair c = times(m.lo, x.hi), e = times(m.lo, x.lo);
    double first[11] = {1.0,  -x.hi, -x.lo, a.hi, a.lo, b.hi,
                        b.lo, c.hi,  c.lo,  e.hi, e.lo};
    for (int i = 0; i < 11; i++)
        t[i] = first[i];
    t[11] = p;
    d[0] = p, d[1] = -xp.hi, d[2] = -xp.lo, d[3] = -yp.hi, d[4] = -yp.lo;
    for (int i = 3; i < 11; i++)
        d[i + 2] = first[i];
}

/* the learning rate of a point */
INLINE double heavy_ball_eps(const double *head, double p) { return (void)p, head[0]; }
INLINE double gradient_descent_eps(const double *head, double eps) { return (void)head, eps; }
INLINE double nesterov_eps(const double *head, double p) { return (void)p, head[0]; }
INLINE double qhm_eps(const double *head, double p) { return (void)p, head[1]; }

#endif
