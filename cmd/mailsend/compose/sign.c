#include <config.h>

#include "cmd/mailsend/compose/sign.h"

#include "base/mem.h"
#include "cmd/mailsend/compose/gpg.h"
#include "io/file.h"
#include "mail/header/header.h"
#include "mail/message/mime_encode.h"
#include "mail/message/smime.h"

#define BLOCK ((size_t)64 << 10)
#define PEM_LIMIT ((size_t)1 << 20)

/* The whole message, as it would leave. */
static bool read_all(struct outgoing *o, struct buf *all, struct err *err)
{
	int more = 1;

	if (!outgoing_plan(o, true, true, false, err))
		return false;
	while (more > 0)
		more = outgoing_read(o, BLOCK, all, err);
	return more == 0 || (all->full && err_set(err, ERR_DATA, "the message is too large to be signed in memory"));
}

/* The fields of the content go into the part that is signed, all others stay where they are. */
static void split(struct str message, struct buf *header, struct buf *entity)
{
	struct header_reader r;
	struct header_field field;
	enum header_event event;
	size_t n = header_length(message);

	header_init(&r, str_sub(message, 0, n));
	while ((event = header_next(&r, &field)) != HEADER_END)
		buf_add(event == HEADER_FIELD && str_istarts(field.name, STR_LIT("Content-")) ? entity : header,
			field.whole);
	buf_add_text(entity, "\r\n");
	buf_add(entity, str_sub(message, n, message.n));
}

/* What the two ways differ in on the wire. */
struct form {
	const char *protocol;
	const char *micalg;
	const char *fields; /* of the part with the signature, beside its type */
	bool base64;        /* the signature is octets, not text */
};

static const struct form smime_form = {
	.protocol = "application/pkcs7-signature",
	.micalg = "sha-256",
	.fields = "; name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\n"
		  "Content-Disposition: attachment; filename=\"smime.p7s\"\r\n",
	.base64 = true,
};
static const struct form pgp_form = {
	.protocol = "application/pgp-signature",
	.micalg = "pgp-sha256",
	.fields = "; name=\"signature.asc\"\r\n",
};

static void put_signed(struct buf *out, const struct form *form, struct str entity, struct str signature,
	const char *boundary)
{
	struct mime_encoder e = { .encoding = MIME_BASE64 };

	buf_printf(out,
		"Content-Type: multipart/signed; protocol=\"%s\";\r\n micalg=%s; boundary=\"=_%s_s\"\r\n"
		"\r\n--=_%s_s\r\n",
		form->protocol, form->micalg, boundary, boundary);
	buf_add(out, entity);
	buf_printf(out, "\r\n--=_%s_s\r\nContent-Type: %s%s\r\n", boundary, form->protocol, form->fields);
	if (form->base64) {
		mime_encode(&e, out, signature);
		mime_encode_end(&e, out);
	} else {
		buf_add(out, signature);
	}
	mime_encoder_free(&e);
	buf_printf(out, "\r\n--=_%s_s--\r\n", boundary);
}

/* What was composed is replaced by these octets. */
static void replace(struct outgoing *o, const struct buf *text)
{
	mime_message_free(&o->mime);
	buf_add(&o->mime.text, buf_str(text));
	o->mime.segments = mem_array(1, sizeof *o->mime.segments);
	o->mime.segments[0] = (struct mime_segment){ .n = buf_len(text), .file = MIME_NO_FILE, .size = buf_len(text) };
	o->mime.n = 1;
	o->mime.cap = 1;
	o->mime.size = buf_len(text);
	o->mime_header = header_length(buf_str(&o->mime.text));
	o->mime.utf8 = !str_ascii(str_sub(buf_str(text), 0, o->mime_header));
}

static bool make_smime(const struct settings *s, struct str entity, struct buf *signature, struct err *err)
{
	const char *key_file = s->smime_key != NULL ? s->smime_key : s->smime_cert;
	struct buf cert = { 0 }, key = { 0 };
	bool ok = (file_read(s->smime_cert, PEM_LIMIT, &cert, err) || err_prefix(err, "--smime-cert")) &&
		(file_read(key_file, PEM_LIMIT, &key, err) || err_prefix(err, "--smime-key")) &&
		(smime_sign(entity, buf_str(&cert), buf_str(&key), signature, err) ||
			err_prefix(err, "%s", s->smime_cert));

	buf_free(&cert);
	buf_wipe(&key);
	return ok;
}

/* gpg ends its lines as the system does. */
static bool make_pgp(const struct settings *s, struct str entity, struct buf *signature, struct err *err)
{
	struct buf armour = { 0 };
	bool ok = gpg_sign(s->pgp_sign, entity, s->ends, &armour, err) || err_prefix(err, "--pgp-sign");
	struct str rest = buf_str(&armour);

	while (ok && rest.n > 0) {
		buf_add(signature, str_trim(str_cut(&rest, '\n')));
		buf_add_text(signature, "\r\n");
	}
	buf_free(&armour);
	return ok;
}

bool sign_message(struct outgoing *o, const struct settings *s, const char *boundary, struct err *err)
{
	bool pgp = s->pgp_sign != NULL;
	struct buf all = { 0 }, header = { 0 }, entity = { 0 }, signature = { 0 };
	bool ok = read_all(o, &all, err);

	split(buf_str(&all), &header, &entity);
	ok = ok &&
		(pgp ? make_pgp(s, buf_str(&entity), &signature, err)
		     : make_smime(s, buf_str(&entity), &signature, err));
	if (ok) {
		put_signed(&header, pgp ? &pgp_form : &smime_form, buf_str(&entity), buf_str(&signature), boundary);
		ok = !header.full || err_set(err, ERR_DATA, "the message is too large to be signed in memory");
	}
	if (ok)
		replace(o, &header);
	buf_free(&all);
	buf_free(&header);
	buf_free(&entity);
	buf_free(&signature);
	return ok;
}
