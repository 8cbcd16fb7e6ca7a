#include <config.h>

#include "cmd/mailbulk/send/engine.h"

#include "io/clock.h"

#define GIVE_UP_NEW 5     /* failed connections in a row to a server that took nothing yet */
#define GIVE_UP_PROVEN 10 /* to one that did */
#define BROKEN_MOST 5     /* rows in a row that end connections: then it is not the rows */
#define PROVIDERS_MOST 3  /* providers in a row that push back: then it is the relay */
#define PAUSE_MOST (60 * CLOCK_SECOND)

void relay_free(struct relay *r)
{
	child_free(&r->token);
	account_server_free(&r->server);
}

size_t relay_poll(struct relay *r, struct pollfd *fds, int64_t *deadline)
{
	return r->asking ? child_poll(&r->token, fds, deadline) : 0;
}

static int64_t growing(unsigned times)
{
	int64_t pause = CLOCK_SECOND / 2;

	while (times-- > 1 && pause < PAUSE_MOST)
		pause *= 2;
	return pause < PAUSE_MOST ? pause : PAUSE_MOST;
}

void relay_accepted(struct relay *r)
{
	r->failures = 0;
	r->later = 0;
	r->broken = 0;
	r->blamed = 0;
	r->providers = 0;
	r->proven = true;
	/* One connection more after about four messages on each that it has. */
	r->limit += 0.25 / r->limit;
	if (r->limit > r->most)
		r->limit = r->most;
}

/* Half as many, once for each wave of refusals: all connections hear of the same trouble at the same time. */
void relay_pushed_back(struct relay *r, int64_t now, bool hard)
{
	r->later++;
	if (!hard && r->later < 3)
		return;
	if (now - r->fell >= CLOCK_SECOND / 4 || r->fell == 0) {
		r->fell = now;
		r->limit = r->limit / 2 < 1 ? 1 : r->limit / 2;
	}
	if (r->limit <= 1 && r->later > 1) {
		int64_t until = now + growing(r->later - 1);

		r->pause_until = until > r->pause_until ? until : r->pause_until;
	}
}

static bool permanent(enum err_kind kind)
{
	return kind == ERR_NOHOST || kind == ERR_UNAVAILABLE || kind == ERR_PROTOCOL || kind == ERR_AUTH ||
		kind == ERR_CONFIG || kind == ERR_USAGE;
}

void relay_closed(struct relay *r, uint64_t after)
{
	if (r->closed_after == after)
		r->per_connection = after;
	r->closed_after = after;
}

bool relay_blamed(struct relay *r, size_t provider)
{
	r->providers += provider != r->blamed;
	r->blamed = provider;
	return r->providers >= PROVIDERS_MOST;
}

void relay_failed(struct relay *r, int64_t now, const struct err *why, bool up)
{
	/* Connections that fail together count as one. */
	if (r->failures == 0 || now - r->failed >= CLOCK_SECOND / 4)
		r->failures++;
	r->failed = now;
	r->why = *why;
	relay_pushed_back(r, now, true);
	if ((permanent(why->kind) && !r->proven && !up) || why->kind == ERR_AUTH ||
		r->failures >= (r->proven ? GIVE_UP_PROVEN : GIVE_UP_NEW)) {
		r->dead = true;
		return;
	}
	int64_t until = now + growing(r->failures);

	r->pause_until = until > r->pause_until ? until : r->pause_until;
}

/* What one row does costs the others nothing, but a server that ends every connection is not asked about each row. */
void relay_broken(struct relay *r, int64_t now, const struct err *why, bool aside)
{
	r->why = *why;
	r->broken += aside;
	if (r->broken >= BROKEN_MOST)
		r->dead = true;
	else if (r->broken > 1)
		r->pause_until = now + growing(r->broken - 1);
}

bool relay_open_for(const struct relay *r, int64_t now)
{
	return !r->dead && r->pause_until <= now;
}
