/* Parallel kernels that fill a block of a grid, the twin of kernels.py.
 *
 * A row has one curvature and one value of each parameter but the last, which varies
 * along it. Rows go to threads; nothing is reduced across them, so that the bits do not
 * depend on how many there are. Each row is compiled for several processors, and the
 * loader takes the widest that the machine has. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>

#include "methods.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#define CLONES                                                                         \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

enum { NOT_COMPUTED = -128 };

/* max|lambda| of lambda^2 - T lambda + D = 0, within 2 ulp (see quantities.py) */
INLINE double spectral_radius(const double *t, int nt, const double *d, int nd)
{
    pair raw = gather(t, nt), T = quick_two_sum(raw.hi, raw.lo), D = gather(d, nd);
    double disc = discriminant(T, D);
    int real = !(disc < 0.0);
    /* in one expression: GCC otherwise takes a root for each case */
    double rho = 0.5 * ((real ? fabs(T.hi) : 0.0) + sqrt(real ? disc : 4.0 * D.hi));
    return fabs(raw.hi) > 1e150 ? fabs(raw.hi) : rho;
}

/* the code of the regime where doubles are certain of every sign (see regimes.py) */
INLINE int8_t quick_regime(const double *t, int nt, const double *d, int nd)
{
    double T = 0.0, D = 0.0, size = 1.0;
    for (int i = 0; i < nt; i++)
        T += t[i], size += fabs(t[i]);
    for (int i = 0; i < nd; i++)
        D += d[i], size += fabs(d[i]);
    double doubt = 1e-14 * size, below = 1.0 - T + D, above = 1.0 + T + D, gap = 1.0 - D;
    double disc = T * T - 4.0 * D;
    int known = (fabs(below) > doubt) & (fabs(above) > doubt) & (fabs(gap) > doubt);
    int outside = (below < 0.0) | (above < 0.0) | (gap < 0.0);
    known &= outside | ((fabs(disc) > doubt * size) & (fabs(T) > doubt));
    int code = disc < 0.0 ? 3 : T > 0.0 ? 1 : 4;
    code = outside ? -1 : code;
    return (int8_t)(known ? code : NOT_COMPUTED);
}

#include "rates.h"

/* a row of what a function of the terms returns */
#define ROW(method, function, type)                                                    \
    CLONES void method##_##function##_row(const double *head, double k,                \
                                          const double *inner, int64_t n, type *out)   \
    {                                                                                  \
        for (int64_t j = 0; j < n; j++) {                                              \
            double t[method##_T], d[method##_D];                                       \
            method##_terms(head, inner[j], k, t, d);                                   \
            out[j] = function(t, method##_T, d, method##_D);                           \
        }                                                                              \
    }

/* a row of what a quick function knows, and an exact one for the rest */
#define QUICK_ROW(method, quantity, type)                                              \
    ROW(method, quick_##quantity, type)                                                \
    static void method##_##quantity##_row(const double *head, double k,                \
                                          const double *inner, int64_t n, type *out)   \
    {                                                                                  \
        method##_quick_##quantity##_row(head, k, inner, n, out);                       \
        for (int64_t j = 0; j < n; j++)                                                \
            if (out[j] == NOT_COMPUTED || out[j] != out[j]) {                          \
                double t[method##_T], d[method##_D];                                   \
                method##_terms(head, inner[j], k, t, d);                               \
                out[j] = exact_##quantity(t, method##_T, d, method##_D);               \
            }                                                                          \
    }

/* head is (head, rows), k (rows), inner (n), out (rows, n) */
#define GRID(method, quantity, type)                                                   \
    void method##_##quantity(const double *head, const double *k, const double *inner, \
                             int64_t rows, int64_t n, type *out, int threads)          \
    {                                                                                  \
        _Pragma("omp parallel for schedule(static) num_threads(threads)")              \
        for (int64_t row = 0; row < rows; row++) {                                     \
            double values[method##_head + 1];                                          \
            for (int i = 0; i < method##_head; i++)                                    \
                values[i] = head[i * rows + row];                                      \
            method##_##quantity##_row(values, k[row], inner, n, out + row * n);        \
        }                                                                              \
    }

#define KERNELS(method)                                                                \
    ROW(method, spectral_radius, double)                                               \
    GRID(method, spectral_radius, double)                                              \
    QUICK_ROW(method, regime, int8_t)                                                  \
    GRID(method, regime, int8_t)                                                       \
    QUICK_ROW(method, rate, double)                                                    \
    GRID(method, rate, double)

KERNELS(heavy_ball)
KERNELS(gradient_descent)
KERNELS(nesterov)
KERNELS(qhm)

/* Importing the module proves that it can be loaded; its functions are called through
 * ctypes, which lets go of Python's lock while they run. */
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_kernels", NULL, 0,
                                    NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__kernels(void) { return PyModule_Create(&module); }
