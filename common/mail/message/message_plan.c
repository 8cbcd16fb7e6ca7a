#include <config.h>

#include "mail/message/message_state.h"

#include "base/err.h"

/*
 * Decides what of a finished message has to change for this server, and refuses what must not be changed: a
 * message that is signed (DKIM, multipart/signed, S/MIME) leaves unchanged or not at all, since a broken signature
 * is worse than an error to the sender.
 */

/* Faults that may not leave under these wishes. */
static unsigned unwanted_faults(const struct message *m)
{
	return FAULT_NUL | FAULT_LONG | FAULT_CR | (m->state->wants.eight_bit ? 0 : FAULT_HIGH);
}

enum how message_part_how(const struct message *m, const struct part *p, const char **encoding)
{
	unsigned unwanted = p->faults & unwanted_faults(m);

	*encoding = NULL;
	if (p->kind != PART_LEAF) {
		if (!m->state->wants.eight_bit && p->encoding == MIME_8BIT)
			*encoding = "7bit";
		return unwanted != 0 ? HOW_STRIP : HOW_COPY;
	}
	if ((unwanted & ~(unsigned)FAULT_CR) == 0)
		return HOW_COPY;
	if (p->encoding == MIME_BASE64)
		return HOW_REWRAP;
	if (p->encoding == MIME_QP)
		return HOW_REPAIR_QP;
	*encoding = p->text && p->high <= p->octets / 3 ? "quoted-printable" : "base64";
	return HOW_ENCODE;
}

static bool covered(const struct message *m, struct str name)
{
	struct str rest = buf_str(&m->state->sealed_names);

	while (rest.p != NULL)
		if (str_ieq(str_trim(str_cut(&rest, ':')), name))
			return name.n > 0;
	return false;
}

/* Does it become text/plain? Not where that would break a signature. */
static bool is_retyped(const struct message *m, const struct part *p)
{
	return p->unbounded && !(m->state->sealed && covered(m, STR_LIT("Content-Type")));
}

/* What a DKIM signature covers: the names of its h= tag, gathered from all of them. */
static void read_seal(struct message *m, struct str body)
{
	struct message_state *st = m->state;

	st->sealed = true;
	buf_add_text(&st->sealed_names, "From:");
	while (body.p != NULL) {
		struct str tag = str_trim(str_cut(&body, ';'));
		struct str name = str_trim(str_cut(&tag, '='));

		if (str_eq(name, STR_LIT("h")) && tag.p != NULL) {
			buf_add(&st->sealed_names, tag);
			buf_add_char(&st->sealed_names, ':');
		}
	}
}

static void find_seals(struct message *m)
{
	struct header_reader r;
	struct header_field field;
	enum header_event event;

	m->state->sealed = false;
	buf_clear(&m->state->sealed_names);
	header_init(&r, buf_str(&m->header));
	while ((event = header_next(&r, &field)) != HEADER_END)
		if (event == HEADER_FIELD &&
			(str_ieq(field.name, STR_LIT("DKIM-Signature")) ||
				str_ieq(field.name, STR_LIT("ARC-Message-Signature"))))
			read_seal(m, field.body);
}

static const char *fault_text(unsigned fault)
{
	return fault == FAULT_HIGH    ? "octets over 0x7f, and the server does not take 8BITMIME"
		: fault == FAULT_NUL  ? "a NUL"
		: fault == FAULT_LONG ? "a line over 998 octets"
				      : "a carriage return inside a line";
}

/* A signed content that would have to be changed is not sent. */
static bool check_seals(const struct message *m, struct err *err)
{
	const struct message_state *st = m->state;
	unsigned unwanted = unwanted_faults(m);

	for (size_t i = 0; i < st->walk.parts && i < MESSAGE_PARTS_LIMIT; i++) {
		const struct part *p = &st->parts[i];

		if (!st->sealed && !p->under_seal)
			continue;
		if ((p->header_faults & unwanted) != 0)
			return err_set(err, ERR_DATA,
				"line %llu: the header of a part would have to be mended, which "
				"would "
				"break the signature",
				(unsigned long long)p->header_line);
		for (unsigned bit = 0; bit < 4; bit++)
			if ((p->faults & unwanted & (1u << bit)) != 0)
				return err_set(err, ERR_DATA, "line %llu: %s: mending it would break the signature",
					(unsigned long long)p->line[bit], fault_text(1u << bit));
	}
	return true;
}

