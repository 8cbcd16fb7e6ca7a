#include <config.h>

#include "proto/dns.h"

/*
 * Parses with suspicion. Every length is checked against the message, and each compression pointer must lead
 * further back than the one before, so there are no loops. What is not understood gives DNS_NOTHING, which means
 * "ask somebody else", never "no".
 */

#define HEADER 12u
#define CLASS_IN 1u
#define TYPE_NS 2u
#define TYPE_CNAME 5u
#define TYPE_SOA 6u
#define RCODE_NXDOMAIN 3u
#define MOST_ALIASES 16u

/* A name as it stands in messages, in lower case and without pointers. */
struct name {
	unsigned char p[255];
	unsigned n;
};

struct record {
	struct name owner;
	unsigned type;
	unsigned class;
	uint32_t ttl;
	size_t data; /* where it begins */
	size_t size;
};

struct reader {
	const unsigned char *p;
	size_t n;
	size_t at;
};

/* What the answer section holds for one name. */
struct found {
	unsigned records;    /* of the type asked for */
	unsigned empty;      /* of these, null MXs */
	unsigned nowhere;    /* and those that name whoever asks */
	unsigned aliases;    /* of any name */
	unsigned preference; /* of the MX that is asked first, which is: */
	struct name mx;
	bool alias; /* of this name: */
	struct name target;
	uint32_t ttl;
	uint32_t alias_ttl;
};

static unsigned read16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* A TTL with its highest bit set is none (RFC 2181, 8). */
static uint32_t read_ttl(const unsigned char *p)
{
	uint32_t ttl = (uint32_t)read16(p) << 16 | read16(p + 2);

	return ttl >> 31 != 0 ? 0 : ttl;
}

/* The name at *at, and *at behind it. Each pointer must lead further back than the one before: no circles. */
static bool read_name(const struct reader *r, size_t *at, struct name *name)
{
	size_t limit = *at;
	size_t p = *at;
	bool jumped = false;

	name->n = 0;
	while (p < r->n && name->n < sizeof name->p) {
		unsigned length = r->p[p++];

		if (length >= 0xc0) {
			if (p >= r->n)
				return false;
			size_t to = (size_t)(length & 0x3f) << 8 | r->p[p++];

			if (to >= limit)
				return false;
			if (!jumped)
				*at = p;
			jumped = true;
			limit = p = to;
			continue;
		}
		if (length > 63 || length > r->n - p || length + 1 > sizeof name->p - name->n)
			return false;
		name->p[name->n++] = (unsigned char)length;
		for (unsigned i = 0; i < length; i++)
			name->p[name->n++] = (unsigned char)ascii_lower((char)r->p[p++]);
		if (length == 0) {
			if (!jumped)
				*at = p;
			return true;
		}
	}
	return false;
}

static bool from_text(struct str text, struct name *name)
{
	name->n = 0;
	while (text.n > 0) {
		struct str label = str_cut(&text, '.');

		if (label.n == 0 || label.n > 63 || label.n + 2 > sizeof name->p - name->n)
			return false;
		name->p[name->n++] = (unsigned char)label.n;
		for (size_t i = 0; i < label.n; i++)
			name->p[name->n++] = (unsigned char)ascii_lower(label.p[i]);
	}
	name->p[name->n++] = 0;
	return name->n > 1;
}

/* Only names that need no escapes are asked about. */
static bool to_text(const struct name *name, char text[256])
{
	size_t n = 0;

	for (unsigned at = 0; name->p[at] != 0; at += name->p[at] + 1u) {
		if (n > 0)
			text[n++] = '.';
		for (unsigned i = 1; i <= name->p[at]; i++) {
			char c = (char)name->p[at + i];

			if (!ascii_alpha(c) && !ascii_digit(c) && c != '-' && c != '_')
				return false;
			text[n++] = c;
		}
	}
	text[n] = '\0';
	return n > 0;
}

