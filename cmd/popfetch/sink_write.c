#include <config.h>

#include "cmd/popfetch/sink.h"

#include <errno.h>
#include <unistd.h>

#include "io/file.h"

/* The octets of a batch on their way out. */

bool sink_write(const struct sink *s, int fd, const char *name, struct err *err)
{
	char block[65536];
	ssize_t n;

	for (uint64_t at = 0; at < s->spilled; at += (uint64_t)n) {
		uint64_t want = s->spilled - at;

		n = pread(s->spill, block, want < sizeof block ? (size_t)want : sizeof block, (off_t)at);
		if (n <= 0)
			return err_errno(err, ERR_IO, n < 0 ? errno : EIO, "temporary file");
		if (!file_write(fd, str_at(block, (size_t)n), name, err))
			return false;
	}
	return file_write(fd, buf_str(&s->text), name, err);
}
