#include <config.h>

#include "cmd/mailsend/compose/fields.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/siphash.h"
#include "cmd/mailsend/compose/identity.h"
#include "io/clock.h"
#include "io/converter.h"
#include "mail/address/address.h"
#include "mail/header/header.h"
#include "mail/header/word.h"
#include "text/date.h"
#include "text/utf8.h"

static void list_add(struct option_list *l, const char *value)
{
	l->values = mem_resize(l->values, l->n + 1, sizeof *l->values);
	l->values[l->n++] = value;
}

/* Where a header field has an option, that is what is meant. */
static bool move_header(struct settings *s, struct str name, const char *value, bool *moved, struct err *err)
{
	const struct {
		const char *name;
		const char **text;
		struct option_list *list;
	} fields[] = {
		{ "Subject", &s->subject, NULL },
		{ "From", &s->from, NULL },
		{ "Date", &s->date, NULL },
		{ "Message-ID", &s->message_id, NULL },
		{ "To", NULL, &s->to },
		{ "Cc", NULL, &s->cc },
		{ "Bcc", NULL, &s->bcc },
		{ "Reply-To", NULL, &s->reply_to },
	};

	*moved = false;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (!str_ieq(name, str_of(fields[i].name)))
			continue;
		if (fields[i].text != NULL && *fields[i].text != NULL)
			return err_set(err, ERR_USAGE, "--header: %s was given already", fields[i].name);
		if (fields[i].text == &s->subject)
			s->subject_ready = str_ascii(str_of(value));
		if (fields[i].text != NULL)
			*fields[i].text = value;
		else
			list_add(fields[i].list, value);
		*moved = true;
	}
	return true;
}

bool fields_move(struct settings *s, struct err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->headers.n; i++) {
		struct str rest = str_of(s->headers.values[i]);
		struct str name = str_trim(str_cut(&rest, ':'));
		bool moved;

		if (rest.p == NULL)
			return err_set(err, ERR_USAGE, "--header: '%s' is not of the form 'Name: value'",
				s->headers.values[i]);
		if (str_istarts(name, STR_LIT("Content-")) || str_ieq(name, STR_LIT("MIME-Version")))
			return err_set(err, ERR_USAGE, "--header: %.*s is made by mailsend itself", STR_ARGS(name));
		rest = str_trim(rest);
		if (!move_header(s, name, rest.p, &moved, err))
			return false;
		if (!moved)
			s->headers.values[kept++] = s->headers.values[i];
	}
	s->headers.n = kept;
	return true;
}

/* The mailboxes of one value, names encoded as needed. */
static bool add_mailboxes(struct buf *value, const char *name, struct str text, const struct envelope *e,
	enum address_manner manner, struct err *err)
{
	struct address_list l = { .manner = manner };
	struct address a = { 0 };
	struct buf decoded = { 0 };
	bool ok = true;
	int got = 0;

	converter_open_for(text);
	address_list_init(&l, text);
	while (ok && (got = address_list_next(&l)) != 0) {
		if (got < 0 && manner == ADDRESS_LENIENT && e->tolerant)
			continue;
		if (got < 0)
			break;
		buf_clear(&decoded);
		word_decode(&decoded, buf_str(&l.name));
		if (str_find(buf_str(&l.bare), '@') == buf_len(&l.bare)) {
			if (e->only_known && !envelope_knows(e, buf_str(&l.bare)))
				got = -1;
			else if (e->domain != NULL)
				buf_printf(&l.bare, "@%s", e->domain);
		}
		if (got < 0)
			break;
		enum address_fault fault = address_parse(&a, buf_str(&l.bare), ADDRESS_ENVELOPE);

		/* The envelope has it as a recipient that was refused. */
		if (fault != ADDRESS_OK && manner == ADDRESS_LENIENT && e->tolerant)
			continue;
		if (fault != ADDRESS_OK && e->domain != NULL)
			ok = err_set(err, ERR_USAGE, "%s: %.*s: %s", name, STR_ARGS(buf_str(&l.bare)),
				address_fault_text(&a, fault));
		buf_add_text(value, buf_len(value) > 0 ? ", " : "");
		address_add_mailbox(value, buf_str(&decoded), buf_str(&l.bare));
	}
	if (ok && got < 0)
		ok = err_set(err, ERR_USAGE, "%s: %.*s: is not an address", name, STR_ARGS(buf_str(&l.bare)));
	address_list_free(&l);
	address_free(&a);
	buf_free(&decoded);
	return ok;
}

