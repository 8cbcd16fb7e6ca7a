#include <config.h>

#include "mail/returns/outcome_state.h"

/*
 * What servers say and what it means. Long because it is a table: one rule a line, and a new wording is one more.
 *
 * Order matters only among the rules by status, fallback and code: the first that holds is taken. Words are matched
 * against all rules; a longer phrase overrules a shorter one inside it, and of what is left the reason that stands
 * first in enum outcome_reason counts. tests/unit/outcome.c plays every alternative of every rule.
 */

/* clang-format off */
const struct outcome_class outcome_classes[] = {
	/* Takes away what stands inside it. The first class, see outcome.c. */
	{ "$nothing", "return* to sender|returned to the sender|message to sender|notify the sender|inform the sender|unknown error|unknown reason|"
		"unknown failure|unknown problem|not known whether|for unknown|invalid response|header follows|headers follow|including all headers|with full headers|all headers|including headers|file attachments|spam filter said ok|"
		"if the sender|contact the sender|your message to the recipient|unknown status|unknown mail transport error|address family|user status|unknown client|and try again|despite repeated attempts|unknown user agent|user agent|unknown content" },

	/* Whatever a mailbox and its owner are called. */
	{ "$box", "user|users|username|user name|userid|user id|mailbox|mail box|mailboxes|mail user|recipient|recipients|addressee|address|addresses|email address|"
		"e mail address|mail address|account|accounts|inbox|alias|aliases|person|local part|localpart|customer|member|employee|mail drop|maildrop|"
		"destination|login name|<rcpt>|<address>|virtual user|local user|"
		"destinatari*|destinatar|destinataire*|adresse|adresses|adresse email|boite aux lettres|boite|utilisateur|compte|usuario|direccion|buzon|cuenta|correo|"
		"utente|indirizzo|casella|account di posta|caixa postal|caixa de correio|conta|endereco|usuario|utilizador|"
		"benutzer*|empfanger*|empfaenger*|postfach|konto|teilnehmer|nutzer|mailadresse|emailadresse|mailkonto|"
		"gebruiker*|ontvanger*|postbus|adres|geadresseerde|odbiorc*|uzytkownik*|skrzynk*|adresat*|"
		"пользовател*|получател*|адрес*|ящик*|абонент*|учетн*|користувач*|отримувач*|скриньк*|"
		"kullanici*|alici*|hesap|posta kutusu|felhasznalo*|cimzett*|postafiok*|mottagare*|anvandare*|brevlada*|modtager*|bruger*|postkasse*|mottaker*|bruker*|"
		"vastaanottaja*|kayttaja*|postilaatikko*|osoite*|uzivatel*|prijemce*|schranka*|schranku|primatelj*|korisnik*|destinatarul|utilizatorul|casuta|"
		"用户|用戶|收件人|收信人|邮箱|郵箱|信箱|使用者|帐号|账号|帳號|邮件地址|ユーザ|宛先|受信者|アドレス|メールボックス|アカウント|사용자|수신자|수신인|메일함|계정|주소" },

	/* That it is not there. */
	{ "$gone", "unknown|not known|unrecognized|unrecognised|not recognized|not recognised|not found|notfound|couldnt be found|could not be found|cannot be found|"
		"cant be found|was not found|wasnt found|were not found|isnt found|not be located|does not exist|doesnt exist|do not exist|dont exist|"
		"did not exist|didnt exist|not exist|not exists|dont exists|doesnt exists|not existing|does not exists|nonexist*|non exist*|inexist*|no longer exist*|no longer in use|"
		"no longer on server|no longer on this server|no longer in service|no such|not a known|bad destination|no mail box available|not hosted here|marked as invalid|"
		"unbekannt*|nicht bekannt|nicht gefunden|existiert nicht|existieren nicht|nicht vorhanden|nicht existent|gibt es nicht|"
		"inconnu*|nexiste pas|n existe pas|nexistent pas|n existent pas|nexiste plus|n existe plus|introuvable|non trouve*|pas ete trouve*|"
		"no existe|no existen|desconocid*|no encontrad*|no fue encontrad*|no ha sido encontrad*|no se ha encontrado|no se encontro|no se encuentra|ya no existe|"
		"sconosciut*|non esiste|non esistono|non trovat*|nao existe|nao encontrad*|desconhecid*|"
		"onbekend*|bestaat niet|niet gevonden|niet bekend|nieznan*|nie istnieje|nie znaleziono|nie zostal znaleziony|nie ma takie*|"
		"не существует|не існує|неизвест*|невідом*|не найден*|не знайден*|нет такого|не зарегистрирован*|несуществ*|"
		"bulunamadi|mevcut degil|bilinmeyen|bilinmiyor|ismeretlen|nem letezik|nem talalhato|nincs ilyen|okand*|finns inte|existerar inte|ukendt*|findes ikke|eksisterer ikke|"
		"ukjent*|finnes ikke|tuntematon|ei ole olemassa|ei loydy*|neznam*|neexistuj*|nenalezen*|ne postoji|nepoznat*|necunoscut*|nu exista|"
		"不存在|未知|无此|無此|找不到|查无|查無|存在しません|存在しない|見つかりません|不明|존재하지|없는|없습니다|찾을 수" },

	/* What may be said of many things, and means this only right beside a mailbox. */
	{ "$own", "user|username|user name|userid|mailbox|mail box|recipient|recipient address|addressee|address|email address|e mail address|mail address|account|inbox|alias|local part|"
		"destination address|destination mailbox|<rcpt>|<address>" },
	{ "$bad", "invalid|illegal|is invalid|was invalid|not valid|is not valid|isnt valid|no longer valid|is no longer valid|not a valid|is not a valid|not a legal" },
	{ "$mailbox", "user|mailbox|mail box|account|inbox|alias|email address|e mail address|mailbox <rcpt>|account <rcpt>|mailbox for <rcpt>" },
	{ "$removed", "deleted|is deleted|was deleted|has been deleted|been deleted|removed|was removed|has been removed|terminated|is terminated|was terminated|has been terminated|closed|is closed|was closed|"
		"has been closed|been closed|is discontinued|has been discontinued|been discontinued|not in service|is not here|not here" },
	{ "$ungultig", "ungultig*|ungueltig*|geloscht|geloescht|invalide|invalides|nest pas valide|n est pas valide|supprime|supprimee|invalida|invalido|no valida|no valido|no es valida|no es valido|errado|errada|"
		"errato|non valido|non valida|nieprawidlow*|ongeldig*|удален|удалена|недействителен|отсутствует|gecersiz|ervenytelen|ogiltig*|ugyldig*|neplatn*|nevazec*|无效|無效|不正确|已注销|無効です" },

	/* A domain that is not there, or has no mail. */
	{ "$nodom", "no such domain|no such host|unknown host|host unknown|host is unknown|host not found|hostname not found|domain not found|domain name not found|host or domain name not found|"
		"unknown domain|domain unknown|domain is unknown|nxdomain|null mx|nullmx|no mx|no mx record*|has no mx|no valid mx|no a or mx|no valid a or mx|no a mx|no mail exchanger*|no mail server for|"
		"no mail hosts for|couldnt find any host|could not find any host|cannot resolve|can not resolve|could not be resolved|couldnt be resolved|unable to resolve|does not resolve|doesnt resolve|"
		"not resolve|name or service not known|no dns entry|has no mail exchang*|bad destination host|bad destination system|invalid domain|domain invalid|domain does not exist|"
		"domain doesnt exist|dns domain does not exist|non existent domain|nonexistent domain|non existent host*|nonexistent host*|nonexistentdomain|infodomainnonexistent|host does not exist|domaine inconnu|"
		"domaine inexistant|dominio no existe|dominio inexistente|dominio desconocido|dominio inesistente|dominio sconosciuto|dominio nao existe|domain existiert nicht|unbekannte domain|"
		"domain unbekannt|domain nicht gefunden|домен не найден|домен не существует|域名不存在|域名错误|ドメインが存在|ドメインが見つかりません" },

	/* Whoever sends, and what is his. */
	{ "$us", "sender|senders|sender address|from address|from header|from field|from line|from domain|header from|mail from|mailfrom|mfrom|return path|reverse path|envelope from|originator|in from|in the from|"
		"your domain|your account|your address|your mailbox|your email address|sending domain|sending address|sending user|sending account|the from|author|<us>|"
		"absender*|expediteur*|emetteur*|remitente*|mittente*|remetente*|afzender*|nadawc*|отправител*|відправник*|gonderen*|gonderici*|felado*|avsandar*|avsender*|afsender*|lahettaj*|"
		"odesilatel*|odesilatele|posiljatelj*|expeditor*|发件人|寄件者|寄件人|发信人|差出人|送信者|送信元|발신자|보낸" },

	/* The machine that sends. */
	{ "$machine", "your ip|your server|your host|your mail server|your mailserver|your hostname|your host name|your reverse dns|your rdns|sending host|sending server|sending ip|sender ip|senders ip|"
		"senders server|client host|client ip|connecting host|connecting ip|connecting server|remote ip|source ip|originating ip|helo|ehlo|helo name|ehlo name|ptr|rdns|reverse dns|reverse lookup|"
		"reverse hostname|votre ip|votre adresse ip|ihre ip|su ip|tu ip|il tuo ip|seu ip|адрес ip|ip адрес*" },

	{ "$ip", "ip|ips|ip address|ip addresses|<ip>|client|clients" },

	{ "$refused", "rejected|refused|denied|not allowed|not permitted|prohibited|forbidden|disallowed|not accepted|not authorized|not authorised|unauthorized|unauthorised|not acceptable|"
		"is not allowed|unacceptable|bad|abgelehnt|abgewiesen|verweigert|rejete*|refuse|rechazad*|rifiutat*|rejeitad*|recusad*|geweigerd|odrzucon*|отклонен*|запрещен*|拒绝|拒絕|拒否|거부" },

	/* Switched off, and still there. */
	{ "$off", "disabled|inactive|suspended|deactivated|locked|frozen|dormant|not active|is not active|no longer active|isnt active|not activated|not enabled|on hold|not currently active|"
		"no longer available|archived|expired|has expired|switched off|desactiv*|desabilitad*|deshabilitad*|inhabilitad*|deaktiv*|gesperrt|"
		"stillgelegt|disattiv*|inativ*|inactiv*|suspendid*|suspendu*|sospes*|bloquead*|bloque|geblokkeerd|zablokowan*|отключен*|неактив*|заблокирован*|приостановлен*|"
		"停用|冻结|凍結|禁用|已锁定|已被封|挂起|無効|休止|정지|휴면|중지" },

	{ "$many", "too many|too much|exceed*|limit exceeded|maximum number|max number|limit reached|limit has been reached|limit is reached|rate limit*|trop de|zu viele|demasiad*|troppi|troppe|muitas|muitos|слишком много|"
		"超过|超過|过多|多すぎ|초과" },

	{ "$listed", "blocked|block listed|blocklisted|blacklisted|black listed|listed|banned|is bad|poor|low|deny listed|denylisted|blocked by|gesperrt|geblockt|blockiert|bloque*|bloquead*|bloccat*|geblokkeerd|"
		"zablokowan*|заблокирован*|blockerad*|blokeret|拦截|封禁|屏蔽|ブロック|차단" },
};
const size_t outcome_n_classes = sizeof outcome_classes / sizeof *outcome_classes;