static bool add_missing(struct message *m, unsigned what, const char *name, struct str value, struct err *err)
{
	bool replaced = what == MESSAGE_FROM && m->state->wants.replace_from;

	if (((m->missing & what) == 0 && !replaced) || value.n == 0)
		return true;
	if (m->state->sealed && covered(m, str_of(name)))
		return err_set(err, ERR_DATA, "%s is missing, and adding it would break the signature that covers it",
			name);
	return header_add(&m->plan, str_of(name), value, err);
}

static bool add_reply_to(struct message *m, struct err *err)
{
	struct str value = m->state->wants.reply_to;

	if (value.n == 0 || str_trim(header_find(buf_str(&m->header), "Reply-To")).n > 0)
		return true;
	if (m->state->sealed && covered(m, STR_LIT("Reply-To")))
		return err_set(err, ERR_DATA, "a Reply-To would have to be added, which would break the signature");
	return header_add(&m->plan, STR_LIT("Reply-To"), value, err);
}

/* MIME fields where the message has none and needs them, or has only some. */
static void add_mime(struct message *m, const char *encoding)
{
	const struct message_state *st = m->state;
	const struct part *top = &st->parts[0];
	bool version = header_find(buf_str(&m->header), "MIME-Version").p != NULL;
	bool high = (top->faults & FAULT_HIGH) != 0;
	bool untyped = top->kind == PART_LEAF && !top->typed && (high || encoding != NULL || is_retyped(m, top));

	if (!version && (untyped || encoding != NULL || top->typed))
		buf_add_text(&m->plan, "MIME-Version: 1.0\r\n");
	if (untyped)
		buf_printf(&m->plan, "Content-Type: text/plain; charset=%s\r\n",
			high ? mime_scan_charset(&st->untyped) : "us-ascii");
	if (encoding != NULL)
		buf_printf(&m->plan, "Content-Transfer-Encoding: %s\r\n", encoding);
	else if (untyped && high && header_find(buf_str(&m->header), "Content-Transfer-Encoding").p == NULL)
		buf_add_text(&m->plan, "Content-Transfer-Encoding: 8bit\r\n");
}

/* Another stands for it: a From without a domain, or an empty field that counts as missing. */
static bool is_replaced(const struct message *m, const struct header_field *field)
{
	bool from = str_ieq(field->name, STR_LIT("From"));

	if (from && m->state->wants.replace_from)
		return true;
	if (message_field_empty(field) && str_among(field->name, "To Cc Reply-To Sender"))
		return true;
	return message_field_empty(field) &&
		((from && (m->missing & MESSAGE_FROM) != 0) ||
			(str_ieq(field->name, STR_LIT("Date")) && (m->missing & MESSAGE_DATE) != 0) ||
			(str_ieq(field->name, STR_LIT("Message-ID")) && (m->missing & MESSAGE_ID) != 0));
}

/* Bcc, and what another field takes the place of. */
static bool is_left_out(const struct message *m, const struct header_field *field, const struct part *p, bool encoded)
{
	if (p == &m->state->parts[0]) {
		if (str_among(field->name, "Bcc Resent-Bcc"))
			return true;
		if (is_replaced(m, field) && (!m->state->sealed || !covered(m, field->name)))
			return true;
	}
	return (is_retyped(m, p) && str_ieq(field->name, STR_LIT("Content-Type"))) ||
		(encoded && str_ieq(field->name, STR_LIT("Content-Transfer-Encoding")));
}

/* Every field of a header but those that go; the new encoding is written by the caller. */
static bool mend_fields(struct message *m, struct str header, const struct part *p, const char *encoding,
	struct buf *out, struct err *err)
{
	bool top = p == &m->state->parts[0];
	struct message_field_mend how = { .high_ok = top ? m->state->wants.utf8 : m->state->wants.eight_bit,
		.drop_high = false };
	struct header_reader r;
	struct header_field field;
	enum header_event event;