/* "Name: a, b" of every mailbox in the lists. */
static bool put_addresses(struct buf *header, const char *name, const struct option_list *list, const char *const *more,
	const struct envelope *e, struct err *err)
{
	bool sender = strcmp(name, "From") == 0 || strcmp(name, "Reply-To") == 0;
	struct buf value = { 0 };
	size_t total = list->n;
	bool ok = true;

	while (more != NULL && more[total - list->n] != NULL)
		total++;
	for (size_t i = 0; i < total && ok; i++)
		ok = add_mailboxes(&value, name, str_of(i < list->n ? list->values[i] : more[i - list->n]), e,
			sender ? ADDRESS_JOINED : ADDRESS_LENIENT, err);
	ok = ok && (buf_len(&value) == 0 || header_add(header, str_of(name), buf_str(&value), err));
	buf_free(&value);
	return ok;
}

static bool put_date(struct buf *header, const struct settings *s, struct err *err)
{
	struct buf value = { 0 };
	int64_t when = clock_wall();
	bool ok = true;

	if (s->date != NULL && !date_parse_mail(str_of(s->date), &when) &&
		date_parse_any(str_of(s->date), &when) != DATE_OK)
		ok = err_set(err, ERR_USAGE, "--date: '%s' is not a date that can be read in one way only", s->date);
	date_add_mail(&value, when, clock_offset(when));
	ok = ok && header_add(header, STR_LIT("Date"), buf_str(&value), err);
	buf_free(&value);
	return ok;
}

/* Two hashes of everything that is said, for identifiers that stay the same where the input does.
 */
static void digest_of(const struct buf *header, const struct settings *s, const struct outgoing *o, uint64_t digest[2])
{
	static const uint64_t keys[2][2] = { { 0x7069706d61696c31, 1 }, { 0x7069706d61696c32, 2 } };
	struct buf all = { 0 };

	buf_add(&all, buf_str(header));
	for (size_t i = 0; i < o->n_files; i++) {
		buf_printf(&all, "%s %llu ", o->files[i].name, (unsigned long long)o->files[i].size);
		source_read(&o->files[i], 0, (size_t)64 << 10, &all, NULL);
	}
	for (size_t i = 0; i < s->attach.n; i++)
		buf_add_text(&all, s->attach.values[i]);
	for (size_t i = 0; i < s->alternatives.n; i++)
		buf_add_text(&all, s->alternatives.values[i]);
	for (size_t i = 0; i < 2; i++)
		digest[i] = siphash(keys[i], buf_str(&all));
	buf_free(&all);
}

static bool put_message_id(struct buf *header, struct outgoing *o, const struct settings *s, const char *from,
	uint64_t digest[2], struct err *err)
{
	struct buf value = { 0 };
	struct buf domain = { 0 };
	struct str given = str_trim(str_of(s->message_id));
	bool ok = true;

	if (given.n > 0 && given.p[0] == '<' && given.p[given.n - 1] == '>')
		given = str_sub(given, 1, given.n - 2);
	if (s->message_id != NULL) {
		size_t at = str_find(given, '@');

		for (size_t i = 0; i < given.n; i++)
			ok = ok && given.p[i] > ' ' && given.p[i] < 0x7f && strchr("<>()\\,;\"", given.p[i]) == NULL;
		if (!ok || at == 0 || at + 1 >= given.n || given.n > 250)
			ok = err_set(err, ERR_USAGE, "--message-id: '%s' is not of the form id@domain", s->message_id);
		buf_printf(&value, "<%.*s>", STR_ARGS(given));
	} else {
		identity_domain(from, &domain);
		identity_message_id(buf_text(&domain), digest, &value);
	}
	ok = ok && header_add(header, STR_LIT("Message-ID"), buf_str(&value), err);
	snprintf(o->message_id, sizeof o->message_id, "%.*s",
		STR_ARGS(str_sub(buf_str(&value), 0, sizeof o->message_id - 1)));
	buf_free(&domain);
	buf_free(&value);
	return ok;
}

