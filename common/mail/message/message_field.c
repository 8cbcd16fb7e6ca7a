#include <config.h>

#include "mail/message/message_state.h"

#include "base/err.h"
#include "text/hex.h"
#include "mail/address/address.h"
#include "mail/header/word.h"
#include "text/cfws.h"
#include "text/utf8.h"

/*
 * Repairs single header fields. How a field is encoded depends on what it is: addresses keep their structure,
 * parameters use RFC 2231, free text uses encoded words, and identifiers are never touched.
 */

bool message_field_empty(const struct header_field *field)
{
	struct str body = field->body;

	while (body.n > 0 && cfws_is_blank(body.p[0]))
		body = str_sub(body, 1, body.n);
	return body.n == 0;
}

bool message_field_clean(const struct message_field_mend *how, struct str whole)
{
	if (str_find(whole, '\0') < whole.n || (!how->high_ok && !str_ascii(whole)))
		return false;
	while (whole.n > 0) {
		size_t n = str_find(whole, '\n');
		size_t text = n > 0 && whole.p[n - 1] == '\r' ? n - 1 : n;

		if (text > MESSAGE_LINE || str_find(str_sub(whole, 0, text), '\r') < text)
			return false;
		whole = str_sub(whole, n + 1, whole.n);
	}
	return true;
}

/* Without its folding, NULs and lone CRs, as UTF-8. */
static void plain_body(struct str body, struct buf *out)
{
	struct buf raw = { 0 };

	for (size_t i = 0; i < body.n; i++) {
		char c = body.p[i];

		if (c == '\r' && i + 1 < body.n && body.p[i + 1] == '\n')
			i++;
		else if (c != '\0')
			buf_add_char(&raw, c == '\r' || c == '\n' || c == '\t' ? ' ' : c);
	}
	struct str trimmed = str_trim(buf_str(&raw));

	if (utf8_valid(trimmed))
		buf_add(out, trimmed);
	else
		utf8_from_latin1(out, trimmed);
	buf_free(&raw);
}

/* May be a local user, as in "root, Jörg <j@b>"; one outside ASCII is part of a name: "Müller, Jan <j@b>". */
static bool is_ascii_word(void *arg, struct str word)
{
	(void)arg;
	return str_ascii(word);
}

/* Display names become encoded words and domains A-labels. A local part outside ASCII has to stay,
 * or is shown as the name of an empty group (RFC 6857, 3.1.2), which nobody can answer to. */
static bool encode_addresses(struct str body, bool downgrade, struct buf *out)
{
	struct address_list list = { .manner = ADDRESS_JOINED, .known = is_ascii_word };
	struct buf name = { 0 };
	bool first = true;
	int got;

	address_list_init(&list, body);
	while ((got = address_list_next(&list)) > 0) {
		buf_clear(&name);
		word_decode(&name, buf_str(&list.name));
		buf_add_text(out, first ? "" : ", ");
		first = false;
		size_t domain = str_after_last(buf_str(&list.bare), '@');

		/* Without an "@" all of it is local. */
		if (!downgrade || str_ascii(str_sub(buf_str(&list.bare), 0, domain > 0 ? domain : SIZE_MAX))) {
			address_add_mailbox(out, buf_str(&name), buf_str(&list.bare));
			continue;
		}
		buf_add_text(&name, buf_len(&name) > 0 ? " " : "");
		buf_add(&name, buf_str(&list.bare));
		word_encode_phrase(out, buf_str(&name));
		buf_add_text(out, ":;");
	}
	address_list_free(&list);
	buf_free(&name);
	return got == 0;
}

bool message_field_qualify(const struct message_wants *wants, const struct header_field *field, struct buf *out)
{
	struct address_list list = { .manner = ADDRESS_JOINED, .known = wants->known, .arg = wants->arg };
	struct buf line = { 0 };
	struct buf name = { 0 };
	bool any = false;
	int got = 0;

	if (wants->domain.n == 0 ||
		!str_among(field->name, "To Cc Sender Reply-To Resent-From Resent-To Resent-Cc Resent-Sender"))
		return false;
	address_list_init(&list, field->body);
	while ((got = address_list_next(&list)) > 0) {
		buf_clear(&name);
		word_decode(&name, buf_str(&list.name));
		if (str_find(buf_str(&list.bare), '@') == buf_len(&list.bare)) {
			buf_add_char(&list.bare, '@');
			buf_add(&list.bare, wants->domain);
			any = true;
		}
		buf_add_text(&line, buf_len(&line) > 0 ? ", " : "");
		address_add_mailbox(&line, buf_str(&name), buf_str(&list.bare));
	}
	any = any && got == 0 && header_add(out, field->name, buf_str(&line), NULL);
	address_list_free(&list);
	buf_free(&line);
	buf_free(&name);
	return any;
}

