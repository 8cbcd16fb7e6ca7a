#include <config.h>

#include "mail/message/dkim.h"

#include <gnutls/crypto.h>

#include "base/err.h"
#include "base/mem.h"
#include "mail/header/header.h"
#include "mail/message/dkim_key.h"
#include "text/base64.h"

/*
 * Signs relaxed/relaxed with SHA-256. The body is canonicalised as it passes, in any pieces; what may turn out not
 * to count (line ends at the end of the body, white space at the end of a line) is only counted until something
 * follows it.
 */

/* RFC 6376, 5.4.1, what MIME readers act on, and what bulk mail's receivers ask for. From is signed
 * once more than it stands there, so that nobody can add one. */
static const char *const signed_names[] = {
	"From",
	"Sender",
	"Reply-To",
	"Subject",
	"Date",
	"Message-ID",
	"To",
	"Cc",
	"In-Reply-To",
	"References",
	"MIME-Version",
	"Content-Type",
	"Content-Transfer-Encoding",
	"Content-ID",
	"Content-Description",
	"Resent-Date",
	"Resent-From",
	"Resent-Sender",
	"Resent-To",
	"Resent-Cc",
	"Resent-Message-ID",
	"List-Id",
	"List-Help",
	"List-Unsubscribe",
	"List-Unsubscribe-Post",
	"List-Subscribe",
	"List-Post",
	"List-Owner",
	"List-Archive",
	"Feedback-ID",
	"Auto-Submitted",
};
#define SIGNED_NAMES (sizeof signed_names / sizeof signed_names[0])
#define HELD 8192

bool dkim_init(struct dkim *d, struct err *err)
{
	gnutls_hash_hd_t hash;
	int rc = gnutls_hash_init(&hash, GNUTLS_DIG_SHA256);

	*d = (struct dkim){ 0 };
	if (rc != 0)
		return err_set(err, ERR_SOFTWARE, "SHA-256 is not to be had: %s", gnutls_strerror(rc));
	d->hash = hash;
	return true;
}

void dkim_free(struct dkim *d)
{
	if (d->hash != NULL)
		gnutls_hash_deinit(d->hash, NULL);
	buf_free(&d->held);
	*d = (struct dkim){ 0 };
}

static void flush(struct dkim *d)
{
	struct str s = buf_str(&d->held);

	gnutls_hash(d->hash, s.p, s.n);
	buf_clear(&d->held);
}

/* What was held back is followed by content, so it counts. */
static void settle(struct dkim *d)
{
	while (d->line_ends > 0) {
		buf_add(&d->held, STR_LIT("\r\n"));
		d->line_ends--;
		if (buf_len(&d->held) >= HELD)
			flush(d);
	}
	if (d->blank)
		buf_add_char(&d->held, ' ');
	if (d->cr)
		buf_add_char(&d->held, '\r');
	d->blank = false;
	d->cr = false;
	d->any = true;
}

static bool is_plain(char c)
{
	return c != ' ' && c != '\t' && c != '\r' && c != '\n';
}

void dkim_body(struct dkim *d, struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		char c = s.p[i];

		if (d->cr && c == '\n') {
			d->line_ends++;
			d->cr = false;
			d->blank = false;
			i++;
		} else if (c == '\r' && !d->cr) {
			d->cr = true;
			i++;
		} else if (ascii_blank(c) && !d->cr) {
			d->blank = true;
			i++;
		} else {
			size_t run = i;

			settle(d);
			while (run < s.n && run - i < HELD && is_plain(s.p[run]))
				run++;
			if (run == i && !ascii_blank(c) && c != '\r')
				run++;
			buf_add(&d->held, str_sub(s, i, run - i));
			i = run;
		}
		if (buf_len(&d->held) >= HELD)
			flush(d);
	}
}

/* "name:value" CRLF in relaxed form (RFC 6376, 3.4.2). */
static void add_relaxed(struct buf *out, struct str name, struct str body, bool last)
{
	bool blank = false;

	for (size_t i = 0; i < name.n; i++)
		buf_add_char(out, ascii_lower(name.p[i]));
	buf_add_char(out, ':');
	body = str_trim(body);
	for (size_t i = 0; i < body.n; i++) {
		char c = body.p[i];

		if (c == '\r' || c == '\n')
			continue;
		if (ascii_blank(c)) {
			blank = true;
			continue;
		}
		if (blank)
			buf_add_char(out, ' ');
		blank = false;
		buf_add_char(out, c);
	}
	if (!last)
		buf_add(out, STR_LIT("\r\n"));
}

/* Fields of a header, each read once; what is beyond is not signed. */
#define FIELDS 256

struct fields {
	struct header_field all[FIELDS];
	size_t n;
};

