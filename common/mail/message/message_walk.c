#include <config.h>

#include "mail/message/message_state.h"

#include "mail/header/header.h"
#include "mail/header/word.h"

size_t message_walk_field_name(struct str line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] > ' ' && line.p[n] < 0x7f && line.p[n] != ':')
		n++;
	size_t colon = n;

	while (colon < line.n && ascii_blank(line.p[colon]))
		colon++;
	return colon < line.n && line.p[colon] == ':' ? n : 0;
}

static enum mime_encoding read_encoding(struct str header)
{
	struct str body = str_trim(header_find(header, "Content-Transfer-Encoding"));

	if (str_ieq(body, STR_LIT("base64")))
		return MIME_BASE64;
	if (str_ieq(body, STR_LIT("quoted-printable")))
		return MIME_QP;
	return str_ieq(body, STR_LIT("8bit")) || str_ieq(body, STR_LIT("binary")) ? MIME_8BIT : MIME_7BIT;
}

static void push(struct walk *w, struct str content_type, bool under_seal)
{
	struct walk_level *level = &w->stack[w->depth];
	struct buf boundary = { .limit = sizeof level->boundary - 1 };

	if (w->depth < MESSAGE_DEPTH && word_parameter(content_type, "boundary", &boundary) && buf_len(&boundary) > 0) {
		memcpy(level->boundary, buf_text(&boundary), buf_len(&boundary) + 1);
		level->part = w->part;
		level->under_seal = under_seal;
		w->depth++;
	}
	buf_free(&boundary);
}

static bool has_boundary(struct str content_type)
{
	struct buf boundary = { 0 };
	bool has = word_parameter(content_type, "boundary", &boundary) && buf_len(&boundary) > 0;

	buf_free(&boundary);
	return has;
}

void message_walk_enter(struct walk *w, struct str header, struct part *facts)
{
	struct str type = header_find(header, "Content-Type");
	struct str name = str_trim(str_sub(type, 0, str_find(type, ';')));

	facts->encoding = read_encoding(header);
	facts->typed = type.p != NULL;
	facts->text = type.p == NULL || str_istarts(name, STR_LIT("text/"));
	facts->kind = PART_LEAF;
	w->in_header = false;
	w->stale = true;
	w->under_seal = w->under_seal || str_ieq(name, STR_LIT("multipart/signed")) ||
		str_ieq(name, STR_LIT("application/pkcs7-mime")) || str_ieq(name, STR_LIT("application/x-pkcs7-mime"));
	facts->under_seal = w->under_seal;
	if (facts->encoding == MIME_QP || facts->encoding == MIME_BASE64)
		return;
	if (str_istarts(name, STR_LIT("multipart/")) && !w->under_seal && !has_boundary(type)) {
		facts->unbounded = true;
		facts->typed = false;
		facts->text = true;
	} else if (str_istarts(name, STR_LIT("multipart/"))) {
		facts->kind = PART_MULTIPART;
		push(w, type, w->under_seal);
	} else if (str_ieq(name, STR_LIT("message/rfc822")) || str_ieq(name, STR_LIT("message/global"))) {
		/* Encoding one as a whole is forbidden (RFC 2046, 5.2.1), so its own parts are
		 * looked at. */
		facts->kind = PART_MESSAGE;
		w->in_header = true;
		w->part = w->parts++;
	}
}

/* Is it a delimiter of one of the open multiparts? They close from the inside out. */
static bool take_delimiter(struct walk *w, struct str line)
{
	if (!str_starts(line, STR_LIT("--")))
		return false;
	for (unsigned i = w->depth; i-- > 0;) {
		struct walk_level *level = &w->stack[i];
		struct str rest = str_sub(line, 2, line.n);

		if (!str_starts(rest, str_of(level->boundary)))
			continue;
		rest = str_sub(rest, strlen(level->boundary), rest.n);
		bool closing = str_starts(rest, STR_LIT("--"));

		if (str_trim(str_sub(rest, closing ? 2 : 0, rest.n)).n > 0)
			continue;
		w->depth = closing ? i : i + 1;
		w->part = closing ? level->part : w->parts++;
		w->under_seal = level->under_seal;
		w->in_header = !closing;
		w->stale = true;
		return true;
	}
	return false;
}

void message_walk_more(struct walk *w, struct str piece)
{
	buf_cut(&w->header, buf_len(&w->header) - 2);
	buf_add(&w->header, piece);
	buf_add(&w->header, STR_LIT("\r\n"));
}

static bool is_header_line(const struct walk *w, struct str line)
{
	if (line.n > 0 && ascii_blank(line.p[0]))
		return !w->stale && buf_len(&w->header) > 0;
	return message_walk_field_name(line) > 0;
}

enum walk_kind message_walk_line(struct walk *w, struct str line, bool *entered, struct part *facts)
{
	size_t before = w->part;

	*entered = false;
	if (!w->in_header)
		return take_delimiter(w, line) ? WALK_DELIMITER : WALK_CONTENT;
	if (line.n > 0 && is_header_line(w, line)) {
		if (w->stale)
			buf_clear(&w->header);
		w->stale = false;
		buf_add(&w->header, line);
		buf_add(&w->header, STR_LIT("\r\n"));
		return WALK_HEADER;
	}
	if (w->stale)
		buf_clear(&w->header);
	*entered = true;
	/* facts belong to the part that was current when this was called: a message inside it is
	 * the next. */
	message_walk_enter(w, buf_str(&w->header), facts);
	if (line.n == 0)
		return WALK_SEPARATOR;
	/* Cut off by a line that is none of its own: a message that would begin here is no message.
	 */
	if (facts->kind == PART_MESSAGE) {
		facts->kind = PART_LEAF;
		w->in_header = false;
		w->parts--;
		w->part = before;
	}
	return take_delimiter(w, line) ? WALK_DELIMITER : WALK_CONTENT;
}
