#ifndef PIPEMAIL_BASE_STR_H
#define PIPEMAIL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A borrowed slice of octets: it owns nothing and lives until the next call on the object it came
 * from. It may hold NUL. Case is ASCII case everywhere: no locale changes what a protocol means.
 */
struct str {
	const char *p;
	size_t n;
};

#define STR_LIT(s) ((struct str){ (s), sizeof(s) - 1 })
#define STR_NONE ((struct str){ NULL, 0 })
/* For printf: printf("%.*s", STR_ARGS(s)). */
#define STR_ARGS(s) (int)((s).n > 4096 ? 4096 : (s).n), (s).p == NULL ? "" : (s).p

static inline struct str str_of(const char *text)
{
	return (struct str){ text, text == NULL ? 0 : strlen(text) };
}

static inline struct str str_at(const char *p, size_t n)
{
	return (struct str){ p, n };
}

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

/* C0 controls and DEL: what may stand in no address, header value, option or command. */
static inline bool ascii_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* The value of a hexadecimal digit, or -1. */
static inline int ascii_hex(char c)
{
	if (ascii_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool ascii_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool str_eq(struct str a, struct str b);
/* Equal but for ASCII case. */
bool str_ieq(struct str a, struct str b);
/* Order by octets, the shorter first; for sorting. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_istarts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_iends(struct str s, struct str suffix);

/* Position of the first c, or s.n. */
size_t str_find(struct str s, char c);
/* Position after the last c, 0 when there is none: of an address's domain, of the last part of a path. */
size_t str_after_last(struct str s, char c);
/* How often c stands in s. */
size_t str_count(struct str s, char c);
/* Position of the first needle, or s.n; an empty needle is at 0. */
size_t str_search(struct str s, struct str needle);
size_t str_isearch(struct str s, struct str needle);

/* Without blanks, tabs, CR and LF at both ends. */
struct str str_trim(struct str s);
/* From position at (at most s.n) on, and n octets at the most. */
struct str str_sub(struct str s, size_t at, size_t n);
/* Cut *s at the first c: returns what stands before it and leaves *s behind it; without a c the
 * whole is returned and *s becomes STR_NONE. */
struct str str_cut(struct str *s, char c);

/* Decimal digits and nothing else, up to max; false leaves *value alone. */
bool str_number(struct str s, uint64_t max, uint64_t *value);

/* One of words, which are separated by single blanks, but for ASCII case. */
bool str_among(struct str s, const char *words);

/* No C0 control and no DEL in it (TAB counts as one). */
bool str_clean(struct str s);
/* Nothing over 0x7f in it. */
bool str_ascii(struct str s);

#endif
