#include <config.h>

#include "mail/header/word.h"

#include "base/buf.h"
#include "text/base64.h"
#include "text/cfws.h"
#include "text/charset.h"
#include "text/hex.h"

/*
 * Adjacent encoded words are decoded to bytes first and converted as one text, because many mailers cut a
 * character of several bytes between two words (RFC 2047, 5, rule 3 forbids it). When the whole cannot be
 * converted the source is kept as it was.
 */

struct word {
	struct str charset;
	struct str text;
	char encoding; /* 'q' or 'b' */
	size_t length; /* of the whole =?…?= */
};

/* An encoded word at the start of s. Blanks in its text are no better than common. */
static bool parse(struct str s, struct word *w)
{
	if (!str_starts(s, STR_LIT("=?")))
		return false;
	struct str rest = str_sub(s, 2, s.n);
	struct str charset = str_cut(&rest, '?');
	struct str encoding = str_cut(&rest, '?');
	size_t n = str_find(rest, '?');

	if (encoding.n != 1 || n + 1 >= rest.n || rest.p[n + 1] != '=')
		return false;
	w->charset = str_cut(&charset, '*'); /* a language may follow (RFC 2231, 5) */
	w->encoding = ascii_lower(encoding.p[0]);
	w->text = str_sub(rest, 0, n);
	w->length = (size_t)(rest.p + n + 2 - s.p);
	return (w->encoding == 'q' || w->encoding == 'b') && str_find(w->text, '\n') == w->text.n &&
		charset_known(w->charset);
}

static void add_q(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		int octet = s.p[i] == '=' ? hex_octet(str_sub(s, i + 1, 2)) : -1;

		if (octet >= 0) {
			buf_add_char(out, (char)octet);
			i += 2;
		} else {
			buf_add_char(out, s.p[i] == '_' ? ' ' : s.p[i]);
		}
	}
}

/* Words of one charset with only blanks between them, gathered before they are decoded. */
struct gathered {
	struct str charset;
	struct str source;
	struct buf octets;
};

static void flush(struct gathered *g, struct buf *out)
{
	if (g->source.n > 0 && !charset_decode(out, g->charset, buf_str(&g->octets)))
		buf_add(out, g->source);
	g->source.n = 0;
	buf_clear(&g->octets);
}

static size_t blanks_at(struct str s)
{
	size_t n = 0;

	while (n < s.n && cfws_is_blank(s.p[n]))
		n++;
	return n;
}

static void gather(struct gathered *g, struct buf *out, struct str s, const struct word *w)
{
	if (g->source.n > 0 && !str_ieq(g->charset, w->charset))
		flush(g, out);
	if (g->source.n == 0)
		g->source.p = s.p;
	g->charset = w->charset;
	g->source.n = (size_t)(s.p + w->length - g->source.p);
	if (w->encoding == 'q')
		add_q(&g->octets, w->text);
	else
		base64_decode_loose(&g->octets, w->text);
}

bool word_decode(struct buf *out, struct str s)
{
	struct gathered g = { .source = STR_NONE };
	struct word w;

	while (s.n > 0) {
		size_t blanks = g.source.n > 0 ? blanks_at(s) : 0;
		struct str next = str_sub(s, blanks, s.n);

		if (parse(next, &w)) {
			gather(&g, out, next, &w);
			s = str_sub(next, w.length, next.n);
			continue;
		}
		flush(&g, out);
		/* As far as the next octet that could begin a word. */
		size_t n = blanks + (next.n > 0);

		n += str_find(str_sub(s, n, s.n), '=');
		buf_add(out, str_sub(s, 0, n));
		s = str_sub(s, n, s.n);
	}
	flush(&g, out);
	buf_free(&g.octets);
	return !out->full;
}
