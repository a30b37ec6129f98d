/* One project, one window. The lock is flock(2) on a file beside the project: it dies with its process, and it is not
 * on the project itself because closing any other descriptor of that would drop SQLite's own locks. */
#include "render/file/output.h"
#include "render/store/project-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char *lock_path(const char *path)
{
	g_autofree char *real = realpath(path, NULL); /* one lock for all names of a file */
	return g_strconcat(real ? real : path, "-lock", NULL);
}

static void write_failed(const char *path, int error_number, GError **error)
{
	g_autoptr(GError) why = NULL;
	output_set_error(&why, path, error_number);
	g_set_error_literal(error, PROJECT_ERROR, PROJECT_ERROR_WRITE, why->message);
}

/* The last owner removes the file when it closes, so what was locked may no longer be what the name means. */
static bool still_there(int fd, const char *name)
{
	struct stat a, b;
	return fstat(fd, &a) == 0 && stat(name, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int project_lock(const char *path, GError **error)
{
	g_autofree char *name = lock_path(path);
	for (;;) {
		int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (fd < 0) {
			write_failed(path, errno, error);
			return -1;
		}
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			close(fd);
			g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_OPEN,
			            _("The project %s is open in another window of Nadir: close it there first."), path);
			return -1;
		}
		if (still_there(fd, name))
			return fd;
		close(fd);
	}
}

void project_unlock(const char *path, int lock)
{
	g_autofree char *name = lock_path(path);
	if (lock < 0)
		return;
	if (still_there(lock, name)) /* else it is another window's: the project was moved, and its name given anew */
		g_unlink(name);
	close(lock);
}

bool project_has_lock(const project *p, const char *path)
{
	g_autofree char *name = lock_path(path);
	return p->lock >= 0 && still_there(p->lock, name);
}

bool project_is_in_place(const project *p)
{
	struct stat now;
	return stat(p->path, &now) == 0 && now.st_dev == p->opened.st_dev && now.st_ino == p->opened.st_ino;
}
