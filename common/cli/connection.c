#include <config.h>

#include "cli/connection.h"

#include "cli/account.h"

/*
 * io/link with the conversation shown: what was read is traced after link_next, what will be sent before
 * link_write, so the trace has the order in which things happened.
 */

bool connection_open(struct connection *c, struct account_server *server, struct sasl *sasl, int64_t deadline,
	struct err *err)
{
	struct link_params params = {
		.label = server->label,
		.target = server->target,
		.proxy_host = server->proxy_host,
		.proxy_port = server->proxy_port,
		.proxy_user = buf_len(&server->proxy_user) > 0 ? buf_str(&server->proxy_user) : STR_NONE,
		.proxy_password = buf_str(&server->proxy_password),
		.tlsa_until = server->account->dane ? &server->tlsa_until : NULL,
		.sasl = sasl,
		.timeout = server->timeout,
		.deadline = deadline,
	};

	*c = (struct connection){ .server = server };
	if (server->tls == TLS_IMPLICIT) {
		params.trust = account_trust(server, err);
		if (params.trust == NULL)
			return false;
	}
	return link_open(&c->link, &params, err);
}

static void note_tls(struct connection *c)
{
	struct tls_facts facts;

	if (link_facts(&c->link, &facts))
		say_trace_note(&c->talk, "%s, %s, certificate of %s", facts.version, facts.cipher, facts.subject);
}

static void note_up(struct connection *c)
{
	struct buf peer = { 0 };

	net_peer(link_fd(&c->link), &peer);
	say_trace_note(&c->talk, "connected to %s (%s)", c->server->label, buf_text(&peer));
	buf_free(&peer);
	note_tls(c);
}

enum link_event connection_next(struct connection *c, struct buf *in, struct err *err)
{
	size_t before = in != NULL ? buf_len(in) : 0;
	enum link_event event = link_next(&c->link, in, err);

	if (!say_tracing())
		return event;
	if (event == LINK_UP)
		note_up(c);
	else if (event == LINK_TLS)
		note_tls(c);
	else if (event == LINK_INPUT && in != NULL)
		say_trace(&c->talk, '<', str_sub(buf_str(in), before, buf_len(in)));
	return event;
}

enum link_event connection_write(struct connection *c, struct buf *out, struct err *err)
{
	if (say_tracing() && buf_len(out) > c->traced)
		say_trace(&c->talk, '>', str_sub(buf_str(out), c->traced, buf_len(out)));
	enum link_event event = link_write(&c->link, out, err);

	c->traced = buf_len(out);
	return event;
}

bool connection_start_tls(struct connection *c, const struct buf *in, struct err *err)
{
	struct tls_trust *trust = account_trust(c->server, err);

	return trust != NULL && link_start_tls(&c->link, trust, in, err);
}

void connection_close(struct connection *c)
{
	link_close(&c->link);
	say_talk_free(&c->talk);
	*c = (struct connection){ .server = NULL };
}
