#ifndef PIPEMAIL_CLI_OPTIONS_H
#define PIPEMAIL_CLI_OPTIONS_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Options as data, parsed by popt: one table a tool, from which --help, the configuration's keys, the
 * completions' and the manual's test are all made. Values with a control character in them are
 * refused here (64), so that none gets further.
 */
enum option_type {
	OPTION_FLAG,     /* bool * */
	OPTION_TEXT,     /* const char ** */
	OPTION_LIST,     /* struct option_list *: may be repeated */
	OPTION_NUMBER,   /* uint64_t *: decimal */
	OPTION_SECONDS,  /* int64_t *: nanoseconds; fractions allowed */
	OPTION_OPTIONAL, /* const char **: --name or --name=VALUE; "" when it stands alone */
	OPTION_GROUP,    /* a heading in --help: only help is used */
};

/* Given twice, the last value counts, but for a list. A table ends with a zeroed option. */
struct option {
	const char *name; /* long name, without dashes, or NULL */
	char letter;      /* short form or 0 */
	enum option_type type;
	void *target;
	const char *arg;  /* "FILE", "SECONDS"… for --help */
	const char *help; /* one line; NULL: hidden (an alias) */
	bool text_ok;     /* OPTION_TEXT, OPTION_LIST: line breaks and TAB may stand in the value (a body) */
};

struct option_list {
	const char **values;
	size_t n;
};

/*
 * Parse. tables: NULL-terminated list of tables. What is no option is left in *rest (NULL-terminated);
 * it and all values live with the process. "--" ends the options, "-" is no option; letters may be
 * combined; aliases of /etc/popt and ~/.popt work. --help, --usage and --version print on standard
 * output and end the process with 0. usage: what stands behind the tool's name (say_tool) in the first
 * line of --help; each further line of it is another form. False: 64, naming the option.
 */
bool options_parse(const struct option *const tables[], int argc, char **argv, const char *usage, const char ***rest,
	struct err *err);

/* Give one option its value, as parsing does (for the configuration file): a flag takes yes, no, true,
 * false, 1, 0, on, off. 64 without the option's name: the caller knows where the value stood. */
bool options_set(const struct option *option, const char *value, struct err *err);
/* The option of that name in a table, hidden ones too, or NULL. */
const struct option *options_find(const struct option *table, const char *name);

/* Hold p (from mem_alloc and its like) to the end of the process, and return it. */
void *options_keep(void *p);

/* Only one of several values: index of text in the NULL-terminated words, or 64 that names the option
 * and the choices. */
bool options_choice(const char *option, const char *text, const char *const words[], int *index, struct err *err);
/* "64M", "1G", "512k" in octets (powers of 1024), or 64. */
bool options_size(const char *option, const char *text, uint64_t *octets, struct err *err);

#endif
