#include "render/file/output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
	char *path;
	char *temporary; /* NULL: the target is to go */
	char *backup;    /* what was at the target, while a commit runs */
	bool renamed;
} output_file;

struct output_set {
	GPtrArray *files;
};

static int fault_count;

bool output_fault(void)
{
#if NADIR_FAULTS
	const char *fault = g_getenv("NADIR_FAULT");
	int n = 0;
	if (fault && sscanf(fault, "write:%d:enospc", &n) == 1)
		return g_atomic_int_add(&fault_count, 1) + 1 == n;
#endif
	return false;
}

void output_fault_reset(void)
{
	g_atomic_int_set(&fault_count, 0);
}

static const char *way_out(int error_number)
{
	switch (error_number) {
	case ENOSPC:
	case EDQUOT:
		return _("free some space or choose another folder");
	case EFBIG:
		return _("the file would be larger than the system allows here; choose another folder or raise the limit");
	case ENOENT:
		return _("create the folder first or choose another one");
	case ENOTDIR:
		return _("a part of the path is a file, not a folder; choose another path");
	case EISDIR:
		return _("the name belongs to a folder; choose another name");
	case EACCES:
	case EPERM:
	case EROFS:
		return _("choose a folder that you may write to");
	default:
		return _("choose another folder");
	}
}

void output_set_error(GError **error, const char *path, int error_number)
{
	g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(error_number), _("Cannot write %s: %s; %s."), path,
	            g_strerror(error_number), way_out(error_number));
}

static void output_file_free(gpointer data)
{
	output_file *f = data;
	if (f->temporary && !f->renamed)
		g_unlink(f->temporary);
	g_free(f->path);
	g_free(f->temporary);
	g_free(f->backup);
	g_free(f);
}

output_set *output_set_new(void)
{
	output_set *s = g_new0(output_set, 1);
	output_survive_limits();
	s->files = g_ptr_array_new_with_free_func(output_file_free);
	return s;
}

void output_set_free(output_set *s)
{
	if (!s)
		return;
	g_ptr_array_unref(s->files);
	g_free(s);
}

static bool write_all(int fd, const char *p, gsize size)
{
	while (size > 0) {
		ssize_t n = output_fault() ? (errno = ENOSPC, -1) : write(fd, p, MIN(size, 1 << 26));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		p += n;
		size -= (gsize)n;
	}
	return true;
}

static char *temporary_name(const char *folder)
{
	g_autofree char *name = g_strdup_printf(".nadir-%08x%08x", g_random_int(), g_random_int());
	return g_build_filename(folder, name, NULL);
}

static gpointer ignore_size_signal(gpointer unused)
{
	struct sigaction now;
	if (sigaction(SIGXFSZ, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
		signal(SIGXFSZ, SIG_IGN);
	return NULL;
}

void output_survive_limits(void)
{
	static GOnce once = G_ONCE_INIT;
	g_once(&once, ignore_size_signal, NULL);
}

/* Closes the file too. */
static bool write_and_close(int fd, const void *data, gsize size, const char *name)
{
	bool ok = write_all(fd, data, size) && fsync(fd) == 0;
	if (ok && name) {
		g_autofree char *self = g_strdup_printf("/proc/self/fd/%d", fd);
		ok = linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
	}
	int error_number = errno;
	if (close(fd) != 0 && ok) {
		error_number = errno;
		ok = false;
	}
	errno = error_number;
	return ok;
}

bool output_check(const char *path, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path);
	struct stat st;
	int error_number = 0;
	if (g_file_test(path, G_FILE_TEST_IS_DIR))
		error_number = EISDIR;
	else if (stat(folder, &st) != 0)
		error_number = errno;
	else if (!S_ISDIR(st.st_mode))
		error_number = ENOTDIR;
	else if (access(folder, W_OK | X_OK) != 0)
		error_number = errno;
	if (error_number != 0)
		output_set_error(error, path, error_number);
	return error_number == 0;
}

/* A file gets its name when it is whole, where the system can do that: a program that is killed while it writes leaves
 * nothing behind. */
static bool write_temporary(const output_file *f, const char *folder, const void *data, gsize size)
{
	int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	if (fd >= 0 && write_and_close(fd, data, size, f->temporary))
		return true;
	if (fd >= 0 && errno != ENOENT && errno != EPERM && errno != EOPNOTSUPP) /* of linkat: it has no name to go by */
		return false;
	fd = open(f->temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
	return fd >= 0 && write_and_close(fd, data, size, NULL);
}

bool output_set_add(output_set *s, const char *path, const void *data, gsize size, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path);
	if (!output_check(path, error))
		return false;
	output_file *f = g_new0(output_file, 1);
	f->path = g_strdup(path);
	f->temporary = temporary_name(folder);
	g_ptr_array_add(s->files, f);
	if (write_temporary(f, folder, data, size))
		return true;
	output_set_error(error, path, errno);
	return false;
}

void output_set_remove(output_set *s, const char *path)
{
	output_file *f = g_new0(output_file, 1);
	f->path = g_strdup(path);
	g_ptr_array_add(s->files, f);
}

/* Keeps what is at the target under another name, so that a failure further on can put it back. */
static bool keep_old(output_file *f, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(f->path);
	if (!g_file_test(f->path, G_FILE_TEST_EXISTS))
		return true;
	if (g_file_test(f->path, G_FILE_TEST_IS_DIR)) {
		output_set_error(error, f->path, EISDIR);
		return false;
	}
	f->backup = temporary_name(folder);
	if (link(f->path, f->backup) == 0 || rename(f->path, f->backup) == 0)
		return true;
	output_set_error(error, f->path, errno);
	g_clear_pointer(&f->backup, g_free);
	return false;
}

static bool put_new(output_file *f, GError **error)
{
	if (!f->temporary) {
		if (g_unlink(f->path) == 0 || errno == ENOENT)
			return true;
	} else if (rename(f->temporary, f->path) == 0) {
		f->renamed = true;
		return true;
	}
	output_set_error(error, f->path, errno);
	return false;
}

static void restore(output_set *s)
{
	for (guint i = s->files->len; i-- > 0;) {
		output_file *f = g_ptr_array_index(s->files, i);
		if (f->backup)
			rename(f->backup, f->path);
		else if (f->renamed)
			g_unlink(f->path);
		/* rename(2) does nothing when both names are the same file, as when the new one never came. */
		if (f->backup)
			g_unlink(f->backup);
	}
}

static void sync_folder(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

bool output_set_commit(output_set *s, GError **error)
{
	bool ok = true;
	for (guint i = 0; ok && s->files->len > 1 && i < s->files->len; i++)
		ok = keep_old(g_ptr_array_index(s->files, i), error);
	for (guint i = 0; ok && i < s->files->len; i++)
		ok = put_new(g_ptr_array_index(s->files, i), error);
	if (!ok) {
		restore(s);
		return false;
	}
	for (guint i = 0; i < s->files->len; i++) {
		output_file *f = g_ptr_array_index(s->files, i);
		if (f->backup)
			g_unlink(f->backup);
	}
	if (s->files->len > 0)
		sync_folder(((output_file *)g_ptr_array_index(s->files, 0))->path);
	return true;
}

bool output_write(const char *path, const void *data, gsize size, GError **error)
{
	g_autoptr(output_set) s = output_set_new();
	return output_set_add(s, path, data, size, error) && output_set_commit(s, error);
}
