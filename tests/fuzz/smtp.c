#include <config.h>

#include "proto/smtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct smtp_rcpt rcpts[] = { { .address = { "b@example.org", 13 } },
	{ .address = { "c@example.org", 13 } } };

/* The server's octets are the input; the first three choose parameters and cuts. Whatever it says, the session ends,
 * gives every message one final verdict, and accepts none whose end was not sent. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t a = size > 0 ? data[0] : 0, b = size > 1 ? data[1] : 0, c = size > 2 ? data[2] : 0;
	struct smtp_params params = { .ehlo = "me.example",
		.tls = (enum tls_policy)(a & 3),
		.lmtp = a & 4,
		.lock_step = a & 8,
		.chunking = a & 16,
		.trusted = a & 32,
		.window_messages = b & 15,
		.window_bytes = 100 };
	struct smtp_mail mail = { .rcpts = rcpts, .n_rcpts = 2, .size = 5, .all_or_nothing = a & 64, .last = a & 128 };
	size_t at = size < 3 ? size : 3, open = 0, given = 0, ended = 0;
	struct smtp s;
	struct smtp_news news;
	enum smtp_event event;

	smtp_init(&s, &params);
	while ((event = smtp_next(&s, &news)) != SMTP_CLOSED && event != SMTP_FAILED) {
		if (event == SMTP_READY && given++ < 20u + (b >> 4))
			open++, smtp_mail(&s, &mail);
		else if (event == SMTP_READY)
			smtp_quit(&s);
		else if (event == SMTP_CONTENT)
			smtp_content(&s, STR_LIT(".x.\r\n")), smtp_content_end(&s), ended++;
		else if (event == SMTP_STARTTLS)
			smtp_tls_started(&s);
		else if (event == SMTP_AUTH_AGAIN)
			smtp_auth_retry(&s);
		else if (event == SMTP_VERDICT && news.final &&
			(open-- == 0 || (news.outcome == SMTP_ACCEPTED && ended == 0)))
			__builtin_trap();
		else if (event == SMTP_WAIT && buf_len(&s.out) > 0)
			buf_drop(&s.out, 1 + c % 64);
		else if (event == SMTP_WAIT && at < size)
			buf_add(&s.in,
				str_at((const char *)data + at, size - at < 1 + c / 4u ? size - at : 1 + c / 4u)),
				at += 1 + c / 4u;
		else if (event == SMTP_WAIT)
			smtp_eof(&s, NULL);
	}
	if (open != 0)
		__builtin_trap();
	smtp_free(&s);
	return 0;
}
