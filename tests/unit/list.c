#include <config.h>

#include "tests/tap.h"

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

int main(void)
{
	test_not();
	test_lists();
	return tap_done();
}
