#include <config.h>

#include "cmd/mailsend/settings.h"

#include "base/mem.h"

/*
 * The options that programs give to sendmail. Those that take a value take it joined or as the next
 * word; what has no meaning for a tool that hands the message to a server at once is passed over,
 * as every stand-in for sendmail does.
 */
static const char with_value[] = "ABCDFLNORVXbdfhopr";

/* The value of the letter at *word, joined or next; NULL at the end of the arguments. */
static const char *value_of(const char *joined, char **argv, int argc, int *i)
{
	if (*joined != '\0')
		return joined;
	return *i + 1 < argc ? argv[++*i] : NULL;
}

static bool set_mode(struct settings *s, const char *value, struct err *err)
{
	switch (value[0]) {
	case 'm': /* mail from standard input: what we do */
		return true;
	case 's':
		s->serve = true;
		return true;
	case 'p':
		s->list_spool = true;
		return true;
	case 'i': /* newaliases: there is no alias database to build */
		s->nothing = true;
		return true;
	default:
		return err_set(err, ERR_USAGE, "-b%s: this sendmail only sends: -bm, -bs, -bp and -bi are taken",
			value);
	}
}

static bool apply(struct settings *s, char letter, const char *value, struct err *err)
{
	switch (letter) {
	case 'f':
	case 'r':
		s->envelope_from = value;
		return true;
	case 'F':
		s->full_name = value;
		return true;
	case 'N':
		s->dsn = value;
		return true;
	case 'R':
		s->dsn_return = value[0] == 'f' || value[0] == 'F' ? "full" : "headers";
		return true;
	case 'V':
		s->envid = value;
		return true;
	case 'C':
		s->account.config = value;
		return true;
	case 'X':
		s->account.trace = value;
		return true;
	case 'b':
		return set_mode(s, value, err);
	default: /* -A -B -D -L -O -d -h -o -p: not for us */
		return true;
	}
}

static bool apply_flag(struct settings *s, char letter, struct err *err)
{
	switch (letter) {
	case 't':
		s->read_recipients = true;
		return true;
	case 'v':
		s->account.verbose = true;
		return true;
	case 'q':
		s->flush = "";
		return true;
	case 'i':
	case 'n':
	case 'm':
	case 'G':
	case 'U':
	case 's':
	case 'x':
		return true;
	default:
		return err_set(err, ERR_USAGE, "-%c: not an option of sendmail that is known here", letter);
	}
}

/* One word that begins with "-": letters, the last of which may have a value. */
static bool take_word(struct settings *s, char **argv, int argc, int *i, struct err *err)
{
	for (const char *p = argv[*i] + 1; *p != '\0'; p++) {
		if (*p == 'q') /* -q, -q30m, -qR…: send what waits */
			return apply_flag(s, 'q', err);
		if (strchr(with_value, *p) == NULL) {
			if (!apply_flag(s, *p, err))
				return false;
			continue;
		}
		char letter = *p;
		const char *value = value_of(p + 1, argv, argc, i);

		if (value == NULL)
			return err_set(err, ERR_USAGE, "-%c: a value is missing", letter);
		if (!str_clean(str_of(value)))
			return err_set(err, ERR_USAGE, "-%c: a control character in the value", letter);
		return apply(s, letter, value, err);
	}
	return true;
}

bool settings_parse_sendmail(struct settings *s, int argc, char **argv, struct err *err)
{
	const char **rest = mem_array((size_t)argc + 1, sizeof *rest);
	size_t n = 0;
	bool options = true;

	s->as_sendmail = true;
	s->recipients = rest;
	s->ends = INT64_MAX;
	/* The tables are made for their defaults. */
	account_options(&s->account, false);
	account_general_options(&s->account);
	for (int i = 1; i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
		} else if (options && argv[i][0] == '-' && argv[i][1] != '\0') {
			if (!take_word(s, argv, argc, &i, err))
				return false;
		} else if (!str_clean(str_of(argv[i]))) {
			return err_set(err, ERR_USAGE, "a control character in a recipient");
		} else {
			rest[n++] = argv[i];
		}
	}
	return true;
}
