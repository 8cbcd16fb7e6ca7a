#include <config.h>

#include "cmd/mailbulk/letter/letter.h"

#include "base/mem.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/settings.h"
#include "cmd/mailbulk/letter/values.h"
#include "mail/message/html_text.h"
#include "mail/header/header.h"
#include "mail/message/dkim.h"
#include "text/template.h"

/* The parts of one letter; what is personal lives here until the message is put together. */
struct parts {
	struct mime_part text;
	struct mime_part html;
	struct mime_part *attachments;
	struct mime_part *inlines;
	size_t n_attachments;
	size_t n_inlines;
};

/* What the template's own lines come to is worked out once and kept with the template. */
static void take_runs(struct body_marks *m, struct str content, struct mime_part *part)
{
	m->runs = mem_resize(m->runs, m->marks.cap, sizeof *m->runs);
	for (size_t i = 0; i < m->marks.n; i++) {
		const struct template_mark *mark = &m->marks.all[i];

		if (*mark->kept == NULL)
			*mark->kept = mime_lines_new(str_sub(content, mark->at, mark->n));
		m->runs[i] = (struct mime_run){ .at = mark->at, .n = mark->n, .lines = *mark->kept };
	}
	part->runs = m->runs;
	part->n_runs = m->marks.n;
}

static bool render_body(const struct body *body, const struct values *v, enum template_escape escape,
	struct body_marks *m, struct buf *out, struct mime_part *part, struct err *err)
{
	struct template_data data = values_data(v);

	buf_clear(out);
	if (!template_render_marked(body->template, &data, escape, out, &m->marks, err))
		return err_prefix(err, "%s", body->name);
	*part = (struct mime_part){ .type = escape == TEMPLATE_HTML ? "text/html" : "text/plain",
		.content = buf_str(out),
		.file = MIME_NO_FILE };
	if (m->marks.n > 0)
		take_runs(m, buf_str(out), part);
	return true;
}

static bool make_bodies(struct letter *l, const struct campaign *c, const struct values *v, bool check, struct parts *p,
	struct err *err)
{
	struct buf *text = &l->scratch[2];
	struct buf *html = &l->scratch[3];

	if (c->html.template != NULL && c->html.file == MIME_NO_FILE) {
		if (!render_body(&c->html, v, TEMPLATE_HTML, &l->html_marks, html, &p->html, err))
			return false;
	} else if (c->html.template != NULL) {
		p->html = c->constants[c->html.file].part;
	}
	if (c->text.file != MIME_NO_FILE) {
		p->text = c->constants[c->text.file].part;
		return true;
	}
	if (!c->text_from_html)
		return render_body(&c->text, v, TEMPLATE_PLAIN, &l->text_marks, text, &p->text, err);
	buf_clear(text);
	/* Nothing can be wrong with it that is not wrong with the page. */
	if (!check)
		html_text_add_runs(text, buf_str(html), p->html.runs, p->html.n_runs);
	p->text = (struct mime_part){ .type = "text/plain", .content = buf_str(text), .file = MIME_NO_FILE };
	return true;
}

/* A value may choose a file, but not climb out of the directory that the option names. */
static bool climbs(struct str path)
{
	while (path.p != NULL)
		if (str_eq(str_cut(&path, '/'), STR_LIT("..")))
			return true;
	return false;
}

static bool make_attachment(struct letter *l, const struct campaign *c, const struct attachment *a,
	const struct values *v, struct mime_part *part, struct err *err)
{
	struct template_data data = values_data(v);
	struct buf path = { 0 };
	struct attached *file = &l->files[l->n_files++];
	bool ok = template_render(a->path, &data, TEMPLATE_HEADER, &path, err) ||
		err_prefix(err, "--%s", a->is_inline ? "inline" : "attach");
	struct str name = buf_str(&path);

	*file = (struct attached){ .path = NULL };
	if (ok && (name.n == 0 || climbs(name)))
		ok = err_set(err, ERR_DATA, "--%s: \"%.*s\" is not a file to attach",
			a->is_inline ? "inline" : "attach", STR_ARGS(name));
	if (ok) {
		const char *base = buf_text(&path) + str_after_last(name, '/');

		part->type = a->type != NULL ? a->type : parts_type(&c->types, a->shown != NULL ? a->shown : base);
		ok = attached_look(file, buf_text(&path), part, err);
	}
	buf_free(&path);
	if (!ok)
		return false;
	part->name = a->shown != NULL ? a->shown : file->path + str_after_last(str_of(file->path), '/');
	part->cid = !a->is_inline ? NULL : a->cid != NULL ? a->cid : part->name;
	part->file = c->n_constants + l->n_files - 1;
	return true;
}

