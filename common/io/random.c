#include <config.h>

#include "io/random.h"

#include <errno.h>
#ifdef HAVE_GETRANDOM
#include <sys/random.h>
#endif
#include <unistd.h>

#include "base/set.h"

/* There is no fallback: numbers that can be guessed would be worse than no run. */

#ifndef HAVE_GETRANDOM
/* What other systems have; it gives at most 256 octets a call. */
static ssize_t getrandom(void *p, size_t n, unsigned flags)
{
	size_t part = n < 256 ? n : 256;

	(void)flags;
	return getentropy(p, part) == 0 ? (ssize_t)part : -1;
}
#endif

void random_bytes(void *p, size_t n)
{
	static const char text[] = "pipemail: the kernel gives no random numbers\n";
	char *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);

		if (got > 0) {
			at += got;
			n -= (size_t)got;
		} else if (errno != EINTR) {
			if (write(2, text, sizeof text - 1) < 0)
				_exit(71);
			_exit(71);
		}
	}
}

void random_seed(struct set *s)
{
	unsigned char random[16];

	random_bytes(random, sizeof random);
	set_seed(s, random);
}
