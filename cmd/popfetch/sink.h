#ifndef PIPEMAIL_CMD_POPFETCH_SINK_H
#define PIPEMAIL_CMD_POPFETCH_SINK_H

#include "base/buf.h"
#include "base/err.h"
#include "mail/message/mbox.h"

struct state;

/*
 * Where messages go. A message is gathered away from the mailbox first and put there in a batch that is whole or absent
 * after a crash at any moment: the state says what is about to come, then it comes and is synced, then the state says
 * that it is there.
 */
enum sink_kind { SINK_MBOX, SINK_MAILDIR, SINK_STDOUT };

struct sink {
	enum sink_kind kind;
	char *path;
	struct state *state; /* borrowed; NULL: nothing is remembered */

	/* The message that is being gathered. */
	bool open;
	struct buf head; /* its header so far, until the empty line */
	bool in_head;
	bool begun;    /* its From_ line is written */
	bool mid_line; /* a line of the header was longer than we keep, and its end is to come */
	struct mbox_writer writer;
	bool cr;          /* Maildir: a CR that may belong to a line end */
	struct buf piece; /* made of it, to be gathered */

	/* The batch: octets in memory, and what does not fit there in an unlinked file. */
	struct buf text;
	int spill; /* -1: none */
	uint64_t spilled;
	uint64_t message_at; /* where in the batch the current message begins */
	bool named;          /* the mbox's name is synced */
	struct buf from;     /* the current message's From_ line */
	uint32_t crc;        /* of the batch up to message_at */
	uint32_t crc_now;

	/* Maildir: the file of the current message, and the names of the batch. */
	int fd;
	char *name;
	char **names;
	size_t n; /* messages in the batch */
	size_t cap;
	int64_t first_at;   /* monotonic time of the first message of the batch */
	uint64_t octets;    /* in the batch */
	uint64_t note_size; /* of the current message, for state_try_noted; 0: none */
	uint64_t note_hash;
};

/* path as on the command line. Makes the Maildir's folders; 73 where the mailbox cannot be written, before anything is
 * fetched. */
bool sink_open(struct sink *s, const char *path, struct state *state, struct err *err);
void sink_close(struct sink *s);
/* Mend what a crash left open (state->place): cut half a batch off, or note that it is whole. */
bool sink_recover(struct sink *s, struct err *err);

bool sink_begin(struct sink *s, struct err *err);
/* A piece of the message as the server has it, dots unstuffed. */
bool sink_add(struct sink *s, struct str octets, struct err *err);
/* What the state is to note of it, before sink_end. */
void sink_note(struct sink *s, uint64_t size, uint64_t hash);
/* It is whole; key: what the state knows it by. */
bool sink_end(struct sink *s, struct str key, struct err *err);
/* It is not going to be whole, or is not wanted. */
void sink_abandon(struct sink *s);
/* Forget the whole batch: what came cannot be trusted. */
bool sink_discard(struct sink *s, struct err *err);

/* Is the batch large or old enough to be put away? */
bool sink_due(const struct sink *s);
/* Put the batch into the mailbox; after it everything in it is safe. An empty batch is nothing. 70 in the middle of a
 * message. */
bool sink_commit(struct sink *s, struct err *err);

/* The parts of one kind; sink.c calls them. */
bool sink_mbox_open(struct sink *s, struct err *err);
bool sink_mbox_commit(struct sink *s, struct err *err);
bool sink_mbox_recover(struct sink *s, struct err *err);
bool sink_maildir_open(struct sink *s, struct err *err);
bool sink_maildir_begin(struct sink *s, struct err *err);
bool sink_maildir_end(struct sink *s, struct err *err);
bool sink_maildir_commit(struct sink *s, struct err *err);
bool sink_maildir_recover(struct sink *s, struct err *err);
void sink_maildir_drop(struct sink *s, const char *name);
/* The octets of the batch to a descriptor. */
bool sink_write(const struct sink *s, int fd, const char *name, struct err *err);

#endif
