/* Warnings that somebody meant: a comment says so, by name (base/diag_code.h).
 *
 *     - stop:
 *     - email: later     # accept: unreachable-step (for the spring)
 *
 * In YAML it holds for its own line, or, standing alone, for the next one that isn't a comment; where that line opens a
 * block (segments:), for all of it; in a template, as
 * {% comment %}accept: hard-sell{% endcomment %}, for the whole file. Several names stand with commas between them;
 * what follows is for people. Errors can't be accepted. */
#ifndef NT_RULES_ACCEPT_H
#define NT_RULES_ACCEPT_H

#include "base/diag.h"

struct nt_accepts;

struct nt_accepts *nt_accepts_new(void);
void nt_accepts_free(struct nt_accepts *accepts);
/* Reads a source's comments; one that was read already counts once. Sources must outlive it. */
void nt_accepts_read(struct nt_accepts *accepts, const struct nt_source *source);
/* It is a warning that a comment accepts. */
bool nt_accepts_take(struct nt_accepts *accepts, const struct nt_diag *diag);
/* Warns of comments that have accepted nothing that was asked for by then. */
void nt_accepts_report(const struct nt_accepts *accepts, struct nt_diags *diags);

#endif
