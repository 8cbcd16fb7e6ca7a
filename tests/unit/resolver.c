#include <config.h>

#include "tests/tap.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/resolver.h"

/*
 * A DNS server in a process of its own. The first label of a name says what becomes of it; a record's data
 * is written after the question's name, so that only pointers to it are needed.
 */
enum { MX = 15, A = 1, AAAA = 28, CNAME = 5, SOA = 6 };

static size_t put_record(unsigned char *p, int type, unsigned ttl, const char *data, size_t n)
{
	const unsigned char head[12] = { 0xc0, 12, 0, (unsigned char)type, 0, 1, (unsigned char)(ttl >> 24),
		(unsigned char)(ttl >> 16), (unsigned char)(ttl >> 8), (unsigned char)ttl, (unsigned char)(n >> 8),
		(unsigned char)n };

	memcpy(p, head, sizeof head);
	memcpy(p + sizeof head, data, n);
	return sizeof head + n;
}

struct reply {
	unsigned char *p; /* where the next record goes */
	int rcode;
	int answers;
	int authorities;
	bool truncated;
	bool mute;
};

static void add(struct reply *r, int type, unsigned ttl, const char *data, size_t n)
{
	r->p += put_record(r->p, type, ttl, data, n);
	r->answers++;
}

#define ADD(r, type, ttl, data) add(r, type, ttl, data, sizeof data - 1)

static void negative(struct reply *r, int rcode)
{
	static const char soa[] = "\xc0\x0c\xc0\x0c\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x09";

	r->rcode = rcode;
	r->p += put_record(r->p, SOA, 700, soa, sizeof soa - 1);
	r->authorities = 1;
}

