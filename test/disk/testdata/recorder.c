// The recorder writes down what a process does to the files of one folder, in order.
//
// It is loaded by LD_PRELOAD. Before the program begins it asks the system (seccomp) to
// tell a thread of this library of every call that changes files, and to make the call
// when that thread has written it down. So it sees the calls of the C library and those
// that Go makes by itself, and a call stands in the record before it has any effect.
//
// COSTD_RECORD names the record, to which others may add, and COSTD_RECORD_FOLDER the
// folder, by its absolute path. replay_test.go reads the record.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, TRUNCATE, SYNC, CREATE, RENAME, REMOVE, ALLOCATE, UNKNOWN = 99 };

struct entry { // then the path and the data
	uint32_t kind, path_length;
	uint64_t a, b, data_length;
};

static int record = -1, listener = -1;
static char folder[PATH_MAX];
static size_t folder_length;
static sem_t filtered;

static void fail(const char *what) {
	dprintf(2, "the recorder: %s: %s\n", what, strerror(errno));
	_exit(99);
}

static void put(uint32_t kind, const char *path, uint64_t a, uint64_t b, const void *data, size_t length) {
	struct entry e = {kind, (uint32_t)strlen(path), a, b, length};
	struct iovec parts[] = {{&e, sizeof e}, {(void *)path, e.path_length}, {(void *)data, length}};
	if (writev(record, parts, 3) != (ssize_t)(sizeof e + e.path_length + length))
		fail("writing the record");
}

// inside makes a path one that begins in the folder, or says that it does not lie there.
// The folder itself is ".".
static int inside(char *path) {
	if (strncmp(path, folder, folder_length) != 0 || (path[folder_length] != '/' && path[folder_length] != 0))
		return 0;
	const char *rest = path[folder_length] == '/' ? path + folder_length + 1 : ".";
	memmove(path, rest, strlen(rest) + 1);
	return 1;
}

// of_file finds the path of an open file, which must still have a name.
static int of_file(int file, char *path) {
	char link[64];
	struct stat info;
	snprintf(link, sizeof link, "/proc/self/fd/%d", file);
	ssize_t n = readlink(link, path, PATH_MAX - 1);
	if (n < 0)
		return 0;
	path[n] = 0;
	if (!inside(path))
		return 0;
	return fstat(file, &info) == 0 && info.st_nlink > 0;
}

static int of_name(int at, const char *name, char *path) {
	char base[PATH_MAX] = "";
	if (name == NULL)
		return 0;
	if (name[0] != '/') {
		char link[64] = "/proc/self/cwd";
		if (at != AT_FDCWD)
			snprintf(link, sizeof link, "/proc/self/fd/%d", at);
		ssize_t n = readlink(link, base, PATH_MAX - 2);
		if (n < 0)
			return 0;
		base[n] = '/';
		base[n + 1] = 0;
	}
	if (snprintf(path, PATH_MAX, "%s%s", base, name) >= PATH_MAX)
		return 0;
	return inside(path);
}

static void opened(int at, const char *name, uint64_t flags) {
	char path[PATH_MAX];
	if (flags & (O_CREAT | O_TRUNC) && (flags & O_TMPFILE) != O_TMPFILE && of_name(at, name, path))
		put(CREATE, path, (flags & O_TRUNC) != 0, (flags & O_EXCL) != 0, NULL, 0);
}

// wrote writes down a write. The offset is known only of pwrite.
static void wrote(int file, const struct iovec *parts, int count, int64_t offset) {
	char path[PATH_MAX];
	struct stat info;
	if (!of_file(file, path) || fstat(file, &info) != 0 || !S_ISREG(info.st_mode))
		return;
	int flags = fcntl(file, F_GETFL);
	if (offset < 0)
		offset = flags & O_APPEND ? info.st_size : lseek(file, 0, SEEK_CUR);
	for (int i = 0; i < count; i++) {
		put(WRITE, path, (uint64_t)offset, (flags & (O_SYNC | O_DSYNC)) != 0, parts[i].iov_base, parts[i].iov_len);
		offset += (int64_t)parts[i].iov_len;
	}
}

static void with_file(uint32_t kind, int file, uint64_t a, uint64_t b) {
	char path[PATH_MAX];
	if (of_file(file, path))
		put(kind, path, a, b, NULL, 0);
}

static void with_name(uint32_t kind, int at, const char *name, uint64_t a) {
	char path[PATH_MAX];
	if (of_name(at, name, path))
		put(kind, path, a, 0, NULL, 0);
}

static void renamed(int from_at, const char *from, int to_at, const char *to) {
	char old[PATH_MAX], new[PATH_MAX];
	int was = of_name(from_at, from, old), is = of_name(to_at, to, new);
	if (was && is)
		put(RENAME, old, 0, 0, new, strlen(new));
	else if (was || is)
		put(UNKNOWN, "rename out of the folder, or into it", 0, 0, NULL, 0);
}

