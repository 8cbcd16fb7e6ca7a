#include <config.h>

#include "proto/pop3.h"
#include "proto/sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The server's octets in cuts; every message that is there is fetched and deleted. The session always ends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sasl_params sp = {
		.service = "pop", .host = "h", .user = STR_LIT("ann"), .password = STR_LIT("secret")
	};
	struct pop3_params params = { .tls = TLS_IMPLICIT, .sasl = sasl_new(&sp, NULL) };
	size_t step = size > 0 ? 1 + data[0] % 32 : 1;
	size_t at = size > 0;
	struct pop3_news news;
	struct pop3 p;

	pop3_init(&p, &params);
	for (enum pop3_event e = POP3_WAIT; e != POP3_CLOSED && e != POP3_FAILED; e = pop3_next(&p, &news)) {
		buf_clear(&p.out);
		if (e == POP3_WAIT && at < size)
			buf_add(&p.in, str_sub(str_at((const char *)data, size), at, step));
		else if (e == POP3_WAIT)
			pop3_eof(&p, NULL);
		at += e == POP3_WAIT ? step : 0;
		for (size_t i = 0; e == POP3_READY && i < p.n_items; i++)
			pop3_retr(&p, p.items[i].number);
		if (e == POP3_FINISH)
			pop3_dele(&p, news.number);
	}
	pop3_free(&p);
	sasl_free(params.sasl);
	return 0;
}
