#include <config.h>

#include "mail/address/address.h"
#include "mail/header/header.h"
#include "mail/header/word.h"
#include "mail/message/html_text.h"
#include "mail/returns/dsn_book.h"
#include "mail/returns/dsn_lines.h"
#include "mail/returns/dsn_state.h"
#include "mail/returns/token.h"
#include "text/date.h"
#include "text/utf8.h"

/* One message of a bounce mailbox, taken apart once for all that look at it. */

/* So much of its header is looked at. */
#define DSN_HEADER ((size_t)128 << 10)

/* The addresses of a field, each with a blank behind it. */
static void add_addresses(struct buf *out, struct str body)
{
	struct address_list list = { 0 };

	address_list_init(&list, body);
	while (address_list_next(&list) == 1 && buf_add(out, buf_str(&list.bare)))
		buf_add_char(out, ' ');
	address_list_free(&list);
}

static void add_sent_to(struct buf *out, struct str header)
{
	static const char *const fields[] = { "To", "Delivered-To", "Envelope-To" };

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		add_addresses(out, header_find(header, fields[i]));
}

static void add_returned_senders(struct dsn_mail *m)
{
	static const char *const fields[] = { "From", "Sender", "Return-Path" };

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		add_addresses(&m->senders, header_find(buf_str(&m->returned), fields[i]));
}

bool dsn_mail_has(const struct dsn_mail *m, const char *type)
{
	for (size_t i = 0; i < m->n_leaves; i++)
		if (str_eq(str_of(m->leaves[i].type), str_of(type)))
			return true;
	return false;
}

static bool is_among(struct str address, struct str list)
{
	while (list.n > 0)
		if (str_ieq(str_cut(&list, ' '), address))
			return true;
	return false;
}

bool dsn_mail_is_nobody(const struct dsn_mail *m, struct str address)
{
	return dsn_starts(address, "postmaster@|mailer-daemon@") || is_among(address, buf_str(&m->own));
}

bool dsn_mail_is_sender(const struct dsn_mail *m, struct str address)
{
	return is_among(address, buf_str(&m->senders));
}

/* Encodings make it shorter, a charset up to three times as long. What is no text may have no
 * charset, and has letters nevertheless. */
bool dsn_decode(const struct mime_leaf *leaf, struct buf *out)
{
	struct mime_leaf part = *leaf;
	size_t room = out->limit - buf_len(out);
	struct buf plain = { .limit = room };
	bool ok;

	part.body = str_sub(part.body, 0, room / 3);
	ok = mime_decode(&part, &plain);
	if (ok && utf8_valid(buf_str(&plain)))
		ok = buf_add(out, buf_str(&plain));
	else if (ok)
		ok = utf8_from_latin1(out, buf_str(&plain));
	buf_free(&plain);
	return ok;
}

bool dsn_is_returned(const struct mime_leaf *leaf)
{
	struct str type = str_of(leaf->type);

	return str_eq(type, STR_LIT("message/rfc822")) || str_eq(type, STR_LIT("message/global")) ||
		str_eq(type, STR_LIT("message/global-headers")) || str_starts(type, STR_LIT("text/rfc822-header"));
}

bool dsn_only_address(struct str header, const char *name, struct buf *out)
{
	struct address_list list = { 0 };
	size_t n = 0;

	buf_clear(out);
	address_list_init(&list, header_find(header, name));
	while (n < 2 && address_list_next(&list) == 1)
		if (n++ == 0)
			buf_add(out, buf_str(&list.bare));
	address_list_free(&list);
	return n == 1 && dsn_is_address(buf_str(out));
}

/* "bounces+ann=example.org": the first "+" ends the name that we are known by, and the last "="
 * stands for "@". */
static bool verp_local(struct str local, struct buf *recipient)
{
	size_t plus = str_find(local, '+');
	size_t equals;

	/* A token after it shows who made the address; whether it is right is for those who have the key. */
	if (local.n > TOKEN_RETURN && local.p[local.n - TOKEN_RETURN - 1] == '+' &&
		token_looks_returned(str_sub(local, local.n - TOKEN_RETURN, local.n)) &&
		str_find(local, '+') < local.n - TOKEN_RETURN - 1)
		local.n -= TOKEN_RETURN + 1;
	equals = local.n;
	while (equals > 0 && local.p[equals - 1] != '=')
		equals--;
	if (equals <= plus + 1 || equals == local.n)
		return false;
	buf_add(recipient, str_sub(local, plus + 1, equals - plus - 2));
	buf_add_char(recipient, '@');
	buf_add(recipient, str_sub(local, equals, local.n));
	if (!dsn_is_address(buf_str(recipient)))
		buf_clear(recipient);
	return buf_len(recipient) > 0;
}

bool dsn_verp(struct str header, struct buf *recipient)
{
	struct buf sent_to = { .limit = 8192 };
	struct str rest;

	buf_clear(recipient);
	add_sent_to(&sent_to, header);
	add_addresses(&sent_to, header_find(header, "Return-Path"));
	for (rest = buf_str(&sent_to); rest.n > 0;) {
		struct str local = str_cut(&rest, ' ');

		local.n = str_find(local, '@');
		if (verp_local(local, recipient))
			break;
	}
	buf_free(&sent_to);
	return buf_len(recipient) > 0;
}

