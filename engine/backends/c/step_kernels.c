/* Modes through time, a group from the first to the last step before the next one: the
 * twin of simulation/step_kernels.py, whose comments hold here. Groups go to threads. */

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { SPAN = 240 };
#define TINY 1e-290

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#define LANES 24
#define TARGET __attribute__((target("arch=x86-64-v3")))
#define NAMED(function) function##_v3
#include "lanes.h"
#define LANES 64
#define TARGET __attribute__((target("arch=x86-64-v4")))
#define NAMED(function) function##_v4
#include "lanes.h"
#define KNOWS(level) __builtin_cpu_supports("x86-64-" #level)
#else
#define KNOWS(level) 0
#define move_v3 move_any
#define move_v4 move_any
#define follow_v3 follow_any
#define follow_v4 follow_any
#define multiply_add_v3 multiply_add_any
#define multiply_add_v4 multiply_add_any
#endif

#define LANES 24
#define TARGET
#define NAMED(function) function##_any
#include "lanes.h"

typedef struct {
    int lanes;
    void (*move)(const double *, const double *, double *, double *, int64_t, int64_t);
    void (*follow)(const double *, const double *, const double *, int64_t, double *,
                   double *, int64_t);
    double (*multiply_add)(double, int64_t);
} kernels;

static kernels best(void)
{
    if (KNOWS(v4))
        return (kernels){64, move_v4, follow_v4, multiply_add_v4};
    if (KNOWS(v3))
        return (kernels){24, move_v3, follow_v3, multiply_add_v3};
    return (kernels){24, move_any, follow_any, multiply_add_any};
}

/* w_{t+1} = T w_t - D w_{t-1}, so many times, for n modes */
void move(const double *trace, const double *determinant, double *w, double *last,
          int64_t n, int64_t steps, int threads)
{
    const kernels here = best();
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t i = 0; i < n; i += here.lanes)
        here.move(trace + i, determinant + i, w + i, last + i,
                  n - i < here.lanes ? n - i : here.lanes, steps);
}

/* one step of the heavy ball for each eps and p, for n modes */
void follow(const double *k, const double *eps, const double *p, int64_t steps, double *w,
            double *last, int64_t n, int threads)
{
    const kernels here = best();
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t i = 0; i < n; i += here.lanes)
        here.follow(k + i, eps, p, steps, w + i, last + i,
                    n - i < here.lanes ? n - i : here.lanes);
}

/* returns how many multiplications and additions each thread did; x is near 1 */
int64_t multiply_add(double x, int64_t rounds, int threads, double *sums)
{
    const kernels here = best();
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int i = 0; i < threads; i++)
        sums[i] = here.multiply_add(x, rounds);
    return rounds * (here.lanes / 2 * 3);
}
