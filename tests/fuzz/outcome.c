#include <config.h>

#include "mail/returns/outcome.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octets choose stage, code and whether it is from a bounce; the rest are the words. Whatever they say:
 * before RCPT nobody is blamed, and nothing temporary is for good. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3)
		return 0;
	const struct outcome_reply reply = {
		.stage = (enum outcome_stage)(data[0] % OUTCOME_STAGES),
		.code = data[1] % 4 == 0 ? 0 : 400 + data[1],
		.words = str_at((const char *)data + 3, size - 3),
		.us = STR_LIT("list@us.example us.example"),
		.recipient = STR_LIT("ann@theirs.example"),
		.shared = (data[2] & 1) != 0,
		.reported = (data[2] & 2) != 0,
	};
	struct outcome o = outcome_judge(&reply);
	bool early = o.stage >= OUTCOME_AT_CONNECT && o.stage <= OUTCOME_AT_MAIL;

	if (o.reason >= OUTCOME_REASONS || o.stage >= OUTCOME_STAGES)
		__builtin_trap();
	if (early && (o.bounce != OUTCOME_BOUNCE_NONE || o.about == OUTCOME_ABOUT_RECIPIENT))
		__builtin_trap();
	if (o.temporary && (o.bounce == OUTCOME_BOUNCE_HARD || o.row == OUTCOME_ROW_REFUSED))
		__builtin_trap();
	return 0;
}
