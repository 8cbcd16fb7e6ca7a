#include <config.h>

#include "cmd/mailsend/setup/known.h"

#include "mail/address/domain.h"

/* The first row that fits counts: AOL's exchangers are in Yahoo's domain. */
static const struct known providers[] = {
	{
		.name = "Gmail and Google Workspace",
		.domains = "gmail.com googlemail.com",
		.mx = "google.com googlemail.com",
		.smtp = "smtps://smtp.gmail.com:465",
		.pop = "pop3s://pop.gmail.com:995",
		.secret = KNOWN_EITHER,
		.hint = "an app password needs 2-step verification: https://myaccount.google.com/apppasswords",
		.limits = "500 messages a day; Workspace 2,000",
		.source = "https://support.google.com/mail/answer/22839",
	},
	{
		.name = "Outlook.com",
		.domains =
			"outlook.com hotmail.com live.com msn.com outlook.de hotmail.de hotmail.co.uk hotmail.fr live.de",
		.mx = "olc.protection.outlook.com",
		.smtp = "smtp://smtp-mail.outlook.com:587",
		.pop = "pop3s://outlook.office365.com:995",
		.secret = KNOWN_TOKEN,
		.hint = "POP3 has to be switched on in the settings of the mailbox",
		.limits = "5,000 recipients a day and 500 a message; less for new accounts",
		.source =
			"https://support.microsoft.com/office/sending-limits-in-outlook-com-279ee200-594c-40f0-9ec8-bb6af7735c2e",
	},
	{
		.name = "Microsoft 365",
		.domains = "",
		.mx = "mail.protection.outlook.com mx.microsoft",
		.smtp = "smtp://smtp.office365.com:587",
		.pop = "pop3s://outlook.office365.com:995",
		.secret = KNOWN_TOKEN,
		.hint = "an administrator has to allow Authenticated SMTP for the mailbox",
		.limits = "10,000 recipients a day, 30 messages a minute",
		.source =
			"https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits",
	},
	{
		.name = "AOL",
		.domains = "aol.com aim.com aol.de aol.co.uk aol.fr",
		.mx = "mx-aol.mail.gm0.yahoodns.net",
		.smtp = "smtps://smtp.aol.com:465",
		.pop = "pop3s://pop.aol.com:995",
		.secret = KNOWN_APP_PASSWORD,
		.hint = "make the app password in the account's security settings",
		.source = "https://help.aol.com/",
	},
	{
		.name = "Yahoo",
		.domains =
			"yahoo.com ymail.com rocketmail.com yahoo.co.uk yahoo.de yahoo.fr yahoo.it yahoo.es yahoo.ca yahoo.com.br",
		.mx = "yahoodns.net",
		.smtp = "smtps://smtp.mail.yahoo.com:465",
		.pop = "pop3s://pop.mail.yahoo.com:995",
		.secret = KNOWN_APP_PASSWORD,
		.hint = "make the app password in the account's security settings",
		.limits = "500 messages a day, 100 recipients a message",
		.source = "https://help.yahoo.com/kb/SLN3353.html",
	},
	{
		.name = "iCloud",
		.domains = "icloud.com me.com mac.com",
		.mx = "mail.icloud.com",
		.smtp = "smtp://smtp.mail.me.com:587",
		.secret = KNOWN_APP_PASSWORD,
		.hint = "make the app-specific password at https://account.apple.com",
		.limits = "1,000 messages and 1,000 recipients a day, 500 recipients a message, 20 MB a message",
		.source = "https://support.apple.com/102525 and https://support.apple.com/102198",
	},
	{
		.name = "Fastmail",
		.domains = "fastmail.com fastmail.fm",
		.mx = "messagingengine.com",
		.smtp = "smtps://smtp.fastmail.com:465",
		.pop = "pop3s://pop.fastmail.com:995",
		.secret = KNOWN_APP_PASSWORD,
		.hint = "make the app password under Settings, Privacy & Security",
		.source = "https://www.fastmail.com/help/technical/servernamesandports.html",
	},
	{
		.name = "GMX",
		.domains = "gmx.de gmx.net gmx.at gmx.ch",
		.mx = "",
		.smtp = "smtp://mail.gmx.net:587",
		.pop = "pop3s://pop.gmx.net:995",
		.secret = KNOWN_PASSWORD,
		.hint = "access by POP3 has to be allowed in the settings; with two-factor login, an app password is needed",
		.source = "https://hilfe.gmx.net/",
	},
	{
		.name = "WEB.DE",
		.domains = "web.de",
		.mx = "",
		.smtp = "smtp://smtp.web.de:587",
		.pop = "pop3s://pop3.web.de:995",
		.secret = KNOWN_PASSWORD,
		.hint = "access by POP3 has to be allowed in the settings; with two-factor login, an app password is needed",
		.source = "https://hilfe.web.de/",
	},
	{
		.name = "IONOS (Germany)",
		.domains = "",
		.mx = "ionos.de kundenserver.de",
		.smtp = "smtps://smtp.ionos.de:465",
		.pop = "pop3s://pop.ionos.de:995",
		.secret = KNOWN_PASSWORD,
		.source = "https://www.ionos.de/hilfe/",
	},
	{
		.name = "mailbox.org",
		.domains = "mailbox.org",
		.mx = "mailbox.org",
		.smtp = "smtps://smtp.mailbox.org:465",
		.pop = "pop3s://pop3.mailbox.org:995",
		.secret = KNOWN_PASSWORD,
		.hint = "with two-factor login, an app password is needed",
		.source = "https://kb.mailbox.org/",
	},
	{
		.name = "Posteo",
		.domains = "posteo.de posteo.net",
		.mx = "",
		.smtp = "smtps://posteo.de:465",
		.pop = "pop3s://posteo.de:995",
		.secret = KNOWN_PASSWORD,
		.source = "https://posteo.de/en/help",
	},
};

#define PROVIDERS (sizeof providers / sizeof *providers)

const struct known *known_by_domain(struct str domain)
{
	for (size_t i = 0; i < PROVIDERS; i++)
		if (str_among(domain, providers[i].domains))
			return &providers[i];
	return NULL;
}

const struct known *known_by_mx(struct str host)
{
	for (size_t i = 0; i < PROVIDERS; i++) {
		struct str rest = str_of(providers[i].mx);

		while (rest.p != NULL) {
			struct str domain = str_cut(&rest, ' ');

			if (domain.n > 0 && domain_within(host, domain))
				return &providers[i];
		}
	}
	return NULL;
}

const struct known *known_by_server(struct str host)
{
	for (size_t i = 0; i < PROVIDERS; i++) {
		struct str url = str_of(providers[i].smtp);
		struct str rest = str_sub(url, str_search(url, STR_LIT("//")) + 2, url.n);

		if (str_eq(str_cut(&rest, ':'), host))
			return &providers[i];
	}
	return NULL;
}
