#ifndef PIPEMAIL_CLI_OPTIONS_H
#define PIPEMAIL_CLI_OPTIONS_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Options as data, parsed by popt: one table a tool, from which --help, the configuration's keys, the completions' and manual's
 * test are all made. Values with a control character in them are refused here (64), so that none gets further.
 */
enum option_type {
	OPTION_FLAG,   /* bool * */
	OPTION_TEXT,   /* const char ** */
	OPTION_LIST,   /* struct option_list *: may be repeated */
	OPTION_NUMBER, /* uint64_t *: decimal */
	OPTION_SECONDS, /* int64_t *: nanoseconds; fractions allowed */
	OPTION_OPTIONAL, /* const char **: --name or --name=VALUE; "" when it stands alone */
	OPTION_GROUP,  /* a heading in --help: only help is used */
};

struct option {
	const char *name; /* long name, without dashes */
	char letter;      /* short form or 0 */
	enum option_type type;
	void *target;
	const char *arg;  /* "FILE", "SECONDS"… for --help */
	const char *help; /* one line; NULL: hidden (an alias) */
	bool text_ok;     /* OPTION_TEXT, OPTION_LIST: line breaks may stand in the value (a body) */
};

struct option_list {
	const char **values;
	size_t n;
};

/*
 * Parse. tables: NULL-terminated list of tables, each ended by an option without name and help. What is no option is left in
 * *rest (NULL-terminated, lives with the process). "--" ends the options; aliases of /etc/popt and ~/.popt work. --help, --usage and
 * --version print on standard output and end the process with 0. usage: what stands behind the tool's name in the first line of --help.
 */
bool options_parse(const struct option *const tables[], int argc, char **argv, const char *usage, const char ***rest, struct err *err);

/* Only one of several values: index of text in the NULL-terminated words, or 64 that names the option and the choices. */
bool option_choice(const char *option, const char *text, const char *const words[], int *index, struct err *err);
/* "64M", "1G", "512k" in octets. */
bool option_size(const char *option, const char *text, uint64_t *octets, struct err *err);

#endif