/* What stands behind the line that announces the returned message, if that is a header. */
static void take_returned(struct dsn_mail *m, struct str rest)
{
	while (rest.n > 0 && (ascii_blank(rest.p[0]) || rest.p[0] == '\r' || rest.p[0] == '\n'))
		rest = str_sub(rest, 1, rest.n);
	if (buf_len(&m->returned) == 0)
		buf_add(&m->returned, str_sub(rest, 0, header_length(rest)));
	add_returned_senders(m);
}

/* Keep of the text behind position begin what is the server's. */
static void cut_returned(struct dsn_mail *m, size_t begin)
{
	struct str rest = str_sub(buf_str(&m->text), begin, buf_len(&m->text));

	while (rest.n > 0) {
		struct str before = rest;

		if (!dsn_lines_is_end(str_cut(&rest, '\n')))
			continue;
		take_returned(m, rest);
		buf_cut(&m->text, buf_len(&m->text) - before.n);
		m->next_text = m->n_leaves;
		break;
	}
}

/* HTML without a tag is text that was called something else. */
static bool add_html(struct buf *out, const struct mime_leaf *leaf)
{
	struct buf html = { .limit = (size_t)1 << 20 };
	bool ok = dsn_decode(leaf, &html);

	if (ok && str_find(buf_str(&html), '<') == buf_len(&html))
		ok = buf_add(out, str_sub(buf_str(&html), 0, out->limit - buf_len(out)));
	else if (ok)
		ok = html_text_add(out, buf_str(&html));
	buf_free(&html);
	return ok;
}

/* A multipart that has no boundary is read as it stands. */
static bool add_text(struct dsn_mail *m, const struct mime_leaf *leaf)
{
	struct str type = str_of(leaf->type);

	if (str_eq(type, STR_LIT("text/html")))
		return add_html(&m->text, leaf);
	if (str_starts(type, STR_LIT("text/")) || (str_starts(type, STR_LIT("multipart/")) && m->n_leaves == 1))
		return dsn_decode(leaf, &m->text);
	return false;
}

bool dsn_mail_text(struct dsn_mail *m)
{
	size_t begin = buf_len(&m->text);

	while (m->next_text < m->n_leaves) {
		const struct mime_leaf *leaf = &m->leaves[m->next_text++];

		/* Behind the returned message nothing stands that is the server's. */
		if (dsn_is_returned(leaf)) {
			m->next_text = m->n_leaves;
			break;
		}
		if (add_text(m, leaf) && str_trim(str_sub(buf_str(&m->text), begin, SIZE_MAX)).n > 0) {
			buf_add_char(&m->text, '\n');
			cut_returned(m, begin);
			return true;
		}
		buf_cut(&m->text, begin);
	}
	return false;
}

static void first_address(struct str body, struct buf *out)
{
	struct address_list list = { 0 };

	address_list_init(&list, body);
	if (address_list_next(&list) == 1)
		buf_add(out, buf_str(&list.bare));
	address_list_free(&list);
}

static void load_leaves(struct dsn_mail *m)
{
	m->n_leaves = mime_leaves(m->message, m->leaves, DSN_LEAVES);
	for (size_t i = 0; i < m->n_leaves && buf_len(&m->returned) == 0; i++)
		if (dsn_is_returned(&m->leaves[i]) && dsn_decode(&m->leaves[i], &m->returned))
			buf_cut(&m->returned, header_length(buf_str(&m->returned)));
}

/* Gateways put some before the header. */
static struct str without_blank_lines(struct str s)
{
	while (s.n > 0 && (s.p[0] == '\n' || s.p[0] == '\r'))
		s = str_sub(s, 1, s.n);
	return s;
}

void dsn_mail_load(struct dsn_mail *m, struct str message)
{
	struct buf raw = { .limit = 8192 };

	message = str_sub(message, 0, DSN_LOOK_AT);
	message = without_blank_lines(message);
	if (str_starts(message, STR_LIT("From ")))
		message = without_blank_lines(str_sub(message, str_find(message, '\n') + 1, message.n));
	*m = (struct dsn_mail){ .message = message,
		.subject.limit = 8192,
		.sender.limit = 1024,
		.text.limit = (size_t)128 << 10,
		.returned.limit = (size_t)2 << 20,
		.own.limit = 8192,
		.senders.limit = 8192 };
	m->header = str_sub(message, 0, header_length(str_sub(message, 0, DSN_HEADER)));
	header_unfold(&raw, header_find(m->header, "Subject"));
	word_decode(&m->subject, buf_str(&raw));
	first_address(header_find(m->header, "From"), &m->sender);
	date_parse_mail(str_trim(header_find(m->header, "Date")), &m->when);
	m->server = (dsn_book(header_find(m->header, "From")) & DSN_SERVER) != 0 ||
		header_find(m->header, "X-Failed-Recipients").p != NULL;
	load_leaves(m);
	add_sent_to(&m->own, m->header);
	add_returned_senders(m);
	dsn_mail_text(m);
	buf_free(&raw);
}

void dsn_mail_free(struct dsn_mail *m)
{
	buf_free(&m->subject);
	buf_free(&m->sender);
	buf_free(&m->text);
	buf_free(&m->returned);
	buf_free(&m->own);
	buf_free(&m->senders);
}
