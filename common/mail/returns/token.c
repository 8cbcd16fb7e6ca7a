#include <config.h>

#include "mail/returns/token.h"

#include <gnutls/crypto.h>

#include "base/mem.h"
#include "text/base64.h"
#include "text/date.h"

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";

/* Parts with a NUL after each, so that no two lists of parts are the same octets. */
static void mac(unsigned char sum[32], struct str key, const struct str *parts, size_t n)
{
	struct buf text = { .limit = 0 };

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < parts[i].n; k++)
			buf_add_char(&text, ascii_lower(parts[i].p[k]));
		buf_add_char(&text, '\0');
	}
	if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key.p, key.n, buf_str(&text).p, buf_len(&text), sum) != 0)
		mem_die();
	buf_free(&text);
}

static void add_base32(struct buf *out, const unsigned char *sum, size_t characters)
{
	for (size_t i = 0; i < characters; i++) {
		unsigned two = (unsigned)sum[i * 5 / 8] << 8 | sum[i * 5 / 8 + 1];

		buf_add_char(out, base32[two >> (11 - i * 5 % 8) & 31]);
	}
}

void token_add_leave(struct buf *out, struct str key, struct str address)
{
	unsigned char sum[32];
	struct buf text = { .limit = 0 };

	if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key.p, key.n, address.p, address.n, sum) != 0)
		mem_die();
	base64_add(&text, str_at((const char *)sum, sizeof sum));
	for (size_t i = 0; i < TOKEN_LEAVE; i++) {
		char c = buf_str(&text).p[i];

		buf_add_char(out, c == '+' ? '-' : c == '/' ? '_' : c);
	}
	buf_free(&text);
}

static void add_digest(struct buf *out, struct str s, size_t characters)
{
	unsigned char sum[32];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, s.p, s.n, sum) != 0)
		mem_die();
	add_base32(out, sum, characters);
}

/* clear: the part of the token before its MAC. */
static void add_confirm_mac(struct buf *out, struct str key, struct str address, struct str clear)
{
	const struct str parts[] = { STR_LIT("confirm"), clear, address };
	unsigned char sum[32];

	mac(sum, key, parts, 3);
	add_base32(out, sum, TOKEN_CONFIRM - TOKEN_DAY - 1 - TOKEN_TAG - TOKEN_TEXT);
}

void token_add_confirm(struct buf *out, struct str key, struct str address, struct str list, struct str text,
	int64_t day)
{
	struct buf clear = { .limit = 0 };

	date_add_iso(&clear, day * 86400);
	for (size_t i = 0; i < 10; i++)
		if (buf_str(&clear).p[i] != '-')
			buf_add_char(out, buf_str(&clear).p[i]);
	buf_clear(&clear);
	buf_add_char(out, '-');
	add_digest(out, list, TOKEN_TAG);
	add_digest(out, text, TOKEN_TEXT);
	buf_add(&clear, str_sub(buf_str(out), buf_len(out) - (TOKEN_DAY + 1 + TOKEN_TAG + TOKEN_TEXT), SIZE_MAX));
	add_confirm_mac(out, key, address, buf_str(&clear));
	buf_free(&clear);
}

void token_add_confirm_like(struct buf *out, struct str key, struct str address, struct str clear)
{
	buf_add(out, clear);
	add_confirm_mac(out, key, address, clear);
}

void token_add_return(struct buf *out, struct str key, struct str recipient)
{
	const struct str parts[] = { STR_LIT("return"), recipient };
	unsigned char sum[32];

	mac(sum, key, parts, 2);
	add_base32(out, sum, TOKEN_RETURN);
}

/* --- reading --- */

static bool is_token_char(char c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '_';
}

static bool is_base32(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_alpha(s.p[i]) && !(s.p[i] >= '2' && s.p[i] <= '7'))
			return false;
	return true;
}

static bool is_confirm(struct str s)
{
	for (size_t i = 0; i < TOKEN_DAY; i++)
		if (s.n != TOKEN_CONFIRM || !ascii_digit(s.p[i]))
			return false;
	return s.p[TOKEN_DAY] == '-' && is_base32(str_sub(s, TOKEN_DAY + 1, s.n));
}

bool token_looks_returned(struct str s)
{
	return s.n == TOKEN_RETURN && is_base32(s);
}

enum token_kind token_next(struct str *s, struct str *token)
{
	while (s->n > 0) {
		size_t begin = 0;
		size_t n = 0;

		while (begin < s->n && !is_token_char(s->p[begin]))
			begin++;
		while (begin + n < s->n && is_token_char(s->p[begin + n]))
			n++;
		*token = str_sub(*s, begin, n);
		*s = str_sub(*s, begin + n, s->n);
		if (n == TOKEN_LEAVE)
			return TOKEN_IS_LEAVE;
		if (is_confirm(*token))
			return TOKEN_IS_CONFIRM;
	}
	return TOKEN_NONE;
}

bool token_is_return(struct str token, struct str key, struct str recipient)
{
	struct buf right = { .limit = 0 };
	bool same;

	token_add_return(&right, key, recipient);
	same = str_ieq(token, buf_str(&right));
	buf_free(&right);
	return same;
}

bool token_day(struct str token, int64_t *day)
{
	uint64_t year = 0;
	uint64_t month = 0;
	uint64_t of_month = 0;

	return token.n >= TOKEN_DAY && str_number(str_sub(token, 0, 4), 9999, &year) &&
		str_number(str_sub(token, 4, 2), 12, &month) && str_number(str_sub(token, 6, 2), 31, &of_month) &&
		date_days((int64_t)year, (int)month, (int)of_month, day);
}
