#include <config.h>

#include "mail/returns/dsn_lines.h"

#include "base/mem.h"
#include "mail/returns/dsn_book.h"
#include "mail/returns/dsn_state.h"

/*
 * Reports in prose name recipients in lists, in sentences, and beside addresses of other people (sender,
 * postmaster, whom to ask). An address counts as a failed recipient only by the phrase or the place it is in. One
 * too few is a bounce not counted; one too many would remove a good subscriber.
 */

/* Lines with addresses of other people: fields of the returned message, whom to ask, what was said
 * on the way. */
static const char others[] =
	"from:|to:|cc:|subject:|date:|message-id:|sent:|sender:|reply-to:|received:|return-path:|"
	"reporting-mta:|sender-mta:|original sender:|mail from|ehlo|helo|de:|para:|von:|an:|betreff:|x-|envelope-|"
	"in-reply-to:|references:|return path:|from ";

static bool may_stand_in_address(char c)
{
	return !(ascii_control(c) || ascii_blank(c) || strchr("<>()[],;:\"'|@", c) != NULL);
}

/* Languages that put no blanks between words put none before an address either: an ideograph, or punctuation of theirs,
 * does not belong to ASCII that follows. */
static bool ends_script(struct str s, size_t begin, size_t at)
{
	return begin < at && (unsigned char)s.p[begin] < 0x80 && (unsigned char)s.p[begin - 1] >= 0x80 && begin >= 3 &&
		(unsigned char)s.p[begin - 3] >= 0xe1;
}

/* The next address in s behind *at, and where it ends; "...": what some servers put behind an
 * address. */
static bool next_address(struct str s, size_t *at, struct str *address)
{
	for (size_t i = *at; i < s.n; i++) {
		size_t begin = i;
		size_t end = i;

		if (s.p[i] != '@')
			continue;
		while (begin > *at && may_stand_in_address(s.p[begin - 1]) && !ends_script(s, begin, i))
			begin--;
		end++;
		while (end < s.n && may_stand_in_address(s.p[end]) && !str_starts(str_sub(s, end, s.n), STR_LIT("...")))
			end++;
		while (end > i + 1 && (s.p[end - 1] == '.' || s.p[end - 1] == '!' || s.p[end - 1] == '?'))
			end--;
		*address = str_sub(s, begin, end - begin);
		/* "dda:SMTP=ann@example.org" */
		if (str_istarts(*address, STR_LIT("smtp=")))
			*address = str_sub(*address, 5, address->n);
		i = end - 1;
		if (dsn_is_address(*address)) {
			*at = end;
			return true;
		}
	}
	return false;
}

/* Where the first word begins, behind what lists are drawn with. */
static size_t skip_marks(struct str line)
{
	size_t n = 0;

	while (n < line.n && (ascii_blank(line.p[n]) || strchr("-*>|\"'<([=", line.p[n]) != NULL))
		n++;
	return n;
}

#define ABOUT_MOST ((size_t)4096)

/* No address that may be mailed to is longer. */
#define KEY_ROOM 330

static struct str key_of(char key[KEY_ROOM], struct str recipient)
{
	if (recipient.n > KEY_ROOM)
		return STR_NONE;
	for (size_t i = 0; i < recipient.n; i++)
		key[i] = ascii_lower(recipient.p[i]);
	return str_at(key, recipient.n);
}

struct dsn_entry *dsn_lines_entry(const struct dsn_lines *l, struct str recipient)
{
	char key[KEY_ROOM];
	const struct set_entry *e = set_find(&l->keys, key_of(key, recipient));

	return e != NULL ? &l->entries[e->value] : NULL;
}

void dsn_lines_add(struct dsn_lines *l, struct str recipient)
{
	char key[KEY_ROOM];
	struct str k = key_of(key, recipient);
	bool added = false;

	if (l->n == DSN_LINES_RECIPIENTS || k.n == 0)
		return;
	struct set_entry *e = set_add(&l->keys, k, &added);

	if (!added)
		return;
	e->value = l->n;
	l->entries = mem_grow(l->entries, l->n, &l->cap, sizeof *l->entries);
	l->entries[l->n++] = (struct dsn_entry){ .recipient = recipient, .about.limit = ABOUT_MOST };
}

