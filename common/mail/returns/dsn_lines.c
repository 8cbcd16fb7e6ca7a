#include <config.h>

#include "mail/returns/dsn_lines.h"

#include "base/mem.h"
#include "mail/returns/dsn_state.h"

/*
 * Reports in prose name recipients in lists, in sentences, and beside addresses of other people (sender,
 * postmaster, whom to ask). An address counts as a failed recipient only by the phrase or the place it is in. One
 * too few is a bounce not counted; one too many would remove a good subscriber.
 */

/* A line behind which addresses stand that got nothing. */
static const char intros[] = "following address|following recipient|following user|recipient(s)|address(es)|"
			     "addresses failed|failed addresses|failed recipients|affected recipient|fatal errors|"
			     "not delivered to|was not delivered|deliver your message|to this address|"
			     "to email address|undeliver|could not be delivered|cannot be delivered|"
			     "can not be delivered|not be delivered|unable to deliver|permanent error|did not reach|"
			     "not receive|failed permanently|recipients failed|could not be reached|e-mail address|"
			     "delivery notifications|pas pu etre delivre|no pudo ser entregado|"
			     "konnte nicht zugestellt|fehler aufgetreten";

/* A line whose addresses are failed recipients wherever they stand in it. */
static const char phrases[] = "recipient:|recipient address:|original address:|undeliverable address|undeliverable to|"
			      "undeliverable  to|intended recipient|error-for:|unknown user|user unknown|expanded from|"
			      "generated from|addressed to|was addressed|delivery userid|delivery failed|"
			      "unable to deliver|not be delivered|cannot be delivered|not delivered to|"
			      "has reached our local address|mailbox is full|quota violation for|smtp=|no such user|"
			      "no such local user|following recipient:|local mailbox|automatically rejected|"
			      "wasn't delivered to|delivery to|doesn't have|over quota|address rejected";

/* Lines with addresses of other people: fields of the returned message, whom to ask, what was said
 * on the way. */
static const char others[] = "from:|to:|cc:|subject:|date:|message-id:|sent:|sender:|reply-to:|received:|return-path:|"
			     "reporting-mta:|mail from|ehlo|helo|de:|para:|von:|an:|betreff:|x-|envelope-";
static const char asks[] = "contact|assistance|send mail to|postmaster|please reply|mailer-daemon|helpdesk|"
			   "try emailing|mailto:";

static bool may_stand_in_address(char c)
{
	return !(ascii_control(c) || ascii_blank(c) || strchr("<>()[],;:\"'|@", c) != NULL);
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
		while (begin > *at && may_stand_in_address(s.p[begin - 1]))
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

void dsn_lines_add(struct dsn_lines *l, struct str recipient)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_ieq(l->entries[i].recipient, recipient))
			return;
	if (l->n == DSN_LINES_RECIPIENTS)
		return;
	l->entries = mem_grow(l->entries, l->n, &l->cap, sizeof *l->entries);
	l->entries[l->n++] = (struct dsn_entry){ .recipient = recipient, .about.limit = 4096 };
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

static void find_in_line(struct dsn_lines *l, struct str line, bool listing, const struct dsn_mail *m)
{
	bool entry = is_entry(line);
	bool phrase = dsn_says(line, phrases);
	size_t start = skip_marks(line);
	struct str address;
	size_t at = 0;

	if (!entry && (dsn_starts(str_sub(line, start, line.n), others) || (!phrase && dsn_says(line, asks))))
		return;
	while (next_address(line, &at, &address)) {
		bool first = address.p == line.p + start && !in_prose(str_sub(line, at, line.n));
		bool smtp = address.p > line.p && address.p[-1] == '=';

		if (dsn_mail_is_nobody(m, address) || behind_from(line, address) ||
			(!entry && dsn_mail_is_sender(m, address)))
			continue;
		if (phrase || smtp || (first && (listing || entry)))
			dsn_lines_add(l, address);
		if (entry)
			break;
	}
}

void dsn_lines_find(struct dsn_lines *l, struct str text, const struct dsn_mail *m)
{
	bool listing = false;

	while (text.n > 0) {
		struct str line = str_cut(&text, '\n');

		find_in_line(l, line, listing, m);
		listing = listing || dsn_says(line, intros);
	}
}

static size_t count_letters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ascii_alpha(s.p[i]);
	return n;
}

/* Which recipients a line names; bare: it says nothing else. */
static bool find_names(struct dsn_lines *l, struct str line, bool *bare)
{
	size_t letters = count_letters(line);
	bool any = false;
	struct str address;
	size_t at = 0;

	for (size_t i = 0; i < l->n; i++)
		l->entries[i].named = false;
	while (next_address(line, &at, &address)) {
		letters -= count_letters(address);
		for (size_t i = 0; i < l->n; i++)
			if (str_ieq(l->entries[i].recipient, address))
				any = l->entries[i].named = true;
	}
	*bare = letters < 4 || dsn_says(line, "expanded from|generated from");
	return any;
}

/* What a client said and was told on the way, before the reply that counts. */
static bool is_talk(struct str line)
{
	static const char talk[] = "ehlo |helo |mail from|attempting |waiting |socket |content-";

	line = str_sub(line, skip_marks(line), line.n);
	return dsn_starts(line, talk) ||
		(line.n > 3 && (line.p[0] == '2' || line.p[0] == '3') && ascii_digit(line.p[1]) &&
			ascii_digit(line.p[2]) && (line.p[3] == ' ' || line.p[3] == '-'));
}

void dsn_lines_share(struct dsn_lines *l, struct str text)
{
	bool run = false; /* of lines that only name recipients: all of them get what follows */
	bool bare;

	while (text.n > 0) {
		struct str line = str_trim(str_cut(&text, '\n'));
		bool any = line.n > 0 && find_names(l, line, &bare);

		for (size_t i = 0; any && i < l->n; i++)
			l->entries[i].current = l->entries[i].named || (run && l->entries[i].current);
		if (line.n > 0)
			run = any && bare;
		if (line.n == 0 || is_talk(line))
			continue;
		for (size_t i = 0; i < l->n; i++)
			if (l->entries[i].current && buf_add(&l->entries[i].about, line))
				buf_add_char(&l->entries[i].about, '\n');
	}
}

void dsn_lines_free(struct dsn_lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		buf_free(&l->entries[i].about);
	mem_free(l->entries);
	*l = (struct dsn_lines){ .n = 0 };
}
