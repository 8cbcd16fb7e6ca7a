#include <config.h>

#include "cli/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/file.h"
#include "io/stop.h"
#include "text/utf8.h"

/*
 * Each message is one write(2) of one line, so that lines of several processes do not mix, and passes utf8_show:
 * text of servers and lists cannot control the terminal.
 */

#define SAY_MAX 2048 /* octets of one message */

static char tool_name[64] = "pipemail";
static bool is_quiet;
static bool is_verbose;
static void (*make_room_first)(void);

/* popt and GnuTLS believe the environment, which belongs to whoever started us. */
static void refuse_setuid(void)
{
	if (getuid() == geteuid() && getgid() == getegid())
		return;
	say_errorf(
		"this program must not run setuid or setgid: see SECURITY in pipemail(7) for ways to share a password");
	exit(ERR_CONFIG);
}

static void set_tool(const char *tool)
{
	const char *slash = strrchr(tool, '/');
	struct str name = str_of(slash != NULL ? slash + 1 : tool);

	if (name.n == 0 || name.n >= sizeof tool_name)
		return;
	memcpy(tool_name, name.p, name.n);
	tool_name[name.n] = '\0';
}

void say_init(const char *tool)
{
	file_guard_standard();
	if (tool != NULL)
		set_tool(tool);
	refuse_setuid();
}

const char *say_tool(void)
{
	return tool_name;
}

void say_set_quiet(bool quiet)
{
	is_quiet = quiet;
}

void say_set_verbose(bool verbose)
{
	is_verbose = verbose;
}

bool say_is_quiet(void)
{
	return is_quiet;
}

bool say_is_verbose(void)
{
	return is_verbose;
}

void say_before(void (*make_room)(void))
{
	make_room_first = make_room;
}

/* One write, so that lines of two processes do not mix. Nobody is left to tell of a failure. */
void say_raw(struct str lines)
{
	if (make_room_first != NULL)
		make_room_first();
	file_write(STDERR_FILENO, lines, "standard error", NULL);
}

static void say_line(struct str text)
{
	struct buf line = { 0 };

	utf8_show(&line, str_of(tool_name), sizeof tool_name * 4);
	buf_add_text(&line, ": ");
	utf8_show(&line, text, SAY_MAX);
	buf_add_char(&line, '\n');
	say_raw(buf_str(&line));
	buf_free(&line);
}

__attribute__((format(printf, 1, 0))) static void say_format(const char *format, va_list args)
{
	char text[SAY_MAX];

	vsnprintf(text, sizeof text, format, args);
	say_line(str_of(text));
}

void say_error(const struct err *err)
{
	say_line(str_of(err->text));
}

void say_errorf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_format(format, args);
	va_end(args);
}

void say_note(const char *format, ...)
{
	va_list args;

	if (is_quiet)
		return;
	va_start(args, format);
	say_format(format, args);
	va_end(args);
}

int say_fail(const struct err *err)
{
	say_error(err);
	return stop_signal() != 0 ? 128 + stop_signal() : (int)err->kind;
}
