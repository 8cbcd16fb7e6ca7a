#include <config.h>

#include "mail/returns/dsn_state.h"

/*
 * What makes a bounce hard: words or a status that say that the recipient or its domain does not
 * exist, and nothing beside it that speaks of something else. All tables are in lower case; names
 * of hosts, addresses and links are taken out of the text before it is compared, since they say
 * "relay", "spam" or "block" for reasons of their own.
 */
static const char gone[] =
	/* the recipient */
	"user unknown|unknown user|user is unknown|user not known|user name is unknown|"
	"unknown local user|unknown recipient|recipient unknown|recipient is unknown|"
	"recipient not known|unknown address|address unknown|address is unknown|"
	"unknown addressee|addressee unknown|unknown mailbox|mailbox unknown|mailbox is unknown|"
	"unknown account|account unknown|account is unknown|unknown local part|"
	"unknown local-part|unknown or illegal|unknown destination address|unknown mail address|"
	"unknown email|unknown e-mail|no such user|no such mailbox|no such recipient|"
	"no such address|no such account|no such person|no such local user|no such email|"
	"no such e-mail|no mailbox here|no mailbox by that name|no account by that name|"
	"no user by that name|no user with that name|there is no user|doesn't have a account|"
	"doesn't have an account|does not have an account|does not have a account|doesn't exist|"
	"doesnt exist|does not exist|do not exist|not exist here|user not exist|"
	"mailbox not exist|recipient not exist|account not exist|address not exist|nonexistent|"
	"non-existent|non existent|no longer exist|no longer valid|no longer in use|"
	"no longer on server|no longer works|no longer employed|has left the company|"
	"not a valid user|not a valid mailbox|not a valid recipient|not a valid address|"
	"not a known user|not a user here|not our user|not our customer|invalid recipient|"
	"invalid mailbox|invalid user|invalid final delivery userid|user invalid|user is invalid|"
	"recipient is invalid|bad destination mailbox|bad mailbox|user not found|"
	"recipient not found|mailbox not found|address not found|account not found|"
	"user was not found|recipient was not found|couldn't be found|address could not be found|"
	"user could not be found|recipient could not be found|not found by smtp address lookup|"
	"not listed in domino|not listed in public name|not listed in domain|"
	"recipient name is not recognized|recipient not recognized|user not recognized|"
	"not known here|not known at this|account has been deleted|account is deleted|"
	"account deleted|account has been closed|account closed|account has been discontinued|"
	"mailbox has been deleted|mailbox has been removed|user has been deleted|"
	"user has been removed|user terminated|nosuchuser|"
	/* its domain */
	"no such domain|no such host|couldn't find any host|nxdomain|unrouteable address|"
	"unroutable address|unknown host|host unknown|host not found|domain not found|"
	"unknown domain|domain unknown|domain name not found|bad destination host|"
	"bad destination system|nullmx|null mx|domain does not accept mail|"
	/* in other languages */
	"n'existe pas|n'existent pas|utilisateur inconnu|destinataire inconnu|adresse inconnue|"
	"empfaenger unbekannt|empf\xc3\xa4nger unbekannt|benutzer unbekannt|"
	"benutzer nicht bekannt|existiert nicht|adresse unbekannt|utente sconosciuto|"
	"destinatario sconosciuto|non esiste|usuario desconocido|destinatario desconocido|"
	"no existe|usuario inexistente|n\xc3\xa3o existe|bestaat niet|nie istnieje";