static bool same_name(const struct name *a, const struct name *b)
{
	return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

static bool read_record(struct reader *r, struct record *record)
{
	if (!read_name(r, &r->at, &record->owner) || r->n - r->at < 10)
		return false;
	const unsigned char *p = r->p + r->at;

	record->type = read16(p);
	record->class = read16(p + 2);
	record->ttl = read_ttl(p + 4);
	record->size = read16(p + 8);
	record->data = r->at + 10;
	if (record->size > r->n - record->data)
		return false;
	r->at = record->data + record->size;
	return true;
}

/* The one name that data ends with, behind so many octets. */
static bool read_last(const struct reader *r, const struct record *record, size_t behind, struct name *name)
{
	size_t at = record->data + behind;

	return record->size > behind && read_name(r, &at, name) && at == record->data + record->size;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The order of equals is the server's, and another one each time: the name decides. */
static void take_mx(struct found *f, unsigned preference, const struct name *name)
{
	struct str text = str_at((const char *)name->p, name->n);
	bool first = f->mx.n == 0 || preference < f->preference ||
		(preference == f->preference && str_cmp(text, str_at((const char *)f->mx.p, f->mx.n)) < 0);

	if (name->n == 1 || !first)
		return;
	f->preference = preference;
	f->mx = *name;
}

/* localhost and what is below it (RFC 6761, 6.3), localhost.localdomain; addresses that somebody took for a name. */
static bool is_nowhere(const struct name *name)
{
	char text[256];

	if (!to_text(name, text))
		return false;
	struct str s = str_of(text);
	bool number = true;

	for (size_t i = 0; i < s.n; i++)
		number = number && (ascii_digit(s.p[i]) || s.p[i] == '.');
	return str_eq(s, STR_LIT("localhost")) || str_ends(s, STR_LIT(".localhost")) ||
		str_eq(s, STR_LIT("localhost.localdomain")) || str_eq(s, STR_LIT("0.0.0.0")) ||
		(number && str_starts(s, STR_LIT("127.")));
}

static bool take(const struct reader *r, const struct record *record, unsigned type, struct found *f)
{
	struct name name;

	if (record->type == TYPE_CNAME && type != TYPE_CNAME) {
		f->alias_ttl = least(f->alias_ttl, record->ttl);
		f->alias = true;
		return read_last(r, record, 0, &f->target);
	}
	if (record->type != type)
		return true;
	f->records++;
	f->ttl = least(f->ttl, record->ttl);
	if (type != DNS_MX)
		return record->size == (type == DNS_A ? 4 : 16);
	if (!read_last(r, record, 2, &name))
		return false;
	f->empty += name.n == 1;
	f->nowhere += is_nowhere(&name);
	take_mx(f, read16(r->p + record->data), &name);
	return true;
}

/* The answer section, which begins at r->at and has count records, with an eye on one name. */
static bool look(struct reader *r, unsigned count, const struct name *name, unsigned type, struct found *f)
{
	struct record record;

	*f = (struct found){ .ttl = UINT32_MAX, .alias_ttl = UINT32_MAX };
	for (unsigned i = 0; i < count; i++) {
		if (!read_record(r, &record))
			return false;
		if (record.class != CLASS_IN)
			continue;
		f->aliases += record.type == TYPE_CNAME;
		if (same_name(&record.owner, name) && !take(r, &record, type, f))
			return false;
	}
	return true;
}

/* The authority section: how long a "no" holds (RFC 2308, 5), and whether it is one. */
static bool look_authority(struct reader *r, unsigned count, bool *soa, bool *ns, uint32_t *ttl)
{
	struct record record;

	*soa = *ns = false;
	for (unsigned i = 0; i < count; i++) {
		if (!read_record(r, &record))
			return false;
		*ns = *ns || record.type == TYPE_NS;
		if (record.type != TYPE_SOA || record.size < 22)
			continue;
		*soa = true;
		*ttl = least(*ttl, least(record.ttl, read_ttl(r->p + record.data + record.size - 4)));
	}
	return true;
}

static bool is_answer(struct reader *r, const struct name *name, unsigned type)
{
	struct name asked;

	/* A response to a query, with the one question that was asked. */
	if (r->n < HEADER || (r->p[2] & 0xf8) != 0x80 || read16(r->p + 4) != 1)
		return false;
	r->at = HEADER;
	if (!read_name(r, &r->at, &asked) || !same_name(&asked, name) || r->n - r->at < 4 ||
		read16(r->p + r->at) != type || read16(r->p + r->at + 2) != CLASS_IN)
		return false;
	r->at += 4;
	return true;
}

/* No record of the type where the aliases end: what does that mean? */
static enum dns_finding no_record(struct reader *r, const struct found *f, const struct name *end, unsigned hops,
	struct dns_answer *answer)
{
	bool circle = hops > f->aliases;
	bool nxdomain = (r->p[3] & 15) == RCODE_NXDOMAIN;
	bool soa;
	bool ns;

	if (!look_authority(r, read16(r->p + 8), &soa, &ns, &answer->ttl))
		return DNS_NOTHING;
	if (nxdomain)
		return DNS_NXDOMAIN;
	if (circle || soa)
		return DNS_NODATA;
	if (hops > 0 && to_text(end, answer->target))
		return DNS_ALIAS;
	answer->target[0] = '\0';
	if (hops > 0)
		return DNS_NOTHING;
	return ns || read16(r->p + 6) > 0 ? DNS_NOTHING : DNS_NODATA;
}

static enum dns_finding find(struct reader *r, struct name *name, unsigned type, struct dns_answer *answer)
{
	unsigned rcode = r->n > 3 ? r->p[3] & 15u : 0;
	bool truncated = dns_truncated(str_at((const char *)r->p, r->n));
	struct found f = { 0 };
	unsigned hops = 0;

	if (!is_answer(r, name, type) || (rcode != 0 && rcode != RCODE_NXDOMAIN))
		return DNS_NOTHING;
	size_t answers = r->at;

	/* More steps than there are aliases: a circle. */
	for (;; hops++) {
		r->at = answers;
		if (!look(r, read16(r->p + 6), name, type, &f))
			return DNS_NOTHING;
		if (f.records > 0 || !f.alias || hops > f.aliases)
			break;
		if (hops == MOST_ALIASES)
			return DNS_NOTHING;
		answer->ttl = least(answer->ttl, f.alias_ttl);
		*name = f.target;
	}
	if (f.records > 0) {
		answer->ttl = least(answer->ttl, f.ttl);
		if (rcode != 0 || (truncated && f.empty + f.nowhere == f.records))
			return DNS_NOTHING;
		if (f.nowhere > 0 && f.empty + f.nowhere == f.records)
			return DNS_NOWHERE;
		if (f.mx.n > 0 && !to_text(&f.mx, answer->mx))
			answer->mx[0] = '\0';
		return f.records == 1 && f.empty == 1 ? DNS_NULL_MX : DNS_FOUND;
	}
	return truncated ? DNS_NOTHING : no_record(r, &f, name, hops, answer);
}

void dns_read(struct str message, struct str name, unsigned type, struct dns_answer *answer)
{
	struct reader r = { .p = (const unsigned char *)message.p, .n = message.n };
	struct name asked;

	answer->ttl = UINT32_MAX;
	answer->target[0] = answer->mx[0] = '\0';
	answer->finding = from_text(name, &asked) ? find(&r, &asked, type, answer) : DNS_NOTHING;
}

bool dns_truncated(struct str message)
{
	return message.n > 2 && (message.p[2] & 2) != 0;
}
