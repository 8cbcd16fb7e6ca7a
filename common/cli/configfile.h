#ifndef PIPEMAIL_CLI_CONFIGFILE_H
#define PIPEMAIL_CLI_CONFIGFILE_H

#include "base/err.h"
#include "base/str.h"

/*
 * The configuration file: INI by inih. Bare keys before the first section hold for all, [name] is an
 * account. A line that is indented deeper than its key goes on with that key's value; "#" and ";" begin
 * a comment at the start of a line only, so that a value may hold them. Read whole, kept as a list of
 * (section, key, value, line) in order of the file.
 */
struct config_entry {
	char *section; /* "" before the first */
	char *key;     /* "" only says that the section is there */
	char *value;
	int line; /* where the key stands */
};
struct config {
	char *path; /* NULL: there is no file */
	struct config_entry *entries;
	size_t n;
	size_t cap;
};
/* path NULL: $XDG_CONFIG_HOME/pipemail/config, else ~/.config/pipemail/config, then the system's
 * (SYSCONFDIR, /etc); none of them is an empty configuration. 78: a file that cannot be read, that holds
 * a password and that others may read, or a command and that others may write; a line that is no INI. */
bool configfile_read(struct config *c, const char *path, struct err *err);
/* The same for octets in memory; name stands for the path in errors. Checks no permissions. */
bool configfile_parse(struct config *c, const char *name, struct str text, struct err *err);
/* Overwrites the values: there may be passwords among them. */
void configfile_free(struct config *c);
/* Is there such a section? */
bool configfile_has(const struct config *c, const char *section);

#endif
