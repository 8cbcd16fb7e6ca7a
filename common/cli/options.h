#ifndef PIPEMAIL_CLI_OPTIONS_H
#define PIPEMAIL_CLI_OPTIONS_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Options as data, parsed by popt. Each tool has one table; --help, the keys of the configuration file and the
 * test of manual and completions are all made from it. Values with a control character are refused here, so none
 * gets further.
 *
 *     static const struct option table[] = { { "rate", 0, OPTION_NUMBER, &rate, "N", "messages a second" }, { 0 } };
 *     options_parse((const struct option *const[]){ table, NULL }, argc, argv, "[OPTION]... FILE", &rest, err)
 *
 * The type decides what target points to.
 */
enum option_type {
	OPTION_FLAG,     /* bool * */
	OPTION_TEXT,     /* const char ** */
	OPTION_LIST,     /* struct option_list *: may be given several times */
	OPTION_NUMBER,   /* uint64_t *: decimal */
	OPTION_SECONDS,  /* int64_t *: nanoseconds; seconds with decimals on the command line */
	OPTION_OPTIONAL, /* const char **: --name or --name=VALUE; "" without a value */
	OPTION_GROUP,    /* a heading in --help: only help is used */
};

/* Which control characters a value may have. The caller cleans or encodes those that he lets in. */
enum option_controls {
	OPTION_NO_CONTROLS,
	OPTION_LINES,  /* TAB, CR and LF: a body */
	OPTION_ALERT,  /* all but CR and LF: what a program wrote into a subject */
	OPTION_OCTETS, /* all */
};

/*
 * One option. If it is given several times the last value counts, except for lists. A table ends with a zeroed
 * option.
 */
struct option {
	const char *name; /* long name, without dashes, or NULL */
	char letter;      /* short form or 0 */
	enum option_type type;
	void *target;
	const char *arg;        /* "FILE", "SECONDS"… for --help */
	const char *help;       /* one line; NULL: hidden (an alias) */
	unsigned char controls; /* OPTION_TEXT, OPTION_LIST: enum option_controls */
};

/* In the order of the command line; the values live with the process. */
struct option_list {
	const char **values;
	size_t n;
};

/*
 * Parse the command line. tables is a NULL-terminated list of tables. What is not an option is left in *rest
 * (NULL-terminated); it and all values live with the process. "--" ends the options, "-" is not an option, letters
 * may be combined, and aliases of /etc/popt and ~/.popt work. --help, --usage and --version print to standard
 * output and end the process with 0. usage is what follows the tool's name (say_tool) in the first line of --help;
 * each further line of it is another form. False with ERR_USAGE that names the option.
 */
bool options_parse(const struct option *const tables[], int argc, char **argv, const char *usage, const char ***rest,
	struct err *err);

/*
 * Give one option its value, as parsing does, for the configuration file: a flag takes yes, no, true, false, 1, 0,
 * on, off. False with ERR_USAGE without the option's name, as the caller knows where the value was written.
 */
bool options_set(const struct option *option, const char *value, struct err *err);
/* The option of that long name in a table, hidden ones too, or NULL. */
const struct option *options_find(const struct option *table, const char *name);

/*
 * Keep p (from mem_alloc and the like) until the process ends, and return it: for values that live with the
 * process. Not for several threads.
 */
void *options_keep(void *p);

/*
 * One of several values: *index of text in the NULL-terminated words; false with ERR_USAGE that names the option
 * and the choices.
 */
bool options_choice(const char *option, const char *text, const char *const words[], int *index, struct err *err);
/* "64M", "1G", "512k" in bytes (powers of 1024); also with B or iB. False with ERR_USAGE. */
bool options_size(const char *option, const char *text, uint64_t *octets, struct err *err);

#endif
