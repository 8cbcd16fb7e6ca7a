#include <config.h>

#include "cmd/mailsend/compose/outgoing.h"

#include "base/mem.h"
#include "mail/header/header.h"

/*
 * The size is known before the first byte leaves (SIZE, BDAT), so it is a promise to the server: each pass counts
 * again, and a file that changed in between is an error instead of a message that is cut or padded.
 */

#define BLOCK ((size_t)48 << 10)

void outgoing_free(struct outgoing *o)
{
	mime_message_free(&o->mime);
	for (size_t i = 0; i < o->n_files; i++)
		source_free(&o->files[i]);
	mem_free(o->files);
	message_free(&o->message);
	source_free(&o->input);
	dkim_key_free(o->key);
	mem_free(o->dkim_domain);
	buf_free(&o->date);
	buf_free(&o->from);
	buf_free(&o->id);
	buf_free(&o->reply_to);
	buf_free(&o->head);
	buf_free(&o->raw);
	mime_encoder_free(&o->encoder);
	*o = (struct outgoing){ .composed = false };
}

static void begin_segment(struct outgoing *o)
{
	const struct mime_segment *s = &o->mime.segments[o->segment];

	o->at = 0;
	o->file_given = 0;
	mime_encoder_free(&o->encoder);
	o->encoder = (struct mime_encoder){ .encoding = s->encoding, .text = s->text };
}

void outgoing_rewind(struct outgoing *o)
{
	o->given = 0;
	o->segment = 0;
	o->at = 0;
	o->ended = false;
	if (!o->composed)
		message_body_begin(&o->message);
	else if (o->mime.n > 0)
		begin_segment(o);
}

/* Octets of a file, encoded; the segment ends when the file does, and must have come to what was
 * announced. */
static bool read_file(struct outgoing *o, const struct mime_segment *s, struct buf *out, struct err *err)
{
	const struct source *file = &o->files[s->file];
	size_t before = buf_len(out);

	buf_clear(&o->raw);
	long n = source_read(file, o->at, BLOCK, &o->raw, err);

	if (n < 0)
		return false;
	o->at += (uint64_t)n;
	if (n > 0)
		mime_encode(&o->encoder, out, buf_str(&o->raw));
	if (n == 0 || o->at == file->size)
		mime_encode_end(&o->encoder, out);
	o->file_given += buf_len(out) - before;
	if (n > 0 && o->at < file->size)
		return true;
	if (o->file_given != s->size)
		return err_set(err, ERR_IO, "%s: changed while it was being sent", file->name);
	if (++o->segment < o->mime.n)
		begin_segment(o);
	return true;
}

/* What follows the header of a composed message. */
static bool read_composed(struct outgoing *o, struct buf *out, struct err *err)
{
	if (o->segment >= o->mime.n) {
		o->ended = true;
		return true;
	}
	const struct mime_segment *s = &o->mime.segments[o->segment];

	if (s->file != MIME_NO_FILE)
		return read_file(o, s, out, err);
	/* The first segment begins with the header, which head stands for. */
	if (o->segment == 0 && o->at == 0)
		o->at = o->mime_header;
	struct str rest = str_sub(buf_str(&o->mime.text), s->at + (size_t)o->at, s->n - (size_t)o->at);

	rest = str_sub(rest, 0, BLOCK);
	buf_add(out, rest);
	o->at += rest.n;
	if (o->at == s->n && ++o->segment < o->mime.n)
		begin_segment(o);
	return true;
}

static bool read_finished(struct outgoing *o, struct buf *out, struct err *err)
{
	struct message *m = &o->message;

	buf_clear(&o->raw);
	long n = source_read(&o->input, m->body_at + o->at, BLOCK, &o->raw, err);

	if (n < 0)
		return false;
	o->at += (uint64_t)n;
	if (n > 0)
		return message_body(m, buf_str(&o->raw), out, err);
	o->ended = true;
	return message_body_end(m, out, err);
}

int outgoing_read(struct outgoing *o, size_t n, struct buf *out, struct err *err)
{
	size_t before = buf_len(out);
	uint64_t head = buf_len(&o->head);

	if (o->given < head)
		buf_add(out, buf_str(&o->head));
	while (!o->ended && buf_len(out) - before < n)
		if (!(o->composed ? read_composed(o, out, err) : read_finished(o, out, err)))
			return -1;
	o->given += buf_len(out) - before;
	if (out->full)
		return err_set(err, ERR_SOFTWARE, "no room for the message"), -1;
	if (o->ended && o->given != o->size)
		return err_set(err, ERR_IO, "%s: changed while it was being sent",
			       o->composed ? "the message" : o->input.name),
		       -1;
	return !o->ended;
}

/* A whole pass over the body that only counts and hashes. */
static bool measure(struct outgoing *o, struct dkim *dkim, struct err *err)
{
	struct buf block = { 0 };
	uint64_t size = 0;
	bool ok = true;

	outgoing_rewind(o);
	while (ok && !o->ended) {
		buf_clear(&block);
		ok = o->composed ? read_composed(o, &block, err) : read_finished(o, &block, err);
		size += buf_len(&block);
		if (dkim != NULL)
			dkim_body(dkim, buf_str(&block));
	}
	o->size = size;
	buf_free(&block);
	return ok;
}

/* The DKIM-Signature in front of the header. */
static bool sign(struct outgoing *o, struct err *err)
{
	struct dkim dkim;
	struct buf line = { 0 };
	bool ok = dkim_init(&dkim, err) && measure(o, &dkim, err) &&
		dkim_sign(&dkim, o->key, str_of(o->dkim_domain), str_of(o->dkim_selector), buf_str(&o->head),
			o->signed_at, &line, err);

	if (ok) {
		buf_add(&line, buf_str(&o->head));
		buf_free(&o->head);
		o->head = line;
	} else {
		buf_free(&line);
	}
	dkim_free(&dkim);
	return ok;
}

static bool plan_composed(struct outgoing *o, bool utf8, bool downgrade, struct err *err)
{
	struct str header = str_sub(buf_str(&o->mime.text), 0, o->mime_header);

	o->eight_bit = o->mime.eight_bit;
	if (utf8 || str_ascii(header))
		return buf_add(&o->head, header);
	if (!message_header_ascii(header, downgrade, &o->head, err))
		return false;
	o->downgraded = downgrade;
	return buf_add(&o->head, STR_LIT("\r\n"));
}

static bool plan_finished(struct outgoing *o, bool eight_bit, bool utf8, bool downgrade, struct err *err)
{
	o->wants.eight_bit = eight_bit;
	o->wants.utf8 = utf8;
	o->wants.downgrade = downgrade;
	if (!message_plan(&o->message, &o->wants, err))
		return false;
	o->eight_bit = o->message.eight_bit;
	return buf_add(&o->head, buf_str(&o->message.plan));
}

bool outgoing_plan(struct outgoing *o, bool eight_bit, bool utf8, bool downgrade, struct err *err)
{
	buf_clear(&o->head);
	if (!(o->composed ? plan_composed(o, utf8, downgrade, err) : plan_finished(o, eight_bit, utf8, downgrade, err)))
		return false;
	o->utf8 = !str_ascii(buf_str(&o->head));
	if (o->key != NULL) {
		if (!sign(o, err))
			return false;
	} else if (o->composed) {
		o->size = o->mime.size - o->mime_header;
	} else if (o->message.mode != MESSAGE_PARTS) {
		o->size = o->message.body_size;
	} else if (!measure(o, NULL, err)) {
		return false;
	}
	o->size += buf_len(&o->head);
	outgoing_rewind(o);
	return true;
}
