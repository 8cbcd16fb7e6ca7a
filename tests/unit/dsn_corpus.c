#include <config.h>

#include "tests/dsn_name.h"
#include "tests/tap.h"

#include <dirent.h>

#include "mail/returns/dsn.h"
#include "mail/list/suppress.h"
#include "io/converter.h"
#include "io/file.h"

/*
 * Bounces: our own, and those that other projects collected, where they are. Of theirs, recipients must be those
 * that the table has. Delay notices, which the table calls temporary, say nothing to us and must be told apart
 * from failures.
 */
#define FLOOR 113

/* The mails, all read by a person, that say that a recipient or a domain does not exist. The
 * table's "permanent" is wider. */
static const char hard_mails[] = "dsn_10 dsn_11 dsn_12 dsn_13 dsn_14 dsn_15 dsn_16 dsn_18 exim_01 groupwise_01 "
				 "groupwise_02 microsoft_01 microsoft_02 microsoft_04 postfix_01 qmail_03 qmail_04 "
				 "qmail_05 simple_04 simple_05 simple_06 simple_08 simple_11 simple_12 simple_13 "
				 "simple_15 simple_19 simple_23 simple_25 simple_26 simple_27 simple_29 simple_30 "
				 "simple_33 simple_34 simple_36 simple_39 smtp32_04 smtp32_06 smtp32_07 yahoo_10 "
				 "yahoo_11 yahoo_13";

static struct buf table;
static size_t mails;
static size_t score;   /* mails with the right recipients */
static size_t classes; /* mails with the right class */

/* The recipients of one mail: "a@b " each, in lower case; false when the table has a delay. */
static bool expected(const char *file, struct buf *out)
{
	struct str rest = buf_str(&table);
	bool temporary = false;

	while (rest.n > 0) {
		struct str line = str_trim(str_cut(&rest, '\n'));
		struct str name = str_cut(&line, '\t');

		if (!str_eq(name, str_of(file)))
			continue;
		str_cut(&line, '\t');
		str_cut(&line, '\t');
		struct str recipient = str_cut(&line, '\t');

		temporary = temporary || str_eq(line, STR_LIT("temporary"));
		if (recipient.n == 0 || temporary)
			continue;
		for (size_t i = 0; i < recipient.n; i++)
			buf_add_char(out, ascii_lower(recipient.p[i]));
		buf_add_char(out, ' ');
	}
	return !temporary;
}

static bool holds(struct str list, struct str word)
{
	while (list.n > 0)
		if (str_ieq(str_cut(&list, ' '), word))
			return true;
	return false;
}

static bool right(struct dsn *d, struct str message, const char *file)
{
	struct buf want = { 0 };
	struct str rest;
	size_t n = 0;
	bool ok = true;

	expected(file, &want);
	dsn_read(d, message);
	for (rest = buf_str(&want); rest.n > 0; n++)
		str_cut(&rest, ' ');
	for (size_t i = 0; i < d->n; i++)
		ok = ok && holds(buf_str(&want), d->reports[i].recipient);
	if (!ok || d->n != n) {
		printf("# %s: want %s, got", file, buf_len(&want) > 0 ? buf_text(&want) : "nothing");
		for (size_t i = 0; i < d->n; i++)
			printf(" %.*s", STR_ARGS(d->reports[i].recipient));
		printf("\n");
		ok = false;
	}
	if (getenv("DSN_SHOW") != NULL)
		for (size_t i = 0; i < d->n; i++)
			printf("# %s %.*s %s %s [%.*s] %.*s\n", file, STR_ARGS(d->reports[i].recipient),
				dsn_class_name(d->reports[i].class), outcome_reason_name(d->reports[i].reason),
				STR_ARGS(d->reports[i].status), STR_ARGS(d->reports[i].diagnostic));
	buf_free(&want);
	return ok;
}

