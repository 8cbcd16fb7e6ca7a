#ifndef PIPEMAIL_MAILBULK_CAMPAIGN_H
#define PIPEMAIL_MAILBULK_CAMPAIGN_H

#include "base/buf.h"
#include "base/err.h"
#include "cmd/mailbulk/letter/attached.h"
#include "io/mimetype.h"
#include "mail/message/mime_compose.h"
#include "text/template.h"

struct dkim_key;
struct signer;
struct list;
struct settings;

/*
 * What is to be sent, compiled once for all rows: header fields, bodies, attachments and the templates in option
 * values. Parts that have no tag in them are read and encoded here, once, and every message only points to them.
 */
enum field_kind {
	FIELD_TEXT,      /* free text: encoded words where needed */
	FIELD_ADDRESSES, /* From, To, Reply-To…: display names are quoted or encoded */
	FIELD_RAW,       /* structured: it has to be right as it is */
};

struct field {
	char *name;
	enum field_kind kind;
	bool single; /* one mailbox by the look of the template, so that a comma in a name is part of the name */
	struct template *value;
	char *source;     /* the value as the template has it */
	struct buf fixed; /* the whole line, as it leaves, when it is the same in all messages */
	struct buf bare;  /* then of a From: its address */
	unsigned line;    /* in the template; 0: of an option */
};

/* A text or HTML body. */
struct body {
	struct template *template; /* NULL: there is none */
	size_t file;               /* MIME_NO_FILE: rendered for each row */
	const char *name;          /* of the file it came from, for messages */
};

struct attachment {
	struct template *path; /* rendered for each row unless `file` is set */
	size_t file;
	bool is_inline;
	char *type;  /* as given, or NULL: by the name */
	char *shown; /* the name for people as given, or NULL: the path's last part */
	char *cid;   /* of an inline part, or NULL: as shown */
};

/* A part that is the same in every message. */
struct constant {
	struct mime_part part;    /* .file is its own index */
	struct buf encoded;       /* its octets in their wire form, or nothing: */
	struct attached attached; /* a large file is read each time */
	struct body_hash {
		bool made;
		unsigned char hash[32];
	} * body_hash; /* DKIM's, of a body that is nothing but this */
	char *name;
	char *cid;
};

struct partial {
	char *name;
	struct buf source;
	bool found;
	struct template *compiled; /* for the check of its names */
};

/* A template and what to call the place it stands in. */
struct campaign_template {
	struct template *t;
	const char *file;
};

struct campaign {
	const struct settings *settings;
	struct field *fields;
	size_t n_fields;
	struct body text;
	struct body html;
	bool text_from_html; /* there is only HTML: its text alternative is made of it */
	struct attachment *attachments;
	size_t n_attachments;
	struct constant *constants;
	size_t n_constants;
	struct mimetypes types; /* of attachments; parts point into it */
	struct template **unsubscribe;
	size_t n_unsubscribe;
	struct template *confirm; /* --confirm, or NULL */
	struct buf agreed;        /* a hash of the text that people say yes to */
	int64_t asked;            /* the day of the requests, since 1970 */
	struct partial *partials;
	size_t n_partials;
	struct campaign_template *templates; /* all of them, for whoever walks over all */
	size_t n_templates;
	char *directory; /* of the template, with a slash, or "" */
	struct dkim_key *dkim_key;
	struct signer *signer; /* NULL: signatures are made where they are asked for */
	struct buf token_key;
	struct buf test_mailbox; /* --test's address for the envelope; empty: no test */
	struct buf test_key;
	char fingerprint[33];  /* of everything that the messages are made of */
	char id[33];           /* of this sending, for Message-IDs; from the journal */
	struct buf from_fixed; /* the line of --from, as of a field */
	struct buf from_bare;
	struct buf manners; /* the last lines, which are the same in all messages */
	bool manners_ready;
	bool identical; /* nothing personal in it: every row gets the same octets */
};

/* Read and compile all that the settings name. 66 or 65 with file and line. */
bool campaign_load(struct campaign *c, const struct settings *settings, struct err *err);
void campaign_free(struct campaign *c);

/* Every tag's name against the columns of the list. *optional of the i-th is as template_name has it; false past the
 * last. */
struct campaign_name {
	const char *file; /* or option, where it stands */
	unsigned line;
	struct str name;
	bool optional;
};
bool campaign_name(const struct campaign *c, size_t i, struct campaign_name *name);

/* The source of a partial for template_data; NULL when there is none of that name. */
const struct partial *campaign_partial(const struct campaign *c, struct str name);
/* The field of that name, or NULL. */
const struct field *campaign_field(const struct campaign *c, const char *name);

/* Enter a template that was compiled into `templates`. */
void campaign_note(struct campaign *c, struct template *t, const char *file);

/* parts.c: the bodies and attachments. */
bool campaign_load_body(struct campaign *c, struct body *body, struct str source, unsigned line, const char *type,
	struct err *err);
/* A body that is the same for all, encoded now. */
bool campaign_constant_body(struct campaign *c, struct body *body, struct str text, const char *type, struct err *err);
bool campaign_load_attachments(struct campaign *c, struct err *err);
/* The type of a file by its name: "application/octet-stream" when nothing is known. */
const char *parts_type(const struct mimetypes *types, const char *name);

/* fields.c: header lines and --header options. */
bool campaign_load_fields(struct campaign *c, struct str block, struct str *type, struct err *err);

/* confirm.c: --confirm; text and html are the templates as they were written. 64. */
bool campaign_load_confirm(struct campaign *c, struct str text, struct str html, struct err *err);

/* partials.c: read the partials that the templates name, and those that these name. */
bool campaign_load_partials(struct campaign *c, struct err *err);

#endif
