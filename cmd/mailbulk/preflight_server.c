#include <config.h>

#include "cmd/mailbulk/preflight.h"

#include "cli/session.h"
#include "cmd/mailbulk/settings.h"

static void compare(struct preflight *p, const struct session *session)
{
	const char *label = session->server->label;
	uint64_t most = session->smtp.caps.size;

	if (most == 0 || p->largest <= most)
		return;
	if (p->first > most && !p->settings->skip_bad)
		preflight_error(p, ERR_UNAVAILABLE, TOO_LARGE, (unsigned long long)p->first, label,
			(unsigned long long)most);
	else
		preflight_warn(p, "the largest message has %llu octets, and %s takes %llu: such rows will be refused",
			(unsigned long long)p->largest, label, (unsigned long long)most);
}

/* Up to where a message could be given, and out again. False with err when it does not come so far. */
static bool ask(struct preflight *p, struct account_server *server, struct err *err)
{
	struct session session = { .server = NULL };
	struct smtp_news news = { 0 };
	enum smtp_event event = SMTP_WAIT;
	bool up = false;
	bool open = session_open(&session, server, INT64_MAX, true, err);

	while (open && event != SMTP_CLOSED && event != SMTP_FAILED) {
		event = session_next(&session, &news);
		if (event == SMTP_READY) {
			up = true;
			compare(p, &session);
			smtp_quit(&session.smtp);
		} else if (event == SMTP_FAILED && !up) {
			*err = news.err;
		}
	}
	session_close(&session);
	if (!up && !str_starts(str_of(err->text), str_of(server->label)))
		err_prefix(err, "%s", server->label);
	return up;
}

void preflight_servers(struct preflight *p)
{
	const struct option_list *urls = &p->settings->account.smtp;
	size_t up = 0;
	struct err err = { 0 };

	for (size_t i = 0; i < urls->n; i++) {
		struct account_server server = { 0 };
		bool ok = account_server(&p->settings->account, urls->values[i], false, &server, &err) &&
			ask(p, &server, &err);

		account_server_free(&server);
		up += ok;
		/* One of several is enough to send. */
		if (!ok && urls->n > 1)
			preflight_warn(p, "%s", err.text);
	}
	if (urls->n > 0 && up == 0)
		preflight_error(p, err.kind, "%s", urls->n > 1 ? "no server can be used" : err.text);
}
