#include <config.h>

#include "tests/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/net.h"

/* A listening socket on a loopback address; *port is chosen when it is 0. */
static int listen_on(int family, unsigned *port, int backlog)
{
	struct sockaddr_in v4 = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)*port), .sin6_addr = IN6ADDR_LOOPBACK_INIT
	};
	struct sockaddr *addr = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	socklen_t length = family == AF_INET ? sizeof v4 : sizeof v6;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, addr, length) < 0 || listen(fd, backlog) < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	getsockname(fd, addr, &length);
	*port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
	return fd;
}

/* Dial to the end; the descriptor, or -1 with err. *took: nanoseconds. */
static int dial(const struct net_target *target, struct err *err, int64_t *took)
{
	struct pollfd fds[NET_DIAL_FDS];
	int64_t start = clock_now();
	struct net_dial *d = net_dial_new(target, err);
	size_t n = 0;
	int fd = -1;
	int done = d != NULL ? 0 : -1;

	while (done == 0 && (done = net_dial_next(d, fds, n, &fd, err)) == 0) {
		int64_t deadline = clock_after(10 * CLOCK_SECOND);

		n = net_dial_poll(d, fds, NET_DIAL_FDS, &deadline);
		poll(fds, n, clock_left(deadline));
		if (clock_now() - start > 10 * CLOCK_SECOND)
			break;
	}
	net_dial_free(d);
	*took = clock_now() - start;
	return done > 0 ? fd : -1;
}

static int dial_to(const char *host, unsigned port, struct err *err)
{
	struct net_target target = { .host = host, .port = port };
	int64_t took;

	*err = (struct err){ 0 };
	return dial(&target, err, &took);
}

static void test_connect(void)
{
	unsigned port = 0;
	struct err err;
	struct buf text = { 0 };
	int one = 0;
	socklen_t length = sizeof one;
	int server = listen_on(AF_INET, &port, 8);
	int fd = dial_to("127.0.0.1", port, &err);

	check(fd >= 0, "an address: %s", err.text);
	check((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0,
		"non-blocking, close-on-exec");
	check(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, &length) == 0 && one != 0, "TCP_NODELAY");
	check(net_peer(fd, &text), "peer");
	check_same(buf_str(&text), "127.0.0.1", "its address");
	buf_clear(&text);
	check(net_own_name(fd, &text) && (str_find(buf_str(&text), '.') < buf_len(&text)), "own name: %s",
		buf_text(&text));
	buf_free(&text);
	close(fd);
	fd = dial_to("localhost", port, &err);
	check(fd >= 0, "localhost goes on from IPv6 to IPv4: %s", err.text);
	close(fd);
	fd = dial_to("MAIL.LocalHost.", port, &err);
	check(fd >= 0, "and every name under it: %s", err.text);
	close(fd);
	close(server);
}

static void test_refused(void)
{
	unsigned port = 0;
	struct err err;

	close(listen_on(AF_INET, &port, 1));
	check(dial_to("127.0.0.1", port, &err) < 0 && err.kind == ERR_TEMP, "%s", err.text);
	check(dial_to("localhost", port, &err) < 0 && err.kind == ERR_TEMP, "%s", err.text);
	check(dial_to("a..b", port, &err) < 0 && err.kind == ERR_NOHOST, "%s", err.text);
	check(dial_to("b\xc3\xbc..x", port, &err) < 0 && err.kind == ERR_USAGE, "%s", err.text);
}

/* An IPv6 address that does not answer (its queue of connections is full) beside an IPv4 one that does. */
static void test_happy(void)
{
	unsigned port = 0;
	int full[8];
	int v6 = listen_on(AF_INET6, &port, 0);
	int v4 = v6 < 0 ? -1 : listen_on(AF_INET, &port, 8);
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT
	};
	struct net_target target = { .host = "localhost", .port = port };
	struct err err = { 0 };
	int64_t took;

	if (v4 < 0) {
		check(true, "an address that is silent # SKIP no IPv6 loopback here");
		return;
	}
	for (int i = 0; i < 8; i++) {
		full[i] = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(full[i], (struct sockaddr *)&addr, sizeof addr) < 0 && errno != EINPROGRESS)
			abort();
	}
	int fd = dial(&target, &err, &took);

	check(fd >= 0, "an address that is silent is not waited for: %s", err.text);
	check(took < 2 * CLOCK_SECOND, "for long: %lld ms", (long long)(took / 1000000));
	close(fd);
	for (int i = 0; i < 8; i++)
		close(full[i]);
	close(v6);
	close(v4);
}

static void test_unix(void)
{
	char directory[] = "/tmp/pipemail-net-XXXXXX";
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct net_target target = { .path = addr.sun_path };
	struct err err = { 0 };
	struct buf text = { 0 };
	char longer[200];
	int64_t took;

	if (mkdtemp(directory) == NULL)
		abort();
	snprintf(addr.sun_path, sizeof addr.sun_path, "%s/s", directory);
	check(dial(&target, &err, &took) < 0 && err.kind == ERR_TEMP, "%s", err.text);
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(server, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(server, 1) < 0)
		abort();
	int fd = dial(&target, &err, &took);

	check(fd >= 0 && net_peer(fd, &text) && strcmp(buf_text(&text), "unix") == 0, "a Unix socket");
	buf_free(&text);
	close(fd);
	close(server);
	check(dial(&target, &err, &took) < 0 && err.kind == ERR_TEMP, "%s", err.text);
	unlink(addr.sun_path);
	rmdir(directory);
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	target.path = longer;
	check(dial(&target, &err, &took) < 0 && err.kind == ERR_USAGE, "%s", err.text);
}

static void test_descriptors(void)
{
	struct rlimit before;
	struct rlimit few = { 0, 0 };
	struct err err;

	getrlimit(RLIMIT_NOFILE, &before);
	few.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	int fd = dial_to("127.0.0.1", 1, &err);

	setrlimit(RLIMIT_NOFILE, &before);
	check(fd < 0 && err.kind == ERR_OS, "%s", err.text);
}

static void test_loopback(void)
{
	static const char *const yes[] = { "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "localhost",
		"a.localhost", "LOCALHOST." };
	static const char *const no[] = { "128.0.0.1", "10.0.0.1", "::2", "::ffff:10.0.0.1", "localhost.example.org",
		"notlocalhost", "127.0.0.1.example.org", "0.0.0.0" };
	struct net_target target = { 0 };

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		target.host = yes[i];
		check(net_is_loopback(&target), "%s is this machine", yes[i]);
	}
	for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
		target.host = no[i];
		check(!net_is_loopback(&target), "%s is not", no[i]);
	}
	target.path = "/run/x";
	check(net_is_loopback(&target), "a Unix socket is");
}

int main(void)
{
	test_connect();
	test_refused();
	test_happy();
	test_unix();
	test_descriptors();
	test_loopback();
	return tap_done();
}
