#ifndef PIPEMAIL_CLI_OPTIONS_HELP_H
#define PIPEMAIL_CLI_OPTIONS_HELP_H

#include "cli/options.h"

/* What options.c and its help share; no other module includes this. */

/* --help, --usage and --version, which every tool has; their targets are not used. */
extern const struct option options_standard[];

/* Append the text of --help, --usage and --version. */
void options_help(struct buf *out, const struct option *const tables[], const char *usage);
void options_usage(struct buf *out, const struct option *const tables[]);
void options_version(struct buf *out);
/* What to use in place of an option that other programs have (as it was typed), static; or NULL. */
const char *options_foreign(const struct option *const tables[], const char *unknown);
/* The long name of the visible option that unknown (as it was typed) probably meant, or NULL. */
const char *options_guess(const struct option *const tables[], const char *unknown);

/* The end of a table. */
static inline bool option_is_end(const struct option *o)
{
	return o->name == NULL && o->letter == 0 && o->help == NULL;
}

#endif
