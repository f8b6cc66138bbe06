/* Progress of long work: a line on standard error that is written over; only on a terminal, and seldom. */
#ifndef NT_MAIN_PROGRESS_H
#define NT_MAIN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct nt_progress {
	const char *one, *many;  /* "lead", "leads" */
	uint64_t shown;
};

bool nt_progress_wanted(void); /* standard error is a terminal */
void nt_progress_show(void *progress, uint64_t done, uint64_t total); /* a struct nt_progress; total 0: not known */
void nt_progress_end(struct nt_progress *progress); /* the line goes */

#endif
