#include <config.h>

#include "mail/returns/outcome_state.h"

#include <stdatomic.h>

#include "base/mem.h"

/*
 * All phrases of the tables in one automaton (Aho and Corasick, "Efficient string matching", 1975): a trie whose nodes
 * also know where to go on when the text goes another way. A text is read once, whatever the number of phrases.
 * Children are lists, since a table of all of them would be megabytes; the root and the few nodes with many children,
 * where most of the time is spent, have an array.
 */

struct node {
	unsigned child;       /* the first; 0: none */
	unsigned next;        /* the next child of its parent */
	unsigned fail;        /* the longest other beginning of a phrase that ends here */
	unsigned found;       /* the nearest node on the way of fail that ends a phrase; 0: none */
	unsigned phrase;      /* number of the phrase that ends here + 1; 0: none */
	unsigned short array; /* of its children, counted from 1; 0: there is only the list */
	unsigned char octet;
};

struct phrase {
	uint64_t classes;    /* it belongs to, by their bits */
	unsigned char words; /* how many */
};

struct outcome_book {
	struct node *nodes;
	unsigned n_nodes, cap_nodes;
	struct phrase *phrases;
	unsigned n_phrases, cap_phrases;
	struct outcome_alternative *alternatives;
	size_t n_alternatives, cap_alternatives;
	unsigned root[256];
	unsigned (*arrays)[256];
	unsigned n_arrays;
};

/* Terms: phrases count from 64 on, classes stand before them. */
#define FIRST_PHRASE 64u

static unsigned child_of(const struct outcome_book *b, unsigned node, unsigned char octet)
{
	if (node == 0)
		return b->root[octet];
	if (b->nodes[node].array != 0)
		return b->arrays[b->nodes[node].array - 1][octet];
	for (unsigned c = b->nodes[node].child; c != 0; c = b->nodes[c].next)
		if (b->nodes[c].octet == octet)
			return c;
	return 0;
}

static unsigned add_child(struct outcome_book *b, unsigned node, unsigned char octet)
{
	if (b->n_nodes == b->cap_nodes) {
		b->cap_nodes = b->cap_nodes > 0 ? 2 * b->cap_nodes : 4096;
		b->nodes = mem_resize(b->nodes, b->cap_nodes, sizeof *b->nodes);
	}
	b->nodes[b->n_nodes] = (struct node){ .octet = octet, .next = node == 0 ? 0 : b->nodes[node].child };
	if (node == 0)
		b->root[octet] = b->n_nodes;
	else
		b->nodes[node].child = b->n_nodes;
	return b->n_nodes++;
}

/* Words in scripts that put no blanks between them are found anywhere. */
static bool is_unspaced(struct str s)
{
	return s.n > 2 && (unsigned char)s.p[0] >= 0xe2;
}

static unsigned add_octets(struct outcome_book *b, unsigned node, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned next = child_of(b, node, (unsigned char)s.p[i]);

		node = next != 0 ? next : add_child(b, node, (unsigned char)s.p[i]);
	}
	return node;
}

/* The number of a phrase, which is entered if it is new. */
static unsigned phrase_of(struct outcome_book *b, struct str s)
{
	bool stem = s.n > 0 && s.p[s.n - 1] == '*';
	bool unspaced = is_unspaced(s);
	unsigned node = 0;

	if (stem)
		s.n--;
	if (!unspaced)
		node = add_octets(b, node, STR_LIT(" "));
	node = add_octets(b, node, s);
	if (!unspaced && !stem)
		node = add_octets(b, node, STR_LIT(" "));
	if (b->nodes[node].phrase == 0) {
		if (b->n_phrases == b->cap_phrases) {
			b->cap_phrases = b->cap_phrases > 0 ? 2 * b->cap_phrases : 1024;
			b->phrases = mem_resize(b->phrases, b->cap_phrases, sizeof *b->phrases);
		}
		b->phrases[b->n_phrases++] = (struct phrase){ .words = (unsigned char)(1 + str_count(s, ' ')) };
		b->nodes[node].phrase = b->n_phrases;
	}
	return b->nodes[node].phrase - 1;
}

static unsigned term_of(struct outcome_book *b, struct str s)
{
	if (s.n > 0 && s.p[0] == '$')
		for (unsigned i = 0; i < outcome_n_classes; i++)
			if (str_eq(s, str_of(outcome_classes[i].name)))
				return i;
	return FIRST_PHRASE + phrase_of(b, s);
}

static void add_classes(struct outcome_book *b)
{
	for (unsigned i = 0; i < outcome_n_classes; i++)
		for (struct str rest = str_of(outcome_classes[i].phrases); rest.n > 0;) {
			unsigned phrase = phrase_of(b, str_cut(&rest, '|'));

			b->phrases[phrase].classes |= (uint64_t)1 << i;
		}
}

/* The next operator in s, or s.n. */
static size_t find_join(struct str s, enum outcome_join *join)
{
	static const char operators[] = "~^>+"; /* in the order of the enum */

	for (size_t i = 0; i + 2 < s.n; i++) {
		const char *found = s.p[i] == ' ' && s.p[i + 2] == ' ' ? strchr(operators, s.p[i + 1]) : NULL;

		if (found == NULL)
			continue;
		*join = (enum outcome_join)(found - operators);
		return i;
	}
	return s.n;
}

