#include <config.h>

#include "mail/returns/dsn_state.h"

/* Is a line the wish to be left alone? Only where nothing else can be meant: who asks about it wants an answer. */

/* What people put before it. */
static const char polite[] =
	"re:|aw:|sv:|antw:|rv:|r:|tr:|fwd:|fw:|wg:|please|pls|kindly|bitte|por favor|s'il vous plaît|"
	"per favore|prosze|proszę|i want to|i wish to|i would like to|i'd like to|ich möchte mich|"
	"je veux me|je souhaite me|quiero|could you|can you|just";

/* The whole of it, or nearly: words that mean other things in longer sentences. */
static const char whole[] =
	"stop|stopp|remove|cancel|leave|signoff|sign off|quit|delete me|optout|opt out|opt-out|arret|arrêt|"
	"arrêter|baja|basta|stop please|remove please|stop emails|stop mail|stop mails|stop newsletter|"
	"remove me please|end|no more|no more mail|no more emails|"
	"kein newsletter mehr|keine mails mehr|keine e-mails mehr|отписка|Отписка|стоп|Стоп|СТОП|退订|退訂|取消订阅|配信停止|"
	"解除|수신거부|구독 취소";

/* How it begins. */
static const char wishes[] =
	"unsubscribe|unsubscribeme|unsubscribing|unsub|unsuscribe|unsubcribe|opt-out|optout|opt out|opt me out|remove me|"
	"remove from list|remove from the list|remove from mailing|remove my|take me off|leave list|leave the list|"
	"stop sending|stop emailing|stop mailing|do not email me|do not mail me|don't email me|no longer wish to receive|"
	"abmelden|abmeldung|abbestellen|abbestellung|austragen|newsletter abmelden|newsletter abbestellen|newsletter kündigen|"
	"aus der liste|aus dem verteiler|desinscription|désinscription|désinscrire|desinscrire|désabonner|desabonner|"
	"désabonnement|desabonnement|me désinscrire|me désabonner|desuscribir|desuscribirme|desuscribirse|darme de baja|"
	"dar de baja|darse de baja|cancelar suscripción|cancelar suscripcion|cancelar la suscripción|cancelar inscrição|"
	"cancelar assinatura|descadastrar|remover|disiscrivimi|disiscrizione|disiscrivi|cancellami|cancellazione|"
	"annulla iscrizione|uitschrijven|afmelden|afmelding|avregistrera|avprenumerera|avanmäl|afmeld|avmeld|peruuta tilaus|"
	"wypisz|wypisanie|rezygnacja|rezygnuję|odhlásit|odhlasit|odjava|odjavi|leiratkozas|leiratkozás|dezabonare|dezaboneaza|"
	"отписаться|Отписаться|отпишите|Отпишите|отписать|Отписать|відписатися|abonelikten çık|aboneliği iptal|退订|退訂|取消订阅|取消訂閱|配信停止|"
	"購読解除|登録解除|수신거부|구독 취소|구독취소";

/* What confirms, asks, or is about the thing itself. */
static const char others[] =
	"confirm|confirmed|confirmation|success|successful|successfully|complete|completed|done|link|links|button|broken|work|"
	"works|working|how|why|where|when|page|problem|error|cannot|can't|doesn't|does not|unable|failed|"
	"not working|funktioniert|fehler|marche pas|no funciona|non funziona";

struct str dsn_first_line(struct str text)
{
	while (text.n > 0) {
		struct str line = str_trim(str_cut(&text, '\n'));

		if (line.n > 0 && line.p[0] != '>')
			return line;
	}
	return STR_LIT("");
}

static bool ends_word(struct str s, size_t at)
{
	return at >= s.n || !(ascii_alpha(s.p[at]) || (unsigned char)s.p[at] >= 0x80);
}

/* How long the longest of the words is that s begins with; 0: none. */
static size_t begins_with(struct str s, const char *words)
{
	size_t longest = 0;

	for (struct str rest = str_of(words); rest.n > 0;) {
		struct str word = str_cut(&rest, '|');
		bool script = (unsigned char)word.p[0] >= 0xe2; /* written without blanks */

		if (word.n > longest && str_istarts(s, word) &&
			(script || word.p[word.n - 1] == ':' || ends_word(s, word.n)))
			longest = word.n;
	}
	return longest;
}

static struct str without_ends(struct str s)
{
	s = str_trim(s);
	while (s.n > 0 && strchr("!.,;:\"'*()[]<>", s.p[s.n - 1]) != NULL)
		s = str_trim(str_sub(s, 0, s.n - 1));
	while (s.n > 0 && strchr("\"'*([<", s.p[0]) != NULL)
		s = str_trim(str_sub(s, 1, s.n));
	return s;
}

static bool says_other(struct str rest)
{
	if (str_find(rest, '?') < rest.n)
		return true;
	while (rest.n > 0) {
		if (begins_with(rest, others) > 0)
			return true;
		(void)str_cut(&rest, ' ');
		rest = str_trim(rest);
	}
	return false;
}

bool dsn_is_wish(struct str s)
{
	bool asks = str_ends(str_trim(s), STR_LIT("?"));
	size_t n;

	s = without_ends(s);
	while ((n = begins_with(s, polite)) > 0)
		s = without_ends(str_sub(s, n, s.n));
	if (s.n == 0 || s.n > 200 || asks)
		return false;
	if (dsn_is(s, whole))
		return true;
	n = begins_with(s, wishes);
	return n > 0 && !says_other(str_trim(str_sub(s, n, s.n)));
}
