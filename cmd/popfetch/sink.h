#ifndef PIPEMAIL_CMD_POPFETCH_SINK_H
#define PIPEMAIL_CMD_POPFETCH_SINK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/set.h"
#include "mail/message/mbox.h"

struct state;

/*
 * Where messages go. A message is gathered away from the mailbox first and put there in a batch that is whole or absent
 * after a crash at any moment: the state says what is about to come, then it comes and is synced, then the state says
 * that it is there.
 */
enum sink_kind {
	SINK_MBOX,
	SINK_MAILDIR,
	SINK_STDOUT,    /* an mbox on standard output; known once its reader has taken all of it */
	SINK_PIPE,      /* each message to a command of its own */
	SINK_PIPE_MBOX, /* one mbox to one command */
};

/* A message of a kind that becomes known only when somebody has taken it. */
struct sink_piece {
	char *key; /* or NULL: not to be remembered */
	uint64_t size;
	uint64_t hash;
	int fd;     /* SINK_PIPE: a file without a name that has it */
	size_t tag; /* of the caller */
};

/* What a command made of the message of that tag; why: NULL when it took it. */
typedef void sink_judge(void *arg, size_t tag, const struct err *why);

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
	struct buf *into; /* where what is made of it is put: piece, or text */
	size_t summed;    /* octets of text that crc_now has */

	/* The batch: octets in memory, and what does not fit there in an unlinked file. */
	struct buf text;
	int spill; /* -1: none */
	uint64_t spilled;
	uint64_t message_at; /* where in the batch the current message begins */
	bool named;          /* the mbox's name is synced */
	struct buf from;     /* the current message's From_ line */
	uint32_t crc;        /* of the batch up to message_at */
	uint32_t crc_now;

	/* Maildir and SINK_PIPE: the file of the current message; Maildir: the names of the batch. */
	int fd;
	char *name;
	char **names;
	size_t n; /* messages in the batch */
	size_t cap;
	int64_t first_at;   /* monotonic time of the first message of the batch */
	uint64_t octets;    /* in the batch */
	uint64_t note_size; /* of the current message, for state_try_noted; 0: none */
	uint64_t note_hash;

	/* Kinds with a receipt. */
	const char *command; /* borrowed */
	int64_t patience;    /* nanoseconds that a command, or a reader that takes nothing, is waited for */
	struct sink_piece *pieces;
	size_t cap_pieces;
	size_t held; /* of the n messages: confirmed, and not taken by anybody yet (sink_hand_over) */
	uint64_t held_octets;
	struct set holds; /* their keys */
	size_t tag;       /* of the current message, the caller's */
	unsigned failures;
	bool given; /* the command of SINK_PIPE_MBOX ran */
	sink_judge *judge;
	void *judge_arg;
};

/* path as on the command line. Makes the Maildir's folders; 73 where the mailbox cannot be written, before anything is
 * fetched. */
bool sink_open(struct sink *s, const char *path, struct state *state, struct err *err);
/* SINK_PIPE or SINK_PIPE_MBOX; 64 or 78 for a command that cannot be run. */
bool sink_open_pipe(struct sink *s, enum sink_kind kind, const char *command, struct state *state, struct err *err);
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
/* Put the batch into the mailbox; after it everything in it is safe, or is held (SINK_STDOUT, SINK_PIPE_MBOX)
 * until sink_hand_over, or was judged (SINK_PIPE). An empty batch is nothing. 70 in the middle of a message. */
bool sink_commit(struct sink *s, struct err *err);
/* What is held: run the command, or see whether standard output's reader has taken all, and remember it then. On
 * failure it is not known. Nothing for the other kinds. */
bool sink_hand_over(struct sink *s, struct err *err);
bool sink_holds(const struct sink *s, struct str key);
/* Messages of the batch that are not confirmed. */
size_t sink_pending(const struct sink *s);

/* For the parts of this module. Circle because sink.c leads each message through what its kind does, and the kinds
 * write and drop the batch by what sink.c has for all of them. */
static inline bool sink_is_mbox(const struct sink *s)
{
	return s->kind != SINK_MAILDIR && s->kind != SINK_PIPE;
}
static inline bool sink_has_receipt(const struct sink *s)
{
	return s->kind >= SINK_STDOUT;
}
void sink_shape_head(struct sink *s, bool whole);
/* What was made of the message goes to where it is gathered. */
bool sink_gather(struct sink *s, struct err *err);
/* Octets of the batch that memory does not hold go into a file nobody else can see. */
bool sink_spill(struct sink *s, struct err *err);
void sink_drop_batch(struct sink *s);
#define SINK_HEAD_MAX ((size_t)256 << 10)
bool sink_pipe_begin(struct sink *s, struct err *err);
void sink_pipe_end(struct sink *s, struct str key);
bool sink_pipe_commit(struct sink *s, struct err *err);
void sink_pipe_drop(struct sink *s, size_t from);

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