static void read_fields(struct str header, struct fields *f)
{
	struct header_reader r;
	enum header_event event;

	f->n = 0;
	header_init(&r, header);
	while (f->n < FIELDS && (event = header_next(&r, &f->all[f->n])) != HEADER_END)
		f->n += event == HEADER_FIELD;
}

/*
 * The last field of that name before position *at, which becomes its own; false when there is none. RFC 6376, 5.4.2: of
 * fields that are there several times verifiers take the last one first.
 */
static bool field_before(const struct fields *f, struct str name, size_t *at)
{
	while (*at > 0)
		if (str_ieq(f->all[--*at].name, name))
			return true;
	return false;
}

static void add_name(struct buf *names, struct str name, size_t *column)
{
	if (buf_len(names) > 0)
		buf_add_char(names, ':');
	if (*column + name.n > 60) {
		buf_add_text(names, "\r\n\t ");
		*column = 0;
	}
	buf_add(names, name);
	*column += name.n + 1;
}

/* The names of h= (folded), and the canonical form of what they name. */
static void choose_fields(struct str header, struct buf *names, struct buf *canonical)
{
	struct fields fields;
	size_t column = 0;

	read_fields(header, &fields);
	for (size_t i = 0; i < SIGNED_NAMES; i++) {
		struct str name = str_of(signed_names[i]);
		size_t at = fields.n;

		while (field_before(&fields, name, &at)) {
			add_name(names, name, &column);
			add_relaxed(canonical, name, fields.all[at].body, false);
		}
		if (i == 0)
			add_name(names, name, &column);
	}
}

static void fold_into(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i += 72) {
		buf_add_text(out, i > 0 ? "\r\n\t " : "");
		buf_add(out, str_sub(s, i, 72));
	}
}

void dkim_body_hash(struct dkim *d, unsigned char hash[32])
{
	if (!d->ended) {
		if (d->any)
			buf_add(&d->held, STR_LIT("\r\n"));
		flush(d);
		gnutls_hash_output(d->hash, d->body_hash);
		d->ended = true;
	}
	memcpy(hash, d->body_hash, sizeof d->body_hash);
}

void dkim_reuse(struct dkim *d, const unsigned char hash[32])
{
	memcpy(d->body_hash, hash, sizeof d->body_hash);
	d->ended = true;
}

bool dkim_line(struct dkim *d, const struct dkim_key *key, struct str domain, struct str selector, struct str header,
	int64_t seconds, struct buf *line, unsigned char digest[32], struct err *err)
{
	struct buf names = { 0 };
	struct buf canonical = { 0 };
	bool ok;

	dkim_body_hash(d, digest);
	choose_fields(header, &names, &canonical);
	buf_printf(line, " v=1; a=%s; c=relaxed/relaxed;\r\n\td=%.*s; s=%.*s; t=%lld;\r\n\th=",
		key->ed25519 ? "ed25519-sha256" : "rsa-sha256", STR_ARGS(domain), STR_ARGS(selector),
		(long long)seconds);
	buf_add(line, buf_str(&names));
	buf_add_text(line, ";\r\n\tbh=");
	base64_add(line, str_at((const char *)digest, 32));
	buf_add_text(line, ";\r\n\tb=");
	add_relaxed(&canonical, STR_LIT("DKIM-Signature"), buf_str(line), true);
	struct str s = buf_str(&canonical);

	ok = gnutls_hash_fast(GNUTLS_DIG_SHA256, s.p, s.n, digest) == 0 || err_set(err, ERR_SOFTWARE, "SHA-256 failed");
	buf_free(&names);
	buf_free(&canonical);
	return ok;
}

bool dkim_finish(const struct dkim_key *key, const unsigned char digest[32], struct str line, struct buf *out,
	struct err *err)
{
	struct buf signature = { 0 };
	bool ok = dkim_key_sign(key, digest, &signature, err);

	if (ok) {
		buf_add_text(out, "DKIM-Signature:");
		buf_add(out, line);
		fold_into(out, buf_str(&signature));
		ok = buf_add_text(out, "\r\n");
	}
	buf_free(&signature);
	return ok;
}

size_t dkim_size(const struct dkim_key *key, struct str line)
{
	size_t octets = key->ed25519 ? 64 : (key->bits + 7) / 8;
	size_t base64 = (octets + 2) / 3 * 4;

	return strlen("DKIM-Signature:") + line.n + base64 + (base64 - 1) / 72 * strlen("\r\n\t ") + 2;
}

bool dkim_sign(struct dkim *d, const struct dkim_key *key, struct str domain, struct str selector, struct str header,
	int64_t seconds, struct buf *out, struct err *err)
{
	unsigned char digest[32];
	struct buf line = { 0 };
	bool ok = dkim_line(d, key, domain, selector, header, seconds, &line, digest, err) &&
		dkim_finish(key, digest, buf_str(&line), out, err);

	buf_free(&line);
	return ok;
}
