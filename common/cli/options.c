#include <config.h>

#include "cli/options.h"

#include <popt.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/options_help.h"
#include "cli/say.h"
#include "io/file.h"

/*
 * popt parses; types, checks and texts are ours. An option that is not known is named without its value, which may
 * have been meant as a secret.
 */

/* Everything that a value points to lives with the process; held here, it is no leak. */
static void **kept;
static size_t n_kept;

void *options_keep(void *p)
{
	kept = mem_resize(kept, n_kept + 1, sizeof *kept);
	kept[n_kept++] = p;
	return p;
}

static bool append(struct option_list *list, const char *value)
{
	const char **values = options_keep(mem_array(list->n + 1, sizeof *values));

	if (list->n > 0)
		memcpy(values, list->values, list->n * sizeof *values);
	values[list->n++] = value;
	list->values = values;
	return true;
}

const struct option *options_find(const struct option *table, const char *name)
{
	for (const struct option *o = table; !option_is_end(o); o++)
		if (o->name != NULL && o->type != OPTION_GROUP && strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

static bool is_clean(const char *value, unsigned controls)
{
	for (const char *p = value; *p != '\0' && controls != OPTION_OCTETS; p++) {
		bool line_end = *p == '\r' || *p == '\n';

		if (ascii_control(*p) && !(controls == OPTION_LINES && (line_end || *p == '\t')) &&
			!(controls == OPTION_ALERT && !line_end))
			return false;
	}
	return true;
}

/* "1.5" in nanoseconds; nine decimals at the most mean something. */
static bool parse_seconds(const char *text, int64_t *span)
{
	struct str rest = str_of(text);
	struct str whole = str_cut(&rest, '.');
	uint64_t seconds = 0;
	uint64_t part = 0;
	uint64_t scale = 100000000;

	if (whole.n + rest.n == 0 || (whole.n > 0 && !str_number(whole, 1000000000, &seconds)))
		return false;
	for (size_t i = 0; i < rest.n; i++, scale /= 10) {
		if (!ascii_digit(rest.p[i]))
			return false;
		part += (uint64_t)(rest.p[i] - '0') * scale;
	}
	*span = (int64_t)(seconds * 1000000000 + part);
	return true;
}

static bool parse_flag(const char *text, bool *flag)
{
	static const char *const words[] = { "no", "yes", "false", "true", "0", "1", "off", "on" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_ieq(str_of(text), str_of(words[i]))) {
			*flag = i % 2 == 1;
			return true;
		}
	return false;
}

bool options_set(const struct option *o, const char *value, struct err *err)
{
	if (!is_clean(value, o->controls))
		return err_set(err, ERR_USAGE, "control character in the value");
	switch (o->type) {
	case OPTION_FLAG:
		return parse_flag(value, o->target) || err_set(err, ERR_USAGE, "'%s' is neither yes nor no", value);
	case OPTION_NUMBER:
		return str_number(str_of(value), UINT64_MAX, o->target) ||
			err_set(err, ERR_USAGE, "'%s' is no number", value);
	case OPTION_SECONDS:
		return parse_seconds(value, o->target) ||
			err_set(err, ERR_USAGE, "'%s' is no number of seconds", value);
	case OPTION_LIST:
		return append(o->target, options_keep(mem_copy(value, strlen(value))));
	default:
		*(const char **)o->target = options_keep(mem_copy(value, strlen(value)));
		return true;
	}
}

/* All tables as one list, and as popt wants it; val is the place in the list, from 1 on. */
struct parser {
	const struct option **options;
	struct poptOption *popt;
	size_t n;
};

static void parser_add(struct parser *p, const struct option *table)
{
	for (const struct option *o = table; !option_is_end(o); o++) {
		if (o->type == OPTION_GROUP)
			continue;
		p->options = mem_resize(p->options, p->n + 1, sizeof *p->options);
		p->popt = mem_resize(p->popt, p->n + 2, sizeof *p->popt);
		p->options[p->n] = o;
		p->popt[p->n] = (struct poptOption){
			.longName = o->name,
			.shortName = o->letter,
			.argInfo = o->type == OPTION_FLAG ? POPT_ARG_NONE : POPT_ARG_STRING,
			.val = (int)p->n + 1,
		};
		if (o->type == OPTION_OPTIONAL)
			p->popt[p->n].argInfo |= POPT_ARGFLAG_OPTIONAL;
		p->popt[++p->n] = (struct poptOption)POPT_TABLEEND;
	}
}

/* Does arg, as a long option or a bunch of letters, take the next argument for its value? */
static bool takes_next(const struct parser *p, const char *arg)
{
	size_t n = strlen(arg);

	for (size_t i = 0; i < p->n; i++) {
		const struct option *o = p->options[i];

		if (o->type == OPTION_FLAG || o->type == OPTION_OPTIONAL)
			continue;
		if (o->name != NULL && strncmp(arg, "--", 2) == 0 && strcmp(arg + 2, o->name) == 0)
			return true;
		if (o->letter != 0 && n >= 2 && arg[0] == '-' && arg[1] != '-' && arg[n - 1] == o->letter)
			return true;
	}
	return false;
}

static bool stands_alone(const struct parser *p, const char *arg)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->options[i]->type == OPTION_OPTIONAL && strncmp(arg, "--", 2) == 0 &&
			strcmp(arg + 2, p->options[i]->name) == 0)
			return true;
	return false;
}

