#include <config.h>

#include "cmd/mailsend/compose/finished.h"

#include <stdio.h>

#include "base/siphash.h"
#include "cli/say.h"
#include "io/converter.h"
#include "cmd/mailsend/compose/identity.h"
#include "io/clock.h"
#include "mail/address/address.h"
#include "mail/header/header.h"
#include "mail/header/word.h"
#include "text/date.h"

#define BLOCK ((size_t)256 << 10)

/* So much of a header has to come in one look. */
#define HEADER_LOOK ((size_t)64 << 10)

bool finished_begins(const struct source *input, bool complete)
{
	static const char names[] =
		"From To Cc Subject Date Message-ID Received MIME-Version Return-Path Reply-To Content-Type";
	struct buf head = { 0 };
	struct header_reader r;
	struct header_field field;
	enum header_event event;
	unsigned known = 0;
	bool sender = false;

	source_read(input, 0, HEADER_LOOK, &head, NULL);
	struct str text = buf_str(&head);

	if (str_starts(text, STR_LIT("From ")) || str_starts(text, STR_LIT(">From ")))
		str_cut(&text, '\n');
	header_init(&r, text);
	while ((event = header_next(&r, &field)) == HEADER_FIELD) {
		known += str_among(field.name, names);
		sender = sender || str_among(field.name, "From To");
	}
	bool ended = event == HEADER_END && r.rest.n > 0;

	buf_free(&head);
	return ended && known >= 2 && (sender || !complete);
}

bool finished_open(struct outgoing *o, const char *path, struct err *err)
{
	struct buf block = { 0 };
	long n = 0;

	o->composed = false;
	message_init(&o->message);
	if ((o->input.name == NULL && !source_open(&o->input, path, err)) || !source_as_text(&o->input, err))
		return false;
	for (uint64_t at = 0;; at += (uint64_t)n) {
		buf_clear(&block);
		n = source_read(&o->input, at, BLOCK, &block, err);
		if (n <= 0)
			break;
		/* Names in another charset are written anew where their field has to be repaired. */
		if (at == 0)
			converter_open_for(buf_str(&block));
		message_scan(&o->message, buf_str(&block));
	}
	message_scan_end(&o->message);
	o->empty = o->message.octets == o->message.body_at;
	buf_free(&block);
	return n == 0;
}

/* The first mailbox of a field, as "name <bare>": 0 for none (an empty field, a group without members), -1 for what is
 * malformed. */
static int first_mailbox(struct str body, struct buf *bare, struct buf *name)
{
	struct address_list l = { .manner = ADDRESS_JOINED };

	address_list_init(&l, body);
	int got = address_list_next(&l);

	buf_add(bare, buf_str(&l.bare));
	if (got > 0 && name != NULL)
		word_decode(name, buf_str(&l.name));
	/* "Doe, John": words, and nobody's address. */
	if (got > 0 && str_find(buf_str(bare), '@') == buf_len(bare) && address_list_next(&l) != 0)
		got = -1;
	address_list_free(&l);
	return got;
}

bool finished_sender(const struct outgoing *o, struct buf *out, struct err *err)
{
	static const char *const fields[] = { "Resent-Sender", "Resent-From", "Sender", "From" };
	struct str header = buf_str(&o->message.header);
	struct buf bare = { 0 };
	int got = 0;

	for (size_t i = 0; i < sizeof fields / sizeof fields[0] && got <= 0; i++) {
		struct str body = header_find(header, fields[i]);

		buf_clear(&bare);
		got = body.p != NULL ? first_mailbox(body, &bare, NULL) : 0;
	}
	/* The last is From, which has to be there. */
	if (got < 0)
		err_set(err, ERR_DATA, "From: %.*s: not an address; -f ADDRESS says who sends it",
			STR_ARGS(buf_str(&bare)));
	else
		buf_add(out, buf_str(&bare));
	buf_free(&bare);
	return got >= 0;
}

/* Is this one of the fields that name recipients? Resent blocks stand in front, the newest first
 * (RFC 5322, 3.6.6). */
static bool names_recipients(struct str name, bool resent)
{
	if (resent)
		return str_ieq(name, STR_LIT("Resent-To")) || str_ieq(name, STR_LIT("Resent-Cc")) ||
			str_ieq(name, STR_LIT("Resent-Bcc"));
	return str_ieq(name, STR_LIT("To")) || str_ieq(name, STR_LIT("Cc")) || str_ieq(name, STR_LIT("Bcc"));
}

