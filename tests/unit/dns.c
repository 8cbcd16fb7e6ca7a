#include <config.h>

#include "tests/tap.h"

#include "proto/dns.h"

/* A message about "a.example" (its name at 12), in parts. */
#define HEAD(flags, an, ns) "\x12\x34" flags "\0\1\0" an "\0" ns "\0\0"
#define ASKS(type) "\1a\7example\0\0" type "\0\1"
#define HERE "\xc0\x0c"
#define OF(owner, type, ttl, size) owner "\0" type "\0\1\0\0" ttl "\0" size
#define SOA(owner) OF(owner, "\6", "\2\0", "\x18") "\0\1x\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x09"
#define YES "\x81\x80"
#define NX "\x81\x83"

struct sample {
	const char *name;
	unsigned type;
	enum dns_finding finding;
	uint32_t ttl;
	const char *target;
	const char *p;
	size_t n;
};
#define MESSAGE(octets) octets, sizeof(octets) - 1

static const struct sample samples[] = {
	{ "MX", DNS_MX, DNS_FOUND, 300, "",
		MESSAGE(HEAD(YES, "\1", "\0") ASKS("\x0f") OF(HERE, "\x0f", "\1\x2c", "\6") "\0\12\1m" HERE) },
	{ "null MX", DNS_MX, DNS_NULL_MX, 60, "",
		MESSAGE(HEAD(YES, "\1", "\0") ASKS("\x0f") OF(HERE, "\x0f", "\0\x3c", "\3") "\0\0\0") },
	{ "null MX beside another", DNS_MX, DNS_FOUND, 60, "",
		MESSAGE(HEAD(YES, "\2", "\0") ASKS("\x0f") OF(HERE, "\x0f", "\0\x3c", "\3") "\0\0\0" OF(HERE, "\x0f",
			"\0\x3d", "\4") "\0\0" HERE) },
	{ "MX localhost", DNS_MX, DNS_NOWHERE, 60, "",
		MESSAGE(HEAD(YES, "\1", "\0") ASKS("\x0f") OF(HERE, "\x0f", "\0\x3c", "\x0d") "\0\0\x09LocalHost\0") },
	{ "MX 0.0.0.0 and below localhost", DNS_MX, DNS_NOWHERE, 60, "",
		MESSAGE(HEAD(YES, "\2", "\0") ASKS("\x0f")
				OF(HERE, "\x0f", "\0\x3c", "\x0b") "\0\0\1\60\1\60\1\60\1\60\0" OF(HERE, "\x0f",
					"\0\x3c", "\x0f") "\0\0\1m\x09localhost\0") },
	{ "MX localhost and another", DNS_MX, DNS_FOUND, 60, "",
		MESSAGE(HEAD(YES, "\2", "\0") ASKS("\x0f") OF(HERE, "\x0f", "\0\x3c",
			"\x0d") "\0\0\x09localhost\0" OF(HERE, "\x0f", "\0\x3d", "\4") "\0\0" HERE) },
	{ "MX localhost, truncated", DNS_MX, DNS_NOTHING, UINT32_MAX, "",
		MESSAGE(HEAD("\x83\x80", "\1", "\0") ASKS("\x0f")
				OF(HERE, "\x0f", "\0\x3c", "\x0d") "\0\0\x09localhost\0") },
	{ "address", DNS_A, DNS_FOUND, 60, "",
		MESSAGE(HEAD(YES, "\1", "\0") ASKS("\1") OF(HERE, "\1", "\0\x3c", "\4") "\x7f\0\0\1") },
	{ "address of five octets", DNS_A, DNS_NOTHING, UINT32_MAX, "",
		MESSAGE(HEAD(YES, "\1", "\0") ASKS("\1") OF(HERE, "\1", "\0\x3c", "\5") "\x7f\0\0\1\1") },
	{ "no data", DNS_MX, DNS_NODATA, 9, "", MESSAGE(HEAD(YES, "\0", "\1") ASKS("\x0f") SOA("\0")) },
	{ "no data, nothing else", DNS_MX, DNS_NODATA, UINT32_MAX, "", MESSAGE(HEAD(YES, "\0", "\0") ASKS("\x0f")) },
	{ "NXDOMAIN", DNS_MX, DNS_NXDOMAIN, 9, "", MESSAGE(HEAD(NX, "\0", "\1") ASKS("\x0f") SOA("\0")) },
	{ "referral", DNS_MX, DNS_NOTHING, UINT32_MAX, "",
		MESSAGE(HEAD(YES, "\0", "\1") ASKS("\x0f") OF("\0", "\2", "\0\x3c", "\3") "\1n\0") },
	{ "SERVFAIL", DNS_MX, DNS_NOTHING, UINT32_MAX, "", MESSAGE(HEAD("\x81\x82", "\0", "\0") ASKS("\x0f")) },
	{ "a query", DNS_MX, DNS_NOTHING, UINT32_MAX, "", MESSAGE(HEAD("\1\3", "\0", "\0") ASKS("\x0f")) },
	{ "another question", DNS_A, DNS_NOTHING, UINT32_MAX, "", MESSAGE(HEAD(YES, "\0", "\0") ASKS("\x0f")) },
	{ "alias to follow", DNS_MX, DNS_ALIAS, 60, "b.example",
		MESSAGE(HEAD(YES, "\1", "\0") ASKS("\x0f") OF(HERE, "\5", "\0\x3c", "\4") "\1b\xc0\x0e") },
	{ "alias to a name with a dot in a label", DNS_MX, DNS_NOTHING, 60, "",
		MESSAGE(HEAD(YES, "\1", "\0") ASKS("\x0f") OF(HERE, "\5", "\0\x3c", "\5") "\2.b\xc0\x0e") },
	{ "alias and MX, the other way round", DNS_MX, DNS_FOUND, 20, "",
		MESSAGE(HEAD(YES, "\2", "\0") ASKS("\x0f") OF("\1B\xc0\x0e", "\x0f", "\0\x14",
			"\4") "\0\0" HERE OF(HERE, "\5", "\0\x3c", "\4") "\1b\xc0\x0e") },
	{ "alias, no data", DNS_MX, DNS_NODATA, 9, "",
		MESSAGE(HEAD(YES, "\1", "\1") ASKS("\x0f") OF(HERE, "\5", "\0\x3c", "\4") "\1b\xc0\x0e" SOA("\0")) },
	{ "alias to itself", DNS_MX, DNS_NODATA, 60, "",
		MESSAGE(HEAD(YES, "\1", "\0") ASKS("\x0f") OF(HERE, "\5", "\0\x3c", "\2") HERE) },
	{ "MX of another name", DNS_MX, DNS_NOTHING, UINT32_MAX, "",
		MESSAGE(HEAD(YES, "\1", "\0") ASKS("\x0f") OF("\xc0\x0e", "\x0f", "\1\x2c", "\4") "\0\12" HERE) },
	{ "pointer to itself", DNS_MX, DNS_NOTHING, UINT32_MAX, "",
		MESSAGE(HEAD(YES, "\1", "\0") ASKS("\x0f") "\xc0\x1b\0\x0f\0\1\0\0\1\x2c\0\6\0\12\1m" HERE) },
	{ "TTL below zero", DNS_MX, DNS_FOUND, 0, "",
		MESSAGE(HEAD(YES, "\1", "\0") ASKS("\x0f") HERE "\0\x0f\0\1\xff\0\0\0\0\4\0\12" HERE) },
};

