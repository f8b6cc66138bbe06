#include "os/ical.h"

#include <glib.h>
#include <libical/ical.h>

static GMutex lock;

void nt_ical_lock(void)
{
	g_mutex_lock(&lock);
	icalerror_set_errors_are_fatal(0);
}

void nt_ical_unlock(void)
{
	g_mutex_unlock(&lock);
}
