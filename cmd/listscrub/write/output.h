#ifndef PIPEMAIL_LISTSCRUB_OUTPUT_H
#define PIPEMAIL_LISTSCRUB_OUTPUT_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Standard output and the rejects, written together: what is gathered is committed to both, and where one of them fails
 * (a full disk), both are cut back to the commit before, as far as they are files. So what stands in them is whole
 * rows, and exactly those of a beginning of the input.
 */
struct output {
	int fd; /* -1: not wanted */
	const char *name;
	bool regular;   /* can be cut back */
	int64_t length; /* of the file at the last commit */
	char *p;        /* gathered since */
	size_t n;
	size_t cap;
};

/* Take a descriptor that is open. */
void output_init(struct output *o, int fd, const char *name);
/* Create or empty path. 73. */
bool output_create(struct output *o, const char *path, struct err *err);
/* The end: what a disk in the network refuses, it may tell only now. 74. */
bool output_close(struct output *o, struct err *err);
void output_free(struct output *o);

/* Room for n more octets; say with o->n += … how many were written. */
char *output_room(struct output *o, size_t n);

static inline void output_add(struct output *o, struct str s)
{
	if (s.n > 0)
		memcpy(output_room(o, s.n), s.p, s.n);
	o->n += s.n;
}

/* Write what was gathered in each of them. 74, with all cut back. */
bool output_commit(struct output *outputs, size_t n, struct err *err);

#endif