static void test_samples(void)
{
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		const struct sample *s = &samples[i];
		struct dns_answer answer;

		dns_read(str_at(s->p, s->n), STR_LIT("A.example"), s->type, &answer);
		check(answer.finding == s->finding && (answer.ttl == s->ttl || s->finding == DNS_NOTHING) &&
				strcmp(answer.target, s->target) == 0,
			"%s: %d, ttl %u, %s", s->name, answer.finding, answer.ttl, answer.target);
	}
}

/* Who is asked first, whatever the order in the message. */
static void test_mx(void)
{
	static const char message[] = HEAD(YES, "\4", "\0") ASKS("\x0f") OF(HERE, "\x0f", "\0\x3c",
		"\6") "\0\12\1z" HERE OF(HERE, "\x0f", "\0\x3c", "\6") "\0\12\1M" HERE OF(HERE, "\x0f", "\0\x3c",
		"\6") "\0\24\1b" HERE OF(HERE, "\x0f", "\0\x3c", "\3") "\0\0\0";
	static const char odd[] = HEAD(YES, "\1", "\0") ASKS("\x0f") OF(HERE, "\x0f", "\1\x2c", "\7") "\0\12\2.m" HERE;
	struct dns_answer answer;

	dns_read(str_at(message, sizeof message - 1), STR_LIT("a.example"), DNS_MX, &answer);
	check(answer.finding == DNS_FOUND && strcmp(answer.mx, "m.a.example") == 0, "the first MX: %s", answer.mx);
	dns_read(str_at(odd, sizeof odd - 1), STR_LIT("a.example"), DNS_MX, &answer);
	check(answer.finding == DNS_FOUND && answer.mx[0] == '\0', "a host that has no name to show: %s", answer.mx);
}

/* A message that ends early, at any octet, says nothing: above all no "no". */
static void test_cuts(void)
{
	bool good = true;

	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
		for (size_t n = 0; n < samples[i].n; n++) {
			struct dns_answer answer;
			char *exact = malloc(n + 1);

			memcpy(exact, samples[i].p, n);
			dns_read(str_at(exact, n), STR_LIT("a.example"), samples[i].type, &answer);
			good = good && answer.finding == DNS_NOTHING;
			free(exact);
		}
	check(good, "what is cut anywhere says nothing");
}

int main(void)
{
	test_samples();
	test_mx();
	test_cuts();
	check(dns_truncated(STR_LIT("\0\0\2")) && !dns_truncated(STR_LIT("\0\0\1")) && !dns_truncated(STR_NONE),
		"truncated");
	return tap_done();
}
