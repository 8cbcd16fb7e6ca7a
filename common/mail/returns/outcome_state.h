#ifndef PIPEMAIL_MAIL_OUTCOME_STATE_H
#define PIPEMAIL_MAIL_OUTCOME_STATE_H

#include "base/buf.h"
#include "mail/returns/outcome.h"

/* --- the tables --- */

/*
 * The inside of mail/returns/outcome, shared by its files: outcome (the decision), outcome_rules (the tables),
 * outcome_words (finds all phrases of the tables in one pass), outcome_text (brings the text into the form that is
 * compared), outcome_codes, outcome_stage, outcome_follow (what follows from a reason). No other module includes
 * this.
 *
 * A class is a name for several phrases: "$box" is any word for a mailbox.
 */
struct outcome_class {
	const char *name;
	const char *phrases; /* "|" between them */
};

enum outcome_level {
	OUTCOME_BY_WORDS,    /* words, alone or with a code or status */
	OUTCOME_BY_STATUS,   /* a status that is clear enough to count beside any words */
	OUTCOME_BY_HINT,     /* words that count only if no others do */
	OUTCOME_BY_FALLBACK, /* a status that counts only if the words say nothing */
	OUTCOME_BY_CODE,     /* code and stage, if nothing else is known */
};

/*
 * One rule. What is not given (0, NULL) is not looked at.
 *
 * words: alternatives with "|" between them. One is a phrase, or several terms with an operator between them: "a ~ b"
 * have at most five words between them in one sentence, in either order, "a ^ b" at most two, "a > b" none, in this order, "a + b" anywhere. A term is
 * a phrase or a class. A phrase that ends in "*" is the beginning of a word. Phrases are in the form that outcome_text
 * gives to texts: lower case, without accents, apostrophes and punctuation, names as tokens (<us>, <rcpt>, <theirs>,
 * <host>, <ip>, <address>, <link>, <blocklink>).
 */
struct outcome_rule {
	enum outcome_level level;
	unsigned stages;      /* 1 << enum outcome_stage, any of them */
	const char *provider; /* a domain: the speaker, a host in the text or the recipient's domain is in it */
	const char *codes;    /* "550 554", or "5" for any 5xx */
	const char *statuses; /* "5.1.1 ?.4.7 ?.6.*" */
	const char *words;
	enum outcome_reason reason;
	const char *source; /* where it comes from: RFC and section, or whose documented reply it is */
	enum err_kind exit; /* if it is not the reason's own */
};

extern const struct outcome_class outcome_classes[];
extern const size_t outcome_n_classes;
extern const struct outcome_rule outcome_rules[];
extern const size_t outcome_n_rules;

/* --- the phrases, found in one pass --- */

#define OUTCOME_HITS 256

/* A term that was found in the text. */
struct outcome_hit {
	unsigned term;
	unsigned short begin, end; /* numbers of the first and last word */
	unsigned short clause;     /* number of the sentence */
};

/* At most OUTCOME_HITS; further ones are dropped. */
struct outcome_hits {
	struct outcome_hit hits[OUTCOME_HITS];
	size_t n;
};

/* The operators ~, ^, > and + of struct outcome_rule. */
enum outcome_join { OUTCOME_NEAR, OUTCOME_CLOSE, OUTCOME_NEXT, OUTCOME_ANYWHERE };

#define OUTCOME_TERMS 3

/* One alternative of a rule's words. */
struct outcome_alternative {
	unsigned rule;
	unsigned n;
	unsigned terms[OUTCOME_TERMS];
	enum outcome_join joins[OUTCOME_TERMS - 1];
};

/* The tables, compiled: one automaton (Aho and Corasick, 1975) over all phrases. */
struct outcome_book;

/* Compiled at the first call and kept for the life of the process; threads may call it. */
const struct outcome_book *outcome_book(void);
/* Find the terms of the tables in a text of outcome_text_make. */
void outcome_scan(const struct outcome_book *b, struct str text, struct outcome_hits *h);
/* All alternatives of all rules; *n is their number. Lives as long as the process. */
const struct outcome_alternative *outcome_alternatives(const struct outcome_book *b, size_t *n);

/* --- the text --- */

/* Who is named in a text, and what else was found while it was read. */
struct outcome_text {
	struct buf text;      /* in the form that is compared: " user unknown . " */
	struct buf providers; /* hosts that are named, blanks between them */
	bool us, rcpt, theirs, other, blocklink;
	size_t words; /* how many words are not names */
};

/* Fill t, zeroed before, from the first 4,000 bytes of the words; then outcome_text_free. */
void outcome_text_make(struct outcome_text *t, const struct outcome_reply *reply);
void outcome_text_free(struct outcome_text *t);
/* Is host the domain or a name below it, ignoring case? */
bool outcome_below(struct str host, struct str domain);

/* --- codes --- */

/* The reply code in a text: at its begin, at a line's, or behind a mark ("said: 550"); 0: none. */
int outcome_find_code(struct str s);
/* The status says no more than "failed" (x.0.0): words beside it may know better. */
bool outcome_is_vague(struct str status);

/* --- what follows --- */

/* Fill about, bounce, row, run and exit from reason, stage and temporary. */
void outcome_follow(struct outcome *o);

#endif
