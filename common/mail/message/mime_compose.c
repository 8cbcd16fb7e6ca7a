#include <config.h>

#include "mail/message/mime_compose.h"

#include "base/err.h"
#include "base/mem.h"
#include "mail/header/header.h"
#include "mail/header/word.h"

static const char *const encoding_names[] = {
	[MIME_7BIT] = "7bit",
	[MIME_8BIT] = "8bit",
	[MIME_QP] = "quoted-printable",
	[MIME_BASE64] = "base64",
};

/* What is being composed, and what stops it. */
struct composer {
	struct mime_message *m;
	const struct mime_compose *c;
	struct err *err;
	size_t from; /* where the current run of octets in memory began */
	bool ok;
};

void mime_message_free(struct mime_message *m)
{
	buf_free(&m->text);
	mem_free(m->segments);
	*m = (struct mime_message){ 0 };
}

void mime_message_clear(struct mime_message *m)
{
	buf_clear(&m->text);
	m->n = 0;
	m->size = 0;
	m->eight_bit = false;
	m->utf8 = false;
}

static void add_segment(struct mime_message *m, struct mime_segment segment)
{
	m->segments = mem_grow(m->segments, m->n, &m->cap, sizeof *m->segments);
	m->segments[m->n++] = segment;
	m->size += segment.size;
}

/* What was written to m->text since the last segment becomes one. */
static void close_run(struct composer *w)
{
	size_t end = buf_len(&w->m->text);

	if (end > w->from)
		add_segment(w->m,
			(struct mime_segment){
				.at = w->from, .n = end - w->from, .file = MIME_NO_FILE, .size = end - w->from });
	w->from = end;
}

static void put(struct composer *w, const char *text)
{
	w->ok = buf_add_text(&w->m->text, text) && w->ok;
}

static void put_field(struct composer *w, const char *name, struct buf *value)
{
	if (w->ok)
		w->ok = header_add(&w->m->text, str_of(name), buf_str(value), w->err);
	buf_clear(value);
}

static bool is_text_type(const char *type)
{
	return str_istarts(str_of(type), STR_LIT("text/"));
}

bool mime_part_stream(const struct mime_part *part, bool attachment, struct mime_encoder *e, const char **type)
{
	*type = part->type;
	*e = (struct mime_encoder){ .text = !attachment };
	e->encoding = mime_choose(&part->scan, !attachment);
	/* A message part may not be base64 (RFC 2046, 5.2.1), so one that cannot be 7bit is sent as
	 * octets. */
	if (attachment && str_istarts(str_of(part->type), STR_LIT("message/"))) {
		if (mime_scan_7bit(&part->scan)) {
			e->encoding = MIME_7BIT;
			e->text = true;
		} else {
			e->encoding = MIME_BASE64;
			*type = "application/octet-stream";
		}
	}
	/* Nor may a multipart, and a file is never one. */
	if (str_istarts(str_of(part->type), STR_LIT("multipart/")))
		*type = "application/octet-stream";
	return e->encoding != MIME_BASE64 || e->text;
}

/* The charset of a text, where it can be told: none is better than a wrong one. */
static const char *charset_of(const struct mime_part *part, const struct mime_scan *scan, const char *type)
{
	if (!is_text_type(type) || str_isearch(str_of(type), STR_LIT("charset=")) < strlen(type))
		return NULL;
	if (part->scan.octets == 0 && scan->octets == 0)
		return "us-ascii";
	if (scan->nul || !mime_scan_utf8(scan))
		return NULL;
	return scan->high > 0 ? "utf-8" : "us-ascii";
}

/* A body of one of the usual types: its header needs no folding. */
static bool put_plain_header(struct composer *w, const struct mime_part *part, const char *charset,
	const struct mime_encoder *e, const char *type)
{
	if (part->name != NULL || part->cid != NULL || charset == NULL ||
		(strcmp(type, "text/plain") != 0 && strcmp(type, "text/html") != 0))
		return false;
	put(w, "Content-Type: ");
	put(w, type);
	put(w, "; charset=");
	put(w, charset);
	put(w, "\r\nContent-Transfer-Encoding: ");
	put(w, encoding_names[e->encoding]);
	put(w, "\r\n\r\n");
	return true;
}

/* The name for programs that know RFC 2231 stands in Content-Disposition; here are those that only know RFC 2047 in a
 * parameter, which is against its rules and what everybody else writes. */
static void put_name(struct buf *value, const char *name)
{
	struct buf words = { 0 };

	if (str_ascii(str_of(name)) || !word_encode_text(&words, str_of(name), 6))
		word_add_parameter(value, "name", str_of(name), false);
	else
		buf_printf(value, "; name=\"%.*s\"", STR_ARGS(buf_str(&words)));
	buf_free(&words);
}

static void put_part_header(struct composer *w, const struct mime_part *part, const char *disposition,
	const struct mime_scan *scan, const struct mime_encoder *e, const char *type)
{
	const char *charset = charset_of(part, scan, type);
	struct buf value = { 0 };

	if (disposition == NULL && put_plain_header(w, part, charset, e, type))
		return;
	buf_add_text(&value, type);
	if (charset != NULL)
		word_add_parameter(&value, "charset", str_of(charset), false);
	if (part->name != NULL)
		put_name(&value, part->name);
	put_field(w, "Content-Type", &value);
	buf_add_text(&value, encoding_names[e->encoding]);
	put_field(w, "Content-Transfer-Encoding", &value);
	if (disposition != NULL) {
		buf_add_text(&value, disposition);
		if (part->name != NULL)
			word_add_parameter(&value, "filename", str_of(part->name), false);
		put_field(w, "Content-Disposition", &value);
	}
	if (part->cid != NULL) {
		buf_printf(&value, "<%s>", part->cid);
		put_field(w, "Content-ID", &value);
	}
	put(w, "\r\n");
	buf_free(&value);
}

