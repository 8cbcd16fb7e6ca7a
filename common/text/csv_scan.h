#ifndef PIPEMAIL_TEXT_CSV_SCAN_H
#define PIPEMAIL_TEXT_CSV_SCAN_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "text/csv.h"

/*
 * How csv.c and csv_plain.c find where cells end, 64 bytes at a time; no other file includes this. A block is
 * searched once, into a 64-bit mask that has a bit for each delimiter and line end; taking the next one is then
 * one instruction. Blocks may extend past the end of the input by up to CSV_SLACK bytes, which are readable, and
 * whose bits are masked out.
 */
#define CSV_BLOCK CSV_SLACK

/* A bit for each of the 64 bytes at p that is a or b; the lowest bit is the first byte. */
static inline uint64_t csv_find_in_block(const char *p, char a, char b)
{
	uint64_t found = 0;
#ifdef __SSE2__
	const __m128i is_a = _mm_set1_epi8(a);
	const __m128i is_b = _mm_set1_epi8(b);

	for (unsigned i = 0; i < CSV_BLOCK; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		__m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, is_a), _mm_cmpeq_epi8(v, is_b));

		found |= (uint64_t)(unsigned)_mm_movemask_epi8(hit) << i;
	}
#else
	for (unsigned i = 0; i < CSV_BLOCK; i++)
		found |= (uint64_t)(p[i] == a || p[i] == b) << i;
#endif
	return found;
}

/*
 * Reads the row at c->off if it is of the simple kind, as most are: complete, not close to the end of the buffer,
 * and quotes only around whole cells. False, with nothing changed that the slow path depends on: csv.c has to read
 * it.
 */
bool csv_read_plain(struct csv *c, struct csv_row *row, char line_end);

/* A position in the buffer with the mask of the block that was searched last. */
struct csv_scan {
	const char *base;
	size_t end;
	size_t block;
	uint64_t found; /* a bit for each delimiter and line end that was not passed yet */
	int delimiter;  /* an int, so that it is loaded into a vector register at once */
	int line_end;
};

/* Continue at p, which is not before the block. */
static inline void csv_scan_from(struct csv_scan *s, const char *p)
{
	size_t from = (size_t)(p - s->base);

	if (from - s->block < CSV_BLOCK) {
		s->found &= UINT64_MAX << (from - s->block);
	} else {
		s->block = from - CSV_BLOCK;
		s->found = 0;
	}
}

/* Take the next delimiter or line end: a pointer to it, or to the end of the input when there is none. */
static inline const char *csv_next_end(struct csv_scan *s)
{
	while (s->found == 0) {
		size_t from = s->block + CSV_BLOCK;

		/* (The block may begin "before" the buffer.) */
		if ((ptrdiff_t)(s->end - from) <= 0)
			return s->base + s->end;
		s->found = csv_find_in_block(s->base + from, (char)s->delimiter, (char)s->line_end);
		if (s->end - from < CSV_BLOCK)
			s->found &= ((uint64_t)1 << (s->end - from)) - 1;
		s->block = from;
	}
	const char *p = s->base + s->block + __builtin_ctzll(s->found);

	s->found &= s->found - 1;
	return p;
}

/* The next quote in [p, end), or NULL. Quoted cells are short, so setting up memchr(3) costs more than this loop. */
static inline const char *csv_next_quote(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"');

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		unsigned hits = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, quote));

		if (hits != 0)
			return p + __builtin_ctz(hits);
	}
#endif
	while (p < end && *p != '"')
		p++;
	return p < end ? p : NULL;
}

#endif
