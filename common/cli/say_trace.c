#include <config.h>

#include "cli/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/file.h"
#include "text/utf8.h"

#define LINE_MAX_SHOWN 1024 /* octets of one line; a message's body may have any */

static int trace_fd = -1;

bool say_trace_open(const char *path, struct err *err)
{
	if (path == NULL)
		return true;
	trace_fd = strcmp(path, "-") == 0 ? STDERR_FILENO
					  : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
	return trace_fd >= 0 || err_errno(err, ERR_CANTCREAT, errno, "%s", path);
}

bool say_tracing(void)
{
	return trace_fd >= 0 || say_is_verbose();
}

static void emit(const struct buf *lines)
{
	if (buf_len(lines) == 0)
		return;
	if (say_is_verbose())
		say_raw(buf_str(lines));
	if (trace_fd >= 0 && !(trace_fd == STDERR_FILENO && say_is_verbose()))
		file_write(trace_fd, buf_str(lines), "trace", NULL);
}

static void add_prefix(struct buf *out, const struct say_talk *talk, char direction)
{
	if (talk->number > 0)
		buf_printf(out, "[%u] ", talk->number);
	buf_add_char(out, direction);
	buf_add_char(out, ' ');
}

/* Keep what was secret in a line of ours, to know it again when the server says it back. */
static void remember(struct say_talk *talk, struct str secret)
{
	buf_wipe(&talk->secret);
	talk->secret.limit = LINE_MAX_SHOWN * 16;
	if (secret.n >= 4)
		buf_add(&talk->secret, secret);
}

/* How much of a line of ours may be shown; the rest is secret. */
static size_t shown_of_ours(struct say_talk *talk, struct str line)
{
	struct str rest = line;

	if (talk->auth)
		return 0;
	if (str_istarts(line, STR_LIT("PASS ")))
		return 5;
	if (!str_istarts(line, STR_LIT("AUTH ")))
		return line.n;
	talk->auth = true;
	str_cut(&rest, ' ');
	size_t mechanism = str_find(rest, ' ');

	return mechanism < rest.n ? 5 + mechanism + 1 : line.n;
}

static void add_ours(struct buf *out, struct say_talk *talk, struct str line)
{
	bool pass = str_istarts(line, STR_LIT("PASS "));
	bool secret = talk->auth || pass;
	size_t shown = shown_of_ours(talk, line);

	if (shown < line.n || secret) {
		utf8_show(out, str_sub(line, 0, shown), LINE_MAX_SHOWN);
		buf_add_text(out, "***");
		remember(talk, str_sub(line, shown, line.n));
	} else {
		utf8_show(out, line, LINE_MAX_SHOWN);
	}
}

static void add_theirs(struct buf *out, struct say_talk *talk, struct str line)
{
	struct str secret = buf_str(&talk->secret);
	bool goes_on =
		str_starts(line, STR_LIT("334")) || str_starts(line, STR_LIT("+ ")) || str_eq(line, STR_LIT("+"));

	if (secret.n > 0 && str_search(line, secret) < line.n) {
		struct str rest = line;

		for (size_t at; (at = str_search(rest, secret)) < rest.n;) {
			utf8_show(out, str_sub(rest, 0, at), LINE_MAX_SHOWN);
			buf_add_text(out, "***");
			rest = str_sub(rest, at + secret.n, rest.n);
		}
		utf8_show(out, rest, LINE_MAX_SHOWN);
	} else {
		utf8_show(out, line, LINE_MAX_SHOWN);
	}
	if (!goes_on)
		talk->auth = false;
}

static void add_line(struct buf *out, struct say_talk *talk, char direction, struct str line)
{
	if (str_ends(line, STR_LIT("\r")))
		line.n--;
	add_prefix(out, talk, direction);
	if (direction == '>')
		add_ours(out, talk, line);
	else
		add_theirs(out, talk, line);
	buf_add_char(out, '\n');
}

void say_trace(struct say_talk *talk, char direction, struct str octets)
{
	struct buf out = { 0 };
	struct buf *part = &talk->part[direction == '>' ? 0 : 1];

	if (!say_tracing())
		return;
	part->limit = LINE_MAX_SHOWN * 16;
	while (octets.n > 0) {
		size_t end = str_find(octets, '\n');
		struct str piece = str_sub(octets, 0, end);

		/* A line longer than anyone shows is cut, but found again at its end. */
		buf_add(part, str_sub(piece, 0, part->limit - buf_len(part)));
		octets = str_sub(octets, piece.n, octets.n);
		if (octets.n == 0)
			break;
		octets = str_sub(octets, 1, octets.n);
		add_line(&out, talk, direction, buf_str(part));
		buf_clear(part);
	}
	emit(&out);
	buf_free(&out);
}

void say_trace_note(const struct say_talk *talk, const char *format, ...)
{
	char text[512];
	struct buf out = { 0 };
	va_list args;

	if (!say_tracing())
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	add_prefix(&out, talk, '*');
	utf8_show(&out, str_of(text), LINE_MAX_SHOWN);
	buf_add_char(&out, '\n');
	emit(&out);
	buf_free(&out);
}

void say_talk_free(struct say_talk *talk)
{
	buf_wipe(&talk->part[0]);
	buf_wipe(&talk->part[1]);
	buf_wipe(&talk->secret);
}
