#include <config.h>

#include "cmd/mailsend/compose/compose.h"

#include "base/mem.h"
#include "io/mimetype.h"

#define BLOCK ((size_t)64 << 10)

void attachment_free(struct attachment *a)
{
	mem_free(a->name);
	mem_free(a->cid);
	mem_free(a->type);
	*a = (struct attachment){ .name = NULL };
}

static struct source *next_file(struct outgoing *o)
{
	o->files = mem_resize(o->files, o->n_files + 1, sizeof *o->files);
	o->files[o->n_files] = (struct source){ .fd = -1 };
	return &o->files[o->n_files++];
}

/* Look at a file; for an attachment only until it is clear that base64 it will be. */
static bool scan_file(const struct source *file, bool to_the_end, struct mime_scan *scan, struct err *err)
{
	struct buf block = { 0 };
	long n;

	for (uint64_t at = 0;; at += (uint64_t)n) {
		buf_clear(&block);
		n = source_read(file, at, BLOCK, &block, err);
		if (n <= 0)
			break;
		mime_scan_add(scan, buf_str(&block));
		if (!to_the_end && mime_choose(scan, true) == MIME_BASE64)
			break;
		if (!to_the_end && mime_choose(scan, false) == MIME_BASE64 && at + (uint64_t)n >= 4 * BLOCK)
			break;
	}
	buf_free(&block);
	return n >= 0;
}

/* What a file comes to when it is encoded, by doing it. */
static bool count_encoded(const struct source *file, struct mime_encoder e, uint64_t *size, struct err *err)
{
	struct buf block = { 0 };
	struct buf out = { 0 };
	long n;

	*size = 0;
	for (uint64_t at = 0;; at += (uint64_t)n) {
		buf_clear(&block);
		buf_clear(&out);
		n = source_read(file, at, BLOCK, &block, err);
		if (n > 0)
			mime_encode(&e, &out, buf_str(&block));
		else
			mime_encode_end(&e, &out);
		*size += buf_len(&out);
		if (n <= 0)
			break;
	}
	mime_encoder_free(&e);
	buf_free(&block);
	buf_free(&out);
	return n >= 0;
}

/* The scan, and the size on the wire where that needs counting. */
static bool judge(struct attachment *a, const struct source *file, bool attached, struct err *err)
{
	struct mime_encoder e;
	const char *type;
	bool whole = !attached || str_istarts(str_of(a->part.type), STR_LIT("message/"));

	if (!scan_file(file, whole, &a->part.scan, err))
		return false;
	a->part.file_size = file->size;
	return !mime_part_stream(&a->part, attached, &e, &type) || count_encoded(file, e, &a->part.encoded_size, err);
}

/* One ",key=value" behind the file name, from the right; a comma in a file name is no such thing.
 */
static bool take_parameter(struct str *spec, struct str *key, struct str *value)
{
	for (size_t i = spec->n; i-- > 1;) {
		struct str tail = str_sub(*spec, i + 1, spec->n);

		if (spec->p[i] != ',')
			continue;
		*key = str_cut(&tail, '=');
		*value = tail;
		if (tail.p == NULL ||
			!(str_eq(*key, STR_LIT("type")) || str_eq(*key, STR_LIT("name")) ||
				str_eq(*key, STR_LIT("cid"))))
			return false;
		*spec = str_sub(*spec, 0, i);
		return true;
	}
	return false;
}

static bool check_type(const char *option, struct str type, struct err *err)
{
	struct str name = str_trim(str_sub(type, 0, str_find(type, ';')));
	size_t slash = str_find(name, '/');
	bool ok = slash > 0 && slash + 1 < name.n && name.n < 100;

	for (size_t i = 0; i < name.n && ok; i++)
		ok = i == slash ||
			(name.p[i] > ' ' && name.p[i] < 0x7f && strchr("()<>@,;:\\\"/[]?=", name.p[i]) == NULL);
	return ok || err_set(err, ERR_USAGE, "%s: type=%.*s is no media type", option, STR_ARGS(type));
}

