/*
 * For libraries that tests preload: another start of the machine, and another file system.
 * BOOT_ID=FILE: the kernel's boot id is read from there. BOOT_FS=HEX: fstatfs says that every file is on that one.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static inline const char *boot_path(const char *path)
{
	const char *other = getenv("BOOT_ID");

	return other != NULL && strcmp(path, "/proc/sys/kernel/random/boot_id") == 0 ? other : path;
}

int fstatfs(int fd, struct statfs *fs)
{
	const char *other = getenv("BOOT_FS");
	int done = (int)syscall(SYS_fstatfs, fd, fs);

	if (other != NULL)
		fs->f_type = (__typeof__(fs->f_type))strtoul(other, NULL, 16);
	return done;
}
