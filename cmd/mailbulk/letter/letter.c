#include <config.h>

#include "cmd/mailbulk/letter/letter.h"

#include <unistd.h>

#include "base/mem.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/settings.h"
#include "cmd/mailbulk/letter/values.h"
#include "io/file.h"
#include "mail/message/html_text.h"
#include "mail/header/header.h"
#include "mail/message/dkim.h"
#include "text/template.h"

#define ATTACHMENT_LIMIT ((size_t)64 << 20)

/* The parts of one letter; what is personal lives here until the message is put together. */
struct parts {
	struct mime_part text;
	struct mime_part html;
	struct mime_part *attachments;
	struct mime_part *inlines;
	size_t n_attachments;
	size_t n_inlines;
	struct buf *contents; /* and names, one pair an attachment */
	size_t n_contents;
};

static bool render_body(const struct body *body, const struct values *v, enum template_escape escape, struct buf *out,
	struct err *err)
{
	struct template_data data = values_data(v);

	buf_clear(out);
	return template_render(body->template, &data, escape, out, err) || err_prefix(err, "%s", body->name);
}

static bool make_bodies(struct letter *l, const struct campaign *c, const struct values *v, struct parts *p,
	struct err *err)
{
	struct buf *text = &l->scratch[2];
	struct buf *html = &l->scratch[3];

	if (c->html.template != NULL && c->html.file == MIME_NO_FILE) {
		if (!render_body(&c->html, v, TEMPLATE_HTML, html, err))
			return false;
		p->html = (struct mime_part){ .type = "text/html", .content = buf_str(html), .file = MIME_NO_FILE };
	} else if (c->html.template != NULL) {
		p->html = c->constants[c->html.file].part;
	}
	if (c->text.file != MIME_NO_FILE) {
		p->text = c->constants[c->text.file].part;
		return true;
	}
	if (c->text_from_html) {
		buf_clear(text);
		html_text_add(text, buf_str(html));
	} else if (!render_body(&c->text, v, TEMPLATE_PLAIN, text, err)) {
		return false;
	}
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

static bool make_attachment(const struct attachment *a, const struct mimetypes *types, const struct values *v,
	bool check, struct mime_part *part, struct buf *content, struct buf *path, struct err *err)
{
	struct template_data data = values_data(v);

	if (!template_render(a->path, &data, TEMPLATE_HEADER, path, err))
		return err_prefix(err, "--%s", a->is_inline ? "inline" : "attach");
	struct str name = buf_str(path);

	if (name.n == 0 || climbs(name))
		return err_set(err, ERR_DATA, "--%s: \"%.*s\" is no file to attach", a->is_inline ? "inline" : "attach",
			STR_ARGS(name));
	if (check && access(buf_text(path), R_OK) == 0)
		return true;
	content->limit = ATTACHMENT_LIMIT;
	if (!file_read(buf_text(path), ATTACHMENT_LIMIT, content, err))
		return false;
	name = str_of(buf_text(path));
	part->name = a->shown != NULL ? a->shown : name.p + str_after_last(name, '/');
	part->cid = !a->is_inline ? NULL : a->cid != NULL ? a->cid : part->name;
	part->type = a->type != NULL ? a->type : parts_type(types, part->name);
	part->content = buf_str(content);
	part->file = MIME_NO_FILE;
	return true;
}

static bool make_attachments(const struct campaign *c, const struct values *v, bool check, struct parts *p,
	struct err *err)
{
	p->attachments = mem_array(c->n_attachments, sizeof *p->attachments);
	p->inlines = mem_array(c->n_attachments, sizeof *p->inlines);
	p->contents = mem_array(2 * c->n_attachments, sizeof *p->contents);
	p->n_contents = 2 * c->n_attachments;
	for (size_t i = 0; i < c->n_attachments; i++) {
		const struct attachment *a = &c->attachments[i];
		struct mime_part *part =
			a->is_inline ? &p->inlines[p->n_inlines++] : &p->attachments[p->n_attachments++];

		if (a->file != MIME_NO_FILE)
			*part = c->constants[a->file].part;
		else if (!make_attachment(a, &c->types, v, check, part, &p->contents[2 * i], &p->contents[2 * i + 1],
				 err))
			return false;
	}
	return true;
}

static void parts_free(struct parts *p)
{
	for (size_t i = 0; i < p->n_contents; i++)
		buf_free(&p->contents[i]);
	mem_free(p->contents);
	mem_free(p->attachments);
	mem_free(p->inlines);
}

static bool sign(struct letter *l, const struct campaign *c, const struct moment *now, struct err *err)
{
	const struct account *a = &c->settings->account;
	struct dkim d = { 0 };
	struct str octets = { "", 0 };
	bool ok;

	buf_clear(&l->signature);
	if (c->dkim_key == NULL)
		return true;
	if (!dkim_init(&d, err))
		return false;
	letter_octets(l, c, 0, &octets);
	size_t head = header_length(octets);

	dkim_body(&d, str_sub(octets, head, octets.n));
	for (size_t i = 1; letter_octets(l, c, i, &octets); i++)
		dkim_body(&d, octets);
	letter_octets(l, c, 0, &octets);
	ok = dkim_sign(&d, c->dkim_key, str_of(a->keys.dkim_domain), str_of(a->keys.dkim_selector),
		str_sub(octets, 0, head), now->wall, &l->signature, err);
	dkim_free(&d);
	return ok || err_prefix(err, "DKIM");
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
	buf_clear(&l->signature);
	return mime_compose(&l->message, &compose, err);
}

bool letter_render(struct letter *l, const struct campaign *campaign, const struct values *values,
	const struct moment *now, bool check, struct err *err)
{
	struct parts parts = { 0 };
	struct buf head = { 0 };
	bool ok = letter_head(l, campaign, values, now, &head, err) && letter_envelope(l, campaign, values, err) &&
		make_bodies(l, campaign, values, &parts, err) && make_attachments(campaign, values, check, &parts, err);

	if (ok && !check)
		ok = put_together(l, campaign, values, &parts, buf_str(&head), err) && sign(l, campaign, now, err);
	l->size = l->message.size + buf_len(&l->signature);
	l->utf8 |= l->message.utf8;
	parts_free(&parts);
	buf_free(&head);
	return ok;
}

bool letter_octets(const struct letter *l, const struct campaign *campaign, size_t i, struct str *octets)
{
	if (buf_len(&l->signature) > 0 && i-- == 0) {
		*octets = buf_str(&l->signature);
		return true;
	}
	if (i >= l->message.n)
		return false;
	const struct mime_segment *segment = &l->message.segments[i];

	*octets = segment->file != MIME_NO_FILE ? buf_str(&campaign->constants[segment->file].encoded)
						: str_sub(buf_str(&l->message.text), segment->at, segment->n);
	return true;
}

void letter_free(struct letter *l)
{
	buf_free(&l->signature);
	mime_message_free(&l->message);
	buf_free(&l->reverse_path);
	buf_free(&l->recipient);
	buf_free(&l->message_id);
	buf_free(&l->from);
	for (size_t i = 0; i < sizeof l->scratch / sizeof *l->scratch; i++)
		buf_free(&l->scratch[i]);
	*l = (struct letter){ 0 };
}
