#include <config.h>

#include "cmd/listscrub/returns/yes.h"

#include "mail/returns/dsn.h"

static const char yes[] =
	"yes|yes please|yes, please|yes i do|yes, i do|yes!|yep|yeah|ok|okay|confirm|confirmed|i confirm|i agree|agree|agreed|"
	"sure|ja|ja bitte|ja, bitte|jawohl|ich bestätige|bestätigt|einverstanden|oui|oui, merci|je confirme|confirmé|d'accord|"
	"si|sí|sí, confirmo|confirmo|de acuerdo|sì|confermo|sim|ja graag|ik bevestig|bevestigd|tak|potwierdzam|ano|"
	"potvrzuji|evet|onaylıyorum|igen|kyllä|jo|japp|ja tack|ja tak|jeg bekræfter|jeg bekrefter|jag bekräftar|da|confirm da|"
	"да|Да|подтверждаю|Подтверждаю|так|ναι|はい|是|是的|确认|確認|同意|예|네|동의";
static const char no[] =
	"no|nope|no thanks|no, thanks|no thank you|not me|never|nein|nein danke|nicht|non|non merci|nee|nej|nei|não|nao|nie|ne|ei|нет|"
	"Нет|hayır|hayir|nem|いいえ|不|否|아니요|i did not|i didn't|do not|don't|stop|remove|delete";

static struct str bare(struct str s)
{
	s = str_trim(s);
	while (s.n > 0 && strchr("!.,;:) ", s.p[s.n - 1]) != NULL)
		s = str_sub(s, 0, s.n - 1);
	return s;
}

static bool is_among(struct str s, const char *words)
{
	for (struct str rest = str_of(words); rest.n > 0;)
		if (str_ieq(s, str_cut(&rest, '|')))
			return true;
	return false;
}

/* "No, I did not ask for this": only the beginning says it. */
static bool says_no(struct str line)
{
	for (struct str rest = str_of(no); rest.n > 0;) {
		struct str word = str_cut(&rest, '|');

		if (str_istarts(line, word) && (line.n == word.n || !ascii_alpha(line.p[word.n])) &&
			(line.n == word.n || (unsigned char)line.p[word.n] < 0x80))
			return true;
	}
	return false;
}

/* The subject of the link, as a mail program left it. */
static bool is_of_link(struct str subject, struct str token)
{
	subject = str_trim(subject);
	if (!str_istarts(subject, STR_LIT("confirm")))
		return false;
	subject = str_trim(str_sub(subject, strlen("confirm"), subject.n));
	return str_ieq(subject, token);
}

bool yes_is_confirmed(struct str subject, struct str first_line, struct str token)
{
	struct str line = bare(first_line);

	if (says_no(line) || dsn_is_wish(line) || dsn_is_wish(subject))
		return false;
	return is_of_link(subject, token) || is_among(line, yes);
}