static void add_alternative(struct outcome_book *b, unsigned rule, struct str s)
{
	struct outcome_alternative a = { .rule = rule };

	while (s.n > 0 && a.n < OUTCOME_TERMS) {
		enum outcome_join join = OUTCOME_NEAR;
		size_t n = find_join(s, &join);

		a.terms[a.n] = term_of(b, str_sub(s, 0, n));
		if (n < s.n && a.n + 1 < OUTCOME_TERMS)
			a.joins[a.n] = join;
		a.n++;
		s = str_sub(s, n + 3, s.n);
	}
	if (b->n_alternatives == b->cap_alternatives) {
		b->cap_alternatives = b->cap_alternatives > 0 ? 2 * b->cap_alternatives : 1024;
		b->alternatives = mem_resize(b->alternatives, b->cap_alternatives, sizeof *b->alternatives);
	}
	b->alternatives[b->n_alternatives++] = a;
}

/* Breadth first: what a node's fail is follows from its parent's. */
static void add_fails(struct outcome_book *b)
{
	unsigned *queue = mem_array(b->n_nodes, sizeof *queue);
	size_t n = 0;

	for (unsigned c = 0; c < 256; c++)
		if (b->root[c] != 0)
			queue[n++] = b->root[c];
	for (size_t at = 0; at < n; at++) {
		const struct node *parent = &b->nodes[queue[at]];

		for (unsigned c = parent->child; c != 0; c = b->nodes[c].next) {
			struct node *child = &b->nodes[c];
			unsigned fail = parent->fail;
			unsigned to;

			while ((to = child_of(b, fail, child->octet)) == 0 && fail != 0)
				fail = b->nodes[fail].fail;
			child->fail = to;
			child->found = b->nodes[to].phrase != 0 ? to : b->nodes[to].found;
			queue[n++] = c;
		}
	}
	mem_free(queue);
}

#define ARRAY_FROM 4 /* children */

/* When no node is added any more. */
static void add_arrays(struct outcome_book *b)
{
	b->arrays = mem_array(b->n_nodes / ARRAY_FROM + 1, sizeof *b->arrays);
	for (unsigned i = 1; i < b->n_nodes; i++) {
		size_t children = 0;

		for (unsigned c = b->nodes[i].child; c != 0; c = b->nodes[c].next)
			children++;
		if (children < ARRAY_FROM)
			continue;
		for (unsigned c = b->nodes[i].child; c != 0; c = b->nodes[c].next)
			b->arrays[b->n_arrays][b->nodes[c].octet] = c;
		b->nodes[i].array = (unsigned short)++b->n_arrays;
	}
	b->arrays = mem_resize(b->arrays, b->n_arrays + 1, sizeof *b->arrays);
}

static struct outcome_book *make(void)
{
	struct outcome_book *b = mem_alloc(sizeof *b);

	(void)add_child(b, 0, 0); /* the root */
	b->root[0] = 0;
	add_classes(b);
	for (unsigned i = 0; i < outcome_n_rules; i++)
		for (struct str rest = str_of(outcome_rules[i].words); rest.n > 0;)
			add_alternative(b, i, str_cut(&rest, '|'));
	add_arrays(b);
	add_fails(b);
	return b;
}

static void book_free(struct outcome_book *b)
{
	mem_free(b->nodes);
	mem_free(b->phrases);
	mem_free(b->alternatives);
	mem_free(b->arrays);
	mem_free(b);
}

const struct outcome_book *outcome_book(void)
{
	static _Atomic(struct outcome_book *) made;
	struct outcome_book *b = atomic_load(&made);
	struct outcome_book *none = NULL;

	if (b != NULL)
		return b;
	b = make();
	if (atomic_compare_exchange_strong(&made, &none, b))
		return b;
	book_free(b); /* another thread was faster */
	return none;
}

const struct outcome_alternative *outcome_alternatives(const struct outcome_book *b, size_t *n)
{
	*n = b->n_alternatives;
	return b->alternatives;
}

static void add_hit(struct outcome_hits *h, unsigned term, unsigned begin, unsigned end, unsigned clause)
{
	if (h->n < OUTCOME_HITS)
		h->hits[h->n++] = (struct outcome_hit){ term, (unsigned short)begin, (unsigned short)end,
			(unsigned short)clause };
}

static void note(const struct outcome_book *b, struct outcome_hits *h, unsigned phrase, unsigned word, unsigned clause)
{
	const struct phrase *p = &b->phrases[phrase];
	unsigned begin = word + 1 >= p->words ? word + 1 - p->words : 0;

	add_hit(h, FIRST_PHRASE + phrase, begin, word, clause);
	for (unsigned i = 0; i < outcome_n_classes; i++)
		if (p->classes >> i & 1)
			add_hit(h, i, begin, word, clause);
}

void outcome_scan(const struct outcome_book *b, struct str text, struct outcome_hits *h)
{
	unsigned node = 0;
	unsigned word = 0;
	unsigned clause = 0;

	h->n = 0;
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		unsigned to;

		while ((to = child_of(b, node, c)) == 0 && node != 0)
			node = b->nodes[node].fail;
		node = to;
		for (unsigned f = b->nodes[node].phrase != 0 ? node : b->nodes[node].found; f != 0;
			f = b->nodes[f].found)
			note(b, h, b->nodes[f].phrase - 1, word, clause);
		word += c == ' ';
		clause += c == '.';
	}
}
