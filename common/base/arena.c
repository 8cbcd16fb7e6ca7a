#include <config.h>

#include "base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "base/mem.h"

/*
 * A list of blocks, of which only the newest is filled. A piece never moves, so slices into it stay valid while
 * others are added; that is what a growing buf cannot give.
 */

#define FIRST_SIZE ((size_t)16 << 10)
#define MOST_SIZE ((size_t)1 << 20)

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) char octets[];
};

/* Each block is twice as large as the one before: the next batch will find room in one. */
static struct arena_block *add_block(struct arena *a, size_t n)
{
	size_t size = a->blocks != NULL ? 2 * a->blocks->size : FIRST_SIZE;
	struct arena_block *b;

	if (size > MOST_SIZE)
		size = MOST_SIZE;
	if (size < n)
		size = n;
	b = mem_resize(NULL, sizeof *b + size, 1);
	b->size = size;
	b->used = 0;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

void *arena_room(struct arena *a, size_t n)
{
	struct arena_block *b = a->blocks;

	n += -n % _Alignof(max_align_t);
	if (b == NULL || b->size - b->used < n)
		b = add_block(a, n);
	b->used += n;
	return b->octets + b->used - n;
}

struct str arena_copy(struct arena *a, struct str s)
{
	char *room = arena_room(a, s.n);

	if (s.n > 0)
		memcpy(room, s.p, s.n);
	return str_at(room, s.n);
}

struct str arena_printf(struct arena *a, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (n < 0)
		n = 0;
	return arena_copy(a, str_at(text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1));
}

static void free_from(struct arena_block *b)
{
	while (b != NULL) {
		struct arena_block *next = b->next;

		mem_free(b);
		b = next;
	}
}

/* The newest block stays, unless a single row made it huge. */
void arena_clear(struct arena *a)
{
	struct arena_block *b = a->blocks;

	if (b == NULL)
		return;
	if (b->size > MOST_SIZE) {
		arena_free(a);
		return;
	}
	free_from(b->next);
	b->next = NULL;
	b->used = 0;
}

void arena_free(struct arena *a)
{
	free_from(a->blocks);
	a->blocks = NULL;
}
