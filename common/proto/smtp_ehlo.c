#include <config.h>

#include "proto/smtp_state.h"

/*
 * What the server says of itself: its extensions in the reply to EHLO, and in its greeting which software it is,
 * as far as that matters for what may be sent ahead (smtp_trust_of).
 */

static const struct keyword {
	const char *name;
	enum smtp_cap flag;
} keywords[] = {
	{ "PIPELINING", SMTP_CAP_PIPELINING },
	{ "8BITMIME", SMTP_CAP_8BITMIME },
	{ "SMTPUTF8", SMTP_CAP_SMTPUTF8 },
	{ "CHUNKING", SMTP_CAP_CHUNKING },
	{ "BINARYMIME", SMTP_CAP_BINARYMIME },
	{ "DSN", SMTP_CAP_DSN },
	{ "SIZE", SMTP_CAP_SIZE },
	{ "STARTTLS", SMTP_CAP_STARTTLS },
	{ "ENHANCEDSTATUSCODES", SMTP_CAP_ENHANCED },
	{ "REQUIRETLS", SMTP_CAP_REQUIRETLS },
	{ "LIMITS", SMTP_CAP_LIMITS },
	{ "AUTH", SMTP_CAP_AUTH },
};

void smtp_caps_clear(struct smtp_caps *caps)
{
	buf_free(&caps->auth);
	buf_free(&caps->lines);
	*caps = (struct smtp_caps){ 0 };
}

static void read_limits(struct smtp_caps *caps, struct str values)
{
	while (values.p != NULL) {
		struct str value = str_cut(&values, ' ');
		struct str name = str_cut(&value, '=');
		uint64_t n;

		/* A limit of nothing would be no server; RFC 9422, 4 begins at 1. */
		if (value.p == NULL || !str_number(value, UINT64_MAX, &n) || n == 0)
			continue;
		if (str_ieq(name, STR_LIT("RCPTMAX")))
			caps->rcpt_max = n;
		else if (str_ieq(name, STR_LIT("MAILMAX")))
			caps->mail_max = n;
		else if (str_ieq(name, STR_LIT("RCPTDOMAINMAX")))
			caps->rcpt_domain_max = n;
	}
}

static void add_mechanisms(struct smtp_caps *caps, struct str values)
{
	while (values.p != NULL) {
		struct str name = str_cut(&values, ' ');

		if (name.n == 0)
			continue;
		if (buf_len(&caps->auth) > 0)
			buf_add_char(&caps->auth, ' ');
		buf_add(&caps->auth, name);
	}
}

void smtp_caps_read(struct smtp_caps *caps, struct str lines)
{
	struct str rest = lines;

	smtp_caps_clear(caps);
	caps->flags = SMTP_CAP_ESMTP;
	buf_add(&caps->lines, lines);
	str_cut(&rest, '\n'); /* the server's name and a greeting */
	while (rest.p != NULL) {
		struct str values = str_trim(str_cut(&rest, '\n'));
		struct str name = str_cut(&values, ' ');

		/* "AUTH=LOGIN PLAIN" is a form of before RFC 2554 that is still about */
		if (str_istarts(name, STR_LIT("AUTH=")))
			add_mechanisms(caps, str_sub(name, 5, name.n));
		for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
			if (str_ieq(name, str_of(keywords[i].name)))
				caps->flags |= keywords[i].flag;
		if (str_ieq(name, STR_LIT("SIZE")))
			str_number(str_trim(values), UINT64_MAX, &caps->size);
		else if (str_ieq(name, STR_LIT("LIMITS")))
			read_limits(caps, values);
		else if (str_istarts(name, STR_LIT("AUTH")) && (name.n == 4 || name.p[4] == '='))
			add_mechanisms(caps, values);
	}
	if (buf_len(&caps->auth) > 0)
		caps->flags |= SMTP_CAP_AUTH;
}

/* Exim before 4.96 refuses the BDAT after a refused message. */
static bool exim_is_old(struct str greeting)
{
	struct str rest = str_sub(greeting, str_isearch(greeting, STR_LIT("Exim ")) + 5, greeting.n);
	struct str major = str_cut(&rest, '.');
	uint64_t minor = 0;
	size_t n = 0;

	while (n < rest.n && ascii_digit(rest.p[n]))
		n++;
	return !str_eq(major, STR_LIT("4")) ? !str_eq(major, STR_LIT("5"))
					    : !str_number(str_sub(rest, 0, n), 10000, &minor) || minor < 96;
}

/*
 * BDAT ahead of the replies to RCPT needs a server that reads the octets of a chunk which it refuses. One that does not
 * (go-smtp) would read the message as commands, so that only those are believed of which it is known.
 */
enum trust smtp_trust_of(const struct reply *greeting, const struct smtp_caps *caps)
{
	struct str text = buf_str(&greeting->text);
	struct str lines = buf_str(&caps->lines);
	size_t exim = str_search(text, STR_LIT("Exim "));

	if (str_search(text, STR_LIT("Postfix")) < text.n)
		return TRUST_WINDOW;
	/* A Postfix that hides its name still has its list of keywords: nobody else has ETRN and CHUNKING. */
	if (str_isearch(lines, STR_LIT("\nETRN")) < lines.n && str_isearch(lines, STR_LIT("\nVRFY")) < lines.n &&
		(caps->flags & SMTP_CAP_ENHANCED))
		return TRUST_WINDOW;
	if (exim < text.n)
		return exim_is_old(text) ? TRUST_FLIGHT : TRUST_WINDOW;
	if (str_search(text, STR_LIT("Microsoft ESMTP MAIL Service")) < text.n || str_ends(text, STR_LIT("- gsmtp")))
		return TRUST_FLIGHT;
	return TRUST_NONE;
}
