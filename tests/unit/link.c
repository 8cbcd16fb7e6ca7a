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

#include "io/clock.h"
#include "io/link.h"

/* Links against scripted peers on loopback, in one poll loop. */

static struct tls_peer tls_peer;
static struct tls_trust *trust;

#define LINKS 20

/* The peer of a link: a process that serves one connection. */
struct talk {
	struct link link;
	struct link_params params;
	char label[40];
	pid_t pid;
	unsigned port;
	struct buf in;
	struct buf out;
	struct err err;
	const char *expects;
	unsigned seen; /* events that came, a bit for each */
	size_t n;      /* how many */
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

static void say_n(int fd, const char *octets, size_t n)
{
	if (write(fd, octets, n) != (ssize_t)n)
		_exit(1);
}

static void say(int fd, const char *text)
{
	say_n(fd, text, strlen(text));
}

/* Exactly these octets have to come. */
static void hear(int fd, const char *octets, size_t n)
{
	char c;

	for (size_t i = 0; i < n; i++)
		if (read(fd, &c, 1) != 1 || c != octets[i])
			_exit(1);
}

static void until_gone(int fd)
{
	char some[4096];

	while (read(fd, some, sizeof some) > 0)
		;
}

static void serve_plain(int fd)
{
	say(fd, "220 hello\r\n");
	hear(fd, "QUIT\r\n", 6);
	say(fd, "221 bye\r\n");
}

static void serve_silence(int fd)
{
	until_gone(fd);
}

static void serve_trickle(int fd)
{
	for (;;) {
		say(fd, "2");
		poll(NULL, 0, 10);
	}
}

static void over_tls(int fd, const char *first)
{
	gnutls_session_t s = tls_peer_accept(&tls_peer, fd);
	char line[100];

	if (s == NULL)
		_exit(1);
	gnutls_record_send(s, first, strlen(first));
	gnutls_record_recv(s, line, sizeof line);
	gnutls_bye(s, GNUTLS_SHUT_WR);
}

static void serve_tls(int fd)
{
	over_tls(fd, "220 hello\r\n");
}

static void serve_starttls(int fd)
{
	say(fd, "220 go\r\n");
	over_tls(fd, "250 safe\r\n");
}

static void serve_injected(int fd)
{
	say(fd, "220 go\r\n250 forged\r\n");
	until_gone(fd);
}

/* A proxy, and behind it a server that greets at once. */
static void serve_proxy(int fd)
{
	hear(fd, "\5\1\0", 3);
	say_n(fd, "\5\0", 2);
	hear(fd, "\5\1\0\3\22server.example.org\0\31", 25);
	say(fd, "");
	say_n(fd,
		"\5\0\0\1\0\0\0\0\0\0"
		"220 hello\r\n",
		21);
	hear(fd, "QUIT\r\n", 6);
}

static void serve_proxy_refuses(int fd)
{
	hear(fd, "\5\1\0", 3);
	say_n(fd, "\5\0", 2);
	hear(fd, "\5\1\0\3\22server.example.org\0\31", 25);
	say_n(fd, "\5\5\0\1\0\0\0\0\0\0", 10);
	until_gone(fd);
}

static void serve(struct talk *t, void (*how)(int))
{
	int listener = listen_here(&t->port);

	fflush(stdout);
	t->pid = fork();
	if (t->pid == 0) {
		int fd = accept(listener, NULL, NULL);

		close(listener);
		how(fd);
		_exit(0);
	}
	close(listener);
	snprintf(t->label, sizeof t->label, "127.0.0.1:%u", t->port);
	t->params = (struct link_params){
		.label = t->label,
		.target = { .host = "127.0.0.1", .port = t->port },
		.timeout = 10 * CLOCK_SECOND,
		.deadline = INT64_MAX,
	};
	t->expects = "greeting";
}

static bool begin(struct talk *t)
{
	return link_open(&t->link, &t->params, &t->err);
}

static void end(struct talk *t)
{
	link_close(&t->link);
	link_close(&t->link);
	kill(t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
	buf_free(&t->in);
	buf_free(&t->out);
}

/* One turn of a loop over all of them. */
static void turn(struct talk *talks, size_t n)
{
	struct pollfd fds[LINKS * LINK_FDS];
	int64_t deadline = clock_after(20 * CLOCK_SECOND);
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		struct talk *t = &talks[i];

		if (link_write(&t->link, &t->out, &t->err) == LINK_FAILED)
			t->seen |= 1U << LINK_FAILED;
		link_expect(&t->link, t->expects);
		used += link_poll(&t->link, &t->out, fds + used, &deadline);
	}
	poll(fds, used, clock_left(deadline));
	for (size_t i = 0; i < n; i++) {
		struct talk *t = &talks[i];
		enum link_event event;

		while ((event = link_next(&t->link, &t->in, &t->err)) != LINK_WAIT) {
			t->seen |= 1U << event;
			t->n++;
		}
	}
}

static bool has(const struct talk *t, enum link_event event)
{
	return (t->seen & 1U << event) != 0;
}

static bool is_over(const struct talk *t)
{
	return has(t, LINK_EOF) || has(t, LINK_FAILED);
}

/* Until that came, or it is over. */
static bool until(struct talk *t, enum link_event event)
{
	while (!has(t, event) && !is_over(t))
		turn(t, 1);
	return has(t, event);
}

static void until_octets(struct talk *t, size_t n)
{
	while (buf_len(&t->in) < n && !is_over(t))
		turn(t, 1);
}

static void test_plain(void)
{
	struct link zero = { .state = LINK_CLOSED };
	struct talk t = { 0 };
	struct tls_facts facts;
	char want[100];

	link_close(&zero);
	check(fcntl(0, F_GETFD) >= 0 && link_fd(&zero) == -1, "to close a zeroed one closes nothing");
	check(link_next(&zero, NULL, &t.err) == LINK_WAIT, "and nothing happens in it");
	serve(&t, serve_plain);
	check(begin(&t) && until(&t, LINK_UP) && t.n == 1, "up: %s", t.err.text);
	check(link_fd(&t.link) >= 0 && !link_facts(&t.link, &facts), "a socket, and no TLS");
	until_octets(&t, 11);
	check_same(buf_str(&t.in), "220 hello\r\n", "the greeting");
	buf_clear(&t.in);
	buf_add_text(&t.out, "QUIT\r\n");
	until_octets(&t, 9);
	check_same(buf_str(&t.in), "221 bye\r\n", "the answer");
	check(until(&t, LINK_EOF) && t.err.kind == ERR_TEMP, "%s", t.err.text);
	snprintf(want, sizeof want, "%s: the server closed the connection", t.label);
	check_same(str_of(t.err.text), want, "the end, with the label");
	check(link_next(&t.link, &t.in, &t.err) == LINK_WAIT && t.link.state == LINK_OVER, "nothing comes later");
	end(&t);

	t = (struct talk){ 0 };
	serve(&t, serve_plain);
	kill(t.pid, SIGKILL);
	waitpid(t.pid, NULL, 0);
	snprintf(want, sizeof want, "%s: cannot connect: Connection refused", t.label);
	check(!begin(&t) && t.link.state == LINK_CLOSED, "refused at once");
	check_same(str_of(t.err.text), want, "with the label");
}

static void test_tls(void)
{
	struct talk t = { 0 };
	struct tls_facts facts;
	char want[100];

	serve(&t, serve_tls);
	t.params.trust = trust;
	check(begin(&t) && until(&t, LINK_UP) && link_facts(&t.link, &facts), "TLS from the start: %s", t.err.text);
	until_octets(&t, 11);
	check_same(buf_str(&t.in), "220 hello\r\n", "the greeting, though it came with the handshake");
	buf_add_text(&t.out, "QUIT\r\n");
	check(until(&t, LINK_EOF), "an end in order");
	end(&t);

	t = (struct talk){ 0 };
	serve(&t, serve_starttls);
	check(begin(&t), "without TLS first");
	until_octets(&t, 8);
	buf_clear(&t.in);
	check(link_start_tls(&t.link, trust, &t.in, &t.err) && until(&t, LINK_TLS), "STARTTLS: %s", t.err.text);
	check(link_facts(&t.link, &facts) && buf_len(&t.in) <= 10, "is told");
	until_octets(&t, 10);
	check_same(buf_str(&t.in), "250 safe\r\n", "what is said under it");
	end(&t);

	t = (struct talk){ 0 };
	serve(&t, serve_injected);
	begin(&t);
	until_octets(&t, 20);
	buf_drop(&t.in, 8);
	check(!link_start_tls(&t.link, trust, &t.in, &t.err) && t.err.kind == ERR_PROTOCOL, "injected: %s", t.err.text);
	snprintf(want, sizeof want, "%s: ", t.label);
	check(str_starts(str_of(t.err.text), str_of(want)), "with the label");
	end(&t);

	t = (struct talk){ 0 };
	serve(&t, serve_plain);
	t.params.trust = trust;
	check(begin(&t) && !until(&t, LINK_UP) && t.err.kind == ERR_PROTOCOL, "a server without TLS: %s", t.err.text);
	end(&t);
}

static void proxied(struct talk *t, void (*how)(int))
{
	*t = (struct talk){ .n = 0 };
	serve(t, how);
	t->params.proxy_host = "127.0.0.1";
	t->params.proxy_port = t->port;
	t->params.target = (struct net_target){ .host = "server.example.org", .port = 25 };
}

static void test_proxy(void)
{
	struct talk t;
	int64_t start;
	char want[100];

	proxied(&t, serve_proxy);
	check(begin(&t) && until(&t, LINK_UP), "through a proxy: %s", t.err.text);
	until_octets(&t, 11);
	check_same(buf_str(&t.in), "220 hello\r\n", "the greeting, though it came with the proxy's answer");
	buf_add_text(&t.out, "QUIT\r\n");
	check(until(&t, LINK_EOF), "an end");
	end(&t);

	proxied(&t, serve_proxy_refuses);
	check(begin(&t) && !until(&t, LINK_UP) && t.err.kind != ERR_NONE, "%s", t.err.text);
	end(&t);

	proxied(&t, serve_silence);
	t.params.timeout = CLOCK_SECOND / 5;
	start = clock_now();
	check(begin(&t) && !until(&t, LINK_UP) && t.err.kind == ERR_TEMP, "%s", t.err.text);
	snprintf(want, sizeof want, "%s: no answer of the proxy within 0.2 s", t.label);
	check_same(str_of(t.err.text), want, "a proxy that says nothing");
	check(clock_now() - start >= CLOCK_SECOND / 5, "after its time");
	end(&t);
}

static void test_time(void)
{
	struct talk t = { 0 };
	char want[100];

	serve(&t, serve_silence);
	t.params.timeout = CLOCK_SECOND / 5;
	check(begin(&t) && until(&t, LINK_UP) && until(&t, LINK_FAILED), "silence");
	snprintf(want, sizeof want, "%s: no greeting within 0.2 s", t.label);
	check_same(str_of(t.err.text), want, "has its end");
	end(&t);

	t = (struct talk){ 0 };
	serve(&t, serve_trickle);
	t.params.timeout = CLOCK_SECOND / 5;
	int64_t start = clock_now();

	check(begin(&t) && until(&t, LINK_FAILED) && t.err.kind == ERR_TEMP, "a trickle does not extend it");
	check(clock_now() - start < 10 * CLOCK_SECOND, "so that it has an end");
	end(&t);

	t = (struct talk){ 0 };
	serve(&t, serve_silence);
	t.params.timeout = CLOCK_SECOND / 10;
	t.params.deadline = clock_after(CLOCK_SECOND / 2);
	t.expects = NULL;
	check(begin(&t) && until(&t, LINK_UP) && until(&t, LINK_FAILED),
		"where nothing is owed only the deadline counts");
	snprintf(want, sizeof want, "%s: the deadline passed before the end", t.label);
	check_same(str_of(t.err.text), want, "of the whole");
	end(&t);

	t = (struct talk){ 0 };
	serve(&t, serve_starttls);
	begin(&t);
	until_octets(&t, 8);
	kill(t.pid, SIGSTOP);
	t.params.timeout = CLOCK_SECOND / 5;
	buf_clear(&t.in);
	t.link.params.timeout = CLOCK_SECOND / 5;
	check(link_start_tls(&t.link, trust, &t.in, &t.err) && !until(&t, LINK_TLS), "a handshake that stalls");
	snprintf(want, sizeof want, "%s: no TLS handshake within 0.2 s", t.label);
	check_same(str_of(t.err.text), want, "is named");
	end(&t);
}

/* What the kernel takes is progress, a wish is not; what is new to be waited for has its own time. */
static void test_progress(void)
{
	static char much[1 << 20];
	struct talk t = { 0 };

	serve(&t, serve_silence);
	begin(&t);
	until(&t, LINK_UP);
	int64_t before = t.link.wait_until;

	link_expect(&t.link, t.expects);
	link_write(&t.link, &t.out, &t.err);
	check(t.link.wait_until == before, "nothing to write is no progress");
	link_expect(&t.link, "reply to EHLO");
	check(t.link.wait_until > before, "something new to wait for is");
	before = t.link.wait_until;
	kill(t.pid, SIGSTOP);
	for (int i = 0; i < 16; i++)
		buf_add(&t.out, str_at(much, sizeof much));
	check(link_write(&t.link, &t.out, &t.err) == LINK_WAIT && buf_len(&t.out) > 0 && t.link.wait_until > before,
		"what the kernel took is");
	before = t.link.wait_until;
	while (link_write(&t.link, &t.out, &t.err) == LINK_WAIT && t.link.wait_until > before)
		before = t.link.wait_until;
	check(buf_len(&t.out) > 0, "what it did not take is not");
	end(&t);
}

/* A look-up that comes to nothing or hangs, in a network that may have no DNS at all. */
static void test_tlsa(void)
{
	struct talk t = { 0 };
	int64_t good_until = 0;

	serve(&t, serve_tls);
	t.params.trust = trust;
	t.params.timeout = CLOCK_SECOND;
	t.params.target.host = "localhost";
	t.params.tlsa_until = &good_until;
	check(begin(&t) != tlsa_available() || (tlsa_available() && !until(&t, LINK_UP)),
		"DANE without records: no TLS");
	if (tlsa_available())
		check(strstr(t.err.text, ".localhost (DANE): ") != NULL && good_until == 0, "%s", t.err.text);
	else
		check(!begin(&t) || (!until(&t, LINK_UP) && t.err.kind == ERR_CONFIG), "%s", t.err.text);
	end(&t);

	t = (struct talk){ 0 };
	serve(&t, serve_tls);
	t.params.trust = trust;
	good_until = INT64_MAX;
	t.params.tlsa_until = &good_until;
	check(begin(&t) && until(&t, LINK_UP), "records that are still good are not asked for: %s", t.err.text);
	end(&t);
}

/* One that stalls in its handshake keeps nobody. */
static void test_many(void)
{
	static struct talk talks[LINKS];
	size_t greeted = 0;
	bool all = true;

	for (size_t i = 0; i < LINKS; i++) {
		struct talk *t = &talks[i];

		serve(t, i == 0 ? serve_silence : i % 2 ? serve_plain : serve_tls);
		t->params.timeout = i == 0 ? CLOCK_SECOND : 20 * CLOCK_SECOND;
		t->params.trust = i % 2 ? NULL : trust;
		all = begin(t) && all;
	}
	check(all, "many links");
	while (greeted < LINKS - 1 && !is_over(&talks[0])) {
		turn(talks, LINKS);
		greeted = 0;
		for (size_t i = 1; i < LINKS; i++)
			greeted += buf_len(&talks[i].in) == 11;
	}
	check(greeted == LINKS - 1, "%zu are greeted while one stalls", greeted);
	for (size_t i = 1; i < LINKS; i++)
		buf_add_text(&talks[i].out, "QUIT\r\n");
	while (!is_over(&talks[0]))
		turn(talks, LINKS);
	check(strstr(talks[0].err.text, "no TLS handshake within 1 s") != NULL, "%s", talks[0].err.text);
	for (size_t i = 0; i < LINKS; i++)
		end(&talks[i]);
}

int main(void)
{
	struct err err = { 0 };
	struct tls_trust_params params = { .pin = NULL };

	signal(SIGPIPE, SIG_IGN);
	tls_peer_init(&tls_peer);
	params.ca_pem = str_at((char *)tls_peer.pem.data, tls_peer.pem.size);
	trust = tls_trust_new(&params, &err);
	test_plain();
	test_tls();
	test_proxy();
	test_time();
	test_progress();
	test_tlsa();
	test_many();
	tls_trust_free(trust);
	tls_peer_free(&tls_peer);
	return tap_done();
}
