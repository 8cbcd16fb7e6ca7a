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

struct text {
	enum outcome_stage stage;
	const char *text;
};

/* clang-format off */
/* Nobody is there. */
static const struct text gone[] = {
	{ RCPT, "550 \343\202\242\343\203\211\343\203\254\343\202\271\343\201\214\345\255\230\345\234\250\343\201\227\343\201\276\343\201\233\343\202\223" },
	{ RCPT, "550 5.1.1 invalid address" },
	{ AT, "550 5.1.1 invalid address" },
	{ RCPT, "550 x@third.example does not exist" },
	{ RCPT, "550 5.1.1 Your message could not be delivered because the recipient's mailbox does not exist any more" },
	{ AT, "550 5.1.2 theirs.example: domain not found" },
	{ RCPT, "550 5.4.1 Recipient address rejected: Access denied" },
	{ RCPT, "550 Invalid recipient domain" },
	{ RCPT, "551 not our customer" },
	{ RCPT, "550 5.1.1 Destinat\303\241rio n\303\243o encontrado" },
	{ RCPT, "550 5.1.1 Nie ma takiego u\305\274ytkownika" },
	{ RCPT, "550 5.1.1 Kullan\304\261c\304\261 bulunamad\304\261" },
	{ RCPT, "550 \354\241\264\354\236\254\355\225\230\354\247\200 \354\225\212\353\212\224 \354\202\254\354\232\251\354\236\220\354\236\205\353\213\210\353\213\244" },
	{ CONTENT, "550 5.1.1 user unknown" },
	{ AT, "550 Bad destination mailbox address" },
	{ AT, "550 5.1.1 <ann@theirs.example>... User unknown" },
	{ AT, "550 <ann@theirs.example>, Recipient unknown" },
	{ AT, "550 Unknown recipient" },
	{ AT, "550 5.1.1 unknown or illegal alias: ann@theirs.example" },
	{ AT, "550 ann@theirs.example... No such user" },
	{ AT, "550 Mailbox \"ann\" does not exist" },
	{ AT, "User ann (ann@theirs.example) not listed in Domino Directory" },
	{ AT, "550 5.1.1 ann@theirs.example is not a valid mailbox" },
	{ AT, "554 5.1.1 ann: no such mailbox" },
	{ AT, "550 This account has been deleted" },
	{ AT, "550 5.1.1 Account is closed" },
	{ AT, "550 The account ann has been deleted" },
	{ AT, "550 Sorry, no mailbox here by that name (#5.1.1)" },
	{ AT, "550 5.1.1 Invalid user" },
	{ AT, "550 invalid recipient: ann@theirs.example" },
	{ AT, "553 5.3.0 <ann@theirs.example>... Addressee unknown" },
	{ AT, "550 no such address here" },
	{ AT, "550 not a known user" },
	{ AT, "550 Recipient ann@theirs.example is unknown to this server" },
	{ AT, "550 5.1.1 The mailbox you are trying to reach does not exist" },
	{ AT, "550 Unroutable address" },
	{ AT, "550 5.1.1 unable to find user" },
	{ AT, "550 sorry, that recipient is not known (#5.1.1)" },
	{ AT, "550 5.1.1 Mailbox unavailable or does not exist" },
	{ AT, "550 5.1.1 Dead account" },
	{ AT, "550 5.1.1 bad recipient" },
	{ AT, "ann@theirs.example : unknown" },
	{ AT, "550 <ann@theirs.example> is invalid" },
	{ AT, "User's email address has changed" },
	{ AT, "550 5.1.1 ann@theirs.example unknown, please check with postmaster@theirs.example" },
	{ AT, "550 Requested action not taken: user not exist" },
	{ AT, "511 unknown user" },
	{ AT, "Recipient's mailbox is not existing" },
	{ AT, "5.1.1 Delivery failed: destination mailbox ann does not exist" },
	{ AT, "550 #5.1.1 user unknown, relay=mx" },
	{ AT, "Unknown user: ann" },
	{ AT, "Domain theirs.example does not exist" },
	{ AT, "DNS Error: Domain name not found" },
	{ AT, "The domain theirs.example was not found" },
	{ AT, "Host theirs.example not found" },
	{ AT, "DNS Error: 12345 DNS type 'mx' lookup of theirs.example responded with code NXDOMAIN" },
	{ AT, "Name service error for name=theirs.example type=MX: Host not found" },
	{ AT, "unrouteable mail domain \"theirs.example\"" },
	{ AT, "lookup of MX failed, host theirs.example unknown" },
	{ AT, "no mail server found for theirs.example" },
	{ AT, "550 5.4.310 DNS domain theirs.example does not exist [Message=InfoDomainNonexistent]" },
	{ AT, "The e-mail address you entered couldn't be found. Please check the recipient's e-mail address and try to resend the message." },
	{ AT, "Delivery has failed: ann@theirs.example The email address wasn't found at the destination domain." },
	{ AT, "Address not found. Your message wasn't delivered to ann@theirs.example because the address couldn't be found, or is unable to receive mail." },
	{ AT, "550 5.1.1 Der Empf\303\244nger existiert nicht" },
	{ AT, "L'adresse de messagerie n'a pas \303\251t\303\251 trouv\303\251e" },
	{ AT, "El destinatario no fue encontrado" },
	{ AT, "550 Usu\303\241rio n\303\243o encontrado" },
	{ AT, "550 L'utente non esiste" },
	{ AT, "No se ha encontrado la direcci\303\263n de correo" },
	{ AT, "550 ung\303\274ltiger Empf\303\244nger" },
	{ AT, "550 5.1.1 Empf\303\244ngeradresse ung\303\274ltig" },
};

