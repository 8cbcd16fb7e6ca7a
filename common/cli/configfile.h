#ifndef PIPEMAIL_CLI_CONFIGFILE_H
#define PIPEMAIL_CLI_CONFIGFILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/*
 * The configuration file: INI, read by inih. Bare keys before the first section apply to all; [name] is an
 * account. A line that is indented more than its key continues that key's value. "#" and ";" begin a comment only
 * at the start of a line, so a value may contain them. It is read whole and kept as a list of (section, key,
 * value, line) in the order of the file. Which keys exist is not known here. Limits: 1 MiB, 4,096 bytes a line, 49
 * a name.
 */
struct config_entry {
	char *section; /* "" before the first */
	char *key;     /* "": the entry only says that the section exists */
	char *value;
	int line; /* of the key, from 1 */
};
/* Owns everything; free with configfile_free. */
struct config {
	char *path; /* NULL: there is no file */
	struct config_entry *entries;
	size_t n;
	size_t cap;
};
/*
 * Read path; NULL: $XDG_CONFIG_HOME/pipemail/config, else ~/.config/pipemail/config, else the system's
 * (SYSCONFDIR, /etc); none of these is an empty configuration. c is overwritten. False with ERR_CONFIG, and
 * nothing to free: a file that cannot be read, that contains a password and that others may read, or a command and
 * that others may write; a line that is not INI.
 */
bool configfile_read(struct config *c, const char *path, struct err *err);
/*
 * The same for text in memory, without checks of permissions. name is used as the path in errors. c is zeroed
 * before, and has to be freed also after an error.
 */
bool configfile_parse(struct config *c, const char *name, struct str text, struct err *err);
/* Overwrites the values before it frees them, as there may be passwords among them. Leaves c zeroed. */
void configfile_free(struct config *c);
/* Append the path of the person's own file, $XDG_CONFIG_HOME/pipemail/config or below ~/.config; nothing without a
 * home. */
void configfile_user_path(struct buf *path);
/* Is there such a section? */
bool configfile_has(const struct config *c, const char *section);

#endif
