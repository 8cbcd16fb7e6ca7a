#include <config.h>

#include "io/converter.h"

#include <iconv.h>

#include "text/charset.h"

static void set(size_t i, iconv_t converter)
{
	iconv_t before = charset_set_converter(i, converter);

	if (before != NULL)
		(void)iconv_close(before);
}

static void open_one(size_t i)
{
	iconv_t converter = iconv_open("UTF-8", charset_iconv_name(i));

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
		size_t i = charset_converter(str_cut(&name, '*'));

		if (i < CHARSET_CONVERTERS && !charset_known(str_of(charset_iconv_name(i))))
			open_one(i);
	}
}

void converter_close_all(void)
{
	for (size_t i = 0; i < CHARSET_CONVERTERS; i++)
		set(i, NULL);
}
