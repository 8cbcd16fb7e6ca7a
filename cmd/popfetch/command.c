#include <config.h>

#include "cmd/popfetch/command.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/child.h"
#include "io/clock.h"

/* Is there such a file in one of the directories of PATH? */
static bool is_in_path(const char *name)
{
	const char *path = getenv("PATH");
	struct str rest = str_of(path != NULL ? path : "/usr/local/bin:/usr/bin:/bin");
	struct buf file = { 0 };
	bool found = false;

	while (!found && rest.p != NULL) {
		struct str dir = str_cut(&rest, ':');

		buf_clear(&file);
		buf_add(&file, dir.n > 0 ? dir : STR_LIT("."));
		buf_printf(&file, "/%s", name);
		found = access(buf_text(&file), X_OK) == 0;
	}
	buf_free(&file);
	return found;
}

bool command_check(const char *command, struct err *err)
{
	char **argv = child_split(command, err);
	bool ok = argv != NULL;

	if (ok && strchr(argv[0], '/') != NULL && access(argv[0], X_OK) != 0)
		ok = err_errno(err, ERR_CONFIG, errno, "%s", argv[0]);
	else if (ok && strchr(argv[0], '/') == NULL && !is_in_path(argv[0]))
		ok = err_set(err, ERR_CONFIG, "%s: command not found", argv[0]);
	mem_free(argv);
	return ok;
}

static enum command_verdict judge(const struct child *c, struct err *err)
{
	int status = WIFEXITED(c->status) ? WEXITSTATUS(c->status) : -1;
	enum err_kind kind = status >= ERR_USAGE && status <= ERR_CONFIG ? (enum err_kind)status : ERR_PART;

	if (status == 0)
		return COMMAND_TAKEN;
	if (status < 0) {
		err_set(err, ERR_TEMP, "%s was ended by signal %d", c->name, WTERMSIG(c->status));
		return COMMAND_LATER;
	}
	err_set(err, kind, "%s ended with status %d", c->name, status);
	switch (status) {
	case 126: /* what sh and env say of a command that cannot be run, or is not there */
	case 127:
		err->kind = ERR_CONFIG;
		return COMMAND_BROKEN;
	case ERR_USAGE:
	case ERR_OS:
	case 72: /* EX_OSFILE */
	case ERR_CANTCREAT:
	case ERR_IO:
	case ERR_CONFIG:
		return COMMAND_BROKEN;
	case ERR_NOHOST:
	case ERR_TEMP:
		err->kind = ERR_TEMP;
		return COMMAND_LATER;
	default:
		return COMMAND_REFUSED;
	}
}

/* It is over, or was killed. */
static enum child_event wait_for(struct child *c)
{
	enum child_event event;

	while ((event = child_next(c)) == CHILD_WAIT) {
		struct pollfd fds[CHILD_FDS];
		int64_t until = INT64_MAX;
		size_t n = child_poll(c, fds, &until);

		poll(fds, n, clock_left(until));
	}
	return event;
}

enum command_verdict command_run(const char *command, int fd, int64_t patience, struct err *err)
{
	char **argv = child_split(command, err);
	const struct child_params params = {
		.argv = argv, .input_fd = fd, .own_output = true, .deadline = clock_after(patience)
	};
	enum command_verdict verdict = COMMAND_BROKEN;
	struct child c = { 0 };

	if (argv != NULL && child_start(&c, &params, err)) {
		if (wait_for(&c) == CHILD_ENDED) {
			verdict = judge(&c, err);
		} else {
			err_set(err, ERR_TEMP, "%s did not end within %lld s", c.name,
				(long long)(patience / CLOCK_SECOND));
			verdict = COMMAND_LATER;
		}
	}
	child_free(&c);
	mem_free(argv);
	return verdict;
}
