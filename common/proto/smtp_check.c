#include <config.h>

#include "proto/smtp_state.h"

/*
 * A message that this server cannot accept, by its EHLO reply, is refused here before a byte of it is sent, with a
 * text that names the cause.
 */

static bool reject(struct smtp_message *m, enum err_kind kind, const char *text)
{
	m->decided = true;
	m->outcome = SMTP_REJECTED_HERE;
	return err_set(&m->err, kind, "%s", text);
}

static struct str domain_of(struct str address)
{
	size_t at = str_after_last(address, '@');

	return at == 0 ? STR_NONE : str_sub(address, at, address.n);
}

/* How many domains the recipients have, counted no further than max + 1. */
static uint64_t count_domains(const struct smtp_mail *mail, uint64_t max)
{
	uint64_t n = 0;

	for (size_t i = 0; i < mail->n_rcpts && n <= max; i++) {
		size_t j = 0;

		while (j < i && !str_ieq(domain_of(mail->rcpts[j].address), domain_of(mail->rcpts[i].address)))
			j++;
		n += j == i;
	}
	return n;
}

static bool check_words(struct smtp_message *m)
{
	const struct smtp_mail *mail = &m->mail;

	if (!smtp_path_clean(mail->reverse_path, mail->utf8) || !smtp_value_clean(mail->ret) ||
		!smtp_value_clean(mail->envid))
		return reject(m, ERR_DATA, "the sender's address cannot stand in a command");
	for (size_t i = 0; i < mail->n_rcpts; i++) {
		const struct smtp_rcpt *r = &mail->rcpts[i];

		if (r->address.n == 0 || !smtp_path_clean(r->address, mail->utf8) || !smtp_value_clean(r->notify) ||
			!smtp_value_clean(r->orcpt))
			return reject(m, ERR_DATA, "a recipient's address cannot stand in a command");
	}
	return mail->n_rcpts > 0 || reject(m, ERR_DATA, "there is no recipient");
}

static bool check_limits(const struct smtp *s, struct smtp_message *m)
{
	const struct smtp_caps *caps = &s->caps;

	m->decided = true;
	m->outcome = SMTP_REJECTED_HERE;
	if (caps->size > 0 && m->mail.size > caps->size)
		return err_set(&m->err, ERR_UNAVAILABLE, "the message has %llu octets and the server takes %llu",
			(unsigned long long)m->mail.size, (unsigned long long)caps->size);
	if (caps->rcpt_max > 0 && m->mail.n_rcpts > caps->rcpt_max)
		return err_set(&m->err, ERR_UNAVAILABLE,
			"the message has %zu recipients and the server takes %llu at once", m->mail.n_rcpts,
			(unsigned long long)caps->rcpt_max);
	if (caps->rcpt_domain_max > 0 && count_domains(&m->mail, caps->rcpt_domain_max) > caps->rcpt_domain_max)
		return err_set(&m->err, ERR_UNAVAILABLE,
			"the recipients are in more than the %llu domains that the server takes at once",
			(unsigned long long)caps->rcpt_domain_max);
	m->decided = false;
	return true;
}

void smtp_mail_check(struct smtp *s, struct smtp_message *m)
{
	if (!check_words(m) || !check_limits(s, m))
		return;
	if (m->mail.utf8 && !(s->caps.flags & SMTP_CAP_SMTPUTF8))
		reject(m, ERR_UNAVAILABLE, "the server does not offer SMTPUTF8, which an address or a header needs");
	else if (m->mail.require_tls && !(s->caps.flags & SMTP_CAP_REQUIRETLS))
		reject(m, ERR_UNAVAILABLE, "the server does not offer REQUIRETLS");
	else if (m->mail.require_tls && !s->state->tls)
		reject(m, ERR_UNAVAILABLE, "REQUIRETLS needs a connection with TLS");
}
