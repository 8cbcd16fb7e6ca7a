#ifndef PIPEMAIL_MAIL_WORD_H
#define PIPEMAIL_MAIL_WORD_H

#include "base/str.h"

struct buf;

/*
 * RFC 2047 encoded words and RFC 2231 parameters, both ways. Text is UTF-8 on our side; bytes that are not UTF-8
 * are taken for Windows-1252 when encoding. Functions that append return false only when out is full
 * (word_parameter says otherwise).
 */

/*
 * Append unstructured text (a Subject) as it may be in a header: ASCII words as they are, the rest as encoded
 * words of at most 75 characters with spaces between them, at which header_add folds; no word cuts a character.
 * Words that look like encoded words, and runs of over 900 bytes, are encoded too. column: how many characters
 * precede it on its line.
 */
bool word_encode_text(struct buf *out, struct str utf8, size_t column);
/*
 * Append a phrase (a display name, RFC 5322, 3.2.5): atoms as they are, a quoted string where specials need it,
 * else encoded words with the few characters that RFC 2047, 5, rule 3 allows there.
 */
bool word_encode_phrase(struct buf *out, struct str utf8);
/*
 * Append s in double quotes, with a backslash before each quote and backslash. Controls are not checked: str_clean
 * first.
 */
void word_add_quoted(struct buf *out, struct str s);
/*
 * Append s with every encoded word decoded; words that cannot be decoded (unknown charset, malformed) stay as they
 * are. White space between two words is dropped (RFC 2047, 6.2), and characters that a mailer cut between two
 * words of one charset are joined. Charsets are those of text/charset.h. The result may contain control
 * characters: use utf8_show or header_add_text for it.
 */
bool word_decode(struct buf *out, struct str s);

/*
 * Append a parameter of Content-Type or Content-Disposition: "; name=value", quoted as needed. A value that is not
 * ASCII, has controls or is too long for a line is written as in RFC 2231 (name*=UTF-8''..., continued as
 * name*0*=...), preceded by a plain ASCII name=value if fallback is set, for readers that do not know RFC 2231.
 */
bool word_add_parameter(struct buf *out, const char *name, struct str utf8, bool fallback);
/*
 * Append the value of a parameter of a structured field body, with RFC 2231 continuations (at most 256) and
 * charsets decoded, and encoded words too, which are wrong there and common. The first parameter of that name
 * (ASCII case ignored) counts. False when there is none; out.full tells of a full buffer.
 */
bool word_parameter(struct str field_body, const char *name, struct buf *out);

#endif
