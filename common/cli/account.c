#include <config.h>

#include "cli/account.h"

#include <stddef.h>

#include "base/mem.h"
#include "cli/account_state.h"
#include "cli/configfile.h"
#include "cli/say.h"
#include "io/clock.h"
#include "io/file.h"
#include "text/date.h"

/*
 * The options of a connection and the keys of the configuration file are one table. Every key of the file is
 * checked, also in accounts that are not used, so a mistake is found before the day on which the account is
 * needed.
 */

#define DEFAULT_TIMEOUT (60 * CLOCK_SECOND)

/* An option of which only the place in struct account is known yet. */
struct spec {
	struct option option;
	size_t offset;
};

#define SPEC(field, name, letter, type, arg, help)                                              \
	{                                                                                       \
		{ name, letter, type, NULL, arg, help, false }, offsetof(struct account, field) \
	}

static const struct spec connection[] = {
	{ { .type = OPTION_GROUP, .help = "Server" }, 0 },
	SPEC(smtp, "smtp", 0, OPTION_LIST, "URL", "smtp://[user@]host[:port], smtps:// or lmtp://"),
	SPEC(pop, "pop", 0, OPTION_TEXT, "URL", "pop3s://[user@]host[:port] or pop3://"),
	SPEC(tls, "tls", 0, OPTION_TEXT, "WHEN", "TLS: require, try or off"),
	SPEC(ca_file, "ca-file", 0, OPTION_TEXT, "FILE", "trust these certificates (PEM) only"),
	SPEC(pin, "pin", 0, OPTION_TEXT, "sha256:HEX", "trust this key of the server only"),
	SPEC(dane, "dane", 0, OPTION_FLAG, NULL, "trust what DNSSEC says of the server (TLSA) only"),
	SPEC(client_cert, "client-cert", 0, OPTION_TEXT, "FILE", "our certificate (PEM)"),
	SPEC(client_key, "client-key", 0, OPTION_TEXT, "FILE", "and its key (PEM)"),
	SPEC(proxy, "proxy", 0, OPTION_TEXT, "URL", "connect through socks5://host[:port]"),
	SPEC(ehlo, "ehlo", 0, OPTION_TEXT, "NAME", "our name for EHLO"),
	SPEC(timeout, "timeout", 0, OPTION_SECONDS, "SECONDS", "wait so long for each reply (60)"),
	{ { .type = OPTION_GROUP, .help = "Login" }, 0 },
	SPEC(user, "user", 0, OPTION_TEXT, "NAME", "log in as NAME"),
	SPEC(auth, "auth", 0, OPTION_TEXT, "MECHANISM",
		"auto, none, plain, login, cram-md5, scram-sha-1, scram-sha-256, either with -plus, "
		"external, oauthbearer or xoauth2"),
	SPEC(password_command, "password-command", 0, OPTION_TEXT, "COMMAND",
		"take the password from what COMMAND prints (no shell)"),
	SPEC(password_file, "password-file", 0, OPTION_TEXT, "FILE", "from FILE"),
	SPEC(password_fd, "password-fd", 0, OPTION_TEXT, "N", "from an open descriptor"),
	SPEC(token_command, "token-command", 0, OPTION_TEXT, "COMMAND", "take an OAuth token from what COMMAND prints"),
	{ { 0 }, 0 },
};

static const struct spec general[] = {
	{ { .type = OPTION_GROUP, .help = "General" }, 0 },
	SPEC(config, "config", 0, OPTION_TEXT, "FILE", "read FILE instead of ~/.config/pipemail/config"),
	SPEC(names, "account", 'A', OPTION_LIST, "NAME", "use the account NAME of that file"),
	SPEC(verbose, "verbose", 'v', OPTION_FLAG, NULL, "show the conversation with the server"),
	SPEC(trace, "trace", 0, OPTION_TEXT, "FILE", "write the conversation to FILE"),
	SPEC(quiet, "quiet", 'q', OPTION_FLAG, NULL, "say nothing but errors"),
	SPEC(progress, "progress", 0, OPTION_FLAG, NULL, "show progress, on no terminal too"),
	{ { 0 }, 0 },
};

