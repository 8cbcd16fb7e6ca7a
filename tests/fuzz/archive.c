#include <config.h>

#include "cmd/popfetch/archive/card.h"
#include "cmd/popfetch/archive/view.h"

static bool save(void *arg, struct str name, struct str octets, struct err *err)
{
	(void)arg;
	(void)octets;
	(void)err;
	/* A name is one component, whatever the message says, and no device. */
	if (name.n == 0 || name.n > 255 || str_find(name, '/') < name.n || name.p[0] == '.' || !str_clean(name))
		__builtin_trap();
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The page of a message: every "<" of it is ours, so none begins a script. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct view view = { .up = "", .month = "2026-11.html", .thread = "t", .files = "files", .save = save };
	struct str message = str_at((const char *)data, size);
	struct card card = { .dated = false };
	struct buf page = { .limit = (size_t)256 << 20 };

	card_read(&card, message, size);
	if (!view_add(&page, &view, message, &card, NULL) ||
		str_isearch(buf_str(&page), STR_LIT("<script")) < buf_len(&page))
		__builtin_trap();
	card_free(&card);
	buf_free(&page);
	return 0;
}
