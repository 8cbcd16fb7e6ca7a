#include <config.h>

#include "io/tlsa.h"

#include "base/mem.h"
#include "mail/address/domain.h"

void tlsa_free(struct tlsa *t)
{
	child_free(&t->child);
	mem_free(t->host);
	*t = (struct tlsa){ 0 };
}

#ifndef HAVE_DANE

bool tlsa_available(void)
{
	return false;
}

bool tlsa_begin(struct tlsa *t, const char *host, unsigned port, int64_t deadline, struct err *err)
{
	(void)host;
	(void)port;
	(void)deadline;
	*t = (struct tlsa){ 0 };
	return err_set(err, ERR_CONFIG, "this build has no DANE: libgnutls-dane was not there");
}

int tlsa_next(struct tlsa *t, struct buf *out, struct err *err)
{
	(void)t;
	(void)out;
	err_set(err, ERR_CONFIG, "this build has no DANE: libgnutls-dane was not there");
	return -1;
}

#else

#include <gnutls/dane.h>

#define ANSWER_MAX ((size_t)64 << 10) /* no answer of DNS is longer */

bool tlsa_available(void)
{
	return true;
}

/* The answer as it goes through the pipe: one octet that is 0 or what went wrong, then the records. */
static bool look_up(const void *arg, struct buf *answer)
{
	const struct tlsa *t = arg;
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
		rc = dane_query_tlsa(state, &query, t->host, "tcp", t->port);
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
	return !answer->full;
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

bool tlsa_begin(struct tlsa *t, const char *host, unsigned port, int64_t deadline, struct err *err)
{
	struct child_params params = { .work = look_up, .arg = t, .deadline = deadline, .limit = ANSWER_MAX };
	struct buf ascii = { 0 };
	struct str name = str_of(host);

	*t = (struct tlsa){ .port = port };
	if (domain_to_ascii(&ascii, name) == DOMAIN_OK)
		name = buf_str(&ascii);
	t->host = mem_copy(name.p, name.n);
	buf_free(&ascii);
	return child_start(&t->child, &params, err);
}

int tlsa_next(struct tlsa *t, struct buf *out, struct err *err)
{
	enum child_event event;
	bool ok;

	while ((event = child_next(&t->child)) == CHILD_OUTPUT && buf_len(&t->child.out) < ANSWER_MAX)
		;
	if (event == CHILD_WAIT)
		return 0;
	if (event == CHILD_LATE)
		ok = err_set(err, ERR_TEMP, "no answer in time");
	else
		ok = judge(buf_str(&t->child.out), err);
	if (ok)
		buf_add(out, str_sub(buf_str(&t->child.out), 1, buf_len(&t->child.out)));
	else
		err_prefix(err, "TLSA records of _%u._tcp.%s (DANE)", t->port, t->host);
	return ok ? 1 : -1;
}

#endif
