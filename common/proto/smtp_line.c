#include <config.h>

#include "proto/smtp_state.h"

/*
 * Everything that is sent to the server passes through here. Commands are built in one buffer and checked when
 * they are complete, so an address or parameter that was not checked before cannot add a second command.
 */

/* RFC 5321, 4.5.3.1.4 has 512 octets, every extension adds to that; RFC 4954, 4 allows 12288 in AUTH. */
#define LINE_LIMIT 12288
#define PATH_LIMIT 1000

void smtp_put_octets(struct smtp *s, struct str octets)
{
	struct smtp_state *st = s->state;

	if (st->blocked && octets.n > 0) {
		st->flights++;
		st->blocked = false;
	}
	if (!buf_add(&s->out, octets))
		smtp_session_end(s, ERR_SOFTWARE, "more was given to the connection than it takes", false);
	else
		st->position += octets.n;
}

void smtp_line_begin(struct smtp *s, const char *verb)
{
	buf_clear(&s->state->line);
	buf_add_text(&s->state->line, verb);
}

void smtp_line_add(struct smtp *s, struct str text)
{
	buf_add(&s->state->line, text);
}

void smtp_line_number(struct smtp *s, uint64_t n)
{
	buf_add_number(&s->state->line, n);
}

/*
 * The one place where a command line is written: whatever slipped through on its way here, no line of ours becomes two
 * (CR, LF), is cut short (NUL) or carries another control character.
 */
bool smtp_line_send(struct smtp *s)
{
	struct buf *line = &s->state->line;

	if (line->full || buf_len(line) > LINE_LIMIT - 2 || !str_clean(buf_str(line))) {
		smtp_session_end(s, ERR_DATA,
			"a command to the server would be malformed: a control character or too long", false);
		return false;
	}
	buf_add_text(line, "\r\n");
	smtp_put_octets(s, buf_str(line));
	buf_wipe(line);
	return s->state->phase != PHASE_OVER;
}

bool smtp_path_clean(struct str path, bool utf8)
{
	bool quoted = false;

	if (path.n > PATH_LIMIT || !str_clean(path) || (!utf8 && !str_ascii(path)))
		return false;
	for (size_t i = 0; i < path.n; i++) {
		char c = path.p[i];

		if (c == '<' || c == '>' || (c == ' ' && !quoted))
			return false;
		if (c == '\\' && quoted && i + 1 < path.n && path.p[i + 1] != '<' && path.p[i + 1] != '>')
			i++;
		else if (c == '"')
			quoted = !quoted;
	}
	return !quoted;
}

bool smtp_value_clean(const char *value)
{
	if (value == NULL)
		return true;
	for (const char *p = value; *p != '\0'; p++)
		if (ascii_control(*p) || *p == ' ' || *p == '=')
			return false;
	return *value != '\0' && strlen(value) <= 500;
}

void smtp_put_stuffed(struct smtp *s, bool *line_start, struct str octets)
{
	/* Dots are rarer than lines, and in base64 there are none: looking for them is as fast as memory. */
	while (octets.n > 0) {
		const char *dot = *octets.p == '.' && *line_start ? octets.p : NULL;
		const char *from = octets.p;

		while (dot == NULL && from < octets.p + octets.n) {
			const char *at = memchr(from, '.', octets.n - (size_t)(from - octets.p));

			if (at == NULL)
				break;
			/* Behind a lone CR or LF too, for servers that take one for a line's end. */
			if (at > octets.p && (at[-1] == '\n' || at[-1] == '\r'))
				dot = at;
			from = at + 1;
		}
		size_t n = dot == NULL ? octets.n : (size_t)(dot - octets.p);

		smtp_put_octets(s, str_sub(octets, 0, n));
		if (dot != NULL) {
			smtp_put_octets(s, STR_LIT(".."));
			n++;
		}
		*line_start = dot == NULL && (octets.p[n - 1] == '\n' || octets.p[n - 1] == '\r');
		octets = str_sub(octets, n, octets.n);
	}
}
