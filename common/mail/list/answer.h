#ifndef PIPEMAIL_MAIL_ANSWER_H
#define PIPEMAIL_MAIL_ANSWER_H

#include "base/str.h"

/* What a cell answers, in the languages and words of people and programs. Dates are for the caller. */
enum answer {
	ANSWER_NONE, /* blank */
	ANSWER_YES,
	ANSWER_NO,
	ANSWER_IN,      /* subscribed */
	ANSWER_OUT,     /* unsubscribed */
	ANSWER_PENDING, /* asked, and not answered yet */
	ANSWER_UNKNOWN,
};

/* cell: without blanks around it. */
enum answer answer_read(struct str cell);
/* Is the cell one of values, which are separated by commas, but for ASCII case and blanks around each? */
bool answer_among(struct str cell, struct str values);

#endif
