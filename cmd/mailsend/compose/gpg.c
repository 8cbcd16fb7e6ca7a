#include <config.h>

#include "cmd/mailsend/compose/gpg.h"

#include <poll.h>
#include <sys/wait.h>

#include "io/child.h"
#include "io/clock.h"
#include "io/stop.h"

static bool wait_for(const struct child *c, struct err *err)
{
	struct pollfd fds[CHILD_FDS + 1];
	int64_t until = INT64_MAX;
	size_t n = child_poll(c, fds, &until);

	fds[n] = (struct pollfd){ .fd = stop_fd(), .events = POLLIN };
	if (stop_signal() == 0)
		poll(fds, n + 1, clock_left(until));
	return stop_signal() == 0 || err_set(err, ERR_TEMP, "gpg: interrupted");
}

static bool take(const struct child *c, struct buf *out, struct err *err)
{
	if (!WIFEXITED(c->status) || WEXITSTATUS(c->status) != 0 || buf_len(&c->out) == 0)
		return err_set(err, ERR_CONFIG, "gpg made no signature (status %d)",
			WIFEXITED(c->status) ? WEXITSTATUS(c->status) : 128 + WTERMSIG(c->status));
	return buf_add(out, buf_str(&c->out));
}

bool gpg_sign(const char *key, struct str text, int64_t deadline, struct buf *out, struct err *err)
{
	const char *argv[] = { "gpg", "--quiet", "--no-greeting", "--armor", "--digest-algo", "SHA256", "--detach-sign",
		"--output", "-", key[0] != '\0' ? "--local-user" : NULL, key, NULL };
	const struct child_params params = {
		.argv = (char *const *)argv, .input = true, .terminal = true, .deadline = deadline
	};
	struct child c = { 0 };
	enum child_event event = CHILD_WAIT;
	bool ok = child_start(&c, &params, err);

	/* A part of it would get a good signature, of that part. */
	ok = ok && (buf_add(&c.in, text) || err_set(err, ERR_DATA, "the message is too large to be signed in memory"));
	c.in_end = true;
	while (ok && event != CHILD_ENDED) {
		event = child_next(&c);
		if (event == CHILD_LATE)
			ok = err_set(err, ERR_TEMP, "gpg did not end in time");
		else if (event == CHILD_WAIT)
			ok = wait_for(&c, err);
	}
	ok = ok && take(&c, out, err);
	child_free(&c);
	return ok;
}
