#ifndef PIPEMAIL_MAILBULK_QUEUE_H
#define PIPEMAIL_MAILBULK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows that wait for their time (a retry, a slot of their domain), by position in the list: the earliest first, rows of
 * the same time in the order in which they came. */
struct waiting {
	int64_t due;   /* monotonic nanoseconds */
	int64_t drawn; /* when it was last looked up to go next */
	uint64_t order;
	uint64_t number;
	uint64_t line;
	uint64_t offset;
	uint32_t octets;
	uint16_t attempts;     /* times it was tried */
	uint16_t drops;        /* connections that ended in its turn, without another reason */
	uint16_t closed;       /* connections that the server closed under it with 421 */
	uint16_t puts;         /* runs that put it back while others at its domain were accepted */
	bool urgent;           /* lost with its connection: it goes before all others */
	bool paced;            /* it has its slot of --domain-rate */
	unsigned char key[16]; /* who it is: the list may be another one when its time comes */
};

struct queue {
	struct waiting *heap;
	size_t n;
	size_t cap;
	uint64_t pushed;
};

/* Is a row due that goes before all others? */
bool queue_urgent(const struct queue *q, int64_t now);

void queue_free(struct queue *q);
void queue_push(struct queue *q, const struct waiting *w);
/* The earliest, when it is due by now. */
bool queue_take(struct queue *q, int64_t now, struct waiting *w);
/* When the earliest is due; INT64_MAX when none waits. */
int64_t queue_due(const struct queue *q);

#endif
