#include <config.h>

#include "proto/socks.h"

#include <arpa/inet.h>

/*
 * A small state machine: each step either adds to out, or takes a complete answer from in, or waits for more of
 * it. Bytes after the last answer are the server's and are left in in.
 */

enum step { STEP_HELLO, STEP_METHOD, STEP_LOGIN, STEP_REQUEST, STEP_ANSWER, STEP_DONE };
enum { METHOD_NONE = 0, METHOD_LOGIN = 2, METHOD_REFUSED = 0xff };
enum { ADDRESS_V4 = 1, ADDRESS_NAME = 3, ADDRESS_V6 = 4 };

void socks_init(struct socks *s, const char *host, unsigned port, struct str user, struct str password)
{
	*s = (struct socks){ .host = host, .port = port, .user = user, .password = password };
}

void socks_free(struct socks *s)
{
	buf_free(&s->in);
	buf_wipe(&s->out);
	*s = (struct socks){ 0 };
}

static int refuse(struct err *err, enum err_kind kind, const char *text)
{
	err_set(err, kind, "proxy: %s", text);
	return -1;
}

static unsigned char octet(const struct socks *s, size_t at)
{
	return (unsigned char)s->in.p[s->in.off + at];
}

static void add_counted(struct buf *out, struct str s)
{
	buf_add_char(out, (char)s.n);
	buf_add(out, s);
}

static int send_hello(struct socks *s, struct err *err)
{
	if (s->user.n > 255 || s->password.n > 255)
		return refuse(err, ERR_CONFIG, "a user name or password is over 255 octets");
	if (s->user.p != NULL)
		buf_add(&s->out, STR_LIT("\005\002\000\002"));
	else
		buf_add(&s->out, STR_LIT("\005\001\000"));
	s->step = STEP_METHOD;
	return 0;
}

static int read_method(struct socks *s, struct err *err)
{
	if (buf_len(&s->in) > 0 && octet(s, 0) != 5)
		return refuse(err, ERR_PROTOCOL, "it does not speak SOCKS5");
	if (buf_len(&s->in) < 2)
		return 0;
	unsigned char method = octet(s, 1);

	buf_drop(&s->in, 2);
	if (method == METHOD_NONE) {
		s->step = STEP_REQUEST;
	} else if (method == METHOD_LOGIN && s->user.p != NULL) {
		buf_add_char(&s->out, 1);
		add_counted(&s->out, s->user);
		add_counted(&s->out, s->password);
		s->step = STEP_LOGIN;
	} else if (method == METHOD_REFUSED) {
		return refuse(err, ERR_AUTH,
			s->user.p == NULL ? "it wants a login" : "it takes neither this login nor none");
	} else {
		return refuse(err, ERR_PROTOCOL, "it chose a way of logging in that was not offered");
	}
	return 0;
}

static int read_login(struct socks *s, struct err *err)
{
	if (buf_len(&s->in) < 2)
		return 0;
	bool ok = octet(s, 0) == 1 && octet(s, 1) == 0;

	buf_drop(&s->in, 2);
	if (!ok)
		return refuse(err, ERR_AUTH, "it refuses the login");
	s->step = STEP_REQUEST;
	return 0;
}

static int send_request(struct socks *s, struct err *err)
{
	struct str host = str_of(s->host);
	struct in6_addr address; /* room for either */

	buf_add(&s->out, STR_LIT("\005\001\000"));
	if (inet_pton(AF_INET, s->host, &address) == 1) {
		buf_add_char(&s->out, ADDRESS_V4);
		buf_add(&s->out, str_at((const char *)&address, 4));
	} else if (inet_pton(AF_INET6, s->host, &address) == 1) {
		buf_add_char(&s->out, ADDRESS_V6);
		buf_add(&s->out, str_at((const char *)&address, 16));
	} else if (host.n == 0 || host.n > 255) {
		return refuse(err, ERR_USAGE, "the host name is empty or over 255 octets");
	} else {
		buf_add_char(&s->out, ADDRESS_NAME);
		add_counted(&s->out, host);
	}
	buf_add_char(&s->out, (char)(s->port >> 8));
	buf_add_char(&s->out, (char)s->port);
	s->step = STEP_ANSWER;
	return 0;
}

static int refused(unsigned char code, struct err *err)
{
	switch (code) {
	case 1:
		return refuse(err, ERR_UNAVAILABLE, "it cannot connect");
	case 2:
		return refuse(err, ERR_UNAVAILABLE, "it does not allow the connection");
	case 3:
		return refuse(err, ERR_TEMP, "the network cannot be reached");
	case 4:
		return refuse(err, ERR_NOHOST, "the host is unknown or cannot be reached");
	case 5:
		return refuse(err, ERR_UNAVAILABLE, "the connection is refused");
	case 6:
		return refuse(err, ERR_TEMP, "the connection timed out");
	case 7:
	case 8:
		return refuse(err, ERR_UNAVAILABLE, "it does not know such connections");
	default:
		return refuse(err, ERR_PROTOCOL, "it answered with an unknown code");
	}
}

static int read_answer(struct socks *s, struct err *err)
{
	size_t n = buf_len(&s->in);
	size_t want;

	if (n > 0 && octet(s, 0) != 5)
		return refuse(err, ERR_PROTOCOL, "its answer is no SOCKS5");
	if (n > 1 && octet(s, 1) != 0)
		return refused(octet(s, 1), err);
	if (n < 5)
		return 0;
	switch (octet(s, 3)) {
	case ADDRESS_V4:
		want = 4 + 4 + 2;
		break;
	case ADDRESS_V6:
		want = 4 + 16 + 2;
		break;
	case ADDRESS_NAME:
		want = 4 + 1 + (size_t)octet(s, 4) + 2;
		break;
	default:
		return refuse(err, ERR_PROTOCOL, "its answer has an unknown kind of address");
	}
	if (n < want)
		return 0;
	buf_drop(&s->in, want);
	s->step = STEP_DONE;
	return 1;
}

int socks_next(struct socks *s, struct err *err)
{
	for (;;) {
		unsigned before = s->step;
		int rc;

		switch (before) {
		case STEP_HELLO:
			rc = send_hello(s, err);
			break;
		case STEP_METHOD:
			rc = read_method(s, err);
			break;
		case STEP_LOGIN:
			rc = read_login(s, err);
			break;
		case STEP_REQUEST:
			rc = send_request(s, err);
			break;
		case STEP_ANSWER:
			rc = read_answer(s, err);
			break;
		default:
			return 1;
		}
		if (rc != 0 || s->step == before)
			return rc;
	}
}
