#include <config.h>

#include "proto/smtp_state.h"

#include <string.h>

#include "base/mem.h"

/* The replies that are outstanding, in the order of the commands. */

void smtp_want_add(struct smtp *s, enum want_kind kind, struct smtp_message *m, size_t rcpt)
{
	struct smtp_state *st = s->state;

	if (st->phase == PHASE_OVER)
		return;
	if (st->wants_at + st->n_wants == st->wants_room) {
		if (st->wants_at > 0 && st->wants_at >= st->n_wants) {
			memmove(st->wants, st->wants + st->wants_at, st->n_wants * sizeof *st->wants);
			st->wants_at = 0;
		} else {
			st->wants = mem_grow(st->wants, st->wants_at + st->n_wants, &st->wants_room, sizeof *st->wants);
		}
	}
	st->wants[st->wants_at + st->n_wants++] = (struct want){ .kind = kind, .message = m, .rcpt = rcpt };
	if (m != NULL)
		m->wants++;
}

struct want *smtp_want_first(const struct smtp *s)
{
	const struct smtp_state *st = s->state;

	return st->n_wants > 0 ? &st->wants[st->wants_at] : NULL;
}

void smtp_want_drop(struct smtp *s)
{
	s->state->wants_at++;
	if (--s->state->n_wants == 0)
		s->state->wants_at = 0;
}
