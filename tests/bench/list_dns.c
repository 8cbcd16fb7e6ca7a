#include <config.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * The name server of `make bench-list`: UDP on a free port of the loopback, which it prints; every
 * answer leaves DELAY milliseconds after its question came. It ends when its standard input does,
 * and prints how many questions it got.
 *
 *     list_dns DELAY
 *
 * d1.example has an MX, z1.example a null MX (RFC 7505); every other name does not exist.
 */
enum { HEADER = 12, LARGEST = 512, WAITING = 8192 };

struct question {
	struct sockaddr_in from;
	uint64_t due; /* nanoseconds */
	size_t n;
	unsigned char octets[LARGEST];
};

static struct question queue[WAITING];
static uint64_t first;
static uint64_t last;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Where the name, type and class after the header end; 0: this is no question. */
static size_t question_end(const unsigned char *p, size_t n)
{
	size_t at = HEADER;

	while (at < n && p[at] != 0 && p[at] < 64)
		at += p[at] + 1u;
	return at + 5 <= n && p[at] == 0 ? at + 5 : 0;
}

/* The answer to a question, in the same octets: its length. */
static size_t answer(unsigned char *p, size_t n)
{
	/* The name again, MX, IN, an hour; the length, the preference, the host. */
	static const unsigned char mx[] = { 0xc0, HEADER, 0, 15, 0, 1, 0, 0, 14, 16, 0, 9, 0, 10, 4, 'm', 'a', 'i', 'l',
		0xc0, HEADER };
	static const unsigned char none[] = { 0xc0, HEADER, 0, 15, 0, 1, 0, 0, 14, 16, 0, 3, 0, 0, 0 };
	size_t end = question_end(p, n);
	bool numbered = p[HEADER] > 1 && p[HEADER + 2] >= '0' && p[HEADER + 2] <= '9';
	unsigned char kind = numbered ? p[HEADER + 1] : 0;
	bool exists = kind == 'd' || kind == 'z';
	bool asked_mx = end >= 4 && p[end - 4] == 0 && p[end - 3] == 15;

	if (end == 0 || end + sizeof mx > LARGEST)
		return 0;
	p[2] = 0x85; /* an answer with authority; recursion as it was desired */
	p[3] = (unsigned char)(0x80 | (exists ? 0 : 3));
	memset(p + 6, 0, 6);
	if (!exists || !asked_mx)
		return end;
	p[7] = 1;
	if (kind == 'd')
		memcpy(p + end, mx, sizeof mx);
	else
		memcpy(p + end, none, sizeof none);
	return end + (kind == 'd' ? sizeof mx : sizeof none);
}

static void take_questions(int fd, uint64_t delay, uint64_t *asked)
{
	while (last - first < WAITING) {
		struct question *q = &queue[last % WAITING];
		socklen_t size = sizeof q->from;
		ssize_t n = recvfrom(fd, q->octets, sizeof q->octets, MSG_DONTWAIT, (struct sockaddr *)&q->from, &size);

		if (n < 0)
			return;
		if (n < HEADER + 5)
			continue;
		q->n = (size_t)n;
		q->due = now() + delay;
		last++;
		++*asked;
	}
}

/* The nanoseconds until the next is due, or UINT64_MAX. */
static uint64_t send_answers(int fd)
{
	for (; first < last; first++) {
		struct question *q = &queue[first % WAITING];
		uint64_t t = now();

		if (q->due > t)
			return q->due - t;
		size_t n = answer(q->octets, q->n);

		if (n > 0 && sendto(fd, q->octets, n, 0, (struct sockaddr *)&q->from, sizeof q->from) < 0)
			perror("list_dns");
	}
	return UINT64_MAX;
}

static int serve(int fd, uint64_t delay)
{
	uint64_t asked = 0;

	for (;;) {
		struct pollfd p[2] = { { .fd = fd, .events = POLLIN }, { .fd = 0, .events = POLLIN } };
		uint64_t left = send_answers(fd);
		struct timespec t = { (time_t)(left / 1000000000), (long)(left % 1000000000) };

		if (ppoll(p, 2, left != UINT64_MAX ? &t : NULL, NULL) < 0)
			return 71;
		if (p[1].revents != 0)
			break;
		if (p[0].revents != 0)
			take_questions(fd, delay, &asked);
	}
	printf("%" PRIu64 "\n", asked);
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int buffer = 4 << 20;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (argc != 2) {
		fputs("usage: list_dns DELAY\n", stderr);
		return 64;
	}
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 ||
		getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
		perror(argv[0]);
		return 71;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	return serve(fd, strtoull(argv[1], NULL, 10) * 1000000);
}