bool finished_recipients(const struct outgoing *o, struct envelope *e, struct err *err)
{
	struct str header = buf_str(&o->message.header);
	bool resent = header_find(header, "Resent-To").p != NULL || header_find(header, "Resent-Cc").p != NULL ||
		header_find(header, "Resent-Bcc").p != NULL;
	struct header_reader r;
	struct header_field field;
	enum header_event event;
	bool any = false;

	header_init(&r, header);
	for (;;) {
		uint64_t line = r.line + o->message.from_line;
		char where[64];

		event = header_next(&r, &field);
		if (event == HEADER_END)
			return true;
		if (event != HEADER_FIELD)
			continue;
		/* An older block begins where fields of resending come back after others. */
		if (resent && any && !str_istarts(field.name, STR_LIT("Resent-")))
			return true;
		if (!names_recipients(field.name, resent))
			continue;
		any = true;
		snprintf(where, sizeof where, "line %llu, %.*s", (unsigned long long)line, (int)field.name.n,
			field.name.p);
		if (!envelope_add_list(e, field.body, ERR_DATA, where, err))
			return false;
	}
}

static void digest_of(const struct outgoing *o, uint64_t digest[2])
{
	static const uint64_t keys[2][2] = { { 0x7069706d61696c33, 1 }, { 0x7069706d61696c34, 2 } };
	struct buf all = { 0 };

	source_read(&o->input, 0, (size_t)256 << 10, &all, NULL);
	buf_printf(&all, "%llu", (unsigned long long)o->input.size);
	for (size_t i = 0; i < 2; i++)
		digest[i] = siphash(keys[i], buf_str(&all));
	buf_free(&all);
}

/* The Message-ID that it has, or a new one. */
static void find_message_id(struct outgoing *o, const char *from)
{
	struct str given = header_find(buf_str(&o->message.header), "Message-ID");
	struct buf domain = { 0 };
	uint64_t digest[2];

	header_unfold(&o->id, given);
	if (str_trim(buf_str(&o->id)).n == 0) {
		buf_clear(&o->id);
		digest_of(o, digest);
		identity_domain(from, &domain);
		identity_message_id(buf_text(&domain), digest, &o->id);
	}
	snprintf(o->message_id, sizeof o->message_id, "%.*s",
		STR_ARGS(str_sub(buf_str(&o->id), 0, sizeof o->message_id - 1)));
	buf_free(&domain);
}

static bool knows(void *e, struct str name)
{
	return envelope_knows(e, name);
}

/* The mailbox in From, when it is one: cron writes "root (Cron Daemon)", which is no address outside this machine. */
static bool read_from(const struct outgoing *o, const struct settings *s, struct buf *bare, struct buf *name,
	bool *local, struct err *err)
{
	struct str from = header_find(buf_str(&o->message.header), "From");
	struct buf given = { 0 };
	bool ok = true;

	*local = false;
	if (from.p != NULL && first_mailbox(from, &given, name) > 0) {
		*local = str_find(buf_str(&given), '@') == buf_len(&given);
		if (*local)
			ok = identity_mailbox(s, buf_text(&given), "From", ERR_DATA, bare, NULL, err);
		else
			buf_add(bare, buf_str(&given));
	}
	buf_free(&given);
	return ok;
}

/* The From to be written where it is missing, or in place of the one that is there. */
static bool choose_from(struct outgoing *o, const struct settings *s, const char *from, struct err *err)
{
	struct buf bare = { 0 };
	struct buf name = { 0 };
	const char *set = identity_set_from(s);
	bool local;
	bool ok = read_from(o, s, &bare, &name, &local, err);
	bool there = buf_len(&bare) > 0;

	if (ok && !there) {
		buf_clear(&name);
		address_one(str_of(from), &bare, &name);
		if (s->full_name != NULL) {
			buf_clear(&name);
			buf_add_text(&name, s->full_name);
		}
	}
	o->wants.replace_from = local;
	if (ok && set != NULL)
		o->wants.replace_from = identity_replace(set, &bare, &name, &o->reply_to) || local;
	address_add_mailbox(&o->from, buf_str(&name), buf_str(&bare));
	buf_free(&bare);
	buf_free(&name);
	return ok;
}

bool finished_wants(struct outgoing *o, const struct settings *s, struct envelope *e, const char *from, struct err *err)
{
	int64_t now = clock_wall();
	bool ok = choose_from(o, s, from, err);

	if (o->message.unbounded)
		say_note("Content-Type says multipart and has no boundary: the message is sent as text");
	find_message_id(o, from);
	date_add_mail(&o->date, now, clock_offset(now));
	o->wants.date = buf_str(&o->date);
	o->wants.message_id = buf_str(&o->id);
	o->wants.from = buf_str(&o->from);
	o->wants.reply_to = buf_str(&o->reply_to);
	o->wants.domain = str_of(e->domain);
	o->wants.known = knows;
	o->wants.arg = e;
	return ok;
}