/* A leaf: its header, an empty line, its content or the place of its file. */
static void put_part(struct composer *w, const struct mime_part *part, const char *disposition)
{
	struct mime_part judged = *part;
	struct mime_encoder e;
	const char *type;

	if (part->file == MIME_NO_FILE) {
		judged.scan = (struct mime_scan){ 0 };
		mime_runs_scan(part->runs, part->n_runs, part->content, &judged.scan);
	}
	bool counted = mime_part_stream(&judged, disposition != NULL, &e, &type);

	put_part_header(w, part, disposition, &judged.scan, &e, type);
	if (part->file == MIME_NO_FILE) {
		w->ok = mime_runs_encode(part->runs, part->n_runs, part->content, &e, &w->m->text) &&
			mime_encode_end(&e, &w->m->text) && w->ok;
	} else {
		close_run(w);
		add_segment(w->m,
			(struct mime_segment){ .file = part->file,
				.encoding = e.encoding,
				.text = e.text,
				.size = counted ? part->encoded_size : base64_lines_size(part->file_size) });
	}
	mime_encoder_free(&e);
}

static void open_multipart(struct composer *w, const char *subtype, char level, const char *root)
{
	struct buf value = { 0 };

	/* "=_" stands in no base64 and no quoted-printable line. */
	buf_add_text(&value, "multipart/");
	buf_add_text(&value, subtype);
	buf_add_text(&value, "; boundary=\"=_");
	buf_add(&value, w->c->boundary);
	buf_add_char(&value, '_');
	buf_add_char(&value, level);
	buf_add_char(&value, '"');
	if (root != NULL)
		buf_printf(&value, "; type=\"%s\"", root);
	put_field(w, "Content-Type", &value);
	put(w, "\r\n");
	buf_free(&value);
}

/* The CRLF before the hyphens belongs to the delimiter; after the header's empty line there is one.
 */
static void put_boundary(struct composer *w, char level, bool first, bool last)
{
	put(w, first ? "--=_" : "\r\n--=_");
	w->ok = buf_add(&w->m->text, w->c->boundary) && buf_add_char(&w->m->text, '_') &&
		buf_add_char(&w->m->text, level) && w->ok;
	put(w, last ? "--\r\n" : "\r\n");
}

static void put_alternative(struct composer *w)
{
	const struct mime_compose *c = w->c;
	static const struct mime_part nothing = { .type = "text/plain", .file = MIME_NO_FILE };

	const struct mime_part *first = c->text != NULL ? c->text : c->html != NULL ? c->html : &nothing;

	if ((c->text == NULL || c->html == NULL) && c->n_alternatives == 0) {
		put_part(w, first, NULL);
		return;
	}
	open_multipart(w, "alternative", 'a', NULL);
	put_boundary(w, 'a', true, false);
	put_part(w, first, NULL);
	if (c->text != NULL && c->html != NULL) {
		put_boundary(w, 'a', false, false);
		put_part(w, c->html, NULL);
	}
	for (size_t i = 0; i < c->n_alternatives; i++) {
		put_boundary(w, 'a', false, false);
		put_part(w, &c->alternatives[i], NULL);
	}
	put_boundary(w, 'a', false, true);
}

static void put_related(struct composer *w)
{
	const struct mime_compose *c = w->c;

	if (c->html == NULL || c->n_inlines == 0) {
		put_alternative(w);
		return;
	}
	open_multipart(w, "related", 'r',
		c->text != NULL || c->n_alternatives > 0 ? "multipart/alternative" : "text/html");
	put_boundary(w, 'r', true, false);
	put_alternative(w);
	for (size_t i = 0; i < c->n_inlines; i++) {
		put_boundary(w, 'r', false, false);
		put_part(w, &c->inlines[i], "inline");
	}
	put_boundary(w, 'r', false, true);
}

static void put_mixed(struct composer *w)
{
	const struct mime_compose *c = w->c;
	/* Nothing refers to an inline part where there is no HTML: it is shown where it stands. */
	size_t inlines = c->html == NULL ? c->n_inlines : 0;
	bool body = c->text != NULL || c->html != NULL;

	if (c->n_attachments + inlines == 0) {
		put_related(w);
		return;
	}
	open_multipart(w, "mixed", 'm', NULL);
	if (body) {
		put_boundary(w, 'm', true, false);
		put_related(w);
	}
	for (size_t i = 0; i < inlines; i++) {
		put_boundary(w, 'm', !body && i == 0, false);
		put_part(w, &c->inlines[i], "inline");
	}
	for (size_t i = 0; i < c->n_attachments; i++) {
		put_boundary(w, 'm', !body && inlines + i == 0, false);
		put_part(w, &c->attachments[i], "attachment");
	}
	put_boundary(w, 'm', false, true);
}

bool mime_compose(struct mime_message *m, const struct mime_compose *c, struct err *err)
{
	struct composer w = { .m = m, .c = c, .err = err, .from = buf_len(&m->text), .ok = true };

	w.ok = buf_add(&m->text, c->header);
	put(&w, "MIME-Version: 1.0\r\n");
	put_mixed(&w);
	close_run(&w);
	m->utf8 = !str_ascii(c->header);
	if (m->text.full)
		return err_set(err, ERR_DATA, "the message has too much in memory: attach it as a file");
	return w.ok;
}
