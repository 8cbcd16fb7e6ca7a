#include <config.h>

#include "text/template.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "text/hex.h"
#include "text/html.h"
#include "text/template_program.h"

/*
 * Runs a compiled template. Partials may include themselves and lists may be long, so the depth and the number of
 * steps are limited: a template of a stranger cannot use up the stack or run for ever.
 */

/* The context stack: each section that is entered lays its value on top. */
struct frame {
	const struct frame *below;
	struct template_value value;
};

struct renderer {
	const struct template_data *data;
	enum template_escape escape;
	struct buf *out;
	struct template_cache *cache;
	unsigned steps;
	unsigned partials;            /* how deep we are in them */
	struct template_marks *marks; /* or NULL */
	struct err *err;
};

static bool run(struct renderer *r, const struct template *t, size_t from, size_t to, const struct frame *top);

static const struct template_value missing = { .type = TEMPLATE_MISSING };

/* The first part of a dotted name is looked for down the stack, the others only in what it gave. */
static struct template_value resolve(const struct renderer *r, const struct frame *top, struct str name)
{
	struct template_value value = missing;

	if (str_eq(name, STR_LIT(".")))
		return top->value;
	struct str part = str_cut(&name, '.');

	for (const struct frame *f = top; f != NULL && value.type == TEMPLATE_MISSING; f = f->below)
		if (f->value.type == TEMPLATE_OBJECT)
			value = r->data->get(r->data->data, f->value.node, part);
	while (name.p != NULL) {
		part = str_cut(&name, '.');
		value = value.type == TEMPLATE_OBJECT ? r->data->get(r->data->data, value.node, part) : missing;
	}
	return value;
}

static bool full(const struct renderer *r)
{
	return err_set(r->err, ERR_DATA, "the text would be over %zu octets",
		r->out->limit > 0 ? r->out->limit : BUF_DEFAULT_LIMIT);
}

static bool add_url(struct buf *out, struct str s)
{
	bool ok = true;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (ascii_alpha(s.p[i]) || ascii_digit(s.p[i]) || (c != 0 && strchr("-._~", c) != NULL))
			ok &= buf_add_char(out, s.p[i]);
		else
			ok &= hex_add_escape(out, '%', c);
	}
	return ok;
}

/* CR, LF and their like in a value could end a header field and begin another. */
static bool forbidden(const struct renderer *r, const struct template_node *node, struct str value)
{
	if (r->escape != TEMPLATE_HEADER && !(r->escape == TEMPLATE_URL && node->raw))
		return false;
	return !str_clean(value);
}

static bool render_value(struct renderer *r, const struct template_node *node, const struct frame *top)
{
	struct template_value found = resolve(r, top, node->text);
	struct str value = found.type == TEMPLATE_TEXT ? found.text : (struct str){ "", 0 };
	bool ok;

	if (value.n == 0 && node->fallback.p != NULL)
		value = node->fallback;
	if (forbidden(r, node, value))
		return err_set(r->err, ERR_DATA,
			"line %u: the value of {{%.*s}} has a line break or another control character in it, "
			"which no header may have",
			node->line, STR_ARGS(node->text));
	if (r->escape == TEMPLATE_HTML && !node->raw)
		ok = html_add(r->out, value);
	else if (r->escape == TEMPLATE_URL && !node->raw)
		ok = add_url(r->out, value);
	else
		ok = buf_add(r->out, value);
	return ok || full(r);
}

static bool truthy(struct template_value value)
{
	switch (value.type) {
	case TEMPLATE_TEXT:
		return value.text.n > 0;
	case TEMPLATE_LIST:
		return value.count > 0;
	case TEMPLATE_OBJECT:
		return true;
	default:
		return false;
	}
}

static bool render_section(struct renderer *r, const struct template *t, size_t at, const struct frame *top)
{
	const struct template_node *node = &t->nodes[at];
	struct template_value value = resolve(r, top, node->text);
	struct frame frame = { .below = top, .value = value };

	if (truthy(value) == (node->kind == NODE_INVERTED))
		return true;
	if (node->kind == NODE_INVERTED)
		return run(r, t, at + 1, node->end, top);
	if (value.type != TEMPLATE_LIST)
		return run(r, t, at + 1, node->end, &frame);
	for (size_t i = 0; i < value.count; i++) {
		frame.value = r->data->item(r->data->data, value.node, i);
		if (!run(r, t, at + 1, node->end, &frame))
			return false;
	}
	return true;
}

/* The source with indent before each of its lines. */
static void indent_lines(struct buf *out, struct str source, struct str indent)
{
	while (source.n > 0) {
		size_t n = str_find(source, '\n');

		n += n < source.n;
		buf_add(out, indent);
		buf_add(out, str_sub(source, 0, n));
		source = str_sub(source, n, source.n);
	}
}

