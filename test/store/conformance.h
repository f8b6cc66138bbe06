/* What every store must do (engine/store.h), as one cmocka group that runs on any of them. */
#ifndef NT_TEST_STORE_CONFORMANCE_H
#define NT_TEST_STORE_CONFORMANCE_H

struct nt_store;

/* `open` gives a fresh, empty store for each test; it is freed through its ops. Gives the number of failures. */
int nt_store_conformance(const char *name, struct nt_store *(*open)(void *user), void *user);

#endif
