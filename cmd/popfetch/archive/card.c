#include <config.h>

#include "cmd/popfetch/archive/card.h"

#include <gnutls/crypto.h>

#include "base/mem.h"
#include "mail/header/header.h"
#include "mail/header/word.h"
#include "mail/message/mime_read.h"
#include "mail/page/page.h"
#include "text/cfws.h"
#include "text/date.h"
#include "text/hex.h"
#include "text/utf8.h"

#define VALUE_MAX ((size_t)64 << 10)
#define ID_MAX 990

/* Fields that a mail program writes into a mailbox that it has read. */
static const char changing[] =
	"status x-status x-keywords x-uid x-imap x-imapbase content-length lines x-mozilla-status "
	"x-mozilla-status2 x-mozilla-keys x-evolution x-gmail-labels";

/* --- the key --- */

static void hash_lines(gnutls_hash_hd_t hash, struct str s)
{
	while (s.n > 0) {
		size_t n = str_search(s, STR_LIT("\r\n"));

		gnutls_hash(hash, s.p, n);
		if (n < s.n)
			n++; /* the CR; the LF is the first byte of what follows */
		s = str_sub(s, n, s.n);
	}
}

static void make_key(struct card *c, struct str message)
{
	struct header_reader r;
	struct header_field field;
	enum header_event event;
	gnutls_hash_hd_t hash = NULL;
	unsigned char digest[32];
	struct str body = str_sub(message, header_length(message), message.n);

	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) < 0)
		mem_die();
	header_init(&r, message);
	while ((event = header_next(&r, &field)) != HEADER_END)
		if (event != HEADER_FIELD || !str_among(field.name, changing))
			hash_lines(hash, field.whole);
	gnutls_hash(hash, "\n", 1);
	while (body.n > 0 && (body.p[body.n - 1] == '\n' || body.p[body.n - 1] == '\r'))
		body.n--;
	hash_lines(hash, body);
	gnutls_hash_deinit(hash, digest);
	hex_encode(c->key, digest, (sizeof c->key - 1) / 2);
}

/* --- values --- */

static void add_value(struct buf *out, struct str block, const char *name)
{
	struct buf value = { .limit = 4 * VALUE_MAX };

	buf_clear(out);
	if (page_field(&value, block, name))
		utf8_show(out, str_trim(buf_str(&value)), VALUE_MAX);
	buf_free(&value);
}

/* The first <id> in s, and s after it; without brackets a single word. */
static struct str next_id(struct str *s)
{
	size_t begin = str_find(*s, '<');
	size_t n = str_find(str_sub(*s, begin, s->n), '>');
	struct str id = str_sub(*s, begin, n + 1);

	if (begin + n >= s->n) {
		id = str_trim(*s);
		*s = STR_LIT("");
		return str_find(id, ' ') == id.n && str_find(id, '@') < id.n ? id : STR_LIT("");
	}
	*s = str_sub(*s, begin + n + 1, s->n);
	return id;
}

static void set_id(struct buf *out, struct str id)
{
	buf_clear(out);
	if (id.n > 2 && id.n <= ID_MAX)
		utf8_show(out, id, ID_MAX);
}

static void read_ids(struct card *c, struct str block)
{
	struct buf value = { .limit = VALUE_MAX };
	struct str rest;
	struct str id;

	(void)header_unfold(&value, header_find(block, "Message-ID"));
	rest = buf_str(&value);
	set_id(&c->message_id, next_id(&rest));
	buf_clear(&c->root);
	buf_clear(&c->parent);
	buf_clear(&value);
	(void)header_unfold(&value, header_find(block, "References"));
	for (rest = buf_str(&value); (id = next_id(&rest)).n > 0;) {
		if (buf_len(&c->root) == 0)
			set_id(&c->root, id);
		set_id(&c->parent, id);
	}
	buf_clear(&value);
	(void)header_unfold(&value, header_find(block, "In-Reply-To"));
	rest = buf_str(&value);
	id = next_id(&rest);
	if (id.n > 0)
		set_id(&c->parent, id);
	if (buf_len(&c->root) == 0 && buf_len(&c->parent) > 0)
		set_id(&c->root, buf_str(&c->parent));
	buf_free(&value);
}

static void read_date(struct card *c, struct str block)
{
	struct buf value = { .limit = VALUE_MAX };
	struct str received;

	(void)header_unfold(&value, header_find(block, "Date"));
	c->dated = date_parse_mail(buf_str(&value), &c->date);
	if (!c->dated) {
		buf_clear(&value);
		(void)header_unfold(&value, header_find(block, "Received"));
		received = buf_str(&value);
		c->dated = date_parse_mail(str_sub(received, str_after_last(received, ';'), received.n), &c->date);
	}
	buf_free(&value);
}

/* --- parts --- */

static bool has_name(const struct mime_leaf *leaf)
{
	struct buf name = { .limit = 4096 };
	bool found = word_parameter(header_find(leaf->header, "Content-Disposition"), "filename", &name) ||
		word_parameter(header_find(leaf->header, "Content-Type"), "name", &name);

	buf_free(&name);
	return found;
}

enum card_part card_part(const struct mime_leaf *leaf)
{
	static const char shown[] = "text/plain message/delivery-status message/global-delivery-status "
				    "message/disposition-notification message/feedback-report text/rfc822-headers "
				    "message/external-body text/enriched text/richtext";
	struct str type = str_of(leaf->type);
	struct str disposition = cfws_skip(header_find(leaf->header, "Content-Disposition"));
	bool apart = str_istarts(disposition, STR_LIT("attachment"));

	if (str_among(type, "message/rfc822 message/global"))
		return CARD_MESSAGE;
	if (str_among(type, "application/pgp-signature application/pkcs7-signature application/x-pkcs7-signature"))
		return CARD_SIGNATURE;
	if (str_among(type, "application/pgp-encrypted application/pkcs7-mime application/x-pkcs7-mime"))
		return CARD_ENCRYPTED;
	if (!apart && str_starts(type, STR_LIT("image/")) && header_find(leaf->header, "Content-ID").p != NULL)
		return CARD_PICTURE;
	if (apart || has_name(leaf))
		return CARD_FILE;
	if (str_eq(type, STR_LIT("text/html")))
		return CARD_HTML;
	return str_among(type, shown) ? CARD_TEXT : CARD_FILE;
}

void card_read(struct card *c, struct str message, uint64_t size)
{
	struct str block = str_sub(message, 0, header_length(message));
	struct mime_walk w;
	struct mime_leaf leaf;

	c->size = size;
	add_value(&c->from, block, "From");
	add_value(&c->to, block, "To");
	add_value(&c->subject, block, "Subject");
	read_ids(c, block);
	read_date(c, block);
	c->attachments = 0;
	mime_walk_init(&w, message, CARD_PARTS);
	while (mime_walk_next(&w, &leaf)) {
		enum card_part part = card_part(&leaf);

		c->attachments += part == CARD_FILE || part == CARD_MESSAGE;
	}
	make_key(c, message);
}

void card_free(struct card *c)
{
	buf_free(&c->from);
	buf_free(&c->to);
	buf_free(&c->subject);
	buf_free(&c->message_id);
	buf_free(&c->parent);
	buf_free(&c->root);
}
