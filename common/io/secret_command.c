#include <config.h>

#include "io/secret_state.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "io/child.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/stop.h"

/* Passwords and tokens that a command prints. */

#define COMMAND_MAX ((size_t)64 << 10)

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

/* One word of a command line into out, as sh would read it but for expansions; false on an open quote. */
static bool split_word(const char **at, struct buf *out)
{
	char quote = 0;

	for (const char *p = *at;; p++) {
		if (*p == '\0') {
			*at = p;
			return quote == 0;
		}
		if (quote == 0 && (ascii_blank(*p) || *p == '\n')) {
			*at = p;
			return true;
		}
		if (quote == 0 && (*p == '\'' || *p == '"')) {
			quote = *p;
		} else if (quote != 0 && *p == quote) {
			quote = 0;
		} else if (*p == '\\' && quote != '\'' && p[1] != '\0' && (quote == 0 || p[1] == '"' || p[1] == '\\')) {
			buf_add_char(out, *++p);
		} else {
			buf_add_char(out, *p);
		}
	}
}

/* A word without quotes that means something to a shell only: a pipe, a list, a redirection. */
static bool is_for_shell(struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (strchr("'\"\\", word.p[i]) != NULL)
			return false;
	return str_find(word, '|') < word.n || str_among(word, "& && ;") || str_ends(word, STR_LIT(";")) ||
		str_starts(word, STR_LIT(">")) || str_starts(word, STR_LIT("<")) || str_starts(word, STR_LIT("2>"));
}

/* The words as one block: the pointers, then what they point to. */
static char **as_argv(struct buf *words, size_t count)
{
	struct str text = buf_str(words);
	char **argv = mem_alloc((count + 1) * sizeof *argv + text.n);
	char *to = (char *)(argv + count + 1);

	memcpy(to, text.p, text.n);
	for (size_t i = 0; i < count; i++) {
		argv[i] = to;
		to += strlen(to) + 1;
	}
	buf_wipe(words);
	return argv;
}

/* Split a command line into words without a shell, "~/" at the start of one as the home; NULL-terminated, one mem_free
 * for all. NULL (64) on an open quote, and for what only a shell understands. */
static char **split(const char *command, struct err *err)
{
	const char *home = file_home();
	struct buf words = { .limit = COMMAND_MAX };
	size_t count = 0;

	for (const char *p = command;;) {
		while (ascii_blank(*p) || *p == '\n')
			p++;
		if (*p == '\0')
			break;
		const char *start = p;

		if (strncmp(p, "~/", 2) == 0 && home != NULL && buf_add_text(&words, home))
			p++;
		if (!split_word(&p, &words)) {
			buf_wipe(&words);
			err_set(err, ERR_USAGE, "a quote in the command is not closed: %s", command);
			return NULL;
		}
		if (is_for_shell(str_at(start, (size_t)(p - start)))) {
			buf_wipe(&words);
			err_set(err, ERR_USAGE,
				"'%.*s' needs a shell, and commands are run without one; write: sh -c '...'",
				(int)(p - start), start);
			return NULL;
		}
		buf_add_char(&words, '\0');
		count++;
	}
	if (count == 0 || words.full) {
		err_set(err, ERR_USAGE, words.full ? "the command is too long" : "the command is empty");
		buf_wipe(&words);
		return NULL;
	}
	return as_argv(&words, count);
}

bool secret_begin(struct child *c, const char *command, int64_t deadline, struct err *err)
{
	char **argv = split(command, err);
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
