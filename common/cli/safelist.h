#ifndef PIPEMAIL_CLI_SAFELIST_H
#define PIPEMAIL_CLI_SAFELIST_H

#include <stddef.h>

#include "base/err.h"

struct safety;
struct suppress;

/*
 * The files of --suppress, as every tool with a list reads them and says what was found in them.
 */

/* Make the set ready, then read each of the n files into it. Errors: 66 cannot be opened, 74 reading failed, 65 a file
 * that cannot be relied on, 71 a hash that cannot be computed; a signal that asks to stop: false with ERR_NONE. Paths
 * outlive s. */
bool safelist_load(struct suppress *s, bool fold, const char *const *paths, size_t n, bool allow_empty,
	struct err *err);
/* A line about each file. What could not be used in it is said also with --quiet. Returns in how many files there was
 * such. */
size_t safelist_say(const struct safety *files);

#endif
