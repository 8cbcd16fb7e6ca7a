#include <config.h>

#include "text/base64.h"

#include "base/buf.h"

/*
 * The encoder works on lines of 57 bytes, which make 76 characters; the strict decoder is for protocols, the loose
 * one for what other people's mailers wrote.
 */

#define LINE_IN ((size_t)57)
#define LINE_OUT ((size_t)78) /* 76 and CRLF */

static const char alphabet[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Encode n octets at p to out, padded; returns how many octets that came to. */
static size_t encode(char *out, const unsigned char *p, size_t n)
{
	char *start = out;
	uint32_t bits;

	for (; n >= 3; n -= 3, p += 3, out += 4) {
		bits = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		out[0] = alphabet[bits >> 18];
		out[1] = alphabet[bits >> 12 & 63];
		out[2] = alphabet[bits >> 6 & 63];
		out[3] = alphabet[bits & 63];
	}
	if (n > 0) {
		bits = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0);
		out[0] = alphabet[bits >> 18];
		out[1] = alphabet[bits >> 12 & 63];
		out[2] = n > 1 ? alphabet[bits >> 6 & 63] : '=';
		out[3] = '=';
		out += 4;
	}
	return (size_t)(out - start);
}

bool base64_add(struct buf *out, struct str s)
{
	char *room = s.n > SIZE_MAX / 2 ? NULL : buf_room(out, (s.n + 2) / 3 * 4);

	if (room == NULL)
		return false;
	buf_added(out, encode(room, (const unsigned char *)s.p, s.n));
	return true;
}

static bool add_line(struct buf *out, const unsigned char *p, size_t n)
{
	char *room = buf_room(out, LINE_OUT);

	if (room == NULL)
		return false;
	size_t at = encode(room, p, n);

	room[at++] = '\r';
	room[at++] = '\n';
	buf_added(out, at);
	return true;
}

bool base64_lines_add(struct base64_lines *state, struct buf *out, struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n = s.n;
	bool ok = true;

	if (n == 0)
		return true;
	if (state->n > 0) {
		size_t take = n < LINE_IN - state->n ? n : LINE_IN - state->n;

		memcpy(state->held + state->n, p, take);
		state->n += take;
		p += take;
		n -= take;
		if (state->n < LINE_IN)
			return true;
		ok = add_line(out, state->held, LINE_IN);
		state->n = 0;
	}
	/* One reservation for all whole lines, so that the storage grows once. */
	if (ok && n >= LINE_IN)
		ok = buf_room(out, n / LINE_IN * LINE_OUT) != NULL;
	for (; ok && n >= LINE_IN; n -= LINE_IN, p += LINE_IN)
		ok = add_line(out, p, LINE_IN);
	if (ok && n > 0)
		memcpy(state->held, p, n);
	state->n = ok ? n : 0;
	return ok;
}

bool base64_lines_end(struct base64_lines *state, struct buf *out)
{
	size_t n = state->n;

	state->n = 0;
	return n == 0 || add_line(out, state->held, n);
}

uint64_t base64_lines_size(uint64_t n)
{
	uint64_t rest = n % LINE_IN;

	return n / LINE_IN * LINE_OUT + (rest > 0 ? (rest + 2) / 3 * 4 + 2 : 0);
}

/* The value of a character of the alphabet, or -1. */
static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Write the octets of a group of n characters (2 to 4) whose values stand in bits. */
static char *put_group(char *out, uint32_t bits, size_t n)
{
	bits <<= 6 * (4 - n);
	*out++ = (char)(bits >> 16);
	if (n > 2)
		*out++ = (char)(bits >> 8);
	if (n > 3)
		*out++ = (char)bits;
	return out;
}

bool base64_decode(struct buf *out, struct str s)
{
	char *room = s.n % 4 != 0 ? NULL : buf_room(out, s.n / 4 * 3);
	char *p = room;

	if (room == NULL)
		return false;
	for (size_t i = 0; i < s.n; i += 4) {
		uint32_t bits = 0;
		size_t n = 4;

		if (i + 4 == s.n && s.p[i + 3] == '=')
			n = s.p[i + 2] == '=' ? 2 : 3;
		for (size_t k = 0; k < n; k++) {
			int v = value_of(s.p[i + k]);

			if (v < 0)
				return false;
			bits = bits << 6 | (uint32_t)v;
		}
		/* Bits that stand for nothing must be zero: each content has one form only. */
		if ((n == 2 && (bits & 15) != 0) || (n == 3 && (bits & 3) != 0))
			return false;
		p = put_group(p, bits, n);
	}
	buf_added(out, (size_t)(p - room));
	return true;
}

bool base64_decode_loose(struct buf *out, struct str s)
{
	char *room = buf_room(out, s.n / 4 * 3 + 3);
	char *p = room;
	uint32_t bits = 0;
	size_t n = 0;

	if (room == NULL)
		return false;
	for (size_t i = 0; i <= s.n; i++) {
		/* The end, and padding in the middle (pieces put one behind the other), end a
		 * group. */
		if (i == s.n || s.p[i] == '=') {
			if (n > 1)
				p = put_group(p, bits, n);
			bits = 0;
			n = 0;
			continue;
		}
		int v = value_of(s.p[i]);

		if (v < 0)
			continue;
		bits = bits << 6 | (uint32_t)v;
		if (++n == 4) {
			p = put_group(p, bits, 4);
			bits = 0;
			n = 0;
		}
	}
	buf_added(out, (size_t)(p - room));
	return true;
}