/* "<ann@example.org>:" at the very start, as qmail and Postfix have it: needs no introduction. */
static bool is_entry(struct str line)
{
	size_t at = 0;
	struct str address;

	return str_starts(line, STR_LIT("<")) && next_address(line, &at, &address) && address.p == line.p + 1 &&
		str_starts(str_sub(line, at, line.n), STR_LIT(">")) &&
		str_find(str_sub(line, at, line.n), ':') < line.n - at;
}

/* Prose goes on behind an address, a list does not: but for "ann@example.org on Fri, 20 Jul" of
 * Exchange. */
static bool in_prose(struct str rest)
{
	return rest.n > 1 && rest.p[0] == ' ' && ascii_alpha(rest.p[1]) && !str_starts(rest, STR_LIT(" on "));
}

/* Who wrote is not who was written to. */
static bool behind_from(struct str line, struct str address)
{
	struct str before = str_sub(line, 0, (size_t)(address.p - line.p));

	return str_iends(before, STR_LIT("from ")) && !str_iends(before, STR_LIT("generated from "));
}

/* "ann@example.org: 550 5.1.1 ...", as OpenSMTPD and others have it. */
static bool is_reply_of(struct str rest)
{
	if (rest.n < 5 || (rest.p[0] != ':' && rest.p[0] != ' ') || rest.p[1] == '\0')
		return false;
	rest = str_trim(str_sub(rest, 1, rest.n));
	return rest.n > 4 && (rest.p[0] == '4' || rest.p[0] == '5') && ascii_digit(rest.p[1]) &&
		ascii_digit(rest.p[2]) && (rest.p[3] == ' ' || rest.p[3] == '-');
}

static bool is_recipient(const struct dsn_mail *m, struct str line, struct str address, bool entry)
{
	return !dsn_mail_is_nobody(m, address) && !behind_from(line, address) &&
		(entry || !dsn_mail_is_sender(m, address));
}

static void find_in_line(struct dsn_lines *l, struct str line, bool listing, unsigned says, const struct dsn_mail *m)
{
	bool entry = is_entry(line);
	bool phrase = (says & DSN_PHRASE) != 0;
	size_t start = skip_marks(line);
	struct str address;
	size_t at = 0;

	if (!entry &&
		(dsn_starts(str_sub(line, start, line.n), others) || (!phrase && (says & DSN_ASK) != 0 && !listing)))
		return;
	while (l->n < DSN_LINES_RECIPIENTS && next_address(line, &at, &address)) {
		struct str rest = str_sub(line, at, line.n);
		bool first = address.p == line.p + start && !in_prose(rest);
		bool smtp = address.p > line.p && address.p[-1] == '=';

		if (!is_recipient(m, line, address, entry))
			continue;
		if (phrase || smtp || (first && (listing || entry || is_reply_of(rest))))
			dsn_lines_add(l, address);
		if (entry)
			break;
	}
}

void dsn_lines_find(struct dsn_lines *l, struct str text, const struct dsn_mail *m)
{
	bool listing = false;

	while (text.n > 0 && l->n < DSN_LINES_RECIPIENTS) {
		struct str line = str_cut(&text, '\n');
		unsigned says = dsn_book(line);

		if (str_find(line, '@') < line.n)
			find_in_line(l, line, listing, says, m);
		listing = listing || (says & DSN_INTRO) != 0;
	}
}

void dsn_lines_guess(struct dsn_lines *l, struct str text, const struct dsn_mail *m)
{
	bool whom = false;

	while (text.n > 0 && l->n < DSN_LINES_RECIPIENTS) {
		struct str line = str_trim(str_cut(&text, '\n'));
		struct str address;
		size_t at = 0;

		if (line.n == 0)
			continue;
		unsigned says = dsn_book(line);
		bool other = dsn_starts(str_sub(line, skip_marks(line), line.n), others) || (says & DSN_ASK) != 0;

		while (!other && next_address(line, &at, &address)) {
			bool alone = (size_t)(address.p - line.p) <= skip_marks(line) && line.n - at <= 2;

			if ((alone || whom || (says & DSN_WHOM) != 0) && is_recipient(m, line, address, false))
				dsn_lines_add(l, address);
		}
		/* A cell of a table says what stands in the next one. */
		whom = (says & DSN_WHOM) != 0 && line.n < 40;
	}
}

