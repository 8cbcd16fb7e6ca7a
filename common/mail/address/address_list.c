#include <config.h>

#include "mail/address/address.h"

#include "mail/address/address_local.h"
#include "text/cfws.h"

/* What is known of the member that is being read. */
struct member {
	struct buf *name;   /* takes the words; NULL inside brackets and in domains */
	struct str comment; /* the last one, without its brackets */
	unsigned words;     /* words that no dot joins to the one before */
	bool gap;           /* something stood between the last token and this one */
	bool joined;        /* the last token was a dot */
};

void address_list_init(struct address_list *l, struct str field_body)
{
	l->rest = field_body;
	l->in_group = false;
	buf_clear(&l->name);
	buf_clear(&l->bare);
}

void address_list_free(struct address_list *l)
{
	buf_free(&l->name);
	buf_free(&l->bare);
	*l = (struct address_list){ .rest = STR_NONE };
}

static void advance(struct address_list *l, size_t n)
{
	l->rest = str_sub(l->rest, n, l->rest.n);
}

/* The next octet, '\0' at the end; a NUL in the field is malformed everywhere, so they need not be
 * told apart. */
static char peek(const struct address_list *l)
{
	return l->rest.n > 0 ? l->rest.p[0] : '\0';
}

static bool take(struct address_list *l, char c)
{
	if (peek(l) != c)
		return false;
	advance(l, 1);
	return true;
}

/* Pass over blanks, line ends and comments; false for a comment without an end. */
static bool skip(struct address_list *l, struct member *m)
{
	m->gap = false;
	for (;;) {
		if (cfws_is_blank(peek(l))) {
			advance(l, 1);
		} else if (peek(l) == '(') {
			size_t n = cfws_comment(l->rest);

			if (n == 0)
				return false;
			m->comment = str_sub(l->rest, 1, n - 2);
			advance(l, n);
		} else {
			return true;
		}
		m->gap = true;
	}
}

static bool is_atom_char(char c)
{
	return !ascii_control(c) && c != ' ' && strchr("()<>[]:;@\\,.\"", c) == NULL;
}

/* Octets of the quoted string at the start of s, or 0. */
static size_t quoted_length(struct str s)
{
	size_t i = 1;

	while (i < s.n && s.p[i] != '"')
		i += s.p[i] == '\\' ? 2 : 1;
	return i < s.n ? i + 1 : 0;
}

/* Append what s, the inside of a quoted string or comment, stands for. */
static void add_unescaped(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		if (s.p[i] != '\r' && s.p[i] != '\n')
			buf_add_char(out, s.p[i]);
	}
}

static void add_raw(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\r' && s.p[i] != '\n')
			buf_add_char(out, s.p[i]);
}

/* One atom or quoted string, into the name as words and into the bare address in one piece. */
static bool take_word(struct address_list *l, struct member *m)
{
	size_t n = 0;

	if (peek(l) == '"')
		n = quoted_length(l->rest);
	else
		while (n < l->rest.n && is_atom_char(l->rest.p[n]))
			n++;
	if (n == 0)
		return false;
	struct str word = str_sub(l->rest, 0, n);

	if (m->name != NULL) {
		if (m->gap && buf_len(m->name) > 0)
			buf_add_char(m->name, ' ');
		if (word.p[0] == '"')
			add_unescaped(m->name, str_sub(word, 1, n - 2));
		else
			buf_add(m->name, word);
	}
	add_raw(&l->bare, word);
	m->words += !m->joined;
	m->joined = false;
	advance(l, n);
	return true;
}

/* Words and dots up to something else, which stands next then. */
static bool take_words(struct address_list *l, struct member *m)
{
	for (;;) {
		if (!skip(l, m))
			return false;
		char c = peek(l);

		if (c == '.') {
			if (m->name != NULL)
				buf_add_char(m->name, c);
			buf_add_char(&l->bare, c);
			m->joined = true;
			advance(l, 1);
		} else if (l->rest.n == 0 || (c != '"' && !is_atom_char(c))) {
			return true;
		} else if (!take_word(l, m)) {
			return false;
		}
	}
}

static bool take_literal(struct address_list *l)
{
	size_t n = str_find(l->rest, ']');

	if (n == l->rest.n)
		return false;
	add_raw(&l->bare, str_sub(l->rest, 0, n + 1));
	advance(l, n + 1);
	return true;
}

/* "@" and the domain, when the local part is in bare: one word, or several with dots
 * between them. */
static bool take_domain(struct address_list *l, struct member *m)
{
	struct member domain = { .comment = m->comment };
	bool ok;

	if (m->words != 1 || !take(l, '@') || !skip(l, &domain))
		return false;
	buf_add_char(&l->bare, '@');
	if (peek(l) == '[')
		ok = take_literal(l) && skip(l, &domain);
	else
		ok = take_words(l, &domain) && domain.words == 1;
	m->comment = domain.comment;
	return ok;
}

