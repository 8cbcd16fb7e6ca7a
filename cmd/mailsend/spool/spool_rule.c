#include <config.h>

#include "cmd/mailsend/spool/spool.h"

/* Is what stopped us about the way to the server: reaching it, TLS, the login, our configuration? Then the message is
 * as good as before. A wrong command line is for the person who wrote it. */
static bool is_about_the_way(const struct result *r)
{
	switch (r->err.kind) {
	case ERR_TEMP:
	case ERR_NOHOST:
	case ERR_PROTOCOL:
	case ERR_AUTH:
	case ERR_CONFIG:
	case ERR_OS:
		return true;
	/* Once in the session: the message asks for what the server does not have. */
	case ERR_UNAVAILABLE:
		return r->connected == 0 ||
			(r->stopped.stage >= OUTCOME_AT_CONNECT && r->stopped.stage <= OUTCOME_AT_AUTH);
	/* A password's file before that, else one of the message's. */
	case ERR_NOINPUT:
	case ERR_IO:
		return r->connected == 0;
	default:
		return false;
	}
}

bool spool_applies(const struct result *r, const struct envelope *e)
{
	bool later = is_about_the_way(r);

	for (size_t i = 0; i < e->n; i++) {
		enum verdict v = e->rcpts[i].verdict;

		if (v == VERDICT_DEFERRED || v == VERDICT_UNKNOWN ||
			((v == VERDICT_NOT_SENT || v == VERDICT_NONE) && later))
			return true;
	}
	return false;
}

bool spool_covers(const struct envelope *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->rcpts[i].verdict == VERDICT_REFUSED || e->rcpts[i].verdict == VERDICT_UNKNOWN)
			return false;
	return true;
}
