#include <config.h>

#include "text/template.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "text/template_program.h"

/*
 * Compiles the source to a flat array of nodes in one pass. Sections are nested on a small stack while compiling
 * and are an index to their end afterwards, so rendering needs no tree. Names are slices of a copy of the source.
 */

/* What the compiler knows while it walks the source. */
struct compiler {
	struct template *t;
	struct str source;
	size_t at;      /* everything before it is compiled */
	size_t counted; /* line is the number of the line at this position */
	unsigned line;
	struct str open; /* the delimiters in force */
	struct str close;
	size_t stack[TEMPLATE_SECTION_DEPTH]; /* the open sections' nodes */
	size_t depth;
};

struct tag {
	size_t begin; /* of the opening delimiter */
	size_t end;   /* behind the closing one */
	char sigil;   /* # ^ / > ! = & { or 0 */
	struct str content;
	unsigned line;
};

static struct template_node *add_node(struct template *t, enum template_kind kind, struct str text, unsigned line)
{
	t->nodes = mem_grow(t->nodes, t->n, &t->cap, sizeof *t->nodes);
	struct template_node *node = &t->nodes[t->n++];

	*node = (struct template_node){ .kind = kind, .text = text, .line = line };
	return node;
}

#define LINES_LEAST 64u

/* Where its whole lines are: the first text begins one, the others after their first line end. */
static void find_lines(struct template_node *node, bool first)
{
	size_t from = first ? 0 : str_find(node->text, '\n') + 1;
	size_t to = str_after_last(node->text, '\n');

	if (from + LINES_LEAST > to)
		return;
	node->lines_at = from;
	node->lines_n = to - from;
}

static void add_text(struct compiler *c, size_t from, size_t to)
{
	if (to > from)
		find_lines(add_node(c->t, NODE_TEXT, str_sub(c->source, from, to - from), c->line), c->t->n == 1);
}

/* Positions only grow, so that counting lines costs one pass over the source in all. */
static unsigned line_at(struct compiler *c, size_t at)
{
	for (; c->counted < at; c->counted++)
		c->line += c->source.p[c->counted] == '\n';
	return c->line;
}

/* Find the next tag: 1 found, 0 none, -1 unclosed. */
static int next_tag(struct compiler *c, struct tag *tag, struct err *err)
{
	struct str rest = str_sub(c->source, c->at, c->source.n);
	size_t found = str_search(rest, c->open);
	char end_sigil = 0;

	if (found == rest.n)
		return 0;
	*tag = (struct tag){ .begin = c->at + found };
	tag->line = line_at(c, tag->begin);
	size_t from = tag->begin + c->open.n;

	rest = str_sub(c->source, from, c->source.n);
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): a NUL is no sigil */
	if (rest.n > 0 && memchr("#^/>!=&{", rest.p[0], 8) != NULL) {
		tag->sigil = rest.p[0];
		end_sigil = tag->sigil == '{' ? '}' : tag->sigil == '=' ? '=' : 0;
		from++;
		rest = str_sub(rest, 1, rest.n);
	}
	char pattern[34];
	size_t n = 0;

	if (end_sigil != 0)
		pattern[n++] = end_sigil;
	memcpy(pattern + n, c->close.p, c->close.n);
	n += c->close.n;
	found = str_search(rest, str_at(pattern, n));
	if (found == rest.n) {
		err_set(err, ERR_DATA, "line %u: a tag is opened with \"%.*s\" and not closed", tag->line,
			STR_ARGS(c->open));
		return -1;
	}
	tag->content = str_trim(str_sub(rest, 0, found));
	tag->end = from + found + n;
	return 1;
}

/* A tag that has its line to itself takes the whole line away: *from and *to become the line's. */
static bool alone_on_line(struct str source, size_t *from, size_t *to)
{
	size_t begin = *from;
	size_t end = *to;

	while (begin > 0 && ascii_blank(source.p[begin - 1]))
		begin--;
	if (begin > 0 && source.p[begin - 1] != '\n')
		return false;
	while (end < source.n && ascii_blank(source.p[end]))
		end++;
	if (end + 1 < source.n && source.p[end] == '\r' && source.p[end + 1] == '\n')
		end += 2;
	else if (end < source.n && source.p[end] == '\n')
		end++;
	else if (end < source.n)
		return false;
	*from = begin;
	*to = end;
	return true;
}

static bool set_delimiters(struct compiler *c, const struct tag *tag, struct err *err)
{
	size_t blank = 0;

	while (blank < tag->content.n && !ascii_blank(tag->content.p[blank]) && !ascii_control(tag->content.p[blank]))
		blank++;
	struct str open = str_sub(tag->content, 0, blank);
	struct str close = str_trim(str_sub(tag->content, blank, tag->content.n));

	for (size_t i = 0; i < close.n; i++)
		if (ascii_blank(close.p[i]) || ascii_control(close.p[i]))
			close.n = 0;
	if (open.n == 0 || close.n == 0 || open.n > 32 || close.n > 32 || str_find(open, '=') < open.n ||
		str_find(close, '=') < close.n)
		return err_set(err, ERR_DATA, "line %u: delimiters are set as {{=<%% %%>=}}", tag->line);
	c->open = open;
	c->close = close;
	return true;
}

