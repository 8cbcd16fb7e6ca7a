#ifndef PIPEMAIL_BASE_STR_H
#define PIPEMAIL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* clang-format off */
/*
 * A borrowed slice of bytes: it owns nothing and is valid as long as what it points into. Where a function returns
 * one, its contract says how long that is; mostly until the next call that changes the object it came from. It may
 * contain NUL and has none after it. A zeroed str is empty. Case is ASCII case everywhere, so the locale does not
 * change what a protocol means.
 *
 *     for (struct str line; rest.p != NULL;) {
 *             line = str_cut(&rest, '\n');
 *             ...
 *     }
 */
/* clang-format on */
struct str {
	const char *p; /* not to be freed; NULL means "none" where a function says so */
	size_t n;      /* in bytes */
};

/* A string literal; sizeof, not strlen, so a NUL within it counts. */
#define STR_LIT(s) ((struct str){ (s), sizeof(s) - 1 })
/* No slice: p is NULL, which distinguishes "missing" from "empty" (p is not NULL and n is 0). */
#define STR_NONE ((struct str){ NULL, 0 })
/* For printf: printf("%.*s", STR_ARGS(s)). Evaluates s three times, and shows at most 4096 bytes. */
#define STR_ARGS(s) (int)((s).n > 4096 ? 4096 : (s).n), (s).p == NULL ? "" : (s).p

/* A slice of a string that ends in NUL, without the NUL; NULL gives STR_NONE. */
static inline struct str str_of(const char *text)
{
	return (struct str){ text, text == NULL ? 0 : strlen(text) };
}

static inline struct str str_at(const char *p, size_t n)
{
	return (struct str){ p, n };
}

/* Of ASCII letters only; other bytes, those of UTF-8 too, stay. */
static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* C0 controls and DEL, TAB included: none of them is valid in an address, header value, option or command. */
static inline bool ascii_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* The value (0 to 15) of a hexadecimal digit of either case, or -1. */
static inline int ascii_hex(char c)
{
	if (ascii_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* WSP of RFC 5234: space and TAB. str_trim strips more. */
static inline bool ascii_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Equal byte by byte. Not in constant time: not for secrets. */
bool str_eq(struct str a, struct str b);
/* Equal except for ASCII case. */
bool str_ieq(struct str a, struct str b);
/* Negative, 0 or positive, by unsigned bytes; a prefix comes before what it is a prefix of. For sorting. */
int str_cmp(struct str a, struct str b);
/* An empty prefix or suffix is always there; the variants with `i` ignore ASCII case. */
bool str_starts(struct str s, struct str prefix);
bool str_istarts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_iends(struct str s, struct str suffix);

/* Position of the first c, or s.n. */
size_t str_find(struct str s, char c);
/* Position after the last c, 0 without one: where the domain of an address or the last part of a path begins. */
size_t str_after_last(struct str s, char c);
/* The number of bytes that are c. */
size_t str_count(struct str s, char c);
/*
 * Position of the first needle, or s.n; an empty needle is at 0. str_isearch ignores ASCII case, and takes up to
 * s.n * needle.n steps: not for large texts of strangers with long needles.
 */
size_t str_search(struct str s, struct str needle);
size_t str_isearch(struct str s, struct str needle);

/* s without spaces, TABs, CRs and LFs at both ends. */
struct str str_trim(struct str s);
/* At most n bytes of s from position `at` on; both are limited to what is there. */
struct str str_sub(struct str s, size_t at, size_t n);
/*
 * Cut *s at the first c: returns what is before it and leaves in *s what is after it. Without a c the whole is
 * returned and *s becomes STR_NONE, so a loop over fields ends when s->p is NULL.
 */
struct str str_cut(struct str *s, char c);

/* Decimal digits only (no sign, no space, leading zeros allowed), at most max. False leaves *value alone. */
bool str_number(struct str s, uint64_t max, uint64_t *value);

/* Is s one of words, which are separated by single spaces? ASCII case is ignored. */
bool str_among(struct str s, const char *words);

/* Neither a C0 control (TAB is one) nor DEL in it; an empty s is clean. */
bool str_clean(struct str s);
/* No byte over 0x7f in it; control characters are ASCII. */
bool str_ascii(struct str s);

#endif
