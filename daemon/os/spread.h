/* Work in many pieces, on as many threads as there are processors. */
#ifndef NT_OS_SPREAD_H
#define NT_OS_SPREAD_H

struct nt_spread {
	unsigned threads; /* 0: as many as there are processors; this one is among them */
	/* How many pieces are done, told by this thread; or NULL. */
	void (*done)(void *user, unsigned done, unsigned n);
	void *user;
};

/* Does work(context, i) for every i below n, each once, in any order. Back when all is done. Where no thread can be
 * had, those that there are do it, at least this one. */
void nt_spread(const struct nt_spread *spread, unsigned n, void (*work)(void *context, unsigned i), void *context);

#endif
