#include <config.h>

#include "tests/tap.h"

#include "base/err.h"
#include "base/mem.h"
#include "text/template.h"

/* As much of a JSON reader as the specification's files need: a tree of nodes. */
struct node {
	enum { J_NULL, J_FALSE, J_TRUE, J_TEXT, J_LIST, J_OBJECT } type;
	struct buf text; /* strings, and numbers as they are written */
	struct node **items;
	struct buf *keys;
	size_t n;
};

static struct node *parse(const char **p);

static void skip(const char **p)
{
	while (**p != '\0' && strchr(" \t\r\n,:", **p) != NULL)
		++*p;
}

static void parse_string(const char **p, struct buf *out)
{
	for (++*p; **p != '"' && **p != '\0'; ++*p) {
		if (**p != '\\') {
			buf_add_char(out, **p);
			continue;
		}
		++*p;
		const char *from = "nrtbf";
		const char *at = strchr(from, **p);

		if (**p == 'u') {
			unsigned code = (unsigned)strtoul(str_at(*p + 1, 4).p, NULL, 16);

			if (code < 0x80)
				buf_add_char(out, (char)code);
			*p += 4;
		} else {
			buf_add_char(out, at != NULL ? "\n\r\t\b\f"[at - from] : **p);
		}
	}
	++*p;
}

static void parse_items(const char **p, struct node *node, char end)
{
	for (++*p, skip(p); **p != end && **p != '\0'; skip(p)) {
		node->items = mem_resize(node->items, node->n + 1, sizeof *node->items);
		node->keys = mem_resize(node->keys, node->n + 1, sizeof *node->keys);
		node->keys[node->n] = (struct buf){ 0 };
		if (end == '}')
			parse_string(p, &node->keys[node->n]);
		node->items[node->n++] = parse(p);
	}
	++*p;
}

static struct node *parse(const char **p)
{
	struct node *node = mem_alloc(sizeof *node);

	skip(p);
	if (**p == '{' || **p == '[') {
		node->type = **p == '{' ? J_OBJECT : J_LIST;
		parse_items(p, node, **p == '{' ? '}' : ']');
	} else if (**p == '"') {
		node->type = J_TEXT;
		parse_string(p, &node->text);
	} else if (**p == 't' || **p == 'f' || **p == 'n') {
		node->type = **p == 't' ? J_TRUE : **p == 'f' ? J_FALSE : J_NULL;
		*p += **p == 'f' ? 5 : 4;
	} else {
		node->type = J_TEXT;
		while (**p != '\0' && strchr("-+.eE0123456789", **p) != NULL)
			buf_add_char(&node->text, *(*p)++);
	}
	return node;
}

static void node_free(struct node *node)
{
	for (size_t i = 0; i < node->n; i++) {
		node_free(node->items[i]);
		buf_free(&node->keys[i]);
	}
	mem_free(node->items);
	mem_free(node->keys);
	buf_free(&node->text);
	mem_free(node);
}

static const struct node *member(const struct node *node, struct str name)
{
	for (size_t i = 0; node != NULL && node->type == J_OBJECT && i < node->n; i++)
		if (str_eq(buf_str(&node->keys[i]), name))
			return node->items[i];
	return NULL;
}

static struct template_value value_of(const struct node *node)
{
	struct template_value v = { .type = TEMPLATE_MISSING };

	if (node == NULL)
		return v;
	v.node = node;
	v.count = node->n;
	v.type = node->type == J_OBJECT                        ? TEMPLATE_OBJECT
		: node->type == J_LIST                         ? TEMPLATE_LIST
		: node->type == J_TEXT || node->type == J_TRUE ? TEMPLATE_TEXT
							       : TEMPLATE_FALSE;
	v.text = node->type == J_TRUE ? STR_LIT("true") : buf_str(&node->text);
	return v;
}

static struct template_value get(const void *data, const void *node, struct str name)
{
	const struct node *test = data;
	const struct node *root = member(test, STR_LIT("data"));

	return value_of(member(node != NULL ? node : root, name));
}

static struct template_value item(const void *data, const void *node, size_t i)
{
	(void)data;
	return value_of(((const struct node *)node)->items[i]);
}

static bool partial(const void *data, struct str name, struct str *source)
{
	const struct node *found = member(member(data, STR_LIT("partials")), name);

	if (found != NULL)
		*source = buf_str(&found->text);
	return found != NULL;
}

