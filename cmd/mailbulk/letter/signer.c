#include <config.h>

#include "cmd/mailbulk/letter/signer.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/mem.h"
#include "mail/message/dkim.h"

#define THREADS_MOST 8
#define STACK_OCTETS ((size_t)256 << 10)

struct signing {
	struct signer *signer;
	struct dkim_key *key;
	pthread_t thread;
};

struct signer {
	struct signing threads[THREADS_MOST];
	size_t n;
	pthread_mutex_t lock; /* over what follows, and the states of signatures that were given */
	pthread_cond_t work;
	pthread_cond_t made;
	struct signature *first;
	struct signature *last;
	bool over;
};

static void sign(const struct dkim_key *key, struct signature *one)
{
	buf_clear(&one->field);
	one->err = (struct err){ 0 };
	if (!dkim_finish(key, one->digest, buf_str(&one->line), &one->field, &one->err) && one->err.kind == ERR_NONE)
		err_set(&one->err, ERR_SOFTWARE, "no room for the signature");
}

static void finish(struct signature *one)
{
	one->state = one->err.kind == ERR_NONE ? SIGNATURE_MADE : SIGNATURE_FAILED;
}

static void *work(void *arg)
{
	struct signing *me = arg;
	struct signer *s = me->signer;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (s->first == NULL && !s->over)
			pthread_cond_wait(&s->work, &s->lock);
		if (s->over)
			break;
		struct signature *one = s->first;

		s->first = one->next;
		pthread_mutex_unlock(&s->lock);
		sign(me->key, one);
		pthread_mutex_lock(&s->lock);
		finish(one);
		pthread_cond_broadcast(&s->made);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* Signals are the first thread's. */
static bool start(struct signer *s, const struct dkim_key *key)
{
	struct signing *me = &s->threads[s->n];
	pthread_attr_t attr;
	sigset_t all;
	sigset_t before;

	me->signer = s;
	me->key = dkim_key_copy(key, NULL);
	if (me->key == NULL || pthread_attr_init(&attr) != 0) {
		dkim_key_free(me->key);
		return false;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool ok = pthread_attr_setstacksize(&attr, STACK_OCTETS) == 0 &&
		pthread_create(&me->thread, &attr, work, me) == 0;

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	if (ok)
		s->n++;
	else
		dkim_key_free(me->key);
	return ok;
}

struct signer *signer_new(const struct dkim_key *key)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = processors > THREADS_MOST ? THREADS_MOST : processors > 1 ? (size_t)processors : 0;
	struct signer *s = mem_alloc(sizeof *s);

	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->work, NULL);
	pthread_cond_init(&s->made, NULL);
	while (s->n < n && start(s, key))
		continue;
	if (s->n > 0)
		return s;
	signer_free(s);
	return NULL;
}

void signer_free(struct signer *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->over = true;
	pthread_cond_broadcast(&s->work);
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < s->n; i++) {
		pthread_join(s->threads[i].thread, NULL);
		dkim_key_free(s->threads[i].key);
	}
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->work);
	pthread_cond_destroy(&s->made);
	mem_free(s);
}

void signer_give(struct signer *s, const struct dkim_key *key, struct signature *one)
{
	one->signer = s;
	if (s == NULL) {
		sign(key, one);
		finish(one);
		return;
	}
	pthread_mutex_lock(&s->lock);
	one->state = SIGNATURE_WAITS;
	one->next = NULL;
	if (s->first == NULL)
		s->first = one;
	else
		s->last->next = one;
	s->last = one;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
}

bool signer_wait(struct signature *one, struct err *err)
{
	struct signer *s = one->signer;

	if (s != NULL) {
		pthread_mutex_lock(&s->lock);
		while (one->state == SIGNATURE_WAITS)
			pthread_cond_wait(&s->made, &s->lock);
		pthread_mutex_unlock(&s->lock);
	}
	if (one->state == SIGNATURE_FAILED && err != NULL)
		*err = one->err;
	return one->state != SIGNATURE_FAILED;
}

void signer_forget(struct signature *one)
{
	signer_wait(one, NULL);
	buf_free(&one->line);
	buf_free(&one->field);
	*one = (struct signature){ .state = SIGNATURE_NONE };
}