/* Keys that are no connection options. */
static const struct spec only_keys[] = {
	SPEC(from, "from", 0, OPTION_TEXT, NULL, NULL),
	SPEC(password, "password", 0, OPTION_TEXT, NULL, NULL),
	SPEC(keys.dkim_domain, "dkim-domain", 0, OPTION_TEXT, NULL, NULL),
	SPEC(keys.dkim_selector, "dkim-selector", 0, OPTION_TEXT, NULL, NULL),
	SPEC(keys.dkim_key, "dkim-key", 0, OPTION_TEXT, NULL, NULL),
	SPEC(keys.aliases, "aliases", 0, OPTION_TEXT, NULL, NULL),
	SPEC(keys.set_from, "set-from", 0, OPTION_TEXT, NULL, NULL),
	SPEC(keys.fcc, "fcc", 0, OPTION_TEXT, NULL, NULL),
	SPEC(keys.log, "log", 0, OPTION_TEXT, NULL, NULL),
	SPEC(keys.spool_for, "spool-for", 0, OPTION_TEXT, NULL, NULL),
	SPEC(keys.spool, "spool", 0, OPTION_FLAG, NULL, NULL),
	SPEC(keys.group_readable, "group-readable", 0, OPTION_FLAG, NULL, NULL),
	SPEC(keys.mailbox, "mailbox", 0, OPTION_TEXT, NULL, NULL),
	SPEC(keys.pipe, "pipe", 0, OPTION_TEXT, NULL, NULL),
	SPEC(keys.delete_after, "delete-after", 0, OPTION_TEXT, NULL, NULL),
	SPEC(keys.keep, "keep", 0, OPTION_TEXT, NULL, NULL),
	SPEC(keys.max_size, "max-size", 0, OPTION_TEXT, NULL, NULL),
	SPEC(keys.limit, "limit", 0, OPTION_TEXT, NULL, NULL),
	{ { 0 }, 0 },
};

static bool spec_is_end(const struct spec *s)
{
	return s->option.name == NULL && s->option.help == NULL;
}

/* The table with its targets in a, but for the one option that is not this tool's. */
static const struct option *make_table(const struct spec *specs, struct account *a, const char *without)
{
	size_t n = 0;
	struct option *table;

	while (!spec_is_end(&specs[n]))
		n++;
	table = options_keep(mem_array(n + 1, sizeof *table));
	struct option *to = table;

	for (size_t i = 0; i < n; i++) {
		*to = specs[i].option;
		to->target = (char *)a + specs[i].offset;
		if (to->name == NULL || without == NULL || strcmp(to->name, without) != 0)
			to++;
	}
	*to = (struct option){ 0 };
	return table;
}

const struct option *account_options(struct account *a, bool pop)
{
	return make_table(connection, a, pop ? "smtp" : "pop");
}

const struct option *account_general_options(struct account *a)
{
	return make_table(general, a, NULL);
}

bool account_apply_general(const struct account *a, struct err *err)
{
	say_set_quiet(a->quiet);
	say_set_verbose(a->verbose);
	return say_trace_open(a->trace, err);
}

/* The key as an option that writes into a; false for one that is none. */
static bool find_key(struct account *a, const char *key, struct option *option)
{
	static const struct spec *const tables[] = { connection, only_keys };

	for (size_t t = 0; t < 2; t++)
		for (const struct spec *s = tables[t]; !spec_is_end(s); s++)
			if (s->option.name != NULL && strcmp(s->option.name, key) == 0) {
				*option = s->option;
				option->target = (char *)a + s->offset;
				return true;
			}
	return false;
}

static bool is_file_key(const char *key)
{
	static const char *const keys[] = { "ca-file", "client-cert", "client-key", "password-file", "dkim-key",
		"aliases", "fcc", "log", "mailbox" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

/* One value of the file into its place: "~/" is the home, "smtp" may hold several URLs. */
static bool set_value(const struct option *o, const char *value, struct err *err)
{
	const char *home = file_home();
	struct buf path = { 0 };
	bool ok = true;

	if (o->type == OPTION_LIST) {
		struct str rest = str_of(value);

		while (ok && rest.p != NULL) {
			struct str word = str_cut(&rest, ' ');

			buf_clear(&path);
			buf_add(&path, word);
			ok = word.n == 0 || options_set(o, buf_text(&path), err);
		}
	} else if (is_file_key(o->name) && strncmp(value, "~/", 2) == 0 && home != NULL) {
		buf_printf(&path, "%s%s", home, value + 1);
		ok = options_set(o, buf_text(&path), err);
	} else {
		ok = options_set(o, value, err);
	}
	buf_free(&path);
	return ok;
}

/* One of the servers of a line: what is wrong names what was meant. */
static bool check_urls(const char *value, bool pop, struct err *err)
{
	struct str rest = str_of(value);
	bool ok = true;

	while (ok && rest.p != NULL) {
		struct account_url url = { 0 };
		struct str word = str_cut(&rest, ' ');
		char *text = mem_copy(word.p, word.n);

		ok = word.n == 0 || account_url(text, pop, &url, err);
		account_url_free(&url);
		mem_free(text);
	}
	return ok;
}

static bool check_age(const char *value, struct err *err)
{
	int64_t seconds;

	return date_parse_age(str_of(value), &seconds) ||
		err_set(err, ERR_CONFIG, "'%s' is not an age such as 12h or 5d", value);
}

/* Every key and value of the file is checked, whichever account is used. */
static bool check_keys(const struct config *c, struct err *err)
{
	struct account scratch = { 0 };
	struct option o;

	for (size_t i = 0; i < c->n; i++) {
		const struct config_entry *e = &c->entries[i];

		if (*e->key == '\0')
			continue;
		if (!find_key(&scratch, e->key, &o))
			return err_set(err, ERR_CONFIG, "%s:%d: unknown key '%s'", c->path, e->line, e->key);
		bool parsed = o.type == OPTION_SECONDS || o.type == OPTION_FLAG;

		if ((parsed && !options_set(&o, e->value, err)) ||
			(strcmp(e->key, "from") == 0 && !account_from_check(e->value, err)) ||
			(strcmp(e->key, "smtp") == 0 && !check_urls(e->value, false, err)) ||
			(strcmp(e->key, "pop") == 0 && !check_urls(e->value, true, err)) ||
			(strcmp(e->key, "spool-for") == 0 && !check_age(e->value, err)) ||
			(strcmp(e->key, "set-from") == 0 && !account_address_check(e->value, err))) {
			err_prefix(err, "%s:%d: %s", c->path, e->line, e->key);
			err->kind = ERR_CONFIG;
			return false;
		}
	}
	return true;
}

/* What one section says, into a zeroed account. A list given anew replaces that of the bare keys. */
static bool take_section(const struct config *c, const char *section, struct account *a, struct err *err)
{
	bool fresh = true;
	struct option o;

	for (size_t i = 0; i < c->n; i++) {
		const struct config_entry *e = &c->entries[i];

		if (*e->key == '\0' || strcmp(e->section, section) != 0 || !find_key(a, e->key, &o))
			continue;
		if (o.type == OPTION_LIST && fresh) {
			a->smtp = (struct option_list){ 0 };
			fresh = false;
		}
		if (!set_value(&o, e->value, err)) {
			err_prefix(err, "%s:%d: %s", c->path, e->line, e->key);
			err->kind = ERR_CONFIG;
			return false;
		}
	}
	return true;
}

static const char *value_of(const struct config *c, const char *section, const char *key)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->entries[i].section, section) == 0 && strcmp(c->entries[i].key, key) == 0)
			return c->entries[i].value;
	return NULL;
}

