#include <config.h>

#include "mail/returns/dsn_state.h"

/*
 * The server's own words within a report. The program that reports them writes sentences around them ("despite repeated
 * attempts", "please try again") that sound like other reasons.
 */

#define REPLY_LINES 8
#define WRAPPED 45 /* a line as long as this may go on in the next one */

/* What stands before the words that count, where they have no code. */
static const char *const marks[] = { "response was:", "server was:", "returned was:", "responded as follows:", " said:",
	"replied:", "reported error:", "error message:", "following reason:", "because of", "because:", "reason:" };

/* Where a line ends that is not the server's any more. */
static bool ends_reply(struct str line)
{
	return dsn_says(line, "in reply to|(state |in rcpt to|giving up on|]v");
}

/* A new thought, not the rest of a wrapped line. */
static bool begins_other(struct str line)
{
	return line.n == 0 || strchr("<>-=|*#", line.p[0]) != NULL ||
		dsn_starts(line,
			"giving up|this has been|this is a|for further|please|received:|--|i'm not going|original message");
}

/* Does the line begin with the same code? Then it is of the same reply (RFC 5321, 4.2.1). */
static bool goes_on(struct str line, struct str code)
{
	return str_starts(line, code);
}

static struct str take_lines(struct str s)
{
	struct str rest = s;
	struct str code = str_sub(s, 0, 3);
	struct str line = str_cut(&rest, '\n');
	size_t n = line.n;
	size_t before = line.n;

	for (int i = 1; i < REPLY_LINES && rest.n > 0 && !ends_reply(line); i++) {
		line = str_cut(&rest, '\n');
		if (!goes_on(line, code) && (begins_other(line) || (before < WRAPPED && n > 12)))
			break;
		before = line.n;
		n = (size_t)(line.p - s.p) + line.n;
	}
	return str_sub(s, 0, n);
}

/* How long the line is before the reply counts for whether it was wrapped. */
static struct str by_code(struct str about)
{
	size_t at = outcome_reply_at(about);
	size_t begin = at;

	if (at == about.n)
		return STR_NONE;
	while (begin > 0 && about.p[begin - 1] != '\n')
		begin--;
	if (at > begin && at - begin < WRAPPED * 3) {
		struct str line = str_sub(about, begin, str_find(str_sub(about, begin, about.n), '\n'));
		struct str reply = str_sub(about, at, about.n);
		struct str first = str_sub(reply, 0, str_find(reply, '\n'));

		/* "host mx.example.net said: 550 5.1.1", and the words in the next line */
		if (line.n >= WRAPPED && first.n < WRAPPED && !ends_reply(first) && first.n < reply.n) {
			struct str next = str_sub(reply, first.n + 1, reply.n);

			next = str_sub(next, 0, str_find(next, '\n'));
			if (!begins_other(next) || str_starts(next, STR_LIT("<")))
				return str_sub(reply, 0,
					first.n + 1 + take_lines(str_sub(reply, first.n + 1, reply.n)).n);
		}
	}
	return take_lines(str_sub(about, at, about.n));
}

static struct str find_reply(struct str about)
{
	struct str reply = by_code(about);

	for (size_t i = 0; reply.n == 0 && i < sizeof marks / sizeof *marks; i++) {
		size_t at = str_isearch(about, str_of(marks[i]));

		if (at < about.n)
			reply = str_trim(str_sub(about, at + strlen(marks[i]), about.n));
	}
	return reply;
}

struct outcome dsn_judge_text(const struct dsn_mail *m, struct str recipient, struct str *words)
{
	enum outcome_stage stage = outcome_stage_find(str_sub(*words, 0, 4000));
	struct str reply = find_reply(*words);
	struct outcome o = { .reason = OUTCOME_UNKNOWN };

	if (reply.n > 0)
		o = dsn_judge(m, recipient, outcome_find_status(reply), reply, stage);
	if (o.reason == OUTCOME_UNKNOWN || o.reason == OUTCOME_NONE)
		o = dsn_judge(m, recipient, outcome_find_status(*words), *words, stage);
	if (reply.n > 0)
		*words = reply;
	return o;
}
