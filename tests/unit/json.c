#include <config.h>

#include "tests/tap.h"

#include "text/json.h"

static void test_document(void)
{
	struct buf b = { .limit = 0 };
	struct json j;

	json_init(&j, &b);
	json_object(&j);
	json_key(&j, "a");
	json_array(&j);
	json_uint(&j, UINT64_MAX);
	json_int(&j, INT64_MIN);
	json_array(&j);
	json_close(&j, ']');
	json_object(&j);
	json_close(&j, '}');
	json_bool(&j, true);
	json_bool(&j, false);
	json_close(&j, ']');
	json_key(&j, "b");
	json_object(&j);
	json_key(&j, "c");
	json_text(&j, NULL);
	json_key(&j, "d");
	json_text(&j, "x");
	json_close(&j, '}');
	json_close(&j, '}');
	check_same(buf_str(&b),
		"{\"a\":[18446744073709551615,-9223372036854775808,[],{},true,false],\"b\":{\"c\":"
		"null,\"d\":\"x\"}}",
		"commas where they belong");
	buf_free(&b);
}

static void test_strings(void)
{
	static const struct {
		struct str in;
		const char *out;
	} cases[] = {
		{ STR_LIT("a \"b\\c/"), "\"a \\\"b\\\\c/\"" },
		{ STR_LIT("\b\t\n\v\f\r"), "\"\\b\\t\\n\\u000b\\f\\r\"" },
		{ STR_LIT("\0\x1f\x7f"), "\"\\u0000\\u001f\\u007f\"" },
		{ STR_LIT("\xc3\xa9\xf0\x9f\x93\xa7"), "\"\xc3\xa9\xf0\x9f\x93\xa7\"" },
		{ STR_LIT("a\xff\xc3z"), "\"a\xef\xbf\xbd\xef\xbf\xbdz\"" },
		{ STR_NONE, "\"\"" },
	};
	struct buf b = { .limit = 0 };
	struct json j;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&b);
		json_init(&j, &b);
		json_str(&j, cases[i].in);
		check_same(buf_str(&b), cases[i].out, "string");
	}
	buf_free(&b);
}

static void test_seconds(void)
{
	static const struct {
		double in;
		const char *out;
	} cases[] = {
		{ 0, "0.000" },
		{ 1.5, "1.500" },
		{ 0.0004, "0.000" },
		{ 0.0006, "0.001" },
		{ 59.9996, "60.000" },
		{ -1.25, "-1.250" },
		{ -0.0001, "0.000" },
		{ 1e300, "null" },
	};
	struct buf b = { .limit = 0 };
	struct json j;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&b);
		json_init(&j, &b);
		json_seconds(&j, cases[i].in);
		check_same(buf_str(&b), cases[i].out, "seconds");
	}
	buf_clear(&b);
	json_init(&j, &b);
	json_seconds(&j, 0.0 / (cases[0].in + 0.0));
	check_same(buf_str(&b), "null", "no number");
	buf_free(&b);
}

static void test_depth(void)
{
	struct buf b = { .limit = 0 };
	struct json j;

	json_init(&j, &b);
	for (int i = 0; i < 32; i++)
		json_array(&j);
	json_uint(&j, 1);
	json_uint(&j, 2);
	check(!b.full && str_ends(buf_str(&b), STR_LIT("[1,2")), "32 levels");
	json_array(&j);
	check(b.full, "one more is told");
	buf_free(&b);
}

int main(void)
{
	test_document();
	test_strings();
	test_seconds();
	test_depth();
	return tap_done();
}
