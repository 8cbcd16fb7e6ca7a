#include <config.h>

#include "mail/message/mime_encode.h"

/* Any line end as CRLF; a lone CR is one. Runs between line ends are copied whole. */
static bool add_canonical(struct mime_encoder *e, struct buf *out, struct str s)
{
	bool ok = true;

	while (s.n > 0) {
		if (e->cr && s.p[0] == '\n')
			s = str_sub(s, 1, s.n);
		e->cr = false;
		size_t n = str_find(s, '\n');

		n = str_find(str_sub(s, 0, n), '\r');
		if (n > 0) {
			ok = buf_add(out, str_sub(s, 0, n)) && ok;
			e->in_line = true;
		}
		if (n == s.n)
			break;
		ok = buf_add(out, STR_LIT("\r\n")) && ok;
		e->in_line = false;
		e->cr = s.p[n] == '\r';
		s = str_sub(s, n + 1, s.n);
	}
	return ok;
}

bool mime_encode(struct mime_encoder *e, struct buf *out, struct str s)
{
	if (e->encoding == MIME_QP)
		return qp_add(&e->qp, out, s);
	if (e->encoding == MIME_BASE64) {
		if (!e->text)
			return base64_lines_add(&e->base64, out, s);
		buf_clear(&e->scratch);
		return add_canonical(e, &e->scratch, s) && base64_lines_add(&e->base64, out, buf_str(&e->scratch));
	}
	return e->text ? add_canonical(e, out, s) : buf_add(out, s);
}

bool mime_encode_end(struct mime_encoder *e, struct buf *out)
{
	if (e->encoding == MIME_QP)
		return qp_end(&e->qp, out);
	if (e->encoding == MIME_BASE64)
		return base64_lines_end(&e->base64, out);
	/* The last line of a text ends like the others, whoever forgot that. */
	return !e->text || !e->in_line || buf_add(out, STR_LIT("\r\n"));
}

void mime_encoder_free(struct mime_encoder *e)
{
	buf_free(&e->scratch);
}