static void free_files(struct letter *l)
{
	for (size_t i = 0; i < l->n_files; i++)
		attached_free(&l->files[i]);
	l->n_files = 0;
}

static bool make_attachments(struct letter *l, const struct campaign *c, const struct values *v, struct parts *p,
	struct err *err)
{
	if (c->n_attachments == 0)
		return true;
	if (l->files == NULL)
		l->files = mem_array(c->n_attachments, sizeof *l->files);
	p->attachments = mem_array(c->n_attachments, sizeof *p->attachments);
	p->inlines = mem_array(c->n_attachments, sizeof *p->inlines);
	for (size_t i = 0; i < c->n_attachments; i++) {
		const struct attachment *a = &c->attachments[i];
		struct mime_part *part =
			a->is_inline ? &p->inlines[p->n_inlines++] : &p->attachments[p->n_attachments++];

		if (a->file != MIME_NO_FILE)
			*part = c->constants[a->file].part;
		else if (!make_attachment(l, c, a, v, part, err))
			return false;
	}
	return true;
}

static void parts_free(struct parts *p)
{
	mem_free(p->attachments);
	mem_free(p->inlines);
}

/* The body is nothing but one constant, so that its hash is that of every letter's: its place for it, or NULL. */
static struct body_hash *shared_hash(const struct letter *l, const struct campaign *c, size_t head)
{
	const struct mime_segment *s = l->message.segments;

	if (l->message.n != 2 || s[0].file != MIME_NO_FILE || s[0].n != head || s[1].file >= c->n_constants)
		return NULL;
	return c->constants[s[1].file].body_hash;
}

static bool hash_body(struct letter *l, const struct campaign *c, size_t head, struct dkim *d, struct err *err)
{
	struct body_hash *shared = shared_hash(l, c, head);
	struct str octets;
	enum letter_more more;
	size_t left = head;

	if (shared != NULL && shared->made) {
		dkim_reuse(d, shared->hash);
		return true;
	}
	while ((more = letter_next(l, c, SIZE_MAX, &octets, err)) == LETTER_OCTETS) {
		dkim_body(d, str_sub(octets, left, octets.n));
		left = 0;
	}
	letter_rewind(l);
	if (more == LETTER_END && shared != NULL) {
		dkim_body_hash(d, shared->hash);
		shared->made = true;
	}
	return more == LETTER_END;
}

static bool sign(struct letter *l, const struct campaign *c, const struct moment *now, struct err *err)
{
	const struct account *a = &c->settings->account;
	struct signature *s = &l->signature;
	struct str text = buf_str(&l->message.text);
	struct dkim d = { 0 };
	size_t head = header_length(text);
	bool ok;

	if (c->dkim_key == NULL)
		return true;
	if (!dkim_init(&d, err))
		return false;
	buf_clear(&s->line);
	ok = hash_body(l, c, head, &d, err) &&
		dkim_line(&d, c->dkim_key, str_of(a->keys.dkim_domain), str_of(a->keys.dkim_selector),
			str_sub(text, 0, head), now->wall, &s->line, s->digest, err);
	dkim_free(&d);
	if (!ok)
		return err_prefix(err, "DKIM");
	signer_give(c->signer, c->dkim_key, s);
	return true;
}

static bool put_together(struct letter *l, const struct campaign *c, const struct values *v, const struct parts *p,
	struct str head, struct err *err)
{
	struct mime_compose compose = {
		.header = head,
		.text = &p->text,
		.html = c->html.template != NULL ? &p->html : NULL,
		.inlines = p->inlines,
		.n_inlines = p->n_inlines,
		.attachments = p->attachments,
		.n_attachments = p->n_attachments,
		.boundary = str_of(v->key),
	};

	mime_message_clear(&l->message);
	return mime_compose(&l->message, &compose, err);
}

/* A body that may not fit when it is encoded is known to only when it was. */
#define BODY_CERTAIN ((size_t)8 << 20)

/* About what it will come to, when it is only checked. */
static uint64_t estimate(const struct parts *p, const struct buf *head)
{
	uint64_t size =
		buf_len(head) + p->text.content.n + p->html.content.n + p->text.encoded_size + p->html.encoded_size;

	for (size_t i = 0; i < p->n_attachments; i++)
		size += base64_lines_size(p->attachments[i].file_size);
	for (size_t i = 0; i < p->n_inlines; i++)
		size += base64_lines_size(p->inlines[i].file_size);
	return size;
}

