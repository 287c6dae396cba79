/* Refuses calls on files below a folder, with an errno of one's choice.

   To be preloaded. REFUSE_UNDER names the folder; REFUSE_open, REFUSE_read and
   REFUSE_flock are the errno of opening for reading, of reading, and of locking; without
   them the calls are made. Names that end with REFUSE_EXCEPT are let through. With
   REFUSE_pretend locking does nothing, and succeeds. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int refused(const char *path, const char *call)
{
    char name[32];
    const char *folder = getenv("REFUSE_UNDER"), *end = getenv("REFUSE_EXCEPT");
    snprintf(name, sizeof name, "REFUSE_%s", call);
    const char *code = getenv(name);
    if (!code || !folder || strncmp(path, folder, strlen(folder)))
        return 0;
    if (end && strlen(path) >= strlen(end) && !strcmp(path + strlen(path) - strlen(end), end))
        return 0;
    errno = atoi(code);
    return errno;
}

static int fd_refused(int fd, const char *call)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    path[size < 0 ? 0 : size] = 0;
    return refused(path, call);
}

#define OPEN(name)                                                                     \
    int name(const char *path, int flags, ...)                                         \
    {                                                                                  \
        int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, #name);                 \
        va_list arguments;                                                             \
        va_start(arguments, flags);                                                    \
        mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;                 \
        va_end(arguments);                                                             \
        int reads = (flags & O_ACCMODE) == O_RDONLY && !(flags & O_DIRECTORY);         \
        return reads && refused(path, "open") ? -1 : next(path, flags, mode);          \
    }
OPEN(open)
OPEN(open64)

#define READ(name, offset_type)                                                        \
    ssize_t name(int fd, void *data, size_t size, offset_type offset)                  \
    {                                                                                  \
        ssize_t (*next)(int, void *, size_t, offset_type) = dlsym(RTLD_NEXT, #name);   \
        return fd_refused(fd, "read") ? -1 : next(fd, data, size, offset);             \
    }
READ(pread, off_t)
READ(pread64, off64_t)

ssize_t read(int fd, void *data, size_t size)
{
    ssize_t (*next)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
    return fd_refused(fd, "read") ? -1 : next(fd, data, size);
}

int flock(int fd, int operation)
{
    int (*next)(int, int) = dlsym(RTLD_NEXT, "flock");
    if (getenv("REFUSE_pretend"))
        return 0;
    return fd_refused(fd, "flock") ? -1 : next(fd, operation);
}
