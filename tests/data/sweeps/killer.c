/* Kills its process just before the n-th call that changes files in a folder.

   To be preloaded. KILL_UNDER names the folder, KILL_AT the call, from 1 on; without it
   all calls are made. Their number goes to the file KILL_COUNT at a regular end. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;

static int in_folder(const char *path)
{
    const char *folder = getenv("KILL_UNDER");
    size_t size = folder ? strlen(folder) : 0;
    return size && !strncmp(path, folder, size) && (!path[size] || path[size] == '/');
}

static int fd_in_folder(int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    path[size < 0 ? 0 : size] = 0;
    return in_folder(path);
}

static int at_in_folder(int folder, const char *path)
{
    return path[0] == '/' ? in_folder(path) : fd_in_folder(folder);
}

static void count(int in)
{
    const char *at = getenv("KILL_AT");
    if (in && atomic_fetch_add(&calls, 1) + 1 == (at ? atol(at) : 0))
        kill(getpid(), SIGKILL);
}

__attribute__((destructor)) static void tell(void)
{
    const char *name = getenv("KILL_COUNT");
    FILE *file = name ? fopen(name, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", atomic_load(&calls));
        fclose(file);
    }
}

#define FOUND(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define COUNTED(result, name, parameters, arguments, in) \
    result name parameters \
    { \
        count(in); \
        return FOUND(name) arguments; \
    }

COUNTED(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size),
        fd_in_folder(fd))
COUNTED(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at),
        (fd, data, size, at), fd_in_folder(fd))
COUNTED(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at),
        (fd, data, size, at), fd_in_folder(fd))
COUNTED(ssize_t, writev, (int fd, const struct iovec *data, int pieces),
        (fd, data, pieces), fd_in_folder(fd))
COUNTED(int, ftruncate, (int fd, off_t size), (fd, size), fd_in_folder(fd))
COUNTED(int, ftruncate64, (int fd, off64_t size), (fd, size), fd_in_folder(fd))
COUNTED(int, truncate, (const char *path, off_t size), (path, size), in_folder(path))
COUNTED(int, truncate64, (const char *path, off64_t size), (path, size),
        in_folder(path))
COUNTED(int, fsync, (int fd), (fd), fd_in_folder(fd))
COUNTED(int, fdatasync, (int fd), (fd), fd_in_folder(fd))
COUNTED(int, rename, (const char *from, const char *to), (from, to),
        in_folder(from) || in_folder(to))
COUNTED(int, renameat, (int source, const char *from, int target, const char *to),
        (source, from, target, to),
        at_in_folder(source, from) || at_in_folder(target, to))
COUNTED(int, renameat2,
        (int source, const char *from, int target, const char *to, unsigned flags),
        (source, from, target, to, flags),
        at_in_folder(source, from) || at_in_folder(target, to))
COUNTED(int, unlink, (const char *path), (path), in_folder(path))
COUNTED(int, unlinkat, (int folder, const char *path, int flags),
        (folder, path, flags), at_in_folder(folder, path))
COUNTED(int, mkdir, (const char *path, mode_t mode), (path, mode), in_folder(path))
COUNTED(int, mkdirat, (int folder, const char *path, mode_t mode),
        (folder, path, mode), at_in_folder(folder, path))
COUNTED(int, rmdir, (const char *path), (path), in_folder(path))

#define MAKES(flags) (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)

#define OPENED(name, parameters, in, ...) \
    int name parameters \
    { \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = MAKES(flags) ? va_arg(more, mode_t) : 0; \
        va_end(more); \
        count((MAKES(flags) || flags & O_TRUNC) && in); \
        return FOUND(name)(__VA_ARGS__, flags, mode); \
    }

OPENED(open, (const char *path, int flags, ...), in_folder(path), path)
OPENED(open64, (const char *path, int flags, ...), in_folder(path), path)
OPENED(openat, (int folder, const char *path, int flags, ...),
       at_in_folder(folder, path), folder, path)
OPENED(openat64, (int folder, const char *path, int flags, ...),
       at_in_folder(folder, path), folder, path)
