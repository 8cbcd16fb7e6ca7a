#ifndef PIPEMAIL_MAIL_WORD_H
#define PIPEMAIL_MAIL_WORD_H

#include "base/str.h"

struct buf;

/* RFC 2047 encoded words and RFC 2231 parameters. Text is UTF-8 on our side. */

/* Unstructured text (a Subject) as it may stand in a header: ASCII words as they are, the rest as
 * encoded words of at most 75 octets, none of which cuts a character, with blanks between them, at
 * which header_add breaks lines. What looks like an encoded word and is none, and what could not be
 * folded, is encoded too. column: octets that stand before it on its line. Octets that are no UTF-8
 * are taken for Windows-1252. False only when out is full. */
bool word_encode_text(struct buf *out, struct str utf8, size_t column);
/* A phrase (a display name): atoms as they are, quoted where specials need it, else
 * encoded words. */
bool word_encode_phrase(struct buf *out, struct str utf8);
/* "s", with backslashes before the quotes and backslashes in it. */
void word_add_quoted(struct buf *out, struct str s);
/* Decode every encoded word in s; what cannot be decoded stays. Characters that bad mailers cut
 * between two words are put together. The charsets of text/charset.h. What comes out may hold
 * controls: it is for header_add_text or utf8_show. */
bool word_decode(struct buf *out, struct str s);

/* A parameter of Content-Type or Content-Disposition: "; name=value", quoted as needed; what is not
 * ASCII, has controls or is too long for a line as RFC 2231 has it (name*=UTF-8''…, continued as
 * name*0*=…), with a plain ASCII stand-in before it if fallback is set, for readers that know no
 * better. */
bool word_add_parameter(struct buf *out, const char *name, struct str utf8, bool fallback);
/* Append the value of a parameter of a structured field body, RFC 2231 continuations and charsets
 * decoded, and encoded words too (which do not belong there and are common). False when there is
 * none of that name. */
bool word_parameter(struct str field_body, const char *name, struct buf *out);

#endif
