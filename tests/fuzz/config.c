#include <config.h>

#include <stddef.h>
#include <stdint.h>

#include "cli/configfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config c = { 0 };

	configfile_parse(&c, "fuzz", (struct str){ (const char *)data, size }, NULL);
	configfile_free(&c);
	return 0;
}
