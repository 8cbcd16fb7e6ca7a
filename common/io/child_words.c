#include <config.h>

#include "io/child.h"

#include "base/mem.h"
#include "io/file.h"

#define COMMAND_MAX ((size_t)64 << 10)

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

/* A word without quotes that means something to a shell only: a pipe, a list, a redirection. */
static bool is_for_shell(struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (strchr("'\"\\", word.p[i]) != NULL)
			return false;
	return str_find(word, '|') < word.n || str_among(word, "& && ;") || str_ends(word, STR_LIT(";")) ||
		str_starts(word, STR_LIT(">")) || str_starts(word, STR_LIT("2>")) ||
		(str_starts(word, STR_LIT("<")) && str_find(word, '>') == word.n); /* not <a@b.example> */
}

/* The words as one block: the pointers, then what they point to. */
static char **as_argv(struct buf *words, size_t count)
{
	struct str text = buf_str(words);
	char **argv = mem_alloc((count + 1) * sizeof *argv + text.n);
	char *to = (char *)(argv + count + 1);

	memcpy(to, text.p, text.n);
	for (size_t i = 0; i < count; i++) {
		argv[i] = to;
		to += strlen(to) + 1;
	}
	buf_wipe(words);
	return argv;
}

char **child_split(const char *command, struct err *err)
{
	const char *home = file_home();
	struct buf words = { .limit = COMMAND_MAX };
	size_t count = 0;

	for (const char *p = command;;) {
		while (ascii_blank(*p) || *p == '\n')
			p++;
		if (*p == '\0')
			break;
		const char *start = p;

		if (strncmp(p, "~/", 2) == 0 && home != NULL && buf_add_text(&words, home))
			p++;
		if (!split_word(&p, &words)) {
			buf_wipe(&words);
			err_set(err, ERR_USAGE, "a quote in the command is not closed: %s", command);
			return NULL;
		}
		if (is_for_shell(str_at(start, (size_t)(p - start)))) {
			buf_wipe(&words);
			err_set(err, ERR_USAGE,
				"'%.*s' needs a shell, and commands are run without one; write: sh -c '...'",
				(int)(p - start), start);
			return NULL;
		}
		buf_add_char(&words, '\0');
		count++;
	}
	if (count == 0 || words.full) {
		err_set(err, ERR_USAGE, words.full ? "the command is too long" : "the command is empty");
		buf_wipe(&words);
		return NULL;
	}
	return as_argv(&words, count);
}
