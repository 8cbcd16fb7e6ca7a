#include <config.h>

#include "mail/address/address.h"
#include "mail/header/header.h"
#include "mail/returns/dsn_state.h"
#include "text/utf8.h"

/* Addresses in the fields of a report (RFC 3464, 2.3.2; RFC 6533, 3). */

/* \x{HEX} of RFC 6533, 3, in an address of type utf-8. */
static void add_decoded(struct buf *out, struct str s)
{
	while (s.n > 0) {
		uint32_t code = 0;
		size_t n = 3;

		if (str_starts(s, STR_LIT("\\x{"))) {
			while (n < s.n && n < 9 && ascii_hex(s.p[n]) >= 0)
				code = code * 16 + (uint32_t)ascii_hex(s.p[n++]);
			if (n > 3 && n < s.n && s.p[n] == '}' && code <= 0x10ffff) {
				utf8_add(out, code);
				s = str_sub(s, n + 1, s.n);
				continue;
			}
		}
		buf_add_char(out, s.p[0]);
		s = str_sub(s, 1, s.n);
	}
}

/* "+2B" of xtext (RFC 3461, 4), as it stood in the envelope. */
static void add_xtext(struct buf *out, struct str s)
{
	while (s.n > 0) {
		int high = s.n > 2 && s.p[0] == '+' ? ascii_hex(s.p[1]) : -1;
		int low = high >= 0 ? ascii_hex(s.p[2]) : -1;

		buf_add_char(out, low >= 0 ? (char)(high * 16 + low) : s.p[0]);
		s = str_sub(s, low >= 0 ? 3 : 1, s.n);
	}
}

/* "<@relay.example:ann@example.org>": the way there was allowed in a path once (RFC 821). */
static struct str without_route(struct str s)
{
	size_t colon;

	s = str_trim(s);
	colon = str_find(s, ':');
	if (!str_starts(s, STR_LIT("<@")) || colon == s.n || !str_ends(s, STR_LIT(">")))
		return s;
	return str_sub(s, colon + 1, s.n - colon - 2);
}

/* "rfc822; ann@example.org", "utf-8; …", or no type at all: the address, if it is one. */
bool dsn_field_address(struct str body, bool xtext, struct buf *out)
{
	struct buf line = { .limit = 4096 };
	struct buf plain = { .limit = 4096 };
	struct buf text = { .limit = 4096 };
	struct str type = STR_LIT("rfc822");
	struct str rest;
	struct str bare;

	buf_clear(out);
	header_unfold(&line, body);
	rest = buf_str(&line);
	if (str_find(rest, ';') < rest.n)
		type = str_trim(str_cut(&rest, ';'));
	if (xtext) {
		add_xtext(&plain, rest);
		rest = buf_str(&plain);
	}
	if (str_ieq(type, STR_LIT("utf-8"))) {
		add_decoded(&text, rest);
		rest = buf_str(&text);
	}
	if (str_among(type, "rfc822 utf-8 smtp internet local unknown") &&
		address_unwrap(without_route(rest), &bare, NULL) && dsn_is_address(bare))
		buf_add(out, bare);
	buf_free(&line);
	buf_free(&plain);
	buf_free(&text);
	return buf_len(out) > 0;
}
