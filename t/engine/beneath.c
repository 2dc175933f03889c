/*
 * The way without openat2 (engine/assets/beneath.h): a filter makes the
 * kernel say that it has no such call, and the same paths must come out.
 */

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/assets/beneath.h"
#include "t/core/tap.h"

static char folder[] = "/tmp/nodetool-beneath-XXXXXX";

static void
make_tree(void)
{
    int fd;

    if (mkdtemp(folder) == NULL || chdir(folder) == -1 ||
        mkdir("root", 0755) == -1 || mkdir("root/sub", 0755) == -1 ||
        symlink("../secret", "root/link") == -1 ||
        symlink("..", "root/up") == -1)
    {
        exit(1);
    }
    fd = open("secret", O_WRONLY | O_CREAT, 0600);
    (void) close(fd);
    fd = open("root/sub/file", O_WRONLY | O_CREAT, 0600);
    (void) close(fd);
}

static void
remove_tree(void)
{
    const char *const files[] = { "root/link",     "root/up",       "secret",
                                  "root/sub/file", "root/new/file", NULL };
    const char *const folders[] = { "root/sub", "root/new", "root", NULL };
    size_t            i;

    for (i = 0; files[i] != NULL; i++) {
        (void) unlink(files[i]);
    }
    for (i = 0; folders[i] != NULL; i++) {
        (void) rmdir(folders[i]);
    }
    if (chdir("/") == 0) {
        (void) rmdir(folder);
    }
}

/* openat2 answers ENOSYS from here on. */
static bool
forbid_openat2(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
    };
    struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* 0 when it opens, else errno. */
static int
opens(int root, const char *path, int flags)
{
    int fd = nt_beneath_open(root, path, flags, 0644);

    if (fd == -1) {
        return errno;
    }
    (void) close(fd);
    return 0;
}

static bool
leads_out(int error)
{
    return error == EXDEV || error == ELOOP || error == ENOTDIR;
}

static void
check(int root, const char *how)
{
    const char *name;
    int         fd;

    ok(opens(root, "sub/file", O_RDONLY) == 0, "%s: a file", how);
    ok(opens(root, "sub//./file", O_RDONLY) == 0, "%s: with dots", how);
    ok(opens(root, ".", O_RDONLY | O_DIRECTORY) == 0, "%s: the root", how);
    ok(opens(root, "none", O_RDONLY) == ENOENT, "%s: nothing there", how);
    ok(opens(root, "sub/none/x", O_RDONLY) == ENOENT, "%s: nor there", how);
    ok(leads_out(opens(root, "../secret", O_RDONLY)), "%s: up", how);
    ok(leads_out(opens(root, "sub/../../secret", O_RDONLY)),
       "%s: up from below", how);
    ok(leads_out(opens(root, "..", O_RDONLY)), "%s: the folder above", how);
    ok(leads_out(opens(root, "link", O_RDONLY)), "%s: a link", how);
    ok(leads_out(opens(root, "up/secret", O_RDONLY)), "%s: through a link",
       how);
    ok(leads_out(opens(root, "link", O_WRONLY | O_CREAT)),
       "%s: to write through a link", how);

    ok(nt_beneath_make_folders(root, "new/file") == 0, "%s: folders", how);
    ok(opens(root, "new/file", O_WRONLY | O_CREAT) == 0, "%s: a new file", how);
    ok(nt_beneath_make_folders(root, "../x/y") == -1, "%s: folders above", how);
    ok(access("x", F_OK) == -1, "%s: are not made", how);
    ok(nt_beneath_make_folders(root, "up/x/y") == -1, "%s: nor through a link",
       how);
    ok(access("x", F_OK) == -1, "%s: are they made", how);

    fd = nt_beneath_open_parent(root, "sub/file", &name);
    ok(fd != -1 && strcmp(name, "file") == 0, "%s: the parent", how);
    (void) close(fd);
    fd = nt_beneath_open_parent(root, "file", &name);
    ok(fd != -1 && strcmp(name, "file") == 0, "%s: the root as parent", how);
    (void) close(fd);
    ok(nt_beneath_open_parent(root, "up/file", &name) == -1,
       "%s: no parent outside", how);
}

