#include <config.h>

#include "io/converter.h"

#include <iconv.h>
#include <stdio.h>
#include <string.h>

#include "text/charset.h"

/* UTF-32LE is asked of every converter, so the code that makes UTF-8 is ours (text/charset.c says why). */

static void set(size_t i, iconv_t converter)
{
	iconv_t before = charset_set_converter(i, converter);

	if (before != NULL)
		(void)iconv_close(before);
}

static void open_one(size_t i)
{
	struct str names = str_of(charset_iconv_names(i));
	iconv_t converter = (iconv_t)-1;
	char name[32];

	while (names.n > 0 && converter == (iconv_t)-1) {
		struct str one = str_cut(&names, ' ');

		snprintf(name, sizeof name, "%.*s", STR_ARGS(one));
		converter = iconv_open("UTF-32LE", name);
	}
	if (converter != (iconv_t)-1)
		set(i, converter);
}

#define OTHERS 16

/* The last few that texts named; a charset that the system does not know is remembered too. */
static struct other {
	char name[64];
	iconv_t converter; /* NULL: there is none */
} others[OTHERS];
static size_t n_others;

static void *open_other(const char *name)
{
	struct other *o;
	iconv_t converter;

	for (size_t i = 0; i < OTHERS; i++)
		if (strcmp(others[i].name, name) == 0)
			return others[i].converter;
	o = &others[n_others++ % OTHERS];
	if (o->converter != NULL)
		(void)iconv_close(o->converter);
	converter = iconv_open("UTF-32LE", name);
	o->converter = converter != (iconv_t)-1 ? converter : NULL;
	snprintf(o->name, sizeof o->name, "%s", name);
	return o->converter;
}

void converter_open_all(void)
{
	for (size_t i = 0; i < CHARSET_CONVERTERS; i++)
		open_one(i);
	charset_set_opener(open_other);
}

void converter_open_for(struct str text)
{
	for (size_t at; (at = str_search(text, STR_LIT("=?"))) < text.n;) {
		text = str_sub(text, at + 2, text.n);
		struct str name = str_sub(text, 0, str_find(text, '?'));
		struct str charset = str_cut(&name, '*');
		size_t i = charset_converter(charset);

		if (i < CHARSET_CONVERTERS && !charset_known(charset))
			open_one(i);
	}
}

void converter_close_all(void)
{
	charset_set_opener(NULL);
	for (size_t i = 0; i < OTHERS; i++) {
		if (others[i].converter != NULL)
			(void)iconv_close(others[i].converter);
		others[i] = (struct other){ .converter = NULL };
	}
	for (size_t i = 0; i < CHARSET_CONVERTERS; i++)
		set(i, NULL);
}
