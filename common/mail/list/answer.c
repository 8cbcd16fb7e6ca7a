#include <config.h>

#include "mail/list/answer.h"

/* With accents also in capitals and in Latin-1; marks also as emoji. */
static const char words_yes[] =
	"yes y true t 1 1.0 x on ok okay checked granted given agreed agree accepted accept allowed approved consented consent "
	"ja oui si sim tak da evet wahr vrai vero verdadero verdadeiro waar prawda adevarat ano igen joo kylla "
	"s\xc3\xad s\xc3\x8d s\xc3\xac s\xc3\x8c s\xed s\xcd s\xec s\xcc do\xc4\x9fru DO\xc4\x9eRU adev\xc4\x83rat ADEV\xc4\x82RAT "
	"\xc3\xa1no \xc3\x81NO kyll\xc3\xa4 KYLL\xc3\x84 \xd0\xb4\xd0\xb0 \xd0\x94\xd0\xb0 \xd0\x94\xd0\x90 \xd1\x82\xd0\xb0\xd0\xba \xd0\xa2\xd0\xb0\xd0\xba "
	"\xce\xbd\xce\xb1\xce\xb9 \xce\x9d\xce\xb1\xce\xb9 \xce\x9d\xce\x91\xce\x99 \xe3\x81\xaf\xe3\x81\x84 \xe6\x98\xaf "
	"\xe2\x9c\x93 \xe2\x9c\x94 \xe2\x9c\x94\xef\xb8\x8f \xe2\x98\x91 \xe2\x98\x91\xef\xb8\x8f \xe2\x9c\x85";
static const char words_no[] =
	"no n false f 0 0.0 off none never denied declined refused rejected disagree disagreed unchecked disabled null n/a "
	"undefined - nein non nee nie nu ne nem ei falsch faux falso onwaar fa\xc5\x82sz FA\xc5\x81SZ not-subscribed "
	"no-consent not-consented not-given not-granted "
	"n\xc3\xa3o N\xc3\x83O n\xe3o N\xc3O hay\xc4\xb1r HAYIR hayir yanl\xc4\xb1\xc5\x9f YANLI\xc5\x9e "
	"\xd0\xbd\xd0\xb5\xd1\x82 \xd0\x9d\xd0\xb5\xd1\x82 \xd0\x9d\xd0\x95\xd0\xa2 \xd0\xbd\xd1\x96 \xd0\x9d\xd1\x96 \xcf\x8c\xcf\x87\xce\xb9 \xce\x8c\xcf\x87\xce\xb9 "
	"\xe3\x81\x84\xe3\x81\x84\xe3\x81\x88 \xe5\x90\xa6 "
	"\xe2\x9c\x97 \xe2\x9c\x98 \xe2\x9d\x8c \xe2\x98\x90";
static const char words_in[] = "opt-in optin opted-in double-opt-in single-opt-in doi confirmed subscribed subscriber";
static const char words_out[] =
	"opt-out optout opted-out unsubscribed unsubscribe revoked withdrawn cancelled canceled "
	"do-not-email do-not-mail do-not-contact dnc blacklisted blocklisted";
static const char words_pending[] = "pending unconfirmed";

/* Sentences of a form's check box. All words are among these, so that nothing turns the meaning round, and one at least
 * is among the first. */
static const char agreeing[] =
	"yes ja oui si s\xc3\xad s\xc3\xac sim tak da evet agree agreed accept accepted consent consented subscribe "
	"einverstanden stimme akzeptiere j'accepte accepte d'accord acepto accetto aceito zgadzam";
static const char around[] =
	"i we you to the a me my in opt please sure of course send receive get want would like newsletter newsletters news email "
	"emails e-mail e-mails mail mails updates up sign this by terms ich zu bin damit den dem je suis si\xc4\x99 on from";

/* As words of one piece: "Opt in" is "Opt-in". Long ones are none of ours. */
static bool says(struct str cell, const char *words)
{
	char text[24];

	for (size_t i = 0; i < cell.n && i < sizeof text; i++)
		text[i] = cell.p[i];
	for (size_t i = 0; i < cell.n && i < sizeof text; i++)
		if (cell.p[i] == ' ' || cell.p[i] == '_')
			text[i] = '-';
	return cell.n <= sizeof text && str_among(str_at(text, cell.n), words);
}

static bool is_mark(char c)
{
	return str_find(STR_LIT(" ,.!;:()\t"), c) < 9;
}

/* "Yes, I agree". */
static bool agrees(struct str cell)
{
	bool agreed = false;

	while (cell.n > 0) {
		size_t n = 0;

		while (n < cell.n && !is_mark(cell.p[n]))
			n++;
		struct str word = str_sub(cell, 0, n);
		bool yes = str_among(word, agreeing);

		if (word.n > 0 && !yes && !str_among(word, around))
			return false;
		agreed = agreed || (word.n > 0 && yes);
		cell = str_sub(cell, n + 1, cell.n);
	}
	return agreed;
}

enum answer answer_read(struct str cell)
{
	static const struct {
		const char *words;
		enum answer answer;
	} lists[] = {
		{ words_yes, ANSWER_YES },
		{ words_no, ANSWER_NO },
		{ words_in, ANSWER_IN },
		{ words_out, ANSWER_OUT },
		{ words_pending, ANSWER_PENDING },
	};

	if (cell.n == 0)
		return ANSWER_NONE;
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (says(cell, lists[i].words))
			return lists[i].answer;
	return agrees(cell) ? ANSWER_YES : ANSWER_UNKNOWN;
}

bool answer_among(struct str cell, struct str values)
{
	while (cell.n > 0) {
		size_t n = str_find(values, ',');

		if (str_ieq(cell, str_trim(str_sub(values, 0, n))))
			return true;
		if (n == values.n)
			break;
		values = str_sub(values, n + 1, values.n);
	}
	return false;
}
