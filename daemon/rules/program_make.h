/* A program in the making: for the loader only. Before nt_rules_load() returns it, one owner may still write to it. */
#ifndef NT_RULES_PROGRAM_MAKE_H
#define NT_RULES_PROGRAM_MAKE_H

struct nt_arena;
struct nt_program;

struct nt_program *nt_program_new(void); /* empty, reference 1 */
struct nt_arena *nt_program_arena(struct nt_program *program); /* freed with it */
/* Builds the tables that the lookups by name use, from the arrays as they stand now; again after they have changed. */
void nt_program_index(struct nt_program *program);

#endif
