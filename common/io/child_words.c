#include <config.h>

#include "io/child.h"

#include "base/mem.h"

/* Command lines of options and of the configuration file. */

/* One word of a command line into out, as sh would read it but for expansions; false on an open quote. */
static bool split_word(const char **at, struct buf *out)
{
	char quote = 0;

	for (const char *p = *at;; p++) {
		if (*p == '\0') {
			*at = p;
			return quote == 0;
		}
		if (quote == 0 && (ascii_blank(*p) || *p == '\n')) {
			*at = p;
			return true;
		}
		if (quote == 0 && (*p == '\'' || *p == '"')) {
			quote = *p;
		} else if (quote != 0 && *p == quote) {
			quote = 0;
		} else if (*p == '\\' && quote != '\'' && p[1] != '\0' && (quote == 0 || p[1] == '"' || p[1] == '\\')) {
			buf_add_char(out, *++p);
		} else {
			buf_add_char(out, *p);
		}
	}
}

char **child_split(const char *command, struct err *err)
{
	struct buf words = { .limit = strlen(command) * 2 + 2 };
	size_t count = 0;

	for (const char *p = command;;) {
		while (ascii_blank(*p) || *p == '\n')
			p++;
		if (*p == '\0')
			break;
		if (!split_word(&p, &words)) {
			buf_wipe(&words);
			err_set(err, ERR_USAGE, "a quote in the command is not closed: %s", command);
			return NULL;
		}
		buf_add_char(&words, '\0');
		count++;
	}
	/* One block: the pointers, then what they point to. */
	struct str text = buf_str(&words);
	char **argv = mem_alloc((count + 1) * sizeof *argv + text.n);
	char *to = (char *)(argv + count + 1);

	memcpy(to, text.p, text.n);
	for (size_t i = 0; i < count; i++) {
		argv[i] = to;
		to += strlen(to) + 1;
	}
	buf_wipe(&words);
	if (count == 0) {
		mem_free(argv);
		err_set(err, ERR_USAGE, "the command is empty");
		return NULL;
	}
	return argv;
}
