/* One of our own people, as the subjects that turn to them see it: zone, address, working time, values. Pure. */
#ifndef NT_ENGINE_REP_H
#define NT_ENGINE_REP_H

#include "base/time.h"

#include <stdbool.h>
#include <stdint.h>

struct nt_arena;
struct nt_json_writer;
struct nt_program;
struct nt_rep;
struct nt_zone;

const struct nt_zone *nt_rep_zone(const struct nt_program *program, const struct nt_rep *rep);
/* Where a channel reaches the rep; "" if it needs no address; NULL: nowhere. */
const char *nt_rep_address(const struct nt_program *program, const struct nt_rep *rep, const char *channel);
bool nt_rep_away(const struct nt_rep *rep, int64_t day); /* a local date, as days since the epoch */
/* The first working instant at or after t. NT_NEVER: none within 400 days. */
nt_time nt_rep_working(const struct nt_program *program, const struct nt_rep *rep, nt_time t);
/* "time_zone" and "rep", for the template of a message. */
void nt_rep_put(struct nt_json_writer *w, const struct nt_rep *rep);
/* Two JSON objects as one. An `inner` that is none counts as empty. */
const char *nt_rep_join(struct nt_arena *arena, const char *inner, const char *outer);

#endif
