/* max|lambda| of lambda^2 - T lambda + D = 0, within 2 ulp: the twin of
 * quantities/spectral_radius.py. */

#ifndef CRITDAMP_SPECTRAL_RADIUS_H
#define CRITDAMP_SPECTRAL_RADIUS_H

#include "stability.h"

INLINE double radius(double size, pair T, pair D, double disc)
{
    int real = !(disc < 0.0);
    /* in one expression: GCC otherwise takes a root for each case */
    double rho = 0.5 * ((real ? fabs(T.hi) : 0.0) + sqrt(real ? disc : 4.0 * D.hi));
    return size > 1e150 ? size : rho;
}

/* NaN where T or the discriminant cancels too far for its digits */
INLINE double quick_spectral_radius(const double *t, int nt, const double *d, int nd)
{
    pair raw = gather(t, nt), T = quick_two_sum(raw.hi, raw.lo), D = gather(d, nd);
    /* of so few terms T is the sum of two doubles where it cancels, without an error */
    if (nd == 1 && nt <= 4)
        return radius(fabs(raw.hi), T, D, discriminant(T, D));
    D = quick_two_sum(D.hi, D.lo);
    double disc = discriminant(T, D), rho = radius(fabs(raw.hi), T, D, disc);
    double size = 1.0 + absolute_sum(t, nt) + absolute_sum(d, nd);
    return is_certain(T.hi, disc, size) ? rho : NAN;
}

static double exact_spectral_radius(const double *t, int nt, const double *d, int nd,
                                    int underflows)
{
    (void)underflows;
    sums r = {t, d, nt, nd, {0.0, 0.0}, {0.0, 0.0}, 0.0};
    pair T = exact_linear_combination(0.0, 1.0, 0.0, &r);
    pair D = exact_linear_combination(0.0, 0.0, 1.0, &r);
    return radius(fabs(T.hi), T, D, discriminant(T, D));
}

#endif
