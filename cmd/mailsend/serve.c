#include <config.h>

#include "cmd/mailsend/serve.h"

#include <unistd.h>

#include "base/mem.h"
#include "cli/drive.h"
#include "cli/say.h"
#include "cmd/mailsend/deliver/batch.h"
#include "cmd/mailsend/send.h"
#include "io/file.h"
#include "mail/address/address.h"
#include "text/utf8.h"

/*
 * A session with a program of this machine. Its lines end in CRLF, or, when its first command ended so, in LF: the two
 * are never mixed, so that no line of a message can be taken for its end by one side only.
 */

#define LINE_LIMIT ((size_t)64 << 10)
#define BLOCK ((size_t)64 << 10)

struct service {
	struct settings *s;
	struct buf in;
	bool eof;
	bool bare_lf; /* lines end in LF */
	bool greeted;
	char *from; /* owned; NULL: no MAIL yet */
	const char *rcpts[BATCH_MOST + 1];
	size_t n;
};

static void forget(struct service *v)
{
	mem_free(v->from);
	for (size_t i = 0; i < v->n; i++)
		mem_free((char *)v->rcpts[i]);
	memset(v->rcpts, 0, sizeof v->rcpts);
	v->from = NULL;
	v->n = 0;
}

static bool reply(const char *text, struct err *err)
{
	struct buf line = { 0 };

	buf_printf(&line, "%s\r\n", text);
	bool ok = file_write(STDOUT_FILENO, buf_str(&line), "standard output", err);

	buf_free(&line);
	return ok;
}

/* More input. False with err; at the end of the input eof is set. */
static bool fill(struct service *v, struct err *err)
{
	long n = file_read_some(STDIN_FILENO, buf_room(&v->in, BLOCK), BLOCK, "standard input", err);

	if (n == -2)
		return err_set(err, ERR_TEMP, "interrupted");
	if (n < 0)
		return false;
	buf_added(&v->in, (size_t)n);
	v->eof = n == 0;
	return true;
}

/* The next command without its line end: 1; 0: the end of the input; -1: err. */
static int next_command(struct service *v, struct buf *line, struct err *err)
{
	for (;;) {
		struct str have = buf_str(&v->in);
		size_t n = str_find(have, '\n');

		if (n < have.n) {
			struct str text = str_sub(have, 0, n);

			if (!v->greeted)
				v->bare_lf = n == 0 || have.p[n - 1] != '\r';
			if (text.n > 0 && text.p[text.n - 1] == '\r')
				text.n--;
			buf_clear(line);
			buf_add(line, text);
			buf_drop(&v->in, n + 1);
			return 1;
		}
		if (have.n > LINE_LIMIT)
			return err_set(err, ERR_DATA, "standard input: a command is over %zu bytes", LINE_LIMIT), -1;
		if (v->eof)
			return 0;
		if (!fill(v, err))
			return -1;
	}
}

/* "<address>" and the parameters after it; false: that is not a path. */
static bool take_path(struct str rest, struct str *path, struct str *parameters)
{
	bool quoted = false;
	size_t i = 0;

	rest = str_trim(rest);
	if (rest.n == 0 || rest.p[0] != '<')
		return false;
	for (i = 1; i < rest.n && (quoted || rest.p[i] != '>'); i++) {
		if (rest.p[i] == '\\')
			i++;
		else if (rest.p[i] == '"')
			quoted = !quoted;
	}
	if (i >= rest.n)
		return false;
	*path = str_sub(rest, 1, i - 1);
	*parameters = str_trim(str_sub(rest, i + 1, rest.n));
	return true;
}

/* SIZE, BODY and SMTPUTF8 say what we find out ourselves; the others ask for what EHLO did not offer. */
static bool knows_parameters(struct str rest)
{
	while (rest.p != NULL && rest.n > 0) {
		struct str word = str_cut(&rest, ' ');
		struct str name = str_cut(&word, '=');

		if (name.n > 0 && !str_among(name, "SIZE BODY SMTPUTF8 AUTH"))
			return false;
	}
	return true;
}

