/* Virtual time for test and simulate: the engine on the in-memory store, from one instant to the next that matters.
 * Messages are accepted by their channel at the instant of their release. */
#ifndef NT_ENGINE_DRIVER_H
#define NT_ENGINE_DRIVER_H

#include "engine/engine.h"

struct nt_driver;
struct nt_lead;
struct nt_driver *nt_driver_new(struct nt_program *program, nt_time start, const struct nt_engine_options *options,
                                const char **why);
/* On a store that holds something already (engine/copy.h). Takes over the store, also when it fails. The rules may be
 * others than the store's; what loading them does is observed, by somebody who may ask the driver about a lead. So that
 * comes of itself: nt_driver_begin, before anything else. */
struct nt_driver *nt_driver_new_over(struct nt_store *store, struct nt_program *program,
                                     const struct nt_engine_options *options, const char **why);
/* Goes on at the store's last instant, or at `start` if that is later (NT_TIME_MIN: the former). What was on the wire
 * is accepted at once. */
void nt_driver_begin(struct nt_driver *driver, nt_time start);
void nt_driver_free(struct nt_driver *driver);
/* Runs everything due before `until` (inclusive: due at until too when `inclusive`), hands out released messages.
 * false: the store failed (a bug). */
void nt_driver_run(struct nt_driver *driver, nt_time until, bool inclusive);
/* Runs to `at` (timers due before it), then the requests (chained) at that instant, together. The options'
 * older_program is asked as by any engine. */
void nt_driver_post(struct nt_driver *driver, nt_time at, struct nt_request *request);
/* A lead as the store has it; NULL: there is none. */
struct nt_lead *nt_driver_lead(struct nt_driver *driver, struct nt_arena *arena, const char *id);
/* "email.clicked" is told by the engine itself, of a message: its channel and what became of it. False: another kind
 * of event. */
bool nt_driver_outcome(const struct nt_program *program, const char *event, const char **channel,
                       enum nt_outcome *outcome);
struct nt_engine *nt_driver_engine(struct nt_driver *driver);
struct nt_store *nt_driver_store(struct nt_driver *driver);

#endif
