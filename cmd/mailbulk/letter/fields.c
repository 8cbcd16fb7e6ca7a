#include <config.h>

#include "cmd/mailbulk/letter/campaign.h"

#include "base/mem.h"
#include "cmd/mailbulk/settings.h"
#include "mail/header/header.h"

static const char *const address_fields[] = { "From", "Sender", "Reply-To", "To", "Cc", "Errors-To",
	"Disposition-Notification-To" };

static const char *const raw_fields[] = { "Date", "Message-ID", "In-Reply-To", "References", "List-Id",
	"List-Unsubscribe", "List-Unsubscribe-Post", "List-Help", "List-Subscribe", "List-Post", "List-Owner",
	"List-Archive", "Feedback-ID", "Precedence", "Auto-Submitted", "Importance", "Priority", "X-Priority",
	"Content-Language", "Expires" };

static bool among(struct str name, const char *const names[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(name, str_of(names[i])))
			return true;
	return false;
}

static enum field_kind kind_of(struct str name)
{
	if (among(name, address_fields, sizeof address_fields / sizeof *address_fields))
		return FIELD_ADDRESSES;
	return among(name, raw_fields, sizeof raw_fields / sizeof *raw_fields) ? FIELD_RAW : FIELD_TEXT;
}

/* Of an address field as the template has it: no list, no group and no comment outside the tags, so one mailbox. */
static bool looks_single(struct str source)
{
	size_t angles = 0;

	for (size_t i = 0; i < source.n; i++) {
		struct str rest = str_sub(source, i, source.n);

		if (str_starts(rest, STR_LIT("{{"))) {
			size_t end = str_search(rest, STR_LIT("}}"));

			i += end < rest.n ? end + 1 : 1;
		} else if (strchr(",;(", source.p[i]) != NULL) {
			return false;
		} else {
			angles += source.p[i] == '<';
		}
	}
	return angles <= 1;
}

static bool add_field(struct campaign *c, struct str name, struct str value, unsigned line, struct err *err)
{
	struct field field = { .kind = kind_of(name), .line = line };

	value = str_trim(value);
	field.value = template_new(value, line > 0 ? line : 1, err);
	if (field.value == NULL)
		return false;
	field.single = field.kind == FIELD_ADDRESSES && looks_single(value);
	field.name = mem_copy(name.p, name.n);
	field.source = mem_copy(value.p, value.n);
	c->fields = mem_resize(c->fields, c->n_fields + 1, sizeof *c->fields);
	c->fields[c->n_fields++] = field;
	campaign_note(c, field.value, line > 0 ? c->settings->template_path : "--header");
	return true;
}

/* What a template may not say itself: why, or NULL. */
static const char *refusal(struct str name)
{
	static const struct {
		const char *name;
		const char *why;
	} refused[] = {
		{ "Bcc", "each row's message goes to its own address only" },
		{ "Return-Path", "the receiving server writes it; --envelope-from says where bounces go" },
		{ "Received", "servers write it" },
		{ "DKIM-Signature", "--dkim-key signs each message" },
		{ "Content-Disposition", "--attach and --inline write it" },
	};

	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (str_ieq(name, str_of(refused[i].name)))
			return refused[i].why;
	if (str_istarts(name, STR_LIT("Resent-")))
		return "nothing is resent";
	return NULL;
}

static bool take_field(struct campaign *c, struct str name, struct str body, unsigned line, struct str *type,
	struct err *err)
{
	struct buf value = { 0 };
	const char *why = refusal(name);
	bool ok = true;

	if (why != NULL)
		return err_set(err, ERR_DATA, "line %u: a template has no %.*s: %s", line, STR_ARGS(name), why);
	header_unfold(&value, body);
	/* The parts say these themselves. */
	if (str_ieq(name, STR_LIT("Content-Type")))
		*type = str_trim(body);
	else if (!str_ieq(name, STR_LIT("MIME-Version")) && !str_ieq(name, STR_LIT("Content-Transfer-Encoding")))
		ok = add_field(c, name, buf_str(&value), line, err);
	buf_free(&value);
	return ok;
}

static bool add_options(struct campaign *c, struct err *err)
{
	const struct option_list *headers = &c->settings->headers;
	struct str type = STR_NONE;

	for (size_t i = 0; i < headers->n; i++) {
		struct str value = str_of(headers->values[i]);
		struct str name = str_trim(str_cut(&value, ':'));

		if (value.p == NULL || name.n == 0)
			return err_set(err, ERR_USAGE, "--header: \"%s\" is not of the form 'Name: value'",
				headers->values[i]);
		if (!take_field(c, name, value, 0, &type, err))
			return err_prefix(err, "--header %s", headers->values[i]);
		if (type.p != NULL)
			return err_set(err, ERR_USAGE, "--header: Content-Type is what the parts make it");
	}
	return true;
}

bool campaign_load_fields(struct campaign *c, struct str block, struct str *type, struct err *err)
{
	struct header_reader reader;
	struct header_field field;
	enum header_event event;

	header_init(&reader, block);
	for (;;) {
		unsigned line = (unsigned)reader.line;

		event = header_next(&reader, &field);
		if (event == HEADER_END)
			break;
		if (event == HEADER_FIELD) {
			if (!take_field(c, field.name, field.body, line, type, err))
				return err_prefix(err, "%s", c->settings->template_path);
		} else if (!str_starts(str_trim(field.whole), STR_LIT("{{!"))) {
			return err_set(err, ERR_DATA,
				"%s: line %u: this is no header line; a template begins with lines such as "
				"\"Subject: …\", then an empty line, then the text",
				c->settings->template_path, line);
		}
	}
	return add_options(c, err);
}

const struct field *campaign_field(const struct campaign *c, const char *name)
{
	for (size_t i = 0; i < c->n_fields; i++)
		if (str_ieq(str_of(c->fields[i].name), str_of(name)))
			return &c->fields[i];
	return NULL;
}
