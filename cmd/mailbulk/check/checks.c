#include <config.h>

#include "cmd/mailbulk/check/preflight.h"

#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/letter/letter.h"
#include "cmd/mailbulk/rows/list.h"
#include "cmd/mailbulk/settings.h"
#include "cmd/mailbulk/letter/values.h"
#include "mail/message/dkim.h"
#include "text/template.h"

#define NAME_MAX_CHECKED 40

/* Edit distance of two short names, ASCII case folded; many when one is long. */
static size_t distance(struct str a, struct str b)
{
	size_t row[NAME_MAX_CHECKED + 1];

	if (a.n > NAME_MAX_CHECKED || b.n > NAME_MAX_CHECKED)
		return NAME_MAX_CHECKED;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t cost = diagonal + (ascii_lower(a.p[i - 1]) != ascii_lower(b.p[j - 1]));

			diagonal = row[j];
			row[j] = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
			row[j] = cost < row[j] ? cost : row[j];
		}
	}
	return row[b.n];
}

static void unknown_name(struct preflight *p, const struct campaign_name *name)
{
	const char *near = NULL;
	size_t best = 3;
	struct buf columns = { 0 };

	for (size_t i = 0; i < p->list->n_columns; i++) {
		size_t d = distance(name->name, str_of(p->list->columns[i]));

		if (d < best && d < name->name.n) {
			best = d;
			near = p->list->columns[i];
		}
		buf_printf(&columns, "%s%s", i > 0 ? ", " : "", p->list->columns[i]);
	}
	if (str_eq(name->name, STR_LIT("token")))
		preflight_error(p, ERR_DATA, "token-key", "%s: line %u: {{token}} needs --token-key FILE", name->file,
			name->line);
	else if (str_eq(name->name, STR_LIT("confirm")))
		preflight_error(p, ERR_DATA, "confirm-option", "%s: line %u: {{confirm}} needs --confirm URL",
			name->file, name->line);
	else if (str_eq(name->name, STR_LIT("unsubscribe")))
		preflight_error(p, ERR_DATA, "unsubscribe-option",
			"%s: line %u: {{unsubscribe}} needs --unsubscribe URL", name->file, name->line);
	else if (near != NULL)
		preflight_error(p, ERR_DATA, "unknown-column",
			"%s: line %u: there is no column \"%.*s\"; did you mean \"%s\"?", name->file, name->line,
			STR_ARGS(name->name), near);
	else
		preflight_error(p, ERR_DATA, "unknown-column",
			"%s: line %u: there is no column \"%.*s\"; the list has %s", name->file, name->line,
			STR_ARGS(name->name), buf_text(&columns));
	buf_free(&columns);
}

/* Every tag names a column, or one of our own names. Inside a dotted section names are relative, which is not followed
 * here. */
static void check_names(struct preflight *p)
{
	struct campaign_name name;

	for (size_t i = 0; campaign_name(p->campaign, i, &name); i++) {
		size_t column = list_column(p->list, name.name);

		if (column != SIZE_MAX && !name.optional)
			p->used[column] = true;
		if (!p->settings->missing_empty && !values_known(p->campaign, p->list, name.name))
			unknown_name(p, &name);
	}
}

static size_t count_fields(const struct campaign *c, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_fields; i++)
		n += str_ieq(str_of(c->fields[i].name), str_of(name));
	return n;
}

/* A field that is the same in every message is judged once; what is fatal in others is so for their rows. */
static void check_form(struct preflight *p, const char *where, struct str name, struct str value)
{
	bool fatal;
	const char *why = field_fault(name, value, &fatal);

	if (why != NULL && fatal)
		preflight_error(p, ERR_DATA, "header-malformed", "%s: %.*s: \"%.*s\" %s", where, STR_ARGS(name),
			STR_ARGS(value), why);
	else if (why != NULL)
		preflight_warn(p, "header-malformed", "%s: %.*s: \"%.*s\" %s", where, STR_ARGS(name), STR_ARGS(value),
			why);
}

static void check_forms(struct preflight *p)
{
	const struct campaign *c = p->campaign;

	for (size_t i = 0; i < c->n_fields; i++)
		if (c->fields[i].kind == FIELD_RAW && template_constant(c->fields[i].value))
			check_form(p, c->fields[i].line > 0 ? p->settings->template_path : "--header",
				str_of(c->fields[i].name), str_of(c->fields[i].source));
	if (p->settings->feedback_id != NULL)
		check_form(p, "--feedback-id", STR_LIT("Feedback-ID"), str_of(p->settings->feedback_id));
}

