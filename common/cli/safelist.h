#ifndef PIPEMAIL_CLI_SAFELIST_H
#define PIPEMAIL_CLI_SAFELIST_H

#include <stddef.h>

#include "base/err.h"

struct safety;
struct suppress;

/* The files of --suppress, as every tool with a list reads them and reports what is in them. */

/*
 * Initialise s and read each of the n files ("-" is standard input) into it; the paths must outlive s. False:
 * ERR_NOINPUT cannot be opened, ERR_IO reading failed, ERR_DATA a file that cannot be relied on, ERR_OS a hash
 * that cannot be computed; a signal that asks to stop: ERR_NONE. s has to be freed with suppress_free in any case.
 */
bool safelist_load(struct suppress *s, bool fold, const char *const *paths, size_t n, bool allow_empty,
	struct err *err);
/* One line about each file. Files with unusable lines are reported even with --quiet; returns how many those are. */
size_t safelist_say(const struct safety *files);

#endif
