#include <config.h>

#include "mail/message/message_state.h"

#include "base/mem.h"
#include "mail/header/header.h"

void message_init(struct message *m)
{
	*m = (struct message){ .state = mem_alloc(sizeof *m->state) };
	buf_init(&m->header, MESSAGE_HEADER_LIMIT);
	buf_init(&m->plan, 2 * MESSAGE_HEADER_LIMIT);
	buf_init(&m->state->walk.header, MESSAGE_HEADER_LIMIT);
	m->state->kind = WALK_CONTENT;
}

void message_free(struct message *m)
{
	if (m->state != NULL) {
		buf_free(&m->state->walk.header);
		buf_free(&m->state->sealed_names);
		mime_encoder_free(&m->state->encoder);
		mem_free(m->state->parts);
		mem_free(m->state);
	}
	buf_free(&m->header);
	buf_free(&m->plan);
	*m = (struct message){ 0 };
}

/* The facts of part i; past the limit all share the last, and nothing is sent. */
static struct part *part_at(struct message_state *st, size_t i)
{
	if (i >= MESSAGE_PARTS_LIMIT) {
		st->too_many = true;
		i = MESSAGE_PARTS_LIMIT - 1;
	}
	if (i >= st->parts_cap) {
		size_t cap = i < 8 ? 8 : 2 * i;

		st->parts = mem_resize(st->parts, cap, sizeof *st->parts);
		memset(st->parts + st->parts_cap, 0, (cap - st->parts_cap) * sizeof *st->parts);
		st->parts_cap = cap;
	}
	return &st->parts[i];
}

static bool any_high(struct str s)
{
	size_t i = 0;

	for (; i + 8 <= s.n; i += 8) {
		uint64_t eight;

		memcpy(&eight, s.p + i, 8);
		if ((eight & UINT64_C(0x8080808080808080)) != 0)
			return true;
	}
	return !str_ascii(str_sub(s, i, 8));
}

/* What is wrong with a line or a piece of one; the first place of each fault in content is
 * remembered. */
static void look_at(struct message *m, const struct line *line, struct part *part, bool header)
{
	struct message_state *st = m->state;
	unsigned faults = 0;

	st->column += line->text.n;
	if (st->column > MESSAGE_LINE)
		faults |= FAULT_LONG;
	if (str_find(line->text, '\0') < line->text.n)
		faults |= FAULT_NUL;
	if (line->end == LINE_CR || line->stray || str_find(line->text, '\r') < line->text.n)
		faults |= FAULT_CR;
	if (any_high(line->text)) {
		faults |= FAULT_HIGH;
		for (size_t i = 0; i < line->text.n; i++)
			part->high += (unsigned char)line->text.p[i] >= 0x80;
		mime_scan_add(&st->untyped, line->text);
	}
	part->octets += line->text.n + 2;
	if (faults == 0)
		return;
	if (header && part->header_faults == 0)
		part->header_line = m->lines;
	for (unsigned i = 0; i < 4 && !header; i++)
		if ((faults & ~part->faults & (1u << i)) != 0)
			part->line[i] = m->lines;
	*(header ? &part->header_faults : &part->faults) |= faults;
}

static void scan_body_line(struct message *m, const struct line *line)
{
	struct message_state *st = m->state;
	size_t before = st->walk.part;

	st->lone_lf += line->end == LINE_LF;
	st->ended_line = line->end != LINE_OPEN;
	if (line->starts) {
		struct part facts = { 0 };
		bool entered = false;

		m->lines++;
		st->column = 0;
		st->kind = WALK_CONTENT;
		if (line->whole || st->walk.in_header)
			st->kind = message_walk_line(&st->walk, line->text, &entered, &facts);
		if (entered) {
			struct part *part = part_at(st, before);

			facts.header_faults = part->header_faults;
			facts.header_line = part->header_line;
			*part = facts;
		}
	} else if (st->kind == WALK_HEADER) {
		message_walk_more(&st->walk, line->text);
	}
	/* The frame around a content counts with the header: only its line ends can be at fault. */
	look_at(m, line, part_at(st, st->kind == WALK_SEPARATOR ? before : st->walk.part), st->kind != WALK_CONTENT);
}

/* The header is complete: what does it have, and what does it say of the body? */
static void end_header(struct message *m)
{
	struct message_state *st = m->state;
	struct part facts = { 0 };
	struct header_reader r;
	struct header_field field;
	enum header_event event;

	m->missing = MESSAGE_DATE | MESSAGE_ID | MESSAGE_FROM;
	header_init(&r, buf_str(&m->header));
	while ((event = header_next(&r, &field)) != HEADER_END) {
		/* An empty one is as good as none. */
		if (event != HEADER_FIELD || message_field_empty(&field))
			continue;
		if (str_ieq(field.name, STR_LIT("Date")))
			m->missing &= ~(unsigned)MESSAGE_DATE;
		else if (str_ieq(field.name, STR_LIT("Message-ID")))
			m->missing &= ~(unsigned)MESSAGE_ID;
		else if (str_ieq(field.name, STR_LIT("From")))
			m->missing &= ~(unsigned)MESSAGE_FROM;
	}
	st->walk.parts = 1;
	message_walk_enter(&st->walk, buf_str(&m->header), &facts);
	*part_at(st, 0) = facts;
	m->unbounded = facts.unbounded;
	st->header_done = true;
}

/* The line is the header's, or ends it: false when it is the first of the body. */
static bool scan_header_line(struct message *m, const struct line *line)
{
	struct message_state *st = m->state;
	struct str text = line->text;

	while (line->whole && text.n > 0 && text.p[text.n - 1] == '\r')
		text.n--;
	if (!line->starts && buf_len(&m->header) == 0)
		return true; /* the From_ line goes on */
	if (!line->starts) {
		buf_add(&m->header, text);
	} else if (!st->started && m->lines == 0 &&
		(str_starts(text, STR_LIT("From ")) || str_starts(text, STR_LIT(">From ")))) {
		m->from_line = true;
		m->lines++;
		return true;
	} else if (text.n == 0 && line->end != LINE_OPEN) {
		m->separated = true;
		m->lines++;
		end_header(m);
		return true;
	} else if (message_walk_field_name(text) > 0 || (text.n > 0 && ascii_blank(text.p[0]) && st->started)) {
		st->started = true;
		m->lines++;
		buf_add(&m->header, text);
	} else {
		end_header(m);
		return false;
	}
	if (line->whole)
		buf_add(&m->header, STR_LIT("\r\n"));
	return true;
}

static void scan_line(struct message *m, const struct line *line, uint64_t begins, uint64_t ends)
{
	if (m->state->header_done) {
		scan_body_line(m, line);
	} else if (!scan_header_line(m, line)) {
		m->body_at = begins;
		scan_body_line(m, line);
	} else {
		m->body_at = ends;
	}
}

void message_scan(struct message *m, struct str s)
{
	struct message_state *st = m->state;
	uint64_t before = m->octets;
	size_t all = s.n;
	struct line line;

	while (message_lines_next(&st->lines, &s, st->header_done, &line)) {
		uint64_t ends = before + (all - s.n);

		scan_line(m, &line, st->line_at, ends);
		st->line_at = ends;
	}
	m->octets += all;
}

void message_scan_end(struct message *m)
{
	struct message_state *st = m->state;
	struct line line;

	if (message_lines_end(&st->lines, st->header_done, &line))
		scan_line(m, &line, st->line_at, m->octets);
	if (!st->header_done) {
		end_header(m);
		m->separated = true;
	}
	st->too_long = m->header.full || st->walk.header.full;
}