static void decide(struct reply *r, struct str label, int type, bool tcp)
{
	bool is_mx = type == MX;

	if (str_eq(label, STR_LIT("nx")))
		negative(r, 3);
	else if (str_eq(label, STR_LIT("fail")))
		r->rcode = 2;
	else if (str_eq(label, STR_LIT("refuse")))
		r->rcode = 5;
	else if (str_eq(label, STR_LIT("mute")))
		r->mute = true;
	else if (str_eq(label, STR_LIT("null")) && is_mx)
		ADD(r, MX, 60, "\0\0\0");
	else if (str_eq(label, STR_LIT("mixed")) && is_mx) {
		ADD(r, MX, 60, "\0\0\0");
		ADD(r, MX, 60, "\0\12\1m\xc0\x0c");
	} else if (str_eq(label, STR_LIT("a")) && type == A)
		ADD(r, A, 60, "\177\0\0\1");
	else if (str_eq(label, STR_LIT("aaaa")) && type == AAAA)
		ADD(r, AAAA, 60, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
	else if (str_eq(label, STR_LIT("alias")))
		ADD(r, CNAME, 60, "\1x\xc0\x0c");
	else if (str_eq(label, STR_LIT("afail")) && type == A)
		r->rcode = 2;
	else if (str_eq(label, STR_LIT("damaged")))
		ADD(r, MX, 60, "\0");
	else if (str_eq(label, STR_LIT("big")) && is_mx && !tcp)
		r->truncated = true;
	else if ((str_starts(label, STR_LIT("mx")) || str_eq(label, STR_LIT("big"))) && is_mx) {
		ADD(r, MX, 300, "\0\12\1m\xc0\x0c");
		ADD(r, MX, 200, "\0\24\1n\xc0\x0c");
	} else
		negative(r, 0);
}

/* The whole reply to a question, in place; its length, or 0. */
static size_t answer(unsigned char *message, size_t n, bool tcp)
{
	size_t at = 12;

	if (n < 17)
		return 0;
	while (at < n && message[at] != 0)
		at += message[at] + 1u;
	struct reply r = { .p = message + at + 5 };

	decide(&r, str_at((char *)message + 13, message[12]), message[at + 1] << 8 | message[at + 2], tcp);
	message[2] = (unsigned char)(0x81 | (r.truncated ? 2 : 0));
	message[3] = (unsigned char)(0x80 | r.rcode);
	message[7] = (unsigned char)r.answers;
	message[9] = (unsigned char)r.authorities;
	message[10] = message[11] = 0;
	return r.mute ? 0 : (size_t)(r.p - message);
}

static void serve_tcp(int listener)
{
	unsigned char m[4096];
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		return;
	if (recv(fd, m, 2, MSG_WAITALL) == 2) {
		size_t want = (size_t)(m[0] << 8 | m[1]);

		if (want < 512 && recv(fd, m + 2, want, MSG_WAITALL) == (ssize_t)want) {
			size_t n = answer(m + 2, want, true);

			m[0] = (unsigned char)(n >> 8);
			m[1] = (unsigned char)n;
			if (send(fd, m, n + 2, 0) < 0)
				_exit(1);
		}
	}
	close(fd);
}

static _Noreturn void serve(int udp, int tcp)
{
	struct pollfd fds[2] = { { .fd = udp, .events = POLLIN }, { .fd = tcp, .events = POLLIN } };
	unsigned char m[4096];

	for (;;) {
		struct sockaddr_in from;
		socklen_t length = sizeof from;

		poll(fds, 2, -1);
		if (fds[1].revents != 0)
			serve_tcp(tcp);
		if (fds[0].revents == 0)
			continue;
		ssize_t got = recvfrom(udp, m, 512, 0, (struct sockaddr *)&from, &length);
		size_t n = got > 0 ? answer(m, (size_t)got, false) : 0;

		if (n > 0)
			sendto(udp, m, n, 0, (struct sockaddr *)&from, length);
	}
}

static pid_t start(char *address, size_t size)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof addr;
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	int room = 1 << 20;

	setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	if (bind(tcp, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(tcp, 16) < 0 ||
		getsockname(tcp, (struct sockaddr *)&addr, &length) < 0 ||
		bind(udp, (struct sockaddr *)&addr, sizeof addr) < 0)
		abort();
	snprintf(address, size, "localhost:%u", ntohs(addr.sin_port));
	fflush(stdout);
	pid_t child = fork();

	if (child == 0)
		serve(udp, tcp);
	close(tcp);
	close(udp);
	return child;
}

static void turn(struct resolver *r)
{
	struct err err = { 0 };

	if (!resolver_turn(r, clock_after(CLOCK_SECOND), &err)) {
		printf("# %s\n", err.text);
		abort();
	}
}

static void test_verdicts(const char *servers)
{
	static const struct {
		const char *domain;
		enum resolver_verdict verdict;
		uint32_t ttl; /* 0: any */
	} cases[] = {
		{ "mx.example", RESOLVER_ACCEPTS, 200 },
		{ "null.example", RESOLVER_NULL_MX, 60 },
		{ "mixed.example", RESOLVER_ACCEPTS, 60 },
		{ "nx.example", RESOLVER_NXDOMAIN, 9 },
		{ "a.example", RESOLVER_ACCEPTS, 9 },
		{ "aaaa.example", RESOLVER_ACCEPTS, 9 },
		{ "none.example", RESOLVER_NO_HOST, 9 },
		{ "alias.example", RESOLVER_NO_HOST, 0 },
		{ "fail.example", RESOLVER_TEMPORARY, 0 },
		{ "refuse.example", RESOLVER_TEMPORARY, 0 },
		{ "afail.example", RESOLVER_TEMPORARY, 0 },
		{ "damaged.example", RESOLVER_TEMPORARY, 0 },
		{ "big.example", RESOLVER_ACCEPTS, 200 },
	};
	const size_t n = sizeof cases / sizeof *cases;
	const struct resolver_params params = { .servers = servers };
	struct err err = { 0 };
	struct resolver *r = resolver_new(&params, &err);
	size_t done = 0;
	uint64_t tag;
	enum resolver_verdict verdict;
	uint32_t ttl;

	for (size_t i = 0; r != NULL && i < n; i++)
		check(resolver_ask(r, str_of(cases[i].domain), i, &err), "asked: %s", cases[i].domain);
	while (r != NULL && done < n) {
		turn(r);
		while (resolver_answer(r, &tag, &verdict, &ttl)) {
			check(verdict == cases[tag].verdict && ttl <= 300 &&
					(cases[tag].ttl == 0 || ttl == cases[tag].ttl),
				"%s: %d, ttl %u", cases[tag].domain, verdict, ttl);
			done++;
		}
	}
	check(r != NULL && resolver_in_flight(r) == 0, "nothing is left");
	resolver_free(r);
}

/* A server that says nothing is given up after the tries that were asked for. */
static void test_mute(const char *servers)
{
	const struct resolver_params params = { .servers = servers, .timeout = CLOCK_SECOND / 10, .tries = 2 };
	struct err err = { 0 };
	struct resolver *r = resolver_new(&params, &err);
	int64_t start_at = clock_now();
	enum resolver_verdict verdict = RESOLVER_ACCEPTS;
	uint64_t tag = 0;
	uint32_t ttl;

	resolver_ask(r, STR_LIT("mute.example"), 7, &err);
	while (!resolver_answer(r, &tag, &verdict, &ttl))
		turn(r);
	check(tag == 7 && verdict == RESOLVER_TEMPORARY, "no answer is no verdict");
	int took = (int)((clock_now() - start_at) / 1000000);

	check(took >= 200 && took < 5000, "after two tries: %d ms", took);
	resolver_free(r);
}

/* Many at once: each answered once, none lost, and fast enough for lists. */
static void test_many(const char *servers)
{
	const struct resolver_params params = { .servers = servers };
	struct err err = { 0 };
	struct resolver *r = resolver_new(&params, &err);
	enum { COUNT = 20000 };
	static unsigned char seen[COUNT];
	size_t asked = 0;
	size_t done = 0;
	bool good = r != NULL;
	int64_t start_at = clock_now();
	uint64_t tag;
	enum resolver_verdict verdict;
	uint32_t ttl;
	size_t most = 0;

	while (good && done < COUNT) {
		while (asked < COUNT && resolver_room(r)) {
			char name[40];

			snprintf(name, sizeof name, "mx%zu.example", asked);
			good = good && resolver_ask(r, str_of(name), asked, &err);
			asked++;
		}
		most = resolver_in_flight(r) > most ? resolver_in_flight(r) : most;
		turn(r);
		while (resolver_answer(r, &tag, &verdict, &ttl)) {
			good = good && tag < COUNT && seen[tag]++ == 0 && verdict == RESOLVER_ACCEPTS;
			done++;
		}
	}
	int64_t took = clock_now() - start_at;

	check(good && done == COUNT && most == 256, "%d look-ups, each answered once, %zu at once", COUNT, most);
	printf("# %lld look-ups a second\n", (long long)(COUNT * CLOCK_SECOND / (took > 0 ? took : 1)));
	resolver_free(r);
}

static void test_params(const char *servers)
{
	struct resolver_params params = { .servers = "no address" };
	struct err err = { 0 };

	check(resolver_new(&params, &err) == NULL && err.kind == ERR_USAGE, "%s", err.text);
	params.servers = servers;
	params.window = 2;
	struct resolver *r = resolver_new(&params, &err);

	check(resolver_room(r) && resolver_ask(r, STR_LIT("mute.example"), 1, &err) &&
			resolver_ask(r, STR_LIT("mute.example"), 2, &err) && !resolver_room(r) &&
			!resolver_ask(r, STR_LIT("mute.example"), 3, &err),
		"a window: %s", err.text);
	resolver_free(r); /* with questions open */
	resolver_free(NULL);
}

int main(void)
{
	char address[40];
	char both[100];
	char dead[40];
	pid_t server = start(address, sizeof address);
	pid_t other = start(dead, sizeof dead);

	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	test_verdicts(address);
	snprintf(both, sizeof both, "%s,%s", dead, address);
	test_verdicts(both); /* the first one is not there */
	test_mute(address);
	test_many(address);
	test_params(address);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return tap_done();
}
