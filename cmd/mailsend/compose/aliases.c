#include <config.h>

#include "cmd/mailsend/compose/aliases.h"

#include "base/mem.h"
#include "text/cfws.h"

void aliases_free(struct aliases *a)
{
	for (size_t i = 0; i < a->n; i++) {
		mem_free(a->list[i].name);
		mem_free(a->list[i].targets);
	}
	mem_free(a->list);
	mem_free(a->path);
	*a = (struct aliases){ .n = 0 };
}

/* A comment begins at the start of a line or after a blank, and never in quotes: "#" is a letter of addresses. */
static struct str without_comment(struct str line)
{
	bool quoted = false;

	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '\\')
			i++;
		else if (line.p[i] == '"')
			quoted = !quoted;
		else if (line.p[i] == '#' && !quoted && (i == 0 || ascii_blank(line.p[i - 1])))
			return str_sub(line, 0, i);
	}
	return line;
}

/* "name" without its quotes and backslashes. */
static char *unquoted(struct str s)
{
	struct buf out = { 0 };

	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		s = str_sub(s, 1, s.n - 2);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		buf_add_char(&out, s.p[i]);
	}
	char *text = mem_copy(buf_text(&out), buf_len(&out));

	buf_free(&out);
	return text;
}

struct alias *aliases_find(const struct aliases *a, struct str name)
{
	for (size_t i = 0; i < a->n; i++)
		if (str_ieq(str_of(a->list[i].name), name))
			return &a->list[i];
	return NULL;
}

/* One logical line, its continuations joined. */
static bool add_entry(struct aliases *a, struct str entry, unsigned line, struct err *err)
{
	size_t colon = cfws_find_unquoted(entry, ":");
	struct str name = str_trim(str_sub(entry, 0, colon));
	struct str targets = str_trim(str_sub(entry, colon + 1, entry.n));

	if (colon == entry.n || name.n == 0)
		return err_set(err, ERR_CONFIG, "%s:%u: '%.*s' is not of the form 'name: target, ...'", a->path, line,
			STR_ARGS(entry));
	if (str_find(entry, '\0') < entry.n)
		return err_set(err, ERR_CONFIG, "%s:%u: a NUL in the line", a->path, line);
	a->list = mem_grow(a->list, a->n, &a->cap, sizeof *a->list);
	a->list[a->n++] =
		(struct alias){ .name = unquoted(name), .targets = mem_copy(targets.p, targets.n), .line = line };
	return true;
}

bool aliases_parse(struct aliases *a, const char *path, struct str text, struct err *err)
{
	struct buf entry = { 0 };
	unsigned line = 0;
	unsigned begins = 0;
	bool ok = true;

	mem_free(a->path);
	a->path = mem_copy(path, strlen(path));
	if (str_starts(text, STR_LIT("\xef\xbb\xbf")))
		text = str_sub(text, 3, text.n);
	while (ok && text.n > 0) {
		struct str raw = str_cut(&text, '\n');
		struct str words = without_comment(raw);

		line++;
		/* Empty lines and comments neither end a line nor go on with it. */
		if (str_trim(words).n == 0)
			continue;
		if (!ascii_blank(raw.p[0])) {
			ok = buf_len(&entry) == 0 || add_entry(a, buf_str(&entry), begins, err);
			buf_clear(&entry);
			begins = line;
		} else if (buf_len(&entry) == 0) {
			ok = err_set(err, ERR_CONFIG, "%s:%u: a line that begins with a blank continues nothing", path,
				line);
		} else {
			buf_add_char(&entry, ' ');
		}
		buf_add(&entry, str_trim(words));
	}
	if (ok && buf_len(&entry) > 0)
		ok = add_entry(a, buf_str(&entry), begins, err);
	buf_free(&entry);
	return ok;
}

bool aliases_line(struct str *rest, struct str *line)
{
	while (rest->n > 0) {
		*line = str_trim(without_comment(str_cut(rest, '\n')));
		if (line->n > 0)
			return true;
	}
	return false;
}

/* What a target is, by its first letters, which may be in quotes. */
static void judge_target(struct alias_target *t)
{
	struct str s = t->text;
	struct str inner = s;

	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		inner = str_trim(str_sub(s, 1, s.n - 2));
	t->kind = ALIAS_ADDRESS;
	if (str_istarts(inner, STR_LIT(":include:"))) {
		t->kind = ALIAS_INCLUDE;
		t->text = str_trim(str_sub(inner, sizeof ":include:" - 1, inner.n));
	} else if (inner.n > 0 && inner.p[0] == '|') {
		t->kind = ALIAS_COMMAND;
	} else if (inner.n > 0 && inner.p[0] == '/') {
		t->kind = ALIAS_FILE;
	} else if (inner.n > 1 && inner.p[0] == '\\' && str_find(inner, '@') == inner.n) {
		t->kind = ALIAS_LOCAL;
		t->text = str_sub(inner, 1, inner.n);
	}
}

bool aliases_target(struct str *rest, struct alias_target *target)
{
	while (rest->n > 0) {
		size_t n = cfws_find_unquoted(*rest, ",");

		target->text = str_trim(str_sub(*rest, 0, n));
		*rest = str_sub(*rest, n + 1, rest->n);
		if (target->text.n > 0) {
			judge_target(target);
			return true;
		}
	}
	return false;
}
