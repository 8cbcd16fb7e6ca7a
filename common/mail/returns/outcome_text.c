#include <config.h>

#include "mail/returns/outcome_state.h"

#include "text/utf8.h"

/*
 * A text in the form in which it is compared: lower case, accents and apostrophes gone, blanks and punctuation one
 * blank, " . " between sentences, and each name (an address, a host, a link) replaced by the role that it plays.
 */

#define OUTCOME_LOOK_AT 4000

/* --- letters --- */

/* U+00C0 to U+017F without what stands above and below the letters; blank: left as they are. */
static const char latin[] = "aaaaaaaceeeeiiiidnooooo ouuuuy saaaaaaaceeeeiiiidnooooo ouuuuy y"
			    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
			    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/* The small letter of a capital one (Greek, Cyrillic), the plain one of a Latin one. */
static uint32_t plain_letter(uint32_t c)
{
	if (c >= 0xc0 && c <= 0x17f && latin[c - 0xc0] != ' ')
		return (unsigned char)latin[c - 0xc0];
	if (c >= 0x391 && c <= 0x3a9)
		return c + 0x20;
	if (c >= 0x410 && c <= 0x42f)
		return c + 0x20;
	if (c == 0x451 || c == 0x401)
		return 0x435; /* yo is written as ye */
	return c >= 0x400 && c <= 0x40f ? c + 0x50 : c;
}

static bool is_stop(uint32_t c)
{
	return c == '.' || c == '!' || c == '?' || c == ';' || c == 0x3002 || c == 0xff01 || c == 0xff1b || c == 0xff1f;
}

static bool is_dropped(uint32_t c)
{
	return c == '\'' || c == '`' || c == 0x2018 || c == 0x2019 || c == 0x301;
}

/* Letters and figures; above ASCII all that is no punctuation of its own. */
static bool is_letter(uint32_t c)
{
	if (c < 0x80)
		return ascii_alpha((char)c) || ascii_digit((char)c);
	return c > 0xbf && !(c >= 0x2000 && c <= 0x206f) && !(c >= 0x3000 && c <= 0x303f) &&
		!(c >= 0xff00 && c <= 0xff0f) && c != 0xff1a;
}

static void blank(struct buf *out)
{
	struct str s = buf_str(out);

	if (s.n == 0 || s.p[s.n - 1] != ' ')
		buf_add_char(out, ' ');
}

static void stop(struct buf *out)
{
	blank(out);
	if (!str_ends(buf_str(out), STR_LIT(" . ")))
		buf_add_text(out, ". ");
}

static void add_token(struct outcome_text *t, const char *token)
{
	blank(&t->text);
	buf_add_text(&t->text, token);
	buf_add_char(&t->text, ' ');
}

/* Ordinary words. */
static void add_words(struct outcome_text *t, struct str s)
{
	bool inside = false;
	size_t letters = 0;

	for (size_t n; s.n > 0; s = str_sub(s, n, s.n)) {
		uint32_t c = 0;

		n = utf8_decode(s, &c);
		if (n == 0) { /* Latin-1, as much of what is not UTF-8 is */
			c = (unsigned char)s.p[0];
			n = 1;
		}
		/* "doesn't" is one word, "l'adresse" two. */
		if (is_dropped(c) && letters != 1)
			continue;
		letters = is_letter(c) ? letters + 1 : 0;
		if (!is_letter(c)) {
			if (is_stop(c))
				stop(&t->text);
			else
				blank(&t->text);
			inside = false;
			continue;
		}
		t->words += !inside;
		inside = true;
		if (c < 0x80)
			buf_add_char(&t->text, ascii_lower((char)c));
		else
			utf8_add(&t->text, plain_letter(c));
	}
}

/* --- names --- */

bool outcome_below(struct str host, struct str domain)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a slice with octets has a pointer */
	return domain.n > 0 && str_iends(host, domain) && (host.n == domain.n || host.p[host.n - domain.n - 1] == '.');
}

static struct str domain_of(struct str address)
{
	size_t at = address.n;

	while (at > 0 && address.p[at - 1] != '@')
		at--;
	return at > 0 ? str_sub(address, at, address.n) : STR_NONE;
}

/* Is host the domain of one of the addresses, or one of the names, in list? */
static bool is_domain_among(struct str host, struct str list)
{
	while (list.n > 0) {
		struct str one = str_cut(&list, ' ');
		struct str domain = domain_of(one);

		if (outcome_below(host, domain.n > 0 ? domain : one))
			return true;
	}
	return false;
}

static bool is_among(struct str name, struct str list)
{
	while (list.n > 0)
		if (str_ieq(str_cut(&list, ' '), name))
			return true;
	return false;
}

