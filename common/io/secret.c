#include <config.h>

#include "io/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/netrc.h"
#include "io/stop.h"

#define SECRET_MAX ((size_t)64 << 10) /* an OAuth token is a few KiB */

void secret_harden(void)
{
	struct rlimit none = { 0, 0 };

	/* Best effort: a kernel that refuses leaves us no worse than before. */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* Keep the first line of what was read; 78 when there is nothing. */
static bool take_line(struct buf *read, struct buf *out, const char *what, struct err *err)
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

/* Read until the end or the first line break. */
static bool read_line(int fd, struct buf *out, const char *what, struct err *err)
{
	struct buf read_so_far = { .limit = SECRET_MAX };

	for (;;) {
		char *room = buf_room(&read_so_far, 1024);

		if (room == NULL) {
			buf_wipe(&read_so_far);
			return err_set(err, ERR_CONFIG, "%s gave more than %zu octets", what, SECRET_MAX);
		}
		ssize_t n = read(fd, room, 1024);

		/* Only a signal that asks to stop has a handler: it ends the wait. */
		if (n < 0) {
			int number = errno;

			buf_wipe(&read_so_far);
			return err_errno(err, ERR_CONFIG, number, "%s", what);
		}
		buf_added(&read_so_far, (size_t)n);
		if (n == 0 || memchr(room, '\n', (size_t)n) != NULL)
			return take_line(&read_so_far, out, what, err);
	}
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

/* Split a command line into words without a shell; NULL-terminated, one mem_free for all. NULL (64) on an open
 * quote. */
static char **split(const char *command, struct err *err)
{
	struct buf words = { .limit = strlen(command) * 2 + 2 };
	size_t count = 0;

	for (const char *p = command;;) {
		while (ascii_blank(*p) || *p == '\n')
			p++;
		if (*p == '\0')
			break;
		if (!split_word(&p, &words)) {
			buf_wipe(&words);
			err_set(err, ERR_USAGE, "a quote in the command is not closed: %s", command);
			return NULL;
		}
		buf_add_char(&words, '\0');
		count++;
	}
	/* One block: the pointers, then what they point to. */
	struct str text = buf_str(&words);
	char **argv = mem_alloc((count + 1) * sizeof *argv + text.n);
	char *to = (char *)(argv + count + 1);

	memcpy(to, text.p, text.n);
	for (size_t i = 0; i < count; i++) {
		argv[i] = to;
		to += strlen(to) + 1;
	}
	buf_wipe(&words);
	if (count == 0) {
		mem_free(argv);
		err_set(err, ERR_USAGE, "the command is empty");
		return NULL;
	}
	return argv;
}

/* Start argv with its standard output in *fd. Signals get their default meaning again. */
static bool start(char **argv, int *fd, pid_t *pid, struct err *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, ERR_OS, errno, "pipe");
	posix_spawn_file_actions_init(&actions);
	/* Our standard input may be the message: a command that reads would swallow it. */
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawnattr_init(&attributes);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	int number = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);

	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	close(ends[1]);
	if (number != 0) {
		close(ends[0]);
		return err_errno(err, ERR_CONFIG, number, "%s", argv[0]);
	}
	*fd = ends[0];
	return true;
}

/* Until the command has ended, or a signal asks us to stop: then it has to end too. */
static void wait_for_end(pid_t pid, int *status)
{
	do {
		if (stop_signal() != 0)
			kill(pid, SIGTERM);
	} while (waitpid(pid, status, 0) < 0 && errno == EINTR);
}

bool secret_run(const char *command, struct buf *out, struct err *err)
{
	char **argv = split(command, err);
	int status = 0;
	int fd;
	pid_t pid;
	bool ok;

	if (argv == NULL)
		return false;
	ok = start(argv, &fd, &pid, err);
	if (ok) {
		ok = read_line(fd, out, argv[0], err);
		close(fd);
		wait_for_end(pid, &status);
		/* A command that went on writing after its first line died of SIGPIPE: its own affair. */
		if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
			ok = err_set(err, ERR_CONFIG, "%s ended with status %d", argv[0], WEXITSTATUS(status));
		else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGPIPE)
			ok = err_set(err, ERR_CONFIG, "%s was ended by signal %d", argv[0], WTERMSIG(status));
	}
	mem_free(argv);
	return ok;
}

