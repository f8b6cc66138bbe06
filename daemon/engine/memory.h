/* The store's twin in memory: for simulate, test and the conformance suite. rollback() undoes. */
#ifndef NT_ENGINE_MEMORY_H
#define NT_ENGINE_MEMORY_H

struct nt_store;
struct nt_store *nt_memory_store_new(void);

#endif
