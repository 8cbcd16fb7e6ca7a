#ifndef PIPEMAIL_POPFETCH_THREADS_H
#define PIPEMAIL_POPFETCH_THREADS_H

#include "base/str.h"
#include "cmd/popfetch/archive/table.h"

/*
 * Which messages belong together. Messages are added in the order in which the archive got them, and what a
 * message is told then stays true: its thread has a name by which its page refers to it, and a thread that
 * turns out to be part of another one keeps its name as a second one. The same messages in the same order give
 * the same threads.
 *
 * A message belongs to the thread of the message that it answers (In-Reply-To, else the last of References);
 * where that is not here, to the one that the first of its references names; a reply without references ("Re:",
 * "AW:") to the last thread that began with the same subject. Everything else begins a thread.
 */
struct threads {
	uint64_t secret[2];    /* of the tables' hashes; set it before the first message */
	struct table ids;      /* Message-ID: 1 + number of the message */
	struct table names;    /* name of a thread: 1 + its number */
	struct table subjects; /* subject: 1 + number of the last thread that began with it */
	struct thread {
		uint64_t name;
		uint32_t up; /* the thread that this one became part of, or itself */
	} * threads;
	uint32_t n;
	size_t threads_cap;
	struct threads_message {
		uint64_t parent;   /* hash of the id that it answers; 0: none */
		uint32_t thread;   /* as it was told */
		uint32_t answered; /* after threads_link: 1 + number of the message that it answers, 0: none is here */
	} * messages;
	uint32_t n_messages;
	size_t messages_cap;
};

/* What is known of a message; empty where it has none. */
struct threads_hint {
	struct str id;
	struct str parent;
	struct str root;
	struct str subject;
	struct str key; /* of the message: names a thread that nothing else does */
};
/* Add the next message. Returns the name of its thread, never 0. */
uint64_t threads_add(struct threads *t, const struct threads_hint *hint);
/* Find out which message answers which; a reply that would make a circle answers none. After the last threads_add. */
void threads_link(struct threads *t);
/* The thread that a thread is part of: the one to show. */
uint32_t threads_find(const struct threads *t, uint32_t thread);
void threads_free(struct threads *t);

#endif