/* The first section whose "from" fits; one that names the address itself before one with a pattern. */
static const char *section_by_sender(const struct config *c, const char *sender)
{
	const char *by_pattern = NULL;

	for (size_t i = 0; i < c->n; i++) {
		const struct config_entry *e = &c->entries[i];

		if (*e->section == '\0' || strcmp(e->key, "from") != 0 || !account_from_matches(e->value, sender))
			continue;
		if (str_ieq(str_of(e->value), str_of(sender)))
			return e->section;
		if (by_pattern == NULL)
			by_pattern = e->section;
	}
	return by_pattern;
}

static bool choose(const struct config *c, const char *name, const char *sender, const char **section, struct err *err)
{
	*section = NULL;
	if (name != NULL) {
		if (c->path == NULL)
			return err_set(err, ERR_CONFIG, "account '%s': there is no configuration file", name);
		if (*name == '\0' || !configfile_has(c, name))
			return err_set(err, ERR_CONFIG, "%s: no account '%s'", c->path, name);
		*section = name;
		return true;
	}
	if (sender != NULL)
		*section = section_by_sender(c, sender);
	/* Bare keys that name the sender have the same right as a section that does. */
	const char *bare = value_of(c, "", "from");

	if (*section == NULL && configfile_has(c, "default") &&
		!(sender != NULL && bare != NULL && account_from_matches(bare, sender)))
		*section = "default";
	return true;
}

bool account_load(struct account *a, const char *name, const char *sender, struct err *err)
{
	struct config c = { 0 };
	struct account file = { 0 };
	const char *section = NULL;
	bool ok = configfile_read(&c, a->config, err) && check_keys(&c, err) &&
		choose(&c, name, sender, &section, err) && take_section(&c, "", &file, err) &&
		(section == NULL || take_section(&c, section, &file, err));

	if (ok) {
		if (section != NULL)
			a->section = options_keep(mem_copy(section, strlen(section)));
		account_merge(a, &file, name != NULL);
	}
	configfile_free(&c);
	if (ok && a->timeout == 0)
		a->timeout = DEFAULT_TIMEOUT;
	return ok;
}

bool account_all(const struct account *a, struct option_list *names, struct err *err)
{
	const struct option add = { .name = "account", .type = OPTION_LIST, .target = names };
	struct config c = { 0 };
	bool ok = configfile_read(&c, a->config, err);

	for (size_t i = 0; i < c.n && ok; i++)
		if (*c.entries[i].section != '\0' && strcmp(c.entries[i].key, "pop") == 0)
			ok = options_set(&add, c.entries[i].section, err);
	if (ok && names->n == 0)
		ok = err_set(err, ERR_CONFIG, "%s: no account has a server to fetch from (pop)",
			c.path != NULL ? c.path : "there is no configuration file");
	configfile_free(&c);
	return ok;
}
