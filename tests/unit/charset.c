#include <config.h>

#include "tests/random.h"
#include "tests/tap.h"

#include "io/converter.h"
#include "mail/header/word.h"
#include "text/base64.h"
#include "text/charset.h"
#include "text/utf8.h"

/* Written by other converters than iconv (Python's), octets in octal. */
static const struct sample {
	const char *charset;
	struct str octets;
	const char *text;
} samples[] = {
	/* clang-format off */
	{ "iso-8859-2", STR_LIT("\132\141\277\363\263\346\040\147\352\266\154\261\040\152\141\274\361"), "Zażółć gęślą jaźń" },
	{ "iso-8859-3", STR_LIT("\306\165\040\376\151\040\370\157\152\141\163"), "Ĉu ŝi ĝojas" },
	{ "iso-8859-4", STR_LIT("\253\151\155\145\156\145\040\363\145\162\040\271\363\272\154\151"), "Ģimene ķer šķēli" },
	{ "iso-8859-5", STR_LIT("\277\340\330\322\325\342"), "Привет" },
	{ "iso-8859-6", STR_LIT("\345\321\315\310\307"), "مرحبا" },
	{ "iso-8859-7", STR_LIT("\312\341\353\347\354\335\361\341"), "Καλημέρα" },
	{ "iso-8859-8-i", STR_LIT("\371\354\345\355"), "שלום" },
	{ "ISO-8859-9", STR_LIT("\335\376\360"), "İşğ" },
	{ "iso-8859-10", STR_LIT("\320\157\162\360\151\040\246"), "Ðorði Ķ" },
	{ "tis-620", STR_LIT("\312\307\321\312\264\325"), "สวัสดี" },
	{ "iso-8859-13", STR_LIT("\101\350\151\373\040\376\340\163\171\163"), "Ačiū žąsys" },
	{ "iso-8859-14", STR_LIT("\250\376\040\367"), "Ẁŷ ṫ" },
	{ "iso-8859-16", STR_LIT("\252\164\145\146\141\156\040\376\141\162\343"), "Ștefan țară" },
	{ "windows-1250", STR_LIT("\120\370\355\154\151\232\040\236\154\165\235\157\165\350\153\375"), "Příliš žluťoučký" },
	{ "Windows-1251", STR_LIT("\321\372\345\370\374\040\345\371\270"), "Съешь ещё" },
	{ "cp1253", STR_LIT("\305\353\353\334\344\341"), "Ελλάδα" },
	{ "windows-1254", STR_LIT("\336\151\376\154\151\040\200"), "Şişli €" },
	{ "windows-1255", STR_LIT("\362\341\370\351\372\040\244"), "עברית ₪" },
	{ "windows-1256", STR_LIT("\307\341\332\321\310\355\311\040\200"), "العربية €" },
	{ "windows-1257", STR_LIT("\336\166\353\162\171\163\040\200"), "Žvėrys €" },
	{ "cp866", STR_LIT("\204\256\341\342\240\242\252\240"), "Доставка" },
	{ "KOI8-R", STR_LIT("\360\311\323\330\315\317\040\316\305\040\304\317\323\324\301\327\314\305\316\317"), "Письмо не доставлено" },
	{ "koi8-u", STR_LIT("\267\326\301\313\040\255\301\327\301"), "Їжак ґава" },
	{ "ISO-2022-JP", STR_LIT("\033\044\102\106\174\113\134\070\154\044\116\045\106\045\071\045\110\033\050\102"), "日本語のテスト" },
	{ "euc-jp", STR_LIT("\307\333\277\256\311\324\307\275"), "配信不能" },
	{ "gb2312", STR_LIT("\315\313\320\305\315\250\326\252"), "退信通知" },
	{ "gbk", STR_LIT("\340\135\274\376\237\157\267\250\315\266\337\146"), "郵件無法投遞" },
	{ "big5", STR_LIT("\266\154\245\363\265\114\252\153\266\307\273\274"), "郵件無法傳遞" },
	{ "euc-kr", STR_LIT("\270\336\300\317\040\271\350\264\336\040\275\307\306\320"), "메일 배달 실패" },
	{ "ks_c_5601-1987", STR_LIT("\214\143\271\346\260\242\307\317"), "똠방각하" },
	{ "windows-1258", STR_LIT("\320\365\375\040\376"), "Đơư ₫" },
	{ "windows-874", STR_LIT("\300\322\311\322"), "ภาษา" },
	{ "Shift_JIS", STR_LIT("\203\201\201\133\203\213\224\172\220\115\261"), "メール配信ｱ" },
	{ "gb18030", STR_LIT("\323\312\274\376\315\313\273\330"), "邮件退回" },
#ifdef __GLIBC__
	/* Composed letters, what Windows added to old charsets, and what is past the basic plane. */
	{ "windows-1258", STR_LIT("\320\375\365\314\156\147\040\376"), "Đường ₫" },
	{ "windows-874", STR_LIT("\300\322\311\322\200"), "ภาษา€" },
	{ "Shift_JIS", STR_LIT("\203\201\201\133\203\213\207\100\224\172\220\115"), "メール①配信" },
	{ "gb18030", STR_LIT("\323\312\274\376\315\313\273\330\040\225\062\202\066"), "邮件退回 𠀀" },
#endif
	/* clang-format on */
};

