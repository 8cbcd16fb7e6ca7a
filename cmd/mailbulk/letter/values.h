#ifndef PIPEMAIL_MAILBULK_VALUES_H
#define PIPEMAIL_MAILBULK_VALUES_H

#include "base/buf.h"
#include "base/err.h"
#include "mail/address/address.h"
#include "text/template.h"

struct campaign;
struct list;
struct row;

/*
 * One row as the templates see it: its cells by the names of their columns, {{token}}, {{confirm}}, and
 * {{unsubscribe}}, the row's own link. The row's address is judged here, and its key made: what tells it apart from all
 * others in the journal.
 */
#define VALUES_KNOWN 64u

struct values {
	/* Where the names of tags led, by the place in the template where they stand. */
	struct values_known {
		const char *name;
		size_t n;
		size_t column;
	} * known; /* VALUES_KNOWN of them */
	const struct campaign *campaign;
	const struct list *list;
	const struct row *row;
	struct address address;
	struct buf written;  /* local@domain as it stands in the cell, for the results and {{email}} */
	struct buf mailbox;  /* local@domain for the envelope: the domain in A-labels where the local part is ASCII */
	struct buf folded;   /* address_key: for suppression, {{token}} and the journal */
	struct buf key_text; /* folded, and the cell of --key behind a TAB */
	char key[33];        /* hex of a hash of key_text */
	char token[48];      /* base64url of the HMAC of folded; empty without --token-key */
	struct buf confirm_token;
	struct buf confirm;     /* the link of --confirm */
	struct buf reply_to;    /* where a yes goes, if by mail */
	bool confirming;        /* {{token}} is that of the request */
	struct buf unsubscribe; /* the link for people: the first https one, else the first */
};

/* Take a row; v is reused. False with 65 when it has no usable address or the --key cell is empty: `key` is made all
 * the same. */
bool values_set(struct values *v, const struct campaign *campaign, const struct list *list, const struct row *row,
	struct err *err);
/* Render every --unsubscribe link: the i-th into out. */
bool values_link(const struct values *v, size_t i, struct buf *out, struct err *err);
/* confirm.c: {{confirm}} of the row. */
void confirm_make_token(struct values *v);
bool confirm_render(struct values *v, const struct template_data *data, struct err *err);
/* For template_render; lives as long as v. */
struct template_data values_data(const struct values *v);
void values_free(struct values *v);

/* Does a tag of that name mean something? */
bool values_known(const struct campaign *campaign, const struct list *list, struct str name);

#endif
