#include <config.h>

#include "tests/dsn_name.h"
#include "tests/tap.h"

#include "mail/returns/dsn.h"

/*
 * What one status and the words beside it mean. Hard takes an address off a list for good, so most
 * of this is about what sounds hard and is not.
 */
struct verdict {
	enum dsn_class class;
	const char *status;
	const char *text;
};

static const struct verdict hard[] = {
	{ DSN_HARD, "5.1.1",
		"550-5.1.1 The email account that you tried to reach does not exist. Please "
		"try 550-5.1.1 double-checking the recipient's email address for typos or "
		"unnecessary spaces." },
	{ DSN_HARD, "5.4.4",
		"Host or domain name not found. Name service error for name=x.example "
		"type=A: Host not found" },
	{ DSN_HARD, "5.1.1", "host blocked.spamfilter.example[192.0.2.1] said: 550 5.1.1 No such user" },
	{ DSN_HARD, "5.0.0",
		"550 5.1.1 <relay@spam.example>: Recipient address rejected: User unknown in "
		"relay recipient table" },
	{ DSN_HARD, "5.1.1", "" },
	{ DSN_HARD, "5.1.2", "" },
	{ DSN_HARD, "5.1.10", "550 5.1.10 Recipient not found" },
	{ DSN_HARD, "", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)" },
	{ DSN_HARD, "5.0.0", "Unrouteable address" },
	{ DSN_HARD, "5.1.1", "smtp; 550 5.1.1 RESOLVER.ADR.RecipNotFound; not found" },
	{ DSN_HARD, "", "550 Benutzer unbekannt" },
	{ DSN_HARD, "", "550 User marble unknown: no mailbox here" },
	{ DSN_HARD, "",
		"550 5.1.1 <ann@mail.spam.example>: Recipient address rejected: User unknown "
		"in virtual mailbox table" },
	{ DSN_HARD, "", "550 No Such User Here" },
	{ DSN_HARD, "", "550 Invalid recipient <ann@example.net>" },
	{ DSN_HARD, "",
		"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ann@example.net not "
		"found by SMTP address lookup" },
	{ DSN_HARD, "", "550 Unknown user" },
	{ DSN_HARD, "", "550 <ann@example.net>... User unknown" },
	{ DSN_HARD, "", "550 unknown recipient ann@example.net" },
	{ DSN_HARD, "", "550 sorry, no mailbox here by that name (#5.1.1 - chkuser)" },
	{ DSN_HARD, "", "553 5.3.0 <a@b.example>... No such user here" },
	{ DSN_HARD, "", "550 ann@example.net: Recipient address rejected: unknown local user" },
	{ DSN_HARD, "", "550 Account does not exist" },
	{ DSN_HARD, "", "550 mailbox for ann@example.net does not exist" },
	{ DSN_HARD, "", "550 This user doesn't have a yahoo.example account (ann@yahoo.example) [0]" },
	{ DSN_HARD, "", "550 5.1.1 ann@example.net recipient does not exist here" },
	{ DSN_HARD, "5.1.2", "Host unknown (Name server: mx.example: host not found)" },
	{ DSN_HARD, "5.4.4",
		"<a@b.example>: Host or domain name not found. Name service error for "
		"name=b.example type=AAAA: Host not found" },
	{ DSN_HARD, "", "all relevant MX records point to non-existent hosts" },
	{ DSN_HARD, "", "550 no such mailbox" },
	{ DSN_HARD, "", "554 5.7.1 User unknown in local recipient table" },
	{ DSN_HARD, "", "Recipient does not exist: mailbox closed" },
	{ DSN_HARD, "", "550 the account has been closed" },
	{ DSN_HARD, "5.1.3", "501 5.1.3 Bad recipient address syntax" },
	{ DSN_HARD, "5.1.6", "550 5.1.6 recipient no longer on server" },
	{ DSN_HARD, "5.1.10", "550 5.1.10 Domain has null MX" },
	{ DSN_HARD, "", "556 5.1.10 Recipient address has null MX" },
	{ DSN_HARD, "", "550 User not exist" },
	{ DSN_HARD, "", "550 Mailbox not exist" },
	{ DSN_HARD, "", "550 unknown mail address" },
	{ DSN_HARD, "", "550 mailbox is unknown" },
	{ DSN_HARD, "", "550 user doesnt exist" },
	{ DSN_HARD, "", "550 Email address could not be found, or was misspelled (G8)" },
	{ DSN_HARD, "", "550 RCPT TO: no such user - psmtp" },
	{ DSN_HARD, "", "511 5.1.1 unknown address or recipient" },
	{ DSN_HARD, "", "550 5.1.1 Mailbox unavailable" },
	{ DSN_HARD, "",
		"550-5.1.1 The email account that you tried to reach does not exist. Please "
		"try 550-5.1.1 double-checking the recipient's email address for typos or "
		"550-5.1.1 unnecessary spaces. Learn more at 550 5.1.1 "
		"https://support.google.com/mail/?p=NoSuchUser - gsmtp" },
	{ DSN_HARD, "", "Domain example.net does not exist" },
	{ DSN_HARD, "",
		"DNS Error: DNS type 'mx' lookup of example.net responded with code NXDOMAIN "
		"Domain name not found: example.net" },
	{ DSN_HARD, "", "550 Recipient not found" },
	{ DSN_HARD, "", "550 Benutzer nicht bekannt" },
	{ DSN_HARD, "", "550 Empf\303\244nger existiert nicht" },
	{ DSN_HARD, "", "550 adresse inconnue" },
	{ DSN_HARD, "", "550 Addressee unknown" },
	{ DSN_HARD, "", "550 no such email address" },
	{ DSN_HARD, "", "550 that user does not exist" },
	{ DSN_HARD, "", "550 recipient rejected: user not known" },
	{ DSN_HARD, "", "554 Recipient address unknown" },
	{ DSN_HARD, "", "550 Not our Customer" },
	{ DSN_HARD, "", "551 not our user" },
	{ DSN_HARD, "", "550 Unknown Recipient" },
	{ DSN_HARD, "", "User account does not exist" },
	{ DSN_HARD, "", "550 No user with that name" },
	{ DSN_HARD, "", "554 no mailbox by that name is currently available" },
	{ DSN_HARD, "", "550 sorry, this user has left the company" },
	{ DSN_HARD, "", "550 no longer works here" },
	{ DSN_HARD, "", "550 5.1.1 Benutzer unbekannt" },
	{ DSN_HARD, "5.7.1", "550 5.7.1 No such user" },
	{ DSN_HARD, "smtp; 5.1.1 (bad)", "" },
};