#define N_SAMPLES (sizeof samples / sizeof samples[0])

static void test_by_hand(void)
{
	struct buf b = { .limit = 0 };

	check(charset_decode(&b, STR_LIT("ISO-8859-15"), STR_LIT("\xa4")), "ISO-8859-15 is known");
	check_same(buf_str(&b), "\xe2\x82\xac", "its euro");
	buf_clear(&b);
	check(charset_decode(&b, STR_LIT("iso_8859-1"), STR_LIT("\xe9\x80")), "ISO-8859-1 is known");
	check_same(buf_str(&b), "\xc3\xa9\xe2\x82\xac", "and is Windows-1252");
	buf_clear(&b);
	check(!charset_decode(&b, STR_LIT("utf-8"), STR_LIT("\xff")) && buf_len(&b) == 0, "not UTF-8, nothing written");
	check(!charset_decode(&b, STR_LIT("us-ascii"), STR_LIT("\xe9")), "not ASCII");
	check(charset_decode(&b, STR_LIT("ANSI_X3.4-1968"), STR_LIT("x")), "ASCII has other names");
	buf_free(&b);
}

static void test_closed(void)
{
	struct buf b = { .limit = 0 };

	check(!charset_known(STR_LIT("koi8-r")) && !charset_decode(&b, STR_LIT("koi8-r"), STR_LIT("x")),
		"not known before its converter is open");
	word_decode(&b, STR_LIT("=?koi8-r?Q?=F0?="));
	check_same(buf_str(&b), "=?koi8-r?Q?=F0?=", "and its words stay");
	buf_free(&b);
}

static void test_names(void)
{
	static const char *const foreign[] = { "", "-", "utf-7", "unicode-1-1-utf-7", "utf-16", "UTF-8//TRANSLIT",
		"koi8-r//IGNORE", "../../lib/evil", "iso-2022-cn-ext", "iso-2022-kr", "iso-8859-12", "x-unknown",
		"wchar_t", "a name that is much longer than any charset's" };

	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
		check(!charset_known(str_of(foreign[i])), "not of our list: %s", foreign[i]);
	check(!charset_known(str_at("koi8-r\0", 7)) || charset_known(STR_LIT("koi8-r")),
		"a NUL in a name harms nothing");
}

static void test_samples(void)
{
	struct buf b = { .limit = 0 };

	for (size_t i = 0; i < N_SAMPLES; i++) {
		const struct sample *s = &samples[i];

		if (!charset_known(str_of(s->charset))) {
			printf("# this system has no %s\n", s->charset);
			continue;
		}
		buf_clear(&b);
		check(charset_decode(&b, str_of(s->charset), s->octets), "%s is decoded", s->charset);
		check_same(buf_str(&b), s->text, s->charset);
	}
	buf_free(&b);
}

/* "=?charset?B?…?=" of each octet or as many as given, with blanks between. */
static void add_words(struct buf *out, const struct sample *s, size_t width)
{
	for (struct str rest = s->octets; rest.n > 0; rest = str_sub(rest, width, rest.n)) {
		buf_printf(out, "%s=?%s?B?", buf_len(out) > 0 ? "\r\n " : "", s->charset);
		base64_add(out, str_sub(rest, 0, width));
		buf_add_text(out, "?=");
	}
}

