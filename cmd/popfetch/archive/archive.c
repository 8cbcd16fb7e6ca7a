#include <config.h>

#include "cmd/popfetch/archive/archive.h"

#include <stdio.h>

#include "cli/progress.h"
#include "cli/say.h"
#include "cmd/popfetch/archive/card.h"
#include "cmd/popfetch/archive/catalog.h"
#include "cmd/popfetch/archive/folder.h"
#include "cmd/popfetch/archive/pages.h"
#include "cmd/popfetch/archive/source.h"
#include "cmd/popfetch/archive/view.h"
#include "io/converter.h"
#include "text/json.h"

/*
 * The order is the promise: attachments, then the page of their message; after some thousand messages a sync of
 * all of them, and only then their lines in the catalog, which keep a later run from writing them again. The
 * pages that lead to them are written at growing intervals and at the end.
 */

#define BATCH 4096u       /* messages between two syncs */
#define FIRST_INDEX 2000u /* messages before the index is written the first time */
#define PAGE_LIMIT ((size_t)512 << 20)

struct archive {
	struct folder folder;
	struct catalog catalog;
	struct source source;
	struct card card;
	struct buf page;
	const char *files; /* folder of the attachments of the message that is being added */
	uint64_t read;
	uint64_t added;
	uint64_t known;
	uint64_t duplicates;
	uint64_t unwritten; /* messages since the index was written */
};

static bool save(void *arg, struct str name, struct str octets, struct err *err)
{
	const struct archive *a = arg;
	struct buf path = { .limit = 0 };

	buf_printf(&path, "%s/", a->files);
	buf_add(&path, name);
	bool ok = folder_add(&a->folder, buf_text(&path), octets, err);

	buf_free(&path);
	return ok;
}

static bool add(struct archive *a, struct err *err)
{
	uint64_t thread = catalog_add(&a->catalog, &a->card);
	char files[64];
	char month[16];
	char link[64];
	char name[64];
	const struct view view = {
		.up = "../../", .month = month, .thread = link, .files = files, .save = save, .arg = a
	};

	snprintf(files, sizeof files, "files/%.2s/%s", a->card.key, a->card.key + 2);
	snprintf(link, sizeof link, "threads/%03x.html#t%016llx", (unsigned)(thread >> 52), (unsigned long long)thread);
	snprintf(name, sizeof name, "messages/%.2s/%s.html", a->card.key, a->card.key + 2);
	pages_month(month, a->catalog.entries[a->catalog.n - 1].date);
	a->files = files;
	buf_clear(&a->page);
	bool ok = view_add(&a->page, &view, a->source.message, &a->card, err);

	a->files = NULL;
	ok = ok && (!a->page.full || err_set(err, ERR_SOFTWARE, "%s/%s: the page is too long", a->folder.path, name));
	return ok && folder_add(&a->folder, name, buf_str(&a->page), err);
}

/* Make what was added last: sync, then the lines that tell of it. */
static bool commit(struct archive *a, struct err *err)
{
	return folder_sync(&a->folder, err) && catalog_commit(&a->catalog, err);
}

static bool write_index(struct archive *a, struct err *err)
{
	a->unwritten = 0;
	threads_link(&a->catalog.threads);
	return pages_write(&a->folder, &a->catalog, err);
}

static bool take(struct archive *a, struct err *err)
{
	a->read++;
	card_read(&a->card, a->source.message, a->source.size);
	uint32_t found = catalog_find(&a->catalog, a->card.key);

	if (found > 0) {
		if (found <= a->catalog.loaded)
			a->known++;
		else
			a->duplicates++;
		return true;
	}
	if (!add(a, err))
		return false;
	a->added++;
	a->unwritten++;
	if (a->unwritten >= FIRST_INDEX && a->unwritten >= a->catalog.n / 2)
		return write_index(a, err) && commit(a, err);
	return a->added % BATCH != 0 || commit(a, err);
}

static bool fill(struct archive *a, bool asked, struct err *err)
{
	struct progress bar;
	bool stored = true;

	progress_init(&bar, a->source.names != NULL ? "messages" : "B", a->source.total, asked);
	while (stored && source_next(&a->source, err)) {
		stored = take(a, err);
		progress_set(&bar, a->source.done);
	}
	progress_end(&bar);
	if (!stored)
		return false; /* what the catalog does not have yet comes again */
	if (a->added == 0 && pages_current(&a->folder, &a->catalog))
		return err->kind == ERR_NONE;
	/* After a signal, or when the mailbox could not be read on, what was added can be found all the same. */
	struct err *last = err->kind == ERR_NONE ? err : NULL;

	return write_index(a, last) && commit(a, last) && err->kind == ERR_NONE;
}

static void say_text(const struct archive *a)
{
	struct buf text = { .limit = 0 };

	buf_printf(&text, "%s: %llu message%s added", a->folder.path, (unsigned long long)a->added,
		a->added == 1 ? "" : "s");
	if (a->known > 0)
		buf_printf(&text, ", %llu there before", (unsigned long long)a->known);
	if (a->duplicates > 0)
		buf_printf(&text, ", %llu twice in the mailbox", (unsigned long long)a->duplicates);
	if (a->source.failed > 0)
		buf_printf(&text, ", %llu unreadable", (unsigned long long)a->source.failed);
	say_note("%s; open %s/index.html", buf_text(&text), a->folder.path);
	buf_free(&text);
}

static void say_json(const struct archive *a, int status)
{
	struct buf out = { .limit = 0 };
	struct json j;
	const struct {
		const char *name;
		uint64_t n;
	} numbers[] = { { "read", a->read }, { "new", a->added }, { "known", a->known },
		{ "duplicates", a->duplicates }, { "unreadable", a->source.failed }, { "messages", a->catalog.n } };

	json_init(&j, &out);
	json_object(&j);
	json_key(&j, "archive");
	json_text(&j, a->folder.path);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		json_key(&j, numbers[i].name);
		json_uint(&j, numbers[i].n);
	}
	json_key(&j, "status");
	json_int(&j, status);
	json_close(&j, '}');
	buf_add_char(&out, '\n');
	say_raw(buf_str(&out));
	buf_free(&out);
}

/* The first run shows something from its beginning on. */
static bool begin(struct archive *a, const char *dir, struct err *err)
{
	return folder_open(&a->folder, dir, CATALOG_FILE, err) && catalog_open(&a->catalog, &a->folder, err) &&
		(!a->folder.fresh || pages_write(&a->folder, &a->catalog, err));
}

int archive_run(const char *dir, const char *mailbox, bool json, bool progress)
{
	struct archive a = { .folder = { .fd = -1 }, .catalog = { .fd = -1 }, .source = { .fd = -1 } };
	struct err err = { .kind = ERR_NONE };
	int status = 0;

	a.page.limit = PAGE_LIMIT;
	converter_open_all();
	bool ok = source_open(&a.source, mailbox, &err) && begin(&a, dir, &err) && fill(&a, progress, &err);

	if (!ok)
		status = say_fail(&err);
	else if (a.source.failed > 0)
		status = ERR_PART;
	if (json)
		say_json(&a, status);
	else if (ok)
		say_text(&a);
	source_close(&a.source);
	card_free(&a.card);
	buf_free(&a.page);
	catalog_close(&a.catalog);
	folder_close(&a.folder);
	converter_close_all();
	return status;
}
