#include <config.h>

#include "tests/tap.h"

#include "mail/returns/outcome.h"

/* Replies as servers write them, at the stage where they do, and what they mean. What must never count as a missing
 * recipient stands first. */

struct reply_case {
	enum outcome_reason reason;
	enum outcome_stage stage;
	const char *text;
};

#define AT OUTCOME_AT_UNKNOWN
#define RCPT OUTCOME_AT_RCPT
#define MAIL OUTCOME_AT_MAIL
#define CONTENT OUTCOME_AT_CONTENT

/* clang-format off */
static const struct reply_case cases[] = {
	/* not the recipient, whatever the status says */
	{ OUTCOME_LOGIN, MAIL, "530 5.7.0 Authentication required" },
	{ OUTCOME_LOGIN, MAIL, "530 5.7.57 Client not authenticated to send mail" },
	{ OUTCOME_LOGIN, RCPT, "503 5.5.1 AUTH first (#5.5.1)" },
	{ OUTCOME_LOGIN, RCPT, "550 5.7.1 <ann@theirs.example>... Relaying denied. Proper authentication required." },
	{ OUTCOME_LOGIN, RCPT, "554 5.7.1 <ann@theirs.example>: Relay access denied" },
	{ OUTCOME_LOGIN, RCPT, "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain" },
	{ OUTCOME_LOGIN, RCPT, "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)" },
	{ OUTCOME_LOGIN, RCPT, "550 relay not permitted" },
	{ OUTCOME_LOGIN, OUTCOME_AT_AUTH, "535 5.7.8 Username and Password not accepted" },
	{ OUTCOME_LOGIN, CONTENT, "554 5.2.252 SendAsDenied; list@us.example not allowed to send as news@us.example" },
	{ OUTCOME_LOGIN, CONTENT, "550 5.7.60 SMTP; Client does not have permissions to send as this sender" },
	{ OUTCOME_SENDER, MAIL, "553 5.1.8 <list@us.example>: Domain of sender address does not exist" },
	{ OUTCOME_SENDER, MAIL, "550 5.1.2 us.example does not exist" },
	{ OUTCOME_SENDER, MAIL, "550 User unknown" },
	{ OUTCOME_SENDER, MAIL, "550 5.1.1 No such user here" },
	{ OUTCOME_SENDER, MAIL, "550 not today" },
	{ OUTCOME_SENDER, RCPT, "553 5.7.1 <list@us.example>: Sender address rejected: not owned by user ann" },
	{ OUTCOME_SENDER, RCPT, "450 4.1.8 <list@us.example>: Sender address rejected: Domain not found" },
	{ OUTCOME_SENDER, RCPT, "550-Verification failed for <list@us.example>\n550-No Such User Here\n550 Sender verify failed" },
	{ OUTCOME_SENDER, RCPT, "550 5.1.1 us.example does not exist" },
	{ OUTCOME_SENDER, CONTENT, "550-5.7.26 This mail has been blocked because the sender is unauthenticated.\n550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM." },
	{ OUTCOME_SENDER, CONTENT, "550 5.7.509 Access denied, sending domain us.example does not pass DMARC verification and has a DMARC policy of reject." },
	{ OUTCOME_SENDER, CONTENT, "550 5.7.515 Access denied, sending domain us.example doesn't meet the required authentication level." },
	{ OUTCOME_SENDER, CONTENT, "554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: list@us.example" },
	{ OUTCOME_SENDER, RCPT, "550 5.7.25 The IP address sending this message does not have a PTR record setup" },
	{ OUTCOME_SENDER, RCPT, "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname" },
	{ OUTCOME_SENDER, AT, "550 5.1.0 <list@us.example> unknown" },
	{ OUTCOME_RATE, RCPT, "452 4.5.3 Too many recipients" },
	{ OUTCOME_RATE, RCPT, "552 5.5.3 too many recipients" },
	{ OUTCOME_RATE, RCPT, "550 5.5.3 Error" },
	{ OUTCOME_RATE, CONTENT, "550 5.4.5 Daily user sending limit exceeded." },
	{ OUTCOME_RATE, MAIL, "550 5.4.5 Daily sending quota exceeded" },
	{ OUTCOME_RATE, CONTENT, "454 Throttling failure: Maximum sending rate exceeded." },
	{ OUTCOME_RATE, CONTENT, "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address." },
	{ OUTCOME_RATE, OUTCOME_AT_GREETING, "421 4.7.0 too many concurrent SMTP connections; please try again later." },
	{ OUTCOME_RATE, RCPT, "550 Domain us.example has exceeded the max emails per hour (100/100 (100%)) allowed. Message discarded." },
	{ OUTCOME_RATE, RCPT, "550 Mailbox unavailable or access denied [qq.com]" },
	{ OUTCOME_RATE, RCPT, "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages" },
	{ OUTCOME_RATE, MAIL, "421 OFR004_104 [104] Trop de connexions, veuillez verifier votre configuration." },
	{ OUTCOME_RATE, CONTENT, "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients" },
	{ OUTCOME_REPUTATION, RCPT, "554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using zen.spamhaus.org" },
	{ OUTCOME_REPUTATION, RCPT, "550 5.1.1 see https://blocklist.example/ip" },
	{ OUTCOME_REPUTATION, MAIL, "550 5.7.1 Unfortunately, messages from [198.51.100.7] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150)." },
	{ OUTCOME_REPUTATION, OUTCOME_AT_GREETING, "554-gmx.net Nemesis ESMTP Service not available\n554-No SMTP service\n554 IP address is block listed." },
	{ OUTCOME_REPUTATION, RCPT, "550 5.7.606 Access denied, banned sending IP [198.51.100.7]" },
	{ OUTCOME_REPUTATION, MAIL, "553 5.7.1 [BL21] Connections will not be accepted from 198.51.100.7, because the ip is in Spamhaus's list" },
	{ OUTCOME_REPUTATION, MAIL, "421 4.7.0 [TSS04] Messages from 198.51.100.7 temporarily deferred due to user complaints" },
	{ OUTCOME_REPUTATION, RCPT, "550 5.1.1 your address is blocked" },
	{ OUTCOME_FORMAT, CONTENT, "451 See http://pobox.example/~djb/docs/smtplf.html. bare LF received" },
	{ OUTCOME_FORMAT, CONTENT, "550 5.1.1 bare LF received after DATA" },
	{ OUTCOME_FORMAT, CONTENT, "550 5.6.0 Message is not RFC 5322 compliant: missing Date" },
	{ OUTCOME_FORMAT, RCPT, "553 5.6.7 SMTPUTF8 is required" },
	{ OUTCOME_SIZE, MAIL, "552 5.3.4 Message size exceeds fixed limit" },
	{ OUTCOME_SIZE, CONTENT, "552-5.3.4 Your message exceeded Google's message size limits." },
	{ OUTCOME_CONTENT, CONTENT, "550-5.7.1 [198.51.100.7] Our system has detected that this message is\n550 5.7.1 likely unsolicited mail." },
	{ OUTCOME_CONTENT, CONTENT, "554 5.7.1 The message was rejected because it contains prohibited virus or spam content" },
	{ OUTCOME_CONTENT, CONTENT, "550 spam message rejected. Please visit https://help.example/notspam" },
	{ OUTCOME_CONTENT, CONTENT, "552 5.7.0 Our system detected an illegal attachment on your message." },
	{ OUTCOME_CONTENT, CONTENT, "554 5.7.1 [CS01] Message rejected due to local policy." },
	{ OUTCOME_SERVER, RCPT, "451 4.3.0 <ann@theirs.example>: Temporary lookup failure" },
	{ OUTCOME_SERVER, RCPT, "550 5.1.1 LDAP server is down: user not found" },
	{ OUTCOME_SERVER, CONTENT, "452 4.3.1 Insufficient system storage" },
	{ OUTCOME_SERVER, RCPT, "451 Requested action aborted: local error in processing" },
	{ OUTCOME_SERVER, OUTCOME_AT_GREETING, "421 4.3.2 Service not available" },
	{ OUTCOME_LOOP, CONTENT, "554 5.4.6 Too many hops" },
	{ OUTCOME_EXPIRED, AT, "4.4.7 delivery time expired" },
	{ OUTCOME_DELAY, RCPT, "450 4.2.0 <ann@theirs.example>: Recipient address rejected: Greylisted" },

	/* the recipient, but there */
	{ OUTCOME_FULL, RCPT, "552 5.2.2 <ann@theirs.example>: Mailbox full" },
	{ OUTCOME_FULL, RCPT, "550 5.1.1 Postfach ist voll" },
	{ OUTCOME_FULL, RCPT, "452-4.2.2 The recipient's inbox is out of storage space." },
	{ OUTCOME_FULL, AT, "550 5.1.1 la bo\xc3\xaete aux lettres est pleine" },
	{ OUTCOME_FULL, CONTENT, "552 1 Requested mail action aborted, exceeded storage allocation" },
	{ OUTCOME_FULL, RCPT, "550 user quota exceeded" },
	{ OUTCOME_RECIPIENT_POLICY, RCPT, "550 5.1.1 Rejected due to recipient preferences" },
	{ OUTCOME_RECIPIENT_POLICY, RCPT, "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed" },
	{ OUTCOME_RECIPIENT_POLICY, RCPT, "554 5.7.1 <ann@theirs.example>: Recipient address rejected: Access denied" },
	{ OUTCOME_RECIPIENT_POLICY, RCPT, "550 Administrative prohibition" },
	{ OUTCOME_RECIPIENT_POLICY, RCPT, "550 5.7.1 You are not allowed to post to this list; it is moderated" },
	{ OUTCOME_DISABLED, RCPT, "550 5.2.1 The email account that you tried to reach is disabled." },
	{ OUTCOME_DISABLED, CONTENT, "554 delivery error: dd This user's account has been suspended" },
	{ OUTCOME_DISABLED, RCPT, "550 5.1.1 <ann@theirs.example> is inactive" },

	/* and not there */
	{ OUTCOME_NO_MAILBOX, RCPT, "550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 double-checking the recipient's email address for typos or\n550 5.1.1 unnecessary spaces. For more information, go to https://support.google.com/mail/?p=NoSuchUser" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 5.5.0 Requested action not taken: mailbox unavailable" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 Requested action not taken: mailbox unavailable" },
	{ OUTCOME_NO_MAILBOX, AT, "host mx00.gmx.net[192.0.2.3] said: 550 Requested action not taken: mailbox unavailable" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 5.4.1 [ann@theirs.example]: Recipient address\n rejected: Access denied [DB5EUR01FT034.eop-EUR01.prod.protection.outlook.com]" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ann@theirs.example not found by SMTP address lookup" },
	{ OUTCOME_NO_MAILBOX, CONTENT, "554 delivery error: dd This user doesn't have a theirs.example account (ann@theirs.example) [0]" },
	{ OUTCOME_NO_MAILBOX, RCPT, "552 1 Requested mail action aborted, mailbox not found" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 Message was not accepted -- invalid mailbox. Local mailbox ann@theirs.example is unavailable: user not found" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 5.7.1 No such user!" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR204_418 [418]" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help?subtype=1" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 User not found: ann@theirs.example" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 5.1.1 <ann@theirs.example>: Recipient address rejected: User unknown in virtual mailbox table" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 #5.1.0 Address rejected. User unknown" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 Invalid Recipient - https://community.example/docs/DOC-1369#550" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 5.1.1 Not our Customer" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 Benutzer nicht bekannt / User unknown" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 \xd0\x9f\xd0\xbe\xd0\xbb\xd1\x8c\xd0\xb7\xd0\xbe\xd0\xb2\xd0\xb0\xd1\x82\xd0\xb5\xd0\xbb\xd1\x8c \xd0\xbd\xd0\xb5 \xd0\xbd\xd0\xb0\xd0\xb9\xd0\xb4\xd0\xb5\xd0\xbd" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 \xe6\x94\xb6\xe4\xbb\xb6\xe4\xba\xba\xe4\xb8\x8d\xe5\xad\x98\xe5\x9c\xa8" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 El usuario no existe" },
	{ OUTCOME_NO_MAILBOX, RCPT, "550 L'adresse n'existe pas" },
	{ OUTCOME_NO_MAILBOX, AT, "Sorry, no mailbox here by that name. (#5.1.1)" },
	{ OUTCOME_NO_MAILBOX, RCPT, "501 5.1.3 Bad recipient address syntax" },
	{ OUTCOME_NO_MAILBOX, AT, "host mail.us.example[192.0.2.2] said: 550 5.1.1 <ann@theirs.example>: user unknown" },
	{ OUTCOME_NO_DOMAIN, AT, "Host or domain name not found. Name service error for name=theirs.example type=A: Host not found" },
	{ OUTCOME_NO_DOMAIN, AT, "5.4.4 Domain theirs.example does not accept mail (nullMX)" },
	{ OUTCOME_NO_DOMAIN, RCPT, "556 5.1.10 Recipient address has null MX" },
	{ OUTCOME_NO_DOMAIN, AT, "550 5.1.2 <ann@theirs.example>... Host unknown (Name server: mx.third.example: host not found)" },
	{ OUTCOME_NO_DOMAIN, AT, "no MX found for theirs.example: no such domain" },
	{ OUTCOME_NO_DOMAIN, AT, "all relevant MX records point to non-existent hosts" },
	{ OUTCOME_MOVED, RCPT, "550 5.1.6 Mailbox has moved" },
	{ OUTCOME_MOVED, RCPT, "550 Ann is no longer with us" },

	/* nobody knows */
	{ OUTCOME_UNKNOWN, RCPT, "550 5.0.0 sorry" },
	{ OUTCOME_UNKNOWN, AT, "550 Domain third.example not found" },
	{ OUTCOME_UNKNOWN, AT, "550 5.1.2 third.example does not exist" },
	{ OUTCOME_UNKNOWN, AT, "550 Mailbox unavailable" },
	{ OUTCOME_UNKNOWN, CONTENT, "554 Transaction failed" },
};
/* clang-format on */

static struct outcome judge(const struct reply_case *c)
{
	const struct outcome_reply reply = {
		.stage = c->stage,
		.words = str_of(c->text),
		.us = STR_LIT("list@us.example us.example 198.51.100.7"),
		.recipient = STR_LIT("ann@theirs.example"),
	};

	return outcome_judge(&reply);
}

static bool is_gone(enum outcome_reason r)
{
	return r == OUTCOME_NO_MAILBOX || r == OUTCOME_NO_DOMAIN || r == OUTCOME_MOVED;
}

static void test_cases(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct outcome o = judge(&cases[i]);
		bool hard = o.bounce == OUTCOME_BOUNCE_HARD;

		if (!check(o.reason == cases[i].reason, "%s at %s: %.60s", outcome_reason_name(cases[i].reason),
			    outcome_stage_name(cases[i].stage), cases[i].text))
			printf("# is %s\n", outcome_reason_name(o.reason));
		check(hard == is_gone(cases[i].reason), "hard or not: %.60s", cases[i].text);
	}
}