int secret_open_private(const char *path, bool *absent, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	*absent = fd < 0 && errno == ENOENT;
	if (fd < 0) {
		err_errno(err, ERR_CONFIG, errno, "%s", path);
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) != 0) {
		close(fd);
		err_set(err, ERR_CONFIG, "%s: holds a password and others may read it: chmod 600", path);
		return -1;
	}
	return fd;
}

static bool from_file(const char *path, struct buf *out, struct err *err)
{
	bool absent;
	int fd = secret_open_private(path, &absent, err);

	if (fd < 0)
		return false;
	bool ok = read_line(fd, out, path, err);

	close(fd);
	return ok;
}

/* systemd's directory is private by itself, whatever the mode of the file says. */
static bool from_credential(const char *name, struct buf *out, struct err *err)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	struct buf path = { 0 };

	if (directory == NULL)
		return err_set(err, ERR_CONFIG, "credential %s: CREDENTIALS_DIRECTORY is not set", name);
	if (name[0] == '\0' || strchr(name, '/') != NULL)
		return err_set(err, ERR_CONFIG, "credential '%s': no name of a credential", name);
	buf_printf(&path, "%s/%s", directory, name);
	int fd = open(buf_text(&path), O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool ok = fd >= 0 ? read_line(fd, out, buf_text(&path), err)
			  : err_errno(err, ERR_CONFIG, errno, "%s", buf_text(&path));

	if (fd >= 0)
		close(fd);
	buf_free(&path);
	return ok;
}

static bool from_terminal(const struct secret_source *source, struct buf *out, struct err *err)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct buf text = { 0 };
	struct termios before;
	struct termios silent;
	bool echo = false;
	bool ok;

	if (fd < 0)
		return err_set(err, ERR_AUTH,
			"no password: give --password-command, --password-file or an "
			"entry in ~/.netrc (there is no terminal to ask on)");
	if (tcgetattr(fd, &before) == 0) {
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		echo = tcsetattr(fd, TCSAFLUSH, &silent) == 0;
	}
	buf_printf(&text, "Password for %s at %s: ", source->user != NULL ? source->user : "?",
		source->host != NULL ? source->host : "?");
	ok = write(fd, buf_str(&text).p, buf_len(&text)) >= 0 && read_line(fd, out, "the terminal", err);
	if (echo)
		tcsetattr(fd, TCSAFLUSH, &before);
	if (write(fd, "\n", 1) < 0)
		ok = false;
	close(fd);
	buf_free(&text);
	return ok;
}

bool secret_get(const struct secret_source *source, struct buf *out, struct err *err)
{
	out->limit = out->limit > 0 ? out->limit : SECRET_MAX;
	if (source->command != NULL)
		return secret_run(source->command, out, err) || err_prefix(err, "password-command");
	if (source->file != NULL)
		return from_file(source->file, out, err) || err_prefix(err, "password-file");
	if (source->fd >= 0)
		return read_line(source->fd, out, "password-fd", err);
	if (source->text != NULL)
		return buf_add_text(out, source->text) || err_set(err, ERR_CONFIG, "the password is too long");
	if (source->credential != NULL && getenv("CREDENTIALS_DIRECTORY") != NULL)
		return from_credential(source->credential, out, err);
	int found = source->host != NULL ? netrc_get(source->host, source->user, NETRC_PASSWORD, out, err) : 0;

	if (found != 0)
		return found > 0;
	if (source->prompt)
		return from_terminal(source, out, err);
	return err_set(err, ERR_AUTH,
		"no password: give --password-command, --password-file or an entry "
		"in ~/.netrc");
}
