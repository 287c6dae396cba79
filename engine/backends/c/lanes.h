/* The kernels of step_kernels.c for groups of LANES modes, which stay in registers. It is
 * included once for each kind of processor, with LANES, TARGET and NAMED(function). The
 * last group is filled up with modes that rest. */

TARGET static void NAMED(flush_denormals)(double *w, double *other)
{
    for (int i = 0; i < LANES; i++) {
        const int dead = fabs(w[i]) + fabs(other[i]) < TINY;
        w[i] = dead ? 0.0 : w[i];
        other[i] = dead ? 0.0 : other[i];
    }
}

TARGET static void NAMED(move)(const double *trace, const double *determinant, double *w,
                               double *last, int64_t count, int64_t steps)
{
    double t[LANES] = {0}, d[LANES] = {0}, a[LANES] = {0}, b[LANES] = {0};
    const size_t size = (size_t)count * sizeof(double);
    memcpy(t, trace, size), memcpy(d, determinant, size);
    memcpy(a, w, size), memcpy(b, last, size);
    for (int i = 0; i < LANES; i++)
        b[i] = a[i] - b[i];
    for (; steps > 0; steps -= SPAN) {
        const int some = steps < SPAN ? (int)steps : SPAN;
        for (int s = 0; s < some / 2; s++) {
            for (int i = 0; i < LANES; i++)
                b[i] = fma(t[i], a[i], -(d[i] * b[i]));
            for (int i = 0; i < LANES; i++)
                a[i] = fma(t[i], b[i], -(d[i] * a[i]));
        }
        for (int i = 0; some % 2 && i < LANES; i++) {
            const double after = fma(t[i], a[i], -(d[i] * b[i]));
            b[i] = a[i], a[i] = after;
        }
        NAMED(flush_denormals)(a, b);
    }
    for (int i = 0; i < LANES; i++)
        b[i] = a[i] - b[i];
    memcpy(w, a, size), memcpy(last, b, size);
}

TARGET static void NAMED(follow)(const double *k, const double *eps, const double *p,
                                 int64_t steps, double *w, double *last, int64_t count)
{
    double c[LANES] = {0}, a[LANES] = {0}, b[LANES] = {0};
    const size_t size = (size_t)count * sizeof(double);
    memcpy(c, k, size), memcpy(a, w, size), memcpy(b, last, size);
    for (int64_t start = 0; start < steps; start += SPAN) {
        const int64_t end = start + SPAN < steps ? start + SPAN : steps;
        for (int64_t s = start; s < end; s++)
            for (int i = 0; i < LANES; i++) {
                b[i] = fma(-(eps[s] * c[i]), a[i], p[s] * b[i]);
                a[i] += b[i];
            }
        NAMED(flush_denormals)(a, b);
    }
    memcpy(w, a, size), memcpy(last, b, size);
}

/* what the processor can do at most: a multiplication and an addition at a time, on
 * nothing but registers; more of them than have to wait for each other */
enum { NAMED(chains) = LANES / 2 * 3 };
#define CHAINS NAMED(chains)
TARGET static double NAMED(multiply_add)(double x, int64_t rounds)
{
    double a[CHAINS], sum = 0.0;
    for (int i = 0; i < CHAINS; i++)
        a[i] = i;
    for (int64_t s = 0; s < rounds; s++)
        for (int i = 0; i < CHAINS; i++)
            a[i] = fma(a[i], x, x);
    for (int i = 0; i < CHAINS; i++)
        sum += a[i];
    return sum;
}

#undef CHAINS
#undef LANES
#undef TARGET
#undef NAMED