/* What follows is the same whatever was said: before RCPT no row is refused and nobody is struck off a list. */
static void test_stages(void)
{
	for (int stage = OUTCOME_AT_CONNECT; stage <= OUTCOME_AT_MAIL; stage++) {
		size_t wrong = 0;

		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			struct reply_case c = cases[i];

			c.stage = (enum outcome_stage)stage;
			struct outcome o = judge(&c);

			wrong += o.bounce != OUTCOME_BOUNCE_NONE || o.row == OUTCOME_ROW_REFUSED ||
				o.about == OUTCOME_ABOUT_RECIPIENT;
		}
		check(wrong == 0, "no reply to %s is about a recipient", outcome_stage_name((enum outcome_stage)stage));
	}
}

/* A reply to a message with several recipients is about none of them. */
static void test_shared(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct outcome_reply reply = { .stage = CONTENT,
			.words = str_of(cases[i].text),
			.shared = true,
			.recipient = STR_LIT("ann@theirs.example") };
		struct outcome o = outcome_judge(&reply);

		if (o.about == OUTCOME_ABOUT_RECIPIENT || o.bounce == OUTCOME_BOUNCE_HARD)
			check(false, "shared, about a recipient: %s", cases[i].text);
	}
	check(true, "shared replies are about no recipient");
}

