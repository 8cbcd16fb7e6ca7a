#include <config.h>

#include "mail/returns/outcome.h"

/* The commands of a session, by name and as bounces tell them. */

static const char *const names[OUTCOME_STAGES] = { "", "connect", "greeting", "ehlo", "starttls", "auth", "mail",
	"rcpt", "data", "content", "quit" };

const char *outcome_stage_name(enum outcome_stage stage)
{
	return names[stage];
}

enum outcome_stage outcome_stage_parse(struct str name)
{
	for (int i = OUTCOME_AT_CONNECT; i < OUTCOME_STAGES; i++)
		if (str_ieq(name, str_of(names[i])))
			return (enum outcome_stage)i;
	return OUTCOME_AT_UNKNOWN;
}

/* A command as it is named behind one of the marks below. Longer names stand before their beginnings. */
static const struct {
	const char *words;
	enum outcome_stage stage;
} commands[] = {
	{ "end of data", OUTCOME_AT_CONTENT },
	{ "end-of-data", OUTCOME_AT_CONTENT },
	{ "data (final dot)", OUTCOME_AT_CONTENT },
	{ "message body", OUTCOME_AT_CONTENT },
	{ "bdat", OUTCOME_AT_CONTENT },
	{ "final dot", OUTCOME_AT_CONTENT },
	{ "dot", OUTCOME_AT_CONTENT },
	{ ".", OUTCOME_AT_CONTENT },
	{ "rcpt", OUTCOME_AT_RCPT },
	{ "mail", OUTCOME_AT_MAIL },
	{ "data", OUTCOME_AT_DATA },
	{ "ehlo", OUTCOME_AT_EHLO },
	{ "helo", OUTCOME_AT_EHLO },
	{ "lhlo", OUTCOME_AT_EHLO },
	{ "starttls", OUTCOME_AT_STARTTLS },
	{ "auth", OUTCOME_AT_AUTH },
	{ "initial connection", OUTCOME_AT_GREETING },
	{ "connect", OUTCOME_AT_GREETING },
	{ "greeting", OUTCOME_AT_GREETING },
	{ "banner", OUTCOME_AT_GREETING },
	{ "quit", OUTCOME_AT_QUIT },
};

static enum outcome_stage command_at(struct str s)
{
	static const char *const fillers[] = { " ", "\n", "\r", "\t", "(", "[", "\"", "'", "the ", "sending ",
		"pipelined ", "a " };

	for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++)
		if (str_istarts(s, str_of(fillers[i]))) {
			s = str_sub(s, strlen(fillers[i]), s.n);
			i = (size_t)-1;
		}
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		struct str words = str_of(commands[i].words);

		if (str_istarts(s, words) && (s.n == words.n || !ascii_alpha(s.p[words.n])))
			return commands[i].stage;
	}
	return OUTCOME_AT_UNKNOWN;
}

/* How long the mark is before what the client said, or the server; 0: it is not such a line. InterScan has them the
 * other way round, but with words. MDaemon puts a time before its arrows. */
static size_t line_of_client(struct str line)
{
	size_t arrow = str_search(line, STR_LIT("--> "));

	if (str_starts(line, STR_LIT(">>>")))
		return 3;
	if (str_istarts(line, STR_LIT("sent <<<")))
		return 8;
	return arrow < line.n && arrow < 40 ? arrow + 4 : 0;
}

static size_t line_of_server(struct str line)
{
	size_t arrow = str_search(line, STR_LIT("<-- "));

	if (str_starts(line, STR_LIT("<<<")))
		return 3;
	if (str_istarts(line, STR_LIT("received >>>")))
		return 12;
	return arrow < line.n && arrow < 40 ? arrow + 4 : 0;
}

/* The command of the last line that the client of a transcript said (">>> RCPT To:<…>") before the server's refusal. */
static enum outcome_stage find_in_transcript(struct str words)
{
	enum outcome_stage stage = OUTCOME_AT_UNKNOWN;

	while (words.n > 0) {
		struct str line = str_trim(str_cut(&words, '\n'));

		size_t said = line_of_client(line);
		size_t answered = line_of_server(line);

		if (said > 0)
			stage = command_at(str_sub(line, said, line.n));
		else if (answered > 0 && stage != OUTCOME_AT_UNKNOWN) {
			line = str_trim(str_sub(line, answered, line.n));
			if (line.n > 0 && (line.p[0] == '4' || line.p[0] == '5'))
				return stage;
		}
	}
	return OUTCOME_AT_UNKNOWN;
}

/* What stands before the name of the command: Postfix; Exim; Courier and others; AOL and Yahoo put it in brackets. */
static size_t mark_at(struct str s)
{
	static const char *const marks[] = { "in reply to", "in response to", "mail server after", "mailer after",
		"remote server after", "response to", "smtp error after", "error after", "during", "smtp command",
		"failed at", "rejected at", "refused at", "(at", "[" };

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (ascii_lower(s.p[0]) == marks[i][0] && str_istarts(s, str_of(marks[i])))
			return strlen(marks[i]);
	return 0;
}

/* What programs say instead of a command: qmail; Gmail as it was, by number; DragonFly and others. */
static enum outcome_stage find_told(struct str words)
{
	static const struct {
		const char *words;
		enum outcome_stage stage;
	} told[] = {
		{ "but sender was rejected", OUTCOME_AT_MAIL },
		{ "does not like sender", OUTCOME_AT_MAIL },
		{ "did not like our mail from", OUTCOME_AT_MAIL },
		{ "(state 13)", OUTCOME_AT_MAIL },
		{ "(state 9)", OUTCOME_AT_MAIL },
		{ "does not like recipient", OUTCOME_AT_RCPT },
		{ "did not like our rcpt to", OUTCOME_AT_RCPT },
		{ "(state 14)", OUTCOME_AT_RCPT },
		{ " in rcpt to", OUTCOME_AT_RCPT },
		{ "rejected recipient <", OUTCOME_AT_RCPT },
		{ "for rcpt to command", OUTCOME_AT_RCPT },
		{ "for mail from command", OUTCOME_AT_MAIL },
		{ "sent: rcpt to", OUTCOME_AT_RCPT },
		{ "sent: mail from", OUTCOME_AT_MAIL },
		{ "failed after i sent the message", OUTCOME_AT_CONTENT },
		{ "but greeting failed", OUTCOME_AT_GREETING },
		{ "but my name was rejected", OUTCOME_AT_EHLO },
	};

	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		if (str_isearch(words, str_of(told[i].words)) < words.n)
			return told[i].stage;
	return OUTCOME_AT_UNKNOWN;
}

enum outcome_stage outcome_stage_find(struct str words)
{
	for (size_t i = 0; i < words.n; i++) {
		enum outcome_stage stage = OUTCOME_AT_UNKNOWN;
		size_t n;

		if (strchr("imresdf([", ascii_lower(words.p[i])) == NULL || words.p[i] == '\0')
			continue;
		n = mark_at(str_sub(words, i, words.n));
		if (n > 0)
			stage = command_at(str_sub(words, i + n, words.n));
		if (stage != OUTCOME_AT_UNKNOWN)
			return stage;
	}
	enum outcome_stage stage = find_in_transcript(words);

	return stage != OUTCOME_AT_UNKNOWN ? stage : find_told(words);
}
