/* A PC whose disk refuses writes and whose clock is wrong: preloaded into the program under test.

   Counts the calls that change files under a folder (BAD_PC_UNDER) and fails those whose count lies in
   a range; moves the clock on the wall, not the monotonic one. All this stands in a small shared file
   (BAD_PC_SAYS), into which the test writes while the program runs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

struct says { _Atomic int64_t calls, from, to, error, seconds_ahead; };
static struct says *says;
static const char *under;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("BAD_PC_SAYS");
    under = getenv("BAD_PC_UNDER");
    int fd = path ? open(path, O_RDWR) : -1;
    if (fd < 0 || !under) return;
    void *found = mmap(NULL, sizeof *says, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (found != MAP_FAILED) says = found;
}

static int refused(int fd) {
    char link[64], path[4096];
    if (!says) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    if (strncmp(path, under, strlen(under)) != 0) return 0;
    int64_t call = atomic_fetch_add(&says->calls, 1) + 1;
    if (call < says->from || call >= says->to) return 0;
    errno = (int)says->error;
    return 1;
}

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, #name))
ssize_t write(int fd, const void *data, size_t size) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = REAL(write, ssize_t (*)(int, const void *, size_t));
    return refused(fd) ? -1 : real(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = REAL(pwrite, ssize_t (*)(int, const void *, size_t, off_t));
    return refused(fd) ? -1 : real(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = REAL(pwrite64, ssize_t (*)(int, const void *, size_t, off64_t));
    return refused(fd) ? -1 : real(fd, data, size, at);
}
int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = REAL(fsync, int (*)(int));
    return refused(fd) ? -1 : real(fd);
}
int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = REAL(fdatasync, int (*)(int));
    return refused(fd) ? -1 : real(fd);
}
int ftruncate(int fd, off_t size) {
    static int (*real)(int, off_t);
    if (!real) real = REAL(ftruncate, int (*)(int, off_t));
    return refused(fd) ? -1 : real(fd, size);
}
int ftruncate64(int fd, off64_t size) {
    static int (*real)(int, off64_t);
    if (!real) real = REAL(ftruncate64, int (*)(int, off64_t));
    return refused(fd) ? -1 : real(fd, size);
}

int clock_gettime(clockid_t which, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = REAL(clock_gettime, int (*)(clockid_t, struct timespec *));
    int result = real(which, now);
    if (says && result == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
        now->tv_sec += says->seconds_ahead;
    return result;
}
time_t time(time_t *into) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (into) *into = now.tv_sec;
    return now.tv_sec;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}
