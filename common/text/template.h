#ifndef PIPEMAIL_TEXT_TEMPLATE_H
#define PIPEMAIL_TEXT_TEMPLATE_H

#include "base/str.h"

struct buf;
struct err;

/* clang-format off */
/*
 * Mustache (the public specification without lambdas), compiled once and rendered many times, and a default for an
 * empty value: {{name|friend}}. Values come from the caller's functions, so the template knows neither CSV nor
 * JSON. How values are escaped depends on where the text goes (enum template_escape). Names are looked up first in
 * the innermost section.
 *
 *     struct template *t = template_new(source, 1, err);
 *     for each row:
 *             buf_clear(&out);
 *             template_render(t, &data, TEMPLATE_PLAIN, &out, err);
 *     template_free(t);
 */
/* clang-format on */
struct template;

enum template_escape {
	TEMPLATE_PLAIN,  /* as it is (text bodies, option values) */
	TEMPLATE_HTML,   /* & < > " ' escaped; {{{x}}} and {{&x}} not */
	TEMPLATE_HEADER, /* CR, LF, NUL and other controls in a value are an error (65) that names the tag */
	/* percent-encoded except RFC 3986's unreserved; {{{x}}} is not, but controls in it are an error */
	TEMPLATE_URL,
};

/* What a name stands for. The specification's tests pass trees; a row of CSV passes TEXT and MISSING only. */
enum template_type { TEMPLATE_MISSING, TEMPLATE_FALSE, TEMPLATE_TEXT, TEMPLATE_LIST, TEMPLATE_OBJECT };
struct template_value {
	enum template_type type;
	struct str text;  /* TEMPLATE_TEXT; an empty one is false for a section */
	const void *node; /* of a list or an object: opaque here, passed back to get and item */
	size_t count;     /* items of a TEMPLATE_LIST */
};
/*
 * Where values come from; all functions get `data` as their first argument. Texts that they return must stay valid
 * until template_render returns.
 */
struct template_data {
	/* The value of one name (no dots) in the object node; node NULL is the root. */
	struct template_value (*get)(const void *data, const void *node, struct str name);
	/* The i-th item of a list node. */
	struct template_value (*item)(const void *data, const void *node, size_t i);
	/* The source of a partial; false when there is none (it then renders as nothing). Asked once for each
	 * name and kept with the template: partials do not change between renderings. */
	bool (*partial)(const void *data, struct str name, struct str *source);
	const void *data;
	struct template_value root; /* the bottom of the context stack; zero: the object with node NULL */
};

/*
 * Compile. NULL with ERR_DATA and "line N: ..." for a tag or section that is not closed, a tag without a name,
 * malformed delimiters, and more than 64 nested sections. source is copied; first_line is the number of its first
 * line in the file, for messages. The caller frees the result with template_free.
 */
struct template *template_new(struct str source, unsigned first_line, struct err *err);
/* Frees the template with the partials it compiled; NULL does nothing. */
void template_free(struct template *t);

/*
 * Append the rendered text to out. False with ERR_DATA for a value that the context forbids (names line and tag),
 * a partial that does not compile or is nested more than 32 deep, more than ten million steps, or an output over
 * the limit of out; out then holds a part. Not const: partials are compiled at first use and kept in t, so one
 * thread at a time.
 */
bool template_render(struct template *t, const struct template_data *data, enum template_escape escape, struct buf *out,
	struct err *err);

/*
 * The same, and where whole lines of the template itself stand in out, which are the same in every rendering: what is
 * worked out for them once can be kept in *kept (NULL at first), which is freed by the caller: template_kept gives the
 * i-th that was set, or NULL past the last. marks->n is set anew; free marks->all with mem_free.
 */
struct template_mark {
	size_t at; /* in out */
	size_t n;
	void **kept;
};
struct template_marks {
	struct template_mark *all;
	size_t n;
	size_t cap;
};
bool template_render_marked(struct template *t, const struct template_data *data, enum template_escape escape,
	struct buf *out, struct template_marks *marks, struct err *err);
void *template_kept(const struct template *t, size_t i);

/*
 * The i-th name that a tag uses, in order of appearance and with repetitions, complete with its dots but never
 * ".": call with i from 0 until the result is false, to compare names with columns. *name lives as long as t;
 * *line is where the tag is. *optional: an empty value is provided for, as the tag has a default, opens a section,
 * or is inside a section of the same name. Partials are not entered.
 */
bool template_name(const struct template *t, size_t i, struct str *name, unsigned *line, bool *optional);
/* The i-th partial that a tag names, in the same way. */
bool template_partial(const struct template *t, size_t i, struct str *name, unsigned *line);
/* The template has no tags, so rendering only copies. */
bool template_constant(const struct template *t);

#endif