static bool close_section(struct compiler *c, const struct tag *tag, struct err *err)
{
	if (c->depth == 0)
		return err_set(err, ERR_DATA, "line %u: {{/%.*s}} closes no section", tag->line,
			STR_ARGS(tag->content));
	struct template_node *open = &c->t->nodes[c->stack[c->depth - 1]];

	if (!str_eq(open->text, tag->content))
		return err_set(err, ERR_DATA, "line %u: {{/%.*s}} stands where {{#%.*s}} of line %u has to be closed",
			tag->line, STR_ARGS(tag->content), STR_ARGS(open->text), open->line);
	open->end = c->t->n;
	c->depth--;
	add_node(c->t, NODE_CLOSE, tag->content, tag->line);
	return true;
}

static bool open_section(struct compiler *c, const struct tag *tag, struct err *err)
{
	if (c->depth == TEMPLATE_SECTION_DEPTH)
		return err_set(err, ERR_DATA, "line %u: sections are nested over %d deep", tag->line,
			TEMPLATE_SECTION_DEPTH);
	c->stack[c->depth++] = c->t->n;
	add_node(c->t, tag->sigil == '#' ? NODE_SECTION : NODE_INVERTED, tag->content, tag->line);
	return true;
}

/* {{name}} or {{name|what to say when it is empty}} */
static bool add_value(struct compiler *c, const struct tag *tag, struct err *err)
{
	struct str fallback = tag->content;
	struct str name = str_trim(str_cut(&fallback, '|'));

	if (name.n == 0)
		return err_set(err, ERR_DATA, "line %u: a tag without a name", tag->line);
	struct template_node *node = add_node(c->t, NODE_VALUE, name, tag->line);

	node->fallback = fallback.p != NULL ? str_trim(fallback) : STR_NONE;
	node->raw = tag->sigil != 0;
	return true;
}

static bool add_tag(struct compiler *c, const struct tag *tag, struct str indent, struct err *err)
{
	if (tag->sigil != 0 && tag->sigil != '!' && tag->sigil != '=' && tag->content.n == 0)
		return err_set(err, ERR_DATA, "line %u: a tag without a name", tag->line);
	switch (tag->sigil) {
	case '!':
		return true;
	case '=':
		return set_delimiters(c, tag, err);
	case '#':
	case '^':
		return open_section(c, tag, err);
	case '/':
		return close_section(c, tag, err);
	case '>':
		add_node(c->t, NODE_PARTIAL, tag->content, tag->line)->indent = indent;
		return true;
	default:
		return add_value(c, tag, err);
	}
}

static bool compile(struct compiler *c, struct err *err)
{
	struct tag tag;
	int found;

	while ((found = next_tag(c, &tag, err)) > 0) {
		size_t from = tag.begin;
		size_t to = tag.end;
		struct str indent = { "", 0 };

		if (tag.sigil != 0 && tag.sigil != '&' && tag.sigil != '{' && alone_on_line(c->source, &from, &to))
			indent = str_sub(c->source, from, tag.begin - from);
		add_text(c, c->at, from);
		if (!add_tag(c, &tag, indent, err))
			return false;
		c->at = to;
	}
	if (found < 0)
		return false;
	if (c->depth > 0) {
		const struct template_node *open = &c->t->nodes[c->stack[c->depth - 1]];

		return err_set(err, ERR_DATA, "line %u: the section {{#%.*s}} is not closed", open->line,
			STR_ARGS(open->text));
	}
	add_text(c, c->at, c->source.n);
	return true;
}

struct template *template_new(struct str source, unsigned first_line, struct err *err)
{
	struct template *t = mem_alloc(sizeof *t);
	struct compiler c = { .t = t, .line = first_line, .open = STR_LIT("{{"), .close = STR_LIT("}}") };

	t->source = mem_copy(source.p, source.n);
	c.source = str_at(t->source, source.n);
	if (compile(&c, err))
		return t;
	template_free(t);
	return NULL;
}

void template_free(struct template *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; t->cache != NULL && i < t->cache->n; i++) {
		mem_free(t->cache->entries[i].key);
		template_free(t->cache->entries[i].compiled);
	}
	if (t->cache != NULL)
		mem_free(t->cache->entries);
	mem_free(t->cache);
	mem_free(t->nodes);
	mem_free(t->source);
	mem_free(t);
}

/* Does a section of that name lie around node i? */
static bool guarded(const struct template *t, size_t i, struct str name)
{
	for (size_t k = 0; k < i; k++)
		if (t->nodes[k].kind == NODE_SECTION && t->nodes[k].end > i && str_eq(t->nodes[k].text, name))
			return true;
	return false;
}

void *template_kept(const struct template *t, size_t i)
{
	for (size_t k = 0; k < t->n; k++)
		if (t->nodes[k].kept != NULL && i-- == 0)
			return t->nodes[k].kept;
	return NULL;
}

bool template_name(const struct template *t, size_t i, struct str *name, unsigned *line, bool *optional)
{
	for (size_t k = 0; k < t->n; k++) {
		const struct template_node *node = &t->nodes[k];

		if (node->kind == NODE_TEXT || node->kind == NODE_CLOSE || node->kind == NODE_PARTIAL ||
			str_eq(node->text, STR_LIT(".")) || i-- > 0)
			continue;
		*name = node->text;
		*line = node->line;
		*optional = node->kind != NODE_VALUE || node->fallback.p != NULL || guarded(t, k, node->text);
		return true;
	}
	return false;
}

bool template_partial(const struct template *t, size_t i, struct str *name, unsigned *line)
{
	for (size_t k = 0; k < t->n; k++) {
		if (t->nodes[k].kind != NODE_PARTIAL || i-- > 0)
			continue;
		*name = t->nodes[k].text;
		*line = t->nodes[k].line;
		return true;
	}
	return false;
}

bool template_constant(const struct template *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->nodes[i].kind != NODE_TEXT)
			return false;
	return true;
}
