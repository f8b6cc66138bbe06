/* Which ways of a campaign are gone, told as it happens: for the coverage of tests. Nobody listens live. */
#ifndef NT_ENGINE_TRACE_H
#define NT_ENGINE_TRACE_H

struct nt_program;

enum nt_reached {
	NT_REACHED_ENTER,  /* n: slot of campaign->enter */
	NT_REACHED_GOAL,   /* n: of goals */
	NT_REACHED_EXIT,   /* n: of exits */
	NT_REACHED_STEP,   /* a run came to it, and its own condition let it */
	NT_REACHED_PASSED, /* its own condition didn't */
	NT_REACHED_THEN,   /* of an `if`; what a wait was for has come */
	NT_REACHED_ELSE,   /* of an `if`; a wait's time ran out */
	NT_REACHED_ARM,    /* n: of arms, of a choose n_arms: none of them; of the points of a schedule;
	                    * of the choices of a first_of */
};

struct nt_trace {
	/* step: slot, -1 for ENTER, GOAL and EXIT */
	void (*reached)(void *user, const struct nt_program *program, int campaign, enum nt_reached what, int step,
	                unsigned n);
	void *user;
};

#endif
