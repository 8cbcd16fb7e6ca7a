#include <config.h>

#include "cmd/mailbulk/letter/letter.h"

#include "text/date.h"

/* Fields whose value has a form of its own, which servers and readers act on. */

static bool is_date(struct str value)
{
	int64_t seconds;

	return date_parse_mail(value, &seconds);
}

/* RFC 5322, 3.6.4: "<left@right>", as often as there are; what follows is the next. */
static bool take_id(struct str *value)
{
	size_t end = str_find(*value, '>');
	struct str id = str_sub(*value, 1, end > 0 ? end - 1 : 0);
	size_t at = str_find(id, '@');
	bool ok = value->n > 0 && value->p[0] == '<' && end < value->n && at > 0 && at + 1 < id.n;

	for (size_t i = 0; ok && i < id.n; i++)
		ok = !ascii_blank(id.p[i]) && id.p[i] != '<';
	*value = str_trim(str_sub(*value, end + 1, value->n));
	return ok;
}

static bool is_message_id(struct str value)
{
	return take_id(&value) && value.n == 0;
}

static bool is_ids(struct str value)
{
	while (value.n > 0)
		if (!take_id(&value))
			return false;
	return true;
}

/* RFC 2919, 2: the last thing is <id.domain>. */
static bool is_list_id(struct str value)
{
	size_t open = str_after_last(value, '<');
	struct str id = str_sub(value, open, value.n);

	return open > 0 && id.n > 1 && id.p[id.n - 1] == '>' && str_find(id, '.') < id.n && str_find(id, ' ') == id.n;
}

/* RFC 2369, 2: addresses in angle brackets, commas between them. */
static bool is_links(struct str value)
{
	while (value.n > 0) {
		struct str link = str_trim(str_cut(&value, ','));

		/* A comment may follow, or NO stand there. */
		if (str_ieq(link, STR_LIT("NO")))
			continue;
		if (link.n < 2 || link.p[0] != '<' || str_find(link, ':') > str_find(link, '>') ||
			str_find(link, '>') == link.n)
			return false;
	}
	return true;
}

static bool is_one_click(struct str value)
{
	return str_eq(value, STR_LIT("List-Unsubscribe=One-Click"));
}

/* Gmail: up to three words of the sender's own and then its id of 5 to 15 characters, colons between them. */
static bool is_feedback_id(struct str value)
{
	struct str id = str_trim(str_sub(value, str_after_last(value, ':'), value.n));

	return str_count(value, ':') <= 3 && id.n >= 5 && id.n <= 15;
}

static bool is_precedence(struct str value)
{
	return str_among(value, "bulk list junk first-class special-delivery");
}

static bool is_submitted(struct str value)
{
	return str_among(str_trim(str_sub(value, 0, str_find(value, ';'))),
		"no auto-generated auto-replied auto-notified");
}

static const struct field_form {
	const char *name;
	bool (*fits)(struct str value);
	bool fatal; /* mail with it is refused, or not threaded and not told apart */
	const char *why;
} forms[] = {
	{ "Date", is_date, true, "is not a date such as Mon, 30 Nov 2026 08:00:00 +0000" },
	{ "Message-ID", is_message_id, true, "is not of the form <something-unique@example.org>" },
	{ "In-Reply-To", is_ids, false, "is not a list of Message-IDs in angle brackets" },
	{ "References", is_ids, false, "is not a list of Message-IDs in angle brackets" },
	{ "Expires", is_date, false, "is not a date" },
	{ "List-Id", is_list_id, false, "does not end with an id such as <news.example.org> (RFC 2919)" },
	{ "List-Unsubscribe", is_links, false, "is not a list of links in angle brackets (RFC 2369)" },
	{ "List-Help", is_links, false, "is not a list of links in angle brackets (RFC 2369)" },
	{ "List-Subscribe", is_links, false, "is not a list of links in angle brackets (RFC 2369)" },
	{ "List-Post", is_links, false, "is not a list of links in angle brackets (RFC 2369)" },
	{ "List-Owner", is_links, false, "is not a list of links in angle brackets (RFC 2369)" },
	{ "List-Archive", is_links, false, "is not a list of links in angle brackets (RFC 2369)" },
	{ "List-Unsubscribe-Post", is_one_click, false, "is not List-Unsubscribe=One-Click (RFC 8058)" },
	{ "Feedback-ID", is_feedback_id, false, "does not end with a sender's id of 5 to 15 characters after a colon" },
	{ "Precedence", is_precedence, false, "is not bulk, list or junk" },
	{ "Auto-Submitted", is_submitted, false, "is not auto-generated, auto-replied or no (RFC 3834)" },
};

const char *field_fault(struct str name, struct str value, bool *fatal)
{
	*fatal = false;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (!str_ieq(name, str_of(forms[i].name)) || value.n == 0 || forms[i].fits(value))
			continue;
		*fatal = forms[i].fatal;
		return forms[i].why;
	}
	return NULL;
}