bool letter_render(struct letter *l, const struct campaign *campaign, const struct values *values,
	const struct moment *now, bool check, struct err *err)
{
	struct parts parts = { 0 };
	struct buf head = { 0 };

	letter_rewind(l);
	free_files(l);
	signer_wait(&l->signature, NULL);
	l->signature.state = SIGNATURE_NONE;
	bool ok = letter_head(l, campaign, values, now, &head, err) && letter_envelope(l, campaign, values, err) &&
		make_bodies(l, campaign, values, check, &parts, err) &&
		make_attachments(l, campaign, values, &parts, err);

	if (ok && check && parts.text.content.n + parts.html.content.n < BODY_CERTAIN) {
		l->size = estimate(&parts, &head);
	} else if (ok) {
		ok = put_together(l, campaign, values, &parts, buf_str(&head), err) && sign(l, campaign, now, err);
		l->size = l->message.size;
		if (l->signature.state != SIGNATURE_NONE)
			l->size += dkim_size(campaign->dkim_key, buf_str(&l->signature.line));
		l->utf8 |= l->message.utf8;
	}
	letter_rewind(l);
	parts_free(&parts);
	buf_free(&head);
	return ok;
}

void letter_rewind(struct letter *l)
{
	attached_end(&l->reader);
	l->piece = (struct str){ "", 0 };
	l->segment = 0;
	l->at = 0;
}

/* Segment i, counted from 1 as 0 is the signature: it is the next piece, or it is read piece by piece. */
static bool begin_segment(struct letter *l, const struct campaign *c, size_t i, struct err *err)
{
	if (i == 0) {
		bool made = signer_wait(&l->signature, err);

		if (made && l->signature.state != SIGNATURE_NONE)
			l->piece = buf_str(&l->signature.field);
		return made || err_prefix(err, "DKIM");
	}
	const struct mime_segment *segment = &l->message.segments[i - 1];
	size_t own = segment->file - c->n_constants;

	if (segment->file == MIME_NO_FILE)
		l->piece = str_sub(buf_str(&l->message.text), segment->at, segment->n);
	else if (segment->file >= c->n_constants)
		return attached_begin(&l->reader, &l->files[own], segment->encoding, segment->text, err);
	else if (c->constants[segment->file].attached.path != NULL)
		return attached_begin(&l->reader, &c->constants[segment->file].attached, segment->encoding,
			segment->text, err);
	else
		l->piece = buf_str(&c->constants[segment->file].encoded);
	return true;
}

enum letter_more letter_next(struct letter *l, const struct campaign *campaign, size_t most, struct str *octets,
	struct err *err)
{
	while (l->at == l->piece.n) {
		l->piece = (struct str){ "", 0 };
		l->at = 0;
		if (l->reader.open) {
			if (!attached_next(&l->reader, &l->piece, err))
				return LETTER_FAILED;
			if (l->piece.n == 0)
				attached_end(&l->reader);
		} else if (l->segment > l->message.n) {
			return LETTER_END;
		} else if (!begin_segment(l, campaign, l->segment++, err)) {
			return LETTER_FAILED;
		}
	}
	*octets = str_sub(l->piece, l->at, most);
	l->at += octets->n;
	return LETTER_OCTETS;
}

bool letter_own(const struct letter *l)
{
	const struct attached *a = l->reader.attached;

	return a != NULL && a >= l->files && a < l->files + l->n_files;
}

void letter_free(struct letter *l)
{
	attached_end(&l->reader);
	free_files(l);
	mem_free(l->files);
	signer_forget(&l->signature);
	mime_message_free(&l->message);
	buf_free(&l->reverse_path);
	buf_free(&l->recipient);
	buf_free(&l->message_id);
	buf_free(&l->from);
	buf_free(&l->subject);
	buf_free(&l->date);
	buf_free(&l->id_from);
	buf_free(&l->id_domain);
	mem_free(l->text_marks.marks.all);
	mem_free(l->text_marks.runs);
	mem_free(l->html_marks.marks.all);
	mem_free(l->html_marks.runs);
	for (size_t i = 0; i < sizeof l->scratch / sizeof *l->scratch; i++)
		buf_free(&l->scratch[i]);
	*l = (struct letter){ 0 };
}
