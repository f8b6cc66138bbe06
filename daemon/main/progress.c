#include "main/progress.h"

#include "base/text.h"

#include <glib.h>
#include <stdio.h>
#include <unistd.h>

bool nt_progress_wanted(void)
{
	return isatty(STDERR_FILENO);
}

void nt_progress_show(void *user, uint64_t done, uint64_t total)
{
	struct nt_progress *progress = user;
	const char *what = nt_text_plural(done, progress->one, progress->many);

	if (done - progress->shown < total / 200 + 1)
		return;
	progress->shown = done;
	if (total > 0)
		fprintf(stderr, "\r%3u%%  %" G_GUINT64_FORMAT " %s\033[K", (unsigned)(MIN(done, total) * 100 / total),
		        done, what);
	else
		fprintf(stderr, "\r%" G_GUINT64_FORMAT " %s\033[K", done, what);
	fflush(stderr);
}

void nt_progress_end(struct nt_progress *progress)
{
	if (progress->shown > 0)
		fputs("\r\033[K", stderr);
	progress->shown = 0;
}