static void add_address(struct outcome_text *t, const struct outcome_reply *r, struct str address)
{
	if (is_among(address, r->recipient)) {
		t->rcpt = true;
		add_token(t, "<rcpt>");
	} else if (is_among(address, r->us)) {
		t->us = true;
		add_token(t, "<us>");
	} else if (is_domain_among(domain_of(address), r->recipient)) {
		t->theirs = true;
		add_token(t, "<address>");
	} else if (is_domain_among(domain_of(address), r->us)) {
		t->us = true;
		add_token(t, "<us>");
	} else {
		t->other = true;
		add_token(t, "<address>");
	}
}

/* Lists of senders that servers name as the reason. */
static bool is_blocklist(struct str host)
{
	static const char lists[] =
		"spamhaus.org|spamcop.net|sorbs.net|barracudacentral.org|uceprotect.net|abuseat.org|"
		"surbl.org|uribl.com|mailspike.net|manitu.net|njabl.org|psbl.org";

	for (struct str rest = str_of(lists); rest.n > 0;)
		if (outcome_below(host, str_cut(&rest, '|')))
			return true;
	return str_istarts(host, STR_LIT("rbl.")) || str_isearch(host, STR_LIT("dnsbl")) < host.n;
}

static void add_host(struct outcome_text *t, const struct outcome_reply *r, struct str host)
{
	buf_add(&t->providers, host);
	buf_add_char(&t->providers, ' ');
	t->blocklink = t->blocklink || is_blocklist(host);
	if (is_domain_among(host, r->recipient)) {
		t->theirs = true;
		add_token(t, "<theirs>");
	} else if (is_domain_among(host, r->us)) {
		t->us = true;
		add_token(t, "<us>");
	} else {
		t->other = true;
		add_token(t, "<host>");
	}
}

/* A link is evidence where it leads to a list of senders. */
static void add_link(struct outcome_text *t, struct str link)
{
	static const char signs[] =
		"block|spam|rbl|dnsbl|abuse|reputation|delist|removal|blacklist|denylist|junk|ip=|/ip";
	bool block = false;

	for (struct str rest = str_of(signs); rest.n > 0 && !block;)
		block = str_isearch(link, str_cut(&rest, '|')) < link.n;
	t->blocklink = t->blocklink || block;
	add_token(t, block ? "<blocklink>" : "<link>");
}

static bool is_ip(struct str s)
{
	size_t dots = str_count(s, '.');
	size_t colons = str_count(s, ':');

	for (size_t i = 0; i < s.n; i++)
		if (ascii_hex(s.p[i]) < 0 && s.p[i] != '.' && s.p[i] != ':')
			return false;
	if (colons >= 2)
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_digit(s.p[i]) && s.p[i] != '.')
			return false;
	return dots == 3;
}

/* "5.1.1", "#5.1.1", "550", "550-5.1.1": read elsewhere. */
static bool is_code(struct str s)
{
	while (s.n > 0 && (s.p[0] == '#' || s.p[0] == '-'))
		s = str_sub(s, 1, s.n);
	if (s.n >= 3 && strchr("245", s.p[0]) != NULL && ascii_digit(s.p[1]) && ascii_digit(s.p[2]) &&
		(s.n == 3 || s.p[3] == '-')) {
		s = str_sub(s, 4, s.n);
		if (s.n == 0)
			return true;
	}
	return outcome_find_status(s).n == s.n && s.n > 0;
}

/* "RESOLVER.ADR.RecipNotFound": words of Exchange's, not a host. */
static bool is_dotted_words(struct str s)
{
	size_t dot = str_find(s, '.');
	bool mixed = false;

	for (size_t i = 0; i < dot; i++)
		if (s.p[i] < 'A' || s.p[i] > 'Z')
			return false;
	for (size_t i = dot + 1; i < s.n; i++)
		mixed = mixed || (s.p[i] >= 'A' && s.p[i] <= 'Z' && ascii_alpha(s.p[i - 1]) && s.p[i - 1] >= 'a');
	return dot >= 4 && dot < s.n && mixed;
}

/* Labels of letters, figures and hyphens with dots between them, the last of letters; "unknown.Please" is the end of a
 * sentence and the begin of another. */
static bool is_host(struct str s)
{
	size_t label = 0;
	size_t dots = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.') {
			if (label == 0 || i + 1 == s.n)
				return false;
			if (s.p[i + 1] >= 'A' && s.p[i + 1] <= 'Z' && ascii_alpha(s.p[i - 1]) && s.p[i - 1] >= 'a')
				return false;
			dots++;
			label = 0;
		} else if (ascii_alpha(s.p[i]) || ascii_digit(s.p[i]) || s.p[i] == '-' || s.p[i] == '_' ||
			(unsigned char)s.p[i] >= 0x80) {
			label++;
		} else {
			return false;
		}
	}
	return dots > 0 && label >= 2 && !ascii_digit(s.p[s.n - 1]);
}

