#include <config.h>

#include "base/buf.h"
#include "mail/message/mbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Read in cuts that the first octet chooses, then written as one message: one message must be read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str all = str_at((const char *)data, size);
	struct mbox_writer w = { .held_n = 0 };
	struct buf file = { 0 };
	size_t messages = 0;
	struct str line;

	for (int round = 0; round < 2; round++) {
		struct mbox_reader r = { .failed = false };
		enum mbox_event event;

		mbox_feed(&r, round == 0 ? all : buf_str(&file), true);
		while ((event = mbox_next(&r, &line)) != MBOX_END && event != MBOX_NOT)
			messages += round == 1 && event == MBOX_BEGIN;
		if (round == 0 && mbox_begin(&w, &file, all, 0)) {
			mbox_add(&w, &file, all);
			mbox_end(&w, &file);
		}
	}
	if (messages != 1)
		__builtin_trap();
	buf_free(&file);
	return 0;
}
