#include <config.h>

#include "base/mem.h"
#include "base/set.h"
#include "mail/list/list_state.h"
#include "text/utf8.h"

/*
 * JSON Lines: one object a line, converted to a row of CSV. The columns are the keys of the sample. A line that is
 * not an object becomes a row of one cell, so that it is rejected and counted like any malformed row instead of
 * being lost.
 */

#define DEPTH_MAX 32

struct list_json {
	struct set keys; /* columns in their order */
	struct buf *values;
	size_t n;
};

/* What is left of a line. */
struct scan {
	const char *p;
	const char *end;
};

static void pass_blanks(struct scan *s)
{
	while (s->p < s->end && (ascii_blank(*s->p) || *s->p == '\r' || *s->p == '\n'))
		s->p++;
}

static bool take(struct scan *s, char c)
{
	pass_blanks(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static bool read_hex(struct scan *s, uint32_t *code)
{
	*code = 0;
	if (s->end - s->p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int digit = ascii_hex(*s->p++);

		if (digit < 0)
			return false;
		*code = *code << 4 | (uint32_t)digit;
	}
	return true;
}

/* Behind "\u": two of them may be one character. Half a pair is the replacement character. */
static bool read_code(struct scan *s, struct buf *out)
{
	struct scan ahead;
	uint32_t code;
	uint32_t low;

	if (!read_hex(s, &code))
		return false;
	if (code >= 0xd800 && code < 0xdc00 && s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
		ahead = (struct scan){ s->p + 2, s->end };
		if (read_hex(&ahead, &low) && low >= 0xdc00 && low < 0xe000) {
			*s = ahead;
			code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
		}
	}
	return utf8_add(out, code);
}

static bool read_escape(struct scan *s, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (s->p == s->end)
		return false;
	if (*s->p == 'u') {
		s->p++;
		return read_code(s, out);
	}
	found = *s->p != '\0' ? strchr(from, *s->p) : NULL;
	if (found == NULL)
		return false;
	s->p++;
	return buf_add_char(out, to[found - from]);
}

/* Behind its first quote. */
static bool read_string(struct scan *s, struct buf *out)
{
	while (s->p < s->end && *s->p != '"') {
		const char *from = s->p;

		if (*s->p == '\\') {
			s->p++;
			if (!read_escape(s, out))
				return false;
			continue;
		}
		while (s->p < s->end && *s->p != '"' && *s->p != '\\' && (unsigned char)*s->p >= 0x20)
			s->p++;
		if (s->p == from)
			return false;
		buf_add(out, str_at(from, (size_t)(s->p - from)));
	}
	return s->p < s->end && *s->p++ == '"';
}

/* A number, true, false or null. */
static bool read_word(struct scan *s, struct buf *out)
{
	const char *from = s->p;
	struct str word;

	while (s->p < s->end &&
		(ascii_digit(*s->p) || ascii_alpha(*s->p) || *s->p == '-' || *s->p == '+' || *s->p == '.'))
		s->p++;
	word = str_at(from, (size_t)(s->p - from));
	if (str_eq(word, STR_LIT("null")))
		return true;
	if (!str_eq(word, STR_LIT("true")) && !str_eq(word, STR_LIT("false")) &&
		!(word.n > 0 && (ascii_digit(*from) || (*from == '-' && word.n > 1))))
		return false;
	return buf_add(out, word);
}

/* An array or an object within the object is a cell as it stands. */
static bool read_nested(struct scan *s, struct buf *out)
{
	const char *from = s->p;
	char closing[DEPTH_MAX];
	size_t depth = 0;

	do {
		char c = *s->p++;

		if (c == '{' || c == '[') {
			if (depth == DEPTH_MAX)
				return false;
			closing[depth++] = c == '{' ? '}' : ']';
		} else if (c == '}' || c == ']') {
			if (closing[--depth] != c)
				return false;
		} else if (c == '"') {
			struct buf ignored = { .limit = SIZE_MAX };
			bool ok = read_string(s, &ignored);

			buf_free(&ignored);
			if (!ok)
				return false;
		}
	} while (depth > 0 && s->p < s->end);
	return depth == 0 && buf_add(out, str_at(from, (size_t)(s->p - from)));
}

static bool read_value(struct scan *s, struct buf *out)
{
	pass_blanks(s);
	if (s->p == s->end)
		return false;
	if (*s->p == '"') {
		s->p++;
		return read_string(s, out);
	}
	return *s->p == '{' || *s->p == '[' ? read_nested(s, out) : read_word(s, out);
}

/* The next member of the object that s is in: 1, 0 after the last one, -1 when it is malformed. */
static int read_member(struct scan *s, bool *first, struct buf *key, struct buf *value)
{
	bool comma = !*first && take(s, ',');

	buf_clear(key);
	buf_clear(value);
	key->limit = value->limit = SIZE_MAX;
	if (!comma && take(s, '}')) {
		pass_blanks(s);
		return s->p == s->end ? 0 : -1;
	}
	if ((!*first && !comma) || !take(s, '"') || !read_string(s, key) || !take(s, ':') || !read_value(s, value))
		return -1;
	*first = false;
	return 1;
}

/* Every member of the line, given to j: learnt, or put into the columns. */
static bool read_line(struct list_json *j, struct str line, bool learn, size_t *unknown)
{
	struct scan s = { line.p, line.p + line.n };
	struct buf key = { .limit = 0 };
	struct buf value = { .limit = 0 };
	bool first = true;
	int found = take(&s, '{') ? 1 : -1;

	while (found == 1 && (found = read_member(&s, &first, &key, &value)) == 1) {
		const struct set_entry *entry = NULL;

		if (learn)
			(void)set_add(&j->keys, buf_str(&key), NULL);
		else if (j != NULL && (entry = set_find(&j->keys, buf_str(&key))) == NULL)
			(*unknown)++;
		if (entry != NULL) {
			struct buf *to = &j->values[entry - j->keys.entries];

			buf_clear(to);
			buf_add(to, buf_str(&value));
		}
	}
	buf_free(&key);
	buf_free(&value);
	return found == 0;
}

bool list_json_is(struct str line)
{
	return line.n > 0 && read_line(NULL, line, false, NULL);
}

void list_json_free(struct list_json *j)
{
	for (size_t i = 0; j != NULL && i < j->n; i++)
		buf_free(&j->values[i]);
	if (j != NULL) {
		mem_free(j->values);
		set_free(&j->keys);
	}
	mem_free(j);
}

void list_json_learn(struct list_json **j, struct str line)
{
	if (*j == NULL)
		*j = mem_alloc(sizeof **j);
	if (!list_json_is(line))
		return;
	(void)read_line(*j, line, true, NULL);
	if ((*j)->keys.used == (*j)->n)
		return;
	(*j)->values = mem_resize((*j)->values, (*j)->keys.used, sizeof *(*j)->values);
	for (; (*j)->n < (*j)->keys.used; (*j)->n++)
		(*j)->values[(*j)->n] = (struct buf){ .limit = SIZE_MAX };
}

void list_json_header(const struct list_json *j, struct buf *out)
{
	for (size_t i = 0; i < j->n; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		csv_add_cell(out, str_at(j->keys.entries[i].p, j->keys.entries[i].n), ',');
	}
	buf_add_char(out, '\n');
}

size_t list_json_row(struct list_json *j, struct str line, struct buf *out)
{
	size_t unknown = 0;

	if (str_trim(line).n == 0 || !list_json_is(line)) {
		csv_add_cell(out, str_trim(line), ',');
		buf_add_char(out, '\n');
		return 0;
	}
	for (size_t i = 0; i < j->n; i++)
		buf_clear(&j->values[i]);
	(void)read_line(j, line, false, &unknown);
	for (size_t i = 0; i < j->n; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		csv_add_cell(out, buf_str(&j->values[i]), ',');
	}
	buf_add_char(out, '\n');
	return unknown;
}