/* What turns any of the above, and a status too, into a soft bounce. */
static const char other[] =
	/* no room */
	"quota|overquota|mailbox full|mailbox is full|mail box full|mail box is full|"
	"mailfolder is full|folder is full|inbox is full|full mailbox|mailbox size|disk space|"
	"disk full|over limit|space not enough|not enough space|insufficient|storage|"
	"too much mail|exceed|size limit|too large|too big|too long|"
	/* what they think of us, or of the message */
	"block|blacklist|black list|denylist|deny list|rbl|dnsbl|is listed|was listed|"
	"been listed|listed at|listed by|listed on|reputation|spam|antispam|junk|unsolicited|"
	"unwanted|suspicious|policy|policies|banned|prohibit|not permitted|not allowed|"
	"not authorized|not authorised|unauthorized|unauthenticated|authenticat|password|"
	"credential|denied|forbidden|administrativ|spf|dkim|dmarc|reverse dns|rdns|ptr|helo|ehlo|"
	"your domain|your ip|your server|your host|your mail server|your mailserver|client host|"
	"virus|antivirus|malware|infected|phish|message content|content reject|content filter|"
	"header|message-id|url|attachment type|attachment not|attachments not|"
	"contains attachment|greylist|graylist|moderat|restricted|only accept|accepts mail only|"
	"accepts messages only|not accepting|accepting mail|challenge|not collected|"
	"not been collected|"
	/* where we come from */
	"relaying|relay access|relay denied|relay not|to relay|not relay|mail from|from address|"
	"from domain|from field|from line|from unknown|return path|return-path|envelope from|"
	"envelope sender|sending domain|sending host|sending server|originat|sender address|"
	"sender verif|sender domain|sender host|sender callout|sender reject|sender denied|"
	"sender is|sender not|sender id|sender's|sender does|sender doesn|sender must|the sender|"
	"of sender|verify sender|invalid sender|bad sender|unknown sender|sender unknown|"
	"callback|callout|remitente|mittente|absender|exp\303\251diteur|expediteur|remetente|"
	/* for now */
	"try again|try later|temporar|deferred|rate limit|too many|throttl|timed out|timeout|"
	"time out|time-out|connection|no answer|not respond|unreachable|maintenance|loop|hops|"
	"hop count|expired|queue too long|"
	/* a mailbox that is there, and sleeps */
	"suspend|disabled|inactive|deactivated|locked|frozen";

/* Is word in text, at the start of a word of it? */
static bool has_word(struct str text, struct str word)
{
	while (text.n >= word.n) {
		size_t at = str_search(text, word);

		if (at == text.n)
			return false;
		if (at == 0 || !(ascii_alpha(text.p[at - 1]) || ascii_digit(text.p[at - 1])))
			return true;
		text = str_sub(text, at + 1, text.n);
	}
	return false;
}

static bool has_any(struct str text, const char *words)
{
	for (struct str rest = str_of(words); rest.n > 0;)
		if (has_word(text, str_cut(&rest, '|')))
			return true;
	return false;
}

/* A word that is a name and says nothing: an address, a link, a host (letters on both sides of a
 * dot). */
static bool is_name(struct str word)
{
	if (str_find(word, '@') < word.n || str_search(word, STR_LIT("://")) < word.n)
		return true;
	for (size_t i = 1; i + 1 < word.n; i++)
		if (word.p[i] == '.' && (ascii_alpha(word.p[i + 1]) || ascii_digit(word.p[i + 1])) &&
			(ascii_alpha(word.p[i - 1]) || ascii_digit(word.p[i - 1])))
			return true;
	return false;
}

static bool ends_word(char c)
{
	return ascii_blank(c) || c == '\r' || c == '\n';
}

/* text in lower case, blanks as one, without names; what Exchange and Gmail say in names is said in
 * words. */
static void plain_words(struct buf *out, struct str text)
{
	while (text.n > 0) {
		size_t n = 0;

		while (n < text.n && !ends_word(text.p[n]))
			n++;
		struct str word = str_sub(text, 0, n);

		text = str_sub(text, n + 1, text.n);
		if (str_isearch(word, STR_LIT("RecipientNotFound")) < word.n ||
			str_isearch(word, STR_LIT("RecipNotFound")) < word.n)
			buf_add_text(out, "recipient not found ");
		else if (str_isearch(word, STR_LIT("NoSuchUser")) < word.n)
			buf_add_text(out, "no such user ");
		if (word.n == 0 || is_name(word))
			continue;
		for (size_t i = 0; i < word.n; i++)
			buf_add_char(out, ascii_lower(word.p[i]));
		buf_add_char(out, ' ');
	}
}

