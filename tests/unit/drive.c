#include <config.h>

#include "tests/tap.h"
#include "tests/tls_peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/account.h"
#include "cli/drive.h"
#include "io/clock.h"
#include "io/file.h"

static struct tls_peer tls_peer;
static char ca_path[] = "/tmp/pipemail-drive-XXXXXX";

/* A fake server in a process of its own: `serve` gets the connection and ends the process. */
struct fake {
	pid_t pid;
	unsigned port;
};

static int listen_here(unsigned *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(fd, 4) < 0 ||
		getsockname(fd, (struct sockaddr *)&addr, &length) < 0)
		abort();
	*port = ntohs(addr.sin_port);
	return fd;
}

static struct fake fake_start(void (*serve)(int fd))
{
	struct fake f;
	int listener = listen_here(&f.port);

	fflush(stdout);
	f.pid = fork();
	if (f.pid == 0) {
		int fd = accept(listener, NULL, NULL);

		close(listener);
		serve(fd);
		_exit(0);
	}
	close(listener);
	return f;
}

static void fake_end(const struct fake *f)
{
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
}

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		_exit(1);
}

/* Read until a line of the client's is whole. */
static void hear(int fd)
{
	char c = 0;

	while (c != '\n')
		if (read(fd, &c, 1) != 1)
			_exit(1);
}

static void until_gone(int fd)
{
	char c;

	while (read(fd, &c, 1) > 0)
		;
}

static void serve_plain(int fd)
{
	say(fd, "220 hello\r\n");
	hear(fd);
	say(fd, "250-first\r\n250 last\r\n");
	hear(fd);
	say(fd, "221 bye\r\n");
}

static void serve_silence(int fd)
{
	until_gone(fd);
}

/* One octet whenever the client might have had enough of waiting. */
static void serve_trickle(int fd)
{
	for (;;) {
		say(fd, "2");
		poll(NULL, 0, 20);
	}
}

/* Always something to read. */
static void serve_flood(int fd)
{
	static char flood[1 << 20];

	memset(flood, '2', sizeof flood);
	while (write(fd, flood, sizeof flood) > 0)
		;
}

static void serve_starttls_stall(int fd)
{
	say(fd, "220 go\r\n");
	until_gone(fd);
}

static void serve_tls(int fd)
{
	gnutls_session_t s = tls_peer_accept(&tls_peer, fd);
	char line[100];

	if (s == NULL)
		_exit(1);
	gnutls_record_send(s, "220 hello\r\n", 11);
	gnutls_record_recv(s, line, sizeof line);
	gnutls_record_send(s, "221 bye\r\n", 9);
	gnutls_bye(s, GNUTLS_SHUT_WR);
}

/* A refusal in the middle of the message, then a reset. */
static void serve_reset(int fd)
{
	char some[5000];
	struct linger now = { 1, 0 };

	if (read(fd, some, sizeof some) <= 0)
		_exit(1);
	say(fd, "552 too much\r\n");
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
}

static void serve_signal(int fd)
{
	hear(fd);
	kill(getppid(), SIGTERM);
	hear(fd);
	say(fd, "250 verdict\r\n");
	until_gone(fd);
}

struct talk {
	struct account account;
	struct account_server server;
	struct drive drive;
	struct fake fake;
	struct buf in;
	struct buf out;
	struct err err;
	int64_t start;
};

static bool begin(struct talk *t, void (*serve)(int), const char *scheme, int64_t timeout, int64_t deadline)
{
	char url[100];

	*t = (struct talk){ .account = { .timeout = timeout, .ca_file = ca_path }, .fake = fake_start(serve) };
	snprintf(url, sizeof url, "%s://127.0.0.1:%u", scheme, t->fake.port);
	if (!account_server(&t->account, url, false, &t->server, &t->err))
		abort();
	t->start = clock_now();
	return drive_connect(&t->drive, &t->server, deadline == INT64_MAX ? deadline : clock_after(deadline), &t->err);
}

static int end(struct talk *t)
{
	int took = (int)((clock_now() - t->start) / 1000000);

	drive_close(&t->drive);
	drive_close(&t->drive);
	account_server_free(&t->server);
	buf_free(&t->in);
	buf_free(&t->out);
	fake_end(&t->fake);
	return took;
}

