#include <config.h>

#include "base/late.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void die(const char *what)
{
	static const char before[] = "pipemail: cannot be loaded: ";

	if (write(2, before, sizeof before - 1) < 0 || write(2, what, strlen(what)) < 0 || write(2, "\n", 1) < 0)
		_exit(71);
	_exit(71);
}

void late_load(const char *soname, const char *const names[], void (*table[])(void))
{
	void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (library == NULL)
		die(soname);
	for (size_t i = 0; names[i] != NULL; i++) {
		void *function = dlsym(library, names[i]);

		if (function == NULL)
			die(names[i]);
		/* POSIX gives functions as object pointers; ISO C has no conversion between the two. */
		memcpy(&table[i], &function, sizeof function);
	}
}
