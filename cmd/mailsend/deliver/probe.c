#include <config.h>

#include "cmd/mailsend/deliver/probe.h"

#include <unistd.h>

#include "cli/say.h"
#include "cli/session.h"
#include "cmd/mailsend/deliver/report.h"
#include "io/clock.h"
#include "io/file.h"
#include "proto/tls.h"
#include "text/date.h"
#include "text/json.h"
#include "text/utf8.h"

/* What was found out; err.kind tells whether it would work. */
struct findings {
	struct account_server *server;
	struct session *session;
	struct buf peer;
	bool connected;
	bool tls;
	struct tls_facts facts;
	struct err err;
	int64_t took;
};

static const char *const scheme_names[] = { "none", "smtp", "smtps", "lmtp", "pop3", "pop3s" };

/* A line for people; what the server says goes through utf8_show. */
static void put_line(struct buf *out, const char *label, struct str text)
{
	buf_printf(out, "%-12s ", label);
	utf8_show(out, text, 400);
	buf_add_char(out, '\n');
}

static void put_tls(struct buf *out, const struct findings *f)
{
	struct buf line = { 0 };

	if (!f->tls) {
		bool offered = f->connected && (f->session->smtp.caps.flags & SMTP_CAP_STARTTLS) != 0;

		put_line(out, "TLS", offered ? STR_LIT("no, although STARTTLS is offered") : STR_LIT("no"));
		return;
	}
	buf_printf(&line, "%s, %s", f->facts.version, f->facts.cipher);
	put_line(out, "TLS", buf_str(&line));
	buf_clear(&line);
	buf_printf(&line, "%s, by %s, until ", f->facts.subject, f->facts.issuer);
	date_add_iso(&line, f->facts.not_after);
	if (!f->facts.verified)
		buf_add_text(&line, ", not verified (a loopback address)");
	put_line(out, "Certificate", buf_str(&line));
	put_line(out, "Pin", str_of(f->facts.pin));
	buf_free(&line);
}

/* The EHLO lines but the first and AUTH, on one line. */
static void put_extensions(struct buf *out, const struct smtp_caps *caps)
{
	struct buf line = { 0 };
	struct str rest = buf_str(&caps->lines);

	str_cut(&rest, '\n');
	while (rest.p != NULL) {
		struct str one = str_trim(str_cut(&rest, '\n'));

		if (one.n == 0 || str_istarts(one, STR_LIT("AUTH")))
			continue;
		buf_add_text(&line, buf_len(&line) > 0 ? ", " : "");
		buf_add(&line, one);
	}
	put_line(out, "Extensions", buf_len(&line) > 0 ? buf_str(&line) : STR_LIT("none"));
	buf_free(&line);
}

static void show_text(struct buf *out, const struct findings *f)
{
	struct str peer = buf_len(&f->peer) > 0 ? buf_str(&f->peer) : STR_LIT("no connection");
	struct buf line = { 0 };

	buf_printf(&line, "%s (%.*s), %s", f->server->label, STR_ARGS(peer), scheme_names[f->server->url.scheme]);
	put_line(out, "Server", buf_str(&line));
	if (f->connected) {
		const struct smtp_caps *caps = &f->session->smtp.caps;

		put_tls(out, f);
		put_extensions(out, caps);
		put_line(out, "Logins", buf_len(&caps->auth) > 0 ? buf_str(&caps->auth) : STR_LIT("none offered"));
		buf_clear(&line);
		if (caps->size > 0)
			buf_printf(&line, "%llu octets a message", (unsigned long long)caps->size);
		if (caps->rcpt_max > 0)
			buf_printf(&line, "%s%llu recipients a message", buf_len(&line) > 0 ? ", " : "",
				(unsigned long long)caps->rcpt_max);
		put_line(out, "Limits", buf_len(&line) > 0 ? buf_str(&line) : STR_LIT("none told"));
		if (f->session->smtp.mechanism != NULL)
			put_line(out, "Logged in", str_of(f->session->smtp.mechanism));
		else if (f->server->sasl == NULL)
			put_line(out, "Logged in", STR_LIT("no: no user is configured"));
	}
	put_line(out, "Verdict", f->err.kind == ERR_NONE ? STR_LIT("mail can be sent this way") : str_of(f->err.text));
	buf_free(&line);
}

