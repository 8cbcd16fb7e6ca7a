#include <config.h>

#include "cmd/listscrub/judge/idn.h"

#include "base/buf.h"
#include "base/mem.h"
#include "io/clock.h"
#include "io/random.h"
#include "mail/address/domain.h"
#include "text/utf8.h"

/* Beyond so many different ones all are forgotten: memory stays bounded whatever the list is. */
#define MOST ((size_t)1 << 16)

/* From here on there are letters written from right to left, which set rules for the whole name (RFC 5893). */
#define FIRST_RIGHT_TO_LEFT 0x590u

void idn_free(struct idn *idn)
{
	for (size_t i = 0; idn->labels != NULL && i < idn->seen.used; i++) {
		mem_free(idn->labels[i].ascii);
		mem_free(idn->labels[i].written);
	}
	mem_free(idn->labels);
	set_free(&idn->seen);
	*idn = (struct idn){ .labels = NULL };
}

static void start(struct idn *idn)
{
	idn_free(idn);
	random_seed(&idn->seen);
	idn->labels = mem_array(MOST, sizeof *idn->labels);
}

bool idn_is_special(struct str label)
{
	return !str_ascii(label) || str_istarts(label, STR_LIT("xn--"));
}

/* A full stop of another width makes two labels of one. */
static bool has_stop(struct str label)
{
	static const struct str stops[] = { { "\xe3\x80\x82", 3 }, { "\xef\xbc\x8e", 3 }, { "\xef\xbd\xa1", 3 } };
	bool met = false;

	for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
		met = met || str_search(label, stops[i]) < label.n;
	return met;
}

static bool stands_alone(struct str unicode)
{
	uint32_t code;

	for (size_t n; unicode.n > 0; unicode = str_sub(unicode, n, unicode.n)) {
		n = utf8_decode(unicode, &code);
		if (n == 0 || code >= FIRST_RIGHT_TO_LEFT)
			return false;
	}
	return true;
}

static void convert(struct idn_label *l, struct str label)
{
	struct buf ascii = { .limit = 0 };
	struct buf unicode = { .limit = 0 };

	if (!has_stop(label) && domain_to_ascii(&ascii, label) == DOMAIN_OK) {
		if (domain_is_settled(label))
			buf_add(&unicode, label);
		else
			domain_show(&unicode, buf_str(&ascii));
		if (stands_alone(buf_str(&unicode))) {
			struct buf *written = str_ascii(label) ? &ascii : &unicode;

			l->ascii = mem_copy(buf_text(&ascii), buf_len(&ascii));
			l->written = mem_copy(buf_text(written), buf_len(written));
		}
	}
	buf_free(&ascii);
	buf_free(&unicode);
}

const struct idn_label *idn_find(struct idn *idn, struct str label)
{
	bool added;

	if (idn->labels == NULL || idn->seen.used == MOST)
		start(idn);
	struct set_entry *found = set_add(&idn->seen, label, &added);

	if (added) {
		found->value = idn->seen.used - 1;
		convert(&idn->labels[found->value], label);
	}
	return &idn->labels[found->value];
}