static void unknown(int nr) {
	char what[64];
	snprintf(what, sizeof what, "system call %d", nr);
	put(UNKNOWN, what, 0, 0, NULL, 0);
}

// calls are those that change files. The last ones are used by nobody today; the test
// fails when that changes, because the record would lack them.
static const int calls[] = {
	SYS_openat, SYS_write, SYS_pwrite64, SYS_writev, SYS_pwritev, SYS_ftruncate, SYS_truncate, SYS_fallocate,
	SYS_fsync, SYS_fdatasync, SYS_renameat, SYS_renameat2, SYS_unlinkat, SYS_mmap,
#ifdef SYS_open
	SYS_open, SYS_creat, SYS_rename, SYS_unlink, SYS_link,
#endif
	SYS_pwritev2, SYS_copy_file_range, SYS_linkat, SYS_sendfile, SYS_splice, SYS_io_uring_setup,
};

// note writes a call down.
static void note(const struct seccomp_data *call) {
	const __u64 *a = call->args;
	const char *first = (const char *)a[0], *second = (const char *)a[1];
	struct iovec part = {(void *)a[1], a[2]};
	switch (call->nr) {
	case SYS_openat: opened((int)a[0], second, a[2]); break;
	case SYS_write: wrote((int)a[0], &part, 1, -1); break;
	case SYS_pwrite64: wrote((int)a[0], &part, 1, (int64_t)a[3]); break;
	case SYS_writev: wrote((int)a[0], (const struct iovec *)a[1], (int)a[2], -1); break;
	case SYS_pwritev: wrote((int)a[0], (const struct iovec *)a[1], (int)a[2], (int64_t)a[3]); break;
	case SYS_ftruncate: with_file(TRUNCATE, (int)a[0], a[1], 0); break;
	case SYS_truncate: with_name(TRUNCATE, AT_FDCWD, first, a[1]); break;
	case SYS_fallocate: with_file(a[1] == 0 ? ALLOCATE : UNKNOWN, (int)a[0], a[2], a[3]); break;
	case SYS_fsync:
	case SYS_fdatasync: with_file(SYNC, (int)a[0], 0, 0); break;
	case SYS_renameat:
	case SYS_renameat2: renamed((int)a[0], second, (int)a[2], (const char *)a[3]); break;
	case SYS_unlinkat: with_name(REMOVE, (int)a[0], second, 0); break;
	case SYS_mmap: // shared, to be written, and of a file
		if (a[2] & PROT_WRITE && a[3] & MAP_SHARED && !(a[3] & MAP_ANONYMOUS))
			with_file(UNKNOWN, (int)a[4], 0, 0);
		break;
#ifdef SYS_open
	case SYS_open: opened(AT_FDCWD, first, a[1]); break;
	case SYS_creat: opened(AT_FDCWD, first, O_CREAT | O_TRUNC); break;
	case SYS_rename: renamed(AT_FDCWD, first, AT_FDCWD, second); break;
	case SYS_unlink: with_name(REMOVE, AT_FDCWD, first, 0); break;
#endif
	case SYS_splice: with_file(UNKNOWN, (int)a[2], 0, 0); break;
	case SYS_sendfile: with_file(UNKNOWN, (int)a[0], 0, 0); break;
	default: unknown(call->nr);
	}
}

// attend notes the calls of the process one by one, and lets each go on.
static void *attend(void *nothing) {
	static union { struct seccomp_notif call; char room[1024]; } in; // a newer system may tell more
	static union { struct seccomp_notif_resp answer; char room[1024]; } out;
	while (sem_wait(&filtered) != 0) {
	}
	for (;;) {
		memset(&in, 0, sizeof in);
		memset(&out, 0, sizeof out);
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &in) != 0) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			fail("waiting for a call");
		}
		note(&in.call.data);
		out.answer.id = in.call.id;
		out.answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &out) != 0 && errno != ENOENT) // a signal ended that call
			fail("letting a call go on");
	}
	return nothing;
}

// filter makes the system tell of the calls from now on, in this thread and those that
// it begins.
static void filter(void) {
	enum { count = sizeof calls / sizeof calls[0] };
	struct sock_filter code[count + 3];
	code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (int i = 0; i < count; i++)
		code[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], count - i, 0);
	code[count + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[count + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	struct sock_fprog program = {count + 3, code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		fail("giving up rights");
	listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (listener < 0)
		fail("asking for the calls (this needs Linux 5.5, and a system that allows seccomp)");
}

__attribute__((constructor)) static void begin(void) {
	const char *name = getenv("COSTD_RECORD"), *place = getenv("COSTD_RECORD_FOLDER");
	if (name == NULL || place == NULL)
		return;
	folder_length = (size_t)snprintf(folder, sizeof folder, "%s", place);
	record = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (record < 0)
		fail(name);
	sigset_t all, before;
	sigfillset(&all); // signals are for the threads of the program
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_t thread;
	sem_init(&filtered, 0, 0);
	if (pthread_create(&thread, NULL, attend, NULL) != 0)
		fail("beginning a thread");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	filter();
	sem_post(&filtered);
}
