#ifndef PIPEMAIL_TEXT_TEMPLATE_H
#define PIPEMAIL_TEXT_TEMPLATE_H

#include "base/str.h"

struct buf;
struct err;

/*
 * Mustache (the public specification, lambdas aside) compiled once and rendered many times, plus
 * a default for an empty value: {{name|friend}}. Values come through a lookup, so the template knows
 * neither CSV nor JSON; escaping is the caller's choice of context.
 */
struct template; /* opaque: a flat program of nodes */

enum template_escape {
	TEMPLATE_PLAIN,  /* as it is (text bodies, option values) */
	TEMPLATE_HTML,   /* & < > " ' escaped; {{{x}}} and {{&x}} not */
	TEMPLATE_HEADER, /* CR, LF, NUL and other controls in a value are an error (65) that names the tag */
	TEMPLATE_URL,    /* percent-encoded but for unreserved characters; {{{x}}} not */
};

/* What a name means. The test of the specification passes trees; a CSV row passes cells. */
enum template_type { TEMPLATE_MISSING, TEMPLATE_FALSE, TEMPLATE_TEXT, TEMPLATE_LIST, TEMPLATE_OBJECT };
struct template_value {
	enum template_type type;
	struct str text;  /* TEMPLATE_TEXT; an empty one is false for a section */
	const void *node; /* of the lookup: a list or object */
	size_t count;     /* TEMPLATE_LIST */
};
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

/* Compile; NULL with 65 and "line N: …" for an unclosed tag or section, and for sections nested over 64 deep. The
 * source is copied; first_line is the number of its first line, for messages. */
struct template *template_new(struct str source, unsigned first_line, struct err *err);
void template_free(struct template *t);

/* Render into out. False with 65 for a value that the context forbids, a partial nested over 32
 * deep, more than ten million steps, or an output over out's limit. */
bool template_render(struct template *t, const struct template_data *data, enum template_escape escape, struct buf *out,
	struct err *err);

/* Every name that a tag uses (whole, with its dots; never "."), in order, for the check against columns: call with i
 * from 0 until it returns false. line is where it stands; optional tells that an empty value is provided for: it has
 * a default, or it is a section's name or stands in a section of that name. */
bool template_name(const struct template *t, size_t i, struct str *name, unsigned *line, bool *optional);
/* Every partial that a tag names, in the same way. */
bool template_partial(const struct template *t, size_t i, struct str *name, unsigned *line);
/* No tag at all in it: rendering is copying. */
bool template_constant(const struct template *t);

#endif
