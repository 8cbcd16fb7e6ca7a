#ifndef PIPEMAIL_BASE_BUF_H
#define PIPEMAIL_BASE_BUF_H

#include "base/str.h"

/*
 * Owned octets that grow at the end and are taken from the front: a string builder and an I/O
 * queue in one. Every buf has a limit; what would pass it is not stored, and `full` stays set
 * until buf_clear, so that a builder needs one check at its end.
 */
struct buf {
	char *p; /* storage; content is [off, end) */
	size_t off;
	size_t end;
	size_t cap;
	size_t limit; /* most octets of content; 0 means BUF_DEFAULT_LIMIT */
	bool full;    /* something did not fit */
};

#define BUF_DEFAULT_LIMIT ((size_t)64 << 20)

/* A zeroed buf is valid too, with the default limit. */
void buf_init(struct buf *b, size_t limit);
/* Gives the storage back and leaves a valid empty buf with the same limit. */
void buf_free(struct buf *b);
/* As buf_free, overwriting the storage first: for secrets. */
void buf_wipe(struct buf *b);
/* Empties it, keeps the storage, forgets `full`. */
void buf_clear(struct buf *b);

static inline size_t buf_len(const struct buf *b)
{
	return b->end - b->off;
}

/* The content; lives until the next call that changes b. */
static inline struct str buf_str(const struct buf *b)
{
	return (struct str){ b->p == NULL ? "" : b->p + b->off, b->end - b->off };
}

/* Append. False, with `full` set and nothing stored, when it would pass the limit. */
bool buf_add(struct buf *b, struct str s);
bool buf_add_text(struct buf *b, const char *text);
bool buf_add_char(struct buf *b, char c);
bool buf_add_number(struct buf *b, uint64_t n);
bool buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for at least n octets at the end, NULL when the limit forbids it; fill it, then say with
 * buf_added how many were written. */
char *buf_room(struct buf *b, size_t n);
void buf_added(struct buf *b, size_t n);

/* Drop n octets from the front, or cut the content to its first n octets. */
void buf_drop(struct buf *b, size_t n);
void buf_cut(struct buf *b, size_t n);

/* The content with a NUL behind it (not counted); lives until the next call that changes b. */
const char *buf_text(struct buf *b);

#endif
