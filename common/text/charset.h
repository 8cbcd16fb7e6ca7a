#ifndef PIPEMAIL_TEXT_CHARSET_H
#define PIPEMAIL_TEXT_CHARSET_H

#include "base/str.h"

struct buf;

/*
 * Text in the charsets that mail names, as UTF-8. UTF-8, US-ASCII, ISO-8859-1 and Windows-1252 (one here) and
 * ISO-8859-15 are always known. For the others of a list of ours iconv(3) does the work, with converters that io
 * (io/converter.h) has opened before: opening one reads files, using one does not. One that is not open, because nobody
 * asked for it or this system has none, is as an unknown charset. Converters are used by one thread at a time.
 */
bool charset_known(struct str name);

/*
 * Append s, in the charset of that name, as UTF-8. For an unknown charset, for octets that are none of UTF-8 or
 * US-ASCII, and past the limit of out it is false, with nothing written. With a converter, what is malformed becomes
 * U+FFFD and the rest is converted. At most three octets for each of s. What comes out may hold controls.
 */
bool charset_decode(struct buf *out, struct str name, struct str s);

/* --- for io/converter only --- */

/* Which converter a name needs: 0 to CHARSET_CONVERTERS - 1, or CHARSET_CONVERTERS for none. */
size_t charset_converter(struct str name);
#define CHARSET_CONVERTERS ((size_t)30)
/* Names for iconv_open(3) to be tried, separated by blanks. */
const char *charset_iconv_names(size_t converter);
/* An iconv_t to UTF-32LE, lent until another one or NULL (none) is set; returns the one before. */
void *charset_set_converter(size_t converter, void *opened);

#endif
