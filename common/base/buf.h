#ifndef PIPEMAIL_BASE_BUF_H
#define PIPEMAIL_BASE_BUF_H

#include "base/str.h"

/* clang-format off */
/*
 * A buf owns bytes. They are appended at the end and taken from the front, so it is both a string builder and an
 * I/O queue. Every buf has a limit, so nothing that a stranger sends can take all memory. An append that would
 * pass the limit stores nothing and sets `full`, which stays set until buf_clear: a builder appends as often as it
 * likes and checks `full` once, at its end. A zeroed buf is valid. A buf is not to be copied by assignment, as
 * both copies would own the storage.
 *
 *     struct buf b = { .limit = 1000 };
 *     buf_add_text(&b, "EHLO ");
 *     buf_add(&b, name);
 *     if (b.full)
 *             ...
 *     buf_free(&b);
 */
/* clang-format on */
struct buf {
	char *p;    /* storage, owned; NULL until the first append; the content is [off, end) */
	size_t off; /* in bytes from p, as end is */
	size_t end;
	size_t cap;   /* size of the storage in bytes */
	size_t limit; /* most bytes of content; 0 means BUF_DEFAULT_LIMIT */
	bool full;    /* an append was refused since the last buf_clear */
};

/* 64 MiB. */
#define BUF_DEFAULT_LIMIT ((size_t)64 << 20)

/* Makes b empty with this limit in bytes (0: the default). It frees nothing: only for a b without storage. */
void buf_init(struct buf *b, size_t limit);
/* Frees the storage and leaves a valid empty buf with the same limit; `full` is cleared. */
void buf_free(struct buf *b);
/*
 * As buf_free, but overwrites the storage first: for passwords and keys. Storage that was outgrown has been
 * overwritten already, in every buf.
 */
void buf_wipe(struct buf *b);
/* Empties b and clears `full`. The storage is kept, and not overwritten. */
void buf_clear(struct buf *b);

/* Bytes of content. */
static inline size_t buf_len(const struct buf *b)
{
	return b->end - b->off;
}

/* The content, borrowed; it lives until the next call that changes b. Never a NULL pointer, also when b is empty. */
static inline struct str buf_str(const struct buf *b)
{
	return (struct str){ b->p == NULL ? "" : b->p + b->off, b->end - b->off };
}

/*
 * Append s. False, with `full` set and nothing stored, when the content would pass the limit. s must not point
 * into b: growing frees the old storage before s is copied.
 */
bool buf_add(struct buf *b, struct str s);
/* As buf_add, for a string that ends in NUL; NULL appends nothing. */
bool buf_add_text(struct buf *b, const char *text);
/* As buf_add, for one byte. */
bool buf_add_char(struct buf *b, char c);
/* As buf_add, for n in decimal, independent of the locale. */
bool buf_add_number(struct buf *b, uint64_t n);
/*
 * As buf_add, formatted by printf(3). The NUL that vsnprintf writes needs one byte of room within the limit,
 * although it does not become content. An argument must not point into b.
 */
bool buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Room for at least n bytes at the end of the content, for a reader that fills it in place (read(2), a decoder);
 * call buf_added next. NULL with `full` set when the limit forbids it. The bytes are not cleared. The pointer and
 * every slice of b are invalid after the next call that changes b.
 */
char *buf_room(struct buf *b, size_t n);
/* n bytes of the room were written and become content; n is at most what buf_room was asked for (not checked). */
void buf_added(struct buf *b, size_t n);

/*
 * Remove n bytes from the front; all of them when n is larger. Linear over the life of a queue: the storage is
 * moved only when at least half of it was dropped.
 */
void buf_drop(struct buf *b, size_t n);
/* Keep the first n bytes only; does nothing when there are fewer. */
void buf_cut(struct buf *b, size_t n);

/*
 * The content with a NUL after it, which is not counted and needs no room within the limit. It lives until the
 * next call that changes b. A NUL within the content is not looked for.
 */
const char *buf_text(struct buf *b);

#endif
