#include <config.h>

#include "cmd/mailsend/compose/compose.h"

#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/siphash.h"
#include "cmd/mailsend/compose/identity.h"
#include "io/clock.h"
#include "io/converter.h"
#include "io/random.h"
#include "mail/address/address.h"
#include "mail/header/header.h"
#include "mail/header/word.h"
#include "mail/message/html_text.h"
#include "text/date.h"

/* Everything while it is put together. */
struct workshop {
	struct attachment text, html;
	struct attachment *inlines, *attachments;
	struct mime_part *inline_parts, *attachment_parts;
	struct buf header;
	struct buf made_text; /* out of the HTML */
};

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

bool compose_headers(struct settings *s, struct err *err)
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
	while (ok && (got = address_list_next(&l)) > 0) {
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
static bool put_addresses(struct workshop *w, const char *name, const struct option_list *list, const char *const *more,
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
	ok = ok && (buf_len(&value) == 0 || header_add(&w->header, str_of(name), buf_str(&value), err));
	buf_free(&value);
	return ok;
}

static bool put_date(struct workshop *w, const struct settings *s, struct err *err)
{
	struct buf value = { 0 };
	int64_t when = clock_wall();
	bool ok = true;

	if (s->date != NULL && !date_parse_mail(str_of(s->date), &when) &&
		date_parse_any(str_of(s->date), &when) != DATE_OK)
		ok = err_set(err, ERR_USAGE, "--date: '%s' is no date that can be told for sure", s->date);
	date_add_mail(&value, when, clock_offset(when));
	ok = ok && header_add(&w->header, STR_LIT("Date"), buf_str(&value), err);
	buf_free(&value);
	return ok;
}

/* Two hashes of everything that is said, for identifiers that stay the same where the input does.
 */
static void digest_of(const struct workshop *w, const struct settings *s, const struct outgoing *o, uint64_t digest[2])
{
	static const uint64_t keys[2][2] = { { 0x7069706d61696c31, 1 }, { 0x7069706d61696c32, 2 } };
	struct buf all = { 0 };

	buf_add(&all, buf_str(&w->header));
	for (size_t i = 0; i < o->n_files; i++) {
		buf_printf(&all, "%s %llu ", o->files[i].name, (unsigned long long)o->files[i].size);
		source_read(&o->files[i], 0, (size_t)64 << 10, &all, NULL);
	}
	for (size_t i = 0; i < s->attach.n; i++)
		buf_add_text(&all, s->attach.values[i]);
	for (size_t i = 0; i < 2; i++)
		digest[i] = siphash(keys[i], buf_str(&all));
	buf_free(&all);
}

static bool put_message_id(struct workshop *w, struct outgoing *o, const struct settings *s, const char *from,
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
	ok = ok && header_add(&w->header, STR_LIT("Message-ID"), buf_str(&value), err);
	snprintf(o->message_id, sizeof o->message_id, "%.*s",
		STR_ARGS(str_sub(buf_str(&value), 0, sizeof o->message_id - 1)));
	buf_free(&domain);
	buf_free(&value);
	return ok;
}

/* What -H gives in ASCII is final: encoded words in it are meant as such. */
static bool put_text(struct workshop *w, struct str name, struct str value, bool ready, struct err *err)
{
	return ready ? header_add(&w->header, name, value, err) : header_add_text(&w->header, name, value, err);
}

static bool put_header(struct workshop *w, struct outgoing *o, const struct envelope *e, const struct settings *s,
	const char *from, uint64_t digest[2], struct err *err)
{
	const struct option_list sender = { .values = &from, .n = 1 };
	bool ok = put_addresses(w, "From", &sender, NULL, e, err) &&
		put_addresses(w, "Reply-To", &s->reply_to, NULL, e, err) &&
		put_addresses(w, "To", &s->to, s->recipients, e, err) && put_addresses(w, "Cc", &s->cc, NULL, e, err);

	if (ok && s->to.n + s->cc.n == 0 && s->recipients[0] == NULL)
		ok = header_add(&w->header, STR_LIT("To"), STR_LIT("undisclosed-recipients:;"), err);
	if (ok && s->subject != NULL)
		ok = put_text(w, STR_LIT("Subject"), str_of(s->subject), s->subject_ready, err);
	ok = ok && put_date(w, s, err);
	for (size_t i = 0; i < s->headers.n && ok; i++) {
		struct str rest = str_of(s->headers.values[i]);
		struct str name = str_trim(str_cut(&rest, ':'));

		ok = put_text(w, name, str_trim(rest), str_ascii(rest), err);
	}
	digest_of(w, s, o, digest);
	ok = ok && put_message_id(w, o, s, from, digest, err);
	/* What the options say is the user's doing, not the data's. */
	if (!ok && err->kind == ERR_DATA)
		err->kind = ERR_USAGE;
	return ok;
}

/* A text alternative out of the HTML that is the last file. */
static bool make_text(struct workshop *w, struct outgoing *o, const struct settings *s, struct err *err)
{
	struct buf html = { 0 };
	const struct source *file = &o->files[w->html.part.file];
	bool ok = file->size <= BUF_DEFAULT_LIMIT && source_read(file, 0, (size_t)file->size, &html, err) >= 0 &&
		html_text_add(&w->made_text, buf_str(&html));

	buf_free(&html);
	if (!ok)
		return err_set(err, ERR_DATA, "%s: is too long to make a text of: give one with --body-file", s->html);
	return attachment_body(&w->text, o, NULL, buf_str(&w->made_text), "text/plain", err);
}

/* The text and HTML bodies. Standard input is the text unless an option gives it; beside HTML an
 * empty one is none. */
static bool open_bodies(struct workshop *w, struct outgoing *o, const struct settings *s, struct err *err)
{
	bool text = s->body != NULL || s->body_file != NULL;

	if (s->html != NULL) {
		if (!attachment_body(&w->html, o, s->html, STR_NONE, "text/html", err))
			return false;
		if (!mime_scan_utf8(&w->html.part.scan))
			return err_set(err, ERR_DATA, "%s: is not UTF-8", s->html);
		if (!text && (isatty(STDIN_FILENO) || strcmp(s->html, "-") == 0))
			return make_text(w, o, s, err);
	}
	if (s->body != NULL)
		return attachment_body(&w->text, o, NULL, str_of(s->body), "text/plain", err);
	if (!attachment_body(&w->text, o, s->body_file != NULL ? s->body_file : "-", STR_NONE, "text/plain", err))
		return false;
	if (s->html == NULL || text || w->text.part.scan.octets > 0)
		return true;
	attachment_free(&w->text);
	return make_text(w, o, s, err);
}

static bool open_files(struct attachment **list, struct mime_part **parts, struct outgoing *o,
	const struct option_list *options, bool is_inline, struct err *err)
{
	*list = mem_array(options->n, sizeof **list);
	*parts = mem_array(options->n, sizeof **parts);
	for (size_t i = 0; i < options->n; i++) {
		if (!attachment_open(&(*list)[i], o, is_inline ? "--inline" : "--attach", options->values[i], is_inline,
			    err))
			return false;
		(*parts)[i] = (*list)[i].part;
	}
	return true;
}

static void close_workshop(struct workshop *w, const struct settings *s)
{
	for (size_t i = 0; w->inlines != NULL && i < s->inlines.n; i++)
		attachment_free(&w->inlines[i]);
	for (size_t i = 0; w->attachments != NULL && i < s->attach.n; i++)
		attachment_free(&w->attachments[i]);
	attachment_free(&w->text);
	attachment_free(&w->html);
	mem_free(w->inlines);
	mem_free(w->attachments);
	mem_free(w->inline_parts);
	mem_free(w->attachment_parts);
	buf_free(&w->header);
	buf_free(&w->made_text);
}

static bool add_recipients(struct envelope *e, const struct settings *s, struct err *err)
{
	const struct {
		const char *name;
		const struct option_list *list;
	} lists[] = { { "--to", &s->to }, { "--cc", &s->cc }, { "--bcc", &s->bcc } };

	for (size_t l = 0; l < 3; l++)
		for (size_t i = 0; i < lists[l].list->n; i++)
			if (!envelope_add_list(e, str_of(lists[l].list->values[i]), ERR_USAGE, lists[l].name, err))
				return false;
	return true;
}

bool compose(struct outgoing *o, struct envelope *e, const struct settings *s, const char *from, struct err *err)
{
	struct workshop w = { .inlines = NULL };
	uint64_t digest[2];
	char boundary[40];
	bool ok = add_recipients(e, s, err) && open_bodies(&w, o, s, err) &&
		open_files(&w.inlines, &w.inline_parts, o, &s->inlines, true, err) &&
		open_files(&w.attachments, &w.attachment_parts, o, &s->attach, false, err) &&
		put_header(&w, o, e, s, from, digest, err);

	if (ok) {
		if (!clock_is_fixed())
			random_bytes(digest, sizeof digest);
		snprintf(boundary, sizeof boundary, "%016llx%08llx", (unsigned long long)digest[0],
			(unsigned long long)(digest[1] >> 32));
		const struct mime_compose c = {
			.header = buf_str(&w.header),
			.text = &w.text.part,
			.html = s->html != NULL ? &w.html.part : NULL,
			.inlines = w.inline_parts,
			.n_inlines = s->inlines.n,
			.attachments = w.attachment_parts,
			.n_attachments = s->attach.n,
			.boundary = str_of(boundary),
		};

		ok = mime_compose(&o->mime, &c, err);
		o->composed = true;
		o->mime_header = header_length(buf_str(&o->mime.text));
	}
	close_workshop(&w, s);
	return ok;
}
