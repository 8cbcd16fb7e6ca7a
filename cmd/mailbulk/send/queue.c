#include <config.h>

#include "cmd/mailbulk/send/queue.h"

#include "base/mem.h"

void queue_free(struct queue *q)
{
	mem_free(q->heap);
	*q = (struct queue){ 0 };
}

static bool before(const struct waiting *a, const struct waiting *b)
{
	if (a->urgent != b->urgent)
		return a->urgent;
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

void queue_push(struct queue *q, const struct waiting *w)
{
	size_t at = q->n;

	q->heap = mem_grow(q->heap, q->n, &q->cap, sizeof *q->heap);
	q->n++;
	struct waiting in = *w;

	in.order = q->pushed++;
	for (; at > 0 && before(&in, &q->heap[(at - 1) / 2]); at = (at - 1) / 2)
		q->heap[at] = q->heap[(at - 1) / 2];
	q->heap[at] = in;
}

bool queue_take(struct queue *q, int64_t now, struct waiting *w)
{
	size_t at = 0;

	if (q->n == 0 || q->heap[0].due > now)
		return false;
	*w = q->heap[0];
	struct waiting last = q->heap[--q->n];

	for (size_t child = 1; child < q->n; child = 2 * at + 1) {
		if (child + 1 < q->n && before(&q->heap[child + 1], &q->heap[child]))
			child++;
		if (!before(&q->heap[child], &last))
			break;
		q->heap[at] = q->heap[child];
		at = child;
	}
	q->heap[at] = last;
	return true;
}

bool queue_urgent(const struct queue *q, int64_t now)
{
	return q->n > 0 && q->heap[0].urgent && q->heap[0].due <= now;
}

int64_t queue_due(const struct queue *q)
{
	return q->n > 0 ? q->heap[0].due : INT64_MAX;
}
