#include <config.h>

#include "tests/tap.h"

#include "proto/socks.h"

/* What is asked of a proxy and how its answers are taken, whole and octet by octet. */

struct talk {
	const char *name;
	const char *host;
	const char *user;
	struct str says; /* all that the proxy says */
	struct str asks; /* all that it is asked */
	int rc;
	enum err_kind kind;
};

static void play(const struct talk *t, bool one_by_one)
{
	struct socks s;
	struct str says = t->says;
	struct err err = { 0 };
	struct buf asked = { 0 };
	int rc;

	socks_init(&s, t->host, 587, t->user == NULL ? STR_NONE : str_of(t->user), STR_LIT("secret"));
	for (;;) {
		rc = socks_next(&s, &err);
		buf_add(&asked, buf_str(&s.out));
		buf_clear(&s.out);
		if (rc != 0 || says.n == 0)
			break;
		size_t n = one_by_one ? 1 : says.n;

		buf_add(&s.in, str_sub(says, 0, n));
		says = str_sub(says, n, says.n);
	}
	check(rc == t->rc && (rc >= 0 || err.kind == t->kind), "%s%s", t->name, one_by_one ? ", octet by octet" : "");
	check(str_eq(buf_str(&asked), t->asks), "%s: what was asked", t->name);
	if (rc == 1 && !one_by_one)
		check_same(buf_str(&s.in), "220", "what is the server's is left");
	buf_free(&asked);
	socks_free(&s);
}

#define HELLO "\005\001\000"
#define LOGIN_HELLO "\005\002\000\002"
#define LOGIN "\001\003tim\006secret"
#define NAME "\005\001\000\003\012mx.example\002\113"

static const struct talk talks[] = {
	{ "a name", "mx.example", NULL,
		STR_LIT("\005\000\005\000\000\001\000\000\000\000\000\000"
			"220"),
		STR_LIT(HELLO NAME), 1, ERR_NONE },
	{ "an address", "192.0.2.1", NULL,
		STR_LIT("\005\000\005\000\000\001\000\000\000\000\000\000"
			"220"),
		STR_LIT(HELLO "\005\001\000\001\300\000\002\001\002\113"), 1, ERR_NONE },
	{ "a longer address", "2001:db8::1", NULL,
		STR_LIT("\005\000\005\000\000\003\003abc\000\000"
			"220"),
		STR_LIT(HELLO
			"\005\001\000\004\040\001\015\270\000\000\000\000\000\000\000\000\000\000\000\001\002\113"),
		1, ERR_NONE },
	{ "IPv6 in the answer", "mx.example", NULL,
		STR_LIT("\005\000\005\000\000\004\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
			"220"),
		STR_LIT(HELLO NAME), 1, ERR_NONE },
	{ "a login", "mx.example", "tim",
		STR_LIT("\005\002\001\000\005\000\000\001\000\000\000\000\000\000"
			"220"),
		STR_LIT(LOGIN_HELLO LOGIN NAME), 1, ERR_NONE },
	{ "a login that is not wanted", "mx.example", "tim",
		STR_LIT("\005\000\005\000\000\001\000\000\000\000\000\000"
			"220"),
		STR_LIT(LOGIN_HELLO NAME), 1, ERR_NONE },
	{ "a login refused", "mx.example", "tim", STR_LIT("\005\002\001\001"), STR_LIT(LOGIN_HELLO LOGIN), -1,
		ERR_AUTH },
	{ "a login wanted", "mx.example", NULL, STR_LIT("\005\377"), STR_LIT(HELLO), -1, ERR_AUTH },
	{ "a login that was not offered", "mx.example", NULL, STR_LIT("\005\002"), STR_LIT(HELLO), -1, ERR_PROTOCOL },
	{ "not SOCKS", "mx.example", NULL, STR_LIT("HTTP"), STR_LIT(HELLO), -1, ERR_PROTOCOL },
	{ "not SOCKS later", "mx.example", NULL, STR_LIT("\005\000\004\000\000\001\000\000\000\000"),
		STR_LIT(HELLO NAME), -1, ERR_PROTOCOL },
	{ "refused", "mx.example", NULL, STR_LIT("\005\000\005\005\000\001\000\000\000\000\000\000"),
		STR_LIT(HELLO NAME), -1, ERR_UNAVAILABLE },
	{ "unknown", "mx.example", NULL, STR_LIT("\005\000\005\004\000\001\000\000\000\000\000\000"),
		STR_LIT(HELLO NAME), -1, ERR_NOHOST },
	{ "timed out", "mx.example", NULL, STR_LIT("\005\000\005\006\000\001\000\000\000\000\000\000"),
		STR_LIT(HELLO NAME), -1, ERR_TEMP },
	{ "an unknown code", "mx.example", NULL, STR_LIT("\005\000\005\063\000\001\000\000\000\000\000\000"),
		STR_LIT(HELLO NAME), -1, ERR_PROTOCOL },
	{ "an unknown address", "mx.example", NULL, STR_LIT("\005\000\005\000\000\011\000\000\000\000\000\000"),
		STR_LIT(HELLO NAME), -1, ERR_PROTOCOL },
	{ "not all of the answer", "mx.example", NULL, STR_LIT("\005\000\005\000\000\001\000\000\000\000\000"),
		STR_LIT(HELLO NAME), 0, ERR_NONE },
};

/* Lengths are one octet. */
static void test_lengths(void)
{
	static char text[300];

	for (size_t n = 254; n < 258; n++) {
		struct socks s;
		struct err err = { 0 };

		memset(text, 'x', sizeof text);
		socks_init(&s, "mx.example", 587, str_at(text, n), STR_LIT("secret"));
		check(socks_next(&s, &err) == (n > 255 ? -1 : 0) && (n <= 255 || err.kind == ERR_CONFIG),
			"a user name of %zu octets", n);
		socks_free(&s);
		socks_init(&s, "mx.example", 587, STR_LIT("tim"), str_at(text, n));
		check(socks_next(&s, &err) == (n > 255 ? -1 : 0) && (n <= 255 || err.kind == ERR_CONFIG),
			"a password of %zu octets", n);
		socks_free(&s);
		text[n] = '\0';
		socks_init(&s, text, 587, STR_NONE, STR_NONE);
		socks_next(&s, &err);
		buf_add(&s.in, STR_LIT("\005\000"));
		buf_clear(&s.out);
		int rc = socks_next(&s, &err);

		check(n > 255 ? rc == -1 && err.kind == ERR_USAGE : rc == 0 && buf_len(&s.out) == n + 7,
			"a host name of %zu octets", n);
		socks_free(&s);
	}
}

int main(void)
{
	test_lengths();
	for (size_t i = 0; i < sizeof talks / sizeof talks[0]; i++) {
		play(&talks[i], false);
		play(&talks[i], true);
	}
	return tap_done();
}
