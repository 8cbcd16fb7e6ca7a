#include <config.h>

#include "cmd/mailbulk/letter/campaign.h"

#include <unistd.h>

#include "base/mem.h"
#include "cmd/mailbulk/settings.h"
#include "io/file.h"

#define PARTIAL_LIMIT ((size_t)4 << 20)

/* A name that stays in the template's directory. */
static bool plain_name(struct str name)
{
	if (name.n == 0 || name.n > 200 || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_alpha(name.p[i]) && !ascii_digit(name.p[i]) && strchr("_-.", name.p[i]) == NULL)
			return false;
	return true;
}

const struct partial *campaign_partial(const struct campaign *c, struct str name)
{
	for (size_t i = 0; i < c->n_partials; i++)
		if (str_eq(str_of(c->partials[i].name), name))
			return &c->partials[i];
	return NULL;
}

static bool read_partial(struct campaign *c, struct partial *p, struct err *err)
{
	static const char *const endings[] = { ".mustache", "" };
	struct buf path = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && !p->found && i < sizeof endings / sizeof *endings; i++) {
		buf_clear(&path);
		buf_printf(&path, "%s%s%s", c->directory, p->name, endings[i]);
		if (access(buf_text(&path), F_OK) != 0)
			continue;
		ok = file_read(buf_text(&path), PARTIAL_LIMIT, &p->source, err);
		p->found = ok;
	}
	if (ok && p->found) {
		p->compiled = template_new(buf_str(&p->source), 1, err);
		ok = p->compiled != NULL || err_prefix(err, "%s", buf_text(&path));
	}
	buf_free(&path);
	return ok;
}

static bool load_named(struct campaign *c, const char *file, struct str name, unsigned line, struct err *err)
{
	struct partial p = { 0 };

	if (campaign_partial(c, name) != NULL)
		return true;
	if (!plain_name(name))
		return err_set(err, ERR_DATA,
			"%s: line %u: a partial is a file beside the template: \"%.*s\" is no such name", file, line,
			STR_ARGS(name));
	p.name = mem_copy(name.p, name.n);
	bool ok = read_partial(c, &p, err);

	c->partials = mem_resize(c->partials, c->n_partials + 1, sizeof *c->partials);
	c->partials[c->n_partials++] = p;
	if (p.compiled != NULL)
		campaign_note(c, p.compiled, p.name);
	if (ok && !p.found && !c->settings->missing_empty)
		ok = err_set(err, ERR_DATA,
			"%s: line %u: the partial %s%s.mustache is not there (--missing=empty does without)", file,
			line, c->directory, p.name);
	return ok;
}

bool campaign_load_partials(struct campaign *c, struct err *err)
{
	struct str name;
	unsigned line;

	/* A partial that is read is noted, and so is walked over too. */
	for (size_t i = 0; i < c->n_templates; i++)
		for (size_t k = 0; template_partial(c->templates[i].t, k, &name, &line); k++)
			if (!load_named(c, c->templates[i].file, name, line, err))
				return false;
	return true;
}
