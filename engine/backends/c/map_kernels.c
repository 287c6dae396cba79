/* Parallel kernels that fill a block of a grid, the twin of templates.py.
 *
 * A row has one curvature and one value of each parameter but the last, which varies
 * along it. Rows go to threads; nothing is reduced across them, so that the bits do not
 * depend on how many there are. Each row is compiled for several processors, and the
 * loader takes the widest that the machine has. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "methods.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#define CLONES                                                                         \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

enum { NOT_COMPUTED = -128, BLOCK = 64, CHUNK = 64 };

/* Copy to a place that is aligned to 64 bytes without reading what is there. */
INLINE void stream(void *to, const void *from, size_t size)
{
#ifdef __SSE2__
    for (size_t i = 0; i < size; i += sizeof(__m128i))
        _mm_stream_si128((void *)((char *)to + i),
                         _mm_load_si128((const void *)((const char *)from + i)));
#else
    memcpy(to, from, size);
#endif
}

static int increases(const double *values, int64_t n)
{
    int rises = 1;
    for (int64_t i = 1; i < n; i++)
        rises &= values[i - 1] <= values[i];
    return rises;
}

#include "rate.h"
#include "regime.h"
#include "spectral_radius.h"

/* The values of a row that a quick function left in doubt, from exact sums. */
#define EXACT(method, quantity, type)                                                  \
    static void method##_##quantity##_doubts(const double *head, double k,             \
                                             const double *inner, int64_t n, type *out) \
    {                                                                                  \
        for (int64_t j = 0; j < n; j++)                                                \
            if (out[j] == NOT_COMPUTED || out[j] != out[j]) {                          \
                double t[method##_T], d[method##_D];                                   \
                step to = gradient_step(method##_eps(head, inner[j]), k);              \
                method##_terms(head, inner[j], to.x, t, d);                            \
                out[j] = exact_##quantity(t, method##_T, d, method##_D, to.underflows);\
            }                                                                          \
    }

/* eps k at a point of a row */
#define PRODUCT(method, value) times(method##_eps(head, value), k)

/* What a function of the terms returns, n times along a row. */
#define ROW(method, function, type)                                                    \
    CLONES void method##_##function##_row(const double *head, double k,                \
                                          const double *inner, int64_t n, type *restrict out) \
    {                                                                                  \
        for (int64_t j = 0; j < n; j++) {                                              \
            double t[method##_T], d[method##_D];                                       \
            method##_terms(head, inner[j], PRODUCT(method, inner[j]), t, d);           \
            out[j] = function(t, method##_T, d, method##_D);                           \
        }                                                                              \
    }

/* The same by a quick function, made in the cache and streamed to memory in chunks that begin where a line
 * of memory does: one that is stored in the usual way is read first. Doubts are rare. */
#define STREAMED_ROW(method, quantity, type)                                           \
    EXACT(method, quantity, type)                                                      \
    INLINE void method##_##quantity##_part(const double *head, double k,               \
                                           const double *inner, int64_t n, type *restrict out) \
    {                                                                                  \
        type chunk[CHUNK] __attribute__((aligned(64)));                                \
        int64_t doubts = 0;                                                            \
        for (int64_t j = 0; j < n; j++) {                                              \
            double t[method##_T], d[method##_D];                                       \
            method##_terms(head, inner[j], PRODUCT(method, inner[j]), t, d);           \
            chunk[j] = quick_##quantity(t, method##_T, d, method##_D);                 \
            doubts += chunk[j] != chunk[j];                                            \
        }                                                                              \
        if (doubts)                                                                    \
            method##_##quantity##_doubts(head, k, inner, n, chunk);                    \
        if (n == CHUNK)                                                                \
            stream(out, chunk, sizeof chunk);                                          \
        else                                                                           \
            memcpy(out, chunk, (size_t)n * sizeof(type));                              \
    }                                                                                  \
    CLONES void method##_##quantity##_row(const double *head, double k,                \
                                          const double *inner, int64_t n, type *restrict out) \
    {                                                                                  \
        double slower[method##_head + 1]; /* which no store can change */              \
        for (int i = 0; i < method##_head; i++)                                        \
            slower[i] = head[i];                                                       \
        int64_t start = CHUNK - (int64_t)((uintptr_t)out / sizeof(type) % CHUNK);      \
        start = (start < n ? start : n) % CHUNK;                                       \
        method##_##quantity##_part(slower, k, inner, start, out);                      \
        for (; start + CHUNK <= n; start += CHUNK)                                     \
            method##_##quantity##_part(slower, k, inner + start, CHUNK, out + start);  \
        method##_##quantity##_part(slower, k, inner + start, n - start, out + start);  \
    }

/* What a quick function knows, and an exact one for the rest. */
#define QUICK_ROW(method, quantity, type)                                              \
    ROW(method, quick_##quantity, type)                                                \
    EXACT(method, quantity, type)                                                      \
    static void method##_##quantity##_row(const double *head, double k,                \
                                          const double *inner, int64_t n, type *restrict out) \
    {                                                                                  \
        method##_quick_##quantity##_row(head, k, inner, n, out);                       \
        method##_##quantity##_doubts(head, k, inner, n, out);                          \
    }

/* What holds at a whole block of a row, which its first place keeps until it is filled,
 * and the above for the rest. */
#define BLOCK_ROW(method, quantity, type)                                              \
    CLONES void method##_##quantity##_between(                                         \
        const double *head, double k, const double *inner, int64_t blocks, type *restrict out) \
    {                                                                                  \
        for (int64_t i = 0; i < blocks; i++) {                                         \
            double t[method##_T], d[method##_D], u[method##_T], e[method##_D];         \
            const double first = inner[i * BLOCK], last = inner[i * BLOCK + BLOCK - 1];\
            method##_terms(head, first, PRODUCT(method, first), t, d);                 \
            method##_terms(head, last, PRODUCT(method, last), u, e);                   \
            out[i * BLOCK] = quantity##_between(t, u, method##_T, d, e, method##_D);   \
        }                                                                              \
    }                                                                                  \
    static void method##_##quantity##_blocks_row(                                      \
        const double *head, double k, const double *inner, int64_t n, type *restrict out) \
    {                                                                                  \
        const int64_t whole = n - n % BLOCK;                                           \
        method##_##quantity##_between(head, k, inner, n / BLOCK, out);                 \
        for (int64_t i = 0; i < whole; i += BLOCK)                                     \
            if (out[i] == NOT_COMPUTED)                                                \
                method##_##quantity##_row(head, k, inner + i, BLOCK, out + i);         \
            else                                                                       \
                memset(out + i, out[i], BLOCK);                                        \
        method##_##quantity##_row(head, k, inner + whole, n - whole, out + whole);     \
    }

/* The kernel: head is (head, rows), k (rows), inner (n), out (rows, n). It takes one
 * kernel of a row where inner increases, and another elsewhere. */
#define GRID(method, quantity, type, rising_row, any_row)                              \
    void method##_##quantity(const double *head, const double *k, const double *inner, \
                             int64_t rows, int64_t n, type *out, int threads)          \
    {                                                                                  \
        const int rises = increases(inner, n);                                         \
        _Pragma("omp parallel for schedule(static) num_threads(threads)")              \
        for (int64_t row = 0; row < rows; row++) {                                     \
            double values[method##_head + 1];                                          \
            for (int i = 0; i < method##_head; i++)                                    \
                values[i] = head[i * rows + row];                                      \
            (rises ? method##_##rising_row : method##_##any_row)(                      \
                values, k[row], inner, n, out + row * n);                              \
        }                                                                              \
    }

#define KERNELS(method)                                                                \
    STREAMED_ROW(method, spectral_radius, double)                                      \
    GRID(method, spectral_radius, double, spectral_radius_row, spectral_radius_row)    \
    QUICK_ROW(method, regime, int8_t)                                                  \
    BLOCK_ROW(method, regime, int8_t)                                                  \
    GRID(method, regime, int8_t, regime_blocks_row, regime_row)                        \
    QUICK_ROW(method, rate, double)                                                    \
    GRID(method, rate, double, rate_row, rate_row)

KERNELS(heavy_ball)
KERNELS(gradient_descent)
KERNELS(nesterov)
KERNELS(qhm)

/* Importing the module proves that it can be loaded; its functions are called through
 * ctypes, which lets go of Python's lock while they run. */
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_kernels", NULL, 0,
                                    NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__kernels(void) { return PyModule_Create(&module); }