static void test_found_stage(void)
{
	static const struct {
		const char *text;
		enum outcome_stage stage;
	} v[] = {
		{ "host mx[192.0.2.1] said: 550 no (in reply to RCPT TO command)", OUTCOME_AT_RCPT },
		{ "host mx[192.0.2.1] said: 550 no (in reply\n    to RCPT TO command)", OUTCOME_AT_UNKNOWN },
		{ "550 5.1.1 no (in reply to MAIL FROM command)", OUTCOME_AT_MAIL },
		{ "550 no (in reply to end of DATA command)", OUTCOME_AT_CONTENT },
		{ "550 no (in reply to DATA command)", OUTCOME_AT_DATA },
		{ "550 no (in reply to EHLO command)", OUTCOME_AT_EHLO },
		{ "SMTP error from remote mail server after RCPT TO:<ann@theirs.example>:\n550 no", OUTCOME_AT_RCPT },
		{ "SMTP error from remote mail server after pipelined MAIL FROM:<list@us.example> SIZE=1:",
			OUTCOME_AT_MAIL },
		{ "SMTP error from remote mail server after end of data:", OUTCOME_AT_CONTENT },
		{ "SMTP error from remote mail server after initial connection:", OUTCOME_AT_GREETING },
		{ ">>> MAIL From:<list@us.example>\n<<< 250 ok\n>>> RCPT To:<ann@theirs.example>\n<<< 550 no",
			OUTCOME_AT_RCPT },
		{ ">>> DATA\n<<< 550 no", OUTCOME_AT_DATA },
		{ "550 5.1.1 <ann@theirs.example>: Recipient address rejected: theirs.example [RCPT_TO]",
			OUTCOME_AT_RCPT },
		{ "550 after the date", OUTCOME_AT_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		check(outcome_stage_find(str_of(v[i].text)) == v[i].stage, "stage in: %s", v[i].text);
}

static void test_follow(void)
{
	struct outcome o = outcome_of_reason(OUTCOME_LOGIN, OUTCOME_AT_MAIL, false);

	check(o.run == OUTCOME_RUN_STOP && o.exit == ERR_AUTH && o.row == OUTCOME_ROW_PUT_BACK, "login stops with 77");
	o = judge(&(struct reply_case){ OUTCOME_LOGIN, RCPT, "554 5.7.1 Relay access denied" });
	check(o.run == OUTCOME_RUN_STOP && o.exit == ERR_UNAVAILABLE, "relay denied stops with 69");
	check(outcome_advice(&o) != NULL && strstr(outcome_advice(&o), "--user") != NULL, "and says what to do");
	o = outcome_of_reason(OUTCOME_NO_MAILBOX, OUTCOME_AT_RCPT, true);
	check(o.row == OUTCOME_ROW_DEFERRED && o.bounce == OUTCOME_BOUNCE_SOFT, "a 4xx is never for good");
	o = outcome_of_reason(OUTCOME_UNKNOWN, OUTCOME_AT_RCPT, false);
	check(o.row == OUTCOME_ROW_REFUSED && o.bounce == OUTCOME_BOUNCE_SOFT, "unknown at RCPT is refused and soft");
	o = outcome_of_reason(OUTCOME_UNKNOWN, OUTCOME_AT_CONTENT, false);
	check(o.row == OUTCOME_ROW_PUT_BACK, "unknown elsewhere is put back");
	for (int r = OUTCOME_NONE + 1; r < OUTCOME_REASONS; r++) {
		enum outcome_reason parsed = OUTCOME_NONE;

		check(outcome_reason_parse(str_of(outcome_reason_name((enum outcome_reason)r)), &parsed) &&
				(int)parsed == r,
			"the name of %s", outcome_reason_name((enum outcome_reason)r));
	}
	for (int s = OUTCOME_AT_CONNECT; s < OUTCOME_STAGES; s++)
		check((int)outcome_stage_parse(str_of(outcome_stage_name((enum outcome_stage)s))) == s,
			"the name of %s", outcome_stage_name((enum outcome_stage)s));
}

int main(void)
{
	test_cases();
	test_stages();
	test_shared();
	test_found_stage();
	test_follow();
	return tap_done();
}