static bool compile_partial(struct renderer *r, const struct template_node *node, struct template **compiled)
{
	struct str source;
	struct buf indented = { 0 };

	*compiled = NULL;
	if (r->data->partial == NULL || !r->data->partial(r->data->data, node->text, &source))
		return true;
	indent_lines(&indented, source, node->indent);
	*compiled = indented.full ? NULL : template_new(buf_str(&indented), 1, r->err);
	if (indented.full)
		err_set(r->err, ERR_DATA, "it is too large");
	buf_free(&indented);
	return *compiled != NULL || err_prefix(r->err, "partial %.*s", STR_ARGS(node->text));
}

static bool find_partial(struct renderer *r, const struct template_node *node, const struct template **found)
{
	struct template_cache *cache = r->cache;
	struct buf key = { 0 };
	struct template *compiled;
	bool ok = true;

	buf_add(&key, node->indent);
	buf_add_char(&key, '\0');
	buf_add(&key, node->text);
	for (size_t i = 0; i < cache->n; i++) {
		if (str_eq(str_at(cache->entries[i].key, cache->entries[i].key_n), buf_str(&key))) {
			*found = cache->entries[i].compiled;
			goto out;
		}
	}
	ok = compile_partial(r, node, &compiled);
	if (!ok)
		goto out;
	cache->entries = mem_resize(cache->entries, cache->n + 1, sizeof *cache->entries);
	cache->entries[cache->n++] = (struct template_cached){
		.key = mem_copy(buf_str(&key).p, buf_len(&key)), .key_n = buf_len(&key), .compiled = compiled
	};
	*found = compiled;
out:
	buf_free(&key);
	return ok;
}

static bool render_partial(struct renderer *r, const struct template_node *node, const struct frame *top)
{
	const struct template *partial;
	bool ok;

	if (r->partials == TEMPLATE_PARTIAL_DEPTH)
		return err_set(r->err, ERR_DATA, "partial %.*s: nested over %d deep", STR_ARGS(node->text),
			TEMPLATE_PARTIAL_DEPTH);
	if (!find_partial(r, node, &partial))
		return false;
	if (partial == NULL)
		return true;
	r->partials++;
	ok = run(r, partial, 0, partial->n, top);
	r->partials--;
	return ok;
}

/* A text of the template; a partial's lines are not kept, as there may be many of it. */
static bool render_text(struct renderer *r, struct template_node *node)
{
	size_t at = buf_len(r->out) + node->lines_at;

	if (!buf_add(r->out, node->text))
		return full(r);
	if (r->marks == NULL || node->lines_n == 0 || r->partials > 0 || (at > 0 && buf_str(r->out).p[at - 1] != '\n'))
		return true;
	r->marks->all = mem_grow(r->marks->all, r->marks->n, &r->marks->cap, sizeof *r->marks->all);
	r->marks->all[r->marks->n++] = (struct template_mark){ .at = at, .n = node->lines_n, .kept = &node->kept };
	return true;
}

static bool run(struct renderer *r, const struct template *t, size_t from, size_t to, const struct frame *top)
{
	for (size_t i = from; i < to; i++) {
		struct template_node *node = &t->nodes[i];
		bool ok = true;

		if (++r->steps > TEMPLATE_STEPS)
			return err_set(r->err, ERR_DATA, "line %u: the template takes too many steps", node->line);
		switch (node->kind) {
		case NODE_TEXT:
			ok = render_text(r, node);
			break;
		case NODE_VALUE:
			ok = render_value(r, node, top);
			break;
		case NODE_SECTION:
		case NODE_INVERTED:
			ok = render_section(r, t, i, top);
			i = node->end;
			break;
		case NODE_PARTIAL:
			ok = render_partial(r, node, top);
			break;
		case NODE_CLOSE:
			break;
		}
		if (!ok)
			return false;
	}
	return true;
}

bool template_render(struct template *t, const struct template_data *data, enum template_escape escape, struct buf *out,
	struct err *err)
{
	return template_render_marked(t, data, escape, out, NULL, err);
}

bool template_render_marked(struct template *t, const struct template_data *data, enum template_escape escape,
	struct buf *out, struct template_marks *marks, struct err *err)
{
	struct frame root = { .value = data->root };

	if (root.value.type == TEMPLATE_MISSING)
		root.value.type = TEMPLATE_OBJECT;
	if (t->cache == NULL)
		t->cache = mem_alloc(sizeof *t->cache);
	struct renderer r = {
		.data = data, .escape = escape, .out = out, .cache = t->cache, .marks = marks, .err = err
	};

	if (marks != NULL)
		marks->n = 0;
	return run(&r, t, 0, t->n, &root);
}
