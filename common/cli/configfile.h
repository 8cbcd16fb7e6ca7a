#ifndef PIPEMAIL_CLI_CONFIGFILE_H
#define PIPEMAIL_CLI_CONFIGFILE_H

#include "base/err.h"
#include "base/str.h"

/*
 * The configuration file: INI by inih. Bare keys before the first section hold for all, [name] is an account. Read whole, kept as a list
 * of (section, key, value, line) in order of the file.
 */
struct config_entry {
	char *section; /* "" before the first */
	char *key;
	char *value;
	int line;
};
struct config {
	char *path;
	struct config_entry *entries;
	size_t n;
	size_t cap;
};
/* path NULL: $XDG_CONFIG_HOME/pipemail/config, else ~/.config/pipemail/config, then /etc/pipemail/config; none of them is an empty
 * configuration. A file that holds a password and that others may read is 78; so is a line that is no INI. */
bool config_read(struct config *c, const char *path, struct err *err);
void config_free(struct config *c);

#endif
