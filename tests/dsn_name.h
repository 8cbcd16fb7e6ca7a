#ifndef PIPEMAIL_TESTS_DSN_NAME_H
#define PIPEMAIL_TESTS_DSN_NAME_H

#include "mail/returns/dsn.h"

/* A class as tests write it down. */
static const char *dsn_class_name(enum dsn_class class)
{
	static const char *const names[] = { "nothing", "hard", "soft", "complaint", "unsubscribe", "uncounted" };

	return names[class];
}

#endif