static void run_case(const char *file, const struct node *test)
{
	const struct node *root = member(test, STR_LIT("data"));
	const struct node *name = member(test, STR_LIT("name"));
	struct str want = buf_str(&member(test, STR_LIT("expected"))->text);
	struct template_data data = { get, item, partial, test, value_of(root) };
	struct buf out = { 0 };
	struct err err = { 0 };
	struct template *t = template_new(buf_str(&member(test, STR_LIT("template"))->text), 1, &err);
	bool ok = t != NULL && template_render(t, &data, TEMPLATE_HTML, &out, &err) && str_eq(buf_str(&out), want);

	if (!check(ok, "%s: %.*s", file, STR_ARGS(buf_str(&name->text))))
		printf("# got [%.*s] want [%.*s] %s\n", STR_ARGS(buf_str(&out)), STR_ARGS(want), err.text);
	template_free(t);
	buf_free(&out);
}

/* False when there is no such file. */
static bool test_cases(const char *path, const char *name)
{
	struct buf text = { 0 };
	FILE *f = fopen(path, "r");
	int c;

	if (f == NULL)
		return false;
	while ((c = getc(f)) != EOF)
		buf_add_char(&text, (char)c);
	fclose(f);
	const char *p = buf_text(&text);
	struct node *root = parse(&p);
	const struct node *tests = member(root, STR_LIT("tests"));

	for (size_t i = 0; tests != NULL && i < tests->n; i++)
		run_case(name, tests->items[i]);
	check(tests != NULL && tests->n > 5, "%s has tests", name);
	node_free(root);
	buf_free(&text);
	return true;
}

/* The public specification's cases, where they are. */
static void test_specification(const char *top)
{
	static const char *const files[] = { "comments", "delimiters", "interpolation", "inverted", "partials",
		"sections" };
	const char *given = getenv("PIPEMAIL_CORPORA");
	char path[4096];

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		if (given != NULL)
			snprintf(path, sizeof path, "%s/mustache/%s.json", given, files[i]);
		else
			snprintf(path, sizeof path, "%s/../shared/corpora/mustache/%s.json", top, files[i]);
		if (!test_cases(path, files[i])) {
			printf("ok %d # SKIP %s: the Mustache specification is not there\n", ++tap_count, path);
			return;
		}
	}
}

/* Renders source over {"name": "value"}: the output, or "!" and the error. */
static struct str render(const char *source, const char *json, enum template_escape escape)
{
	static struct buf out;
	struct err err = { 0 };
	struct buf text = { 0 };

	buf_printf(&text, "{\"data\": %s, \"partials\": {\"loop\": \"{{>loop}}\", \"two\": \"{{x}}\\n2\"}}", json);
	const char *p = buf_text(&text);
	struct node *test = parse(&p);
	struct template_data data = { get, item, partial, test, value_of(member(test, STR_LIT("data"))) };
	struct template *t = template_new(str_of(source), 1, &err);

	buf_clear(&out);
	out.limit = 10000;
	if (t == NULL || !template_render(t, &data, escape, &out, &err)) {
		buf_clear(&out);
		buf_printf(&out, "!%s", err.text);
	}
	template_free(t);
	node_free(test);
	buf_free(&text);
	return buf_str(&out);
}

static void test_ours(void)
{
	static const struct {
		const char *source, *json, *want;
		enum template_escape escape;
	} cases[] = {
		{ "Dear {{name|friend}},", "{\"name\": \"\"}", "Dear friend,", TEMPLATE_PLAIN },
		{ "Dear {{ name | dear friend }},", "{}", "Dear dear friend,", TEMPLATE_PLAIN },
		{ "Dear {{name|friend}},", "{\"name\": \"Ann\"}", "Dear Ann,", TEMPLATE_PLAIN },
		{ "{{{name|a<b}}}", "{}", "a<b", TEMPLATE_HTML },
		{ "{{name|a<b}}", "{}", "a&lt;b", TEMPLATE_HTML },
		{ "{{&name|}}.", "{}", ".", TEMPLATE_HTML },
		{ "{{x}}", "{\"x\": \"<'&\\\">\"}", "&lt;&#39;&amp;&quot;&gt;", TEMPLATE_HTML },
		{ "{{x}}", "{\"x\": \"<&\\u0001\"}", "<&\001", TEMPLATE_PLAIN },
		{ "?a={{x}}", "{\"x\": \"a b+c@d/~\\n\"}", "?a=a%20b%2Bc%40d%2F~%0A", TEMPLATE_URL },
		{ "{{{x}}}", "{\"x\": \"a/b\"}", "a/b", TEMPLATE_URL },
		{ "{{#plan}}{{plan}}{{/plan}}{{^plan}}none{{/plan}}", "{\"plan\": \"\"}", "none", TEMPLATE_PLAIN },
		{ "{{#plan}}[{{.}}]{{/plan}}", "{\"plan\": \"gold\"}", "[gold]", TEMPLATE_PLAIN },
		{ " {{>two}}\nz", "{\"x\": \"a\\nb\"}", " a\nb\n 2z", TEMPLATE_PLAIN },
		{ "a {", "{}", "a {", TEMPLATE_PLAIN },
		{ "", "{}", "", TEMPLATE_PLAIN },
		{ "\n{{x}}", "{\"x\": \"a\\nBcc: b\"}",
			"!line 2: the value of {{x}} has a line break or another control character in it, which no header may have",
			TEMPLATE_HEADER },
		{ "{{>loop}}", "{}", "!partial loop: nested over 32 deep", TEMPLATE_PLAIN },
		{ "a\n\n{{x", "{}", "!line 3: a tag is opened with \"{{\" and not closed", TEMPLATE_PLAIN },
		{ "{{#a}}\n{{/b}}", "{}", "!line 2: {{/b}} stands where {{#a}} of line 1 has to be closed",
			TEMPLATE_PLAIN },
		{ "\n{{#a}}", "{}", "!line 2: the section {{#a}} is not closed", TEMPLATE_PLAIN },
		{ "{{/a}}", "{}", "!line 1: {{/a}} closes no section", TEMPLATE_PLAIN },
		{ "{{}}", "{}", "!line 1: a tag without a name", TEMPLATE_PLAIN },
		{ "{{|x}}", "{}", "!line 1: a tag without a name", TEMPLATE_PLAIN },
		{ "{{#}}", "{}", "!line 1: a tag without a name", TEMPLATE_PLAIN },
		{ "{{=a=}}", "{}", "!line 1: delimiters are set as {{=<% %>=}}", TEMPLATE_PLAIN },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char name[32];

		snprintf(name, sizeof name, "case %zu", i);
		check_same(render(cases[i].source, cases[i].json, cases[i].escape), cases[i].want, name);
	}
}

