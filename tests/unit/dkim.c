#include <config.h>

#include "mail/message/dkim.h"

#include "base/err.h"
#include "tests/tap.h"

/* The Ed25519 key, the body and its hash of RFC 8463, appendix A. */
static const char key_pem[] = "-----BEGIN PRIVATE KEY-----\n"
			      "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
			      "-----END PRIVATE KEY-----\n";
static const char public_key[] = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
static const char body[] = "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
static const char body_hash[] = "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;";
static const char empty_hash[] = "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;";
static const char header[] = "From: Joe <joe@example.org>\r\nTo: a@example.org\r\nSubject: Is\r\n  dinner\tready?\r\n"
			     "X-Other: no\r\nTo: b@example.org\r\n";

static bool has(struct str s, const char *text)
{
	return str_search(s, str_of(text)) < s.n;
}

/* The signature line over a body in cuts of that size. */
static void sign(const struct dkim_key *key, struct str content, size_t cut, struct buf *out)
{
	struct dkim d;
	struct err err = { 0 };

	buf_clear(out);
	check(dkim_init(&d, &err), "begun %s", err.text);
	for (size_t i = 0; i < content.n; i += cut)
		dkim_body(&d, str_sub(content, i, cut));
	check(dkim_sign(&d, key, STR_LIT("example.org"), STR_LIT("s1"), STR_LIT(header), 1700000000, out, &err),
		"signed %s", err.text);
	dkim_free(&d);
}

static void test_keys(struct dkim_key *key)
{
	struct buf out = { 0 };
	struct err err = { 0 };
	unsigned bits;
	bool ed25519;

	check(dkim_key_public(key, &out, &bits, &ed25519) && ed25519, "the public key");
	check_same(buf_str(&out), public_key, "is that of the RFC");
	buf_free(&out);
	check(dkim_key_new(STR_LIT("nonsense"), &err) == NULL && err.kind == ERR_CONFIG, "nonsense is no key");
	check(dkim_key_new(STR_LIT(""), &err) == NULL && err.kind == ERR_CONFIG, "nor is nothing");
	dkim_key_free(NULL);
}

static void test_body(struct dkim_key *key)
{
	static const struct {
		const char *text, *hash;
	} cases[] = {
		{ body, body_hash },
		{ "Hi. \r\n\t\r\nWe  lost the game. \tAre you hungry yet?\r\n\r\nJoe.\r\n\r\n \r\n\r\n", body_hash },
		{ "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.", body_hash },
		{ "", empty_hash },
		{ "\r\n \r\n\r\n", empty_hash },
	};
	struct buf out = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t cut = 1; cut < 300; cut = cut * 7 + 1) {
			sign(key, str_of(cases[i].text), cut, &out);
			check(has(buf_str(&out), cases[i].hash), "body %zu, cut %zu", i, cut);
		}
	sign(key, STR_LIT("Hi.\r\n\r\nWe lost the game.  Are you hungry yet\r\n\r\nJoe.\r\n"), 9, &out);
	check(!has(buf_str(&out), body_hash), "another body has another hash");
	buf_free(&out);
}

static void test_line(struct dkim_key *key)
{
	struct buf out = { 0 };
	struct buf again = { 0 };

	sign(key, STR_LIT(body), 5, &out);
	struct str line = buf_str(&out);

	check(str_starts(line, STR_LIT("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;")), "what it is");
	check(has(line, "d=example.org; s=s1; t=1700000000;"), "whose and when");
	check(has(line, "h=From:From:Subject:To:To;"), "From once more than it stands there, To as often");
	check(!has(line, "l="), "never l=");
	for (struct str rest = line; rest.n > 0;) {
		size_t n = str_find(rest, '\n');

		check(n > 0 && n <= 79 && rest.p[n - 1] == '\r', "a short line that ends in CRLF");
		rest = str_sub(rest, n + 1, rest.n);
	}
	sign(key, STR_LIT(body), 50, &again);
	check(str_eq(line, buf_str(&again)), "the same twice");
	buf_free(&out);
	buf_free(&again);
}

int main(void)
{
	struct err err = { 0 };
	struct dkim_key *key = dkim_key_new(STR_LIT(key_pem), &err);

	if (check(key != NULL, "a key: %s", err.text)) {
		test_keys(key);
		test_body(key);
		test_line(key);
	}
	dkim_key_free(key);
	return tap_done();
}
