#ifndef PIPEMAIL_TESTS_STDERR_H
#define PIPEMAIL_TESTS_STDERR_H

#include <stdlib.h>
#include <unistd.h>

#include "io/file.h"

/* What a call writes on standard error. */
static int saved;
static int ends[2];

static void catch_begin(void)
{
	if (pipe(ends) < 0)
		abort();
	saved = dup(2);
	dup2(ends[1], 2);
	close(ends[1]);
}

static const char *catch_end(void)
{
	static struct buf text;

	dup2(saved, 2);
	close(saved);
	buf_clear(&text);
	file_read_fd(ends[0], 1 << 20, &text, "pipe", NULL);
	close(ends[0]);
	return buf_text(&text);
}

#endif
