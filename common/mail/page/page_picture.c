#include <config.h>

#include "mail/page/page_state.h"

#include "mail/header/header.h"
#include "mail/message/mime_read.h"
#include "text/base64.h"
#include "text/hex.h"

/* A page that refers to one picture ten thousand times is not worth ten thousand searches of the message. */
#define MOST_ASKED 500u
#define MOST_PARTS 1000u
#define DECODED_LIMIT ((size_t)16 << 20)

/* Of these nothing runs and nothing is loaded, wherever they are shown. SVG is not among them. */
static const char types[] = "image/png image/jpeg image/jpg image/pjpeg image/gif image/webp image/bmp image/avif";

static void undo_percent(struct buf *out, struct str s)
{
	while (s.n > 0) {
		int c = s.p[0] == '%' ? hex_octet(str_sub(s, 1, 2)) : -1;

		buf_add_char(out, c >= 0 ? (char)c : s.p[0]);
		s = str_sub(s, c >= 0 ? 3 : 1, s.n);
	}
}

static bool has_id(const struct mime_leaf *leaf, struct str cid)
{
	struct str id = str_trim(header_find(leaf->header, "Content-ID"));

	if (id.n >= 2 && id.p[0] == '<' && id.p[id.n - 1] == '>')
		id = str_sub(id, 1, id.n - 2);
	return id.n > 0 && str_eq(id, cid);
}

static bool add_data(struct page_pictures *p, const struct mime_leaf *leaf, struct buf *out)
{
	struct buf octets = { .limit = DECODED_LIMIT };
	bool ok = str_among(str_of(leaf->type), types) && mime_decode(leaf, &octets) && buf_len(&octets) > 0 &&
		buf_len(&octets) <= p->room;

	if (ok) {
		p->room -= buf_len(&octets);
		buf_printf(out, "data:%s;base64,", leaf->type);
		base64_add(out, buf_str(&octets));
	}
	buf_free(&octets);
	return ok;
}

static bool from_part(struct page_pictures *p, struct str url, struct buf *out)
{
	struct buf cid = { .limit = 1000 };
	struct mime_walk w;
	struct mime_leaf leaf;
	bool done = false;

	if (p->asked++ >= MOST_ASKED)
		return false;
	undo_percent(&cid, url);
	mime_walk_init(&w, p->message, MOST_PARTS);
	while (!done && !cid.full && mime_walk_next(&w, &leaf))
		done = has_id(&leaf, buf_str(&cid)) && add_data(p, &leaf, out);
	buf_free(&cid);
	return done;
}

/* A data: URL is written anew from its type and its content: what else could stand in it is left out. */
static bool from_data(struct page_pictures *p, struct str url, struct buf *out)
{
	struct str content = url;
	struct str head = str_cut(&content, ',');
	struct str type = str_trim(str_cut(&head, ';'));
	struct buf octets = { .limit = DECODED_LIMIT };

	if (content.p == NULL || !str_among(type, types) || !str_iends(head, STR_LIT("base64")) || content.n > p->room)
		return false;
	bool ok = base64_decode_loose(&octets, content) && buf_len(&octets) > 0;

	if (ok) {
		p->room -= content.n;
		buf_add_text(out, "data:");
		buf_add(out, type);
		buf_add_text(out, ";base64,");
		base64_add(out, buf_str(&octets));
	}
	buf_free(&octets);
	return ok;
}

bool page_picture(struct page_pictures *p, struct str url, struct buf *out)
{
	url = str_trim(url);
	if (str_istarts(url, STR_LIT("cid:")))
		return from_part(p, str_sub(url, 4, url.n), out);
	if (str_istarts(url, STR_LIT("data:")))
		return from_data(p, str_sub(url, 5, url.n), out);
	if (url.n > 0 && url.p[0] != '#')
		p->found->remote++;
	return false;
}