static bool read_parameters(struct attachment *a, struct str *spec, const char *option, struct err *err)
{
	struct str key;
	struct str value;

	while (take_parameter(spec, &key, &value)) {
		char **target = key.p[0] == 't' ? &a->type : key.p[0] == 'n' ? &a->name : &a->cid;

		if (key.p[0] == 't' && !check_type(option, value, err))
			return false;
		for (size_t i = 0; key.p[0] == 'c' && i < value.n; i++)
			if (value.p[i] <= ' ' || value.p[i] >= 0x7f || value.p[i] == '<' || value.p[i] == '>')
				return err_set(err, ERR_USAGE, "%s: cid=%.*s is no Content-ID", option,
					STR_ARGS(value));
		mem_free(*target);
		*target = mem_copy(value.p, value.n);
	}
	return true;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* How files of common types begin. */
static const char *type_by_magic(struct str head)
{
	static const struct {
		const char *octets;
		size_t n, at;
		const char *type;
	} magic[] = {
		{ "%PDF-", 5, 0, "application/pdf" },
		{ "\x89PNG\r\n\x1a\n", 8, 0, "image/png" },
		{ "\xff\xd8\xff", 3, 0, "image/jpeg" },
		{ "GIF87a", 6, 0, "image/gif" },
		{ "GIF89a", 6, 0, "image/gif" },
		{ "WEBP", 4, 8, "image/webp" },
		{ "II*\0", 4, 0, "image/tiff" },
		{ "MM\0*", 4, 0, "image/tiff" },
		{ "PK\3\4", 4, 0, "application/zip" },
		{ "\x1f\x8b", 2, 0, "application/gzip" },
		{ "BZh", 3, 0, "application/x-bzip2" },
		{ "\xfd"
		  "7zXZ\0",
			6, 0, "application/x-xz" },
		{ "7z\xbc\xaf\x27\x1c", 6, 0, "application/x-7z-compressed" },
		{ "ustar", 5, 257, "application/x-tar" },
		{ "ftyp", 4, 4, "video/mp4" },
		{ "ID3", 3, 0, "audio/mpeg" },
		{ "OggS", 4, 0, "audio/ogg" },
		{ "WAVE", 4, 8, "audio/x-wav" },
		{ "BEGIN:VCALENDAR", 15, 0, "text/calendar" },
		{ "BEGIN:VCARD", 11, 0, "text/vcard" },
	};

	for (size_t i = 0; i < sizeof magic / sizeof *magic; i++)
		if (str_eq(str_sub(head, magic[i].at, magic[i].n), str_at(magic[i].octets, magic[i].n)))
			return magic[i].type;
	return NULL;
}

/* By its name, else by what is in it. */
static bool find_type(struct attachment *a, const struct source *file, struct err *err)
{
	struct mimetypes types = { .n = 0 };
	struct mime_scan head = { 0 };
	struct buf block = { 0 };

	mimetype_load(&types);
	const char *type = mimetype_find(&types, a->name);
	bool ok = type != NULL || source_read(file, 0, 4096, &block, err) >= 0;

	mime_scan_add(&head, buf_str(&block));
	if (type == NULL)
		type = type_by_magic(buf_str(&block));
	if (type == NULL)
		type = head.nul || head.not_utf8 ? "application/octet-stream" : "text/plain";
	a->type = mem_copy(type, strlen(type));
	mimetype_free(&types);
	buf_free(&block);
	return ok;
}

bool attachment_open(struct attachment *a, struct outgoing *o, const char *option, const char *text, bool is_inline,
	struct err *err)
{
	struct str spec = str_of(text);

	*a = (struct attachment){ .name = NULL };
	if (!read_parameters(a, &spec, option, err))
		return false;
	char *path = mem_copy(spec.p, spec.n);
	struct source *file = next_file(o);
	bool ok = source_open(file, path, err);

	if (a->name == NULL) {
		const char *base = base_name(path);

		a->name = mem_copy(strcmp(path, "-") == 0 ? "attachment" : base,
			strcmp(path, "-") == 0 ? 10 : strlen(base));
	}
	mem_free(path);
	if (!ok || (a->type == NULL && !find_type(a, file, err)))
		return false;
	if (is_inline && a->cid == NULL)
		a->cid = mem_copy(a->name, strlen(a->name));
	for (char *p = a->cid; p != NULL && *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == '<' || *p == '>')
			*p = '_';
	a->part = (struct mime_part){ .type = a->type, .file = o->n_files - 1, .name = a->name, .cid = a->cid };
	return judge(a, file, true, err);
}

/* Standard input, which may have been opened to be looked at. */
static bool take_standard(struct outgoing *o, struct source *file, struct err *err)
{
	if (o->input.name == NULL)
		return source_open(file, "-", err);
	*file = o->input;
	o->input = (struct source){ .fd = -1 };
	return true;
}

bool attachment_body(struct attachment *a, struct outgoing *o, const char *path, struct str text, const char *type,
	struct err *err)
{
	*a = (struct attachment){ .type = mem_copy(type, strlen(type)) };
	struct source *file = next_file(o);

	if (path == NULL)
		source_of_text(file, "the body", text);
	else if (!(strcmp(path, "-") == 0 ? take_standard(o, file, err) : source_open(file, path, err)) ||
		!source_as_text(file, err))
		return false;
	a->part = (struct mime_part){ .type = a->type, .file = o->n_files - 1 };
	if (!judge(a, file, false, err))
		return false;
	/* Text that is no UTF-8 is most likely the old Western charset, and readable as that in any
	 * case. */
	if (!mime_scan_utf8(&a->part.scan) && !a->part.scan.nul) {
		struct buf latin = { 0 };

		buf_printf(&latin, "text/plain; charset=%s", mime_scan_charset(&a->part.scan));
		mem_free(a->type);
		a->type = mem_copy(buf_text(&latin), buf_len(&latin));
		a->part.type = a->type;
		buf_free(&latin);
	}
	return true;
}

/* The value of METHOD in a calendar (RFC 5546), in capitals; empty: it has none. */
static void find_method(const struct source *file, struct buf *method)
{
	struct buf head = { 0 };

	source_read(file, 0, BLOCK, &head, NULL);
	struct str rest = buf_str(&head);

	while (rest.n > 0 && buf_len(method) == 0) {
		struct str line = str_trim(str_cut(&rest, '\n'));

		if (!str_istarts(line, STR_LIT("METHOD:")))
			continue;
		for (size_t i = 7; i < line.n && ascii_alpha(line.p[i]); i++)
			buf_add_char(method, line.p[i] >= 'a' ? (char)(line.p[i] - 'a' + 'A') : line.p[i]);
	}
	buf_free(&head);
}

/* Outlook and Gmail take an invitation as one only with its method beside the type. */
static void add_method(struct attachment *a, const struct source *file)
{
	struct buf method = { 0 };
	struct buf type = { 0 };

	if (!str_istarts(str_of(a->type), STR_LIT("text/calendar")) ||
		str_isearch(str_of(a->type), STR_LIT("method=")) < strlen(a->type))
		return;
	find_method(file, &method);
	if (buf_len(&method) > 0) {
		buf_printf(&type, "%s; method=%s", a->type, buf_text(&method));
		mem_free(a->type);
		a->type = mem_copy(buf_text(&type), buf_len(&type));
	}
	buf_free(&method);
	buf_free(&type);
}

bool attachment_alternative(struct attachment *a, struct outgoing *o, const char *text, struct err *err)
{
	struct str spec = str_of(text);

	*a = (struct attachment){ .name = NULL };
	if (!read_parameters(a, &spec, "--alternative", err))
		return false;
	char *path = mem_copy(spec.p, spec.n);
	struct source *file = next_file(o);
	bool ok = source_open(file, path, err) && source_as_text(file, err);

	if (ok && a->type == NULL) {
		mem_free(a->name);
		a->name = mem_copy(base_name(path), strlen(base_name(path)));
		ok = find_type(a, file, err);
	}
	mem_free(path);
	if (!ok)
		return false;
	add_method(a, file);
	a->part = (struct mime_part){ .type = a->type, .file = o->n_files - 1 };
	return judge(a, file, false, err);
}
