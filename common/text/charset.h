#ifndef PIPEMAIL_TEXT_CHARSET_H
#define PIPEMAIL_TEXT_CHARSET_H

#include "base/str.h"

struct buf;

/*
 * Converts text in the charsets that mail names to UTF-8. UTF-8, US-ASCII, ISO-8859-1 and Windows-1252 (treated as
 * one) and ISO-8859-15 are always known. The others, which are a fixed list in charset.c, need iconv(3): opening a
 * converter reads files, so io opens them before hostile input is read (io/converter.h) and this module only uses
 * them. A converter that nobody opened, or that this system does not have, makes its charset unknown.
 *
 * The table of converters is global and each has a shift state: one thread at a time may call charset_decode.
 */

/*
 * Can charset_decode convert from the charset of that name? Letters and digits of the name count, in either case:
 * "ISO_8859-1" and "iso8859-1" are the same.
 */
bool charset_known(struct str name);

/*
 * Append s, which is in the charset of that name, as UTF-8. False, with nothing appended, for an unknown charset,
 * for invalid bytes in UTF-8 or US-ASCII, and when the limit of out is passed. With a converter, invalid bytes
 * become U+FFFD and the rest is converted. The result may contain control characters: show it with utf8_show, put
 * it into a header with header_add_text.
 */
bool charset_decode(struct buf *out, struct str name, struct str s);

/* --- for io/converter only --- */

/*
 * Who opens the charsets that are not on our list, when a text names one: an iconv_t to UTF-32LE, kept by the
 * opener, or NULL. The name has only letters, digits and "-_.:" in it. NULL: nobody does.
 */
void charset_set_opener(void *(*open)(const char *name));

/*
 * Which converter a name needs: 0 to CHARSET_CONVERTERS - 1, or CHARSET_CONVERTERS when it needs none or is not
 * known.
 */
size_t charset_converter(struct str name);
/* The number of charsets that need a converter; charset.c asserts it. */
#define CHARSET_CONVERTERS ((size_t)30)
/*
 * Names for iconv_open(3), best first, separated by single spaces; static. converter must be below
 * CHARSET_CONVERTERS.
 */
const char *charset_iconv_names(size_t converter);
/*
 * Set the iconv_t (to UTF-32LE) of a converter, or NULL for none; returns the previous one, for the caller to
 * close. The caller keeps ownership and must set another before it closes this one.
 */
void *charset_set_converter(size_t converter, void *to);

#endif
