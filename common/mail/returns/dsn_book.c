#include <config.h>

#include "mail/returns/dsn_book.h"

#include <stdatomic.h>

#include "base/mem.h"

/* The tables in one automaton (Aho and Corasick, 1975) with a full row of moves for each state: it never goes back. */

static const struct {
	enum dsn_table table;
	const char *phrases; /* lower case, "|" between them */
} tables[] = {
	{ DSN_INTRO,
		"following address|following recipient|following user|following e-mail|following email|list of recipients|"
		"recipient(s)|address(es)|user(s) |addresses failed|failed addresses|failed recipients|affected recipient|"
		"were affected|fatal errors|delivery errors|delivery problems|failure reasons|non-delivered information|"
		"not delivered to|was not delivered|deliver your message|deliver message|to this address|to email address|"
		"undeliver|could not be delivered|couldn't be delivered|cannot be delivered|can not be delivered|"
		"not be delivered|unable to deliver|permanent error|permanent fail|did not reach|not receive|"
		"failed permanently|recipients failed|could not be reached|cannot be reached|e-mail address|"
		"delivery notifications|these recipients|delivery has failed|had delivery|have failed|"
		"pas pu etre delivre|pas pu être|échec de la remise|n'a pas été|"
		"no pudo ser entregado|no se pudo entregar|error de entrega|no se ha podido|"
		"konnte nicht zugestellt|nicht zugestellt|fehler aufgetreten|nachrichtenzustellung|folgende empf|"
		"impossibile recapitare|recapito non riuscito|non è stato|falha na entrega|não foi poss|"
		"niet worden bezorgd|niet bezorgd|bezorging|nie może zostać|nie dostarczono|"
		"не может быть|"
		"не доставлен|"
		"退回|无法送达|"
		"配信に失敗|配信でき|"
		"届けられ|전송 실패" },
	{ DSN_PHRASE,
		"recipient:|recipient address:|original address:|undeliverable address|undeliverable to|undeliverable  to|"
		"intended recipient|error-for:|unknown user|user unknown|expanded from|generated from|addressed to|"
		"was addressed|delivery userid|delivery failed|unable to deliver|not be delivered|couldn't be delivered|"
		"cannot be delivered|not delivered to|error delivering|failed to deliver to|rejected recipient|"
		"failed address:|your message to|your mail to|your email to|your e-mail to|has reached our local address|"
		"mailbox is full|quota violation for|smtp=|no such user|no such local user|following recipient:|"
		"local mailbox|automatically rejected|wasn't delivered to|delivery to|doesn't have|over quota|"
		"address rejected|unknown address|address: <|[smtp:" },
	{ DSN_ASK,
		"contact|assistance|send mail to|postmaster|please reply|mailer-daemon|helpdesk|try emailing|mailto:|"
		"write to|questions" },
	{ DSN_DELAY,
		"warning message only|this is a warning only|has been delayed|not yet been delivered|not yet delivered|"
		"message is delayed|will be retried|will continue|continue to attempt|attempts will continue|"
		"has been postponed|will keep trying|still being retried|no need to resend|do not need to resend|will retry|"
		"will be notified if|delivery is delayed|still being attempted|advisory notice only|be notified if the delivery fails|"
		"delivery incomplete|will try to deliver|wird weiter versucht|weitere zustellversuche|tentatives se poursuiv|"
		"will attempt delivery|delivery will be attempted|will be attempted again" },
	{ DSN_CHALLENGE,
		"confirm your message|confirm your email|confirm your e-mail|confirm that you are|verify that you are|"
		"verify your identity|to prove that you are|one-time confirmation|challenge-response|challenge/response" },
	{ DSN_END,
		"below this line|original message|message follows|copy of the message|copy of your message|"
		"copy of the first part|copy of the mail|returned mail|returned message|header follows|headers follow|"
		"text follows|unsent message|mensaje original|forwarded message|message reads|header of the|"
		"header and top|headers of the|lines of the message follow|lines of your original|message header|"
		"next line is a copy|old message|nachrichtenkopfzeilen|nachrichtenkopf|ursprüngliche nachricht|"
		"message d'origine|messaggio originale|mensagem original|oorspronkelijk bericht|original mail info" },
	{ DSN_ALIAS, "expanded from|generated from" },
	{ DSN_WHOM,
		"recipient|deliver|mailbox|user|account|failed|address|rejected|empfänger|destinat|ontvanger|odbiorc|"
		"mottagar|modtager|vastaanottaj|получател|"
		"адресат|收件人|"
		"收信人|宛先|受信者|"
		"받는|수신" },
	{ DSN_FAILURE,
		"undeliver|delivery fail|failure delivery|failure notice|delivery has failed|delivery failure|returned mail|mail failed|"
		"failed mail|delivery status|delivery notification|delivery report|could not be delivered|not delivered|"
		"non-delivery|nondelivery|non delivery|mail error|delivery problem|processing error|delivery error|user unknown|"
		"mail system error|unzustellbar|non remis|rejected mail|mail failure|nicht zugestellt|no entregado|bounce|"
		"error sending your mail|message rejected|mail rejected|could not deliver|unable to deliver|"
		"message you sent blocked|non recapitabile|mancato recapito|não entreg|onbestelbaar|niet bezorgd|"
		"niedostarcz|nie dostarczono|olevererbar|ikke leveret|kunne ikke leveres|undelivered|"
		"недоставлен|"
		"не доставлен|"
		"退信|配信不能|전송 실패" },
	{ DSN_SERVER,
		"mailer-daemon|mailerdaemon|mail delivery|mail-daemon|postmaster|post_master|mdaemon|delivery subsystem|"
		"delivery system|delivery service|system administrator|mail administrator|mail deliver system|"
		"mail server at|<>|<@>" },
	{ DSN_FATAL,
		"failed permanently|permanent failure|permanent error|giving up|given up|has failed|delivery failed|"
		"delivery expired|could not be delivered|undeliverable" },
};

