#include <config.h>

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

/*
 * Content is [off, end) of the storage. Taking from the front only moves off; room at the end comes from the free
 * end, from moving the content to the front, or from new storage of twice the size. So a queue and a builder both
 * take linear time.
 */

void buf_init(struct buf *b, size_t limit)
{
	*b = (struct buf){ .limit = limit };
}

void buf_free(struct buf *b)
{
	size_t limit = b->limit;

	mem_free(b->p);
	buf_init(b, limit);
}

void buf_wipe(struct buf *b)
{
	if (b->p != NULL)
		mem_wipe(b->p, b->cap);
	buf_free(b);
}

void buf_clear(struct buf *b)
{
	b->off = 0;
	b->end = 0;
	b->full = false;
}

static size_t limit_of(const struct buf *b)
{
	return b->limit > 0 ? b->limit : BUF_DEFAULT_LIMIT;
}

/*
 * New storage instead of realloc(3), because realloc may leave a copy of the old content behind, and a buf may
 * hold a password: the old storage is overwritten here, where nobody can forget it.
 */
char *buf_room(struct buf *b, size_t n)
{
	size_t len = buf_len(b);

	if (n > limit_of(b) || len > limit_of(b) - n) {
		b->full = true;
		return NULL;
	}
	if (b->cap - b->end >= n && b->p != NULL)
		return b->p + b->end;
	/* Moving to the front costs at most what was dropped, so a queue stays linear. */
	if (b->p != NULL && b->off > 0 && b->off >= len && b->cap - len >= n) {
		memmove(b->p, b->p + b->off, len);
	} else {
		size_t cap = b->cap < 64 ? 64 : b->cap;

		while (cap - len < n)
			cap *= 2;
		char *p = mem_alloc(cap);

		if (b->p != NULL) {
			memcpy(p, b->p + b->off, len);
			mem_wipe(b->p, b->cap);
		}
		mem_free(b->p);
		b->p = p;
		b->cap = cap;
	}
	b->off = 0;
	b->end = len;
	return b->p + b->end;
}

void buf_added(struct buf *b, size_t n)
{
	b->end += n;
}

bool buf_add(struct buf *b, struct str s)
{
	char *room = buf_room(b, s.n);

	if (room == NULL)
		return false;
	if (s.n > 0)
		memcpy(room, s.p, s.n);
	b->end += s.n;
	return true;
}

bool buf_add_text(struct buf *b, const char *text)
{
	return buf_add(b, str_of(text));
}

bool buf_add_char(struct buf *b, char c)
{
	char *room = b->end < b->cap && buf_len(b) < limit_of(b) ? b->p + b->end : buf_room(b, 1);

	if (room == NULL)
		return false;
	*room = c;
	b->end++;
	return true;
}

bool buf_add_number(struct buf *b, uint64_t n)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	return buf_add(b, str_at(digits + at, sizeof digits - at));
}

bool buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	va_list again;

	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);

	va_end(args);
	char *room = n >= 0 ? buf_room(b, (size_t)n + 1) : NULL;

	if (room != NULL) {
		vsnprintf(room, (size_t)n + 1, format, again);
		b->end += (size_t)n;
	}
	va_end(again);
	return room != NULL;
}

void buf_drop(struct buf *b, size_t n)
{
	b->off += n < buf_len(b) ? n : buf_len(b);
	if (b->off == b->end) {
		b->off = 0;
		b->end = 0;
	}
}

void buf_cut(struct buf *b, size_t n)
{
	if (n < buf_len(b))
		b->end = b->off + n;
}

const char *buf_text(struct buf *b)
{
	size_t limit = b->limit;
	char *room;

	b->limit = limit_of(b) + 1; /* the NUL is not content */
	room = buf_room(b, 1);
	b->limit = limit;
	*room = '\0';
	return b->p + b->off;
}
