#include <config.h>

#include "io/secret_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "io/netrc.h"

/*
 * Sources in a fixed order. A source that was set and fails ends the search: with a fallback the wrong password
 * might be sent to the server.
 */

void secret_harden(void)
{
	struct rlimit none = { 0, 0 };

	/* Best effort: a kernel that refuses leaves us no worse than before. */
	(void)setrlimit(RLIMIT_CORE, &none);
#ifdef HAVE_SYS_PRCTL_H
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
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
			return secret_first_line(&read_so_far, out, what, err);
	}
}

static bool from_file(const char *path, bool for_group, struct buf *out, struct err *err)
{
	bool absent;
	int fd = secret_open_private(path, for_group, &absent, err);

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
		return secret_run(source->command, source->deadline > 0 ? source->deadline : INT64_MAX, out, err) ||
			err_prefix(err, "password-command");
	if (source->file != NULL)
		return from_file(source->file, source->for_group, out, err) || err_prefix(err, "password-file");
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