/* A route, "@relay1,@relay2:", obsolete and to be ignored (RFC 5322, 4.4). */
static bool skip_route(struct address_list *l, struct member *m)
{
	if (peek(l) != '@')
		return true;
	while (peek(l) == '@' || peek(l) == ',' || peek(l) == '.' || is_atom_char(peek(l))) {
		advance(l, 1);
		if (!skip(l, m))
			return false;
	}
	return take(l, ':');
}

/* "<address>", with the phrase in name already. */
static bool take_angle(struct address_list *l, struct member *m)
{
	struct member inner = { .comment = m->comment };
	bool ok;

	advance(l, 1);
	buf_clear(&l->bare);
	ok = skip(l, &inner) && skip_route(l, &inner) && take_words(l, &inner) && inner.words == 1 &&
		(peek(l) == '>' || take_domain(l, &inner)) && take(l, '>') && skip(l, &inner);
	m->comment = inner.comment;
	return ok;
}

static bool at_end(const struct address_list *l)
{
	return l->rest.n == 0 || peek(l) == ',' || peek(l) == ';';
}

enum found { FOUND_BAD, FOUND_MAILBOX, FOUND_GROUP };

static enum found take_member(struct address_list *l, struct member *m)
{
	struct str start = l->rest;
	bool phrase = false;

	if (!take_words(l, m))
		return FOUND_BAD;
	if (peek(l) == ':' && m->words > 0 && !l->in_group) {
		advance(l, 1);
		return FOUND_GROUP;
	}
	if (peek(l) == '@') {
		if (!take_domain(l, m))
			return FOUND_BAD;
		/* "a@b <a@b>" is wrong and common: an address for a name, or "Ann @ Work <a@b>". */
		phrase = peek(l) == '<';
		buf_clear(&l->name);
		if (phrase)
			add_raw(&l->name, str_trim(str_sub(start, 0, start.n - l->rest.n)));
	} else {
		phrase = peek(l) == '<';
		if (!phrase && m->words != 1)
			return FOUND_BAD;
		if (!phrase)
			buf_clear(&l->name);
	}
	if (phrase && !take_angle(l, m))
		return FOUND_BAD;
	return at_end(l) ? FOUND_MAILBOX : FOUND_BAD;
}

/* Leave a malformed member, which began at start: as far as the next comma that separates. What is
 * open to the end takes all, so that no hostile field is read again and again. */
static void give_up(struct address_list *l, struct str start)
{
	size_t i = 0;

	while (i < start.n && start.p[i] != ',' && start.p[i] != ';') {
		struct str rest = str_sub(start, i, start.n);
		size_t n = 1;

		if (rest.p[0] == '"')
			n = quoted_length(rest);
		else if (rest.p[0] == '(')
			n = cfws_comment(rest);
		i = n > 0 ? i + n : start.n;
	}
	buf_clear(&l->name);
	buf_clear(&l->bare);
	buf_add(&l->bare, str_trim(str_sub(start, 0, i)));
	l->rest = str_sub(start, i, start.n);
}

/* A word before a comma that is nobody: it may belong to the name that follows. */
static bool is_part_of_name(const struct address_list *l)
{
	struct str word = buf_str(&l->bare);

	return l->manner == ADDRESS_JOINED && l->rest.n > 0 && !l->in_group && str_find(word, '@') == word.n &&
		buf_len(&l->name) == 0 && (l->known == NULL || !l->known(l->arg, word));
}

int address_list_next(struct address_list *l)
{
	struct str group = STR_NONE;

	l->joined = false;
	for (;;) {
		struct member m = { .name = &l->name };
		struct str start = l->rest;

		buf_clear(&l->name);
		buf_clear(&l->bare);
		if (skip(l, &m)) {
			if (l->rest.n == 0)
				return 0;
			/* A ";" outside a group separates too: some programs write their
			 * lists so. */
			if (peek(l) == ';')
				l->in_group = false;
			if (take(l, ',') || take(l, ';'))
				continue;
			start = l->rest;
			m.comment = STR_NONE;
			enum found found = take_member(l, &m);

			if (found == FOUND_GROUP) {
				/* Without its end it may be a colon in a name. */
				if (str_find(l->rest, ';') == l->rest.n && address_list_rescue(l, start))
					return 1;
				group = start;
				l->in_group = true;
				continue;
			}
			if (found == FOUND_MAILBOX) {
				if (is_part_of_name(l) && address_list_rescue(l, start)) {
					l->joined = true;
					return 1;
				}
				if (buf_len(&l->name) == 0)
					add_unescaped(&l->name, str_trim(m.comment));
				return 1;
			}
		}
		if (address_list_rescue(l, group.p != NULL ? group : start)) {
			l->in_group = l->in_group && group.p == NULL;
			return 1;
		}
		give_up(l, start);
		return -1;
	}
}
