#include <config.h>

#include "cli/tokenkey.h"

#include <sys/stat.h>

#include "cli/say.h"
#include "io/file.h"

bool tokenkey_read(struct buf *key, const char *path, struct err *err)
{
	struct buf text = { .limit = 65536 };
	struct stat st;
	struct str line;

	if (!file_read(path, 65536, &text, err)) {
		buf_wipe(&text);
		return false;
	}
	line = buf_str(&text);
	line = str_trim(str_cut(&line, '\n'));
	buf_add(key, line);
	buf_wipe(&text);
	if (buf_len(key) < 16)
		return err_set(err, ERR_CONFIG, "%s: a token key has at least 16 characters on its first line", path);
	if (stat(path, &st) == 0 && (st.st_mode & 077) != 0)
		say_note("%s: others can read this key (chmod 600 mends it)", path);
	return true;
}