/* popt gives an option with an optional value the next argument for it. Ours take "--name=VALUE"
 * only, so one that stands alone is made "--name=". */
static const char **prepare(const struct parser *p, int argc, char **argv)
{
	const char **args = options_keep(mem_array((size_t)argc + 1, sizeof *args));
	bool value = false;

	for (int i = 0; i < argc; i++) {
		args[i] = argv[i];
		if (i > 0 && !value && strcmp(argv[i], "--") == 0) {
			for (; i < argc; i++)
				args[i] = argv[i];
			break;
		}
		if (i > 0 && !value && stands_alone(p, argv[i])) {
			struct buf text = { 0 };

			buf_printf(&text, "%s=", argv[i]);
			args[i] = options_keep(mem_copy(buf_text(&text), buf_len(&text)));
			buf_free(&text);
		}
		value = i > 0 && !value && takes_next(p, argv[i]);
	}
	return args;
}

/* The option as people write it. */
static void add_name(struct buf *out, const struct option *o)
{
	if (o->name != NULL)
		buf_printf(out, "--%s", o->name);
	else
		buf_printf(out, "-%c", o->letter);
}

static bool apply(const struct option *o, const char *value, struct err *err)
{
	struct buf name = { 0 };
	bool ok = true;

	if (o->type == OPTION_FLAG)
		*(bool *)o->target = true;
	else
		ok = options_set(o, value != NULL ? value : "", err);
	if (!ok) {
		add_name(&name, o);
		err_prefix(err, "option %s", buf_text(&name));
		buf_free(&name);
	}
	return ok;
}

/* Print what --help and its like ask for and end. */
static _Noreturn void print_and_exit(const struct option *o, const struct option *const tables[], const char *usage)
{
	struct buf out = { 0 };
	struct err err;

	if (strcmp(o->name, "help") == 0)
		options_help(&out, tables, usage);
	else if (strcmp(o->name, "usage") == 0)
		options_usage(&out, tables);
	else
		options_version(&out);
	bool ok = file_write(STDOUT_FILENO, buf_str(&out), "standard output", &err);

	buf_free(&out);
	exit(ok ? 0 : say_fail(&err));
}

