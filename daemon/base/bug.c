#include "base/bug.h"

#include <glib.h>
#include <stdarg.h>
#include <stdlib.h>

void nt_bug(const char *file, int line, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = g_strdup_vprintf(format, ap);
	va_end(ap);
	g_printerr("nurtured: bug at %s:%d: %s\n", file, line, text);
	g_free(text);
	abort();
}
