#ifndef PIPEMAIL_MAIL_ADDRESS_H
#define PIPEMAIL_MAIL_ADDRESS_H

#include "base/buf.h"

/* clang-format off */
/*
 * One mailbox, local-part@domain (RFC 5321, 4.1.2; RFC 6531 when internationalised), split and judged as mail
 * servers accept it: no comments, no folding, no obsolete forms. address_unwrap takes the bare address out of what
 * people write, and address_list_next out of a header field; both leave judging to address_parse.
 *
 *     struct address a = { 0 };
 *     enum address_fault fault = address_parse(&a, cell, ADDRESS_ENVELOPE);
 *     if (fault != ADDRESS_OK)
 *             ... address_fault_text(&a, fault) ...
 *     address_key(&a, &key);
 *     address_free(&a);
 */
/* clang-format on */
enum address_fault {
	ADDRESS_OK,
	ADDRESS_EMPTY,
	ADDRESS_NO_AT,
	ADDRESS_CONTROL, /* CR, LF, NUL or another control: it must not reach a command or header */
	ADDRESS_LOCAL_EMPTY,
	ADDRESS_LOCAL_LONG, /* over 64 bytes (RFC 5321, 4.5.3.1.1) */
	ADDRESS_LOCAL_DOT,  /* begins or ends with a dot, or has two in a row */
	ADDRESS_LOCAL_CHARACTER,
	ADDRESS_LOCAL_QUOTED, /* quoted, and ADDRESS_QUOTED not given; or badly quoted */
	ADDRESS_LOCAL_UTF8,   /* not UTF-8, or characters that no local part should have */
	ADDRESS_DOMAIN,       /* see address.domain_fault */
	ADDRESS_LITERAL,      /* a domain literal without ADDRESS_LITERALS, or a malformed one */
	ADDRESS_LONG,         /* over 254 bytes (RFC 5321, 4.5.3.1.3: a path of 256 with its brackets) */
};

enum address_flags {
	ADDRESS_QUOTED = 1,    /* take "quoted local"@domain */
	ADDRESS_LITERALS = 2,  /* take user@[192.0.2.1] */
	ADDRESS_LOCALHOST = 4, /* take any domain of one label, for envelopes; without it only one
				* of two letters: country codes may have mail, all other top-level
				* domains may not (ICANN, 2013) */
	/* Whatever a mail server may be given: for envelopes and header fields. */
	ADDRESS_ENVELOPE = ADDRESS_QUOTED | ADDRESS_LITERALS | ADDRESS_LOCALHOST,
};

struct address {
	struct str local;  /* slice of the input, as written */
	struct str domain; /* slice of the input, as written */
	struct buf ascii;  /* owned: the domain in A-label form, lower case (or the literal) */
	bool local_utf8;   /* the local part needs SMTPUTF8 */
	bool domain_utf8;  /* the domain was written with U-labels */
	int domain_fault;  /* enum domain_fault, with ADDRESS_DOMAIN */
};

/*
 * The fast path for lists: one pass, nothing stored. Returns the position of the "@" when s is an address of the
 * simple kind: ASCII, local part a dot-atom, domain of at least two labels without A-labels, everything within its
 * limits. Its key (address_key) is then s in lower case. 0 means "not known": ask address_parse.
 */
size_t address_check_ascii(struct str s);
/*
 * The same, and writes the key: s in lower case, to key, which has room for ADDRESS_PLAIN_ROOM bytes; bytes after
 * the key may be overwritten too. *capitals: s has capital letters in the domain. ADDRESS_PLAIN_SLACK bytes from
 * the start of s must be readable, whatever they contain.
 */
size_t address_plain_key(struct str s, char *key, bool *capitals);
#define ADDRESS_PLAIN_ROOM 256
#define ADDRESS_PLAIN_SLACK 64

/*
 * Judge s: exactly one bare address with nothing around it; flags are of enum address_flags. a is zeroed or was
 * used before. a->local and a->domain point into s, which must live as long as they are used; the caller frees a.
 */