static void json_words(struct json *j, const char *key, struct str words)
{
	json_key(j, key);
	json_array(j);
	while (words.p != NULL) {
		struct str word = str_trim(str_cut(&words, ' '));

		if (word.n > 0)
			json_str(j, word);
	}
	json_close(j, ']');
}

static void json_session(struct json *j, const struct findings *f)
{
	const struct smtp_caps *caps = &f->session->smtp.caps;
	struct str rest = buf_str(&caps->lines);

	json_key(j, "ehlo");
	json_array(j);
	while (rest.p != NULL) {
		struct str one = str_trim(str_cut(&rest, '\n'));

		if (one.n > 0)
			json_str(j, one);
	}
	json_close(j, ']');
	json_words(j, "auth", buf_str(&caps->auth));
	json_key(j, "size");
	json_uint(j, caps->size);
	json_key(j, "rcpt_max");
	json_uint(j, caps->rcpt_max);
	json_key(j, "logged_in");
	json_text(j, f->session->smtp.mechanism);
	report_tls(j, f->tls ? &f->facts : NULL);
}

static void show_json(struct buf *out, const struct findings *f)
{
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_key(&j, "server");
	json_text(&j, f->server->label);
	json_key(&j, "address");
	if (buf_len(&f->peer) > 0)
		json_str(&j, buf_str(&f->peer));
	else
		json_null(&j);
	json_key(&j, "protocol");
	json_text(&j, scheme_names[f->server->url.scheme]);
	json_key(&j, "works");
	json_bool(&j, f->err.kind == ERR_NONE);
	json_key(&j, "exit");
	json_int(&j, (int)f->err.kind);
	json_key(&j, "error");
	json_text(&j, f->err.kind == ERR_NONE ? NULL : f->err.text);
	json_key(&j, "seconds");
	json_seconds(&j, (double)f->took / (double)CLOCK_SECOND);
	json_session(&j, f);
	json_close(&j, '}');
	buf_add_text(out, "\n");
}

/* Up to where a message could be given, and out again. */
static void look(struct findings *f, int64_t ends)
{
	struct smtp_news news;
	int64_t began = clock_now();

	if (!session_open(f->session, f->server, ends, true, &f->err))
		return;
	f->connected = true;
	net_peer(link_fd(&f->session->drive.connection.link), &f->peer);
	for (;;) {
		enum smtp_event event = session_next(f->session, &news);

		if (event == SMTP_READY) {
			f->took = clock_now() - began;
			smtp_quit(&f->session->smtp);
		} else if (event == SMTP_FAILED && f->took == 0) {
			f->err = news.err;
		}
		if (event == SMTP_READY || event == SMTP_FAILED)
			f->tls = link_facts(&f->session->drive.connection.link, &f->facts);
		if (event == SMTP_CLOSED || event == SMTP_FAILED)
			return;
	}
}

int probe(struct settings *s)
{
	struct account_server server = { 0 };
	struct session session = { .server = NULL };
	struct findings f = { .server = &server, .session = &session };
	struct buf out = { 0 };
	struct err err = { 0 };

	if (!account_load(&s->account, s->account.names.n > 0 ? s->account.names.values[0] : NULL, s->from, &err) ||
		!account_server(&s->account, s->account.smtp.n > 0 ? s->account.smtp.values[0] : NULL, false, &server,
			&err)) {
		account_server_free(&server);
		return say_fail(&err);
	}
	look(&f, s->ends);
	if (s->json)
		show_json(&out, &f);
	else
		show_text(&out, &f);
	if (!file_write(STDOUT_FILENO, buf_str(&out), "standard output", &err))
		f.err = err;
	if (f.err.kind != ERR_NONE)
		say_error(&f.err);
	session_close(&session);
	account_server_free(&server);
	buf_free(&f.peer);
	buf_free(&out);
	return (int)f.err.kind;
}
