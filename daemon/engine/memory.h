/* The store's twin in memory: for simulate, test, plan and the conformance suite. rollback() undoes. */
#ifndef NT_ENGINE_MEMORY_H
#define NT_ENGINE_MEMORY_H

struct nt_store;
struct nt_store *nt_memory_store_new(void);
/* Empty too, but suppressions, log rows and single messages that it doesn't have itself are those of `below`, which is
 * only read and outlives it: a store may keep addresses as hashes, which nobody can copy but it, and of the log and of
 * messages whose end is known little is asked (engine/copy.h). */
struct nt_store *nt_memory_store_over(struct nt_store *below);

#endif
