#include <config.h>

#include <stdlib.h>

#include "base/err.h"
#include "mail/message/message.h"

/* Mending: what leaves for a server without 8BITMIME has no bare CR or LF, no NUL, nothing over 0x7f, no line over
 * 998. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const struct message_wants wants = { .downgrade = true };
	struct str s = str_at((const char *)data, size);
	struct message m;
	struct buf out = { 0 };
	struct err err;

	message_init(&m);
	message_scan(&m, s);
	message_scan_end(&m);
	if (message_plan(&m, &wants, &err) && buf_add(&out, buf_str(&m.plan))) {
		message_body_begin(&m);
		bool ok = message_body(&m, str_sub(s, (size_t)m.body_at, size), &out, &err) &&
			message_body_end(&m, &out, &err);

		for (struct str rest = buf_str(&out); ok && rest.n > 0;) {
			struct str line = str_sub(rest, 0, str_find(rest, '\n'));

			if (line.n == rest.n || line.n == 0 || line.p[line.n - 1] != '\r' ||
				str_find(line, '\r') < line.n - 1 || line.n > 999 || str_find(line, '\0') < line.n ||
				(!str_ascii(line) && !m.utf8))
				abort();
			rest = str_sub(rest, line.n + 1, rest.n);
		}
	}
	message_free(&m);
	buf_free(&out);
	return 0;
}