struct str dsn_find_status(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		size_t n = i;
		unsigned dots = 0;
		bool inside = i > 0 && (ascii_digit(s.p[i - 1]) || s.p[i - 1] == '.');

		if (inside || (s.p[i] != '2' && s.p[i] != '4' && s.p[i] != '5') || i + 4 >= s.n || s.p[i + 1] != '.')
			continue;
		while (n < s.n && (ascii_digit(s.p[n]) || (s.p[n] == '.' && n + 1 < s.n && ascii_digit(s.p[n + 1]))))
			dots += s.p[n++] == '.';
		if (dots == 2 && n - i <= 9)
			return str_sub(s, i, n - i);
	}
	return STR_NONE;
}

/* No such mailbox, no such domain, an address that can be none, moved and gone, a domain without
 * mail. */
static bool is_gone_status(struct str status)
{
	return str_among(status, "5.1.1 5.1.2 5.1.3 5.1.6 5.1.10");
}

/*
 * A state of affairs for which the recipient cannot be blamed, whatever else is said: the sender's
 * address (5.1.7, 5.1.8), a full mailbox, a size, loops and old age, content, and what has to do
 * with security beyond the general 5.7.0 and 5.7.1, which are put before any words.
 */
static bool is_other_status(struct str status)
{
	if (str_among(status, "5.1.7 5.1.8 5.1.9 5.2.2 5.2.3 5.2.4 5.3.4 5.4.6 5.4.7 5.4.14"))
		return true;
	return str_starts(status, STR_LIT("5.6.")) ||
		(str_starts(status, STR_LIT("5.7.")) && !str_among(status, "5.7.0 5.7.1"));
}

/* Says no more than "failed": the text may know better. */
static bool is_vague_status(struct str status)
{
	return status.n == 0 || str_among(status, "5.0.0 5.1.0 5.3.0 5.5.0");
}

/* Exchange Online's word for a recipient that its directory does not have, which sounds like
 * something else. */
static bool is_edge_block(struct str text)
{
	return str_search(text, STR_LIT("5.4.1")) < text.n &&
		str_isearch(text, STR_LIT("recipient address rejected: access denied")) < text.n;
}

/* A reply 4yz without an enhanced status, at the start of the text or where a relay quotes it. */
static bool is_later(struct str text)
{
	size_t at = str_isearch(text, STR_LIT("said: "));

	text = str_sub(text, at < text.n ? at + 6 : 0, text.n);
	return text.n >= 3 && text.p[0] == '4' && ascii_digit(text.p[1]) && ascii_digit(text.p[2]) &&
		(text.n == 3 || text.p[3] == ' ' || text.p[3] == '-');
}

enum dsn_evidence dsn_weigh(struct str status, struct str text)
{
	struct str said = dsn_find_status(text);
	struct buf words = { .limit = 8192 };
	enum dsn_evidence evidence = EVIDENCE_NONE;

	/* The server's own words count for more than the status that a relay made of them. */
	if (said.n > 0 && (is_vague_status(status) || said.p[0] == '4' || !is_vague_status(said)))
		status = said;
	plain_words(&words, str_sub(text, 0, 4000));
	struct str plain = buf_str(&words);

	if ((status.n > 0 && status.p[0] == '4') || is_later(text) || is_other_status(status))
		evidence = EVIDENCE_SOFT;
	else if (is_edge_block(text))
		evidence = EVIDENCE_GONE;
	else if (has_any(plain, other))
		evidence = EVIDENCE_SOFT;
	else if (has_any(plain, gone) || is_gone_status(status))
		evidence = EVIDENCE_GONE;
	else if (!is_vague_status(status))
		evidence = EVIDENCE_SOFT;
	buf_free(&words);
	return evidence;
}

enum dsn_class dsn_judge(struct str status, struct str diagnostic)
{
	status = dsn_find_status(status);
	if (status.n > 0 && status.p[0] == '2')
		return DSN_NOTHING;
	return dsn_weigh(status, diagnostic) == EVIDENCE_GONE ? DSN_HARD : DSN_SOFT;
}
