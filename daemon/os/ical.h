/* libical keeps an error number and zones for the whole process: whoever calls it holds this lock. */
#ifndef NT_OS_ICAL_H
#define NT_OS_ICAL_H

void nt_ical_lock(void);
void nt_ical_unlock(void);

#endif
