#include <config.h>

#include "io/boot.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void boot_id(char id[BOOT_ID_MAX])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, id, BOOT_ID_MAX - 1) : -1;
	size_t good = 0;

	if (fd >= 0)
		(void)close(fd);
	while (n > 0 && good < (size_t)n && strchr("0123456789abcdef-", id[good]) != NULL)
		good++;
	if (good != 36) {
		id[0] = '-';
		good = 1;
	}
	id[good] = '\0';
}

bool boot_same(const char *a, const char *b)
{
	return strcmp(a, b) == 0 && strcmp(a, "-") != 0;
}
