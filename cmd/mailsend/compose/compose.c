#include <config.h>

#include "cmd/mailsend/compose/compose.h"

#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/say.h"
#include "cmd/mailsend/compose/fields.h"
#include "cmd/mailsend/compose/finished.h"
#include "cmd/mailsend/compose/sign.h"
#include "io/clock.h"
#include "io/random.h"
#include "mail/header/header.h"
#include "mail/message/html_text.h"
#include "mail/message/markdown.h"

/* Everything while it is put together. */
struct workshop {
	struct attachment text, html;
	struct attachment *inlines, *attachments, *alternatives;
	struct mime_part *inline_parts, *attachment_parts, *alternative_parts;
	struct buf header;
	struct buf made_text; /* out of the HTML */
	struct buf made_html; /* out of Markdown */
	bool has_html;
};

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

/* Is one of the files standard input? */
static bool names_input(const struct option_list *files)
{
	for (size_t i = 0; i < files->n; i++)
		if (strcmp(files->values[i], "-") == 0 || strncmp(files->values[i], "-,", 2) == 0)
			return true;
	return false;
}

/* The text and HTML bodies. Standard input is the text unless an option gives it; beside HTML an
 * empty one is none. */
static bool open_bodies(struct workshop *w, struct outgoing *o, const struct settings *s, struct err *err)
{
	bool text = s->body != NULL || s->body_file != NULL;
	bool taken = names_input(&s->attach) || names_input(&s->inlines) || names_input(&s->alternatives) ||
		(s->html != NULL && strcmp(s->html, "-") == 0);

	if (s->html != NULL) {
		if (!attachment_body(&w->html, o, s->html, STR_NONE, "text/html", err))
			return false;
		if (!mime_scan_utf8(&w->html.part.scan))
			return err_set(err, ERR_DATA, "%s: is not UTF-8", s->html);
		if (!text && (isatty(STDIN_FILENO) || taken))
			return make_text(w, o, s, err);
	}
	if (s->body != NULL)
		return attachment_body(&w->text, o, NULL, str_of(s->body), "text/plain", err);
	/* Standard input is a file already: there is no body but what an option gives. */
	if (taken && s->body_file == NULL)
		return attachment_body(&w->text, o, NULL, STR_NONE, "text/plain", err);
	if (!attachment_body(&w->text, o, s->body_file != NULL ? s->body_file : "-", STR_NONE, "text/plain", err))
		return false;
	if (finished_begins(&o->files[w->text.part.file], false))
		say_note(
			"the body begins with the header of a message; to send it as one, leave the composing options out");
	if (s->html == NULL || text || w->text.part.scan.octets > 0)
		return true;
	attachment_free(&w->text);
	return make_text(w, o, s, err);
}

/* --markdown: HTML out of the text, which stays as it was written. */
static bool make_html(struct workshop *w, struct outgoing *o, const struct settings *s, struct err *err)
{
	const struct source *file = &o->files[w->text.part.file];
	struct buf text = { 0 };
	bool ok = true;

	w->has_html = s->html != NULL;
	if (!s->markdown || file->size == 0)
		return true;
	if (!mime_scan_utf8(&w->text.part.scan))
		return err_set(err, ERR_DATA, "--markdown: the body is not UTF-8");
	if (file->size > BUF_DEFAULT_LIMIT || source_read(file, 0, (size_t)file->size, &text, err) < 0)
		ok = err_set(err, ERR_DATA, "--markdown: the body is too long");
	ok = ok && (markdown_add(&w->made_html, buf_str(&text), err) || err_prefix(err, "--markdown")) &&
		attachment_body(&w->html, o, NULL, buf_str(&w->made_html), "text/html", err);
	w->has_html = ok;
	buf_free(&text);
	return ok;
}

/* Other forms of the body. */
static bool open_alternatives(struct workshop *w, struct outgoing *o, const struct settings *s, struct err *err)
{
	w->alternatives = mem_array(s->alternatives.n, sizeof *w->alternatives);
	w->alternative_parts = mem_array(s->alternatives.n, sizeof *w->alternative_parts);
	for (size_t i = 0; i < s->alternatives.n; i++) {
		if (!attachment_alternative(&w->alternatives[i], o, s->alternatives.values[i], err))
			return false;
		w->alternative_parts[i] = w->alternatives[i].part;
	}
	return true;
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
	for (size_t i = 0; w->alternatives != NULL && i < s->alternatives.n; i++)
		attachment_free(&w->alternatives[i]);
	for (size_t i = 0; w->attachments != NULL && i < s->attach.n; i++)
		attachment_free(&w->attachments[i]);
	attachment_free(&w->text);
	attachment_free(&w->html);
	mem_free(w->inlines);
	mem_free(w->attachments);
	mem_free(w->alternatives);
	mem_free(w->alternative_parts);
	mem_free(w->inline_parts);
	mem_free(w->attachment_parts);
	buf_free(&w->header);
	buf_free(&w->made_text);
	buf_free(&w->made_html);
}

bool compose_recipients(struct envelope *e, const struct settings *s, struct err *err)
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
	bool ok = compose_recipients(e, s, err) && open_bodies(&w, o, s, err) && make_html(&w, o, s, err) &&
		open_alternatives(&w, o, s, err) &&
		open_files(&w.inlines, &w.inline_parts, o, &s->inlines, true, err) &&
		open_files(&w.attachments, &w.attachment_parts, o, &s->attach, false, err) &&
		fields_put(&w.header, o, e, s, from, digest, err);

	if (ok) {
		if (!clock_is_fixed())
			random_bytes(digest, sizeof digest);
		snprintf(boundary, sizeof boundary, "%016llx%08llx", (unsigned long long)digest[0],
			(unsigned long long)(digest[1] >> 32));
		const struct mime_compose c = {
			.header = buf_str(&w.header),
			.text = &w.text.part,
			.html = w.has_html ? &w.html.part : NULL,
			.alternatives = w.alternative_parts,
			.n_alternatives = s->alternatives.n,
			.inlines = w.inline_parts,
			.n_inlines = s->inlines.n,
			.attachments = w.attachment_parts,
			.n_attachments = s->attach.n,
			.boundary = str_of(boundary),
		};

		ok = mime_compose(&o->mime, &c, err);
		o->composed = true;
		o->empty = w.text.part.scan.octets == 0 && s->html == NULL && s->attach.n + s->alternatives.n == 0;
		o->mime_header = header_length(buf_str(&o->mime.text));
		ok = ok && ((s->smime_cert == NULL && s->pgp_sign == NULL) || sign_message(o, s, boundary, err));
	}
	close_workshop(&w, s);
	return ok;
}
