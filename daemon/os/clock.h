/* The one door through which the present comes in.
 *
 * Three kinds: the real clock; a fast one that runs `speed` times as fast from the moment it starts (staging, the
 * demo); a manual one that stands until it is moved (tests). Instants are UTC ms. Network time-outs don't use this:
 * they stay real (nt_clock_monotonic).
 *
 * A real clock that jumps ahead of monotonic time by over an hour is held: now() goes on from where it was until the
 * jump has stayed for a minute, or nt_clock_release() is called. One that jumps back is held by the engine at the last
 * instant. All functions may be called from any thread. */
#ifndef NT_OS_CLOCK_H
#define NT_OS_CLOCK_H

#include "base/time.h"

#include <stdbool.h>

enum nt_clock_kind { NT_CLOCK_REAL, NT_CLOCK_FAST, NT_CLOCK_MANUAL };

struct nt_clock;
struct nt_clock *nt_clock_new_real(void);
struct nt_clock *nt_clock_new_fast(nt_time start, double speed); /* start: what it shows now */
struct nt_clock *nt_clock_new_manual(nt_time start);
void nt_clock_free(struct nt_clock *clock);

enum nt_clock_kind nt_clock_kind(const struct nt_clock *clock);
nt_time nt_clock_now(struct nt_clock *clock);
/* Real milliseconds from now until the clock shows `t`: 0 if it does already, -1 if it never will by itself (manual,
 * NT_NEVER). */
int64_t nt_clock_wait(struct nt_clock *clock, nt_time t);
bool nt_clock_set(struct nt_clock *clock, nt_time t); /* manual, forwards only: false otherwise */
/* A jump of the real clock is being held: by how much; 0 if none. */
nt_time nt_clock_held(struct nt_clock *clock);
void nt_clock_release(struct nt_clock *clock); /* a person says go */

int64_t nt_clock_monotonic(void); /* ms, for time-outs */
/* Other sources than the system's, for the tests of the jumps. */
void nt_clock_set_sources(struct nt_clock *clock, nt_time (*wall)(void), int64_t (*monotonic)(void));

#endif