static const struct verdict soft[] = {
	{ DSN_SOFT, "5.7.1", "550 5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.example" },
	{ DSN_SOFT, "5.0.0", "" },
	{ DSN_SOFT, "", "" },
	{ DSN_SOFT, "5.2.2", "552 5.2.2 Mailbox full" },
	{ DSN_SOFT, "5.1.1", "550 5.1.1 your address is blocked by policy" },
	{ DSN_SOFT, "5.1.1", "550 5.1.1 mailbox over quota" },
	{ DSN_SOFT, "5.1.1", "552 5.2.2 no room" },
	{ DSN_SOFT, "5.1.8", "550 5.1.8 Sender address rejected: Domain not found" },
	{ DSN_SOFT, "5.1.2", "Name service error: Host not found, try again" },
	{ DSN_SOFT, "4.4.7", "delivery time expired: user unknown" },
	{ DSN_SOFT, "", "450 4.1.1 <a@b.example>: Recipient address rejected: user unknown" },
	{ DSN_SOFT, "5.0.0", "host x.example said: 451 user unknown" },
	{ DSN_SOFT, "5.2.1", "mailbox disabled, not accepting messages" },
	{ DSN_SOFT, "5.1.0", "550 5.1.0 Address rejected" },
	{ DSN_SOFT, "5.6.0", "" },
	{ DSN_SOFT, "5.1.8", "550 5.1.8 <me@x.example>: Domain not found" },
	{ DSN_SOFT, "5.7.27", "550 5.7.27 Sender domain has nullMX" },
	{ DSN_SOFT, "5.7.25", "550 5.7.25 PTR record for host not found" },
	{ DSN_SOFT, "5.7.1", "550 5.7.1 The domain in the From header does not exist" },
	{ DSN_SOFT, "", "550 Domain in MAIL FROM does not exist" },
	{ DSN_SOFT, "", "550 MAIL FROM: unknown host" },
	{ DSN_SOFT, "", "535 5.7.8 unknown user name or bad password" },
	{ DSN_SOFT, "", "550 envelope from domain not found" },
	{ DSN_SOFT, "", "550 HELO: host not found" },
	{ DSN_SOFT, "", "501 your envelope sender domain does not exist" },
	{ DSN_SOFT, "", "550 rDNS does not exist for your IP" },
	{ DSN_SOFT, "", "554 5.7.1 Client host rejected: cannot find your hostname" },
	{ DSN_SOFT, "5.1.1", "550 5.1.1 they are not accepting mail from list@example.org" },
	{ DSN_SOFT, "5.1.1", "550 5.1.1 Administrative prohibition" },
	{ DSN_SOFT, "5.2.2", "552 5.2.2 user not found room" },
	{ DSN_SOFT, "5.3.4", "552 5.3.4 invalid recipient" },
	{ DSN_SOFT, "", "550 The sending domain does not exist" },
	{ DSN_SOFT, "", "550 5.7.1 invalid user in From field" },
	{ DSN_SOFT, "", "550 No such user in sender's domain" },
	{ DSN_SOFT, "", "554 5.4.6 user unknown hop count" },
	{ DSN_SOFT, "", "550 Message-ID does not exist" },
	{ DSN_SOFT, "", "550 5.6.0 non-existent header field" },
	{ DSN_SOFT, "", "550 URL in message points to nonexistent domain" },
	{ DSN_SOFT, "", "550 Callback failed: sender does not exist" },
	{ DSN_SOFT, "", "550 5.1.1 The group only accepts messages from its members" },
	{ DSN_SOFT, "", "554 delivery error: dd Message not allowed - does not exist" },
	{ DSN_SOFT, "", "Mailbox unavailable" },
	{ DSN_SOFT, "", "550 No valid A or MX record for sending domain" },
	{ DSN_SOFT, "", "550 Sender host not found in DNS" },
	{ DSN_SOFT, "", "550 Cannot resolve your domain: NXDOMAIN" },
	{ DSN_SOFT, "", "550 Sorry, address example does not exist, or is over quota" },
	{ DSN_SOFT, "", "550 5.2.1 The email account that you tried to reach is disabled" },
	{ DSN_SOFT, "", "550 #5.1.0 Address rejected." },
	{ DSN_SOFT, "5.1.1", "550 5.1.1 content rejected" },
	{ DSN_SOFT, "5.1.1", "550 5.1.1 attachment type not accepted" },
	{ DSN_SOFT, "", "550 SPF record does not exist" },
	{ DSN_SOFT, "", "550 DKIM key does not exist" },
	{ DSN_SOFT, "", "552 Message exceeds limit; user unknown" },
	{ DSN_SOFT, "", "421 no such user" },
	{ DSN_SOFT, "", "452-4.2.2 The email account that you tried to reach is over quota" },
	{ DSN_SOFT, "", "User mailbox not found, temporary failure" },
	{ DSN_SOFT, "", "550 Message headers contain invalid recipient" },
	{ DSN_SOFT, "", "550 Return path domain does not exist" },
	{ DSN_SOFT, "", "550 relay not permitted, no such domain here" },
	{ DSN_SOFT, "",
		"550 5.1.1 The email account you tried to reach does not exist; for more see "
		"our policy page at https://x.example" },
	{ DSN_SOFT, "", "550 Le domaine de l'exp\303\251diteur n'existe pas" },
	{ DSN_SOFT, "", "550 El dominio del remitente no existe" },
	{ DSN_SOFT, "5.1.1", "550 5.7.1 rejected" },
	{ DSN_SOFT, "5.1.1", "550 5.2.1 rejected" },
	{ DSN_SOFT, "5.7.26", "550 5.7.26 user unknown" },
	{ DSN_SOFT, "5.7.17", "550 5.7.17 mailbox owner has changed, no such user" },
	{ DSN_SOFT, "garbage", "no status at all" },
};

static const struct verdict nothing[] = {
	{ DSN_NOTHING, "2.1.5", "delivered" },
};

static void judge(const struct verdict *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct outcome_reply reply = {
			.status = str_of(v[i].status), .words = str_of(v[i].text), .reported = true
		};
		struct outcome o = outcome_judge(&reply);
		enum dsn_class got = dsn_class_of(&o);

		/* What is not hard may be soft, or not the recipient's at all. */
		if (v[i].class == DSN_SOFT && got == DSN_UNCOUNTED)
			got = DSN_SOFT;
		check(got == v[i].class, "%s [%s] %s is %s", v[i].status, v[i].text, dsn_class_name(v[i].class),
			outcome_reason_name(o.reason));
	}
}

int main(void)
{
	judge(hard, sizeof hard / sizeof *hard);
	judge(soft, sizeof soft / sizeof *soft);
	judge(nothing, sizeof nothing / sizeof *nothing);
	return tap_done();
}