/* Is one of the reports hard, where that is so, and none where it is not? */
static bool right_class(const struct dsn *d, const char *file)
{
	bool want = str_among(str_sub(str_of(file), 0, strlen(file) - 4), hard_mails);
	bool hard = false;

	for (size_t i = 0; i < d->n; i++)
		hard = hard || d->reports[i].class == DSN_HARD;
	if (hard != want)
		printf("# %s is %s\n", file, hard ? "hard, and should not be" : "not hard");
	return hard == want;
}

/* The mails of folder/mails, each given to one(). False when folder/expected.tsv (read into table) is not there. */
static bool each_mail(const char *folder, void (*one)(struct dsn *, struct str message, const char *file))
{
	struct buf path = { 0 };
	struct dsn d = { 0 };
	DIR *dir;

	buf_clear(&table);
	buf_printf(&path, "%s/expected.tsv", folder);
	bool there = file_read(buf_text(&path), (size_t)1 << 20, &table, NULL);

	buf_clear(&path);
	buf_printf(&path, "%s/mails", folder);
	dir = there ? opendir(buf_text(&path)) : NULL;
	for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
		struct buf mail = { 0 };

		buf_clear(&path);
		buf_printf(&path, "%s/mails/%s", folder, e->d_name);
		if (e->d_name[0] != '.' && file_read(buf_text(&path), (size_t)1 << 24, &mail, NULL)) {
			mails++;
			one(&d, buf_str(&mail), e->d_name);
		}
		buf_free(&mail);
	}
	if (dir != NULL)
		closedir(dir);
	dsn_free(&d);
	buf_free(&path);
	return there;
}

static void judge_theirs(struct dsn *d, struct str message, const char *file)
{
	score += right(d, message, file);
	classes += right_class(d, file);
}

/* Of our own, each must be exact: "class recipient; class recipient", or nothing. */
static void judge_ours(struct dsn *d, struct str message, const char *file)
{
	struct buf got = { 0 };
	struct str rest = buf_str(&table);
	struct str line = { 0 };
	bool found = false;

	while (rest.n > 0 && !found) {
		line = str_cut(&rest, '\n');
		found = str_eq(str_cut(&line, '\t'), str_of(file));
	}
	dsn_read(d, message);
	for (size_t i = 0; i < d->n; i++)
		buf_printf(&got, "%s%s %.*s", i > 0 ? "; " : "", dsn_class_name(d->reports[i].class),
			STR_ARGS(d->reports[i].recipient));
	if (!check(found && str_eq(buf_str(&got), line), "%s", file))
		printf("# got  [%.*s]\n# want [%.*s]\n", STR_ARGS(buf_str(&got)), STR_ARGS(line));
	buf_free(&got);
}

int main(void)
{
	const char *top = getenv("TOP_SRCDIR") != NULL ? getenv("TOP_SRCDIR") : ".";
	const char *corpora = getenv("PIPEMAIL_CORPORA");
	struct buf folder = { 0 };

	converter_open_all();
	buf_printf(&folder, "%s/tests/data/bounces", top);
	check(each_mail(buf_text(&folder), judge_ours) && mails > 20, "our own bounces are there");
	buf_clear(&folder);
	if (corpora != NULL)
		buf_printf(&folder, "%s/bounces", corpora);
	else
		buf_printf(&folder, "%s/../shared/corpora/bounces", top);
	mails = 0;
	if (each_mail(buf_text(&folder), judge_theirs)) {
		printf("# recipients right in %zu of %zu mails\n", score, mails);
		printf("# hard or not: right in %zu\n", classes);
		check(mails >= 100 && score >= FLOOR, "recipients of the corpus of bounces");
		check(classes == mails, "what is hard in it");
	} else {
		printf("ok %d # SKIP %s: the corpus of bounces is not there\n", ++tap_count, buf_text(&folder));
	}
	buf_free(&table);
	buf_free(&folder);
	return tap_done();
}
