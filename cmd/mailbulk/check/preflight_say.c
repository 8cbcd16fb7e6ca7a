#include <config.h>

#include "cmd/mailbulk/check/preflight.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/say.h"
#include "cmd/mailbulk/rows/list.h"
#include "cmd/mailbulk/settings.h"

/* What is found is told at once, and kept under its rule for --json. */

static void error(struct preflight *p, enum err_kind kind, const char *rule, uint64_t line, bool told, const char *text)
{
	findings_add(&p->findings, rule, true, line, text);
	if (told)
		say_errorf("error: %s", text);
	if (p->errors++ == 0)
		p->kind = kind;
}

static void warn(struct preflight *p, const char *rule, uint64_t line, bool told, const char *text)
{
	findings_add(&p->findings, rule, false, line, text);
	if (!told)
		return;
	say_note("warning: %s", text);
	p->warnings++;
}

void preflight_error(struct preflight *p, enum err_kind kind, const char *rule, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	error(p, kind, rule, 0, true, text);
}

void preflight_warn(struct preflight *p, const char *rule, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	warn(p, rule, 0, true, text);
}

void preflight_warn_row(struct preflight *p, bool *told, const char *rule, uint64_t line, const char *format, ...)
{
	char text[1024];
	size_t n = (size_t)snprintf(text, sizeof text, "%s: line %llu: ", p->list->name, (unsigned long long)line);
	va_list args;

	n = n < sizeof text ? n : sizeof text - 1;
	va_start(args, format);
	vsnprintf(text + n, sizeof text - n, format, args);
	va_end(args);
	warn(p, rule, line, !*told, text);
	*told = true;
}

void preflight_bad(struct preflight *p, uint64_t line, const struct err *why)
{
	char text[1024];
	bool told = p->bad++ < BAD_ROWS_SHOWN;

	snprintf(text, sizeof text, "%s: line %llu: %s%s", p->list->name, (unsigned long long)line, why->text,
		p->settings->skip_bad ? " (left out)" : "");
	if (p->settings->skip_bad)
		warn(p, "bad-row", line, told, text);
	else
		error(p, ERR_DATA, "bad-row", line, told, text);
}