/* What sounds so and is not, or not for certain. */
static const struct text not_gone[] = {
	{ RCPT, "550 5.1.1 <ann@theirs.example>: Recipient address rejected: undeliverable address: host mx.theirs.example[192.0.2.1] said: 550 5.7.1 blocked" },
	{ RCPT, "550 5.1.1 Mail rejected for policy reasons, unknown address" },
	{ RCPT, "550 Unknown address family" },
	{ RCPT, "550 Absenderadresse existiert nicht" },
	{ RCPT, "550 adresse d'exp\303\251diteur inconnue" },
	{ RCPT, "550 \351\200\201\344\277\241\345\205\203\343\202\242\343\203\211\343\203\254\343\202\271\343\201\214\345\255\230\345\234\250\343\201\227\343\201\276\343\201\233\343\202\223" },
	{ RCPT, "550 \345\217\221\344\273\266\344\272\272\345\234\260\345\235\200\344\270\215\345\255\230\345\234\250" },
	{ RCPT, "550 \320\236\321\202\320\277\321\200\320\260\320\262\320\270\321\202\320\265\320\273\321\214 \320\275\320\265 \320\275\320\260\320\271\320\264\320\265\320\275" },
	{ AT, "550 No such user or insufficient permission" },
	{ AT, "550 your account does not exist on this server" },
	{ RCPT, "550 sender <x@third.example> does not exist" },
	{ MAIL, "550 sorry no such domain" },
	{ RCPT, "550 5.1.1 IP 192.0.2.3 not found in DNS" },
	{ AT, "550 5.1.1 Unknown user (password expired)" },
	{ RCPT, "550 5.7.1 <list@us.example>: user unknown" },
	{ RCPT, "550 5.1.1 mailbox is over its quota, user not found" },
	{ AT, "550 5.1.1 could not find user in LDAP" },
	{ RCPT, "550 Recipient not in whitelist" },
	{ AT, "550 5.1.1 not permitted: unknown recipient" },
	{ RCPT, "550 Rejected: mailbox does not accept bulk mail" },
	{ RCPT, "550 5.1.1 Mailbox unavailable, try again later" },
	{ RCPT, "550 no valid cert for TLS user" },
	{ RCPT, "550 domain us.example not found" },
	{ RCPT, "550 domain of list@us.example not found" },
	{ AT, "554 5.4.4 unable to route" },
	{ AT, "connect to theirs.example[192.0.2.1]:25: Connection timed out" },
	{ AT, "554 rejected due to SPF: domain does not exist" },
	{ AT, "550 Email rejected per DMARC policy for us.example: user not found" },
	{ AT, "5.1.1 smtp; 550 4.4.7 QUEUE.Expired; message expired" },
	{ AT, "550-5.2.1 The email account that you tried to reach is inactive" },
	{ RCPT, "550 deactivated mailbox, user doesn't exist" },
	{ RCPT, "550 Caixa postal cheia, usu\303\241rio desconhecido" },
	{ RCPT, "550 Usuario con buz\303\263n lleno" },
	{ RCPT, "550 5.1.1 The recipient server is not responding to our queries" },
	{ RCPT, "550 Message is invalid: address in header is not valid" },
	{ AT, "550 Invalid destination mailbox size" },
	{ AT, "550 recipient has closed the conversation" },
	{ AT, "550 host not found for client" },
	{ AT, "550 No such file: message was deleted by the user" },
	{ AT, "550 unknown user status" },
	{ AT, "554 email deleted by filter" },
	{ AT, "550 your mail was deleted, account administrator notified" },
	{ AT, "550 not a valid message for this recipient" },
	{ AT, "550 your message is invalid for recipient" },
	{ AT, "554 Invalid mail address syntax in From" },
	{ AT, "550 illegal attachment to user" },
	{ AT, "Your mail to ann@theirs.example was deleted unread" },
	{ AT, "550 invalid charset for recipient" },
	{ AT, "550 The user has closed their mailbox for holiday" },
	{ AT, "550 user ann@theirs.example has been removed from the mailing list" },
	{ AT, "550 SMTP error: the mail address is undefined in the routing table" },
	{ AT, "This address no longer accepts mail." },
	{ AT, "550-Callout verification failed: 550 user unknown" },
	{ AT, "User not local; please try ann@elsewhere.example" },
	{ AT, "550 5.0.0 Recipient verification failed" },
	{ AT, "550 The recipient cannot be verified. Please check all recipients of this message to verify they are valid." },
	{ AT, "smtp; 550 5.1.1 unknown recipient <ann@theirs.example>: list@us.example" },
	{ AT, "550 Message from list@us.example: no such user ann@theirs.example" },
	{ AT, "550 cannot deliver mail from list@us.example to ann@theirs.example: unknown recipient" },
	{ AT, "550 5.4.312 Message expired, DNS query failed" },
	{ AT, "Message blocked. Your message to ann@theirs.example has been blocked." },
	{ AT, "Recipient inbox full" },
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

static void test_gone(const struct text *v, size_t n, bool want)
{
	for (size_t i = 0; i < n; i++) {
		struct outcome o = judge(&(struct reply_case){ OUTCOME_NONE, v[i].stage, v[i].text });

		check((o.bounce == OUTCOME_BOUNCE_HARD) == want, "%s, %shard: %.60s", outcome_reason_name(o.reason),
			want ? "" : "not ", v[i].text);
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
	test_gone(gone, sizeof gone / sizeof *gone, true);
	test_gone(not_gone, sizeof not_gone / sizeof *not_gone, false);
	test_stages();
	test_shared();
	test_found_stage();
	test_follow();
	return tap_done();
}