/* Bad mailers cut characters between words. */
static void test_words(void)
{
	struct buf in = { .limit = 0 };
	struct buf out = { .limit = 0 };

	for (size_t i = 0; i < N_SAMPLES; i++) {
		bool same = true;

		if (!charset_known(str_of(samples[i].charset)))
			continue;
		for (size_t width = 1; width <= samples[i].octets.n; width++) {
			buf_clear(&in);
			buf_clear(&out);
			add_words(&in, &samples[i], width);
			word_decode(&out, buf_str(&in));
			same = same && str_eq(buf_str(&out), str_of(samples[i].text));
		}
		check(same, "encoded words of %s, wherever they are cut", samples[i].charset);
	}
	buf_free(&in);
	buf_free(&out);
}

static bool bounded(struct buf *b, struct str name, struct str s)
{
	buf_clear(b);
	return charset_decode(b, name, s) && utf8_valid(buf_str(b)) && buf_len(b) <= 3 * s.n;
}

static void test_hostile(void)
{
	struct buf in = { .limit = 0 };
	struct buf out = { .limit = 0 };
	struct buf small = { .limit = 50 };

	for (size_t i = 0; i < N_SAMPLES; i++) {
		struct str name = str_of(samples[i].charset);
		bool ok = true;
		bool whole = true;

		if (!charset_known(name))
			continue;
		for (int k = 0; k < 2000; k++) {
			random_octets(&in, k % 100 == 0 ? 5000 : 40,
				k % 3 == 0 ? STR_NONE
					   : STR_LIT("\x1b$B(J\x0e\x0f\x81\xa1\xb0\xe1\xfe\xff\x38\x40 a\n"));
			ok = ok && bounded(&out, name, buf_str(&in));
			buf_clear(&small);
			whole = whole && (charset_decode(&small, name, buf_str(&in)) || buf_len(&small) == 0);
		}
		check(ok, "%s: any octets give UTF-8, at most three for one", samples[i].charset);
		check(whole, "%s: past the limit nothing is written", samples[i].charset);
		/* What was left open before is forgotten. */
		buf_clear(&out);
		charset_decode(&out, name, samples[i].octets);
		check_same(buf_str(&out), samples[i].text, "and the next text is read as ever");
	}
	buf_free(&in);
	buf_free(&out);
	buf_free(&small);
}

static void test_malformed(void)
{
	struct buf b = { .limit = 0 };

	if (!charset_known(STR_LIT("euc-jp")) || !charset_known(STR_LIT("windows-1253")))
		return;
	charset_decode(&b, STR_LIT("euc-jp"), STR_LIT("a\xff\xc7\xdb\xc7"));
	check_same(buf_str(&b), "a\xef\xbf\xbd\xe9\x85\x8d\xef\xbf\xbd", "what is malformed or cut is U+FFFD");
	buf_clear(&b);
	charset_decode(&b, STR_LIT("windows-1253"), STR_LIT("\xd2\xe1"));
	check_same(buf_str(&b), "\xef\xbf\xbd\xce\xb1", "a hole of a charset too");
	buf_free(&b);
}

static void test_open_for(void)
{
	converter_open_for(STR_LIT("nothing =? or =?utf-8?Q?x?= or =?no-such?Q?x?="));
	check(!charset_known(STR_LIT("koi8-r")), "only what is named");
	converter_open_for(STR_LIT("From: =?UTF-8?Q?x?= =?KOI8-R*ru?Q?=F0?="));
	check(charset_known(STR_LIT("koi8-r")) && !charset_known(STR_LIT("koi8-u")), "is opened");
	converter_open_for(STR_LIT("=?koi8-r?="));
	converter_close_all();
	check(!charset_known(STR_LIT("koi8-r")), "and closed");
}

int main(void)
{
	test_by_hand();
	test_closed();
	test_open_for();
	converter_open_all();
	test_names();
	test_samples();
	test_words();
	test_hostile();
	test_malformed();
	converter_open_all();
	test_samples();
	converter_close_all();
	return tap_done();
}
