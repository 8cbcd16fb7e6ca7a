#include <config.h>

#include "cli/options_help.h"

#include "cli/say.h"

#define HELP_COLUMN 30
#define LINE_WIDTH 79

const struct option options_standard[] = {
	{ .type = OPTION_GROUP, .help = "Help" },
	{ "help", 'h', OPTION_FLAG, NULL, NULL, "show this text", false },
	{ "help", '?', OPTION_FLAG, NULL, NULL, NULL, false },
	{ "usage", 0, OPTION_FLAG, NULL, NULL, "show all options in short", false },
	{ "version", 'V', OPTION_FLAG, NULL, NULL, "show the version", false },
	{ 0 },
};

/* Words from column on, broken at LINE_WIDTH; what follows a break is indented. */
static void add_wrapped(struct buf *out, const char *text, size_t column, size_t indent)
{
	struct str rest = str_of(text);
	bool first = true;

	while (rest.p != NULL) {
		struct str word = str_cut(&rest, ' ');

		if (!first && column + 1 + word.n > LINE_WIDTH) {
			buf_printf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			buf_add_char(out, ' ');
			column++;
		}
		buf_add(out, word);
		column += word.n;
		first = false;
	}
	buf_add_char(out, '\n');
}

static void add_argument(struct buf *out, const struct option *o, char separator)
{
	const char *arg = o->arg != NULL ? o->arg : "VALUE";

	if (o->type == OPTION_OPTIONAL)
		buf_printf(out, "[=%s]", arg);
	else if (o->type != OPTION_FLAG)
		buf_printf(out, "%c%s", separator, arg);
}

static void add_option(struct buf *out, const struct option *o)
{
	size_t start = buf_len(out);

	if (o->letter != 0)
		buf_printf(out, "  -%c%s", o->letter, o->name != NULL ? ", " : "");
	else
		buf_add_text(out, "      ");
	if (o->name != NULL)
		buf_printf(out, "--%s", o->name);
	add_argument(out, o, o->name != NULL ? '=' : ' ');
	size_t column = buf_len(out) - start;

	if (column + 2 > HELP_COLUMN)
		buf_printf(out, "\n%*s", HELP_COLUMN, "");
	else
		buf_printf(out, "%*s", (int)(HELP_COLUMN - column), "");
	add_wrapped(out, o->help, HELP_COLUMN, HELP_COLUMN);
}

static void add_table(struct buf *out, const struct option *table)
{
	for (const struct option *o = table; !option_is_end(o); o++) {
		if (o->type == OPTION_GROUP)
			buf_printf(out, "\n%s:\n", o->help);
		else if (o->help != NULL)
			add_option(out, o);
	}
}

void options_help(struct buf *out, const struct option *const tables[], const char *usage)
{
	struct str forms = str_of(usage);
	const char *before = "Usage:";

	while (forms.p != NULL) {
		struct str form = str_cut(&forms, '\n');

		buf_printf(out, "%s %s %.*s\n", before, say_tool(), STR_ARGS(form));
		before = "      ";
	}
	for (size_t i = 0; tables[i] != NULL; i++)
		add_table(out, tables[i]);
	add_table(out, options_standard);
}

static void add_short(struct buf *out, const struct option *o, size_t *column)
{
	struct buf word = { 0 };

	buf_add_char(&word, '[');
	if (o->letter != 0)
		buf_printf(&word, "-%c%s", o->letter, o->name != NULL ? "|" : "");
	if (o->name != NULL)
		buf_printf(&word, "--%s", o->name);
	add_argument(&word, o, o->name != NULL ? '=' : ' ');
	buf_add_char(&word, ']');
	if (*column + 1 + buf_len(&word) > LINE_WIDTH) {
		buf_add_text(out, "\n       ");
		*column = 7;
	}
	buf_printf(out, " %s", buf_text(&word));
	*column += 1 + buf_len(&word);
	buf_free(&word);
}

