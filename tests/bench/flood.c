#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * What the machine and the line allow: a client that renders nothing, remembers nothing and only sends.
 *
 *     flood PORT lockstep|overlapped|bdat MESSAGES CONNECTIONS OCTETS
 *
 * lockstep waits for each reply; overlapped sends the envelope of the next message behind the content of the last (RFC
 * 2920); bdat has up to 256 KiB under way. Each message has a number of its own. The status is 1 when a reply was not
 * 2xx or 354.
 */
#define WINDOW (256u << 10)
#define PEERS 256

enum mode { LOCKSTEP, OVERLAPPED, BDAT };

struct peer {
	int fd;
	unsigned long long begun; /* messages */
	unsigned long long replies;
	unsigned step; /* lockstep: 0 EHLO, 1 MAIL, 2 RCPT, 3 DATA, 4 content */
	char *out;
	size_t out_at;
	size_t out_n;
	bool middle; /* of a reply's line */
	char line[4];
	unsigned line_n;
	bool over;
};

static enum mode mode;
static unsigned long long messages;
static unsigned long long given;
static size_t octets;
static char *content;
static bool bad;

static void put(struct peer *p, const char *s, size_t n)
{
	memcpy(p->out + p->out_n, s, n);
	p->out_n += n;
}

static void say(struct peer *p, const char *s)
{
	put(p, s, strlen(s));
}

static void put_content(struct peer *p, unsigned long long number)
{
	char digits[16];

	snprintf(digits, sizeof digits, "%012llu", number);
	memcpy(content + strlen("Subject: "), digits, 12);
	put(p, content, octets);
}

static void put_envelope(struct peer *p, bool rset)
{
	say(p,
		rset ? "RSET\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n"
		     : "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n");
}

/* Replies that are due for what was begun. */
static unsigned long long due(const struct peer *p)
{
	return mode == BDAT ? 2 + 4 * p->begun : 0;
}

static void lockstep(struct peer *p)
{
	static const char *const lines[] = { "", "MAIL FROM:<a@example.org>\r\n", "RCPT TO:<b@example.org>\r\n",
		"DATA\r\n" };

	if (p->step == 4) {
		put_content(p, given - 1);
		say(p, ".\r\n");
		p->step = 0;
		return;
	}
	if (p->step == 0) {
		if (given == messages) {
			p->over = true;
			return;
		}
		given++;
	}
	say(p, lines[++p->step]);
	p->step += p->step == 3;
}

/* After four replies, of which the last is 354: the content, and what follows. */
static void overlapped(struct peer *p)
{
	if (p->begun > 0) {
		put_content(p, p->begun * PEERS + (unsigned long long)p->fd);
		say(p, ".\r\n");
	}
	if (given == messages) {
		p->over = p->begun == 0 || p->step == 9;
		p->step = 9;
		p->begun = 0;
		return;
	}
	given++;
	p->begun++;
	put_envelope(p, true);
	say(p, "DATA\r\n");
}

static void chunks(struct peer *p)
{
	char line[40];

	while (given < messages && (due(p) - p->replies) / 4 * octets < WINDOW && p->out_n < WINDOW) {
		put_envelope(p, true);
		snprintf(line, sizeof line, "BDAT %zu LAST\r\n", octets);
		say(p, line);
		put_content(p, given++);
		p->begun++;
	}
	p->over = given == messages && p->replies >= due(p);
}

/* A whole reply came. */
static void react(struct peer *p)
{
	p->replies++;
	if (p->line[0] != '2' && p->line[0] != '3')
		bad = true;
	if (p->replies == 1) {
		say(p, "EHLO flood.example\r\n");
	} else if (p->replies >= 2 && mode == LOCKSTEP) {
		lockstep(p);
	} else if (mode == OVERLAPPED && p->step == 9) {
		p->over = true;
	} else if (mode == OVERLAPPED && (p->replies == 2 || memcmp(p->line, "354", 3) == 0)) {
		overlapped(p);
	}
}

static void take(struct peer *p, const char *in, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p->line_n < 4)
			p->line[p->line_n++] = in[i];
		if (in[i] != '\n')
			continue;
		if (p->line[3] != '-')
			react(p);
		p->line_n = 0;
	}
}

static void turn(struct peer *p, short ready)
{
	static char in[1 << 16];

	if ((ready & (POLLIN | POLLHUP | POLLERR)) != 0) {
		ssize_t n = recv(p->fd, in, sizeof in, MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			bad = true;
			p->over = true;
		}
		if (n > 0)
			take(p, in, (size_t)n);
	}
	if (mode == BDAT && p->replies >= 2)
		chunks(p);
	if (p->out_at < p->out_n) {
		ssize_t n = send(p->fd, p->out + p->out_at, p->out_n - p->out_at, MSG_DONTWAIT | MSG_NOSIGNAL);

		p->out_at += n > 0 ? (size_t)n : 0;
	}
	if (p->out_at == p->out_n)
		p->out_at = p->out_n = 0;
	if (p->out_at > WINDOW) {
		memmove(p->out, p->out + p->out_at, p->out_n - p->out_at);
		p->out_n -= p->out_at;
		p->out_at = 0;
	}
}

static bool dial(struct peer *p, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int one = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p->fd = socket(AF_INET, SOCK_STREAM, 0);
	p->out = malloc((size_t)4 * WINDOW + 4 * octets + 4096);
	if (p->fd < 0 || p->out == NULL || connect(p->fd, (struct sockaddr *)&to, sizeof to) < 0)
		return false;
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return true;
}

int main(int argc, char **argv)
{
	static struct peer peers[PEERS];
	static struct pollfd fds[PEERS];
	int n = argc == 6 ? atoi(argv[4]) : 0;
	int open = n;

	if (n < 1 || n > PEERS)
		return 64;
	mode = argv[2][0] == 'l' ? LOCKSTEP : argv[2][0] == 'o' ? OVERLAPPED : BDAT;
	messages = strtoull(argv[3], NULL, 10);
	octets = strtoull(argv[5], NULL, 10);
	content = malloc(octets);
	if (content == NULL || octets < 100)
		return 64;
	for (size_t i = 0; i < octets; i++)
		content[i] = i % 72 == 70 ? '\r' : i % 72 == 71 ? '\n' : 'x';
	memcpy(content, "Subject: ", 9);
	memcpy(content + 21, "\r\n\r\n", 4);
	memcpy(content + octets - 2, "\r\n", 2);
	for (int i = 0; i < n; i++) {
		if (!dial(&peers[i], atoi(argv[1])))
			return 71;
		fds[i] = (struct pollfd){ .fd = peers[i].fd, .events = POLLIN };
	}
	while (open > 0) {
		if (poll(fds, (nfds_t)n, -1) < 0)
			return 71;
		for (int i = 0; i < n; i++) {
			struct peer *p = &peers[i];

			if (fds[i].fd < 0 || fds[i].revents == 0)
				continue;
			turn(p, fds[i].revents);
			fds[i].events = p->out_n > 0 ? POLLIN | POLLOUT : POLLIN;
			if (p->over) {
				close(p->fd);
				fds[i].fd = -1;
				open--;
			}
		}
	}
	return bad;
}