/* Parameters outside ASCII, such as a file name, by RFC 2231. */
static void encode_parameters(struct str body, struct buf *out)
{
	size_t n = cfws_find_unquoted(body, ";");
	struct buf value = { 0 };

	buf_add(out, str_trim(str_sub(body, 0, n)));
	while (n < body.n) {
		body = str_sub(body, n + 1, body.n);
		n = cfws_find_unquoted(body, ";");
		struct str parameter = str_trim(str_sub(body, 0, n));
		struct str rest = parameter;
		struct str name = str_trim(str_cut(&rest, '='));
		char word[64];

		if (str_ascii(parameter) || rest.p == NULL || name.n >= sizeof word || !str_ascii(name)) {
			buf_add_text(out, "; ");
			buf_add(out, parameter);
			continue;
		}
		memcpy(word, name.p, name.n);
		word[name.n] = '\0';
		rest = str_trim(rest);
		if (rest.n >= 2 && rest.p[0] == '"' && rest.p[rest.n - 1] == '"')
			rest = str_sub(rest, 1, rest.n - 2);
		buf_clear(&value);
		for (size_t i = 0; i < rest.n; i++)
			if (rest.p[i] != '\\' || i + 1 == rest.n || ++i < rest.n)
				buf_add_char(&value, rest.p[i]);
		word_add_parameter(out, word, buf_str(&value), false);
	}
	buf_free(&value);
}

/* The body of a field in ASCII where that can be: false when it has to stay as it is. */
static bool encode_body(const struct message_field_mend *how, struct str name, struct str body, struct buf *out)
{
	if (str_among(name,
		    "Message-ID In-Reply-To References Date Resent-Message-ID Resent-Date "
		    "Return-Path MIME-Version "
		    "Content-Transfer-Encoding Content-ID Received DKIM-Signature"))
		return false;
	if (str_among(name,
		    "From To Cc Reply-To Sender Resent-From Resent-To Resent-Cc Resent-Sender "
		    "Resent-Reply-To "
		    "Disposition-Notification-To Return-Receipt-To"))
		return encode_addresses(body, how->downgrade, out) && str_ascii(buf_str(out));
	if (str_among(name, "Content-Type Content-Disposition")) {
		encode_parameters(body, out);
		return str_ascii(buf_str(out));
	}
	return word_encode_text(out, body, name.n + 2);
}

/* Octets of a line as encoded words, for one that has no blank where it could be folded. */
static void add_words(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (i % 20 == 0)
			buf_add_text(out, i > 0 ? "?=\r\n =?us-ascii?Q?" : "=?us-ascii?Q?");
		if (ascii_alpha(s.p[i]) || ascii_digit(s.p[i]))
			buf_add_char(out, s.p[i]);
		else
			hex_add_escape(out, '=', c);
	}
	buf_add_text(out, "?=");
}

/* "Name: body" in lines of at most 998, at blanks as near to 78 as they stand. */
static bool add_folded(struct str name, struct str body, uint64_t line, struct buf *out, struct err *err)
{
	bool text = str_among(name, "Subject Comments Keywords Thread-Topic") || str_istarts(name, STR_LIT("X-"));
	size_t room = 76 - (name.n < 60 ? name.n : 60);

	buf_add(out, name);
	buf_add_text(out, body.n > 0 ? ":" : ":\r\n");
	while (body.n > 0) {
		size_t n = 0;

		/* At least one word, then as many as fit. */
		for (;;) {
			size_t word = n;

			while (word < body.n && body.p[word] == ' ')
				word++;
			while (word < body.n && body.p[word] != ' ')
				word++;
			if (n > 0 && word > room)
				break;
			n = word;
			if (n >= body.n)
				break;
		}
		struct str words = str_trim(str_sub(body, 0, n));

		buf_add_text(out, " ");
		if (words.n <= MESSAGE_LINE - 64)
			buf_add(out, words);
		else if (text && str_ascii(words))
			add_words(out, words);
		else
			return err_set(err, ERR_DATA,
				"line %llu: %.*s has %zu octets without a blank where it could be "
				"folded",
				(unsigned long long)line, STR_ARGS(str_sub(name, 0, 60)), n);
		buf_add_text(out, "\r\n");
		body = str_sub(body, n, body.n);
		room = 77;
	}
	return true;
}

bool message_field_mend(const struct message_field_mend *how, const struct header_field *field, uint64_t line,
	struct buf *out, struct err *err)
{
	struct buf body = { 0 };
	struct buf ascii = { 0 };
	bool ok;

	plain_body(field->body, &body);
	if (!how->high_ok && !str_ascii(buf_str(&body)) && encode_body(how, field->name, buf_str(&body), &ascii)) {
		buf_clear(&body);
		buf_add(&body, buf_str(&ascii));
	}
	if (how->drop_high) {
		for (size_t i = body.off; i < body.end; i++)
			if ((unsigned char)body.p[i] >= 0x80)
				body.p[i] = '?';
	}
	ok = add_folded(field->name, buf_str(&body), line, out, err);
	buf_free(&ascii);
	buf_free(&body);
	return ok;
}