void options_usage(struct buf *out, const struct option *const tables[])
{
	size_t column = strlen("Usage: ") + strlen(say_tool());

	buf_printf(out, "Usage: %s", say_tool());
	for (size_t i = 0; tables[i] != NULL; i++)
		for (const struct option *o = tables[i]; !option_is_end(o); o++)
			if (o->type != OPTION_GROUP && o->help != NULL)
				add_short(out, o, &column);
	for (const struct option *o = options_standard + 1; !option_is_end(o); o++)
		add_short(out, o, &column);
	buf_add_char(out, '\n');
}

void options_version(struct buf *out)
{
	buf_printf(out, "%s (%s) %s\n", say_tool(), PACKAGE_NAME, PACKAGE_VERSION);
}

/* Letters to add, drop or change to make a into b (Levenshtein), for short words; else a lot. */
static size_t distance(struct str a, struct str b)
{
	size_t row[33];

	if (a.n > 32 || b.n > 32)
		return 99;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t best = corner + (a.p[i - 1] != b.p[j - 1]);

			corner = row[j];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			row[j] = best;
		}
	}
	return row[b.n];
}

/* What other programs call an option, and what does it here. Those of a tool without a server say so of the file. */
static const struct {
	const char *names;
	const char *option; /* of ours that has to be there for the advice to be good */
	const char *advice;
} foreign[] = {
	{ "--host --server --smtp-server --smtp-host --port", "smtp",
		"the server is given by --smtp smtp://HOST:PORT" },
	{ "--host --server --pop-server --port", "pop", "the server is given by --pop pop3s://HOST:PORT" },
	{ "--insecure --no-check-certificate --no-verify --tls-certcheck", "pin",
		"certificates are always verified; --pin trusts one key, --ca-file its issuer" },
	{ "--attachment --attach-file", "attach", "files are attached by --attach FILE" },
	{ "--password --pass --passwd --auth-password", "password-command",
		"a password on the command line can be read by everyone: use --password-command or --password-file" },
	{ "--passwordeval", "password-command", "use --password-command" },
	{ "--username --login --auth-user", "user", "use --user" },
	{ "--starttls --ssl --tls-starttls", "tls",
		"smtp:// and pop3:// use STARTTLS, smtps:// and pop3s:// TLS from the start" },
	{ "--recipient --rcpt", "to", "use --to, or give recipients as arguments" },
	{ "--serverinfo", "probe", "use --probe" },
	{ "--configure", "setup", "use --setup ADDRESS" },
	{ "--pretend", "dry-run", "use --dry-run" },
};

static bool has_option(const struct option *const tables[], const char *name)
{
	for (size_t i = 0; tables[i] != NULL; i++)
		for (const struct option *o = tables[i]; !option_is_end(o); o++)
			if (o->name != NULL && strcmp(o->name, name) == 0)
				return true;
	return false;
}

const char *options_foreign(const struct option *const tables[], const char *unknown)
{
	struct str rest = str_of(unknown);
	struct str typed = str_cut(&rest, '=');

	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
		if (str_among(typed, foreign[i].names) && has_option(tables, foreign[i].option))
			return foreign[i].advice;
	return NULL;
}

const char *options_guess(const struct option *const tables[], const char *unknown)
{
	struct str rest = str_of(unknown);
	const char *guess = NULL;
	size_t best = 3;

	if (!str_starts(rest, STR_LIT("--")))
		return NULL;
	rest = str_sub(rest, 2, rest.n);
	struct str typed = str_cut(&rest, '=');

	for (size_t i = 0; tables[i] != NULL; i++)
		for (const struct option *o = tables[i]; !option_is_end(o); o++) {
			if (o->name == NULL || o->help == NULL)
				continue;
			size_t far = typed.n >= 3 && str_starts(str_of(o->name), typed)
				? 0
				: distance(typed, str_of(o->name));

			if (far < best && far < typed.n) {
				best = far;
				guess = o->name;
			}
		}
	return guess;
}