	how.drop_high = !top && !how.high_ok;
	how.downgrade = top && m->state->wants.downgrade;
	header_init(&r, header);
	for (;;) {
		uint64_t line = r.line + m->from_line;

		event = header_next(&r, &field);
		if (event == HEADER_END)
			return true;
		if (event == HEADER_FIELD && is_left_out(m, &field, p, encoding != NULL))
			continue;
		bool covers = top && event == HEADER_FIELD && m->state->sealed && covered(m, field.name);

		if (event == HEADER_FIELD && top && !covers && message_field_qualify(&m->state->wants, &field, out))
			continue;
		if (event != HEADER_FIELD || message_field_clean(&how, field.whole)) {
			buf_add(out, field.whole);
			continue;
		}
		if (covers) {
			struct message_field_mend raw = { .high_ok = true };

			if (!message_field_clean(&raw, field.whole))
				return err_set(err, ERR_DATA,
					"line %llu: %.*s would have to be mended, which would "
					"break the "
					"signature",
					(unsigned long long)line, STR_ARGS(field.name));
			buf_add(out, field.whole);
			continue;
		}
		if (!message_field_mend(&how, &field, line, out, err))
			return false;
	}
}

bool message_header_ascii(struct str header, bool downgrade, struct buf *out, struct err *err)
{
	const struct message_field_mend how = { .downgrade = downgrade };
	struct header_reader r;
	struct header_field field;
	enum header_event event;

	header_init(&r, header);
	for (;;) {
		uint64_t line = r.line;

		event = header_next(&r, &field);
		if (event == HEADER_END)
			return true;
		if (event != HEADER_FIELD || message_field_clean(&how, field.whole))
			buf_add(out, field.whole);
		else if (!message_field_mend(&how, &field, line, out, err))
			return false;
	}
}

bool message_mend_header(struct message *m, struct str header, size_t i, struct buf *out, struct err *err)
{
	const struct part *p = &m->state->parts[i < MESSAGE_PARTS_LIMIT ? i : MESSAGE_PARTS_LIMIT - 1];
	const char *encoding;

	message_part_how(m, p, &encoding);
	if (!mend_fields(m, header, p, encoding, out, err))
		return false;
	if (is_retyped(m, p))
		buf_printf(out, "Content-Type: text/plain; charset=%s\r\n",
			p->high > 0 ? mime_scan_charset(&m->state->untyped) : "us-ascii");
	if (encoding != NULL)
		buf_printf(out, "Content-Transfer-Encoding: %s\r\n", encoding);
	return true;
}

/* Which way the body leaves, and its size as far as that is known by now. */
static void choose_mode(struct message *m)
{
	struct message_state *st = m->state;
	unsigned faults = 0;

	for (size_t i = 0; i < st->walk.parts && i < MESSAGE_PARTS_LIMIT; i++)
		faults |= st->parts[i].faults | st->parts[i].header_faults;
	m->eight_bit = (faults & FAULT_HIGH) != 0 && st->wants.eight_bit;
	m->body_size = m->octets - m->body_at;
	if ((faults & unwanted_faults(m)) != 0) {
		m->mode = MESSAGE_PARTS;
	} else if (st->lone_lf > 0 || (m->body_size > 0 && !st->ended_line)) {
		m->mode = MESSAGE_LINES;
		m->body_size += st->lone_lf + (st->ended_line ? 0 : 2);
	} else {
		m->mode = MESSAGE_AS_IS;
	}
}

bool message_plan(struct message *m, const struct message_wants *wants, struct err *err)
{
	struct message_state *st = m->state;
	const char *encoding;

	st->wants = *wants;
	buf_clear(&m->plan);
	if (st->too_long)
		return err_set(err, ERR_DATA, "the header is over %zu MiB", MESSAGE_HEADER_LIMIT >> 20);
	if (st->too_many)
		return err_set(err, ERR_DATA, "the message has more than %d parts", MESSAGE_PARTS_LIMIT);
	find_seals(m);
	if (!check_seals(m, err))
		return false;
	message_part_how(m, &st->parts[0], &encoding);
	if (!mend_fields(m, buf_str(&m->header), &st->parts[0], encoding, &m->plan, err) ||
		!add_missing(m, MESSAGE_FROM, "From", wants->from, err) ||
		!add_missing(m, MESSAGE_DATE, "Date", wants->date, err) ||
		!add_missing(m, MESSAGE_ID, "Message-ID", wants->message_id, err) || !add_reply_to(m, err))
		return false;
	add_mime(m, encoding);
	m->utf8 = !str_ascii(buf_str(&m->plan));
	buf_add_text(&m->plan, "\r\n");
	choose_mode(m);
	return true;
}
