/* Faults at chosen calls, for benchmarks/faults.py: preloaded, armed by fault_arm(), counts calls on files under a folder.
 *
 * Build: cc -shared -fPIC -O1 -o fault_shim.so fault_shim.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NONE, EIO_WRITE, FULL, KILL_RENAME, KILL_WRITE, EIO_FSYNC, DENIED, NO_MEMORY, EIO_RENAME };

static char under[4096];
static int mode = NONE;
static long at = 0;
static atomic_long calls;
static const size_t LARGE = 1 << 16;

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);

void fault_arm(const char *folder, int what, long number) {
    strncpy(under, folder, sizeof under - 1);
    at = number;
    atomic_store(&calls, 0);
    mode = what;
}

long fault_calls(void) { return atomic_load(&calls); }

static int ours(const char *path) { return path && under[0] && strncmp(path, under, strlen(under)) == 0; }

static int ours_fd(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return ours(path);
}

/* 0 where the call may go on, else an errno. */
static int due(int first, int second, int error) {
    if (mode == NONE || (mode != first && mode != second)) return 0;
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (at <= 0 || (mode == FULL ? number < at : number != at)) return 0;
    if (mode == KILL_RENAME || mode == KILL_WRITE) kill(getpid(), SIGKILL);
    return mode == FULL ? ENOSPC : error;
}

static int due_write(int fd) {
    if ((mode == EIO_WRITE || mode == FULL || mode == KILL_WRITE) && ours_fd(fd))
        return mode == KILL_WRITE ? due(KILL_WRITE, KILL_WRITE, EIO) : due(EIO_WRITE, FULL, EIO);
    return 0;
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name)
#define FAIL(error, value) do { errno = (error); return (value); } while (0)

ssize_t write(int fd, const void *data, size_t n) {
    REAL(write); int e = due_write(fd); if (e) FAIL(e, -1); return real(fd, data, n);
}
ssize_t writev(int fd, const struct iovec *v, int n) {
    REAL(writev); int e = due_write(fd); if (e) FAIL(e, -1); return real(fd, v, n);
}
ssize_t pwrite(int fd, const void *data, size_t n, off_t o) {
    REAL(pwrite); int e = due_write(fd); if (e) FAIL(e, -1); return real(fd, data, n, o);
}
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t o) {
    REAL(pwrite64); int e = due_write(fd); if (e) FAIL(e, -1); return real(fd, data, n, o);
}
size_t fwrite(const void *data, size_t size, size_t n, FILE *f) {
    REAL(fwrite); int e = mode == NONE ? 0 : due_write(fileno(f)); if (e) FAIL(e, 0); return real(data, size, n, f);
}
int fsync(int fd) {
    REAL(fsync);
    if (mode == EIO_FSYNC && ours_fd(fd)) { int e = due(EIO_FSYNC, EIO_FSYNC, EIO); if (e) FAIL(e, -1); }
    return real(fd);
}
static int due_rename(const char *to) {
    if ((mode != KILL_RENAME && mode != EIO_RENAME) || !ours(to)) return 0;
    return due(KILL_RENAME, EIO_RENAME, EIO);
}
int rename(const char *from, const char *to) {
    REAL(rename); int e = due_rename(to); if (e) FAIL(e, -1); return real(from, to);
}
int renameat(int a, const char *from, int b, const char *to) {
    REAL(renameat); int e = due_rename(to); if (e) FAIL(e, -1); return real(a, from, b, to);
}
static int due_open(const char *path, int flags) {
    if (mode != DENIED || !(flags & (O_WRONLY | O_RDWR)) || !ours(path)) return 0;
    return due(DENIED, DENIED, EACCES);
}
#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); va_list more; va_start(more, flags); mode_t m = va_arg(more, mode_t); va_end(more); \
        int e = due_open(path, flags); if (e) FAIL(e, -1); return real(path, flags, m); }
OPENS(open)
OPENS(open64)
#define OPENATS(name) \
    int name(int at_fd, const char *path, int flags, ...) { \
        REAL(name); va_list more; va_start(more, flags); mode_t m = va_arg(more, mode_t); va_end(more); \
        int e = due_open(path, flags); if (e) FAIL(e, -1); return real(at_fd, path, flags, m); }
OPENATS(openat)
OPENATS(openat64)
FILE *fopen64(const char *path, const char *how) {
    REAL(fopen64); int e = due_open(path, strpbrk(how, "wa+") ? O_WRONLY : 0); if (e) FAIL(e, NULL); return real(path, how);
}
FILE *fopen(const char *path, const char *how) {
    REAL(fopen); int e = due_open(path, strpbrk(how, "wa+") ? O_WRONLY : 0); if (e) FAIL(e, NULL); return real(path, how);
}
void *malloc(size_t n) {
    if (mode == NO_MEMORY && n >= LARGE && due(NO_MEMORY, NO_MEMORY, ENOMEM)) FAIL(ENOMEM, NULL);
    return __libc_malloc(n);
}
void *calloc(size_t k, size_t n) {
    if (mode == NO_MEMORY && k * n >= LARGE && due(NO_MEMORY, NO_MEMORY, ENOMEM)) FAIL(ENOMEM, NULL);
    return __libc_calloc(k, n);
}