enum address_fault address_parse(struct address *a, struct str s, unsigned flags);
/* Frees what a owns; freeing a zeroed one does nothing. */
void address_free(struct address *a);
/*
 * A text for people: "the local part is over 64 octets". a is the one that the fault came from. Static, not to be
 * freed.
 */
const char *address_fault_text(const struct address *a, enum address_fault fault);

/* The form for comparing, of an address that address_parse took: ASCII case folded in the local
 * part too, the local part in NFC and without needless quotes, the domain in A-labels. */
bool address_key(const struct address *a, struct buf *out);
/* The same with what the big providers ignore taken away: +tags, dots at gmail.com, and the names
 * that are one mailbox there (googlemail.com is gmail.com). */
bool address_key_provider(const struct address *a, struct buf *out);
/* The same from what address_key made. */
bool address_key_fold(struct str key, struct buf *out);

/* Without blanks at both ends, those that cannot be seen among them (U+00A0, U+200B, U+FEFF, U+00AD, joiners, marks of
 * direction but the overrides). */
struct str address_trim(struct str s);

/* From "Name <a@b>", "<a@b>", "a@b (Name)", "mailto:a@b" or "a@b" with blanks (see address_trim)
 * around: the bare address, a slice of s not judged yet, and the name decoded (name may be
 * NULL). False, with all of s trimmed in *bare, for brackets that do not match, text behind them,
 * more than one address, a mailto: link with "%" in the address, and a line break or another control (but TAB) inside:
 * a folded field is to be unfolded first. */
bool address_unwrap(struct str s, struct str *bare, struct buf *name);

/*
 * An address list of a header (RFC 5322, 3.4): groups, comments, quoted local parts, folding,
 * routes and other obsolete forms. Pull the mailboxes one by one. What comes is for address_parse
 * to judge: a local part may be quoted, and a single word without "@" comes as it is (a local
 * user). Names come without their quotes, RFC 2047 undecoded; where there is no phrase the comment
 * behind the address is the name.
 */
enum address_manner {
	ADDRESS_STRICT, /* RFC 5322 with its obsolete forms */
	/* A display name that should have been quoted is taken as it is meant when one <address> follows it:
	 * Backup [host1] <a@b>, DOMAIN\user <a@b>, Sales :-) <a@b>. */
	ADDRESS_LENIENT,
	/* And commas in such a name: "ACME, Inc. <a@b>" is one mailbox. */
	ADDRESS_JOINED,
};
struct address_list {
	struct str rest;
	enum address_manner manner; /* address_list_init keeps it */
	/* ADDRESS_JOINED: is this word a recipient of its own, as "root" in "root, Ann <a@b>"? NULL: none is. */
	bool (*known)(void *arg, struct str word);
	void *arg;
	bool in_group;
	bool joined;     /* ADDRESS_JOINED: words before a comma were taken into the name of the current mailbox */
	struct buf name; /* of the current mailbox: phrase or comment */
	struct buf bare; /* of the current mailbox: local@domain without comments and blanks */
};
/* Zeroed, or used before and to be used again. */
void address_list_init(struct address_list *l, struct str field_body);
/* 1: a mailbox; 0: the end; -1: malformed, with what stood there in bare (the next call goes on
 * behind the next comma). */
int address_list_next(struct address_list *l);
void address_list_free(struct address_list *l);
/* The one mailbox that a value is (ADDRESS_JOINED, and blanks as address_unwrap takes them): its name decoded (name
 * may be NULL), bare not judged yet and maybe a word without "@". False, with what is wrong in bare, when it is not one. */
bool address_one(struct str s, struct buf *bare, struct buf *name);

/* "Name <a@b>" for a header: the phrase quoted or RFC 2047 encoded as needed; a non-ASCII domain in
 * A-labels where it has them and the local part is ASCII. No name: the bare address. */
bool address_add_mailbox(struct buf *out, struct str name, struct str bare);

#endif
