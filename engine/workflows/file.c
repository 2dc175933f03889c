#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "core/nt_id.h"
#include "engine/workflows/file.h"

#define NT_TEMP_PREFIX  ".tmp-"
#define NT_TEMP_MAX_AGE 3600 /* seconds; no write takes that long */


static int
read_all(int fd, nt_buf_t *content, size_t max)
{
    for (;;) {
        ssize_t n;
        char   *p = nt_buf_reserve(content, 16384);

        if (p == NULL) {
            return ENOMEM;
        }

        n = read(fd, p, 16384);

        if (n == 0) {
            return 0;
        }

        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return errno;
        }

        content->len += (size_t) n;

        if (content->len > max) {
            return EFBIG;
        }
    }
}


int
nt_file_read(int dir, const char *name, size_t max, nt_buf_t *content,
             struct stat *st)
{
    int err;
    /* not to hang on a FIFO that somebody put there */
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd == -1) {
        return errno;
    }

    if (fstat(fd, st) == -1) {
        err = errno;

    } else if (!S_ISREG(st->st_mode)) {
        err = EINVAL;

    } else {
        err = read_all(fd, content, max);
    }

    (void) close(fd);

    return err;
}


static int
write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return errno;
        }

        data += n;
        len -= (size_t) n;
    }

    return fsync(fd) == 0 ? 0 : errno;
}


int
nt_file_replace(int dir, const char *name, const char *data, size_t len)
{
    int           fd, err;
    char          temp[sizeof(NT_TEMP_PREFIX) + NT_ID_HEX_LEN] = NT_TEMP_PREFIX;
    unsigned char random[16];

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        return EIO;
    }

    nt_id_hex(temp + sizeof(NT_TEMP_PREFIX) - 1, random);
    temp[sizeof(temp) - 1] = '\0';

    fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
    if (fd == -1) {
        return errno;
    }

    err = write_all(fd, data, len);

    if (close(fd) == -1 && err == 0) {
        err = errno;
    }

    if (err == 0 && renameat(dir, temp, dir, name) == -1) {
        err = errno;
    }

    if (err != 0) {
        (void) unlinkat(dir, temp, 0);
        return err;
    }

    return fsync(dir) == 0 ? 0 : errno;
}


bool
nt_file_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}


void
nt_file_sweep(int dir)
{
    DIR           *d;
    int            fd;
    time_t         now = time(NULL);
    struct stat    st;
    struct dirent *entry;

    fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1) {
        return;
    }

    d = fdopendir(fd);
    if (d == NULL) {
        (void) close(fd);
        return;
    }

    while ((entry = readdir(d)) != NULL) {
        if (strncmp(entry->d_name, NT_TEMP_PREFIX,
                    sizeof(NT_TEMP_PREFIX) - 1) == 0 &&
            fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            st.st_mtime < now - NT_TEMP_MAX_AGE)
        {
            (void) unlinkat(dir, entry->d_name, 0);
        }
    }

    (void) closedir(d);
}
