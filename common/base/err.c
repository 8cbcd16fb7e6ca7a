#include <config.h>

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * Texts are formatted into fixed arrays: an error can be made when memory is short, be copied by assignment, and
 * needs no free.
 */

/* Mark a text that did not fit, so that nobody takes the rest for the whole. */
static void mark_cut(struct err *err, int n)
{
	if (n < 0 || (size_t)n >= sizeof err->text)
		memcpy(err->text + sizeof err->text - 4, "...", 4);
}

bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return false;
	err->kind = kind;
	va_start(args, format);
	mark_cut(err, vsnprintf(err->text, sizeof err->text, format, args));
	va_end(args);
	return false;
}

bool err_errno(struct err *err, enum err_kind kind, int number, const char *format, ...)
{
	char what[sizeof err->text];
	va_list args;

	if (err == NULL)
		return false;
	err->kind = kind;
	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	mark_cut(err, snprintf(err->text, sizeof err->text, "%s: %s", what, strerror(number)));
	return false;
}

bool err_prefix(struct err *err, const char *format, ...)
{
	char text[sizeof err->text];
	char what[sizeof err->text];
	va_list args;

	if (err == NULL)
		return false;
	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	memcpy(text, err->text, sizeof text);
	mark_cut(err, snprintf(err->text, sizeof err->text, "%s: %s", what, text));
	return false;
}
