#include <config.h>

#include "cmd/mailbulk/letter/campaign.h"

#include <sys/stat.h>

#include "base/mem.h"
#include "cmd/mailbulk/settings.h"
#include "io/file.h"
#include "text/utf8.h"

/* What is the same in each message is kept in memory once, as it goes onto the wire; a file up to this many bytes. */
#define HELD_MOST ((off_t)1 << 20)
/* What is not a regular file can be read once only. */
#define CONSTANT_LIMIT ((size_t)256 << 20)

const char *parts_type(const struct mimetypes *types, const char *name)
{
	const char *type = mimetype_find(types, name);

	return type != NULL ? type : "application/octet-stream";
}

static bool encode_constant(struct constant *k, struct str content, bool attachment, struct err *err)
{
	struct mime_encoder encoder;
	const char *type;
	bool ok;

	mime_scan_add(&k->part.scan, content);
	mime_part_stream(&k->part, attachment, &encoder, &type);
	k->encoded.limit = CONSTANT_LIMIT;
	ok = mime_encode(&encoder, &k->encoded, content) && mime_encode_end(&encoder, &k->encoded);
	mime_encoder_free(&encoder);
	k->part.file_size = content.n;
	k->part.encoded_size = buf_len(&k->encoded);
	return ok || err_set(err, ERR_DATA, "it is over %zu MiB when encoded", CONSTANT_LIMIT >> 20);
}

static struct constant *new_constant(struct campaign *c, const char *type)
{
	c->constants = mem_resize(c->constants, c->n_constants + 1, sizeof *c->constants);
	struct constant *k = &c->constants[c->n_constants];

	*k = (struct constant){ .part = { .type = type, .file = c->n_constants },
		.body_hash = mem_alloc(sizeof *k->body_hash) };
	c->n_constants++;
	return k;
}

bool campaign_constant_body(struct campaign *c, struct body *body, struct str text, const char *type, struct err *err)
{
	struct constant *k = new_constant(c, type);

	body->file = k->part.file;
	return encode_constant(k, text, false, err) || err_prefix(err, "%s", body->name);
}

bool campaign_load_body(struct campaign *c, struct body *body, struct str source, unsigned line, const char *type,
	struct err *err)
{
	if (!utf8_valid(source))
		return err_set(err, ERR_DATA, "%s: it is not UTF-8", body->name);
	body->template = template_new(source, line, err);
	if (body->template == NULL)
		return err_prefix(err, "%s", body->name);
	campaign_note(c, body->template, body->name);
	return !template_constant(body->template) || campaign_constant_body(c, body, source, type, err);
}

/* Cut "FILE,type=…,name=…,cid=…" from its end; a comma in a file name stays as long as no such word follows it. */
static struct str cut_words(struct attachment *a, struct str text)
{
	static const char *const words[] = { "type=", "name=", "cid=" };
	char **targets[] = { &a->type, &a->shown, &a->cid };

	for (size_t i = text.n; i > 0; i--) {
		struct str word = str_sub(text, i, text.n);

		if (text.p[i - 1] != ',')
			continue;
		for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
			if (!str_starts(word, str_of(words[w])))
				continue;
			word = str_sub(word, strlen(words[w]), word.n);
			mem_free(*targets[w]);
			*targets[w] = mem_copy(word.p, word.n);
			text = str_sub(text, 0, i - 1);
			break;
		}
	}
	return text;
}

static bool hold_file(struct constant *k, const char *path, struct err *err)
{
	struct buf content = { .limit = CONSTANT_LIMIT };
	bool ok = file_read(path, CONSTANT_LIMIT, &content, err) &&
		(encode_constant(k, buf_str(&content), true, err) || err_prefix(err, "%s", path));

	buf_free(&content);
	return ok;
}

/* The file of an option without a tag in it: looked at now, and kept unless it is large. */
static bool load_constant(struct campaign *c, struct attachment *a, struct str path, struct err *err)
{
	struct str name = a->shown != NULL ? str_of(a->shown) : str_sub(path, str_after_last(path, '/'), path.n);
	char *file = mem_copy(path.p, path.n);
	struct constant *k = new_constant(c, a->type);
	struct stat st;
	bool ok;

	a->file = k->part.file;
	k->name = mem_copy(name.p, name.n);
	k->part.name = k->name;
	if (a->type == NULL)
		k->part.type = parts_type(&c->types, k->name);
	if (a->is_inline) {
		k->cid = a->cid != NULL ? mem_copy(a->cid, strlen(a->cid)) : mem_copy(name.p, name.n);
		k->part.cid = k->cid;
	}
	if (stat(file, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > HELD_MOST)
		ok = attached_look(&k->attached, file, &k->part, err);
	else
		ok = hold_file(k, file, err);
	mem_free(file);
	return ok;
}

static bool load_attachment(struct campaign *c, const char *option, bool is_inline, struct err *err)
{
	struct attachment *a = &c->attachments[c->n_attachments++];

	*a = (struct attachment){ .file = MIME_NO_FILE, .is_inline = is_inline };
	struct str path = cut_words(a, str_of(option));

	a->path = template_new(path, 1, err);
	if (a->path == NULL)
		return err_prefix(err, "--%s %s", is_inline ? "inline" : "attach", option);
	campaign_note(c, a->path, is_inline ? "--inline" : "--attach");
	return !template_constant(a->path) || load_constant(c, a, path, err);
}

bool campaign_load_attachments(struct campaign *c, struct err *err)
{
	const struct option_list *attach = &c->settings->attach;
	const struct option_list *inlines = &c->settings->inlines;

	if (attach->n + inlines->n > 0)
		mimetype_load(&c->types);
	c->attachments = mem_array(attach->n + inlines->n, sizeof *c->attachments);
	for (size_t i = 0; i < attach->n; i++)
		if (!load_attachment(c, attach->values[i], false, err))
			return false;
	for (size_t i = 0; i < inlines->n; i++)
		if (!load_attachment(c, inlines->values[i], true, err))
			return false;
	return true;
}
