#ifndef PIPEMAIL_TEXT_TEMPLATE_PROGRAM_H
#define PIPEMAIL_TEXT_TEMPLATE_PROGRAM_H

#include "text/template.h"

/*
 * The compiled form, between template.c, which compiles, and template_render.c, which runs it; no other file
 * includes this. A template is an array of nodes in source order. A section node knows the index of the node that
 * closes it, so the renderer skips or repeats the nodes between them.
 */
enum template_kind {
	NODE_TEXT,     /* literal text */
	NODE_VALUE,    /* {{x}} */
	NODE_SECTION,  /* {{#x}}: extends to node `end`, its NODE_CLOSE */
	NODE_INVERTED, /* {{^x}}: likewise */
	NODE_CLOSE,
	NODE_PARTIAL,
};

struct template_node {
	enum template_kind kind;
	struct str text;     /* literal text, or the name; slices of the template's source */
	struct str fallback; /* of NODE_VALUE; p NULL: none */
	struct str indent;   /* of a NODE_PARTIAL alone on its line: put before each line of the partial */
	bool raw;            /* {{{x}}} or {{&x}} */
	unsigned line;       /* of the tag */
	size_t end;          /* index of the NODE_CLOSE of a section */
	size_t lines_at;     /* of NODE_TEXT: where its whole lines begin, which are the same in every rendering */
	size_t lines_n;      /* 0: it has too few to be worth it */
	void *kept;          /* the caller's own for these lines */
};

struct template_cached {
	char *key; /* owned: indent, NUL, name (the indent changes the text, so it is part of the key) */
	size_t key_n;
	struct template *compiled; /* NULL: there is no such partial */
};

/*
 * The partials of one template and of those they name, compiled at first use. Looked up one after the other: there
 * are few.
 */
struct template_cache {
	struct template_cached *entries;
	size_t n;
};

struct template
{
	char *source; /* owned copy; all slices point into it */
	struct template_node *nodes;
	size_t n;
	size_t cap;
	struct template_cache *cache;
};

/* Limits that keep a hostile or recursive template from using up the stack or the time. */
#define TEMPLATE_SECTION_DEPTH 64
#define TEMPLATE_PARTIAL_DEPTH 32
#define TEMPLATE_STEPS 10000000u

#endif