static bool fail(const struct option *const tables[], poptContext context, int code, struct err *err)
{
	const char *bad = poptBadOption(context, POPT_BADOPTION_NOALIAS);
	struct str rest = str_of(bad != NULL ? bad : "");
	struct str name = str_cut(&rest, '='); /* what was meant as a secret value is not repeated */
	const char *guess = options_guess(tables, bad != NULL ? bad : "");
	const char *foreign = options_foreign(tables, bad != NULL ? bad : "");

	if (code == POPT_ERROR_NOARG)
		return err_set(err, ERR_USAGE, "option %.*s needs a value", STR_ARGS(name));
	if (code != POPT_ERROR_BADOPT)
		return err_set(err, ERR_USAGE, "option %.*s: %s", STR_ARGS(name), poptStrerror(code));
	if (foreign != NULL)
		return err_set(err, ERR_USAGE, "unknown option %.*s: %s", STR_ARGS(name), foreign);
	if (guess != NULL)
		return err_set(err, ERR_USAGE, "unknown option %.*s (did you mean --%s?); try '%s --help'",
			STR_ARGS(name), guess, say_tool());
	return err_set(err, ERR_USAGE, "unknown option %.*s; try '%s --help'", STR_ARGS(name), say_tool());
}

static bool take_rest(poptContext context, const char ***rest, struct err *err)
{
	const char **args = poptGetArgs(context);
	size_t n = 0;

	while (args != NULL && args[n] != NULL)
		n++;
	*rest = options_keep(mem_array(n + 1, sizeof **rest));
	for (size_t i = 0; i < n; i++) {
		if (!is_clean(args[i], OPTION_NO_CONTROLS))
			return err_set(err, ERR_USAGE, "control character in argument '%s'", args[i]);
		(*rest)[i] = options_keep(mem_copy(args[i], strlen(args[i])));
	}
	return true;
}

bool options_parse(const struct option *const tables[], int argc, char **argv, const char *usage, const char ***rest,
	struct err *err)
{
	struct parser p = { 0 };
	bool ok = true;
	int code;

	for (size_t i = 0; tables[i] != NULL; i++)
		parser_add(&p, tables[i]);
	size_t own = p.n;

	parser_add(&p, options_standard);
	/* No POPT_CONTEXT_…EXEC: an alias may change options, never run another program. */
	poptContext context = poptGetContext(say_tool(), argc, prepare(&p, argc, argv), p.popt, POPT_CONTEXT_NO_EXEC);

	poptReadDefaultConfig(context, 0);
	while (ok && (code = poptGetNextOpt(context)) > 0) {
		char *value = poptGetOptArg(context);

		/* popt gives no code that the table does not have.
		 * NOLINTBEGIN(clang-analyzer-core.NullDereference) */
		if ((size_t)code > own)
			print_and_exit(p.options[code - 1], tables, usage);
		ok = apply(p.options[code - 1], value, err);
		/* NOLINTEND(clang-analyzer-core.NullDereference) */
		free(value);
	}
	if (ok && code < -1)
		ok = fail(tables, context, code, err);
	ok = ok && take_rest(context, rest, err);
	poptFreeContext(context);
	mem_free(p.options);
	mem_free(p.popt);
	return ok;
}

bool options_choice(const char *option, const char *text, const char *const words[], int *index, struct err *err)
{
	struct buf list = { 0 };

	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], text) == 0) {
			*index = i;
			buf_free(&list);
			return true;
		}
		buf_printf(&list, "%s%s", i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ", words[i]);
	}
	err_set(err, ERR_USAGE, "option --%s: '%s' is not %s", option, text, buf_text(&list));
	buf_free(&list);
	return false;
}

bool options_size(const char *option, const char *text, uint64_t *octets, struct err *err)
{
	static const char units[] = "kmgt";
	struct str number = str_of(text);
	unsigned shift = 0;
	uint64_t value;

	/* "64M", "64MB" and "64MiB" are one thing. */
	if (str_iends(number, STR_LIT("ib")))
		number.n -= 2;
	else if (str_iends(number, STR_LIT("b")))
		number.n--;
	const char *unit = number.n > 0 ? strchr(units, ascii_lower(number.p[number.n - 1])) : NULL;

	if (unit != NULL && *unit != '\0') {
		shift = 10 * (unsigned)(unit - units + 1);
		number.n--;
	}
	if (!str_number(number, UINT64_MAX >> shift, &value))
		return err_set(err, ERR_USAGE, "option --%s: '%s' is no size (64M, 1G, 512k)", option, text);
	*octets = value << shift;
	return true;
}
