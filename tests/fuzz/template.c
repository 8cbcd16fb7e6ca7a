#include <config.h>

#include "base/buf.h"
#include "base/err.h"
#include "text/template.h"

/* Every name is a text, an empty text or an object by its first letter; a partial is the input itself. */
static struct template_value get(const void *data, const void *node, struct str name)
{
	(void)node;
	return (struct template_value){
		.type = name.n % 2 ? TEMPLATE_TEXT : TEMPLATE_OBJECT, .text = name.n > 3 ? name : STR_NONE, .node = data
	};
}

static bool partial(const void *data, struct str name, struct str *source)
{
	*source = *(const struct str *)data;
	return name.n < 4;
}

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);
int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct str source = str_at((const char *)p, n);
	struct template_data data = { get, NULL, partial, &source, { .type = TEMPLATE_MISSING } };
	struct buf out = { .limit = 1 << 16 };
	struct template *t = template_new(source, 1, NULL);

	for (int escape = TEMPLATE_PLAIN; t != NULL && escape <= TEMPLATE_URL; escape++)
		template_render(t, &data, (enum template_escape)escape, &out, NULL);
	template_free(t);
	buf_free(&out);
	return 0;
}
