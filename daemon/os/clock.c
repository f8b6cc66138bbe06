#include "os/clock.h"

#include "base/bug.h"

#include <glib.h>
#include <math.h>
#include <pthread.h>
#include <time.h>

#define JUMP (1 * NT_HOUR)         /* ahead of monotonic time: held … */
#define JUMP_STAYS (1 * NT_MINUTE) /* … for so long, then believed */

struct nt_clock {
	enum nt_clock_kind kind;
	pthread_mutex_t lock;
	nt_time (*wall)(void);
	int64_t (*monotonic)(void);
	/* REAL: the last pair that was believed; a reading must agree with it. */
	nt_time seen;
	int64_t seen_at;
	bool jumping;
	int64_t jumped_at; /* monotonic ms at which the jump was first seen */
	nt_time jump;
	/* FAST: start + elapsed * speed; MANUAL: start. */
	nt_time start;
	int64_t started_at;
	double speed;
};

int64_t nt_clock_monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static nt_time wall_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (nt_time)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void believe(struct nt_clock *clock, nt_time wall, int64_t mono)
{
	clock->seen = wall;
	clock->seen_at = mono;
	clock->jumping = false;
	clock->jump = 0;
}

static struct nt_clock *clock_new(enum nt_clock_kind kind, nt_time start)
{
	struct nt_clock *clock = g_new0(struct nt_clock, 1);

	clock->kind = kind;
	pthread_mutex_init(&clock->lock, NULL);
	nt_clock_set_sources(clock, wall_now, nt_clock_monotonic);
	clock->start = start;
	return clock;
}

struct nt_clock *nt_clock_new_real(void)
{
	return clock_new(NT_CLOCK_REAL, 0);
}

struct nt_clock *nt_clock_new_fast(nt_time start, double speed)
{
	struct nt_clock *clock = clock_new(NT_CLOCK_FAST, start);

	NT_CHECK(speed > 0);
	clock->speed = speed;
	return clock;
}

struct nt_clock *nt_clock_new_manual(nt_time start)
{
	return clock_new(NT_CLOCK_MANUAL, start);
}

void nt_clock_free(struct nt_clock *clock)
{
	if (clock == NULL)
		return;
	pthread_mutex_destroy(&clock->lock);
	g_free(clock);
}

enum nt_clock_kind nt_clock_kind(const struct nt_clock *clock)
{
	return clock->kind;
}

void nt_clock_set_sources(struct nt_clock *clock, nt_time (*wall)(void), int64_t (*monotonic)(void))
{
	clock->wall = wall;
	clock->monotonic = monotonic;
	clock->started_at = monotonic();
	believe(clock, wall(), clock->started_at);
}

static nt_time real_now(struct nt_clock *clock)
{
	nt_time wall = clock->wall();
	int64_t mono = clock->monotonic();
	nt_time expected = clock->seen + (mono - clock->seen_at);

	if (wall - expected > JUMP) {
		if (!clock->jumping) {
			clock->jumping = true;
			clock->jumped_at = mono;
		}
		clock->jump = wall - expected;
		if (mono - clock->jumped_at < JUMP_STAYS)
			return expected;
	}
	believe(clock, wall, mono);
	return wall;
}

nt_time nt_clock_now(struct nt_clock *clock)
{
	nt_time now = 0;

	pthread_mutex_lock(&clock->lock);
	switch (clock->kind) {
	case NT_CLOCK_REAL:
		now = real_now(clock);
		break;
	case NT_CLOCK_FAST:
		now = clock->start + (nt_time)((double)(clock->monotonic() - clock->started_at) * clock->speed);
		break;
	case NT_CLOCK_MANUAL:
		now = clock->start;
		break;
	}
	pthread_mutex_unlock(&clock->lock);
	return now;
}

int64_t nt_clock_wait(struct nt_clock *clock, nt_time t)
{
	nt_time left;

	if (t == NT_NEVER)
		return -1;
	left = t - nt_clock_now(clock);
	if (left <= 0)
		return 0;
	if (clock->kind == NT_CLOCK_MANUAL)
		return -1;
	return clock->kind == NT_CLOCK_FAST ? (int64_t)ceil((double)left / clock->speed) : left;
}

bool nt_clock_set(struct nt_clock *clock, nt_time t)
{
	bool done = false;

	pthread_mutex_lock(&clock->lock);
	if (clock->kind == NT_CLOCK_MANUAL && t >= clock->start) {
		clock->start = t;
		done = true;
	}
	pthread_mutex_unlock(&clock->lock);
	return done;
}

nt_time nt_clock_held(struct nt_clock *clock)
{
	nt_time held;

	pthread_mutex_lock(&clock->lock);
	if (clock->kind == NT_CLOCK_REAL)
		real_now(clock);
	held = clock->jump;
	pthread_mutex_unlock(&clock->lock);
	return held;
}

void nt_clock_release(struct nt_clock *clock)
{
	pthread_mutex_lock(&clock->lock);
	believe(clock, clock->wall(), clock->monotonic());
	pthread_mutex_unlock(&clock->lock);
}
