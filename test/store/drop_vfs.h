/* A VFS for SQLite that loses power: what was written and not yet synced is gone, at a write of the test's choice. */
#ifndef NT_TEST_STORE_DROP_VFS_H
#define NT_TEST_STORE_DROP_VFS_H

#define DROP_VFS "drop"

void drop_vfs_register(void);
/* The power fails at the n-th write from now (0: never): that write and every later operation fail. */
void drop_vfs_fail_at(unsigned n);
/* How many writes there have been since. */
unsigned drop_vfs_writes(void);
/* Takes back, in every file that is open, what was written since its last sync. Nothing works until the power is on
 * again: first their owners close the files. */
void drop_vfs_power_loss(void);
void drop_vfs_power_on(void);
/* A sync does nothing from now on (and power loss takes all back): shows that the test would notice. */
void drop_vfs_lie(int lie);

#endif