struct machine {
	unsigned char class_of[256]; /* 0: an octet that is in no phrase */
	unsigned classes;
	unsigned short *moves; /* states * classes */
	unsigned *found;       /* tables, by state */
	unsigned states;
};

static void add_class(struct machine *m, unsigned char c)
{
	if (m->class_of[c] != 0)
		return;
	m->class_of[c] = (unsigned char)m->classes;
	if (c >= 'a' && c <= 'z')
		m->class_of[c - 'a' + 'A'] = (unsigned char)m->classes;
	m->classes++;
}

static size_t count(struct machine *m)
{
	size_t octets = 1;

	m->classes = 1;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (const char *p = tables[i].phrases; *p != '\0'; p++)
			if (*p != '|') {
				add_class(m, (unsigned char)*p);
				octets++;
			}
	return octets;
}

static unsigned short *move(const struct machine *m, unsigned state, unsigned class)
{
	return &m->moves[state * m->classes + class];
}

static void add_phrase(struct machine *m, struct str phrase, enum dsn_table table)
{
	unsigned state = 0;

	for (size_t i = 0; i < phrase.n; i++) {
		unsigned short *next = move(m, state, m->class_of[(unsigned char)phrase.p[i]]);

		if (*next == 0)
			*next = (unsigned short)m->states++;
		state = *next;
	}
	m->found[state] |= table;
}

/* Breadth first: every missing move becomes the move of the longest other beginning that fits. */
static void complete(struct machine *m)
{
	unsigned short *queue = mem_array(m->states, sizeof *queue);
	unsigned short *fail = mem_array(m->states, sizeof *fail);
	unsigned n = 0;

	for (unsigned c = 0; c < m->classes; c++)
		if (*move(m, 0, c) != 0)
			queue[n++] = *move(m, 0, c);
	for (unsigned at = 0; at < n; at++) {
		unsigned state = queue[at];

		m->found[state] |= m->found[fail[state]];
		for (unsigned c = 0; c < m->classes; c++) {
			unsigned short other = *move(m, fail[state], c);
			unsigned short *next = move(m, state, c);

			if (*next == 0) {
				*next = other;
			} else {
				fail[*next] = other;
				queue[n++] = *next;
			}
		}
	}
	mem_free(queue);
	mem_free(fail);
}

static struct machine *make(void)
{
	struct machine *m = mem_array(1, sizeof *m);
	size_t octets = count(m);

	m->moves = mem_array(octets * m->classes, sizeof *m->moves);
	m->found = mem_array(octets, sizeof *m->found);
	m->states = 1;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (struct str rest = str_of(tables[i].phrases); rest.n > 0;)
			add_phrase(m, str_cut(&rest, '|'), tables[i].table);
	complete(m);
	return m;
}

static const struct machine *machine(void)
{
	static _Atomic(struct machine *) made;
	struct machine *m = atomic_load(&made);
	struct machine *none = NULL;

	if (m != NULL)
		return m;
	m = make();
	if (atomic_compare_exchange_strong(&made, &none, m))
		return m;
	mem_free(m->moves); /* another thread was faster */
	mem_free(m->found);
	mem_free(m);
	return none;
}

unsigned dsn_book(struct str s)
{
	const struct machine *m = machine();
	unsigned found = 0;
	unsigned state = 0;

	for (size_t i = 0; i < s.n; i++) {
		state = *move(m, state, m->class_of[(unsigned char)s.p[i]]);
		found |= m->found[state];
	}
	return found;
}
