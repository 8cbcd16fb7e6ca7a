#include <config.h>

#include "cmd/popfetch/sink.h"

#include "io/clock.h"
#include "mail/address/address.h"
#include "mail/header/header.h"

/* What is made of a message on its way into the batch: line ends, the frame of an mbox, fields that are renamed. */

/* CRLF becomes LF; a lone CR stays. */
static void add_local(struct sink *s, struct str octets)
{
	while (octets.n > 0) {
		if (s->cr && octets.p[0] != '\n')
			buf_add_char(s->into, '\r');
		s->cr = false;
		size_t n = str_find(octets, '\r');

		buf_add(s->into, str_sub(octets, 0, n));
		s->cr = n < octets.n;
		octets = str_sub(octets, n + 1, octets.n);
	}
}

static void shape(struct sink *s, struct str octets)
{
	if (!sink_is_mbox(s))
		add_local(s, octets);
	else
		mbox_add(&s->writer, s->into, octets);
}

/* The envelope sender that the last server noted, for the From_ line. */
static void sender_of(struct str header, struct buf *out)
{
	struct str field = header_find(header, "Return-Path");
	struct buf text = { 0 };
	struct str bare;

	if (field.p != NULL && header_unfold(&text, field) && address_unwrap(buf_str(&text), &bare, NULL))
		buf_add(out, bare);
	buf_free(&text);
}

/* A field by which mail programs steer themselves, or that they wrote into a mailbox of their own: from outside it
 * would make them lose, hide or purge messages. */
static bool is_steering(struct str line)
{
	static const char *const names[] = { "Content-Length", "Status", "X-Status", "X-Keywords", "X-UID", "X-IMAP",
		"X-IMAPbase", "X-Mozilla-Status", "X-Mozilla-Status2", "X-Mozilla-Keys", NULL };
	struct str name = str_cut(&line, ':');

	for (size_t i = 0; line.p != NULL && names[i] != NULL; i++)
		if (str_ieq(str_trim(name), str_of(names[i])) && !ascii_blank(name.p[0]))
			return true;
	return false;
}

/* Lines of a header, the last of which may be open. */
static void shape_fields(struct sink *s, struct str lines)
{
	while (lines.n > 0) {
		size_t n = str_find(lines, '\n');
		struct str line = str_sub(lines, 0, n < lines.n ? n + 1 : n);

		if (!s->mid_line && sink_is_mbox(s) && is_steering(line))
			shape(s, STR_LIT("X-Original-"));
		shape(s, line);
		s->mid_line = n == lines.n;
		lines = str_sub(lines, line.n, lines.n);
	}
}

/* The header is there, or as much of it as we keep: a From_ line by its Return-Path, then its fields. */
void sink_shape_head(struct sink *s, bool whole)
{
	struct str head = buf_str(&s->head);
	struct buf sender = { 0 };
	size_t n = head.n;

	if (!s->begun && sink_is_mbox(s)) {
		sender_of(head, &sender);
		size_t at = buf_len(s->into);

		mbox_begin(&s->writer, s->into, buf_str(&sender), clock_wall());
		buf_clear(&s->from);
		buf_add(&s->from, str_sub(buf_str(s->into), at, buf_len(s->into) - at - 1));
		buf_free(&sender);
	}
	s->begun = true;
	s->in_head = !whole;
	/* The open line at the end is judged when more of it is there, but not when it is longer than any. */
	while (!whole && n > 0 && head.p[n - 1] != '\n')
		n--;
	n = n > 0 ? n : head.n;
	shape_fields(s, str_sub(head, 0, n));
	buf_drop(&s->head, n);
}

/* Does the header end in what came now? Then the rest of octets is body. */
static size_t head_end(struct sink *s, struct str octets)
{
	size_t before = buf_len(&s->head);
	struct str all;
	size_t n;

	buf_add(&s->head, octets);
	all = buf_str(&s->head);
	if (!s->mid_line && str_starts(all, STR_LIT("\r\n")))
		return 2 - before;
	if (!s->mid_line && str_starts(all, STR_LIT("\n")))
		return 1 - before;
	for (size_t at = before > 3 ? before - 3 : 0; at < all.n; at += n + 1) {
		n = str_find(str_sub(all, at, all.n), '\n');
		struct str behind = str_sub(all, at + n + 1, all.n);

		if (str_starts(behind, STR_LIT("\n")))
			return at + n + 2 - before;
		if (str_starts(behind, STR_LIT("\r\n")))
			return at + n + 3 - before;
	}
	return SIZE_MAX;
}

bool sink_add(struct sink *s, struct str octets, struct err *err)
{
	while (s->in_head && octets.n > 0) {
		struct str part = str_sub(octets, 0, 65536);
		size_t n = head_end(s, part);

		if (n == SIZE_MAX) {
			while (buf_len(&s->head) >= SINK_HEAD_MAX)
				sink_shape_head(s, false);
			octets = str_sub(octets, part.n, octets.n);
			continue;
		}
		/* What stands behind the empty line was taken along. */
		buf_cut(&s->head, buf_len(&s->head) - (part.n - n));
		octets = str_sub(octets, n, octets.n);
		sink_shape_head(s, true);
	}
	if (!s->in_head)
		shape(s, octets);
	return sink_gather(s, err);
}
