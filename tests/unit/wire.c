#include <config.h>

#include "tests/tap.h"
#include "tests/tls_peer.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/wire.h"
#include "proto/tls.h"

static struct tls_peer tls_peer;
static struct tls_trust *trust;

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
}

static void pair(struct wire *w, int *peer)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	wire_init(w, ends[0]);
	*peer = ends[1];
}

/* Turn until `done` says so, or it ends, or ten seconds are over. */
static enum wire_status turn(struct wire *w, struct buf *in, struct buf *out,
	bool (*done)(struct wire *, struct buf *, struct buf *), struct err *err)
{
	int64_t until = clock_after(10 * CLOCK_SECOND);
	enum wire_status status = WIRE_OK;

	while (status == WIRE_OK && !done(w, in, out)) {
		struct pollfd fd = { .fd = w->fd, .events = wire_events(w, out) };

		if (!wire_has_input(w) && poll(&fd, 1, clock_left(until)) == 0)
			break;
		status = wire_turn(w, in, out, fd.revents, err);
	}
	return status;
}

static bool is_ready(struct wire *w, struct buf *in, struct buf *out)
{
	(void)in;
	(void)out;
	return wire_ready(w);
}

static bool has_line(struct wire *w, struct buf *in, struct buf *out)
{
	(void)w;
	(void)out;
	return str_find(buf_str(in), '\n') < buf_len(in);
}

static bool is_flushed(struct wire *w, struct buf *in, struct buf *out)
{
	(void)in;
	return wire_flushed(w, out);
}

static bool never(struct wire *w, struct buf *in, struct buf *out)
{
	(void)w;
	(void)in;
	(void)out;
	return false;
}

static void test_plain(void)
{
	struct wire w;
	struct buf in = { 0 };
	struct buf out = { 0 };
	struct err err = { 0 };
	char text[100];
	int peer;

	pair(&w, &peer);
	say(peer, "220 hello\r\n");
	check(turn(&w, &in, &out, has_line, &err) == WIRE_OK && buf_len(&in) == 11, "input");
	buf_add_text(&out, "QUIT\r\n");
	check(wire_events(&w, &out) == (POLLIN | POLLOUT) && wire_turn(&w, &in, &out, 0, &err) == WIRE_OK &&
			wire_flushed(&w, &out),
		"output goes at once");
	check(read(peer, text, sizeof text) == 6 && w.sent == 6, "counted");
	say(peer, "221 bye\r\n");
	close(peer);
	buf_clear(&in);
	check(turn(&w, &in, &out, never, &err) == WIRE_EOF && buf_len(&in) == 9, "the last words come before the end");
	wire_close(&w);
	buf_free(&in);
	buf_free(&out);
}

/* The server refuses in the middle of a message and goes: its reply must be read, though writing fails. */
static void test_last_words(void)
{
	struct wire w;
	struct buf in = { 0 };
	struct buf out = { 0 };
	struct err err = { 0 };
	char *big = calloc(1, 1 << 20);
	int peer;

	pair(&w, &peer);
	say(peer, "552 too much\r\n");
	close(peer);
	for (int i = 0; i < 4; i++)
		buf_add(&out, str_at(big, 1 << 20));
	check(turn(&w, &in, &out, never, &err) == WIRE_BROKEN && err.kind == ERR_TEMP, "%s", err.text);
	check_same(buf_str(&in), "552 too much\r\n", "but not before its words");
	check(wire_turn(&w, &in, &out, POLLIN, &err) == WIRE_BROKEN, "and so it stays");
	wire_close(&w);
	free(big);
	buf_free(&in);
	buf_free(&out);
}

/* More than the kernel takes at once, to a reader in another process. */
static void test_partial(bool tls)
{
	struct wire w;
	struct buf in = { 0 };
	struct buf out = { 0 };
	struct err err = { 0 };
	static char chunk[65536];
	int peer;
	int status = 1;

	pair(&w, &peer);
	pid_t child = fork();

	if (child == 0) {
		size_t total = 0;
		ssize_t n;
		gnutls_session_t s = tls ? tls_peer_accept(&tls_peer, peer) : NULL;

		close(w.fd);
		while ((n = tls ? gnutls_record_recv(s, chunk, sizeof chunk) : read(peer, chunk, sizeof chunk)) > 0)
			for (ssize_t i = 0; i < n; i++)
				if (chunk[i] != (char)(total++ * 7))
					_exit(2);
		_exit(total != 3000000 || n != 0);
	}
	close(peer);
	for (unsigned i = 0; i < 3000000; i++)
		buf_add_char(&out, (char)(i * 7));
	if (tls)
		check(wire_start_tls(&w, trust, "localhost", &in, &err) && !wire_ready(&w), "TLS begins");
	check(turn(&w, &in, &out, is_flushed, &err) == WIRE_OK && w.sent >= 3000000, "3 MB went out: %s", err.text);
	struct pollfd room = { .fd = w.fd, .events = POLLOUT };

	poll(&room, 1, 10000); /* for the close_notify, which nobody waits for */
	wire_close(&w);
	waitpid(child, &status, 0);
	check(status == 0, "and arrived whole%s", tls ? ", with a close_notify" : "");
	buf_free(&in);
	buf_free(&out);
}

enum trick { GOOD, CUT, NO_TLS, MUTE_CUT };