#define AT(stage) (1u << OUTCOME_AT_##stage)
#define ANY 0
#define EARLY (AT(CONNECT) | AT(GREETING) | AT(EHLO))
#define MESSAGE (AT(DATA) | AT(CONTENT))
#define NO_MESSAGE (EARLY | AT(UNKNOWN) | AT(STARTTLS) | AT(AUTH) | AT(MAIL) | AT(RCPT))

#define WORDS(stages, provider, codes, statuses, words, reason, source) \
	{ OUTCOME_BY_WORDS, stages, provider, codes, statuses, words, OUTCOME_##reason, source, ERR_NONE }
#define HINT(stages, provider, codes, statuses, words, reason, source) \
	{ OUTCOME_BY_HINT, stages, provider, codes, statuses, words, OUTCOME_##reason, source, ERR_NONE }
#define STATUS(stages, codes, statuses, reason, source) \
	{ OUTCOME_BY_STATUS, stages, NULL, codes, statuses, NULL, OUTCOME_##reason, source, ERR_NONE }
#define FALLBACK(stages, codes, statuses, reason, source) \
	{ OUTCOME_BY_FALLBACK, stages, NULL, codes, statuses, NULL, OUTCOME_##reason, source, ERR_NONE }
#define CODE(stages, codes, reason, source) \
	{ OUTCOME_BY_CODE, stages, NULL, codes, NULL, NULL, OUTCOME_##reason, source, ERR_NONE }
/* The server does not relay for us: a login may help, or another server. */
#define RELAY(words, source) \
	{ OUTCOME_BY_WORDS, ANY, NULL, NULL, NULL, words, OUTCOME_LOGIN, source, ERR_UNAVAILABLE }

const struct outcome_rule outcome_rules[] = {

/* ---- words: login ---- */
WORDS(ANY, 0, 0, 0, "authentication required|authentication is required|requires authentication|must authenticate|must be authenticated|need to authenticate|please authenticate|authenticate first|auth first|auth required|auth command first", LOGIN, "RFC 4954, 6"),
WORDS(ANY, 0, 0, 0, "authentication failed|authentication failure|authentication unsuccessful|authentication credentials invalid|authentication rejected|authentication error|incorrect authentication|fail authentication|auth failed|sasl authentication", LOGIN, "RFC 4954, 6; Dovecot, Exim, Exchange"),
WORDS(ANY, 0, 0, 0, "password|passwords|username and password|invalid login|invalid credentials|bad credentials|bad login|unknown user name or bad|application specific password|web login required|log in with your web browser|wrong user name", LOGIN, "Gmail SMTP errors"),
WORDS(ANY, 0, 0, 0, "must log in|please log in|login required|log in first|pop before smtp|pop3 before smtp|check mail before sending|check your mail first|you must check for new mail", LOGIN, "mail providers' submission servers"),
WORDS(ANY, 0, 0, 0, "must issue a starttls|must issue starttls|starttls command first|encryption required|encryption needed|use tls first", LOGIN, "RFC 3207, 4"),
WORDS(ANY, 0, 0, 0, "client was not authenticated|client not authenticated|you are not authenticated|smtp authentication is disabled|smtpclientauthentication|smtp client authentication|basic authentication is disabled|user is locked out", LOGIN, "Exchange Online NDR codes, 5.7.57, 5.7.139"),
WORDS(ANY, 0, 0, 0, "sendas denied|sendasdenied|send as denied|permissions to send as|client does not have permissions to send|not allowed to send as", LOGIN, "Exchange, 5.7.60"),
WORDS(ANY, 0, 0, 0, "too many login*|too many authentication*|too much fail authentication", LOGIN, "NetEase; Gmail, 4.7.0"),
RELAY("relay* ^ $refused|relay access denied|unable to relay|do not relay|does not relay|not relay|will not relay|cannot relay|cant relay|no relaying|no relay|not a relay|not an open relay|refuse to relay|relay mail for|relaying mail to|to relay through|not permitted to relay|relaying to|authorized to relay|relaying not supported", "Postfix, Exim, sendmail, Exchange"),
RELAY("list of allowed rcpthosts|allowed rcpthosts|rcpthosts|not in my list of allowed|domain isnt allowed to be relayed|isnt allowed to be relayed|not a gateway|not configured to relay", "qmail, qpsmtpd, Domino"),
RELAY("weiterleitung nicht erlaubt|relais refuse|relais interdit|reenvio denegado|пересылка запрещена|转发被拒绝|中继", "translated servers"),

/* ---- words: sender ---- */
WORDS(ANY, 0, 0, 0, "$us ~ $gone|$us ~ $nodom|$us ~ $bad|$us ^ $ungultig|ip address ~ $gone|ip ^ $gone|$machine ^ $bad|$machine ~ $gone|$machine ~ $nodom|$us ~ no valid|$us ^ $refused|$us ^ bloque*", SENDER, "Postfix, Exim, sendmail, Exchange"),
WORDS(ANY, 0, 0, 0, "sender address rejected|sender rejected|sender denied|sender verify|sender verification|verify sender|verify the sender|sender callout|callout verification|callback failed|callback verification|sender not verified|could not verify sender|cannot verify sender|unverified sender|sender id", SENDER, "Postfix, Exim"),
WORDS(ANY, 0, 0, 0, "not owned by user|not owned by auth user|not owner|must match the authenticated|does not match authenticated|sender mismatch|sender address must be|from address must|not match sender|envelope sender not|may not use this sender|not allowed to use this sender|spoof*|impersonat*|forged", SENDER, "Postfix, reject_sender_login_mismatch"),
WORDS(ANY, 0, 0, 0, "not verified|email address is not verified|identities failed the check|from address does not match a verified sender|verified sender identity|not a verified sender|domain not verified|unregistered domain|unauthorized sending domain|invalid mail from|not valid mail from", SENDER, "Amazon SES; SendGrid; Exchange 5.7.750"),
WORDS(ANY, 0, 0, 0, "spf|spf2|spf check|sender policy framework|dkim|domainkeys|dmarc|domain owners policy|dmarcs|unauthenticated|unauthenticated email|authentication checks|fails to pass authentication|authentication information|email authentication|arc seal|arc chain|auth checks|not authenticated email|message authentication", SENDER, "RFC 7372; Gmail and Yahoo sender requirements"),
WORDS(ANY, 0, 0, 0, "ptr record*|ptr|rdns|reverse dns|reverse lookup|reverse mapping|fcrdns|forward confirmed|cannot find your hostname|cannot find your reverse hostname|no reverse|helo command rejected|helo rejected|bad helo|invalid helo|invalid ehlo|helo|ehlo|generic hostname|need fully qualified hostname|fully qualified domain name|fqdn", SENDER, "Postfix; RFC 7372, 5.7.25"),
WORDS(ANY, 0, 0, 0, "mail from|from address|from header|from field|from line|from domain|return path|reverse path|envelope sender|envelope from|sending domain|sender domain|senders domain|domain of sender|sender address|sender is not|sender must|sender does not|sender doesnt|sender not|of sender|the sender of|sender host|bad sender|unknown sender|invalid sender|fake sender|null sender|originator|your domain", SENDER, "words of the sender"),
WORDS(ANY, 0, 0, 0, "absender*|expediteur*|remitente*|mittente*|remetente*|afzender*|nadawc*|отправител*|发件人|寄件者|发信人|差出人|送信者|보낸 사람", SENDER, "the sender in other languages"),

/* ---- words: rate ---- */
WORDS(ANY, 0, 0, 0, "too many connection*|too many concurrent*|too many simultaneous|too many session*|too many open|too many message*|too many mail*|too many email*|too many recipient*|too many rcpt*|too many sender*|too many transaction*|too many smtp|too many request*", RATE, "RFC 5321, 4.5.3.1.10; Postfix, Yahoo, GMX"),
WORDS(ANY, 0, 0, 0, "rate limit*|ratelimit*|rate limited|throttl*|frequency limited|frequency limit|sending rate|message rate|mail rate|connection rate|submission rate|rate exceeded|rate of|slow down|excessive rate|too fast|too quickly|too frequently|too often|thread limit exceeded|session limit|connection limit|per connection|message submission", RATE, "Gmail 4.7.28; Amazon SES; QQ; Exchange 4.3.2"),
WORDS(ANY, 0, 0, 0, "sending limit*|send limit|sending quota|sender quota|senders quota|quota of the sender|quota for sender|daily limit|hourly limit|daily quota|hourly quota|daily message|daily sending|daily user sending|messages per|recipients per|mails per|emails per|per hour|per day|per minute|sent too many|reached your|reached the limit|exceeded your|exceeded its|message limit|recipient limit|recipients limit|recipient rate|max message|maximum number of messages|maximum number of recipients|max number of recipients|outbound quota|submission quota|exceeded sending|sending messages", RATE, "Gmail 5.4.5; Exchange 5.1.90, 5.2.0; cPanel"),
WORDS(ANY, 0, 0, 0, "$many ~ connection*|$many ~ messages|$many ~ recipients|$many ~ emails|trop de connexions|trop de messages|trop de destinataires|zu viele verbindungen|zu viele nachrichten|zu viele empfanger|demasiadas conexiones|demasiados mensajes|demasiados destinatarios|troppe connessioni|troppi destinatari|слишком много писем|слишком много соединений|发信频率|发信数|发送频率|频率", RATE, "Orange OFR004_104; NetEase"),
WORDS(ANY, 0, 0, 0, "excessive volume|unexpected volume|unusual rate|unusual traffic|unusual volume|high volume|volume of|receiving mail at a rate|receiving mail too quickly|receiving a large number", RATE, "Yahoo TSS; iCloud 4.7.1; Gmail 4.2.1"),
WORDS(ANY, "qq.com", 0, 0, "mailbox unavailable or access denied", RATE, "QQ: the recipient gets too much mail now"),
WORDS(ANY, 0, 0, 0, "multiple destination domains per transaction|recipient in a separate transaction|domain policy size per transaction", RATE, "Gmail 4.3.0, 4.5.3"),

/* ---- words: reputation ---- */
WORDS(ANY, 0, 0, 0, "blacklist*|black list*|blocklist*|block list*|block listed|denylist*|deny list*|rbl|rbls|dnsbl*|rhsbl|surbl|uribl|dbl|zen|spamhaus|spamcop|sorbs|uceprotect|barracudacentral|senderbase|senderscore|cloudmark|is listed|was listed|been listed|are listed|listed at|listed by|listed on|blocked using|black listed", REPUTATION, "Postfix, reject_rbl_client; GMX; Spamhaus"),
WORDS(ANY, 0, 0, 0, "reputation|reputations|mauvaise reputation|mala reputacion|cattiva reputazione|ma reputacao|репутаци*|信誉", REPUTATION, "Cisco; Orange OFR_416; Exchange S77719"),
WORDS(ANY, 0, 0, 0, "$machine ~ $listed|$machine ^ $refused|$ip ~ $listed|$ip ^ $refused|$us ~ $listed|not be accepted from|not accepted from|client host rejected|client host blocked|banned sending ip|banned|bad ip|hangup|ip is rejected|ip is hangup|invalid ip|your access to|access denied please try again later", REPUTATION, "Exchange 5.7.606; Coremail"),
WORDS(ANY, 0, 0, 0, "blocked|block|blocking|temporarily deferred due to|user complaints|complaint*|abuse|abusive|suspected spam sender|spam source|spammer*|open proxy|open relay|possible open relay|dynamic ip|dial up|dialup|residential|botnet|compromised|exploited|suspicious activity|unusual activity|no smtp service|does not meet our requirements|not in whitelist|not whitelisted", REPUTATION, "Yahoo; AOL; GMX; Gmail 4.7.0"),
WORDS(ANY, 0, 0, 0, "too many invalid|too many unknown|too many bad|too many non existent|too many nonexistent|excessive unknown|excessive userid|too many errors|many invalid recipients", REPUTATION, "Yahoo; Cisco; GMX"),
WORDS(ANY, 0, 0, 0, "bloque*|bloquead*|bloccat*|geblockt|blockiert*|geblokkeerd|заблокирован*|черный список|黑名单|黑名單|拦截|封禁|ブラックリスト|차단", REPUTATION, "blocked, in other languages"),

/* ---- words: format ---- */
WORDS(ANY, 0, 0, 0, "bare lf|bare cr|bare linefeed*|bare line feed*|bare newline*|stray newline*|bare carriage*|line too long|lines too long|line length|line is too long|long lines|maximum line", FORMAT, "qmail; RFC 5321, 4.5.3.1.6"),
WORDS(ANY, 0, 0, 0, "missing header*|header missing|headers are missing|header is missing|headers missing|missing date|missing from|missing message id|missing to header|duplicate header*|multiple from|multiple addresses in from|malformed|badly formatted|invalid header*|bad header*|header field*|headers contain|message header*|header line*|header section|message id|messageid|multiple subject|rfc 5322|rfc5322|rfc 2822|rfc2822|rfc 822|rfc822|rfc 5321|rfc5321|rfc 2821|rfc2821|not rfc|rfc compliant|rfc compliance|non compliant|not compliant|nonstandard", FORMAT, "Gmail 5.7.1, 5.6.0; RFC 5322, 3.6"),
WORDS(ANY, 0, 0, 0, "smtputf8|internationalized|internationalised|non ascii|utf 8|utf8|8bitmime|8bit|7bit|8 bit|invalid character*|illegal character*|mime error|invalid mime|bad mime|mime structure|conversion", FORMAT, "RFC 6531, 3.4; RFC 6152"),
WORDS(ANY, 0, 0, 0, "syntax error|command not recognized|command unrecognized|unrecognized command|command not implemented|command unknown|unknown command|bad sequence|unexpected command|command sequence|out of sequence|pipelining|improper command|protocol error|protocol violation|violates smtp|unsupported parameter|parameter not|parameters not|bad command*|invalid argument*|invalid parameter*|invalid command", FORMAT, "RFC 5321, 4.2.2"),

/* ---- words: size ---- */
WORDS(ANY, 0, 0, 0, "message size|messagesize|size limit|sizelimit|recipsizelimit|sendersizelimit|too large|too big|too long|larger than|exceeds size|exceeds the maximum|exceeds maximum|exceeds fixed|maximum message|max message size|message length|message exceeds|size exceeds|size exceeded|exceed the size|mail size|maximum size|max size|file too large|mailsize limit|fixed maximum", SIZE, "RFC 1870, 6; Exchange 5.3.4"),
WORDS(ANY, 0, 0, 0, "zu gross|zu gro|groesse|trop volumineu*|trop grand*|trop gros|taille maxim*|demasiado grande|tamano maximo|troppo grande|muito grande|te groot|слишком больш*|za duza|邮件过大|大小超过|大きすぎ|크기", SIZE, "too large, in other languages"),

/* ---- words: content ---- */
WORDS(ANY, 0, 0, 0, "spam|spams|spamassassin|antispam|anti spam|spam score|spammy|looks like spam|junk|junkmail|unsolicited|bulk mail|ube|uce|unsolicitedmessageerror|low reputation of the content|suspected spam|垃圾|垃圾邮件|スパム|迷惑メール|스팸|спам|spamverdacht", CONTENT, "Gmail 5.7.1; mail.ru; Yandex; SpamAssassin"),
WORDS(ANY, 0, 0, 0, "virus|viruses|virus infected|antivirus|malware|infected|trojan|worm|phish*|malicious|вирус*|病毒|ウイルス|바이러스", CONTENT, "ClamAV; Sophos; RFC 3886"),
WORDS(ANY, 0, 0, 0, "content rejected|content reject|content denied|content filter*|content restriction*|content policy|content not|message content|content of the message|content of your|content of this|prohibited content|objectionable|banned content|contents rejected|filtered|mail content|bad content|content scan*|contains a|contains an|contain links|word list|dictionary", CONTENT, "QQ; Proofpoint; Mimecast"),
WORDS(ANY, 0, 0, 0, "attachment*|banned file*|blocked file*|executable|file type|file extension|dangerous|potentially|piece jointe|anhang|adjunto|allegato|вложени*|附件|添付", CONTENT, "Gmail 5.7.0; amavis"),
WORDS(ANY, 0, 0, 0, "url|urls|uri|hyperlink*|suspicious|bad link|links in|a link|domain present in|redirector", CONTENT, "iCloud, Spamhaus DBL; Mimecast"),
WORDS(MESSAGE, 0, 0, 0, "policy|policies|local policy|security|access denied|policy violation|violates|not allowed|administrativ*|prohibit*|denied|not permitted|forbidden", CONTENT, "a policy that has seen the message"),

/* ---- words: server ---- */
WORDS(ANY, 0, 0, 0, "ldap|directory lookup|directory server|directory service|directory failure|lookup failure|lookup failed|lookup error|lookup timeout|database error|database unavailable|database failure|alias database|user database|sql|mysql|backend|cannot connect to|daemon", SERVER, "Postfix, 4.3.0; Exchange"),
WORDS(ANY, 0, 0, 0, "internal error|internal server|internal failure|internal problem|server error|local error|local configuration|system error|system failure|system problem|configuration error|config error|configuration problem|misconfigur*|programming error|software error|unexpected error|unexpected failure|processing error|error in processing|processing failed", SERVER, "RFC 5321, 4.2.2, 451; RFC 3463, X.3"),
WORDS(ANY, 0, 0, 0, "disk full|disk is full|disk error|no space left|insufficient system|insufficient disk|insufficient resources|system storage|system resources|out of memory|out of resources|memory error|resources temporarily|filesystem|file system|queue file|write error|io error|i o error|input output error|writing message|cannot write|could not write|unable to write|mail system full", SERVER, "RFC 5321, 4.2.2, 452; RFC 3463, X.3.1"),
WORDS(ANY, 0, 0, 0, "service unavailable|service not available|service is unavailable|service is not available|not available at this time|server busy|server is busy|system busy|too busy|busy|overload*|shutting down|maintenance|cannot open mailbox|unable to open mailbox|no such file or directory|command died|temporary lookup|storedrv|mailbox server|certificate|starttls|tls|handshake", SERVER, "RFC 5321, 4.2.2, 421; Postfix"),
WORDS(ANY, 0, 0, 0, "unable to verify|could not verify|cannot verify|couldnt verify|verification problem|verification failure|verify recipient|recipient verify|recipient verification|verification in progress|verification failed", SERVER, "Exim, Postfix: the server could not look"),
WORDS(ANY, 0, 0, 0, "serveur indisponible|service refuse|service non disponible|dienst nicht verfugbar|interner fehler|lokaler fehler|servicio no disponible|error interno|errore interno|erro interno|внутренняя ошибка|系统繁忙|系统错误|服务不可用|サーバーエラー", SERVER, "faults, in other languages"),

/* ---- words: path ---- */
WORDS(ANY, 0, 0, 0, "mail loop*|mail loops|routing loop|loops back|loop back|loop detected|forwarding loop|aliasing forwarding loop|looping|loop|loops|too many hops|hop count|hops|maximum hop|hop limit|too many received|schleife|boucle|bucle|зациклив*", LOOP, "RFC 5321, 6.3; RFC 3463, X.4.6"),
WORDS(ANY, 0, 0, 0, "expired|has expired|message expired|timed out|time out|timeout|time outs|delivery time|retry timeout|retry time|too long in the queue|queue too long|queue lifetime|was not delivered within|could not be delivered within|maximum time|maximum retry|delivery attempts|timelimit|time limit", EXPIRED, "RFC 3463, X.4.7; Exim, sendmail, qmail"),
WORDS(ANY, 0, 0, 0, "connection refused|connection reset|connection timed|connection dropped|connection closed|connection failed|connection failure|connection lost|connection|connections|lost connection|no route to host|network is unreachable|network unreachable|host unreachable|unreachable|unable to connect|could not connect|couldnt connect|cannot connect|cant connect|no answer|not respond*|no response|wasnt able to establish|smtp connection|host down|host is down|system not responding", EXPIRED, "RFC 3463, X.4.1, X.4.2; Postfix, qmail"),

/* ---- words: full ---- */
WORDS(ANY, 0, 0, 0, "number of messages in recipients mailbox|messages in recipients mailbox exceeded|messages in the mailbox|exceeds allowed size|exceed its disk quota|too many messages in the mailbox", FULL, "Biglobe; IMail; Domino"),
WORDS(ANY, 0, 0, 0, "$box ~ full|$box ~ filled|quota*|over quota|overquota|disk quota|quota exceeded|over limit|over its limit|mailbox size|mailbox limit|storage|storage limit|storage space|disk space|mailbox space|space not enough|not enough space|no space|out of space|insufficient space|insufficient|exceed*|exceeded storage|mailfolder|folder is full|too many messages on the server|not enough room|no room|too much mail", FULL, "RFC 3463, X.2.2; Gmail 4.2.2, 5.2.2; Yahoo; Courier"),
WORDS(ANY, 0, 0, 0, "$box ~ voll|postfach ist voll|postfach voll|uberfullt|ueberfuellt|speicherplatz|speichervolumen|mails auf dem server|kontingent|$box ~ pleine|boite pleine|pleine|espace disque|espace de stockage|quota depasse|$box ~ llen*|buzon lleno|espacio|cuota*|casella piena|$box ~ pien*|spazio|$box ~ chei*|caixa cheia|lotad*|cota|espaco|$box ~ vol|postbus vol|przepelnion*|pelna|pelny|переполнен*|квот*|места|dolu|kota*|megtelt|tele van|$box ~ full|fuld|taynna|plna|已满|空间不足|容量|满了|いっぱい|超過|가득|초과", FULL, "full, in other languages"),

/* ---- words: the recipient's policy ---- */
WORDS(ANY, 0, 0, 0, "recipient preferences|recipients preferences|by recipient|by recipients|by the recipient|by user|rejected your message|has blocked you|recipient has blocked|user rejected|user hangup|user in blacklist|mail is rejected by recipients|refuses mail|refused mail|unwanted|does not want|doesnt want|no longer wants|blocked by recipient|blocked by the recipient|recipient* ^ policy|personal filter*", RECIPIENT_POLICY, "QQ; AOL; Yahoo"),
WORDS(ANY, 0, 0, 0, "not accepting mail from|not accept mail from|accepts mail from|accept mail from|receive mail from|not accepting|does not accept|doesnt accept|do not accept|dont accept|not accept|cannot accept|will not accept|wont accept|accepts mail only|accepts messages only|only accept*|only receive*|accepts only|members only|only members|subscribers only|internal only|local user only|internal use|senders only|not a member|not subscribed|not on the list|not on the allow*|allowed senders|allow list|moderat*|restricted|restriction*|restriction check|closed list|private list|posting|post to this|challenge|greenlist|permission to send|permissions|not have permission|quarantin*|held for", RECIPIENT_POLICY, "Exchange 5.7.124, 5.7.133, 5.7.134; Google Groups; Mailman"),
WORDS(ANY, 0, 0, 0, "resolver rst authrequired|resolver rst authrequired authentication required|authrequired authentication required|resolver rst notauthorized|sendernotauthenticatedforgroup|sendernotauthenticatedformailbox|resolver rst sendernotauthenticatedforgroup authentication required|resolver rst sendernotauthenticatedformailbox authentication required|sender was not authenticated|notauthorized|restricted delivery|rejectmessage|transportrules rejectmessage", RECIPIENT_POLICY, "Exchange NDR codes"),
WORDS(NO_MESSAGE, 0, 0, 0, "access denied|access is denied|accessdenied|recipient address rejected , access denied|recipient address rejected access denied|policy|policies|local policy|policy violation|policy restriction*|policy reasons|prohibit*|not permitted|not allowed|not authorized|not authorised|unauthorized|unauthorised|forbidden|denied|administrativ*|administrative prohibition|disallowed|violates|security|legal|compliance", RECIPIENT_POLICY, "Exim; Postfix, access(5); Mimecast"),
WORDS(ANY, 0, 0, 0, "nicht erlaubt|nicht gestattet|verweigert|nicht berechtigt|non autorise*|interdit*|no permitid*|no autorizad*|denegad*|prohibid*|non consentit*|negat*|nao permitid*|nao autorizad*|niet toegestaan|запрещен*|не разреш*|拒绝|拒絕|不允许|許可|拒否|거부", RECIPIENT_POLICY, "not allowed, in other languages"),

/* ---- words: switched off ---- */
WORDS(ANY, 0, 0, 0, "$box ~ $off", DISABLED, "RFC 3463, X.2.1; Gmail 5.2.1; Yahoo"),
WORDS(ANY, 0, 0, 0, "disabled|inactive|suspended|deactivated|locked|frozen|dormant|disabled or discontinued|not collected|not been collected|has not logged in|not logged in|been idle|too long without|deaktiviert|inaktiv|desactive|desactivad*|disattivat*|отключен*|неактив*|停用|冻结|禁用", DISABLED, "mailbox providers"),
WORDS(AT(RCPT), 0, 0, 0, "user is unavailable|is not available to take|over allowed|account is unavailable", DISABLED, "mailbox providers"),

/* ---- words: later ---- */
WORDS(ANY, 0, 0, 0, "greylist*|graylist*|grey listed|gray listed|greylisting|try again|and try again later|try later|retry later|try your call|please retry|come back later|temporar*|temporarily|deferred|later|being delayed|is delayed|will be retried|resend your message|please resend|hold on|vorubergehend*|spater erneut|temporaire*|plus tard|mas tarde|temporal*|temporane*|piu tardi|tente novamente|временн*|позже|稍后|重试|しばらく|一時的|나중에", DELAY, "RFC 6647, 5; Postgrey"),

/* ---- words: moved ---- */
WORDS(ANY, 0, 0, 0, "no longer with|has left the company|left the company|left the organization|no longer works|no longer work|no longer employed|has moved|have moved|user moved|mailbox moved|moved to another|address has changed|address changed|changed address|changed its address|changed their address|recipient no longer|no longer reads|has retired|nicht mehr bei|nicht mehr im unternehmen|hat das unternehmen verlassen|ne travaille plus|a quitte la societe|a quitte lentreprise|ya no trabaja|non lavora piu|no longer at this|nao trabalha mais|больше не работает|已离职", MOVED, "RFC 3463, X.1.6"),

/* ---- words: no such domain ---- */
WORDS(ANY, 0, 0, 0, "$nodom", NO_DOMAIN, "RFC 7505, 4.1; RFC 3463, X.1.2; Postfix, sendmail, Exim"),
WORDS(ANY, 0, 0, 0, "<theirs> ~ $gone|domain ^ $gone|dns domain ~ $gone|mx records point to non existent|address lookups failed permanently|all host address lookups failed|no host found|domain does not accept mail|does not accept mail nullmx|does not accept mail null mx|<theirs> does not accept mail|<theirs> does not accept email|domain doesnt accept mail|domain accepts no mail|accepts no mail|does not accept email|domain does not receive mail|recipient address has null mx|has null mx|mx record is invalid|no route found to domain|unrouteable mail domain|unroutable mail domain|no mail server found|domain ^ $bad|domain ^ not hosted here", NO_DOMAIN, "RFC 7505, 4.1; Exim; Exchange 5.4.310"),

/* ---- words: no such mailbox ---- */
WORDS(ANY, 0, 0, 0, "$box ~ $gone|$bad > $own|$own > $bad|$own ~ no longer valid|$mailbox > $removed|account ^ has been deleted|account ^ has been closed|account ^ has been removed|account ^ has been terminated|mailbox ^ has been deleted|mailbox ^ has been removed|mailbox ^ has been closed|$box ^ $ungultig|no such email|no such e mail|unknown email|unknown e mail|email does not exist|e mail does not exist|email not found|not one of our customers|not one of our users|$box ^ could not find|$box ^ couldnt find|$box ^ cannot find|$box ^ cant find|doesnt have ^ account|does not have ^ account|doesnt have ^ mailbox|does not have ^ mailbox|dont have ^ account|do not have ^ account|dont have ^ mailbox|do not have ^ mailbox", NO_MAILBOX, "RFC 3463, X.1.1; Postfix, Exim, sendmail, Gmail, Yahoo, mail.ru, Orange…"),
WORDS(ANY, 0, 0, 0, "no mailbox here|no mailbox by that name|no account by that name|no user by that name|no user with that name|there is no user|no one here|no one by that name|nobody by that name|nobody here|unknown or illegal|unrouteable address|unroutable address|not routable|nosuchuser|recipnotfound not found|recipientnotfound recipient not found|usernotfound|userunknown|unknownuser|recipnotfound|exrecipnotfound|recipientnotfound|resolver adr recipnotfound|resolver adr exrecipnotfound|resolver adr recipientnotfound|not found by smtp address lookup|not known here|not known at this|not listed in domino*|not listed in public*|not listed in domain*|not listed in|invalid final delivery|bad destination mailbox|bad mailbox|no mail drop|delivery to this address is not possible|not our customer|not our user|isnt a customer|target address is not our|no valid recipient*|mailbox does not|does not have mail|does not receive mail here|not take mail for|handle mail for that user|unknown in virtual|unknown in local|unknown in relay|nie ma takiego|keine mailbox", NO_MAILBOX, "qmail, Exim, Domino, Exchange, Comcast"),
WORDS(ANY, 0, 0, "?.1.3 - 5.0.0 5.1.0 5.3.0 5.5.0 5.5.2 5.5.4 5.1.1", "bad recipient address syntax|bad address syntax|invalid recipient syntax|recipient address syntax|bad recipient address|address syntax|invalid address syntax|syntactically invalid address|malformed address|malformed recipient|invalid address format", NO_MAILBOX, "RFC 3463, X.1.3; Postfix, QQ"),
WORDS(ANY, 0, 0, "5.4.1", "recipient address rejected , access denied|recipient address rejected access denied", NO_MAILBOX, "Exchange Online: directory-based edge blocking"),
WORDS(AT(RCPT), 0, "550", "- 5.0.0 5.1.0 5.1.1 5.2.0 5.3.0 5.5.0", "mailbox unavailable|mailbox is unavailable|mailbox not available|mail box unavailable", NO_MAILBOX, "RFC 5321, 4.2.2; Outlook.com, GMX"),
WORDS(AT(RCPT) | AT(UNKNOWN), "gmx.net", "550", 0, "mailbox unavailable", NO_MAILBOX, "GMX postmaster"),
WORDS(AT(RCPT) | AT(UNKNOWN), "gmx.com", "550", 0, "mailbox unavailable", NO_MAILBOX, "GMX postmaster"),
WORDS(AT(RCPT) | AT(UNKNOWN), "gmx.de", "550", 0, "mailbox unavailable", NO_MAILBOX, "GMX postmaster"),
WORDS(AT(RCPT) | AT(UNKNOWN), "web.de", "550", 0, "mailbox unavailable", NO_MAILBOX, "web.de postmaster"),
WORDS(AT(RCPT) | AT(UNKNOWN), "kundenserver.de", "550", 0, "mailbox unavailable", NO_MAILBOX, "IONOS help"),
WORDS(AT(RCPT) | AT(UNKNOWN), "hotmail.com", "550", "- 5.5.0 5.0.0 5.1.1", "mailbox unavailable", NO_MAILBOX, "Outlook.com postmaster"),
WORDS(AT(RCPT) | AT(UNKNOWN), "outlook.com", "550", "- 5.5.0 5.0.0 5.1.1", "mailbox unavailable", NO_MAILBOX, "Outlook.com postmaster"),
WORDS(AT(RCPT), 0, "5", 0, "recipient address rejected user email address is marked as invalid|is marked as invalid", NO_MAILBOX, "Proofpoint, SMTP discovery"),

/* ---- words that say something only where no others do ---- */
HINT(ANY, 0, 0, 0, "<blocklink>", REPUTATION, "a link to a list of senders"),
HINT(ANY, 0, 0, 0, "greeting ~ rejected|smtp service", REPUTATION, "postmasters"),
HINT(ANY, 0, 0, 0, "message rejected|message refused|message was refused|message was rejected|message not accepted|mail rejected|mail refused|email rejected|rejected by filter|filter rule|rejected as|content|message has been rejected|delivery not authorized message refused|message contained|refused by", CONTENT, "RFC 3463, X.7.1; Gmail"),
HINT(ANY, 0, 0, 0, "header*", FORMAT, "RFC 5322, 3.6"),
HINT(ANY, 0, 0, 0, "permission denied|server configuration|dns error|dns failure|dns lookup failure|dns lookup|servfail|name service error|unable to deliver to mailbox|local delivery failed|delivery agent|unverified address|undeliverable address", SERVER, "Postfix, procmail, maildrop"),
HINT(AT(UNKNOWN) | AT(RCPT), 0, 0, 0, "recipient rejected|rcpt is rejected|recipient refused|recipient denied|cannot receive|unable to receive|can not receive|not receive", RECIPIENT_POLICY, "mailbox providers"),

/* ---- status that is clear beside any words: the first that holds ---- */
STATUS(ANY, "530 534 535 538", 0, LOGIN, "RFC 4954, 6"),
STATUS(ANY, 0, "?.7.8 ?.7.9 ?.7.11 5.7.57 5.7.60 5.7.64 5.7.139", LOGIN, "RFC 5248; Exchange NDR codes"),
STATUS(ANY, 0, "?.1.7 ?.1.8", SENDER, "RFC 3463, X.1.7, X.1.8"),
STATUS(ANY, 0, "?.1.90 ?.2.121 ?.2.122", RATE, "Exchange NDR codes"),
STATUS(ANY, 0, "?.1.9 ?.1.20", FORMAT, "RFC 3886, X.1.9; Exchange 5.1.20"),
STATUS(ANY, 0, "?.2.2", FULL, "RFC 3463, X.2.2"),
STATUS(ANY, 0, "?.2.3 ?.3.4", SIZE, "RFC 3463, X.2.3, X.3.4"),
STATUS(ANY, 0, "?.2.4", SERVER, "RFC 3463, X.2.4"),
STATUS(ANY, 0, "?.4.5", RATE, "RFC 3463, X.4.5; Gmail 5.4.5"),
STATUS(ANY, 0, "?.4.6 ?.4.14", LOOP, "RFC 3463, X.4.6; Exchange 5.4.14"),
STATUS(ANY, 0, "?.4.7 ?.4.300", EXPIRED, "RFC 3463, X.4.7; Exchange 4.4.300"),
STATUS(ANY, 0, "?.5.3", RATE, "RFC 3463, X.5.3"),
STATUS(ANY, 0, "?.6.*", FORMAT, "RFC 3463, X.6"),
STATUS(ANY, 0, "?.7.2 ?.7.12 ?.7.17 ?.7.18 ?.7.120 ?.7.121 ?.7.122 ?.7.123 ?.7.124 ?.7.125 ?.7.129 ?.7.133 ?.7.134 ?.7.135 ?.7.136", RECIPIENT_POLICY, "RFC 3463, X.7.2; RFC 7293; Exchange NDR codes"),
STATUS(ANY, 0, "?.7.28 ?.7.705", RATE, "Gmail 4.7.28; Exchange 5.7.705"),
STATUS(ANY, 0, "?.7.20 ?.7.21 ?.7.22 ?.7.23 ?.7.24 ?.7.25 ?.7.26 ?.7.27 ?.7.29 ?.7.30 ?.7.31 ?.7.32 ?.7.33 ?.7.40 5.7.509 5.7.515 5.7.506 5.7.510 5.7.750 5.7.501 5.7.502 5.7.503", SENDER, "RFC 7372; RFC 7505, 4.2; Gmail, Exchange and Outlook.com NDR codes"),
STATUS(ANY, 0, "?.7.3 ?.7.4 ?.7.5 ?.7.6 ?.7.10 ?.7.32* ?.7.7", SERVER, "RFC 3463, X.7.3 to X.7.7; Exchange, DANE and MTA-STS"),
STATUS(ANY, "5", "?.7.13", LOGIN, "RFC 5248"),
STATUS(ANY, 0, "?.7.51* ?.7.6* ?.7.7* ?.7.50*", REPUTATION, "Exchange NDR codes, banned senders"),

/* ---- status that says something only where the words say nothing: the first that holds ---- */
FALLBACK(ANY, 0, "?.1.1 ?.1.3 ?.1.351", NO_MAILBOX, "RFC 3463, X.1.1, X.1.3; Exchange 5.1.351"),
FALLBACK(ANY, 0, "?.1.2 ?.4.310", NO_DOMAIN, "RFC 3463, X.1.2; Exchange 5.4.310"),
FALLBACK(ANY, 0, "?.1.10", NO_MAILBOX, "RFC 7505, 4.1; Exchange 5.1.10"),
FALLBACK(ANY, 0, "?.1.6", MOVED, "RFC 3463, X.1.6"),
FALLBACK(ANY, 0, "?.1.4", RECIPIENT_POLICY, "RFC 3463, X.1.4"),
FALLBACK(ANY, 0, "?.2.1", DISABLED, "RFC 3463, X.2.1"),
FALLBACK(ANY, 0, "?.3.1 ?.3.2 ?.3.3 ?.3.5 4.3.*", SERVER, "RFC 3463, X.3"),
FALLBACK(ANY, 0, "?.4.1 ?.4.2 ?.4.4", EXPIRED, "RFC 3463, X.4.1, X.4.2, X.4.4"),
FALLBACK(ANY, 0, "?.4.3 ?.4.312", SERVER, "RFC 3463, X.4.3; Exchange 4.4.312"),
FALLBACK(ANY, "5", "?.5.1 ?.5.2 ?.5.4 ?.5.5 ?.5.6", FORMAT, "RFC 3463, X.5"),
FALLBACK(AT(MAIL), 0, "?.7.*", SENDER, "RFC 3463, X.7"),
FALLBACK(EARLY, 0, "?.7.*", REPUTATION, "RFC 3463, X.7"),
FALLBACK(AT(AUTH), 0, "?.7.*", LOGIN, "RFC 4954, 6"),
FALLBACK(MESSAGE, "5", "?.7.*", CONTENT, "RFC 3463, X.7"),
FALLBACK(ANY, "5", "?.7.0 ?.7.1", RECIPIENT_POLICY, "RFC 3463, X.7.1"),
FALLBACK(ANY, 0, "?.7.*", REPUTATION, "RFC 3463, X.7"),

/* ---- code and stage, where nothing else is known: the first that holds ---- */
CODE(AT(AUTH), "5", LOGIN, "RFC 4954, 6"),
CODE(AT(CONNECT) | AT(GREETING), "5", REPUTATION, "RFC 5321, 3.1: 554 instead of a greeting"),
CODE(ANY, "421", SERVER, "RFC 5321, 3.8"),
CODE(AT(RCPT) | AT(UNKNOWN), "556", NO_DOMAIN, "RFC 7504, 4"),
CODE(AT(MAIL) | AT(CONTENT), "552", SIZE, "RFC 1870, 6"),
CODE(AT(RCPT) | AT(UNKNOWN), "552", FULL, "RFC 5321, 4.2.2"),
CODE(AT(MAIL) | AT(RCPT) | AT(DATA) | AT(CONTENT), "454", RATE, "Amazon SES, throttling"),
CODE(ANY, "452", SERVER, "RFC 5321, 4.2.2"),
CODE(ANY, "451 432", SERVER, "RFC 5321, 4.2.2"),
CODE(ANY, "500 501 502 504 555", FORMAT, "RFC 5321, 4.2.2"),
CODE(ANY, "503", SERVER, "RFC 5321, 4.2.2"),
CODE(AT(MAIL), "5", SENDER, "RFC 5321, 3.3: the sender was refused"),
CODE(EARLY | AT(STARTTLS) | AT(MAIL) | AT(AUTH), "4", SERVER, "RFC 5321, 4.2.1"),
CODE(AT(EHLO), "5", REPUTATION, "RFC 5321, 4.1.4"),
CODE(AT(STARTTLS) | AT(QUIT), "5", SERVER, "RFC 3207, 4"),
};
const size_t outcome_n_rules = sizeof outcome_rules / sizeof *outcome_rules;
/* clang-format on */
