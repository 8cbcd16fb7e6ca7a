#include <config.h>

#include "io/secret_state.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "io/child.h"
#include "io/clock.h"
#include "io/stop.h"

/* Passwords and tokens that a command prints. */

bool secret_first_line(struct buf *read, struct buf *out, const char *what, struct err *err)
{
	struct str line = buf_str(read);
	struct str first = str_cut(&line, '\n');
	bool ok;

	if (str_ends(first, STR_LIT("\r")))
		first.n--;
	if (first.n == 0)
		ok = err_set(err, ERR_CONFIG, "%s gave no password", what);
	else if (memchr(first.p, '\0', first.n) != NULL)
		ok = err_set(err, ERR_CONFIG, "%s gave a password with a NUL in it", what);
	else if (!buf_add(out, first))
		ok = err_set(err, ERR_CONFIG, "%s gave a password that is too long", what);
	else
		ok = true;
	buf_wipe(read);
	return ok;
}

bool secret_begin(struct child *c, const char *command, int64_t deadline, struct err *err)
{
	char **argv = child_split(command, err);
	const struct child_params params = {
		.argv = argv,
		.terminal = true,
		.deadline = deadline,
		.limit = SECRET_MAX,
	};
	bool ok = argv != NULL && child_start(c, &params, err);

	mem_free(argv);
	return ok;
}

static int take(struct child *c, struct buf *out, struct err *err)
{
	/* A command that went on writing after its first line died of SIGPIPE: its own affair. */
	if (WIFEXITED(c->status) && WEXITSTATUS(c->status) != 0)
		err_set(err, ERR_CONFIG, "%s ended with status %d", c->name, WEXITSTATUS(c->status));
	else if (WIFSIGNALED(c->status) && WTERMSIG(c->status) != SIGPIPE)
		err_set(err, ERR_CONFIG, "%s was ended by signal %d", c->name, WTERMSIG(c->status));
	else
		return secret_first_line(&c->out, out, c->name, err) ? 1 : -1;
	return -1;
}

int secret_next(struct child *c, struct buf *out, struct err *err)
{
	for (;;) {
		switch (child_next(c)) {
		case CHILD_WAIT:
			return 0;
		case CHILD_OUTPUT:
			if (memchr(buf_str(&c->out).p, '\n', buf_len(&c->out)) != NULL) {
				child_mute(c);
			} else if (buf_len(&c->out) == SECRET_MAX) {
				err_set(err, ERR_CONFIG, "%s gave more than %zu bytes", c->name, SECRET_MAX);
				return -1;
			}
			break;
		case CHILD_ENDED:
			return take(c, out, err);
		case CHILD_LATE:
			err_set(err, ERR_TEMP, "%s did not end in time", c->name);
			return -1;
		}
	}
}

bool secret_run(const char *command, int64_t deadline, struct buf *out, struct err *err)
{
	struct child c = { 0 };
	int done = secret_begin(&c, command, deadline, err) ? 0 : -1;

	while (done == 0 && (done = secret_next(&c, out, err)) == 0) {
		struct pollfd fds[CHILD_FDS + 1];
		int64_t until = INT64_MAX;
		size_t n = child_poll(&c, fds, &until);

		fds[n] = (struct pollfd){ .fd = stop_fd(), .events = POLLIN };
		if (stop_signal() == 0)
			poll(fds, n + 1, clock_left(until));
		if (stop_signal() != 0) {
			err_set(err, ERR_TEMP, "%s: interrupted", c.name);
			done = -1;
		}
	}
	child_free(&c);
	return done > 0;
}
