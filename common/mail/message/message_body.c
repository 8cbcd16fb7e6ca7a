#include <config.h>

#include "mail/message/message_state.h"

#include "base/err.h"
#include "text/hex.h"

/*
 * The pass that writes the body. Each part is written in the way that message_part_how gives: copied, encoded,
 * re-wrapped or repaired. A line end is content of the line before it except in front of a delimiter, to which it
 * belongs (RFC 2046, 5.1.1), so in an encoded part it is owed until the next line shows which it is.
 */

static const struct part *part_of(const struct message *m)
{
	size_t i = m->state->walk.part;

	return &m->state->parts[i < MESSAGE_PARTS_LIMIT ? i : MESSAGE_PARTS_LIMIT - 1];
}

/* From here on the content of the current part is written in its way. */
static void begin_content(struct message *m)
{
	struct message_state *st = m->state;
	const char *encoding;

	st->how = message_part_how(m, part_of(m), &encoding);
	st->owed = LINE_OPEN;
	st->width = 0;
	mime_encoder_free(&st->encoder);
	st->encoder = (struct mime_encoder){ .encoding = MIME_QP, .text = part_of(m)->text };
	if (st->how == HOW_ENCODE && str_eq(str_of(encoding), STR_LIT("base64")))
		st->encoder.encoding = MIME_BASE64;
}

void message_body_begin(struct message *m)
{
	struct message_state *st = m->state;
	struct part facts;

	buf_free(&st->walk.header);
	st->walk = (struct walk){ .parts = 1 };
	buf_init(&st->walk.header, MESSAGE_HEADER_LIMIT);
	message_walk_enter(&st->walk, buf_str(&m->header), &facts);
	st->lines = (struct lines){ .n = 0 };
	st->kind = WALK_CONTENT;
	begin_content(m);
	if (m->mode == MESSAGE_LINES) {
		mime_encoder_free(&st->encoder);
		st->encoder = (struct mime_encoder){ .encoding = MIME_7BIT, .text = true };
	}
}

/* The line end of the line before, as content: in a text it is CRLF, elsewhere every octet counts.
 */
static void pay_line_end(struct message_state *st, struct buf *out)
{
	static const char *const ends[] = {
		[LINE_OPEN] = "", [LINE_LF] = "\n", [LINE_CRLF] = "\r\n", [LINE_CR] = "\r"
	};

	mime_encode(&st->encoder, out, str_of(ends[st->owed]));
	st->owed = LINE_OPEN;
}

/* base64 in lines of 76, without what is not of it. */
static void rewrap(struct message_state *st, struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!ascii_alpha(c) && !ascii_digit(c) && c != '+' && c != '/' && c != '=')
			continue;
		buf_add_char(out, c);
		if (++st->width == 76) {
			buf_add_text(out, "\r\n");
			st->width = 0;
		}
	}
}

/* Quoted-printable with what may not leave encoded, and soft line breaks where lines were too long.
 */
static void repair_qp(struct message_state *st, struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		/* The break comes early enough for an escape and never inside one. */
		if (st->width >= 72 && st->escape == 0) {
			buf_add_text(out, "=\r\n");
			st->width = 0;
		}
		st->escape = c == '=' ? 2 : st->escape > 0 ? st->escape - 1 : 0;
		if (c >= 0x80 || c == 0) {
			hex_add_escape(out, '=', c);
			st->width += 3;
		} else {
			buf_add_char(out, (char)c);
			st->width++;
		}
	}
}

/* What stands around the parts of a multipart is shown to nobody: it is only made harmless. */
static void strip(struct message_state *st, struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\0')
			continue;
		if (st->width++ == MESSAGE_LINE) {
			buf_add_text(out, "\r\n");
			st->width = 1;
		}
		buf_add_char(out, (unsigned char)s.p[i] >= 0x80 ? '?' : s.p[i]);
	}
}

static void put_content(struct message *m, const struct line *line, struct buf *out)
{
	struct message_state *st = m->state;

	switch (st->how) {
	case HOW_ENCODE:
		if (line->starts)
			pay_line_end(st, out);
		mime_encode(&st->encoder, out, line->text);
		if (line->whole)
			st->owed = line->end;
		return;
	case HOW_REWRAP:
		rewrap(st, line->text, out);
		return;
	case HOW_REPAIR_QP:
		repair_qp(st, line->text, out);
		break;
	case HOW_STRIP:
		strip(st, line->text, out);
		break;
	case HOW_COPY:
		buf_add(out, line->text);
		break;
	}
	if (line->whole) {
		buf_add_text(out, "\r\n");
		st->width = 0;
		st->escape = 0;
	}
}

/* The content is over: at a delimiter the last line end belongs to that, at the end of all it is
 * content. */
static void end_content(struct message *m, bool delimiter, struct buf *out)
{
	struct message_state *st = m->state;

	if (st->how == HOW_REWRAP && st->width > 0) {
		buf_add_text(out, "\r\n");
		st->width = 0;
	}
	if (st->how != HOW_ENCODE)
		return;
	if (!delimiter && st->owed != LINE_OPEN)
		pay_line_end(st, out);
	bool any = st->owed != LINE_OPEN;

	mime_encode_end(&st->encoder, out);
	if (any && st->encoder.encoding == MIME_QP)
		buf_add_text(out, "\r\n");
	st->how = HOW_COPY;
}

/* A line that begins a new state of affairs; pieces of long lines are never one. */
static bool put_line(struct message *m, const struct line *line, struct buf *out, struct err *err)
{
	struct message_state *st = m->state;
	struct part facts;
	size_t before = st->walk.part;
	bool entered = false;

	if (line->starts) {
		st->kind = WALK_CONTENT;
		if (line->whole || st->walk.in_header)
			st->kind = message_walk_line(&st->walk, line->text, &entered, &facts);
	} else if (st->kind == WALK_HEADER) {
		message_walk_more(&st->walk, line->text);
	}
	if (entered) {
		if (!message_mend_header(m, buf_str(&st->walk.header), before, out, err))
			return false;
		buf_add_text(out, "\r\n");
		begin_content(m);
	}
	if (st->kind == WALK_DELIMITER && line->starts) {
		if (!entered)
			end_content(m, true, out);
		buf_add(out, line->text);
		buf_add_text(out, "\r\n");
		begin_content(m);
	} else if (st->kind == WALK_CONTENT) {
		put_content(m, line, out);
	}
	return true;
}

bool message_body(struct message *m, struct str s, struct buf *out, struct err *err)
{
	struct message_state *st = m->state;
	struct line line;
	bool ok = true;

	if (m->mode == MESSAGE_AS_IS)
		ok = buf_add(out, s);
	else if (m->mode == MESSAGE_LINES)
		ok = mime_encode(&st->encoder, out, s);
	else
		while (message_lines_next(&st->lines, &s, true, &line))
			if (!put_line(m, &line, out, err))
				return false;
	return (ok && !out->full) || err_set(err, ERR_SOFTWARE, "no room for the body");
}

bool message_body_end(struct message *m, struct buf *out, struct err *err)
{
	struct message_state *st = m->state;
	struct line line;

	if (m->mode == MESSAGE_LINES)
		mime_encode_end(&st->encoder, out);
	if (m->mode != MESSAGE_PARTS)
		return true;
	if (message_lines_end(&st->lines, true, &line) && !put_line(m, &line, out, err))
		return false;
	if (st->walk.in_header && !st->walk.stale) {
		/* The input ended in the header of a part. */
		if (!message_mend_header(m, buf_str(&st->walk.header), st->walk.part, out, err))
			return false;
	}
	end_content(m, false, out);
	return !out->full;
}
