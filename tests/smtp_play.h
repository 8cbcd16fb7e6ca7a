#ifndef PIPEMAIL_TESTS_SMTP_PLAY_H
#define PIPEMAIL_TESTS_SMTP_PLAY_H

#include "tests/tap.h"

#include "proto/smtp.h"

/* clang-format off */
/*
 * Transcripts of SMTP sessions, played without a socket: whole, octet by octet and in random cuts. A script has one
 * step a line:
 *
 *     S 250 ok     the server says this line
 *     s 250 o      the server says this, with no line end
 *     C QUIT       the client must have sent this line by now
 *     = 1000       the client must have sent 1000 octets of anything; in the middle of content the next step comes at
 * once X            the connection ends
 *
 * Steps C in a row are one flight: the client gets nothing to read before all of them are there, and when it is the
 * server's turn the client must have sent nothing more. What the session tells is written down, an event a word, and
 * compared: "ready", "rcpt 1.0 ok 250", "verdict 1 never 554", "closed", "failed 76".
 */
/* clang-format on */
struct play {
	const char *name;
	struct smtp_params params;
	const struct smtp_mail *mails; /* .tag 0 is made 1, 2… */
	const char *const *contents;   /* of the mails; NULL: the default one */
	size_t n_mails;
	const char *script;
	const char *events;
	const char *error; /* must be in the text of the error at the end */
	unsigned flights;  /* 0: not looked at */
	void (*on_event)(struct smtp *s, enum smtp_event event, const struct smtp_news *news);
	bool whole_only; /* what is tested is that octets come together */
};

enum play_cut { PLAY_WHOLE, PLAY_OCTETS, PLAY_RANDOM };

#define PLAY_CONTENT "Subject: x\r\n\r\n.dot\r\n"

struct player {
	const struct play *play;
	enum play_cut cut;
	uint32_t dice;
	struct smtp s;
	struct buf sent;
	struct buf feed;
	struct buf log;
	struct str script;
	size_t next_mail;
	uint64_t content_tag;
	size_t content_at;
	struct smtp_mail mail[256];
	struct err error;
	bool over;
	bool failed; /* the test, not the session */
};

static uint32_t play_dice(struct player *p)
{
	p->dice = p->dice * 1664525u + 1013904223u;
	return p->dice >> 8;
}

static const char *play_content(const struct player *p, uint64_t tag)
{
	const char *const *contents = p->play->contents;

	return contents != NULL && contents[tag - 1] != NULL ? contents[tag - 1] : PLAY_CONTENT;
}

static void play_fail(struct player *p, const char *what, struct str line)
{
	p->failed = true;
	printf("# %s: %s: %.*s\n# sent: %.*s\n", p->play->name, what, STR_ARGS(line), STR_ARGS(buf_str(&p->sent)));
}

static const char *play_outcome(enum smtp_outcome outcome)
{
	static const char *const names[] = { "ok", "later", "never", "not-sent", "unknown", "rejected-here" };

	return names[outcome];
}

static void play_give_mail(struct player *p)
{
	const struct play *play = p->play;
	struct smtp_mail *m = &p->mail[p->next_mail % 256];

	if (p->next_mail >= play->n_mails) {
		smtp_quit(&p->s);
		return;
	}
	*m = play->mails[p->next_mail++];
	if (m->tag == 0)
		m->tag = p->next_mail;
	if (m->size == 0)
		m->size = strlen(play_content(p, m->tag));
	smtp_mail(&p->s, m);
}

static void play_give_content(struct player *p, uint64_t tag)
{
	struct str content = str_of(play_content(p, tag));

	if (tag != p->content_tag)
		p->content_at = 0;
	p->content_tag = tag;
	struct str piece = str_sub(content, p->content_at, smtp_content_room(&p->s));

	if (p->cut == PLAY_OCTETS)
		piece.n = piece.n > 0 ? 1 : 0;
	else if (p->cut == PLAY_RANDOM)
		piece.n = piece.n > 0 ? 1 + play_dice(p) % piece.n : 0;
	smtp_content(&p->s, piece);
	p->content_at += piece.n;
	if (p->content_at == content.n)
		smtp_content_end(&p->s);
}

static void play_log(struct player *p, enum smtp_event event, const struct smtp_news *news)
{
	struct buf *log = &p->log;

	if (buf_len(log) > 0)
		buf_add_text(log, "; ");
	switch (event) {
	case SMTP_STARTTLS:
		buf_add_text(log, "starttls");
		break;
	case SMTP_READY:
		buf_add_text(log, "ready");
		break;
	case SMTP_RCPT:
	case SMTP_VERDICT:
		buf_printf(log, "%s %d", event == SMTP_RCPT ? "rcpt" : "verdict", (int)news->tag);
		if (news->rcpt != SIZE_MAX)
			buf_printf(log, ".%d", (int)news->rcpt);
		buf_printf(log, " %s", play_outcome(news->outcome));
		if (news->reply != NULL)
			buf_printf(log, " %d", news->reply->code);
		if (event == SMTP_VERDICT && !news->final)
			buf_add_text(log, " more");
		break;
	case SMTP_AUTH_AGAIN:
		buf_add_text(log, "auth-again");
		break;
	case SMTP_CLOSED:
		buf_add_text(log, "closed");
		break;
	case SMTP_FAILED:
		buf_printf(log, "failed %d", (int)news->err.kind);
		break;
	default:
		break;
	}
}

/* Take what the session wants to send, in cuts, and let it go on in between. */
static void play_take_out(struct player *p)
{
	struct str out = buf_str(&p->s.out);
	size_t n = p->cut == PLAY_RANDOM ? 1 + play_dice(p) % out.n : out.n;

	buf_add(&p->sent, str_sub(out, 0, n));
	buf_drop(&p->s.out, n);
}