static void check_fields(struct preflight *p)
{
	static const char *const once[] = { "From", "Sender", "Reply-To", "To", "Cc", "Message-ID", "Date", "Subject",
		"In-Reply-To", "References", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID",
		"Precedence", "Auto-Submitted" };
	const struct campaign *c = p->campaign;
	const struct field *subject = campaign_field(c, "Subject");
	const struct field *id = campaign_field(c, "Message-ID");

	for (size_t i = 0; i < sizeof once / sizeof *once; i++)
		if (count_fields(c, once[i]) > 1)
			preflight_error(p, ERR_DATA, "header-twice",
				"%s: %s appears more than once (RFC 5322 allows one)", p->settings->template_path,
				once[i]);
	if (campaign_field(c, "From") == NULL && p->settings->from == NULL && p->settings->account.from == NULL)
		preflight_error(p, ERR_DATA, "from-missing",
			"%s: there is no From: neither in the template nor as --from", p->settings->template_path);
	if (subject == NULL)
		preflight_warn(p, "subject-missing", "%s: there is no Subject", p->settings->template_path);
	else if (str_istarts(str_of(subject->source), STR_LIT("Re:")) ||
		str_istarts(str_of(subject->source), STR_LIT("Fwd:")))
		preflight_warn(p, "subject-deceptive",
			"%s: line %u: a Subject that begins with Re: or Fwd: and is no answer is held against its sender",
			p->settings->template_path, subject->line);
	if (id != NULL && template_constant(id->value))
		preflight_error(p, ERR_DATA, "message-id-constant",
			"%s: line %u: each message needs a Message-ID of its own: leave it out and it is made",
			p->settings->template_path, id->line);
	if (campaign_field(c, "Cc") != NULL)
		preflight_warn(p, "cc-shown-only",
			"%s: Cc is only shown: each row's message goes to its own address alone",
			p->settings->template_path);
}

static bool uses(const struct campaign *c, const char *file, const char *name)
{
	struct campaign_name found;

	for (size_t i = 0; campaign_name(c, i, &found); i++)
		if (str_eq(found.name, str_of(name)) && (strcmp(found.file, "--unsubscribe") == 0) == (file != NULL))
			return true;
	return false;
}

/* RFC 8058: an https link that can be posted to and tells who it is. */
static void check_links(struct preflight *p)
{
	const struct campaign *c = p->campaign;
	bool https = false;

	if (c->n_unsubscribe == 0)
		return;
	for (size_t i = 0; i < c->n_unsubscribe; i++) {
		bool link = str_istarts(str_of(p->settings->unsubscribe.values[i]), STR_LIT("https://"));

		https |= link;
		if (link && template_constant(c->unsubscribe[i]))
			preflight_warn(p, "unsubscribe-same-link",
				"--unsubscribe: the link is the same for all; {{token}} or {{email}} tells who follows it");
	}
	if (!https)
		preflight_warn(p, "one-click-missing",
			"--unsubscribe: without an https link there is no one-click unsubscription, which Gmail and Yahoo "
			"ask of bulk senders");
	if (buf_len(&c->token_key) == 0 && uses(c, "--unsubscribe", "email"))
		preflight_warn(p, "unsubscribe-forgeable",
			"--unsubscribe: anybody can make links with other people's addresses; {{token}} (--token-key) proves "
			"that a link is yours");
	if (!uses(c, NULL, "unsubscribe") && !p->settings->transactional)
		preflight_warn(p, "unsubscribe-not-shown",
			"the text shows no way to unsubscribe: {{unsubscribe}} is the link");
}

static void check_dkim(struct preflight *p)
{
	struct buf record = { 0 };
	unsigned bits = 0;
	bool ed25519 = false;

	if (p->campaign->dkim_key == NULL)
		return;
	if (dkim_key_public(p->campaign->dkim_key, &record, &bits, &ed25519) && !ed25519 && bits < 2048)
		preflight_warn(p, "dkim-key-short", "--dkim-key: an RSA key of %u bits; 2048 are recommended", bits);
	if (ed25519)
		preflight_warn(p, "dkim-ed25519",
			"--dkim-key: few receivers verify Ed25519 so far; an RSA signature is the safe one");
	buf_free(&record);
}

void preflight_campaign(struct preflight *p)
{
	check_names(p);
	check_fields(p);
	check_forms(p);
	check_links(p);
	check_dkim(p);
}
