#include <config.h>

#include "cmd/listscrub/judge/lists.h"

#include "io/clock.h"
#include "io/random.h"

/* RFC 2142's names and those that nobody's name is. First names, "hello" and the like are left out: a small firm has
 * a person behind them, who may have asked for mail. */
static const char *const roles[] = {
	"abuse",
	"accounting",
	"accounts",
	"admin",
	"administration",
	"administrator",
	"billing",
	"bounce",
	"bounces",
	"buchhaltung",
	"careers",
	"comptabilite",
	"compliance",
	"contabilidad",
	"daemon",
	"devnull",
	"dmarc",
	"dns",
	"do-not-reply",
	"do_not_reply",
	"donotreply",
	"enquiries",
	"feedback",
	"finance",
	"ftp",
	"helpdesk",
	"hostmaster",
	"hr",
	"info",
	"inquiries",
	"invoices",
	"jobs",
	"kontakt",
	"legal",
	"mailer-daemon",
	"mailerdaemon",
	"marketing",
	"media",
	"news",
	"newsletter",
	"nicht-antworten",
	"no-reply",
	"no.reply",
	"no_reply",
	"nobody",
	"noc",
	"noreply",
	"notifications",
	"office",
	"orders",
	"postmaster",
	"press",
	"presse",
	"privacy",
	"purchasing",
	"recruiting",
	"reply",
	"root",
	"sales",
	"security",
	"service",
	"soporte",
	"spam",
	"subscribe",
	"support",
	"sysadmin",
	"team",
	"tech",
	"unsubscribe",
	"usenet",
	"uucp",
	"vertrieb",
	"webmaster",
	"www",
};

/* Providers of throw-away mailboxes that say so themselves. Short on purpose: four public lists agree on one name in
 * fifty, and a wrong one costs a subscriber. */
static const char *const disposable[] = {
	"0-mail.com",
	"10minutemail.com",
	"10minutemail.net",
	"20minutemail.com",
	"anonbox.net",
	"armyspy.com",
	"byom.de",
	"cuvox.de",
	"dayrep.com",
	"deadaddress.com",
	"discard.email",
	"discardmail.com",
	"discardmail.de",
	"dispostable.com",
	"dodgit.com",
	"dropmail.me",
	"einrot.com",
	"emailondeck.com",
	"fakeinbox.com",
	"fakemail.net",
	"fleckens.hu",
	"getairmail.com",
	"getnada.com",
	"grr.la",
	"guerrillamail.biz",
	"guerrillamail.com",
	"guerrillamail.de",
	"guerrillamail.info",
	"guerrillamail.net",
	"guerrillamail.org",
	"guerrillamailblock.com",
	"gustr.com",
	"harakirimail.com",
	"incognitomail.org",
	"inboxkitten.com",
	"jetable.org",
	"jourrapide.com",
	"mail-temp.com",
	"mailcatch.com",
	"maildrop.cc",
	"mailexpire.com",
	"mailinator.com",
	"mailinator.net",
	"mailinator.org",
	"mailinator2.com",
	"mailnesia.com",
	"mailnull.com",
	"mailsac.com",
	"meltmail.com",
	"mintemail.com",
	"moakt.com",
	"mohmal.com",
	"mytemp.email",
	"mytrashmail.com",
	"nada.email",
	"nwytg.net",
	"pokemail.net",
	"rhyta.com",
	"sharklasers.com",
	"sogetthis.com",
	"spam4.me",
	"spambog.com",
	"spamex.com",
	"spamgourmet.com",
	"superrito.com",
	"teleworm.us",
	"temp-mail.io",
	"temp-mail.org",
	"tempail.com",
	"tempinbox.com",
	"tempmail.dev",
	"tempmail.net",
	"tempmail.plus",
	"tempmailo.com",
	"tempr.email",
	"throwawaymail.com",
	"trash-mail.com",
	"trash-mail.de",
	"trashmail.at",
	"trashmail.com",
	"trashmail.de",
	"trashmail.me",
	"trashmail.net",
	"trashmail.ws",
	"trbvm.com",
	"wegwerfmail.de",
	"wegwerfmail.net",
	"wegwerfmail.org",
	"yopmail.com",
	"yopmail.fr",
	"yopmail.net",
	"zehnminutenmail.de",
};

/* Aliases that lead to a real mailbox, which its owner reads. */
static const char *const aliases[] = {
	"33mail.com",
	"addy.io",
	"aleeas.com",
	"anonaddy.com",
	"anonaddy.me",
	"burnermail.io",
	"duck.com",
	"erine.email",
	"fastmail.com",
	"firefox.com",
	"hide-my-email.com",
	"mozmail.com",
	"passfwd.com",
	"passinbox.com",
	"passmail.com",
	"passmail.net",
	"privaterelay.appleid.com",
	"relay.firefox.com",
	"simplelogin.co",
	"simplelogin.com",
	"simplelogin.fr",
	"simplelogin.io",
	"slmail.me",
	"slmails.com",
	"silomails.com",
	"8alias.com",
	"8shield.net",
	"dralias.com",
	"icloud.com",
};

static void add_all(struct set *s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)set_add(s, str_of(names[i]), NULL);
}

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

bool lists_load_roles(struct lists *l, const char *path, bool allow_empty, struct err *err)
{
	random_seed(&l->roles);
	l->requests = path == NULL || path[0] == '\0';
	if (!l->requests)
		return lists_read(&l->roles, safety_add(&l->files, "drop-role", path), SAFETY_ROLE, path, allow_empty,
			err);
	add_all(&l->roles, roles, COUNT(roles));
	return true;
}

bool lists_load_disposable(struct lists *l, const char *path, bool allow_empty, struct err *err)
{
	random_seed(&l->disposable);
	random_seed(&l->aliases);
	add_all(&l->aliases, aliases, COUNT(aliases));
	if (path != NULL && path[0] != '\0')
		return lists_read(&l->disposable, safety_add(&l->files, "drop-disposable", path), SAFETY_DOMAIN, path,
			allow_empty, err);
	add_all(&l->disposable, disposable, COUNT(disposable));
	return true;
}

void lists_free(struct lists *l)
{
	set_free(&l->roles);
	set_free(&l->disposable);
	set_free(&l->aliases);
	safety_free(&l->files);
}

/* Behind the name of a mailing list: who looks after it (RFC 2142, 6). */
#define REQUEST STR_LIT("-request")

bool lists_is_role(const struct lists *l, struct str local)
{
	struct str name = str_sub(local, 0, str_find(local, '+'));

	return set_find(&l->roles, name) != NULL || (l->requests && name.n > REQUEST.n && str_ends(name, REQUEST));
}

static const struct set_entry *find_within(const struct set *s, struct str domain)
{
	const struct set_entry *e = NULL;

	while (e == NULL && domain.n > 0) {
		e = set_find(s, domain);
		(void)str_cut(&domain, '.');
	}
	return e;
}

bool lists_is_disposable(const struct lists *l, struct str domain, struct str *match)
{
	const struct set_entry *e = find_within(&l->disposable, domain);

	if (e == NULL || find_within(&l->aliases, domain) != NULL)
		return false;
	*match = str_at(e->p, e->n);
	return true;
}