/* An address, or a local name. */
static bool is_recipient(struct str path)
{
	struct address a = { 0 };
	enum address_fault fault = address_parse(&a, path, ADDRESS_ENVELOPE);
	bool ok = fault == ADDRESS_OK;

	if (fault == ADDRESS_NO_AT) {
		size_t i = 0;

		while (i < path.n && !ascii_control(path.p[i]) && strchr(" <>()[]:;,\\\"", path.p[i]) == NULL)
			i++;
		ok = i == path.n && path.n > 0;
	}
	address_free(&a);
	return ok;
}

static const char *on_mail(struct service *v, struct str rest)
{
	struct str path, parameters;

	if (!v->greeted)
		return "503 5.5.1 EHLO first";
	if (v->from != NULL)
		return "503 5.5.1 the sender is known already";
	if (!str_istarts(rest, STR_LIT("FROM:")) || !take_path(str_sub(rest, 5, rest.n), &path, &parameters))
		return "501 5.5.4 MAIL FROM:<address>";
	if (!knows_parameters(parameters))
		return "555 5.5.4 a parameter that EHLO did not offer";
	if (path.n > 0 && !is_recipient(path))
		return "501 5.1.7 the sender is not an address";
	v->from = mem_copy(path.n > 0 ? path.p : "<>", path.n > 0 ? path.n : 2);
	return "250 2.1.0 Ok";
}

static const char *on_rcpt(struct service *v, struct str rest)
{
	struct str path, parameters;

	if (v->from == NULL)
		return "503 5.5.1 MAIL first";
	if (!str_istarts(rest, STR_LIT("TO:")) || !take_path(str_sub(rest, 3, rest.n), &path, &parameters))
		return "501 5.5.4 RCPT TO:<address>";
	if (!knows_parameters(parameters))
		return "555 5.5.4 a parameter that EHLO did not offer";
	if (!is_recipient(path))
		return "501 5.1.3 the recipient is not an address";
	if (v->n == BATCH_MOST)
		return "452 4.5.3 too many recipients: send the others in a second transaction";
	v->rcpts[v->n++] = mem_copy(path.p, path.n);
	return "250 2.1.5 Ok";
}

/* The line that ends at n, its length with the line end; 0: it does not end there. */
static size_t whole_line(const struct service *v, struct str have, size_t from)
{
	for (size_t i = from; i < have.n; i++)
		if (have.p[i] == '\n' && (v->bare_lf || (i > 0 && have.p[i - 1] == '\r')))
			return i + 1;
	return 0;
}

/* The message up to the line that is only a dot. */
static bool take_data(struct service *v, struct source *to, struct err *err)
{
	size_t looked = 0;
	bool begins = true; /* of a line */

	for (;;) {
		struct str have = buf_str(&v->in);
		size_t n = whole_line(v, have, looked);
		struct str line = str_sub(have, 0, n);

		if (begins && (str_eq(line, STR_LIT(".\r\n")) || str_eq(line, STR_LIT(".\n")))) {
			buf_drop(&v->in, n);
			return source_end(to, err);
		}
		/* A long line may go in pieces, but for what may be the CR of its end. */
		if (n == 0 && have.n > BLOCK)
			line = str_sub(have, 0, have.n - 1);
		if (line.n > 0) {
			struct str text = begins && line.p[0] == '.' ? str_sub(line, 1, line.n) : line;

			if (!source_append(to, text, err))
				return false;
			begins = n > 0;
			buf_drop(&v->in, line.n);
			looked = 0;
			continue;
		}
		looked = have.n > 0 ? have.n - 1 : 0;
		if (v->eof)
			return err_set(err, ERR_DATA,
				"standard input ended in the middle of a message; it was not sent");
		if (!fill(v, err))
			return false;
	}
}

/* What became of it, in the server's words or ours. */
static void add_words(struct buf *out, const struct envelope *e, const struct result *r)
{
	const char *words = NULL;
	const char *about = NULL;

	for (size_t i = 0; i < e->n && words == NULL; i++)
		if (e->rcpts[i].verdict == VERDICT_REFUSED || e->rcpts[i].verdict == VERDICT_DEFERRED) {
			about = e->rcpts[i].shown;
			words = e->rcpts[i].reply;
		}
	if (about != NULL)
		buf_printf(out, "<%s>: ", about);
	if (words == NULL)
		words = r->err.kind != ERR_NONE ? r->err.text : "not sent";
	utf8_show(out, str_of(words), 400);
}