/* "<id> <id>": ids with their brackets or without. */
static bool put_ids(struct buf *header, const char *name, const char *option, const char *text, struct err *err)
{
	struct str rest = str_of(text);
	struct buf value = { 0 };
	bool ok = true;

	while (ok && rest.n > 0) {
		struct str id = str_cut(&rest, ' ');

		if (id.n > 1 && id.p[0] == '<' && id.p[id.n - 1] == '>')
			id = str_sub(id, 1, id.n - 2);
		if (id.n == 0)
			continue;
		for (size_t i = 0; i < id.n; i++)
			ok = ok && id.p[i] > ' ' && id.p[i] < 0x7f && strchr("<>", id.p[i]) == NULL;
		if (!ok || str_find(id, '@') == id.n || id.n > 900)
			ok = err_set(err, ERR_USAGE, "%s: '%.*s' is not of the form id@domain", option, STR_ARGS(id));
		buf_printf(&value, "%s<%.*s>", buf_len(&value) > 0 ? " " : "", STR_ARGS(id));
	}
	ok = ok && (buf_len(&value) == 0 || header_add(header, str_of(name), buf_str(&value), err));
	buf_free(&value);
	return ok;
}

/* The bytes of a terminal's escape sequence at the start of s (ECMA-48, 5.4), 0: there is none. */
static size_t escape_length(struct str s)
{
	size_t n = 2;

	if (s.n < 2 || s.p[0] != '\x1b')
		return 0;
	if (s.p[1] != '[')
		return 1;
	while (n < s.n && s.p[n] >= ' ' && s.p[n] < '@')
		n++;
	return n < s.n ? n + 1 : n;
}

/* An alert goes out whatever a program wrote into it: as UTF-8, without a terminal's colours and other controls. Line
 * ends are not among them: options.c refused these. */
static void clean(struct buf *out, struct str value)
{
	struct buf text = { 0 };

	if (utf8_valid(value))
		buf_add(&text, value);
	else
		utf8_from_latin1(&text, value);
	struct str rest = buf_str(&text);

	while (rest.n > 0) {
		size_t n = escape_length(rest);

		if (n == 0 && (!ascii_control(rest.p[0]) || rest.p[0] == '\t'))
			buf_add_char(out, rest.p[0] == '\t' ? ' ' : rest.p[0]);
		rest = str_sub(rest, n > 0 ? n : 1, rest.n);
	}
	buf_free(&text);
}

/* What -H gives in ASCII is final: encoded words in it are meant as such. */
static bool put_text(struct buf *header, struct str name, struct str value, bool ready, struct err *err)
{
	struct buf text = { 0 };

	clean(&text, value);
	bool ok = ready ? header_add(header, name, buf_str(&text), err)
			: header_add_text(header, name, buf_str(&text), err);

	buf_free(&text);
	return ok;
}

bool fields_put(struct buf *header, struct outgoing *o, const struct envelope *e, const struct settings *s,
	const char *from, uint64_t digest[2], struct err *err)
{
	const struct option_list sender = { .values = &from, .n = 1 };
	bool ok = put_addresses(header, "From", &sender, NULL, e, err) &&
		put_addresses(header, "Reply-To", &s->reply_to, NULL, e, err) &&
		put_addresses(header, "To", &s->to, s->recipients, e, err) &&
		put_addresses(header, "Cc", &s->cc, NULL, e, err);

	if (ok && s->to.n + s->cc.n == 0 && s->recipients[0] == NULL)
		ok = header_add(header, STR_LIT("To"), STR_LIT("undisclosed-recipients:;"), err);
	if (ok && s->subject != NULL)
		ok = put_text(header, STR_LIT("Subject"), str_of(s->subject), s->subject_ready, err);
	ok = ok && put_date(header, s, err) &&
		(s->in_reply_to == NULL || put_ids(header, "In-Reply-To", "--in-reply-to", s->in_reply_to, err));
	/* A thread of one is what answers without --references belong to. */
	if (ok && (s->references != NULL || s->in_reply_to != NULL))
		ok = put_ids(header, "References", s->references != NULL ? "--references" : "--in-reply-to",
			s->references != NULL ? s->references : s->in_reply_to, err);
	for (size_t i = 0; i < s->headers.n && ok; i++) {
		struct str rest = str_of(s->headers.values[i]);
		struct str name = str_trim(str_cut(&rest, ':'));

		ok = put_text(header, name, str_trim(rest), str_ascii(rest), err);
	}
	digest_of(header, s, o, digest);
	ok = ok && put_message_id(header, o, s, from, digest, err);
	/* What the options say is the user's doing, not the data's. */
	if (!ok && err->kind == ERR_DATA)
		err->kind = ERR_USAGE;
	return ok;
}
