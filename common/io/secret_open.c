#include <config.h>

#include "io/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files with secrets. */

int secret_open_private(const char *path, bool for_group, bool *absent, struct err *err)
{
	mode_t closed = for_group ? 037 : 077;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	*absent = fd < 0 && errno == ENOENT;
	if (fd < 0) {
		err_errno(err, ERR_CONFIG, errno, "%s", path);
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & closed) != 0) {
		close(fd);
		err_set(err, ERR_CONFIG, "%s: holds a password and others may read it: chmod %s", path,
			for_group ? "640" : "600");
		return -1;
	}
	return fd;
}
