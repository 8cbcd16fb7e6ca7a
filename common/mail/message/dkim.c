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

/*
 * The n-th field of that name from the end, n from 1; false when there are fewer. RFC 6376, 5.4.2: of fields that
 * are there several times verifiers take the last one first.
 */
static bool nth_from_end(struct str header, struct str name, size_t n, struct header_field *found)
{
	struct header_reader r;
	struct header_field field;
	enum header_event event;
	size_t count = 0;

	header_init(&r, header);
	while ((event = header_next(&r, &field)) != HEADER_END)
		count += event == HEADER_FIELD && str_ieq(field.name, name);
	if (count < n)
		return false;
	header_init(&r, header);
	for (size_t at = 0; (event = header_next(&r, &field)) != HEADER_END;) {
		if (event != HEADER_FIELD || !str_ieq(field.name, name) || at++ != count - n)
			continue;
		*found = field;
		return true;
	}
	return false;
}

/* The names of h= (folded), and the canonical form of what they name. */
static void choose_fields(struct str header, struct buf *names, struct buf *canonical)
{
	struct header_field field;
	size_t column = 0;

	for (size_t i = 0; i < SIGNED_NAMES; i++) {
		struct str name = str_of(signed_names[i]);
		size_t extra = i == 0;

		for (size_t n = 1;; n++) {
			bool there = nth_from_end(header, name, n, &field);

			if (!there && extra-- == 0)
				break;
			if (buf_len(names) > 0)
				buf_add_char(names, ':');
			if (column + name.n > 60) {
				buf_add_text(names, "\r\n\t ");
				column = 0;
			}
			buf_add(names, name);
			column += name.n + 1;
			if (there)
				add_relaxed(canonical, name, field.body, false);
			else
				break;
		}
	}
}

static void fold_into(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i += 72) {
		buf_add_text(out, i > 0 ? "\r\n\t " : "");
		buf_add(out, str_sub(s, i, 72));
	}
}

bool dkim_sign(struct dkim *d, const struct dkim_key *key, struct str domain, struct str selector, struct str header,
	int64_t seconds, struct buf *out, struct err *err)
{
	unsigned char digest[32];
	struct buf names = { 0 };
	struct buf canonical = { 0 };
	struct buf line = { 0 };
	struct buf signature = { 0 };
	bool ok;

	if (d->any)
		buf_add(&d->held, STR_LIT("\r\n"));
	flush(d);
	gnutls_hash_output(d->hash, digest);
	choose_fields(header, &names, &canonical);
	buf_printf(&line, " v=1; a=%s; c=relaxed/relaxed;\r\n\td=%.*s; s=%.*s; t=%lld;\r\n\th=",
		key->ed25519 ? "ed25519-sha256" : "rsa-sha256", STR_ARGS(domain), STR_ARGS(selector),
		(long long)seconds);
	buf_add(&line, buf_str(&names));
	buf_add_text(&line, ";\r\n\tbh=");
	base64_add(&line, str_at((const char *)digest, sizeof digest));
	buf_add_text(&line, ";\r\n\tb=");
	add_relaxed(&canonical, STR_LIT("DKIM-Signature"), buf_str(&line), true);
	struct str s = buf_str(&canonical);

	ok = gnutls_hash_fast(GNUTLS_DIG_SHA256, s.p, s.n, digest) == 0;
	ok = ok ? dkim_key_sign(key, digest, &signature, err) : err_set(err, ERR_SOFTWARE, "SHA-256 failed");
	if (ok) {
		buf_add_text(out, "DKIM-Signature:");
		buf_add(out, buf_str(&line));
		fold_into(out, buf_str(&signature));
		ok = buf_add_text(out, "\r\n");
	}
	buf_free(&names);
	buf_free(&canonical);
	buf_free(&line);
	buf_free(&signature);
	return ok;
}