/* --- runs of characters between blanks, brackets and quotes --- */

static bool ends_run(char c)
{
	return c == ' ' || ascii_control(c) || strchr("<>()[]{}\"=|,;", c) != NULL;
}

static bool ends_link(char c)
{
	return c == ' ' || ascii_control(c) || strchr("<>()[]{}\"", c) != NULL;
}

/* "said:" begins the words of a server: what stands before it is somebody else's sentence. */
static bool is_speech(struct str s)
{
	return str_ieq(s, STR_LIT("said")) || str_ieq(s, STR_LIT("said:"));
}

/* True: a semicolon behind it does not end the sentence. */
static bool add_run(struct outcome_text *t, const struct outcome_reply *r, struct str s)
{
	struct str bare = s;
	bool ends = false;

	while (bare.n > 0 && strchr(".!?:'*", bare.p[bare.n - 1]) != NULL) {
		ends = ends || (bare.p[bare.n - 1] != ':' && bare.p[bare.n - 1] != '\'' && bare.p[bare.n - 1] != '*');
		bare.n--;
	}
	while (bare.n > 0 && strchr("'*:", bare.p[0]) != NULL)
		bare = str_sub(bare, 1, bare.n);

	size_t at = str_find(bare, '@');

	if (is_speech(bare)) {
		stop(&t->text);
	} else if (at > 0 && at + 1 < bare.n) {
		struct str before = str_sub(bare, 0, at);

		while (str_find(before, ':') < before.n) /* "rfc822:ann@example.org" */
			str_cut(&before, ':');
		add_address(t, r, str_at(before.p, (size_t)(bare.p + bare.n - before.p)));
	} else if (bare.n > 0 && is_ip(bare)) {
		if (is_among(bare, r->us))
			t->us = true;
		else
			t->other = true;
		add_token(t, is_among(bare, r->us) ? "<us>" : "<ip>");
	} else if (bare.n > 0 && is_code(bare)) {
		blank(&t->text);
	} else if (is_dotted_words(bare)) {
		for (struct str rest = bare; rest.n > 0;) {
			add_words(t, str_cut(&rest, '.'));
			blank(&t->text);
		}
	} else if (is_host(bare)) {
		add_host(t, r, bare);
	} else {
		add_words(t, bare);
	}
	if (ends)
		stop(&t->text);
	else if (str_ends(s, STR_LIT(":")))
		add_token(t, ",");
	return is_dotted_words(bare);
}

/* "rfc822;ann@example.org", "smtp; 550": the type of what follows, not a word. */
static bool is_type(struct str s, struct str rest)
{
	while (s.n > 0 && s.p[0] == '#')
		s = str_sub(s, 1, s.n);
	return str_starts(rest, STR_LIT(";")) && str_among(s, "rfc822 smtp dns x-unix utf-8 x400");
}

void outcome_text_make(struct outcome_text *t, const struct outcome_reply *r)
{
	struct str s = str_sub(r->words, 0, OUTCOME_LOOK_AT);

	*t = (struct outcome_text){ .text.limit = (size_t)32 << 10, .providers.limit = (size_t)8 << 10 };
	if (r->host.n > 0) {
		buf_add(&t->providers, r->host);
		buf_add_char(&t->providers, ' ');
	}
	buf_add_char(&t->text, ' ');
	while (s.n > 0) {
		size_t n = 0;
		bool goes_on = false;
		bool link = str_istarts(s, STR_LIT("http://")) || str_istarts(s, STR_LIT("https://")) ||
			str_istarts(s, STR_LIT("www."));

		while (n < s.n && !(link ? ends_link(s.p[n]) : ends_run(s.p[n])))
			n++;
		if (link)
			add_link(t, str_sub(s, 0, n));
		else if (n > 0 && !is_type(str_sub(s, 0, n), str_sub(s, n, s.n)))
			goes_on = add_run(t, r, str_sub(s, 0, n));
		if (n < s.n && s.p[n] == ';' && !goes_on)
			stop(&t->text);
		else if (n < s.n && s.p[n] == ',')
			add_token(t, ","); /* what it parts does not stand next to each other */
		else
			blank(&t->text);
		s = str_sub(s, n + 1, s.n);
	}
	blank(&t->text);
}

void outcome_text_free(struct outcome_text *t)
{
	buf_free(&t->text);
	buf_free(&t->providers);
}
