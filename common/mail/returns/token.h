#ifndef PIPEMAIL_MAIL_TOKEN_H
#define PIPEMAIL_MAIL_TOKEN_H

#include "base/buf.h"

/*
 * Tokens that mail carries out and answers bring back: each proves, under a secret key, whose address it was made for
 * and what for, so that nobody unsubscribes, confirms or reports as bounced anybody else. All compare without case, as
 * addresses on their way may lose it. `address` is always the comparing form (address_key).
 *
 * - Leave: the 43 characters of base64url of HMAC-SHA256 of the address. Documented, so that web servers can check it.
 * - Confirm: DAY "-" TAG TEXT MAC: the day of the request in clear (20261130), then in base32 4 characters that stand
 *   for the list, 8 for the text that is agreed to, and 20 of the MAC over all of them, the purpose and the address. A
 *   leave token never confirms, nor the other way round.
 * - Return: 16 characters of base32 after the recipient in a bounce address (VERP).
 */
#define TOKEN_LEAVE ((size_t)43)
#define TOKEN_CONFIRM ((size_t)41)
#define TOKEN_RETURN ((size_t)16)
#define TOKEN_TAG ((size_t)4)
#define TOKEN_TEXT ((size_t)8)
#define TOKEN_DAY ((size_t)8)

/* All append, and cannot fail. key is the secret, not empty. */
void token_add_leave(struct buf *out, struct str key, struct str address);
/* list: the List-Id, or empty; text: what the person agrees to, whole; day: days since 1970. */
void token_add_confirm(struct buf *out, struct str key, struct str address, struct str list, struct str text,
	int64_t day);
/* The token of another address with the same day, list and text; clear: those, as they stand in it. */
void token_add_confirm_like(struct buf *out, struct str key, struct str address, struct str clear);
void token_add_return(struct buf *out, struct str key, struct str recipient);

enum token_kind { TOKEN_NONE, TOKEN_IS_LEAVE, TOKEN_IS_CONFIRM };

/* The next thing in *s that looks like a token, which *token becomes; *s is what follows it. */
enum token_kind token_next(struct str *s, struct str *token);
/* Is it the token of this recipient? */
bool token_is_return(struct str token, struct str key, struct str recipient);
/* The day of a confirm token, in days since 1970; false: there is no such day. */
bool token_day(struct str token, int64_t *day);
/* Do all of its characters stand in base32, ignoring case, and is it as long as a token of returns? */
bool token_looks_returned(struct str s);

#endif
