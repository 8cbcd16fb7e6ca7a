#include <config.h>

#include "io/converter.h"

#include <iconv.h>
#include <stdio.h>

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

void converter_open_all(void)
{
	for (size_t i = 0; i < CHARSET_CONVERTERS; i++)
		open_one(i);
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
	for (size_t i = 0; i < CHARSET_CONVERTERS; i++)
		set(i, NULL);
}