/* A server in another process that shakes hands and says a line, or does not. */
static void tls_child(int peer, enum trick trick)
{
	if (trick == NO_TLS)
		say(peer, "500 what?\r\n");
	if (trick == MUTE_CUT || trick == NO_TLS) {
		char c;

		_exit(read(peer, &c, 1) != 1);
	}
	gnutls_session_t s = tls_peer_accept(&tls_peer, peer);

	if (s == NULL)
		_exit(1);
	gnutls_record_send(s, "220 hello\r\n", 11);
	if (trick == GOOD)
		gnutls_bye(s, GNUTLS_SHUT_WR);
	_exit(0);
}

static enum wire_status tls_talk(enum trick trick, const char *host, struct buf *in, struct err *err)
{
	struct wire w;
	struct buf out = { 0 };
	int peer;

	pair(&w, &peer);
	pid_t child = fork();

	if (child == 0) {
		close(w.fd);
		tls_child(peer, trick);
	}
	close(peer);
	enum wire_status status = WIRE_BROKEN;

	if (wire_start_tls(&w, trust, host, NULL, err))
		status = turn(&w, NULL, NULL, is_ready, err);
	check(wire_tls_up(&w) == (status == WIRE_OK), "up or not");
	if (status == WIRE_OK)
		status = turn(&w, in, &out, never, err);
	wire_close(&w);
	waitpid(child, NULL, 0);
	return status;
}

static void test_tls(void)
{
	struct buf in = { 0 };
	struct err err = { 0 };

	check(tls_talk(GOOD, "localhost", &in, &err) == WIRE_EOF && buf_len(&in) == 11, "TLS, and an orderly end");
	buf_clear(&in);
	check(tls_talk(CUT, "localhost", &in, &err) == WIRE_BROKEN && buf_len(&in) == 11 && err.kind == ERR_TEMP, "%s",
		err.text);
	buf_clear(&in);
	check(tls_talk(GOOD, "other.example", &in, &err) == WIRE_BROKEN && err.kind == ERR_PROTOCOL &&
			buf_len(&in) == 0,
		"%s", err.text);
	check(tls_talk(NO_TLS, "localhost", &in, &err) == WIRE_BROKEN && err.kind == ERR_PROTOCOL, "%s", err.text);
	check(tls_talk(MUTE_CUT, "localhost", &in, &err) == WIRE_BROKEN && err.kind == ERR_TEMP, "%s", err.text);
	buf_free(&in);
}

static void test_injection(void)
{
	struct wire w;
	struct buf in = { 0 };
	struct err err = { 0 };
	int peer;

	pair(&w, &peer);
	buf_add_text(&in, "250 forged\r\n");
	check(!wire_start_tls(&w, trust, "localhost", &in, &err) && err.kind == ERR_PROTOCOL, "%s", err.text);
	wire_close(&w);
	close(peer);
	buf_free(&in);
}

static void test_socks(bool early)
{
	struct wire w;
	struct buf in = { 0 };
	struct buf out = { 0 };
	struct err err = { 0 };
	char text[100];
	int peer;

	pair(&w, &peer);
	wire_start_socks(&w, "mail.example.org", 25, STR_NONE, STR_NONE);
	check(!wire_ready(&w) && (wire_events(&w, NULL) & POLLOUT) != 0, "a proxy is greeted first");
	wire_turn(&w, NULL, NULL, 0, &err);
	check(read(peer, text, sizeof text) == 3, "its greeting");
	if (write(peer, "\5\0", 2) != 2)
		abort();
	wire_turn(&w, NULL, NULL, POLLIN, &err);
	check(read(peer, text, sizeof text) == 23 && memcmp(text + 5, "mail.example.org\0\31", 18) == 0, "the request");
	if (write(peer, "\5\0\0\1\177\0\0\1\0\0", 10) != 10)
		abort();
	if (early)
		say(peer, "220 hello\r\n");
	check(turn(&w, NULL, NULL, is_ready, &err) == WIRE_OK && wire_ready(&w), "through: %s", err.text);
	check(wire_has_input(&w) == early, "what came along is kept");
	if (early)
		check(!wire_start_tls(&w, trust, "localhost", &in, &err), "and no greeting before TLS: %s", err.text);
	else
		say(peer, "220 hello\r\n");
	check(turn(&w, &in, &out, has_line, &err) == WIRE_OK && buf_len(&in) == 11, "the greeting");
	wire_close(&w);
	close(peer);
	pair(&w, &peer);
	wire_start_socks(&w, "x", 25, STR_NONE, STR_NONE);
	close(peer);
	check(turn(&w, NULL, NULL, is_ready, &err) == WIRE_BROKEN && err.kind == ERR_TEMP, "%s", err.text);
	wire_close(&w);
	buf_free(&in);
	buf_free(&out);
}

int main(void)
{
	struct err err;

	signal(SIGPIPE, SIG_DFL); /* no write of ours may raise it */
	tls_peer_init(&tls_peer);
	struct tls_trust_params params = { .ca_pem = { (char *)tls_peer.pem.data, tls_peer.pem.size } };

	trust = tls_trust_new(&params, &err);
	test_plain();
	test_last_words();
	test_partial(false);
	test_partial(true);
	test_tls();
	test_injection();
	test_socks(false);
	test_socks(true);
	tls_trust_free(trust);
	tls_peer_free(&tls_peer);
	return tap_done();
}
