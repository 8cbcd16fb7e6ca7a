#ifndef PIPEMAIL_TESTS_SMTP_CHILD_H
#define PIPEMAIL_TESTS_SMTP_CHILD_H

/*
 * A small SMTP server in a process of its own, on loopback, one connection after the other, each command by itself.
 * What it took is in its log: "mail a@x b@x\n" a message, "data\n" where content began, "rcpt N\n" a group. Local
 * parts decide: "bad…" is refused with 550, "later…" with 450; "eat…" is taken and the message refused with 554,
 * "lose…" taken, and the connection dropped instead of a reply; for "closing…" DATA is answered with 421.
 */
#include "tests/tap.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct smtp_child {
	pid_t pid;
	unsigned port;
	char url[64];
	char log[100];
};

static void smtp_child_say(FILE *f, const char *line)
{
	fprintf(f, "%s\r\n", line);
	fflush(f);
}

/* Content up to its dot. */
static bool smtp_child_content(FILE *f)
{
	char line[4096];

	while (fgets(line, sizeof line, f) != NULL)
		if (strcmp(line, ".\r\n") == 0)
			return true;
	return false;
}

static void smtp_child_data(FILE *f, FILE *log, char *taken)
{
	if (*taken == '\0') {
		smtp_child_say(f, "554 5.5.1 no recipients");
		return;
	}
	if (strstr(taken, " closing") != NULL) {
		smtp_child_say(f, "421 4.3.2 closing");
		shutdown(fileno(f), SHUT_RDWR);
		return;
	}
	fprintf(log, "data\n");
	fflush(log);
	smtp_child_say(f, "354 go on");
	if (!smtp_child_content(f))
		return;
	if (strstr(taken, " eat") != NULL) {
		smtp_child_say(f, "554 5.7.1 eaten");
	} else if (strstr(taken, " lose") != NULL) {
		shutdown(fileno(f), SHUT_RDWR);
	} else {
		fprintf(log, "mail%s\n", taken);
		fflush(log);
		smtp_child_say(f, "250 2.0.0 queued as X1");
	}
	*taken = '\0';
}

static void smtp_child_rcpt(FILE *f, char *line, char *taken, size_t size)
{
	char *address = strchr(line, '<');
	size_t n = strlen(taken);

	if (address == NULL || strchr(address, '>') == NULL)
		return;
	*strchr(address, '>') = '\0';
	if (strncmp(address, "<bad", 4) == 0) {
		smtp_child_say(f, "550 5.1.1 unknown");
	} else if (strncmp(address, "<later", 6) == 0) {
		smtp_child_say(f, "450 4.2.0 later");
	} else {
		snprintf(taken + n, size - n, " %s", address + 1);
		smtp_child_say(f, "250 2.1.5 ok");
	}
}

static void smtp_child_talk(int fd, const char *ehlo, FILE *log)
{
	static char taken[1 << 16];
	char line[4096];
	FILE *f = fdopen(fd, "r+");

	*taken = '\0';
	smtp_child_say(f, "220 mx.example ESMTP");
	while (fgets(line, sizeof line, f) != NULL) {
		fseek(f, 0, SEEK_CUR);
		if (strncmp(line, "EHLO", 4) == 0) {
			smtp_child_say(f, ehlo);
		} else if (strncmp(line, "RCPT", 4) == 0) {
			smtp_child_rcpt(f, line, taken, sizeof taken);
		} else if (strncmp(line, "DATA", 4) == 0) {
			smtp_child_data(f, log, taken);
		} else if (strncmp(line, "QUIT", 4) == 0) {
			smtp_child_say(f, "221 2.0.0 bye");
			break;
		} else {
			*taken = '\0';
			smtp_child_say(f, "250 2.0.0 ok");
		}
		fseek(f, 0, SEEK_CUR);
	}
	fclose(f);
}

/* ehlo: the whole reply, its lines by CRLF but for the last. */
__attribute__((unused)) static void smtp_child_start(struct smtp_child *c, const char *directory, const char *ehlo)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof addr;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(c->log, sizeof c->log, "%s/server.log", directory);
	unlink(c->log);
	if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(listener, 8) < 0 ||
		getsockname(listener, (struct sockaddr *)&addr, &length) < 0)
		abort();
	c->port = ntohs(addr.sin_port);
	snprintf(c->url, sizeof c->url, "smtp://127.0.0.1:%u", c->port);
	fflush(stdout);
	c->pid = fork();
	if (c->pid == 0) {
		FILE *log = fopen(c->log, "a");
		int fd;

		/* Not longer than the test, whose output has to end with it. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (freopen("/dev/null", "w", stdout) == NULL)
			_exit(1);
		signal(SIGPIPE, SIG_IGN);
		while ((fd = accept(listener, NULL, NULL)) >= 0)
			smtp_child_talk(fd, ehlo, log);
		_exit(0);
	}
	close(listener);
}

/* What it took so far. The text lives until the next call. */
__attribute__((unused)) static const char *smtp_child_log(const struct smtp_child *c)
{
	static char text[1 << 17];
	FILE *f = fopen(c->log, "r");
	size_t n = f != NULL ? fread(text, 1, sizeof text - 1, f) : 0;

	text[n] = '\0';
	if (f != NULL)
		fclose(f);
	return text;
}

/* The same, and forget it. */
__attribute__((unused)) static const char *smtp_child_took(const struct smtp_child *c)
{
	const char *text = smtp_child_log(c);

	if (truncate(c->log, 0) < 0)
		return "(no log)";
	return text;
}

__attribute__((unused)) static void smtp_child_end(const struct smtp_child *c)
{
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
}

#endif
