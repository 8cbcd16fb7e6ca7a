#include <config.h>

#include "cmd/listscrub/returns/back.h"

#include <stdio.h>
#include <unistd.h>

#include "io/file.h"
#include "mail/returns/token.h"
#include "text/date.h"

/* Tokens that came back by the web: in a log, a form's file, or whatever has one a line. */

#define CHUNK ((size_t)64 << 10)
#define LINE_MAX_OCTETS ((size_t)1 << 20)

/* "[30/Nov/2026:09:00:00 +0000]" of web servers, or a date as ISO 8601 has it; 0: none. */
static int64_t date_of(struct str line)
{
	size_t open = str_find(line, '[');
	struct str s = str_sub(line, open + 1, str_find(str_sub(line, open, line.n), ']'));
	char text[40];
	int64_t when = 0;

	if (s.n > 20 && s.p[2] == '/' && s.p[6] == '/' && s.p[11] == ':') {
		struct str zone = s.n >= 26 ? str_sub(s, 21, 5) : STR_LIT("+0000");

		(void)snprintf(text, sizeof text, "%.2s %.3s %.4s %.8s %.*s", s.p, s.p + 3, s.p + 7, s.p + 12,
			STR_ARGS(zone));
		return date_parse_mail(str_of(text), &when) ? when : 0;
	}
	for (size_t i = 0; i + 19 <= line.n; i++)
		if (line.p[i + 4] == '-' && line.p[i + 7] == '-' && (line.p[i + 10] == 'T' || line.p[i + 10] == ' ') &&
			line.p[i + 13] == ':' && ascii_digit(line.p[i])) {
			size_t n = i + 19 < line.n && line.p[i + 19] == 'Z' ? 20 : 19;

			return date_parse_any(str_sub(line, i, n), &when) == DATE_OK ? when : 0;
		}
	return 0;
}

static void take_line(struct bounces *b, struct str line, const char *path, uint64_t number, bool yes)
{
	struct str rest = line;
	struct str token;
	enum token_kind kind;

	while ((kind = token_next(&rest, &token)) != TOKEN_NONE) {
		struct buf source = { .limit = 0 };
		struct claim *c;

		if (kind != (yes ? TOKEN_IS_CONFIRM : TOKEN_IS_LEAVE))
			continue;
		buf_printf(&source, "%s:%llu", path, (unsigned long long)number);
		c = bounces_claim(b, yes ? DSN_NOTHING : DSN_UNSUBSCRIBE, STR_LIT(""));
		c->source = bounces_keep(b, buf_str(&source));
		c->when = date_of(line);
		c->message = SIZE_MAX;
		bounces_link_token(b, c, token);
		buf_free(&source);
	}
}

bool back_read_tokens(struct bounces *b, const char *path, bool yes, struct err *err)
{
	struct buf octets = { .limit = LINE_MAX_OCTETS };
	int fd = file_open(path, err);
	uint64_t number = 0;
	long n = 1;

	while (fd >= 0 && n > 0) {
		char *room = buf_room(&octets, CHUNK);

		if (room == NULL) { /* no token is as long as that */
			buf_clear(&octets);
			continue;
		}
		n = file_read_some(fd, room, CHUNK, path, err);
		if (n > 0)
			buf_added(&octets, (size_t)n);
		struct str rest = buf_str(&octets);

		while (str_find(rest, '\n') < rest.n)
			take_line(b, str_cut(&rest, '\n'), path, ++number, yes);
		if (n == 0 && rest.n > 0)
			take_line(b, rest, path, ++number, yes);
		buf_drop(&octets, buf_len(&octets) - rest.n);
	}
	if (n == -2)
		err_set(err, ERR_NONE, "interrupted");
	if (fd >= 0)
		(void)close(fd);
	buf_free(&octets);
	return fd >= 0 && n == 0;
}