/* Turn until a line is there or it ends, as a session does that is never satisfied by less. */
static enum wire_status until_line(struct talk *t, const char *what)
{
	enum wire_status status = WIRE_OK;

	while (status == WIRE_OK && (buf_len(&t->in) == 0 || !str_ends(buf_str(&t->in), STR_LIT("\n"))))
		status = drive_turn(&t->drive, &t->in, &t->out, what, &t->err);
	drive_progress(&t->drive);
	return status;
}

static void test_session(void)
{
	struct talk t;

	check(begin(&t, serve_plain, "smtp", CLOCK_SECOND, INT64_MAX), "connected: %s", t.err.text);
	check(until_line(&t, "greeting") == WIRE_OK && buf_len(&t.in) == 11, "greeting");
	buf_clear(&t.in);
	buf_add_text(&t.out, "EHLO x\r\n");
	check(drive_turn(&t.drive, &t.in, &t.out, "reply to EHLO", &t.err) == WIRE_OK && buf_len(&t.out) == 0,
		"written");
	check(until_line(&t, "reply to EHLO") == WIRE_OK, "reply");
	buf_clear(&t.in);
	buf_add_text(&t.out, "QUIT\r\n");
	check(until_line(&t, "reply to QUIT") == WIRE_OK && buf_len(&t.in) == 9, "bye");
	check(drive_turn(&t.drive, &t.in, &t.out, "end", &t.err) == WIRE_EOF && t.err.kind == ERR_TEMP, "%s",
		t.err.text);
	end(&t);
}

static void test_timeouts(void)
{
	struct talk t;
	char want[100];
	int took;

	begin(&t, serve_silence, "smtp", CLOCK_SECOND / 5, INT64_MAX);
	check(until_line(&t, "greeting") == WIRE_BROKEN && t.err.kind == ERR_TEMP, "%s", t.err.text);
	snprintf(want, sizeof want, "127.0.0.1:%u: no greeting within 0.2 s", t.fake.port);
	check_same(str_of(t.err.text), want, "who, what and how long");
	took = end(&t);
	check(took >= 200 && took < 2000, "after the timeout: %d ms", took);

	begin(&t, serve_trickle, "smtp", CLOCK_SECOND / 4, INT64_MAX);
	check(until_line(&t, "greeting") == WIRE_BROKEN && t.err.kind == ERR_TEMP, "%s", t.err.text);
	took = end(&t);
	check(took >= 250 && took < 2000, "a trickle does not extend it: %d ms", took);

	begin(&t, serve_flood, "smtp", CLOCK_SECOND, CLOCK_SECOND / 4);
	enum wire_status status = WIRE_OK;

	while (status == WIRE_OK && clock_now() - t.start < 5 * CLOCK_SECOND) {
		status = drive_turn(&t.drive, &t.in, &t.out, "greeting", &t.err);
		drive_progress(&t.drive);
		buf_clear(&t.in);
	}
	check(status == WIRE_BROKEN && strstr(t.err.text, "the deadline passed") != NULL, "%s", t.err.text);
	took = end(&t);
	check(took >= 250 && took < 2000, "progress does not extend the run's deadline: %d ms", took);

	begin(&t, serve_starttls_stall, "smtp", CLOCK_SECOND / 5, INT64_MAX);
	until_line(&t, "greeting");
	buf_clear(&t.in);
	check(!drive_start_tls(&t.drive, &t.in, &t.err) && t.err.kind == ERR_TEMP, "%s", t.err.text);
	took = end(&t);
	check(took >= 200 && took < 2000, "a handshake is waited for as long: %d ms", took);

	check(!begin(&t, serve_silence, "smtps", CLOCK_SECOND / 5, INT64_MAX) && t.err.kind == ERR_TEMP, "%s",
		t.err.text);
	end(&t);

	/* It takes nothing out of its socket. */
	char *big = calloc(1, 1 << 20);

	begin(&t, serve_starttls_stall, "smtp", CLOCK_SECOND / 5, INT64_MAX);
	until_line(&t, "greeting");
	buf_clear(&t.in);
	kill(t.fake.pid, SIGSTOP);
	for (int i = 0; i < 16; i++)
		buf_add(&t.out, str_at(big, 1 << 20));
	check(until_line(&t, "reply") == WIRE_BROKEN && t.err.kind == ERR_TEMP, "%s", t.err.text);
	took = end(&t);
	check(took >= 200 && took < 5000, "a server that does not read: %d ms", took);
	free(big);
}

