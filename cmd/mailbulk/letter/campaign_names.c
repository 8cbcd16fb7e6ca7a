#include <config.h>

#include "cmd/mailbulk/letter/campaign.h"

#include "base/mem.h"
#include "text/template.h"

/* All templates of a campaign, so that every name in them can be looked at. */

void campaign_note(struct campaign *c, struct template *t, const char *file)
{
	c->templates = mem_resize(c->templates, c->n_templates + 1, sizeof *c->templates);
	c->templates[c->n_templates++] = (struct campaign_template){ .t = t, .file = file };
}

bool campaign_name(const struct campaign *c, size_t i, struct campaign_name *name)
{
	for (size_t k = 0; k < c->n_templates; k++) {
		size_t n = 0;

		name->file = c->templates[k].file;
		while (template_name(c->templates[k].t, n, &name->name, &name->line, &name->optional))
			if (n++ == i)
				return true;
		i -= n;
	}
	return false;
}
