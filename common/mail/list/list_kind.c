#include <config.h>

#include "mail/list/list_state.h"

/*
 * What a file is that is not a list, by its first bytes. People name workbooks, archives and pages as lists; "0
 * rows kept" with status 0 would hide that, so each gets a name and what to do.
 */

#define SAVE_AS_CSV "save it as CSV UTF-8"
#define AS_TEXT_MAX 512

/* Octets at the start of a file that no list begins with. */
static const struct magic {
	struct str octets;
	const char *words;
} magics[] = {
	{ { "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8 },
		"an Office document of the old kind (.xls), or one with a password: " SAVE_AS_CSV },
	{ { "\x1f\x8b", 2 }, "compressed (gzip): unpack it first (gunzip)" },
	{ { "\xfd"
	    "7zXZ\0",
		  6 },
		"compressed (xz): unpack it first (unxz)" },
	{ { "\x28\xb5\x2f\xfd", 4 }, "compressed (zstd): unpack it first (unzstd)" },
	{ { "\x04\x22\x4d\x18", 4 }, "compressed (lz4): unpack it first (unlz4)" },
	{ { "\x1f\x9d", 2 }, "compressed (compress): unpack it first (uncompress)" },
	{ { "7z\xbc\xaf\x27\x1c", 6 }, "a 7-Zip archive: unpack it first" },
	{ { "Rar!\x1a\x07", 6 }, "a RAR archive: unpack it first" },
	{ { "%PDF-", 5 }, "a PDF document: export the list from where it comes from, as CSV UTF-8" },
	{ { "SQLite format 3\0", 16 }, "an SQLite database: export its table as CSV (sqlite3 -csv -header)" },
	{ { "PAR1", 4 }, "a Parquet file: export it as CSV" },
	{ { "!BDN", 4 }, "an Outlook data file (.pst): export its contacts as CSV UTF-8" },
	{ { "\x7f"
	    "ELF",
		  4 },
		"a program, not a list" },
	{ { "\x89PNG\r\n\x1a\n", 8 }, "an image, not a list" },
	{ { "\xff\xd8\xff", 3 }, "an image, not a list" },
	{ { "GIF8", 4 }, "an image, not a list" },
	{ { "\xff\xfe\0\0", 4 }, "UTF-32 text: " SAVE_AS_CSV },
	{ { "\0\0\xfe\xff", 4 }, "UTF-32 text: " SAVE_AS_CSV },
	{ { "{\\rtf", 5 }, "a document (RTF), not a list: export the list as CSV UTF-8" },
};

static bool has(struct str s, struct str needle)
{
	return str_search(s, needle) < s.n;
}

/* Office documents are archives as well: the names of what they hold come first. */
static const char *name_zip(struct str sample)
{
	if (!str_starts(sample, STR_LIT("PK\x03\x04")) && !str_starts(sample, STR_LIT("PK\x05\x06")))
		return NULL;
	if (has(sample, STR_LIT("mimetypeapplication/vnd.oasis.opendocument.spreadsheet")))
		return "an OpenDocument spreadsheet (.ods): " SAVE_AS_CSV;
	if (has(sample, STR_LIT("mimetypeapplication/vnd.oasis.opendocument")))
		return "an OpenDocument file, not a list: " SAVE_AS_CSV;
	if (has(sample, STR_LIT("Index/")) && has(sample, STR_LIT(".iwa")))
		return "a Numbers spreadsheet: export it as CSV, Unicode (UTF-8)";
	if (has(sample, STR_LIT("word/")))
		return "a Word document: " SAVE_AS_CSV " from a spreadsheet";
	if (has(sample, STR_LIT("[Content_Types].xml")) || has(sample, STR_LIT("xl/")))
		return "an Excel workbook: " SAVE_AS_CSV;
	return "a ZIP archive: unpack it first";
}

/* The digits tell it from a column that is called "BZh". */
static bool is_bzip2(struct str sample)
{
	return str_starts(sample, STR_LIT("BZh")) && str_search(sample, STR_LIT("1AY&SY")) == 4;
}

/* The start of a text with what only UTF-16 has taken out, so that its ASCII can be read whatever its encoding. */
static struct str as_text(struct str sample, char out[AS_TEXT_MAX])
{
	size_t n = 0;
	size_t from = 0;

	if (str_starts(sample, STR_LIT("\xef\xbb\xbf")))
		from = 3;
	else if (str_starts(sample, STR_LIT("\xff\xfe")) || str_starts(sample, STR_LIT("\xfe\xff")))
		from = 2;
	for (size_t i = from; i < sample.n && n < AS_TEXT_MAX; i++)
		if (sample.p[i] != '\0')
			out[n++] = sample.p[i];
	return str_trim(str_at(out, n));
}

static bool is_markup(struct str text)
{
	static const char *const tags[] = { "<!doctype", "<html", "<head", "<body", "<table", "<meta", "<script",
		"<style", "<!--", "<div" };

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (str_istarts(text, str_of(tags[i])))
			return true;
	return false;
}

/* The name of a header field and its colon, at the start of a line. */
static bool starts_with_field(struct str line)
{
	size_t i = 0;

	while (i < line.n && line.p[i] > ' ' && line.p[i] < 0x7f && line.p[i] != ':')
		i++;
	return i > 0 && i + 1 < line.n && line.p[i] == ':' && ascii_blank(line.p[i + 1]);
}

/* "From " may begin a row of column names as well: a header field has to follow. */
static bool is_mbox(struct str text)
{
	struct str rest = text;

	if (!str_starts(text, STR_LIT("From ")))
		return false;
	str_cut(&rest, '\n');
	return rest.p != NULL && starts_with_field(str_trim(str_cut(&rest, '\n')));
}

static bool is_message(struct str text)
{
	static const char *const fields[] = { "Return-Path: ", "Received: from ", "Received: by ",
		"Delivered-To: ", "DKIM-Signature: ", "MIME-Version: " };

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (str_istarts(text, str_of(fields[i])))
			return true;
	return false;
}

/* JSON of another form than one object a line. */
static const char *name_json(struct str text)
{
	struct str inner = str_sub(text, 1, text.n);
	struct str next = str_trim(inner);

	if (str_starts(text, STR_LIT("[")) && (str_starts(next, STR_LIT("{")) || str_starts(next, STR_LIT("["))))
		return "a JSON array: make it one object a line (jq -c '.[]')";
	if (str_starts(text, STR_LIT("{")) && next.n > 0 && next.p[0] == '"' && next.p > inner.p &&
		str_find(str_at(inner.p, (size_t)(next.p - inner.p)), '\n') < (size_t)(next.p - inner.p))
		return "JSON over several lines: make it one object a line (jq -c .)";
	return NULL;
}

static const char *name_text(struct str text)
{
	if (is_markup(text))
		return "an HTML page: open it in a spreadsheet and " SAVE_AS_CSV;
	if (str_istarts(text, STR_LIT("<?xml")))
		return "an XML document: open it in a spreadsheet and " SAVE_AS_CSV;
	if (str_istarts(text, STR_LIT("BEGIN:VCARD")))
		return "a vCard file: export the contacts as CSV UTF-8";
	if (str_istarts(text, STR_LIT("BEGIN:VCALENDAR")))
		return "a calendar, not a list";
	if (str_istarts(text, STR_LIT("dn: ")) || str_istarts(text, STR_LIT("dn:: ")))
		return "an LDIF file: export the contacts as CSV UTF-8";
	if (is_mbox(text))
		return "a mailbox (mbox), not a list";
	if (is_message(text))
		return "a mail message, not a list";
	return name_json(text);
}

/* Controls that no text has. A stray one is a row's business: only many of them tell that it is not text at all. */
static bool is_binary(struct str sample)
{
	enum list_encoding encoding;
	size_t controls = 0;

	if (list_text_encoding(sample, true, &encoding) && encoding != LIST_UTF8)
		return false;
	for (size_t i = 0; i < sample.n; i++) {
		unsigned char c = (unsigned char)sample.p[i];

		controls += c < 0x20 && !(c >= '\t' && c <= '\r') && c != 0x1a && c != 0x1b;
	}
	return controls > sample.n / 8;
}

const char *list_not(struct str sample)
{
	char room[AS_TEXT_MAX];
	const char *words;

	sample = str_sub(sample, 0, LIST_NOT_SAMPLE);
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
		if (str_starts(sample, magics[i].octets))
			return magics[i].words;
	words = name_zip(sample);
	if (words == NULL && is_bzip2(sample))
		words = "compressed (bzip2): unpack it first (bunzip2)";
	if (words == NULL)
		words = name_text(as_text(sample, room));
	if (words == NULL && is_binary(sample))
		words = "not text: " SAVE_AS_CSV;
	return words;
}