/* Is the next step one that is there in the middle of content? */
static bool play_counted(const struct player *p)
{
	struct str rest = p->script;
	struct str line = str_cut(&rest, '\n');
	uint64_t count;

	return line.n > 2 && line.p[0] == '=' && str_number(str_sub(line, 2, line.n), SIZE_MAX, &count) &&
		buf_len(&p->sent) == count;
}

/* One step of the script that is the client's to satisfy or the server's to say; false: the script is through. */
static bool play_script(struct player *p)
{
	bool server = false;

	while (p->script.n > 0) {
		struct str rest = p->script;
		struct str line = str_trim(str_cut(&rest, '\n'));
		char op = line.n > 0 ? line.p[0] : '#';
		struct str text = str_sub(line, 2, line.n);
		uint64_t count;

		if (server && op != 'S' && op != 's' && op != '#')
			return true;
		if (op == 'C') {
			struct str sent = buf_str(&p->sent);

			if (!str_starts(sent, text) || !str_starts(str_sub(sent, text.n, sent.n), STR_LIT("\r\n"))) {
				play_fail(p, "the client did not send", text);
				return false;
			}
			buf_drop(&p->sent, text.n + 2);
		} else if (op == '=') {
			if (!str_number(text, SIZE_MAX, &count) || buf_len(&p->sent) < count) {
				play_fail(p, "the client did not send so much", text);
				return false;
			}
			buf_drop(&p->sent, (size_t)count);
		} else if (op == 'S' || op == 's') {
			if (!server && buf_len(&p->sent) > 0) {
				play_fail(p, "the client sent more before", text);
				return false;
			}
			server = true;
			buf_add(&p->feed, text);
			if (op == 'S')
				buf_add_text(&p->feed, "\r\n");
		} else if (op == 'X') {
			if (buf_len(&p->sent) > 0) {
				play_fail(p, "the client sent more before the end", text);
				return false;
			}
			smtp_eof(&p->s, NULL);
			p->script = rest;
			return true;
		}
		p->script = rest;
	}
	return server;
}

static void play_feed(struct player *p)
{
	struct str feed = buf_str(&p->feed);
	size_t n = feed.n;

	if (p->cut == PLAY_OCTETS)
		n = 1;
	else if (p->cut == PLAY_RANDOM)
		n = 1 + play_dice(p) % n;
	buf_add(&p->s.in, str_sub(feed, 0, n));
	buf_drop(&p->feed, n);
}

static void play_turn(struct player *p)
{
	struct smtp_news news;
	enum smtp_event event = smtp_next(&p->s, &news);

	if (event != SMTP_WAIT && event != SMTP_CONTENT)
		play_log(p, event, &news);
	if (p->play->on_event != NULL)
		p->play->on_event(&p->s, event, &news);
	if (event == SMTP_READY)
		play_give_mail(p);
	else if (event == SMTP_STARTTLS)
		smtp_tls_started(&p->s);
	else if (event == SMTP_CONTENT)
		play_give_content(p, news.tag);
	else if (event == SMTP_CLOSED || event == SMTP_FAILED)
		p->over = true;
	if (p->over)
		p->error = news.err;
	if (event == SMTP_CONTENT && buf_len(&p->feed) > 0)
		play_feed(p);
	if (event != SMTP_WAIT)
		return;
	if (buf_len(&p->s.out) > 0) {
		play_take_out(p);
		if (play_counted(p))
			play_script(p);
	} else if (buf_len(&p->feed) > 0) {
		play_feed(p);
	} else if (!play_script(p) && !p->failed) {
		p->over = true;
		play_fail(p, "the session still waits for the", str_of(smtp_waiting_for(&p->s)));
	}
}

static bool play_once(const struct play *play, enum play_cut cut, uint32_t seed)
{
	struct player *p = calloc(1, sizeof *p);
	bool ok;

	p->play = play;
	p->cut = cut;
	p->dice = seed;
	p->script = str_of(play->script);
	smtp_init(&p->s, &play->params);
	while (!p->over && !p->failed)
		play_turn(p);
	/* What the client says at the end is still to be looked at. */
	if (!p->failed && p->script.n > 0) {
		buf_add(&p->sent, buf_str(&p->s.out));
		play_script(p);
	}
	ok = !p->failed && str_eq(buf_str(&p->log), str_of(play->events));
	if (!p->failed && !ok)
		printf("# %s: got  %.*s\n# %s: want %s\n", play->name, STR_ARGS(buf_str(&p->log)), play->name,
			play->events);
	if (ok && play->error != NULL && strstr(p->error.text, play->error) == NULL) {
		printf("# %s: error is \"%s\"\n", play->name, p->error.text);
		ok = false;
	}
	if (ok && play->flights > 0 && cut == PLAY_WHOLE && smtp_flights(&p->s) != play->flights) {
		printf("# %s: %u flights\n", play->name, smtp_flights(&p->s));
		ok = false;
	}
	smtp_free(&p->s);
	buf_free(&p->sent);
	buf_free(&p->feed);
	buf_free(&p->log);
	free(p);
	return ok;
}

__attribute__((unused)) static void play_all(const struct play *plays, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool ok = play_once(&plays[i], PLAY_WHOLE, 1);

		check(ok, "%s: whole", plays[i].name);
		if (!ok || plays[i].whole_only)
			continue;
		check(play_once(&plays[i], PLAY_OCTETS, 1), "%s: octet by octet", plays[i].name);
		for (uint32_t seed = 1; seed <= 20 && ok; seed++)
			ok = play_once(&plays[i], PLAY_RANDOM, seed);
		check(ok, "%s: in random cuts", plays[i].name);
	}
}

#endif
