/* A disk that records what it is told, and fails when it is told to: preloaded (LD_PRELOAD) into a process under test.

   Files below the directory $DISK_ROOT only. With $DISK_LOG every write, cut, sync, rename and removal is appended to
   that file as: kind (1 byte), length of the path, of a second path or data, and offset (8 bytes each), path, data.
   failing_disk(n, error, times): from the n-th write, cut or sync on, so many of them fail with this errno. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static long left = -1, times = 0, steps = 0;
static int error = 0, log_fd = -2;

void failing_disk(long n, int with, long how_often) { left = n; error = with; times = how_often; steps = 0; }
long failing_disk_steps(void) { return steps; }

static int inside(const char *path) {
    const char *root = getenv("DISK_ROOT");
    return root && !strncmp(path, root, strlen(root));
}

static int path_of(int fd, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, size - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return inside(path) && !strstr(path, "-shm"); /* shared memory, made anew at every start */
}

static void put(const void *data, size_t n) {
    if (syscall(SYS_write, log_fd, data, n) != (ssize_t)n) abort();
}

static void record(char kind, const char *path, const void *data, uint64_t n, uint64_t offset) {
    if (log_fd == -2) {
        const char *name = getenv("DISK_LOG");
        log_fd = name ? (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    }
    if (log_fd < 0) return;
    uint64_t sizes[3] = {strlen(path), n, offset};
    put(&kind, 1);
    put(sizes, sizeof sizes);
    put(path, sizes[0]);
    put(data, n);
}

/* Whether this step fails; each counts. */
static int fails(void) {
    steps++;
    if (left > 0) left--;
    if (left == 0 && times > 0) {
        times--;
        errno = error;
        return 1;
    }
    return 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static ssize_t positioned(int fd, const void *data, size_t n, off64_t offset) {
    char path[4096];
    if (path_of(fd, path, sizeof path)) {
        if (fails()) {
            if (n > 512 && error == ENOSPC) return REAL(pwrite64)(fd, data, n / 1024 * 512, offset); /* a part fits */
            return -1;
        }
        record('w', path, data, n, (uint64_t)offset);
    }
    return REAL(pwrite64)(fd, data, n, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t offset) { return positioned(fd, data, n, offset); }
ssize_t pwrite(int fd, const void *data, size_t n, off_t offset) { return positioned(fd, data, n, offset); }

ssize_t write(int fd, const void *data, size_t n) {
    char path[4096];
    if (path_of(fd, path, sizeof path)) {
        if (fails()) return -1;
        record('w', path, data, n, (uint64_t)lseek64(fd, 0, SEEK_CUR));
    }
    return REAL(write)(fd, data, n);
}

static int cut(int fd, off64_t size) {
    char path[4096];
    if (path_of(fd, path, sizeof path)) {
        if (fails()) return -1;
        record('t', path, "", 0, (uint64_t)size);
    }
    return REAL(ftruncate64)(fd, size);
}

int ftruncate64(int fd, off64_t size) { return cut(fd, size); }
int ftruncate(int fd, off_t size) { return cut(fd, size); }

static int synced(int fd, int (*real)(int)) {
    char path[4096];
    if (path_of(fd, path, sizeof path)) {
        if (fails()) return -1;
        record('s', path, "", 0, 0);
    }
    return real(fd);
}

int fsync(int fd) { return synced(fd, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }

int rename(const char *old, const char *new) {
    if (inside(old)) record('r', old, new, strlen(new), 0);
    return REAL(rename)(old, new);
}

int unlink(const char *path) {
    if (inside(path)) record('u', path, "", 0, 0);
    return REAL(unlink)(path);
}
