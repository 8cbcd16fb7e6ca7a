#include <config.h>

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * No function here can fail, so no caller has a branch for missing memory that no test ever runs. The end of the
 * process is one write(2) of a fixed text: nothing is allocated or flushed on the way. Journals are safe against
 * that as against a kill.
 */

_Noreturn void mem_die(void)
{
	static const char text[] = "pipemail: out of memory\n";

	if (write(2, text, sizeof text - 1) < 0)
		_exit(71);
	_exit(71);
}

void *mem_alloc(size_t n)
{
	void *p = calloc(1, n > 0 ? n : 1);

	if (p == NULL)
		mem_die();
	return p;
}

void *mem_array(size_t count, size_t size)
{
	void *p = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

	if (p == NULL)
		mem_die();
	return p;
}

void *mem_resize(void *p, size_t count, size_t size)
{
	if (size > 0 && count > SIZE_MAX / size)
		mem_die();
	p = realloc(p, count * size > 0 ? count * size : 1);
	if (p == NULL)
		mem_die();
	return p;
}

char *mem_copy(const void *p, size_t n)
{
	if (n == SIZE_MAX)
		mem_die();
	char *copy = malloc(n + 1);

	if (copy == NULL)
		mem_die();
	if (n > 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

void mem_free(void *p)
{
	free(p);
}

void mem_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}