static void add_verdict(struct buf *out, int status, bool spooled, const struct envelope *e, const struct result *r)
{
	switch (status) {
	case 0:
		buf_printf(out, "250 2.0.0 Ok: %s", spooled ? "kept in the spool" : "sent");
		if (!spooled && r->queue_id[0] != '\0')
			buf_printf(out, ", %s", r->queue_id);
		return;
	case ERR_OUTCOME:
		buf_add_text(out, "554 5.0.0 it may have been delivered, do not send it again blindly: ");
		break;
	case ERR_USAGE:
	case ERR_DATA:
	case ERR_NOUSER:
	case ERR_UNAVAILABLE:
	case ERR_PART:
		buf_add_text(out, "554 5.0.0 ");
		break;
	default: /* the way to the server, our configuration, this machine: the message is as good as before */
		buf_add_text(out, "451 4.3.0 ");
	}
	add_words(out, e, r);
}

static bool on_data(struct service *v, struct err *err)
{
	struct outgoing o = { .composed = false };
	struct envelope e = { .from = NULL };
	struct result result = { .bytes = 0 };
	struct settings run = *v->s;
	struct buf words = { 0 };
	bool spooled = false;

	if (v->n == 0)
		return reply("503 5.5.1 RCPT first", err);
	source_begin(&o.input, "standard input");
	bool ok = reply("354 the message, then a line that is only a dot", err) && take_data(v, &o.input, err);

	if (ok) {
		run.envelope_from = v->from;
		run.recipients = v->rcpts;
		run.read_recipients = false;
		run.all_or_nothing = true;
		int status = send_given(&run, &o, &e, &result, &spooled);

		add_verdict(&words, status, spooled, &e, &result);
		ok = reply(buf_text(&words), err);
	}
	forget(v);
	outgoing_free(&o);
	envelope_free(&e);
	buf_free(&words);
	return ok;
}

static bool greet(struct service *v, bool extended, struct err *err)
{
	v->greeted = true;
	forget(v);
	return reply(extended ? "250-localhost\r\n250-PIPELINING\r\n250-SIZE\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
				"250 ENHANCEDSTATUSCODES"
			      : "250 localhost",
		err);
}

/* One command; *over after QUIT. */
static bool obey(struct service *v, struct str line, bool *over, struct err *err)
{
	struct str rest = line;
	struct str verb = str_cut(&rest, ' ');

	if (rest.p == NULL)
		rest = STR_NONE;
	if (str_ieq(verb, STR_LIT("EHLO")) || str_ieq(verb, STR_LIT("HELO")))
		return greet(v, str_ieq(verb, STR_LIT("EHLO")), err);
	if (str_ieq(verb, STR_LIT("MAIL")))
		return reply(on_mail(v, rest), err);
	if (str_ieq(verb, STR_LIT("RCPT")))
		return reply(on_rcpt(v, rest), err);
	if (str_ieq(verb, STR_LIT("DATA")))
		return on_data(v, err);
	if (str_ieq(verb, STR_LIT("RSET"))) {
		forget(v);
		return reply("250 2.0.0 Ok", err);
	}
	*over = str_ieq(verb, STR_LIT("QUIT"));
	return reply(*over                        ? "221 2.0.0 Bye"
			: str_among(verb, "NOOP") ? "250 2.0.0 Ok"
			: str_among(verb, "VRFY") ? "252 2.1.5 it will be tried"
						  : "500 5.5.2 not a command that is known here",
		err);
}

int serve(struct settings *s)
{
	struct service v = { .s = s, .in = { .limit = 4 * BLOCK } };
	struct buf line = { 0 };
	struct err err = { 0 };
	bool over = false;
	int got = 1;
	bool ok = reply("220 localhost ESMTP pipemail", &err);

	while (ok && !over && (got = next_command(&v, &line, &err)) > 0)
		ok = obey(&v, buf_str(&line), &over, &err);
	forget(&v);
	buf_free(&v.in);
	buf_free(&line);
	if (drive_stop_signal() != 0)
		return 128 + drive_stop_signal();
	return ok && got >= 0 ? 0 : say_fail(&err);
}