static void test_tls(void)
{
	struct talk t;

	check(begin(&t, serve_tls, "smtps", 5 * CLOCK_SECOND, INT64_MAX), "TLS from the start: %s", t.err.text);
	check(until_line(&t, "greeting") == WIRE_OK && buf_len(&t.in) == 11,
		"greeting, though it came with the handshake");
	buf_clear(&t.in);
	buf_add_text(&t.out, "QUIT\r\n");
	check(until_line(&t, "bye") == WIRE_OK && wire_tls_up(&t.drive.connection.link.wire), "bye");
	end(&t);
}

static void test_reset(void)
{
	struct talk t;
	char *big = calloc(1, 1 << 20);

	begin(&t, serve_reset, "smtp", 5 * CLOCK_SECOND, INT64_MAX);
	for (int i = 0; i < 16; i++)
		buf_add(&t.out, str_at(big, 1 << 20));
	check(until_line(&t, "reply") == WIRE_OK, "the refusal is read: %s", t.err.text);
	check_same(buf_str(&t.in), "552 too much\r\n", "whole");
	while (drive_turn(&t.drive, &t.in, &t.out, "end", &t.err) == WIRE_OK)
		;
	check(t.err.kind == ERR_TEMP, "then the loss: %s", t.err.text);
	end(&t);
	free(big);
}

static void test_refused(void)
{
	struct account a = { .timeout = CLOCK_SECOND };
	struct account_server server;
	struct drive d = { 0 };
	struct err err = { 0 };
	char url[100];
	char want[100];
	unsigned port;

	drive_close(&d);
	check(fcntl(0, F_GETFD) >= 0, "to close a zeroed one closes nothing");
	close(listen_here(&port));
	snprintf(url, sizeof url, "smtp://127.0.0.1:%u", port);
	snprintf(want, sizeof want, "127.0.0.1:%u: cannot connect: Connection refused", port);
	if (!account_server(&a, url, false, &server, &err))
		abort();
	check(!drive_connect(&d, &server, INT64_MAX, &err) && err.kind == ERR_TEMP, "refused");
	check_same(str_of(err.text), want, "with the host");
	account_server_free(&server);
}

/* In a process of its own: a signal is for ever. */
static void test_signal(void)
{
	int status = 0;

	fflush(stdout);
	pid_t child = fork();

	if (child == 0) {
		struct talk t;
		bool ok;

		drive_signals();
		ok = begin(&t, serve_signal, "smtp", 5 * CLOCK_SECOND, INT64_MAX);
		buf_add_text(&t.out, "DATA\r\n");
		ok = ok && drive_turn(&t.drive, &t.in, &t.out, "w", &t.err) == WIRE_OK && buf_len(&t.out) == 0;
		/* This one is ended by the signal, */
		ok = ok && drive_turn(&t.drive, &t.in, &t.out, "w", &t.err) == WIRE_OK && buf_len(&t.in) == 0;
		ok = ok && drive_stop_signal() == SIGTERM;
		/* and the next waits for the verdict all the same. */
		buf_add_text(&t.out, ".\r\n");
		ok = ok && until_line(&t, "verdict") == WIRE_OK && buf_len(&t.in) > 0;
		end(&t);
		_exit(ok ? 42 : 1);
	}
	waitpid(child, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 42, "a signal ends a wait once");
}

int main(void)
{
	struct err err;

	tls_peer_init(&tls_peer);
	int fd = mkstemp(ca_path);

	if (!file_write(fd, str_at((char *)tls_peer.pem.data, tls_peer.pem.size), ca_path, &err))
		abort();
	close(fd);
	test_session();
	test_timeouts();
	test_tls();
	test_reset();
	test_refused();
	test_signal();
	unlink(ca_path);
	tls_peer_free(&tls_peer);
	return tap_done();
}
