#include <config.h>

#include "tests/tap.h"

#include "base/err.h"
#include "base/mem.h"
#include "mail/list/list.h"

/* --- what is not a list --- */

static void is_not(struct str sample, const char *start)
{
	const char *words = list_not(sample);

	check(words != NULL && str_starts(str_of(words), str_of(start)), "%s%s%s", start,
		words != NULL ? "" : ": not seen",
		words != NULL && !str_starts(str_of(words), str_of(start)) ? words : "");
}

static void may_be(struct str sample, const char *name)
{
	const char *words = list_not(sample);

	check(words == NULL, "a list: %s%s%s", name, words != NULL ? ", taken for " : "", words != NULL ? words : "");
}

static void test_not(void)
{
	is_not(STR_LIT("PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml \xa2\x04\x02"),
		"an Excel workbook: save");
	is_not(STR_LIT("PK\x03\x04\x14\0\0\0\0\0xl/workbook.xml"), "an Excel workbook: save it as CSV UTF-8");
	is_not(STR_LIT("PK\x03\x04\x14\0\0\0[Content_Types].xml\1\2\3word/document.xml"), "a Word document");
	is_not(STR_LIT("PK\x03\x04\x14\0\0\0mimetypeapplication/vnd.oasis.opendocument.spreadsheetPK"),
		"an OpenDocument sp");
	is_not(STR_LIT("PK\x03\x04\x14\0\0\0list.csv"), "a ZIP archive");
	is_not(STR_LIT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0"), "an Office document");
	is_not(STR_LIT("\x1f\x8b\x08\0\0\0"), "compressed (gzip)");
	is_not(STR_LIT("\xfd"
		       "7zXZ\0\0\x04"),
		"compressed (xz)");
	is_not(STR_LIT("\x28\xb5\x2f\xfd\x24"), "compressed (zstd)");
	is_not(STR_LIT("BZh91AY&SY\x12"), "compressed (bzip2)");
	is_not(STR_LIT("%PDF-1.7\n%\xe2\xe3"), "a PDF document");
	is_not(STR_LIT("\n <!DOCTYPE html>\n<html>"), "an HTML page");
	is_not(STR_LIT("\xef\xbb\xbf<html><table><tr>"), "an HTML page");
	is_not(STR_LIT("\xff\xfe<\0h\0t\0m\0l\0>\0"), "an HTML page");
	is_not(STR_LIT("<?xml version=\"1.0\"?><Workbook>"), "an XML document");
	is_not(STR_LIT("BEGIN:VCARD\r\nVERSION:3.0\r\n"), "a vCard file");
	is_not(STR_LIT("begin:vcard\nversion:2.1\n"), "a vCard file");
	is_not(STR_LIT("From ann@example.org Mon Jan  1 00:00:00 2024\nReturn-Path: <x>\n"), "a mailbox");
	is_not(STR_LIT("Return-Path: <ann@example.org>\nReceived: from x\n"), "a mail message");
	is_not(STR_LIT("[\n  {\"email\": \"ann@example.org\"}\n]\n"), "a JSON array");
	is_not(STR_LIT("{\n  \"email\": \"ann@example.org\"\n}\n"), "JSON over several lines");
	is_not(STR_LIT("\0\1\2\3\0\1\2\3\0\1\2\3\0\0\0\0"), "not text");
	is_not(STR_LIT("a\1\2\3\4\5\6\7\x0e\x0f\x10"), "not text");
}

static void test_lists(void)
{
	may_be(STR_LIT(""), "nothing");
	may_be(STR_LIT("email\nann@example.org\n"), "a plain one");
	may_be(STR_LIT("<ann@example.org>\n"), "an address in angle brackets");
	may_be(STR_LIT("PK\nann@example.org\n"), "a column PK");
	may_be(STR_LIT("BZh,email\n"), "a column BZh");
	may_be(STR_LIT("From ,To\nann@example.org,bob@example.org\n"), "a column From");
	may_be(STR_LIT("{\"email\":\"ann@example.org\"}\n"), "JSON Lines");
	may_be(STR_LIT("[id],email\n"), "a column in brackets");
	may_be(STR_LIT("email\0\nann@example.org\n"), "a stray NUL");
	may_be(STR_LIT("\xff\xfe"
		       "e\0m\0a\0i\0l\0\n\0"),
		"UTF-16");
	may_be(STR_LIT("\xfe\xff\0e\0m\0a\0i\0l\0\n"), "UTF-16, the other order");
	may_be(STR_LIT("e\0m\0a\0i\0l\0\n\0a\0@\0b\0.\0d\0e\0"), "UTF-16 without a BOM");
	may_be(STR_LIT("\0e\0m\0a\0i\0l\0\n\0a\0@\0b\0.\0d\0e"), "UTF-16 without a BOM, the other order");
	may_be(STR_LIT("email;Name\nann@example.org;M\xfcller\n"), "Windows-1252");
}

/* --- lists --- */

enum cuts { WHOLE, BYTES, RANDOM };

static void show_form(const struct list_form *f, struct buf *out)
{
	buf_printf(out, "%s%s",
		f->encoding == LIST_UTF8              ? ""
			: f->encoding == LIST_UTF16LE ? "le "
						      : "be ",
		f->json ? "json " : "");
	buf_printf(out, "%s", f->delimiter == '\t' ? "tab" : f->delimiter == ',' ? "comma" : "");
	if (f->delimiter != '\t' && f->delimiter != ',')
		buf_add_char(out, f->delimiter);
	buf_printf(out, " +%u", (unsigned)f->above_lines);
	for (size_t i = 0; i < f->columns; i++)
		buf_printf(out, " [%s]%s%s%s", f->names[i], i == f->email ? "*" : "", i == f->other ? "?" : "",
			i == f->twice ? "2" : "");
	buf_printf(out, "%s%s%s%s\n", f->header == LIST_HEADER_YES ? "" : " -", f->named ? " named" : "",
		f->tied ? " tied" : "", f->unsure ? " unsure" : "");
}

/* The form, then each row as cell|cell@line. */
static void play(struct str input, const struct list_asked *asked, enum cuts cuts, struct buf *out)
{
	struct list_reader r = { .told = false };
	struct csv_row row;
	struct err err = { .kind = ERR_NONE };
	enum csv_event event;
	bool shown = false;
	size_t at = 0;

	list_reader_init(&r, asked);
	while ((event = list_reader_next(&r, &row, &err)) == CSV_MORE || event == CSV_ROW) {
		size_t n = cuts == WHOLE ? input.n : cuts == BYTES ? 1 : 1 + (size_t)rand() % 7;

		if (r.told && !shown)
			show_form(&r.form, out);
		shown = shown || r.told;
		if (event == CSV_ROW) {
			for (size_t i = 0; i < row.n; i++)
				buf_printf(out, "%s%.*s", i > 0 ? "|" : "", STR_ARGS(row.cells[i].value));
			buf_printf(out, "@%u\n", (unsigned)row.line);
			continue;
		}
		n = str_sub(input, at, n).n;
		if (n > 0)
			memcpy(list_reader_room(&r, n), input.p + at, n);
		at += n;
		if (n > 0)
			(void)list_reader_fed(&r, n);
		else
			(void)list_reader_eof(&r);
	}
	if (!shown && event == CSV_END)
		show_form(&r.form, out);
	if (event == CSV_ERROR)
		buf_printf(out, "ERROR %d %s\n", err.kind, err.text);
	if (r.dropped > 0)
		buf_printf(out, "dropped %u from %u\n", (unsigned)r.dropped, (unsigned)r.dropped_line);
	list_reader_free(&r);
}

static void reads_as(struct str input, const struct list_asked *asked, const char *want, const char *name)
{
	static const char *const cuts[] = { "whole", "octet by octet", "in random cuts" };

	for (int i = WHOLE; i <= RANDOM; i++) {
		struct buf out = { .limit = 0 };
		char title[120];

		snprintf(title, sizeof title, "%s, %s", name, cuts[i]);
		play(input, asked, (enum cuts)i, &out);
		check_same(buf_str(&out), want, title);
		buf_free(&out);
	}
}

static void reads(struct str input, const char *want, const char *name)
{
	reads_as(input, &(struct list_asked){ .name = "l" }, want, name);
}

/* ASCII and a few characters more as UTF-16. */
static struct str utf16(struct buf *out, const char *text, bool le, bool bom)
{
	buf_clear(out);
	for (const char *p = bom ? text - 1 : text; p < text || *p != '\0'; p++) {
		unsigned unit = p < text ? 0xfeff
			: *p == '\1'     ? 0xfc
			: *p == '\2'     ? 0xd83d
			: *p == '\3'     ? 0xde00
					 : (unsigned char)*p;

		buf_add_char(out, (char)(le ? unit & 0xff : unit >> 8));
		buf_add_char(out, (char)(le ? unit >> 8 : unit & 0xff));
	}
	return buf_str(out);
}

static void test_encodings(void)
{
	static const char text[] = "\nname\temail\r\nM\1ller\ta@a.de\r\n\2\3\tb@a.de\r\n";
	static const char want[] = "tab +0 [name] [email]* named\nM\xc3\xbcller|a@a.de@2\n\xf0\x9f\x98\x80|b@a.de@3\n";
	struct buf out = { .limit = 0 };
	struct buf expected = { .limit = 0 };

	for (int i = 0; i < 4; i++) {
		buf_clear(&expected);
		buf_printf(&expected, "%s %s", i % 2 ? "le" : "be", want);
		reads(utf16(&out, text + 1, i % 2 != 0, i < 2), buf_text(&expected),
			i < 2 ? "UTF-16" : "UTF-16 without a BOM");
	}
	reads(STR_LIT("\xef\xbb\xbf"
		      "email;x\na@a.de;1\n"),
		"; +0 [email]* [x] named\na@a.de|1@2\n", "a BOM");
	reads(STR_LIT("email;Stra\xdf"
		      "e\na@a.de;\"Stra\xdf"
		      "e \"\"5\"\"\"\nb@a.de;\xc3\x9f\n"),
		"; +0 [email]* [Stra\xc3\x9f"
		"e] named\na@a.de|Stra\xc3\x9f"
		"e \"5\"@2\nb@a.de|\xc3\x9f@3\n",
		"Windows-1252, and UTF-8 among it");
	reads(STR_LIT("email,x\nb@a.de,\x80\x93\n"), "comma +0 [email]* [x] named\nb@a.de|\xe2\x82\xac\xe2\x80\x9c@2\n",
		"what Latin-1 does not have");
	reads(STR_LIT("email,x\nb@a.de,a\0b\n"), "comma +0 [email]* [x] named\nb@a.de|a@2\n", "a stray NUL");
	buf_free(&out);
	buf_free(&expected);
}

static void test_delimiters(void)
{
	reads(STR_LIT("sep=;\r\nname;email\r\n\"a,b,c\";a@a.de\r\n"), "; +1 [name] [email]* named\na,b,c|a@a.de@3\n",
		"sep=;");
	reads(STR_LIT("sep=^\nname^email\na,b^a@a.de\n"), "^ +1 [name] [email]* named\na,b|a@a.de@3\n",
		"sep= of another character");
	reads(STR_LIT("\"sep=,\"\nemail,x\na@a.de,1\n"), "comma +1 [email]* [x] named\na@a.de|1@3\n", "sep= in quotes");
	reads(STR_LIT("last, first, title;E-Mail\nLee, Ann, Dr;a@a.de\n"),
		"; +0 [last, first, title] [E-Mail]* named\nLee, Ann, Dr|a@a.de@2\n",
		"the delimiter is not what stands most often in the first line");
	reads(STR_LIT("a;b;c,d\n1;2;3,a@a.de\n4;5;6,b@a.de\n"),
		"comma +0 [a;b;c] [d]*\n1;2;3|a@a.de@2\n4;5;6|b@a.de@3\n", "but what makes addresses appear");
	reads(STR_LIT("Ann|ann@a.de\nBob|bob@a.de\n"), "| +0 [] []* -\nAnn|ann@a.de@1\nBob|bob@a.de@2\n",
		"bars, no header");
	reads(STR_LIT("a@a.de\nb@a.de\n"), "comma +0 []* -\na@a.de@1\nb@a.de@2\n", "a plain list");
	reads_as(STR_LIT("email;x,y\na@a.de;1,2\n"), &(struct list_asked){ .name = "l", .delimiter = ',' },
		"comma +0 [email;x] [y]\na@a.de;1|2@2\n", "a delimiter that is asked for");
}

static void test_above(void)
{
	reads(STR_LIT("\n\n  \nemail,x\na@a.de,1\n"), "comma +3 [email]* [x] named\na@a.de|1@5\n", "blank lines above");
	reads(STR_LIT("# exported, today\n#\nemail,x\na@a.de,1\n"), "comma +2 [email]* [x] named\na@a.de|1@4\n",
		"comments above");
	reads(STR_LIT("Customers 2026\n\nName;E-Mail;City\nAnn;a@a.de;Ulm\n"),
		"; +2 [Name] [E-Mail]* [City] named\nAnn|a@a.de|Ulm@4\n", "a title above");
	reads(STR_LIT("Customers 2026;;\n;;\nWer;Kontakt;Ort\nAnn;a@a.de;Ulm\n"),
		"; +2 [Wer] [Kontakt]* [Ort]\nAnn|a@a.de|Ulm@4\n", "a padded title, and names that nobody knows");
	reads(STR_LIT("Questions: info@a.de, always\nname,email\nAnn,a@a.de\n"),
		"comma +1 [name] [email]* named\nAnn|a@a.de@3\n", "an address in the title");
	reads(STR_LIT("#,Name,Email\n1,Ann,a@a.de\n"), "comma +0 [#] [Name] [Email]* named\n1|Ann|a@a.de@2\n",
		"a header that begins like a comment");
	reads(STR_LIT("#id;kontakt\n1;a@a.de\n"), "; +0 [#id] [kontakt]*\n1|a@a.de@2\n", "also one that nobody knows");
	reads(STR_LIT("x@@a.de,1\nfoo,bar\na@a.de,2\n"), "comma +0 []* [] -\nx@@a.de|1@1\nfoo|bar@2\na@a.de|2@3\n",
		"nobody is taken for a title");
	reads(STR_LIT("#off@a.de\na@a.de\n"), "comma +0 []* -\n#off@a.de@1\na@a.de@2\n", "nor for a comment");
	reads(STR_LIT("email,mail\nAnn,mail\na@a.de,post\n"), "comma +0 [email]* [mail]\nAnn|mail@2\na@a.de|post@3\n",
		"the first of two such rows");
	reads(STR_LIT("# c\ra@a.de,1\rb@a.de,2\r"), "comma +1 []* [] -\na@a.de|1@2\nb@a.de|2@3\n", "CR line ends");
}

static void test_columns(void)
{
	reads(STR_LIT("address,email\nElm St,a@a.de\n"), "comma +0 [address] [email]* named\nElm St|a@a.de@2\n",
		"the surest name");
	reads(STR_LIT("address,contact\nElm St,a@a.de\n"), "comma +0 [address] [contact]*\nElm St|a@a.de@2\n",
		"a street");
	reads(STR_LIT("work,home\na@a.de,b@a.de\n"), "comma +0 [work]* [home]? tied\na@a.de|b@a.de@2\n",
		"two that may be meant");
	reads(STR_LIT("work,home\n,b@a.de\na@a.de,c@a.de\n"), "comma +0 [work]? [home]*\n|b@a.de@2\na@a.de|c@a.de@3\n",
		"the one with more addresses");
	reads(STR_LIT("mail,email\na@a.de,b@a.de\n"), "comma +0 [mail]? [email]*\na@a.de|b@a.de@2\n",
		"a better name settles it");
	reads(STR_LIT("email,x,Email\n,1,b@a.de\n"), "comma +0 [email] [x] [Email]*2\n|1|b@a.de@2\n",
		"the same name twice: the one that is filled");
	reads(STR_LIT("word\nother\n"), "comma +0 [word]* unsure\nother@2\n", "an only column");
	reads(STR_LIT("a,b\n1,2\n"), "comma +0 [a] [b]\n1|2@2\n", "no column with addresses");
	reads_as(STR_LIT("first,second\na@a.de,b@a.de\n"), &(struct list_asked){ .name = "l", .email = "Second" },
		"comma +0 [first] [second]* named\na@a.de|b@a.de@2\n", "a column that is asked for");
	reads_as(STR_LIT("a@a.de,b@a.de\n"), &(struct list_asked){ .name = "l", .email = "2" },
		"comma +0 [] []* - named\na@a.de|b@a.de@1\n", "by its number");
	reads_as(STR_LIT("x,y\n1,2\n"), &(struct list_asked){ .name = "l", .header = LIST_HEADER_YES, .email = "1" },
		"comma +0 [x]* [y] named\n1|2@2\n", "a number is not a name");
	reads_as(STR_LIT("email\na@a.de\n"), &(struct list_asked){ .name = "l", .header = LIST_HEADER_NO },
		"comma +0 []* -\nemail@1\na@a.de@2\n", "no header");
	reads_as(STR_LIT("a@a.de\nb@a.de\n"), &(struct list_asked){ .name = "l", .header = LIST_HEADER_YES },
		"comma +0 [a@a.de]*\nb@a.de@2\n", "a header");
	reads(STR_LIT(""), "comma +0 -\n", "nothing");
	reads(STR_LIT("\xef\xbb\xbf"), "comma +0 -\n", "a BOM alone");
	reads(STR_LIT("email,x\n"), "comma +0 [email]* [x] named\n", "a header alone");
}

static void test_json(void)
{
	reads(STR_LIT("{\"email\":\"a@a.de\",\"n\":1}\n{\"n\":null,\"x\":\"\\u00fc \\ud83d\\ude00\\n,\",\"email\":\"b@a.de\"}\n"),
		"json comma +0 [email]* [n] [x] named\na@a.de|1|@1\nb@a.de||\xc3\xbc \xf0\x9f\x98\x80\n,@2\n",
		"JSON Lines");
	reads(STR_LIT("\xef\xbb\xbf\n{\"a\":[1,{\"b\":\"]\"}],\"to\":\"a@a.de\"}\r\n{\"a\":true}\n{\"a\":\noops\n"),
		"json comma +0 [a] [to]*\n@1\n[1,{\"b\":\"]\"}]|a@a.de@2\ntrue|@3\n{\"a\":@4\noops@5\n",
		"nested values, and lines that are not JSON");
	reads(STR_LIT("{\"email\":\"a@a.de\"}"), "json comma +0 [email]* named\na@a.de@1\n", "no line end");
	reads(STR_LIT("{x},email\n1,a@a.de\n"), "comma +0 [{x}] [email]* named\n1|a@a.de@2\n", "a brace is not JSON");
	struct buf text = { .limit = 0 };
	struct buf want = { .limit = 0 };

	buf_add_text(&want, "json comma +0 [email]* named\n");
	for (unsigned i = 1; i <= 102; i++) {
		buf_printf(&text, "{\"email\":\"u%u@a.de\"%s}\n", i, i > 100 ? ",\"late\":1" : "");
		buf_printf(&want, "u%u@a.de@%u\n", i, i);
	}
	buf_add_text(&want, "dropped 2 from 101\n");
	reads(buf_str(&text), buf_text(&want), "keys that come late");
	buf_free(&text);
	buf_free(&want);
}

static void test_errors(void)
{
	reads(STR_LIT("PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml"),
		"ERROR 65 l is an Excel workbook: save it as CSV UTF-8\n", "a workbook");
	reads(STR_LIT("email\n\"a@a.de\n"), "ERROR 65 l: line 2: the quote that opens here is never closed\n",
		"a quote that stays open");
}

/* A list of suppressions. */
static void test_entries(void)
{
	static const char *const names[] = { "domain", "sha256", NULL };
	struct list_asked asked = { .name = "l", .entries = true, .names = names };

	reads_as(STR_LIT("# left\n\nexample.org\n@a.de\n"), &asked, "comma +2 []* -\nexample.org@3\n@a.de@4\n",
		"a bare domain is not a header");
	reads_as(STR_LIT("since;domain\n1;a.de\n"), &asked, "; +0 [since] [domain]\n1|a.de@2\n",
		"a name of the caller's");
	reads_as(STR_LIT("# ask info@a.de\nb@a.de\n"), &asked, "comma +1 []* -\nb@a.de@2\n",
		"a comment with an address in it");
	reads_as(STR_LIT("x;d41d8cd98f00b204e9800998ecf8427e\n"), &asked,
		"; +0 [] []* -\nx|d41d8cd98f00b204e9800998ecf8427e@1\n", "a hash");
}

int main(void)
{
	test_not();
	test_lists();
	test_encodings();
	test_delimiters();
	test_above();
	test_columns();
	test_json();
	test_errors();
	test_entries();
	return tap_done();
}
