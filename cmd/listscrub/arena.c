#include <config.h>

#include "cmd/listscrub/arena.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

#define BLOCK_SIZE ((size_t)32 << 10)

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	char octets[];
};

char *arena_room(struct arena *a, size_t n)
{
	struct arena_block *b = a->blocks;

	if (b == NULL || b->size - b->used < n) {
		size_t size = n > BLOCK_SIZE ? n : BLOCK_SIZE;

		b = mem_alloc(sizeof *b + size);
		b->size = size;
		b->next = a->blocks;
		a->blocks = b;
	}
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

/* The first block, the oldest, stays. */
void arena_clear(struct arena *a)
{
	while (a->blocks != NULL && a->blocks->next != NULL) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		mem_free(b);
	}
	if (a->blocks != NULL)
		a->blocks->used = 0;
}

void arena_free(struct arena *a)
{
	arena_clear(a);
	mem_free(a->blocks);
	a->blocks = NULL;
}