static void test_limits(void)
{
	struct buf deep = { 0 };
	struct str got;

	for (int i = 0; i < 65; i++)
		buf_add_text(&deep, "{{#a}}");
	check_same(render(buf_text(&deep), "{}", TEMPLATE_PLAIN), "!line 1: sections are nested over 64 deep", "depth");
	buf_clear(&deep);
	for (int i = 0; i < 10001; i++)
		buf_add_char(&deep, 'x');
	check_same(render(buf_text(&deep), "{}", TEMPLATE_PLAIN), "!the text would be over 10000 octets", "size");
	buf_clear(&deep);
	buf_add_text(&deep, "[");
	for (int i = 0; i < 1000; i++)
		buf_add_text(&deep, "0,");
	buf_add_text(&deep, "1]");
	struct buf json = { 0 };

	buf_printf(&json, "{\"a\": %s}", buf_text(&deep));
	got = render("{{#a}}{{#a}}{{#a}}{{#a}}{{no}}{{/a}}{{/a}}{{/a}}{{/a}}", buf_text(&json), TEMPLATE_PLAIN);
	check_same(got, "!line 1: the template takes too many steps", "steps");
	buf_free(&json);
	buf_free(&deep);
}

static void test_names(void)
{
	struct template *t = template_new(
		STR_LIT("{{a}}\n{{b|x}}{{#c.d}}{{.}}{{c.d}}{{e}}{{/c.d}}{{c.d}}\n{{> p}}{{^f}}{{/f}}{{!g}}"), 1, NULL);
	static const struct {
		const char *name;
		unsigned line;
		bool optional;
	} want[] = { { "a", 1, false }, { "b", 2, true }, { "c.d", 2, true }, { "c.d", 2, true }, { "e", 2, false },
		{ "c.d", 2, false }, { "f", 3, true } };
	struct str name;
	unsigned line;
	bool optional;
	size_t n = sizeof want / sizeof *want;

	for (size_t i = 0; i < n; i++)
		check(template_name(t, i, &name, &line, &optional) && str_eq(name, str_of(want[i].name)) &&
				line == want[i].line && optional == want[i].optional,
			"name %zu: %s", i, want[i].name);
	check(!template_name(t, n, &name, &line, &optional), "no more names");
	check(template_partial(t, 0, &name, &line) && str_eq(name, STR_LIT("p")) && line == 3, "partial");
	check(!template_partial(t, 1, &name, &line), "no more partials");
	check(!template_constant(t), "not constant");
	template_free(t);
	t = template_new(STR_LIT("a }} {"), 1, NULL);
	check(template_constant(t), "constant");
	template_free(t);
	template_free(NULL);
}

int main(void)
{
	const char *top = getenv("TOP_SRCDIR") != NULL ? getenv("TOP_SRCDIR") : ".";
	char path[4096];

	snprintf(path, sizeof path, "%s/tests/data/mustache.json", top);
	check(test_cases(path, "ours"), "our own cases are there");
	test_specification(top);
	test_ours();
	test_limits();
	test_names();
	return tap_done();
}