static size_t count_letters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ascii_alpha(s.p[i]);
	return n;
}

/* Which recipients a line names, into l->named; *bare: it says nothing else. */
static bool find_names(struct dsn_lines *l, struct str line, uint64_t number, bool *bare)
{
	size_t letters = count_letters(line);
	struct str address;
	size_t at = 0;

	l->n_named = 0;
	*bare = false;
	if (str_find(line, '@') == line.n)
		return false;
	while (next_address(line, &at, &address)) {
		struct dsn_entry *e = dsn_lines_entry(l, address);

		letters -= count_letters(address);
		if (e == NULL || e->line == number)
			continue;
		e->line = number;
		l->named[l->n_named++] = (size_t)(e - l->entries);
	}
	*bare = letters < 4 || (dsn_book(line) & DSN_ALIAS) != 0;
	return l->n_named > 0;
}

/* What a client said and was told on the way, before the reply that counts. */
static bool is_talk(struct str line)
{
	static const char talk[] =
		"ehlo |helo |mail from|attempting |waiting |socket |content-|sender-mta|remote-mta|"
		"reporting-mta|generating server|original sender|subject:|betreff:|objet :|asunto:|oggetto:";

	line = str_sub(line, skip_marks(line), line.n);
	return dsn_starts(line, talk) ||
		(line.n > 3 && (line.p[0] == '2' || line.p[0] == '3') && ascii_digit(line.p[1]) &&
			ascii_digit(line.p[2]) && (line.p[3] == ' ' || line.p[3] == '-'));
}

#define ABOUT_ALL ((size_t)64 << 10)
#define ABOUT_LEAST ((size_t)384)

static size_t about_limit(size_t n)
{
	size_t each = ABOUT_ALL / n;

	return each > ABOUT_MOST ? ABOUT_MOST : each < ABOUT_LEAST ? ABOUT_LEAST : each;
}

/* One that is full gets no more, and costs no more. */
static void give(struct dsn_lines *l, size_t *to, size_t *n, struct str line)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		struct buf *about = &l->entries[to[i]].about;

		if (!buf_add(about, str_sub(line, 0, about->limit - buf_len(about) - 1)) ||
			!buf_add_char(about, '\n') || buf_len(about) + 1 >= about->limit)
			continue;
		to[kept++] = to[i];
	}
	*n = kept;
}

/* From now on it is about those that are named; in a run of names, about them too. */
static void turn_to_named(struct dsn_lines *l, uint64_t run)
{
	for (size_t i = 0; i < l->n_named; i++) {
		struct dsn_entry *e = &l->entries[l->named[i]];

		if (e->run != run)
			l->current[l->n_current++] = l->named[i];
		e->run = run;
	}
}

void dsn_lines_share(struct dsn_lines *l, struct str text)
{
	bool run = false; /* of lines that only name recipients: all of them get what follows */
	uint64_t number = 0;
	uint64_t runs = 0;
	bool bare = false;

	mem_free(l->current);
	l->current = mem_array(2 * l->n + 2, sizeof *l->current);
	/* Of a long list each gets less: the work on one message has a limit. */
	for (size_t i = 0; i < l->n; i++)
		l->entries[i].about.limit = about_limit(l->n);
	l->named = l->current + l->n + 1;
	while (text.n > 0 && l->n > 0) {
		struct str line = str_trim(str_cut(&text, '\n'));
		bool any = line.n > 0 && find_names(l, line, ++number, &bare);

		if (any && !run) {
			l->n_current = 0;
			runs++;
		}
		if (any)
			turn_to_named(l, runs);
		if (line.n > 0)
			run = any && bare;
		if (line.n == 0 || is_talk(line))
			continue;
		if (any && bare)
			give(l, l->named, &l->n_named, line);
		else
			give(l, l->current, &l->n_current, line);
	}
}

void dsn_lines_free(struct dsn_lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		buf_free(&l->entries[i].about);
	mem_free(l->entries);
	mem_free(l->current);
	set_free(&l->keys);
	*l = (struct dsn_lines){ .n = 0 };
}