/* 0 when it went well, else errno. */
static int
fault(int rc)
{
    return rc == 0 ? 0 : errno;
}

/* What makes, renames and removes; leaves the tree as it was. */
static void
check_entries(int root, const char *how)
{
    struct statx info;

    ok(nt_beneath_stat(root, "sub/file", true, &info) == 0 &&
           S_ISREG(info.stx_mode),
       "%s: a file is one", how);
    ok(nt_beneath_stat(root, "link", false, &info) == 0 &&
           S_ISLNK(info.stx_mode),
       "%s: a link is one", how);
    ok(nt_beneath_stat(root, "link", true, &info) == -1 ||
           S_ISLNK(info.stx_mode),
       "%s: and leads to nothing outside", how);
    ok(leads_out(fault(nt_beneath_stat(root, "../secret", true, &info))),
       "%s: nor is it looked at", how);

    ok(nt_beneath_make_folder(root, "m/n/", true) == 0, "%s: folders", how);
    ok(nt_beneath_make_folder(root, "m/n", false) == 0, "%s: again", how);
    ok(fault(nt_beneath_make_folder(root, "m/n", true)) == EEXIST,
       "%s: once only", how);
    ok(fault(nt_beneath_make_folder(root, "sub/file", false)) == EEXIST,
       "%s: not where a file is", how);
    ok(leads_out(fault(nt_beneath_make_folder(root, "../x", false))) &&
           leads_out(fault(nt_beneath_make_folder(root, "up/x", false))) &&
           access("x", F_OK) == -1,
       "%s: not outside", how);

    ok(nt_beneath_rename(root, "sub/file", "m/moved") == 0, "%s: moved", how);
    ok(opens(root, "m/moved", O_RDONLY) == 0, "%s: it is there", how);
    ok(nt_beneath_rename(root, "m/moved", "sub/file") == 0, "%s: back", how);
    ok(leads_out(fault(nt_beneath_rename(root, "sub/file", "../x"))) &&
           leads_out(fault(nt_beneath_rename(root, "sub/file", "up/x"))) &&
           leads_out(fault(nt_beneath_rename(root, "up/secret", "x"))) &&
           access("x", F_OK) == -1 && access("secret", F_OK) == 0,
       "%s: nothing moves over the border", how);
    ok(fault(nt_beneath_rename(root, "sub", "..")) == EBUSY &&
           fault(nt_beneath_rename(root, "sub/..", "x")) == EBUSY,
       "%s: dots are no names", how);

    ok(symlink("../..", "root/m/n/away") == 0 &&
           fault(nt_beneath_remove(root, "m", false)) == EISDIR,
       "%s: a folder is not removed as a file", how);
    ok(nt_beneath_remove(root, "m", true) == 0 &&
           opens(root, "m", O_RDONLY) == ENOENT,
       "%s: with all in it", how);
    ok(access("secret", F_OK) == 0, "%s: but not what links lead to", how);
    ok(fault(nt_beneath_remove(root, ".", true)) == EBUSY &&
           fault(nt_beneath_remove(root, "sub/..", true)) == EBUSY,
       "%s: the root stays", how);
    ok(leads_out(fault(nt_beneath_remove(root, "../secret", false))) &&
           leads_out(fault(nt_beneath_remove(root, "up/secret", false))) &&
           access("secret", F_OK) == 0,
       "%s: as does what is outside", how);
}

int
main(void)
{
    int root;

    make_tree();
    root = open("root", O_RDONLY | O_DIRECTORY);
    check(root, "as it is");
    check_entries(root, "as it is");
    if (forbid_openat2()) {
        check(root, "without openat2");
        check_entries(root, "without openat2");
    }
    (void) close(root);
    remove_tree();
    return done();
}
