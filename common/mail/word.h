#ifndef PIPEMAIL_MAIL_WORD_H
#define PIPEMAIL_MAIL_WORD_H

#include "base/str.h"

struct buf;

/* RFC 2047 encoded words and RFC 2231 parameters. Text is UTF-8 on our side. */

/* Unstructured text (a Subject) as it may stand in a header: ASCII as it is, else encoded words of at most 75
 * octets, none of which cuts a character, separated by blanks (header_add_folded breaks lines there). */
bool word_encode_text(struct buf *out, struct str utf8);
/* A phrase (a display name): atoms as they are, quoted where specials need it, else encoded words. */
bool word_encode_phrase(struct buf *out, struct str utf8);
/* Decode every encoded word in s; what cannot be decoded stays. Charsets: UTF-8, US-ASCII, ISO-8859-1, Windows-1252. */
bool word_decode(struct buf *out, struct str s);

/* A parameter of Content-Type or Content-Disposition: `; name=value`, quoted as needed; non-ASCII as RFC 2231
 * (name*=UTF-8''…, continued as name*0*=… when long), with a plain ASCII fallback before it if fallback is set. */
bool word_add_parameter(struct buf *out, const char *name, struct str utf8, bool fallback);
/* The value of a parameter of a structured field body, RFC 2231 continuations and charsets decoded. */
bool word_parameter(struct str field_body, const char *name, struct buf *out);

#endif
