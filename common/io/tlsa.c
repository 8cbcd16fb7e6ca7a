#include <config.h>

#include "io/tlsa.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/stop.h"

#ifndef HAVE_DANE

bool tlsa_available(void)
{
	return false;
}

bool tlsa_find(const char *host, unsigned port, int64_t deadline, struct buf *out, struct err *err)
{
	(void)host;
	(void)port;
	(void)deadline;
	(void)out;
	return err_set(err, ERR_CONFIG, "this build has no DANE: libgnutls-dane was not there");
}

#else

#include <gnutls/dane.h>

#define ANSWER_MAX ((size_t)64 << 10) /* no answer of DNS is longer */

bool tlsa_available(void)
{
	return true;
}

/* The answer as it goes through the pipe: one octet that is 0 or what went wrong, then the records. */
static int look_up(const char *host, unsigned port, struct buf *answer)
{
	dane_state_t state;
	dane_query_t query;
	unsigned n = 0;
	char **records = NULL;
	int *lengths = NULL;
	int secure = 0;
	int bogus = 0;
	int rc;

	rc = dane_state_init(&state, 0);
	if (rc == 0)
		rc = dane_query_tlsa(state, &query, host, "tcp", port);
	if (rc == 0 && dane_query_status(query) != DANE_QUERY_DNSSEC_VERIFIED)
		rc = DANE_E_NO_DNSSEC_SIG;
	if (rc == 0)
		rc = dane_query_to_raw_tlsa(query, &n, &records, &lengths, &secure, &bogus);
	buf_add_char(answer, (char)(rc < 0 ? -rc : 0));
	for (unsigned i = 0; rc == 0 && i < n; i++) {
		unsigned length = (unsigned)lengths[i];

		buf_add_char(answer, (char)(length >> 8 & 0xff));
		buf_add_char(answer, (char)(length & 0xff));
		buf_add(answer, str_at(records[i], length));
	}
	return answer->full;
}

/* What it opened ends with it. */
static _Noreturn void child(const char *host, unsigned port, int fd)
{
	struct buf answer = { .limit = ANSWER_MAX };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The terminal's signals are the parent's to act on; libunbound speaks on standard error. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	for (int i = 0; i <= 2; i++)
		if (null < 0 || dup2(null, i) < 0)
			_exit(71);
	if (look_up(host, port, &answer))
		_exit(71);
	for (struct str rest = buf_str(&answer); rest.n > 0;) {
		ssize_t n = write(fd, rest.p, rest.n);

		if (n < 0)
			_exit(71);
		rest = str_sub(rest, (size_t)n, rest.n);
	}
	_exit(0);
}

/* Until the end of the pipe; false at the deadline or a signal. */
static bool receive(int fd, int64_t deadline, struct buf *answer, struct err *err)
{
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN }, { .fd = stop_fd(), .events = POLLIN } };

	for (;;) {
		int ready = poll(fds, 2, clock_left(deadline));

		if (stop_signal() != 0)
			return err_set(err, ERR_TEMP, "interrupted");
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0 || clock_now() >= deadline)
			return err_set(err, ERR_TEMP, "no answer in time");
		char *room = buf_room(answer, 4096);
		ssize_t n = room != NULL ? read(fd, room, 4096) : -1;

		if (n < 0)
			return err_set(err, ERR_OS, "the look-up failed");
		if (n == 0)
			return true;
		buf_added(answer, (size_t)n);
	}
}

static bool judge(struct str answer, struct err *err)
{
	if (answer.n == 0)
		return err_set(err, ERR_OS, "libgnutls-dane cannot be used");
	switch (-(int)(unsigned char)answer.p[0]) {
	case DANE_E_SUCCESS:
		return true;
	case DANE_E_NO_DANE_DATA:
		return err_set(err, ERR_PROTOCOL, "there is none, or none that can be proved");
	case DANE_E_INVALID_DNSSEC_SIG:
		return err_set(err, ERR_PROTOCOL, "DNSSEC finds them forged");
	case DANE_E_NO_DNSSEC_SIG:
		return err_set(err, ERR_PROTOCOL, "they are not signed with DNSSEC");
	case DANE_E_RECEIVED_CORRUPT_DATA:
		return err_set(err, ERR_PROTOCOL, "they are damaged");
	default:
		return err_set(err, ERR_TEMP,
			"DNS cannot be asked, or the root's trust anchor is not installed (Debian: dns-root-data)");
	}
}

bool tlsa_find(const char *host, unsigned port, int64_t deadline, struct buf *out, struct err *err)
{
	struct buf answer = { .limit = ANSWER_MAX };
	int ends[2];
	bool ok;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, ERR_OS, errno, "pipe");
	pid_t pid = fork();

	if (pid == 0)
		child(host, port, ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return err_errno(err, ERR_OS, errno, "fork");
	}
	ok = receive(ends[0], deadline, &answer, err);
	close(ends[0]);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	ok = ok && judge(buf_str(&answer), err);
	if (ok)
		buf_add(out, str_sub(buf_str(&answer), 1, buf_len(&answer)));
	else
		err_prefix(err, "TLSA records of _%u._tcp.%s (DANE)", port, host);
	buf_free(&answer);
	return ok;
}

#endif
