#include <config.h>

#include "cmd/popfetch/torn.h"

#include "base/crc32.h"
#include "cmd/popfetch/state.h"

#define KEPT ((size_t)1024) /* of a line, at either end: no From_ line is longer */

bool torn_begin(struct torn *t, const struct state_try *tries, size_t n_tries, uint32_t crc)
{
	*t = (struct torn){ .tries = tries, .n_tries = n_tries, .crc = crc };
	for (size_t i = 0; i < n_tries; i++) {
		struct str rest = str_of(tries[i].extra);
		uint64_t n;

		if (!str_number(str_cut(&rest, '\t'), INT64_MAX, &n) || n > INT64_MAX - t->length)
			return false;
		t->length += n;
	}
	return true;
}

uint64_t torn_wants(const struct torn *t)
{
	return t->length + 1;
}

static bool is_time(const char *p)
{
	static const char form[] = "00:00:00 ";

	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == '0' ? !ascii_digit(p[i]) : p[i] != form[i])
			return false;
	return true;
}

/* "From … 08:00:00 … 2026" somewhere in a line: a separator that a program appended to half a line of ours. Such a line
 * may also be quoted text of our own; then half a message stays, which is less bad than to cut off another's. */
static bool has_separator(struct str line)
{
	size_t from = str_search(line, STR_LIT("From "));

	if (line.n < 5 || line.p[line.n - 5] != ' ')
		return false;
	for (size_t i = line.n - 4; i < line.n; i++)
		if (!ascii_digit(line.p[i]))
			return false;
	for (size_t i = from; i + 9 <= line.n; i++)
		if (is_time(line.p + i))
			return true;
	return false;
}

static uint64_t length_of(const struct state_try *try)
{
	struct str rest = str_of(try->extra);
	uint64_t length = 0;

	str_number(str_cut(&rest, '\t'), INT64_MAX, &length);
	return length;
}

/* The line (whole, or the last one and open) where one of our messages has to begin. */
static void judge_start(struct torn *t, struct str line, bool open)
{
	struct str from = str_of(t->tries[t->next].extra);

	str_cut(&from, '\t');
	/* Of what a power failure took, only the start can be compared. */
	size_t whole = str_find(line, '\0');

	if (whole < line.n || open ? !str_starts(from, str_sub(line, 0, whole)) : !str_eq(from, line))
		t->foreign = true;
	if (from.p == NULL)
		t->foreign = true;
	t->next_at += length_of(&t->tries[t->next]);
	t->next++;
}

/* Zeros hid line ends: our messages that begin within this line are passed, and the last is judged as far as it can be
 * seen. What of the tail comes before that one. */
static struct str pass_hidden(struct torn *t, uint64_t end, struct str tail, bool open)
{
	while (t->next < t->n_tries && t->next_at < end) {
		uint64_t after = t->next_at + length_of(&t->tries[t->next]);
		uint64_t seen = end - t->next_at;

		if (seen <= tail.n && (t->next + 1 == t->n_tries || after >= end)) {
			struct str ours = str_sub(tail, tail.n - (size_t)seen, tail.n);

			judge_start(t, ours, open);
			t->foreign = t->foreign || has_separator(str_sub(ours, 1, ours.n));
			return str_sub(tail, 0, tail.n - (size_t)seen);
		}
		t->next_at = after;
		t->next++;
	}
	return tail;
}

static void judge_line(struct torn *t, bool open)
{
	struct str line = buf_str(&t->line);
	struct str tail = buf_str(&t->tail);
	uint64_t end = open ? t->at : t->at - 1;
	bool starts = t->next < t->n_tries && t->line_at == t->next_at;

	if (starts)
		judge_start(t, line, open);
	if (t->hole)
		tail = pass_hidden(t, end, tail, open);
	if (!starts && (str_starts(line, STR_LIT("From ")) || has_separator(tail)))
		t->foreign = true;
	t->hole = false;
	buf_clear(&t->line);
	buf_clear(&t->tail);
}

static void add_to_line(struct torn *t, struct str piece)
{
	t->hole = t->hole || str_find(piece, '\0') < piece.n;
	buf_add(&t->line, str_sub(piece, 0, KEPT - buf_len(&t->line)));
	buf_add(&t->tail, str_sub(piece, piece.n > KEPT ? piece.n - KEPT : 0, piece.n));
	if (buf_len(&t->tail) > KEPT)
		buf_drop(&t->tail, buf_len(&t->tail) - KEPT);
}

void torn_add(struct torn *t, struct str octets)
{
	t->sum = crc32_add(t->sum, str_sub(octets, 0, t->length > t->at ? (size_t)(t->length - t->at) : 0));
	while (octets.n > 0) {
		size_t n = str_find(octets, '\n');
		bool open = n == octets.n;

		add_to_line(t, str_sub(octets, 0, n));
		t->at += open ? n : n + 1;
		if (open)
			return;
		judge_line(t, false);
		t->line_at = t->at;
		octets = str_sub(octets, n + 1, octets.n);
	}
}

enum torn_verdict torn_end(struct torn *t)
{
	if (t->at > t->line_at)
		judge_line(t, true);
	buf_free(&t->line);
	buf_free(&t->tail);
	if (t->length > 0 && t->at >= t->length && t->sum == t->crc)
		return TORN_WHOLE;
	return t->foreign || t->at > t->length ? TORN_FOREIGN : TORN_OURS;
}
