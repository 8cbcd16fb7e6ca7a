#ifndef PIPEMAIL_TEXT_TEMPLATE_PROGRAM_H
#define PIPEMAIL_TEXT_TEMPLATE_PROGRAM_H

#include "text/template.h"

/* Between template.c, which compiles, and template_render.c, which runs: nobody else includes this. */

enum template_kind {
	NODE_TEXT,
	NODE_VALUE,
	NODE_SECTION, /* runs up to node `end`, which is its NODE_CLOSE */
	NODE_INVERTED,
	NODE_CLOSE,
	NODE_PARTIAL,
};

struct template_node {
	enum template_kind kind;
	struct str text;     /* literal text, or the name; slices of the template's source */
	struct str fallback; /* of NODE_VALUE; p NULL: none */
	struct str indent;   /* of NODE_PARTIAL that stands alone on its line */
	bool raw;            /* {{{x}}} or {{&x}} */
	unsigned line;
	size_t end;
};

struct template_cached {
	char *key; /* indent, NUL, name */
	size_t key_n;
	struct template *compiled; /* NULL: there is no such partial */
};

/* The partials of one template and of those below it. */
struct template_cache {
	struct template_cached *entries;
	size_t n;
};

struct template
{
	char *source;
	struct template_node *nodes;
	size_t n;
	size_t cap;
	struct template_cache *cache;
};

#define TEMPLATE_SECTION_DEPTH 64
#define TEMPLATE_PARTIAL_DEPTH 32
#define TEMPLATE_STEPS 10000000u

#endif
